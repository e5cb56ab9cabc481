"""The rows of a subscriber file on their way into the database: staged, merged, then applied in batches.

A temporary table of one connection holds the whole file first, so that a file which cannot be read to its end changes
nobody, and reading it takes no lock. Then batches of people are added or changed, each in a transaction of its own, and
a last one lets in and lets go those who are new in the file or no longer in it. Whoever is killed in between leaves
whole people and the audience as it was; the same import again ends where the first would have.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Index,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy import (
    cast as as_type,
)

from newsletter.model import SubscriberStatus
from newsletter.store import suppressions
from newsletter.store.columns import UtcDateTime, insert_into
from newsletter.store.database import Database
from newsletter.store.merging import CHANGING, TEXTS, combined
from newsletter.store.subscribers import CONSENT, memberships, sources, subscribers
from newsletter.store.turns import MOST, Turns

_CACHE_KIB = 32_768
_KEYS = 500
_MOST_DIFFERING = 2_000


class StagedRow(NamedTuple):
    """One person as a file gives them, already validated. JSON columns are text, as `as_stored` writes it."""

    address: str
    address_key: str
    first_name: str
    last_name: str
    profession_title: str
    profession: str
    country: str
    language: str
    time_zone: str
    status: str
    tags: str
    attributes: str
    consent_at: str | None
    consent_method: str
    consent_source: str
    consent_version: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the people of a file."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    joined: int = 0
    """How many came into the audience of the file."""
    left: int = 0
    """How many left it, because the file no longer holds them."""

    def __add__(self, other: Applied) -> Applied:
        return Applied(
            self.added + other.added,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.joined + other.joined,
            self.left + other.left,
        )


@dataclass(frozen=True, slots=True)
class Departing:
    """Whom a file would take out of its audience, of those of it who are subscribed now."""

    members: int
    absent: int
    """Those the file does not hold."""
    marked: int
    """Those the file holds, with a status that ends their being mailed."""


_temporary = MetaData()
staged = Table(
    "staged",
    _temporary,
    Column("number", Integer, primary_key=True),
    *(Column(name, subscribers.c[name].type) for name in StagedRow._fields),
    prefixes=["TEMPORARY"],
)
_staged_key = Index("staged_key", staged.c.address_key)
staged.indexes.clear()  # made when all rows are there: much faster than one by one
_joining, _leaving = (
    Table(name, _temporary, Column("subscriber_id", Integer, primary_key=True), prefixes=["TEMPORARY"])
    for name in ("joining", "leaving")
)
_NAMES = ", ".join(StagedRow._fields)
_PUT = f"INSERT INTO staged ({_NAMES}) VALUES ({', '.join('?' * len(StagedRow._fields))})"  # noqa: S608  # no value


def as_stored(value: object) -> str:
    """JSON as the database keeps it: the same value is always the same text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def forget_fingerprints(connection: Connection) -> None:
    """Every file is read again with its next import, though it has not changed."""
    connection.execute(update(sources).values(fingerprint=""))


def imported_fingerprint(connection: Connection, source: str) -> str:
    """What the file was when it was last imported; empty when it never was."""
    query = select(sources.c.fingerprint).where(sources.c.source == source)
    return connection.execute(query).scalar_one_or_none() or ""


@contextmanager
def open_staging(database: Database) -> Iterator[Staging]:
    """A place for the rows of one file; gone afterwards, whatever happened."""
    with database.connect() as connection, _cache_of_its_own(connection):
        try:
            yield Staging(connection)
        finally:
            connection.rollback()
            for table in (staged, _joining, _leaving):
                table.drop(connection, checkfirst=True)
            connection.commit()


@contextmanager
def _cache_of_its_own(connection: Connection) -> Iterator[None]:
    """More than other connections have, for people that lie all over the tables; bounded, whatever the file holds."""
    if connection.dialect.name != "sqlite":
        yield
        return
    before = connection.exec_driver_sql("PRAGMA cache_size").scalar_one()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={int(before)}")


