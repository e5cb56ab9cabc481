"""People put straight into the database, for tests of what comes after an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from newsletter.model import SubscriberStatus
from newsletter.store.subscribers import memberships, sources, subscribers


@dataclass(frozen=True, slots=True)
class Person:
    """A row of the table of subscribers, before it has a number."""

    address: str
    address_key: str
    first_name: str
    last_name: str
    profession_title: str
    profession: str
    country: str
    language: str
    status: SubscriberStatus
    attributes: Mapping[str, str]
    time_zone: str = ""
    tags: tuple[str, ...] = ()
    consent_at: datetime | None = None
    consent_method: str = ""
    consent_source: str = ""
    consent_version: str = ""


def put_people(connection: Connection, people: Sequence[Person], source: str, now: datetime) -> None:
    """These people as rows, and as brought by `source`; whoever is known under an address is overwritten."""
    for person in people:
        values = {**asdict(person), "status": person.status.value, "tags": list(person.tags), "changed_at": now}
        mine = subscribers.c.address_key == person.address_key
        number = connection.execute(select(subscribers.c.id).where(mine)).scalar_one_or_none()
        if number is None:
            added = connection.execute(insert(subscribers).values(**values, created_at=now)).inserted_primary_key
            assert added is not None
            number = added[0]
        else:
            connection.execute(update(subscribers).where(mine).values(**values))
        held = (memberships.c.source == source) & (memberships.c.subscriber_id == number)
        if connection.execute(select(memberships.c.source).where(held)).first() is None:
            connection.execute(insert(memberships).values(source=source, subscriber_id=number, import_number=1))
    if connection.execute(select(sources.c.source).where(sources.c.source == source)).first() is None:
        row = {"source": source, "fingerprint": "print", "import_number": 1, "imported_at": now}
        connection.execute(insert(sources).values(row))
