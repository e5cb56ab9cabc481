"""Personalizations of one template → bodies of SendGrid's `POST /v3/mail/send`, within its documented limits.

What cannot be said within them is refused with the reason before anything is sent. Someone whose values take more room
than substitutions may is mailed in a request of their own, with the values already in their places.
Limits: twilio.com/docs/sendgrid/api-reference/mail-send/limitations and /errors.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.delivery.providers.contract import ProviderGone
from newsletter.delivery.substitution import filled_in
from newsletter.model import Personalization, Template

MOST_RECIPIENTS = 1000
MOST_BYTES = 29_000_000
"""Below the 30 MB of a whole mail, with room for its headers."""
MOST_SUBSTITUTION_BYTES = 10_000
MOST_CUSTOM_ARGS_BYTES = 10_000

DELIVERY_ARG = "newsletter_delivery"
CAMPAIGN_ARG = "newsletter_campaign"
"""Events carry custom_args beside their own keys, hence the prefix. No personal data goes in: it is kept for good."""

_FORBIDDEN_HEADERS = frozenset(
    "x-sg-id x-sg-eid received dkim-signature content-type content-transfer-encoding to from subject reply-to cc "
    "bcc".split()
)
_NOT_IN_NAMES = re.compile(r"[;,]+")
_UNTRACKED = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
}
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class MailOptions:
    """What the settings ask of every request."""

    categories: tuple[str, ...] = ()
    asm_group: int | None = None
    ip_pool: str = ""
    sandbox: bool = False


@dataclass(frozen=True, slots=True)
class Encoded:
    """One recipient, ready for a request: their place among those given, and their JSON."""

    place: int
    text: str
    own_request: bool = False
    mail: Personalization | None = field(default=None, repr=False)


class TooLarge(ProviderGone):
    """The mail itself is larger than SendGrid takes, whoever it goes to."""


class Body:
    """What is the same for all recipients of a template, encoded once."""

    def __init__(self, template: Template, options: MailOptions) -> None:
        self._template = template
        self._options = options
        for name in template.headers:
            if name.lower() in _FORBIDDEN_HEADERS:
                raise ProviderGone(f"SendGrid does not let the header {name} be set.")
        self._pictures = [_attachment(one.name, one.media_type, one.content) for one in template.pictures]
        self._start = self._without_recipients(template.subject, template.html, template.text)
        if len(self._start) > MOST_BYTES:
            raise TooLarge(
                f"variant '{template.key}' takes {len(self._start) / 1e6:.0f} MB with its pictures, and SendGrid takes "
                "30. Use smaller pictures, or `images: {mode: link}`."
            )

    def request(self, recipients: Sequence[Encoded]) -> str:
        """The JSON of one request to these."""
        start = self._start
        if recipients[0].own_request and recipients[0].mail is not None:
            start = self._without_recipients(*filled_in(self._template, recipients[0].mail.values))
        return start + ",".join(one.text for one in recipients) + "]}"

    def requests(self, recipients: Sequence[Encoded]) -> Iterator[list[Encoded]]:
        """The recipients in as few requests as the limits allow, each address once in a request."""
        taken: list[Encoded] = []
        seen: set[str] = set()
        size = len(self._start)
        for one in recipients:
            if one.own_request:
                yield [one]
                continue
            key = one.mail.rcpt_to.lower() if one.mail else ""
            if taken and (len(taken) == MOST_RECIPIENTS or size + len(one.text) + 3 > MOST_BYTES or key in seen):
                yield taken
                taken, seen, size = [], set(), len(self._start)
            taken.append(one)
            seen.add(key)
            size += len(one.text) + 1
        if taken:
            yield taken

    def _without_recipients(self, subject: str, html: str, text: str) -> str:
        template, options = self._template, self._options
        sender = {"email": template.sender_address, "name": template.sender_name}
        mail: dict[str, object] = {
            "from": sender,
            "subject": subject,
            # Text before HTML: SendGrid asks for this order.
            "content": [{"type": "text/plain", "value": text}, {"type": "text/html", "value": html}],
            "headers": dict(template.headers),
            "tracking_settings": _UNTRACKED,
        }
        if template.reply_to:
            mail["reply_to"] = {"email": template.reply_to}
        if self._pictures:
            mail["attachments"] = self._pictures
        if options.categories:
            mail["categories"] = list(options.categories)
        if options.asm_group is not None:
            mail["asm"] = {"group_id": options.asm_group}
        if options.ip_pool:
            mail["ip_pool_name"] = options.ip_pool
        if options.sandbox:
            mail["mail_settings"] = {"sandbox_mode": {"enable": True}}
        return _encode(mail)[:-1] + ',"personalizations":['


def encoded(place: int, mail: Personalization) -> Encoded | str:
    """The recipient as JSON, or why SendGrid cannot be told of them."""
    if not mail.rcpt_to.isascii():
        return "SendGrid takes addresses of ASCII letters only"
    if any(name.lower() in _FORBIDDEN_HEADERS for name in mail.headers):
        return "SendGrid does not let one of the headers be set"
    person = {"email": mail.rcpt_to}
    name = _NOT_IN_NAMES.sub(" ", mail.name).strip()
    if name:
        person["name"] = name
    arguments = {DELIVERY_ARG: mail.delivery_id, CAMPAIGN_ARG: mail.template.campaign}
    if len(mail.template.campaign) * 12 > MOST_CUSTOM_ARGS_BYTES:
        return "the campaign's name is longer than SendGrid takes"
    personalization: dict[str, object] = {"to": [person], "headers": mail.headers, "custom_args": arguments}
    own = False
    if mail.values:
        # The JSON is never shorter than the bytes SendGrid counts.
        own = _bytes_of(mail.values) > MOST_SUBSTITUTION_BYTES
        if not own:
            personalization["substitutions"] = mail.values
    return Encoded(place, _encode(personalization), own, mail)


def _bytes_of(values: Mapping[str, str]) -> int:
    """What the substitutions take at most; cheap where it is far below the limit."""
    letters = sum(map(len, values.values())) + sum(map(len, values)) + 6 * len(values)
    return letters if letters * 6 < MOST_SUBSTITUTION_BYTES else len(_encode(values))


def _attachment(name: str, media_type: str, content: bytes) -> dict[str, str]:
    return {
        "content": base64.b64encode(content).decode("ascii"),
        "type": media_type,
        "filename": name,
        "disposition": "inline",
        "content_id": name,
    }
