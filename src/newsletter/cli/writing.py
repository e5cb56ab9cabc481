"""A build as files: HTML, text and .eml of each variant, and its pictures.

What a build writes is noted in the folder, so that the next one writes only what differs, and takes away what it no
longer makes. Files that no build has noted are never removed, and never overwritten. A noted file that somebody has
changed meanwhile is written again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsletter.errors import FileProblems, Refused, SettingsError
from newsletter.files import kind_of_entry, read_bytes, shown
from newsletter.model import RenderedVariant
from newsletter.pipeline import building
from newsletter.pipeline.building import Built
from newsletter.pipeline.workspace import Progress, Workspace

MANIFEST = "manifest.json"
_NOTE = ".written.json"
_KINDS = ("html", "txt", "eml")
_PICTURES = "images"
_MOST_NAMED = 5

Entry = dict[str, Any]


def write(workspace: Workspace, built: Built, folder: Path, whole: bool, progress: Progress) -> list[Entry]:
    """Write the variants' files; their entries in the manifest. `whole`: the issue has no other variants.

    Raises `Refused`, before anything is written, when a file of somebody else stands in the way.
    """
    before = _noted(folder)
    _refuse_foreign(folder, built, before)
    (folder / _PICTURES).mkdir(parents=True, exist_ok=True)
    _claim(folder, built, before)
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


def _refuse_foreign(folder: Path, built: Built, noted: Mapping[str, Entry]) -> None:
    """Refuse to write over what no build has noted; pictures that are there already, byte for byte, are no loss."""
    keys = set(noted) or _in_manifest(folder)
    ours = {f"{key}.{kind}" for key in keys for kind in _KINDS} | ({MANIFEST, _NOTE} if keys else set())
    wanted = {f"{variant.key}.{kind}" for variant in built.variants for kind in _KINDS} | {MANIFEST, _NOTE}
    foreign = [name for name in sorted(wanted - ours) if (folder / name).exists()]
    pictures = {one.name: one.content for variant in built.variants for one in variant.pictures}
    for name in sorted(pictures.keys() - _pictures(noted)):
        path = folder / _PICTURES / name
        if path.exists() and not (path.is_file() and path.read_bytes() == pictures[name]):
            foreign.append(f"{_PICTURES}/{name}")
    if not foreign:
        return
    named = ", ".join(foreign[:_MOST_NAMED]) + (
        f" and {len(foreign) - _MOST_NAMED} more" * (len(foreign) > _MOST_NAMED)
    )
    raise Refused(
        f"{shown(folder, Path.cwd())}: would overwrite {named}, which no build has written. "
        "Choose another folder for --out; nothing was changed."
    )


def _in_manifest(folder: Path) -> set[str]:
    """The variants that a build's manifest names, for when its note is lost."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        return {str(one["key"]) for one in manifest["variants"]} if "content_hash" in manifest else set()
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return set()


def _claim(folder: Path, built: Built, noted: Mapping[str, Entry]) -> None:
    """Note what is about to be written, so that a build that is cut off does not stand in the next one's way."""
    claimed = dict(noted)
    for variant in built.variants:
        entry = noted.get(variant.key, {"stamp": "", "subject": "", "pictures": []})
        names = dict.fromkeys([*entry["pictures"], *(one.name for one in variant.pictures)])
        claimed[variant.key] = {**entry, "pictures": list(names)}
    write_if_changed(folder / _NOTE, json.dumps(claimed).encode())


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
        **({"arm": variant.arm} if variant.arm else {}),
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
