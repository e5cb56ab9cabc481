"""Two emails → what differs between them, block by block, each block where a browser can measure it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from lxml import etree

from newsletter.checks.page import MARK, Element, Page, offset_of, words_of
from newsletter.pipeline.places import numbered

_BLOCKS = frozenset("p h1 h2 h3 h4 h5 h6 li dt dd td th div blockquote pre figcaption img hr".split())
_OFFSET = re.compile(rf' {MARK}="\d+"')


@dataclass(frozen=True, slots=True)
class Compared:
    """Both pages, each changed block carrying `data-place="N"`, N the change it belongs to; never for sending."""

    left: str
    right: str
    changes: int


def compared(left: str, right: str) -> Compared:
    """What differs: in words, in a link, in a picture or in how a block looks."""
    ours, theirs = list(_blocks(Page(left))), list(_blocks(Page(right)))
    matcher = SequenceMatcher(None, [one for one, _ in ours], [one for one, _ in theirs], False)
    gone: dict[int, int] = {}
    new: dict[int, int] = {}
    changes = [one for one in matcher.get_opcodes() if one[0] != "equal"]
    for number, (_, left_from, left_to, right_from, right_to) in enumerate(changes):
        gone |= {offset: number for _, offset in ours[left_from:left_to]}
        new |= {offset: number for _, offset in theirs[right_from:right_to]}
    return Compared(numbered(left, _by_offset(gone)), numbered(right, _by_offset(new)), len(changes))


def _by_offset(numbers: dict[int, int]) -> dict[int, list[int]]:
    return {offset: [number] for offset, number in numbers.items()}


def _blocks(page: Page) -> Iterator[tuple[str, int]]:
    """Each block that readers see as it is written, and where: the smallest that hold words, and pictures."""
    within: Element | None = None
    for element in page.shown(*_BLOCKS):
        if within is not None and within in element.iterancestors():
            continue
        if offset_of(element) >= 0 and _is_piece(element):
            within = element
            written = etree.tostring(element, encoding="unicode", with_tail=False)
            yield f"{element.getparent().get('href', '')} {_OFFSET.sub('', written)}", offset_of(element)


def _is_piece(element: Element) -> bool:
    if element.tag in ("img", "hr"):
        return True
    own = "".join([element.text or "", *((child.tail or "") for child in element)])
    return bool(own.strip()) or (
        bool(words_of(element)) and not any(one.tag in _BLOCKS for one in element.iterdescendants())
    )
