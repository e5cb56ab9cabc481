"""CSS rules → style attributes, by premailer 3.10, held so that it can do no harm.

In: the tree of a whole HTML page. Out: the same tree inlined. The library finds which rule meets which element. It
never sees a declaration, only numbers that stand for them (`p{-r0:1}`): it would fetch what they import, lose fallbacks
and what is newer than itself, and mix its caches up. Which declarations apply is settled here, by the cascade. It is
not thread-safe: one page at a time. Checked at the end: not one word is lost.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from threading import Lock
from types import ModuleType
from typing import Any

from lxml import etree

from newsletter.errors import NewsletterError
from newsletter.markup import unended
from newsletter.rendering.stylesheets import (
    Declaration,
    Inlinable,
    Kept,
    Part,
    StylesheetTooDeep,
    as_ascii_css,
    cascade,
    read_declarations,
    read_stylesheet,
    style_texts,
)

_lock = Lock()
_CACHE_SIZE = 8192
_MOST_SHEETS = 64
_MARK = "data-premailer"
_INLINE = "-inline:1"
_NUMBER = re.compile(r"-r(\d+):1")
_UNSEEN = frozenset({"head", "title", "meta", "link", "style", "script", "base"})
_ALIGN = frozenset({"left", "right", "center", "justify"})
_VALIGN = frozenset({"top", "middle", "bottom", "baseline"})
_SHORT_HEX = re.compile(r"^#([0-9a-f])([0-9a-f])([0-9a-f])$", re.IGNORECASE)
_COLOR = re.compile(r"#[0-9a-f]{6}|[a-z]{3,}", re.IGNORECASE)
_NO_COLOR = frozenset({"transparent", "inherit", "initial", "unset", "revert", "currentcolor", "none"})

Element = Any
"""An lxml element; lxml's own classes are not generic over their children."""


class InliningFailed(NewsletterError):
    """The page cannot be inlined without losing something of it."""


def parse_page(markup: str) -> Element:
    """The page as a tree, whole: libxml2 silently drops what is nested deeper than 256 without `huge_tree`, and what
    follows the end of the page."""
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8", default_doctype=False)
    page = etree.fromstring(unended(markup).encode(), parser)
    if page is None:
        raise InliningFailed("the page is empty.")
    if any("depth" in entry.message for entry in parser.error_log):
        raise InliningFailed("the page is nested too deeply to be read whole. Take out tags that are never closed.")
    return page


def serialize_page(page: Element) -> str:
    """The tree as ASCII HTML with the HTML5 doctype; other characters as numeric references."""
    written = etree.tostring(page, method="html", encoding="ascii", doctype="<!DOCTYPE html>")
    return written.decode("ascii")


def inline_css(page: Element) -> None:
    """Move the rules of `<style>` into style attributes.

    What cannot go there stays in `<style>`: at-rules, pseudo-classes, selectors made for one mail client. A
    `<style data-premailer="ignore">` stays as it is. Raises `InliningFailed`.
    """
    letters = _letters(page)
    sheets = _take_sheets(page)
    rules = [part for _, parts in sheets for part in parts if isinstance(part, Inlinable)]
    matched = _apply(page, rules)
    place = 0
    for style, parts in sheets:
        kept: list[Kept] = []
        for part in parts:
            if isinstance(part, Kept):
                kept.append(part)
                continue
            if part.otherwise and place not in matched:
                kept.append(part.otherwise)
            place += 1
        _replace_style(style, style_texts(kept))
    for style in page.iter("style"):
        style.attrib.pop(_MARK, None)
        style.text = as_ascii_css(style.text or "")
    left = _letters(page)
    if left != letters:
        at = next((at for at, (was, now) in enumerate(zip(letters, left, strict=False)) if was != now), len(left))
        raise InliningFailed(f"inlining the CSS lost some of the text, from '{letters[at : at + 20]}' on.")


def _take_sheets(page: Element) -> list[tuple[Element, tuple[Part, ...]]]:
    """The style elements that are not to be left alone, with what they say; all are hidden from premailer."""
    sheets = []
    for style in page.iter("style"):
        ignored = style.get(_MARK) == "ignore" or style.get("type", "text/css").strip().lower() not in ("", "text/css")
        style.set(_MARK, "ignore")
        if ignored:
            continue
        only_keep = style.get("media", "all").strip().lower() not in ("", "all", "screen")
        try:
            sheets.append((style, read_stylesheet(style.text or "", only_keep)))
        except StylesheetTooDeep as error:
            raise InliningFailed(f"line {style.sourceline}: {error}") from error
    return sheets


