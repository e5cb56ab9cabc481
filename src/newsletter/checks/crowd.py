"""The people an issue is for, as far as the law asks: what consent is on record, and whether those who left are known.

In: counts of the audience and of what was mailed before. Out: findings at the audience's file. Without a database
there is nobody to count, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.checks.rule import Rule, warning
from newsletter.model import Finding, Severity, Where

RULES = (
    warning(
        "consent",
        "Whoever mails to many has to show that each of them asked for it: when, how and where. People without a "
        "recorded consent are counted; while an audience records none at all, that is only a note. Source: GDPR, "
        "articles 6(1)(a) and 7(1); ePrivacy Directive, article 13; CASL, section 13.",
    ),
    Rule(
        "suppression-source",
        Severity.WARNING,
        "Of a thousand people some bounce or leave with every mail. When nobody at all is suppressed after that, "
        "bounces and unsubscriptions are not fed back, and those who left are mailed again. Source: CAN-SPAM Act, 15 "
        "USC 7704(a)(4); Gmail's sender requirements of 2024.",
    ),
)
_CONSENT, _SUPPRESSED = RULES
_MANY = 1_000
"""Mails: after so many somebody has left."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Counts: who would be mailed, who of them has no consent on record; mails that left before, and suppressions."""

    where: Where
    """The audience's file."""
    people: int
    without_consent: int
    carried: int
    suppressed: int


def check_crowd(crowd: Crowd) -> Iterator[Finding]:
    """What is missing of the people's consent, and of those who left."""
    if crowd.people and crowd.without_consent == crowd.people:
        message = "no consent is on record of anybody in the audience."
        fix = "Import `consent_at`, `consent_method` and `consent_source` with the people."
        yield Finding(_CONSENT.name, Severity.INFO, message, crowd.where, fix=fix)
    elif crowd.without_consent:
        message = f"{crowd.without_consent:,} of the {crowd.people:,} people have no consent on record."
        fix = "Import `consent_at` for them, or leave them out: `exclude: {where: consent_at is null}`."
        yield _CONSENT.finding(message, crowd.where, fix=fix)
    if crowd.carried >= _MANY and not crowd.suppressed:
        message = f"{crowd.carried:,} mails were sent from here, and nobody who bounced or left is on record."
        fix = "Feed them back with `newsletter suppress import`."
        yield _SUPPRESSED.finding(message, crowd.where, fix=fix)
