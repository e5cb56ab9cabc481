"""Running text that can be read on a phone: large enough, with room between the lines, and not torn apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from lxml import etree

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, own_words, style_of, words_of
from newsletter.checks.rule import warning
from newsletter.model import Finding

RULES = (
    warning(
        "font-size",
        "Running text under 14 pixels is hard to read, and iOS enlarges it, which breaks layouts. Footers may be "
        "smaller, from 10 pixels, and so may short lines such as captions, unless they are most of what a mail says, "
        "or a paragraph is under 12. Source: Apple's text-size-adjust behaviour; the Email Markup Consortium's advice.",
    ),
    warning(
        "line-height",
        "Lines of running text that stand closer than 1.3 of their size run into each other; 1.5 is better. Headings "
        "may stand closer. Source: WCAG 2.2, success criterion 1.4.12 (text must stand 1.5).",
    ),
    warning(
        "justified-text",
        "Justified text in a narrow column is full of holes, which is hard on readers with dyslexia. Source: WCAG 2.2, "
        "success criterion 1.4.8; British Dyslexia Association style guide.",
    ),
    warning(
        "emoji-run",
        "A screen reader names every emoji: 'party popper, party popper, party popper'. Two in a row are enough. "
        "Source: W3C's and Scope's advice on emoji.",
    ),
)
_SIZE, _LINE, _JUSTIFIED, _EMOJI = RULES
_RUNNING = 80
"""Characters from which text is read rather than glanced at. Shorter lines are read, too, where they are most of a
mail, or where one is a paragraph."""
_SENTENCE = 30
"""Characters from which a short paragraph says something, and is no date and no name."""
_SMALL, _FINE, _TINY, _CLOSE = 14.0, 12.0, 10.0, 1.3
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_PARAGRAPHS = frozenset(("p", "li", "dd", "blockquote"))
_ELSEWHERE = re.compile(r"browser|online|web ?version|webversion|navigateur|navegador", re.I)
"""What the line above a mail says that leads to its page on the web."""
_EMOJI_RUN = re.compile("(?:[\U0001f300-\U0001faff\u2600-\u27bf]\ufe0f?[\U0001f3fb-\U0001f3ff]?[ ]?){3,}")
_WORDS_SIZE = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0}
_FONT_TAG = (10.0, 13.0, 16.0, 18.0, 24.0, 32.0, 48.0)
_WRAPPERS = frozenset(("font", "span", "b", "strong", "i", "em"))
_USUAL = 16.0
"""Pixels of text that nobody sets."""
_SMALL_PRINT = 1500
"""Letters: more of them are no longer what every mail has at its end."""
_MOST = 0.5
"""Share of a mail's words."""
_LEGAL = re.compile(r"unsubscribe|abmelden|désabonner|desinscrever|darse de baja|all rights reserved|©|copyright", re.I)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """Warnings for running text, once for each place that sets it so."""
    told: set[tuple[str, Element]] = set()
    small_print = _SmallPrint(mail)
    for element in mail.page.shown():
        words = own_words(element)
        if len(words) >= _RUNNING:
            yield from _running(mail, element, words, told, small_print)
    yield from _short_lines(mail, told, small_print)
    for element in mail.page.shown():
        found = _EMOJI_RUN.search(element.text or "") or _EMOJI_RUN.search(element.tail or "")
        if found:
            fix = "Keep one, and say the rest in words."
            yield _EMOJI.finding("emoji follow each other.", mail.at(element, found[0].strip()), fix=fix)


def _running(
    mail: Mail, element: Element, words: str, told: set[tuple[str, Element]], small_print: _SmallPrint
) -> Iterator[Finding]:
    if _is_small(element, small_print):
        yield from _small(mail, element, words, told)
    if _is_close(element):
        yield from _close(mail, element, words, told)
    setter = _aligned(element)
    justified = setter is not None and (style_of(setter).get("text-align") or _said_align(setter)) == "justify"
    if justified and ("align", setter) not in told:
        told.add(("align", setter))
        yield _JUSTIFIED.finding(
            f"justified text: {_quoted(words)}.", mail.at(setter), fix="Set text-align to left (or start)."
        )


