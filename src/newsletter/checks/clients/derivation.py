"""The answer of Can I Email's public interface → our support table.

In: the JSON of https://www.caniemail.com/api/data.json (interface version 1.0.4): `last_update_date` and `data`, a list
of features with `slug`, `title` and `stats[family][platform][version] = "y|a|n|u #note …"`, oldest version first, and
`notes_by_num`. Out: a `SupportTable`. Refuses what does not hold at least as many features as make a table.

A verdict is the newest version's, except for Outlook's Windows editions, of which each is told apart; an edition that
was not tested is taken to do as the one before it. Gmail's apps do less with an account of another provider, which Can
I Email tells in notes: where a note says so, that account and Gmail's own get a verdict each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from newsletter.checks.clients.mail_clients import CLIENTS, IDS, NO_STYLES, MailClient
from newsletter.checks.clients.table import SupportTable

API = "https://www.caniemail.com/api/data.json"
FEWEST_FEATURES = 200
"""An answer with fewer is not the whole table (307 in June 2026)."""
_GMAIL_APPS = ("gmail-ios", "gmail-android")
_PARTLY = r"\s*(?:partial(?:ly)?(?: support(?:ed)?)?[.:]\s*)?"
_NOT_WITH_OTHERS = re.compile(
    _PARTLY + r"(?:not supported|does(?: not|n.t) (?:work|render)) with non[- ]google accounts", re.IGNORECASE
)
_ONLY_WITH_OTHERS = re.compile(
    _PARTLY + r"(?:only (?:supported|works) with non[- ]google accounts|supported with non[- ]google accounts only)",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,80}", re.ASCII)


def derive_table(answer: str | bytes, fewest: int = FEWEST_FEATURES) -> SupportTable:
    """The table in the interface's answer; raises `ValueError` that says what is wrong with it."""
    try:
        plain = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise ValueError("the answer is not JSON") from error
    if not isinstance(plain, dict) or not isinstance(plain.get("data"), list):
        raise ValueError("the answer has no list of features")
    date = _DATE.match(str(plain.get("last_update_date", "")))
    if date is None:
        raise ValueError("the answer has no date")
    rows = dict(_row(feature) for feature in plain["data"])
    if len(rows) < fewest:
        raise ValueError(f"the answer has {len(rows)} features, and {fewest} are the least")
    return SupportTable(date[0], IDS, rows)


def _row(feature: Any) -> tuple[str, tuple[str, str]]:
    slug = feature.get("slug") if isinstance(feature, dict) else None
    if not isinstance(slug, str) or not _SLUG.fullmatch(slug) or not isinstance(feature.get("stats"), dict):
        raise ValueError(f"a feature without a name or without results: {str(slug)[:60]}")
    title = " ".join(str(feature.get("title") or slug).split())[:120]
    cells = {client.id: _cell(feature["stats"], client) for client in CLIENTS}
    notes = feature.get("notes_by_num")
    letters = {one: cell[:1] for one, cell in cells.items()}
    _part_gmail(letters, cells, notes if isinstance(notes, dict) else {})
    return slug, (title, "".join(letters[one] for one in IDS))


def _cell(stats: Mapping[str, Any], client: MailClient) -> str:
    """The verdict and its notes: `y`, `a #1 #2`."""
    platforms = stats.get(client.family)
    versions = platforms.get(client.platform) if isinstance(platforms, dict) else None
    if client.id == "thunderbird" and not versions and isinstance(platforms, dict):
        versions = platforms.get("windows")
    if not isinstance(versions, dict) or not versions:
        return "u"
    names = list(versions)
    if client.version:
        names = [name for name in names if name <= client.version]
    cell = str(versions[names[-1]]).strip().lower() if names else "u"
    return cell if re.fullmatch(r"[yanu](\s+#\d+)*", cell) else "u"


def _part_gmail(letters: dict[str, str], cells: Mapping[str, str], notes: Mapping[str, Any]) -> None:
    """Gmail's apps, once with Gmail's own accounts and once with others, where the notes tell them apart."""
    for client in (*_GMAIL_APPS, NO_STYLES):
        numbers = re.findall(r"#(\d+)", cells[client])
        told = [str(notes.get(number, "")) for number in numbers]
        refused = [note for note in told if _NOT_WITH_OTHERS.match(note)]
        alone = [note for note in told if _ONLY_WITH_OTHERS.match(note)]
        if client == NO_STYLES and (refused or alone):
            letters[client] = "n" if refused else "y"
        elif alone and letters[client] == "a":
            letters[client] = "n"
        elif refused and len(refused) == len(told) and letters[client] == "a":
            letters[client] = "y"
