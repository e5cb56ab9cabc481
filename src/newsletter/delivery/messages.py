"""A recipient and a variant's skeleton → Message, complete: headers, and a body by splicing.

Per variant everything is encoded once (`skeletons`); per recipient only the values are escaped, encoded and spliced
in. Control characters are removed from values, so none can add a header or leave its line.

With `public_url`, mail says where to unsubscribe with one click (RFC 8058): `<public_url>/unsubscribe/<delivery id>`.
The delivery id is the part that is hard to forge: 64 of its 96 bits are an HMAC over the subscriber, keyed by the
campaign's secret (`store.claiming.delivery_id`), so nobody can make another person's link, and it says nothing of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from email.utils import format_datetime

from newsletter.delivery.headers import (
    CONTROL,
    can_be_addressed,
    feedback_id,
    header_text,
    mailbox,
    one_line,
    plain_address,
)
from newsletter.delivery.skeletons import ESCAPE, Skeleton
from newsletter.errors import NewsletterError, SettingsError
from newsletter.expressions import TOKEN
from newsletter.model import Delivery, Message, RenderedVariant
from newsletter.settings import Settings

_LIST_ID = re.compile(r"[A-Za-z0-9.-]+")
_ONE_CLICK = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*)?")

Value = Callable[[Mapping[str, str]], str]


class NotPersonalizable(NewsletterError):
    """A recipient's values make an expression of the issue fail; nothing was sent to them."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is the same in every message of a campaign; raises `SettingsError` for what could leave its header."""

    sender_name: str
    sender_address: str
    reply_to: str
    list_name: str
    list_id: str
    campaign: str
    audience: str = ""
    public_url: str = ""
    """Where a service of the sender's answers, https; empty when people unsubscribe by mail."""

    def __post_init__(self) -> None:
        for field in fields(self):
            one_line(field.name.replace("_", " "), getattr(self, field.name))
        plain_address("sender address", self.sender_address)
        if self.reply_to:
            plain_address("reply to address", self.reply_to)
        if not _LIST_ID.fullmatch(self.list_id):
            raise SettingsError("the list id may hold letters, digits, dots and hyphens only.")
        if self.public_url and not _ONE_CLICK.fullmatch(self.public_url):
            raise SettingsError("public_url must be an https:// address of plain letters, without ? and #.")

    @property
    def domain(self) -> str:
        return self.sender_address.rpartition("@")[2]

    @property
    def feedback_id(self) -> str:
        return feedback_id(self.campaign, self.audience, self.domain)

    def unsubscribe_links(self, delivery: str) -> tuple[str, ...]:
        """Where this delivery's recipient unsubscribes, the link for the body first."""
        by_mail = f"mailto:{self.reply_to or self.sender_address}?subject=unsubscribe%20{delivery}"
        return (f"{self.public_url}/unsubscribe/{delivery}", by_mail) if self.public_url else (by_mail,)


def envelope_of(settings: Settings, campaign: str, audience: str = "") -> Envelope:
    """The fixed headers' values from the settings; raises `SettingsError` for what cannot stand in a header."""
    sender = settings.sender
    list_id = settings.list_id or sender.address.rpartition("@")[2]
    return Envelope(
        sender.name,
        sender.address,
        sender.reply_to,
        settings.brand.name,
        list_id,
        campaign,
        audience,
        settings.public_url,
    )


class Assembler:
    """Makes the messages of a campaign; safe to use from several threads."""

    def __init__(self, variants: Sequence[RenderedVariant], values: Mapping[str, Value], envelope: Envelope) -> None:
        self._envelope = envelope
        self._values = values
        self._skeletons = {variant.key: Skeleton(variant) for variant in variants}
        # One that is the same for everybody is made once.
        self._subjects = {
            key: header_text(one.subject({})) for key, one in self._skeletons.items() if not one.names_in_subject
        }
        self._head = _head(envelope)
        self._dated = (0, "")

    def assemble(self, delivery: Delivery, now: datetime) -> Message:
        """The complete mail for one recipient; raises `NotPersonalizable`."""
        skeleton = self._skeletons[delivery.variant]
        links = self._envelope.unsubscribe_links(delivery.delivery_id)
        values = recipient_values(self._values, delivery, skeleton.sources, links[0])
        head = self._head % (
            mailbox(name_of(delivery.recipient), delivery.address),
            self._subjects.get(delivery.variant) or header_text(skeleton.subject(values)),
            self._date(now),
            delivery.delivery_id,
            list_unsubscribe(links),
        )
        content = skeleton.filled(head.encode(), values)
        return Message(delivery.delivery_id, self._envelope.sender_address, delivery.address, content, dot_free=True)

    def _date(self, now: datetime) -> str:
        """The Date header's value, made once a second."""
        second = int(now.timestamp())
        dated = self._dated
        if dated[0] != second:
            dated = self._dated = (second, format_datetime(now.replace(microsecond=0)))
        return dated[1]

    def filled(self, variant: RenderedVariant, delivery: Delivery, html: str) -> tuple[str, str, str]:
        """Subject, HTML and text as this recipient reads them; `html` stands in for the variant's."""
        fields = {field.token: field for field in variant.merge_fields}
        sources = tuple(dict.fromkeys(field.source for field in variant.merge_fields))
        values = recipient_values(
            self._values, delivery, sources, self._envelope.unsubscribe_links(delivery.delivery_id)[0]
        )

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
    if not can_be_addressed(delivery.address):
        raise NotPersonalizable("the address holds characters that end an address, or are none")
    known = {**delivery.recipient, "address": delivery.address, "unsubscribe_url": unsubscribe}
    try:
        made = {source: values[source](known) for source in sources}
    except Exception as error:
        raise NotPersonalizable(f"a merge field has no value for this recipient: {error}") from error
    # Looking at all of them at once is several times cheaper, and nearly always enough.
    if "".join(made.values()).isprintable():
        return made
    return {source: _clean(value) for source, value in made.items()}


def name_of(recipient: Mapping[str, str]) -> str:
    """The person's name as the To line shows it; empty when none is known."""
    first, last = recipient.get("first_name", ""), recipient.get("last_name", "")
    return f"{first} {last}" if first and last else first or last


def list_unsubscribe(links: Sequence[str]) -> str:
    """The header's value, on one line however long it is: a folded one broke signatures at relays."""
    return f"<{'>, <'.join(links)}>"


def _head(envelope: Envelope) -> str:
    """The headers with a `%s` for To, Subject, Date, the delivery's id and its ways to unsubscribe, in this order."""
    lines = [
        f"From: {_literal(mailbox(envelope.sender_name, envelope.sender_address))}",
        "To: %s",
        "Subject: %s",
        "Date: %s",
        f"Message-ID: <%s@{_literal(envelope.domain)}>",
        f"List-Id: {_literal(mailbox(envelope.list_name, envelope.list_id))}",
        "List-Unsubscribe: %s",
        *(["List-Unsubscribe-Post: List-Unsubscribe=One-Click"] if envelope.public_url else []),
        f"Feedback-ID: {_literal(envelope.feedback_id)}",
        f"X-Campaign: {_literal(header_text(envelope.campaign))}",
        "MIME-Version: 1.0",
    ]
    if envelope.reply_to:
        lines.insert(1, f"Reply-To: {_literal(envelope.reply_to)}")
    return "".join(f"{line}\r\n" for line in lines)


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _clean(value: str) -> str:
    return value if value.isprintable() else CONTROL.sub(" ", value)
