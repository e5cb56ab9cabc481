"""CSS rules → style attributes, by premailer 3.10, held so that it can do no harm.

In: the tree of a whole HTML page. Out: the same tree inlined. What the library gets wrong is worked around here and
nowhere else: it fetches `@import` (also from files), it is not thread-safe, one cache serves three functions, it maps
CSS width and height over the author's attributes, and strips `!important` from media queries. Checked at the end: not
one word is lost.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

import tinycss2
from lxml import etree

from newsletter.errors import NewsletterError

_lock = Lock()

Element = Any
"""An lxml element; lxml's own classes are not generic over their children."""


class InliningFailed(NewsletterError):
    """The page cannot be inlined without losing something of it."""


def parse_page(markup: str) -> Element:
    """The page as a tree. `huge_tree`: without it libxml2 silently drops all that is nested deeper than 256."""
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    page = etree.fromstring(markup.encode(), parser)
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
    """Move the rules of `<style>` into style attributes; `<style data-premailer="ignore">` and @media rules stay."""
    words = _words(page)
    for style in page.iter("style"):
        style.text = _without_imports(style.text or "")
    for element in page.xpath("//*[@style]"):
        if ":" not in element.get("style"):
            del element.attrib["style"]
    with _lock:
        _transform(page)
    lost = words - _words(page)
    if lost:
        raise InliningFailed(f"inlining the CSS lost {lost.total()} words, such as '{next(iter(lost))}'.")


def _transform(page: Element) -> None:
    premailer = _library()
    try:
        _inliner()(
            page,
            allow_network=False,
            strip_important=False,
            disable_basic_attributes=["width", "height"],
            disable_validation=True,
            cssutils_logging_level=logging.CRITICAL,
        ).transform()
    finally:
        # One cache serves three functions under the bare text as key: a page could poison it for the next one.
        if len(premailer.cache.cache) > _CACHE_SIZE // 2:
            premailer.cache.cache.clear()


_CACHE_SIZE = 8192


@lru_cache(maxsize=1)
def _library() -> Any:
    os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", str(_CACHE_SIZE))
    import cssutils
    import premailer
    import premailer.cache

    # @import is followed by cssutils itself, whatever premailer is told: never fetch, from anywhere.
    cssutils.util._defaultFetcher = lambda url: None
    return premailer


@lru_cache(maxsize=1)
def _inliner() -> Any:
    """Premailer, which spells out a stylesheet's rules anew for every page: the variants of an issue share theirs."""

    class Inliner(_library().Premailer):  # type: ignore[misc]  # untyped, and imported only when used
        def _parse_style_rules(self, css_body: str, ruleset_index: int) -> tuple[list[Any], list[Any]]:
            return _rules(css_body, ruleset_index, super()._parse_style_rules)

    return Inliner


_known_rules: dict[tuple[str, int], tuple[list[Any], list[Any]]] = {}
_MOST_STYLESHEETS = 64


def _rules(
    css: str, index: int, parse: Callable[[str, int], tuple[list[Any], list[Any]]]
) -> tuple[list[Any], list[Any]]:
    """The stylesheet's rules and what is left over; they depend on nothing but the text, its place and our options."""
    if (css, index) not in _known_rules:
        if len(_known_rules) >= _MOST_STYLESHEETS:
            _known_rules.clear()
        _known_rules[css, index] = parse(css, index)
    rules, left_over = _known_rules[css, index]
    return list(rules), list(left_over)


def _without_imports(css: str) -> str:
    if "@import" not in css.lower():
        return css
    rules = tinycss2.parse_stylesheet(css)
    kept = [rule for rule in rules if not (rule.type == "at-rule" and rule.lower_at_keyword == "import")]
    return str(tinycss2.serialize(kept))


def _words(page: Element) -> Counter[str]:
    texts = page.xpath("//text()[not(ancestor::style)]")
    return Counter(word for text in texts for word in text.split())
