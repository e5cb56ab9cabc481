"""A clean tree → its block-level parts, one after the other.

In: the body of a page. Out: paragraphs, headings, lists, tables, figures in reading order: wrappers opened up, loose
text put in paragraphs, several paragraphs in one `<p>` (or list item, or cell) parted where blank lines part them,
empty ones dropped. Every step takes time in proportion to the page, whatever the page holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from newsletter.content.tags import Element

_WRAPPERS = set(
    "div section article main header footer aside nav center address details summary hgroup dd dt dl".split()
)
_PROSE_BLOCKS = set("p h1 h2 h3 h4 h5 h6 ul ol blockquote pre hr table li".split())
_BLOCKS = _WRAPPERS | _PROSE_BLOCKS | {"figure", "figcaption", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"}
_HOLDERS = ("li", "td", "th", "blockquote", "div", "section", "dd", "center")
"""What may hold several paragraphs inside a part."""
_BLANK_LINE = re.compile(r"\n[ \t\xa0]*+\n\s*+")


def flattened(container: Element) -> Iterator[Element]:
    """The container's block-level parts in order.

    Works through an explicit stack: hostile input nests deeper than Python recurses.
    """
    loose = _Run("p")
    stack = [_steps(container)]
    while stack:
        step: tuple[str, Element] = next(stack[-1], ("end", None))
        kind, item = step
        if kind == "end":
            stack.pop()
            yield from loose.paragraphs()
        elif kind == "text":
            loose.write(item)
        elif item.tag in _WRAPPERS:
            yield from loose.paragraphs()
            stack.append(_steps(item))
        elif item.tag in _PROSE_BLOCKS or item.tag == "figure":
            yield from loose.paragraphs()
            yield from _part(item)
        else:
            loose.take(item)


def has_content(element: Element) -> bool:
    """Whether the element shows anything: a word or a picture."""
    return bool("".join(element.itertext()).strip()) or element.tag == "img" or element.find(".//img") is not None


def _steps(element: Element) -> Iterator[tuple[str, Element]]:
    """The element's texts and children in order, each child without its tail."""
    if element.text:
        yield "text", element.text
    for child in list(element):
        tail, child.tail = child.tail, None
        yield "child", child
        if tail:
            yield "text", tail


def _part(element: Element) -> Iterator[Element]:
    """A block-level part, paragraphs in it parted."""
    if element.tag == "p":
        yield from _parted(element)
        return
    if element.tag == "li":
        stray, element = element, etree.Element("ul")
        element.append(stray)
    for holder in list(element.iter(*_HOLDERS)):
        if next(holder.iterancestors("pre"), None) is None:
            _part_inside(holder)
    yield element


def _parted(paragraph: Element) -> Iterator[Element]:
    run = _Run("p", dict(paragraph.attrib))
    for kind, item in _steps(paragraph):
        if kind == "text":
            run.write(item)
        else:
            run.take(item)
    yield from run.paragraphs()


def _part_inside(holder: Element) -> None:
    """Inside a list item, cell or quote: paragraphs where blank lines part its text; empty paragraphs dropped."""
    texts = [holder.text or "", *(child.tail or "" for child in holder)]
    blank = any(_BLANK_LINE.search(text) for text in texts)
    empty = False
    for child in holder.iterchildren("p"):
        inside = [child.text or "", *(one.tail or "" for one in child)]
        blank = blank or any(_BLANK_LINE.search(text) for text in inside)
        empty = empty or not has_content(child)
    if not blank and not empty:
        return
    parts = list(_inner_parts(holder))
    loose = [part for part, is_loose in parts if is_loose]
    holder.text = None
    for part, _ in parts:
        holder.append(part)
    if len(loose) == 1:
        # All the text there is stays as bare as it was written.
        loose[0].tag = "bare"
        etree.strip_tags(holder, "bare")


def _inner_parts(holder: Element) -> Iterator[tuple[Element, bool]]:
    """The holder's blocks, and its runs of text between them as paragraphs (True)."""
    run = _Run("p")
    steps = list(_steps(holder))
    for child in list(holder):
        holder.remove(child)
    for kind, item in steps:
        if kind == "text":
            run.write(item)
        elif item.tag in _BLOCKS:
            for loose in run.paragraphs():
                yield loose, True
            for part in _parted(item) if item.tag == "p" else (item,):
                yield part, False
        else:
            run.take(item)
    for loose in run.paragraphs():
        yield loose, True


class _Run:
    """Text and inline tags that follow each other, until a block or a blank line ends the paragraph they make."""

    def __init__(self, tag: str, attributes: dict[str, str] | None = None) -> None:
        self._tag = tag
        self._attributes = attributes or {}
        self._ready: list[Element] = []
        self._last: Element = None
        self._begin()

    def write(self, text: str) -> None:
        pieces = _BLANK_LINE.split(text)
        self._texts.append(pieces[0])
        for piece in pieces[1:]:
            self._end()
            self._texts.append(piece)

    def take(self, inline: Element) -> None:
        self._settle()
        self._element.append(inline)
        self._last = inline

    def paragraphs(self) -> Iterator[Element]:
        """The paragraphs so far; afterwards the run is empty."""
        self._end()
        ready, self._ready = self._ready, []
        yield from ready

    def _begin(self) -> None:
        self._element = etree.Element(self._tag, self._attributes)
        self._last = None
        self._texts: list[str] = []

    def _settle(self) -> None:
        """The texts written since the last inline tag, put behind it."""
        text = "".join(self._texts)
        if self._last is None:
            self._element.text = text
        else:
            self._last.tail = text
        self._texts = []

    def _end(self) -> None:
        self._settle()
        _trim_breaks(self._element)
        if has_content(self._element):
            self._ready.append(self._element)
        self._begin()


def _trim_breaks(paragraph: Element) -> None:
    """Line breaks and spaces at both ends go."""
    while (first := next(paragraph.iterchildren(), None)) is not None:
        if first.tag != "br" or (paragraph.text or "").strip():
            break
        paragraph.text = first.tail
        first.tail = None
        paragraph.remove(first)
    while (last := next(paragraph.iterchildren(reversed=True), None)) is not None:
        if last.tag != "br" or (last.tail or "").strip():
            break
        paragraph.remove(last)
    paragraph.text = (paragraph.text or "").lstrip()
    if last is not None:
        last.tail = (last.tail or "").rstrip()
    else:
        paragraph.text = paragraph.text.rstrip()
