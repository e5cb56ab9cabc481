"""Approve an issue or ask for changes, and say whether it may be sent: what `approve`, `send` and the studio call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.campaigns.approvals_file import FILE, add_approval, read_approvals, shortened
from newsletter.campaigns.approving import at_any_time, at_time, changes, hash_of, same_person, standing
from newsletter.campaigns.approving import time_of as time_of
from newsletter.campaigns.scheduling import Schedule
from newsletter.content.issues import FOLDER
from newsletter.errors import ChangedMeanwhile, Refused, SettingsError
from newsletter.model import Approval, Decision, Stale, Standing
from newsletter.pipeline.approved_parts import parts_of
from newsletter.pipeline.approved_texts import keep_texts
from newsletter.pipeline.building import Built, build
from newsletter.pipeline.versions import keep_mails, last_sent
from newsletter.pipeline.workspace import Workspace, now

_SHOWN = 12
"""As many characters of a hash as people are shown; as few as 8 are taken from them."""
_LONGEST_NAME = 200
_LONGEST_COMMENT = 10_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reviewer says: who, the decision, and a comment."""

    by: str
    decision: Decision = Decision.APPROVED
    comment: str = ""
    content: str = ""
    """The hash (or its first 8 characters and more) of what they looked at; empty: what is there now."""
    schedule: Schedule | None = None
    """The one time they approve it for; None: whenever it is sent."""


def approvals_of(workspace: Workspace, built: Built, schedule: Schedule | None = None) -> Standing:
    """Where the issue stands, as it was built just now, for being sent now or at the time of the `schedule`."""
    return approvals_at(workspace, built, schedule.named if schedule else "")


def approvals_at(workspace: Workspace, built: Built, time: str) -> Standing:
    """Where the issue stands for being sent at that time, as approvals name times; now when it is empty."""
    parts = at_time(parts_of(workspace, built), time)
    every = read_approvals(*_place(workspace, built.issue))
    return standing(every, built.content_hash, parts, workspace.settings.approval.required)


def approve(workspace: Workspace, argument: str, opinion: Opinion) -> Standing:
    """Write the opinion into the issue's approvals.yaml; where the issue stands then.

    Raises `SettingsError` without a name, and `ChangedMeanwhile` when the content is not what the reviewer looked at.
    """
    name = " ".join(opinion.by.split())
    if not same_person(name) or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise SettingsError(f"--by: give the reviewer's name on one line, of at most {_LONGEST_NAME} characters.")
    comment = _comment(opinion.comment)
    if opinion.decision is Decision.CHANGES and not comment:
        raise SettingsError("--reject: say what is to be changed with --comment TEXT.")
    if opinion.decision is Decision.CHANGES and opinion.schedule is not None:
        raise SettingsError("--reject: changes are asked for whenever it is to be sent. Leave --at out.")
    # What lies in build/ decides nothing here, as it decides nothing when mail is sent.
    built = build(workspace, argument, fresh=True)
    before = approvals_of(workspace, built, opinion.schedule)
    seen = hash_of(built.content_hash, at_any_time(before.parts))
    if opinion.content and not any(_meant(opinion.content, one) for one in (before.content_hash, seen)):
        raise ChangedMeanwhile(
            f"issue '{built.issue}' is not what was looked at any more: it is {short(seen)} now, not "
            f"{short(opinion.content)}. Look at it again; nothing was recorded."
        )
    decided = Approval(name, shortened(now()), opinion.decision, comment, before.content_hash, dict(before.parts))
    add_approval(*_place(workspace, built.issue), decided)
    keep_texts(workspace, built, before.content_hash)
    if opinion.decision is Decision.APPROVED:
        keep_mails(workspace, built, before.content_hash)
    return approvals_of(workspace, built, opinion.schedule)


def refuse_unapproved(standing: Standing) -> None:
    """Raise `Refused` when the issue may not be sent, saying who approved and what is missing."""
    if standing.stops:
        at = " --at WHEN" if time_of(standing.parts) else ""
        advice = f"Look at it, and approve exactly this content with `newsletter approve ISSUE --by NAME{at}`."
        raise Refused(" ".join([*words_of(standing), advice]))


