"""What authors have decided to live with: `newsletter: ignore RULE because …`, in a comment where the finding is.

Several rules are parted by commas. A comment may go on over several lines; in YAML its reason may, on the next lines of
comment.

In: the text of a file. Out: the ignores in it and the lines each covers: its own, and the block that follows. In
Markdown (`<!-- … -->`) a block ends with the next blank line; in HTML with its end tag (`reach`); in YAML (`# …`) with
the next line that is not indented deeper; in a template (`{# … #}`) it is the next line. Without a reason an ignore has
no effect.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.checks.reach import reach_of
from newsletter.checks.registry import all_rules
from newsletter.checks.rule import warning
from newsletter.checks.written import yaml_end
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
_COMMENT = re.compile(r"(?P<open><!--|\{#-?|#)[ \t]*(?:\n[ \t]*)?newsletter:[ \t]*ignore\b")
_ENDS = {"<!--": re.compile(r"-->|(?=<!--)"), "{#": re.compile(r"-?#\}|(?=\{#)")}
"""How a comment ends, unless another one begins before it does: then its line is all of it."""
_LONGEST = 2_000
_SAID = re.compile(r"\s*(?P<rules>(?:\w[\w-]*(?:\s*,\s*\w[\w-]*)*)?)\s*(?P<rest>.*?)\s*", re.DOTALL)
_GOES_ON = re.compile(r"\n[ \t]*#[ \t]*(?!newsletter:)(?P<more>[^\n]*)")
_REASON_GIVEN = re.compile(r"because\b[ \t:,]*(\S.*)")
_OF_CLIENTS, _OF_THE_WEB = "client-support", "link-broken"
_ALSO_NOTES = frozenset({_OF_CLIENTS, "target-size", "consent", "spelling"})
"""Rules that usually warn, and of some things only note."""
_NEEDS_MORE = frozenset({"spam-score", "merge-gap", "consent", "suppression-source", "unlike-last"})
"""Rules whose findings come and go without a file changing: with the people, the last issue, a filter that is asked."""
_HTML_FILES = (".html", ".htm", ".eml", ".j2")
_HTML_PAGE = re.compile(r"\s*<(?:!doctype|html)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment: the rule it ignores and why, where it stands, and the first and the last line it covers."""

    rule: str
    reason: str
    where: Where
    first: int
    last: int

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is the one meant."""
        same = finding.rule == self.rule and finding.where.path == self.where.path
        return same and self.first <= finding.where.line <= self.last


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


def not_asked(chosen: Mapping[str, str], notes: bool, named: bool, online: bool = False) -> frozenset[str]:
    """The rules of which a run does not look for everything: then an ignore that meets nothing may still be needed.

    `chosen` is how grave the settings make them; `notes` whether notes are told, `named` whether some mail clients were
    asked about alone, `online` whether addresses were asked.
    """
    rules = all_rules()
    grave = {name: chosen.get(name, rule.severity.value if rule.severity else "off") for name, rule in rules.items()}
    quiet = ("off",) if notes else ("off", "info")
    unasked = {name for name, one in grave.items() if one in quiet} | _NEEDS_MORE
    unasked |= set() if notes else _ALSO_NOTES
    unasked |= {_OF_CLIENTS} if named else set()
    return frozenset(unasked | (set() if online else {_OF_THE_WEB}))


def sift(
    findings: Iterable[Finding],
    ignores: Sequence[Ignore],
    judged: Collection[str] = (),
    unasked: Collection[str] = (),
) -> Sifted:
    """The findings that are not ignored; and for the files in `judged`, a finding for each ignore without effect, but
    of the rules that were not asked."""
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
        elif one not in used and one.where.path in judged and one.rule not in unasked:
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


@dataclass(frozen=True, slots=True)
class _Comment:
    """What a comment says behind `ignore`, and from where to where in the text it stands."""

    mark: str
    said: str
    start: int
    end: int


def _comments(text: str) -> Iterator[_Comment]:
    for found in _COMMENT.finditer(text):
        mark = found["open"].rstrip("-") if found["open"][0] == "{" else found["open"]
        line_end = text.find("\n", found.end())
        line_end = len(text) if line_end < 0 else line_end
        closed = _ENDS[mark].search(text, found.end(), found.end() + _LONGEST) if mark in _ENDS else None
        if closed is not None and closed[0]:
            yield _Comment(mark, text[found.end() : closed.start()], found.start(), closed.end())
            continue
        said = text[found.end() : line_end]
        if mark == "#":
            is_alone = not text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip()
            while (more := _GOES_ON.match(text, line_end)) and _goes_on(said, more["more"], is_alone):
                said, line_end = f"{said} {more['more']}", more.end()
        yield _Comment(mark, said, found.start(), line_end)


def _goes_on(said: str, more: str, is_alone: bool) -> bool:
    """Whether the next line of comment belongs to one in YAML: it begins the reason, or goes on with it where the
    comment stands alone."""
    match = _SAID.fullmatch(said)
    rest = match["rest"] if match else ""
    if not rest:
        return _REASON_GIVEN.match(more) is not None
    return rest == "because" or (is_alone and _REASON_GIVEN.match(rest) is not None)


def _ignores(text: str, path: str) -> Iterator[Ignore]:
    lines = text.split("\n")
    comments = [(one, text.count("\n", 0, one.start) + 1, text.count("\n", 0, one.end) + 1) for one in _comments(text)]
    inside = {line for _, first, end in comments for line in range(first, end + 1)}
    in_html = path.lower().endswith(_HTML_FILES) or _HTML_PAGE.match(text) is not None
    reaches = reach_of(text) if in_html and any(one.mark == "<!--" for one, _, _ in comments) else {}
    for one, line, end in comments:
        said = _SAID.fullmatch(one.said)
        rules, rest = (said["rules"], said["rest"]) if said else ("", "")
        given = _REASON_GIVEN.match(" ".join(rest.split()))
        begins = lines[line - 1].strip().startswith(one.mark)
        first, last = line, _last_line(text, lines, end, one.mark, inside) if begins else end
        if in_html and one.mark == "<!--":
            first, last = reaches.get(one.start, (line, end))
        for rule in rules.split(","):
            yield Ignore(rule.strip(), given[1].strip() if given else "", Where(path, line), first, last)


def _last_line(text: str, lines: Sequence[str], line: int, mark: str, comments: Collection[int]) -> int:
    """The last line of what follows the comment that ends on that line."""
    following = line
    while following < len(lines) and (
        not lines[following].strip()
        or following + 1 in comments
        or (mark == "#" and lines[following].lstrip().startswith("#"))
    ):
        following += 1
    if following >= len(lines):
        return line
    if mark == "#":
        return yaml_end(text, following + 1)
    if mark == "{#":
        return following + 1
    while following + 1 < len(lines) and lines[following + 1].strip():
        following += 1
    return following + 1
