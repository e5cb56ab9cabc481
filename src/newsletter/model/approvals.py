"""What reviewers have decided, and about what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

Parts = Mapping[str, str]
"""What an issue is made of: a part's name, such as `article roads.md`, → a short digest of it."""


class Decision(StrEnum):
    APPROVED = "approved"
    CHANGES = "changes requested"


@dataclass(frozen=True, slots=True)
class Approval:
    """What a reviewer decided about one content of an issue, and when."""

    by: str
    at: datetime
    decision: Decision
    comment: str
    content_hash: str
    parts: Parts


@dataclass(frozen=True, slots=True)
class Stale:
    """A decision about another content than today's, and what changed since, in words."""

    approval: Approval
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an issue stands: `approvals` and `objections` are about exactly its content now, newest last."""

    content_hash: str
    parts: Parts
    required: int
    approvals: tuple[Approval, ...]
    """One for each reviewer."""
    objections: tuple[Approval, ...]
    """Requests for changes that nobody has met yet."""
    stale: tuple[Stale, ...]
    every: tuple[Approval, ...]
    """All decisions ever made about the issue, oldest first."""

    @property
    def missing(self) -> int:
        """How many more reviewers are needed."""
        return max(self.required - len(self.approvals), 0)

    @property
    def is_approved(self) -> bool:
        """Whether enough reviewers approved this content (at least one), and none asks for changes."""
        return bool(self.approvals) and not self.missing and not self.objections

    @property
    def stops(self) -> bool:
        """Whether this issue may not be sent; where no approval is required, nothing stops it."""
        return self.required > 0 and not self.is_approved

    @property
    def last_approved(self) -> Approval | None:
        """The newest approval of any content."""
        return next((one for one in reversed(self.every) if one.decision is Decision.APPROVED), None)
