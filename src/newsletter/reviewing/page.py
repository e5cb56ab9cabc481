"""A Review → one HTML file that needs nothing else: no network, no server, no JavaScript to be read.

Each mail stands in a frame without rights, its pictures inside it. Everything is escaped by the template; a policy in
the page lets nothing be fetched and no script run but the page's own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from newsletter.errors import sentence
from newsletter.model import Finding, Picture, Standing

MOST = 5_000_000
"""Bytes; what mail systems and code hosts still take."""
_FURNITURE = 60_000
"""What the page takes beside its mails, about."""
_LINE, _LINE_HEIGHT, _EDGES = 70, 24, 120
"""What a mail of 600 pixels has: characters in a line, its height, and what stands above and below it all."""
_FOLDER = Path(__file__).parent
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_BOX = '<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}" style="background:#bbb"/>'


@dataclass(frozen=True, slots=True)
class Shot:
    """A mail as a browser draws it at a width in CSS pixels."""

    width: int
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A variant as a reader of whom nothing is known gets it."""

    key: str
    readers: tuple[str, ...]
    """The names of the professions that read it."""
    arm: str = field(default="", kw_only=True)
    """The arm of the experiment that its readers are in; empty where nothing is tried."""
    subject: str
    preheader: str
    html: str = field(repr=False)
    """Pictures by `cid:` or by address."""
    text: str = field(repr=False)
    pictures: tuple[Picture, ...] = ()
    people: int | None = None
    """How many would get it; None before the first import, and where only chance can tell."""
    drawn_from: int | None = field(default=None, kw_only=True)
    """Of an arm where only chance can tell: how many its recipients are drawn from."""
    is_changed: bool = False
    """Since the last approval."""
    difference: tuple[tuple[str, str], ...] = ()
    """What its text reads differently since: `+`, `-`, a space or `@` for a gap, and the line."""
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """All that a reviewer is shown."""

    brand: str
    sender: str
    issue: str
    title: str
    language: str
    audience: str
    made_at: datetime
    standing: Standing
    told: tuple[str, ...]
    """Where the issue stands, in sentences; never none."""
    changed: tuple[str, ...]
    """What changed since the last approval; nothing when nothing did, or nobody approved yet."""
    is_stale: bool = field(default=False, kw_only=True)
    """Whether it was approved, and is another one now."""
    has_gaps: bool = field(default=False, kw_only=True)
    """Whether a picture is missing and grey, so that nobody can approve it."""
    times: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """Hash of the content of an approval for one time → that time; nothing for approvals that hold at any."""
    mails: tuple[Mail, ...]
    findings: tuple[Finding, ...]
    people: Mapping[str, int] = field(default_factory=dict)
    """Profession's name → recipients, most first; empty before the first import."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Reason → people who are not mailed."""
    arms: Mapping[str, int] = field(default_factory=dict)
    """Arm → recipients who are tried with it, of all professions; empty where nothing is tried."""


def review_page(review: Review) -> str:
    """The file's text, of less than 5 MB where leaving out pictures can bring that about: the heaviest go first."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    script = (_FOLDER / "review.js").read_text("utf-8")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    room = MOST - _FURNITURE - sum(len(one.html.encode()) + 2 * len(one.text.encode()) for one in review.mails)
    mails = _fitting_shots(review.mails, room // 3)
    room -= sum(_weight(shot.content) for one in mails for shot in one.shots)
    left = _too_heavy(mails, room)
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = {one.key: ", ".join(one.readers) + (f", arm {one.arm}" if one.arm else "") for one in review.mails}
    environment.filters |= {"data": _data, "sentence": sentence, "reader": lambda key: names.get(key, key)}
    return environment.get_template("review.html.j2").render(
        review=review,
        mails=[(one, framed(one, left), about_height(one)) for one in mails],
        left_out=len(left),
        policy=f"{_POLICY}; script-src 'sha256-{digest}'",
        style=(_FOLDER / "review.css").read_text("utf-8"),
        script=script,
    )


def framed(mail: Mail, left: Sequence[str] = ()) -> str:
    """The mail's HTML with its pictures inside, fit for a frame or a file: it fetches nothing and runs no script.

    Pictures named in `left` are grey boxes of the same size.
    """
    html = _with_pictures(mail.html, {one.name: _shown(one, one.name in left) for one in mail.pictures})
    head = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><base target="_blank">'
    found = _HEAD.search(html)
    return html[: found.end()] + head + html[found.end() :] if found else head + html


def about_height(mail: Mail) -> int:
    """About how tall the mail is drawn, in CSS pixels; rather too much, so that what fits a screen is never scrolled.

    Nobody can ask a frame without rights how tall it is. Plain text has the lines of the mail, one below the other.
    """
    lines = sum(max(1, -(-len(line) // _LINE)) for line in mail.text.splitlines())
    return lines * _LINE_HEIGHT + sum(one.height for one in mail.pictures) + _EDGES


def _too_heavy(mails: Sequence[Mail], room: int) -> list[str]:
    """The pictures there is no room for, heaviest first; one weighs as often as mails show it."""
    weights: dict[str, int] = {}
    for mail in mails:
        for picture in mail.pictures:
            weights[picture.name] = weights.get(picture.name, 0) + _weight(picture.content)
    left: list[str] = []
    total = sum(weights.values())
    for name in sorted(weights, key=lambda one: -weights[one]):
        if total <= room:
            break
        total -= weights[name]
        left.append(name)
    return left


def _fitting_shots(mails: Sequence[Mail], room: int) -> list[Mail]:
    """The mails, without screenshots from where there is no more room for them."""
    kept: list[Mail] = []
    for mail in mails:
        room -= sum(_weight(one.content) for one in mail.shots)
        kept.append(mail if room >= 0 else replace(mail, shots=()))
    return kept


def _with_pictures(html: str, shown: Mapping[str, str]) -> str:
    """The HTML with each picture's address replaced, wherever it stands between quotes or brackets."""
    if not shown:
        return html
    names = "|".join(map(re.escape, shown))
    return re.sub(rf"""(["'(])[^"'()\s]*?({names})(?=["')])""", lambda found: found[1] + shown[found[2]], html)


def _shown(picture: Picture, as_box: bool) -> str:
    if as_box:
        return f"data:image/svg+xml;base64,{_base64(_BOX.format(picture.width, picture.height).encode())}"
    return f"data:{picture.media_type};base64,{_base64(picture.content)}"


def _weight(content: bytes) -> int:
    return len(content) * 4 // 3 + 4


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


def _data(shot: Shot) -> str:
    return f"data:{shot.media_type};base64,{_base64(shot.content)}"
