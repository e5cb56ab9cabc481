"""How a mail is seen and hit: buttons, the order of its parts, its height, its pictures, its colours in the dark."""

from __future__ import annotations

import struct
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from newsletter.checks.heights import natural_size
from newsletter.pipeline.checking import check_file
from tests.checks.mails import LINE, PAGE, findings_in, told

LINK = 'href="https://example.org/tools"'
BUTTON = (
    f'<p>Tools.</p>\n<a {LINK} style="display:inline-block;background:#003366;color:#ffffff;{{style}}">Order now</a>'
)
ICON = (
    f'<p>Follow</p>\n<a {LINK}><img src="https://example.org/n.png" width="{{size}}" height="{{size}}" alt="News"></a>'
)


@pytest.mark.parametrize(
    ("style", "message"),
    [
        ("padding:5px 10px;font-size:16px;line-height:20px", "is 30 pixels high"),
        ("padding:0.5em;font-size:10px;line-height:1.5", "is 25 pixels high"),
        ("padding:4px;border:2px solid #000000;font-size:15px;line-height:20px", "is 32 pixels high"),
        ("height:30px;line-height:30px", "is 30 pixels high"),
        ("padding:6px 12px 8px;font-size:10pt;line-height:150%", "is 34 pixels high"),
        ("padding:20px 4px;width:20px;line-height:20px", "is 28 pixels wide"),
    ],
)
def test_a_button_that_a_thumb_misses_is_told_with_its_size_at_its_line(
    tmp_path: Path, style: str, message: str
) -> None:
    ((line, said),) = told(tmp_path, "target-size", BUTTON.format(style=style))
    assert line == 2
    assert said == f"the button 'Order now' {message}; a thumb needs 44."


@pytest.mark.parametrize(
    "style",
    [
        "padding:12px 20px;font-size:16px;line-height:20px",
        "padding:0 20px;line-height:44px",
        "padding:5px 20px;height:34px",
        "border:12px solid #003366;line-height:20px",
        "padding:calc(1px + 2px);line-height:20px",
        "padding:3px;min-height:44px;line-height:20px",
        "padding:10px;padding-top:14px;line-height:20px;box-sizing:content-box",
    ],
)
def test_a_button_that_is_large_enough_or_whose_size_cannot_be_told_is_no_finding(tmp_path: Path, style: str) -> None:
    assert told(tmp_path, "target-size", BUTTON.format(style=style)) == []


def test_a_button_that_is_nearly_large_enough_is_a_note(tmp_path: Path) -> None:
    body = BUTTON.format(style="padding:10px 25px;font-size:16px;line-height:120%")
    assert told(tmp_path, "target-size", body) == []
    assert [said for _, said in told(tmp_path, "target-size", body, notes=True)] == [
        "the button 'Order now' is 39 pixels high; a thumb needs 44."
    ]


def test_links_in_sentences_are_no_buttons_and_cells_do_not_make_them_larger(tmp_path: Path) -> None:
    sentence = f'<p>Read <a {LINK} style="color:#003366;padding:0">the report</a> on tools.</p>'
    assert told(tmp_path, "target-size", sentence) == []
    small = BUTTON.format(style="line-height:20px;padding:2px 9px").split("\n")[1]
    cell = f'<table role="presentation"><tr>\n<td style="padding:20px">{small}</td></tr></table>'
    assert [line for line, _ in told(tmp_path, "target-size", cell)] == [2]


@pytest.mark.parametrize(("size", "lines"), [(16, [2]), (24, []), (1, [])])
def test_a_linked_icon_needs_24_pixels_and_a_pixel_that_counts_none(
    tmp_path: Path, size: int, lines: list[int]
) -> None:
    assert [line for line, _ in told(tmp_path, "target-size", ICON.format(size=size))] == lines


