"""Files of events, taken in as a job does: nobody left in doubt, nothing counted twice, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.cli.main import newsletter
from newsletter.errors import Stopped
from newsletter.model import CampaignStatus, DeliveryId, Outcome, Segment, SubscriberStatus
from newsletter.model import Result as Answer
from newsletter.pipeline.feedback import EventImport, import_events
from newsletter.pipeline.workspace import Workspace, open_workspace
from newsletter.store import campaigns, claiming, events, freezing, ledger, suppressions
from newsletter.store.database import Database, open_database
from newsletter.store.ledger import Settlement
from tests.people import Person, put_people

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLE = 6
YAML = (
    "brand: {name: Letter, postal_address: 1 Main Street}\nsender: {name: Letter, address: news@example.org}\n"
    "provider: {name: sendgrid}\n"
)


def _workspace(folder: Path, url: str) -> Workspace:
    (folder / "newsletter.yaml").write_text(YAML, "utf-8")
    return open_workspace(folder, {"NEWSLETTER_DATABASE_URL": url, "SENDGRID_API_KEY": "SG.made-up"}, folder)


def _sent_in_doubt(database: Database, doubtful: Sequence[int] = range(PEOPLE)) -> list[DeliveryId]:
    """A campaign to all: these are uncertain, the others accepted. The ids of its deliveries."""
    with database.begin() as connection:
        rows = [Person(f"r{n}@x.org", f"r{n}@x.org", *[""] * 6, SubscriberStatus.SUBSCRIBED, {}) for n in range(PEOPLE)]
        put_people(connection, rows, "a.csv", NOW)
        frozen = freezing.FrozenCampaign("spring", "spring", "a", "h", {"v": b"x"}, {}, Segment(), ("first_name",))
        freezing.freeze(connection, frozen, NOW)
        campaign = campaigns.find_campaign(connection, "spring")
        assert campaign is not None
        claimed = claiming.claim(connection, campaign.id, PEOPLE, NOW)
        results = [Answer.UNCERTAIN if n in doubtful else Answer.ACCEPTED for n in range(PEOPLE)]
        settled = [Settlement(one.number, Outcome(made)) for one, made in zip(claimed, results, strict=True)]
        ledger.settle(connection, settled, NOW)
    return [one.delivery_id for one in claimed]


@pytest.fixture
def workspace(store_url: str, tmp_path: Path) -> Workspace:
    return _workspace(tmp_path, store_url)


@pytest.fixture
def database(workspace: Workspace) -> Iterator[Database]:
    opened = open_database(workspace.settings.database, workspace.root)
    yield opened
    opened.close()


def _told(delivery: str, kind: str, event_id: str = "", **more: object) -> dict[str, object]:
    return {
        "event": kind,
        "timestamp": int(NOW.timestamp()),
        "email": "somebody@example.org",
        "sg_event_id": event_id or f"{kind}-{delivery}",
        "newsletter_delivery": delivery,
        "newsletter_campaign": "spring",
        **more,
    }


def _taken(workspace: Workspace, *files: list[dict[str, object]], until: datetime | None = None) -> EventImport:
    contents = [(f"{n}.json", BytesIO(json.dumps(one).encode())) for n, one in enumerate(files)]
    return import_events(workspace, contents, until)


def _end(database: Database) -> list[Any]:
    """All that events change."""
    with database.connect() as connection:
        deliveries = connection.exec_driver_sql("SELECT subscriber_id, state FROM deliveries ORDER BY id").all()
        people = connection.exec_driver_sql("SELECT id, status FROM subscribers ORDER BY id").all()
        kept = connection.exec_driver_sql(
            "SELECT subscriber_id, kind, at, url, machine, words, event_id FROM events ORDER BY event_id"
        ).all()
        campaign = campaigns.find_campaign(connection, "spring")
        assert campaign is not None
        stopped = [(one.value, one.reason, one.source, one.created_at) for one in suppressions.every(connection)]
        return [deliveries, people, kept, stopped, campaign.status, events.figures(connection, campaign.id)]


def test_nobody_is_left_in_doubt_once_all_was_told(workspace: Workspace, database: Database) -> None:
    ids = _sent_in_doubt(database)
    told = [_told(ids[0], "processed"), _told(ids[1], "delivered"), _told(ids[2], "bounce", status="5.1.1")]
    done = _taken(workspace, told, [_told(ids[3], "dropped", reason="Unsubscribed Address")])
    made = done.reconciled["spring"]
    assert (done.files, made.accepted, made.rejected, made.pending, made.uncertain) == (2, 2, 2, 0, 2)
    assert made.since is not None
    until = _taken(workspace, [], until=made.since).reconciled["spring"]
    assert (until.accepted, until.rejected, until.pending, until.uncertain) == (0, 0, 2, 0)
    assert [state for _, state in _end(database)[0]] == ["accepted"] * 2 + ["rejected"] * 2 + ["pending"] * 2
    assert [status for _, status in _end(database)[1]][2:4] == ["bounced", "unsubscribed"]


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (lambda whole: whole[: whole.index("b-end")], "told.json:1"),
        (lambda whole: whole[: whole.index(', {"event": "open"')], "told.json:1"),
        (lambda whole: whole.replace('"timestamp": 1', '"timestamp": nonsense', 1), "told.json:1"),
        (lambda whole: whole.replace('"delivered"', '"a kind of tomorrow"', 1), "told.json:1"),
    ],
    ids=[
        "in the middle of an event",
        "between two events",
        "with an event that is broken",
        "with one of no known kind",
    ],
)
def test_silence_proves_nothing_in_a_file_that_was_not_read_whole(
    workspace: Workspace, database: Database, spoil: Callable[[str], str], place: str
) -> None:
    ids = _sent_in_doubt(database)
    whole = json.dumps([_told(ids[0], "delivered"), _told(ids[1], "open", "b-end"), _told(ids[2], "click")])
    path = workspace.root / "told.json"
    path.write_text(spoil(whole))
    until = ("--complete-until", "2026-03-02T09:00Z")
    done = _run(workspace, "events", "import", str(path), *until)
    assert isinstance(done.exception, Stopped)
    assert place in str(done.exception)
    assert "Nobody was declared never taken (--complete-until)" in str(done.exception)
    assert "pending" not in [state for _, state in _end(database)[0]]
    path.write_text(json.dumps([*json.loads(whole), {"event": "open", "of": "somebody else's mail"}]))
    assert _run(workspace, "events", "import", str(path), *until).exit_code == 0
    assert [state for _, state in _end(database)[0]] == ["accepted"] * 3 + ["pending"] * 3


def test_a_campaign_of_which_nobody_is_left_in_doubt_is_finished(workspace: Workspace, database: Database) -> None:
    ids = _sent_in_doubt(database, doubtful=[0])
    _taken(workspace, [_told(ids[0], "processed")])
    assert _end(database)[4] is CampaignStatus.FINISHED


def test_what_a_killed_sender_left_in_flight_is_settled_as_well(workspace: Workspace, database: Database) -> None:
    ids = _sent_in_doubt(database, doubtful=[])
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state='in_flight'")
    done = _taken(workspace, [_told(one, "processed") for one in ids[:4]])
    assert (done.reconciled["spring"].accepted, done.reconciled["spring"].uncertain) == (4, 2)


def test_whom_a_killed_sender_left_in_flight_and_no_event_names_is_in_doubt_and_then_never_taken(
    workspace: Workspace, database: Database
) -> None:
    _sent_in_doubt(database)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state='in_flight'")
    made = _taken(workspace, []).reconciled["spring"]
    assert (made.pending, made.uncertain) == (0, PEOPLE)
    until = _taken(workspace, [], until=made.since).reconciled["spring"]
    assert (until.pending, until.uncertain) == (PEOPLE, 0)


@pytest.mark.parametrize("state", ["uncertain", "in_flight"])
def test_of_a_cancelled_campaign_whom_no_event_names_is_skipped(
    workspace: Workspace, database: Database, state: str
) -> None:
    ids = _sent_in_doubt(database)
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE campaigns SET status='cancelled'")
        connection.exec_driver_sql(f"UPDATE deliveries SET state='{state}'")
    made = _taken(workspace, [_told(ids[0], "delivered")]).reconciled["spring"]
    assert (made.accepted, made.uncertain) == (1, PEOPLE - 1)
    until = _taken(workspace, [], until=made.since).reconciled["spring"]
    assert (until.skipped, until.pending, until.uncertain) == (PEOPLE - 1, 0, 0)
    assert [one for _, one in _end(database)[0]] == ["accepted"] + ["skipped"] * (PEOPLE - 1)
    assert _end(database)[4] is CampaignStatus.CANCELLED


def test_silence_proves_nothing_of_the_future_or_of_a_provider_that_tells_nothing(
    workspace: Workspace, database: Database, tmp_path: Path
) -> None:
    _sent_in_doubt(database)
    before = _end(database)
    with pytest.raises(Exception, match="has not come yet"):
        _taken(workspace, [], until=datetime.now(UTC) + timedelta(minutes=1))
    smtp = tmp_path / "smtp"
    smtp.mkdir()
    (smtp / "newsletter.yaml").write_text(YAML.replace("sendgrid", "outbox"), "utf-8")
    with pytest.raises(Exception, match="its silence proves nothing"):
        _taken(open_workspace(smtp, {}, smtp), [], until=NOW)
    assert _end(database) == before


KINDS = (
    "processed",
    "delivered",
    "deferred",
    "open",
    "click",
    "bounce",
    "blocked",
    "dropped",
    "spamreport",
    "unsubscribe",
)
_EVENTS = st.lists(
    st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(KINDS), st.integers(0, 2), st.booleans()), max_size=12
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(picked=_EVENTS, order=st.randoms(use_true_random=False), pieces=st.integers(1, 4))
def test_whatever_order_events_come_in_and_however_often_the_end_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, picked: list[tuple[int, str, int, bool]], order: Any, pieces: int
) -> None:
    ends = []
    for shuffled in (False, True):
        folder = tmp_path_factory.mktemp("orders")
        workspace = _workspace(folder, "sqlite:///n.db")
        database = open_database(workspace.settings.database, folder)
        ids = _sent_in_doubt(database, doubtful=range(0, PEOPLE, 2))
        with database.begin() as connection:  # ids come from a secret of chance; here both runs have the same
            for n, one in enumerate(ids):
                connection.exec_driver_sql(f"UPDATE deliveries SET delivery_id='d{n}' WHERE delivery_id='{one}'")
        told = [_of(*one) for one in picked]
        if not shuffled:
            _taken(workspace, told)
        else:
            told = [*told, *told[::2]]
            order.shuffle(told)
            for piece in range(pieces):
                _taken(workspace, told[piece::pieces])
        ends.append(_end(database))
        database.close()
    assert ends[0] == ends[1]


def _of(person: int, kind: str, hour: int, other: bool) -> dict[str, object]:
    more: dict[str, object] = {"timestamp": int(NOW.timestamp()) + 3600 * hour}
    if kind == "click":
        more["url"] = f"https://example.org/{other}"
    elif kind == "open":
        more["sg_machine_open"] = other
    elif kind in ("bounce", "blocked"):
        more |= {"type": kind, "status": "5.1.1" if other else "5.7.1"}
    elif kind == "dropped":
        more["reason"] = "Spam Reporting Address" if other else "Spam Content"
    name = "bounce" if kind == "blocked" else kind
    return _told(f"d{person}", name, f"{person}{kind}{hour}{other}", **more)


# ── the command ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(workspace: Workspace, *arguments: str, stdin: bytes = b"") -> Result:
    environment = {"NEWSLETTER_DATABASE_URL": workspace.settings.database, "SENDGRID_API_KEY": "SG.made-up"}
    return CliRunner(env=environment).invoke(newsletter, ["--workspace", str(workspace.root), *arguments], input=stdin)


def test_files_and_standard_input_are_counted_as_one_document_tells(workspace: Workspace, database: Database) -> None:
    ids = _sent_in_doubt(database, doubtful=[0, 1])
    first, second = [_told(ids[0], "open"), _told(ids[1], "spamreport")], [_told(ids[0], "open")]
    others = [_told("ab" * 12, "open"), _told("ab" * 12, "open", newsletter_campaign="elsewhere"), {"event": "open"}]
    (workspace.root / "1.json").write_text(json.dumps(first))
    (workspace.root / "2.jsonl").write_text("\n".join(map(json.dumps, second)))
    paths = [str(workspace.root / name) for name in ("1.json", "2.jsonl")]
    done = _run(workspace, "events", "import", *paths, "-", "--json", stdin=json.dumps(others).encode())
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {
        "files": 3,
        "events": 6,
        "new": 2,
        "kinds": {"open": 1, "spamreport": 1},
        "known": 1,
        "unknown_campaign": 1,
        "unknown_delivery": 1,
        "not_taken": [
            {"reason": "of mail that was not sent from here", "count": 1, "file": "standard input", "line": 1}
        ],
        "stopped": {"complained": 1},
        "reconciled": {
            "spring": {"accepted": 2, "rejected": 0, "pending": 0, "skipped": 0, "uncertain": 0, "since": None}
        },
        "cut_off": [],
    }
    again = json.loads(_run(workspace, "events", "import", paths[0], "--json").stdout)
    assert (again["new"], again["known"], again["reconciled"], again["stopped"]) == (0, 2, {}, {})


def test_a_file_that_was_cut_off_gives_what_it_holds_and_says_to_run_it_again(
    workspace: Workspace, database: Database
) -> None:
    ids = _sent_in_doubt(database)
    whole = json.dumps([_told(one, "delivered") for one in ids])
    path = workspace.root / "cut.json"
    path.write_text(whole[:-20])
    done = _run(workspace, "events", "import", str(path))
    assert (done.exit_code, type(done.exception).__name__) == (1, "Stopped")
    assert f"{path}:1: the file ends too early" in str(done.exception)
    assert "5 new" in done.stdout
    path.write_text(whole)
    assert "1 new, 5 known already" in _run(workspace, "events", "import", str(path)).stdout
    with database.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM deliveries WHERE state='accepted'").scalar() == PEOPLE


def test_a_moment_is_read_by_the_clock_of_the_workspace(workspace: Workspace, database: Database) -> None:
    _sent_in_doubt(database)
    path = workspace.root / "none.json"
    path.write_text("[]")
    for words, pending in (("2026-03-02 08:59", 0), ("2026-03-02T10:00+01:00", PEOPLE)):
        done = _run(workspace, "events", "import", str(path), "--complete-until", words, "--json")
        assert json.loads(done.stdout)["reconciled"]["spring"]["pending"] == pending
    refused = _run(workspace, "events", "import", str(path), "--complete-until", "yesterday")
    assert "cannot be read" in str(refused.exception)


def test_status_shows_what_is_told_of_a_campaign_once_anything_is(workspace: Workspace, database: Database) -> None:
    ids = _sent_in_doubt(database, doubtful=[])
    assert json.loads(_run(workspace, "status", "spring", "--json").stdout)["events"] is None
    assert "events" not in _run(workspace, "status", "spring").stdout
    _taken(workspace, [_told(one, "delivered") for one in ids[:4]], [_told(ids[0], "open"), _told(ids[1], "click")])
    assert json.loads(_run(workspace, "status", "spring", "--json").stdout)["events"] == {
        "delivered": 4,
        "opened": 2,
        "machine_opened": 0,
        "clicked": 1,
        "bounced": 0,
        "blocked": 0,
        "dropped": 0,
        "complained": 0,
        "unsubscribed": 0,
    }
    shown = _run(workspace, "status", "spring").stdout
    assert "  4  delivered\n  2  opened\n  1  clicked\n  0  bounced\n" in shown


def test_a_segment_that_asks_for_opens_of_which_none_is_known_says_so_at_its_line(
    workspace: Workspace, database: Database
) -> None:
    for name, text in {
        "issues/spring/issue.yaml": "title: Spring\nsubject: S\naudience: crew\nsections: [{blocks: [{text: Hi}]}]\n",
        "audiences/crew.yaml": "title: Crew\nsegment:\n  any:\n    - country: US\n    - not_opened: spring\n",
    }.items():
        (workspace.root / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace.root / name).write_text(text)
    ids = _sent_in_doubt(database, doubtful=[])
    for command in ("audience count crew", "audience show crew", "plan spring"):
        refused = _run(workspace, *command.split())
        assert "audiences/crew.yaml:5: 'not_opened' asks what people did with 'spring'" in str(refused.exception)
        assert "`newsletter events import FILE`" in str(refused.exception)
    _taken(workspace, [_told(ids[0], "open")])
    counted = _run(workspace, "audience", "count", "crew", "--json")
    assert json.loads(counted.stdout)["recipients"] == PEOPLE - 1
