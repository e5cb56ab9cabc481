"""Personalizations of one template → bodies of SendGrid's `POST /v3/mail/send`, within its documented limits.

What cannot be said within them is refused with the reason before anything is sent. Someone whose values take more room
than substitutions may is mailed in a request of their own, with the values already in their places.
Limits: twilio.com/docs/sendgrid/api-reference/mail-send/limitations and /errors.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
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
_encode = json.JSONEncoder(separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii
"""A text as JSON. Encoding each person's texts alone is twice as fast as encoding a dictionary of them."""


@dataclass(frozen=True, slots=True)
class MailOptions:
    """What the settings ask of every request."""

    categories: tuple[str, ...] = ()
    asm_group: int | None = None
    ip_pool: str = ""
    sandbox: bool = False
    opens: bool = False
    clicks: bool = False
    """Whether SendGrid puts its picture and its links into the mail, and tells of them in its events."""

    @property
    def tracking(self) -> dict[str, dict[str, bool]]:
        """What is asked of every mail, whatever the account's own settings are; links in the text stay as they are."""
        return {
            "click_tracking": {"enable": self.clicks, "enable_text": False},
            "open_tracking": {"enable": self.opens},
            "subscription_tracking": {"enable": False},
        }


@dataclass(frozen=True, slots=True)
class Encoded:
    """One recipient, ready for a request: their place among those given, and their JSON."""

    place: int
    text: str
    mail: Personalization = field(repr=False)
    own_request: bool = False


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
        self._headers: dict[tuple[str, ...], str | None] = {}
        self._substitutions = ",".join(f"{_literal(_quoted(tag))}:%s" for tag in template.tags)
        self._arguments = f'"custom_args":{{"{CAMPAIGN_ARG}":{_quoted(template.campaign)},"{DELIVERY_ARG}":'
        if len(self._arguments) + 100 > MOST_CUSTOM_ARGS_BYTES:
            raise ProviderGone("the campaign's name is longer than SendGrid takes.")
        if len(self._start) > MOST_BYTES:
            raise TooLarge(
                f"variant '{template.key}' takes {len(self._start) / 1e6:.0f} MB with its pictures, and SendGrid takes "
                "30. Use smaller pictures, or `images: {mode: link}`."
            )

    def encoded(self, place: int, mail: Personalization) -> Encoded | str:
        """The recipient as JSON, or why SendGrid cannot be told of them."""
        if not mail.rcpt_to.isascii():
            return "SendGrid takes addresses of ASCII letters only"
        named = tuple(mail.headers)
        if named not in self._headers:
            self._headers[named] = _headers_pattern(named)
        headers = self._headers[named]
        if headers is None:
            return "SendGrid does not let one of the headers be set"
        name = mail.name
        if "," in name or ";" in name:
            name = _NOT_IN_NAMES.sub(" ", name).strip()
        person = (
            f'"email":{_quoted(mail.rcpt_to)},"name":{_quoted(name)}' if name else f'"email":{_quoted(mail.rcpt_to)}'
        )
        own = headers % tuple(map(_quoted, mail.headers.values()))
        text = f'{{"to":[{{{person}}}],"headers":{{{own}}},{self._arguments}{_quoted(mail.delivery_id)}}}'
        values = self._substitutions % tuple(map(_quoted, map(mail.values.__getitem__, self._template.tags)))
        # The JSON is never shorter than the bytes SendGrid counts.
        if len(values) > MOST_SUBSTITUTION_BYTES:
            return Encoded(place, text + "}", mail, own_request=True)
        return Encoded(place, f'{text},"substitutions":{{{values}}}}}' if values else text + "}", mail)

    def request(self, recipients: Sequence[Encoded]) -> str:
        """The JSON of one request to these."""
        start = self._start
        if recipients[0].own_request:
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
            key = one.mail.rcpt_to.lower()
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
            "tracking_settings": options.tracking,
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


def _headers_pattern(names: tuple[str, ...]) -> str | None:
    """The headers' JSON with a `%s` for each value; None when SendGrid keeps one of them for itself."""
    if any(name.lower() in _FORBIDDEN_HEADERS for name in names):
        return None
    return ",".join(f"{_literal(_quoted(name))}:%s" for name in names)


def _literal(text: str) -> str:
    return text.replace("%", "%%")


def _attachment(name: str, media_type: str, content: bytes) -> dict[str, str]:
    return {
        "content": base64.b64encode(content).decode("ascii"),
        "type": media_type,
        "filename": name,
        "disposition": "inline",
        "content_id": name,
    }
