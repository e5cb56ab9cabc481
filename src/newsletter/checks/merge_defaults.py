"""Merge fields that print nothing for some of the audience: 'Dear ,'."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.rule import warning
from newsletter.model import Finding

RULES = (
    warning(
        "merge-gap",
        "A merge field without a default prints nothing for readers who lack the value, and there are some in the "
        "audience. Source: this program's own merge fields; the gaps are counted in the audience's file.",
    ),
)
_PLAIN = re.compile(r"recipient\.(\w+)")


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each field without a default that is empty for somebody, with how many they are."""
    bare = {one.source: one for one in mail.merge_fields if _PLAIN.fullmatch(one.source)}
    asked = {source: source.removeprefix("recipient.") for source in bare}
    if not any(name not in ("address", "unsubscribe_url") for name in asked.values()):
        return
    gaps = mail.gaps()
    for source, name in asked.items():
        if gaps.get(name):
            message = f"{gaps[name]:,} of the audience have no {name}; {{{{ {source} }}}} prints nothing for them."
            fix = f"Write {{{{ {source} | default('…') }}}}."
            yield RULES[0].finding(message, bare[source].where, fix=fix)
