"""What is held on a person, told and erased (GDPR, articles 15 and 17).

The database is reached all through, and so are the lists of rejected rows that imports wrote. What else lies outside
is looked for and named, never touched: subscriber files, messages in the outbox, copies from before an upgrade. What
was handed to a provider, and backups, nobody here can see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from csv import Error
from dataclasses import dataclass
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from newsletter.audience.addresses import parse_address
from newsletter.audience.imports import REJECTED_FOLDER
from newsletter.audience.rejected import erase_person
from newsletter.pipeline.workspace import Workspace, now, open_store
from newsletter.store import personal
from newsletter.store.database import Database
from newsletter.store.personal import Held
from newsletter.store.upgrading import copies


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased from the database, and where else the person may still be found."""

    held: Held
    not_reached: tuple[Path, ...]
    rejected_rows: int = 0
    """Rows taken out of the lists of rejected rows that imports wrote."""


def export(workspace: Workspace, text: str) -> dict[str, Any]:
    """All that is held on the person with this address, as one JSON document with the consent in plain sight."""
    address = parse_address(text)
    with open_store(workspace) as database:
        with database.connect() as connection:
            held = personal.held_on(connection, address.key)
        elsewhere = _elsewhere(workspace, database, address.key, held)
    person = _plain(held.subscriber) if held.subscriber else None
    consent = (
        {name: person.pop(f"consent_{name}") for name in ("at", "method", "source", "version")} if person else None
    )
    return {
        "address": held.subscriber["address"] if held.subscriber else address.mailed,
        "exported_at": now().isoformat(),
        "subscriber": person,
        "consent": consent,
        "files": [_plain(one) for one in held.files],
        "deliveries": [_plain(one) for one in held.deliveries],
        "events": [_plain(one) for one in held.events],
        "suppressions": [_plain(one) for one in held.suppressions],
        "erased_before": held.erased,
        "also_in": [str(path) for path in elsewhere],
    }


def forget(workspace: Workspace, text: str) -> Forgotten:
    """Erase the person with this address from the database, and keep them from coming back with a file."""
    address = parse_address(text)
    with open_store(workspace) as database:
        with database.begin() as connection:
            held = personal.erase(connection, address.key, now())
        database.compact()
        rejected = sum(_erased_rows(path, address.key) for path in sorted(_rejected(workspace)))
        return Forgotten(held, tuple(_elsewhere(workspace, database, address.key, held)), rejected)


def _rejected(workspace: Workspace) -> Iterable[Path]:
    return (workspace.root / REJECTED_FOLDER).glob("*-rejected.csv")


def _erased_rows(path: Path, address_key: str) -> int:
    """How many rows of the file named the person and are gone; a file that somebody wrote over is named instead."""
    try:
        return erase_person(path, address_key)
    except (OSError, ValueError, Error):
        return 0


def _elsewhere(workspace: Workspace, database: Database, address_key: str, held: Held) -> list[Path]:
    """Files outside the database that hold the person for certain, and copies of the database that may."""
    found = [path for path in _texts(workspace) if _names(path, address_key)]
    outbox = workspace.root / workspace.settings.provider.path
    for one in held.deliveries:
        found += outbox.glob(f"*/{one['delivery_id'][:2]}/{one['delivery_id']}.eml") if one["delivery_id"] else ()
    return found + (copies(database.path) if database.path else [])


def _texts(workspace: Workspace) -> Iterable[Path]:
    for folder, pattern in (("audiences", "*"), ("build", "**/*.csv"), ("build", "**/*.csv.unfinished")):
        yield from sorted(path for path in (workspace.root / folder).glob(pattern) if path.is_file())


def _names(path: Path, address_key: str) -> bool:
    """Whether the file holds the address, whole and in any case of its letters. A packed spreadsheet is not looked
    into."""
    whole = rb"(?<![a-z0-9._%+-])" + re.escape(address_key.encode()) + rb"(?![a-z0-9-]|\.[a-z0-9])"
    try:
        with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
            return re.search(whole, content, re.IGNORECASE) is not None
    except (OSError, ValueError):  # an empty file cannot be mapped
        return False


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """The row as JSON has it, without the numbers that only the database needs."""
    inner = ("id", "campaign_id", "subscriber_id", "address_key")
    return {name: _value(value) for name, value in row.items() if name not in inner}


def _value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
