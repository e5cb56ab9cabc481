"""How `send` ends when it does not come to its end: one document, with where the campaign stands and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from click.testing import CliRunner

from newsletter.campaigns import naming
from newsletter.cli import main
from newsletter.delivery.providers.contract import ProviderAway, ProviderGone, ProviderRefuses
from newsletter.errors import Refused, SettingsError, Stopped, StoreUnavailable
from newsletter.model import Counts, Outcome, Result
from newsletter.pipeline import planning, sending, standing, steering, testing
from newsletter.pipeline.sending import SendOptions
from newsletter.pipeline.workspace import Workspace, open_workspace

TEMPLATES = Path(__file__).parents[2] / "templates"


class _Provider:
    """A provider that takes nothing: `error` says why, and whether it is told on connecting or at the first mail."""

    substitutes, group, connections = False, 10, 1

    def __init__(self, error: ProviderGone, at_once: bool) -> None:
        self._error, self._at_once = error, at_once

    def connect(self) -> _Provider:
        if self._at_once:
            raise self._error
        return self

    def deliver(self, mails: Sequence[object]) -> Iterator[Outcome]:
        yield from (Outcome(Result.UNSENT) for _ in mails)
        raise self._error

    def close(self) -> None:
        """Nothing is held open."""

    def already_carried(self, deliveries: Sequence[object]) -> None:
        return None


@pytest.fixture
def opened(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(main, "_start_light", lambda: None)
    return open_workspace(workspace.root, {}, TEMPLATES)


def _ends(opened: Workspace, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit code of the whole command, errors and all."""
    monkeypatch.setattr(sys, "argv", ["newsletter", "--workspace", str(opened.root), *arguments])
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("error", "at_once", "status"),
    [
        (ProviderAway("mail.example.org:25 cannot be reached."), True, "sending"),
        (ProviderRefuses("550 5.7.1 not from you"), True, "paused"),
        (ProviderGone("Nobody knows whether they were taken."), False, "sending"),
    ],
)
def test_a_send_that_the_provider_ends_prints_one_document_with_the_error_in_it(
    opened: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: ProviderGone,
    at_once: bool,
    status: str,
) -> None:
    monkeypatch.setattr(sending, "open_provider", lambda *_: _Provider(error, at_once))
    assert _ends(opened, monkeypatch, "send", "tides", "--yes", "--json") == 3
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (document["campaign"], document["status"]) == ("tides", status)
    assert (document["counts"]["accepted"], document["counts"]["pending"]) == (0, 2)
    assert document["error"] == {"message": str(error), "exit_code": 3, "problems": []}
    assert str(error) in printed.err


