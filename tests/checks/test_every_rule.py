"""For every rule an email that breaks it, and the line its author has to edit: nothing is told of any other line."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from newsletter.checks.crowd import Crowd
from newsletter.checks.mail import Weight
from newsletter.checks.registry import all_rules
from newsletter.checks.spam_score import SpamScore
from newsletter.model import Audience, Finding
from newsletter.pipeline import building, online
from newsletter.pipeline.checking import asked_for, check_file, check_issue
from newsletter.pipeline.workspace import open_workspace
from tests.checks import broken
from tests.checks.broken import Broken, unmarked
from tests.conftest import REPOSITORY, Workspace

CASES = {name.lower(): case for name, case in vars(broken).items() if isinstance(case, Broken)}


def _content(recipe: str) -> bytes:
    """What a recipe asks for: 'GIF 90x60 frames heavy'."""
    kind, size, *more = recipe.split()
    width, height = map(int, size.split("x"))
    frames = [
        Image.frombytes("L", (width, height), Random(one).randbytes(width * height))
        if "noise" in more
        else Image.new("L", (width, height), 90 * one)
        for one in range(3 if "frames" in more else 1)
    ]
    stream = BytesIO()
    frames[0].save(stream, kind, **({"save_all": True, "append_images": frames[1:]} if frames[1:] else {}))
    return stream.getvalue() + bytes(1_000_001 if "heavy" in more else 0)


def _write(root: Path, case: Broken) -> None:
    for path, text in case.files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(unmarked(text), "latin-1" if path in case.latin else "utf-8")
    if case.headers:
        (root / case.file).write_bytes(bytes(_message(case)))
        return
    for path, recipe in case.bytes.items():
        (root / path).write_bytes(_content(recipe))


def _message(case: Broken) -> EmailMessage:
    """The email with its pictures, each by its Content-ID."""
    message = EmailMessage()
    for name, value in case.headers.items():
        message[name] = unmarked(value)
    html = unmarked(case.files[case.file])
    if case.text:
        message.set_content(case.text)
        message.add_alternative(html, "html")
    else:
        message.set_content(html, "html")
    for name, recipe in case.bytes.items():
        message.add_related(_content(recipe), "image", "png", cid=f"<{name}>")
    return message


def _score(variant: str, content: bytes) -> SpamScore:
    return SpamScore(variant, "SpamAssassin", 3.1, 5.0, (("HTML_IMAGE_ONLY_04", 3.1),))


def _found(workspace: Workspace, case: Broken) -> Sequence[Finding]:
    _write(workspace.root, case)
    asked = asked_for((), True, False, "link-broken" in str(case.expected))
    if case.file:
        return check_file(case.file, asked).findings
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    return check_issue(
        opened, "tides", asked=asked, score=_score if "spam-score" in str(case.expected) else None
    ).findings


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_told_at_the_lines_to_edit_and_nothing_else_is_told(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    case = CASES[name]
    monkeypatch.chdir(workspace.root)
    if name == "people":
        _people(monkeypatch)
    expected = case.expected
    found = {
        (one.rule, str(one.where))
        for one in _found(workspace, case)
        if one.severity != "info" or (one.rule, str(one.where)) in expected
    }
    assert found == expected


def _people(monkeypatch: pytest.MonkeyPatch) -> None:
    """People who were mailed before: half of them gave no consent, one has no name, and nobody ever left."""

    def crowd(workspace: object, audience: Audience) -> Crowd:
        return Crowd(audience.where, 10, 5, 1_000, 0)

    monkeypatch.setattr(building, "_crowd", crowd)
    monkeypatch.setattr(building, "_people_without", lambda workspace, audience, name: 1)
    monkeypatch.setattr(building, "last_sent", lambda workspace, name, audience: Weight("ebb", 90_000, 3, 3, 9_000))
    monkeypatch.setattr(
        online,
        "broken_addresses",
        lambda addresses, folder, moment: {one: f"{one}: answers 404." for one in addresses if "tables" in one},
    )


def test_every_rule_has_an_email_that_breaks_it() -> None:
    assert {rule for case in CASES.values() for rule, _ in case.expected} == set(all_rules())
