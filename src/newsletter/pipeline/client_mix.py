"""What an audience reads with, from the opens of the last year: for the checks, and for people to look at.

Reads the database and never makes one. Counting takes seconds where millions of opens are known, so the sums (of
nobody in particular) are kept in `build/.cache` until an event is added, or the day ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from newsletter.cache import FOLDER, Pack, program_digest
from newsletter.checks.clients.shares import LEAST_PEOPLE as LEAST_PEOPLE
from newsletter.checks.clients.shares import family_in_words, members_of
from newsletter.model import Audience, ClientFamily, ClientMix
from newsletter.pipeline.workspace import Workspace, has_database, open_store
from newsletter.records import NotPlain, from_record, to_record

_SPAN = timedelta(days=365)
"""People change their programs; what they opened with before says little."""


def client_mix(workspace: Workspace, audience: str) -> ClientMix | None:
    """What the people of campaigns to this audience read with; None while there is no database."""
    if not has_database(workspace):
        return None
    from newsletter.store import clients

    since = (workspace.clock() - _SPAN).replace(hour=0, minute=0, second=0, microsecond=0)
    with (
        open_store(workspace) as database,
        database.connect() as connection,
        Pack(workspace.root / FOLDER / f"{audience}.clients") as pack,
    ):
        last = clients.last_event(connection)
        if not last:
            return ClientMix({})
        key = f"{program_digest()} {database.name} {last} {since.isoformat()}"
        kept = _read(pack.get(key))
        if kept is None:
            kept = clients.client_mix(connection, audience, since)
            pack.keep(key, to_record(kept).encode())
        pack.close(everything=True)
        return kept


@dataclass(frozen=True, slots=True)
class ReadWith:
    """What an audience reads with, to be looked at."""

    audience: Audience
    mix: ClientMix
    families: tuple[tuple[ClientFamily, str, tuple[str, ...]], ...]
    """Those of the mix: what people call each, and the ids of the clients it may be."""
    small_share: float
    """What concerns less than this part of them is a note."""

    @property
    def weighs(self) -> bool:
        """Whether the checks go by it."""
        return self.mix.known >= LEAST_PEOPLE


def read_with(workspace: Workspace, name: str) -> ReadWith:
    """The mail clients of an audience. Its file is not imported for this: opens are of those who were mailed."""
    # Reads the people's room, which a build has no use for.
    from newsletter.pipeline.people import load_audience

    audience, _ = load_audience(workspace, name)
    mix = client_mix(workspace, audience.id) or ClientMix({})
    families = tuple((one, family_in_words(one), members_of(one)) for one in mix.people)
    return ReadWith(audience, mix, families, workspace.settings.mail_clients.small_share)


def weighing(mix: ClientMix | None) -> str:
    """What the findings are weighed by, or why not, in words; nothing where no open is known at all."""
    if mix is None or not mix.known:
        return ""
    people = f"{mix.known:,} reader{'s' * (mix.known != 1)}"
    if mix.known < LEAST_PEOPLE:
        return f"mail clients count alike: of {people} is known what they read with, {LEAST_PEOPLE} are needed"
    return f"mail clients weighed by what {people} read with"


def _read(kept: bytes | None) -> ClientMix | None:
    try:
        found = None if kept is None else from_record(kept, lambda name: name)
    except NotPlain:
        return None
    return found if isinstance(found, ClientMix) else None
