"""Whether the words of a page stand out from their ground, computed for real text from the styles it has.

A colour that can be seen through is laid over what lies behind it. Only what is certain is said: where a colour or
ground cannot be told (a picture behind the text, a client's own colour of links), nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, style_of
from newsletter.checks.rule import warning
from newsletter.checks.typography import font_size
from newsletter.colors import as_hex, contrast, is_clear, over
from newsletter.model import Finding, Where

RULES = (
    warning(
        "text-contrast",
        "Words need a contrast of 4.5:1 with what is behind them, large ones (24 pixels, or 19 in bold) 3:1. Computed "
        "for the text that is really there. Source: WCAG 2.2, success criterion 1.4.3.",
    ),
)
_LARGE, _LARGE_BOLD = 24.0, 18.66
UNKNOWN = "?"
"""A colour that nobody can tell."""
_PARTS = re.compile(r"[^\s(]+(?:\([^()]*\))?")
_NO_COLOR = frozenset(
    "transparent none inherit initial unset no-repeat repeat repeat-x repeat-y scroll fixed local center top bottom "
    "left right 0 0px 0% 100% 50%".split()
)
"""What a background may say beside its colour."""


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each pair of colours that cannot be read, at the first text it is used for."""
    told: set[tuple[str, str]] = set()
    for element in mail.page.shown():
        words = " ".join(" ".join([element.text or "", *(one.tail or "" for one in element)]).split())
        if len(words) < 3 or not any(character.isalnum() for character in words):
            continue
        color, setter = _color(element)
        ground = _ground(element)
        if UNKNOWN in (color, ground):
            continue
        color = over(color, ground)
        if (color, ground) in told:
            continue
        least = 3.0 if is_large(element) else 4.5
        ratio = contrast(color, ground)
        if ratio < least - 0.05:
            told.add((color, ground))
            message = f"'{words[:40]}' is {color} on {ground}, a contrast of {ratio:.1f}:1; it needs {least:g}:1."
            where = mail.of_color(_where(mail, element, setter), color, ground)
            yield RULES[0].finding(message, where, fix="Choose a darker or lighter colour.")


def _where(mail: Mail, element: Element, setter: Element | None) -> Where:
    """The line that gives the words their colour."""
    if setter is None:
        return mail.at(element)
    return mail.places.of_value("color", style_of(setter).get("color", ""), setter)


def _color(element: Element) -> tuple[str, Element | None]:
    while element is not None:
        own = color_of(element)
        if own:
            return own, element if own != UNKNOWN else None
        element = element.getparent()
    return "#000000", None


def _ground(element: Element) -> str:
    grounds = []
    while element is not None:
        own = ground_of(element)
        if own == UNKNOWN:
            return UNKNOWN
        if own:
            grounds.append(own)
            if not is_clear(own):
                break
        element = element.getparent()
    return laid(grounds, "#ffffff")


def laid(grounds: Sequence[str], last: str) -> str:
    """What is seen of grounds, each over the next, the last of them over `last`; `UNKNOWN` when that shows, and is."""
    seen = last
    for one in reversed(grounds):
        if is_clear(one) and seen == UNKNOWN:
            return UNKNOWN
        seen = over(one, seen)
    return seen


def color_of(element: Element) -> str:
    """The colour that the element itself gives its words; nothing when it takes the one around it."""
    value = style_of(element).get("color") or element.get("color" if element.tag == "font" else "text") or ""
    if value and value not in ("inherit", "currentcolor"):
        return color_in(value)
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
    return ground_in(value)


def ground_in(value: str) -> str:
    """The colour that a background is given, alone or among other words; nothing when one sees through it."""
    words = [one for one in _PARTS.findall(value.strip().lower()) if one not in _NO_COLOR]
    if not words:
        return ""
    if len(words) > 1 or "url(" in value or "gradient" in value:
        return UNKNOWN
    color = as_hex(words[0]) or UNKNOWN
    return "" if color.endswith("00") and is_clear(color) else color


def color_in(value: str) -> str:
    """The colour that words are given; `UNKNOWN` also for words that are not to be seen."""
    color = as_hex(value) or UNKNOWN
    return UNKNOWN if color.endswith("00") and is_clear(color) else color


def is_large(element: Element) -> bool:
    """Whether the element's words are large text: 24 pixels, or 19 in bold."""
    size, _ = font_size(element)
    bold = element.tag in ("h1", "h2", "h3", "strong", "b", "th") or style_of(element).get("font-weight", "") in (
        "bold", "600", "700", "800", "900"
    )  # fmt: skip
    if size is None:
        return element.tag in ("h1", "h2")
    return size >= (_LARGE_BOLD if bold else _LARGE)
