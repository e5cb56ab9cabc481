from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from justhtml import JustHTML

from newsletter.checks.clients.table import load_table
from newsletter.checks.clients.views import as_outlook_windows, resolve_conditions, without_styles
from tests.checks.clients.test_judging import EMAILS


def _outlook(html: str, client: str = "outlook-2019") -> str:
    return as_outlook_windows(html, load_table(), client)


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("a<!--[if mso]>b<![endif]-->c", "abc"),
        ("a<!--[if !mso]><!-->b<!--<![endif]-->c", "ac"),
        ("a<![if !mso]>b<![endif]>c", "ac"),
        ("a<!--[if lt mso 12]>b<![endif]-->c", "ac"),
        ("a<!--[if !IE]><!-->b<!--<![endif]-->c", "abc"),
        ("a<!--[if !mso]><!-->b<!--[if mso]>c<![endif]-->d<!--<![endif]-->e", "ae"),
        ("a<!-- note -->b", "a<!-- note -->b"),
        ("a<!--[if !mso]><!-->b", "a"),
        ("a<!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml>b<![endif]-->c", "abc"),
        ("a<xml>b</xml>c", "a<xml>b</xml>c"),
        ("<!--[if mso]><table><tr><td><![endif]-->x<!--[if mso]></td></tr></table><![endif]-->",
         "<table><tr><td>x</td></tr></table>"),
    ],
)  # fmt: skip
def test_conditions_are_taken_as_word_takes_them(html: str, seen: str) -> None:
    assert resolve_conditions(html) == seen


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ('<p style="color:red; border-radius:4px; margin:0">x</p>', '<p style="color: red; margin: 0">x</p>'),
        ('<p style="color:red; margin:0">x</p>', '<p style="color:red; margin:0">x</p>'),
        ("<p style='font-family:\"A B\"; opacity:0.5'>x</p>", '<p style="font-family: &quot;A B&quot;">x</p>'),
        ("<p style=color:red;opacity:1>x</p>", '<p style="color: red">x</p>'),
        ('<div style="padding:8px">x</div>', '<div style="">x</div>'),
        ('<td style="padding:8px">x</td>', '<td style="padding:8px">x</td>'),
        ('<td style="background:#fff; background:linear-gradient(#fff, #000)">', '<td style="background: #fff">'),
        ('<td background="a.jpg" bgcolor="#ffffff">', '<td  bgcolor="#ffffff">'),
        ('<img style="display:none">', '<img style="">'),
        ('<p style="display:none">x</p>', '<p style="display:none">x</p>'),
        ('<div style="display:flex">x</div>', '<div style="">x</div>'),
        ("<style>@media x { a { top: 0 } } .b { color: red; opacity: 0.5 } .c > .d { color: red }</style>",
         "<style>.b { color: red }</style>"),
        ('<p style="color:red !important; float:left">x</p>', '<p style="color: red !important">x</p>'),
    ],
)  # fmt: skip
def test_css_that_word_does_not_know_is_gone(html: str, seen: str) -> None:
    assert _outlook(html) == seen


def test_editions_see_what_they_know() -> None:
    table = '<table style="max-width:600px"></table>'
    assert _outlook(table, "outlook-2016") == '<table style=""></table>'
    assert _outlook(table, "outlook-2019") == table


def test_styles_for_word_alone_are_kept_and_styles_for_others_are_gone() -> None:
    html = (
        "<!--[if mso]><style>a { color: red }</style><![endif]--><!--[if !mso]><!--><style>b{}</style><!--<![endif]-->"
    )
    assert _outlook(html) == "<style>a { color: red }</style>"


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("a<style>.a { color: red }</style>b", "ab"),
        ("a<STYLE type='text/css'>x</STYLE >b", "ab"),
        ("a<style>x", "a"),
        ('a<link rel="stylesheet" href="x.css">b', "ab"),
        ('<p style="color:red" class="a">x</p>', '<p style="color:red" class="a">x</p>'),
        ("<!--[if mso]><style>x</style><![endif]-->", "<!--[if mso]><style>x</style><![endif]-->"),
        ("<title><style>x</title>", "<title><style>x</title>"),
    ],
)
def test_without_styles_the_rest_stands_as_it_was(html: str, seen: str) -> None:
    assert without_styles(html) == seen


@pytest.mark.parametrize("email", EMAILS, ids=lambda path: path.stem)
def test_no_word_of_a_good_email_is_lost_in_a_view(email: Path) -> None:
    html = email.read_text("utf-8")
    assert _words(without_styles(html)) == _words(html)
    assert _words(_outlook(html)) == _words(resolve_conditions(html))


_PARTS = st.sampled_from(
    ["<p ", "style=", '"', "'", "color:red;", "float:left;", "&quot;", ">", "x", "<style>", "</style>", "<!--[if mso]>",
     "<![endif]-->", "<![if !mso]>", "<script>", "</script>", "onclick=a", "<!--", "-->"]
)  # fmt: skip


@given(st.lists(_PARTS, max_size=20).map("".join))
def test_a_view_brings_no_element_and_no_attribute_that_was_not_there(html: str) -> None:
    before, after = _shape(resolve_conditions(html)), _shape(_outlook(html))
    assert after == before


def _shape(html: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(node.name, tuple(node.attrs)) for node in JustHTML(html, sanitize=False).query("*")]


def _words(html: str) -> list[str]:
    shown = re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL | re.IGNORECASE)
    return JustHTML(shown, sanitize=False).to_text().split()
