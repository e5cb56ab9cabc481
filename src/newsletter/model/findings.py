"""What is found in an issue, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from newsletter.model.names import Where


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    """Worth knowing, and nothing that has to be changed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check reports, at the line its author can edit. `variant` is empty when all are affected."""

    rule: str
    severity: Severity
    message: str
    where: Where
    variant: str = ""
    fix: str = ""
    """What to do about it, when the message does not say so already."""
    share: float | None = None
    """At most so much of the audience it concerns, from 0 to 1; None where it is everybody or nobody knows."""
