"""Broken HTML of an article → blocks that survive mail clients.

In: the HTML an author's site made of an article, as broken as it comes. Out: blocks (`prose`, `image`, `columns`, and
`button` for a link onward) in reading order, sanitised. No visible word is lost: what cannot stand in mail loses its
tags, never its text, except what a browser does not show either (scripts, styles), and what a finding quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin

from lxml import etree, html

from newsletter.content import furniture
from newsletter.content.frames import without_frame
from newsletter.content.paragraphs import flattened, has_content
from newsletter.content.sanitising import line_of, tree_of
from newsletter.content.tags import SCHEMES, Element
from newsletter.model import Block, Where


def _unheard(rule: str, message: str, words: str) -> None:
    """A notice nobody waits for."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the HTML came from, and how its pictures are found."""

    where: Where
    site_url: str
    picture: Callable[[str, str, str, str], Block]
    """(src, alt, link, caption) → an image block; raises when the file is missing."""
    notice: Callable[[str, str, str], None] = _unheard
    """Called with (rule, message, words) for whatever is dropped or changed; the words stand on the line meant."""


def blocks_of(markup: str, source: Source) -> tuple[Block, ...]:
    """The blocks of a piece of HTML."""
    return _blocks(flattened(tree_of(markup, source.notice)), source)


def article_blocks(markup: str, source: Source, notes: str = "", *, page: bool = False) -> tuple[Block, ...]:
    """The blocks of an article's body: what its site put under it is left out, its link onward becomes a button.

    `notes` are its footnotes, which stand below all that. A whole `page` is first rid of its site's frame.
    """
    tree = tree_of(markup, source.notice)
    if page:
        tree = without_frame(tree, source.notice)
    parts = furniture.without_furniture(list(flattened(tree)), source.notice)
    below = flattened(tree_of(notes, source.notice)) if notes else ()
    return _blocks([*furniture.with_link_apart(parts), *below], source)


def inline_of(markup: str, site_url: str) -> str:
    """A line of HTML (a caption, say), sanitised: inline tags only, and no pictures."""
    return _inner_markup(line_of(markup), site_url)


def _blocks(parts: Iterable[Element | furniture.Onward], source: Source) -> tuple[Block, ...]:
    gathered = _Gathered(source)
    for part in parts:
        if isinstance(part, furniture.Onward):
            link = absolute_link(part.link, source.site_url)
            gathered.add(Block("button", {"label": part.label, "link": link}, source.where))
        elif part.tag == "figure":
            _add_figure(part, gathered)
        elif part.tag == "table" and _is_columns(part):
            _add_columns(part, gathered)
        else:
            _add_prose(part, gathered)
    return gathered.finish()


@dataclass(slots=True)
class _Gathered:
    """Blocks so far, and the prose that still grows."""

    source: Source
    blocks: list[Block] = field(default_factory=list)
    prose: list[str] = field(default_factory=list)

    def add(self, block: Block) -> None:
        self._flush()
        self.blocks.append(block)

    def write(self, element: Element) -> None:
        self.prose.append(html.tostring(element, encoding="unicode", with_tail=False))

    def finish(self) -> tuple[Block, ...]:
        self._flush()
        return tuple(self.blocks)

    def _flush(self) -> None:
        if self.prose:
            self.blocks.append(Block("prose", {"html": "\n".join(self.prose)}, self.source.where))
            self.prose = []


def _add_prose(element: Element, gathered: _Gathered) -> None:
    """The element as prose, its pictures lifted out to stand before it."""
    for picture, link in _lifted(element):
        gathered.add(_picture_block(picture, link, "", gathered.source))
    if element.tag != "hr" and not has_content(element):
        return
    for part in element.iter():
        _make_plain(part, gathered.source.site_url)
    gathered.write(element)


