"""A recipient and a variant's skeleton → Message, complete: headers, and a body by splicing.

Per variant everything is encoded once (`skeletons`); per recipient only the values are escaped, encoded and spliced
in. Control characters are removed from values, so none can add a header or leave its line.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache

from newsletter.delivery.skeletons import ESCAPE, Skeleton
from newsletter.errors import NewsletterError
from newsletter.expressions import TOKEN
from newsletter.model import Delivery, Message, RenderedVariant
from newsletter.settings import Settings

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_ROOM = 66
"""What a header's value may take on the line of its name (RFC 5322 §2.1.1 recommends 78)."""

Value = Callable[[Mapping[str, str]], str]


class NotPersonalizable(NewsletterError):
    """A recipient's values make an expression of the issue fail; nothing was sent to them."""


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
        self._skeletons = {variant.key: Skeleton(variant) for variant in variants}
        answer = envelope.reply_to or envelope.sender_address
        self._unsubscribe = f"mailto:{answer}?subject=unsubscribe%20"
        self._head = _head(envelope)

    def assemble(self, delivery: Delivery, now: datetime) -> Message:
        """The complete mail for one recipient; raises `NotPersonalizable`."""
        skeleton = self._skeletons[delivery.variant]
        unsubscribe = self._unsubscribe + delivery.delivery_id
        values = recipient_values(self._values, delivery, skeleton.sources, unsubscribe)
        recipient = delivery.recipient
        names = (recipient.get("first_name", ""), recipient.get("last_name", ""))
        head = self._head % (
            mailbox(" ".join(filter(None, names)), delivery.address),
            header_text(skeleton.subject(values)),
            _date(now.replace(microsecond=0)),
            delivery.delivery_id,
            unsubscribe,
        )
        content = skeleton.filled(head.encode("ascii"), values)
        return Message(delivery.delivery_id, self._envelope.sender_address, delivery.address, content, dot_free=True)

    def filled(self, variant: RenderedVariant, delivery: Delivery, html: str) -> tuple[str, str, str]:
        """Subject, HTML and text as this recipient reads them; `html` stands in for the variant's."""
        fields = {field.token: field for field in variant.merge_fields}
        sources = tuple(dict.fromkeys(field.source for field in variant.merge_fields))
        values = recipient_values(self._values, delivery, sources, self._unsubscribe + delivery.delivery_id)

        def fill(text: str) -> str:
            return TOKEN.sub(
                lambda found: (
                    ESCAPE[fields[found[0]].context](values[fields[found[0]].source])
                    if found[0] in fields
                    else found[0]
                ),
                text,
            )

        return fill(variant.subject), fill(html), fill(variant.text)


def recipient_values(
    values: Mapping[str, Value], delivery: Delivery, sources: Sequence[str], unsubscribe: str
) -> dict[str, str]:
    """The value of each source for this recipient, without control characters; raises `NotPersonalizable`."""
    known = {**delivery.recipient, "address": delivery.address, "unsubscribe_url": unsubscribe}
    try:
        made = {source: values[source](known) for source in sources}
    except Exception as error:
        raise NotPersonalizable(f"a merge field has no value for this recipient: {error}") from error
    # Looking at all of them at once is several times cheaper, and nearly always enough.
    if "".join(made.values()).isprintable():
        return made
    return {source: _clean(value) for source, value in made.items()}


def _head(envelope: Envelope) -> str:
    """The headers with a `%s` for To, Subject, Date, the delivery's id and its unsubscribe link, in this order."""
    lines = [
        f"From: {_literal(mailbox(envelope.sender_name, envelope.sender_address))}",
        "To: %s",
        "Subject: %s",
        "Date: %s",
        f"Message-ID: <%s@{_literal(envelope.domain)}>",
        f"List-Id: {_literal(mailbox(envelope.list_name, envelope.list_id))}",
        "List-Unsubscribe: <%s>",
        f"X-Campaign: {_literal(header_text(envelope.campaign))}",
        "MIME-Version: 1.0",
    ]
    if envelope.reply_to:
        lines.insert(1, f"Reply-To: {_literal(envelope.reply_to)}")
    return "".join(f"{line}\r\n" for line in lines)


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _clean(value: str) -> str:
    return value if value.isprintable() else _CONTROL.sub(" ", value)


@lru_cache(maxsize=4096)
def header_text(text: str) -> str:
    """The text as a header's value on lines of at most 76: RFC 2047 words where it is not ASCII."""
    clean = " ".join(_CONTROL.sub(" ", text).split())
    if len(clean) <= _ROOM:
        if clean.isascii():
            return clean
        word = _encoded_word(clean)
        if len(word) <= _ROOM:
            return word
    return Header(clean, None if clean.isascii() else "utf-8", header_name="Subject").encode(linesep="\r\n")


def mailbox(name: str, address: str) -> str:
    """`name <address>` as a header's value; RFC 2047 words where the name is not ASCII."""
    if _PLAIN_NAME.fullmatch(name) and len(name) + len(address) < _ROOM:
        return f"{name} <{address}>"
    clean = " ".join(_CONTROL.sub(" ", name).split())
    if len(clean) <= _ROOM and not clean.isascii():
        word = _encoded_word(clean)
        if len(word) + len(address) <= _ROOM:
            return f"{word} <{address}>"
    return formataddr((clean, address)) if clean else (address if "@" in address else f"<{address}>")


def _encoded_word(text: str) -> str:
    """The text as one word of RFC 2047; longer ones than 75 characters are not allowed."""
    return f"=?utf-8?b?{b2a_base64(text.encode(), newline=False).decode()}?="


@lru_cache(maxsize=64)
def _date(now: datetime) -> str:
    return format_datetime(now)
