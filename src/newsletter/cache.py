"""What an earlier run worked out, by key: one file per issue in `build/.cache`, which may be deleted at any time.

In: a key that says all that went into a value, and the value's bytes. Out: those bytes in a later run, or None. A pack
never fails and never lies: an entry that is damaged, cut off or of another program is as good as absent, and where
nothing can be written (a read-only folder, a full disk) nothing is kept. Packs are plain data; nothing in one is run.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO, Any, Self

import newsletter

FOLDER = "build/.cache"
SUFFIX = ".pack"
MOST_BYTES = 200_000_000
"""What a pack may grow to while only some variants of an issue are built; a build of all of them tidies it."""

_MAGIC = b"newsletter pack 1\n"
_LARGEST = 64_000_000
"""No entry is larger; what claims to be is not read."""
_TAIL = 8 + 32
"""After the index: its length, and its SHA-256."""
_LEFTOVER_SECONDS = 3_600
_LIBRARIES = (
    *("cssutils", "jinja2", "lxml", "markdown-it-py", "nh3", "pillow", "premailer", "pyspellchecker", "resvg-py"),
    "tinycss2",
)
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "~/Library/Fonts", "~/.fonts")


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    length: int
    digest: str


class Pack:
    """One file of entries. It is read where it lies; what is new goes to a file beside it, which takes its place.

    `fresh`: nothing is taken from it, and all that is worked out anew is put into it.
    """

    def __init__(self, path: Path, fresh: bool = False) -> None:
        self._path = path
        self._fresh = fresh
        self._file, self._entries = _opened(path)
        self._used: dict[str, _Entry] = {}
        self._new: dict[str, _Entry] = {}
        self._out: IO[bytes] | None = None
        self._broken = False
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *error: object) -> None:
        # What a run that was cut off had worked out is as good as any.
        self.close(everything=False)

    def get(self, key: str) -> bytes | None:
        """What is kept under the key, whole and as it was, or None."""
        entry = self._entries.get(key)
        if entry is None or self._file is None or self._fresh:
            return None
        packed = _read(self._file, entry)
        content = None if packed is None else _unpacked(packed)
        if content is None:
            del self._entries[key]
        else:
            self._used[key] = entry
        return content

    def keep(self, key: str, content: bytes) -> None:
        """Keep the content under the key from now on."""
        if key in self._new or self._broken or len(content) > _LARGEST:
            return
        packed = zlib.compress(content, 1)
        try:
            self._write(key, packed)
        except OSError:
            self._give_up()

    def forget(self) -> None:
        """Keep nothing of this run: what its keys say may not be so."""
        self._give_up()

    def close(self, everything: bool) -> None:
        """Put the new entries beside the old ones. `everything` was asked for: what was not used is let go.

        Closing once more does nothing.
        """
        if self._closed:
            return
        self._closed = True
        kept = self._used if everything else self._entries
        changed = bool(self._new) or len(kept) < len(self._entries)
        try:
            if changed and not self._broken:
                self._replace(kept, MOST_BYTES)
        except OSError:
            self._give_up()
        finally:
            for file in (self._file, self._out):
                if file is not None:
                    file.close()

    def _replace(self, kept: Mapping[str, _Entry], most: int) -> None:
        for key, entry in kept.items():
            room = self._out is None or self._out.tell() + entry.length < most
            packed = _read(self._file, entry) if self._file is not None and room and key not in self._new else None
            if packed is not None:
                self._write(key, packed)
        out = self._begun()
        index = json.dumps({key: [one.offset, one.length, one.digest] for key, one in self._new.items()}).encode()
        out.write(index + len(index).to_bytes(8, "big") + sha256(index).digest())
        out.close()
        Path(out.name).replace(self._path)

    def _write(self, key: str, packed: bytes) -> None:
        out = self._begun()
        self._new[key] = _Entry(out.tell(), len(packed), sha256(packed).hexdigest())
        out.write(packed)

    def _begun(self) -> IO[bytes]:
        if self._out is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Named by chance, so that two builds at once do not write into each other's; the last one's stays.
            self._out = tempfile.NamedTemporaryFile(  # noqa: SIM115  # open until the pack is closed
                dir=self._path.parent, prefix=f"{self._path.stem}.", suffix=".part", delete=False
            )
            self._out.write(_MAGIC)
        return self._out

    def _give_up(self) -> None:
        """Keep nothing more in this run, and leave nothing half-written behind."""
        self._broken = True
        if self._out is not None:
            with contextlib.suppress(OSError):
                self._out.close()
            with contextlib.suppress(OSError):
                Path(self._out.name).unlink()


def tidy(folder: Path, names: Collection[str]) -> None:
    """Remove the packs of issues that are gone, and what killed runs left half-written."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            left_over = path.suffix == ".part" and time.time() - path.stat().st_mtime > _LEFTOVER_SECONDS
            if left_over or (path.suffix == SUFFIX and path.stem not in names):
                path.unlink()


