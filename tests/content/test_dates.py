"""A date means a day, however people write it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.articles import read_article
from newsletter.content.dates import moment, two_days
from newsletter.content.images import ImageFinder
from newsletter.errors import FileProblems


@pytest.mark.parametrize(
    "written",
    [
        *("2024-05-06", "2024-5-6", "2024/05/06", "2024.5.6", "20240506", "2024-05-06T10:20", "2024-05-06 10:20"),
        *("2024-05-06 10:20:00 -0700", "2024-05-06T23:59:59.123+02:00", "2024-05-06T10:20:00Z", "2024-05-06 10:20 UTC"),
        *(
            "May 6, 2024",
            "May 6th, 2024",
            "may 6 2024",
            "6 May 2024",
            "6th of May 2024",
            "Mon, 06 May 2024 10:20:00 GMT",
        ),
        *("Monday, May 6, 2024", "May. 6, 2024 at 9:05 pm", "Mon May  6 10:20:00 2024", "6-May-2024", "6.5.2024"),
        *("06.05.2024", "6. Mai 2024", "Montag, 6. Mai 2024", "6 mai 2024", "6 de mayo de 2024", "6 May 2024 10:20 AM"),
    ],
)
def test_the_usual_forms_mean_their_day(written: str) -> None:
    found = moment(written)
    assert found is not None
    assert found.date() == date(2024, 5, 6)


def test_the_time_and_its_offset_are_read() -> None:
    assert moment("2024-05-06 10:20:30 -0700") == datetime(2024, 5, 6, 17, 20, 30, tzinfo=UTC)
    assert moment("6 May 2024 12:05 AM") == datetime(2024, 5, 6, 0, 5, tzinfo=UTC)
    assert moment("6 May 2024 12:05 p.m.") == datetime(2024, 5, 6, 12, 5, tzinfo=UTC)
    assert moment(datetime(2024, 5, 6, 10, tzinfo=UTC).replace(tzinfo=None)) == datetime(2024, 5, 6, 10, tzinfo=UTC)
    assert moment(date(2024, 5, 6)) == datetime(2024, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("name", "März march mars marzo Dezember décembre diciembre août Ago. sept Févr. jul".split())
def test_months_are_known_in_four_languages(name: str) -> None:
    assert moment(f"2 {name} 2024") is not None


@pytest.mark.parametrize(
    "written",
    [
        *("yesterday", "", "2024", "May 2024", "2024-05", "spring 2024", "2024-02-30", "February 30, 2024", "25:00"),
        *("2024-05-06 (updated)", "05/06/2024", "6 Foo 2024", "31/31/2024", "2024-05-06 25:00", "1" * 5_000),
    ],
)
def test_what_is_no_day_or_two_is_none(written: str) -> None:
    assert moment(written) is None


def test_slashes_are_read_where_only_one_day_is_possible() -> None:
    for written in ("13/05/2024", "05/13/2024", "13-05-2024 10:20"):
        found = moment(written)
        assert found is not None
        assert found.date() == date(2024, 5, 13)
    assert moment("05/05/2024") == datetime(2024, 5, 5, tzinfo=UTC)
    assert two_days("05/06/2024") == ("2024-06-05", "2024-05-06")
    assert two_days("13/05/2024") == two_days("05/05/2024") == two_days("x") == ()


@given(st.dates(date(1970, 1, 1), date(9000, 1, 1)), st.times(), st.integers(-12, 14))
def test_what_iso_8601_writes_is_read_back(day: date, clock: time, hours: int) -> None:
    aware = datetime.combine(day, clock.replace(microsecond=0), timezone(timedelta(hours=hours)))
    assert moment(aware.isoformat()) == moment(aware.isoformat(" ")) == aware


@given(st.text())
def test_no_text_is_too_odd_to_be_looked_at(written: str) -> None:
    found = moment(written)
    assert found is None or found.tzinfo is not None


def _dated(tmp_path: Path, written: str) -> tuple[str, list[str]]:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntitle: T\ndate: {written}\n---\nWords.\n", "utf-8")
    article = read_article(path, "a.md", ImageFinder(tmp_path, []), "").article
    return article.date, [f"{one.where.line} {one.rule}: {one.message}" for one in article.findings]


def test_an_article_s_date_is_a_day_or_stands_as_written_and_is_told(tmp_path: Path) -> None:
    assert _dated(tmp_path, "2024-05-06 10:20:00 -0700") == ("2024-05-06", [])
    assert _dated(tmp_path, "May 6, 2024") == ("2024-05-06", [])
    assert _dated(tmp_path, "2024-05-06") == ("2024-05-06", [])
    assert _dated(tmp_path, "") == ("", [])
    assert _dated(tmp_path, "yesterday") == (
        "yesterday", ["3 date: 'yesterday' is not read as a day and stands as it is written. Write it as 2026-03-02."]
    )  # fmt: skip
    assert _dated(tmp_path, "05/06/2024") == (
        "05/06/2024",
        ["3 date: '05/06/2024' can mean two days and stands as it is written. Write 2024-06-05 or 2024-05-06."],
    )


def test_a_date_of_another_kind_is_refused_at_its_line(tmp_path: Path) -> None:
    for written in ("[2024-05-06]", "{a: b}", "true"):
        with pytest.raises(FileProblems, match=r"^a\.md:3: 'date' must be a date such as 2026-03-02\.$"):
            _dated(tmp_path, written)
