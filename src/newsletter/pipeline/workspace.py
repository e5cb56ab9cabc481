"""An open workspace: its settings, its database, the time, and how progress is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.errors import NotInEnvironment
from newsletter.settings import Settings
from newsletter.settings_reading import load_settings

if TYPE_CHECKING:
    from newsletter.store.database import Database

Progress = Callable[[int, int | None], None]
"""(done so far, of how many if that is known)"""


def silent(done: int, total: int | None) -> None:
    """No progress is shown."""


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace with its settings read."""

    settings: Settings
    bundled_templates: Path
    clock: Callable[[], datetime] = now
    """What time it is, for all that is planned, due and sent here."""

    @property
    def root(self) -> Path:
        return self.settings.root


def open_workspace(root: Path, environment: Mapping[str, str], bundled_templates: Path) -> Workspace:
    """The workspace at `root`."""
    return Workspace(load_settings(root, environment), bundled_templates)


def require_environment(settings: Settings) -> None:
    """Raise `NotInEnvironment` when what newsletter.yaml takes from the environment to send is not there."""
    if settings.unset:
        raise NotInEnvironment(settings.unset)


@contextmanager
def open_store(workspace: Workspace) -> Iterator[Database]:
    """The workspace's database while it is used."""
    # SQLAlchemy costs a third of the start-up of `build`, which has no use for it.
    from newsletter.store.database import open_database

    database = open_database(workspace.settings.database, workspace.root)
    try:
        yield database
    finally:
        database.close()


def has_database(workspace: Workspace) -> bool:
    """Whether there is one: looking must not make it."""
    from newsletter.store.database import database_exists

    return database_exists(workspace.settings.database, workspace.root)