class Staging:
    """The rows of one file in a temporary table of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = 0
        self.is_erased = suppressions.erasures(connection)
        """Whether the person of an address key asked to be forgotten; None when nobody did."""
        _temporary.create_all(connection)

    def put(self, rows: Sequence[StagedRow]) -> None:
        """Take in rows, in the order of the file. A few hundred at a time keep Python's collector from their cells."""
        self._rows += len(rows)
        driver = self._connection.connection.driver_connection
        assert driver is not None
        if self._connection.dialect.name == "postgresql":
            _copy(driver, rows)
        else:
            driver.executemany(_PUT, rows)

    def merge(self) -> int:
        """Make one row of those with one address, by `combined`; the number of rows that went into another."""
        _staged_key.create(self._connection)
        if self._connection.dialect.name == "postgresql":
            self._connection.exec_driver_sql("ANALYZE staged")
        merged, last = 0, ""
        while keys := self._repeated_keys(last):
            last = keys[-1]
            merged += self._merge(keys)
        self._connection.commit()
        return merged

    def unmatched_titles(self) -> dict[str, int]:
        """The file's job titles that matched no profession, with how many people have each, most frequent first."""
        count = func.count().label("people")
        unmatched = and_(staged.c.profession == "", staged.c.profession_title != "")
        query = select(staged.c.profession_title, count).where(unmatched).group_by(staged.c.profession_title)
        rows = self._connection.execute(query.order_by(count.desc(), staged.c.profession_title))
        return {row[0]: row[1] for row in rows}

    def _repeated_keys(self, after: str) -> Sequence[str]:
        key = staged.c.address_key
        query = select(key).where(key > after).group_by(key).having(func.count() > 1).order_by(key).limit(_KEYS)
        return self._connection.execute(query).scalars().all()

    def _merge(self, keys: Sequence[str]) -> int:
        chosen = staged.c.address_key.in_(keys)
        query = select(staged).where(chosen).order_by(staged.c.address_key, staged.c.number)
        found = self._connection.execute(query.execution_options(yield_per=1_000)).mappings()
        rows, seen = [], 0
        for _, group in groupby(found, key=lambda row: row["address_key"]):
            result: dict[str, Any] = {}
            for row in group:
                seen += 1
                given: dict[str, Any] = {**row}
                result = combined(result, given) if result else given
            rows.append(result)
        self._connection.execute(delete(staged).where(chosen))
        self._connection.execute(insert(staged), rows)
        return seen - len(rows)

    def departing(self, source: str) -> Departing:
        """How many of the file's people as of now an import would stop from being mailed; nothing is changed."""
        mailed = and_(memberships.c.source == source, subscribers.c.status == SubscriberStatus.SUBSCRIBED.value)
        members = memberships.join(subscribers, memberships.c.subscriber_id == subscribers.c.id)
        origin = members.outerjoin(staged, staged.c.address_key == subscribers.c.address_key)
        absent = case((staged.c.number.is_(None), 1), else_=0)
        marked = case((_unsubscribes(), 1), else_=0)
        sums = (func.coalesce(func.sum(one), 0) for one in (absent, marked))
        query = select(func.count(), *sums).select_from(origin).where(mailed)
        return Departing(*(int(one) for one in self._connection.execute(query).one()))

    def compare(self, source: str, progress: Callable[[int], None]) -> Applied:
        """What `apply` would do; nothing is changed."""
        total = Applied()
        for start in range(1, self._rows + 1, MOST):
            total += self._batch(start, MOST, None)
            progress(min(start + MOST - 1, self._rows))
        self._find_members(source)
        joined, left = (
            self._connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (_joining, _leaving)
        )
        return total + Applied(joined=joined + total.added, left=left)

    def apply(self, source: str, fingerprint: str, now: datetime, progress: Callable[[int], None]) -> Applied:
        """Add and change the people, a batch at a time; then, at once, who belongs to the file's audience."""
        total, start, turns = Applied(), 1, Turns(self._connection)
        while start <= self._rows:
            people = turns.people
            with turns.writing():
                total += self._batch(start, people, now)
            start += people
            progress(min(start - 1, self._rows))
        self._find_members(source)
        self._connection.commit()
        with turns.writing():
            return total + self._switch(source, fingerprint, now)

    def _batch(self, start: int, people: int, now: datetime | None) -> Applied:
        """So many rows from `start` on: people known are changed, the others added; without `now` only counted."""
        here = and_(staged.c.number >= start, staged.c.number < start + people)
        count = self._connection.execute(select(func.count()).select_from(staged).where(here)).scalar_one()
        updated = self._update(here, now)
        known = exists().where(subscribers.c.address_key == staged.c.address_key)
        fresh = and_(here, ~known)
        if now is None:
            added = self._connection.execute(select(func.count()).select_from(staged).where(fresh)).scalar_one()
        else:
            added = self._add(fresh, now)
        return Applied(added, updated, count - added - updated)

    def _add(self, fresh: ColumnElement[bool], now: datetime) -> int:
        moment = literal(now, UtcDateTime)
        names = StagedRow._fields
        query = select(*(staged.c[name] for name in names), moment, moment).where(fresh).order_by(staged.c.number)
        statement = insert_into(self._connection, subscribers)
        statement = statement.from_select([*names, "created_at", "changed_at"], query, include_defaults=False)
        # Somebody else may be adding the same person right now: they are known then.
        return self._count(statement.on_conflict_do_nothing())

    def _count(self, statement: Executable) -> int:
        """Execute the statement; how many rows it changed."""
        options = {"preserve_rowcount": True}
        return cast(CursorResult[Any], self._connection.execute(statement, execution_options=options)).rowcount

    def _update(self, here: ColumnElement[bool], now: datetime | None) -> int:
        query = _differing().where(here)
        if now is not None:
            query = query.with_for_update(of=subscribers)  # nobody unsubscribes between our look and our change
        found = self._connection.execute(query.execution_options(yield_per=_MOST_DIFFERING))
        updated = 0
        for rows in found.partitions(_MOST_DIFFERING):
            changes = [change for row in rows if (change := _change({**row._mapping})) is not None]
            updated += len(changes)
            if changes and now is not None:
                values = {name: bindparam(f"new_{name}", type_=subscribers.c[name].type) for name in CHANGING}
                statement = update(subscribers).where(subscribers.c.id == bindparam("person"))
                self._connection.execute(statement.values(changed_at=now, **values), changes)
        return updated

    def _find_members(self, source: str) -> None:
        """Who comes into the file's audience and who leaves it, looked up before anything is locked."""
        person, member = subscribers.c.id, memberships.c.subscriber_id
        together = staged.c.address_key == subscribers.c.address_key
        belongs = exists().where(memberships.c.source == source, member == person)
        joining = select(person).select_from(staged.join(subscribers, together)).where(~belongs)
        self._connection.execute(insert(_joining).from_select(["subscriber_id"], joining))
        stays = exists().where(together)
        members = memberships.join(subscribers, member == person)
        leaving = select(member).select_from(members).where(memberships.c.source == source, ~stays)
        self._connection.execute(insert(_leaving).from_select(["subscriber_id"], leaving))

    def _switch(self, source: str, fingerprint: str, now: datetime) -> Applied:
        query = select(sources.c.import_number).where(sources.c.source == source)
        before = self._connection.execute(query).scalar_one_or_none()
        number = (before or 0) + 1
        member = memberships.c.subscriber_id
        gone = delete(memberships).where(memberships.c.source == source, member.in_(select(_leaving.c.subscriber_id)))
        left = self._count(gone)
        come = select(literal(source), _joining.c.subscriber_id, literal(number)).order_by(_joining.c.subscriber_id)
        statement = insert(memberships).from_select(["source", "subscriber_id", "import_number"], come)
        joined = self._count(statement)
        values = {"fingerprint": fingerprint, "import_number": number, "imported_at": now}
        if before is None:
            self._connection.execute(insert(sources).values(source=source, **values))
        else:
            self._connection.execute(update(sources).where(sources.c.source == source).values(values))
        return Applied(joined=joined, left=left)


