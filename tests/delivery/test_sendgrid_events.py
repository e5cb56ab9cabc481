"""SendGrid's words for what happened → ours, whatever stands in them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.providers.sendgrid_events import (
    BROKEN,
    FUTURE,
    NO_KIND,
    NO_TIME,
    OTHER_MAIL,
    event_of,
)
from newsletter.model import DeliveryId, Event, EventKind, SubscriberStatus

LATEST = datetime(2030, 1, 1, tzinfo=UTC)
BOUNCED, COMPLAINED, UNSUBSCRIBED = SubscriberStatus.BOUNCED, SubscriberStatus.COMPLAINED, SubscriberStatus.UNSUBSCRIBED


def _told(**more: object) -> dict[str, object]:
    return {
        "event": "open",
        "timestamp": 1_772_442_000,
        "sg_event_id": "e1",
        "newsletter_delivery": "ab",
        "newsletter_campaign": "spring",
        **more,
    }


def _event(**more: object) -> Event:
    made = event_of(_told(**more), LATEST)
    assert isinstance(made, Event), made
    return made


def test_an_event_keeps_whose_it_is_what_and_when() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    assert _event() == Event(DeliveryId("ab"), "spring", EventKind.OPEN, at, "e1")
    assert _event(event="click", url="https://x.org/?a=1").url == "https://x.org/?a=1"
    assert _event(sg_machine_open=True).machine
    assert not _event(event="click", sg_machine_open=True).machine


_OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)"


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ({"useragent": _OUTLOOK}, "outlook-365"),
        ({"useragent": "Mozilla/5.0", "sg_machine_open": True}, "apple"),
        ({"sg_machine_open": True}, "apple"),
        ({"useragent": "who knows"}, "unknown"),
        ({"useragent": ""}, None),
        ({"useragent": ["Mozilla/5.0"]}, None),
        ({}, None),
        ({"event": "click", "useragent": _OUTLOOK}, "outlook-365"),
        ({"event": "click", "useragent": "Mozilla/5.0 (X11) Firefox/126.0"}, None),
        ({"event": "delivered", "useragent": _OUTLOOK}, None),
    ],
)
def test_of_a_user_agent_only_the_family_of_mail_clients_is_kept(told: dict[str, object], client: str | None) -> None:
    made = _event(**told)
    assert made.client == client
    assert "Windows NT" not in repr(made)


@pytest.mark.parametrize(
    ("told", "kind", "means"),
    [
        ({"event": "bounce", "type": "bounce", "status": "5.1.1"}, "bounce", BOUNCED),
        ({"event": "bounce", "type": "bounce", "status": "5.1.10"}, "bounce", BOUNCED),
        ({"event": "bounce", "type": "bounce", "reason": "550 5.2.1 mailbox disabled"}, "bounce", BOUNCED),
        ({"event": "bounce", "type": "bounce", "reason": "no such user"}, "bounce", BOUNCED),
        ({"event": "bounce", "type": "bounce", "status": "5.7.26"}, "bounce", None),
        ({"event": "bounce", "type": "bounce", "status": "5.2.2", "reason": "550 5.1.1"}, "bounce", None),
        ({"event": "bounce", "type": "blocked", "status": "5.1.1"}, "blocked", None),
        ({"event": "dropped", "reason": "Bounced Address"}, "dropped", BOUNCED),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "dropped", COMPLAINED),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, "dropped", UNSUBSCRIBED),
        ({"event": "dropped", "reason": "Invalid"}, "dropped", BOUNCED),
        ({"event": "dropped", "reason": "Invalid SMTPAPI header"}, "dropped", None),
        ({"event": "dropped", "reason": "Recipient List over Package Quota"}, "dropped", None),
        ({"event": "spamreport"}, "spamreport", COMPLAINED),
        ({"event": "unsubscribe"}, "unsubscribe", UNSUBSCRIBED),
        ({"event": "group_unsubscribe"}, "group_unsubscribe", UNSUBSCRIBED),
        ({"event": "group_resubscribe"}, "group_resubscribe", None),
        ({"event": "deferred", "response": "400 try again later"}, "deferred", None),
    ],
)
def test_only_what_says_that_a_person_must_not_be_mailed_means_so(
    told: dict[str, object], kind: str, means: SubscriberStatus | None
) -> None:
    made = _event(**told)
    assert (made.kind, made.means) == (kind, means)


def test_why_it_was_refused_is_kept_in_the_servers_words() -> None:
    assert _event(event="bounce", status="5.1.1", reason="550\r\n no\0 such\tuser").words == "550 no such user 5.1.1"
    assert _event(event="dropped", reason="Bounced Address").words == "Bounced Address"


def test_an_event_without_an_id_has_one_of_its_own_that_is_always_the_same() -> None:
    first, again, other = (_event(sg_event_id=None, ip=ip).event_id for ip in ("1.1.1.1", "1.1.1.1", "2.2.2.2"))
    assert first == again != other


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"event": "open"}, OTHER_MAIL),
        (_told(newsletter_delivery=7), BROKEN),
        (_told(newsletter_delivery="a\0b"), BROKEN),
        (_told(newsletter_delivery="\ud800"), BROKEN),
        (_told(newsletter_delivery="a" * 10_000_000), BROKEN),
        (_told(newsletter_campaign=["x"]), BROKEN),
        (_told(event="account_status_change"), NO_KIND),
        (_told(event=["open"]), NO_KIND),
        (_told(event="blocked"), NO_KIND),
        (_told(timestamp=True), NO_TIME),
        (_told(timestamp="yesterday"), NO_TIME),
        (_told(timestamp=float("nan")), NO_TIME),
        (_told(timestamp=10**30), NO_TIME),
        (_told(timestamp=-1), NO_TIME),
        (_told(timestamp=4_000_000_000), FUTURE),
    ],
)
def test_what_is_no_event_of_ours_is_not_taken_with_the_reason(told: dict[str, object], reason: str) -> None:
    assert event_of(told, LATEST) == reason


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_KEYS = ("event", "timestamp", "sg_event_id", "newsletter_delivery", "newsletter_campaign", "type", "status", "reason")


@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys((*_KEYS, "url", "response", "sg_machine_open", "useragent"), _ANYTHING)
    )
)
def test_whatever_stands_in_an_event_what_is_kept_of_it_can_be_stored(more: dict[str, object]) -> None:
    made = event_of(_told(**more), LATEST)
    if isinstance(made, Event):
        assert all(text.isprintable() for text in (made.delivery, made.campaign, made.event_id, made.url, made.words))
        assert len(made.url) <= 4_000 and len(made.words) <= 330
        assert made.at <= LATEST
