"""The SendGrid provider against a server with SendGrid's limits and faults."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from newsletter.delivery.providers import sendgrid_client
from newsletter.delivery.providers.contract import ProviderAway, ProviderGone
from newsletter.delivery.providers.sendgrid import Account, SendGrid
from newsletter.delivery.providers.sendgrid_client import Client
from newsletter.delivery.providers.sendgrid_requests import MailOptions
from newsletter.model import DeliveryId, Outcome, Personalization, Picture, Result, Template
from tests.delivery.sendgrid_server import (
    KEY,
    Server,
    answers_late,
    breaks_off_in_the_answer,
    loses_the_answer,
    resets_after_the_body,
    resets_after_the_head,
    resets_at_once,
    running,
    says,
)

TAG = "v0123456789abcdef"
ACCEPTED, REJECTED, DEFERRED, UNCERTAIN, UNSENT = (
    Result.ACCEPTED,
    Result.REJECTED,
    Result.DEFERRED,
    Result.UNCERTAIN,
    Result.UNSENT,
)
START = 1_790_000_000.0


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as made:
        yield made


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self, ending: bool = False) -> None:
        self.now = START
        self.waits: list[float] = []
        self._ending = ending

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return self._ending


def _template(pictures: Sequence[Picture] = (), **changes: Any) -> Template:
    values: dict[str, Any] = {
        "key": "default",
        "subject": f"For {TAG}",
        "html": f"<p>Hello {TAG}</p>",
        "text": f"Hello {TAG}",
        "pictures": tuple(pictures),
        "sender_name": "Wörk",
        "sender_address": "news@example.org",
        "reply_to": "hello@example.org",
        "campaign": "spring",
        "headers": {"List-Id": "<news.example.org>"},
        "tags": (TAG,),
    }
    return Template(**values | changes)


def _mails(count: int, template: Template | None = None, **changes: Any) -> list[Personalization]:
    template = template or _template()
    made = []
    for number in range(count):
        values: dict[str, Any] = {
            "template": template,
            "delivery_id": DeliveryId(f"{number:024x}"),
            "rcpt_to": f"r{number}@example.org",
            "name": f"Name {number}",
            "values": {TAG: f"N{number}"},
            "headers": {"Message-ID": f"<{number}@example.org>"},
        }
        made.append(Personalization(**values | changes))
    return made


def _provider(
    server: Server,
    clock: Clock | None = None,
    options: MailOptions | None = None,
    key: str = KEY,
    patience: float = 60,
) -> SendGrid:
    clock = clock or Clock()
    account = Account(key, server.url, options or MailOptions())
    return SendGrid(account, 2, clock.wait, clock, lambda key, host: Client(key, host, 5, patience))


def _deliver(provider: SendGrid, mails: Sequence[Personalization]) -> list[Outcome]:
    return list(provider.connect().deliver(mails))


def _results(provider: SendGrid, mails: Sequence[Personalization]) -> list[Result]:
    return [one.result for one in _deliver(provider, mails)]


def test_a_thousand_recipients_go_in_one_request_in_the_order_given(server: Server) -> None:
    outcomes = _deliver(_provider(server), _mails(1000))
    assert {(one.result, one.provider_id) for one in outcomes} == {(ACCEPTED, "message1")}
    assert len(server.requests) == 1
    people = server.requests[0]["personalizations"]
    assert [one["to"][0]["email"] for one in people] == [f"r{number}@example.org" for number in range(1000)]


def test_each_reads_their_own_values_headers_and_pictures(server: Server) -> None:
    picture = Picture("a.png", "image/png", 1, 1, b"\x89PNG")
    _deliver(_provider(server), _mails(3, _template([picture])))
    (mail,) = server.delivered[f"{2:024x}"]
    assert (mail.subject, mail.html, mail.text) == ("For N2", "<p>Hello N2</p>", "Hello N2")
    assert mail.headers == {"List-Id": "<news.example.org>", "Message-ID": "<2@example.org>"}
    assert mail.attachments == [
        {
            "content": "iVBORw==",
            "type": "image/png",
            "filename": "a.png",
            "disposition": "inline",
            "content_id": "a.png",
        }
    ]


def test_custom_args_name_campaign_and_delivery_and_nobody(server: Server) -> None:
    _deliver(_provider(server), _mails(2))
    (request,) = server.requests
    assert "custom_args" not in request
    assert request["personalizations"][1]["custom_args"] == {
        "newsletter_delivery": f"{1:024x}",
        "newsletter_campaign": "spring",
    }


@pytest.mark.parametrize(("opens", "clicks"), [(False, False), (True, False), (False, True)])
def test_opens_and_clicks_are_only_told_when_they_are_asked_for(server: Server, opens: bool, clicks: bool) -> None:
    _deliver(_provider(server, options=MailOptions(opens=opens, clicks=clicks)), _mails(1))
    assert server.requests[0]["tracking_settings"] == {
        "open_tracking": {"enable": opens},
        "click_tracking": {"enable": clicks, "enable_text": False},
        "subscription_tracking": {"enable": False},
    }


def test_links_stay_as_they_were_written_and_the_settings_options_are_said(server: Server) -> None:
    options = MailOptions(("letters", "spring"), 12, "news", sandbox=True)
    outcomes = _deliver(_provider(server, options=options), _mails(1))
    (request,) = server.requests
    assert outcomes[0].result is ACCEPTED
    assert server.delivered == {}, "the sandbox delivers nothing"
    assert request["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}
    assert request["categories"] == ["letters", "spring"]
    assert request["asm"] == {"group_id": 12}
    assert request["ip_pool_name"] == "news"
    assert "send_at" not in request
    assert request["from"] == {"email": "news@example.org", "name": "Wörk"}
    assert request["reply_to"] == {"email": "hello@example.org"}


@pytest.mark.parametrize("names_fields", [True, False])
def test_one_bad_recipient_is_found_and_rejected_and_the_others_are_mailed_once(
    server: Server, names_fields: bool
) -> None:
    server.names_fields = names_fields
    server.invalid = {"r77@example.org", "r500@example.org"}
    outcomes = _deliver(_provider(server), _mails(600))
    bad = [number for number, one in enumerate(outcomes) if one.result is REJECTED]
    assert bad == [77, 500]
    assert outcomes[77].reason == "SendGrid: Does not contain a valid address."
    assert [one.result for one in outcomes].count(ACCEPTED) == 598
    assert set(server.times().values()) == {1}
    assert len(server.times()) == 598
    assert len(server.requests) == 2 if names_fields else len(server.requests) <= 2 * 2 * 10 + 2, "log2(600) < 10"


def test_a_refusal_of_the_mail_itself_stops_the_campaign_instead_of_blaming_everybody(server: Server) -> None:
    fault = says(400, {"field": "from.email", "message": "The from address is not verified."})
    server.faults.append(fault)
    answered = []
    with pytest.raises(ProviderGone, match=r"the mail itself.*not verified"):
        for one in _provider(server).connect().deliver(_mails(3)):
            answered.append(one.result)
    assert answered == [UNSENT] * 3


def test_when_everybody_is_refused_in_the_same_words_nobody_is_rejected(server: Server) -> None:
    server.names_fields = False
    server.invalid = {f"r{number}@example.org" for number in range(40)}
    answered = []
    with pytest.raises(ProviderGone, match="everybody in the same words"):
        for one in _provider(server).connect().deliver(_mails(40)):
            answered.append(one.result)
    assert answered == [UNSENT] * 40
    assert len(server.requests) < 40


def test_too_large_a_request_is_halved_until_it_fits(server: Server) -> None:
    server.most_bytes = 40_000
    results = _results(_provider(server), _mails(400))
    assert results == [ACCEPTED] * 400
    assert 413 in server.answers
    assert set(server.times().values()) == {1}


def test_one_who_is_too_large_alone_is_rejected(server: Server) -> None:
    server.most_bytes = 100
    (outcome,) = _deliver(_provider(server), _mails(1))
    assert (outcome.result, outcome.reason) == (REJECTED, "SendGrid: too large. Payload too large.")


def test_a_rate_limit_is_waited_for_as_long_as_it_says(server: Server) -> None:
    server.faults += [says(429, X_RateLimit_Reset=f"{START + 7:.0f}"), says(429, Retry_After="3")]
    clock = Clock()
    assert _results(_provider(server, clock), _mails(5)) == [ACCEPTED] * 5
    assert clock.waits == [7.0, 3.0]
    assert set(server.times().values()) == {1}


def test_a_rate_limit_that_ends_far_away_defers(server: Server) -> None:
    server.faults.append(says(429, X_RateLimit_Reset=f"{START + 3600:.0f}"))
    clock = Clock()
    assert _results(_provider(server, clock), _mails(5)) == [DEFERRED] * 5
    assert clock.waits == []


def test_a_run_that_ends_during_a_rate_limit_leaves_the_rest_unsent(server: Server) -> None:
    server.faults.append(says(429, Retry_After="30"))
    assert _results(_provider(server, Clock(ending=True)), _mails(5)) == [UNSENT] * 5
    assert server.delivered == {}


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, r"made up 401\. Set SENDGRID_API_KEY"), (403, "verification"), (404, "404"), (302, "302")],
)
def test_a_refusal_of_the_account_stops_the_campaign_and_nothing_was_sent(
    server: Server, status: int, words: str
) -> None:
    server.faults.append(says(status, Location="http://127.0.0.1:1/"))
    answered = []
    with pytest.raises(ProviderGone, match=words):
        for one in _provider(server).connect().deliver(_mails(3)):
            answered.append(one.result)
    assert answered == [UNSENT] * 3
    assert len(server.answers) == 1


@pytest.mark.parametrize(
    ("fault", "mailed"),
    [
        (says(500), 0),
        (says(503), 0),
        (says(200), 0),
        (resets_after_the_body, 0),
        (loses_the_answer, 3),
        (breaks_off_in_the_answer, 3),
        (answers_late(1.0), 3),
    ],
)
def test_what_was_sent_and_not_answered_is_uncertain(server: Server, fault: Any, mailed: int) -> None:
    server.faults.append(fault)
    outcomes = _deliver(_provider(server, patience=0.5), _mails(3))
    assert [one.result for one in outcomes] == [UNCERTAIN] * 3
    assert outcomes[0].reason.startswith("SendGrid")
    assert len(server.times()) == mailed


@pytest.mark.parametrize("fault", [resets_at_once, resets_after_the_head])
def test_a_connection_that_breaks_before_the_mail_was_read_is_never_an_acceptance(server: Server, fault: Any) -> None:
    provider = _provider(server)
    provider.state.reached = True
    server.faults.append(fault)
    large = _mails(1000, _template(html=f"<p>{TAG}</p>" + "x" * 20_000_000))
    results = _results(provider, large)
    assert len(set(results)) == 1
    assert results[0] in (UNSENT, UNCERTAIN)
    assert server.delivered == {}


def test_an_ok_that_is_not_the_one_of_its_documentation_is_only_the_sandboxs_acceptance(server: Server) -> None:
    server.faults += [says(200), says(200)]
    ordinary, looked_at = _provider(server), _provider(server, options=MailOptions(sandbox=True))
    outcomes = _deliver(ordinary, _mails(2))
    assert [(one.result, one.reason) for one in outcomes] == [
        (UNCERTAIN, "SendGrid answered 200, and only 202 means that it took the mail")
    ] * 2
    assert _results(looked_at, _mails(2)) == [Result.ACCEPTED] * 2


@pytest.mark.parametrize(("said", "told"), [("oops", r"500\. oops\. Nobody"), ("oops!", "500. oops! Nobody")])
def test_what_sendgrid_says_ends_before_our_own_words_begin(server: Server, said: str, told: str) -> None:
    server.faults += [says(500, {"message": said, "field": None})] * 3
    provider = _provider(server)
    for _ in range(2):
        _deliver(provider, _mails(1))
    with pytest.raises(ProviderGone, match=told):
        _deliver(provider, _mails(1))


def test_after_three_requests_without_an_answer_no_more_are_put_in_doubt(server: Server) -> None:
    server.faults += [says(500)] * 3
    provider = _provider(server)
    for _ in range(2):
        assert _results(provider, _mails(2)) == [UNCERTAIN] * 2
    with pytest.raises(ProviderGone, match="Nobody knows whether the last 3 requests"):
        _results(provider, _mails(2))


def test_a_host_that_is_not_there_is_named_at_once_and_waited_for_later(server: Server) -> None:
    provider = SendGrid(Account(KEY, "http://127.0.0.1:1"), 1)
    with pytest.raises(ProviderAway, match=r"127\.0\.0\.1:1 cannot be reached: Connection refused"):
        _deliver(provider, _mails(1))
    provider.state.reached = True
    assert _results(provider, _mails(2)) == [UNSENT] * 2


def test_a_server_that_does_not_speak_tls_was_sent_nothing(server: Server) -> None:
    provider = SendGrid(Account(KEY, server.url.replace("http:", "https:")), 1)
    with pytest.raises(ProviderAway, match="cannot be reached"):
        _deliver(provider, _mails(1))
    assert server.requests == []


def test_one_whose_values_need_more_room_than_substitutions_have_gets_a_request_of_their_own(server: Server) -> None:
    mails = _mails(2) + _mails(1, values={TAG: "é" * 6000}, rcpt_to="long@example.org", delivery_id=DeliveryId("ab"))
    assert _results(_provider(server), mails) == [ACCEPTED] * 3
    (mail,) = server.delivered["ab"]
    assert mail.text == "Hello " + "é" * 6000
    assert len(server.requests) == 2
    assert 400 not in server.answers


def test_substitutions_just_below_the_limit_stay_substitutions(server: Server) -> None:
    value = "x" * (10_000 - len(TAG) - 10)
    assert _results(_provider(server), _mails(2, values={TAG: value})[:1]) == [ACCEPTED]
    assert server.requests[0]["personalizations"][0]["substitutions"] == {TAG: value}


def test_an_address_is_named_once_in_a_request(server: Server) -> None:
    mails = [*_mails(2), *_mails(1, rcpt_to="R1@example.org", delivery_id=DeliveryId("ab"))]
    assert _results(_provider(server), mails) == [ACCEPTED] * 3
    assert [len(one["personalizations"]) for one in server.requests] == [2, 1]
    assert 400 not in server.answers


def test_names_lose_what_sendgrid_does_not_take_in_them(server: Server) -> None:
    _deliver(_provider(server), _mails(1, name="Pérez, Ana; Dr."))
    assert next(iter(server.delivered.values()))[0].name == "Pérez  Ana  Dr."
    assert 400 not in server.answers


def test_who_cannot_be_expressed_is_rejected_with_the_reason_and_the_others_go(server: Server) -> None:
    mails = _mails(3)
    mails[1] = _mails(1, rcpt_to="añb@example.org")[0]
    outcomes = _deliver(_provider(server), mails)
    assert [one.result for one in outcomes] == [ACCEPTED, REJECTED, ACCEPTED]
    assert "ASCII" in outcomes[1].reason


def test_a_header_that_sendgrid_keeps_for_itself_is_not_sent(server: Server) -> None:
    with pytest.raises(ProviderGone, match="header Received"):
        _deliver(_provider(server), _mails(1, _template(headers={"Received": "x"})))
    assert _results(_provider(server), _mails(1, headers={"DKIM-Signature": "x"})) == [REJECTED]
    assert server.requests == []


def test_a_mail_larger_than_sendgrid_takes_is_refused_before_it_is_sent(server: Server) -> None:
    picture = Picture("a.png", "image/png", 1, 1, b"x" * 23_000_000)
    with pytest.raises(ProviderGone, match="31 MB with its pictures"):
        _deliver(_provider(server), _mails(1, _template([picture])))
    assert server.requests == []


def test_requests_stay_below_thirty_megabytes(server: Server) -> None:
    picture = Picture("a.png", "image/png", 1, 1, b"x" * 19_000_000)
    template = _template([picture])
    mails = _mails(800, template, values={TAG: "x" * 9000})
    results = _results(_provider(server), mails)
    assert results == [ACCEPTED] * 800
    assert len(server.requests) > 1
    assert 413 not in server.answers


def test_the_key_shows_nowhere(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    provider = _provider(server, key="SG.hunter2-key")
    logging.getLogger("python_http_client.client").setLevel(logging.DEBUG)
    server.faults.append(says(403, {"field": None, "message": "key SG.hunter2-key may not"}))
    with caplog.at_level(logging.DEBUG), pytest.raises(ProviderGone) as caught:
        _deliver(provider, _mails(1))
    assert "hunter2" not in str(caught.value) + caplog.text + repr(Account("SG.hunter2-key"))


def test_every_request_has_a_timeout_and_no_two_connections_share_a_client(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeouts: list[float | None] = []
    connect = sendgrid_client.http.client.HTTPConnection.connect

    def noted(self: Any) -> None:
        timeouts.append(self.timeout)
        connect(self)

    monkeypatch.setattr(sendgrid_client.http.client.HTTPConnection, "connect", noted)
    first, second = Client(KEY, server.url, 4, 9), Client(KEY, server.url, 4, 9)
    assert first._post is not second._post
    provider = SendGrid(Account(KEY, server.url), 1, connect=lambda key, host: first)
    _deliver(provider, _mails(1))
    assert timeouts == [4]
