"""Whether the words of a page stand out from their ground, computed for real text from the styles it has.

Only what is certain is said: where a colour or ground cannot be told (a picture behind the text, a colour by name that
is not known, transparency), nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, style_of
from newsletter.checks.rule import warning
from newsletter.checks.typography import font_size
from newsletter.colors import contrast
from newsletter.model import Finding

RULES = (
    warning(
        "text-contrast",
        "Words need a contrast of 4.5:1 with what is behind them, large ones (24 pixels, or 19 in bold) 3:1. Computed "
        "for the text that is really there. Source: WCAG 2.2, success criterion 1.4.3.",
    ),
)
_NAMES = {
    "white": "#ffffff", "black": "#000000", "red": "#ff0000", "blue": "#0000ff", "green": "#008000", "gray": "#808080",
    "grey": "#808080", "silver": "#c0c0c0", "yellow": "#ffff00", "orange": "#ffa500", "navy": "#000080",
    "lightgray": "#d3d3d3", "lightgrey": "#d3d3d3", "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9", "maroon": "#800000",
    "teal": "#008080", "purple": "#800080", "lime": "#00ff00", "aqua": "#00ffff", "fuchsia": "#ff00ff",
}  # fmt: skip
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_LARGE, _LARGE_BOLD = 24.0, 18.66
UNKNOWN = "?"
"""A colour that nobody can tell."""


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each pair of colours that cannot be read, at the first text it is used for."""
    told: set[tuple[str, str]] = set()
    for element in mail.page.shown():
        words = " ".join(" ".join([element.text or "", *(one.tail or "" for one in element)]).split())
        if len(words) < 3 or not any(character.isalnum() for character in words):
            continue
        color, setter = _color(element)
        ground = _ground(element)
        if UNKNOWN in (color, ground) or (color, ground) in told:
            continue
        least = 3.0 if is_large(element) else 4.5
        ratio = contrast(color, ground)
        if ratio < least - 0.05:
            told.add((color, ground))
            message = f"'{words[:40]}' is {color} on {ground}, a contrast of {ratio:.1f}:1; it needs {least:g}:1."
            where = mail.at(setter if setter is not None else element)
            yield RULES[0].finding(message, where, fix="Choose a darker or lighter colour.")


def _color(element: Element) -> tuple[str, Element | None]:
    while element is not None:
        own = color_of(element)
        if own:
            return own, element if own != UNKNOWN else None
        element = element.getparent()
    return "#000000", None


def _ground(element: Element) -> str:
    while element is not None:
        own = ground_of(element)
        if own:
            return own
        element = element.getparent()
    return "#ffffff"


def color_of(element: Element) -> str:
    """The colour that the element itself gives its words; nothing when it takes the one around it."""
    value = style_of(element).get("color") or element.get("color" if element.tag == "font" else "text") or ""
    if value and value not in ("inherit", "currentcolor"):
        return as_hex(value)
    # Each mail program has a colour of its own for links.
    return UNKNOWN if element.tag == "a" and element.get("href") else ""


def ground_of(element: Element) -> str:
    """The colour of the element's own ground; nothing when one sees through it."""
    style = style_of(element)
    image = style.get("background-image") or element.get("background") or ""
    short = style.get("background", "")
    if (image and image != "none") or "url(" in short or "gradient" in short:
        return UNKNOWN
    value = style.get("background-color") or short or (element.get("bgcolor") or "").lower()
    return as_hex(value) if value and value not in ("transparent", "none", "inherit", "initial") else ""


def as_hex(value: str) -> str:
    """The colour as #rrggbb; `UNKNOWN` for one that is written in another way or can be seen through."""
    value = value.strip().lower()
    if re.fullmatch(r"#[0-9a-f]{6}", value):
        return value
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return "#" + "".join(one * 2 for one in value[1:])
    match = _RGB.fullmatch(value)
    if match and all(int(one) < 256 for one in match.groups()):
        return "#" + "".join(f"{int(one):02x}" for one in match.groups())
    return _NAMES.get(value, UNKNOWN)


def is_large(element: Element) -> bool:
    """Whether the element's words are large text: 24 pixels, or 19 in bold."""
    size, _ = font_size(element)
    bold = element.tag in ("h1", "h2", "h3", "strong", "b", "th") or style_of(element).get("font-weight", "") in (
        "bold", "600", "700", "800", "900"
    )  # fmt: skip
    if size is None:
        return element.tag in ("h1", "h2")
    return size >= (_LARGE_BOLD if bold else _LARGE)
