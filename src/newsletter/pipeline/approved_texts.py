"""The words of what was approved, kept beside the database: to tell a reviewer later what reads differently.

Nothing depends on them. Where they are gone, the files that changed are still named.
"""

from __future__ import annotations

import contextlib
import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from newsletter.pipeline.building import Built, previews
from newsletter.pipeline.workspace import Workspace

_FOLDER = "var/approved"
_AROUND = 2
"""Lines that are the same, shown around those that differ."""


def keep_texts(workspace: Workspace, built: Built, content_hash: str) -> None:
    """Keep each mail's subject and plain text under the hash of what was approved."""
    texts = {one.key: _told(one.subject, one.text) for one in previews(workspace, built)}
    path = _path(workspace, built.issue, content_hash)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(texts, ensure_ascii=False), "utf-8")


def kept_texts(workspace: Workspace, issue: str, content_hash: str) -> Mapping[str, str]:
    """Variant → its subject and text as they were approved; nothing where they were not kept here."""
    try:
        found = json.loads(_path(workspace, issue, content_hash).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}


def difference(before: str, subject: str, text: str) -> tuple[tuple[str, str], ...]:
    """The lines that differ, each with `+`, `-` or a space, and `@` where lines between were left out."""
    return tuple(_signed(before, _told(subject, text)))


def _signed(before: str, now: str) -> Iterator[tuple[str, str]]:
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), n=_AROUND, lineterm="")
    for number, line in enumerate(lines):
        if number >= 3:  # after the two names and the first place
            yield line[0], line[1:] if line[0] != "@" else ""


def _told(subject: str, text: str) -> str:
    return f"Subject: {subject}\n\n{text}"


def _path(workspace: Workspace, issue: str, content_hash: str) -> Path:
    return workspace.root / _FOLDER / issue / f"{content_hash}.json"
