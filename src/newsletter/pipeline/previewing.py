"""An issue → what a browser shows of it: each variant as its readers get it, its parts, and where they were written.

Nothing here writes but the build's own cache, and nothing makes a database: looking changes nothing.
"""

from __future__ import annotations

import email
import email.policy
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from newsletter.cache import FOLDER
from newsletter.checks.clients.table import SupportTable, load_table
from newsletter.checks.clients.views import as_outlook_windows, without_styles
from newsletter.content.issues import FILE, issue_ids
from newsletter.content.issues import FOLDER as ISSUES
from newsletter.delivery.messages import NotPersonalizable
from newsletter.errors import FileProblems, SettingsError, did_you_mean
from newsletter.files import read_yaml
from newsletter.model import (
    CampaignStatus,
    Delivery,
    DeliveryId,
    RenderedVariant,
    Standing,
    variant_key,
)
from newsletter.pipeline.approvals import since_approval
from newsletter.pipeline.building import Built, assembler_of
from newsletter.pipeline.readers import NOBODY, Reader
from newsletter.pipeline.workspace import Workspace, has_database, now, open_store

CLIP = 102 * 1024
"""Gmail shows no more of a message's HTML than this, in bytes."""
SENT_AND_CHANGED = "sent, changed since"


@dataclass(frozen=True, slots=True)
class Card:
    """An issue in the list: what its file says, and `problem` when that cannot be read."""

    id: str
    title: str
    audience: str
    problem: str = ""


def cards(workspace: Workspace) -> list[Card]:
    """Every issue of the workspace, read no further than its own file."""
    return [_card(workspace.root, name) for name in issue_ids(workspace.root)]


def is_issue(root: Path, name: str) -> bool:
    """Whether the workspace at `root` has an issue of that name."""
    return name in issue_ids(root)


def _card(root: Path, name: str) -> Card:
    try:
        value = read_yaml(root / ISSUES / name / FILE, f"{ISSUES}/{name}/{FILE}").data
    except FileProblems as error:
        return Card(name, name, "", str(error))
    found: Mapping[str, object] = value if isinstance(value, dict) else {}
    return Card(name, str(found.get("title") or name), str(found.get("audience") or ""))


def status_of(workspace: Workspace, issue: str, built: Built | None, standing: Standing | None) -> str:
    """What its newest campaign is (scheduled, sending, paused, sent, or sent and changed since); else changes
    requested, approved, changed since approval, ready or draft.

    A campaign that was cancelled counts for nothing. What has errors is a draft, whoever approved it.
    """
    if has_database(workspace):
        from newsletter.store import campaigns

        with open_store(workspace) as database, database.connect() as connection:
            every = campaigns.all_campaigns(connection)
        own = [one for one in every if one.issue == issue and one.status is not CampaignStatus.CANCELLED]
        if own:
            newest = own[-1]
            if newest.status is not CampaignStatus.FINISHED:
                return newest.status.value
            is_changed = built is not None and built.content_hash != newest.content_hash
            return SENT_AND_CHANGED if is_changed else "sent"
    if built is None or built.errors:
        return "draft"
    if standing is not None and standing.objections:
        return "changes requested"
    if standing is None:
        return "ready"
    if standing.is_approved:
        return "approved"
    return "changed since approval" if since_approval(standing) else "ready"


# ── one variant, as one person reads it ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shown:
    """A variant as that reader gets it. `html` names its pictures as the mail does."""

    subject: str
    preheader: str
    html: str
    text: str
    size: int
    """Bytes of the HTML, as mail programs count them."""


def show(workspace: Workspace, issue: str, variant: RenderedVariant, reader: Reader = NOBODY, html: str = "") -> Shown:
    """The variant (or `html` in the place of its own) with the reader's values.

    Raises `SettingsError` when they make an expression fail.
    """
    try:
        subject, page, text = assembler_of(workspace.settings, [variant], issue).filled(
            variant, _delivery(variant, reader), html or variant.html
        )
    except NotPersonalizable as error:
        raise SettingsError(f"the mail cannot be shown to {reader.address}: {error}") from error
    return Shown(subject, variant.preheader, page, text, len(page.encode()))


