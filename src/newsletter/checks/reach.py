"""How far a comment in HTML reaches: to the end of the element right behind it, or of the paragraph it stands in.

In: the text of an HTML file. Out: for each comment the lines it is about. Before an element it is about that element,
of `<html>`, `<head>` and `<body>` about the tag alone; between the words of a paragraph about the paragraph; between
the words of anything wider (a cell, a div) about those up to the next block; at the end of a line about that line.
Source for what ends without an end tag: the HTML standard, 13.1.2.4 (optional tags).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field

from newsletter.checks.page import PHRASES

_PIECE = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))|</(?P<end>[a-z][^\s/<>]*)[^<>]*>|<[!?][^<>]*>|(?P<words>[^<]+)"
    r"|<(?P<tag>[a-z][^\s/><]*)(?>(?:[^<>\"']++|\"[^\"]*\"|'[^']*'){0,300})>|<",
    re.DOTALL | re.IGNORECASE,
)
_BLANK = re.compile(r"[ \t\r]*(?:\n|\Z)")
_RAW = frozenset("script style title textarea xmp".split())
"""Elements without elements in them: up to their end tag."""
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_WHOLE = frozenset(("html", "head", "body"))
_PARAGRAPHS = frozenset("p h1 h2 h3 h4 h5 h6 dt dd li caption figcaption a button".split()) | PHRASES
_ENDED_BY = {
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "td": frozenset({"td", "th", "tr", "tbody", "tfoot"}),
    "th": frozenset({"td", "th", "tr", "tbody", "tfoot"}),
    "tr": frozenset({"tr", "tbody", "tfoot"}),
}
"""Element → the tags that end it when its own end tag is left out; a paragraph ends at every block."""


@dataclass
class _Open:
    """An element that has begun, and the comments that are about it."""

    tag: str
    line: int
    holds: list[int] = field(default_factory=list)


@dataclass
class _Waiting:
    """A comment nothing has followed yet; at the end of a line it waits for no element."""

    offset: int
    is_behind: bool


def reach_of(html: str) -> dict[int, tuple[int, int]]:
    """Where a comment begins → the first and the last line it is about, from 1; none for what is no comment."""
    return _Reading(html).read()


class _Reading:
    def __init__(self, html: str) -> None:
        self._html = html
        self._found: dict[int, tuple[int, int]] = {}
        self._starts = [0, *(one.end() for one in re.finditer("\n", html))]
        self._open: list[_Open] = []
        self._tags: Counter[str] = Counter()
        """How often each tag is open."""
        self._waiting: list[_Waiting] = []
        self._loose: list[int] = []
        """Comments about words that stand in something wide: to the next block, or to its end."""
        self._last = 1
        """The line of the last thing that was not blank."""

    def read(self) -> dict[int, tuple[int, int]]:
        lower, at = self._html.lower(), 0
        while at < len(self._html):
            piece = _PIECE.match(self._html, at)
            assert piece is not None  # `words` takes whatever the others leave
            at = piece.end()
            if piece["comment"]:
                self._comment(piece.start(), at)
            elif piece["end"]:
                self._end(piece["end"].lower(), self._line(piece.start()))
            elif piece["tag"]:
                tag = piece["tag"].lower()
                self._start(tag, self._line(piece.start()), self._line(at - 1))
                if tag in _RAW:
                    end = lower.find(f"</{tag}", at)
                    at = len(self._html) if end < 0 else end
            elif (piece["words"] or "").strip():
                self._settle()
                self._say(self._line(piece.start() + len(piece["words"].rstrip()) - 1))
        self._settle(words_follow=False)
        while self._open:
            self._close(self._last)
        self._end_loose()
        return self._found

    def _line(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def _comment(self, offset: int, end: int) -> None:
        first, last = self._line(offset), self._line(end - 1)
        self._found[offset] = (first, last)
        begins = _BLANK.match(self._html, self._starts[first - 1], offset)
        is_behind = begins is None and _BLANK.match(self._html, end) is not None
        self._waiting.append(_Waiting(offset, is_behind))

    def _start(self, tag: str, line: int, end: int) -> None:
        self._end_what(tag)
        if tag not in PHRASES and tag not in _VOID:
            self._end_loose()
        element = _Open(tag, line)
        for one in self._waiting:
            if one.is_behind:
                self._stands_in(one)
            else:
                element.holds.append(one.offset)
        self._waiting.clear()
        self._reaches(element.holds, end)
        self._say(end)
        if tag in _WHOLE:
            element.holds.clear()
        if tag not in _VOID:
            self._open.append(element)
            self._tags[tag] += 1

    def _end(self, tag: str, line: int) -> None:
        self._settle(words_follow=False)
        if not self._tags[tag]:
            return
        while self._open[-1].tag != tag:
            self._close(self._last)
        self._say(line)
        self._close(line)

    def _say(self, line: int) -> None:
        """Something stands on that line, the last one so far."""
        self._last = line

    def _end_loose(self) -> None:
        self._reaches(self._loose, self._last)
        self._loose.clear()

    def _settle(self, words_follow: bool = True) -> None:
        """What waits is followed by words or by an end: it is about what it stands in."""
        for one in self._waiting:
            self._stands_in(one, words_follow)
        self._waiting.clear()

    def _stands_in(self, comment: _Waiting, words_follow: bool = False) -> None:
        around = self._open[-1] if self._open else None
        if around is not None and around.tag in _PARAGRAPHS:
            first, last = self._found[comment.offset]
            self._found[comment.offset] = (min(first, around.line), last)
            around.holds.append(comment.offset)
        elif words_follow and not comment.is_behind:
            self._loose.append(comment.offset)

    def _end_what(self, tag: str) -> None:
        """End what the tag ends that has no end tag of its own."""
        while self._open:
            top = self._open[-1].tag
            ends = tag not in PHRASES and tag not in _VOID if top == "p" else tag in _ENDED_BY.get(top, ())
            if not ends:
                return
            self._close(self._last)

    def _close(self, line: int) -> None:
        element = self._open.pop()
        self._tags[element.tag] -= 1
        self._reaches(element.holds, line)
        if element.tag not in PHRASES:
            self._end_loose()

    def _reaches(self, comments: list[int], line: int) -> None:
        for offset in comments:
            first, last = self._found[offset]
            self._found[offset] = (first, max(last, line))
