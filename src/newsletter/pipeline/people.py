"""Bring people in, count them, and keep out those who must not be mailed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from newsletter.audience import audiences, imports
from newsletter.audience.professions import load_professions
from newsletter.audience.segments import fixed
from newsletter.errors import FileProblems, Problem
from newsletter.model import Audience, Import, Professions, Reaction
from newsletter.pipeline.workspace import Progress, Workspace, has_database, now, open_store, silent
from newsletter.store.database import Connection, Database, open_database


def load_audience(workspace: Workspace, name: str) -> tuple[Audience, Professions]:
    """The audience of that name, and the taxonomy it was read with."""
    professions = load_professions(workspace.root)
    return audiences.load_audience(name, workspace.root, professions), professions


def as_of(audience: Audience, moment: datetime) -> Audience:
    """The audience with every span before today in its segment fixed at this moment."""
    return replace(audience, segment=fixed(audience.segment, moment))


def refuse_unanswerable(connection: Connection, audience: Audience) -> None:
    """Raise `FileProblems` where the audience asks for opens or clicks of an issue of which none is known: instead of
    picking nobody, or everybody."""
    from newsletter.store.events import unanswerable

    problems = [
        Problem(
            one.where or audience.where,
            f"'{one.reaction.value}' asks what people did with '{one.issue}', and no "
            f"{'click' if one.reaction is Reaction.CLICKED else 'open'} of it is known. Take in the provider's events "
            "with `newsletter events import FILE` (docs/sending.md), or leave the key out.",
        )
        for one in unanswerable(connection, audience.segment)
    ]
    if problems:
        raise FileProblems(problems)


def audience_names(workspace: Workspace) -> list[str]:
    """The audiences of the workspace."""
    return audiences.audience_ids(workspace.root)


def import_audience(
    workspace: Workspace,
    name: str,
    progress: Progress = silent,
    dry_run: bool = False,
    allow_leaving: bool = False,
) -> Import:
    """Bring the audience's file into the database; with `dry_run`, only say what that would do.

    Raises `ImportRefused` when most people would leave the audience and nobody said `allow_leaving`.
    """
    audience, professions = load_audience(workspace, name)
    if not audience.source:
        raise FileProblems.at(audience.where, "the audience has no `source:` file to import.")
    with _store_to_compare(workspace) if dry_run else open_store(workspace) as database:
        return import_file(workspace, database, audience, professions, progress, dry_run, allow_leaving)


@contextmanager
def _store_to_compare(workspace: Workspace) -> Iterator[Database]:
    """The workspace's database, or an empty one for a while when there is none yet: looking must not make it."""
    if has_database(workspace):
        with open_store(workspace) as database:
            yield database
        return
    with TemporaryDirectory() as folder:
        database = open_database("sqlite:///empty.db", Path(folder))
        try:
            yield database
        finally:
            database.close()


def import_file(
    workspace: Workspace,
    database: Database,
    audience: Audience,
    professions: Professions,
    progress: Progress,
    dry_run: bool = False,
    allow_leaving: bool = False,
) -> Import:
    """The import, in transactions of its own."""
    root, moment = workspace.root, now()
    return imports.import_audience(database, audience, root, professions, moment, progress, dry_run, allow_leaving)