def message(workspace: Workspace, issue: str, variant: RenderedVariant, reader: Reader, audience: str) -> bytes:
    """The whole mail (RFC 5322), made by what makes the mails that are sent.

    Its delivery id is 24 zeros. Raises `SettingsError` when the reader's values make an expression fail.
    """
    try:
        assembler = assembler_of(workspace.settings, [variant], issue, audience)
        return assembler.assemble(_delivery(variant, reader), now()).content
    except NotPersonalizable as error:
        raise SettingsError(f"the mail cannot be shown to {reader.address}: {error}") from error


def _delivery(variant: RenderedVariant, reader: Reader) -> Delivery:
    return Delivery(0, DeliveryId("0" * 24), reader.address, variant.key, 0, dict(reader.values))


def choices(built: Built) -> dict[str, str]:
    """Who can be shown → the key of the variant they read: professions, and where something is tried, their arms."""
    return {variant_key(key, one.arm): one.key for one in built.variants for key in one.professions}


def variant_of(built: Built, choice: str) -> RenderedVariant:
    """What those people read; raises `SettingsError` when the issue has nothing for them."""
    known = choices(built)
    found = next((one for one in built.variants if one.key == known.get(choice)), None)
    if found is None:
        raise SettingsError(f"nobody of '{choice}' gets this issue.{did_you_mean(choice, known)}")
    return found


# ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────────

VIEWS = {
    "sent": "As sent",
    "no-styles": "No style sheet",
    "outlook": "Outlook for Windows",
}
"""What a mail client makes of the HTML, by name. All but the first are approximations."""


def in_view(workspace: Workspace, html: str, view: str) -> str:
    """The HTML as that client has it, as near as a browser can show."""
    if view == "no-styles":
        return without_styles(html)
    if view == "outlook":
        return as_outlook_windows(html, _table(workspace.root / FOLDER))
    return html


_SCHEME = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)


def in_scheme(html: str, scheme: str) -> str:
    """The HTML as a browser set to light or dark reads it: its own setting no longer matters."""
    return _SCHEME.sub(lambda found: "(min-width: 0)" if found[1].lower() == scheme else "(max-width: 0)", html)


@cache
def _table(folder: Path) -> SupportTable:
    return load_table(folder)


def with_pictures(workspace: Workspace, html: str, variant: RenderedVariant, pictures: bool = True) -> str:
    """The HTML with the mail's own pictures inside it, so that a page that may fetch nothing shows them.

    Without `pictures`, none is shown and each leaves the words that stand in for it, as in a client that blocks them.
    """
    for one in variant.pictures:
        address = f"data:{one.media_type};base64,{b64encode(one.content).decode()}" if pictures else "about:blank"
        for place in ("cid:", f"{workspace.settings.images.base_url}/"):
            html = html.replace(f'"{place}{one.name}"', f'"{address}"')
    return html


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mail: how deep it lies, what it is, and its encoded size in bytes."""

    depth: int
    kind: str
    name: str
    encoding: str
    size: int


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A whole mail taken apart: its headers in order, its parts, and its size in bytes."""

    headers: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    size: int


def anatomy(content: bytes) -> Anatomy:
    """The mail's headers and tree of parts, as the standard library's parser has them."""
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    headers = tuple((name, " ".join(str(value).split())) for name, value in parsed.items())
    return Anatomy(headers, tuple(_parts(parsed, 0)), len(content))


def _parts(part: EmailMessage, depth: int) -> Iterator[Part]:
    name = str(part.get("content-id", "")).strip("<>") or part.get_filename() or ""
    encoding = str(part.get("content-transfer-encoding", ""))
    yield Part(depth, part.get_content_type(), name, encoding, len(part.as_bytes()))
    if part.is_multipart():
        for child in part.iter_parts():
            assert isinstance(child, EmailMessage)
            yield from _parts(child, depth + 1)
