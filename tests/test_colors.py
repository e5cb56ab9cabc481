"""Contrast as WCAG counts it, and the colours that take the place of unreadable ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.colors import contrast, mixed, readable, text_on

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