def _copy(driver: Any, rows: Sequence[StagedRow]) -> None:
    """Rows by PostgreSQL's COPY; only backslashes need care, because no value holds a control character."""
    lines = [
        "\t".join("\\N" if cell is None else str(cell).replace("\\", "\\\\") for cell in row) + "\n" for row in rows
    ]
    with driver.cursor() as cursor, cursor.copy(f"COPY staged ({_NAMES}) FROM STDIN") as copy:
        copy.write("".join(lines))


def _differing() -> Select[Any]:
    """Staged rows beside the people they are about, where something could change. A bit too many are no harm."""
    row, person = staged.c, subscribers.c
    differs = [and_(row[name] != "", row[name] != person[name]) for name in (*TEXTS, *CONSENT[1:])]
    differs += [and_(row.profession_title != "", row.profession != person.profession)]
    differs += [
        and_(as_type(row[name], Text) != empty, as_type(row[name], Text) != as_type(person[name], Text))
        for name, empty in (("tags", "[]"), ("attributes", "{}"))
    ]
    differs += [and_(row.consent_at.is_not(None), or_(person.consent_at.is_(None), row.consent_at > person.consent_at))]
    subscribed = SubscriberStatus.SUBSCRIBED.value
    differs += [and_(row.status != subscribed, row.status != person.status)]
    columns = [row[name].label(f"new_{name}") for name in StagedRow._fields]
    joined = staged.join(subscribers, row.address_key == person.address_key)
    return select(subscribers, *columns).select_from(joined).where(or_(*differs))


def _unsubscribes() -> ColumnElement[bool]:
    """The staged row ends its subscribed person's being mailed; `combined` says the same of one row."""
    row, person = staged.c, subscribers.c
    later = or_(row.consent_at.is_(None), person.consent_at > row.consent_at)
    waits = or_(person.consent_at.is_(None), not_(later))
    may_wait = and_(row.status == SubscriberStatus.PENDING.value, waits)
    settled = (SubscriberStatus.SUBSCRIBED.value, SubscriberStatus.PENDING.value)
    return or_(row.status.not_in(settled), may_wait)


def _change(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """The new values of a person, or None when they are what they were."""
    given = {name: found[f"new_{name}"] for name in StagedRow._fields}
    result = combined(found, given, since=found["created_at"])
    if all(result[name] == found[name] for name in CHANGING):
        return None
    return {"person": found["id"], **{f"new_{name}": result[name] for name in CHANGING}}
