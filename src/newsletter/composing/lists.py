"""One list of a YAML text, taken apart into its items and put together again.

In: text that ends with a line end, and the list's node. Out: its items as they are written, and the text with others
in their place. The comments and empty lines above an item belong to it and go where it goes; so do comments below it
that stand deeper than its dash.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from newsletter.composing.tree import Node, by_hand

_DASH = re.compile(r"-(?=[ \t\r\n])")
_LINE_END = re.compile(r"\r\n|\n|\r")
_OUTER_DASHES = re.compile(r" *(?:- *)+")
_IN_BRACKETS = re.compile(r"[{\[].*[}\]]", re.DOTALL)


@dataclass(frozen=True)
class Ruled:
    """A text that knows its lines."""

    text: str

    @cached_property
    def starts(self) -> list[int]:
        """Where each line begins; the last one is the end of the text."""
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def start(self, at: int) -> int:
        """Where the line around `at` begins."""
        return self.starts[bisect_right(self.starts, at) - 1]

    def column(self, at: int) -> int:
        return at - self.start(at)

    def after(self, end: int) -> int:
        """Where the line after the one that holds the character before `end` begins."""
        number = bisect_right(self.starts, max(end - 1, 0))
        return self.starts[number] if number < len(self.starts) else len(self.text)

    def above(self, start: int) -> int:
        """Where the line above the one that begins at `start` begins."""
        return self.starts[max(bisect_right(self.starts, start) - 2, 0)]


@dataclass(frozen=True, slots=True)
class Chunk:
    """An item on lines of its own: `lead` and `tail` are the lines above and below it that are its own.

    `body` has its dash at column `column`.
    """

    lead: str
    body: str
    column: int
    tail: str = ""

    def at(self, column: int) -> Chunk:
        """The same item with its dash at another column."""
        lead, body, tail = (shifted(one, self.column, column) for one in (self.lead, self.body, self.tail))
        return Chunk(lead, body, column, tail)

    @property
    def text(self) -> str:
        return self.lead + self.body + self.tail

    @property
    def comments(self) -> str:
        """The lines above it, if one of them says something."""
        return self.lead if self.lead.strip() else ""

    @property
    def in_brackets(self) -> str:
        """What it says, as an item of a list in brackets; empty when it cannot stand there as it is written."""
        words = self.body.strip()[1:].strip()
        fits = not (self.lead + self.tail).strip() and not _LINE_END.search(words) and _IN_BRACKETS.fullmatch(words)
        return words if fits else ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A list with a dash for each item: the text up to it, its items, and the text from its end."""

    before: str
    chunks: tuple[Chunk, ...]
    after: str
    column: int
    beside: bool = False
    """Whether it is the item of another list, whose dash `before` ends with: `- - …`, and `- …` for a single item."""

    def with_chunks(self, chunks: Sequence[Chunk]) -> str:
        """The text with these items (one at least) in the list."""
        placed = [one.at(self.column) for one in chunks]
        body = "".join(one.text for one in placed)
        if not self.beside:
            return self.before + body + self.after
        outer = Ruled(self.before).column(len(self.before) - 1)
        if placed[0].lead:
            return self.before + line_end_of(body) + body + self.after
        if len(placed) == 1:
            return self.before[:-1] + placed[0].at(outer).body[outer:] + placed[0].tail + self.after
        return self.before + " " * (self.column - outer - 1) + body[self.column :] + self.after


@dataclass(frozen=True, slots=True)
class Brackets:
    """A list in brackets: its items as they are written, and all text around and between them."""

    items: tuple[str, ...]
    between: tuple[str, ...]
    """One more than items: the text before the first, between two, after the last."""

    def in_order(self, order: Sequence[int]) -> str:
        """The text with the items in another order; what parts them stays where it is."""
        return self._text([self.items[number] for number in order], self.between)

    def without(self, number: int) -> str:
        """The text without that item and the comma it needed."""
        items = [*self.items[:number], *self.items[number + 1 :]]
        if not items:
            return self.between[0] + self.between[1].lstrip(" ,")
        gone = number or 1
        return self._text(items, [*self.between[:gone], *self.between[gone + 1 :]])

    def with_item(self, number: int, item: str) -> str:
        """The text with one more item there."""
        if not self.items:
            return self.between[0].rstrip() + item + self.between[1]
        at = number or 1
        items = [*self.items[:number], item, *self.items[number:]]
        return self._text(items, [*self.between[:at], ", ", *self.between[at:]])

    @staticmethod
    def _text(items: Sequence[str], between: Sequence[str]) -> str:
        return between[0] + "".join(item + gap for item, gap in zip(items, between[1:], strict=True))


