"""Prose as a page draws it: ranks of headings, sides of figures, room for wide tables, what stands beside a logo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from newsletter.model import Block, Where
from newsletter.rendering.prose import highest_heading, left_to_right_code, prose, split_beside


def _prose(markup: str) -> Block:
    return Block("prose", {"html": markup}, Where("a.md", 1))


def test_headings_of_an_article_have_four_ranks() -> None:
    drawn = prose("<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h5>e</h5>", 4)
    assert [(one.tag, one.get("class")) for one in html.fragments_fromstring(drawn)] == [
        ("h4", "head1"),
        ("h5", "head2"),
        ("h6", "head3"),
        ("h6", "head4"),
        ("h6", "head4"),
    ]


def test_a_heading_has_the_rank_it_has_in_the_whole_article() -> None:
    column = Block("columns", {"cells": ((_prose("<h2>a</h2>"),), (_prose("b"),))}, Where("a.md", 1))
    highest = highest_heading([_prose("<h3>c</h3>"), column])
    assert highest == 2
    assert prose("<h3>c</h3>", 4, highest) == '<h5 class="head2">c</h5>'
    assert highest_heading([_prose("no heading")]) == 0


def test_words_that_lead_nowhere_do_not_look_like_a_link() -> None:
    assert prose('<a id="x">a <b>b</b></a> <a href="/c">c</a>') == '<span id="x">a <b>b</b></span> <a href="/c">c</a>'


def test_cells_keep_their_side_however_it_is_written() -> None:
    assert prose('<td align="right">1</td>') == '<td style="text-align:right">1</td>'
    assert prose('<td style="text-align:center">1</td>') == '<td style="text-align:center">1</td>'


@given(
    st.lists(st.sampled_from(["<p>Some words</p>", "<h2>Head</h2>", "text", "<ul><li>one</li></ul>"])),
    st.integers(0, 900),
)
def test_no_word_is_lost_between_beside_and_below(parts: list[str], height: int) -> None:
    markup = "".join(parts)
    beside, below = split_beside([_prose(markup), _prose("<p>Last</p>")], height, "")
    written = "".join(str(one.fields["html"]) for one in (*beside, *below))
    assert written == f"{markup}<p>Last</p>"


def test_beside_a_logo_stands_as_much_as_is_as_tall() -> None:
    paragraph = f"<p>{'word ' * 36}</p>"  # 180 letters are 4 lines and the gap: 130 pixels
    for height, count in ((0, 1), (120, 1), (260, 2), (380, 2), (520, 4)):
        beside, below = split_beside([_prose(paragraph * 9)], height, "")
        assert str(beside[0].fields["html"]).count("<p>") == count
        assert str(below[0].fields["html"]).count("<p>") == 9 - count


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("<p>a <code>f(a)</code></p>", '<p>a <code dir="ltr">f(a)</code></p>'),
        ("<pre>if (x) {</pre>", '<pre dir="ltr" style="text-align:left">if (x) {</pre>'),
        (
            "<pre class='x' style='color:red'>a</pre>",
            "<pre dir=\"ltr\" class='x' style='text-align:left;color:red'>a</pre>",
        ),
        ('<pre style="text-align:right">a</pre>', '<pre dir="ltr" style="text-align:right">a</pre>'),
        ('<code dir="rtl">a</code>', '<code dir="rtl">a</code>'),
        ("<p>&lt;code&gt;</p><codes>", "<p>&lt;code&gt;</p><codes>"),
    ],
)
def test_code_runs_from_the_left_on_a_page_from_the_right(written: str, shown: str) -> None:
    assert left_to_right_code(written) == shown
    assert left_to_right_code(shown) == shown
