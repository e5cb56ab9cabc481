"""Whose mail is shown: a subscriber as a send would freeze them now."""

from __future__ import annotations

import re
from threading import Event
from typing import Any

import pytest

from newsletter.errors import SettingsError
from newsletter.pipeline import previewing, readers
from newsletter.pipeline.building import Built, build
from newsletter.pipeline.testing import Trial, send_test
from newsletter.pipeline.workspace import Workspace, open_workspace
from tests.conftest import REPOSITORY

EVIL = "<script>alert(1)</script>\"' onload=x {{ 7 * 7 }}"


def opened(workspace: Any) -> tuple[Workspace, Built]:
    found = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    return found, build(found, "tides")


def plain(content: bytes) -> bytes:
    """The mail without what is each mail's own: its delivery id, the moment, whom it goes to."""
    number = re.findall(rb"Message-ID: <([0-9a-f]{24})@", content)[0]
    content = re.sub(rb"Date: [^\r]*", b"Date: then", content.replace(b"%20" + number, b"id").replace(number, b"id"))
    return re.sub(rb"\r\nTo: [^\r]*", b"\r\nTo: someone", content)


def test_a_subscriber_is_shown_the_very_bytes_that_a_test_sends_as_them(workspace: Any) -> None:
    found, built = opened(workspace)
    reader = readers.subscriber(found, built, " ADA@example.org ")
    assert (reader.address, reader.variant, reader.values["first_name"]) == ("ada@example.org", "pilot", "Ada")
    variant = next(one for one in built.variants if one.key == "pilot")
    shown = previewing.message(found, "tides", variant, reader, built.audience.id)
    assert b"To: Ada <ada@example.org>" in shown
    send_test(found, "tides", Trial(("me@example.org",), subscriber="ada@example.org"), Event())
    (path,) = workspace.outbox()
    sent = path.read_bytes()
    assert b"[Test] Tides for pilots" in sent
    assert plain(sent.replace(b"[Test] ", b"")) == plain(shown)


def test_a_subscriber_gets_a_test_of_any_arm_and_a_reason_that_is_true(workspace: Any) -> None:
    file = workspace.root / "issues/tides/issue.yaml"
    tried = (
        "ab: {share: 50%, winner: clicks, wait: 4h, subjects: ['One for {{ profession.plural }}', Two]}\nsections:\n"
    )
    text = file.read_text("utf-8").replace("sections:\n", tried)
    file.write_text(re.sub("subject: .*\n", "", text), "utf-8")
    found, built = opened(workspace)
    assert readers.subscriber(found, built, "ada@example.org").variant == "pilot.a"
    assert readers.subscriber(found, built, "ada@example.org", "b").variant == "pilot.b"
    for arm, variant in (("", "pilot.a"), ("b", "pilot.b")):
        trial = Trial(("me@example.org",), subscriber="ada@example.org", arm=arm)
        assert send_test(found, "tides", trial, Event()).variant == variant
    with pytest.raises(SettingsError, match=r"^--arm: the issue has no arm 'c'\. Its arms: a, b\.$"):
        send_test(found, "tides", Trial(("me@example.org",), subscriber="ada@example.org", arm="c"), Event())


def test_a_subscribers_own_words_are_only_ever_words(workspace: Any) -> None:
    quoted = EVIL.replace('"', '""')
    workspace.write("audiences/crew.csv", f'Email,First name,Job title\nada@example.org,"{quoted}",Pilot\n')
    found, built = opened(workspace)
    reader = readers.subscriber(found, built, "ada@example.org")
    assert reader.values["first_name"] == EVIL
    shown = previewing.show(found, "tides", previewing.variant_of(built, "pilot"), reader)
    assert "<script>alert" not in shown.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html
    assert "{{ 7 * 7 }}" in shown.html and "49" not in shown.text
    assert EVIL in shown.text


def test_a_file_that_was_saved_meanwhile_is_read_before_anybody_is_shown(workspace: Any) -> None:
    found, built = opened(workspace)
    assert readers.subscriber(found, built, "bo@example.org").variant == "sailor"
    workspace.write("audiences/crew.csv", "Email,First name,Job title\nbo@example.org,Bo,Cook\n")
    reader = readers.subscriber(found, built, "bo@example.org")
    assert (reader.variant, reader.values["first_name"]) == ("cook", "Bo")


def test_a_few_people_are_found_by_a_part_of_their_address_with_why_they_get_nothing(workspace: Any) -> None:
    people = "".join(f"reader{number:02}@example.org,R,Cook\n" for number in range(30))
    workspace.write("audiences/crew.csv", f"Email,First name,Job title\nada_x@example.org,Ada,Pilot\n{people}")
    found, built = opened(workspace)
    assert [one.address for one in readers.look_up(found, built.audience, "ADA_")] == ["ada_x@example.org"]
    many = readers.look_up(found, built.audience, "reader")
    assert [one.address for one in many] == [f"reader{number:02}@example.org" for number in range(8)]
    assert readers.look_up(found, built.audience, "%") == []
    assert readers.look_up(found, built.audience, "  ") == []
    workspace.write("audiences/crew.csv", f"Email,First name,Job title\n{people}")
    (gone,) = readers.look_up(found, built.audience, "ada_x")
    assert not gone.is_picked


def test_looking_for_somebody_makes_no_database_that_nothing_would_fill(workspace: Any) -> None:
    workspace.write("audiences/crew.yaml", "title: The crew\n")
    found, built = opened(workspace)
    assert readers.look_up(found, built.audience, "ada") == []
    with pytest.raises(SettingsError, match="no subscriber has this address"):
        readers.subscriber(found, built, "ada@example.org")
    with pytest.raises(SettingsError, match="nobody: "):
        readers.subscriber(found, built, "nobody")
    assert not (workspace.root / "var").exists()
