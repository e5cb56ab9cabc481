"""What of a style sheet goes into style attributes, what stays, and that nothing is applied to the wrong readers."""

from __future__ import annotations

import pytest

from newsletter.rendering.inlining import InliningFailed, inline_css, parse_page, serialize_page
from newsletter.rendering.stylesheets import Kept, cascade, read_declarations, read_stylesheet, style_texts


def _inlined(css: str, body: str, attributes: str = "") -> str:
    page = parse_page(f"<html><head><style{attributes}>{css}</style></head><body>{body}</body></html>")
    inline_css(page)
    return serialize_page(page).removeprefix("<!DOCTYPE html>\n")


def _page(styles: str, body: str) -> str:
    return f"<html><head>{styles}</head><body>{body}</body></html>"


@pytest.mark.parametrize("selector", ["TD", "table TD", "TABLE > TD.x", "TD[ALIGN=left]", "*.x", "table *"])
def test_tags_match_whatever_their_case_and_stars_match(selector: str) -> None:
    html = _inlined(f"{selector}{{color:red}}", "<table><td class='x' align='left'>x</td></table>")
    assert "color:red" in html.partition("<body>")[2]


def test_names_of_classes_keep_their_case() -> None:
    html = _inlined(".Big{color:red}#Top{margin:0}", '<p class="Big">a</p><p class="big">b</p><p id="Top">c</p>')
    assert html == _page(
        "", '<p class="Big" style="color:red">a</p><p class="big">b</p><p id="Top" style="margin:0">c</p>'
    )


def test_a_rule_for_everything_loses_against_every_other() -> None:
    html = _inlined("*{margin:0} p{margin:9px}", "<p>x</p>")
    assert html == _page("<style>* {margin:0}</style>", '<p style="margin:9px">x</p>')


@pytest.mark.parametrize(
    "selector",
    [
        "a:hover",
        "a:link",
        "p::before",
        "a:not(.x)",
        '[href^="http://"]',
        '[title="a,b"]',
        '[title="{"]',
        "[title=':first-child']",
        ".sm\\:w",
        "p:nth-child(2n + 1)",
        "svg|a",
    ],
)
def test_selectors_that_cannot_be_inlined_stay_and_win(selector: str) -> None:
    html = _inlined(f"{selector}, p{{color:red}}", '<p class="x">x</p>')
    assert "color:red !important}</style>" in html
    assert '<p class="x" style="color:red">' in html


@pytest.mark.parametrize(
    "selector",
    [
        "[data-ogsc] .x",
        "#outlook a",
        "u + .body .x",
        "u+.body .x",
        ".ExternalClass *",
        "a[x-apple-data-detectors]",
        "#MessageViewBody a",
        ".ReadMsgBody",
    ],
)
@pytest.mark.parametrize("body", ["<p>x</p>", '<div data-ogsc id="outlook"><u></u><div class="body"><a class="x">'])
def test_a_rule_for_one_mail_client_neither_vanishes_nor_reaches_the_others(selector: str, body: str) -> None:
    html = _inlined(f"{selector}{{color:red}} .other{{color:blue}}", body)
    assert "{color:red !important}</style>" in html
    assert "style=" not in html


def test_an_attribute_that_only_a_client_adds_is_waited_for() -> None:
    html = _inlined("[class~=m_1] p{color:red} [align=left]{color:blue}", "<p align=left>x</p>")
    assert html == _page(
        "<style>[class~=m_1] p {color:red !important}</style>", '<p align="left" style="color:blue">x</p>'
    )


