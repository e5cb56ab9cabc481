"""What a sender that was killed left behind: told as the doubt it is, and ended with its campaign."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import CliRunner, Result

from newsletter.cli.main import newsletter
from newsletter.delivery import loop
from newsletter.delivery.providers.contract import ProviderGone, ProviderRefuses
from newsletter.delivery.running import Sending
from newsletter.errors import Refused
from newsletter.model import CampaignStatus, Counts, State
from newsletter.pipeline import planning, sending, standing, steering
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store import campaigns, claiming, ledger
from newsletter.store.locks import campaign_lock

TEMPLATES = Path(__file__).parents[2] / "templates"
PEOPLE, CLAIMED, IN_FLIGHT = 6, 5, 3

SERVER = {"NEWSLETTER_SMTP_URL": "smtp://127.0.0.1:1"}

Open = Callable[[str], Workspace]


@pytest.fixture
def left_behind(letter: Any, store_url: str) -> Open:
    """A campaign to six, whose sender was killed with five claimed, three of them in flight, by that provider."""

    def opened(provider: str) -> Workspace:
        rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(PEOPLE))
        letter.write("audiences/readers.csv", "Email,First name\n" + rows)
        settings = (letter.root / "newsletter.yaml").read_text()
        letter.write("newsletter.yaml", f"{settings}provider: {{name: {provider}}}\n")
        environment = {"NEWSLETTER_DATABASE_URL": store_url, "SENDGRID_API_KEY": "SG.made-up", **SERVER}
        workspace = open_workspace(letter.root, environment, TEMPLATES)
        planning.freeze(workspace, planning.plan(workspace, "letter"))
        with open_store(workspace) as database, database.begin() as connection:
            campaign = campaigns.find_campaign(connection, "letter")
            assert campaign is not None
            claimed = claiming.claim(connection, campaign.id, CLAIMED, workspace.clock())
            ledger.mark_in_flight(connection, [one.number for one in claimed[:IN_FLIGHT]], workspace.clock())
        return workspace

    return opened


def _run(workspace: Workspace, *arguments: str) -> Result:
    environment = {"NEWSLETTER_DATABASE_URL": workspace.settings.database, **SERVER}
    return CliRunner(env=environment).invoke(newsletter, ["--workspace", str(workspace.root), *arguments])


def _kept(workspace: Workspace) -> Counter[str]:
    """The states as they stand in the database."""
    with open_store(workspace) as database, database.connect() as connection:
        return Counter(row[0] for row in connection.exec_driver_sql("SELECT state FROM deliveries"))


def _logged(workspace: Workspace) -> Counter[tuple[str, str]]:
    path = workspace.root / "log.csv"
    assert _run(workspace, "status", "letter", "--log", str(path)).exit_code == 0
    with path.open() as file:
        return Counter((row["state"], row["reason"]) for row in csv.DictReader(file))


def test_what_was_in_flight_is_uncertain_with_its_sender_gone_and_pending_while_it_lives(left_behind: Open) -> None:
    workspace = left_behind("smtp")
    gone = Counts(uncertain=IN_FLIGHT, pending=PEOPLE - IN_FLIGHT)
    state = standing.status(workspace, "letter")
    assert (state.counts, state.being_sent) == (gone, False)
    assert state.reasons == {(State.UNCERTAIN, ledger.SENDER_GONE): IN_FLIGHT}
    assert [one.counts for one in standing.every_campaign(workspace)] == [gone]
    assert "  3  uncertain\n" in _run(workspace, "status", "letter").stdout
    assert json.loads(_run(workspace, "status", "letter", "--json").stdout)["counts"]["uncertain"] == IN_FLIGHT
    assert _logged(workspace) == {("uncertain", ledger.SENDER_GONE): IN_FLIGHT, ("pending", ""): PEOPLE - IN_FLIGHT}
    with open_store(workspace) as database, campaign_lock(database, "letter"):
        state = standing.status(workspace, "letter")
        assert (state.counts, state.being_sent, state.reasons) == (Counts(pending=PEOPLE), True, {})
        assert [one.counts for one in standing.every_campaign(workspace)] == [Counts(pending=PEOPLE)]
        assert _logged(workspace) == {("in_flight", ""): IN_FLIGHT, ("claimed", ""): 2, ("pending", ""): 1}
    assert _kept(workspace) == {"in_flight": IN_FLIGHT, "claimed": 2, "pending": 1}, "looking changes nothing"


def test_cancelling_what_no_sender_has_names_the_doubt_for_good_and_skips_the_rest(left_behind: Open) -> None:
    workspace = left_behind("smtp")
    assert "  3  uncertain\n  3  skipped\n" in _run(workspace, "cancel", "letter", "--yes").stdout
    assert _kept(workspace) == {"uncertain": IN_FLIGHT, "skipped": PEOPLE - IN_FLIGHT}
    assert standing.status(workspace, "letter").reasons == {
        (State.UNCERTAIN, ledger.SENDER_GONE): IN_FLIGHT,
        (State.SKIPPED, "cancelled"): PEOPLE - IN_FLIGHT,
    }


def test_cancelling_asks_a_provider_that_can_tell_and_needs_none(left_behind: Open) -> None:
    assert _run(workspace := left_behind("outbox"), "cancel", "letter", "--yes").exit_code == 0
    assert _kept(workspace) == {"skipped": PEOPLE}, "no file is there, so nothing was delivered"


def test_cancelling_without_the_providers_key_leaves_nobody_in_flight(left_behind: Open) -> None:
    assert _run(workspace := left_behind("sendgrid"), "cancel", "letter", "--yes").exit_code == 0
    assert _kept(workspace) == {"uncertain": IN_FLIGHT, "skipped": PEOPLE - IN_FLIGHT}


def test_cancelling_leaves_a_sender_that_lives_what_it_has_and_again_ends_what_it_left(left_behind: Open) -> None:
    workspace = left_behind("smtp")
    with open_store(workspace) as database, campaign_lock(database, "letter"):
        assert _run(workspace, "cancel", "letter", "--yes").exit_code == 0
        assert _kept(workspace) == {"in_flight": IN_FLIGHT, "claimed": 2, "pending": 1}
    assert _run(workspace, "cancel", "letter", "--yes").exit_code == 0
    assert _kept(workspace) == {"uncertain": IN_FLIGHT, "skipped": PEOPLE - IN_FLIGHT}


@pytest.mark.parametrize("failure", [ProviderRefuses("not you"), ProviderGone("it broke")])
def test_a_sender_that_fails_while_its_campaign_is_cancelled_lets_go_of_the_rest(
    left_behind: Open, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    workspace = left_behind("smtp")

    def cancelled_meanwhile(run: Sending) -> None:
        steering.cancel(workspace, "letter", "")
        raise failure

    monkeypatch.setattr(loop, "deliver", cancelled_meanwhile)
    with pytest.raises(type(failure)):
        sending.send(workspace, "letter", sending.SendOptions(), Event())
    assert standing.status(workspace, "letter").campaign.status is CampaignStatus.CANCELLED
    assert _kept(workspace) == {"uncertain": IN_FLIGHT, "skipped": PEOPLE - IN_FLIGHT}


def _cancelled(workspace: Workspace) -> Workspace:
    """The campaign cancelled, with one who has it, two in doubt and three skipped."""
    assert _run(workspace, "cancel", "letter", "--yes").exit_code == 0
    with open_store(workspace) as database, database.begin() as connection:
        connection.exec_driver_sql("UPDATE deliveries SET state='accepted', reason='' WHERE id=1")
    assert _kept(workspace) == {"accepted": 1, "uncertain": 2, "skipped": 3}
    return workspace


def test_whoever_sends_a_cancelled_issue_anew_is_told_who_may_have_it_already(left_behind: Open) -> None:
    workspace = _cancelled(left_behind("smtp"))
    twice = (
        "Send the issue anew with --campaign NAME; that goes to everybody, also to the 1 who have it and the 2 who may "
        "have it already (`newsletter status letter --log FILE` names them)."
    )
    for decided, words in (
        ([], f"campaign 'letter' was cancelled. {twice}"),
        (["--retry-failed", "--skip-uncertain"], f"campaign 'letter' was cancelled. {twice}"),
        (
            ["--resend-uncertain"],
            "campaign 'letter' was cancelled: nobody is sent it again. Let the 2 uncertain be with --skip-uncertain. "
            f"{twice}",
        ),
    ):
        refused = _run(workspace, "send", "letter", *decided)
        assert (type(refused.exception), str(refused.exception)) == (Refused, words)
    assert _kept(workspace) == {"accepted": 1, "uncertain": 2, "skipped": 3}
    assert _run(workspace, "send", "letter", "--skip-uncertain").exit_code == 0
    assert str(_run(workspace, "send", "letter").exception) == f"campaign 'letter' was cancelled. {twice}"


def test_the_uncertain_of_a_cancelled_campaign_can_be_let_be_whatever_became_of_the_issue(left_behind: Open) -> None:
    workspace = _cancelled(left_behind("smtp"))
    issue = workspace.root / "issues/letter/issue.yaml"
    issue.write_text(issue.read_text("utf-8").replace("Hello", "Goodbye"), "utf-8")
    done = _run(workspace, "send", "letter", "--skip-uncertain", "--json")
    assert done.exit_code == 0, done.exception
    told = json.loads(done.stdout)
    assert (told["status"], told["counts"]["uncertain"], told["counts"]["skipped"]) == ("cancelled", 0, 5)
    assert _kept(workspace) == {"accepted": 1, "skipped": 5}


def test_a_send_of_a_cancelled_campaign_ends_what_its_sender_left_when_it_was_killed(left_behind: Open) -> None:
    workspace = left_behind("smtp")
    with open_store(workspace) as database, campaign_lock(database, "letter"):
        assert _run(workspace, "cancel", "letter", "--yes").exit_code == 0
    assert isinstance(_run(workspace, "send", "letter", "--yes").exception, Refused)
    assert _kept(workspace) == {"uncertain": IN_FLIGHT, "skipped": PEOPLE - IN_FLIGHT}
