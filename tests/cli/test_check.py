"""`newsletter check`: the line of what the author wrote, the formats, the exit codes, and what a send makes of it."""

from __future__ import annotations

import json
from xml.etree import ElementTree as etree

import pytest

from tests.conftest import Workspace


def _findings(workspace: Workspace, *arguments: str) -> list[tuple[str, str]]:
    document = json.loads(workspace.run("check", *(arguments or ("tides",)), "--json").stdout)
    return [(one["rule"], f"{one['file']}:{one['line']}") for one in document["findings"]]


def test_the_sample_issues_are_clean_even_of_warnings(sample: Workspace) -> None:
    for issue in ("open-source-in-care", "every-block"):
        done = sample.run("check", issue, "--fail-on", "warning", "--format", "text")
        assert done.returncode == 0
        assert done.stdout.startswith(f"{issue}: nothing found in ")


def test_each_finding_names_the_line_its_author_can_edit(workspace: Workspace) -> None:
    article = (
        "---\ntitle: High water\n---\nThe tide *turns*\nat noon.\n\nIt is **not** at\n"
        "[click here](https://example.org/t) and\nat the the pier.\n"
    )
    workspace.write("issues/tides/tides.md", article)
    workspace.write(
        "issues/tides/galley.html", "---\ntitle: Galley\nlink: https://bit.ly/x\n---\n<p>Soup\nagain.</p>\n"
    )
    issue = (workspace.root / "issues/tides/issue.yaml").read_text()
    workspace.write("issues/tides/issue.yaml", issue.replace("link: /waves", 'link: "http://192.0.2.1/w"'))
    assert _findings(workspace) == [
        ("link-shortener", "issues/tides/galley.html:3"),
        ("link-number", "issues/tides/issue.yaml:11"),
        ("link-text", "issues/tides/tides.md:8"),
        ("double-word", "issues/tides/tides.md:9"),
    ]


def test_a_defect_in_a_template_that_a_block_includes_is_told_at_that_template(workspace: Workspace) -> None:
    workspace.write("templates/blocks/tide.html.j2", '<tr><td>\n{% include "parts/wave.html.j2" %}\n</td></tr>\n')
    workspace.write("templates/blocks/tide.txt.j2", "{{ block.tide }}\n")
    workspace.write(
        "templates/parts/wave.html.j2", "\n<p>{{ block.tide }}</p>\n<table><tr><td>Wave</td></tr></table>\n"
    )
    issue = (workspace.root / "issues/tides/issue.yaml").read_text() + "      - tide: Rising todo\n"
    workspace.write("issues/tides/issue.yaml", issue.replace("Rising todo", "TODO, rising"))
    assert _findings(workspace) == [
        ("note-to-self", "issues/tides/issue.yaml:13"),
        ("table-role", "templates/parts/wave.html.j2:3"),
    ]


def test_settings_and_comments_decide_what_is_found(workspace: Workspace) -> None:
    text = "---\ntitle: High water\n---\nThe [link](https://example.org).\n\n"
    workspace.write("issues/tides/tides.md", text)
    assert _findings(workspace) == [("link-text", "issues/tides/tides.md:4")]
    comment = "<!-- newsletter: ignore link-text because it is about links -->\n"
    workspace.write("issues/tides/tides.md", text.replace("The [", f"{comment}The ["))
    document = json.loads(workspace.run("check", "tides", "--json").stdout)
    assert document["findings"] == []
    assert [(one["rule"], one["line"], one["reason"]) for one in document["ignored"]] == [
        ("link-text", 5, "it is about links")
    ]
    workspace.write("issues/tides/tides.md", text.replace("[link]", "[next part]") + comment)
    assert _findings(workspace) == [("unused-ignore", "issues/tides/tides.md:6")]
    workspace.write("issues/tides/tides.md", text)
    settings = (workspace.root / "newsletter.yaml").read_text()
    workspace.write("newsletter.yaml", settings + "checks: {link-text: error}\n")
    assert workspace.run("check", "tides").returncode == 1
    workspace.write("newsletter.yaml", settings + "checks: {link-text: off}\n")
    assert _findings(workspace) == []
    workspace.write("newsletter.yaml", settings + "checks:\n  link-txt: off\n")
    wrong = workspace.run("check", "tides")
    assert wrong.returncode == 2
    assert "newsletter.yaml:7: no rule 'link-txt'. Did you mean 'link-text'?" in wrong.stderr


