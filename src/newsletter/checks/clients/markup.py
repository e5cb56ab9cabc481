"""HTML text → its tags, comments and raw texts, in order, each at its offset.

A tokeniser rather than a parser: a conditional comment holds half a table (`</td><td width="300">`), which no tree can
take up, and what an author wrote has to be pointed at even where a parser would move it. The rules are those of the
HTML standard's tokenisation (https://html.spec.whatwg.org/multipage/parsing.html#tokenization); nothing is refused,
and the time is linear in the length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

_SPACE = "\t\n\f\r "
_NAME = re.compile(r"[^\t\n\f\r />]+")
_ATTRIBUTE = re.compile(
    r"""[\t\n\f\r /]*(?P<name>[^\t\n\f\r />][^\t\n\f\r />=]*)"""
    r"""(?:[\t\n\f\r ]*=[\t\n\f\r ]*"""
    r"""(?:"(?P<double>[^"]*)(?:"|\Z)|'(?P<single>[^']*)(?:'|\Z)|(?P<bare>[^\t\n\f\r >]+))?)?"""
)
_TAG_END = re.compile(r"[\t\n\f\r /]*>")
_COMMENT_END = re.compile(r"--!?>")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*;?)")
_SCRIPT_SIGN = re.compile(r"<!--|-->|</?script(?=[\t\n\f\r />])", re.IGNORECASE)
_RAW = frozenset({"style", "script", "textarea", "title", "xmp", "iframe", "noembed", "noframes"})
VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr basefont bgsound frame keygen".split()
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: its value with character references resolved, and where its name and its value begin and end."""

    value: str
    start: int
    value_start: int
    end: int
    raw: str

    def offset(self, index: int) -> int:
        """Where in the document the character stands that became `value[index]`."""
        if "&" not in self.raw:
            return self.value_start + index
        decoded = at = 0
        for found in _REFERENCE.finditer(self.raw):
            plain = found.start() - at
            if decoded + plain > index:
                break
            decoded += plain
            length = len(unescape(found[0]))
            if decoded + length > index:
                return self.value_start + found.start()
            decoded += length
            at = found.end()
        return self.value_start + at + index - decoded


@dataclass(frozen=True, slots=True)
class StartTag:
    """A start tag from its `<` to after its `>`; the first of several attributes of one name counts."""

    name: str
    attributes: Mapping[str, Attribute]
    start: int
    end: int
    alone: bool
    """It has no content: a void element, or closed in itself as `<v:fill … />` is."""


@dataclass(frozen=True, slots=True)
class EndTag:
    """An end tag from its `<` to after its `>`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment, or what the standard takes for one (`<![if !mso]>`); `text` begins at `text_start`."""

    text: str
    start: int
    text_start: int
    end: int


@dataclass(frozen=True, slots=True)
class RawText:
    """What stands in a style, script or other element whose content is not markup."""

    element: str
    text: str
    start: int
    end: int


Piece = StartTag | EndTag | Comment | RawText


def pieces(html: str, start: int = 0, end: int | None = None) -> Iterator[Piece]:
    """What stands in `html[start:end]`, in order; offsets are those of the whole text. Words between are left out."""
    limit = len(html) if end is None else end
    at = html.find("<", start, limit)
    while at >= 0:
        found = _piece(html, at, limit)
        if found is None:
            at = html.find("<", at + 1, limit)
            continue
        yield found
        at = found.end
        if isinstance(found, StartTag) and found.name in _RAW and not found.alone:
            raw = _raw_text(html, found, limit)
            yield raw
            at = raw.end
        at = html.find("<", at, limit)


class Lines:
    """Where the lines of a text begin, to tell line and column (both from 1, in characters) of an offset."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def place(self, offset: int) -> tuple[int, int]:
        """The line and the column of the character at the offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


def _piece(html: str, at: int, limit: int) -> Piece | None:
    """What begins at the `<`; None for one that is only a character. A tag cut off by the end of the text is none."""
    after = html[at + 1 : at + 2]
    if after == "!" or after == "?":
        return _comment(html, at, limit)
    if after == "/":
        name = _NAME.match(html, at + 2, limit)
        if name is None or not _is_letter(name[0][0]):
            return _bogus(html, at, at + 2, limit) if at + 2 < limit else None
        _, end = _attributes(html, name.end(), limit)
        return Comment("", at, at, limit) if end is None else EndTag(name[0].lower(), at, end)
    if not _is_letter(after) or at + 1 >= limit:
        return None
    name = _NAME.match(html, at + 1, limit)
    assert name is not None
    attributes, end = _attributes(html, name.end(), limit)
    if end is None:
        return Comment("", at, at, limit)
    lower = name[0].lower()
    closed_in_itself = ":" in lower and html.endswith("/>", at, end)
    return StartTag(lower, attributes, at, end, lower in VOID or closed_in_itself)


def _attributes(html: str, at: int, limit: int) -> tuple[dict[str, Attribute], int | None]:
    """The attributes from here on, and where the tag ends: None where the end of the text cuts it off."""
    found: dict[str, Attribute] = {}
    while at < limit:
        closing = _TAG_END.match(html, at, limit)
        if closing is not None:
            return found, closing.end()
        one = _ATTRIBUTE.match(html, at, limit)
        if one is None or one.end() == at:
            return found, None
        group = one.lastgroup or "name"
        raw, value_start = ("", one.end()) if group == "name" else (one[group], one.start(group))
        name = one["name"].lower()
        if name not in found:
            value = unescape(raw) if "&" in raw else raw
            found[name] = Attribute(value, one.start("name"), value_start, one.end(), raw)
        at = one.end()
    return found, None


def _comment(html: str, at: int, limit: int) -> Comment:
    if not html.startswith("<!--", at) or at + 4 > limit:
        return _bogus(html, at, at + 2, limit)
    for short in ("<!-->", "<!--->"):
        if html.startswith(short, at):
            return Comment("", at, at + 4, min(at + len(short), limit))
    close = _COMMENT_END.search(html, at + 4, limit)
    if close is None:
        return Comment(html[at + 4 : limit], at, at + 4, limit)
    return Comment(html[at + 4 : close.start()], at, at + 4, close.end())


def _bogus(html: str, at: int, text_start: int, limit: int) -> Comment:
    close = html.find(">", text_start, limit)
    if close < 0:
        return Comment(html[text_start:limit], at, text_start, limit)
    return Comment(html[text_start:close], at, text_start, close + 1)


def _raw_text(html: str, tag: StartTag, limit: int) -> RawText:
    if tag.name == "script":
        end = _script_end(html, tag.end, limit)
    else:
        close = re.compile(rf"</{tag.name}(?=[\t\n\f\r />])", re.IGNORECASE).search(html, tag.end, limit)
        end = limit if close is None else close.start()
    return RawText(tag.name, html[tag.end : end], tag.end, end)


def _script_end(html: str, at: int, limit: int) -> int:
    """Where the script ends: not at an end tag of a script that a comment in it begins ("script data escaped")."""
    state = "plain"
    while (found := _SCRIPT_SIGN.search(html, at, limit)) is not None:
        sign = found[0].lower()
        if sign == "</script" and state != "double":
            return found.start()
        if sign == "<!--":
            state = "escaped" if state == "plain" else state
        elif sign == "-->":
            state = "plain"
        elif state != "plain":
            state = "escaped" if sign == "</script" else "double"
        at = found.start() + 2
    return limit


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()