def test_at_rules_stay_each_nested_one_in_a_style_of_its_own() -> None:
    css = (
        "@font-face{font-family:A;src:url(a.woff)}"
        "@media print{.x{color:red}} @media screen{.x{color:blue !IMPORTANT}}"
        "@supports (display:grid){.x{display:grid}}"
        "@keyframes k{from{color:red}to{color:blue}}"
        "@media screen{.x{top:0} @media (max-width:9px){.x{left:0}}}"
        "p:hover{color:red}"
    )
    styles = (
        "<style>@font-face{font-family:A;src:url(a.woff)}</style>\n"
        "<style>@media print {\n.x {color:red !important}\n}\n@media screen {\n.x {color:blue !important}\n}</style>\n"
        "<style>@supports (display:grid) {\n.x {display:grid !important}\n}</style>\n"
        "<style>@keyframes k{from{color:red}to{color:blue}}</style>\n"
        "<style>@media screen {\n.x {top:0 !important}\n"
        "@media (max-width:9px) {\n.x {left:0 !important}\n}\n}</style>\n"
        "<style>p:hover {color:red !important}</style>"
    )
    assert _inlined(css, "<p class=x>x</p>") == _page(styles, '<p class="x">x</p>')


def test_an_import_inside_another_rule_goes_too() -> None:
    assert "example" not in _inlined("@media print{@import url(//example.com); p{color:red}}", "<p>x</p>")


def test_a_style_for_some_media_stays_and_wins_over_attributes() -> None:
    html = _inlined("p{color:red}", '<p style="color:blue">x</p>', ' media="print"')
    assert html == _page('<style media="print">p {color:red !important}</style>', '<p style="color:blue">x</p>')


@pytest.mark.parametrize("kind", ["text/x-template", "text/less"])
def test_a_style_that_is_no_css_is_left_alone(kind: str) -> None:
    html = _inlined("p{color:red}", "<p>x</p>", f' type="{kind}"')
    assert html == _page(f'<style type="{kind}">p{{color:red}}</style>', "<p>x</p>")


FALLBACKS = "background:#f00; background:linear-gradient(#f00,#00f)"


def test_fallbacks_stay_before_what_they_stand_in_for() -> None:
    assert f'<p style="color:red; {FALLBACKS}">' in _inlined(f"p{{color:red;{FALLBACKS}}}", "<p>x</p>")
    assert f'<p style="color:red; {FALLBACKS}">' in _inlined("p{color:red}", f'<p style="{FALLBACKS}">x</p>')
    # A weaker rule must not leave its one value behind a stronger rule's fallback.
    html = _inlined(f".x{{{FALLBACKS}}} p{{background:blue}}", "<p class=x>x</p>")
    assert f'style="{FALLBACKS}"' in html
    html = _inlined(f"p{{{FALLBACKS}}} .x{{background:blue}}", "<p class=x>x</p>")
    assert 'style="background:blue"' in html


@pytest.mark.parametrize(
    "declaration",
    [
        "color:rgb(0 0 0 / 50%)",
        "color:#ff00ff80",
        "mso-line-height-rule:exactly",
        "mso-padding-alt:0px 5px",
        "filter:progid:DXImageTransform.Microsoft.gradient(startColorstr='#80000000',endColorstr='#80000000')",
        "*zoom:1",
        "Margin:0px",
        "--brand:#FFF",
        "width:calc(100% - 10px)",
        "width:clamp(1px, 2vw, 3px)",
        "background:url(a;b.png)",
    ],
)
def test_declarations_keep_their_spelling(declaration: str) -> None:
    written = declaration.replace("'", '"')
    for css, own in ((f"p{{{declaration}}}", ""), ("p{top:0}", declaration)):
        page = parse_page(f'<html><head><style>{css}</style></head><body><p style="{own}">x</p></body></html>')
        inline_css(page)
        assert written in page.find(".//p").get("style").split("; ")


def test_the_stronger_rule_wins_then_the_elements_own_style_then_what_is_important() -> None:
    css = "#i{top:1px} p.x{top:2px} p{top:3px;left:3px;color:red !important} .x{left:4px} p[id=i]{left:5px}"
    html = _inlined(css, '<p id="i" class="x" style="color:blue; right:6px">x</p>')
    assert '<p id="i" class="x" style="left:5px; top:1px; right:6px; color:red !important">' in html


