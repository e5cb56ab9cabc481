"""Buttons and linked pictures that a thumb can hit, as far as their boxes can be computed.

Links inside sentences are left out, as WCAG does; so is whatever gets its size from what cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, style_of, words_of
from newsletter.checks.rule import warning
from newsletter.checks.typography import font_size
from newsletter.model import Finding, Severity

RULES = (
    warning(
        "target-size",
        "A thumb needs 44 by 44 pixels to hit a button, and a linked picture (an icon of a network) at least 24 by 24. "
        "Padding of the link counts, padding of the cell around it does not: a tap there does nothing. From 36 pixels "
        "a button is only a note: nobody can compute the last pixels of another program's font. Source: WCAG 2.2, "
        "success criteria 2.5.5 (44) and 2.5.8 (24); Apple's Human Interface Guidelines.",
    ),
)
_BUTTON, _PICTURE = 44.0, 24.0
_NEARLY = 36.0
_LENGTH = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(px|pt|em|rem)?")
_SIDES = ("top", "right", "bottom", "left")
_NO_BOX = re.compile(r"transparent|none|initial|inherit|0")
_PHRASES = frozenset({"b", "strong", "em", "i", "span", "font", "br", "u"})
_USUAL_LINE = 1.2
"""Of the text's size: the height of a line when nobody sets it."""
_WIDEST_LETTER = 0.7


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each button and linked picture that is certainly smaller."""
    for link in mail.page.shown("a"):
        if not (link.get("href") or "").strip():
            continue
        words = words_of(link)
        pictures = list(link.iter("img"))
        if _is_button(link) and not pictures and words:
            yield from _judged(mail, link, words, _button_box(link, words), _BUTTON)
        elif len(pictures) == 1 and not " ".join("".join(link.itertext()).split()):
            yield from _judged(mail, link, words, _picture_box(link, pictures[0]), _PICTURE)


def _judged(
    mail: Mail, link: Element, words: str, box: tuple[float | None, float | None], least: float
) -> Iterator[Finding]:
    width, height = box
    small = [
        f"{size:.0f} pixels {name}" for size, name in ((width, "wide"), (height, "high")) if size and size < least - 0.5
    ]
    if small:
        kind = "the button" if least == _BUTTON else "the linked picture"
        called = f"{kind} '{words[:40]}'" if words else "a linked picture"
        message = f"{called} is {' and '.join(small)}; a thumb needs {least:.0f}."
        fix = "Give the link itself more padding." if least == _BUTTON else "Make it larger, or pad the link."
        finding = RULES[0].finding(message, mail.at(link, words, link.get("href") or ""), fix=fix)
        nearly = least == _BUTTON and all(size is None or size >= _NEARLY for size in box)
        yield replace(finding, severity=Severity.INFO) if nearly else finding


def _is_button(link: Element) -> bool:
    """Whether it has a box of its own to see: a ground or a border, and room inside it or a block to itself."""
    style = style_of(link)
    grounds = [style.get(name, "") for name in ("background-color", "background")]
    ground = any(one and not _NO_BOX.match(one) for one in grounds)
    border = any(_border(style, side) for side in ("top", "left"))
    if not (ground or border):
        return False
    return style.get("display", "") in ("block", "inline-block") or any(name.startswith("padding") for name in style)


def _button_box(link: Element, words: str) -> tuple[float | None, float | None]:
    """The least width and the height in pixels of a button with one line of words; None where it cannot be told."""
    if any(one.tag not in _PHRASES or _has_box(one) for one in link.iterdescendants() if isinstance(one.tag, str)):
        return None, None
    style = style_of(link)
    size = font_size(link)[0] or 16.0
    around = [_edges(style, sides, size) for sides in (("left", "right"), ("top", "bottom"))]
    own = [_length(style.get(name, ""), size) for name in ("width", "height")]
    if None in around or any(style.get(f"min-{name}") for name in ("width", "height")):
        return None, None
    line = _line(link, size)
    letters = own[0] if own[0] is not None else len(words) * size * _WIDEST_LETTER
    if style.get("display") == "block" and own[0] is None:
        letters = _BUTTON  # as wide as what it stands in
    content = own[1] if own[1] is not None else line
    if style.get("box-sizing") == "border-box":
        return (own[0] or letters + (around[0] or 0)), (own[1] or line + (around[1] or 0))
    return letters + (around[0] or 0), content + (around[1] or 0)


def _picture_box(link: Element, picture: Element) -> tuple[float | None, float | None]:
    """The size of a linked picture with the link's padding; a pixel that counts is no target."""
    shown = style_of(picture)
    sizes = []
    for name in ("width", "height"):
        written = shown.get(name) or (picture.get(name) or "").strip().lower()
        size = _length(written, 16.0)
        if size is None or size <= 1:
            return None, None
        sizes.append(size)
    style = style_of(link)
    around = [_edges(style, sides, 16.0) for sides in (("left", "right"), ("top", "bottom"))]
    return sizes[0] + (around[0] or 0), sizes[1] + (around[1] or 0)


def _has_box(element: Element) -> bool:
    return any(name.startswith(("padding", "display", "height", "line-height")) for name in style_of(element))


def _line(link: Element, size: float) -> float:
    element = link
    while element is not None:
        value = style_of(element).get("line-height", "")
        match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(px|pt|%|em)?", value)
        if match:
            number = float(match[1])
            if match[2] in ("px", "pt"):
                return number * (4 / 3 if match[2] == "pt" else 1)
            return size * number / (100 if match[2] == "%" else 1)
        element = element.getparent()
    return size * _USUAL_LINE


def _edges(style: Mapping[str, str], sides: tuple[str, str], size: float) -> float | None:
    """Padding and borders on both sides, in pixels; None when a length is none we know."""
    total = 0.0
    for side in sides:
        padding = _length(_padding(style, side), size)
        if padding is None:
            return None
        total += padding + _border(style, side)
    return total


def _padding(style: Mapping[str, str], side: str) -> str:
    parts = style.get("padding", "0").split() or ["0"]
    place = _SIDES.index(side)
    whole = parts[place] if place < len(parts) else parts[place - 2] if place - 2 in range(len(parts)) else parts[0]
    own: str | None = None
    for name, value in style.items():
        if name == "padding":
            own = None  # the whole, said later, stands
        elif name == f"padding-{side}":
            own = value
    return whole if own is None else own


def _border(style: Mapping[str, str], side: str) -> float:
    for name in (f"border-{side}", "border"):
        value = style.get(name, "")
        if value:
            width = next((one for one in map(_pixels, value.split()) if one is not None), 0.0)
            return 0.0 if re.search(r"\bnone\b|\bhidden\b", value) or len(value.split()) == 1 else width
    return 0.0


def _pixels(text: str) -> float | None:
    match = _LENGTH.fullmatch(text)
    return float(match[1]) if match and match[2] in (None, "px") else None


def _length(text: str, size: float) -> float | None:
    """The length in pixels; a bare number is one, as in attributes."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        return None
    return float(match[1]) * {"px": 1.0, "pt": 4 / 3, "em": size, "rem": 16.0}.get(match[2] or "px", 1.0)
