from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checks.clients.finding import find_uses
from newsletter.checks.clients.harms import Harm
from newsletter.checks.clients.judging import Judgement, judge_html, merged, wanted_features
from newsletter.checks.clients.mail_clients import IDS, USUAL
from newsletter.checks.clients.table import load_table
from tests.checks.clients.breaking import BREAKING, WORD, Breaking, page

EMAILS = sorted((Path(__file__).parent / "emails").glob("*.html"))


def _judged(html: str) -> tuple[Judgement, ...]:
    return judge_html(html, load_table())


def _worries(html: str) -> list[tuple[str, str]]:
    """The features with an error or a warning, and their cases."""
    return [(one.feature, one.case) for one in _judged(html) if one.harm is not Harm.PLAINER]


@pytest.mark.parametrize("breaking", BREAKING, ids=lambda one: f"{one.feature}-{one.case}".rstrip("-"))
def test_an_email_that_falls_apart_is_told_of_at_its_line_with_those_who_see_it(breaking: Breaking) -> None:
    marked = page(breaking.body, breaking.head)
    line = marked[: marked.index("⚠")].count("\n") + 1
    found = [
        one
        for one in _judged(marked.replace("⚠", ""))
        if (one.feature, one.case, one.use.line) == (breaking.feature, breaking.case, line)
    ]
    assert [one.severity for one in found] == [breaking.severity]
    assert set(breaking.affected) <= set(found[0].clients)
    assert not set(breaking.spared) & set(found[0].clients)
    assert found[0].url == f"https://www.caniemail.com/features/{breaking.feature}/"
    assert found[0].sees and found[0].fix


