"""Failures of a database in words: foreign exceptions become `StoreUnavailable`, and no word of a password is said.

What PostgreSQL says of itself is told by its SQLSTATE (PostgreSQL manual, appendix A); SQLite has only sentences.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from newsletter.errors import StoreBusy, StoreUnavailable

_BUSY = "is in use by another program. Wait until it is done, or stop it, and run the command again."
_RIGHTS = "cannot be opened. Look at the rights of the file and its folder."

_SQLITE = (
    ("locked", _BUSY),
    ("readonly", "is read-only. Give this user the right to write to the file and its folder."),
    ("unable to open", _RIGHTS),
    ("full", "cannot grow: the disk is full. Free some space and run the command again."),
    (
        "disk i/o",
        "cannot be written or read: the disk failed, or a quota is used up. See to it, and run the command again.",
    ),
    ("not a database", "is not a database of this program. Move it away, or name another under `database:`."),
    ("malformed", "is damaged. Restore it from a backup."),
)
_POSTGRESQL_STATES = {
    "28": "refuses this user or password. Look at NEWSLETTER_DATABASE_URL, or `database:` in newsletter.yaml.",
    "3D": "does not exist on that server. Make it (`createdb`), or name another in the database URL.",
    "42501": "does not give this user the rights that are needed. Let its owner grant them (or use its owner).",
    "25006": "is read-only: that server may be a standby. Name the primary server in the database URL.",
    "53100": "cannot grow: the server's disk is full. Free some space and run the command again.",
    "53300": "has too many connections already. Wait, or let the server allow more, and run the command again.",
    "40": _BUSY,
    "55": _BUSY,
    "57P": "was shut down or restarted just now. Run the command again.",
}
_POSTGRESQL_SIGNS = (
    # Refused while connecting, psycopg gives words without a state.
    ("authentication failed", _POSTGRESQL_STATES["28"]),
    ("no password supplied", _POSTGRESQL_STATES["28"]),
    ("no pg_hba.conf entry", _POSTGRESQL_STATES["28"]),
    ("role ", _POSTGRESQL_STATES["28"]),
    ("too many", _POSTGRESQL_STATES["53300"]),
    ("starting up", "is just starting. Run the command again in a moment."),
    ("shutting down", _POSTGRESQL_STATES["57P"]),
    ("ssl", "does not agree on TLS with this program. Look at `sslmode` in the database URL."),
    ("certificate", "shows a certificate that cannot be trusted. Look at `sslmode` and `sslrootcert` in the URL."),
    ("does not exist", _POSTGRESQL_STATES["3D"]),
)
_UNREACHABLE = "cannot be reached. Look whether it runs, and whether host and port in the database URL are right."
_LOST = "went away in the middle. Nothing half-done was kept; run the command again."


@contextmanager
def translated(name: object) -> Iterator[None]:
    """Database failures as `StoreUnavailable`, saying of the database `name` what to do."""
    try:
        yield
    except PermissionError as error:
        raise StoreUnavailable(f"{name}: the database {_RIGHTS}") from error
    except Exception as error:
        if not _of_a_database(error):
            raise
        advice = _advice(error)
        kind = StoreBusy if advice == _BUSY else StoreUnavailable
        raise kind(f"{name}: the database {advice}") from error


def _of_a_database(error: Exception) -> bool:
    # psycopg is there only for those who use PostgreSQL.
    return isinstance(error, SQLAlchemyError | sqlite3.Error) or type(error).__module__.startswith("psycopg")


def _advice(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    if original is None or isinstance(original, sqlite3.Error):
        lowered = str(original or error).lower()
        return next((advice for sign, advice in _SQLITE if sign in lowered), f"failed: {original or error}.")
    if type(original).__module__.startswith("psycopg"):
        return _postgresql_advice(original)
    return f"failed: {str(original).splitlines()[0]}."


def _postgresql_advice(error: BaseException) -> str:
    state = getattr(error, "sqlstate", None) or ""
    for length in (5, 3, 2):
        if state[:length] in _POSTGRESQL_STATES:
            return _POSTGRESQL_STATES[state[:length]]
    if state:
        # The primary message names tables and constraints, never a person's values.
        return f"failed: {getattr(getattr(error, 'diag', None), 'message_primary', None) or 'without a reason'}."
    said = str(error).lower()
    connecting = "connection failed" in said or "connection to server" in said or "could not" in said
    found = next((advice for sign, advice in _POSTGRESQL_SIGNS if connecting and sign in said), None)
    return found or (_UNREACHABLE if connecting or "resolve" in said or "timeout" in said else _LOST)
