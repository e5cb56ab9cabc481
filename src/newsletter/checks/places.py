"""From a place in a variant's HTML to the line its author edits.

In: the trace of the variant (which tag stands in which template, and which block it draws) and the texts of the files.
Out: file and line. What a template writes is the template's line; an author's words and addresses are looked up in the
file their block comes from, and an author's own markup by its words, aligned with the file's in reading order.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote

from newsletter.checks.alignment import Aligned, line_in_passage, line_of_words, passages_with
from newsletter.checks.page import Element, offset_of
from newsletter.checks.written import beginnings, begins, declares, spellings, yaml_end
from newsletter.model import Article, Block, Image, Issue, Mark, Trace, Where

Read = Callable[[str], str]
"""A path as findings name it → the file's text; nothing for what cannot be read."""

_Says = Callable[[str, Sequence[str]], int | None]
"""Which of the lines, from 0, says that."""

_SETTINGS = "newsletter.yaml"
_CSS = ".css.j2"
_DECLARED = re.compile(r"[-\w]+\s*:\s*[^{]*$")
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_OF_A_TAG = 6
"""Lines of a template, from a tag on, that are taken for its words."""


@dataclass(frozen=True, slots=True)
class _Extent:
    """Lines of a file: from the first to the last, both counted from 1."""

    path: str
    first: int
    last: int


