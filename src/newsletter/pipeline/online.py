"""Which addresses of a mail do not answer: asked at once, a few at a time, and not again within the hour.

Only public addresses are asked (`content.fetching` sees to it), without following anything into this machine's network.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from newsletter.content.fetching import Fetched, Limits, fetch
from newsletter.errors import FileProblems

KEPT = "answers.json"
_AT_ONCE = 8
_SECONDS = 3_600
_NEVER = "which is never fetched."
_LIMITS = Limits(wait=8.0, total=15.0, size=5_000_000, redirects=5)

Fetch = Callable[[str, Limits], Fetched]


def broken_addresses(
    addresses: Iterable[str], folder: Path | None, now: datetime, fetch: Fetch = fetch
) -> Mapping[str, str]:
    """Address → why it does not answer, for those that do not; `folder` keeps answers for an hour."""
    wanted = tuple(dict.fromkeys(addresses))
    kept = {} if folder is None else _kept(folder / KEPT, now.timestamp())
    missing = [one for one in wanted if one not in kept]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = dict(zip(missing, pool.map(lambda one: _reason(one, fetch), missing), strict=True))
    known = {**kept, **{one: (now.timestamp(), reason) for one, reason in answers.items()}}
    if folder is not None and missing:
        _keep(folder / KEPT, known)
    return {one: known[one][1] for one in wanted if known[one][1]}


def _reason(address: str, fetch: Fetch) -> str:
    """Why the address does not answer; nothing when it does, or is too large to be read whole."""
    try:
        fetch(address, _LIMITS)
    except FileProblems as error:
        message = error.problems[0].message
        asked = message.replace(_NEVER, "which is never asked.").partition(" Save the feed")[0]
        return "" if "larger than" in message or "too large" in message else f"{address}: {asked}"
    return ""


def _kept(path: Path, now: float) -> dict[str, tuple[float, str]]:
    try:
        found = json.loads(path.read_text("utf-8"))
        return {
            str(one): (float(asked), str(reason))
            for one, (asked, reason) in found.items()
            if 0 <= now - float(asked) < _SECONDS
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep(path: Path, known: Mapping[str, tuple[float, str]]) -> None:
    """Write the answers whole; where nothing can be written, nothing is kept."""
    spare = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        spare.write_text(json.dumps(known), "utf-8")
        spare.replace(path)
    except OSError:
        return
