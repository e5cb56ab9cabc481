"""What a spam filter that is installed here says of a mail: its own score, by its own rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsletter.checks.rule import warning
from newsletter.model import Finding, Severity, Where

RULES = (
    warning(
        "spam-score",
        "SpamAssassin or rspamd, asked with `--spam`, scores the very message that would leave: an error from the "
        "score at which it calls a mail spam, a warning from half of that. Rules that need the network or a sender's "
        "reputation are not asked. Source: the filter itself; `newsletter doctor` looks at the sender's domain.",
    ),
)
_MOST_TESTS = 5


@dataclass(frozen=True, slots=True)
class SpamScore:
    """A filter's verdict: the score, from which score it is spam, and each rule that added to it."""

    variant: str
    filter: str
    score: float
    required: float
    tests: tuple[tuple[str, float], ...]


def check_score(one: SpamScore, where: Where) -> Iterator[Finding]:
    """An error from the score required for spam, a warning from half of it, with the rules that weigh most."""
    if one.required <= 0 or one.score < one.required / 2:
        return
    weighty = sorted((test for test in one.tests if test[1] > 0), key=lambda test: (-test[1], test[0]))[:_MOST_TESTS]
    reasons = ", ".join(f"{name} {points:g}" for name, points in weighty) or "no rule by itself"
    message = f"{one.filter} gives {one.score:g} points and calls {one.required:g} spam: {reasons}."
    finding = RULES[0].finding(message, where, one.variant, "See what the filter's documentation says of these rules.")
    yield replace(finding, severity=Severity.ERROR) if one.score >= one.required else finding
