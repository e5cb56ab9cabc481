"""Whether a page is seen in the order in which it is written, which is the order it is read aloud in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, style_of, words_of
from newsletter.checks.rule import warning
from newsletter.model import Finding

RULES = (
    warning(
        "reading-order",
        "A screen reader, and a phone that stacks columns, follow the source; `dir=rtl` on a table of left-to-right "
        "words, floats, flex order and large negative margins show it in another order, so the answer comes before "
        "the question. Source: WCAG 2.2, success criterion 1.3.2, techniques C27 and F1.",
    ),
    warning(
        "html-dir",
        'A page in Arabic, Hebrew, Persian or Urdu needs dir="rtl", or its lines, lists and punctuation are laid out '
        "from the wrong side. Source: W3C Internationalization, 'Structural markup and right-to-left text in HTML'.",
    ),
)
_ORDER, _DIR = RULES
_FIX = "Write the parts in the order they are to be read."
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_RTL_LANGUAGES = frozenset("ar he iw fa ur yi ps sd ug dv ku-arab".split())
_FAR = 40.0
"""Pixels: what is moved further stands over something else."""
_BOXES = ("table", "tr", "td", "th", "div", "tbody", "section")


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each box whose parts are seen in another order than they are written."""
    yield from _direction(mail)
    told: set[Element] = set()
    for element in mail.page.shown(*_BOXES):
        reason = _reason(element)
        if reason and not any(one in told for one in element.iterancestors()):
            told.add(element)
            yield _ORDER.finding(reason, mail.at(element), fix=_FIX)


def _direction(mail: Mail) -> Iterator[Finding]:
    root = mail.page.root
    language = (root.get("lang") or "").lower()
    if language.split("-")[0] not in _RTL_LANGUAGES and language not in _RTL_LANGUAGES:
        return
    boxes = [root, *mail.page.root.iter("body", "table", "div")]
    if not any((one.get("dir") or style_of(one).get("direction", "")).lower() == "rtl" for one in boxes):
        message = f"the page is in '{language}' and nothing says that it runs from right to left."
        yield _DIR.finding(message, mail.at(root), fix='Write dir="rtl" on <html> and around the body.')


def _reason(element: Element) -> str:
    """Why its parts are seen in another order, or nothing."""
    style = style_of(element)
    if _is_turned(element):
        return 'dir="rtl" around left-to-right words shows the columns in reverse.'
    if "flex" in style.get("display", "") or "flex-flow" in style or "flex-direction" in style:
        if "reverse" in f"{style.get('flex-direction', '')} {style.get('flex-flow', '')}":
            return "a reversed flex box shows its parts from the last to the first."
        orders = [style_of(one).get("order", "0") for one in element if isinstance(one.tag, str)]
        if _numbers(orders) and orders != sorted(orders):
            return "`order` shows the parts of a flex box in another order than they are written."
    if style.get("float") == "right" and _overtaken(element):
        return "a float to the right stands before the float to the left that is seen first."
    moved = _moved(style.get("margin-top", "") or style.get("margin", "").split(" ")[0])
    if moved >= _FAR and element.getprevious() is not None and words_of(element):
        return f"a negative margin lifts the part {moved:.0f} pixels over what is written before it."
    return ""


def _is_turned(element: Element) -> bool:
    """Whether it is right-to-left inside left-to-right, with several parts of left-to-right words side by side."""
    if _own_direction(element) != "rtl" or _inherited(element) == "rtl":
        return False
    words = words_of(element)
    if not words or _RIGHT_TO_LEFT.search(words):
        return False
    rows = (element, *element.iterdescendants("tr", "div", "td"))
    return any(_parts(one) >= 2 and (_own_direction(one) or _inherited(one)) == "rtl" for one in rows)


def _parts(element: Element) -> int:
    """How many boxes stand side by side in it: cells, and blocks within a line."""
    return sum(
        1
        for one in element
        if isinstance(one.tag, str)
        and (one.tag in ("td", "th") or one.get("align") or "inline-" in style_of(one).get("display", ""))
        and (words_of(one) or one.find(".//img") is not None)
    )


def _own_direction(element: Element) -> str:
    return str(style_of(element).get("direction") or (element.get("dir") or "").lower())


def _inherited(element: Element) -> str:
    return next((found for one in element.iterancestors() if (found := _own_direction(one))), "ltr")


def _overtaken(element: Element) -> bool:
    """Whether the next box with words floats to the left of this one."""
    following = element.getnext()
    while following is not None and not isinstance(following.tag, str):
        following = following.getnext()
    if following is None or not words_of(element) or not words_of(following):
        return False
    return style_of(following).get("float") == "left" or (following.get("align") or "").lower() == "left"


def _numbers(orders: list[str]) -> bool:
    """Whether all are whole numbers of one digit, so that they can be compared as they are written."""
    return all(re.fullmatch(r"\d", one) for one in orders)


def _moved(text: str) -> float:
    match = re.fullmatch(r"-(\d+(?:\.\d+)?)(?:px)?", text.strip())
    return float(match[1]) if match else 0.0
