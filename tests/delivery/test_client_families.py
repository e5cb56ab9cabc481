"""What a user agent tells of the mail client, and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.client_families import clicked_in, family_of
from newsletter.model import ClientFamily

_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
_ANDROID = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "gmail"),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "yahoo"),
        ("Mozilla/5.0", "apple"),
        ("Mail/3774.600.62 CFNetwork/1494.0.7 Darwin/23.4.0", "apple"),
        (_MAC, "apple-macos"),
        (f"{_PHONE} Mobile/15E148", "apple-ios"),
        (_PHONE, "apple-ios"),
        ("Outlook-iOS/711.2620504.prod.iphone (3.28.0)", "outlook-ios"),
        ("Outlook-Android/2.0", "outlook-android"),
        ("MacOutlook/16.86.24060916 (Intelx64 Mac OS X Version 14.5 (Build 23F79))", "outlook-macos"),
        (f"{_EDGE} Edg/126.0 OneOutlook/1.2024.611.400", "outlook-web"),
        ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", "outlook-windows"),
        (
            "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/7.0; Microsoft Outlook 15.0.4420)",
            "outlook-windows",
        ),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.4266; Pro)", "outlook-2016"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.5459; Pro)", "outlook-2016"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.10410; Pro)", "outlook-2019"),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)", "outlook-365"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.12.2", "thunderbird"),
        ("Samsung Email/6.1.90.16 (Android 14)", "samsung"),
        ("ProtonMail/4.0.13 (Android 14; Pixel 8)", "proton"),
        (f"Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A; wv) {_ANDROID}", "android"),
        (_EDGE, "browser"),
        (f"{_MAC} Version/17.5 Safari/605.1.15", "browser"),
        (f"{_PHONE} Version/17.5 Mobile/15E148 Safari/604.1", "browser"),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "unknown"),
        ("Microsoft Office Existence Discovery", "unknown"),
        ("curl/8.5.0", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_user_agent_tells_a_client_or_the_family_it_may_be_of(agent: str, family: str) -> None:
    assert family_of(agent) == family


@pytest.mark.parametrize("agent", ["", "Mozilla/5.0", _EDGE, f"Mozilla/5.0 (Linux; Android 14; SM; wv) {_ANDROID}"])
def test_what_apples_protection_opens_is_some_apple_mail_whatever_its_servers_call_themselves(agent: str) -> None:
    assert family_of(agent, machine=True) is ClientFamily.APPLE


def test_a_program_that_is_named_is_that_program_also_where_a_machine_opened() -> None:
    assert family_of("(via ggpht.com GoogleImageProxy)", machine=True) is ClientFamily.GMAIL


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        (_EDGE, None),
        (f"{_PHONE} Version/17.5 Mobile/15E148 Safari/604.1", None),
        (f"{_PHONE} Mobile/15E148", None),
        (_MAC, None),
        ("Mozilla/5.0", None),
        ("", None),
        (f"Mozilla/5.0 (Linux; Android 14; SM; wv) {_ANDROID}", None),
        ("Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17628; Pro)", "outlook-365"),
        ("Outlook-iOS/711.2620504.prod.iphone (3.28.0)", "outlook-ios"),
    ],
)
def test_a_click_tells_the_client_only_where_a_mail_program_names_itself(agent: str, family: str | None) -> None:
    assert clicked_in(agent) == family


_PIECES = st.sampled_from(
    ["Macintosh", ")", "(", "Android ", "Outlook/", "Mozilla/5.0 ", "; wv", "Mail/1 ", "AppleWebKit/"]
)


@given(st.text() | st.lists(_PIECES, max_size=400).map("".join))
def test_whatever_an_agent_says_it_is_of_some_family(agent: str) -> None:
    assert family_of(agent) in ClientFamily
    assert clicked_in(agent) in (None, *ClientFamily)
