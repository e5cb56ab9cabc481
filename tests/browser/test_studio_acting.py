"""What is done in the studio, by clicking and typing: choosing a subscriber, testing, approving."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import ISSUE, Open, picture, save, shown, until

pytestmark = pytest.mark.browser
PEOPLE = (
    "Email,First name,Last name,Job title,Country,Language,Status,Joined\n"
    "ada@example.org,<b>Ada</b>,Byron,Nurse practitioner,DE,en,subscribed,2024-05-01\n"
    "adam@example.org,Adam,Smith,Car dealer,DE,en,unsubscribed,2024-05-01\n"
)


def test_a_subscriber_is_looked_up_and_their_own_email_is_shown(open_page: Open, root: Path) -> None:
    (root / "audiences/readers.csv").write_text(PEOPLE, "utf-8")
    page = open_page()
    page.keyboard.press("a")
    page.get_by_label("Their address, or a part of it").fill("ADA")
    found = page.locator("#as-found li")
    expect(found).to_have_count(2)
    expect(found.nth(1)).to_contain_text("adam@example.org")
    expect(found.nth(1)).to_contain_text("unsubscribed")
    expect(page.get_by_role("dialog")).to_contain_text("shown to this computer only")
    picture(page, "subscriber-1280-light")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    found.first.get_by_role("button").click()
    expect(page.locator("#as")).to_contain_text("As ada@example.org gets it")
    expect(page.locator("#as")).to_contain_text("They stay on this computer")
    body = page.frame_locator("#frames iframe.shown").locator("body")
    expect(body).to_contain_text("Hello <b>Ada</b>,")
    expect(page.get_by_label("Read as")).to_have_value("nurse-practitioner")
    page.keyboard.press("h")
    expect(page.locator("#pane-message")).to_contain_text("ada@example.org")
    assert asked
    # Digests of content, which may spell anything, aside.
    assert not [one for one in asked if "ada" in re.sub("[0-9a-f]{16,}", "", one).lower()]
    page.keyboard.press("e")
    expect(body).to_be_visible()
    picture(page, "as-1280-light")
    page.get_by_role("button", name="Leave this subscriber").click()
    expect(body).to_contain_text("Hello there,")


def test_somebody_who_is_not_there_is_told_in_words(open_page: Open) -> None:
    page = open_page(width=390)
    page.get_by_role("button", name="Subscriber").click()
    field = page.get_by_label("Their address, or a part of it")
    field.fill("nobody@example.org")
    expect(page.locator("#as-told")).to_have_text("Nobody has an address like this.")
    field.press("Enter")
    expect(page.locator("#as-told")).to_contain_text("no subscriber has this address")
    assert shown(page)
    # On a phone its own inbox stands above the email, and the way down is short.
    expect(page.locator("#inbox .inbox.phone")).to_contain_text("In the inbox, on a phone")
    expect(page.locator("#side .inbox.desktop")).to_be_attached()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("link", name="Approval", exact=True).click()
    expect(page.locator("#approval")).to_be_in_viewport()


def test_enter_takes_the_only_match_and_of_several_asks_for_one(open_page: Open, root: Path) -> None:
    (root / "audiences/readers.csv").write_text(PEOPLE, "utf-8")
    page = open_page()
    page.keyboard.press("a")
    field = page.get_by_label("Their address, or a part of it")
    field.fill("ada@")
    # At once: whoever types does not wait for the list.
    field.press("Enter")
    expect(page.locator("#as-name")).to_have_text("ada@example.org")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator("#as-open").click()
    field.fill("example.org")
    field.press("Enter")
    expect(page.locator("#as-told")).to_contain_text("2 subscribers are listed. Choose one")
    field.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#as-name")).to_have_text("adam@example.org")


def test_a_test_is_mailed_from_the_page_and_what_became_of_it_is_told(open_page: Open, root: Path) -> None:
    page = open_page(f"/issues/{ISSUE}?profession=practitioner")
    page.get_by_role("button", name="Send a test").click()
    dialog = page.get_by_role("dialog", name="Send a test")
    expect(dialog).to_contain_text("It goes out through outbox")
    expect(dialog.get_by_role("checkbox")).to_be_hidden()
    dialog.get_by_label("To", exact=True).fill("nobody")
    dialog.get_by_role("button", name="Send the test").click()
    expect(dialog.locator(".told.bad")).to_contain_text("'nobody': ")
    dialog.get_by_label("To", exact=True).fill("me@example.org, you@example.org")
    picture(page, "test-1280-light")
    dialog.get_by_role("button", name="Send the test").click()
    expect(dialog.locator(".told.good")).to_have_text(
        f"me@example.org: accepted; you@example.org: accepted It lies in var/outbox/{ISSUE}-test."
    )
    mails = [path.read_bytes() for path in (root / f"var/outbox/{ISSUE}-test").rglob("*.eml")]
    assert len(mails) == 2
    assert all(b"Subject: [Test] Open source for practitioners" in one for one in mails)


def test_an_approval_is_made_here_and_is_stale_the_moment_anything_changes(open_page: Open, root: Path) -> None:
    page = open_page()
    panel = page.locator("#approval")
    expect(panel).to_contain_text("Nobody has decided anything yet.")
    page.get_by_role("button", name="Ask for changes").click()
    dialog = page.locator("#decide")
    dialog.get_by_label("Your name").fill("Bo")
    dialog.get_by_label("Comment").fill("The <b>second</b> heading is too long")
    dialog.get_by_role("button", name="Ask for changes").click()
    expect(panel.locator(".decision.stands")).to_contain_text("Bo asked for changes")
    expect(panel.locator("blockquote")).to_have_text("The <b>second</b> heading is too long")
    expect(page.locator("#status")).to_have_text("Changes requested")
    page.keyboard.press("p")
    dialog.get_by_role("button", name="Approve").click()
    expect(panel.locator(".decision.stands")).to_contain_text("Bo approved")
    expect(page.locator("#status")).to_have_text("Approved")
    picture(page, "approved-1280-light")
    save(root / f"issues/{ISSUE}/open-source.md", "sewing machines", "weaving machines")
    expect(panel.locator(".decision.stale")).to_contain_text("Stale. Changed since: article open-source.md")
    expect(page.locator("#status")).to_have_text("Changed since approval")
    panel.scroll_into_view_if_needed()
    picture(page, "stale-1280-light")


def test_what_was_not_looked_at_cannot_be_approved(open_page: Open, root: Path) -> None:
    page = open_page()
    expect(page.locator("#approval .actions")).to_be_visible()
    page.keyboard.press("p")
    save(root / f"issues/{ISSUE}/open-source.md", "sewing machines", "weaving machines")
    dialog = page.locator("#decide")
    dialog.get_by_label("Your name").fill("Bo")
    dialog.get_by_label("Comment").fill("Fine")
    expect(dialog.locator(".told.bad")).to_contain_text("The issue has changed since you opened this")
    expect(dialog.locator("#decide-holds")).to_be_hidden()
    dialog.get_by_role("button", name="Look at it again").click()
    expect(dialog).to_be_hidden()
    assert not (root / f"issues/{ISSUE}/approvals.yaml").exists()
    # What was written stays, and what is shown now can be approved.
    page.keyboard.press("p")
    expect(dialog.get_by_label("Your name")).to_have_value("Bo")
    expect(dialog.get_by_label("Comment")).to_have_value("Fine")
    dialog.get_by_role("button", name="Approve").click()
    expect(page.locator("#approval .decision.stands")).to_contain_text("Bo approved")


def test_the_html_is_copied_without_its_pictures_and_the_review_file_opens_in_a_page_that_can_reach_nothing(
    open_page: Open,
) -> None:
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy HTML").click()
    words = "The HTML is on the clipboard; its pictures travel in the mail and are not in it"
    expect(page.locator("#toast")).to_have_text(words)
    assert 'src="cid:' in page.evaluate("navigator.clipboard.readText()")
    with page.expect_popup() as opening:
        page.get_by_role("link", name="Open review file").click()
    review = opening.value
    expect(review.get_by_role("heading", name="Open source in care", level=1)).to_be_visible()
    expect(review.locator(".tools")).to_be_visible()
    assert review.evaluate("self.origin") == "null"


def test_what_was_approved_stands_beside_what_is_there_now_with_the_changes_framed(open_page: Open, root: Path) -> None:
    page = open_page()
    page.keyboard.press("p")
    page.locator("#decide").get_by_label("Your name").fill("Bo")
    page.locator("#decide").get_by_role("button", name="Approve").click()
    expect(page.locator("#status")).to_have_text("Approved")
    save(root / f"issues/{ISSUE}/open-source.md", "sewing machines", "weaving machines")
    page.get_by_role("link", name="See what differs from the last approval").click()
    halves = [page.frame_locator(f".half.{side} iframe.shown") for side in ("left", "right")]
    expect(halves[0].locator("body")).to_contain_text("sewing machines")
    expect(halves[1].locator("body")).to_contain_text("weaving machines")
    expect(page.get_by_text("1 place differs")).to_be_visible()
    for side, words in (("left", "sewing"), ("right", "weaving")):
        box = page.locator(f".half.{side} .change")
        expect(box).to_have_count(1)
        place = page.frame_locator(f".half.{side} iframe.shown").get_by_text(f"{words} machines").first

        def apart(box: Locator = box, place: Locator = place) -> float:
            top = place.evaluate("one => one.getBoundingClientRect().top")
            return abs(float(box.evaluate("one => one.offsetTop") - top))

        until(page, apart, lambda pixels: pixels < 40)
    page.get_by_role("button", name="Next change").click()
    expect(page.locator(".half.left .change.now")).to_be_in_viewport()
    picture(page, "changed-1280-light")
    page.get_by_role("button", name="Slider").click()
    page.get_by_label("How much of the left email").fill("30")
    expect(page.locator(".half.right")).to_have_css("clip-path", "inset(-24px -24px -24px 30%)")
    picture(page, "slider-1280-light")


def test_an_issue_is_approved_for_one_time_by_the_clock_of_the_workspace(open_page: Open, root: Path) -> None:
    save(root / "newsletter.yaml", "site_url:", "time_zone: Asia/Tokyo\nsite_url:")
    page = open_page(width=390)
    expect(page.locator("#approval .actions")).to_be_visible()
    page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name="Approve this issue")
    dialog.get_by_label("Your name").fill("Bo")
    time = dialog.get_by_label("Only for this time")
    expect(time).to_have_accessible_description("By the clock of Asia/Tokyo. Leave it empty for any time.")
    time.fill("2020-01-01T09:00")
    time.press("Enter")
    expect(dialog.locator(".told.bad")).to_contain_text("2020-01-01 09:00 is past; it is ")
    day = datetime.now(UTC).date() + timedelta(days=40)
    time.fill(f"{day}T09:00")
    picture(page, "approve-390-light")
    dialog.get_by_role("button", name="Approve").click()
    shown = f"{day:%-d %b %Y}, 09:00 Asia/Tokyo"
    expect(page.locator("#toast")).to_have_text(f"Approved for {shown}")
    expect(page.locator(".decision.timed .for-time")).to_have_text(f"Only for {shown}")
    # Changes are asked for at any time, so there is no such field.
    page.get_by_role("button", name="Ask for changes").click()
    expect(time).to_be_hidden()
