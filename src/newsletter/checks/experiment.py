"""What decides an experiment can be known."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Criterion, Finding

RULES = (
    warning(
        "winner-unmeasured",
        "A winner by opens or clicks needs a provider that tells of them. A mail server tells of neither, so nobody "
        "would win, and a person would have to choose after all. Source: this program's own rule for `ab:`.",
    ),
)
(_UNMEASURED,) = RULES
_SILENT = ("smtp",)
"""Providers that tell nothing of opens and clicks."""


def check(subject: Subject) -> Iterator[Finding]:
    """A warning when nobody will tell what the winner is to be decided by."""
    tried, provider = subject.issue.experiment, subject.settings.provider.name
    if tried is not None and tried.criterion is not Criterion.HAND and provider in _SILENT:
        yield _UNMEASURED.finding(
            f"the winner is decided by {tried.criterion.value}, and provider {provider} tells nothing of them.",
            tried.where,
            fix="Write `winner: by hand`.",
        )