ROW = "<tr><td>Question</td>\n<td>Answer</td></tr>"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        (f'<p>A</p>\n<table role="presentation" dir="rtl">{ROW}</table>', [2]),
        (f'<p>A</p>\n<div dir="rtl"><table role="presentation">{ROW}</table></div>', [2]),
        (f'<div dir="rtl"><table role="presentation" dir="ltr">{ROW}</table></div>', []),
        ('<table role="presentation" dir="rtl"><tr><td>שאלה</td><td>תשובה</td></tr></table>', []),
        (f'<div dir="rtl"><p>שלום</p><table role="presentation" dir="rtl">{ROW}</table></div>', []),
        ('<table role="presentation" dir="rtl"><tr><td>One cell alone</td></tr></table>', []),
        ('<p>A</p>\n<div style="float:right">Answer</div><div style="float:left">Question</div>', [2]),
        ('<div style="float:left">Question</div><div style="float:right">Answer</div>', []),
        ('<img src="https://example.org/a.png" alt="A" width="80" style="float:right"><p>Words</p>', []),
        ('<p>A</p>\n<div style="display:flex;flex-direction:row-reverse"><p>B</p><p>C</p></div>', [2]),
        ('<p>A</p>\n<div style="display:flex"><p style="order:2">B</p><p style="order:1">C</p></div>', [2]),
        ('<div style="display:flex"><p style="order:1">B</p><p style="order:2">C</p></div>', []),
        ('<div>A</div>\n<div style="margin-top:-60px">B</div>', [2]),
        ('<div>A</div>\n<div style="margin:-1px 0 0 -1px">B</div>', []),
    ],
)
def test_parts_seen_in_another_order_than_they_are_written_are_told_once(
    tmp_path: Path, body: str, lines: list[int]
) -> None:
    assert [line for line, _ in told(tmp_path, "reading-order", body)] == lines


@pytest.mark.parametrize(
    ("opening", "count"),
    [
        ('<html lang="ar">', 1),
        ('<html lang="ar" dir="rtl">', 0),
        ('<html lang="fa-IR"><body><div dir="rtl">', 0),
        ('<html lang="en">', 0),
    ],
)
def test_a_page_that_runs_from_right_to_left_says_so(tmp_path: Path, opening: str, count: int) -> None:
    page = PAGE.format(body="<p>مرحبا بكم</p>", style="").replace('<html lang="en">', opening)
    (tmp_path / "m.html").write_text(page, "utf-8")
    found = [one.where.line for one in check_file(str(tmp_path / "m.html")).findings if one.rule == "html-dir"]
    assert found == [2] * count


def _picture(kind: str, width: int, height: int) -> bytes:
    content = BytesIO()
    Image.new("RGB", (width, height)).save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG"])
def test_the_size_of_a_picture_is_read_from_its_header(kind: str) -> None:
    content = _picture(kind, 30, 17)
    assert natural_size(content) == (30, 17)
    assert natural_size(content[:8]) is None
    assert natural_size(b"\xff\xd8\xff\xe0" + struct.pack(">H", 0) * 9) is None


@pytest.mark.parametrize(
    ("size", "drawn", "rules"),
    [
        ((60, 200), 'width="600"', {"image-height"}),
        ((60, 172), 'width="600"', set()),
        ((60, 30), 'width="600" height="100"', {"image-shape"}),
        ((60, 30), 'width="100" height="100"', {"image-shape"}),
        ((60, 30), 'width="600" height="300"', set()),
        ((60, 30), 'width="600" style="height:auto"', set()),
    ],
)
def test_a_picture_taller_than_outlook_draws_and_a_distorted_one_are_told(
    tmp_path: Path, size: tuple[int, int], drawn: str, rules: set[str]
) -> None:
    message = EmailMessage()
    message["Subject"] = "Tools"
    message.set_content("Words")
    message.add_alternative(PAGE.format(body=f'<p>A</p>\n<img src="cid:a" {drawn} alt="A">', style=""), "html")
    message.get_payload()[1].add_related(_picture("PNG", *size), "image", "png", cid="<a>")  # type: ignore[union-attr,index]
    (tmp_path / "m.eml").write_bytes(bytes(message))
    found = [one for one in check_file(str(tmp_path / "m.eml")).findings if one.rule.startswith("image-")]
    assert {one.rule for one in found} == rules
    assert {one.where.line for one in found} <= {6}


