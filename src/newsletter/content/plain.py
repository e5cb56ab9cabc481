"""Bare lines of text → HTML.

In: text without markup, as pasted or typed. Out: HTML with the same words in the same order: paragraphs, and headings
and lists only where the evidence is good. What is a guess is told with its line. A poem and an address keep their
lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise

_MARKER = re.compile(r"[ \t]*+(?:[-*+•‣◦▪–]|(\d{1,3})[.)])[ \t]++(?=\S)")
_UNDERLINE = re.compile(r"[ \t]*+(={3,}+|-{3,}+)[ \t]*+")
_RULE = re.compile(r"[ \t]*+(?>(?:[-*_=~][ \t]*+){3,})")
_LINK = re.compile(
    r"https?://[^\s<>\"]{1,2000}|(?<![\w./@-])www\.[^\s<>\"]{1,2000}"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
)
_INLINE_TAG = re.compile(
    r"(</?(?:a|abbr|b|br|cite|code|del|em|font|i|ins|mark|q|s|small|span|strike|strong|sub|sup|u)(?:[\s/][^<>]*)?>)",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&amp;(#?\w{1,31};)")
_GREETING = re.compile(
    r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|greetings|welcome|hallo|liebe[rs]?|guten|bonjour|hola|"
    r"thanks|thank you|cheers|best|kind|warm|regards|yours|sincerely)\b",
    re.IGNORECASE,
)
_HEADING_LENGTH = 80
_HEADING_WORDS = 12
_PROSE_LENGTH = 80
"""A paragraph under a heading has at least so many characters."""
_WRAP_WIDTH = 110
"""A longer line was never wrapped: it is a whole paragraph."""
_NARROWEST_PROSE = 60
"""Lines at least as long as this, on average, are wrapped prose however uneven they are."""
_NARROWEST = 45
"""Nobody wraps prose as narrow as this."""
_DELIBERATE = 0.3
"""From this share of line ends on that no wrapping explains, the lines are meant as lines."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A line taken for a heading: how many lines stand before it, and its words."""

    lines_before: int
    words: str


@dataclass(slots=True)
class _Chunk:
    """Lines without a blank one between them, or one item of a list."""

    kind: str
    first: int
    lines: list[str]
    number: int = 0


@dataclass(frozen=True, slots=True)
class PlainText:
    """Bare text as HTML, and what in it was guessed."""

    html: str
    headings: tuple[Guess, ...] = field(default=())


def plain_to_html(text: str, *, tagged: bool = False) -> PlainText:
    """`text` as HTML; `tagged`: tags of words in it (`<b>`, `<a href=…>`) and entities mean what they mean in HTML."""
    chunks = list(_underlined(_chunks(text.expandtabs(4).split("\n"))))
    chunks = list(_with_lists(chunks))
    chunks = list(_with_first_lines(chunks))
    guesses: list[Guess] = []
    for place, chunk in enumerate(chunks):
        if _is_heading(chunks, place):
            chunk.kind = "h2"
            guesses.append(Guess(chunk.first, chunk.lines[0].strip()))
    if chunks and chunks[0].kind == "h2":
        chunks[0].kind = "h1"
    return PlainText("\n".join(_drawn(chunks, _tagged if tagged else _inline)), tuple(guesses))


def _chunks(lines: list[str]) -> Iterator[_Chunk]:
    held: list[str] = []
    for number, line in enumerate([*lines, ""]):
        if line.strip():
            held.append(line)
        elif held:
            yield _Chunk("p", number - len(held), held)
            held = []


def _underlined(chunks: Iterator[_Chunk]) -> Iterator[_Chunk]:
    """Headings with a line of `=` or `-` under them, rules and quotes told apart."""
    for chunk in chunks:
        lines = chunk.lines
        if len(lines) >= 2 and _UNDERLINE.fullmatch(lines[1]) and len(lines[0].strip()) <= _HEADING_LENGTH:
            yield _Chunk("h1" if "=" in lines[1] else "h2", chunk.first, lines[:1])
            if lines[2:]:
                yield _Chunk("p", chunk.first + 2, lines[2:])
        elif len(lines) == 1 and _RULE.fullmatch(lines[0]):
            yield _Chunk("hr", chunk.first, lines)
        elif all(line.lstrip().startswith(">") for line in lines):
            yield _Chunk("blockquote", chunk.first, [re.sub(r"^\s*+(?>(?:>[ \t]?)+)", "", line) for line in lines])
        else:
            yield chunk


