"""What part of an audience some mail clients are.

An open often tells a family of clients and not which of them, so a part is between two bounds: the families that are
among the clients with all they hold, and those of which at least one is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newsletter.checks.clients.mail_clients import CLIENTS, IDS, OUTLOOK_WINDOWS, clients_in_words
from newsletter.model import ClientFamily, ClientMix

LEAST_PEOPLE = 100
"""Of fewer people nothing is concluded: among a hundred, one is a percent."""
STEPS = 200
"""Shares are told apart by half a percent, so that not every open makes another mix."""
_SERVED_BY_ANOTHER = ("gmail", "yahoo", "aol")
"""Who fetch pictures through a server of their own that says so, and so never look like a browser."""


def _of(*families: str, platform: str = "") -> tuple[str, ...]:
    return tuple(
        one.id for one in CLIENTS if one.family in families and (not platform or one.platform.endswith(platform))
    )


def _pages(platform: str) -> tuple[str, ...]:
    """The clients there that draw with the system's browser."""
    others = {one.family for one in CLIENTS} - set(_SERVED_BY_ANOTHER)
    return tuple(one.id for one in CLIENTS if one.family in others and one.platform == platform)


MEMBERS: Mapping[ClientFamily, tuple[str, ...]] = {
    ClientFamily.GMAIL: _of("gmail"),
    ClientFamily.APPLE: _of("apple-mail"),
    ClientFamily.OUTLOOK_WINDOWS: OUTLOOK_WINDOWS,
    ClientFamily.YAHOO: _of("yahoo", "aol"),
    ClientFamily.PROTON: _of("protonmail"),
    ClientFamily.BROWSER: (*_pages("desktop-webmail"), *_of("outlook", platform="outlook-com")),
    ClientFamily.ANDROID: _pages("android"),
}
"""The families of several clients; every other is the client of that id."""


_WORDS: Mapping[ClientFamily, str] = {
    ClientFamily.GMAIL: "Gmail",
    ClientFamily.APPLE: "Apple Mail",
    ClientFamily.OUTLOOK_WINDOWS: "Outlook for Windows",
    ClientFamily.YAHOO: "Yahoo or AOL",
    ClientFamily.PROTON: "Proton Mail",
    ClientFamily.BROWSER: "webmail in a browser",
    ClientFamily.ANDROID: "an app on Android",
}


@dataclass(frozen=True, slots=True)
class Part:
    """At least so much of an audience and at most so much, each from 0 to 1."""

    least: float
    most: float

    @property
    def words(self) -> str:
        """'about 12 % of this audience', 'up to 48 % of this audience'."""
        if round(self.most, 3) < 0.005:
            return "less than 1 % of this audience" if self.most else "nobody known in this audience"
        close = self.most - self.least < 1.5 / STEPS
        return f"{'about' if close else 'up to'} {max(1, round(self.most * 100))} % of this audience"


def part_of(clients: Collection[str], shares: Mapping[str, float]) -> Part:
    """The part that reads with these clients; `shares` maps families and ids to theirs, and whom it does not name is
    nobody."""
    least = most = 0.0
    for family, share in shares.items():
        members = members_of(family)
        if any(one in clients for one in members):
            most += share
            least += share if all(one in clients for one in members) else 0.0
    return Part(min(least, 1.0), min(most, 1.0))


def members_of(family: str) -> tuple[str, ...]:
    """The ids of the clients that a family may be; none of one that is no client's."""
    found = MEMBERS.get(ClientFamily(family)) if family in tuple(ClientFamily) else None
    return found if found is not None else tuple(one for one in IDS if one == family)


def family_in_words(family: ClientFamily) -> str:
    """What people call it."""
    return _WORDS.get(family) or clients_in_words(members_of(family))


def rounded(mix: ClientMix) -> dict[str, float] | None:
    """The shares to weigh by, in steps; None when they are of too few people."""
    if mix.known < LEAST_PEOPLE:
        return None
    return {family.value: round(share * STEPS) / STEPS for family, share in mix.shares.items()}
