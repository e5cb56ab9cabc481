"""What a segment asks of the database: its condition in SQL, and how the database goes about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Connection, Executable, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from newsletter.model import Segment
from newsletter.store.conditions import condition
from newsletter.store.subscribers import subscribers

_SEARCHED = re.compile(
    r"SEARCH (\w+) USING (?:COVERING )?INDEX (\w+)|Index (?:Only )?Scan(?: Backward)? using (\w+) on (\w+)|"
    r"Bitmap Index Scan on (\w+)"
)
_READ_THROUGH = re.compile(r"SCAN subscribers\b|Seq Scan on subscribers\b")


@dataclass(frozen=True, slots=True)
class Explained:
    """The count as SQL with named places, their values, the database's own plan, and whether an index serves."""

    sql: str
    values: Mapping[str, object]
    plan: tuple[str, ...]
    indexes: tuple[str, ...]
    """Those that narrow down whose rows are looked at."""
    reads_everybody: bool


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: ClauseElement) -> None:
        self.statement = statement


@compiles(_Explain, "sqlite")
def _in_sqlite(element: _Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN QUERY PLAN {compiler.process(element.statement, **options)}"


@compiles(_Explain, "postgresql")
def _in_postgresql(element: _Explain, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXPLAIN {compiler.process(element.statement, **options)}"


def explain(connection: Connection, segment: Segment) -> Explained:
    """How the database would count those the segment picks; nothing is counted."""
    query = select(func.count()).select_from(subscribers).where(condition(segment))
    spelling: Any = type(connection.dialect)
    compiled = query.compile(dialect=spelling(paramstyle="named"), compile_kwargs={"render_postcompile": True})
    plan = tuple(str(row[-1]) for row in connection.execute(_Explain(query)))
    indexes = [found[2] or found[3] or found[5] for found in _SEARCHED.finditer("\n".join(plan))]
    return Explained(
        sql=" ".join(str(compiled).split()),
        values=dict(compiled.params),
        plan=plan,
        indexes=tuple(dict.fromkeys(indexes)),
        reads_everybody=bool(_READ_THROUGH.search("\n".join(plan))),
    )
