"""Decisions of reviewers × what an issue is now → whether it may be sent, who is missing, and what changed since.

A decision holds for exactly the content it was made about. An approval that names a time holds for that time alone; one
that names none holds whenever it is sent. Of each part of that content (a file, a rule, a value of the settings) the
decision keeps a short digest, so that a later change can be named.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from hashlib import sha256

from newsletter.model import Approval, Decision, Parts, Stale, Standing

_SHORT = 12
_TIME = "schedule time "
_MAILS = "mail "
_WORDS = (
    ("issue ", "", ""),
    ("article ", "article", "articles"),
    ("template ", "", ""),
    ("picture ", "picture", "pictures"),
    ("audience ", "the audience's", "the audience's"),
    ("profession", "", ""),
    ("sender ", "the sender's", "the sender's"),
    ("schedule ", "the schedule's", "the schedule's"),
    ("setting ", "newsletter.yaml's", "newsletter.yaml's"),
)
"""The kinds of parts as changes are told: a name's beginning, and the words before one and before several."""


def digest(content: bytes | str) -> str:
    """Enough of a hash to tell that a part changed; what may be sent is decided by the whole hash."""
    return sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:_SHORT]


def hash_of(rendered: str, parts: Parts) -> str:
    """One hash over all that is approved: every mail as it was rendered, and every part."""
    told = sha256(rendered.encode())
    for name, value in sorted(parts.items()):
        told.update(f"\n{len(name)}:{name}={value}".encode())
    return told.hexdigest()


def same_person(name: str) -> str:
    """The name as it counts: neither case nor spaces make another reviewer of the same one."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def at_time(parts: Parts, time: str) -> Parts:
    """The parts of what is sent at that time, which stands in the part's name so that people can be told of it."""
    return {**parts, f"{_TIME}{time}": digest(time)} if time else parts


def time_of(parts: Parts) -> str:
    """The time that was approved or is planned; empty where none is named."""
    return next((name.removeprefix(_TIME) for name in parts if name.startswith(_TIME)), "")


def at_any_time(parts: Parts) -> Parts:
    """The parts without the time."""
    return {name: value for name, value in parts.items() if not name.startswith(_TIME)}


def standing(every: Sequence[Approval], rendered: str, parts: Parts, required: int) -> Standing:
    """Where an issue of this content stands: `rendered` is the hash of its mails, `parts` may have the time.

    Of each reviewer the last decision counts, and of several about one content the last, whatever times they name. A
    request for changes stands until whoever made it approves, or until the content is another one and was approved
    after it.
    """
    timeless = at_any_time(parts)
    content_hash = hash_of(rendered, parts)
    holds = {content_hash, hash_of(rendered, timeless)}
    ordered = tuple(sorted(every, key=lambda one: one.at))
    last = {same_person(one.by): one for one in ordered}
    about_this = [one for one in ordered if one.content_hash in holds or at_any_time(one.parts) == timeless]
    last_here = {same_person(one.by): one for one in about_this}
    approvals = [
        one
        for person, one in last_here.items()
        if one.content_hash in holds
        and one.decision is Decision.APPROVED
        and last[person].decision is Decision.APPROVED
    ]
    newest = max((one.at for one in approvals), default=None)
    objections = [
        one
        for one in last.values()
        if one.decision is Decision.CHANGES and (one.content_hash in holds or (newest is not None and one.at > newest))
    ]
    stale = [Stale(one, changes(one.parts, parts)) for one in last.values() if one.content_hash not in holds]
    in_time = sorted(approvals, key=lambda one: one.at)
    return Standing(content_hash, parts, required, tuple(in_time), tuple(objections), tuple(stale), ordered)


def changes(before: Parts, now: Parts) -> tuple[str, ...]:
    """What differs, in words: `articles a.md, b.md`, `templates/page.html.j2`, `the audience's segment`.

    The mails themselves are named only when nothing they are made from differs.
    """
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    told: list[str] = []
    for start, one, several in _WORDS:
        found = [_told(name, start, before, now) for name in names if name.startswith(start)]
        if not found:
            continue
        words = several if len(found) > 1 else one
        told += [f"{words} {', '.join(found)}"] if words else found
    if not told:
        found = [name.removeprefix(_MAILS) for name in names if name.startswith(_MAILS)]
        told = [f"the mails of {', '.join(found)}, by another version of the program"] if found else ["the content"]
    return tuple(told)


def _told(name: str, start: str, before: Parts, now: Parts) -> str:
    """A part's name, and whether it is new or gone."""
    words = name[len(start) :] if start.endswith(" ") else name
    return f"{words} (new)" if name not in before else f"{words} (gone)" if name not in now else words
