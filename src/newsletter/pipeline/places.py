"""Findings → where they are: in the email, in its source, and in the file their author edits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.checks.page import offset_of
from newsletter.model import Finding, RenderedVariant, Where
from newsletter.pipeline.building import Built
from newsletter.pipeline.previewing import show, variant_of
from newsletter.pipeline.readers import NOBODY, Reader
from newsletter.pipeline.workspace import Workspace

_NEAR = 3
"""How many lines an element may stand from a finding to be taken for its place."""
_BEGIN, _END = "\x02", "\x03"
"""Around a place's numbers while the source is filled in; no value holds control characters."""
_PLACE = re.compile(f"{_BEGIN}([0-9 ]+){_END}(<[^>\\n]*>?)?")


def with_places(built: Built, profession: str, findings: Sequence[Finding]) -> str:
    """The variant's HTML, each element that a finding is about carrying `data-place="N …"`, N its number among them.

    For measuring where it is on the page, never for sending. A finding whose place is not known leaves no mark.
    """
    return numbered(variant_of(built, profession).html, _offsets(built, profession, findings))


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line of the source; `findings` are the numbers of those that are about this tag."""

    text: str
    findings: tuple[int, ...] = ()


def source_lines(
    workspace: Workspace,
    built: Built,
    profession: str,
    variant: RenderedVariant,
    findings: Sequence[Finding],
    reader: Reader = NOBODY,
) -> list[list[Piece]]:
    """The variant's HTML as that reader gets it, line by line, with the tags that findings are about.

    `variant` may be newer than what was checked; then nothing is known of where findings are.
    """
    html = variant.html
    if _BEGIN not in html and html == variant_of(built, profession).html:
        for offset, numbers in sorted(_offsets(built, profession, findings).items(), reverse=True):
            html = f"{html[:offset]}{_BEGIN}{' '.join(map(str, numbers))}{_END}{html[offset:]}"
    filled = show(workspace, built.issue, variant, reader, html).html
    return [list(_pieces(line)) for line in filled.split("\n")]


def _pieces(line: str) -> Iterator[Piece]:
    at = 0
    for found in _PLACE.finditer(line):
        if found.start() > at:
            yield Piece(line[at : found.start()])
        yield Piece(found[2] or "", tuple(int(one) for one in found[1].split()))
        at = found.end()
    if at < len(line):
        yield Piece(line[at:])


def _offsets(built: Built, profession: str, findings: Sequence[Finding]) -> dict[int, list[int]]:
    """Offset of an element's tag in the variant's HTML → the numbers of the findings it is nearest to."""
    key = variant_of(built, profession).key
    rendering = next(one for one in built.renderings if one.rendered.key == key)
    if built.inspection is None or not findings:
        return {}
    page, places = built.inspection.page_of(rendering)
    nearest: dict[int, tuple[int, int]] = {}
    wanted = {number: one.where for number, one in enumerate(findings) if one.where.line}
    for element in page.body.iter():
        offset = offset_of(element) if isinstance(element.tag, str) else -1
        words = " ".join((element.text or "").split()) if offset >= 0 else ""
        sought = [one for one in (words, element.get("href"), element.get("alt")) if one]
        if not sought:
            continue
        where = places.of_element(element, sought)
        for number, place in wanted.items():
            distance = _distance(where, place)
            if distance <= _NEAR and distance < nearest.get(number, (_NEAR + 1, 0))[0]:
                nearest[number] = (distance, offset)
    found: dict[int, list[int]] = {}
    for number, (_, offset) in sorted(nearest.items()):
        found.setdefault(offset, []).append(number)
    return found


def _distance(one: Where, other: Where) -> int:
    return abs(one.line - other.line) if one.path == other.path else _NEAR + 1


def numbered(html: str, numbers: Mapping[int, Sequence[int]]) -> str:
    """The HTML, the tag that begins at each offset carrying `data-place="N …"` with the offset's numbers."""
    for offset in sorted(numbers, reverse=True):
        name = re.compile(r"<[a-zA-Z][a-zA-Z0-9]*").match(html, offset)
        if name:
            told = " ".join(str(one) for one in numbers[offset])
            html = f'{html[: name.end()]} data-place="{told}"{html[name.end() :]}'
    return html


def excerpt(root: Path, where: Where, around: int = 3) -> list[tuple[int, str]]:
    """The lines around that one, with their numbers; nothing for a file that is not of the workspace at `root`."""
    path = (root / where.path).resolve()
    if not path.is_relative_to(root.resolve()) or not path.is_file() or not where.line:
        return []
    lines = path.read_text("utf-8", "replace").splitlines()
    first = max(1, where.line - around)
    return [(first + at, line[:400]) for at, line in enumerate(lines[first - 1 : where.line + around])]
