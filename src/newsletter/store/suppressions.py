"""Addresses that must not be mailed, each with a reason and where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, select
from sqlalchemy.dialects.sqlite import insert

from newsletter.store.database import UtcDateTime, metadata

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_key", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("source", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address (in the form that counts for uniqueness) that gets no mail."""

    address_key: str
    reason: str
    source: str
    created_at: datetime


def add(connection: Connection, entries: Sequence[Suppression]) -> int:
    """Suppress these addresses; the number that were not suppressed before. An earlier reason stays."""
    added = 0
    for entry in entries:
        values = {
            "address_key": entry.address_key,
            "reason": entry.reason,
            "source": entry.source,
            "created_at": entry.created_at,
        }
        added += connection.execute(insert(suppressions).values(values).on_conflict_do_nothing()).rowcount
    return added


def every(connection: Connection) -> list[Suppression]:
    """All suppressions, in the order of the address."""
    rows = connection.execute(select(suppressions).order_by(suppressions.c.address_key))
    return [Suppression(row.address_key, row.reason, row.source, row.created_at) for row in rows]
