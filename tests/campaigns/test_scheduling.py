"""What `--at` means, on days when clocks change too, and the same time by clocks all over the world."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.campaigns.scheduling import is_late, moment, read_schedule, skipping, spread
from newsletter.errors import SettingsError

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ZONES = sorted(available_timezones())
NOTHING = timedelta(0)


def _minutes_until(moment: str) -> int:
    return round((datetime.fromisoformat(moment) - NOW).total_seconds() / 60)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("2026-12-01 09:00", "2026-12-01T08:00"),
        ("2026-12-01 9:00", "2026-12-01T08:00"),
        ("2026-12-01T09:00:30", "2026-12-01T08:00:30"),
        ("2026-12-01 09:00 Asia/Tokyo", "2026-12-01T00:00"),
        ("2026-12-01T09:00Z", "2026-12-01T09:00"),
        ("2026-12-01 09:00 UTC", "2026-12-01T09:00"),
        ("2026-12-01T09:00-05:30", "2026-12-01T14:30"),
        ("2026-12-01 09:00 +0530", "2026-12-01T03:30"),
        ("2027-07-01 09:00", "2027-07-01T07:00"),
        ("2027-11-21 09:00", "2027-11-21T08:00"),
        ("today 13:01", "2026-11-21T12:01"),
        ("tomorrow 9:00", "2026-11-22T08:00"),
        # In Auckland it is the 22nd already.
        ("tomorrow 9:00 Pacific/Auckland", "2026-11-22T20:00"),
    ],
)
def test_a_time_is_meant_by_the_senders_clock_unless_it_names_another(words: str, due: str) -> None:
    assert read_schedule(words, BERLIN, NOW).due == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("2026-11-21 13:00", "is past; it is 2026-11-21 13:00 CET now"),
        ("2026-11-20 09:00", "is past"),
        ("0001-01-01 00:00", "is past"),
        ("2027-11-23 09:00", "more than a year ahead"),
        ("9999-12-31 23:59", "more than a year ahead"),
        ("2026-12-01", "cannot be read. Write it as"),
        ("soon", "cannot be read"),
        ("2026-02-30 09:00", "there is no day 2026-02-30"),
        ("2026-12-01 25:00", "no clock shows 25:00"),
        ("2026-12-01 09:00 Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("2026-12-01 09:00 ../../etc/passwd", "is no time zone"),
        ("2026-12-01 09:00 +99:99", "is no time zone"),
        ("2026-12-01 09:00 PST", "is no time zone"),
    ],
)
def test_what_is_past_or_cannot_be_read_is_refused_with_what_to_write(words: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_schedule(words, BERLIN, NOW)
    assert said in str(refused.value)


@given(st.text(max_size=30))
def test_whatever_is_written_is_a_time_ahead_or_is_refused_in_words(words: str) -> None:
    try:
        assert read_schedule(words, BERLIN, NOW).due > NOW
    except SettingsError as error:
        assert str(error).startswith("--at: ")


def test_a_time_that_the_clocks_skip_is_moved_by_what_they_skip_and_told() -> None:
    found = read_schedule("2027-03-28 02:30", BERLIN, NOW)
    assert found.due == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert found.note == "The clocks skip 02:30 on 2027-03-28: it is sent at 2027-03-28 03:30 CEST."


def test_of_a_time_that_comes_twice_the_first_is_meant_and_the_second_can_be_written() -> None:
    now = datetime(2026, 10, 1, tzinfo=UTC)
    found = read_schedule("2026-10-25 02:30", BERLIN, now)
    assert found.due == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.note.endswith("Write 2026-10-25T02:30+01:00 for the second.")
    second = read_schedule("2026-10-25T02:30+01:00", BERLIN, now)
    assert (second.due - found.due, second.note) == (timedelta(hours=1), "")


def test_with_local_time_no_other_zone_can_be_named() -> None:
    with pytest.raises(SettingsError, match="leave 'Asia/Tokyo' out"):
        read_schedule("2026-12-01 09:00 Asia/Tokyo", BERLIN, NOW, local=True)


@given(st.integers(0, 60 * 24 * 365), st.sampled_from(ZONES))
def test_in_every_zone_the_clock_shows_the_time_or_skips_it(minutes: int, zone: str) -> None:
    wall = (NOW + timedelta(minutes=minutes)).replace(tzinfo=None)
    there = moment(wall, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    before = there - timedelta(days=1)
    skipped = there.utcoffset() != before.utcoffset() and there.replace(tzinfo=None) > wall
    assert there.replace(tzinfo=None) == wall or skipped


@settings(deadline=None)  # all zones of the world are read for the first example
@given(st.integers(1, 60 * 24 * 300))
@example(_minutes_until("2027-03-28T01:30+01:00"))  # Antarctica/Troll skips from 01:00 to 03:00
@example(_minutes_until("2027-04-04T01:45+02:00"))  # Australia/Lord_Howe shows 01:30 to 02:00 twice
def test_everybody_gets_it_by_their_own_clock_and_nobody_in_the_past(minutes: int) -> None:
    wall = (NOW + timedelta(minutes=minutes)).astimezone(BERLIN).replace(tzinfo=None)
    schedule = read_schedule(f"{wall:%Y-%m-%d %H:%M}", BERLIN, NOW, local=True)
    found = spread(schedule, ZONES, NOW)
    assert set(found) == set(ZONES)
    for zone, due in found.items():
        assert due > NOW
        shown = due.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        assert shown.date() - wall.date() in (timedelta(0), timedelta(days=1))
        meant = datetime.combine(shown.date(), wall.time(), ZoneInfo(zone))
        # Clocks that skip the time show as much more as they skip: an hour, half of one, two (PEP 495).
        skipped = max((meant.replace(fold=1).utcoffset() or NOTHING) - (meant.utcoffset() or NOTHING), NOTHING)
        assert shown == meant.replace(tzinfo=None) + skipped, zone


def test_where_the_time_has_passed_already_they_get_it_on_the_next_day() -> None:
    schedule = read_schedule("2026-11-21 14:00", BERLIN, NOW, local=True)
    found = spread(schedule, ["Europe/Berlin", "Asia/Tokyo", "America/New_York", "", "Nowhere/At_All"], NOW)
    assert found == {
        "Europe/Berlin": datetime(2026, 11, 21, 13, tzinfo=UTC),
        "Asia/Tokyo": datetime(2026, 11, 22, 5, tzinfo=UTC),
        "America/New_York": datetime(2026, 11, 21, 19, tzinfo=UTC),
        "": datetime(2026, 11, 21, 13, tzinfo=UTC),
        "Nowhere/At_All": datetime(2026, 11, 21, 13, tzinfo=UTC),
    }


def test_zones_whose_clocks_skip_the_time_are_named_with_what_they_show_then() -> None:
    # On 2027-03-28 Berlin goes from 02:00 to 03:00, Troll from 01:00 to 03:00; on 2027-03-29 nobody there skips.
    zones = ["Europe/Berlin", "Antarctica/Troll", "Asia/Tokyo", "", "Nowhere/Land"]
    schedule = read_schedule("2027-03-28 02:30", BERLIN, NOW, local=True)
    shown = {
        "Europe/Berlin": time(3, 30),
        "Antarctica/Troll": time(4, 30),
        "": time(3, 30),
        "Nowhere/Land": time(3, 30),
    }
    assert skipping(schedule, spread(schedule, zones, NOW)) == shown
    assert not skipping(schedule, spread(schedule, ["Europe/Berlin"], datetime(2027, 3, 28, 12, tzinfo=UTC)))


def test_by_everybodys_own_clock_no_offset_is_advised() -> None:
    found = read_schedule("2026-10-25 02:30", BERLIN, datetime(2026, 10, 1, tzinfo=UTC), local=True)
    assert found.note == "The clocks show 02:30 twice on 2026-10-25: it is sent the first time (CEST)."


def test_a_schedule_is_late_only_once_it_is_older_than_the_most() -> None:
    most = timedelta(hours=6)
    assert not is_late(NOW - most, NOW, most)
    assert is_late(NOW - most - timedelta(seconds=1), NOW, most)
    assert not is_late(NOW + most, NOW, most), "a clock that was set back makes nothing late"