@pytest.mark.parametrize("email", EMAILS, ids=lambda path: path.stem)
def test_a_good_email_is_left_in_peace(email: Path) -> None:
    assert _worries(email.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("why", "body", "head"),
    [
        ("a table page is no breaking page", "", ""),
        ("a colour before the gradient",
         '<p style="background:#036; background:linear-gradient(#036, #069); color:#fff">Ahoy</p>', ""),
        ("a colour after the gradient",
         '<p style="background-image:linear-gradient(#036, #069); background-color:#036">Ahoy</p>', ""),
        ("bgcolor under the picture",
         '<table><tr><td bgcolor="#003366" style="background-image:url(x.jpg)">Ahoy</td></tr></table>', ""),
        ("a colour in the shorthand of the picture",
         '<table><tr><td style="background:#036 url(x.jpg)">Ahoy</td></tr></table>', ""),
        ("pixels before the newer unit", '<p style="font-size:20px; font-size:1.25rem">Boats</p>', ""),
        ("pixels before calc", '<table style="width:560px; width:calc(100% - 40px)"><tr><td>B</td></tr></table>', ""),
        ("a width attribute on the picture",
         '<img src="https://h.example.org/a.jpg" width="280" alt="B" style="width:100%; max-width:280px">', ""),
        ("a ghost table around the box",
         '<!--[if mso]><table width="600"><tr><td><![endif]-->\n<div style="max-width:600px; width:600px">Boats</div>\n'
         "<!--[if mso]></td></tr></table><![endif]-->", ""),
        ("a ghost table inside the box",
         '<div style="max-width:600px">\n<!--[if mso]><table width="600"><tr><td><![endif]-->Boats\n'
         "<!--[if mso]></td></tr></table><![endif]--></div>", ""),
        ("a ghost cell around each column",
         '<!--[if mso]><table><tr><td width="300"><![endif]--><div style="display:inline-block; width:50%">B</div>'
         '<!--[if mso]></td><td width="300"><![endif]--><div style="display:inline-block; width:50%">R</div>'
         "<!--[if mso]></td></tr></table><![endif]-->", ""),
        ("a cell of a width that a rule gives",
         '<table><tr><td class="c"><div style="max-width:600px">B</div></td></tr></table>',
         "<style>.c { width:600px }</style>"),
        ("a floating table with nothing beside it",
         '<table><tr><td><p>B</p><table style="float:left"><tr><td>R</td></tr></table></td></tr></table>', ""),
        ("a drawing of VML in its own language",
         '<!--[if gte mso 9]><v:rect style="position:absolute; width:680px; float:left"></v:rect><![endif]-->', ""),
        ("a cell of no size that is not to be seen",
         '<table><tr><td style="visibility:hidden; width:0; padding:0"></td></tr></table>', ""),
        ("align beside float",
         '<table align="left" width="280" style="float:left"><tr><td>Boats</td></tr></table>', ""),
        ("align on the table with auto margins",
         '<table align="center" width="600" style="margin:0 auto"><tr><td>Boats</td></tr></table>', ""),
        ("auto margins on a table as wide as the page",
         '<table width="100%" style="margin:0 auto"><tr><td>Boats</td></tr></table>', ""),
        ("mso-hide on what is hidden",
         '<div style="display:none; mso-hide:all"><table><tr><td>For phones</td></tr></table></div>', ""),
        ("a hair of a negative margin",
         '<!--[if mso]><table width="300"><tr><td><![endif]--><div style="margin:0 -1px">B</div>'
         "<!--[if mso]></td></tr></table><![endif]-->", ""),
        ("what only others read",
         '<!--[if !mso]><!--><div style="float:left; max-width:600px"><p>B</p></div><!--<![endif]-->', ""),
        ("the same with the older form", '<![if !mso]><div style="max-width:600px"><p>B</p></div><![endif]>', ""),
        ("what only Outlook reads is not held against the others",
         "<!--[if mso]><style>@import url(x.css);</style><![endif]-->", ""),
        ("what nobody reads", '<!--[if lt mso 12]><div style="display:flex">B</div><![endif]-->', ""),
        ("a comment that is no condition", '<!-- <div style="display:flex"><svg></svg></div> -->', ""),
        ("an extra inside @media", '<div class="c">B</div>',
         "<style>@media (max-width:480px) { .c { display:flex; position:absolute; width:calc(100% - 2rem) } }</style>"),
        ("an extra inside @supports", '<div class="c">B</div>',
         "<style>@supports (display:grid) { .c { display:grid } }</style>"),
        ("a rule for one client", '<div class="c">B</div>', "<style>[data-ogsc] .c { display:flex }</style>"),
        ("a rule for a moment", '<a class="c" href="https://h.example.org/">B</a>',
         "<style>.c:hover { transform:scale(1.1) }</style>"),
        ("a rule nothing in the mail takes up", "", "<style>.unused { display:flex; position:absolute }</style>"),
        ("a link to a font", "", '<link rel="stylesheet" href="https://fonts.example.org/css?family=Lora">'),
        ("a film with a picture in its place",
         '<video src="https://h.example.org/t.mp4"><a href="https://h.example.org/t">'
         '<img src="https://h.example.org/t.jpg" width="280" alt="The tide"></a></video>', ""),
        ("a better picture in picture",
         '<picture><source srcset="a.webp"><img src="https://h.example.org/a.jpg" width="280" alt="B">'
         "</picture>", ""),
        ("rgb with commas", '<p style="color:rgb(0, 51, 102); background:#ffffff">B</p>', ""),
        ("what is hidden twice", '<p hidden style="display:none; visibility:hidden; position:absolute">B</p>', ""),
        ("a radius, a shadow, a transition",
         '<p style="border-radius:4px; box-shadow:0 1px #999; text-shadow:0 1px #fff; transition:all 1s">B</p>', ""),
        ("an icon put before a link by style", '<p class="c">B</p>', '<style>.c::before { content:"→ " }</style>'),
        ("VML beside the picture",
         '<table><tr><td style="background-image:url(x.jpg)"><!--[if gte mso 9]><v:rect><v:fill src="x.jpg"/>'
         "<![endif]-->Ahoy<!--[if gte mso 9]></v:rect><![endif]--></td></tr></table>", ""),
    ],
)  # fmt: skip
def test_what_something_beside_it_makes_up_for_is_no_worry(why: str, body: str, head: str) -> None:
    assert _worries(page(body, head)) == [], why


