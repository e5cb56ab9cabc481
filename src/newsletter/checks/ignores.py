"""What authors have decided to live with: `newsletter: ignore RULE because …`, in a comment where the finding is.

Several rules are parted by commas.

In: the text of a file. Out: the ignores in it and the lines each covers: its own, and the block that follows. In HTML
and Markdown (`<!-- … -->`) a block ends with the next blank line; in YAML (`# …`) with the next line that is not
indented deeper; in a template (`{# … #}`) it is the next line. Without a reason an ignore has no effect.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.checks.places import yaml_end
from newsletter.checks.registry import all_rules
from newsletter.checks.rule import warning
from newsletter.errors import did_you_mean
from newsletter.model import Finding, Where

RULES = (
    warning(
        "unused-ignore",
        "A comment that ignores a finding there is none of any more hides the next one. Take it out. Source: the same "
        "rule of other linters, such as ruff's RUF100.",
    ),
    warning(
        "ignore-reason",
        "A comment that ignores a finding has to say `because …`, so that the next person knows whether it still "
        "holds; without a reason, or for a rule there is not, it has no effect. Source: this program's own format.",
    ),
)
_UNUSED, _REASON = RULES
_COMMENT = re.compile(
    r"(?:<!--|\{#-?|#)[ \t]*newsletter:[ \t]*ignore\b[ \t]*"
    r"(?P<rules>(?:\w[\w-]*(?:[ \t]*,[ \t]*\w[\w-]*)*)?)[ \t]*(?P<rest>[^\n]*?)[ \t]*"
    r"(?:-->|-?#\}|$)",
    re.MULTILINE,
)
_REASON_GIVEN = re.compile(r"because\b[ \t:,]*(\S.*)")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment: the rule it ignores and why, where it stands, and the lines it covers."""

    rule: str
    reason: str
    where: Where
    last: int

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is the one meant."""
        same = finding.rule == self.rule and finding.where.path == self.where.path
        return same and self.where.line <= finding.where.line <= self.last


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is left of findings, and those that were ignored with the reason given."""

    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, str], ...]


def ignores_in(text: str, path: str) -> tuple[Ignore, ...]:
    """The ignores of a file, in order."""
    if "newsletter:" not in text:
        return ()
    return tuple(_ignores(text, path))


def sift(findings: Iterable[Finding], ignores: Sequence[Ignore], judged: Collection[str] = ()) -> Sifted:
    """The findings that are not ignored; and for the files in `judged`, a finding for each ignore without effect."""
    kept: list[Finding] = []
    ignored: list[tuple[Finding, str]] = []
    used: set[Ignore] = set()
    valid = [one for one in ignores if one.reason and one.rule in all_rules()]
    for finding in findings:
        match = next((one for one in valid if one.covers(finding)), None)
        if match is None:
            kept.append(finding)
        else:
            used.add(match)
            ignored.append((finding, match.reason))
    for one in ignores:
        if one not in valid:
            kept.append(_without_effect(one))
        elif one not in used and one.where.path in judged:
            message = f"nothing of rule '{one.rule}' is found here any more."
            kept.append(_UNUSED.finding(message, one.where, fix="Take the comment out."))
    return Sifted(tuple(kept), tuple(ignored))


def _without_effect(ignore: Ignore) -> Finding:
    known = all_rules()
    if ignore.rule not in known:
        named = f"no rule '{ignore.rule}'.{did_you_mean(ignore.rule, known)}" if ignore.rule else "no rule is named."
        return _REASON.finding(named, ignore.where, fix="`newsletter check --rules` lists them.")
    message = f"'{ignore.rule}' is not ignored without a reason."
    return _REASON.finding(message, ignore.where, fix=f"Write `ignore {ignore.rule} because …`.")


def _ignores(text: str, path: str) -> Iterator[Ignore]:
    lines = text.split("\n")
    for found in _COMMENT.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        given = _REASON_GIVEN.match(found["rest"])
        begins = lines[line - 1].strip().startswith(found[0][:2])
        last = _last_line(text, lines, line, found[0]) if begins else line
        for rule in found["rules"].split(","):
            yield Ignore(rule.strip(), given[1].strip() if given else "", Where(path, line), last)


def _last_line(text: str, lines: Sequence[str], line: int, comment: str) -> int:
    """The last line of what follows the comment."""
    following = line
    while following < len(lines) and (not lines[following].strip() or _COMMENT.search(lines[following])):
        following += 1
    if following >= len(lines):
        return line
    if comment.startswith("#"):
        return yaml_end(text, following + 1)
    if comment.startswith("{#"):
        return following + 1
    while following + 1 < len(lines) and lines[following + 1].strip():
        following += 1
    return following + 1