def _short_lines(mail: Mail, told: set[tuple[str, Element]], small_print: _SmallPrint) -> Iterator[Finding]:
    """What short lines are told for: all of them when they are most of the mail, else a paragraph in fine print."""
    lines = list(_lines(mail))
    own = [(one, words) for one, words, is_beside in lines if not is_beside]
    small = [(one, words) for one, words in own if _is_small(one, small_print)]
    close = [(one, words) for one, words in own if len(words) >= _SENTENCE and _is_close(one)]
    if _are_most(small, lines):
        for element, words in small:
            yield from _small(mail, element, words, told)
    if _are_most(close, lines):
        for element, words in close:
            yield from _close(mail, element, words, told)
    for element, words in own:
        if element.tag in _PARAGRAPHS and len(words) >= _SENTENCE:
            size, _ = font_size(_wrapped(element))
            if size is not None and size < _FINE and not small_print.holds(element):
                yield from _small(mail, element, words, told)


def _lines(mail: Mail) -> Iterator[tuple[Element, str, bool]]:
    """Each block with words of its own but headings, its words, and whether it belongs to what it stands beside:
    the caption of a picture, or the line on top that leads to the web."""
    first, picture = True, False
    for element in mail.page.shown():
        picture = picture or element.tag == "img"
        words = own_words(element)
        if words and element.tag not in _HEADINGS:
            yield element, words, first or picture or bool(_ELSEWHERE.search(words))
        first, picture = first and not words, picture and not words


def _are_most(some: list[tuple[Element, str]], lines: list[tuple[Element, str, bool]]) -> bool:
    count = sum(len(words) for _, words in some)
    return count >= _RUNNING and count > _MOST * sum(len(words) for _, words, _ in lines)


def _is_small(element: Element, small_print: _SmallPrint) -> bool:
    size, _ = font_size(_wrapped(element))
    return size is not None and (size < _TINY or (size < _SMALL and not small_print.holds(element)))


def _is_close(element: Element) -> bool:
    """Whether its lines run into each other. Those of a heading are large and few, and stand closer as they should."""
    if element.tag in _HEADINGS or any(one.tag in _HEADINGS for one in element.iterancestors()):
        return False
    height, _ = _line_height(element, font_size(element)[0] or 16.0)
    return height is not None and 0 < height < _CLOSE


def _small(mail: Mail, element: Element, words: str, told: set[tuple[str, Element]]) -> Iterator[Finding]:
    size, setter = font_size(_wrapped(element))
    if ("size", setter) not in told:
        told.add(("size", setter))
        message = f"running text of {round(size or 0, 1):g} pixels: {_quoted(words)}."
        yield _SIZE.finding(message, mail.at(setter), fix="Set it in 14 pixels or more.")


def _close(mail: Mail, element: Element, words: str, told: set[tuple[str, Element]]) -> Iterator[Finding]:
    height, setter = _line_height(element, font_size(element)[0] or 16.0)
    if ("line", setter) not in told:
        told.add(("line", setter))
        message = f"lines of running text stand {height:.2g} of their size apart: {_quoted(words)}."
        yield _LINE.finding(message, mail.at(setter), fix="Set line-height to 1.5.")


def _quoted(words: str) -> str:
    return f"'{words[:40]}…'"


