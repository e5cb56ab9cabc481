"""issue.yaml on disk: read with its fingerprint, written whole, and only while it is what was looked at.

In: a path. Out: bytes and their SHA-256. A file that somebody has changed since is never overwritten.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from newsletter.errors import ChangedMeanwhile, FileProblems, Refused
from newsletter.files import read_bytes
from newsletter.model import Where


def fingerprint(content: bytes) -> str:
    """What stands in a file, in 64 letters and digits."""
    return sha256(content).hexdigest()


def read(path: Path, name: str, root: Path) -> bytes:
    """The file's bytes. Raises `Refused` for a link that leads out of the workspace at `root`."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise Refused(f"{name} leads out of the workspace by a symbolic link. Edit it where it lies.")
    return read_bytes(path, name)


def replace(path: Path, name: str, content: bytes, seen: str) -> None:
    """Put the content in the file's place whole. Raises `ChangedMeanwhile` when the file is not `seen` any more, and
    `Refused` for one that was made read-only."""
    path = path.resolve()
    _refuse_read_only(path, name)
    spare = ""
    with _alone(path.parent):
        try:
            handle, spare = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(spare).chmod(path.stat().st_mode & 0o777)
            check(path.read_bytes(), name, seen)
            Path(spare).replace(path)
        except OSError as error:
            raise FileProblems.at(Where(name), f"cannot be written: {error.strerror}.") from error
        finally:
            if spare:
                Path(spare).unlink(missing_ok=True)


def _refuse_read_only(path: Path, name: str) -> None:
    """A file is replaced by another of its name, which the folder's rights allow: the file's own are looked at here.

    By its mode, because the administrator may write to any.
    """
    with suppress(OSError):
        if not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK):
            raise Refused(f"{name} is read-only, so nothing was written. Allow writing to it to compose the issue.")


def check(content: bytes, name: str, seen: str) -> None:
    """Raise `ChangedMeanwhile` unless the content is what was looked at."""
    if fingerprint(content) != seen:
        raise ChangedMeanwhile(f"{name} was changed meanwhile, so nothing was written. This is how it stands now.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One studio at a time writes; where folders cannot be locked (Windows), nobody waits."""
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
