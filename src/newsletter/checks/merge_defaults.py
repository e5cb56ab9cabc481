"""Merge fields that print nothing for some of the audience: 'Dear ,'."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.rule import warning
from newsletter.model import Finding, MergeField

RULES = (
    warning(
        "merge-gap",
        "A merge field without a default prints nothing for readers who lack the value, and there are some in the "
        "audience. Give it one: {{ recipient.first_name | default('there') }}. Counted are the people whom the "
        "audience's segment picks. Source: this program's own merge fields.",
    ),
)
_PLAIN = re.compile(r"recipient\.(\w+)")


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each field without a default that is empty for somebody, with how many they are."""
    for name, field in bare_fields(mail.merge_fields).items():
        people = mail.gaps(name)
        if people:
            message = f"{people:,} of the audience have no {name}; {{{{ {field.source} }}}} prints nothing for them."
            fix = f"Write {{{{ {field.source} | default('…') }}}}."
            yield RULES[0].finding(message, field.where, fix=fix)


def bare_fields(fields: Iterable[MergeField]) -> dict[str, MergeField]:
    """The fields printed as they are, each once by its name; everybody has an address."""
    plain = {one.source.removeprefix("recipient."): one for one in fields if _PLAIN.fullmatch(one.source)}
    return {name: one for name, one in plain.items() if name not in ("address", "unsubscribe_url")}