def test_a_line_that_moves_is_found_where_it_is_now(workspace: Workspace) -> None:
    for blank in (0, 2, 1):
        text = "---\ntitle: High water\n---\nThe tide.\n" + "\n" * blank + "\nThe [link](https://example.org).\n"
        workspace.write("issues/tides/tides.md", text)
        assert _findings(workspace) == [("link-text", f"issues/tides/tides.md:{6 + blank}")]


@pytest.mark.parametrize(
    ("severity", "fail_on", "code"),
    [("warning", "error", 0), ("warning", "warning", 1), ("error", "error", 1), ("error", "never", 0)],
)
def test_the_exit_code_is_that_of_fail_on(workspace: Workspace, severity: str, fail_on: str, code: int) -> None:
    target = "https://bit.ly/x" if severity == "warning" else "nowhere"
    workspace.write("mail.html", f'<p><a href="{target}">About tides</a></p>\n')
    assert workspace.run("check", "mail.html", "--fail-on", fail_on).returncode == code


def test_what_cannot_be_checked_ends_with_2_and_says_what_to_do(workspace: Workspace) -> None:
    workspace.write("empty.html", "   \n")
    for arguments in (("check",), ("check", "nothing.html"), ("check", "tidse"), ("check", "empty.html")):
        done = workspace.run(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr


def test_the_formats_say_the_same_finding_each_in_its_own_way(workspace: Workspace) -> None:
    workspace.write("a,b:50%.html", '<p>\n<a href="nowhere">50 % more</a></p>\n')
    name = "a,b:50%.html"
    text = workspace.run("check", name, "--format", "text").stdout
    assert text.startswith(f"{name}:2: error: 'nowhere' is not a whole address. ")
    github = workspace.run("check", name, "--format", "github").stdout
    assert github.startswith("::error file=a%2Cb%3A50%25.html,line=2,title=link-target::'nowhere' is not a whole")
    suite = etree.fromstring(workspace.run("check", name, "--format", "junit").stdout)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert [one.get("name") for one in suite.iter("testcase")] == [f"link-target at {name}:2"]
    log = json.loads(workspace.run("check", name, "--format", "sarif").stdout)
    (run,) = log["runs"]
    (result,) = run["results"]
    assert (log["version"], result["ruleId"], result["level"]) == ("2.1.0", "link-target", "error")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "link-target"
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "a%2Cb%3A50%25.html", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2},
    }
    assert '<a href="nowhere">' in workspace.run("check", name).stdout


def test_out_writes_the_document_and_explain_says_why(workspace: Workspace) -> None:
    done = workspace.run("check", "tides", "--format", "junit", "--out", "report.xml")
    assert (done.returncode, done.stdout) == (0, "")
    assert etree.parse(workspace.root / "report.xml").getroot().get("failures") == "0"
    said = " ".join(workspace.run("check", "--explain", "link-text").stdout.split())
    assert "Source: WCAG" in said
    assert said.startswith("link-text: usually a warning, which stops nothing")
    assert "`checks: {link-text: error}` (or info, off)" in said
    assert "Did you mean 'link-text'" in workspace.run("check", "--explain", "link-txt").stderr


