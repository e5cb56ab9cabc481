"""Pieces of SQL that SQLite and PostgreSQL spell differently, each with one meaning.

Values stand in them as bound parameters. Letters are compared and changed A to Z only, because SQLite knows no
others; texts are put in order by their code points. Sources: https://sqlite.org/json1.html,
https://sqlite.org/datatype3.html#type_conversions_prior_to_comparison,
https://www.postgresql.org/docs/current/functions-json.html.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, Float

_DAY = "-".join(("[0-9]" * 4, "[0-9]" * 2, "[0-9]" * 2))
Text = ColumnElement[str]


class _Spelt(FunctionElement[Any]):
    """A piece with a template for each dialect; `{0}`, `{1}` … are its parts, `{keys}` those from the third, `{all}`
    all of them."""

    inherit_cache = True
    sqlite: ClassVar[str]
    postgresql: ClassVar[str]


def _filled(template: str, element: _Spelt, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    parts = list(element.clauses)
    found = {f"{{{place}}}": part for place, part in enumerate(parts)}
    for mark, part in found.items():
        if mark in template:
            template = template.replace(mark, compiler.process(part, **options))
    if "{keys}" in template:
        template = template.replace("{keys}", ", ".join(compiler.process(one, **options) for one in parts[2:]))
    if "{all}" in template:
        template = template.replace("{all}", ", ".join(compiler.process(one, **options) for one in parts))
    return template


@compiles(_Spelt, "sqlite")
def _in_sqlite(element: _Spelt, compiler: SQLCompiler, **options: Any) -> str:
    return _filled(element.sqlite, element, compiler, options)


@compiles(_Spelt, "postgresql")
def _in_postgresql(element: _Spelt, compiler: SQLCompiler, **options: Any) -> str:
    return _filled(element.postgresql, element, compiler, options)


class _JsonText(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "json_extract({0}, {1})"
    postgresql = "jsonb_extract_path_text({0}, {keys})"


class _JsonValue(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = (
        "CASE json_type({0}, {1}) WHEN 'text' THEN json_extract({0}, {1}) "
        "WHEN 'integer' THEN CAST(json_extract({0}, {1}) AS TEXT) "
        "WHEN 'real' THEN CAST(json_extract({0}, {1}) AS TEXT) "
        "WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' END"
    )
    postgresql = (
        "CASE WHEN jsonb_typeof(jsonb_extract_path({0}, {keys})) NOT IN ('object', 'array') "
        "THEN jsonb_extract_path_text({0}, {keys}) END"
    )


class _Number(_Spelt):
    # Only a text that is a number all through equals itself as a number.
    type = Float()
    inherit_cache = True
    sqlite = (
        "CASE WHEN {0} NOT GLOB '*[^0-9.+-]*' AND length({0}) <= 15 AND {0} = CAST({0} AS NUMERIC) "
        "THEN CAST({0} AS REAL) END"
    )
    postgresql = (
        "CASE WHEN {0} ~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)$' AND length({0}) <= 15 "
        "THEN CAST({0} AS DOUBLE PRECISION) END"
    )


class _Day(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = f"CASE WHEN {{0}} GLOB '{_DAY}*' THEN substr({{0}}, 1, 10) END"
    postgresql = f"CASE WHEN {{0}} ~ '^{_DAY}' THEN substr({{0}}, 1, 10) END"


class _DayOf(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "substr({0}, 1, 10)"
    postgresql = "to_char({0}, 'YYYY-MM-DD')"


class _Plain(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "{0}"
    postgresql = '({0} COLLATE "C")'


class _Lower(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "lower({0})"
    postgresql = 'lower({0} COLLATE "C")'


class _Upper(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "upper({0})"
    postgresql = 'upper({0} COLLATE "C")'


class _Like(_Spelt):
    # No character escapes another: PostgreSQL's backslash is switched off.
    type = Boolean()
    inherit_cache = True
    sqlite = "({0} LIKE {1})"
    postgresql = '(lower({0} COLLATE "C") LIKE lower({1} COLLATE "C") ESCAPE \'\')'


class _HasTag(_Spelt):
    type = Boolean()
    inherit_cache = True
    sqlite = "EXISTS (SELECT 1 FROM json_each({0}) WHERE json_each.value = {1})"
    postgresql = "({0} @> jsonb_build_array(CAST({1} AS TEXT)))"


class _JsonWithin(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "json({0})"
    postgresql = "{0}"


class _JsonListOfLists(_Spelt):
    type = String()
    inherit_cache = True
    sqlite = "json_group_array(json_array({all}))"
    postgresql = "CAST(json_agg(json_build_array({all})) AS TEXT)"


def json_text(column: ColumnElement[Any], path: tuple[str, ...]) -> Text:
    """The value at that path as a text; what it is when it is no text differs from database to database."""
    return _JsonText(*_parts(column, path))


def json_value(column: ColumnElement[Any], path: tuple[str, ...]) -> Text:
    """The text, number, true or false at that path, as a text; NULL for all else."""
    return _JsonValue(*_parts(column, path))


def _parts(column: ColumnElement[Any], path: tuple[str, ...]) -> list[ColumnElement[Any]]:
    where = "$" + "".join(f".{json.dumps(key, ensure_ascii=False)}" for key in path)
    return [column, literal(where, String), *(literal(key, String) for key in path)]


def number(text: Text) -> ColumnElement[float]:
    """The number the text is; NULL when it is none, or one of more than 15 characters."""
    return _Number(text)


def day(text: Text) -> Text:
    """The day a text begins with, as it stands there; NULL when it begins otherwise."""
    return _Day(text)


def day_of(moment: ColumnElement[Any]) -> Text:
    """The day of a moment, in UTC, as a text."""
    return _DayOf(moment)


def plain(text: Text) -> Text:
    """The text, put in order by code points."""
    return _Plain(text)


def lower(text: Text) -> Text:
    """The text with A to Z in lower case."""
    return _Lower(text)


def upper(text: Text) -> Text:
    """The text with a to z in upper case."""
    return _Upper(text)


def like(text: Text, pattern: Text) -> ColumnElement[bool]:
    """The text has the pattern's shape, whatever the case of A to Z."""
    return _Like(text, pattern)


def has_tag(tags: ColumnElement[Any], tag: Text) -> ColumnElement[bool]:
    """The JSON list holds this text."""
    return _HasTag(tags, tag)


def json_within(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column of JSON where it stands in other JSON."""
    return _JsonWithin(value)


def json_list_of_lists(values: Sequence[ColumnElement[Any]]) -> Text:
    """All rows of a query as the text of one JSON list, a list of these values for each; NULL where there are none."""
    return _JsonListOfLists(*values)
