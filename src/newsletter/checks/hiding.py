"""What of a page's text nobody sees: how it is hidden, and how much there is of it.

In: a page whose CSS stands in style attributes. Out: each outermost element that hides more than a preheader or a label
for screen readers does. Left alone is what a rule for phones or a tap may show again, and what only Outlook hides
(`mso-hide`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from newsletter.checks.page import Element, Page, style_of

FILLER = re.compile("[\u00ad\u034f\u2000-\u200f\u2028-\u202f\u2060-\u2064\ufeff\xa0]")
"""Spaces and signs that show nothing, which preheaders are filled up with."""
_MOST_LETTERS = 200
"""Spaces and fillers are not counted. A preheader has 40 to 130; what inboxes show of one ends before 150."""
_MOST_AHEAD = 500
"""Of what stands first on the page: some write a long preheader for who has their mail read out (Cerberus, ~490)."""
_MOST_OFF_SCREEN = 100
"""A label for screen readers is shorter, and no preheader is pushed off the screen."""
_FAR = 500.0
_SMALLEST = 1.0
_HIDERS = ("div", "span", "p", "td", "th", "font", "a", "li", "table", "tr", "section", "h1", "h2", "h3")
_LENGTH = re.compile(r"(-?(?:\d+(?:\.\d+)?|\.\d+))(px|pt|em|rem)?")
_CHANGES = re.compile(r"@media|:(?:checked|hover|target|focus)\b", re.IGNORECASE)
_NOT_READ = frozenset({"style", "script", "title", "head"})


def hidden_texts(page: Page) -> Iterator[tuple[Element, int, str]]:
    """Each element that hides too much text, how many letters, and how: 'hidden', 'pushed off the screen'."""
    told: set[Element] = set()
    may_change = _CHANGES.search(page.source) is not None
    for element in page.all(*_HIDERS):
        if may_change and (element.get("class") or element.get("id")):
            continue
        how, most = _how(element)
        if not how or any(one in told for one in element.iterancestors()):
            continue
        count = _letters(element, how == _TINY)
        if count > (_MOST_AHEAD if how == _HIDDEN and element is page.preheader else most):
            told.add(element)
            yield element, count, how


_HIDDEN, _TINY, _OFF = "hidden", "too small to be seen", "pushed off the screen"


def _how(element: Element) -> tuple[str, int]:
    """How the element's own style hides what is in it, and how many letters it may; nothing when it does not."""
    style = style_of(element)
    if (
        style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or style.get("opacity") in ("0", "0.0", ".0")
    ):
        return _HIDDEN, _MOST_LETTERS
    clipped = "hidden" in (style.get("overflow"), style.get("overflow-y"))
    if clipped and any(_pixels(style.get(name, "")) in (0.0, 1.0) for name in ("height", "max-height")):
        return _HIDDEN, _MOST_LETTERS
    if _is_off_screen(style):
        return _OFF, _MOST_OFF_SCREEN
    size = _pixels(style.get("font-size", ""))
    return (_TINY, _MOST_LETTERS) if size is not None and size <= _SMALLEST else ("", 0)


def _is_off_screen(style: Mapping[str, str]) -> bool:
    indent = _pixels(style.get("text-indent", ""))
    if indent is not None and abs(indent) >= _FAR:
        return True
    sides = ["margin-left", "margin-top"]
    if style.get("position") in ("absolute", "fixed", "relative"):
        sides += ["left", "top"]
        if any((_pixels(style.get(side, "")) or 0.0) <= -_FAR for side in ("right", "bottom")):
            return True
    return any((_pixels(style.get(side, "")) or 0.0) <= -_FAR for side in sides)


def _pixels(value: str) -> float | None:
    """A length of CSS in pixels, letters taken as 16 high; None when it is none."""
    match = _LENGTH.fullmatch(value.strip())
    if match is None or (not match[2] and float(match[1])):
        return None
    return float(match[1]) * {"pt": 4 / 3, "em": 16.0, "rem": 16.0}.get(match[2] or "px", 1.0)


def _letters(element: Element, tiny: bool) -> int:
    """How many letters it hides; of `tiny` text, what inside has no larger size of its own."""
    parts = []
    for one in element.iter():
        if isinstance(one.tag, str) and one.tag not in _NOT_READ and (not tiny or _is_tiny(one)):
            parts += [one.text or "", *(child.tail or "" for child in one)]
    return len("".join(FILLER.sub("", "".join(parts)).split()))


def _is_tiny(element: Element) -> bool:
    while element is not None:
        value = style_of(element).get("font-size", "")
        size = _pixels(value)
        # A share of what is too small is so, too.
        if size is not None and (size == 0.0 or not value.endswith("em")):
            return size <= _SMALLEST
        element = element.getparent()
    return False