@dataclass
class IssuePlaces:
    """The places of one variant of an issue. The trace is only made when something has to be found."""

    issue: Issue
    site_url: str
    read: Read
    trace: Callable[[], Trace | None]
    styles: tuple[str, ...] = ()
    """The files of CSS that are written into the page, and behind them the templates, which may hold some of it."""
    made_from: Mapping[str, str] = field(default_factory=dict)
    """The name of a picture as it is mailed → the digest of the image it was made from."""
    _aligned: dict[tuple[str, int], Aligned] = field(default_factory=dict)

    def of_element(self, element: Element, sought: Sequence[str], nth: int = 0) -> Where:
        """The line of the words sought, among those the element's author wrote; else that of its tag."""
        mark, holder = self._nearest(element)
        block = mark.block if mark else None
        extents = self._extents(block)
        own = holder is not element
        words = [spelling for one in sought for spelling in spellings(one, self.site_url)]
        said = self._in_passage(element, words, extents, nth)
        if said:
            return said
        if own and block is not None and extents:
            near = self._aligned_line(element, holder, extents[0])
            return self._looked_up(words, extents, near, nth) or Where(extents[0].path, near)
        for word in words:
            found = self._in_template(mark, element, word, nth) or self._looked_up((word,), extents, nth=nth)
            if found:
                return found
        return self._looked_up(words, self._whole()) or (mark.template if mark else self.issue.where)

    def of_picture(self, element: Element) -> tuple[str, Where]:
        """The picture's path or address, and the line that names it: for its block, in its article's front matter, or
        as the logo; of one that a template shows by itself, that of its address or tag."""
        source = element.get("src") or ""
        mark, _ = self._nearest(element)
        digest = self.made_from.get(source.removeprefix("cid:").rpartition("/")[2])
        for image in self._images(mark.block if mark else None):
            if image.where.path and (unquote(image.url) == unquote(source) if image.url else image.digest == digest):
                return image.path, image.where
        return source, self.of_element(element, (source,))

    def _images(self, block: Block | None) -> Iterator[Image]:
        """Those that the block's author named, the block's own before its article's; without a block, the logo."""
        fields = block.fields.values() if block else (self.issue.logo,)
        yield from (one for one in fields if isinstance(one, Image))
        yield from (one.image for one in fields if isinstance(one, Article) and one.image is not None)

    def of_offset(self, offset: int) -> Where:
        """The line of the tag that begins there, or of the last one before it."""
        at = bisect_right(self._offsets, offset) - 1
        return self._marks[at].template if at >= 0 else self.issue.where

    def of_style(self, declaration: str, element: Element) -> Where:
        """The line of a style file that says so, else of the element's own tag."""
        mark, _ = self._nearest(element)
        own = mark.template if mark else self.issue.where
        lines = self.read(own.path).split("\n")
        if (
            own.path
            and 0 < own.line <= len(lines)
            and declares(declaration, lines[own.line - 1 : own.line]) is not None
        ):
            return own
        return self._in_styles([declaration], [one for one in self.styles if one.endswith(_CSS)], declares) or own

    def of_value(self, name: str, value: str, element: Element) -> Where:
        """The line of a style file that gives the property just that value, where no other does and the element's own
        tag does not; else that of the element."""
        own = self.of_element(element, ())
        says = re.compile(rf"(?<![\w-]){re.escape(name)}\s*:\s*{re.escape(value)}(?![\w-])", re.IGNORECASE)
        near = self.read(own.path).split("\n")[own.line - 1 : own.line] if own.line else []
        if not value or any(says.search(line) for line in near):
            return own
        sheets = [path for path in self.styles if path.endswith(_CSS)]
        lines = [(path, *one) for path in sheets for one in enumerate(self.read(path).split("\n"), 1)]
        found = [Where(path, number) for path, number, line in lines if says.search(line)]
        return found[0] if len(found) == 1 else own

    def of_rule(self, written: str, element: Element) -> Where:
        """The line of a style file or template that begins the rule, or where it is put together of pieces, one that
        says its most telling piece; else the page's first style element."""
        if _DECLARED.match(written):
            return self.of_style(written, element)
        found = self._in_styles(list(beginnings(written)), self.styles, begins)
        if found:
            return found
        mark, _ = self._nearest(element)
        page = mark.template if mark else self.issue.where
        lines = self.read(page.path).split("\n")
        return next((Where(page.path, n) for n, line in enumerate(lines, 1) if "<style" in line), page)

    def _in_styles(self, sought: Sequence[str], paths: Sequence[str], says: _Says) -> Where | None:
        """The first line of the first file that says the first of what is sought that any of them says."""
        for one in sought:
            for path in paths:
                line = says(one, self.read(path).split("\n"))
                if line is not None:
                    return Where(path, line + 1)
        return None

    def of_key(self, key: str, sought: str = "", nth: int = 0) -> Where:
        """The line of a key of the issue, or of the words sought in what it says."""
        path, text = self.issue.where.path, self.read(self.issue.where.path)
        where = _line_of_key(text, path, key) or self.issue.where
        if key == "subject" and self.issue.subject_line:
            where = Where(path, self.issue.subject_line)
        lines = text.split("\n")[where.line - 1 : yaml_end(text, where.line)] if sought and where.line else []
        found = list(line_of_words(lines, sought))
        return Where(path, where.line + _nth(found, nth)) if found else where

    @cached_property
    def _marks(self) -> tuple[Mark, ...]:
        trace = self.trace()
        return trace.marks if trace else ()

    @cached_property
    def _offsets(self) -> list[int]:
        return [one.offset for one in self._marks]

    def _nearest(self, element: Element) -> tuple[Mark | None, Element]:
        """The mark of the element or of the nearest one around it that has one, and whose it is."""
        while element is not None:
            offset = offset_of(element)
            at = bisect_right(self._offsets, offset) - 1
            if offset >= 0 and at >= 0 and self._offsets[at] == offset:
                return self._marks[at], element
            element = element.getparent()
        return None, element

    def _extents(self, block: Block | None) -> list[_Extent]:
        """The lines an author wrote for the block: of its article, and of issue.yaml."""
        if block is None:
            return []
        article = block.fields.get("article")
        extents = [self._file(article.where.path)] if isinstance(article, Article) else []
        if block.where.path.endswith((".yaml", ".yml")):
            text = self.read(block.where.path)
            extents.append(_Extent(block.where.path, block.where.line, yaml_end(text, block.where.line)))
        else:
            extents.append(_Extent(block.where.path, max(1, block.where.line), self._file(block.where.path).last))
        return extents

    def _whole(self) -> list[_Extent]:
        return [self._file(self.issue.where.path), self._file(_SETTINGS)]

    def _file(self, path: str) -> _Extent:
        return _Extent(path, 1, self.read(path).count("\n") + 1)

    def _looked_up(self, words: Sequence[str], extents: Sequence[_Extent], near: int = 0, nth: int = 0) -> Where | None:
        """The line that says one of the words, in the first file that does.

        `near` is the line of the first file where their paragraph begins: the `nth` in it, and where none is in it, the
        nearest.
        """
        for extent in extents:
            lines = self.read(extent.path).split("\n")[extent.first - 1 : extent.last]
            near = near if extent is extents[0] else 0
            for word in words:
                found = [one + extent.first for one in line_of_words(lines, word)]
                if found:
                    end = _paragraph_end(lines, near - extent.first) + extent.first
                    below = [one for one in found if one >= near]
                    inside = below and (nth or not near or below[0] <= end)
                    line = _nth(below, nth) if inside else min(found, key=lambda one: abs(one - near))
                    return Where(extent.path, line)
        return None

    def _in_passage(self, element: Element, words: Sequence[str], extents: Sequence[_Extent], nth: int) -> Where | None:
        """The line of the words inside the longer text they stand in, where a file says all of that just once: the
        same words may stand in a field above it."""
        for word in words:
            for passage, above in passages_with(element, word, nth):
                for extent in extents:
                    lines = self.read(extent.path).split("\n")[extent.first - 1 : extent.last]
                    line = line_in_passage(lines, passage, word, above)
                    if line is not None:
                        return Where(extent.path, extent.first + line)
        return None

    def _in_template(self, mark: Mark | None, element: Element, word: str, nth: int) -> Where | None:
        """The line of the template, from the element's tag to its end, that says the word itself."""
        if mark is None:
            return None
        path, line = mark.template.path, mark.template.line
        lines = self.read(path).split("\n")
        near = _EXPRESSION.sub(_blank, "\n".join(lines[line - 1 : line - 1 + _OF_A_TAG]))
        near = re.split(rf"</{element.tag}\b", near, maxsplit=1, flags=re.IGNORECASE)[0]
        found = list(line_of_words(near.split("\n"), word))
        return Where(path, line + _nth(found, nth)) if found else None

    def _aligned_line(self, element: Element, holder: Element, extent: _Extent) -> int:
        key = (extent.path, offset_of(holder))
        if key not in self._aligned:
            lines = self.read(extent.path).split("\n")[extent.first - 1 : extent.last]
            self._aligned[key] = Aligned(holder, lines, extent.first)
        return self._aligned[key].line_of(element)


def _paragraph_end(lines: Sequence[str], begun: int) -> int:
    """The last line, from 0, before a blank one; `begun` may lie outside the lines."""
    first = max(0, begun)
    return next((one - 1 for one in range(first, len(lines)) if not lines[one].strip()), len(lines) - 1)


def _nth(lines: Sequence[int], nth: int) -> int:
    """That one of the lines, or the last when there are fewer."""
    return lines[min(nth, len(lines) - 1)]


def _blank(expression: re.Match[str]) -> str:
    """As many lines, without words."""
    return "\n" * expression[0].count("\n")


def _line_of_key(text: str, path: str, key: str) -> Where | None:
    found = re.search(rf"^{re.escape(key)}\s*:", text, re.MULTILINE)
    return Where(path, text.count("\n", 0, found.start()) + 1) if found else None
