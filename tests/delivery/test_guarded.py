"""Providers of other distributions that do what no provider may: the campaign is paused, and the provider named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from newsletter.cli import main
from newsletter.delivery.providers.contract import ProviderFailed, ProviderRefuses
from newsletter.delivery.providers.guarded import Guarded
from newsletter.errors import StoreBusy
from newsletter.model import Outcome, Result
from newsletter.pipeline import planning, sending, standing, steering
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store import claiming, ledger

TEMPLATES = Path(__file__).parents[2] / "templates"
TAKEN = Outcome(Result.ACCEPTED)


class _Stranger:
    """A provider that takes everything; each test has it do one thing otherwise."""

    substitutes, group, connections = False, 1, 1

    def connect(self) -> Any:
        return self

    def deliver(self, mails: Sequence[object]) -> Any:
        return [TAKEN for _ in mails]

    def close(self) -> None:
        """Nothing is held open."""

    def already_carried(self, deliveries: Sequence[object]) -> Any:
        return None


def _raising(error: BaseException) -> Callable[..., Any]:
    def fail(*arguments: object) -> Any:
        raise error

    return fail


def _answering(*answers: object) -> Callable[..., Any]:
    return lambda mails: iter(answers)


@pytest.fixture
def opened(workspace: Any, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr(main, "_start_light", lambda: None)
    return open_workspace(workspace.root, {}, TEMPLATES)


@pytest.mark.parametrize(
    ("method", "instead", "said", "accepted", "uncertain"),
    [
        ("deliver", _raising(SystemExit(0)), "SystemExit: 0", 0, 1),
        ("deliver", _answering(None), "it answered None, which is no outcome", 0, 1),
        ("connect", _raising(SystemExit(0)), "SystemExit: 0", 0, 0),
        ("close", _raising(RuntimeError("still open")), "RuntimeError: still open", 2, 0),
        ("already_carried", _raising(SystemExit()), "SystemExit", 0, 0),
    ],
)
def test_whatever_a_provider_does_pauses_the_campaign_and_names_it(
    opened: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    method: str,
    instead: Callable[..., Any],
    said: str,
    accepted: int,
    uncertain: int,
) -> None:
    stranger = _Stranger()
    monkeypatch.setattr(stranger, method, instead)
    monkeypatch.setattr(sending, "open_provider", lambda *_: Guarded(stranger, "pigeon"))
    monkeypatch.setattr(
        sys, "argv", ["newsletter", "--workspace", str(opened.root), "send", "tides", "--yes", "--json"]
    )
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 3
    state = standing.status(opened, "tides")
    assert (state.campaign.status.value, state.counts.accepted, state.counts.uncertain) == (
        "paused",
        accepted,
        uncertain,
    )
    assert state.counts.pending == 2 - accepted - uncertain, "nobody is lost"
    error = json.loads(capsys.readouterr().out)["error"]["message"]
    assert error.startswith("provider pigeon failed: ")
    assert said in error


def test_a_campaign_is_cancelled_though_its_provider_fails_at_telling_what_it_has(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = _Stranger()
    stranger.already_carried = _raising(SystemExit())  # type: ignore[method-assign]
    monkeypatch.setattr(steering, "open_provider", lambda *_: Guarded(stranger, "pigeon"))
    planning.freeze(opened, planning.plan(opened, "tides"))
    with open_store(opened) as database, database.begin() as connection:
        campaign = standing.state_of(connection, "tides", opened.clock()).campaign
        claimed = claiming.claim(connection, campaign.id, 1, opened.clock())
        ledger.mark_in_flight(connection, [one.number for one in claimed], opened.clock())
    state = steering.cancel(opened, "tides", "")
    assert (state.campaign.status.value, state.counts.uncertain, state.counts.pending) == ("cancelled", 1, 0)


@pytest.mark.parametrize(
    ("deliver", "said"),
    [
        (lambda mails: None, "TypeError"),
        (_answering("accepted"), "it answered 'accepted', which is no outcome"),
        (_answering(Outcome("accepted")), "which is no outcome"),  # type: ignore[arg-type]
        (_answering(Outcome(Result.REJECTED, "\0")), "which is no outcome"),
        (_answering(Outcome(Result.REJECTED, "\ud800")), "which is no outcome"),
        (_answering(), "1 mails and 0 answers"),
        (_answering(TAKEN, TAKEN), "1 mails and 2 answers"),
    ],
)
def test_an_answer_of_another_kind_is_a_failure(deliver: Callable[..., Any], said: str) -> None:
    stranger = _Stranger()
    stranger.deliver = deliver  # type: ignore[method-assign]
    with pytest.raises(ProviderFailed) as failed:
        list(Guarded(stranger, "pigeon").connect().deliver([1]))
    assert said in str(failed.value)


def test_what_is_no_connection_and_what_is_no_set_is_a_failure() -> None:
    stranger = _Stranger()
    stranger.connect = lambda: None  # type: ignore[method-assign]
    with pytest.raises(ProviderFailed, match=r"connect\(\) answered None, which has no deliver, close"):
        Guarded(stranger, "pigeon").connect()
    stranger.already_carried = lambda deliveries: "everybody"  # type: ignore[method-assign]
    with pytest.raises(ProviderFailed, match=r"already_carried\(\) answered 'everybody', neither a set nor None"):
        Guarded(stranger, "pigeon").already_carried([])


def test_ctrl_c_is_no_failure_of_the_provider() -> None:
    stranger = _Stranger()
    stranger.deliver = _raising(KeyboardInterrupt())  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        list(Guarded(stranger, "pigeon").connect().deliver([1]))


def test_what_went_wrong_before_is_told_and_not_that_it_could_not_be_closed() -> None:
    stranger = _Stranger()
    stranger.deliver = _raising(ProviderRefuses("no account"))  # type: ignore[method-assign]
    stranger.close = _raising(OSError("closed already"))  # type: ignore[method-assign]
    connection = Guarded(stranger, "pigeon").connect()
    with pytest.raises(ProviderRefuses, match="no account"):
        list(connection.deliver([1]))
    connection.close()


class _Streaming(_Stranger):
    streams = True
    lost = ""

    def deliver_stream(self, mails: Any) -> Iterator[Any]:
        while (mail := mails.next()) is not None:
            yield mail


class _Mails:
    def __init__(self, *left: Any) -> None:
        self._left = list(left)

    def next(self) -> Any:
        one = self._left.pop(0) if self._left else None
        if isinstance(one, Exception):
            raise one
        return one

    def peek(self) -> Any:
        return None


def test_a_stream_is_looked_at_answer_by_answer_and_a_database_that_fails_is_not_its_fault() -> None:
    connection = Guarded(_Streaming(), "pigeon").connect()
    answers = connection.deliver_stream(_Mails(TAKEN, "taken"))
    assert next(answers) == TAKEN
    with pytest.raises(ProviderFailed, match="it answered 'taken', which is no outcome"):
        next(answers)
    with pytest.raises(StoreBusy):
        list(Guarded(_Streaming(), "pigeon").connect().deliver_stream(_Mails(StoreBusy("locked"))))
