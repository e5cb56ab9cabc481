"""The mail programs that people read with, as far as an open tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ClientFamily(StrEnum):
    """One mail client, or several that an open does not tell apart; the single ones have the ids of `--clients`."""

    GMAIL = "gmail"
    APPLE = "apple"
    APPLE_MACOS = "apple-macos"
    APPLE_IOS = "apple-ios"
    OUTLOOK_WINDOWS = "outlook-windows"
    OUTLOOK_2016 = "outlook-2016"
    OUTLOOK_2019 = "outlook-2019"
    OUTLOOK_365 = "outlook-365"
    OUTLOOK_WEB = "outlook-web"
    OUTLOOK_MACOS = "outlook-macos"
    OUTLOOK_IOS = "outlook-ios"
    OUTLOOK_ANDROID = "outlook-android"
    YAHOO = "yahoo"
    SAMSUNG = "samsung"
    THUNDERBIRD = "thunderbird"
    PROTON = "proton"
    BROWSER = "browser"
    """A browser, and so some webmail that fetches pictures itself."""
    ANDROID = "android"
    """Some app on Android that draws mail with the system's browser."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ClientMix:
    """What the people of an audience read with: each person counts one, in parts when they use several."""

    people: Mapping[ClientFamily, float]
    """The most frequent first; nobody who is unknown."""
    unknown: int = 0
    """Those who opened something with what nobody knows."""

    @property
    def known(self) -> int:
        """How many people it is made of."""
        return round(sum(self.people.values()))

    @property
    def shares(self) -> dict[ClientFamily, float]:
        """Each family's part of those who are known, from 0 to 1."""
        every = sum(self.people.values())
        return {family: count / every for family, count in self.people.items()} if every else {}
