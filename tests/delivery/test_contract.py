"""One contract for every provider, ours and that of another distribution."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from mailbox import mbox
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from newsletter.delivery.providers.contract import Provider
from newsletter.errors import FileProblems, SettingsError
from newsletter.model import (
    Campaign,
    CampaignId,
    CampaignStatus,
    Context,
    Delivery,
    DeliveryId,
    MergeField,
    Message,
    Outcome,
    RenderedVariant,
    Result,
    Where,
)
from newsletter.pipeline.providers import assembler_for, open_provider
from newsletter.pipeline.workspace import Workspace, open_workspace
from newsletter.settings import Settings
from tests.delivery import sendgrid_server
from tests.delivery.example_provider import CODE, install

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
CAMPAIGN = Campaign(CampaignId(1), "spring", "i", "a", CampaignStatus.SENDING, "h", bytes(range(16)), NOW)
SOURCE = "recipient.first_name"
BASE = "brand: {name: Letter, postal_address: 1 Main Street}\nsender: {name: Letter, address: news@example.org}\n"
Read = Callable[[], dict[str, tuple[str, str, str]]]
"""What arrived: address → subject, HTML, text."""


@dataclass
class Carried:
    """A provider, and what it has carried."""

    provider: Provider[Any]
    arrived: Read
    settings: Settings


def _field(context: Context) -> MergeField:
    return MergeField(f"mf00000000000001{context.value}", SOURCE, context, Where("i"))


VARIANT = RenderedVariant(
    "default",
    ("default",),
    "For mf00000000000001s",
    "",
    '<p>Hello mf00000000000001h</p><a href="https://example.org/?n=mf00000000000001u">x</a>',
    "Hello mf00000000000001t\nFrom here\n.",
    tuple(_field(context) for context in Context),
    (),
    "hash",
)


def _deliveries(*names: str) -> list[Delivery]:
    return [
        Delivery(number, DeliveryId(f"{number:024x}"), f"r{number}@example.org", "default", 0, {"first_name": name})
        for number, name in enumerate(names)
    ]


def _read(content: bytes) -> tuple[str, tuple[str, str, str]]:
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    parts = [message.get_body((kind,)) for kind in ("html", "plain")]
    html, text = (part.get_content().replace("\r\n", "\n").rstrip("\n") for part in parts if part is not None)
    return message["To"].addresses[0].addr_spec, (message["Subject"], html, text)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a distribution with a provider called `example` is installed."""
    folder = tmp_path / "site"
    install(folder)
    monkeypatch.syspath_prepend(str(folder))
    return folder


def _workspace(folder: Path, provider: str, **environment: str) -> Workspace:
    folder.mkdir(exist_ok=True)
    (folder / "newsletter.yaml").write_text(BASE + f"provider: {provider}\n")
    return open_workspace(folder, environment, folder)


@pytest.fixture(params=["outbox", "mbox", "smtp", "sendgrid", "example"])
def carried(request: pytest.FixtureRequest, tmp_path: Path, receiver: Any) -> Iterator[Carried]:
    folder = tmp_path / "workspace"

    def opened(provider: str, read: Read, **environment: str) -> Carried:
        workspace = _workspace(folder, provider, **environment)
        return Carried(open_provider(workspace, "spring", Event()), read, workspace.settings)

    outbox = folder / "var/outbox/spring"
    if request.param == "outbox":
        yield opened("{name: outbox}", lambda: dict(_read(path.read_bytes()) for path in outbox.rglob("*.eml")))
    elif request.param == "mbox":
        yield opened("{name: outbox, format: mbox}", lambda: dict(map(_read, _in_mbox(outbox / "messages.mbox"))))
    elif request.param == "smtp":
        url = request.getfixturevalue("server")
        read = lambda: dict(_read(content) for _, content in receiver.received)  # noqa: E731  # as for the others
        yield opened("{name: smtp}", read, NEWSLETTER_SMTP_URL=url)
    elif request.param == "sendgrid":
        with sendgrid_server.running() as server:
            secrets = {"SENDGRID_API_KEY": sendgrid_server.KEY, "SENDGRID_HOST": server.url}
            yield opened("{name: sendgrid}", lambda: _delivered(server), **secrets)
    else:
        request.getfixturevalue("installed")
        sent = tmp_path / "sent"
        read = lambda: dict(_read(path.read_bytes()) for path in sent.iterdir())  # noqa: E731
        yield opened(f"{{name: example, options: {{folder: '{sent}'}}}}", read)


