"""The ledger: what is frozen, where each delivery stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.errors import Refused, StoreUnavailable
from newsletter.model import (
    Attribute,
    Campaign,
    Field,
    OneOf,
    Outcome,
    Result,
    Rule,
    Segment,
    State,
    SubscriberStatus,
)
from newsletter.store import campaigns, claiming, freezing, ledger, suppressions
from newsletter.store.database import Database, open_database
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.ledger import Settlement
from newsletter.store.locks import campaign_lock
from tests.people import Person, put_people

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(store_url, tmp_path)
    rows = [_row(number) for number in range(10)]
    with opened.begin() as connection:
        put_people(connection, rows, "a.csv", NOW)
    yield opened
    opened.close()


def _row(number: int) -> Person:
    status = SubscriberStatus.UNSUBSCRIBED if number == 9 else SubscriberStatus.SUBSCRIBED
    name = f"Name{number}" if number else ""
    profession = "nurse" if number < 4 else ""
    return Person(
        f"R{number}@x.org",
        f"r{number}@x.org",
        name,
        "",
        "Nurse",
        profession,
        "US",
        "en",
        status,
        {"points": str(number)},
    )


def _freeze(database: Database, name: str = "spring", segment: Segment | None = None) -> Campaign:
    frozen = FrozenCampaign(
        name,
        "issue",
        "audience",
        "hash",
        {"variant/default": b"x"},
        {"nurse": "nurse"},
        segment or Segment(),
        ("first_name", "profession", "points"),
    )
    with database.begin() as connection:
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, name)
    assert campaign is not None
    return campaign


def _settle(database: Database, number: int, outcome: Outcome, wait: datetime | None = None) -> None:
    with database.begin() as connection:
        ledger.settle(connection, [Settlement(number, outcome, wait)], NOW)


def test_freezing_writes_a_row_per_person_with_variant_values_and_reason(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
        counts = ledger.counts(connection, campaign.id)
        reasons = ledger.reasons(connection, campaign.id)
    assert [one.address for one in claimed] == [f"R{number}@x.org" for number in range(9)]
    assert [one.variant for one in claimed] == ["nurse"] * 4 + ["default"] * 5
    assert claimed[0].recipient == {"profession": "Nurse", "points": "0"}, "an empty value is absent"
    assert claimed[1].recipient == {"first_name": "Name1", "profession": "Nurse", "points": "1"}
    assert (counts.pending, counts.skipped) == (9, 1)
    assert reasons == {(State.SKIPPED, "unsubscribed"): 1}


def test_delivery_ids_are_unique_opaque_and_differ_between_campaigns(database: Database) -> None:
    found = []
    for name in ("one", "two"):
        campaign = _freeze(database, name)
        with database.begin() as connection:
            found += [one.delivery_id for one in claiming.claim(connection, campaign.id, 100, NOW)]
    assert len(set(found)) == 18
    assert all(len(one) == 24 and int(one, 16) for one in found)


def test_a_segment_by_profession_attribute_and_source_picks_exactly_those(database: Database) -> None:
    points = Attribute(("points",))
    rules = (Rule(OneOf(Field("profession"), ("nurse", ""))), Rule(OneOf(points, ("2", "3", "7"))))
    campaign = _freeze(database, segment=Segment(rules, (Rule(OneOf(points, ("3",))),), "a.csv"))
    with database.begin() as connection:
        assert [one.address for one in claiming.claim(connection, campaign.id, 100, NOW)] == ["R2@x.org", "R7@x.org"]
    nobody = _freeze(database, "other", Segment(source="b.csv"))
    with database.begin() as connection:
        assert claiming.claim(connection, nobody.id, 100, NOW) == []


def test_what_is_claimed_is_claimed_once_and_released_again(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        first = claiming.claim(connection, campaign.id, 5, NOW)
        second = claiming.claim(connection, campaign.id, 100, NOW)
        assert claiming.claim(connection, campaign.id, 100, NOW) == []
        ledger.release(connection, campaign.id, NOW)
        assert len(claiming.claim(connection, campaign.id, 100, NOW)) == 9
    assert not {one.number for one in first} & {one.number for one in second}


def test_only_what_was_in_flight_is_in_doubt(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 5, NOW)
        ledger.mark_in_flight(connection, [one.number for one in claimed[:2]], NOW)
        ledger.release(connection, campaign.id, NOW)
        doubtful = ledger.left_in_flight(connection, campaign.id)
    assert [delivery for _, delivery in doubtful] == [one.delivery_id for one in claimed[:2]]


def test_someone_suppressed_or_unsubscribed_since_is_skipped_at_claiming(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        suppressions.add(connection, [suppressions.Suppression("r3@x.org", "asked", "test", NOW)])
        connection.exec_driver_sql("UPDATE subscribers SET status='complained' WHERE address_key='r4@x.org'")
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
        reasons = ledger.reasons(connection, campaign.id)
    assert len(claimed) == 7
    assert reasons[State.SKIPPED, "suppressed: asked"] == 1
    assert reasons[State.SKIPPED, "complained"] == 1


def test_a_whole_batch_of_suppressed_people_does_not_end_the_campaign(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        gone = [suppressions.Suppression(f"r{number}@x.org", "asked", "test", NOW) for number in range(6)]
        suppressions.add(connection, gone)
        assert [one.address for one in claiming.claim(connection, campaign.id, 2, NOW)] == ["R6@x.org", "R7@x.org"]


def test_a_deferred_delivery_waits_for_its_time(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
    later = NOW + timedelta(minutes=5)
    _settle(database, claimed[0].number, Outcome(Result.DEFERRED, "450 later"), later)
    with database.begin() as connection:
        assert claiming.claim(connection, campaign.id, 100, NOW) == []
        assert ledger.next_due(connection, campaign.id) == later
        (again,) = claiming.claim(connection, campaign.id, 100, later)
    assert (again.number, again.attempts) == (claimed[0].number, 1)


def test_an_address_that_does_not_exist_is_suppressed(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
    _settle(database, claimed[2].number, Outcome(Result.REJECTED, "550 5.1.1 no such user", suppress=True))
    with database.connect() as connection:
        assert [one.value for one in suppressions.every(connection)] == ["r2@x.org"]


@pytest.mark.parametrize(("resend", "state"), [(True, State.PENDING), (False, State.SKIPPED)])
def test_a_person_decides_on_the_uncertain(database: Database, resend: bool, state: State) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
    for one in claimed:
        _settle(database, one.number, Outcome(Result.UNCERTAIN if one is claimed[0] else Result.ACCEPTED))
    with database.begin() as connection:
        assert ledger.resolve_uncertain(connection, campaign.id, resend, NOW) == 1
        counts = ledger.counts(connection, campaign.id)
    assert counts.accepted == 8
    assert (counts.pending, counts.skipped) == ((1, 1) if state is State.PENDING else (0, 2))


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(RuntimeError), database.begin() as connection:
        suppressions.add(connection, [suppressions.Suppression("z@x.org", "asked", "test", NOW)])
        raise RuntimeError
    with database.connect() as connection:
        assert suppressions.every(connection) == []


def test_a_campaign_name_is_used_once(database: Database) -> None:
    _freeze(database)
    with pytest.raises(StoreUnavailable):
        _freeze(database)


def test_changes_to_people_after_freezing_do_not_change_what_they_are_sent(database: Database) -> None:
    campaign = _freeze(database)
    changed = replace(_row(1), first_name="Changed", profession="")
    with database.begin() as connection:
        put_people(connection, [changed, _row(11)], "a.csv", NOW)
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
    assert len(claimed) == 9, "someone who came later is not in the campaign"
    assert (claimed[1].recipient["first_name"], claimed[1].variant) == ("Name1", "nurse")


def test_every_merge_value_is_a_text_and_one_that_is_empty_is_absent(database: Database) -> None:
    with database.begin() as connection:
        values = {"clinic": {"size": "small"}, "beds": ["1"], "quote": 'a"b\\c', "none": "", "json": "{}"}
        put_people(connection, [replace(_row(21), attributes=values, country="")], "b.csv", NOW)
        fields = ("country", "clinic", "beds", "quote", "none", "json", "missing")
        frozen = FrozenCampaign("own", "i", "a", "h", {"v": b"x"}, {}, Segment(source="b.csv"), fields)
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, "own")
        assert campaign is not None
        (claimed,) = claiming.claim(connection, campaign.id, 100, NOW)
        alone = freezing.recipient_of(connection, "r21@x.org", fields)
    spaceless = {name: value.replace(" ", "") for name, value in claimed.recipient.items()}
    assert spaceless == {"clinic": '{"size":"small"}', "beds": '["1"]', "quote": 'a"b\\c', "json": "{}"}
    assert alone == ("R21@x.org", "", claimed.recipient)


def test_a_column_of_the_file_is_merged_even_when_it_is_named_like_one_of_ours(database: Database) -> None:
    with database.begin() as connection:
        person = replace(_row(20), attributes={"id": "C-7", "created_at": "Tuesday"})
        put_people(connection, [person], "b.csv", NOW)
        fields = ("address", "id", "created_at")
        frozen = FrozenCampaign("own", "i", "a", "h", {"v": b"x"}, {}, Segment(source="b.csv"), fields)
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, "own")
        assert campaign is not None
        (claimed,) = claiming.claim(connection, campaign.id, 100, NOW)
    assert claimed.recipient == {"address": "R20@x.org", "id": "C-7", "created_at": "Tuesday"}


def test_what_never_left_this_machine_is_pending_again_and_no_attempt(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 1, NOW)
    _settle(database, claimed[0].number, Outcome(Result.UNSENT))
    with database.begin() as connection:
        (again,) = claiming.claim(connection, campaign.id, 1, NOW)
    assert (again.number, again.attempts) == (claimed[0].number, 0)


def test_a_settled_delivery_keeps_the_providers_words_and_is_never_claimed_again(database: Database) -> None:
    campaign = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 3, NOW)
        ledger.mark_in_flight(connection, [one.number for one in claimed], NOW)
    _settle(database, claimed[0].number, Outcome(Result.ACCEPTED, provider_id="queue-7"))
    _settle(database, claimed[1].number, Outcome(Result.REJECTED, "552 too large"))
    _settle(database, claimed[2].number, Outcome(Result.UNCERTAIN, "connection lost"))
    with database.begin() as connection:
        ledger.release(connection, campaign.id, NOW)
        rest = claiming.claim(connection, campaign.id, 100, NOW + timedelta(days=9))
        assert not {one.number for one in rest} & {one.number for one in claimed}
        assert ledger.left_in_flight(connection, campaign.id) == []
        assert ledger.accepted_by_profession(connection, campaign.id) == {"nurse": 1}
        reasons = ledger.reasons(connection, campaign.id)
        counts = ledger.counts(connection, campaign.id)
    assert reasons[State.REJECTED, "552 too large"] == reasons[State.UNCERTAIN, "connection lost"] == 1
    assert (counts.accepted, counts.rejected, counts.uncertain, counts.unfinished) == (1, 1, 1, 7)


def test_the_suppression_of_one_campaign_holds_for_the_next(database: Database) -> None:
    first = _freeze(database)
    with database.begin() as connection:
        claimed = claiming.claim(connection, first.id, 1, NOW)
    _settle(database, claimed[0].number, Outcome(Result.REJECTED, "550 no such user", suppress=True))
    second = _freeze(database, "second")
    with database.connect() as connection:
        assert ledger.reasons(connection, second.id) == {
            (State.SKIPPED, "suppressed: bounced"): 1,
            (State.SKIPPED, "unsubscribed"): 1,
        }


def test_only_one_process_sends_a_campaign_and_others_are_free(database: Database) -> None:
    with campaign_lock(database, "march") as verify:
        with pytest.raises(Refused, match="'march' is being sent by another process"), campaign_lock(database, "march"):
            pass
        with campaign_lock(database, "april"):
            pass
        verify()
    with campaign_lock(database, "march"):
        pass
