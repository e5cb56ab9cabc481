"""Contrast as WCAG counts it, and the colours that take the place of unreadable ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.colors import as_hex, contrast, is_clear, mixed, over, readable, text_on

COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#fff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),  # the lightest grey that text may have on white
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    ("written", "color"),
    [
        ("#0B5FFF", "#0b5fff"),
        ("#abc", "#aabbcc"),
        ("#abcd", "#aabbccdd"),
        ("#aabbcc80", "#aabbcc80"),
        ("#aabbccff", "#aabbcc"),
        ("rgb(255, 128, 0)", "#ff8000"),
        ("rgb(255 128 0)", "#ff8000"),
        ("rgb(100%, 50%, 0%)", "#ff8000"),
        ("rgba(0, 0, 0, 0.5)", "#00000080"),
        ("rgb(0 0 0 / 50%)", "#00000080"),
        ("rgba(300, -5, 0, 2)", "#ff0000"),
        ("hsl(120, 100%, 25%)", "#008000"),
        ("hsl(120deg 100% 25%)", "#008000"),
        ("hsla(0, 0%, 100%, 0)", "#ffffff00"),
        ("RebeccaPurple", "#663399"),
        (" navy ", "#000080"),
        ("transparent", "#00000000"),
        ("ffffff", ""),
        ("currentcolor", ""),
        ("oklch(40% 0.1 250)", ""),
        ("rgb(1, 2)", ""),
        ("var(--sea)", ""),
        ("", ""),
    ],
)
def test_a_colour_is_read_however_css_writes_it(written: str, color: str) -> None:
    assert as_hex(written) == color


@given(st.text(max_size=30) | st.from_regex(r"(rgb|hsl)a?\([0-9a-z.,%/ -]{0,20}\)", fullmatch=True))
def test_whatever_is_written_for_a_colour_is_one_or_none(written: str) -> None:
    color = as_hex(written)
    assert color == "" or (len(color) in (7, 9) and color[0] == "#" and int(color[1:], 16) >= 0)


def test_a_colour_that_can_be_seen_through_is_laid_over_what_lies_behind() -> None:
    assert over("#00000080", "#ffffff") == "#7f7f7f"  # 255 × (1 - 128/255)
    assert over("#ffffff00", "#123456") == "#123456"
    assert over("#abcdef", "#123456") == "#abcdef"
    assert [is_clear(one) for one in ("#abcdef", "#abcdef00")] == [False, True]


def test_a_mixed_colour_lies_between_the_two() -> None:
    assert mixed("#000000", "#ff8000", 0.5) == "#804000"
    assert mixed("#123456", "#ffffff", 0) == "#123456"


@given(color=COLORS, ground=COLORS)
def test_what_readable_returns_can_be_read(color: str, ground: str) -> None:
    assert contrast(readable(color, ground), ground) >= 4.5
    if contrast(color, ground) >= 4.5:
        assert readable(color, ground) == color, "a colour that is good enough is left alone"


@given(ground=COLORS)
def test_words_on_a_button_can_always_be_read(ground: str) -> None:
    assert contrast(text_on(ground, "#ffffff", "#14213d", "#000000"), ground) >= 4.5


def test_the_first_good_choice_wins() -> None:
    assert text_on("#0b5fff", "#ffffff", "#000000") == "#ffffff"
    assert text_on("#ffcc00", "#ffffff", "#14213d", "#000000") == "#14213d"
