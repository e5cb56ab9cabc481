"""Caps, warm-up and quiet hours: how many messages may leave, and when the next."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.delivery.limits import Allowance, Limits, Sent, allowance, quiet_from, quiet_until

NOW = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def test_without_limits_anything_goes() -> None:
    assert allowance(Limits(), Sent(last_hour=10**6, today=10**7), NOW) == Allowance(None)


def test_the_tightest_limit_counts() -> None:
    found = allowance(Limits(hourly=1000, daily=5000), Sent(last_hour=300, today=4900), NOW)
    assert found.messages == 100
    assert found.reason == "5,000 a day"


def test_a_used_up_hour_says_when_its_first_message_is_an_hour_old() -> None:
    oldest = NOW - timedelta(minutes=40)
    found = allowance(Limits(hourly=100), Sent(last_hour=120, oldest_in_hour=oldest), NOW)
    assert found == Allowance(0, NOW + timedelta(minutes=20), "100 an hour")


def test_a_used_up_day_ends_at_midnight_where_the_sender_lives() -> None:
    found = allowance(Limits(daily=10, zone=BERLIN), Sent(today=10), NOW)
    assert found.until == datetime(2026, 3, 11, tzinfo=BERLIN)


def test_a_day_of_23_hours_still_ends_at_midnight() -> None:
    before = datetime(2026, 3, 29, 0, 30, tzinfo=BERLIN)
    assert allowance(Limits(daily=1, zone=BERLIN), Sent(today=1), before).until == datetime(2026, 3, 30, tzinfo=BERLIN)


@pytest.mark.parametrize(("day", "cap"), [(1, 50), (2, 100), (3, 100), (4, 500), (5, None)])
def test_the_warm_up_allows_more_with_each_day_and_then_everything(day: int, cap: int | None) -> None:
    limits = Limits(warmup={1: 50, 2: 100, 4: 500})
    sent = Sent(first=NOW - timedelta(days=day - 1))
    assert allowance(limits, sent, NOW).messages == cap


def test_a_warm_up_begins_with_the_first_message_ever() -> None:
    assert allowance(Limits(warmup={1: 50, 2: 100}), Sent(), NOW).messages == 50


@pytest.mark.parametrize(
    ("clock", "until"),
    [
        ("21:59", None),
        ("22:00", "2026-03-11 07:00"),
        ("23:30", "2026-03-11 07:00"),
        ("06:59", "2026-03-10 07:00"),
        ("07:00", None),
    ],
)
def test_quiet_hours_over_midnight(clock: str, until: str | None) -> None:
    limits = Limits(quiet=(time(22), time(7)), zone=BERLIN)
    here = datetime.combine(NOW.date(), time.fromisoformat(clock), BERLIN)
    expected = datetime.fromisoformat(until).replace(tzinfo=BERLIN) if until else None
    assert quiet_until(limits, here) == expected
    if expected:
        assert allowance(limits, Sent(), here) == Allowance(0, expected, "quiet hours")


def test_quiet_hours_at_noon() -> None:
    limits = Limits(quiet=(time(12), time(13)))
    assert quiet_until(limits, NOW.replace(hour=12, minute=10)) == NOW.replace(hour=13, minute=0)
    assert quiet_until(limits, NOW) is None


def test_the_next_quiet_hours_are_today_or_tomorrow() -> None:
    limits = Limits(quiet=(time(22), time(7)), zone=BERLIN)
    assert quiet_from(limits, NOW) == datetime(2026, 3, 10, 22, tzinfo=BERLIN)
    assert quiet_from(limits, NOW.replace(hour=22)) == datetime(2026, 3, 11, 22, tzinfo=BERLIN)
    assert quiet_from(Limits(), NOW) is None
