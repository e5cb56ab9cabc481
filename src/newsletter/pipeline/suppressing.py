"""Keep people from being mailed: by address, by domain, by a provider's list, for everything or for one audience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from newsletter.audience import audiences
from newsletter.audience.addresses import InvalidAddress, parse_address
from newsletter.audience.suppression_files import read_suppressions
from newsletter.errors import SettingsError, did_you_mean
from newsletter.model import EVERYTHING, RejectedRow, Suppression, SuppressionKind
from newsletter.pipeline.workspace import Progress, Workspace, has_database, now, open_store, silent
from newsletter.store import imports, suppressions
from newsletter.store.database import Connection

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class SuppressionImport:
    """What became of a list. rows = added + already + len(rejected)."""

    rows: int
    added: int
    already: int
    rejected: tuple[RejectedRow, ...]


def suppress(workspace: Workspace, texts: Sequence[str], reason: str, audience: str = EVERYTHING) -> int:
    """Never mail these addresses and domains again; the number that were not suppressed before."""
    _refuse_unknown(workspace, audience)
    entries = [Suppression(value, reason, "command", now(), kind, audience) for kind, value in map(_parsed, texts)]
    with open_store(workspace) as database, database.begin() as connection:
        return suppressions.add(connection, entries)


@dataclass(frozen=True, slots=True)
class Lifted:
    """How many were suppressed and are no longer, and in words what still keeps any of them from being mailed."""

    removed: int
    still: tuple[str, ...] = ()


def domains(texts: Sequence[str]) -> list[str]:
    """Those of the texts that mean everybody at a domain."""
    return [value for kind, value in map(_parsed, texts) if kind is SuppressionKind.DOMAIN]


def lift(workspace: Workspace, texts: Sequence[str], audience: str = EVERYTHING, erased: bool = False) -> Lifted:
    """Let these addresses and domains be mailed again; what was lifted, and what still stands.

    That somebody asked to be forgotten stands until it is lifted too: with `erased`, a file may bring them in again.
    """
    if not has_database(workspace):
        return Lifted(0)
    lifted, still = 0, []
    with open_store(workspace) as database, database.begin() as connection:
        for kind, value in map(_parsed, texts):
            found = suppressions.remove(connection, kind, [value], audience)
            if erased and kind is SuppressionKind.ADDRESS:
                found += suppressions.forgive_erased(connection, value)
                # Their rows were rejected: files that have not changed have to be read again.
                imports.forget_fingerprints(connection)
            lifted += bool(found)
            still += _still(connection, kind, value)
    return Lifted(lifted, tuple(still))


def _still(connection: Connection, kind: SuppressionKind, value: str) -> list[str]:
    """What else keeps this address, or domain, from being mailed, and how it is lifted."""
    shown = f"@{value}" if kind is SuppressionKind.DOMAIN else value
    left = [(value, scope, shown) for scope in suppressions.scopes(connection, kind, value)]
    if kind is SuppressionKind.ADDRESS:
        domain = value.rpartition("@")[2]
        scopes = suppressions.scopes(connection, SuppressionKind.DOMAIN, domain)
        left += [(domain, scope, f"everybody at {domain}") for scope in scopes]
    words = [
        f"{who} is still suppressed {f'for the audience {scope!r}' if scope else 'for everything'}; lift that with "
        f"`newsletter suppress remove {entry}{f' --audience {scope}' if scope else ''}`."
        for entry, scope, who in left
    ]
    if kind is SuppressionKind.ADDRESS and suppressions.erased(connection, [value]):
        words.append(f"{value} asked to be forgotten; add --erased to let a file bring them in again.")
    return words


def suppressed(workspace: Workspace) -> list[Suppression]:
    """All suppressions."""
    if not has_database(workspace):
        return []
    with open_store(workspace) as database, database.connect() as connection:
        return suppressions.every(connection)


def import_list(
    workspace: Workspace,
    path: Path,
    kind: str = "",
    reason: str = "",
    audience: str = EVERYTHING,
    progress: Progress = silent,
) -> SuppressionImport:
    """Suppress all of a provider's list, or nothing of it when it cannot be read."""
    _refuse_unknown(workspace, audience)
    source, added, rows = path.name, 0, 0
    rejected: list[RejectedRow] = []
    entries = read_suppressions(path, str(path), kind, reason)
    with open_store(workspace) as database, database.begin() as connection:
        while batch := list(islice(entries, _BATCH)):
            rows += len(batch)
            rejected += [one for one in batch if isinstance(one, RejectedRow)]
            good = [
                Suppression(one.address_key, one.reason, source, one.created_at or now(), scope=audience)
                for one in batch
                if not isinstance(one, RejectedRow)
            ]
            added += suppressions.add(connection, good)
            progress(rows, None)
    return SuppressionImport(rows, added, rows - added - len(rejected), tuple(rejected))


def _parsed(text: str) -> tuple[SuppressionKind, str]:
    """An address, or a domain: what has no @, or nothing before it."""
    stripped = text.strip()
    if "@" in stripped and not stripped.startswith("@"):
        return SuppressionKind.ADDRESS, parse_address(stripped).key
    domain = stripped.removeprefix("@")
    try:
        return SuppressionKind.DOMAIN, parse_address(f"x@{domain}").key.rpartition("@")[2]
    except InvalidAddress as error:
        raise SettingsError(f"'{text}' is neither an address nor a domain such as example.com.") from error


def _refuse_unknown(workspace: Workspace, audience: str) -> None:
    known = audiences.audience_ids(workspace.root)
    if audience and audience not in known:
        raise SettingsError(f"no audience '{audience}'.{did_you_mean(audience, known)}")
