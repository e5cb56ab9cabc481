"""What is done in the studio, by clicking and typing: choosing a subscriber, testing, approving."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, picture, shown

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
    assert page.get_by_label("Read as").input_value() == "nurse-practitioner"
    page.keyboard.press("h")
    expect(page.locator("#pane-message")).to_contain_text("ada@example.org")
    assert not [one for one in asked if "ada" in one.lower()]
    page.keyboard.press("e")
    page.wait_for_timeout(300)
    picture(page, "as-1280-light")
    page.get_by_role("button", name="Show nobody in particular").click()
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