def _with_lists(chunks: list[_Chunk]) -> Iterator[_Chunk]:
    """Runs of two items or more as items, also with blank lines between them; a single one stays the text it is."""
    pieces = [piece for chunk in chunks for piece in (_items(chunk) if chunk.kind == "p" else (chunk,))]
    start = 0
    while start < len(pieces):
        end = start + 1
        if pieces[start].kind in ("ul", "ol"):
            while end < len(pieces) and _follows(pieces[end - 1], pieces[end]):
                end += 1
        run = pieces[start:end]
        if len(run) == 1 and run[0].kind in ("ul", "ol"):
            run[0].kind = "p"
        elif run[0].kind in ("ul", "ol"):
            for item in run:
                item.lines[0] = _MARKER.sub("", item.lines[0], count=1)
        yield from run
        start = end


def _items(chunk: _Chunk) -> Iterator[_Chunk]:
    """The chunk cut where its lines begin with a marker."""
    current: _Chunk | None = None
    for number, line in enumerate(chunk.lines, chunk.first):
        marker = _MARKER.match(line)
        if marker or current is None:
            if current is not None:
                yield current
            kind = "p" if not marker else "ol" if marker[1] else "ul"
            current = _Chunk(kind, number, [line], int(marker[1] or 0) if marker else 0)
        else:
            current.lines.append(line)
    if current is not None:
        yield current


def _follows(one: _Chunk, other: _Chunk) -> bool:
    if other.kind != one.kind:
        return False
    if one.kind == "ol":
        return other.number == one.number + 1
    return _MARKER.match(one.lines[0])[0].strip() == _MARKER.match(other.lines[0])[0].strip()  # type: ignore[index]


def _with_first_lines(chunks: list[_Chunk]) -> Iterator[_Chunk]:
    """Paragraphs pasted without blank lines cut apart: lines too long to be wrapped, and a heading right above one."""
    for chunk in chunks:
        if chunk.kind != "p" or len(chunk.lines) == 1:
            yield chunk
            continue
        longest = max(len(line) for line in chunk.lines)
        if longest <= _WRAP_WIDTH:
            cut = 1 if _first_line_is_heading(chunk.lines) else 0
            if cut:
                yield _Chunk("h2?", chunk.first, chunk.lines[:cut])
            yield _Chunk("p", chunk.first + cut, chunk.lines[cut:])
            continue
        short: list[str] = []
        for number, line in enumerate(chunk.lines, chunk.first):
            if len(line) > _PROSE_LENGTH:
                if short:
                    yield _Chunk("p", number - len(short), short)
                    short = []
                yield _Chunk("p", number, [line])
            else:
                short.append(line)
        if short:
            yield _Chunk("p", chunk.first + len(chunk.lines) - len(short), short)


def _first_line_is_heading(lines: list[str]) -> bool:
    """Whether the first line ends where no wrapping would have ended it, above wrapped prose."""
    rest = lines[1:]
    return (
        _could_be_heading(lines[0])
        and sum(len(line) for line in rest) >= _PROSE_LENGTH
        and not _meant_as_lines(rest)
        and len(lines[0].strip()) + 1 + len(rest[0].split()[0]) <= 0.75 * max(len(line) for line in rest)
        and rest[-1].rstrip().endswith((".", "!", "?", ":", "…", '"', ")"))
    )


def _is_heading(chunks: list[_Chunk], place: int) -> bool:
    chunk = chunks[place]
    if chunk.kind == "h2?":
        return True
    if chunk.kind != "p" or len(chunk.lines) > 1 or place + 1 == len(chunks):
        return False
    line, below = chunk.lines[0].strip(), chunks[place + 1]
    if not _could_be_heading(line.removesuffix("?")):
        return False
    if below.kind in ("ul", "ol"):
        return place == 0 or chunks[place - 1].kind != "p" or not line.endswith("?")
    length = sum(len(one) for one in below.lines)
    if below.kind != "p" or _meant_as_lines(below.lines):
        return False
    capitals = sum(one.isupper() for one in line) >= 4 and not any(one.islower() for one in line)
    if capitals and len(below.lines) + length > 1 and any(one.islower() for one in "".join(below.lines)):
        return True
    return length >= (2 if line.endswith("?") else 1) * _PROSE_LENGTH and length >= 2 * len(line)