@pytest.mark.parametrize(("paragraphs", "told_of"), [(60, True), (30, False)])
def test_a_mail_that_nobody_scrolls_through_is_a_note(tmp_path: Path, paragraphs: int, told_of: bool) -> None:
    # Each of 400 letters: 6 lines of 24 pixels at 600 across, and 16 between: 160 pixels.
    body = f"<p>{'word ' * 80}</p>\n" * paragraphs
    notes = [one for one in findings_in(tmp_path, body, notes=True) if one.rule == "mail-height"]
    assert bool(notes) is told_of
    assert all("about 10,000 pixels" in one.message and one.severity == "info" for one in notes)
    assert [one for one in findings_in(tmp_path, body) if one.rule == "mail-height"] == []


@pytest.mark.parametrize(("letters", "told_of"), [(399, True), (401, False)])
def test_much_markup_around_few_words_is_a_note(tmp_path: Path, letters: int, told_of: bool) -> None:
    body = f"<p>{'x' * letters}</p>"
    filling = 20_000 - len(PAGE.format(body=body, style=""))
    notes = [one for one in findings_in(tmp_path, body + " " * filling, notes=True) if one.rule == "text-ratio"]
    assert [one.severity for one in notes] == ["info"] * told_of
    assert findings_in(tmp_path, body + " " * filling) == []


def test_a_link_without_encryption_is_a_note_at_its_line(tmp_path: Path) -> None:
    body = '<p>\n<a href="http://example.org/t">Tools</a> <a href="https://example.org/t">More</a></p>'
    assert told(tmp_path, "link-http", body, notes=True) == [(2, "the link to example.org is not encrypted.")]
    assert told(tmp_path, "link-http", body) == []


@pytest.mark.parametrize(
    ("ground", "color", "said"),
    [
        ("#ffffff", "hsl(0, 0%, 60%)", "#999999 on #ffffff"),
        ("#ffffff", "hsl(0 0% 20%)", ""),
        ("rgb(0 0 0)", "rgb(80, 80, 80)", "#505050 on #000000"),
        ("#ffffff", "silver", "#c0c0c0 on #ffffff"),
        ("white", "darkslategray", ""),
        # Black at 40 % over white is #999999, at 80 % it is #333333; #rgba and #rrggbbaa say the same.
        ("#ffffff", "rgba(0, 0, 0, 0.4)", "#999999 on #ffffff"),
        ("#ffffff", "rgb(0 0 0 / 80%)", ""),
        ("#ffffff", "#0006", "#999999 on #ffffff"),
        ("#ffffff", "#000000cc", ""),
        # A veil over the page's white, and words on it.
        ("hsla(0, 0%, 0%, .4)", "#ffffff", "#ffffff on #999999"),
        ("rgba(0, 0, 0, .8)", "#ffffff", ""),
        ("rgba(255, 255, 255, 0)", "#999999", "#999999 on #ffffff"),
        # What nobody sees is none to be read; a picture may be of any colour.
        ("#ffffff", "transparent", ""),
        ("#ffffff", "var(--sea)", ""),
        ("url(a.png) #ffffff", "#999999", ""),
        ("#ffffff no-repeat center", "#999999", "#999999 on #ffffff"),
    ],
)
def test_contrast_is_computed_however_a_colour_is_written(tmp_path: Path, ground: str, color: str, said: str) -> None:
    body = f'<div style="background:{ground}">\n<p style="color:{color}">Pale words</p></div>'
    found = told(tmp_path, "text-contrast", body)
    assert [line for line, _ in found] == [2] * bool(said)
    assert all(one.startswith(f"'Pale words' is {said}, a contrast of ") for _, one in found)


def test_a_veil_in_a_picture_or_over_one_hides_what_the_contrast_is(tmp_path: Path) -> None:
    veil = '<div style="background:rgba(0,0,0,.2)"><p style="color:#ffffff">Words</p></div>'
    assert told(tmp_path, "text-contrast", f'<div style="background:url(a.png)">{veil}</div>') == []
    ((line, message),) = told(tmp_path, "text-contrast", f'<p>A</p>\n<div style="background:#dddddd">{veil}</div>')
    assert (line, message.partition(",")[0]) == (2, "'Words' is #ffffff on #b1b1b1")


DARK = "@media (prefers-color-scheme: dark) {{ {0} }}"
CARD = '<table role="presentation" class="card" style="background-color:#ffffff"><tr><td>\n{0}\n</td></tr></table>'


