"""What differs between two emails, and what was approved and sent before."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import CampaignStatus, Decision
from newsletter.pipeline import versions
from newsletter.pipeline.approvals import Opinion, approvals_of, approve
from newsletter.pipeline.building import build
from newsletter.pipeline.comparing import compared
from newsletter.pipeline.workspace import Workspace, open_store, open_workspace
from newsletter.store.campaigns import campaigns
from tests.conftest import REPOSITORY

_PLACE = re.compile(r' data-place="[\d ]+"')
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


def page(*blocks: str) -> str:
    return f"<!doctype html><html><head><title>x</title></head><body><table><tr><td>{''.join(blocks)}</td></tr></table>"


def test_only_the_blocks_that_differ_are_marked_and_what_belongs_together_has_one_number() -> None:
    left = page("<p>One</p>", "<p>Two</p>", "<p>Three</p>", '<img src="a.png" alt="A">')
    right = page("<p>One</p>", "<p>2</p>", "<p>Three</p>", "<p>Four</p>", '<img src="b.png" alt="A">')
    found = compared(left, right)
    assert found.changes == 2
    assert re.findall(r"<(\w+) data-place=\"(\d)\"[^>]*>([^<]*)", found.left) == [("p", "0", "Two"), ("img", "1", "")]
    assert re.findall(r"<(\w+) data-place=\"(\d)\"[^>]*>([^<]*)", found.right) == [
        ("p", "0", "2"),
        ("p", "1", "Four"),
        ("img", "1", ""),
    ]


def test_a_link_a_style_and_words_beside_a_picture_differ_too_and_what_is_hidden_does_not() -> None:
    one = page('<div style="display:none">a</div>', "<p><a href='/a'>Go</a></p>", "<h2>Hi</h2>", "<td>b<img alt=''>")
    two = page('<div style="display:none">z</div>', "<p><a href='/b'>Go</a></p>", "<h2 style='color:red'>Hi</h2>")
    assert compared(one, two).changes == 1
    assert 'none">z' in compared(one, two).right
    assert len(_PLACE.findall(compared(one, two).left)) == 3


@given(st.lists(WORDS, max_size=6), st.lists(WORDS, max_size=6))
def test_marks_change_nothing_else_and_the_same_email_has_none(one: list[str], two: list[str]) -> None:
    left, right = (page(*(f"<p>{word}</p>" for word in words)) for words in (one, two))
    found = compared(left, right)
    assert _PLACE.sub("", found.left) == left
    assert _PLACE.sub("", found.right) == right
    assert compared(left, left).changes == 0


# ── earlier versions ────────────────────────────────────────────────────────────────────────────────────────────────


def opened(workspace: Any) -> Workspace:
    return open_workspace(workspace.root, {}, REPOSITORY / "templates")


def found(workspace: Workspace) -> dict[str, versions.Version]:
    standing = approvals_of(workspace, build(workspace, "tides"))
    return {one.kind: one for one in versions.versions_of(workspace, "tides", standing)}


def edit(workspace: Workspace, old: str, new: str) -> None:
    path = workspace.root / "issues/tides/tides.md"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_the_mails_that_were_approved_last_are_kept_as_they_were(workspace: Any) -> None:
    ours = opened(workspace)
    assert found(ours) == {}
    before = build(ours, "tides")
    approve(ours, "tides", Opinion("Ada"))
    edit(ours, "noon", "dusk")
    approve(ours, "tides", Opinion("Bo", Decision.CHANGES, "noon was right"))
    kept = found(ours)["approved"]
    assert kept.words.startswith("Approved by Ada, ")
    assert kept.variants == before.variants
    assert [kept.variant(one).key for one in ("pilot", "cook", "nobody")] == ["pilot", "cook", "default"]  # type: ignore[union-attr]


def test_only_a_few_approvals_are_kept_and_nothing_depends_on_them(workspace: Any) -> None:
    ours = opened(workspace)
    for number in range(5):
        edit(ours, "noon" if not number else f"dusk {number - 1}", f"dusk {number}")
        approve(ours, "tides", Opinion("Ada"))
    kept = list((ours.root / "var/approved/tides").glob("*.mails"))
    assert len(kept) == 3
    assert "dusk 4" in found(ours)["approved"].variants[0].html
    for one in kept:
        one.write_bytes(one.read_bytes()[:200])
    assert found(ours) == {}
    for one in kept:
        one.unlink()
    assert found(ours) == {}


def test_what_was_sent_last_is_what_was_frozen_and_not_what_is_only_planned(workspace: Any) -> None:
    assert workspace.run("send", "tides", "--yes").returncode == 0
    ours = opened(workspace)
    before = build(ours, "tides")
    edit(ours, "noon", "dusk")
    assert {one.key: one for one in found(ours)["sent"].variants} == {one.key: one for one in before.variants}
    assert found(ours)["sent"].words.startswith("Sent as tides, ")
    with open_store(ours) as database, database.begin() as connection:
        connection.execute(campaigns.update().values(status=CampaignStatus.SCHEDULED.value))
    assert found(ours) == {}
