"""A mail's HTML as a tree whose elements know where they begin in it.

In: HTML text, as sent or as a file holds it. Out: an lxml tree, each element's offset, its style, and what readers see
of it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from newsletter.expressions import TOKEN
from newsletter.markup import ATTRIBUTES, TAGLESS, unended

Element = Any
"""An lxml element; lxml's own classes are not generic over their children."""

MARK = "data-newsletter-offset"
_TAG = re.compile(
    rf"{TAGLESS}|<(?P<name>[a-zA-Z][a-zA-Z0-9:]*)(?=[\s/>])(?P<rest>{ATTRIBUTES})",
    re.DOTALL | re.IGNORECASE,
)
"""A start tag with its attributes: what looks like a tag in a quoted value is none."""
_CODE = frozenset({"code", "pre", "kbd", "samp", "tt"})
_NOT_SHOWN = frozenset({"head", "title", "style", "script", "meta", "link", "noscript", "template"})
_BLOCKS = frozenset("p div br hr li ul ol dl dt dd td th tr table h1 h2 h3 h4 h5 h6 blockquote pre".split())
"""What begins a line of its own: its words do not join those before it."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)


def marked(html: str) -> str:
    """The HTML, each of its tags carrying the offset at which it began."""

    def mark(found: re.Match[str]) -> str:
        return f'<{found["name"]} {MARK}="{found.start()}"{found["rest"]}' if found["name"] else found[0]

    return _TAG.sub(mark, html)


class Page:
    """The tree of a mail; `source` is the HTML its offsets count in."""

    def __init__(self, source: str, tree: str = "") -> None:
        self.source = source
        """The HTML as it is sent, or as its file holds it."""
        self._markup = unended(tree or marked(source))

    @cached_property
    def root(self) -> Element:
        """The html element; an empty one for an empty page."""
        parser = etree.HTMLParser(huge_tree=True, encoding="utf-8", default_doctype=False)
        root = etree.fromstring(self._markup.encode(), parser) if self._markup.strip() else None
        return etree.Element("html") if root is None else root

    @cached_property
    def body(self) -> Element:
        """The body, or the root of a fragment."""
        found = self.root.find("body")
        return self.root if found is None else found

    def all(self, *tags: str) -> Iterator[Element]:
        """Every element (of those tags) in the order of the page."""
        for element in self.root.iter(*tags):
            if isinstance(element.tag, str):
                yield element

    def shown(self, *tags: str) -> Iterator[Element]:
        """Every element that readers can see."""
        return (element for element in self.all(*tags) if not self.is_hidden(element))

    def is_hidden(self, element: Element) -> bool:
        """Whether it, or anything around it, is not to be seen."""
        asked: list[Element] = []
        while element is not None and element not in self._visible:
            if element in self._hidden or element.tag in _NOT_SHOWN or _HIDDEN.search(element.get("style") or ""):
                self._hidden.update(asked, (element,))
                return True
            asked.append(element)
            element = element.getparent()
        self._visible.update(asked)
        return False

    @cached_property
    def preheader(self) -> Element | None:
        """What stands first on the page, hidden, and says something; a page without may have one that is not hidden."""
        first = next((one for one in self.body.iter("div", "span", "p", "td") if words_of(one)), None)
        while first is not None and not self.is_hidden(first):
            first = next((one for one in first if isinstance(one.tag, str) and words_of(one)), None)
        return first

    def at_offset(self, offset: int) -> Element | None:
        """The element whose tag is the last to begin there or before; None before the first."""
        at = bisect_right(self._offsets[0], offset) - 1
        return self._offsets[1][at] if at >= 0 else None

    @cached_property
    def _offsets(self) -> tuple[list[int], list[Element]]:
        known = sorted(((offset_of(one), one) for one in self.all() if offset_of(one) >= 0), key=lambda pair: pair[0])
        return [offset for offset, _ in known], [one for _, one in known]

    @cached_property
    def _hidden(self) -> set[Element]:
        return set()

    @cached_property
    def _visible(self) -> set[Element]:
        return set()


def start_tags(html: str) -> Iterator[tuple[int, str, bool]]:
    """Each start tag outside comments: where it begins, what stands behind its name, and whether it ends."""
    for found in _TAG.finditer(html):
        if found["name"]:
            yield found.start(), found["rest"], found.end() < len(html)


def tag_in(html: str, name: str) -> re.Match[str] | None:
    """The first tag of that name, outside comments."""
    tags = re.finditer(rf"<!--.*?(?:-->|\Z)|<(?P<name>{name})\b", html, re.DOTALL | re.IGNORECASE)
    return next((one for one in tags if one["name"]), None)


def offset_of(element: Element) -> int:
    """Where the element's tag begins in the page's source; -1 when the parser made it up."""
    return int(element.get(MARK, "-1"))


def style_of(element: Element) -> Mapping[str, str]:
    """The element's own style by property, names and values in lower case; of two, the last."""
    return _style(element.get("style") or "")


@lru_cache(maxsize=4096)
def _style(text: str) -> Mapping[str, str]:
    """Styles repeat in a mail by the hundred, and many checks ask for them."""
    style: dict[str, str] = {}
    for declaration in text.split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            style[name.strip().lower()] = value.strip().lower().removesuffix("!important").strip()
    return MappingProxyType(style)


def words_of(element: Element) -> str:
    """The element's words on one line, and the alternative texts of its pictures."""
    parts: list[str] = []
    for part in element.iter():
        if not isinstance(part.tag, str):
            parts.append(part.tail or "" if part is not element else "")
            continue
        if part.tag == "img":
            parts.append(f" {part.get('alt') or ''} ")
        elif part.tag in _BLOCKS:
            parts.append(f" {part.text or ''}")
        elif part.tag not in _NOT_SHOWN:
            parts.append(part.text or "")
        if part is not element:
            parts.append(f" {part.tail or ''}" if part.tag in _BLOCKS else part.tail or "")
    return " ".join("".join(parts).split())


def is_code(element: Element) -> bool:
    """Whether it is, or stands in, code."""
    return any(one.tag in _CODE for one in (element, *element.iterancestors()))


def texts_of(element: Element) -> Iterator[str]:
    """The texts that stand in the element itself, but in code."""
    if is_code(element):
        return
    yield element.text or ""
    for child in element:
        yield child.tail or ""


def words_before(element: Element, number: int) -> str:
    """All text in the element that stands before that one of its own (`texts_of`), with its line ends."""
    if not number:
        return ""
    children = list(element)[:number]
    inside = ["".join(one.itertext()) if isinstance(one.tag, str) else "" for one in children]
    between = [child.tail or "" for child in children[:-1]]
    return "".join([element.text or "", *(part for pair in zip(inside, [*between, ""], strict=True) for part in pair)])


def host_of(address: str) -> str:
    """The host a web address leads to, in lower case, percent signs decoded as browsers do; nothing when it names
    none."""
    try:
        return unquote(urlsplit(address).hostname or "").lower().rstrip(".")
    except ValueError:
        return ""


def without_fields(text: str) -> str:
    """The text with a space in the place of each merge field."""
    return TOKEN.sub(" ", text)


def own_words(element: Element) -> str:
    """The words that stand in the element itself or in phrases of it (bold, links), not in blocks inside it."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag in PHRASES:
            parts.append(" ".join(child.itertext()))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split()) if element.tag not in PHRASES else ""


PHRASES = frozenset("a b strong i em span u s small code font sup sub br mark abbr cite q del ins strike big".split())
