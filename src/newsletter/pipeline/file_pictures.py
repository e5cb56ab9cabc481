"""The pictures of an email in a file: those that travel in it, and those that lie beside it on the disk.

In: a message, or an HTML file and its text. Out: their bytes by what `src` says, and what is wrong with them. Nothing
is read from outside the folder of the file, whatever its HTML names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from newsletter.checks.heights import natural_size
from newsletter.checks.picture_kinds import kind_of
from newsletter.files import is_file
from newsletter.rendering.photos import damage_of

_SOURCE = re.compile(r"<img\b[^>]{0,2000}?\ssrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))", re.IGNORECASE)
_CID = re.compile(r"cid:[^\"'\s<>]+")
"""RFC 2392 has signs in it percent-encoded; most programs write them as they are."""
_NOT_BESIDE = re.compile(r"[a-z][a-z0-9+.-]*:|[/#?]", re.IGNORECASE)
_LOOKED_INTO = ("png", "jpeg", "gif", "webp")
_MOST_PIXELS = 500_000_000
"""Of all pictures of one email together, until no more are looked into: some seconds of work."""
_UNTOLD = (4_000, 4_000)
"""What a picture counts for whose beginning does not tell its size."""
_MOST_BYTES = 30_000_000
"""As of a picture of an issue; a larger file is not looked into."""


def travelling(message: EmailMessage, html: str) -> dict[str, bytes]:
    """The parts of the message that have a Content-ID, by the `cid:` address that names them, as the HTML spells it."""
    spelled = {unquote(unescape(one)): unescape(one) for one in _CID.findall(html)}
    found: dict[str, bytes] = {}
    for part in message.walk():
        key = str(part.get("content-id", "")).strip().strip("<>")
        payload = part.get_payload(decode=True) if key else None
        if isinstance(payload, bytes):
            found[spelled.get(f"cid:{key}", f"cid:{key}")] = payload
    return found


def beside(file: Path, html: str) -> dict[str, bytes]:
    """The pictures that the HTML names by a path in the folder of its file, as far as they are there."""
    folder = file.parent.resolve()
    found: dict[str, bytes] = {}
    for match in _SOURCE.finditer(html):
        source = " ".join(unescape(match[1] or match[2] or match[3] or "").split())
        if not source or source in found or _NOT_BESIDE.match(source):
            continue
        path = folder / unquote(source.split("?")[0].split("#")[0])
        content = _content(path, folder)
        if content is not None:
            found[source] = content
    return found


def _content(path: Path, folder: Path) -> bytes | None:
    """What is in the file; None for one that is not there, lies elsewhere or is too large."""
    try:
        inside = is_file(path) and path.resolve().is_relative_to(folder)
        return path.read_bytes() if inside and path.stat().st_size <= _MOST_BYTES else None
    except (OSError, ValueError):
        return None


def damaged_of(pictures: Mapping[str, bytes], html: str) -> dict[str, str]:
    """What is wrong with those of the pictures that the HTML names, as the end of a sentence."""
    found = {}
    named = {unescape(one) for one in _CID.findall(html)}
    left = _MOST_PIXELS
    for source, content in pictures.items():
        kind = kind_of(content)
        if source.startswith("cid:") and source not in named:
            continue
        if not kind:
            found[source] = "is none, or damaged"
        elif kind in _LOOKED_INTO and left > 0:
            width, height = natural_size(content) or _UNTOLD
            left -= width * height
            if wrong := damage_of(content):
                found[source] = wrong
    return found
