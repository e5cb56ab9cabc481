"""RenderedVariant × recipient → Personalization: for providers that fill values in by themselves.

Per variant, every merge field becomes a tag, one per expression and place it stands in; per recipient the values are
escaped for their places, as `skeletons` does for whole messages. The tags of a campaign are derived from its secret,
so nobody who writes an article or a name can guess one: a provider that replaced one value after another would
otherwise replace inside values, too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import blake2b

from newsletter.delivery.headers import header_text, mailbox
from newsletter.delivery.messages import Envelope, NotPersonalizable, Value, list_unsubscribe, name_of, recipient_values
from newsletter.delivery.skeletons import ESCAPE
from newsletter.expressions import TOKEN
from newsletter.model import Context, Delivery, MergeField, Personalization, RenderedVariant, Template

_AS_IT_IS = (Context.TEXT, Context.HEADER)


class SubstitutionAssembler:
    """Makes the personalizations of a campaign; safe to use from several threads."""

    def __init__(
        self,
        variants: Sequence[RenderedVariant],
        values: Mapping[str, Value],
        envelope: Envelope,
        secret: bytes,
    ) -> None:
        self._envelope = envelope
        self._values = values
        self._mark = _mark(variants, secret)
        self._patterns = {one.key: _Pattern(one, envelope, self._mark, secret) for one in variants}

    def assemble(self, delivery: Delivery, now: datetime) -> Personalization:
        """One recipient of their variant's template; raises `NotPersonalizable`."""
        pattern = self._patterns[delivery.variant]
        links = self._envelope.unsubscribe_links(delivery.delivery_id)
        plain = recipient_values(self._values, delivery, pattern.sources, links[0])
        values = {tag: plain[source] for tag, source in pattern.as_it_is}
        for tag, source, escape in pattern.escaped:
            values[tag] = escape(plain[source])
        if self._mark in "\n".join(plain.values()):
            raise NotPersonalizable("a value holds what stands for values in this campaign")
        return Personalization(
            template=pattern.template,
            delivery_id=delivery.delivery_id,
            rcpt_to=delivery.address,
            name=_one_line(name_of(delivery.recipient)),
            values=values,
            headers={
                "Message-ID": f"<{delivery.delivery_id}@{self._envelope.domain}>",
                "List-Unsubscribe": list_unsubscribe(links),
            },
        )


def filled_in(template: Template, values: Mapping[str, str]) -> tuple[str, str, str]:
    """Subject, HTML and text with the values in their places, each replaced once."""
    if not template.tags:
        return template.subject, template.html, template.text
    tags = re.compile("|".join(map(re.escape, template.tags)))
    subject, html, text = (
        tags.sub(lambda found: values[found[0]], part) for part in (template.subject, template.html, template.text)
    )
    return subject, html, text


class _Pattern:
    """A variant's template, and which value goes where."""

    def __init__(self, variant: RenderedVariant, envelope: Envelope, mark: str, secret: bytes) -> None:
        fields = {field.token: field for field in variant.merge_fields}
        found: dict[str, tuple[str, str, Context]] = {}

        def tagged(text: str) -> str:
            return TOKEN.sub(lambda token: _tagged(fields.get(token[0]), token[0]), text)

        def _tagged(field: MergeField | None, token: str) -> str:
            if field is None:
                return token
            tag = mark + _digest(secret, f"{field.context.value} {field.source}")
            found[tag] = (tag, field.source, field.context)
            return tag

        subject, html, text = tagged(variant.subject), tagged(variant.html), tagged(variant.text)
        self.sources = tuple(dict.fromkeys(source for _, source, _ in found.values()))
        places = found.values()
        self.as_it_is = tuple((tag, source) for tag, source, context in places if context in _AS_IT_IS)
        self.escaped = tuple(
            (tag, source, ESCAPE[context]) for tag, source, context in places if context not in _AS_IT_IS
        )
        self.template = Template(
            key=variant.key,
            subject=_one_line(subject),
            html=html,
            text=text,
            pictures=tuple(one for one in variant.pictures if f"cid:{one.name}" in variant.html),
            sender_name=envelope.sender_name,
            sender_address=envelope.sender_address,
            reply_to=envelope.reply_to,
            campaign=envelope.campaign,
            headers=_fixed(envelope),
            tags=tuple(found),
        )


def _fixed(envelope: Envelope) -> dict[str, str]:
    """The headers that are the same for everybody. Feedback-ID is left to the provider, who signs the mail: Gmail
    heeds mail with one such header only."""
    headers = {
        "List-Id": _unfolded(mailbox(envelope.list_name, envelope.list_id)),
        "X-Campaign": _unfolded(header_text(envelope.campaign)),
    }
    if envelope.public_url:
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _mark(variants: Sequence[RenderedVariant], secret: bytes) -> str:
    """What every tag of the campaign begins with; no variant holds it."""
    for attempt in range(1000):
        mark = f"v{_digest(secret, f'mark {attempt}')[:10]}"
        if not any(mark in part for one in variants for part in (one.subject, one.html, one.text)):
            return mark
    raise NotPersonalizable("no tag can be found that the issue does not hold already")


def _digest(secret: bytes, text: str) -> str:
    """Letters and digits alone, so that a tag stays whole in an address, too."""
    return blake2b(text.encode(), key=secret, person=b"substitution", digest_size=10).hexdigest()


def _one_line(text: str) -> str:
    return " ".join(text.split()) if not text.isprintable() else text


def _unfolded(header: str) -> str:
    return header.replace("\r\n", "")
