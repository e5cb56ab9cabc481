"""A build as files: HTML, text and .eml of each variant, and its pictures.

What a build writes is noted in the folder, so that the next one writes only what differs, and takes away what it no
longer makes. Files that no build has noted are never removed. A file somebody has changed meanwhile is written again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsletter.errors import FileProblems, SettingsError
from newsletter.files import kind_of_entry, read_bytes, shown
from newsletter.model import RenderedVariant
from newsletter.pipeline import building
from newsletter.pipeline.building import Built
from newsletter.pipeline.workspace import Progress, Workspace

_NOTE = ".written.json"
_KINDS = ("html", "txt", "eml")
_PICTURES = "images"

Entry = dict[str, Any]


def write(workspace: Workspace, built: Built, folder: Path, whole: bool, progress: Progress) -> list[Entry]:
    """Write the variants' files; their entries in the manifest. `whole`: the issue has no other variants."""
    (folder / _PICTURES).mkdir(parents=True, exist_ok=True)
    before = _noted(folder)
    now: dict[str, Entry] = {}
    base = building.sample_digest(workspace, built.issue)
    pictures: set[str] = set()
    for number, variant in enumerate(built.variants, 1):
        stamp = sha256(f"{base} {variant.key} {variant.professions} {variant.content_hash}".encode()).hexdigest()
        for picture in variant.pictures:
            if picture.name not in pictures:
                write_if_changed(folder / _PICTURES / picture.name, picture.content)
                pictures.add(picture.name)
        noted = before.get(variant.key)
        if noted is None or noted.get("stamp") != stamp or noted.get("files") != _stats(folder, variant.key):
            noted = {"stamp": stamp, "subject": _write_variant(workspace, built, variant, folder)}
            noted["files"] = _stats(folder, variant.key)
        noted["pictures"] = [picture.name for picture in variant.pictures]
        now[variant.key] = noted
        progress(number, len(built.variants))
    if whole:
        _remove_stale(folder, before, now)
    noted_now = json.dumps(now if whole else before | now)
    write_if_changed(folder / _NOTE, noted_now.encode())
    return [_entry(variant, folder, now[variant.key]["subject"]) for variant in built.variants]


def write_if_changed(path: Path, content: bytes) -> None:
    """Make the file hold the content, and leave it alone when it does; refuses to write into a pipe or a device."""
    if path.exists() and not path.is_file():
        raise SettingsError(f"{shown(path, Path.cwd())}: is {kind_of_entry(path)}, not a file. Take it away.")
    with contextlib.suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return
    path.write_bytes(content)


def _write_variant(workspace: Workspace, built: Built, variant: RenderedVariant, folder: Path) -> str:
    """Write one variant's files; its subject as a reader sees it."""
    page = variant.html
    for picture in variant.pictures:
        for place in ("cid:", f"{workspace.settings.images.base_url}/"):
            page = page.replace(f'"{place}{picture.name}"', f'"{_PICTURES}/{picture.name}"')
    preview = building.preview_texts(workspace, variant, page)
    paths = _paths(folder, variant.key)
    write_if_changed(paths["html"], preview.html.encode("ascii"))
    write_if_changed(paths["txt"], preview.text.encode())
    # Holds the time it was made at, so it differs each time.
    write_if_changed(paths["eml"], building.sample_message(workspace, built, variant))
    return preview.subject


def _entry(variant: RenderedVariant, folder: Path, subject: str) -> Entry:
    paths = {kind: _shown(path) for kind, path in _paths(folder, variant.key).items()}
    return {
        "key": variant.key,
        "professions": list(variant.professions),
        "subject": subject,
        "html": paths["html"],
        "text": paths["txt"],
        "eml": paths["eml"],
        "html_bytes": len(variant.html),
        "content_hash": variant.content_hash,
    }


def _paths(folder: Path, key: str) -> dict[str, Path]:
    return {kind: folder / f"{key}.{kind}" for kind in _KINDS}


def _shown(path: Path) -> str:
    return f"{shown(path.parent, Path.cwd())}/{path.name}"


def _stats(folder: Path, key: str) -> list[list[int]] | None:
    """Size and time of the variant's files as they lie there; None when one is missing."""
    try:
        found = [path.stat() for path in _paths(folder, key).values()]
    except OSError:
        return None
    return [[one.st_size, one.st_mtime_ns] for one in found]


def _noted(folder: Path) -> dict[str, Entry]:
    """What earlier builds wrote here, by variant; nothing when the note is not readable."""
    try:
        note = json.loads(read_bytes(folder / _NOTE, _NOTE))
        valid = all(isinstance(one["subject"], str) and isinstance(one["pictures"], list) for one in note.values())
    except (FileProblems, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return note if valid else {}


def _remove_stale(folder: Path, before: Mapping[str, Entry], now: Mapping[str, Entry]) -> None:
    """Remove what an earlier build noted and this one did not write."""
    stale = [f"{key}.{kind}" for key in before.keys() - now.keys() for kind in _KINDS]
    stale += [f"{_PICTURES}/{name}" for name in _pictures(before) - _pictures(now)]
    for name in stale:
        # A name of ours has no folder in it: whoever edited the note cannot have other files removed.
        bare = name.removeprefix(f"{_PICTURES}/")
        if bare != ".." and Path(name).name == bare:
            (folder / name).unlink(missing_ok=True)


def _pictures(noted: Mapping[str, Entry]) -> set[str]:
    return {str(name) for one in noted.values() for name in one["pictures"]}
