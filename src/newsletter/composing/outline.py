"""The text of an issue.yaml → what stands in it, as people see it: sections, blocks, columns.

In: text, and the kinds of blocks there are. Out: an outline; every entry knows its place and its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.composing.places import Place
from newsletter.files import Document, Loc, parse_yaml

_LONG = 120


@dataclass(frozen=True, slots=True)
class Entry:
    """A block: its kind, its first words, who sees it (nobody named: everybody), and its columns if it has some."""

    place: Place
    kind: str
    words: str
    note: str
    professions: tuple[str, ...]
    line: int
    columns: tuple[tuple[Entry, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A section."""

    place: Place
    heading: str
    entries: tuple[Entry, ...]
    line: int


def outline(text: str, name: str, kinds: frozenset[str]) -> tuple[Part, ...]:
    """The sections of the issue. What is no block is shown as one of kind `?`, so that it can be taken out.

    Raises `FileProblems` for broken YAML.
    """
    document = parse_yaml(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), name)
    sections = document.data.get("sections") if isinstance(document.data, dict) else None
    parts = []
    for number, section in enumerate(sections if isinstance(sections, list) else []):
        written = section if isinstance(section, dict) else {}
        blocks = written.get("blocks")
        loc: Loc = ("sections", number)
        reader = _Reader(document, kinds)
        entries = reader.entries(blocks if isinstance(blocks, list) else [], (number,), (*loc, "blocks"))
        parts.append(Part((number,), str(written.get("heading") or ""), entries, document.where(*loc).line))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class _Reader:
    document: Document
    kinds: frozenset[str]

    def entries(self, blocks: Sequence[object], place: Place, loc: Loc) -> tuple[Entry, ...]:
        return tuple(self._entry(one, (*place, number), (*loc, number)) for number, one in enumerate(blocks))

    def _entry(self, block: object, place: Place, loc: Loc) -> Entry:
        line = self.document.where(*loc).line
        if not isinstance(block, dict):
            return Entry(place, "?", _short(block), "", (), line)
        kind = next((key for key in block if key in self.kinds), "")
        value = block.get(kind) if kind else next(iter(block.values()), "")
        names = block.get("for") or []
        professions = tuple(str(one) for one in (names if isinstance(names, list) else [names]))
        if kind == "columns" and isinstance(value, list):
            columns = tuple(
                self.entries(one, (*place, number), (*loc, "columns", number))
                if isinstance(one, list)
                else (self._entry(one, (*place, number, 0), (*loc, "columns", number)),)
                for number, one in enumerate(value)
            )
            return Entry(place, kind, "", str(block.get("split") or ""), professions, line, columns)
        note = str(block.get("show") or block.get("alt") or block.get("by") or "")
        return Entry(place, kind or "?", _short(value), _short(note), professions, line)


def _short(value: object) -> str:
    if isinstance(value, list):
        words = ", ".join(
            str(one.get("text") or one.get("article") or "") if isinstance(one, dict) else str(one) for one in value
        )
    elif isinstance(value, dict):
        words = ", ".join(str(key) for key in value)
    else:
        words = "" if value is None else str(value)
    words = " ".join(words.split())
    return words if len(words) <= _LONG else f"{words[: _LONG - 1].rstrip()}…"
