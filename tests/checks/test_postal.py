"""A mailing without anything like a postal address is told, and no other."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.checks.postal import may_have_address
from newsletter.pipeline.checking import check_file

ADDRESSES = [
    "2 Quay Street, Port Town",
    "Harbour News 2 Quay Street Port Town",
    "548 Market St, San Francisco, CA 94104",
    "Hafenstraße 7, 20457 Hamburg",
    "Meir 5, 2000 Antwerpen",
    "12 rue du Port, Brest",
    "Calle del Mar 4, Cádiz",
    "Box 12, Stockholm",
    "P.O. Box 9, Dublin",
    "The Old Mill, Ballina, Co. Mayo",
    "10 Downing, London SW1A 2AA",
    "12 Harbour View Kowloon",
    "東京都港区1丁目",
    "ул. Портовая, 5, Москва",
    "ul. Portowa 5, Gdańsk",
    "*|LIST:ADDRESS|*",
    "Dept. 7, Port Town",
]
NONE = [
    "",
    "High water at 12:30 on Monday, 5 May 2026. © 2026 Harbour News",
    "May 5, and then again in 2027: 3 tides, 40 % more, for 1,200 ships and 3.50 a head.",
    "Read it at https://example.org/2026/05 or write to news@example.org",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_of_any_country_is_taken_for_one(text: str) -> None:
    assert may_have_address(f"You get this every week. {text}")


@pytest.mark.parametrize("text", NONE)
def test_days_amounts_and_years_are_no_address(text: str) -> None:
    assert not may_have_address(text)


@pytest.mark.parametrize(
    ("headers", "footer", "told"),
    [
        ({"List-Unsubscribe": "<https://example.org/leave>"}, "Bye", ["warning"]),
        ({"List-Id": "<news.example.org>"}, "Bye", ["warning"]),
        ({"Precedence": "bulk"}, "Bye", ["warning"]),
        ({"List-Id": "<news.example.org>"}, "2 Quay Street, Port Town", []),
        ({"List-Id": "<talk.example.org>", "List-Post": "<mailto:talk@example.org>"}, "Bye", []),
        ({}, "Bye", []),
    ],
)
def test_a_message_that_says_it_is_a_mailing_is_told_that_it_has_no_address(
    tmp_path: Path, headers: dict[str, str], footer: str, told: list[str]
) -> None:
    message = EmailMessage()
    for name, value in {"From": "Town <news@example.org>", "Subject": "Tides", **headers}.items():
        message[name] = value
    message.set_content(f"<html><body>\n<p>High water</p>\n<p>{footer}</p>\n</body></html>", "html")
    (tmp_path / "mail.eml").write_bytes(bytes(message))
    found = [one for one in check_file(str(tmp_path / "mail.eml")).findings if one.rule == "postal-address"]
    assert [one.severity for one in found] == told
    assert {one.where.line for one in found} <= {4}
