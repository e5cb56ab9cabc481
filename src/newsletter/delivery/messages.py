"""RenderedVariant × recipient → Message: MIME by splicing.

Per variant, the whole message is encoded once (quoted-printable, RFC 2045 §6.7) and cut where merge fields stand; per
recipient only the values are escaped, encoded and spliced in. A soft line break before and after each value lets it be
encoded alone. A value cannot leave its place: it is escaped for where it stands, and control characters are removed.
"""

from __future__ import annotations

import base64
import re
from binascii import b2a_qp
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from hashlib import blake2b
from html import escape
from urllib.parse import quote

from newsletter.errors import NewsletterError
from newsletter.expressions import TOKEN
from newsletter.model import Context, Delivery, MergeField, Message, Picture, RenderedVariant
from newsletter.settings import Settings

_SOFT_BREAK = b"=\r\n"
_SCHEMES = ("https://", "http://", "mailto:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")

Value = Callable[[Mapping[str, str]], str]


class NotPersonalizable(NewsletterError):
    """A recipient's values make an expression of the issue fail; nothing was sent to them."""


@dataclass(frozen=True, slots=True)
class _Slot:
    source: str
    context: Context


_Piece = bytes | _Slot


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is the same in every message of a campaign."""

    sender_name: str
    sender_address: str
    reply_to: str
    list_name: str
    list_id: str
    campaign: str

    @property
    def domain(self) -> str:
        return self.sender_address.rpartition("@")[2]


def envelope_of(settings: Settings, campaign: str) -> Envelope:
    """The fixed headers' values from the settings."""
    sender = settings.sender
    list_id = settings.list_id or sender.address.rpartition("@")[2]
    return Envelope(sender.name, sender.address, sender.reply_to, settings.brand.name, list_id, campaign)


class Assembler:
    """Makes the messages of a campaign; safe to use from several threads."""

    def __init__(self, variants: Sequence[RenderedVariant], values: Mapping[str, Value], envelope: Envelope) -> None:
        self._envelope = envelope
        self._values = values
        self._skeletons = {variant.key: _Skeleton(variant, envelope) for variant in variants}

    def assemble(self, delivery: Delivery, now: datetime) -> Message:
        """The complete mail for one recipient; raises `NotPersonalizable`."""
        skeleton = self._skeletons[delivery.variant]
        unsubscribe = self._unsubscribe(delivery)
        values = self._values_for(delivery, skeleton.sources, unsubscribe)
        parts = [piece if isinstance(piece, bytes) else _encoded(values, piece) for piece in skeleton.pieces]
        head = self._head(delivery, skeleton.subject(values), unsubscribe, now)
        return Message(delivery.delivery_id, self._envelope.sender_address, delivery.address, b"".join([head, *parts]))

    def filled(self, variant: RenderedVariant, delivery: Delivery, html: str) -> tuple[str, str, str]:
        """Subject, HTML and text as this recipient reads them; `html` stands in for the variant's."""
        fields = {field.token: field for field in variant.merge_fields}
        sources = tuple(dict.fromkeys(field.source for field in variant.merge_fields))
        values = self._values_for(delivery, sources, self._unsubscribe(delivery))

        def fill(text: str) -> str:
            return TOKEN.sub(
                lambda found: (
                    _ESCAPE[fields[found[0]].context](values[fields[found[0]].source])
                    if found[0] in fields
                    else found[0]
                ),
                text,
            )

        return fill(variant.subject), fill(html), fill(variant.text)

    def _values_for(self, delivery: Delivery, sources: Sequence[str], unsubscribe: str) -> dict[str, str]:
        known = {**delivery.recipient, "address": delivery.address, "unsubscribe_url": unsubscribe}
        try:
            return {source: _CONTROL.sub(" ", self._values[source](known)) for source in sources}
        except Exception as error:
            raise NotPersonalizable(f"a merge field has no value for this recipient: {error}") from error

    def _unsubscribe(self, delivery: Delivery) -> str:
        answer = self._envelope.reply_to or self._envelope.sender_address
        return f"mailto:{answer}?subject=unsubscribe%20{delivery.delivery_id}"

    def _head(self, delivery: Delivery, subject: str, unsubscribe: str, now: datetime) -> bytes:
        envelope = self._envelope
        names = (delivery.recipient.get("first_name", ""), delivery.recipient.get("last_name", ""))
        lines = [
            f"From: {_mailbox(envelope.sender_name, envelope.sender_address)}",
            f"To: {_mailbox(' '.join(name for name in names if name), delivery.address)}",
            f"Subject: {_header_text(subject)}",
            f"Date: {_date(now.replace(microsecond=0))}",
            f"Message-ID: <{delivery.delivery_id}@{envelope.domain}>",
            f"List-Id: {_mailbox(envelope.list_name, envelope.list_id)}",
            f"List-Unsubscribe: <{unsubscribe}>",
            f"X-Campaign: {_header_text(envelope.campaign)}",
            "MIME-Version: 1.0",
        ]
        if envelope.reply_to:
            lines.insert(2, f"Reply-To: {envelope.reply_to}")
        return ("\r\n".join(lines) + "\r\n").encode("ascii")


