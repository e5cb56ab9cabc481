"""Prose as plain text that reads well."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.plain_text import prose_to_text, underlined


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


def test_headings_are_underlined() -> None:
    assert prose_to_text("<h4>Héading</h4><p>x</p>") == "Héading\n-------\n\nx"
    assert underlined("Issue", "=") == "Issue\n====="


@pytest.mark.parametrize(("start", "first"), [("4", "4. a"), ("²", "1. a"), ("-3", "1. a"), ("x", "1. a")])
def test_a_list_begins_where_it_says_if_that_is_a_number(start: str, first: str) -> None:
    assert prose_to_text(f'<ol start="{start}"><li>a</li></ol>') == first


def test_cells_of_a_table_stand_apart_and_rows_on_lines_of_their_own() -> None:
    text = prose_to_text("<table><tr><th>Day</th><th>Tide</th></tr><tr><td>Monday</td><td>noon</td></tr></table>")
    assert [line.split() for line in text.split("\n") if line] == [["Day", "Tide"], ["Monday", "noon"]]


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