def test_a_later_shorthand_is_written_after_the_longhand_it_overrides() -> None:
    html = _inlined("p{margin-top:1px} .x{margin:0} #i{margin-top:2px}", "<p class=x id=i>x</p>")
    assert 'style="margin:0; margin-top:2px"' in html


@pytest.mark.parametrize(
    ("css", "attributes"),
    [
        ("background-color:#fff", {"bgcolor": "#ffffff"}),
        ("background-color:#f1f3f8 !important", {"bgcolor": "#f1f3f8"}),
        ("background-color:red", {"bgcolor": "red"}),
        ("background-color:rgb(1,2,3)", {}),
        ("background-color:transparent", {}),
        ("background-color:var(--x)", {}),
        ("text-align:CENTER;vertical-align:middle", {"align": "center", "valign": "middle"}),
        ("text-align:start;vertical-align:4px", {}),
        ("width:calc(100% - 9px);height:50%", {}),
    ],
)
def test_attributes_hold_only_what_attributes_can_say(css: str, attributes: dict[str, str]) -> None:
    page = parse_page(f"<html><head><style>td{{{css}}}</style></head><body><table><td>x</td></table></body></html>")
    inline_css(page)
    found = dict(page.find(".//td").attrib)
    del found["style"]
    assert found == attributes


def test_a_floating_picture_gets_the_attribute_outlook_needs() -> None:
    html = _inlined("img{float:right}", '<img src="a.png"><img style="float:left"><img style="float:none">')
    assert html.count('align="right"') == 1
    assert html.count('align="left"') == 1


def test_text_after_a_style_is_not_lost_with_it() -> None:
    html = _inlined("", "<p>a<style>i{color:red}</style>b <b>c</b><style>b{top:0}</style>d</p>")
    assert html == _page("", '<p>ab <b style="top:0">c</b>d</p>')


def test_other_letters_in_a_style_stay_css() -> None:
    html = _inlined('p:after{content:"→"}', "<p>x</p>")
    assert '{content:"\\002192" !important}' in html


def test_a_rule_with_rules_inside_is_left_as_it_is() -> None:
    html = _inlined("p{color:red; &:hover{color:blue}}", "<p>x</p>")
    assert html == _page("<style>p{color:red; &:hover{color:blue}}</style>", "<p>x</p>")


@pytest.mark.parametrize("css", ["p{width:" + "calc(" * 500 + "1px" + ")" * 500 + "}", "{" * 5000, "@media x{" * 500])
def test_brackets_beyond_all_reason_are_refused(css: str) -> None:
    with pytest.raises(InliningFailed, match="line 1: CSS nests more than 100 brackets"):
        _inlined(css, "<p>x</p>")
    with pytest.raises(InliningFailed, match="a style attribute: CSS nests"):
        _inlined("p{color:red}", f'<p style="x:{"(" * 500}">x</p>')


@pytest.mark.parametrize(
    "css", ["", "}", "{", "p{", "p{color", "@", "@media", "<!-- p{} -->", "/*", '"', "p{color:}", "\\"]
)
def test_broken_css_does_no_harm(css: str) -> None:
    assert "<p>x</p></body></html>" in _inlined(css, "<p>x</p>")


def test_parts_of_a_kind_share_a_style_while_they_stand_together() -> None:
    kept = [Kept("a", "rule"), Kept("b", "rule"), Kept("c"), Kept("d"), Kept("e", "media"), Kept("f", "rule")]
    assert style_texts(kept) == ["a\nb", "c", "d", "e", "f"]


def test_reading_a_style_sheet_again_costs_nothing() -> None:
    css = "p{color:red} a:hover{color:blue}"
    assert read_stylesheet(css) is read_stylesheet(css)


def test_the_cascade_keeps_two_values_of_one_block_and_one_of_two() -> None:
    blocks = [read_declarations(css) for css in ("a:1;b:1", "a:2;a:3;a:2", "b:2!important", "b:3")]
    assert [str(one) for one in cascade(blocks)] == ["a:3", "a:2", "b:2 !important"]
