"""Who must not be mailed: addresses, whole domains, and people who were erased, each with a reason and a scope.

A suppression holds for everything, or for one audience only. Somebody who was erased is kept as a keyed hash of the
address (BLAKE2b with a key of this database): enough to know them should a file bring them back, and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    LargeBinary,
    String,
    Subquery,
    Table,
    and_,
    case,
    delete,
    func,
    literal,
    select,
)

from newsletter.model import EVERYTHING, Suppression, SuppressionKind
from newsletter.store.columns import UtcDateTime, domain_of, insert_into, metadata

suppressions = Table(
    "suppressions",
    metadata,
    Column("kind", String, primary_key=True),
    Column("value", String, primary_key=True),
    Column("scope", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("source", String, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_with_rowid=False,
)

# Made when they are first needed, and kept: what was hashed with a key is known again only with the same key.
secret_keys = Table(
    "secret_keys",
    metadata,
    Column("name", String, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

_ERASURE_KEY = "erasure"
_LOOKUP_CHUNK = 500


def add(connection: Connection, entries: Sequence[Suppression]) -> int:
    """Suppress these; the number that were not suppressed before. An earlier reason stays."""
    rows = [
        {
            "kind": one.kind.value,
            "value": one.value,
            "scope": one.scope,
            "reason": one.reason,
            "source": one.source,
            "created_at": one.created_at,
        }
        for one in entries
    ]
    if not rows:
        return 0
    statement = insert_into(connection, suppressions).on_conflict_do_nothing().returning(suppressions.c.value)
    return len(connection.execute(statement, rows).all())


def remove(connection: Connection, kind: SuppressionKind, values: Sequence[str], scope: str = EVERYTHING) -> int:
    """Lift the suppressions of exactly these values in this scope; how many there were."""
    statement = delete(suppressions).where(suppressions.c.kind == kind.value, suppressions.c.scope == scope)
    return sum(connection.execute(statement.where(suppressions.c.value == value)).rowcount for value in values)


def scopes(connection: Connection, kind: SuppressionKind, value: str) -> list[str]:
    """Where exactly this value is suppressed: audiences, or everything."""
    query = select(suppressions.c.scope).where(suppressions.c.kind == kind.value, suppressions.c.value == value)
    return list(connection.execute(query.order_by(suppressions.c.scope)).scalars())


def every(connection: Connection) -> list[Suppression]:
    """All suppressions, in the order of what is suppressed."""
    order = (suppressions.c.value, suppressions.c.kind, suppressions.c.scope)
    return [_read(row) for row in connection.execute(select(suppressions).order_by(*order)).mappings()]


def how_many(connection: Connection) -> int:
    """The number of suppressions."""
    return connection.execute(select(func.count()).select_from(suppressions)).scalar_one()


def reason(address_key: ColumnElement[str], scope: str | ColumnElement[str]) -> ColumnElement[str | None]:
    """Why this address is suppressed when the audience `scope` is mailed, or NULL: a part of a query over a few rows.

    The address's own suppression is told before its domain's, and one of everything before that of the audience.
    """

    own = _looked_up(SuppressionKind.ADDRESS, address_key, scope)
    return func.coalesce(own, _looked_up(SuppressionKind.DOMAIN, domain_of(address_key), scope))


def reason_of(connection: Connection, address_key: str, scope: str) -> str:
    """Why this one address may not be mailed when the audience `scope` is; empty when it may."""
    if erased(connection, [address_key]):
        return "erased"
    return connection.execute(select(reason(literal(address_key), scope))).scalar_one() or ""


def reasons(connection: Connection, scope: str, keys: FromClause) -> list[Subquery]:
    """`id` and `reason` of those rows of `keys` (id, address_key) that are suppressed: for whole audiences.

    One part of a query by address, which starts from the suppressions because they are few, and one by domain while
    any domain is suppressed: it alone has to look at every address.
    """
    parts = [_reasons(SuppressionKind.ADDRESS, keys.c.address_key, scope, keys)]
    domains = select(suppressions.c.value).where(suppressions.c.kind == SuppressionKind.DOMAIN.value).limit(1)
    if connection.execute(domains).first() is not None:
        parts.append(_reasons(SuppressionKind.DOMAIN, domain_of(keys.c.address_key), scope, keys))
    return parts


def _reasons(kind: SuppressionKind, value: ColumnElement[str], scope: str, keys: FromClause) -> Subquery:
    holds = and_(
        suppressions.c.kind == kind.value,
        suppressions.c.scope.in_([EVERYTHING, scope]),
        suppressions.c.value == value,
    )
    of_everything = func.min(case((suppressions.c.scope == EVERYTHING, suppressions.c.reason)))
    told = func.coalesce(of_everything, func.min(suppressions.c.reason)).label("reason")
    query = select(keys.c.id, told).select_from(suppressions.join(keys, holds))
    return query.group_by(keys.c.id).subquery(f"by_{kind.value}")


def _looked_up(
    kind: SuppressionKind, value: ColumnElement[str], scope: str | ColumnElement[str]
) -> ColumnElement[str | None]:
    table = suppressions.alias()
    holds = and_(table.c.kind == kind.value, table.c.value == value, table.c.scope.in_([EVERYTHING, scope]))
    return select(table.c.reason).where(holds).order_by(table.c.scope).limit(1).scalar_subquery()


# ── people who were erased ──────────────────────────────────────────────────────────────────────────────────────────


def any_erased() -> ColumnElement[bool]:
    """Whether anybody ever asked to be forgotten: a part of a query."""
    return select(suppressions.c.value).where(suppressions.c.kind == SuppressionKind.HASH.value).exists()


def erased(connection: Connection, address_keys: Sequence[str]) -> set[str]:
    """Those of the addresses whose people asked to be forgotten: no import may bring them back."""
    kept = suppressions.c.kind == SuppressionKind.HASH.value
    if connection.execute(select(suppressions.c.value).where(kept).limit(1)).first() is None:
        return set()
    key = _erasure_key(connection)
    by_hash = {_keyed_hash(one, key): one for one in address_keys}
    found: set[str] = set()
    hashes = list(by_hash)
    for start in range(0, len(hashes), _LOOKUP_CHUNK):
        chosen = suppressions.c.value.in_(hashes[start : start + _LOOKUP_CHUNK])
        found |= {
            by_hash[one] for one in connection.execute(select(suppressions.c.value).where(kept, chosen)).scalars()
        }
    return found


def erasures(connection: Connection) -> Callable[[str], bool] | None:
    """Says of an address key whether its person asked to be forgotten, as of now; None when nobody ever did."""
    table = suppressions
    hashed = set(connection.execute(select(table.c.value).where(table.c.kind == SuppressionKind.HASH.value)).scalars())
    if not hashed:
        return None
    key = _erasure_key(connection)
    return lambda address_key: _keyed_hash(address_key, key) in hashed


def remember_erased(connection: Connection, address_key: str, source: str, now: datetime) -> None:
    """Keep the keyed hash of an address whose person is being erased."""
    hashed = _keyed_hash(address_key, _erasure_key(connection))
    add(connection, [Suppression(hashed, "erased", source, now, SuppressionKind.HASH)])


def forgive_erased(connection: Connection, address_key: str) -> int:
    """Let the person of this address in again, because they asked to be; how many entries there were."""
    return remove(connection, SuppressionKind.HASH, [_keyed_hash(address_key, _erasure_key(connection))])


def _erasure_key(connection: Connection) -> bytes:
    query = select(secret_keys.c.content).where(secret_keys.c.name == _ERASURE_KEY)
    found = connection.execute(query).scalar_one_or_none()
    if found is None:
        values = {"name": _ERASURE_KEY, "content": secrets.token_bytes(32)}
        connection.execute(insert_into(connection, secret_keys).on_conflict_do_nothing(), values)
        found = connection.execute(query).scalar_one()
    return bytes(found)


def _keyed_hash(address_key: str, key: bytes) -> str:
    return blake2b(address_key.encode(), key=key, digest_size=20).hexdigest()


def _read(row: object) -> Suppression:
    values = dict(row)  # type: ignore[call-overload]
    return Suppression(**{**values, "kind": SuppressionKind(values["kind"])})
