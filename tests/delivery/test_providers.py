"""One contract for every provider, and what is particular to each."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from newsletter.delivery.providers import smtp
from newsletter.delivery.providers.contract import Provider, ProviderAway, ProviderBusy, ProviderGone, ProviderRefuses
from newsletter.delivery.providers.outbox import Outbox
from newsletter.delivery.providers.smtp import Smtp, parse_server
from newsletter.errors import SettingsError
from newsletter.model import DeliveryId, Message, Outcome, Result
from tests.delivery.smtp_server import DROP, MailServer

Carried = tuple[Provider, Callable[[], list[bytes]]]


@pytest.fixture(params=["outbox", "smtp"])
def carried(request: pytest.FixtureRequest, tmp_path: Path, receiver: Any) -> Carried:
    if request.param == "outbox":
        return Outbox(tmp_path, 2), lambda: [path.read_bytes() for path in tmp_path.rglob("*.eml")]
    url = request.getfixturevalue("server")
    return Smtp(parse_server(url), 2), lambda: [content for _, content in receiver.received]


def _message(number: int, body: bytes = b"Hello\r\n") -> Message:
    content = b"Subject: x\r\n\r\n" + body
    return Message(DeliveryId(f"{number:024x}"), "news@example.org", f"reader{number}@example.org", content)


def test_every_message_is_answered_and_carried_whole(carried: Carried) -> None:
    provider, received = carried
    messages = [_message(number, f"Hello {number}\r\n.\r\n..two\r\n".encode()) for number in range(7)]
    connection = provider.connect()
    outcomes = list(connection.deliver(messages))
    connection.close()
    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 7
    assert sorted(received()) == sorted(message.content for message in messages)


def test_a_connection_is_used_for_many_groups(carried: Carried) -> None:
    provider, received = carried
    connection = provider.connect()
    for number in range(4):
        assert [one.result for one in connection.deliver([_message(number)])] == [Result.ACCEPTED]
    connection.close()
    assert len(received()) == 4


def test_the_outbox_knows_what_it_carried(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, 1)
    list(outbox.connect().deliver([_message(1)]))
    assert outbox.already_carried([_message(1).delivery_id, _message(2).delivery_id]) == {_message(1).delivery_id}


def test_an_unfinished_file_is_no_mail(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path, 1)
    outbox.connect()
    shard = tmp_path / _message(1).delivery_id[:2]
    (shard / f".{_message(1).delivery_id}.part").write_bytes(b"Subject:")
    assert outbox.already_carried([_message(1).delivery_id]) == set()


def test_an_outbox_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProviderGone, match="cannot be made"):
        Outbox(tmp_path / "file" / "outbox", 1).connect()


@pytest.mark.parametrize(
    ("reply", "result", "suppress"),
    [
        ("550 5.1.1 no such user", Result.REJECTED, True),
        ("550 5.2.2 mailbox full", Result.REJECTED, False),
        ("450 4.2.0 try later", Result.DEFERRED, False),
    ],
)
def test_a_refused_recipient_does_not_touch_the_others(
    server: str, receiver: Any, reply: str, result: Result, suppress: bool
) -> None:
    receiver.refuse["reader2@example.org"] = reply
    outcomes = _delivered(server, *(_message(number) for number in (1, 2, 3)))
    assert [one.result for one in outcomes] == [Result.ACCEPTED, result, Result.ACCEPTED]
    assert outcomes[1].suppress is suppress
    assert outcomes[1].reason == reply
    assert [address for address, _ in receiver.received] == ["reader1@example.org", "reader3@example.org"]


POLICY = "550 5.7.1 blocked by policy"


def test_a_recipient_refused_by_policy_while_others_are_taken_is_rejected_alone(server: str, receiver: Any) -> None:
    receiver.refuse["reader2@example.org"] = POLICY
    outcomes = _delivered(server, *(_message(number) for number in (1, 2, 3)))
    assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.REJECTED, Result.ACCEPTED]
    assert outcomes[1].reason == POLICY
    assert not outcomes[1].suppress


def test_the_first_recipient_refused_by_policy_is_tried_again_before_anybody_is_blamed(
    server: str, receiver: Any
) -> None:
    receiver.refuse["reader1@example.org"] = POLICY
    assert [one.result for one in _delivered(server, _message(1), _message(1))] == [Result.UNSENT, Result.REJECTED]


def test_five_recipients_refused_by_policy_in_a_row_stop_everything_and_the_first_is_named(
    server: str, receiver: Any
) -> None:
    receiver.refuse |= {f"reader{number}@example.org": POLICY for number in range(5)}
    answered = []
    with (
        closing(Smtp(parse_server(server), 1).connect()) as connection,
        pytest.raises(ProviderRefuses, match=r"5\.7\.1 blocked by policy \(first said of reader0@example\.org"),
    ):
        for outcome in connection.deliver([_message(number) for number in range(7)]):
            answered.append(outcome.result)
    assert answered == [Result.UNSENT] * 5, "nobody is blamed for what is ours"


def _streamed(mail: MailServer, people: int, proven: bool = False) -> list[Outcome]:
    """The outcomes of a whole run."""
    provider = Smtp(parse_server(mail.url), 1)
    if proven:
        provider.prove()
    answered: list[Outcome] = []
    listed = smtp._Listed([_message(number) for number in range(people)])
    with closing(provider.connect()) as connection:
        answered.extend(connection.deliver_stream(listed))
    return answered


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("RCPT", "550 relaying denied"),
        ("RCPT", "554 5.1.8 <%s>: sender domain not found"),
        ("RCPT", "550 no relaying to %s here (session 7f%s)"),
        ("DOT", "550 rejected as spam"),
    ],
)
@pytest.mark.parametrize(("people", "rejected"), [(60, 10), (10, 10), (9, 9), (5, 5)])
def test_everybody_rejected_in_the_same_words_stops_everything(
    verb: str, said: str, people: int, rejected: int
) -> None:
    taken: list[Outcome] = []
    with MailServer() as mail:
        mail.answer = lambda asked, address: said.replace("%s", address) if asked == verb else ""
        listed = smtp._Listed([_message(number) for number in range(people)])
        with (
            closing(Smtp(parse_server(mail.url), 1).connect()) as connection,
            pytest.raises(ProviderRefuses, match=f"of all {rejected} recipients so far.*--retry-failed"),
        ):
            for outcome in connection.deliver_stream(listed):
                taken.append(outcome)
    assert [(one.result, one.suppress) for one in taken] == [(Result.REJECTED, False)] * rejected


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(lambda number: "550 5.1.1 no such user", id="the code lays it to the address"),
        pytest.param(lambda number: "552 5.2.2 mailbox full", id="the code lays it to the mailbox"),
        pytest.param(lambda number: "450 greylisted", id="for a while"),
        pytest.param(lambda number: "" if number == 0 else "550 no such user", id="somebody was accepted"),
        pytest.param(lambda number: ("550 no such user", "550 spam")[number == 4], id="in other words"),
    ],
)
def test_a_bad_list_is_settled_one_by_one(said: Callable[[int], str]) -> None:
    with MailServer() as mail:
        mail.answer = lambda verb, address: said(int(address[6:].partition("@")[0])) if verb == "RCPT" else ""
        assert len(_streamed(mail, 20)) == 20


def test_four_rejected_in_the_same_words_may_be_bad_addresses() -> None:
    with MailServer() as mail:
        mail.answer = lambda verb, address: "550 no such user" if verb == "RCPT" else ""
        assert [one.result for one in _streamed(mail, 4)] == [Result.REJECTED] * 4


def test_a_server_that_took_mail_of_the_campaign_before_rejects_recipients_and_not_the_sender() -> None:
    with MailServer() as mail:
        mail.answer = lambda verb, address: "550 no such user" if verb == "RCPT" else ""
        assert [one.result for one in _streamed(mail, 20, proven=True)] == [Result.REJECTED] * 20


@pytest.mark.parametrize("verb", ["MAIL", "DATA", "DOT"])
def test_a_policy_refusal_of_anything_but_a_recipient_stops_everything_at_once(verb: str) -> None:
    answered = []
    said = {verb: "550 5.7.26 unauthenticated sender"} | ({"RCPT": "503 no sender"} if verb == "MAIL" else {})
    with MailServer() as mail:
        mail.answer = lambda asked, address: said.get(asked, "")
        with (
            closing(Smtp(parse_server(mail.url), 1).connect()) as connection,
            pytest.raises(ProviderRefuses, match=r"5\.7\.26.*reader1@example\.org"),
        ):
            for outcome in connection.deliver([_message(1), _message(2)]):
                answered.append(outcome.result)
    assert answered == [Result.UNSENT]
    assert not mail.taken


def test_who_is_told_421_is_deferred_with_its_words_and_those_behind_are_not_begun() -> None:
    with MailServer() as mail:
        mail.answer = lambda verb, address: "421 4.7.0 not you" if "reader2" in address and verb == "RCPT" else ""
        outcomes = _delivered(mail.url, *(_message(number) for number in (1, 2, 3)))
    assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.DEFERRED, Result.UNSENT]
    assert outcomes[1].reason == "421 4.7.0 not you"


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_whom_the_connection_breaks_for_twice_is_deferred_and_nobody_else(verb: str) -> None:
    with MailServer() as mail:
        begun: list[str] = []
        mail.answer = lambda asked, address: begun.append(asked) or DROP if asked == verb else ""
        provider = Smtp(parse_server(mail.url), 1)
        for expected in (Result.UNSENT, Result.DEFERRED):
            with closing(provider.connect()) as connection:
                outcomes = list(connection.deliver([_message(1), _message(2)]))
            assert [one.result for one in outcomes] == [expected, Result.UNSENT]
    assert "the connection broke before the message" in outcomes[0].reason
    assert begun == [verb] * 2


def test_a_session_that_was_idle_for_long_is_replaced_before_anybody_can_be_blamed(
    server: str, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Smtp(parse_server(server), 1).connect()) as connection:
        list(connection.deliver([_message(1)]))
        first = connection._socket.getsockname()
        monkeypatch.setattr(smtp, "MOST_IDLE", 0.0)
        assert [one.result for one in connection.deliver([_message(2)])] == [Result.ACCEPTED]
        assert connection._socket.getsockname() != first


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("smtp+starttls://127.0.0.1:%d", r"STARTTLS extension not supported by server\. Port 587"),
        ("smtp://ana:secret@127.0.0.1:%d", r"AUTH extension not supported by server\. Port 587"),
    ],
)
def test_what_the_server_does_not_offer_is_a_setting_to_mend(url: str, words: str) -> None:
    with MailServer() as mail, pytest.raises(SettingsError, match=words) as caught:
        Smtp(parse_server(url % mail.port), 1).connect()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("greeting", "kind", "words"),
    [
        ("421 4.3.2 busy.", ProviderBusy, r"takes no connection now: 421 4\.3\.2 busy\. Nothing was lost"),
        ("554 5.7.1 not from your address", ProviderRefuses, r"554 5\.7\.1 not from your address\.$"),
    ],
)
def test_a_greeting_that_refuses_is_told_in_the_servers_words(greeting: str, kind: type, words: str) -> None:
    with MailServer() as mail, pytest.raises(kind, match=words):
        mail.answer = lambda verb, address: greeting
        Smtp(parse_server(mail.url), 1).connect()


_NO_TLS_IN_COMMON = b"\x15\x03\x03\x00\x02\x02\x28"
"""The alert handshake_failure (RFC 8446 §6)."""


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (_NO_TLS_IN_COMMON, SettingsError, r"agree on no encryption: .*handshake failure\. Have the"),
        (b"220 ready\r\n", SettingsError, r"does not speak TLS where .*for others write smtp\+starttls://"),
        (b"", ProviderAway, "cannot be reached"),
    ],
)
def test_an_encryption_that_fails_is_a_setting_and_a_server_that_hangs_up_meanwhile_is_not(
    reply: bytes, kind: type, words: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as peer:
                peer.recv(10_000)
                peer.sendall(reply)

        Thread(target=serve, daemon=True).start()
        with pytest.raises(kind, match=words) as caught:
            Smtp(parse_server(f"smtps://127.0.0.1:{listener.getsockname()[1]}"), 1).connect()
    assert "_ssl.c" not in str(caught.value) or kind is ProviderAway


def test_a_setting_that_fails_on_the_way_leaves_nobody_in_doubt(
    server: str, monkeypatch: pytest.MonkeyPatch, receiver: Any
) -> None:
    monkeypatch.setattr(smtp, "MESSAGES_PER_SESSION", 1)

    def fail(server: object) -> None:
        raise SettingsError("no encryption any more")

    with closing(Smtp(parse_server(server), 1).connect()) as connection:
        monkeypatch.setattr(smtp, "_open", fail)
        outcomes = list(connection.deliver([_message(1), _message(2)]))
    assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.UNSENT]


def test_a_group_costs_one_round_trip_a_message_where_the_server_pipelines() -> None:
    seen: list[list[bytes]] = []
    both = b"250 queued\r\n250 ok\r\n550 5.1.1 nobody\r\n503 no recipients\r\n"
    outcomes = _delivered(_pipelining(seen, b"250 ok\r\n250 ok\r\n354 go\r\n", both), _message(1), _message(2))
    assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.REJECTED]
    assert outcomes[1].suppress
    assert seen[0] == [b"MAIL FROM:<news@example.org>", b"RCPT TO:<reader1@example.org>", b"DATA"]
    assert seen[1][-4:] == [b".", b"MAIL FROM:<news@example.org>", b"RCPT TO:<reader2@example.org>", b"DATA"]


def _international(number: int) -> Message:
    return _message(number)._replace(rcpt_to=f"jörg{number}@example.org")


def test_an_address_of_another_script_is_told_to_servers_that_take_it() -> None:
    seen: list[list[bytes]] = []
    queued = b"250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n"
    answers = (b"250 ok\r\n250 ok\r\n354 go\r\n", queued, b"250 queued\r\n")
    url = _pipelining(seen, *answers, offered=b"250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
    outcomes = _delivered(url, _message(1), _international(2))
    assert [one.result for one in outcomes] == [Result.ACCEPTED] * 2
    mail, rcpt = (line.decode() for line in seen[1][-3:-1])
    assert mail == "MAIL FROM:<news@example.org> BODY=8BITMIME SMTPUTF8"
    assert rcpt == "RCPT TO:<jörg2@example.org>"
    assert seen[0][0] == b"MAIL FROM:<news@example.org>", "and only for it"


def test_where_the_server_does_not_take_it_that_recipient_alone_is_rejected() -> None:
    seen: list[list[bytes]] = []
    queued = b"250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n"
    url = _pipelining(seen, b"250 ok\r\n250 ok\r\n354 go\r\n", b"250 queued\r\n", queued[12:])
    outcomes = _delivered(url, _international(1), _message(2), _international(3))
    assert [one.result for one in outcomes] == [Result.REJECTED, Result.ACCEPTED, Result.REJECTED]
    assert "SMTPUTF8" in outcomes[0].reason
    assert not outcomes[0].suppress, "another server may take it"
    assert "jörg" not in b"".join(line for group in seen for line in group).decode()


def test_when_the_server_vanishes_only_the_message_whose_text_left_is_uncertain() -> None:
    outcomes = _delivered(_pipelining([], b"250 ok\r\n250 ok\r\n354 go\r\n"), _message(1), _message(2))
    assert [one.result for one in outcomes] == [Result.UNCERTAIN, Result.UNSENT]


def test_a_session_is_renewed_after_so_many_messages(
    server: str, receiver: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "MESSAGES_PER_SESSION", 2)
    with closing(Smtp(parse_server(server), 1).connect()) as connection:
        sessions = set()
        for number in range(5):
            assert [one.result for one in connection.deliver([_message(number)])] == [Result.ACCEPTED]
            sessions.add(connection._socket.getsockname())
    assert len(receiver.received) == 5
    assert len(sessions) == 3


def test_a_server_that_does_not_speak_smtp_after_all_leaves_the_message_unsent() -> None:
    outcomes = _delivered(_scripted([b"HTTP/1.1 400 Bad Request\r\n", None]), _message(1))
    assert [one.result for one in outcomes] == [Result.UNSENT]


def test_the_queue_id_is_kept(server: str) -> None:
    outcome = _delivered(server, _message(1))[0]
    assert "queued as 42" in outcome.provider_id


def test_a_server_that_vanishes_after_the_text_leaves_the_message_uncertain() -> None:
    url = _scripted([b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", None])
    outcomes = _delivered(url, _message(1), _message(2))
    assert [one.result for one in outcomes] == [Result.UNCERTAIN, Result.UNSENT]


def test_a_server_that_vanishes_before_the_text_leaves_the_message_unsent() -> None:
    url = _scripted([b"250 ok\r\n", None])
    outcomes = _delivered(url, _message(1), _message(2))
    assert [one.result for one in outcomes] == [Result.UNSENT, Result.UNSENT]


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ProviderGone, match=f"127.0.0.1:{port} cannot be reached"):
        Smtp(parse_server(f"smtp://127.0.0.1:{port}"), 1).connect()


@pytest.mark.parametrize("url", ["", "mail.example.org", "http://mail.example.org", "smtp://user:hunter2@host:port"])
def test_a_wrong_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_server(url)
    assert "hunter2" not in str(caught.value)


def test_credentials_leave_only_over_an_encrypted_connection() -> None:
    assert parse_server("smtp://user:secret@mail.example.org").encryption == "starttls"
    assert parse_server("smtp://mail.example.org:587").encryption == "starttls"
    assert parse_server("smtps://user:secret@mail.example.org").encryption == "tls"
    assert "secret" not in repr(parse_server("smtp://user:secret@mail.example.org"))


def _delivered(url: str, *messages: Message) -> list[Outcome]:
    with closing(Smtp(parse_server(url), 1).connect()) as connection:
        return list(connection.deliver(messages))


def _scripted(replies: list[bytes | None]) -> str:
    """A server that greets, answers EHLO, then answers a line with each reply; None hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 ready\r\n")
            lines.readline()
            peer.sendall(b"250 hello\r\n")
            in_text = False
            for reply in replies:
                if in_text:
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                else:
                    lines.readline()
                if reply is None:
                    return
                peer.sendall(reply)
                in_text = reply.startswith(b"354")

    Thread(target=serve, daemon=True).start()
    return f"smtp://127.0.0.1:{listener.getsockname()[1]}"


def _pipelining(
    seen: list[list[bytes]], *answers: bytes, offered: bytes = b"250 PIPELINING\r\n", ending: bytes = b""
) -> str:
    """A server that offers PIPELINING, and sends the next answer after each line `ending`: each DATA without one, or
    the final dot if the answer is one line only. Then it hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as peer, peer.makefile("rb") as lines:
            peer.sendall(b"220 ready\r\n")
            lines.readline()
            peer.sendall(b"250-hello\r\n" + offered)
            for answer in answers:
                seen.append([])
                ending = b"." if answer.count(b"\n") == 1 else b"DATA"
                while not seen[-1] or seen[-1][-1] != ending:
                    seen[-1].append(lines.readline().rstrip())
                peer.sendall(answer)
            lines.readline()

    Thread(target=serve, daemon=True).start()
    return f"smtp://127.0.0.1:{listener.getsockname()[1]}"