def font_size(element: Element) -> tuple[float | None, Element | None]:
    """The size of the element's text in pixels, and what sets it; None when nobody can tell. A size that is only
    relative is one of the 16 pixels that mail programs begin with."""
    factor, relative = 1.0, None
    while element is not None:
        value = style_of(element).get("font-size", "")
        if not value and element.tag == "font" and (pixels := _font_tag(element.get("size") or "")):
            return pixels * factor, element
        if value in _WORDS_SIZE:
            return _WORDS_SIZE[value] * factor, element
        match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(px|pt|em|rem|%)", value)
        if match:
            number, unit = float(match[1]), match[2]
            if unit in ("px", "pt", "rem"):
                return number * {"px": 1.0, "pt": 4 / 3, "rem": 16.0}[unit] * factor, element
            factor *= number / (100 if unit == "%" else 1)
            relative = element if relative is None else relative
        elif value and value not in ("inherit", "larger", "smaller"):
            return None, None
        if element.tag in ("small", "sup", "sub"):
            factor *= 0.83
        element = element.getparent()
    return (None, None) if relative is None else (_USUAL * factor, relative)


def _wrapped(element: Element) -> Element:
    """The phrase that holds all words of the element (`<p><font size="1">…</font></p>`), else the element itself."""
    while (
        len(element) == 1 and element[0].tag in _WRAPPERS and not f"{element.text or ''}{element[0].tail or ''}".strip()
    ):
        element = element[0]
    return element


def _font_tag(size: str) -> float | None:
    """The pixels of `<font size>`, from 1 to 7, or so many more or less than 3 (HTML standard, 15.3.4)."""
    match = re.fullmatch(r"\s*([+-]?)(\d)\s*", size)
    if match is None:
        return None
    number = int(match[2])
    step = {"": number, "+": 3 + number, "-": 3 - number}[match[1]]
    return _FONT_TAG[min(7, max(1, step)) - 1]


def _line_height(element: Element, size: float) -> tuple[float | None, Element | None]:
    setter = _nearest(element, "line-height")
    if setter is None:
        return None, None
    value = style_of(setter)["line-height"]
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)(px|pt|%|em)?", value)
    if match is None:
        return None, None
    number = float(match[1])
    if match[2] in ("px", "pt"):
        return number * (4 / 3 if match[2] == "pt" else 1) / size, setter
    return number / (100 if match[2] == "%" else 1), setter


def _aligned(element: Element) -> Element | None:
    """What says how the element's lines are aligned, by style or by attribute."""
    while element is not None:
        if "text-align" in style_of(element) or _said_align(element):
            return element
        element = element.getparent()
    return None


def _said_align(element: Element) -> str:
    """What `align` says of lines; of a table or a picture it says where that stands."""
    return "" if element.tag in ("table", "img") else (element.get("align") or "").strip().lower()


def _nearest(element: Element, name: str) -> Element | None:
    while element is not None:
        if name in style_of(element):
            return element
        element = element.getparent()
    return None


class _SmallPrint:
    """What every mail has at its end: how to unsubscribe, whose it is."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail
        self._known: dict[Element, bool] = {}

    def holds(self, element: Element) -> bool:
        """Whether the element belongs to it: by its own words, or by those that stand around it.

        All of a mail may lie in one table. What holds most of its words makes small print only of what ends it.
        """
        holder = element
        for _ in range(5):
            if holder is None or holder.tag == "body":
                return False
            if holder not in self._known:
                words = words_of(holder)
                self._known[holder] = len(words) < _SMALL_PRINT and bool(_LEGAL.search(words))
            if self._known[holder]:
                most = len(words_of(holder)) > _MOST * self._before[None]
                return holder is element or not most or self._before.get(element, 0) > _MOST * self._before[None]
            holder = holder.getparent()
        return False

    @cached_property
    def _before(self) -> dict[Element | None, int]:
        """How many letters stand before each element; of None, how many there are."""
        before: dict[Element | None, int] = {}
        count = 0
        for event, element in etree.iterwalk(self._mail.page.body, events=("start", "end")):
            shown = not self._mail.page.is_hidden(element)
            if event == "start":
                before[element] = count
                count += len((element.text or "").strip()) if shown else 0
            else:
                count += len((element.tail or "").strip())
        return {**before, None: count}
