"""Countries, languages and time zones as people write them → the codes that segments compare.

A name that means one thing in the languages known here becomes its code (ISO 3166-1 alpha-2, BCP 47, IANA); any other
text stays what it was, and is never guessed. The names are those of Unicode's CLDR, from Babel.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global

from newsletter.audience.professions import normalised

_KNOWN_IN = ("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv")
_COUNTRY = re.compile("[A-Z]{2}")
_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
_ALSO = {
    "uk": "GB",
    "u k": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "usa": "US",
    "u s a": "US",
    "u s": "US",
    "united states of america": "US",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "turkey": "TR",
    "republic of ireland": "IE",
}
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}))?(?:\.[\w-]+)?")


def country_code(text: str) -> str:
    """The ISO code of the country, or the text itself where that is not unmistakable."""
    return _countries().get(normalised(text), text)


def language_code(text: str) -> str:
    """The language as a tag such as `de` or `pt-BR`, or the text itself where that is not unmistakable."""
    tag = _TAG.fullmatch(text)
    if tag and tag[1].lower() in _language_codes():
        parts = (tag[1].lower(), (tag[2] or "").capitalize(), (tag[3] or "").upper())
        return "-".join(part for part in parts if part)
    return _languages().get(normalised(text), text)


def time_zone_name(text: str) -> str:
    """The IANA name of the time zone; empty where it is none."""
    return _time_zones().get(text.casefold().replace(" ", "_"), "")


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found = _unmistakable("territories", lambda code: bool(_COUNTRY.fullmatch(code)) and code not in _NO_COUNTRIES)
    codes = set(found.values())
    threes = {three.lower(): two[0] for three, two in get_global("territory_aliases").items() if len(three) == 3}
    by_code = {code.lower(): code for code in codes} | {three: two for three, two in threes.items() if two in codes}
    found.pop("congo", None)  # CLDR has it as the short name of one of the two
    return found | by_code | _ALSO


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    return _unmistakable("languages", lambda code: "_" not in code and len(code) <= 3)


@lru_cache(maxsize=1)
def _language_codes() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages if len(str(code)) <= 3)


@lru_cache(maxsize=1)
def _time_zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if "/" in name or name == "UTC"}


def _unmistakable(of: str, wanted: Callable[[str], bool]) -> dict[str, str]:
    """Normalised name → code, for the names that have one meaning in all languages known here."""
    meanings: dict[str, set[str]] = {}
    for language in _KNOWN_IN:
        for code, name in getattr(Locale(language), of).items():
            if wanted(code):
                meanings.setdefault(normalised(name), set()).add(code)
    return {name: next(iter(codes)) for name, codes in meanings.items() if len(codes) == 1}
