"""Bare lines become paragraphs, and headings and lists only on good evidence; not a word is lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.content.plain import plain_to_html

PROSE = (
    "The ferry leaves the northern quay at seven in the morning and comes back at nine, except on\n"
    "Sundays, when the crew sleeps in and the first boat leaves at ten."
)
JOINED = f"<p>{' '.join(PROSE.split())}</p>"
LONG = (
    "A paragraph as word processors paste it, on one long line that nobody wrapped, which goes on and on till the end."
)


def _html(text: str) -> str:
    return plain_to_html(text).html


def test_wrapped_lines_are_one_paragraph_and_blank_lines_part_paragraphs() -> None:
    assert _html(f"{PROSE}\n\n{PROSE}\n") == f"{JOINED}\n{JOINED}"


@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_a_short_line_above_a_paragraph_is_a_heading_and_said_to_be_a_guess(between: str) -> None:
    read = plain_to_html(f"{PROSE}\n\nThe timetable{between}{PROSE}")
    assert read.html == f"{JOINED}\n<h2>The timetable</h2>\n{JOINED}"
    assert [(guess.lines_before, guess.words) for guess in read.headings] == [(3, "The timetable")]


def test_a_heading_at_the_very_top_is_the_first_of_all() -> None:
    assert _html(f"Ferries\n\n{PROSE}").startswith("<h1>Ferries</h1>")


def test_long_lines_below_each_other_are_paragraphs_of_their_own() -> None:
    assert _html(f"{LONG}\nShort and sweet\n{LONG}") == f"<p>{LONG}</p>\n<h2>Short and sweet</h2>\n<p>{LONG}</p>"


@pytest.mark.parametrize(
    "line",
    [
        "A short sentence.",
        "Dear Ann,",
        "Dear Ann",
        "Kind regards",
        "and so on",
        "This is so:",
        "See https://example.org",
        "Hello everybody",
        "Really!",
        "It is a rather long line that has no full stop but has far too many words for one",
    ],
)
def test_a_line_that_may_be_something_else_is_no_heading(line: str) -> None:
    assert "<h" not in _html(f"{PROSE}\n\n{line}\n\n{PROSE}").replace("<a href", "")


def test_a_poem_keeps_its_lines_and_gets_no_headings() -> None:
    poem = "The tide goes out\nand leaves the sand\nto those who walk\n\nIt comes again\nwithout a hand"
    assert _html(poem) == (
        "<p>The tide goes out<br>and leaves the sand<br>to those who walk</p>\n<p>It comes again<br>without a hand</p>"
    )


def test_an_address_and_a_signature_keep_their_lines() -> None:
    letter = f"{PROSE}\n\nJo Smith\n12 Long Street\nPort Town\n\nCall us"
    assert _html(letter) == f"{JOINED}\n<p>Jo Smith<br>12 Long Street<br>Port Town</p>\n<p>Call us</p>"


def test_prose_wrapped_unevenly_is_still_prose() -> None:
    lines = (
        "The costs of the northern ferry have gone up since the winter, and\n"
        "nobody knows why that would be; the council asks for patience in\nthe matter."
    )
    assert "<br>" not in _html(lines)


@pytest.mark.parametrize("mark", ["-", "*", "•", "–"])
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_lines_with_the_same_mark_are_a_list(mark: str, between: str) -> None:
    text = f"We carry:{between}{mark} bread{between}{mark} milk\n  and cream{between}{mark} mail"
    assert _html(text) == "<p>We carry:</p>\n<ul>\n<li>bread</li>\n<li>milk and cream</li>\n<li>mail</li>\n</ul>"


def test_numbers_that_count_on_are_a_list_and_keep_their_first_number() -> None:
    assert _html("3. three\n4) four") == '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>'


@pytest.mark.parametrize("text", ["- one remark", "1984. A year", "7. seven\n\n9. nine", "- a\n\n* b"])
def test_what_does_not_run_on_keeps_its_marks_as_words(text: str) -> None:
    shown = re.sub(r"<[^>]+>", " ", _html(text))
    assert shown.split() == text.split()


def test_underlines_capitals_rules_and_quotes_are_seen() -> None:
    assert _html("Part one\n========\nText.\n\nPart two\n---\nMore.") == (
        "<h1>Part one</h1>\n<p>Text.</p>\n<h2>Part two</h2>\n<p>More.</p>"
    )
    assert "<h2>WHAT WE DO</h2>" in _html("Well.\n\nWHAT WE DO\n\nWe sail.")
    assert _html("Well.\n\n* * *\n\n> she said\n> so") == (
        "<p>Well.</p>\n<hr>\n<blockquote><p>she said<br>so</p></blockquote>"
    )


def test_web_and_mail_addresses_become_links_without_the_marks_around_them() -> None:
    assert _html("See (https://example.org/a_(b)), www.example.org. Or ask jo@example.org!") == (
        '<p>See (<a href="https://example.org/a_(b)">https://example.org/a_(b)</a>), '
        '<a href="https://www.example.org">www.example.org</a>. Or ask '
        '<a href="mailto:jo@example.org">jo@example.org</a>!</p>'
    )


def test_signs_of_html_are_text() -> None:
    assert _html("a < b & c > d") == "<p>a &lt; b &amp; c &gt; d</p>"


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(alphabet="ab .-*•1>=:<&@/\t", max_size=30),
            st.sampled_from(
                ["- a", "1. b", "2. c", "Heading", LONG, "> q", "===", "https://example.org/x.", "a@b.example"]
            ),
        ),
        max_size=15,
    )
)
@example([">", ">"])
def test_no_word_is_lost_doubled_or_moved(lines: list[str]) -> None:
    text = "\n".join(lines)
    shown = unescape(re.sub(r"<[^>]+>", " ", _html(text)))
    assert re.findall("[a-z]", shown) == re.findall("[a-z]", text)


def test_tags_of_words_in_bare_lines_are_kept_and_the_lines_are_still_bare() -> None:
    text = (
        "A <b>bold</b> &amp; <a href='https://x.example'>https://x.example/a</a> <foo> &lt; 3\n\n- one\n- <i>two</i>\n"
    )
    assert plain_to_html(text, tagged=True).html == (
        "<p>A <b>bold</b> &amp; <a href='https://x.example'>https://x.example/a</a> &lt;foo&gt; &lt; 3</p>\n"
        "<ul>\n<li>one</li>\n<li><i>two</i></li>\n</ul>"
    )
    assert "&lt;b&gt;" in plain_to_html("A <b>").html
