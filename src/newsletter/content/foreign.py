"""HTML and words that strangers wrote → the same, unable to do anything in a newsletter of ours.

In: the body of a feed's item, a title, a link. Out: bodies whose links are complete and whose braces and tokens are
dead: `{{ recipient.address }}` in somebody's feed must not print our readers' addresses, and pictures of one pixel,
which report who reads, are left behind. Tags are not sanitised here: reading an article does that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urljoin, urlsplit

from newsletter.content.sources import BEGINNING, one_line
from newsletter.expressions import TOKEN

_TAG = re.compile(r"<(?P<name>[a-zA-Z][^\s/>]*)")
_ADDRESS = re.compile(
    r"(?P<before>\s(?P<name>href|src|poster)\s*=\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s>\"']+)", re.IGNORECASE
)
_BRACES = re.compile(r"\{(?=[{%#])")
_EDGE = re.compile(r">|=\s*[\"']")
_LONGEST_VALUE = 2_000
"""An attribute's value longer than this is taken for a quotation mark that nothing closes."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body made safe, and what was changed in it."""

    html: str
    pictures_dropped: int = 0
    braces: int = 0


def safe_words(text: str) -> str:
    """A title or a name on one line; braces that would open an expression are set apart, as there is no escape."""
    return TOKEN.sub(_broken_token, _BRACES.sub("{ ", one_line(text)))


def web_link(link: str, base: str = "") -> str:
    """The link made complete from `base`; nothing when there is none, or it does not lead to the web."""
    if not link.strip():
        return ""
    try:
        whole = (urljoin(base, link.strip()) if base else link.strip()).replace(" ", "%20")
        parts = urlsplit(whole)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or _BRACES.search(whole) or TOKEN.search(whole):
        return ""
    return whole if one_line(whole) == whole else ""


def safe_body(markup: str, base: str, shown_above: str = "") -> Body:
    """The body; a picture whose address is `shown_above` is taken out, because it stands over the article already."""
    dropped = 0
    out: list[str] = []
    for kind, piece in _pieces(markup.replace("\0", "")):
        if kind == "img":
            kept = _picture(piece, base)
            dropped += kept is None
            source = web_link(_fields(piece).get("src", ""), base)
            piece = escape(_fields(piece).get("alt", "")) if kept is None else "" if source == shown_above else piece
        out.append(_ADDRESS.sub(lambda found: _absolute(found, base), piece) if kind else piece)
    clean = "".join(out)
    dead, braces = _BRACES.subn("&#123;", clean)
    return Body(TOKEN.sub(_broken_token, dead), dropped, braces)


def first_picture(markup: str, base: str) -> str:
    """The address of the picture that stands before all words; nothing when words come first."""
    for kind, piece in _pieces(markup[:BEGINNING]):
        if kind == "img":
            return _picture(piece, base) or ""
        if not kind and one_line(unescape(piece)):
            return ""
    return ""


def _pieces(markup: str) -> Iterator[tuple[str, str]]:
    """The tags, each with its name, and the text between them, without a name; once through, however broken."""
    position = 0
    while (match := _TAG.search(markup, position)) is not None:
        end = _tag_end(markup, match.end())
        if end < 0:
            yield "", markup[position : match.start()] + markup[match.start() :].replace("<", "&lt;")
            return
        yield "", markup[position : match.start()]
        yield match["name"].lower(), markup[match.start() : end]
        position = end
    yield "", markup[position:]


def _tag_end(markup: str, position: int) -> int:
    """Where the tag ends, passing over quoted values; -1 when it never does."""
    while (edge := _EDGE.search(markup, position)) is not None:
        if edge[0] == ">":
            return edge.end()
        closing = markup.find(edge[0][-1], edge.end(), edge.end() + _LONGEST_VALUE)
        position = closing + 1 if closing >= 0 else edge.end()
    return -1


def _picture(tag: str, base: str) -> str | None:
    """The picture's address; None for one that must not travel: of a pixel, or not on the web."""
    fields = _fields(tag)
    small = {fields.get("width"), fields.get("height")} & {"0", "1", "0px", "1px"}
    return None if small else web_link(fields.get("src", ""), base) or None


def _fields(tag: str) -> dict[str, str]:
    found = re.findall(r"\s([a-zA-Z-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", tag)
    return {name.lower(): unescape(value.strip("\"'")).strip() for name, value in reversed(found)}


def _absolute(match: re.Match[str], base: str) -> str:
    link = unescape(match["value"].strip("\"'")).strip()
    if TOKEN.search(link):
        return f'{match["before"]}"#"'
    if not base or not link or link.startswith("#") or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", link):
        return match[0]
    try:
        return f'{match["before"]}"{escape(urljoin(base, link))}"'
    except ValueError:
        return match[0]


def _broken_token(match: re.Match[str]) -> str:
    """What reads like one of our tokens would be filled in like one."""
    return f"{match[0][:2]}-{match[0][2:]}"