@pytest.mark.parametrize(
    ("rules", "inside", "lines"),
    [
        # Only the ground turns dark: the words stay as they were.
        (".card { background-color: #111111 !important }", '<p style="color:#222222">Words</p>', [2]),
        (
            ".card { background: #111111 !important } .card p { color: #eeeeee !important }",
            '<p style="color:#222222">Words</p>',
            [],
        ),
        # A rule without !important loses to the style attribute.
        (
            ".card { background: #111111 !important } p { color: #eeeeee }",
            '<p style="color:#222222">Words</p>',
            [2],
        ),
        # Only the words turn light: the ground that stays is named.
        ("p { color: #eeeeee !important }", '<p style="color:#222222">Words</p>', [1]),
        ("p { color: #eeeeee !important }", '<div style="background:url(a.png)"><p>Words</p></div>', []),
        (".card { background: #111111 !important }", f"<p><a {LINK}>A link of no colour</a></p>", []),
        (".card { background: #111111 !important }", '<p style="color:#8a8a8a">Words</p>', []),
        (".card { background: #444444 !important }", '<h1 style="color:#999999">Large words</h1>', []),
        # The stronger of two rules counts, and a rule for others not at all.
        (
            ".card { background: #111111 !important } td p.a { color: #eeeeee !important } p { color: #000 }",
            '<p class="a" style="color:#222222">Words</p>',
            [],
        ),
        (
            "p { color: #000000 !important } .card { background: #111111 !important } "
            "td p.a { color: #eeeeee !important } p { color: #000000 !important }",
            '<p class="a" style="color:#222222">Words</p>',
            [],
        ),
        # Whom `:first-child` means is not told here, so its colour may be theirs; a client's own rule is not.
        (
            ".card { background: #111111 !important } p:first-child { color: #eeeeee !important }",
            '<p style="color:#222222">Words</p>',
            [],
        ),
        (
            ".card { background: #111111 !important } [data-ogsc] p { color: #eeeeee !important }",
            '<p style="color:#222222">Words</p>',
            [2],
        ),
        ("[data-ogsc] .card { background: #111111 !important }", '<p style="color:#222222">Words</p>', []),
        # Colours in other words; a dark ground that is seen through shows the white one behind it.
        (".card { background: hsl(0 0% 7%) !important }", '<p style="color:#222222">Words</p>', [2]),
        (".card { background: rgba(0, 0, 0, .1) !important }", '<p style="color:#222222">Words</p>', []),
        (
            ".card { background: #111111 !important }",
            '<div style="background:rgba(255,255,255,.1)"><p style="color:#222222">Words</p></div>',
            [2],
        ),
        (
            ".card { background: #111111 !important } p { color: rgb(255 255 255 / 20%) !important }",
            '<p style="color:#222222">Words</p>',
            [-1],  # both are of rules, which stand above the body
        ),
    ],
)
def test_words_that_cannot_be_read_in_the_dark_are_told_where_the_colour_stands_that_stayed(
    tmp_path: Path, rules: str, inside: str, lines: list[int]
) -> None:
    found = told(tmp_path, "dark-contrast", CARD.format(inside), DARK.format(rules))
    assert [line for line, _ in found] == lines


def test_two_dark_colours_that_do_not_go_together_are_told_at_their_rule(tmp_path: Path) -> None:
    rules = DARK.format("\n.card { background: #111111 !important }\np { color: #333333 !important }")
    ((line, said),) = told(tmp_path, "dark-contrast", CARD.format("<p>Words</p>"), rules)
    page = (tmp_path / "mail.html").read_text("utf-8").split("\n")
    assert page[line + LINE - 2].strip().startswith("p { color: #333333")
    assert said == "in dark mode 'Words' is #333333 on #111111, a contrast of 1.5:1; it needs 4.5:1."


@pytest.mark.parametrize("media", ["(prefers-color-scheme: light)", "print and (prefers-color-scheme: dark)"])
def test_rules_for_another_time_are_not_those_of_dark_mode(tmp_path: Path, media: str) -> None:
    style = f"@media {media} {{ .card {{ background: #111111 !important }} }} /* prefers-color-scheme: dark */"
    assert told(tmp_path, "dark-contrast", CARD.format('<p style="color:#222222">Words</p>'), style) == []
