"""The words of a drawing → what of them is not drawn in the font asked for, in words.

Which fonts a machine has is tried out with what draws: a family or a character it cannot draw leaves no trace of its
own. Families that are not there are drawn in `FALLBACK`; a text with letters that it lacks is drawn whole in a font
that has them all, and where none has, as boxes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO
from typing import Any
from unicodedata import category

from newsletter.rendering.resvg import FALLBACK, draw_png
from newsletter.rendering.svg_text import Words

_PLAIN = {"sans-serif", "system-ui", "ui-sans-serif", "-apple-system", "blinkmacsystemfont", FALLBACK.lower()}
"""Families that the fallback is a fair answer to."""
_OTHER_GENERICS = {"serif", "monospace", "cursive", "fantasy", "ui-serif", "ui-monospace", "math"}
_MOST_SAID = 5
_MOST_LISTED = 8
_NOT_SEEN = {"Cc", "Cf", "Cs", "Mn", "Mc", "Me", "Zs", "Zl", "Zp"}
"""Unicode categories of characters that show nothing of their own."""
_CELL = 48


def font_gaps(words: Iterable[Words]) -> list[str]:
    """What is drawn in another font than the one asked for, or in none."""
    words = tuple(words)
    foreign = {one: letters for one in words if _is_in_fallback(one) and (letters := foreign_characters(one.text))}
    gaps = []
    for families in dict.fromkeys(one.families for one in words):
        if families and not any(_is_served(family) for family in families):
            asked = printable(", ".join(families))[:80]
            drawn = "another font" if any(one.families == families for one in foreign) else FALLBACK
            gaps.append(
                f"text in {asked} is drawn in {drawn}, because that font is not installed here. "
                "Convert the text to paths, or install the font."
            )
    if len(gaps) > _MOST_SAID:
        gaps = [*gaps[:_MOST_SAID], f"and text in {len(gaps) - _MOST_SAID} more fonts that are not installed here."]
    missing = missing_characters("".join(sorted(set("".join(one.text for one in words)))))
    # One letter that no font has, and resvg draws all of the text in its first font, with a box for each it lacks.
    boxed = "".join(letters for one, letters in foreign.items() if missing_characters(one.text))
    borrowed = "".join(letters for one, letters in foreign.items() if not missing_characters(one.text))
    if missing:
        shown = _listed(dict.fromkeys(missing + boxed))
        gaps.append(f"no font here has all the letters: readers see boxes for {shown}. Convert the text to paths.")
    if borrowed:
        gaps.append(
            f"{FALLBACK} has no {_listed(dict.fromkeys(borrowed))}: the whole text is drawn in another font of this "
            "machine, perhaps a bolder one. Convert the text to paths."
        )
    return gaps


def _listed(characters: Iterable[str]) -> str:
    """The first few, each with its code point."""
    first = list(characters)[:_MOST_LISTED]
    return " ".join(f"{one} (U+{ord(one):04X})" if one.isprintable() else f"U+{ord(one):04X}" for one in first)


def _is_in_fallback(words: Words) -> bool:
    """Whether no family named for the text is one of this machine's own."""
    return all(family.lower() in _PLAIN | _OTHER_GENERICS or not is_installed(family) for family in words.families)


def _is_served(family: str) -> bool:
    name = family.lower()
    return name in _PLAIN or (name not in _OTHER_GENERICS and is_installed(family))


@lru_cache(maxsize=512)
def is_installed(family: str) -> bool:
    """Whether text that asks for that family is drawn in it: tried out, with every fallback off."""
    from xml.sax.saxutils import quoteattr

    name = quoteattr('"' + printable(family).replace("\\", "").replace('"', "") + '"')
    return (
        _ink(draw_png(_sheet([f'<text x="4" y="36" font-size="24" font-family={name}>A</text>']), _CELL, True, "")) > 0
    )


def printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable())


@lru_cache(maxsize=512)
def missing_characters(characters: str) -> str:
    """The first few that no font here has."""
    return _without_look(characters, installed=True)[:_MOST_SAID]


@lru_cache(maxsize=512)
def foreign_characters(characters: str) -> str:
    """The first few that `FALLBACK` has not."""
    return _without_look(characters, installed=False)[:_MOST_LISTED]


def _without_look(characters: str, installed: bool) -> str:
    """Some of those that look like a code point that no font can have."""
    from html import escape

    asked = [one for one in dict.fromkeys(characters) if ord(one) >= 0x180 and category(one) not in _NOT_SEEN]
    missing = ""
    for start in range(0, len(asked), 200):
        batch = ["\U0010ffff", *asked[start : start + 200]]
        cells = [
            f'<text x="{number * _CELL + 4}" y="36" font-size="24">{escape(one)}</text>'
            for number, one in enumerate(batch)
        ]
        pixels = _pixels(draw_png(_sheet(cells), _CELL * len(cells), has_text=True, installed=installed))
        looks = [pixels.crop((n * _CELL, 0, (n + 1) * _CELL, _CELL)).tobytes() for n in range(len(batch))]
        missing += "".join(one for one, look in zip(batch[1:], looks[1:], strict=True) if look == looks[0])
        if len(missing) > _MOST_LISTED:
            break
    return missing


def _sheet(cells: list[str]) -> str:
    size = f'width="{_CELL * len(cells)}" height="{_CELL}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(cells)}</svg>'


def _pixels(png: bytes) -> Any:
    from PIL import Image as Pillow

    with Pillow.open(BytesIO(png)) as drawn:
        return drawn.convert("RGBA")


def _ink(png: bytes) -> int:
    """How many pixels something was drawn on."""
    return sum(_pixels(png).getchannel("A").histogram()[1:])
