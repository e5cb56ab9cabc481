"""Tables on a phone: what breaks, what is moved sideways, and what readers are told of it."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.rendering.prose import prose
from newsletter.rendering.prose_tables import with_room

HINT = "Swipe →"
WORD = "Donaudampfschifffahrtsgesellschaftskapitän"
BREAKING = f'<span style="word-break:break-word">{WORD}</span>'


def table(*words: str) -> str:
    return f"<table><tr>{''.join(f'<td>{one}</td>' for one in words)}</tr></table>"


def test_a_table_of_short_words_stays_as_it_is() -> None:
    for words in (("left", "centre", "1,000.00"), ("Monday 3 March", "22,222.00"), ("a<br>b", "c <b>d</b>")):
        assert with_room(table(*words), hint=HINT) == table(*words)


def test_only_a_word_that_is_longer_than_its_column_may_break() -> None:
    made = with_room(table("Anna", f"the {WORD} is here"), hint=HINT)
    assert made == table("Anna", f"the {BREAKING} is here")
    assert with_room(table(f'<a href="/{WORD}" title="a > b">{WORD}</a>', "x")) == table(
        f'<a href="/{WORD}" title="a > b">{BREAKING}</a>', "x"
    )


def test_a_table_that_is_wider_than_a_phone_can_be_moved_sideways_and_says_so() -> None:
    wide = table(*["subscription"] * 4)
    told = f'<div class="swipe" aria-hidden="true">{HINT}</div>'
    assert with_room(f"a{wide}b", hint=HINT) == f'a<div class="wide">{told}<div>{wide}</div></div>b'
    assert with_room(wide) == f'<div class="wide"><div>{wide}</div></div>'


def test_a_table_that_just_fits_says_nothing_of_what_is_beside_it() -> None:
    five = table(*"12345")
    assert with_room(five, hint=HINT) == f'<div class="wide"><div>{five}</div></div>'


def test_a_narrow_column_frames_what_a_phone_has_room_for_and_tells_phones_nothing() -> None:
    days = table("Monday", "Tuesday", "12,999.50")
    assert with_room(days, hint=HINT) == days
    assert with_room(days, 160, HINT) == f'<div class="wide"><div>{days}</div></div>'


def test_lists_quotations_and_boxes_take_from_the_room() -> None:
    nearly = table("subscription", "subscription", "anothers")
    assert with_room(nearly, hint=HINT) == nearly
    for before, after, inset in (("<ul><li>", "</li></ul>", 0), ("<blockquote>", "</blockquote>", 0), ("", "", 40)):
        assert 'class="wide"' in with_room(f"{before}{nearly}{after}", hint=HINT, inset=inset)
    assert 'class="wide"' not in with_room(f"<ul><li>a</li></ul>{nearly}")


def test_a_cell_over_several_columns_and_scripts_that_break_anywhere_ask_for_no_room() -> None:
    heading = f'<table><tr><td colspan="2">{WORD}</td></tr><tr><td>a</td><td>b</td></tr></table>'
    assert with_room(heading) == heading
    japanese = table("日本語の長い文章がここにあります", "日本語の長い文章がここにあります", "x")
    assert with_room(japanese) == japanese


def test_the_hint_is_text_and_reaches_the_page_through_prose() -> None:
    assert "A &lt;b&gt; →" in prose(table(*["subscription"] * 4), hint="A <b> →")


@given(st.lists(st.lists(st.sampled_from(["a", WORD, "1,000.00", "&lt;b&gt;", "<b>bo</b>ld"]), max_size=6), max_size=3))
def test_no_word_of_a_table_changes(rows: list[list[str]]) -> None:
    markup = "x".join(table(*row) for row in rows)
    made = with_room(markup)
    assert re.sub(r"</?(?:div|span)[^>]*>", "", made) == markup
    assert (
        html.fromstring(f"<div>{made}</div>").text_content() == html.fromstring(f"<div>{markup}</div>").text_content()
    )


def test_a_page_of_many_tables_takes_no_longer_for_each() -> None:
    def seconds(tables: int) -> float:
        began = time.process_time()
        with_room("<ul><li><p>w</p></li></ul><table><tr><td>word</td></tr></table>" * tables)
        return time.process_time() - began

    assert seconds(8_000) < 24 * min(seconds(1_000) for _ in range(2)) + 0.5
