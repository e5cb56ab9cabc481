"""A segment's attributes that nobody has → findings at their lines."""

from __future__ import annotations

from newsletter.errors import did_you_mean
from newsletter.model import Finding, Segment, Severity, Where
from newsletter.store import attributes
from newsletter.store.database import Connection

_MOST_NAMES = 30


def unknown_attributes(connection: Connection, segment: Segment) -> tuple[Finding, ...]:
    """A finding at its line for each attribute that the segment asks for and nobody has."""
    unknown = attributes.unknown_attributes(connection, segment)
    if not unknown:
        return ()
    known = attributes.known_attributes(connection, segment)
    listed = (
        f" They have: {', '.join(known[:_MOST_NAMES])}{', …' if len(known) > _MOST_NAMES else ''}." if known else ""
    )
    return tuple(
        Finding(
            rule="unknown-attribute",
            severity=Severity.WARNING,
            message=f"no subscriber has a value for the attribute '{path}' that `{rule.name}` asks for.",
            where=rule.where or Where(""),
            fix=f"{did_you_mean(path, known)}{listed}".strip(),
        )
        for rule, named in unknown
        for path in (".".join(named.path),)
    )