def test_a_send_that_the_provider_ends_says_where_the_campaign_stands(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = ProviderAway("mail.example.org:25 cannot be reached.")
    monkeypatch.setattr(sending, "open_provider", lambda *_: _Provider(away, True))
    assert _ends(opened, monkeypatch, "send", "tides", "--yes") == 3
    printed = capsys.readouterr()
    assert "Campaign tides is not finished\n  0  accepted\n  2  pending\n" in printed.out
    assert "cannot be reached" in printed.err
    assert "cannot be reached" not in printed.out


def test_a_send_that_is_cancelled_meanwhile_prints_one_document(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cancelled(*arguments: Any, **named: Any) -> None:
        steering.cancel(opened, "tides", "wrong date.")

    monkeypatch.setattr(sending, "_deliver", cancelled)
    assert _ends(opened, monkeypatch, "send", "tides", "--yes", "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert document["status"] == "cancelled"
    assert document["error"]["message"].startswith("campaign 'tides' was cancelled: wrong date")
    assert document["error"]["exit_code"] == 1


def test_a_send_that_stops_at_its_limit_says_so_in_its_one_document(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ends(opened, monkeypatch, "send", "tides", "--yes", "--json", "--limit", "1") == 3
    document = json.loads(capsys.readouterr().out)
    assert document["counts"]["accepted"] == 1
    assert "is not finished: 1 pending" in document["error"]["message"]
    assert _ends(opened, monkeypatch, "send", "tides", "--yes", "--json") == 0
    assert "error" not in json.loads(capsys.readouterr().out)


def test_what_stops_any_other_command_is_a_document_as_well(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = ProviderAway("mail.example.org:25 cannot be reached.")
    monkeypatch.setattr(testing, "open_provider", lambda *_: _Provider(away, True))
    assert _ends(opened, monkeypatch, "test", "tides", "--to", "me@example.org", "--json") == 3
    document = json.loads(capsys.readouterr().out)
    assert document == {"error": {"message": str(away), "exit_code": 3, "problems": []}}


def test_what_a_limit_holds_is_due_when_the_limit_lets_it_go_on(opened: Workspace) -> None:
    settings = opened.root / "newsletter.yaml"
    limited = settings.read_text("utf-8").replace("{name: outbox}", "{name: outbox, daily: 1}")
    settings.write_text(limited + "time_zone: Asia/Tokyo\n", "utf-8")
    command = ["--workspace", str(opened.root)]
    planning.freeze(opened, planning.plan(opened, "tides"))
    (ran,) = json.loads(CliRunner().invoke(main.newsletter, [*command, "run-due", "--json"]).stdout)["ran"]
    assert ran["ending"] == "held"
    # Midnight in Tokyo, which has no summer time.
    moment = datetime.fromisoformat(ran["next_due"])
    assert (moment.utcoffset(), moment.hour, moment.minute) == (timedelta(), 15, 0)
    assert timedelta() < moment - datetime.now(UTC) <= timedelta(days=1)
    status = json.loads(CliRunner().invoke(main.newsletter, [*command, "status", "tides", "--json"]).stdout)
    assert status["next_due"] == ran["next_due"], "a second later it is held by the same limit"
    assert status["held"] == {"reason": "1 a day", "until": ran["next_due"]}
    said = CliRunner().invoke(main.newsletter, [*command, "status", "tides"]).stdout
    assert "Held by a limit under `provider:` (1 a day) until" in said


def test_what_waits_for_nothing_but_a_person_is_held_by_no_limit(opened: Workspace) -> None:
    settings = opened.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8").replace("{name: outbox}", "{name: outbox, daily: 1}"), "utf-8")
    limited = open_workspace(opened.root, {}, TEMPLATES)
    planning.freeze(limited, planning.plan(limited, "tides"))
    assert standing.status(limited, "tides").held is None, "the day's one may go"
    sending.send(limited, "tides", SendOptions(), Event())
    steering.pause(limited, "tides", "")
    assert (standing.status(limited, "tides").held, standing.status(limited, "tides").goes_on_at) == (None, None)


def test_what_is_paused_has_no_pace(opened: Workspace) -> None:
    planning.freeze(opened, planning.plan(opened, "tides"))
    assert sending.send(opened, "tides", SendOptions(limit=1), Event()).rate > 0
    assert steering.pause(opened, "tides", "").rate == 0


def test_what_was_cancelled_cannot_be_paused_and_nobody_is_counted_who_is_not_there(opened: Workspace) -> None:
    planning.freeze(opened, planning.plan(opened, "tides"))
    state = steering.cancel(opened, "tides", "")
    with pytest.raises(Refused, match=r"is cancelled\. Only what is neither finished nor cancelled can be paused"):
        steering.pause(opened, "tides", "")
    for counts, told in ((Counts(accepted=2), "nobody was left"), (Counts(uncertain=1), "1 may have it")):
        with pytest.raises(Refused, match=f"was cancelled; {told}.$"):
            standing.refuse_unfinished(replace(state, counts=counts))


@pytest.mark.parametrize(("zone", "told"), [("UTC", "09:00 UTC, as it is now"), ("Asia/Tokyo", "Asia/Tokyo (")])
def test_a_schedule_in_utc_is_told_once(opened: Workspace, zone: str, told: str) -> None:
    command = ["--workspace", str(opened.root), "send", "tides", "--yes", "--at", f"tomorrow 9:00 {zone}"]
    said = CliRunner().invoke(main.newsletter, command).stdout
    assert told in said
    assert said.count("00:00 UTC" if zone == "Asia/Tokyo" else "09:00 UTC") == 1


def test_the_seconds_of_a_schedule_are_told_where_somebody_named_some(opened: Workspace) -> None:
    command = ["--workspace", str(opened.root)]
    at = ["send", "tides", "--yes", "--at", "tomorrow 23:59:30 Asia/Tokyo"]
    said = CliRunner().invoke(main.newsletter, [*command, *at]).stdout
    assert "23:59:30 Asia/Tokyo (" in said
    assert "14:59:30 UTC)" in said
    for status in (["status", "tides"], ["status"]):
        assert "14:59:30 UTC" in CliRunner().invoke(main.newsletter, [*command, *status]).stdout


@pytest.mark.parametrize("name", ["a\nb", "a\udcffb", "x" * 300, "../../evil", ".", "-x", "CON"])
def test_a_name_that_no_campaign_may_have_is_refused_before_anything_is_frozen(opened: Workspace, name: str) -> None:
    runner = CliRunner()
    for command in (
        ["send", "tides", "--yes"],
        ["send", "tides", "--yes", "--at", "tomorrow 9:00"],
        ["plan", "tides"],
    ):
        done = runner.invoke(main.newsletter, ["--workspace", str(opened.root), *command, f"--campaign={name}"])
        assert "a campaign cannot be called" in str(done.exception), command
        assert getattr(done.exception, "exit_code", 0) == 2
    assert standing.every_campaign(opened) == []


def test_a_campaign_that_has_such_a_name_already_goes_on_and_is_cancelled(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as before:
        before.setattr(naming, "fits", lambda name: True)
        planning.freeze(opened, planning.plan(opened, "tides", "../CON"))
        planning.freeze(opened, planning.plan(opened, "tides", "../CON 2"))
    assert _ends(opened, monkeypatch, "plan", "tides", "--campaign", "../CON") == 0
    assert _ends(opened, monkeypatch, "send", "tides", "--campaign", "../CON", "--yes") == 0
    assert _ends(opened, monkeypatch, "cancel", "../CON 2", "--yes") == 0
    assert _ends(opened, monkeypatch, "status") == 0
    assert "../CON    finished   2 of 2\n../CON 2  cancelled  0 of 2" in capsys.readouterr().out


def test_the_folder_of_an_issue_names_its_campaign_only_if_it_may(opened: Workspace) -> None:
    (opened.root / "issues/tides").rename(opened.root / "issues/tides, again")
    with pytest.raises(SettingsError, match=r"cannot be called 'tides, again': it holds ','"):
        planning.plan(opened, "tides, again")
    assert planning.plan(opened, "tides, again", "tides again").plan.campaign == "tides again"


def test_a_reason_that_ends_its_sentence_ends_it_once(opened: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = ProviderRefuses("SendGrid refuses the API key (401). Set SENDGRID_API_KEY to a key that may send mail.")
    monkeypatch.setattr(sending, "open_provider", lambda *_: _Provider(refusal, True))
    planning.freeze(opened, planning.plan(opened, "tides"))
    with pytest.raises(ProviderRefuses):
        sending.send(opened, "tides", sending.SendOptions(), Event())
    with pytest.raises(Refused, match=r"that may send mail\. Go on with"):
        sending.send(opened, "tides", sending.SendOptions(), Event())
    with pytest.raises(Stopped, match=r"that may send mail\. 2 are pending\."):
        standing.refuse_unfinished(standing.status(opened, "tides"))
    steering.cancel(opened, "tides", "")
    with pytest.raises(Refused, match=r"was cancelled; 2 got nothing\."):
        standing.refuse_unfinished(standing.status(opened, "tides"))


def test_a_send_that_the_provider_ends_tells_how_many_it_put_in_doubt(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doubtful(_Provider):
        def deliver(self, mails: Sequence[object]) -> Iterator[Outcome]:
            yield from (Outcome(Result.UNCERTAIN) for _ in mails)
            raise ProviderGone("the connection breaks again and again. Try again later.")

    monkeypatch.setattr(sending, "open_provider", lambda *_: Doubtful(ProviderGone(""), False))
    planning.freeze(opened, planning.plan(opened, "tides"))
    with pytest.raises(ProviderGone, match=r"^the connection .* Try again later\. 2 more are uncertain\.$"):
        sending.send(opened, "tides", sending.SendOptions(), Event())


@pytest.mark.parametrize(("carried", "told"), [(None, "that is uncertain"), (set(), "will be looked up")])
def test_when_the_database_goes_away_only_what_can_be_looked_up_is_said_to_be(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch, carried: set[object] | None, told: str
) -> None:
    def gone(*arguments: object) -> None:
        raise StoreUnavailable("the database is gone.")

    provider = _Provider(ProviderGone(""), True)
    monkeypatch.setattr(provider, "already_carried", lambda deliveries: carried)
    monkeypatch.setattr(sending, "open_provider", lambda *_: provider)
    monkeypatch.setattr(sending, "_deliver", gone)
    planning.freeze(opened, planning.plan(opened, "tides"))
    with pytest.raises(Stopped, match=f"the database is gone. What was sent .*{told}"):
        sending.send(opened, "tides", sending.SendOptions(), Event())


def test_a_provider_is_told_when_it_took_somebody_of_the_campaign_before(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Remembering(_Provider):
        proven = False

        def prove(self) -> None:
            self.proven = True

    planning.freeze(opened, planning.plan(opened, "tides"))
    for before in (False, True):
        provider = Remembering(ProviderGone("gone"), True)
        with monkeypatch.context() as patched:
            patched.setattr(sending, "open_provider", lambda *_, given=provider: given)
            with pytest.raises(ProviderGone):
                sending.send(opened, "tides", sending.SendOptions(), Event())
        assert provider.proven is before
        sending.send(opened, "tides", sending.SendOptions(limit=1), Event())


def test_when_everybody_is_suppressed_that_is_said_and_no_segment_is_blamed(opened: Workspace) -> None:
    runner = CliRunner()
    people = [f"{name}@example.org" for name in ("ada", "bo")]
    planning.plan(opened, "tides")
    runner.invoke(main.newsletter, ["--workspace", str(opened.root), "suppress", "add", *people])
    with pytest.raises(Refused, match=r"no recipients\. All that it picks are left out: 2 suppressed: .*suppress list"):
        planning.refuse_unsendable(planning.plan(opened, "tides"))