def tree_digest(folders: Iterable[Path]) -> str:
    """One digest over every file below the folders, links followed: names and bytes. Raises `OSError`."""
    digest = sha256()
    for folder in folders:
        digest.update(b"folder\n")
        for name, path in sorted(_files_below(folder, frozenset())):
            content = path.read_bytes()
            digest.update(f"{name}\0{len(content)}\n".encode("utf-8", "surrogateescape") + content)
    return digest.hexdigest()


def _files_below(folder: Path, above: frozenset[Path], prefix: str = "") -> Iterator[tuple[str, Path]]:
    """Every file with its path from the top; a link to a folder above it is not followed in a circle."""
    real = folder.resolve()
    if real in above or not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_dir():
            yield from _files_below(path, above | {real}, f"{prefix}{path.name}/")
        elif path.is_file():
            yield f"{prefix}{path.name}", path


@lru_cache(maxsize=1)
def program_digest() -> str:
    """What the same files could be made into something else by: this program's code, its libraries, the fonts."""
    package = Path(newsletter.__file__).parent
    code = sha256()
    for path in sorted(package.rglob("*.py")):
        code.update(f"{path.relative_to(package)}\n".encode() + path.read_bytes())
    parts = [newsletter.__version__, sys.version, code.hexdigest(), *(_version(one) for one in _LIBRARIES), _fonts()]
    return sha256("\n".join(parts).encode()).hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return ""


def _fonts() -> str:
    """When each folder of the system's fonts last changed: text in drawings is set in them."""
    shared = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "fonts"
    found = []
    for name in (*_FONT_FOLDERS, str(shared)):
        for folder, _, _ in os.walk(Path(name).expanduser()):
            with contextlib.suppress(OSError):
                found.append(f"{folder} {Path(folder).stat().st_mtime_ns}")
    return "\n".join(sorted(found))


def _opened(path: Path) -> tuple[IO[bytes] | None, dict[str, _Entry]]:
    """The pack's file and its index; an empty one when it is not whole."""
    try:
        if path.exists() and not path.is_file():
            return None, {}  # a pipe would be waited for
        file = path.open("rb")
    except OSError:
        return None, {}
    try:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _TAIL))
        tail = file.read()
        length = int.from_bytes(tail[:8], "big")
        file.seek(max(0, size - _TAIL - length))
        index = file.read(min(length, size))
        file.seek(0)
        if file.read(len(_MAGIC)) != _MAGIC or sha256(index).digest() != tail[8:]:
            raise ValueError("not a whole pack")
        return file, {key: _entry(one) for key, one in json.loads(index).items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        file.close()
        return None, {}


def _entry(plain: Any) -> _Entry:
    offset, length, digest = plain
    if not (isinstance(offset, int) and isinstance(length, int) and 0 <= length <= _LARGEST and offset >= 0):
        raise ValueError("not an entry")
    return _Entry(offset, length, str(digest))


def _read(file: IO[bytes], entry: _Entry) -> bytes | None:
    try:
        file.seek(entry.offset)
        packed = file.read(entry.length)
    except (OSError, ValueError):
        return None
    return packed if sha256(packed).hexdigest() == entry.digest else None


def _unpacked(packed: bytes) -> bytes | None:
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(packed, _LARGEST)
    except zlib.error:
        return None
    return content if reader.eof else None