def test_what_stands_in_an_mso_comment_is_judged_for_outlook_on_windows_alone() -> None:
    html = page('<!--[if gte mso 9]>\n<img src="https://h.example.org/boat.webp" width="280" alt="A boat"><![endif]-->')
    (found,) = [one for one in _judged(html) if one.feature == "image-webp"]
    assert found.clients == WORD
    assert found.fix == "Save it as PNG or JPEG.", "a file's pictures are nothing that a build converts"
    assert html.splitlines()[found.use.line - 1][found.use.column - 1 :].startswith('src="https://h.example.org/boat')


def test_what_stands_outside_of_it_for_all_but_outlook_is_not_judged_for_outlook() -> None:
    html = page('<!--[if !mso]><!--><svg width="1"></svg><!--<![endif]-->')
    (found,) = [one for one in _judged(html) if one.feature == "html-svg"]
    assert not set(WORD) & set(found.clients)
    assert "gmail-web" in found.clients


def test_a_rule_is_judged_for_those_who_read_what_it_dresses() -> None:
    html = page('<!--[if !mso]><!--><p class="c">B</p><!--<![endif]-->', "<style>.c { font-size: 1.25rem }</style>")
    (found,) = [one for one in _judged(html) if one.feature == "css-unit-rem"]
    assert not set(WORD) & set(found.clients)
    assert "yahoo-web" in found.clients


def test_clients_that_are_not_asked_for_are_not_mentioned() -> None:
    html = page('<img src="https://h.example.org/boat.webp" width="280" alt="A boat">')
    assert judge_html(html, load_table(), clients=("gmail-web", "apple-ios")) == ()
    (found,) = judge_html(html, load_table(), clients=("outlook-2016", "gmail-web"))
    assert found.clients == ("outlook-2016",)


def test_a_share_of_the_audience_is_summed_and_told() -> None:
    html = page('<img src="https://h.example.org/anchor.svg" width="40" alt="Anchor">')
    shares = {"gmail-web": 0.25, "outlook-2016": 0.05, "apple-ios": 0.7}
    (found,) = judge_html(html, load_table(), shares=shares)
    assert found.part is not None
    assert (found.part.least, found.part.most) == (pytest.approx(0.30), pytest.approx(0.30))
    assert ", about 30 % of this audience, " in found.message


def test_what_hardly_anybody_of_an_audience_sees_is_no_more_than_mentioned() -> None:
    html = page('<img src="https://h.example.org/boat.webp" width="280" alt="A boat">')
    (rare,) = judge_html(html, load_table(), shares={"outlook-2016": 0.004, "apple-ios": 0.996})
    (common,) = judge_html(html, load_table(), shares={"outlook-2016": 0.02, "apple-ios": 0.98})
    assert (rare.severity, common.severity) == ("info", "error")


def test_a_feature_used_twice_on_a_line_is_told_once_and_on_two_lines_twice() -> None:
    html = page('<svg width="1"></svg><svg width="2"></svg>\n<svg width="3"></svg>')
    found = [one for one in _judged(html) if one.feature == "html-svg"]
    assert [len(one.uses) for one in found] == [2, 1]
    assert [len(one.uses) for one in merged(found)] == [3]


def test_the_message_says_in_words_who_sees_what() -> None:
    html = page('<table width="100%" style="max-width:600px"><tr><td>Boats</td></tr></table>')
    (found,) = [one for one in _judged(html) if one.feature == "css-max-width"]
    assert found.message == "max-width: in Outlook 2016 for Windows the table is as wide as the window."


def test_errors_come_before_warnings_and_warnings_before_the_rest() -> None:
    html = page('<p style="border-radius:4px">a</p><p style="display:flex">b</p><svg width="1"></svg>')
    assert [one.severity for one in _judged(html)] == ["error", "warning", "info"]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_place_in_a_style_element_is_one_of_the_page(newline: str) -> None:
    html = page('<p class="c">B</p>', "<style>\n/* one */\n.c {\n  color: #036;\n  display: flex;\n}\n</style>")
    html = html.replace("\n", newline)
    (use,) = find_uses(html, {"css-display-flex"})
    assert html[use.start :].startswith("display: flex")
    assert html.split("\n")[use.line - 1][use.column - 1 :].startswith("display: flex")


