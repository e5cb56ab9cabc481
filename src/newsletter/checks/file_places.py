"""From a place in the HTML of a mail in a file to its line there.

In: an element of the page, and words of it. Out: file and line. Nobody knows what the file was made from, so the lines
are those of the HTML itself.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from newsletter.checks.page import Element, offset_of, tag_in
from newsletter.checks.written import spellings
from newsletter.model import Where

_NEAR = 2_000
"""Characters of a file behind a tag that are taken for its words."""


@dataclass(frozen=True)
class FilePlaces:
    """The places of a mail in a file: `offset` of the HTML is a line of `name`, which begins with the HTML."""

    name: str
    html: str

    def of_element(self, element: Element, sought: Sequence[str], nth: int = 0) -> Where:
        """The line of the first of the words sought from the element's tag on (the `nth` of these); else that of its
        tag."""
        while element is not None and offset_of(element) < 0:
            element = element.getparent()
        if element is None:
            return Where(self.name, 1)
        start = offset_of(element)
        tag_end = self.html.find(">", start)
        for one in sought:
            for spelling in spellings(one, ""):
                at = self._found(spelling, start, max(tag_end, start), nth)
                if at is not None:
                    return self.of_offset(at)
        return self.of_offset(start)

    def of_picture(self, element: Element) -> tuple[str, Where]:
        """The picture's address, and the line that says it."""
        source = element.get("src") or ""
        return source, self.of_element(element, (source,))

    def _found(self, words: str, start: int, known: int, nth: int) -> int | None:
        """Where the words stand for the nth time from `start` on, or for the last time before that; each not far from
        the one before it."""
        pattern = re.compile(r"\s+".join(re.escape(one) for one in words.split()))
        place = None
        for _ in range(nth + 1):
            match = pattern.search(self.html, start, known + _NEAR)
            if match is None:
                break
            place, start, known = match.start(), match.end(), match.end()
        return place

    def of_offset(self, offset: int) -> Where:
        """The line that holds the offset."""
        return Where(self.name, bisect_right(self._line_starts, offset))

    def of_style(self, declaration: str, element: Element) -> Where:
        """The line of the element: its styles stand on it, or were inlined from elsewhere in the file."""
        return self.of_element(element, (declaration,))

    def of_value(self, name: str, value: str, element: Element) -> Where:
        """The line of the element."""
        return self.of_element(element, ())

    def of_rule(self, written: str, element: Element) -> Where:
        """The line of the element; a file's own offsets tell more."""
        return self.of_element(element, (written,))

    def of_key(self, key: str, sought: str = "", nth: int = 0) -> Where:
        """The file itself, without a line: its headers are not in the HTML; a title is."""
        if key == "title":
            found = next((one for tag in ("title", "head") if (one := tag_in(self.html, tag))), None)
            return self.of_offset(found.start() if found else 0)
        return Where(self.name)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self.html))]
