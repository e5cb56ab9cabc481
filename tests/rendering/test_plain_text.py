"""Prose as plain text that reads well."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.plain_text import References, prose_to_text, underlined


def test_paragraphs_are_wrapped_at_72_and_parted_by_a_blank_line() -> None:
    text = prose_to_text("<p>" + "word " * 40 + "</p><p>Two</p>")
    assert max(len(line) for line in text.split("\n")) <= 72
    assert text.endswith("\n\nTwo")


def test_a_links_address_stands_behind_its_words_and_is_never_broken() -> None:
    address = "https://example.org/" + "long-" * 30
    assert prose_to_text(f'<p>Read <a href="{address}">this</a>.</p>') == f"Read this [1].\n\n[1] {address}"


def test_an_address_as_link_text_is_said_once() -> None:
    assert prose_to_text('<p><a href="https://x.org">https://x.org</a></p>') == "https://x.org"
    assert prose_to_text('<p><a href="mailto:a@x.org">a@x.org</a></p>') == "a@x.org"


def test_lists_have_hyphens_or_numbers_and_hang() -> None:
    markup = f"<p>See:</p><ul><li>one<li>{'two ' * 20}</ul><ol start=3><li>three</li><li>four</li></ol>"
    lines = prose_to_text(markup).split("\n")
    assert lines[:3] == ["See:", "", "- one"]
    assert lines[3].startswith("- two two")
    assert lines[4].startswith("  two")
    assert lines[-2:] == ["3. three", "4. four"]


def test_nested_lists_are_indented() -> None:
    assert prose_to_text("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>") == "- a\n  - b\n- c"


def test_quotes_code_and_line_breaks_keep_their_shape() -> None:
    assert prose_to_text("<p>a</p><blockquote><p>b</p><p>c</p></blockquote><p>d</p>") == "a\n\n> b\n>\n> c\n\nd"
    assert prose_to_text("<p>a<br>b</p>") == "a\nb"
    assert prose_to_text("<pre>x = 1\n  y</pre>") == "    x = 1\n      y"


def test_headings_are_underlined_by_their_rank() -> None:
    assert prose_to_text("<h4>Héading</h4><p>x</p>") == "Héading\n~~~~~~~\n\nx"
    assert prose_to_text("<h2>A</h2><h3>B</h3><h4>C</h4>") == "A\n~\n\nB\n.\n\n*C*"
    assert prose_to_text("<h3>B</h3>", highest=2) == "B\n."
    assert underlined("Issue", "=") == "Issue\n====="


@pytest.mark.parametrize(("start", "first"), [("4", "4. a"), ("²", "1. a"), ("-3", "1. a"), ("x", "1. a")])
def test_a_list_begins_where_it_says_if_that_is_a_number(start: str, first: str) -> None:
    assert prose_to_text(f'<ol start="{start}"><li>a</li></ol>') == first


def test_a_table_stands_in_columns_under_its_headings() -> None:
    markup = (
        "<table><caption>Port</caption><tr><th>Day</th><th>Tide</th></tr>"
        "<tr><td>Monday</td><td><b>noon</b></td></tr></table>after"
    )
    assert prose_to_text(markup) == "Port\n\nDay     Tide\n------  ----\nMonday  noon\n\nafter"


def test_a_table_too_wide_for_mail_names_each_of_its_values() -> None:
    wide = (
        "<table><tr><th>Day<th>Tide</tr><tr><td>Monday<td>" + "high " * 20 + "</tr><tr><td>Friday<td>low</tr></table>"
    )
    lines = prose_to_text(wide).split("\n")
    assert lines[0] == "Day: Monday"
    assert lines[1].startswith("Tide: high high")
    assert lines[-2:] == ["Day: Friday", "Tide: low"]
    assert max(map(len, lines)) <= 72


def test_links_are_numbered_through_and_one_address_keeps_its_number() -> None:
    references = References()
    first = prose_to_text('<p><a href="https://a.org">A</a> and <a href="https://b.org">B</a></p>', 72, references)
    assert first == "A [1] and B [2]"
    assert references.listed() == "[1] https://a.org\n[2] https://b.org"
    again = prose_to_text('<p><a href="https://c.org">C</a>, <a href="https://a.org">A</a></p>', 72, references)
    assert again == "C [3], A [1]"
    assert references.listed() == "[3] https://c.org\n[1] https://a.org"
    assert references.listed() == ""


@pytest.mark.parametrize("words", ["https://www.x.org/a", "www.x.org/a", "x.org/a", "https://www.x.org/a/"])
def test_a_link_that_spells_its_address_has_no_number(words: str) -> None:
    assert prose_to_text(f'<a href="https://www.x.org/a">{words}</a>') == words
    assert prose_to_text(f'<a href="https://www.x.org/b">{words}</a>').startswith(f"{words} [1]")


_LONG = st.text("abcdefgh-. ", min_size=1, max_size=300)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["p", "li", "blockquote", "pre", "h3", "td"]), _LONG), max_size=8))
def test_no_line_is_wider_than_78_unless_it_holds_an_address(parts: list[tuple[str, str]]) -> None:
    wrap = {"li": "<ul><li>{}</li></ul>", "td": "<table><tr><td>{}</td><td>x</td></tr></table>"}
    markup = "".join(wrap.get(tag, f"<{tag}>{{}}</{tag}>").format(words) for tag, words in parts)
    text = prose_to_text(markup)
    assert max(len(line) for line in text.split("\n")) <= 78
    written = "".join("".join(words.split()) for _, words in parts)
    shown = re.sub(r"[\s>]", "", text)
    for letter in "abcdefgh":
        assert shown.count(letter) == written.count(letter)


_PARTS = st.sampled_from(
    "<p> </p> <ul> <ol> </ul> </ol> <li> </li> <blockquote> </blockquote> <pre> </pre> <a~href='https://x.org'> </a> "
    "<h3> </h3> <br> <hr> <table> <tr> <td> </table> <b> </b> one~ two~ three~".split()
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PARTS, max_size=40))
def test_every_word_of_the_prose_is_in_the_text_in_order(parts: list[str]) -> None:
    markup = "".join(parts).replace("~", " ")
    written = re.findall("one|two|three", markup)
    assert re.findall("one|two|three", prose_to_text(markup)) == written


def test_figures_stand_on_the_side_their_column_asks_for() -> None:
    markup = (
        '<table><tr><th>Item</th><th style="text-align:right">Price</th><th align="center">Mark</th></tr>'
        '<tr><td>Tea</td><td style="text-align:right">3.5</td><td align="center">ok</td></tr></table>'
    )
    assert prose_to_text(markup) == "Item  Price  Mark\n----  -----  ----\nTea     3.5   ok"


def test_what_is_struck_out_is_marked() -> None:
    assert prose_to_text("<p>now <del>5</del> <s>6</s> 7</p>") == "now ~~5~~ ~~6~~ 7"


def test_code_is_folded_between_words_where_there_are_any() -> None:
    code = "a = " + "b " * 20 + "c" * 30
    lines = prose_to_text(f"<pre><code>{code}</code></pre>").split("\n")
    assert [line[4:].strip() for line in lines] == ["a = " + "b " * 19 + "b", "c" * 30]


def test_code_and_tables_in_a_list_are_no_wider_than_other_lines_and_have_room_at_any_depth() -> None:
    code, cells = "word " * 20, f"<table><tr><td>{'one ' * 20}</td><td>{'two ' * 20}</td></tr></table>"
    assert max(map(len, prose_to_text(f"<ol><li><ul><li><ul><li><pre>{code}</pre></ul></ul></ol>").split("\n"))) <= 72
    for inner in (f"<pre>{code}</pre>", cells):
        lines = prose_to_text("<ul><li>" * 50 + inner + "</li></ul>" * 50).split("\n")
        assert max(map(len, lines)) <= 2 * 50 + 4 + 20


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<ul><li>a</li></ul><ol><li>b</li></ol>", "- a\n\n1. b"),
        ("<ul><li>a<ul><li>b</li></ul><ol><li>c</li></ol></li><li>d</li></ul>", "- a\n  - b\n\n  1. c\n- d"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c<ul><li>d</li></ul></li></ul>", "- a\n  - b\n- c\n  - d"),
        ("<ul><li>a<ul><li>b</li></ul>c<ul><li>d</li></ul></li></ul>", "- a\n  - b\n\n  c\n  - d"),
        ("<ul><li>a<table><tr><td>b</td></tr></table></li><li>c</li></ul>", "- a\n\n  b\n\n- c"),
        ("<ul><li><table><tr><td>b</td></tr></table><ol><li>c</li></ol></li></ul>", "- b\n\n  1. c"),
    ],
)
def test_a_blank_line_parts_lists_and_follows_a_table_in_a_list(markup: str, text: str) -> None:
    assert prose_to_text(markup) == text


def test_what_is_said_in_passing_has_quotation_marks() -> None:
    assert prose_to_text("<p>She <q>heard <q>no</q> twice</q>.</p>") == "She “heard ‘no’ twice”."