class _Skeleton:
    """A variant's message, encoded and cut at the merge fields."""

    def __init__(self, variant: RenderedVariant, envelope: Envelope) -> None:
        fields = {field.token: field for field in variant.merge_fields}
        self._subject = _cut(variant.subject, fields, lambda text: text.encode())
        self.pieces = _joined(_body(variant, fields))
        slots = [piece for piece in (*self.pieces, *self._subject) if isinstance(piece, _Slot)]
        self.sources = tuple(dict.fromkeys(slot.source for slot in slots))

    def subject(self, values: Mapping[str, str]) -> str:
        return "".join(piece.decode() if isinstance(piece, bytes) else values[piece.source] for piece in self._subject)


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
        pieces += [encode(text[position : found.start()]), _Slot(field.source, field.context)]
        position = found.end()
    return [*pieces, encode(text[position:])]


def _joined(pieces: Sequence[_Piece]) -> tuple[_Piece, ...]:
    """Neighbouring bytes as one piece, with a soft line break on either side of each slot."""
    joined: list[_Piece] = []
    pending = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            pending += piece
        else:
            joined += [pending + _SOFT_BREAK, piece]
            pending = _SOFT_BREAK
    return (*joined, pending)


def _quoted(text: str) -> bytes:
    return b2a_qp(text.encode(), istext=True).replace(b"\n", b"\r\n") if text else b""


def _encoded(values: Mapping[str, str], slot: _Slot) -> bytes:
    escaped = _ESCAPE[slot.context](values[slot.source])
    return b2a_qp(escaped.encode()).replace(b"\n", b"\r\n") if escaped else b""


def _in_html(value: str) -> str:
    return escape(value).encode("ascii", "xmlcharrefreplace").decode("ascii")


def _whole_address(value: str) -> str:
    """A link's whole address: only what a link in mail may be; anything else leads nowhere."""
    return _in_html(value) if value.lower().startswith(_SCHEMES) else "#"


_ESCAPE: Mapping[Context, Callable[[str], str]] = {
    Context.HTML: _in_html,
    Context.URL: _whole_address,
    Context.URL_PART: lambda value: quote(value, safe=""),
    Context.TEXT: lambda value: value,
    Context.HEADER: lambda value: value,
}


@lru_cache(maxsize=4096)
def _header_text(text: str) -> str:
    """The text as a header's value on lines of at most 76: RFC 2047 words where it is not ASCII."""
    clean = " ".join(_CONTROL.sub(" ", text).split())
    if clean.isascii() and len(clean) <= 66:
        return clean
    return Header(clean, None if clean.isascii() else "utf-8", header_name="Subject").encode(linesep="\r\n")


def _mailbox(name: str, address: str) -> str:
    clean = " ".join(_CONTROL.sub(" ", name).split())
    return formataddr((clean, address)) if clean else (address if "@" in address else f"<{address}>")


@lru_cache(maxsize=64)
def _date(now: datetime) -> str:
    return format_datetime(now)
