"""One process at a time may send a campaign.

The lock is the operating system's (flock) on a file beside the database, so it ends with the process, however that
ends: a sender that was killed never blocks the one that takes over.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from newsletter.errors import Refused, StoreUnavailable


@contextmanager
def campaign_lock(database: Path, campaign: str) -> Iterator[None]:
    """Hold the campaign; raises `Refused` while another process does."""
    name = blake2b(campaign.encode(), digest_size=6).hexdigest()
    path = database.with_name(f"{database.name}.{name}.lock")
    try:
        handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreUnavailable(f"{path}: the lock file cannot be made: {error.strerror}.") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(
                f"campaign '{campaign}' is being sent by another process. Look with `newsletter status {campaign}`."
            ) from error
        yield
    finally:
        os.close(handle)