def lines_of(text: str, node: Node) -> Lines:
    """The list with dashes at `node`, taken apart; joined it is the text, byte for byte."""
    ruled = Ruled(text)
    dashes = _dashes(ruled, node)
    column = ruled.column(dashes[0])
    first = ruled.start(dashes[0])
    begin, beside = _beginning(ruled, first, dashes[0])
    edges = [begin if beside else _tail_end(ruled, begin, column)]
    edges += [_tail_end(ruled, ruled.after(child.end), column) for child in node.children]
    chunks = []
    for (start, end), dash, child in zip(pairwise(edges), dashes, node.children, strict=True):
        at, last = ruled.start(dash), ruled.after(child.end)
        if not start <= at < last or ruled.column(dash) != column or (at > first and text[at:dash].strip()):
            raise by_hand()
        chunks.append(Chunk(text[start:at], " " * column + text[dash:last], column, text[last:end]))
    before = text[: dashes[0] if begin == first else begin].rstrip() if beside else text[: edges[0]]
    return Lines(before, tuple(chunks), text[edges[-1] :], column, beside)


def single_of(text: str, cells: Node, number: int) -> Lines:
    """An item that is not a list, as a list of one."""
    around = lines_of(text, cells)
    cell = around.chunks[number]
    column = around.column + 2
    above, below = ("".join(one.text for one in some) for some in (around.chunks[:number], around.chunks[number + 1 :]))
    before = around.before + above + cell.lead + " " * around.column + "-"
    own = _tail_end(Ruled(cell.tail), 0, column)
    chunk = Chunk("", shifted(cell.body, around.column, column), column, cell.tail[:own])
    return Lines(before, (chunk,), cell.tail[own:] + below + around.after, column, True)


def brackets_of(text: str, node: Node) -> Brackets:
    """The list in brackets at `node`, and all text around it."""
    if not node.children:
        return Brackets((), (text[: node.end - 1], text[node.end - 1 :]))
    edges = [0, *(edge for one in node.children for edge in (one.start, one.end)), len(text)]
    parts = [text[begin:end] for begin, end in pairwise(edges)]
    return Brackets(tuple(parts[1::2]), tuple(parts[0::2]))


def chunk_of(lines: str, line_end: str) -> Chunk:
    """Something as it is written below a dash, as an item at column 0."""
    first, *rest = _LINE_END.split(lines)
    return Chunk("", "".join(f"{one}{line_end}" for one in (f"- {first}", *(f"  {one}" for one in rest))), 0)


def line_end_of(text: str) -> str:
    """How the text ends its lines."""
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def comments_end(text: str, end: int, column: int) -> int:
    """Where the line of the character before `end` ends, and the comments below it that stand deeper than `column`."""
    ruled = Ruled(text)
    return _tail_end(ruled, ruled.after(end), column)


def _dashes(ruled: Ruled, node: Node) -> list[int]:
    """Where each item's dash stands."""
    found: list[int] = []
    at = node.start
    for child in node.children:
        found.append(_next_dash(ruled, at))
        at = ruled.after(child.end)
    return found


def _next_dash(ruled: Ruled, at: int) -> int:
    """The first dash that begins a line, or stands right at `at`; comments and empty lines may come before it."""
    while at < len(ruled.text):
        line = ruled.text[at : ruled.after(at + 1)]
        words = line.lstrip(" ")
        if _DASH.match(words):
            return at + len(line) - len(words)
        if words.strip() and not words.startswith(("#", "&", "!")):
            break
        at += len(line)
    raise by_hand()


def _beginning(ruled: Ruled, first: int, dash: int) -> tuple[int, bool]:
    """Where the lines above the first item begin, and whether what announces the list is the dash of another one."""
    if _OUTER_DASHES.fullmatch(ruled.text, first, dash):
        return first, True
    start = first
    while start:
        above = ruled.above(start)
        words = ruled.text[above:start].strip()
        if words and not words.startswith("#"):
            return start, _OUTER_DASHES.fullmatch(words) is not None and words != "---"
        start = above
    return start, False


def _tail_end(ruled: Ruled, at: int, column: int) -> int:
    """Where what belongs to the item above ends: its comments stand deeper than its dash."""
    end = at
    while at < len(ruled.text):
        after = ruled.after(at + 1)
        line = ruled.text[at:after]
        words = line.lstrip(" ")
        if words.strip():
            if not words.startswith("#") or len(line) - len(words) <= column:
                break
            end = after
        at = after
    return end


def shifted(text: str, column: int, to: int) -> str:
    """The lines that stand at `column` or deeper, moved so that `column` becomes `to`; others stay."""
    if column == to:
        return text
    ruled = Ruled(text)
    lines = [text[begin:end] for begin, end in pairwise([*ruled.starts, len(text)])]
    return "".join(_moved(line, column, to - column) for line in lines)


def _moved(line: str, column: int, by: int) -> str:
    words = line.lstrip(" ")
    indent = len(line) - len(words)
    return line if indent < column or (indent == column and not words.strip()) else " " * (indent + by) + words
