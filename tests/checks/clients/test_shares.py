"""What part of an audience some clients are, where an open does not tell which of a family it was."""

from __future__ import annotations

import pytest

from newsletter.checks.clients.mail_clients import IDS, USUAL
from newsletter.checks.clients.shares import LEAST_PEOPLE, Part, family_in_words, members_of, part_of, rounded
from newsletter.model import ClientFamily, ClientMix

GMAIL = ("gmail-web", "gmail-ios", "gmail-android", "gmail-other")


def test_every_family_is_of_clients_there_are_and_every_usual_client_is_of_a_family() -> None:
    for family in ClientFamily:
        members = members_of(family)
        assert set(members) <= set(IDS)
        assert bool(members) == (family is not ClientFamily.UNKNOWN)
        assert family is ClientFamily.UNKNOWN or family_in_words(family)
    assert set(USUAL) <= {one for family in ClientFamily for one in members_of(family)}


def test_gmail_and_yahoo_never_look_like_a_browser_because_their_servers_fetch_for_them() -> None:
    assert {"outlook-web", "proton-web", "gmx-web"} <= set(members_of("browser"))
    assert not [one for one in members_of("browser") if one.startswith(("gmail", "yahoo", "aol", "apple"))]
    assert "samsung" in members_of("android")


def test_a_family_that_is_concerned_whole_is_told_as_it_is_and_in_part_as_a_bound() -> None:
    shares = {"gmail": 0.48, "apple-ios": 0.3, "outlook-365": 0.22}
    assert part_of(GMAIL, shares) == Part(0.48, 0.48)
    assert part_of(("gmail-web",), shares) == Part(0.0, 0.48)
    assert part_of(("gmail-web", "outlook-365"), shares) == Part(pytest.approx(0.22), pytest.approx(0.70))
    assert part_of(("thunderbird",), shares) == Part(0.0, 0.0)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part(0.12, 0.12), "about 12 % of this audience"),
        (Part(0.0, 0.48), "up to 48 % of this audience"),
        (Part(0.005, 0.005), "about 1 % of this audience"),
        (Part(0.0, 0.001), "less than 1 % of this audience"),
        (Part(0.0, 0.0), "nobody known in this audience"),
        (Part(1.0, 1.0), "about 100 % of this audience"),
    ],
)
def test_a_part_is_told_in_words(part: Part, words: str) -> None:
    assert part.words == words


def test_an_open_more_does_not_make_another_mix_and_of_too_few_people_there_is_none() -> None:
    many = {ClientFamily.GMAIL: 4_000.0, ClientFamily.SAMSUNG: 50.0}
    more = {ClientFamily.GMAIL: 4_001.0, ClientFamily.SAMSUNG: 50.0}
    assert rounded(ClientMix(many)) == rounded(ClientMix(more)) == {"gmail": 0.99, "samsung": 0.01}
    assert rounded(ClientMix({ClientFamily.GMAIL: LEAST_PEOPLE - 1.0}, unknown=900)) is None
    assert rounded(ClientMix({ClientFamily.GMAIL: float(LEAST_PEOPLE)})) == {"gmail": 1.0}
