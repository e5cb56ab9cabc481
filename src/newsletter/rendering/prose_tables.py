"""Tables in prose → tables that fit a phone: no short word breaks, and what does not fit is moved sideways.

In: sanitised markup, and the pixels there are. Out: the same markup; a table that would be wider stands in a frame
that lets it be moved, and says so on a phone. Where one long word is all that does not fit, that word may break.
Words are measured by the usual widths of a sans serif of 16 pixels, a little on the large side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import unescape

from markupsafe import escape

PHONE = 335
"""CSS pixels for a table on a phone 375 wide."""
_MOST_COLUMNS = 4
"""A table with more columns than this has a frame, whatever it says."""
_SURE = 0.93
"""Share of the room that a table may be reckoned to take and still be sure to fit."""
_SMALLER = 14 / 16
"""The size of text in a frame."""
_PADDING = 12
_MAY_BREAK = 110
"""Pixels: a word that is no longer never breaks."""
_LIST, _QUOTE = 24, 19
"""Pixels that a list and a quotation take from the width."""

_TAG = r"""<(?:[^<>"']|"[^"]*"|'[^']*')*>"""
_TABLE_TAG = re.compile(r"<(/?)table\b[^>]*>")
_ROW = re.compile(r"<tr\b")
_CELL = re.compile(r"<t([dh])\b[^>]*>")
_SPANNING = re.compile(r"\bcolspan=[\"']?(?:[2-9]|1\d)")
_PIECE = re.compile(rf"({_TAG})|([^<\s]+)")
_BREAK = re.compile(r"(?<=[-\u2010\u2013\u2014])(?=[^\W\d_])")
"""Where browsers break a word by themselves: after a hyphen or a dash."""
_WIDTHS = {5.5: "iIljtfr.,:;'’|!()[]{}/-·", 14.5: "mwMW@%—&œæ"}
_WIDE = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_CAPITAL, _DIGIT, _LETTER = 11.5, 10.2, 9.6


def with_room(markup: str, width: int = PHONE, hint: str = "", inset: int = 0) -> str:
    """The markup with its outermost tables made to fit.

    `width` is what there is on a wide page and `inset` what is taken from it on a phone too; `hint` tells readers of
    a phone that a table goes on at its side.
    """
    out: list[str] = []
    depth = start = done = 0
    taken, counted = inset, 0
    for found in _TABLE_TAG.finditer(markup):
        depth = max(0, depth - 1) if found[1] else depth + 1
        if depth == 1 and not found[1]:
            start = found.start()
        elif depth == 0 and found[1]:
            taken, counted = taken + _taken(markup[counted:start]), start
            fitted = _fitted(markup[start : found.end()], min(width, PHONE) - taken, PHONE - taken, hint)
            out += [markup[done:start], fitted]
            done = found.end()
    return "".join([*out, markup[done:]])


def _taken(before: str) -> int:
    """The pixels that the lists and quotations take that are begun in these words, less those that are ended."""
    lists = sum(len(re.findall(rf"<{tag}\b", before)) - before.count(f"</{tag}>") for tag in ("ul", "ol"))
    quotes = len(re.findall(r"<blockquote\b", before)) - before.count("</blockquote>")
    return _LIST * lists + _QUOTE * quotes


def _fitted(table: str, room: int, phone: int, hint: str) -> str:
    columns = _columns(table)
    if len(columns) <= _MOST_COLUMNS:
        if _need(columns) <= _SURE * room:
            return table
        longest = max(_MAY_BREAK, _SURE * room / max(1, len(columns)) - _PADDING)
        if _need([min(one, longest) for one in columns]) <= _SURE * room:
            return _PIECE.sub(lambda piece: _breakable(piece, longest), table)
    is_wide = _need(columns, _SMALLER) > phone
    told = f'<div class="swipe" aria-hidden="true">{escape(hint)}</div>' if hint and is_wide else ""
    return f'<div class="wide">{told}<div>{table}</div></div>'


def _need(columns: list[float], scale: float = 1.0) -> float:
    return sum(one * scale + _PADDING for one in columns)


def _breakable(piece: re.Match[str], longest: float) -> str:
    if piece[1] or max(_word_widths(piece[2])) <= longest:
        return piece[0]
    return f'<span style="word-break:break-word">{piece[0]}</span>'


def _columns(table: str) -> list[float]:
    """The pixels that the longest word of each column takes."""
    columns: list[float] = []
    for row in _ROW.split(table)[1:]:
        cells = list(_CELL.finditer(row))
        ends = [*(one.start() for one in cells), len(row)][1:]
        for place, (cell, end) in enumerate(zip(cells, ends, strict=True)):
            columns += [0.0] * (place + 1 - len(columns))
            if not _SPANNING.search(cell[0]):
                bold = 1.07 if cell[1] == "h" else 1.0
                columns[place] = max(columns[place], bold * _widest(row[cell.end() : end]))
    return columns


def _widest(markup: str) -> float:
    """Of words that tags cut (`b<b>o</b>ld`), the whole counts."""
    words = re.sub(_TAG, lambda tag: " " if _is_apart(tag[0]) else "", markup).split()
    return max((max(_word_widths(one)) for one in words), default=0.0)


def _is_apart(tag: str) -> bool:
    """Whether words on both sides of the tag stand apart: that of a paragraph, a list, a line's end."""
    return re.match(r"</?(?:p|br|li|ul|ol|div|t[dhr]|pre|h[1-6]|blockquote|table)\b", tag) is not None


def _word_widths(written: str) -> Iterator[float]:
    for part in _BREAK.split(unescape(written)):
        yield sum(_letter_width(letter) for letter in part) if not _breaks_anywhere(part) else _LETTER * 2


def _breaks_anywhere(part: str) -> bool:
    """Whether it is Chinese, Japanese or the like, whose lines end between any two letters."""
    return any(unicodedata.east_asian_width(letter) in "WF" for letter in part)


def _letter_width(letter: str) -> float:
    if letter in _WIDE:
        return _WIDE[letter]
    if unicodedata.combining(letter):
        return 0.0
    return _CAPITAL if letter.isupper() else _DIGIT if letter.isdigit() else _LETTER
