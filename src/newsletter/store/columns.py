"""The kinds of columns that mean the same on SQLite and on PostgreSQL, and what the two spell differently."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    FromClause,
    Integer,
    LargeBinary,
    MetaData,
    String,
    TypeDecorator,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

metadata = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")
"""A row's number. SQLite counts by itself only in a column that says INTEGER."""

Json = JSON().with_variant(postgresql.JSONB, "postgresql")
"""Objects and lists."""


def as_json(value: object) -> str:
    """JSON with its letters as they are: SQLite finds `größe` only where it is not spelt with escapes."""
    return json.dumps(value, ensure_ascii=False)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes, stored in UTC and without a zone: SQLite keeps none."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


def insert_into(connection: Connection, table: FromClause) -> sqlite.Insert:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing`, which both databases spell alike."""
    make: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return cast(sqlite.Insert, make(table))


class sha256_of(GenericFunction[bytes]):
    """The SHA-256 of a text in UTF-8, as bytes; both databases put them in the same order."""

    type = LargeBinary()
    inherit_cache = True


@compiles(sha256_of)
def _sha256_of_in_sqlite(element: sha256_of, compiler: SQLCompiler, **more: Any) -> str:
    # A function of ours: `database` gives it to every connection.
    return f"newsletter_sha256({compiler.process(element.clauses, **more)})"


@compiles(sha256_of, "postgresql")
def _sha256_of_in_postgresql(element: sha256_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"sha256(convert_to({compiler.process(element.clauses, **more)}, 'UTF8'))"


class domain_of(GenericFunction[str]):
    """What stands after the @ of an address key."""

    type = String()
    inherit_cache = True


@compiles(domain_of)
def _domain_of_in_sqlite(element: domain_of, compiler: SQLCompiler, **more: Any) -> str:
    address = compiler.process(element.clauses, **more)
    return f"substr({address}, instr({address}, '@') + 1)"


@compiles(domain_of, "postgresql")
def _domain_of_in_postgresql(element: domain_of, compiler: SQLCompiler, **more: Any) -> str:
    return f"split_part({compiler.process(element.clauses, **more)}, '@', 2)"
