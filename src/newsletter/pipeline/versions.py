"""Earlier versions of an issue, to be looked at beside today's: what was last approved, and what was last sent.

The mails of an approval are kept beside the database, as frozen ones are kept in it: nobody's values are in them.
Nothing depends on them. Where they are gone, or an approval was made on another computer, there is nothing to compare.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from newsletter.campaigns import freezing
from newsletter.model import DEFAULT, Campaign, CampaignStatus, RenderedVariant, Standing
from newsletter.pipeline.building import Built
from newsletter.pipeline.workspace import Workspace, has_database, open_store

APPROVED = "approved"
SENT = "sent"
_FOLDER = "var/approved"
_ENDING = ".mails"
_KEPT = 3
"""Approvals of an issue whose mails are kept, the newest."""
_MOST = 20_000_000
"""Bytes of one approval's mails with their pictures; heavier ones are not kept."""
_BEGUN = (CampaignStatus.SENDING, CampaignStatus.PAUSED, CampaignStatus.FINISHED)


@dataclass(frozen=True, slots=True)
class Version:
    """An issue as it was: which one, told in words, and its mails."""

    kind: str
    words: str
    variants: tuple[RenderedVariant, ...] = field(repr=False)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that were tried against each other; none where nothing was."""
        return tuple(dict.fromkeys(one.arm for one in self.variants if one.arm))

    def variant(self, profession: str, arm: str = "") -> RenderedVariant | None:
        """What the people of that profession read then; None when it had nothing for them.

        In that arm; without one, in the first. A version that tried nothing reads the same in every arm.
        """
        there = [one for one in self.variants if one.arm == arm or not (one.arm and arm)]
        own = (one for one in there if profession in one.professions)
        return next(own, next((one for one in there if one.group == DEFAULT), None))


def keep_mails(workspace: Workspace, built: Built, content_hash: str) -> None:
    """Keep the mails under the hash of what was approved, whole or not at all, and forget older ones of the issue."""
    contents = freezing.pack(built.variants)
    if sum(map(len, contents.values())) > _MOST:
        return
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    path = _path(workspace, built.issue, content_hash)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_suffix(f".{os.getpid()}")
        begun.write_bytes(packed.getvalue())
        begun.replace(path)
        for old in sorted(path.parent.glob(f"*{_ENDING}"), key=lambda one: one.stat().st_mtime_ns)[:-_KEPT]:
            old.unlink(missing_ok=True)


def versions_of(workspace: Workspace, issue: str, standing: Standing | None) -> tuple[Version, ...]:
    """The last approved and the last sent version of the issue, where there are such and their mails are known here."""
    return tuple(one for one in (_approved(workspace, issue, standing), _sent(workspace, issue)) if one is not None)


def _approved(workspace: Workspace, issue: str, standing: Standing | None) -> Version | None:
    last = standing.last_approved if standing else None
    if last is None:
        return None
    try:
        with zipfile.ZipFile(_path(workspace, issue, last.content_hash)) as archive:
            contents = {name: archive.read(name) for name in archive.namelist()}
        variants = _unpacked(contents)
    except (OSError, zipfile.BadZipFile):
        return None
    words = f"Approved by {last.by}, {last.at:%-d %b %Y %H:%M}"
    return Version(APPROVED, words, variants) if variants else None


def last_sent(workspace: Workspace, issue: str) -> Campaign | None:
    """The newest campaign of the issue that has begun to be sent."""
    if not has_database(workspace):
        return None
    from newsletter.store import campaigns

    with open_store(workspace) as database, database.connect() as connection:
        own = [one for one in campaigns.all_campaigns(connection) if one.issue == issue and one.status in _BEGUN]
    return own[-1] if own else None


def _sent(workspace: Workspace, issue: str) -> Version | None:
    last = last_sent(workspace, issue)
    if last is None:
        return None
    from newsletter.store import campaigns

    with open_store(workspace) as database, database.connect() as connection:
        variants = _unpacked(campaigns.frozen_contents(connection, last.id))
    words = f"Sent as {last.name}, {last.created_at:%-d %b %Y %H:%M}"
    return Version(SENT, words, variants) if variants else None


def _unpacked(contents: Mapping[str, bytes]) -> tuple[RenderedVariant, ...]:
    """The mails; nothing where another version of the program packed them in another way."""
    try:
        return freezing.unpack(contents)
    except (KeyError, ValueError, TypeError, zlib.error):
        return ()


def _path(workspace: Workspace, issue: str, content_hash: str) -> Path:
    return workspace.root / _FOLDER / issue / f"{content_hash}{_ENDING}"
