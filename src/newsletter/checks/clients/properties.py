"""One CSS declaration where it stands → the features and cases it uses, and who is none the worse.

What a property does to a reader depends on what it stands on: Outlook for Windows knows `max-width` on tables alone,
but a ghost table does its work; `display:none` works there, except on pictures and tables inside. Sources: the notes
of Can I Email on the features named, and https://github.com/hteumeuleu/email-bugs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newsletter.checks.clients.conditions import Readers
from newsletter.checks.clients.css import Declaration
from newsletter.checks.clients.document import CELLS, COLUMNS, Element, stands_beside
from newsletter.checks.clients.property_names import property_feature
from newsletter.checks.clients.uses import Found
from newsletter.checks.clients.values import COLOURS, GRADIENTS, names_colour, numbers, pixels, value_features

NOBODY, OUTLOOK, ALL = Readers.NOBODY, Readers.OUTLOOK, Readers.ALL
_SIZES = frozenset("width min-width max-width height min-height max-height font-size".split())
_HAIR = 2
"""Pixels: what a negative margin of that little moves nobody sees (hybrid columns close a gap with 1px)."""
_THICKEST_BORDER = 8
_BOXES = (
    "body",
    "div",
    "p",
    "span",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "center",
    "ul",
    "h1",
    "h2",
    "h3",
)
_URL = re.compile(r"url\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Block:
    """The declarations that hold together, on the element they dress: None when it is not known which that is."""

    declarations: Sequence[Declaration]
    element: Element | None
    inline: bool

    def last(self, name: str) -> str:
        """The value the property ends up with here, in small letters."""
        values = [one.value for one in self.declarations if one.name == name]
        return values[-1].lower() if values else ""

    @property
    def hidden(self) -> bool:
        """Whether nothing here is meant to be seen."""
        return self.last("display") == "none"


def block_features(block: Block, known: Collection[str]) -> Iterator[tuple[Declaration, Found]]:
    """What each declaration uses of the features known; a value a plainer one stands before harms nobody."""
    earlier: dict[str, list[str]] = {}
    for one in block.declarations:
        if not one.name.startswith(("mso-", "--")):
            for found in _features(one, block, earlier):
                if found.feature in known:
                    yield one, found
        earlier.setdefault(one.name, []).append(one.value)


def features_of(one: Declaration, block: Block) -> list[tuple[str, str]]:
    """The features, with their cases, that the declaration by itself is made of, whatever stands in for them."""
    special = _SPECIAL.get(one.name)
    found = list(special(one, block) if special is not None else _plainly(one))
    return [(each.feature, each.case) for each in found] + list(value_features(one.name, one.value))


def _features(one: Declaration, block: Block, earlier: Mapping[str, list[str]]) -> Iterator[Found]:
    if block.hidden and one.name != "display":
        # The preheader's whole armoury against being seen: one of them is enough.
        return
    special = _SPECIAL.get(one.name)
    yield from special(one, block) if special is not None else _plainly(one)
    yield from _value(one, block, earlier)
    if one.important and (block.inline or one.tight):
        yield Found("css-important", "inline" if block.inline else "tight")


def _plainly(one: Declaration) -> Iterator[Found]:
    yield Found(property_feature(one.name))


def _value(one: Declaration, block: Block, earlier: Mapping[str, list[str]]) -> Iterator[Found]:
    """The units and functions of the value, unless a declaration before it says the same in plainer words."""
    backed = any(not _demanding(one.name, value) for value in earlier.get(one.name, ()))
    for feature, case in value_features(one.name, one.value):
        relieved = ALL if backed else NOBODY
        if feature in GRADIENTS:
            relieved = ALL if _has_ground(one, block) else _drawn(block)
        elif not case and one.name in _SIZES:
            case = "size"
        elif not case and feature in COLOURS | {"css-variables"} and one.name.startswith(("background", "color")):
            case = "colour"
        yield Found(feature, case, relieved)


def _demanding(name: str, value: str) -> bool:
    return bool(_URL.search(value)) or any(
        not one.startswith("css-unit-") or one[9:] in _NEW_UNITS for one, _ in value_features(name, value)
    )


_NEW_UNITS = frozenset("rem vh vw vmin vmax ch calc initial".split())


def _margin(one: Declaration, block: Block) -> Iterator[Found]:
    values = numbers(one.value)
    element = block.element
    if any(number < 0 for number, _ in values):
        hair = all(number >= -_HAIR for number, _ in values)
        yield Found("css-margin", "negative", ALL if hair else NOBODY)
    if "auto" in one.value.lower() and element is not None and element.name == "table":
        full = element.value("width") == "100%" or block.last("width") == "100%" or "width:100%" in _squeezed(element)
        yield Found("css-margin", "auto", ALL if full or _centred(element) else NOBODY)


def _centred(element: Element) -> bool:
    return any(
        one.name == "center" or one.value("align").lower() == "center" or "text-align:center" in _squeezed(one)
        for one in (element, *element.parents())
    )


def _squeezed(element: Element) -> str:
    return element.value("style").replace(" ", "").lower()


def _padding(one: Declaration, block: Block) -> Iterator[Found]:
    if block.element is None or block.element.name in CELLS or all(number == 0 for number, _ in numbers(one.value)):
        return
    relieved = OUTLOOK if block.last("mso-padding-alt") else NOBODY
    yield Found("css-padding", "link" if block.element.name == "a" else "not-cell", relieved)


def _max_width(one: Declaration, block: Block) -> Iterator[Found]:
    element = block.element
    width = pixels(one.value)
    if width is None or width == 0 or element is None or element.name == "img":
        # A share of the room changes nothing where it is not understood; a picture's own width is another matter.
        if element is not None and element.name == "img" and one.value.lower() != "none":
            yield from _picture_width(element, "picture")
        return
    held = _held(element) or (pixels(block.last("width")) is not None and element.name in ("table", *CELLS))
    case = "table" if element.name == "table" else "text" if _is_text(element, block) else "not-table"
    yield Found("css-max-width", case, OUTLOOK if held else NOBODY)


def _is_text(element: Element, block: Block) -> bool:
    """Whether the element is one column of nothing but words: long lines are all that comes of a wide one."""
    beside = block.last("display") not in ("", "block") or block.last("float") in ("left", "right")
    return element.name not in CELLS and not (
        beside or stands_beside(element) or element.vml or element.holds & {"img", COLUMNS}
    )


def _held(element: Element) -> bool:
    """Whether something around the element, or its own attribute, gives it a width in pixels for Outlook."""
    return element.boxed or element.sized or any(one.sized for one in element.parents())


def _picture_width(element: Element, case: str) -> Iterator[Found]:
    width = element.value("width").strip()
    if not re.fullmatch(r"\d+(px)?", width) and not width.endswith("%"):
        yield Found("css-max-width" if case == "picture" else "css-width", case)


def _width(one: Declaration, block: Block) -> Iterator[Found]:
    element = block.element
    if element is None:
        return
    if element.name == "img":
        if one.value.lower() not in ("auto", "inherit"):
            yield from _picture_width(element, "image")
    elif element.name in _BOXES and (pixels(one.value) or 0) > 0:
        yield Found("css-width", "box", OUTLOOK if _held(element) else NOBODY)


def _height(one: Declaration, block: Block) -> Iterator[Found]:
    if block.element is not None and block.element.name in _BOXES and (pixels(one.value) or 0) > 0:
        yield Found("css-height", "box")


def _display(one: Declaration, block: Block) -> Iterator[Found]:
    value, element = one.value.lower(), block.element
    if value == "none":
        relieved = OUTLOOK if "all" in block.last("mso-hide") else NOBODY
        case = ""
        if element is not None:
            case = "image" if element.name == "img" else "tables" if "table" in element.holds else ""
        yield Found("css-display-none", case, relieved)
    elif value in ("flex", "inline-flex"):
        yield Found("css-display-flex")
    elif value in ("grid", "inline-grid"):
        yield Found("css-display-grid")
    elif value in ("inline-block", "table-cell") and element is not None and element.name == "div":
        if block.last("width") or block.last("max-width"):
            around = element.parent.ghosts if element.parent is not None else 0
            yield Found("css-display", "column", OUTLOOK if element.ghosts > around else NOBODY)
    elif value in ("flow-root", "contents"):
        yield Found("css-display")


def _float(one: Declaration, block: Block) -> Iterator[Found]:
    value, element = one.value.lower(), block.element
    if value in ("none", "inherit") or (element is not None and element.name in CELLS):
        return
    # A floating table with nothing after it stands where it would stand anyway.
    done = element is not None and (
        element.value("align")
        or element.ghosts > _ghosts_around(element)
        or (element.name == "table" and value == "left" and not element.followed)
    )
    yield Found("css-float", "logical" if value.startswith("inline-") else "", OUTLOOK if done else NOBODY)


def _ghosts_around(element: Element) -> int:
    return 0 if element.parent is None else element.parent.ghosts


def _position(one: Declaration, block: Block) -> Iterator[Found]:
    value = one.value.lower()
    if value in ("relative", "absolute", "fixed", "sticky"):
        yield Found("css-position", value)


def _visibility(one: Declaration, block: Block) -> Iterator[Found]:
    # A cell of no size holds nothing that could show.
    if one.value.lower() == "hidden" and not any(
        pixels(block.last(name)) == 0 or block.last(name) == "0"
        for name in ("width", "height", "max-height", "font-size")
    ):
        yield Found("css-visibility", "", OUTLOOK if "all" in block.last("mso-hide") else NOBODY)


def _opacity(one: Declaration, block: Block) -> Iterator[Found]:
    gone = [number for number, _ in numbers(one.value)] == [0.0]
    yield Found("css-opacity", "hidden" if gone else "", OUTLOOK if "all" in block.last("mso-hide") else NOBODY)


def _background(one: Declaration, block: Block) -> Iterator[Found]:
    if not _URL.search(one.value):
        return
    yield Found("css-background-image", "", ALL if _has_ground(one, block) else _drawn(block))
    if one.name == "background" and "/" in re.sub(r"url\([^)]*\)", "", one.value, flags=re.IGNORECASE):
        yield Found("css-background", "slash", ALL if _has_ground(one, block) else NOBODY)


def _has_ground(one: Declaration, block: Block) -> bool:
    """Whether a plain colour is left where the picture or the gradient is not drawn."""
    if block.element is not None and block.element.value("bgcolor"):
        return True
    picture = one.name == "background" and not any(f in GRADIENTS for f, _ in value_features(one.name, one.value))
    if picture and names_colour(one.value):
        return True
    return any(
        other.name in ("background", "background-color") and names_colour(other.value) and other.value != one.value
        for other in block.declarations
    )


def _drawn(block: Block) -> Readers:
    return OUTLOOK if block.element is not None and block.element.vml else NOBODY


def _border(one: Declaration, block: Block) -> Iterator[Found]:
    if any(number > _THICKEST_BORDER and unit == "px" for number, unit in numbers(one.value)):
        yield Found("css-border", "thick")


def _worded(feature: str, cases: Mapping[str, str]) -> Callable[[Declaration, Block], Iterator[Found]]:
    """A reader of keywords: which word in the value is which case of the feature."""

    def read(one: Declaration, block: Block) -> Iterator[Found]:
        words = set(re.findall(r"[-\w]+", one.value.lower()))
        found = [case for word, case in cases.items() if word in words]
        yield Found(feature, found[0] if found else "")

    return read


def _border_radius(one: Declaration, block: Block) -> Iterator[Found]:
    if any(number > 0 for number, _ in numbers(one.value)):
        yield Found("css-border-radius", "slash" if "/" in one.value else "")


def _list_style(one: Declaration, block: Block) -> Iterator[Found]:
    yield Found("css-list-style", "image" if _URL.search(one.value) else "")


def _text_indent(one: Declaration, block: Block) -> Iterator[Found]:
    yield Found("css-text-indent", "negative" if any(number < 0 for number, _ in numbers(one.value)) else "")


def _outline(one: Declaration, block: Block) -> Iterator[Found]:
    if one.value.lower() not in ("none", "0", "0px"):
        yield Found("css-outline")


def _transform(one: Declaration, block: Block) -> Iterator[Found]:
    if one.value.lower() != "none":
        yield Found("css-transform")


_SPECIAL: dict[str, Callable[[Declaration, Block], Iterator[Found]]] = {
    **dict.fromkeys(("margin", "margin-top", "margin-right", "margin-bottom", "margin-left"), _margin),
    **dict.fromkeys(("padding", "padding-top", "padding-right", "padding-bottom", "padding-left"), _padding),
    **dict.fromkeys(("border", "border-top", "border-right", "border-bottom", "border-left", "border-width"), _border),
    "max-width": _max_width,
    "width": _width,
    "height": _height,
    "display": _display,
    "float": _float,
    "position": _position,
    "visibility": _visibility,
    "opacity": _opacity,
    "background": _background,
    "background-image": _background,
    "border-radius": _border_radius,
    "list-style": _list_style,
    "text-indent": _text_indent,
    "outline": _outline,
    "transform": _transform,
    "text-align": _worded("css-text-align", {"start": "flow", "end": "flow", "match-parent": "match-parent"}),
    "text-transform": _worded("css-text-transform", {"lowercase": "lowercase"}),
    "text-decoration": _worded("css-text-decoration", {"overline": "overline"}),
}
