"""A test is the mail a reader gets, by way of every provider, and no campaign knows of it."""

from __future__ import annotations

import email
import email.policy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.delivery import sendgrid_server

_OWN = re.compile(rb"Message-ID: <([0-9a-f]{24})@")
_DATE = re.compile(rb"Date: [^\r]*")


def _test(workspace: Any, *arguments: str, **environment: str) -> Any:
    done = workspace.run("test", "tides", *arguments, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _by(workspace: Any, provider: str) -> None:
    settings = (workspace.root / "newsletter.yaml").read_text()
    workspace.write("newsletter.yaml", settings.replace("provider: {name: outbox}", f"provider: {{name: {provider}}}"))


def _same(content: bytes) -> bytes:
    """The mail without what is each mail's own: its id, the moment, whom it goes to."""
    content = _DATE.sub(b"Date: then", content.replace(_OWN.findall(content)[0], b"id"))
    return re.sub(rb"To: (?:Ada )?<?(?:ada|me)@example\.org>?", b"To: someone", content)


def test_a_test_as_a_subscriber_is_their_mail_byte_for_byte_but_for_its_mark(workspace: Any) -> None:
    assert workspace.run("send", "tides", "--yes").returncode == 0
    theirs = next(path for path in workspace.outbox() if b"ada@example.org" in path.read_bytes()).read_bytes()
    assert _test(workspace, "--to", "me@example.org", "--as", "ADA@example.org")["variant"] == "pilot"
    (path,) = (workspace.root / "var/outbox/tides-test").rglob("*.eml")
    mine = path.read_bytes()
    assert b"Subject: [Test] Tides for" in mine
    assert b"Ada" in mine
    assert _same(mine.replace(b"[Test] ", b"")) == _same(theirs)
    assert _OWN.findall(mine)[0] not in theirs


def test_no_ledger_knows_of_a_test(workspace: Any) -> None:
    _test(workspace, "--to", "me@example.org", "--as", "ada@example.org")
    _test(workspace, "--to", "ada@example.org")
    assert workspace.run("status", "tides").returncode == 2
    plan = json.loads(workspace.run("plan", "tides", "--json").stdout)
    assert plan["recipients"] == 2
    assert len(list((workspace.root / "var/outbox/tides-test").rglob("*.eml"))) == 2


def test_a_profession_reads_its_own_variant_over_smtp(workspace: Any, server: str, receiver: Any) -> None:
    _by(workspace, "smtp")
    arguments = ("--to", "me@example.org", "--to", "you@example.org", "--profession", "cook")
    answer = _test(workspace, *arguments, NEWSLETTER_SMTP_URL=server)
    assert (answer["variant"], len(answer["messages"])) == ("cook", 2)
    assert sorted(address for address, _ in receiver.received) == ["me@example.org", "you@example.org"]
    message = email.message_from_bytes(receiver.received[0][1], policy=email.policy.default)
    assert message["Subject"] == "[Test] Tides for cooks"
    assert message["X-Campaign"] == "tides"
    assert "Soup again" in message.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_a_server_refuses_fails_the_test_in_its_words(workspace: Any, server: str, receiver: Any) -> None:
    _by(workspace, "smtp")
    receiver.refuse["no@example.org"] = "550 5.1.1 no such person"
    done = workspace.run("test", "tides", "--to", "no@example.org", NEWSLETTER_SMTP_URL=server)
    assert done.returncode == 1
    assert "no such person" in done.stdout
    assert workspace.run("suppress", "list", "--json").stdout.count("no@example.org") == 0


@pytest.mark.parametrize("sandbox", [False, True])
def test_sendgrid_gets_one_personalization_for_each_address(workspace: Any, sandbox: bool) -> None:
    _by(workspace, "sendgrid")
    with sendgrid_server.running() as server:
        secrets = {"SENDGRID_API_KEY": sendgrid_server.KEY, "SENDGRID_HOST": server.url}
        more = ("--sandbox",) if sandbox else ()
        _test(workspace, "--to", "a@example.org", "--to", "b@example.org", "--as", "ada@example.org", *more, **secrets)
        (request,) = server.requests
        assert [one["to"][0]["email"] for one in request["personalizations"]] == ["a@example.org", "b@example.org"]
        assert bool(request.get("mail_settings", {}).get("sandbox_mode", {}).get("enable")) is sandbox
        assert server.problems == []
        if not sandbox:
            mails = [one for each in server.delivered.values() for one in each]
            assert {one.subject for one in mails} == {"[Test] Tides for pilots"}
            assert all("Hello Ada" in one.text for one in mails)


def test_who_must_not_be_mailed_gets_no_test_either(workspace: Any) -> None:
    assert workspace.run("suppress", "add", "me@example.org", "--reason", "asked to").returncode == 0
    done = workspace.run("test", "tides", "--to", "you@example.org", "--to", "Me@Example.org")
    assert done.returncode == 1
    assert "Me@example.org is suppressed (asked to)" in done.stderr
    assert not (workspace.root / "var/outbox/tides-test").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "nobody"), "--to 'nobody': "),
        (("--to", "me@example.org", "--profession", "cok"), "Did you mean 'cook'?"),
        (("--to", "me@example.org", "--as", "stranger@example.org"), "no subscriber has this address"),
        (("--to", "me@example.org", "--as", "ada@example.org", "--profession", "cook"), "--profession or --as"),
        (("--to", "me@example.org", "--sandbox"), "has no sandbox"),
    ],
)
def test_a_mistake_is_told_before_anything_leaves(workspace: Any, arguments: tuple[str, ...], words: str) -> None:
    done = workspace.run("test", "tides", *arguments)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert not Path(workspace.root / "var/outbox").exists()