def test_a_place_in_a_style_attribute_is_one_of_the_page_behind_character_references() -> None:
    html = page('<p style="font-family:&quot;Caf&eacute;&quot;, serif; display:flex">B</p>')
    (use,) = find_uses(html, {"css-display-flex"})
    assert html[use.start : use.end] == "display:flex"
    assert use.excerpt == "display:flex"


def test_every_client_of_the_table_can_be_judged() -> None:
    html = page('<div style="display:flex">B</div><svg></svg>')
    named = {client for one in judge_html(html, load_table(), clients=IDS) for client in one.clients}
    assert {"gmx-web", "orange-web", "gmail-web"} <= named


@pytest.mark.parametrize(
    "hostile",
    [
        "<div " * 20_000,
        '<p style="' + "a:b;" * 20_000,
        '<p style="' + "background:url(x);" * 20_000 + '">',
        '<p style="width:' + "calc(" * 3_000 + '">',
        "<style>" + "@media x {" * 3_000,
        "<style>" + "a{" * 3_000,
        "<!--[if mso]>" * 10_000,
        "<![if !mso]>" * 10_000,
        "<!--[if " + "(" * 10_000 + "mso]>x<![endif]-->",
        "<div>" * 20_000 + '<p style="margin:0 auto">',
        "<table>" * 3_000 + '<table style="margin:0 auto">' * 300,
        '<p style="background:' + "url(" * 20_000 + '">',
        '<p style="background:' + "linear-gradient(" * 5_000 + '">',
        "<style>" + ".a," * 20_000 + "b{display:flex}</style><b class=a>",
        "<style>" + ".a{display:flex}" * 500 + "</style>" + "<b class=a>" * 500,
        "".join(f"<x{number}>" for number in range(20_000)),
        '<p class="' + "a " * 20_000 + '">',
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_page_costs_no_more_than_a_moment(hostile: str) -> None:
    start = time.process_time()
    _judged(hostile)
    assert time.process_time() - start < 5


def test_features_that_nobody_is_told_of_are_not_looked_for() -> None:
    wanted = wanted_features(load_table(), USUAL)
    assert "css-display-flex" in wanted
    assert "css-border-spacing" not in wanted


_PARTS = st.sampled_from(
    ["<div", "<td", "<table", "<img", "<style>", "</style>", "<!--[if mso]>", "<![endif]-->", "<!--[if !mso]><!-->",
     "<!--<![endif]-->", "</div>", "</table>", "<video>", "<v:rect/>", "<link rel=stylesheet", ' style="', '"', "'",
     "display:none;", "display:flex;", "width:100px;", "max-width:600px;", "margin:-4px auto;", "float:left;",
     "background:url(a.png) #fff;", "color:rgb(0 0 0);", "width:calc(1rem);", "@media x{", "@import 'a';", "}", ".a{",
     ">", ".a:hover>b,", ' class="a"', " width=1", " src=a.svg", "&quot;", "\r\n", "é", "x"]
)  # fmt: skip


@given(st.lists(_PARTS, max_size=40).map("".join))
def test_whatever_the_page_is_every_use_stands_in_it(html: str) -> None:
    lines = html.split("\n")
    for one in judge_html(html, load_table(), IDS):
        for use in one.uses:
            assert 0 <= use.start < use.end <= len(html)
            assert sum(len(line) + 1 for line in lines[: use.line - 1]) + use.column - 1 == use.start
            assert " ".join(html[use.start : use.end].split()).startswith(use.excerpt.removesuffix("…"))
        assert one.clients
        assert one.severity in ("error", "warning", "info")


def test_a_feature_that_a_newer_table_brings_is_told_of_without_an_alarm() -> None:
    table = load_table()
    letters = "".join("n" if client == "yahoo-web" else "y" for client in IDS)
    newer = replace(table, features={**table.features, "css-corner-shape": ("corner-shape", letters)})
    (found,) = judge_html(page('<p style="corner-shape:squircle">B</p>'), newer)
    assert found.message == "corner-shape: in Yahoo (web) it has no effect."
    assert found.severity == "info"
