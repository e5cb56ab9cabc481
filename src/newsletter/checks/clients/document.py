"""HTML text → its elements in order, each with its parents, its style, and who reads it.

What conditional comments hold is read too, as a part of its own. Tags are matched by name alone: enough to know what a
thing stands in, and robust where a page is broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.checks.clients.conditions import Readers, is_closing, opening
from newsletter.checks.clients.markup import Attribute, Comment, EndTag, RawText, StartTag, pieces

_PIXELS = re.compile(r"\s*\d+(?:px)?\s*\Z")
_STYLED = re.compile(r"(?<![-\w])width\s*:\s*\d+(?:\.\d+)?px", re.IGNORECASE)
_BESIDE = re.compile(
    r"display\s*:\s*(?:inline-(?:block|table|flex|grid)|table-cell|flex|grid)|float\s*:\s*(?:left|right)", re.I
)
"""What makes columns of boxes. A value that is not one of these (none, block) makes none."""
_TOLD_OF = frozenset({"table", "img", "a", "p", "div", "span"})
CELLS = ("td", "th")
COLUMNS = "columns"
_DEEPEST = 400


@dataclass(slots=True)
class Element:
    """One element as it was written. `boxed`: a table or cell for Outlook for Windows alone gives it a width."""

    name: str
    attributes: dict[str, Attribute]
    start: int
    end: int
    readers: Readers
    parent: Element | None = None
    sized: bool = False
    """A table or cell with a width in pixels of its own, which Outlook for Windows keeps."""
    followed: bool = False
    """Another element stands after it in the same parent."""
    ghosts: int = 0
    """How many tables and cells only Outlook for Windows has open around it."""
    boxed: bool = False
    vml: bool = False
    """Outlook for Windows is given a drawing (VML) beside it or in it."""
    holds: set[str] = field(default_factory=set)
    """Which of tables, pictures, links and boxes of text stand inside it; COLUMNS where things stand side by side."""

    def value(self, name: str) -> str:
        """The attribute's value, or nothing."""
        found = self.attributes.get(name)
        return "" if found is None else found.value

    def parents(self) -> Iterator[Element]:
        """What it stands in, the nearest first, as deep as mails are."""
        one = self.parent
        for _ in range(_DEEPEST):
            if one is None:
                return
            yield one
            one = one.parent


@dataclass(frozen=True, slots=True)
class Style:
    """The CSS of a style element, and where its text begins."""

    element: Element
    text: str
    start: int


@dataclass(slots=True)
class Document:
    """What stands in a page, in order."""

    elements: list[Element] = field(default_factory=list)
    styles: list[Style] = field(default_factory=list)
    drawings: list[int] = field(default_factory=list)
    """Where VML begins that Outlook for Windows reads."""


def read_document(html: str) -> Document:
    """The page's elements and styles; never fails, whatever the text is."""
    reader = _Reader(html)
    reader.part(0, len(html), Readers.ALL)
    return reader.document


def stands_beside(element: Element) -> bool:
    """Whether its own style sets the element, or what it holds, beside something."""
    return bool(_BESIDE.search(element.value("style")))


def _note(what: str, element: Element) -> None:
    """Let all it stands in know that they hold it."""
    for one in element.parents():
        if what in one.holds:
            break
        one.holds.add(what)


class _Reader:
    """Walks the pieces once, and remembers what is open."""

    def __init__(self, html: str) -> None:
        self._html = html
        self.document = Document()
        self._open: list[Element] = []
        self._newest: dict[int, Element] = {}
        """The newest child of each open element, by the parent's identity."""
        self._ghosts: list[bool] = []
        """The tables and cells that only Outlook for Windows has open: whether each gives a width."""
        self._widths = 0

    def part(self, start: int, end: int, readers: Readers, inside_comment: bool = False) -> None:
        """Read what stands between the offsets; a comment inside a comment is none."""
        shown = [readers]
        for piece in pieces(self._html, start, end):
            if isinstance(piece, Comment):
                self._comment(piece, shown, inside_comment)
            elif isinstance(piece, StartTag):
                self._begin(piece, shown[-1])
            elif isinstance(piece, EndTag):
                self._finish(piece.name, shown[-1])
            else:
                self._raw(piece)

    def _comment(self, comment: Comment, shown: list[Readers], inside_comment: bool) -> None:
        found = opening(comment.text)
        if found is None:
            if len(shown) > 1 and is_closing(comment.text):
                shown.pop()
        elif found.hidden:
            if not inside_comment:
                inner, start = shown[-1].among(found.readers), comment.text_start
                self.part(start + found.inner, start + found.length, inner, inside_comment=True)
        elif len(shown) < _DEEPEST:
            shown.append(shown[-1].among(found.readers))

    def _begin(self, tag: StartTag, readers: Readers) -> None:
        parent = self._open[-1] if self._open else None
        element = Element(tag.name, dict(tag.attributes), tag.start, tag.end, readers, parent)
        element.sized = _has_width(element)
        element.ghosts, element.boxed = len(self._ghosts), self._widths > 0
        self.document.elements.append(element)
        if readers is Readers.OUTLOOK:
            if tag.name.startswith("v:"):
                self._draw(element)
            if tag.name in ("table", *CELLS) and not tag.alone:
                self._ghosts.append(element.sized)
                if self._ghosts[-1] and parent is not None:
                    # The ghost table may as well stand inside the box it stands in for.
                    parent.boxed = True
                self._widths += self._ghosts[-1]
            return
        if tag.name in _TOLD_OF:
            _note(tag.name, element)
        older = self._newest.get(id(parent))
        if older is not None:
            older.followed = True
        if (older is not None and older.name in CELLS and tag.name in CELLS) or stands_beside(element):
            _note(COLUMNS, element)
        self._newest[id(parent)] = element
        if not tag.alone:
            self._open.append(element)

    def _draw(self, drawing: Element) -> None:
        self.document.drawings.append(drawing.start)
        for one in drawing.parents():
            if one.vml:
                break
            one.vml = True

    def _finish(self, name: str, readers: Readers) -> None:
        if readers is Readers.OUTLOOK:
            if name in ("table", *CELLS) and self._ghosts:
                self._widths -= self._ghosts.pop()
            return
        for back in range(1, min(len(self._open), _DEEPEST) + 1):
            if self._open[-back].name == name:
                del self._open[-back:]
                return

    def _raw(self, raw: RawText) -> None:
        if not self._open or self._open[-1].name != raw.element:
            # Inside [if mso] nothing is kept open; the element is the one just begun.
            if self.document.elements and raw.element == "style":
                self.document.styles.append(Style(self.document.elements[-1], raw.text, raw.start))
            return
        if raw.element == "style":
            self.document.styles.append(Style(self._open[-1], raw.text, raw.start))


def _has_width(element: Element) -> bool:
    """Whether the element's attribute, or its style where Outlook reads it, gives it a width in pixels."""
    if element.name not in ("table", *CELLS):
        return bool(_PIXELS.match(element.value("width")))
    return bool(_PIXELS.match(element.value("width")) or _STYLED.search(element.value("style")))