def _in_mbox(path: Path) -> list[bytes]:
    box = mbox(path, create=False)
    try:
        return [one.as_bytes().replace(b"\n>From ", b"\nFrom ") for one in box]
    finally:
        box.close()


def _delivered(server: sendgrid_server.Server) -> dict[str, tuple[str, str, str]]:
    return {mail.address: (mail.subject, mail.html, mail.text) for mails in server.delivered.values() for mail in mails}


def _deliver(carried: Carried, deliveries: list[Delivery]) -> list[Outcome]:
    assembler = assembler_for(carried.provider, carried.settings, [VARIANT], CAMPAIGN)
    connection = carried.provider.connect()
    try:
        return list(connection.deliver([assembler.assemble(one, NOW) for one in deliveries]))
    finally:
        connection.close()


def test_everybody_gets_what_was_written_for_them(carried: Carried) -> None:
    names = ["Ana", "Bo & <Co>", "Zoë", "", "x" * 300, 'v"\\n{{', "mf00000000000001t", "%s"]
    outcomes = _deliver(carried, _deliveries(*names))
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * len(names)
    arrived = carried.arrived()
    assert {address: subject.rstrip() for address, (subject, _, _) in arrived.items()} == {
        f"r{number}@example.org": f"For {name}".rstrip() for number, name in enumerate(names)
    }
    assert [arrived[f"r{number}@example.org"][2] for number in range(len(names))] == [
        f"Hello {name}\nFrom here\n." for name in names
    ]
    assert arrived["r1@example.org"][1] == (
        '<p>Hello Bo &amp; &lt;Co&gt;</p><a href="https://example.org/?n=Bo%20%26%20%3CCo%3E">x</a>'
    )


def test_a_connection_is_used_for_many_groups(carried: Carried) -> None:
    for delivery in _deliveries("Ana", "Bo", "Cy"):
        assert [one.result for one in _deliver(carried, [delivery])] == [Result.ACCEPTED]
    assert len(carried.arrived()) == 3


def test_a_provider_says_what_it_needs_to_be_given(carried: Carried) -> None:
    assert carried.provider.group >= 1
    assert carried.provider.connections >= 1
    assert carried.provider.substitutes in (True, False)


def test_what_a_provider_knows_of_the_past_is_true(carried: Carried) -> None:
    ana, bo = _deliveries("Ana", "Bo")
    _deliver(carried, [ana])
    known = carried.provider.already_carried([ana.delivery_id, bo.delivery_id])
    assert known in (None, {ana.delivery_id})


def test_an_mbox_keeps_lines_that_begin_like_its_own(tmp_path: Path) -> None:
    """The contract's text has a line `From here`; `>` stands before it in the file and nowhere else."""
    provider = open_provider(_workspace(tmp_path, "{name: outbox, format: mbox}"), "spring", Event())
    message = Message(DeliveryId("ab"), "news@example.org", "a@example.org", b"Subject: x\r\n\r\nFrom a\r\n>From b")
    list(provider.connect().deliver([message, message]))
    path = tmp_path / "var/outbox/spring/messages.mbox"
    assert path.read_bytes().count(b"\n>From a\n>>From b\n\n") == 2
    assert len(_in_mbox(path)) == 2


