"""Experiments in the ledger: who is in which arm, the winner decided once, and nobody forgotten; on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter.errors import Refused
from newsletter.model import (
    ARMS,
    Arm,
    Campaign,
    CampaignId,
    Criterion,
    DeliveryId,
    Event,
    EventKind,
    Experiment,
    Outcome,
    Result,
    Segment,
    SubscriberStatus,
    Where,
)
from newsletter.store import campaigns, claiming, events, experiments, freezing, ledger, personal
from newsletter.store.database import Database, open_database
from newsletter.store.delivery_log import log
from newsletter.store.experiments import Score
from newsletter.store.freezing import FrozenCampaign
from newsletter.store.ledger import Settlement, deliveries
from tests.people import Person, put_people

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = Where("issues/i/issue.yaml", 4)


def _experiment(count: int = 2, share: float = 20, criterion: Criterion = Criterion.CLICKS) -> Experiment:
    return Experiment(tuple(Arm(one) for one in ARMS[:count]), share, criterion, timedelta(hours=4), HERE)


@pytest.fixture
def database(store_url: str, tmp_path: Path) -> Iterator[Database]:
    """A hundred people who can be mailed, and five who have left."""
    opened = open_database(store_url, tmp_path)
    rows = [
        Person(
            f"r{number}@x.org",
            f"r{number}@x.org",
            "",
            "",
            "",
            "nurse" if number % 2 else "",
            "",
            "",
            SubscriberStatus.UNSUBSCRIBED if number >= 100 else SubscriberStatus.SUBSCRIBED,
            {},
        )
        for number in range(105)
    ]
    with opened.begin() as connection:
        put_people(connection, rows, "a.csv", NOW)
    yield opened
    opened.close()


def _freeze(database: Database, experiment: Experiment | None, name: str = "spring") -> Campaign:
    frozen = FrozenCampaign(
        name, "i", "a", "h", {"variant/default": b"x"}, {"nurse": "nurse"}, Segment(), (), experiment=experiment
    )
    with database.begin() as connection:
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, name)
    assert campaign is not None
    return campaign


def _arms(database: Database, campaign: Campaign) -> dict[str, tuple[str, str]]:
    """Address → arm and state."""
    query = select(deliveries.c.address, deliveries.c.arm, deliveries.c.state)
    with database.connect() as connection:
        rows = connection.execute(query.where(deliveries.c.campaign_id == campaign.id))
        return {row[0]: (row[1], row[2]) for row in rows}


def _claim(database: Database, campaign: Campaign, most: int = 1000) -> dict[str, tuple[str, DeliveryId]]:
    """Claim, and let the provider accept it all; address → variant and delivery."""
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, most, NOW)
        ledger.settle(connection, [Settlement(one.number, Outcome(Result.ACCEPTED)) for one in claimed], NOW)
    return {one.address: (one.variant, one.delivery_id) for one in claimed}


def _decide(database: Database, campaign: CampaignId, winner: str) -> bool:
    with database.begin() as connection:
        return experiments.decide(connection, campaign, winner, "by hand", NOW)


def test_the_share_is_put_into_arms_of_one_size_and_the_rest_waits(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    assert Counter(_arms(database, campaign).values()) == Counter(
        {("a", "pending"): 10, ("b", "pending"): 10, ("", "undecided"): 80, ("", "skipped"): 5}
    )
    with database.connect() as connection:
        counts = ledger.counts(connection, campaign.id)
    assert (counts.pending, counts.undecided, counts.unfinished, counts.skipped) == (20, 80, 100, 5)


def test_the_same_people_are_in_the_same_arms_each_time_and_in_others_in_another_campaign(database: Database) -> None:
    first = _arms(database, _freeze(database, _experiment()))
    with database.begin() as connection:
        connection.execute(campaigns.campaigns.update().values(name="gone"))
    again = _arms(database, _freeze(database, _experiment()))
    other = _arms(database, _freeze(database, _experiment(), "autumn"))
    assert again == first
    assert other != first


def test_who_is_in_which_arm_is_told_by_a_hash_of_campaign_and_subscriber(database: Database) -> None:
    campaign = _freeze(database, _experiment(3, 30))
    key = sha256(b"arms of spring").hexdigest()
    with database.connect() as connection:
        rows = connection.execute(select(deliveries.c.subscriber_id, deliveries.c.arm, deliveries.c.state)).all()
    mailed = sorted(
        (row for row in rows if row.state != "skipped"),
        key=lambda row: sha256(f"{key}{row.subscriber_id}".encode()).digest(),
    )
    assert [row.arm for row in mailed] == ["a"] * 10 + ["b"] * 10 + ["c"] * 10 + [""] * 70
    assert campaign.name == "spring"


@given(st.integers(2, 4), st.integers(1, 5000), st.floats(0.001, 100))
def test_every_arm_has_somebody_and_as_many_as_the_others(count: int, recipients: int, share: float) -> None:
    experiment = _experiment(count, share)
    sizes = experiment.sizes(recipients)
    assert sum(sizes.values()) == experiment.tested(recipients) <= recipients
    assert max(sizes.values()) - min(sizes.values()) <= 1
    if recipients >= count:
        assert min(sizes.values()) >= 1
        assert abs(experiment.tested(recipients) - recipients * share / 100) <= count


@pytest.mark.parametrize(("count", "share"), [(2, 100), (3, 33.3), (4, 0.5)])
def test_the_ledger_holds_as_many_in_each_arm_as_the_plan_said(database: Database, count: int, share: float) -> None:
    experiment = _experiment(count, share)
    arms = Counter(arm for arm, _ in _arms(database, _freeze(database, experiment)).values() if arm)
    assert dict(arms) == experiment.sizes(100)


def test_arms_do_not_depend_on_the_order_of_the_subscribers(database: Database) -> None:
    arms = _arms(database, _freeze(database, _experiment(2, 100)))
    early = Counter(arms[f"r{number}@x.org"][0] for number in range(50))
    odd = Counter(arms[f"r{number}@x.org"][0] for number in range(1, 100, 2))
    # With 50 of 100 drawn at random, fewer than 10 or more than 40 would be seen once in ten thousand million times.
    assert 10 <= early["a"] <= 40
    assert 10 <= odd["a"] <= 40


def test_fewer_people_than_arms_are_refused_and_nothing_is_frozen(database: Database) -> None:
    with database.begin() as connection:
        for number in range(2, 100):
            personal.erase(connection, f"r{number}@x.org", NOW)
    with pytest.raises(Refused, match=r"issues/i/issue\.yaml:4: 2 recipient\(s\) cannot be put into 3 arms"):
        _freeze(database, _experiment(3))
    with database.connect() as connection:
        assert campaigns.campaign_names(connection) == []


def test_only_the_arms_are_mailed_until_the_winner_is_decided_then_the_rest_gets_it(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    arms = _arms(database, campaign)
    first = _claim(database, campaign)
    assert len(first) == 20
    for address, (variant, _) in first.items():
        group = "nurse" if int(address[1:].partition("@")[0]) % 2 else "default"
        assert variant == f"{group}.{arms[address][0]}"
    assert _claim(database, campaign) == {}
    assert _decide(database, campaign.id, "b")
    rest = _claim(database, campaign)
    assert len(rest) == 80
    assert not set(rest) & set(first)
    assert {variant for variant, _ in rest.values()} == {"nurse.b", "default.b"}
    with database.connect() as connection:
        assert ledger.counts(connection, campaign.id).unfinished == 0


def test_a_winner_is_decided_once(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    assert _decide(database, campaign.id, "b")
    assert not _decide(database, campaign.id, "a")
    with database.connect() as connection:
        found = experiments.find(connection, campaign.id)
    assert found is not None
    assert (found.winner, found.decided_by, found.decided_at) == ("b", "by hand", NOW)


def test_of_two_who_decide_at_once_one_does(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    together = Barrier(2)
    done: dict[str, bool] = {}

    def decide(arm: str) -> None:
        together.wait()
        done[arm] = _decide(database, campaign.id, arm)

    threads = [Thread(target=decide, args=(arm,)) for arm in "ab"]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    (winner,) = [arm for arm, decided in done.items() if decided]
    rest = _claim(database, campaign)
    assert Counter(variant.partition(".")[2] for variant, _ in rest.values())[winner] == 90
    assert len(rest) == 100


def test_a_decision_that_is_not_committed_has_let_nobody_go(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    with pytest.raises(RuntimeError), database.begin() as connection:
        assert experiments.decide(connection, campaign.id, "a", "by hand", NOW)
        raise RuntimeError
    with database.connect() as connection:
        assert ledger.counts(connection, campaign.id).undecided == 80
        found = experiments.find(connection, campaign.id)
    assert found is not None
    assert found.winner == ""


def test_the_arms_are_mailed_when_nobody_in_them_waits_and_that_moment_stays(database: Database) -> None:
    campaign = _freeze(database, _experiment())

    def tested_at(now: datetime) -> datetime | None:
        with database.begin() as connection:
            experiments.mark_tested(connection, campaign.id, now)
            found = experiments.find(connection, campaign.id)
        assert found is not None
        return found.tested_at

    assert tested_at(NOW) is None
    _claim(database, campaign, 19)
    assert tested_at(NOW) is None
    _claim(database, campaign, 1)
    assert tested_at(NOW) == NOW
    assert tested_at(NOW + timedelta(hours=1)) == NOW


def test_an_arm_that_is_deferred_is_waited_for_until_one_message_is_accepted(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    later = Outcome(Result.DEFERRED, "come back later")
    with database.begin() as connection:
        claimed = claiming.claim(connection, campaign.id, 100, NOW)
        ledger.settle(connection, [Settlement(one.number, later, NOW) for one in claimed], NOW)
        experiments.mark_tested(connection, campaign.id, NOW)
        found = experiments.find(connection, campaign.id)
        assert found is not None
        assert found.tested_at is None
    _claim(database, campaign, 1)
    with database.begin() as connection:
        experiments.mark_tested(connection, campaign.id, NOW)
        found = experiments.find(connection, campaign.id)
    assert found is not None
    assert (found.tested_at, found.due_at) == (NOW, NOW + timedelta(hours=4))


def test_an_arm_is_scored_by_people_not_by_how_often_they_did_it(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    arms = _arms(database, campaign)
    first = _claim(database, campaign)
    of = {arm: sorted(one for one in first if arms[one][0] == arm) for arm in "ab"}

    def event(address: str, kind: EventKind, number: int, machine: bool = False) -> Event:
        return Event(first[address][1], "spring", kind, NOW, f"{address} {kind} {number}", machine=machine)

    told = [event(of["a"][0], EventKind.CLICK, number) for number in range(7)]
    told += [event(of["b"][number], EventKind.CLICK, 1) for number in range(2)]
    told += [event(of["a"][number], EventKind.OPEN, 1, machine=True) for number in range(10)]
    told += [event(of["b"][number], EventKind.OPEN, 1) for number in range(1, 4)]
    with database.begin() as connection:
        events.record(connection, told, NOW)
        assert experiments.scores(connection, campaign.id) == (Score("a", 10, 10, 1, 1), Score("b", 10, 10, 4, 2))


def test_who_is_cancelled_or_erased_while_nothing_is_decided_gets_nothing(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    waiting = next(one for one, (_, state) in _arms(database, campaign).items() if state == "undecided")
    with database.begin() as connection:
        personal.erase(connection, waiting, NOW)
        assert ledger.counts(connection, campaign.id).undecided == 79
        ledger.cancel(connection, campaign.id, NOW)
        assert ledger.counts(connection, campaign.id).unfinished == 0
    _decide(database, campaign.id, "a")
    assert _claim(database, campaign) == {}


def test_the_log_tells_the_arm_and_whether_it_was_tried_on_them(database: Database) -> None:
    campaign = _freeze(database, _experiment())
    _claim(database, campaign)

    def told() -> Counter[tuple[str, str, str]]:
        with database.connect() as connection:
            return Counter((one.arm, one.part, one.state) for one in log(connection, campaign.id))

    waiting = Counter({("a", "test", "accepted"): 10, ("b", "test", "accepted"): 10, ("", "rest", "undecided"): 80})
    assert told() == waiting + Counter({("", "rest", "skipped"): 5})
    _decide(database, campaign.id, "b")
    assert told()["b", "rest", "pending"] == 80


def test_a_campaign_that_tries_nothing_has_no_arms(database: Database) -> None:
    campaign = _freeze(database, None)
    with database.connect() as connection:
        assert experiments.find(connection, campaign.id) is None
        assert {(one.arm, one.part) for one in log(connection, campaign.id)} == {("", "")}
    assert {variant for variant, _ in _claim(database, campaign).values()} == {"nurse", "default"}