def test_a_send_refuses_errors_and_is_forced_only_with_a_reason_that_is_recorded(workspace: Workspace) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nLorem ipsum.\n")
    refused = workspace.run("send", "tides", "--yes", "--json")
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    (problem,) = json.loads(refused.stdout)["error"]["problems"]
    assert (problem["rule"], problem["severity"]) == ("filler-text", "error")
    assert (problem["file"], problem["line"]) == ("issues/tides/tides.md", 4)
    assert "Lorem ipsum" in problem["message"]
    assert workspace.outbox() == []
    assert workspace.run("send", "tides", "--yes", "--force", "  ").returncode == 2
    assert workspace.run("send", "tides", "--yes", "--force", "a joke on\nprinters").returncode == 0
    assert len(workspace.outbox()) == 2
    status = json.loads(workspace.run("status", "tides", "--json").stdout)
    assert status["forced"] == "a joke on printers (against filler-text)"
    assert "a joke on printers" in workspace.run("status", "tides").stdout


def test_a_merge_field_without_default_is_told_with_the_people_it_says_nothing_to(workspace: Workspace) -> None:
    issue = (workspace.root / "issues/tides/issue.yaml").read_text()
    workspace.write("issues/tides/issue.yaml", issue.replace(" | default('sailor')", ""))
    assert _findings(workspace) == []
    assert workspace.run("audience", "import", "crew").returncode == 0
    assert _findings(workspace) == [("merge-gap", "issues/tides/issue.yaml:12")]
    assert "1 of the audience have no first_name" in workspace.run("check", "tides", "--format", "text").stdout
    crew = (workspace.root / "audiences/crew.csv").read_text()
    workspace.write("audiences/crew.csv", crew.replace("bo@example.org,,", "bo@example.org,Bo,"))
    assert workspace.run("audience", "import", "crew").returncode == 0
    assert _findings(workspace) == []


def test_an_issue_is_weighed_against_the_one_that_was_sent_last_to_the_same_people(workspace: Workspace) -> None:
    assert workspace.run("send", "tides", "--yes").returncode == 0
    links = "".join(f"[Part {number}](https://example.org/{number}), " for number in range(20))
    workspace.write("issues/tides/tides.md", f"---\ntitle: High water\n---\n{links}and so on.\n")
    assert _findings(workspace) == []
    text = (workspace.root / "issues/tides/issue.yaml").read_text()
    workspace.write(
        "issues/ebb/issue.yaml",
        text.replace("tides.md", "../tides/tides.md")
        .replace("images/", "../tides/images/")
        .replace("      - {article: galley.html, for: [cook], show: summary}\n", ""),
    )
    assert _findings(workspace, "ebb") == [("unlike-last", "issues/ebb/issue.yaml:5")]


def test_what_keeps_a_check_from_starting_stands_in_the_formats_for_ci_at_its_line(workspace: Workspace) -> None:
    issue = (workspace.root / "issues/tides/issue.yaml").read_text()
    line = issue.count("\n") + 1
    workspace.write("issues/tides/issue.yaml", issue + '      - {button: Read, link: "javascript:x()"}\n')
    said = "a link cannot begin with 'javascript:'. Use https://."

    done = workspace.run("check", "tides", "--format", "github", "--fail-on", "never")
    assert done.returncode == 2
    assert done.stdout == f"::error file=issues/tides/issue.yaml,line={line},title=cannot-start::{said}\n"
    assert f"issues/tides/issue.yaml:{line}: {said}" in done.stderr

    (result,) = json.loads(workspace.run("check", "tides", "--format", "sarif").stdout)["runs"][0]["results"]
    assert (result["level"], result["message"]["text"]) == ("error", said)
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("issues/tides/issue.yaml", line)

    done = workspace.run("check", "tides", "--format", "junit", "--out", "check.xml")
    assert done.returncode == 2
    (failure,) = etree.fromstring((workspace.root / "check.xml").read_text()).iter("failure")
    assert failure.text == f"issues/tides/issue.yaml:{line}: {said}"


def test_a_file_that_cannot_be_read_is_an_annotation_too(workspace: Workspace) -> None:
    done = workspace.run("check", "nowhere.html", "--format", "github")
    assert done.returncode == 2
    assert done.stdout.startswith("::error file=nowhere.html,")