def _add_figure(figure: Element, gathered: _Gathered) -> None:
    caption = figure.find(".//figcaption")
    pictures = _lifted(figure)
    words = _inner_markup(caption, gathered.source.site_url) if caption is not None else ""
    if caption is not None:
        caption.tag = "taken"
        etree.strip_elements(figure, "taken", with_tail=False)
    for number, (picture, link) in enumerate(pictures, 1):
        gathered.add(_picture_block(picture, link, words if number == len(pictures) else "", gathered.source))
    if words and not pictures:
        caption_only = html.fragment_fromstring(words, create_parent="p")
        gathered.write(caption_only)
    for part in flattened(figure):
        _add_prose(part, gathered)


def _lifted(element: Element) -> list[tuple[Element, str]]:
    """The pictures in the element, taken out of it, each with the link around it; links left empty go too."""
    pictures: list[tuple[Element, str]] = []
    links = []
    for picture in element.iter("img"):
        link = next(picture.iterancestors("a"), None)
        pictures.append((picture, "" if link is None else link.get("href", "")))
        if link is not None:
            links.append(link)
    etree.strip_elements(element, "img", with_tail=False)
    for link in links:
        if link is not element and not has_content(link):
            link.tag = "bare"
    etree.strip_tags(element, "bare")
    return pictures


def _picture_block(picture: Element, link: str, caption: str, source: Source) -> Block:
    return source.picture(picture.get("src", ""), picture.get("alt", ""), absolute_link(link, source.site_url), caption)


def _inner_markup(element: Element, site_url: str) -> str:
    for part in element.iter():
        _make_plain(part, site_url)
    inner = "".join(html.tostring(child, encoding="unicode") for child in element)
    return (_escaped(element.text or "") + inner).strip()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_columns(table: Element) -> bool:
    return table.get("id") == "templateColumns" or bool(
        table.xpath(".//td[contains(@class, 'templateColumnContainer')]")
    )


def _add_columns(table: Element, gathered: _Gathered) -> None:
    """The table's columns as one block where the first of them stood; what else the table holds around it."""
    found = table.xpath(
        ".//td[contains(@class, 'templateColumnContainer')]"
        "[not(ancestor::td[contains(@class, 'templateColumnContainer')])]"
    ) or table.xpath("(.//tr)[1]/td")
    place = etree.Element("hr")
    if found:
        found[0].addprevious(place)
    cells = tuple(_blocks(flattened(_cell_body(cell)), gathered.source) for cell in found)
    split = "+".join([f"1/{len(cells) or 1}"] * len(cells))
    for part in flattened(_opened(table)):
        if part is place:
            gathered.add(Block("columns", {"cells": cells, "split": split}, gathered.source.where))
        else:
            _add_prose(part, gathered)


def _cell_body(cell: Element) -> Element:
    """The cell's content, without the layout tables around it."""
    body = etree.Element("div")
    body.append(cell)
    return _opened(body)


def _opened(container: Element) -> Element:
    """The container with its layout tables made wrappers, their cells' content in reading order."""
    for part in list(container.iter("table", "caption", "thead", "tbody", "tfoot", "tr", "td", "th")):
        part.tag = "div"
        part.attrib.clear()
    return container


def _make_plain(part: Element, site_url: str) -> None:
    for name in ("id", "class"):
        part.attrib.pop(name, None)
    if part.tag == "a" and part.get("href"):
        part.set("href", absolute_link(part.get("href"), site_url))


def foreign_scheme(link: str) -> str:
    """The scheme a link begins with when it leads neither to a page nor to a mailbox or telephone; else nothing."""
    scheme = re.match(r"\s*([a-zA-Z][a-zA-Z0-9+.-]*):", link)
    return scheme[1] if scheme and scheme[1].lower() not in SCHEMES else ""


def absolute_link(link: str, site_url: str) -> str:
    """A site's own link (`/about`, `about`) with the site's address before it; others stay as they are."""
    if not link or not site_url or link.startswith("#") or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", link):
        return link
    return urljoin(site_url + "/", link)
