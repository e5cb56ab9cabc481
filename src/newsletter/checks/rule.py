"""What a check says of itself: the rules it can break, how grave each is by default, and why."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.model import Finding, Severity, Where


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong.

    `about` is a paragraph for people: what it means to readers, and its source. `severity` None: off until somebody
    turns it on under `checks:` in newsletter.yaml. `clients` are the ids of the mail clients it is about, when it is
    about some alone.
    """

    name: str
    severity: Severity | None
    about: str
    clients: tuple[str, ...] = ()

    def finding(self, message: str, where: Where, variant: str = "", fix: str = "") -> Finding:
        """A finding of this rule."""
        return Finding(self.name, self.severity or Severity.WARNING, message, where, variant, fix)


def warning(name: str, about: str, clients: tuple[str, ...] = ()) -> Rule:
    """A rule that warns by default."""
    return Rule(name, Severity.WARNING, about, clients)


def error(name: str, about: str) -> Rule:
    """A rule that stops a send by default."""
    return Rule(name, Severity.ERROR, about)
