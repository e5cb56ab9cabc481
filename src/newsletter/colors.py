"""Colours as the web writes them: how well one can be read on another, and what to use instead.

A colour is `#0b5fff` here, or `#0b5fff80` when what lies behind it shines through; `as_hex` reads the other ways to
write one. Sources: WCAG 2.2, relative luminance and contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio;
CSS Color Module Level 4; Compositing and Blending Level 1, section 5.1, for what shines through.
"""

from __future__ import annotations

import re
from functools import lru_cache

READABLE = 4.5
"""The contrast that running text needs (WCAG 2.2, success criterion 1.4.3, level AA)."""
LARGE = 3.0
"""The contrast that large text and the shapes of controls need."""


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


_PLAIN = re.compile(r"#[0-9a-f]{6}")


@lru_cache(maxsize=4096)
def as_hex(value: str) -> str:
    """The colour that CSS writes so (`hsl(210 50% 40% / .5)`, `#abc`, `navy`), as #rrggbb or #rrggbbaa; nothing for
    what names none, or one that only a screen of more colours shows."""
    value = value.strip().lower()
    if _PLAIN.fullmatch(value):
        return value
    # Most pages write no other colours, and most commands read none.
    from tinycss2.color4 import parse_color

    color = parse_color(value)
    if color is None or isinstance(color, str):
        return ""
    try:
        parts = [*color.to("srgb").coordinates, color.alpha]
    except NotImplementedError:
        return ""
    digits = "".join(f"{round(min(1.0, max(0.0, part)) * 255):02x}" for part in parts)
    return f"#{digits.removesuffix('ff') if len(digits) == 8 and digits.endswith('ff') else digits}"


def is_clear(color: str) -> bool:
    """Whether something of what lies behind the colour shines through."""
    return len(color) == 9


def over(color: str, ground: str) -> str:
    """The colour as it is seen on a ground that nothing shines through."""
    if not is_clear(color):
        return color
    return mixed(ground, color[:7], int(color[7:], 16) / 255)


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
