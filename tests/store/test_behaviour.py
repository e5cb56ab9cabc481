"""Segments that ask what people received and did: who they pick, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.model import (
    AnyOf,
    Certain,
    Condition,
    Event,
    EventKind,
    Not,
    Outcome,
    Reacted,
    Reaction,
    Received,
    Result,
    Rule,
    Segment,
    SubscriberStatus,
)
from newsletter.store import campaigns, claiming, conditions, freezing, headcounts, ledger, plans
from newsletter.store.database import Database, open_database
from newsletter.store.events import record, unanswerable
from newsletter.store.ledger import Settlement
from newsletter.store.subscribers import subscribers
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OPENED, CLICKED, NOT_OPENED = Reaction.OPENED, Reaction.CLICKED, Reaction.NOT_OPENED
NAMES = ("opener", "clicker", "both", "machine", "silent", "bounced", "unmailed")
OFFER = "https://example.org/offer"


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    """`spring` went to most, `summer` was never sent."""
    opened = open_database(store_url, tmp_path)
    with opened.begin() as connection:
        rows = [Person(f"{one}@x.org", f"{one}@x.org", *[""] * 6, SubscriberStatus.SUBSCRIBED, {}) for one in NAMES]
        put_people(connection, rows, "a.csv", NOW)
        frozen = freezing.FrozenCampaign("spring", "spring", "a", "h", {"v": b"x"}, {}, Segment(), ("first_name",))
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, "spring")
        assert campaign is not None
        claimed = claiming.claim(connection, campaign.id, 10, NOW)
        results = dict.fromkeys(NAMES, Result.ACCEPTED) | {"bounced": Result.REJECTED, "unmailed": Result.UNSENT}
        of = {one.address.partition("@")[0]: one for one in claimed}
        ledger.settle(connection, [Settlement(one.number, Outcome(results[name])) for name, one in of.items()], NOW)
        told = [
            ("opener", EventKind.OPEN, "", False),
            ("clicker", EventKind.CLICK, f"{OFFER}?utm_source=news", False),
            ("both", EventKind.OPEN, "", False),
            ("both", EventKind.CLICK, "https://example.org/", False),
            ("machine", EventKind.OPEN, "", True),
            ("silent", EventKind.DELIVERED, "", False),
        ]
        events = [
            Event(of[name].delivery_id, "spring", kind, NOW, f"{name}{kind}", url=url, machine=machine)
            for name, kind, url, machine in told
        ]
        record(connection, events, NOW)
    yield opened
    opened.close()


def _picked(database: Database, *asked: Condition, exclude: tuple[Condition, ...] = ()) -> set[str]:
    segment = Segment(tuple(map(Rule, asked)), tuple(map(Rule, exclude)), "a.csv")
    with database.connect() as connection:
        query = select(subscribers.c.address).where(conditions.condition(segment))
        found = {one.partition("@")[0] for one in connection.execute(query).scalars()}
        people = sum(one.people for one in headcounts.headcount(connection, segment))
        left_out = sum(headcounts.outside(connection, segment).values())
        assert (people, left_out) == (len(found), len(NAMES) - len(found))
    return found


@pytest.mark.parametrize(
    ("asked", "picked"),
    [
        (Received(("spring",)), {"opener", "clicker", "both", "machine", "silent"}),
        (Reacted(OPENED, "spring"), {"opener", "clicker", "both"}),
        (Reacted(CLICKED, "spring"), {"clicker", "both"}),
        (Reacted(CLICKED, "spring", OFFER), {"clicker"}),
        (Reacted(CLICKED, "spring", "https://example.org/off"), set()),
        (Reacted(NOT_OPENED, "spring"), {"silent"}),
        (Not(Certain(Reacted(OPENED, "spring"))), {"machine", "silent", "bounced", "unmailed"}),
        (AnyOf((Reacted(CLICKED, "spring", OFFER), Reacted(NOT_OPENED, "spring"))), {"clicker", "silent"}),
        (Reacted(OPENED, "summer"), set()),
    ],
)
def test_a_segment_picks_by_what_people_received_and_did(
    database: Database, asked: Condition, picked: set[str]
) -> None:
    assert _picked(database, asked) == picked
    assert _picked(database, exclude=(asked,)) == set(NAMES) - picked


def test_what_nothing_is_known_of_is_told_wherever_it_stands_in_the_segment(database: Database) -> None:
    summer, link = Reacted(NOT_OPENED, "summer"), Reacted(CLICKED, "summer")
    answered = (Reacted(OPENED, "spring"), Reacted(NOT_OPENED, "spring"), Reacted(CLICKED, "spring", OFFER))
    with database.connect() as connection:
        assert unanswerable(connection, Segment(tuple(map(Rule, answered)))) == []
        asked = Segment((Rule(AnyOf((answered[0], Not(Certain(summer))))),), (Rule(link),))
        assert unanswerable(connection, asked) == [summer, link]
        connection.exec_driver_sql("DELETE FROM events WHERE kind = 'open'")
        assert unanswerable(connection, Segment(tuple(map(Rule, answered)))) == list(answered[:2]), "clicks alone"


def test_who_opened_is_looked_up_in_an_index(database: Database) -> None:
    with database.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # a handful of rows is read through otherwise
        asked = Segment((Rule(Reacted(CLICKED, "spring")),))
        assert "events_by_kind" in "\n".join(plans.explain(connection, asked).plan)
