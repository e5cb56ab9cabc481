"""Prose of an article (sanitised HTML) → the HTML of a page: headings in their ranks, tables that fit a phone.

In: fragments as reading has left them. Out: markup for a template. Words and their order never change.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lxml import etree, html
from markupsafe import Markup

from newsletter.model import Block
from newsletter.rendering.prose_tables import PHONE, with_room

_HEADING = re.compile(r"<(/?)h([1-6])\b")
_BARE_ANCHOR = re.compile(r"<a(?=[\s>])(?![^>]*\shref=)([^>]*)>(.*?)</a>", re.DOTALL)
_ALIGNED = re.compile(r"<(t[dh])\b(?![^>]*\bstyle=)([^>]*?)\salign=\"(left|right|center)\"", re.IGNORECASE)
_CODE_TAG = re.compile(r"<(pre|code|kbd|samp|tt)(?=[\s>])([^>]*)", re.IGNORECASE)
_STYLE = re.compile(r"(\sstyle\s*=\s*[\"'])", re.IGNORECASE)
_RANKS = 4
_LETTERS_A_LINE = 45
_LINE = 26
_CAPTION_LETTERS_A_LINE = 18
_CAPTION_LINE = 20
_HEAD = 120
"""Pixels of an article's title and byline, roughly."""


def prose(markup: str, level: int = 3, highest: int = 0, width: int = PHONE, hint: str = "", inset: int = 0) -> Markup:
    """The article's HTML with its headings moved so that the highest is of that level, and classes for their ranks.

    `highest` is the highest heading of all the article (1 to 6), when this is only a part of it. `width`,
    `hint` and `inset` are for tables, see `with_room`.
    """
    highest = highest or _highest(markup) or level

    def moved(found: re.Match[str]) -> str:
        below = max(0, int(found[2]) - highest)
        rank = f' class="head{min(_RANKS, below + 1)}"' if not found[1] else ""
        return f"<{found[1]}h{min(6, level + below)}{rank}"

    plain = _BARE_ANCHOR.sub(r"<span\1>\2</span>", markup)
    aligned = _ALIGNED.sub(r'<\1\2 style="text-align:\3"', plain)
    return Markup(with_room(_HEADING.sub(moved, aligned), width, hint, inset))


def left_to_right_code(markup: str) -> str:
    """HTML of a page that runs from right to left, its code as programmers write it in every language: from the left.

    Without, `if (x) {` is seen as `} if (x)`. What says its own direction or side keeps it.
    """
    return _CODE_TAG.sub(_turned, markup)


def _turned(tag: re.Match[str]) -> str:
    said = tag[2]
    if tag[1].lower() == "pre" and "text-align" not in said and " dir=" not in said:
        aligned = _STYLE.sub(r"\1text-align:left;", said, count=1)
        said = aligned if aligned != said else f' style="text-align:left"{said}'
    return f"<{tag[1]}{said}" if " dir=" in said else f'<{tag[1]} dir="ltr"{said}'


def highest_heading(blocks: Iterable[Block]) -> int:
    """The highest heading in the blocks' prose, those in columns too: 1 to 6, and 0 when there is none."""
    found = []
    for block in blocks:
        found.append(_highest(str(block.fields.get("html") or "")))
        cells = block.fields.get("cells")
        if isinstance(cells, tuple):
            found += [highest_heading(cell) for cell in cells]
    return min((one for one in found if one), default=0)


def split_beside(body: Sequence[Block], picture_height: int, caption: str) -> tuple[list[Block], list[Block]]:
    """What of an article stands beside its logo and what below: as much as is about as tall as the logo is."""
    room = picture_height + _CAPTION_LINE * -(-len(caption) // _CAPTION_LETTERS_A_LINE) - _HEAD
    beside: list[Block] = []
    for place, block in enumerate(body):
        if block.type == "columns" or (beside and room <= 0):
            return beside, list(body[place:])
        if block.type != "prose":
            beside.append(block)
            room -= picture_height
            continue
        first, rest, taken = _split(str(block.fields["html"]), room)
        beside.append(replace(block, fields={**block.fields, "html": first}))
        room -= taken
        if rest:
            return beside, [replace(block, fields={**block.fields, "html": rest}), *body[place + 1 :]]
    return beside, []


def _split(markup: str, room: int) -> tuple[str, str, int]:
    """The fragment's first elements, at least one paragraph, while there is room; the rest; the pixels they take."""
    parts = html.fragments_fromstring(markup)
    taken = 0
    has_words = False
    for place, part in enumerate(parts):
        is_heading = not isinstance(part, str) and str(part.tag) in ("h1", "h2", "h3", "h4", "h5", "h6")
        if has_words and (taken >= room or is_heading):
            return _written(parts[:place]), _written(parts[place:]), taken
        letters = len(part) if isinstance(part, str) else len(part.text_content())
        taken += _LINE * -(-letters // _LETTERS_A_LINE) + _LINE
        has_words = has_words or not is_heading
    return markup, "", taken


def _written(parts: Sequence[str | etree._Element]) -> str:
    return "".join(
        one if isinstance(one, str) else str(etree.tostring(one, encoding="unicode", method="html")) for one in parts
    )


def _highest(markup: str) -> int:
    return min((int(one) for _, one in _HEADING.findall(markup)), default=0)
