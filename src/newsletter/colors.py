"""Colours as the web writes them (`#0b5fff`): how well one can be read on another, and what to use instead.

Source: WCAG 2.2, relative luminance and contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
"""

from __future__ import annotations

READABLE = 4.5
"""The contrast that running text needs (WCAG 2.2, success criterion 1.4.3, level AA)."""
LARGE = 3.0
"""The contrast that large text and the shapes of controls need."""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mixed(color: str, other: str, share: float) -> str:
    """`color` with `share` (0 to 1) of `other` in it."""
    parts = zip(_channels(color), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def readable(color: str, ground: str, ratio: float = READABLE) -> str:
    """`color` itself where it can be read on `ground`, else the nearest darker or lighter one that can."""
    if contrast(color, ground) >= ratio:
        return color.lower()
    target = max(("#000000", "#ffffff"), key=lambda end: contrast(end, ground))
    steps = (mixed(color, target, step / 40) for step in range(1, 41))
    return next((one for one in steps if contrast(one, ground) >= ratio), target)


def text_on(ground: str, *choices: str) -> str:
    """The colour of `choices` that is read best on `ground`; the first that is good enough wins."""
    good = next((one for one in choices if contrast(one, ground) >= READABLE), None)
    return good or max(choices, key=lambda one: contrast(one, ground))


def _luminance(color: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in _channels(color))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _channels(color: str) -> tuple[int, int, int]:
    digits = color.removeprefix("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
