"""The studio as a person uses it: in a real browser, by clicking and typing, while files are saved."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import ISSUE, Open, picture, save, shown, until
from tests.conftest import REPOSITORY
from tests.studio import Running

pytestmark = pytest.mark.browser


def test_the_list_names_every_issue_and_says_how_it_stands(open_page: Open) -> None:
    page = open_page("/")
    for title, variants in (("Every block, once", "1 email"), ("Open source in care", "6 emails")):
        card = page.locator(".card", has_text=title)
        expect(card).to_contain_text("Ready")
        expect(card).to_contain_text(variants)
    page.get_by_role("link", name="Open source in care").click()
    expect(page.locator("#profession")).to_contain_text("Healthcare worker")
    expect(page.get_by_role("heading", level=1)).to_have_text("Open source in care")


def test_the_list_asks_for_no_thumbnail_of_an_issue_without_an_email(open_page: Open, root: Path) -> None:
    # A file that can be read, of an issue that cannot be built.
    (root / "issues/every-block/issue.yaml").write_text("title: Every block, once\naudience: nobody\n", "utf-8")
    page = open_page("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator(".card", has_text="every-block")).to_contain_text("No email to show yet")
    there = page.locator(".card", has_text=ISSUE)
    expect(there.frame_locator("iframe").locator("h1").first).to_be_attached()
    frames = [url for url in asked if "frame?still" in url]
    assert frames and not any("every-block" in url for url in frames)


def test_a_profession_reads_its_own_email_and_its_own_subject(open_page: Open) -> None:
    page = open_page()
    page.get_by_label("Read as").select_option("practitioner")
    expect(page.locator(".inbox.phone .subject")).to_have_text("Open source for practitioners")
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("Who Holds the Key to Your")
    expect(page).to_have_url(re.compile(r"\?profession=practitioner$"))


def test_the_email_is_as_tall_as_it_is_wide_as_asked_and_never_scrolls_inside(open_page: Open) -> None:
    page = open_page()

    def fits(width: int) -> Callable[[], bool]:
        fit = f"innerWidth === {width} && Math.abs(document.body.scrollHeight - innerHeight) <= 2"
        return lambda: bool(shown(page).evaluate(fit))

    for button, width in (("Desktop", 700), ("Tablet", 560), ("Phone", 375)):
        page.get_by_role("button", name=button).click()
        expect(page.locator("#frames")).to_have_js_property("clientWidth", width)
        until(page, fits(width))
    page.get_by_role("slider").press("ArrowRight")
    expect(page.locator("#measure")).to_have_text("385 px")
    # What a person chose stays over a reload.
    page.reload()
    expect(page.locator("#measure")).to_have_text("385 px")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_the_emails_own_whatever_the_browser_prefers(open_page: Open, scheme: str) -> None:
    page = open_page(scheme=scheme)

    def ground() -> list[int]:
        color = shown(page).evaluate("getComputedStyle(document.querySelector('.page')).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", color)[:3]]

    assert until(page, ground) == [255, 255, 255]
    page.get_by_role("button", name="Dark").click()
    until(page, ground, lambda color: max(color) < 64)


def test_without_pictures_their_words_stand_in_for_them(open_page: Open) -> None:
    page = open_page()

    def pictures() -> list[bool]:
        return list(shown(page).evaluate("[...document.images].map(one => one.naturalWidth > 0)"))

    until(page, pictures, any)
    page.get_by_role("button", name="Pictures").click()
    until(page, pictures, lambda drawn: bool(drawn) and not any(drawn))


def test_a_client_without_style_sheets_is_shown_and_called_an_approximation(open_page: Open) -> None:
    page = open_page()

    def sheets() -> list[int]:
        return list(shown(page).evaluate("['style', 'p'].map(one => document.querySelectorAll(one).length)"))

    until(page, sheets, all)
    expect(page.locator("#approximation")).to_be_hidden()
    page.get_by_label("Client").select_option("No style sheet")
    expect(page.locator("#approximation")).to_be_visible()
    until(page, sheets, lambda found: found[0] == 0 < found[1])


def test_what_is_copied_is_what_is_mailed_byte_for_byte(open_page: Open, studio: Running, root: Path) -> None:
    from newsletter.pipeline.building import build, sample_message
    from newsletter.pipeline.workspace import open_workspace

    workspace = open_workspace(root, {}, REPOSITORY / "templates")
    built = build(workspace, ISSUE)
    variant = next(one for one in built.variants if one.key == "practitioner")
    import email
    import email.policy

    message = email.message_from_bytes(sample_message(workspace, built, variant), policy=email.policy.default)
    part = message.get_body(("html",))
    assert part is not None
    mailed = part.get_payload(decode=True)
    assert isinstance(mailed, bytes)
    shown_html = studio.ask(f"/issues/{ISSUE}/html?profession=practitioner")[2]
    assert shown_html.rstrip("\n") == mailed.decode("ascii").replace("\r\n", "\n").rstrip("\n")


def test_the_text_the_source_and_the_parts_of_the_mail_are_shown(open_page: Open) -> None:
    page = open_page()
    page.get_by_role("tab", name="Plain text").click()
    expect(page.locator("#pane-text")).to_contain_text("Hello there,")
    page.keyboard.press("s")
    expect(page.locator("#pane-source")).to_contain_text("<!doctype html", ignore_case=True)
    page.get_by_role("tab", name="Headers and parts").click()
    pane = page.locator("#pane-message")
    for words in ("List-Unsubscribe", "multipart/alternative", "text/plain", "text/html", "image/png"):
        expect(pane).to_contain_text(words)
    page.get_by_role("tab", name="Headers and parts").press("ArrowRight")
    expect(page.get_by_role("tab", name="Email")).to_be_focused()


# ── live ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_saving_changes_the_email_and_leaves_the_reader_where_they_were(open_page: Open, root: Path) -> None:
    page = open_page()
    stage = page.locator("#pane-email")
    stage.evaluate("one => { one.scrollTop = 700; }")
    # What was found follows the email.
    with page.expect_response(lambda one: "/parts?" in one.url):
        save(root / f"issues/{ISSUE}/open-source.md", "sewing machines", "weaving machines")
        expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("weaving machines")
    expect(page.locator("#frames iframe:is(.fresh, .next)")).to_have_count(0)
    assert stage.evaluate("one => one.scrollTop") == 700


def test_a_mistake_is_told_with_its_line_while_the_last_good_email_stays(open_page: Open, root: Path) -> None:
    page = open_page()
    path = root / f"issues/{ISSUE}/issue.yaml"
    good = path.read_text("utf-8")
    path.write_text(good + "colour: red\n", "utf-8")
    line = good.count("\n") + 1
    overlay = page.get_by_role("alert")
    expect(overlay).to_contain_text(f"issues/{ISSUE}/issue.yaml:{line}")
    expect(overlay.locator(".here")).to_have_text(f"{line}colour: red")
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("Open source in care")
    expect(page.get_by_role("button", name="Approve…")).to_be_disabled()
    picture(page, "problem-1280-light")
    overlay.get_by_role("button", name="Hide").click()
    expect(overlay.locator(".here")).to_be_hidden()
    path.write_text(good, "utf-8")
    expect(overlay).to_have_count(0)


def test_a_studio_opened_on_a_broken_issue_says_what_is_wrong_and_mends_itself(
    open_page: Open, studio: Running, root: Path
) -> None:
    path = root / "issues/every-block/issue.yaml"
    good = path.read_text("utf-8")
    path.write_text("title: [", "utf-8")
    listed = open_page("/", 390)
    expect(listed.locator(".card", has_text="every-block")).to_contain_text("cannot be read")
    # A page of its own: the list may just be loading itself anew.
    page = listed.context.new_page()
    page.goto(f"{studio.home}/issues/every-block")
    expect(page.get_by_role("alert")).to_contain_text("issues/every-block/issue.yaml:1")
    path.write_text(good, "utf-8")
    expect(page.frame_locator("#frames iframe.shown").locator("body")).to_contain_text("Every block, once")


def test_a_finding_leads_to_its_place_in_the_email_and_to_the_line_to_edit(open_page: Open, root: Path) -> None:
    page = open_page()
    article = root / f"issues/{ISSUE}/open-source.md"
    article.write_text(article.read_text("utf-8") + "\nAnd then [click here](https://example.org/more).\n", "utf-8")
    line = article.read_text("utf-8").count("\n")
    found = page.locator(".finding", has_text="click here")
    expect(found).to_have_count(1)
    link = found.get_by_role("link")
    expect(link).to_have_text(f"issues/{ISSUE}/open-source.md:{line}")
    assert link.get_attribute("href") == f"vscode://file{article.resolve()}:{line}"
    box = spotted(page, found.get_by_role("button"))
    inside = until(
        page,
        lambda: shown(page).evaluate("""(() => {
      const one = [...document.links].find(a => a.textContent === 'click here').getBoundingClientRect();
      return [one.left, one.top]; })()"""),
    )
    assert box[0] <= inside[0] <= box[0] + box[2]
    assert box[1] <= inside[1] <= box[1] + box[3]
    picture(page, "finding-1280-light")
    page.keyboard.press("s")
    source = page.locator("#pane-source")
    expect(source.locator(".note", has_text="click here")).to_contain_text(f"{ISSUE}/open-source.md:{line}")
    expect(source.locator(".found", has=page.locator("mark"))).to_contain_text("https://example.org/more")
    picture(page, "source-1280-light")
    source.get_by_role("button", name="Show in the email").click()
    expect(page.locator("#pane-email")).to_be_visible()
    expect(page.locator(".spot")).to_be_in_viewport()


def spotted(page: Page, button: Locator) -> list[int]:
    """Where the frame is that the button draws around a finding's place, seen; as left, top, width and height.

    It goes after a moment, and cannot be drawn before the email has been measured: then a person presses again.
    """
    script = """() => {
      const one = document.querySelector(".spot"), seen = one?.getBoundingClientRect();
      if (!seen || seen.top < 0 || seen.bottom > innerHeight) return [];
      return [one.offsetLeft, one.offsetTop, one.offsetWidth, one.offsetHeight]; }"""

    def pressed() -> list[int]:
        if not page.locator(".spot").count():
            button.click()
        return list(page.evaluate(script))

    return until(page, pressed)


# ── harm ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_script_in_an_email_reaches_nothing(open_page: Open, root: Path) -> None:
    evil = (
        "<script>document.body.textContent = 'TAKEN'; parent.taken = 1; top.location = 'about:blank';</script>"
        '<img src="x" onerror="document.body.textContent = \'TAKEN\'">'
    )
    save(root / "templates/page.html.j2", "</body>", evil + "</body>")
    page = open_page()
    assert "TAKEN" in shown(page).content()
    # Longer than a script would need.
    page.wait_for_timeout(500)
    assert page.evaluate("window.taken") is None
    assert page.url.endswith(ISSUE)
    ask = "[self.origin, document.body.textContent]"
    told = until(page, lambda: [one.evaluate(ask) for one in page.frames[1:]], lambda all_of: len(all_of) == 2)
    for origin, words in told:
        assert origin == "null"
        assert "Open source in care" in words and words != "TAKEN"


# ── all of them ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_professions_stand_side_by_side(open_page: Open) -> None:
    page = open_page(f"/issues/{ISSUE}/all")
    assert page.locator(".grid li").count() == 6
    tile = page.frame_locator('iframe[title="The email for practitioner"]')
    expect(tile.locator("body")).to_contain_text("Who Holds the Key to Your")


def test_two_emails_are_compared_line_by_line(open_page: Open) -> None:
    page = open_page(f"/issues/{ISSUE}/compare?left=practitioner&right=healthcare")
    page.locator("select[name=right]").select_option("car-dealership")
    page.wait_for_url("**right=car-dealership**")
    page.get_by_role("button", name="Text").click()
    expect(
        page.locator("del", has_text="WHO HOLDS THE KEY").or_(page.locator("del", has_text="Who Holds"))
    ).not_to_have_count(0)
    page.locator("select[name=right]").select_option("practitioner")
    expect(page.get_by_role("heading", name="The same words")).to_be_visible()


def test_the_keyboard_does_what_the_buttons_do_and_says_so(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    # A key that comes before the page without the dialog is drawn counts as well: its button has the focus until then.
    page.keyboard.press("?")
    closed = """() => {
      document.querySelector("#help").close();
      const at = document.activeElement;
      at.dispatchEvent(new KeyboardEvent("keydown", { key: "2", bubbles: true }));
      return at.id; }"""
    assert page.evaluate(closed) == "help-close"
    expect(page.get_by_role("button", name="Tablet")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="Phone")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("j")
    expect(page.get_by_label("Read as")).to_have_value("practitioner")


def test_an_answer_that_comes_late_does_not_take_back_what_was_chosen_meanwhile(open_page: Open) -> None:
    page = open_page()
    late: list[Route] = []
    page.route("**/parts?profession=car-dealership*", lambda route: late.append(route))
    page.route("**/look/text?profession=car-dealership*", lambda route: late.append(route))
    page.get_by_role("tab", name="Plain text").click()
    chosen = page.get_by_label("Read as")
    chosen.select_option("car-dealership")
    until(page, lambda: late)
    chosen.select_option("practitioner")
    expect(page.locator(".inbox.phone .subject")).to_have_text("Open source for practitioners")
    expect(page.locator("#pane-text")).to_contain_text("Who Holds the Key", ignore_case=True)
    with page.expect_event("requestfinished", lambda one: "profession=car-dealership" in one.url):
        late[0].continue_()
    # Longer than the page needs to take an answer in.
    page.wait_for_timeout(200)
    expect(chosen).to_have_value("practitioner")
    expect(page.locator(".inbox.phone .subject")).to_have_text("Open source for practitioners")


# ── everybody can use it ────────────────────────────────────────────────────────────────────────────────────────────


def assert_open_to_everybody(page: Page, name: str) -> None:
    """Nothing serious for those who cannot see, hear or point; the email in the frame has checks of its own."""
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    found = Axe().run(page, context={"exclude": [["iframe"]]}, options={"iframes": False}).response["violations"]
    bad = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
    assert not bad, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_keeps_anybody_out_or_scrolls_sideways(open_page: Open, width: int, scheme: str) -> None:
    issue = f"/issues/{ISSUE}"
    places = {
        "list": ("/", ".card:last-child .facts"),
        "issue": (issue, "#approval .actions"),
        "all": (f"{issue}/all", ".tile iframe[src]"),
        "compare": (f"{issue}/compare", ".half.right iframe.shown"),
        "missing": ("/issues/nothing", ".empty"),
    }
    for name, (path, there) in places.items():
        page = open_page(path, width, scheme)
        page.wait_for_selector(there)
        picture(page, f"{name}-{width}-{scheme}")
        assert_open_to_everybody(page, name)


def test_no_dialog_keeps_anybody_out_and_each_begins_in_its_first_field(open_page: Open, root: Path) -> None:
    page = open_page(width=390, scheme="dark")
    expect(page.locator("#approval .actions")).to_be_visible()
    for key, field in (("a", "as-field"), ("m", "to"), ("p", "by")):
        page.keyboard.press(key)
        expect(page.locator(f"dialog[open] input:is([name={field}], #{field})")).to_be_focused()
        assert_open_to_everybody(page, key)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.locator("#pane-source")).to_contain_text("</html>")
    assert_open_to_everybody(page, "source")
