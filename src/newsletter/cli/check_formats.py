"""Findings as other programs read them: SARIF 2.1.0, JUnit XML, GitHub annotations, one JSON document, plain lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import quote

from newsletter import __version__
from newsletter.cli.output import findings_json
from newsletter.errors import Problem
from newsletter.model import Finding, Severity, Where
from newsletter.pipeline.checking import Checked, rule_table

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_CANNOT_START = "cannot-start"
"""Stands where a finding has its rule; no rule is called so."""
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def from_here(checked: Checked, root: Path) -> Checked:
    """The findings with files named from the current directory on, where the workspace at `root` lies below it: an
    editor opens them then, and a repository's annotations find them."""
    try:
        below = root.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return checked
    if below == ".":
        return checked

    def moved(finding: Finding) -> Finding:
        path = finding.where.path
        # A template that comes with the program is not in the workspace.
        if not path or Path(path).is_absolute() or not (root / path).exists():
            return finding
        return replace(finding, where=replace(finding.where, path=f"{below}/{path}"))

    return replace(
        checked,
        findings=tuple(moved(one) for one in checked.findings),
        ignored=tuple((moved(one), reason) for one, reason in checked.ignored),
        read=lambda path: checked.read(path.removeprefix(f"{below}/")),
    )


def as_checked(problems: Sequence[Problem], name: str) -> Checked:
    """What keeps a check from starting, as errors at its lines, for the formats that put them beside the lines."""
    found = tuple(Finding(_CANNOT_START, Severity.ERROR, one.message, one.where) for one in problems)
    return Checked(name, "file", (name,), found, (), lambda path: "", "the check could not start")


def counts(checked: Checked) -> dict[str, int]:
    """How many findings there are of each severity, and how many are ignored."""
    found = {one.value: sum(1 for finding in checked.findings if finding.severity is one) for one in Severity}
    return {**found, "ignored": len(checked.ignored)}


def words(finding: Finding) -> str:
    """What is wrong and what to do, in a line, without what would steer a terminal."""
    text = " ".join(f"{finding.message} {finding.fix}".split())
    return "".join(character if character.isprintable() else " " for character in text)


def as_json(checked: Checked, fail_on: str) -> str:
    """One document under the keys of the contract."""
    ignored = [
        {**one, "reason": reason}
        for one, (_, reason) in zip(findings_json([one for one, _ in checked.ignored]), checked.ignored, strict=True)
    ]
    document: dict[str, object] = {
        checked.kind: checked.name,
        "variants": list(checked.variants),
        "findings": findings_json(checked.findings),
        "ignored": ignored,
        "counts": counts(checked),
    }
    document |= {"note": checked.note} if checked.note else {}
    document |= {"spam": [asdict(one) for one in checked.scores]} if checked.scores else {}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(checked: Checked, fail_on: str) -> str:
    """A line for each finding, as compilers write them, and a line with the sums."""
    lines = [f"{one.where}: {one.severity.value}: {words(one)} [{one.rule}]" for one in checked.findings]
    return "\n".join([*lines, summary(checked)]) + "\n"


def summary(checked: Checked) -> str:
    """The sums, in words."""
    found = counts(checked)
    parts = [f"{found[one]} {one}{'s' * (found[one] != 1)}" for one in ("error", "warning") if found[one]]
    parts += [f"{found['info']} note{'s' * (found['info'] != 1)}"] if found["info"] else []
    parts = parts or ["nothing found"]
    parts += [f"{found['ignored']} ignored"] if found["ignored"] else []
    count = len(checked.variants)
    over = f" in {count} variant{'s' * (count != 1)}" if checked.kind == "issue" else ""
    return f"{checked.name}: {', '.join(parts)}{over}" + (f" ({checked.note})" if checked.note else "")


def as_github(checked: Checked, fail_on: str) -> str:
    """Workflow commands, which GitHub shows beside the lines (docs: workflow commands for GitHub Actions)."""
    lines = []
    for one in checked.findings:
        places = {"file": one.where.path, "line": str(one.where.line) if one.where.line else "", "title": one.rule}
        properties = ",".join(f"{key}={_property(value)}" for key, value in places.items() if value)
        lines.append(f"::{_GITHUB[one.severity]} {properties}::{_escaped(words(one))}")
    return "".join(f"{line}\n" for line in lines)


def as_sarif(checked: Checked, fail_on: str) -> str:
    """A log of one run (OASIS SARIF 2.1.0); what authors ignore is suppressed in source, with their reason."""
    rules = rule_table()
    order = list(rules)
    results = [_result(one, order) for one in checked.findings]
    for one, reason in checked.ignored:
        suppression = {"kind": "inSource", "justification": reason}
        results.append({**_result(one, order), "suppressions": [suppression]})
    driver = {
        "name": "newsletter",
        "version": __version__,
        "rules": [_sarif_rule(name, *rules[name]) for name in order],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def as_junit(checked: Checked, fail_on: str) -> str:
    """A test case per finding: failed when it makes the command fail; one that passes when there is none."""
    from xml.etree import ElementTree as etree

    failing = set(checked.failing(fail_on))
    count = str(max(1, len(checked.findings)))
    sums = {"name": _xml(f"newsletter check {checked.name}"), "tests": count, "failures": str(len(failing))}
    suites = etree.Element("testsuites", sums)
    suite = etree.SubElement(suites, "testsuite", {**sums, "errors": "0", "skipped": "0"})
    for one in checked.findings:
        attributes = {"classname": _xml(one.where.path), "name": _xml(f"{one.rule} at {one.where}")}
        case = etree.SubElement(suite, "testcase", attributes)
        tag, more = (
            ("failure", {"type": one.severity.value, "message": _xml(one.message)})
            if one in failing
            else ("system-out", {})
        )
        etree.SubElement(case, tag, more).text = _xml(f"{one.where}: {words(one)}")
    if not checked.findings:
        etree.SubElement(suite, "testcase", {"classname": _xml(checked.name), "name": "check"})
    etree.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(suites, encoding="unicode") + "\n"


FORMATS: Mapping[str, Callable[[Checked, str], str]] = {
    "text": as_text,
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "junit": as_junit,
}
"""Format → what writes a document of it; `fail_on` says which findings fail."""


def _result(one: Finding, order: list[str]) -> dict[str, object]:
    result: dict[str, object] = {
        "ruleId": one.rule,
        "level": _SARIF_LEVEL[one.severity],
        "message": {"text": words(one)},
        "locations": [{"physicalLocation": _place(one.where)}] if one.where.path else [],
        "properties": {"variant": one.variant},
    }
    if one.rule in order:
        result["ruleIndex"] = order.index(one.rule)
    return result


def _place(where: Where) -> dict[str, object]:
    """The file, from the root of what is checked; one that lies elsewhere has a whole address (SARIF, 3.4.4)."""
    path = Path(where.path)
    file = {"uri": path.as_uri()} if path.is_absolute() else {"uri": quote(where.path), "uriBaseId": "%SRCROOT%"}
    return {"artifactLocation": file} | ({"region": {"startLine": where.line}} if where.line else {})


def _sarif_rule(name: str, severity: str, about: str) -> dict[str, object]:
    level = {"off": "none", "info": "note"}.get(severity, severity)
    first = about.split(". ")[0].rstrip(".") + "."
    return {
        "id": name,
        "shortDescription": {"text": first},
        "fullDescription": {"text": about},
        "help": {"text": about},
        "defaultConfiguration": {"level": level, "enabled": severity != "off"},
    }


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