@pytest.mark.parametrize("lost", [1, 40, 10_000])
def test_an_mbox_that_was_cut_short_knows_which_messages_are_whole_and_goes_on_behind_them(
    tmp_path: Path, lost: int
) -> None:
    provider = open_provider(_workspace(tmp_path, "{name: outbox, format: mbox}"), "spring", Event())
    messages = [
        Message(DeliveryId(f"{one:024x}"), "n@example.org", "a@example.org", b"Subject: %d\r\n\r\nHi\r\n" % one)
        for one in range(3)
    ]
    list(provider.connect().deliver(messages))
    path = tmp_path / "var/outbox/spring/messages.mbox"
    with path.open("r+b") as file:
        file.truncate(max(0, path.stat().st_size - lost))
    whole = provider.already_carried([one.delivery_id for one in messages])
    assert len(whole) == (0 if lost == 10_000 else 2)
    list(provider.connect().deliver([one for one in messages if one.delivery_id not in whole]))
    assert sorted(one.splitlines()[0] for one in _in_mbox(path)) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]


def test_a_message_without_its_line_in_the_index_was_never_carried(tmp_path: Path) -> None:
    provider = open_provider(_workspace(tmp_path, "{name: outbox, format: mbox}"), "spring", Event())
    message = Message(DeliveryId("ab"), "n@example.org", "a@example.org", b"Subject: x\r\n\r\nHi\r\n")
    list(provider.connect().deliver([message]))
    index = tmp_path / "var/outbox/spring/.index"
    index.write_bytes(index.read_bytes()[:-1])
    assert provider.already_carried([DeliveryId("ab")]) == set()
    list(provider.connect().deliver([message]))
    assert len(_in_mbox(tmp_path / "var/outbox/spring/messages.mbox")) == 1


def test_a_whole_send_goes_through_a_provider_of_another_distribution(letter: Any, installed: Path) -> None:
    letter.write("newsletter.yaml", BASE + "provider: {name: example, options: {folder: '${SENT}'}}\n")
    paths = os.pathsep.join([str(installed), *sys.path])
    done = letter.run("send", "letter", "--yes", "--limit", "30", SENT=str(letter.root / "sent"), PYTHONPATH=paths)
    assert done.returncode == 3, done.stderr
    assert len(list((letter.root / "sent").iterdir())) == 30


@pytest.mark.parametrize(
    ("entry", "code", "said"),
    [
        ("example = newsletter_example:missing", "", "AttributeError"),
        ("example = not_there:x", "", "ModuleNotFoundError"),
        (
            "example = newsletter_example:make",
            "def make(options, connections): return 1",
            "it has no substitutes, group",
        ),
        ("example = newsletter_example:make", "def make(options, connections): raise KeyError('folder')", "KeyError"),
        ("example = newsletter_example:make", "def make(options, connections): raise SystemExit(0)", "SystemExit: 0"),
        ("example = newsletter_example:open_folder", CODE.replace("= 10", "= None"), "its group is None, not a number"),
    ],
)
def test_a_distribution_whose_provider_does_not_work_is_named_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str, code: str, said: str
) -> None:
    install(tmp_path / "site", entry, code)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, "newsletter_example", raising=False)
    with pytest.raises(SettingsError, match=f"'example' of newsletter-example 1.0.*{said}"):
        open_provider(_workspace(tmp_path / "w", "{name: example, options: {folder: x}}"), "spring", Event())
    monkeypatch.delitem(sys.modules, "newsletter_example", raising=False)


def test_a_misspelt_provider_is_told_from_those_installed(tmp_path: Path, installed: Path) -> None:
    with pytest.raises(FileProblems, match=r"newsletter.yaml:3: .*'exampel'\. Did you mean 'example'"):
        _workspace(tmp_path / "w", "{name: exampel}")


def test_only_sendgrid_has_a_sandbox(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="outbox has no sandbox"):
        open_provider(_workspace(tmp_path, "{name: outbox}"), "spring", Event(), sandbox=True)
