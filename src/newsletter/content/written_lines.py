"""Where in an author's file stands what reading found in it.

In: the body as it is written, and an address, a tag or some words of it. Out: a line of the file. Addresses are looked
for where addresses stand, never as a piece of some other word; what is asked for twice is found in reading order.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import unquote

from newsletter.content.data_pictures import is_written_in
from newsletter.content.repair import foreign_scheme
from newsletter.content.tags import attribute, has_source, picture_source

_TAG = r"\b(?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+'){0,80})>"
_PICTURE = re.compile(rf"(?P<html><img{_TAG})|!\[[^\]\n]{{0,500}}\]\(\s*<?(?P<address>[^)\s>]{{0,500}})", re.IGNORECASE)
_LINK = re.compile(
    rf"(?P<html><a{_TAG})|(?<!!)\[[^\[\]]{{0,500}}\]\(\s*<?(?P<address>[^)\s>]{{0,2000}})", re.IGNORECASE
)


class WrittenLines:
    """The lines of one article, whose body begins on line `first` of its file."""

    def __init__(self, body: str, first: int) -> None:
        self._body = body
        self._first = first
        self._ends = [match.start() for match in re.finditer("\n", body)]
        self._pictures: dict[str, Iterator[int]] | None = None
        self._links: dict[str, Iterator[int]] | None = None
        self._next: dict[str, int] = {}
        self._unnamed = 0

    def of_link(self, target: str) -> int:
        """The line of the next link that leads there."""
        if self._links is None:
            self._links = self._addresses(_LINK, lambda tag: attribute(tag, "href"))
        offset = next(self._links.get(_key(target), iter(())), -1)
        return self._line(offset) if offset >= 0 else self.of_next(target)

    def of_picture(self, source: str) -> int:
        """The line of the next picture with that address."""
        if self._pictures is None:
            self._pictures = self._addresses(_PICTURE, picture_source)
        offset = next(self._pictures.get(_key(source), iter(())), -1)
        return self._line(offset) if offset >= 0 else self.of_next(source)

    def of_next(self, words: str) -> int:
        """The line on which the words stand next, by themselves; the first line when they are not as written."""
        if not words.strip():
            return self._first
        sought = re.compile(rf"(?<!\w){re.escape(words)}" + (r"(?!\w)" if words[-1].isalnum() else ""))
        found = sought.search(self._body, self._next.get(words, 0)) or sought.search(self._body)
        if found is None:
            return self._first
        self._next[words] = found.end()
        return self._line(found.start())

    def of_next_unnamed(self) -> tuple[str, int]:
        """The address and line of the next picture whose address is none that a mail could fetch, or nothing."""
        for picture in _PICTURE.finditer(self._body, self._unnamed):
            address = _address(picture, picture_source)
            unfinished = not address.strip() and has_source(picture["html"] or "src=")
            if unfinished or (foreign_scheme(address) and not is_written_in(address)):
                self._unnamed = picture.end()
                return address.strip(), self._line(picture.start())
        return "", self._first

    def of_last(self, words: str) -> int:
        """The last line on which `words` stand, or the first of them that are found as written."""
        lines = [line.strip() for line in words.split("\n") if line.strip()]
        for sought in (words, *lines[:1], *words.split()[:1]):
            offset = self._body.rfind(sought) if sought.strip() else -1
            if offset >= 0:
                return self._line(offset)
        return self._first

    def _addresses(self, pattern: re.Pattern[str], named: Callable[[str], str]) -> dict[str, Iterator[int]]:
        """Where each address stands, in reading order."""
        found: dict[str, list[int]] = defaultdict(list)
        for match in pattern.finditer(self._body):
            found[_key(_address(match, named))].append(match.start())
        return {address: iter(offsets) for address, offsets in found.items()}

    def _line(self, offset: int) -> int:
        return self._first + bisect_left(self._ends, offset)


def _address(match: re.Match[str], named: Callable[[str], str]) -> str:
    return named(match["html"]) if match["html"] else match["address"]


def _key(address: str) -> str:
    """The address as it compares: character references, percent signs and line ends may be written or not."""
    return re.sub(r"[\x00-\x20]+", "", unquote(unescape(address)))
