"""Ids, places in files, and names that mean something everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

SubscriberId = NewType("SubscriberId", int)


CampaignId = NewType("CampaignId", int)


DeliveryId = NewType("DeliveryId", str)
"""Opaque: derived from the campaign's secret and the subscriber's number, no personal data in it."""


DEFAULT = "default"
"""The variant, and the pretended profession, of everybody whose profession has no variant of its own."""


UNMATCHED = "unmatched"
"""In a segment: the subscribers whose job title matched no profession."""


LAYOUT_WIDTH = 600
"""The width of the email's page in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file a person wrote: a path relative to the workspace, and a line (0 when there is none)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


NOWHERE = Where("")
"""The place of what stands in no file."""