def words_of(standing: Standing) -> list[str]:
    """Where the issue stands, in sentences for people: who approved, who objects, what is missing, what changed."""
    told: list[str] = []
    if standing.required or standing.every:
        told.append(_count(standing))
    for one in standing.objections:
        told.append(f"{one.by} asked for changes on {one.at:%Y-%m-%d %H:%M} UTC{_said(one)}.")
    time = time_of(standing.parts)
    open_ended = ", ".join(one.by for one in standing.approvals if time and not time_of(one.parts))
    if open_ended:
        told.append(f"It is to be sent at {time}; {open_ended} approved it for whatever time it is sent.")
    for stale in standing.stale:
        if _for_another_time(stale, standing):
            one = stale.approval
            told.append(f"The approval of {one.by} ({one.at:%Y-%m-%d %H:%M} UTC) is for {time_of(one.parts)} only.")
            continue
        what = "The approval" if stale.approval.decision is Decision.APPROVED else "The request for changes"
        told.append(
            f"{what} of {stale.approval.by} ({stale.approval.at:%Y-%m-%d %H:%M} UTC) is stale. "
            f"Changed since: {'; '.join(stale.changed)}."
        )
    return told


def changed_since(one: Approval, standing: Standing) -> tuple[str, ...]:
    """What differs from what was decided about, in words, but for the time; nothing when all else is the same."""
    before, now = at_any_time(one.parts), at_any_time(standing.parts)
    return changes(before, now) if before != now else ()


def since_approval(standing: Standing) -> tuple[str, ...]:
    """What changed since the issue was last approved, in words, but for the time; nothing while an approval holds, when
    only the time differs, or when nobody ever approved it."""
    last = standing.last_approved
    return changed_since(last, standing) if last is not None and not standing.approvals else ()


@dataclass(frozen=True, slots=True)
class SinceSent:
    """An issue is not what was sent of it any more: when that was frozen, and what changed since, in words."""

    at: datetime
    changed: tuple[str, ...]
    """Nothing where nobody approved what was sent, as only approvals say what an issue was made of."""


def since_sent(workspace: Workspace, built: Built, standing: Standing) -> SinceSent | None:
    """How the issue's mails differ from those last sent; None when they are the same or nothing was sent."""
    last = last_sent(workspace, built.issue)
    if last is None or last.content_hash == built.content_hash:
        return None
    every = reversed(standing.every)
    about = next((one for one in every if hash_of(last.content_hash, one.parts) == one.content_hash), None)
    return SinceSent(last.created_at, changed_since(about, standing) if about else ())


def _for_another_time(stale: Stale, standing: Standing) -> bool:
    """Whether nothing but the time differs from what was approved."""
    return bool(time_of(stale.approval.parts)) and not changed_since(stale.approval, standing)


def _count(standing: Standing) -> str:
    by = ", ".join(one.by for one in standing.approvals)
    needed = f"{standing.required} {'approval is' if standing.required == 1 else 'approvals are'} needed"
    if not standing.required:
        needed = "no approval is needed to send it"
    elif by:
        needed += f", {standing.missing} still missing" if standing.missing else " and there"
    return f"{f'Approved by {by}' if by else 'Nobody has approved this content yet'}; {needed}."


def short(content_hash: str) -> str:
    """A hash as people read it out to each other."""
    return content_hash[:_SHOWN]


def approval_json(one: Approval) -> dict[str, object]:
    """A decision as plain data, without the record of its parts."""
    return {
        "by": one.by,
        "at": one.at.isoformat(),
        "decision": one.decision.value,
        "comment": one.comment,
        "content_hash": one.content_hash,
    }


def _place(workspace: Workspace, issue: str) -> tuple[Path, str]:
    """Where the issue's decisions are kept, and what messages call that file."""
    name = f"{FOLDER}/{issue}/{FILE}"
    return workspace.root / name, name


def _meant(asked: str, content_hash: str) -> bool:
    return len(asked) >= 8 and content_hash.startswith(asked.strip().lower())


def _comment(text: str) -> str:
    """The comment without control characters and spaces around it."""
    lines = ("".join(one for one in line if one.isprintable()).rstrip() for line in text.strip().splitlines())
    return "\n".join(lines)[:_LONGEST_COMMENT]


def _said(one: Approval) -> str:
    return f": {' '.join(one.comment.split())}".rstrip(".") if one.comment else ""
