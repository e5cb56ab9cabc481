"""Values read back as they were, and one digest tells any two of them apart."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Article, Block, Context, Finding, Image, MergeField, Severity, Where
from newsletter.records import Digester, NotPlain, from_record, to_record

_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates() | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(), inner)
    ),
    max_leaves=12,
)


def _nothing_aside(name: str) -> Any:
    raise AssertionError(name)


def _back(value: object) -> Any:
    return from_record(to_record(value), _nothing_aside)


@given(_PLAIN)
def test_what_front_matter_can_hold_reads_back_as_it_was(value: object) -> None:
    back = _back(value)
    assert back == value
    assert type(back) is type(value)


@given(_PLAIN, _PLAIN)
def test_two_values_have_one_digest_only_when_they_read_the_same(one: object, other: object) -> None:
    same_digest = Digester().digest(one) == Digester().digest(other)
    assert same_digest == (to_record(_as_lists(one)) == to_record(_as_lists(other)))


def _as_lists(value: object) -> object:
    """The value with tuples as lists: a template sees no difference."""
    if isinstance(value, (list, tuple)):
        return [_as_lists(one) for one in value]
    return {key: _as_lists(one) for key, one in value.items()} if isinstance(value, dict) else value


def test_an_article_reads_back_as_it_was() -> None:
    where = Where("issues/tides/tides.md", 3)
    article = Article(
        where=where,
        title="Tides",
        body=(
            Block("prose", {"html": "<p>High</p>", "cells": ((), (Block("divider", {}, where),))}, where, ("cook",)),
        ),
        tags=("sea",),
        extra={"when": date(2026, 3, 2), "at": datetime(2026, 3, 2, 9, tzinfo=UTC), "list": [1, {"a": None}]},
        findings=(Finding("furniture", Severity.WARNING, "dropped", where),),
    )
    assert _back((article, MergeField("mf1h", "recipient.x", Context.HTML, where))) == (
        article,
        MergeField("mf1h", "recipient.x", Context.HTML, where),
    )


def test_every_field_of_a_picture_counts_and_its_bytes_by_their_digest() -> None:
    digest = Digester().digest
    picture = Image("a.svg", "d1", "image/svg+xml", 2, 3, b"<svg/>")
    others = [
        Image("b.svg", "d1", "image/svg+xml", 2, 3, b"<svg/>"),
        Image("a.svg", "d2", "image/svg+xml", 2, 3, b"<svg/>"),
        Image("a.svg", "d1", "image/png", 2, 3, b"<svg/>"),
        Image("a.svg", "d1", "image/svg+xml", 3, 2, b"<svg/>"),
        Image("a.svg", "d1", "image/svg+xml", 2, 3, b"<svg/>", "https://example.org"),
    ]
    assert len({digest(one) for one in (picture, *others)}) == 6


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"is": "Path", "of": []}',
        '{"is": "Where", "of": []}',
        '{"is": "Severity", "value": "x"}',
        '{"is": "datetime", "value": 1}',
        '{"what": 1}',
        "[" * 100_000,
    ],
)
def test_a_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(NotPlain):
        from_record(text, _nothing_aside)


def test_a_thing_without_a_plain_form_is_refused() -> None:
    for refused in (lambda: to_record(object()), lambda: Digester().digest(object())):
        with pytest.raises(NotPlain):
            refused()
