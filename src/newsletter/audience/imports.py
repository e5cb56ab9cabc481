"""A subscriber file → rows in the database, each counted once: added, updated, unchanged, merged or rejected.

In: a CSV with a header line (comma, semicolon or tab). All of it or nothing: the caller's transaction holds the whole
import, so a file that turns out to be unreadable half-way leaves the database as it was. Refuses a file without an
address column or in another encoding than the audience says.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path

from newsletter.audience.addresses import InvalidAddress, parse_address
from newsletter.audience.professions import normalised, titles_of
from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import read_bytes
from newsletter.model import Audience, Import, Professions, RejectedRow, SubscriberRow, SubscriberStatus, Where
from newsletter.store import subscribers
from newsletter.store.database import Connection

_BATCH = 2_000
_LONGEST = 500
_FIELDS = ("address", "first_name", "last_name", "profession", "country", "language", "time_zone", "status")
_GUESSES = {
    "address": ("email", "e mail", "email address", "e mail address", "address", "mail"),
    "first_name": ("first name", "firstname", "given name", "forename"),
    "last_name": ("last name", "lastname", "surname", "family name"),
    "profession": ("profession", "job title", "job", "title", "occupation", "role"),
    "country": ("country", "country code"),
    "language": ("language", "lang", "locale"),
    "time_zone": ("time zone", "timezone"),
    "status": ("status", "subscription", "subscription status"),
}
_STATUSES = {
    **dict.fromkeys(("", "subscribed", "active", "enabled", "confirmed"), SubscriberStatus.SUBSCRIBED),
    **dict.fromkeys(("unsubscribed", "opted out", "opt out", "removed"), SubscriberStatus.UNSUBSCRIBED),
    **dict.fromkeys(("bounced", "cleaned", "invalid"), SubscriberStatus.BOUNCED),
    **dict.fromkeys(("complained", "complaint", "spam"), SubscriberStatus.COMPLAINED),
    **dict.fromkeys(("pending", "unconfirmed"), SubscriberStatus.PENDING),
}


class _RowRejected(Exception):
    """Why a row cannot become a subscriber."""


def import_audience(
    connection: Connection,
    audience: Audience,
    root: Path,
    professions: Professions,
    now: datetime,
    progress: Callable[[int], None] = lambda rows: None,
) -> Import:
    """Bring the audience's file into the database; a file that has not changed is skipped."""
    path = root / audience.source
    titles = titles_of(professions)
    fingerprint = _fingerprint(read_bytes(path, audience.source), audience, titles)
    if subscribers.imported_fingerprint(connection, audience.source) == fingerprint:
        unmatched = subscribers.unmatched_titles(connection, audience.source)
        return Import(audience.source, 0, 0, 0, 0, 0, (), unmatched, skipped=True)
    with path.open("rb") as file:
        table = _Table(_records(_decoded(file, audience), audience.source), audience)
        rejected: list[RejectedRow] = []
        total = subscribers.BatchResult(0, 0, 0, 0)
        number = subscribers.begin_import(connection, audience.source)
        good = _rows(table, titles, rejected)
        while batch := list(islice(good, _BATCH)):
            total += subscribers.put_batch(connection, batch, audience.source, number, now)
            progress(table.rows)
    subscribers.finish_import(connection, audience.source, number, fingerprint, now)
    return Import(
        source=audience.source,
        rows=table.rows,
        added=total.added,
        updated=total.updated,
        unchanged=total.unchanged,
        merged=total.merged,
        rejected=tuple(rejected),
        unmatched_professions=subscribers.unmatched_titles(connection, audience.source),
        ignored_columns=table.ignored,
    )


def _fingerprint(content: bytes, audience: Audience, titles: Mapping[str, str]) -> str:
    rules = json.dumps([dict(audience.columns), audience.encoding, dict(titles)], sort_keys=True)
    return sha256(sha256(content).digest() + rules.encode()).hexdigest()


def _decoded(lines: Iterable[bytes], audience: Audience) -> Iterator[str]:
    utf8 = audience.encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    encoding = "utf-8" if utf8 else audience.encoding
    for number, line in enumerate(lines, 1):
        raw = line.removeprefix(b"\xef\xbb\xbf") if number == 1 and utf8 else line
        try:
            yield raw.decode(encoding)
        except UnicodeDecodeError as error:
            advice = (
                'Save it as UTF-8 (in Excel: "CSV UTF-8"), or say `encoding: windows-1252` in '
                f"{audience.where.path} if that is what it is"
                if utf8
                else f"Say the right `encoding:` in {audience.where.path}"
            )
            raise FileProblems.at(
                Where(audience.source, number),
                f"not {encoding.upper()} text (byte 0x{raw[error.start]:02x}). {advice}.",
            ) from error