def _apply(page: Element, rules: Sequence[Inlinable]) -> set[int]:
    """Set the style attributes; the places of the rules that matched something."""
    if not rules:
        _align_pictures(page)
        return set()
    written = {element: element.get("style") for element in page.xpath("//*[@style]")}
    for element in written:
        element.set("style", _INLINE)
    try:
        with _lock:
            _transform(page, "\n".join(f"{rule.selector}{{-r{place}:1}}" for place, rule in enumerate(rules)))
    finally:
        met = {element: element.get("style") for element in page.xpath("//*[@style]")}
        for element in met:
            if element in written:
                element.set("style", written[element])
            else:
                del element.attrib["style"]
    settled = _settling(rules)
    matched: set[int] = set()
    for element, tokens in met.items():
        places = tuple(sorted(int(number) for number in _NUMBER.findall(tokens)))
        matched.update(places)
        if places and element.tag not in _UNSEEN:
            declarations, style = settled(places, written.get(element) or "")
            element.set("style", style)
            _set_attributes(element, declarations)
    _align_pictures(page)
    return matched


def _settling(rules: Sequence[Inlinable]) -> Callable[[tuple[int, ...], str], tuple[list[Declaration], str]]:
    """Finds what applies to an element by the rules it matches and its own style; once for all that are alike."""

    @cache
    def settled(places: tuple[int, ...], own: str) -> tuple[list[Declaration], str]:
        ordered = sorted(places, key=lambda place: (rules[place].specificity, place))
        try:
            blocks = [*(rules[place].declarations for place in ordered), read_declarations(own)]
        except StylesheetTooDeep as error:
            raise InliningFailed(f"a style attribute: {error}") from error
        declarations = cascade(blocks)
        return declarations, "; ".join(str(one) for one in declarations)

    return settled


def _set_attributes(element: Element, declarations: Sequence[Declaration]) -> None:
    """The attributes that Outlook reads rather than CSS, where the value is one that they can hold."""
    values = {one.name: one.value.lower() for one in declarations}
    align, valign = values.get("text-align"), values.get("vertical-align")
    color = _SHORT_HEX.sub(r"#\1\1\2\2\3\3", values.get("background-color", ""))
    if align in _ALIGN:
        element.set("align", align)
    if valign in _VALIGN:
        element.set("valign", valign)
    if _COLOR.fullmatch(color) and color not in _NO_COLOR:
        element.set("bgcolor", color)


def _align_pictures(page: Element) -> None:
    for picture in page.xpath("//img[contains(@style, 'float')]"):
        values = {one.name: one.value for one in read_declarations(picture.get("style"))}
        if values.get("float") in ("left", "right"):
            picture.set("align", values["float"])


def _replace_style(style: Element, texts: Sequence[str]) -> None:
    """Put the texts where the style element stands, each into one of its own; none: take it out, but not its tail."""
    if not texts:
        before, parent = style.getprevious(), style.getparent()
        if before is not None:
            before.tail = (before.tail or "") + (style.tail or "")
        else:
            parent.text = (parent.text or "") + (style.tail or "")
        style.tail = None
        parent.remove(style)
        return
    style.text = texts[0]
    for text in reversed(texts[1:]):
        another = etree.Element("style", dict(style.attrib))
        another.text = text
        another.tail, style.tail = style.tail, "\n"
        style.addnext(another)


def _transform(page: Element, css: str) -> None:
    premailer = _library()
    try:
        _remembering()(
            page,
            css_text=css,
            allow_network=False,
            strip_important=False,
            disable_basic_attributes=["width", "height"],
            disable_validation=True,
            disable_leftover_css=True,
            include_star_selectors=True,
            align_floating_images=False,
            cssutils_logging_level=logging.CRITICAL,
        ).transform()
    finally:
        if len(premailer.cache.cache) > _CACHE_SIZE // 2:
            premailer.cache.cache.clear()


@lru_cache(maxsize=1)
def _library() -> Any:
    os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", str(_CACHE_SIZE))
    import cssutils

    with _nothing_to_fetch_with():
        import premailer
        import premailer.cache

    # No @import reaches cssutils, which would follow it whatever premailer is told; and if one did: never fetch.
    cssutils.util._defaultFetcher = lambda url: None
    return premailer


@lru_cache(maxsize=1)
def _remembering() -> Any:
    """premailer's class, which works the rules of a style sheet out once: all mails of an issue share theirs.

    Half of the time that an inlining takes. The rules are tuples of texts and numbers; what they are is decided by
    the arguments and the options that `_transform` gives, which are always the same.
    """
    known: dict[tuple[str, int], tuple[list[Any], list[Any]]] = {}

    class Remembering(_library().Premailer):  # type: ignore[misc]
        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
            asked = (css_body, ruleset_index)
            if asked not in known:
                if len(known) >= _MOST_SHEETS:
                    known.clear()
                known[asked] = super()._parse_style_rules(css_body, ruleset_index)
            rules, left = known[asked]
            return list(rules), list(left)

    return Remembering


@contextmanager
def _nothing_to_fetch_with() -> Iterator[None]:
    """An empty module in the place of requests: premailer loads it for pages it is to fetch, and ours never are."""
    theirs = sys.modules.get("requests")
    sys.modules["requests"] = ModuleType("requests", "Nothing is fetched.")
    try:
        yield
    finally:
        del sys.modules["requests"]
        if theirs is not None:
            sys.modules["requests"] = theirs


def _letters(page: Element) -> str:
    """All that can be read on the page; white space around a `<style>` may change."""
    return "".join("".join(page.xpath("//text()[not(ancestor::style)]")).split())
