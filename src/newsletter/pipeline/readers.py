"""Whose mail it is: a subscriber with the values a send would freeze for them now, or somebody nothing is known of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from newsletter.audience.addresses import InvalidAddress, parse_address
from newsletter.audience.professions import load_professions
from newsletter.errors import SettingsError
from newsletter.model import DEFAULT, Audience
from newsletter.pipeline.building import Built
from newsletter.pipeline.people import as_of, import_file
from newsletter.pipeline.workspace import Workspace, has_database, now, open_store, silent

if TYPE_CHECKING:
    from newsletter.store.database import Database
    from newsletter.store.finding import Match

MOST_SHOWN = 8
"""Who looks somebody up needs no list of everybody."""
_COMPUTED = ("address", "unsubscribe_url")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose mail it is: their address, the variant they get, and the merge values by name."""

    address: str = "reader@example.org"
    variant: str = ""
    """Empty: whichever is looked at."""
    values: Mapping[str, str] = field(default_factory=dict)


NOBODY = Reader()


def subscriber(workspace: Workspace, built: Built, text: str, arm: str = "") -> Reader:
    """The subscriber of that address, as a send would freeze them now; the audience's file is read first if it changed.

    Where something is tried, as somebody in that arm or in the first one: who is in which is decided by the send.

    Raises `SettingsError` when the text is no address, nobody has it, or the issue has nothing for them.
    """
    from newsletter.store.freezing import recipient_of

    try:
        key = parse_address(text).key
    except InvalidAddress as error:
        raise SettingsError(f"{text}: {error}.") from error
    found = None
    if _has_people(workspace, built.audience):
        fields = tuple(one for one in built.audience.recipient_fields if one not in _COMPUTED)
        with _people(workspace, built.audience) as database, database.connect() as connection:
            found = recipient_of(connection, key, fields)
    if found is None:
        raise SettingsError(f"{text}: no subscriber has this address. `newsletter audience show` finds people.")
    address, profession, values = found
    variant = built.variant(built.variant_of.get(profession, DEFAULT), arm)
    if variant is None:
        raise SettingsError(f"{text}: the issue has nothing for them; its segment does not pick '{profession}'.")
    return Reader(address, variant.key, values)


def look_up(workspace: Workspace, audience: Audience, part: str) -> list[Match]:
    """A few subscribers whose address holds that text; nobody for an empty one, or where there are no people yet."""
    if not part.strip() or not _has_people(workspace, audience):
        return []
    from newsletter.store.finding import matches

    with _people(workspace, audience) as database, database.connect() as connection:
        return matches(connection, part, as_of(audience, now()).segment, audience.id, MOST_SHOWN)


def _has_people(workspace: Workspace, audience: Audience) -> bool:
    """Whether there may be any: looking for somebody must not make a database that nothing would fill."""
    return bool(audience.source) or has_database(workspace)


@contextmanager
def _people(workspace: Workspace, audience: Audience) -> Iterator[Database]:
    """The database with the people of the audience's file as it is now."""
    with open_store(workspace) as database:
        if audience.source:
            import_file(workspace, database, audience, load_professions(workspace.root), silent)
        yield database
