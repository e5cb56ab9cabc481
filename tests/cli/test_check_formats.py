"""What other programs read holds what their formats require, whatever a finding says."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as etree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.checks.registry import all_rules
from newsletter.checks.spam_score import SpamScore
from newsletter.cli.check_formats import as_github, as_json, as_junit, as_sarif, as_text, from_here
from newsletter.model import Finding, Severity, Where
from newsletter.pipeline.checking import Checked

_WORDS = st.text(max_size=30)
_PLACES = st.builds(
    Where, st.sampled_from(["", "a/b.md", "/tmp/ä b,%.html", "issues/é x/issue.yaml"]), st.integers(0, 9)
)
calmly = settings(deadline=None, max_examples=40)
FINDINGS = st.builds(
    Finding,
    st.sampled_from(["link-text", "spam-score", "rule-of-nobody"]),
    st.sampled_from(list(Severity)),
    _WORDS,
    _PLACES,
    st.sampled_from(["", "cook", "cook, pilot"]),
    _WORDS,
)


def _checked(findings: Sequence[Finding], ignored: Sequence[Finding] = ()) -> Checked:
    return Checked(
        "tides", "issue", ("cook",), tuple(findings), tuple((one, "it is so") for one in ignored), lambda _: ""
    )


@calmly
@given(st.lists(FINDINGS, max_size=4), st.lists(FINDINGS, max_size=2))
def test_sarif_holds_what_version_2_1_0_requires(findings: list[Finding], ignored: list[Finding]) -> None:
    log = json.loads(as_sarif(_checked(findings, ignored), "error"))
    assert log["version"] == "2.1.0"  # 3.13.2
    assert urlsplit(log["$schema"]).scheme == "https"  # 3.13.3
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "newsletter"  # 3.19.8
    ids = [one["id"] for one in driver["rules"]]
    assert ids == sorted(set(ids)) == sorted(all_rules())  # 3.49.3: stable, and each once
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"] and rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    assert len(run["results"]) == len(findings) + len(ignored)
    for result, finding in zip(run["results"], [*findings, *ignored], strict=True):
        assert isinstance(result["message"]["text"], str)  # 3.27.11
        assert result["level"] in ("note", "warning", "error")  # 3.27.10
        assert ("ruleIndex" in result) is (finding.rule in ids)
        assert "ruleIndex" not in result or ids[result["ruleIndex"]] == result["ruleId"]  # 3.27.6
        for location in result["locations"]:
            _is_place(location["physicalLocation"], finding.where)
        assert bool(result["locations"]) is bool(finding.where.path)
    reasons = [one["suppressions"] for one in run["results"] if "suppressions" in one]
    assert reasons == [[{"kind": "inSource", "justification": "it is so"}]] * len(ignored)  # 3.35


def _is_place(place: dict[str, dict[str, object]], where: Where) -> None:
    file = place["artifactLocation"]
    uri = str(file["uri"])
    assert re.fullmatch(r"[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+", uri)  # RFC 3986
    assert unquote(urlsplit(uri).path) == where.path
    # 3.4.4: an address that is whole has no base.
    assert ("uriBaseId" in file) is not (urlsplit(uri).scheme == "file")
    assert ("region" in place) is (where.line > 0)
    assert "region" not in place or place["region"]["startLine"] == where.line  # 3.30.5: counted from 1


@pytest.mark.parametrize("fail_on", ["error", "warning", "never"])
@calmly
@given(findings=st.lists(FINDINGS, max_size=4, unique=True))
def test_junit_is_xml_whose_sums_are_those_of_its_cases(fail_on: str, findings: list[Finding]) -> None:
    checked = _checked(findings)
    suites = etree.fromstring(as_junit(checked, fail_on).encode())
    (suite,) = suites
    cases = list(suite)
    assert suites.tag == "testsuites"
    assert {one.tag for one in cases} == {"testcase"}
    assert int(suite.attrib["tests"]) == len(cases) == max(1, len(findings))
    failed = [one for one in cases if one.find("failure") is not None]
    assert int(suite.attrib["failures"]) == int(suites.attrib["failures"]) == len(failed)
    assert len(failed) == len(checked.failing(fail_on))
    assert all(one.get("name") and one.get("classname") is not None for one in cases)
    assert all({"message", "type"} <= set(inner.attrib) for one in failed for inner in one)


@calmly
@given(st.lists(FINDINGS, max_size=4))
def test_each_finding_is_one_line_for_github_and_for_people(findings: list[Finding]) -> None:
    github = as_github(_checked(findings), "error")
    assert [line.split(" ")[0] for line in github.splitlines()] == [
        {"error": "::error", "warning": "::warning", "info": "::notice"}[one.severity] for one in findings
    ]
    assert len(as_text(_checked(findings), "error").splitlines()) == len(findings) + 1


@pytest.mark.parametrize(
    ("stand", "shown"), [(".", "nl/issues/a.md"), ("nl", "issues/a.md"), ("nl/issues", "issues/a.md")]
)
def test_files_are_named_from_where_one_stands_above_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand: str, shown: str
) -> None:
    root = tmp_path / "nl"
    (root / "issues").mkdir(parents=True)
    (root / "issues/a.md").write_text("A\n")
    finding = Finding("link-text", Severity.WARNING, "here", Where("issues/a.md", 1))
    asked: list[str] = []
    checked = replace(_checked([finding], [finding]), read=lambda path: asked.append(path) or "A\n")
    monkeypatch.chdir(tmp_path / stand)
    here = from_here(checked, root)
    assert as_text(here, "error").startswith(f"{shown}:1: warning:")
    assert as_github(here, "error").startswith(f"::warning file={shown},line=1,")
    results = json.loads(as_sarif(here, "error"))["runs"][0]["results"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results}
    assert uris == {shown}
    assert f'classname="{shown}"' in as_junit(here, "error")
    assert here.read(shown) == "A\n"
    assert asked == ["issues/a.md"]


def test_what_is_not_a_file_of_the_workspace_keeps_its_name_from_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "nl").mkdir()
    monkeypatch.chdir(tmp_path)
    names = ["", "templates/of-the-program.html.j2", str(tmp_path / "mail.html")]
    checked = _checked([Finding("link-text", Severity.WARNING, "here", Where(name, 1)) for name in names])
    assert [one.where.path for one in from_here(checked, Path("nl")).findings] == names


def test_scores_of_a_spam_filter_are_in_the_document_when_there_are_any() -> None:
    score = SpamScore("cook", "SpamAssassin", 1.5, 5.0, (("A", 1.5),))
    plain = _checked([])
    assert "spam" not in json.loads(as_json(plain, "error"))
    scored = Checked("tides", "issue", ("cook",), (), (), lambda _: "", scores=(score,))
    assert json.loads(as_json(scored, "error"))["spam"] == [
        {"variant": "cook", "filter": "SpamAssassin", "score": 1.5, "required": 5.0, "tests": [["A", 1.5]]}
    ]