def _records(lines: Iterator[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on; blank lines are passed over."""
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    # strict: otherwise a quote that is never closed swallows the people of the lines after it without a word.
    reader = csv.reader(_chain(first, lines), delimiter=delimiter, strict=True)
    began = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                yield began, record
            began = reader.line_num + 1
    except csv.Error as error:
        message = f'not readable as CSV: {error}. Look for a quote that is never closed, or write one inside as "".'
        raise FileProblems.at(Where(name, began), message) from error


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


class _Table:
    """The records of a file under the names the audience gives its columns."""

    def __init__(self, records: Iterator[tuple[int, list[str]]], audience: Audience) -> None:
        self._records = records
        self.rows = 0
        _, header = next(records, (1, []))
        self._width = len(header)
        self._columns = _mapped([cell.strip() for cell in header], audience)
        used = set(self._columns.values())
        self.ignored = tuple(cell.strip() for place, cell in enumerate(header) if place not in used and cell.strip())

    def __iter__(self) -> Iterator[tuple[int, dict[str, str] | None]]:
        """Each row's line and its values by our names; None when it has more cells than the header."""
        for line, record in self._records:
            self.rows += 1
            if len(record) > self._width and any(cell.strip() for cell in record[self._width :]):
                yield line, None
            else:
                yield line, {name: record[place] for name, place in self._columns.items() if place < len(record)}


def _mapped(header: Sequence[str], audience: Audience) -> dict[str, int]:
    """Our field → position of its column."""
    places = {normalised(name): place for place, name in reversed(list(enumerate(header)))}
    if audience.columns:
        missing = [
            Problem(
                Where(audience.source, 1),
                f"no column '{column}' (for {field}).{did_you_mean(column, header)} "
                f"The file has: {', '.join(header) or 'no header line'}. Mend `columns:` in {audience.where.path}.",
            )
            for field, column in audience.columns.items()
            if normalised(column) not in places
        ]
        if missing:
            raise FileProblems(missing)
        found = {field: places[normalised(column)] for field, column in audience.columns.items()}
    else:
        guesses = {field: next((one for one in names if one in places), None) for field, names in _GUESSES.items()}
        found = {field: places[name] for field, name in guesses.items() if name is not None}
    if "address" not in found:
        raise FileProblems.at(
            Where(audience.source, 1),
            f"no column holds the address. The file has: {', '.join(header) or 'nothing'}. "
            f"Say which one it is in {audience.where.path}, such as `columns: {{address: Email}}`.",
        )
    return found


def _rows(table: _Table, titles: Mapping[str, str], rejected: list[RejectedRow]) -> Iterator[SubscriberRow]:
    for line, values in table:
        try:
            if values is None:
                raise _RowRejected("more cells than the header has columns")
            yield _subscriber(values, titles)
        except (_RowRejected, InvalidAddress) as error:
            rejected.append(RejectedRow(line, str(error)))


def _subscriber(values: Mapping[str, str], titles: Mapping[str, str]) -> SubscriberRow:
    address = parse_address(values.get("address", ""))
    clean = {name: _clean(value, name) for name, value in values.items() if name != "address"}
    title = clean.get("profession", "")
    status = _STATUSES.get(normalised(clean.get("status", "")))
    if status is None:
        raise _RowRejected(f"unknown status '{clean['status']}'")
    return SubscriberRow(
        address=address.mailed,
        address_key=address.key,
        first_name=clean.get("first_name", ""),
        last_name=clean.get("last_name", ""),
        profession_title=title,
        profession=titles.get(normalised(title), "") if title else "",
        country=clean.get("country", ""),
        language=clean.get("language", ""),
        status=status,
        attributes={name: value for name, value in clean.items() if name not in _FIELDS},
        time_zone=clean.get("time_zone", ""),
    )


def _clean(value: str, name: str) -> str:
    """The value on one line, spaces folded. Control characters have no business in a name or a header."""
    text = " ".join(value.split())
    if len(text) > _LONGEST:
        raise _RowRejected(f"'{name}' is longer than {_LONGEST} characters")
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    return text
