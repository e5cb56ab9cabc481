"""RenderedVariant → the message around its merge fields: encoded once, cut where a value stands.

The body is quoted-printable (RFC 2045 §6.7). A soft line break before and after each value lets the value be encoded
alone, and no line of it begins with a dot, so SMTP can send it as it is (RFC 5321 §4.5.2). A value cannot leave its
place: it is escaped for where it stands.
"""

from __future__ import annotations

import base64
import re
from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from html import escape

from newsletter.expressions import TOKEN
from newsletter.model import Context, MergeField, Picture, RenderedVariant

_SOFT_BREAK = b"=\r\n"
_SCHEMES = ("https://", "http://", "mailto:")
_LEADING_DOT = re.compile(rb"(^|\r\n)\.")
_LINE = 75
"""What has a line to itself may be this long; the soft break that ends it makes 76 (RFC 2045 §6.7)."""
_MOST_KNOWN = 1_000
_HARMLESS = re.compile(r"[\w@-](?:[\w@. -]*[\w@.-])?")
"""Stands in quoted-printable as it is, no dot first and no space last; in HTML, letters that are not ASCII are written
as numbers."""
_LEFT_ALONE = re.compile(r"[A-Za-z0-9 .,:/@_+=()!?%~-]*")
"""HTML escaping changes nothing in it."""
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PERCENT = [chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in range(256)]
"""Each byte as a part of an address holds it (RFC 3986 §2); `urllib.parse.quote` takes several times as long."""
_PLAIN_LINK = re.compile(r"(?:https?://|mailto:)[A-Za-z0-9@:/._~?=%-]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value stands: the expression that makes it, and what it must be escaped for."""

    source: str
    context: Context


_Piece = bytes | Slot


class Skeleton:
    """A variant's message without its recipient: fixed pieces with a slot between each two."""

    def __init__(self, variant: RenderedVariant) -> None:
        fields = {field.token: field for field in variant.merge_fields}
        subject = _cut(variant.subject, fields, lambda text: text.replace("%", "%%").encode())
        self._subject = "".join("%s" if isinstance(piece, Slot) else piece.decode() for piece in subject)
        self._in_subject = tuple(piece.source for piece in subject if isinstance(piece, Slot))
        pieces = _joined(_body(variant, fields))
        fixed = [piece for piece in pieces[0::2] if isinstance(piece, bytes)]
        slots = [piece for piece in pieces[1::2] if isinstance(piece, Slot)]
        different = list(dict.fromkeys(slots))
        self._makers = tuple((slot.source, _ENCODED[slot.context]) for slot in different)
        self._order = tuple(different.index(slot) for slot in slots)
        self._parts: list[bytes] = [b""] * (1 + len(pieces))
        self._parts[1::2] = fixed
        self.names_in_subject = bool(self._in_subject)
        """Whether the subject is another one for each recipient."""
        self.sources = tuple(dict.fromkeys((*(slot.source for slot in slots), *self._in_subject)))

    def subject(self, values: Mapping[str, str]) -> str:
        """The subject this recipient reads."""
        return self._subject % tuple([values[source] for source in self._in_subject])

    def filled(self, head: bytes, values: Mapping[str, str]) -> bytes:
        """The whole message: `head`, and the body with the values in their slots."""
        encoded = [made[values[source]] for source, made in self._makers]
        parts = self._parts.copy()
        parts[0] = head
        parts[2::2] = [encoded[place] for place in self._order]
        return b"".join(parts)


def _body(variant: RenderedVariant, fields: Mapping[str, MergeField]) -> list[_Piece]:
    """multipart/alternative of text and HTML; with pictures, the HTML is in a multipart/related with them."""
    outer = _boundary("alternative", variant)
    inner = _boundary("related", variant)
    text = [*_part_head("text/plain"), *_cut(variant.text, fields, _quoted)]
    html: list[_Piece] = [*_part_head("text/html"), *_cut(variant.html, fields, _quoted)]
    embedded = [picture for picture in variant.pictures if f"cid:{picture.name}" in variant.html]
    if embedded:
        start = f'Content-Type: multipart/related; boundary="{inner}"; type="text/html"\r\n\r\n'.encode()
        pictures = [_picture_part(picture) for picture in embedded]
        html = [start, *_parts(inner, [html, *([one] for one in pictures)])]
    head = f'Content-Type: multipart/alternative; boundary="{outer}"\r\n\r\n'.encode()
    return [head, *_parts(outer, [text, html])]


def _parts(boundary: str, parts: Sequence[Sequence[_Piece]]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for part in parts:
        pieces += [f"--{boundary}\r\n".encode(), *part, b"\r\n"]
    return [*pieces, f"--{boundary}--\r\n".encode()]


def _part_head(content_type: str) -> list[_Piece]:
    head = f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return [head.encode()]


def _picture_part(picture: Picture) -> bytes:
    head = (
        f"Content-Type: {picture.media_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{picture.name}>\r\n"
        f'Content-Disposition: inline; filename="{picture.name}"\r\n\r\n'
    )
    return head.encode() + base64.encodebytes(picture.content).replace(b"\n", b"\r\n")


def _boundary(kind: str, variant: RenderedVariant) -> str:
    """A boundary that quoted-printable and base64 lines cannot hold: `=_` (RFC 2045 §6.7)."""
    return f"=_{kind}_{blake2b(variant.content_hash.encode(), digest_size=9).hexdigest()}"


def _cut(text: str, fields: Mapping[str, MergeField], encode: Callable[[str], bytes]) -> list[_Piece]:
    """The text as encoded pieces with a slot at each merge field."""
    pieces: list[_Piece] = []
    position = 0
    for found in TOKEN.finditer(text):
        field = fields.get(found[0])
        if field is None:
            continue
        pieces += [encode(text[position : found.start()]), Slot(field.source, field.context)]
        position = found.end()
    return [*pieces, encode(text[position:])]


def _joined(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Bytes and slots in turn, bytes first and last, with a soft line break on either side of each slot."""
    joined: list[_Piece] = []
    pending = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            pending += piece
        else:
            joined += [pending + _SOFT_BREAK, piece]
            pending = _SOFT_BREAK
    return [*joined, pending]


def _quoted(text: str) -> bytes:
    encoded = b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n")
    return _without_leading_dots(_room_at_the_end(encoded))


def _room_at_the_end(encoded: bytes) -> bytes:
    """The last line is short enough for the `=` of a soft line break."""
    start = encoded.rfind(b"\n") + 1
    if len(encoded) - start <= _LINE:
        return encoded
    place = start + _LINE - 3
    while b"=" in encoded[place - 2 : place]:
        place -= 1
    return encoded[:place] + _SOFT_BREAK + encoded[place:]


def _without_leading_dots(encoded: bytes) -> bytes:
    """The dot that begins a line as `=2E`, with a soft break after it so that the line does not grow past 76."""
    # Looking for the bytes is many times quicker than the expression, which looks at every place.
    while encoded.startswith(b".") or b"\r\n." in encoded:
        encoded = _LEADING_DOT.sub(rb"\1=2E=\r\n", encoded)
    return encoded


def _in_html(value: str) -> str:
    if _LEFT_ALONE.fullmatch(value):
        return value
    return escape(value).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _whole_address(value: str) -> str:
    """A link's whole address: only what a link in mail may be; anything else leads nowhere."""
    return _in_html(value) if value.lower().startswith(_SCHEMES) else "#"


def _address_part(value: str) -> str:
    return "".join([_PERCENT[byte] for byte in value.encode()])


ESCAPE: Mapping[Context, Callable[[str], str]] = {
    Context.HTML: _in_html,
    Context.URL: _whole_address,
    Context.URL_PART: _address_part,
    Context.TEXT: lambda value: value,
    Context.HEADER: lambda value: value,
}
"""What makes a value harmless where it stands."""


def _in_html_quoted(value: str) -> bytes:
    if _HARMLESS.fullmatch(value) and len(encoded := value.encode("ascii", "xmlcharrefreplace")) <= _LINE:
        return encoded
    return _quoted_value(_in_html(value))


def _in_text_quoted(value: str) -> bytes:
    if value.isascii() and value.isprintable() and value[:1] != "." and value[-1:] != " ":
        encoded = value.replace("=", "=3D").encode()
        if len(encoded) <= _LINE:
            return encoded
    return _quoted_value(value)


def _whole_address_quoted(value: str) -> bytes:
    if _PLAIN_LINK.fullmatch(value) and len(encoded := value.replace("=", "=3D").encode()) <= _LINE:
        return encoded
    return _quoted_value(_whole_address(value))


def _address_part_quoted(value: str) -> bytes:
    encoded = _address_part(value).encode()
    return encoded if len(encoded) <= _LINE and value[:1] != "." else _quoted_value(encoded.decode())


def _quoted_value(value: str) -> bytes:
    """A value that is harmless by now, quoted-printable."""
    encoded = b2a_qp(value.encode())
    if len(encoded) <= _LINE and not encoded.startswith(b"."):
        return encoded
    return _without_leading_dots(_room_at_the_end(encoded.replace(b"\n", b"\r\n")))


_QUOTED: Mapping[Context, Callable[[str], bytes]] = {
    Context.HTML: _in_html_quoted,
    Context.URL: _whole_address_quoted,
    Context.URL_PART: _address_part_quoted,
    Context.TEXT: _in_text_quoted,
    Context.HEADER: _quoted_value,
}
"""The same, and quoted-printable; what most values are takes a short cut to the same bytes."""


class _Encoded(dict[str, bytes]):
    """Values → their bytes in one context. The first of a run are kept: countries and first names come again."""

    def __init__(self, quoted: Callable[[str], bytes]) -> None:
        self._quoted = quoted

    def __missing__(self, value: str) -> bytes:
        encoded = self._quoted(value)
        if len(self) < _MOST_KNOWN and len(encoded) <= _LINE:
            self[value] = encoded
        return encoded


_ENCODED: Mapping[Context, _Encoded] = {context: _Encoded(_QUOTED[context]) for context in Context}
