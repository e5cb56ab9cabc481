"""A subscriber file → people in the database, each row counted once: added, updated, unchanged, merged or rejected.

    file → its kind by content → records with their lines → columns → rows, or rejections → staged → database

A file that cannot be read to its end changes nobody: everything is read, checked and merged in a temporary table before
the first person is changed. Memory stays flat whatever the size of a CSV or JSON Lines file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path

from newsletter.audience.addresses import InvalidAddress
from newsletter.audience.columns import columns_of, means_something
from newsletter.audience.json_lines import open_json_lines
from newsletter.audience.records import Records
from newsletter.audience.rejected import Rejected, rejections
from newsletter.audience.rows import RowReader, RowRejected
from newsletter.audience.spreadsheets import open_spreadsheet
from newsletter.audience.subscriber_files import Kind, SubscriberFile, look_at, refuse_if_changed
from newsletter.audience.tables import open_table
from newsletter.audience.titles import Titles
from newsletter.errors import ImportRefused
from newsletter.model import Audience, Import, Professions
from newsletter.store.database import Database
from newsletter.store.imports import Staging, imported_fingerprint, open_staging
from newsletter.store.locks import import_lock
from newsletter.store.subscribers import unmatched_titles

REJECTED_FOLDER = Path("build/import")
MOST_LEAVING = 10
"""So many people may leave an audience at once, however small it is; more only while they are at most half of it."""
_BATCH = 500
# Part of each fingerprint: files are read again when a new version of the program reads them in another way.
_READING = "4"


def import_audience(
    database: Database,
    audience: Audience,
    root: Path,
    professions: Professions,
    now: datetime,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    dry_run: bool = False,
    allow_leaving: bool = False,
) -> Import:
    """Bring the audience's file into the database; a file that has not changed is skipped.

    With `dry_run`, everything is read and compared, and nothing is changed. Raises `FileProblems` when the file cannot
    be read to its end, and `ImportRefused` when all its rows are rejected, or when it would take most people out of the
    audience and nobody said `allow_leaving`; then nobody was changed.
    """
    with nullcontext() if dry_run else import_lock(database, audience.source):
        return _imported(database, audience, root, professions, now, progress, dry_run, allow_leaving)


def _imported(
    database: Database,
    audience: Audience,
    root: Path,
    professions: Professions,
    now: datetime,
    progress: Callable[[int, int | None], None],
    dry_run: bool,
    allow_leaving: bool,
) -> Import:
    titles = Titles(professions)
    file = look_at(root / audience.source, audience.source, audience.encoding)
    fingerprint = _fingerprint(file.digest, audience, titles.known)
    with database.connect() as connection:
        if not dry_run and imported_fingerprint(connection, audience.source) == fingerprint:
            unmatched = unmatched_titles(connection, audience.source)
            return Import(audience.source, unmatched_professions=unmatched, skipped=True)
    path = None if dry_run else root / REJECTED_FOLDER / f"{audience.id}-rejected.csv"
    with open_staging(database) as staging, _records(file, audience) as records:
        columns = columns_of(records, audience)
        reader = RowReader(columns, len(records.header), now, titles.profession_of)
        with rejections(path, records.header) as rejected:
            rows = _stage(records, reader, rejected, staging, progress)
            refuse_if_changed(file)
            read = Import(
                source=audience.source,
                rows=rows,
                merged=staging.merge(),
                rejected=tuple(rejected.first),
                unmatched_professions=staging.unmatched_titles(),
                ignored_columns=columns.ignored,
                rejected_rows=rejected.count,
                rejected_file=path.relative_to(root).as_posix() if path and rejected.count else "",
                format=records.described,
                columns=columns.shown,
                columns_from=columns.origin,
                notes=(*records.notes, *columns.notes, *_oddities(reader)),
                dry_run=dry_run,
            )
            read = replace(read, refusal=_refusal(read, audience, staging, allow_leaving))
            if dry_run:
                applied = staging.compare(audience.source, lambda done: progress(done, rows))
            elif not read.refusal:
                applied = staging.apply(audience.source, fingerprint, now, lambda done: progress(done, rows))
        if read.refusal and not dry_run:
            raise ImportRefused(read)
    return replace(
        read,
        added=applied.added,
        updated=applied.updated,
        unchanged=applied.unchanged,
        joined=applied.joined,
        left=applied.left,
    )


def _refusal(read: Import, audience: Audience, staging: Staging, allow_leaving: bool) -> str:
    """Why nobody is changed until a person has looked at the file; empty when all may go its way."""
    unchanged = "nobody would be changed" if read.dry_run else "nobody was changed"
    if read.rows and read.rejected_rows == read.rows:
        first = read.rejected[0]
        which = "its only row was" if read.rows == 1 else f"all {read.rows:,} rows were"
        listed = f" {read.rejected_file} has every reason." if read.rejected_file else ""
        return (
            f"{audience.source}: {which} rejected, the first on line {first.line} ({first.reason}); {unchanged}."
            f"{listed} It was read as {read.format}, with the address from '{read.columns['address']}'. "
            f"If that is wrong, say so under `delimiter:`, `encoding:` or `columns:` in {audience.where.path}."
        )
    if allow_leaving:
        return ""
    found = staging.departing(audience.source)
    leaving = found.absent + found.marked
    if leaving <= MOST_LEAVING or 2 * leaving <= found.members:
        if read.rows:
            return ""
        return (
            f"{audience.source}: there is no row under its headings; {unchanged}. If it was cut off, mend it. "
            f"If the audience is to be empty, run `newsletter audience import {audience.id} --allow-leaving`."
        )
    return (
        f"{audience.source}: {leaving:,} of the {found.members:,} people who are mailed now would leave the audience "
        f"({found.absent:,} are not in the file, {found.marked:,} are no longer subscribed in it); {unchanged}. "
        "If the file is the wrong one or was cut off, mend it. If they are to leave, run "
        f"`newsletter audience import {audience.id} --allow-leaving`."
    )


def _records(file: SubscriberFile, audience: Audience) -> AbstractContextManager[Records]:
    if file.kind is Kind.SPREADSHEET:
        return open_spreadsheet(file)
    if file.kind is Kind.JSON_LINES:
        return open_json_lines(file)
    return open_table(file, lambda heading: means_something(heading, audience), audience.delimiter)


def _stage(
    records: Records,
    reader: RowReader,
    rejected: Rejected,
    staging: Staging,
    progress: Callable[[int, int | None], None],
) -> int:
    """Read all records into the staging table, or reject them; how many there were."""
    count = 0
    is_erased = staging.is_erased
    while batch := list(islice(records.records, _BATCH)):
        count += len(batch)
        rows = []
        for line, cells, problem in batch:
            try:
                if problem:
                    raise RowRejected(problem)
                row = reader.row(line, cells)
            except (RowRejected, InvalidAddress) as error:
                left = reader.leaving(line, cells)
                if left is None:
                    rejected.add(line, str(error), cells)
                    continue
                row = left
            if is_erased and is_erased(row.address_key):
                rejected.add(line, "erased", ())  # and no new copy of what was to be forgotten
            else:
                rows.append(row)
        staging.put(rows)
        progress(count, None)
    return count


def _fingerprint(digest: bytes, audience: Audience, titles: Mapping[str, str]) -> str:
    asked = [dict(audience.columns), audience.encoding, audience.delimiter]
    rules = json.dumps([_READING, *asked, dict(titles)], sort_keys=True)
    return sha256(digest + rules.encode()).hexdigest()


def _oddities(reader: RowReader) -> tuple[str, ...]:
    return tuple(f"{words}: {count:,}, the first on line {line:,}" for words, (count, line) in reader.oddities.items())
