"""A list of those who must not be mailed → its entries: SendGrid's exports, and any CSV with a column of addresses.

In: CSV as the web pages export it (`email`, `created`, and for some kinds `reason`, `status`, `ip`), or JSON as the
API answers (`/v3/suppression/{bounces,blocks,invalid_emails,spam_reports,unsubscribes}`, `/v3/asm/suppressions` with
`group_name`, and `/v3/asm/groups/ID/suppressions`, a list of plain addresses). Which kind a file is, its name tells, or
its columns, or the caller. An entry that is no address is handed on with its line and why. Source: Twilio's OpenAPI
description of the SendGrid API.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.audience.addresses import InvalidAddress, parse_address
from newsletter.errors import FileProblems
from newsletter.files import read_bytes
from newsletter.model import RejectedRow, Where

REASONS = {
    "bounces": "bounced",
    "blocks": "blocked",
    "invalid": "invalid address",
    "spam": "complained",
    "unsubscribes": "unsubscribed",
}
"""The kind of a list → the reason its entries are suppressed for."""

_NAMED = (
    ("bounce", "bounces"),
    ("block", "blocks"),
    ("invalid", "invalid"),
    ("spam", "spam"),
    ("unsub", "unsubscribes"),
    ("group", "unsubscribes"),
    ("suppressions", "unsubscribes"),
)
_ADDRESS_COLUMNS = ("email", "address", "email address", "e mail")
_TIME_COLUMNS = ("created", "created at", "date", "time")


@dataclass(frozen=True, slots=True)
class SuppressionEntry:
    """One address that must not be mailed (in the form that counts for uniqueness), why, and since when."""

    address_key: str
    reason: str
    created_at: datetime | None


def read_suppressions(
    path: Path, name: str, kind: str = "", reason: str = ""
) -> Iterator[SuppressionEntry | RejectedRow]:
    """The entries of the file in its order, and the rows that are none.

    `kind` is one of `REASONS`, or empty to tell it by the file; `reason`, when given, is said in the place of the
    kind's own. Raises `FileProblems` when the file cannot be read or its kind cannot be told.
    """
    raw = read_bytes(path, name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileProblems.at(Where(name, line), "not UTF-8 text. Export it again, or save it as UTF-8.") from error
    rows = list(_json_rows(text, name)) if text.lstrip()[:1] in ("[", "{") else list(_csv_rows(text, name))
    columns = {column for _, row in rows[:1] for column in row}
    if rows and not columns & set(_ADDRESS_COLUMNS):
        known = ", ".join(sorted(columns)) or "nothing"
        raise FileProblems.at(Where(name, 1), f"no column holds the address ('email'). The file has: {known}.")
    found = kind or _kind_of(path.name, columns)
    if found == "blocks" and not kind and not reason:
        raise FileProblems.at(
            Where(name, 1),
            "this looks like a list of blocks. A block is a server's refusal of one message, and says nothing of its "
            "person: these are mailed again. To suppress them all the same, add --kind blocks.",
        )
    told = reason or REASONS.get(found, "")
    if not told:
        raise FileProblems.at(
            Where(name, 1),
            f"nothing tells what kind of list this is. Say it with --kind {'|'.join(REASONS)}, or give a --reason.",
        )
    for line, row in rows:
        yield _entry(line, row, told, bool(reason))


def _kind_of(file_name: str, columns: Iterable[str]) -> str:
    found = set(columns)
    lowered = file_name.lower()
    by_name = next((kind for sign, kind in _NAMED if sign in lowered), "")
    if by_name:
        return by_name
    if found & {"group id", "group name"}:
        return "unsubscribes"
    return "spam" if "ip" in found else ""


def _entry(line: int, row: Mapping[str, str], told: str, own_reason: bool) -> SuppressionEntry | RejectedRow:
    try:
        address = parse_address(next((row[name] for name in _ADDRESS_COLUMNS if row.get(name)), ""))
    except InvalidAddress as error:
        return RejectedRow(line, str(error))
    group = _plain(row.get("group name", ""))
    reason = f"{told} from {group}" if group and not own_reason else told
    return SuppressionEntry(address.key, reason, _time(next((row[n] for n in _TIME_COLUMNS if row.get(n)), "")))


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    lines = text.splitlines(keepends=True)
    delimiter = max(",;\t", key=(lines[0] if lines else "").count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    began = 1
    try:
        header = [_column(cell) for cell in next(reader, [])]
        began = reader.line_num + 1
        for record in reader:
            if any(cell.strip() for cell in record):
                yield began, dict(zip(header, record, strict=False))
            began = reader.line_num + 1
    except csv.Error as error:
        raise FileProblems.at(Where(name, began), f"not readable as CSV: {error}. Export the file again.") from error


def _json_rows(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise FileProblems.at(Where(name, line), "not readable as JSON. Export the file again.") from error
    if isinstance(document, dict):
        document = document.get("suppressions", document.get("result", [document]))
    if not isinstance(document, list):
        raise FileProblems.at(Where(name, 1), "must be a JSON list of entries, or of addresses.")
    for number, one in enumerate(document, 1):
        if isinstance(one, dict):
            yield number, {_column(key): "" if value is None else str(value) for key, value in one.items()}
        else:
            yield number, {"email": str(one)}


def _column(name: str) -> str:
    return re.sub(r"[\W_]+", " ", name.lower()).strip()


def _plain(text: str) -> str:
    return "".join(one for one in " ".join(text.split()) if one.isprintable())[:100]


def _time(text: str) -> datetime | None:
    """Seconds since 1970 as the API has them, or a date as an export has; None for anything else."""
    try:
        if re.fullmatch(r"\d{9,11}", text):
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text.strip().removesuffix(" UTC"))
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