def _could_be_heading(line: str) -> bool:
    words = line.strip()
    return (
        0 < len(words) <= _HEADING_LENGTH
        and len(words.split()) <= _HEADING_WORDS
        and not words.endswith((".", ",", ";", ":", "!", "?", "…", "-", "–", "—"))
        and not words[0].islower()
        and any(one.isalpha() for one in words)
        and not _LINK.search(words)
        and not _GREETING.match(words)
        and not _MARKER.match(words)
    )


def _meant_as_lines(lines: list[str]) -> bool:
    """Whether the lines end where wrapping would not have ended them: verse, an address, a signature."""
    if len(lines) < 2:
        return False
    stripped = [line.strip() for line in lines]
    width = max(len(line) for line in stripped)
    if width > _WRAP_WIDTH:
        return False
    early = sum(len(line) + 1 + len(below.split(" ", 1)[0]) <= width for line, below in pairwise(stripped))
    wrapped = sum(len(line) for line in stripped[:-1]) >= _NARROWEST_PROSE * (len(lines) - 1)
    return not wrapped and (early >= _DELIBERATE * (len(lines) - 1) or width < _NARROWEST)


def _drawn(chunks: list[_Chunk], inline: Callable[[str], str]) -> Iterator[str]:
    open_list, last = "", 0
    for chunk in chunks:
        kind = chunk.kind
        continues = kind in ("ul", "ol") and kind == open_list and (kind == "ul" or chunk.number == last + 1)
        if open_list and not continues:
            yield f"</{open_list}>"
            open_list = ""
        if kind in ("ul", "ol"):
            if not open_list:
                yield f'<ol start="{chunk.number}">' if kind == "ol" else "<ul>"
            open_list, last = kind, chunk.number
            yield f"<li>{inline(' '.join(line.strip() for line in chunk.lines))}</li>"
        elif kind == "hr":
            yield "<hr>"
        elif kind == "blockquote":
            yield f"<blockquote><p>{_lines(chunk.lines, inline)}</p></blockquote>"
        elif kind in ("h1", "h2"):
            yield f"<{kind}>{inline(chunk.lines[0].strip())}</{kind}>"
        else:
            yield f"<p>{_lines(chunk.lines, inline)}</p>"
    if open_list:
        yield f"</{open_list}>"


def _lines(lines: list[str], inline: Callable[[str], str]) -> str:
    between = "<br>" if _meant_as_lines(lines) else " "
    return between.join(inline(line.strip()) for line in lines)


def _inline(text: str) -> str:
    """The text for HTML, its web and mail addresses as links."""
    out: list[str] = []
    position = 0
    for found in _LINK.finditer(text):
        address = _without_end_marks(found[0])
        out.append(escape(text[position : found.start()], quote=False))
        target = address if "://" in address else f"mailto:{address}" if "@" in address else f"https://{address}"
        out.append(f'<a href="{escape(target)}">{escape(address, quote=False)}</a>')
        position = found.start() + len(address)
    out.append(escape(text[position:], quote=False))
    return "".join(out)


def _tagged(text: str) -> str:
    """The text for HTML with its own tags as they are; what stands in a link is no second one."""
    out: list[str] = []
    in_link = False
    for number, piece in enumerate(_INLINE_TAG.split(text)):
        if number % 2:
            in_link = piece[:2].lower() == "<a" or (in_link and piece[:3].lower() != "</a")
            out.append(piece)
        else:
            written = escape(piece, quote=False) if in_link else _inline(piece)
            out.append(_ENTITY.sub(r"&\1", written))
    return "".join(out)


def _without_end_marks(address: str) -> str:
    """The address without what ends the sentence it stands in."""
    while address.endswith((".", ",", ";", ":", "!", "?", "'", '"')) or (
        address.endswith(")") and address.count("(") < address.count(")")
    ):
        address = address[:-1]
    return address
