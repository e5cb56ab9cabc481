"""Broken HTML of an article → blocks that survive mail clients.

In: the HTML an author's site made of an article, as broken as it comes. Out: blocks (`prose`, `image`, `columns`) in
reading order, sanitised. No visible word is lost: what cannot stand in mail loses its tags, never its text, except
what a browser does not show either (scripts, styles).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import nh3
from lxml import etree, html

from newsletter.model import Block, Where

_BLOCK_TAGS = {
    *("div section article main header footer aside nav center address details summary dl dt dd hgroup".split()),
    *("p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre hr table caption thead tbody tfoot tr th td".split()),
    *("figure figcaption".split()),
}
_INLINE_TAGS = set("a abbr b bdi bdo br cite code del dfn em i img ins kbd mark q s samp small span".split()) | set(
    "strike strong sub sup time tt u var wbr".split()
)
_WRAPPERS = set(
    "div section article main header footer aside nav center address details summary hgroup dd dt dl".split()
)
_PROSE_BLOCKS = set("p h1 h2 h3 h4 h5 h6 ul ol blockquote pre hr table li".split())
_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "table": {"id", "class"},
    "td": {"id", "class", "colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
# These tags go before sanitising, which would take the words of drawings and formulas as well, and run the words of
# neighbouring fields into one.
_SVG_TAGS = "svg g text tspan textpath switch"
_MATHML_TAGS = (
    "math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mroot mrow ms mspace msqrt mstyle msub "
    "msubsup msup mtable mtd mtext mtr munder munderover semantics"
)
_FORM_TAGS = (
    "form fieldset legend select optgroup option button textarea menu dialog search object video audio canvas iframe "
    "noscript noframes"
)
_FOREIGN = re.compile(
    rf"</?(?:{'|'.join(f'{_SVG_TAGS} {_MATHML_TAGS} {_FORM_TAGS}'.split())})(?=[\s/>])[^>]*>", re.IGNORECASE
)
_ANY_TAG = re.compile(r"</?([a-z][a-z0-9]*)(?:[^>\"]|\"[^\"]*\")*>")
_DEEPEST = 200
"""Tags nested deeper than this are an accident; libxml2 drops everything below 2,048, the page's own tags included."""
_BLANK_LINE = re.compile(r"\n[ \t\xa0]*\n\s*")

Element = Any
"""An lxml element; lxml's own classes are not generic over their children."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the HTML came from, and how its pictures are found."""

    where: Where
    site_url: str
    picture: Callable[[str, str, str, str], Block]
    """(src, alt, link, caption) → an image block; raises when the file is missing."""


def blocks_of(markup: str, source: Source) -> tuple[Block, ...]:
    """The blocks of an article's body."""
    clean = _sanitised(_FOREIGN.sub(" ", markup), _BLOCK_TAGS | _INLINE_TAGS)
    body = _parsed(clean)
    if _too_deep(body):
        body = _parsed(_ANY_TAG.sub(_shallow, clean))
    return _blocks(body, source)


def inline_of(markup: str, site_url: str) -> str:
    """A line of HTML (a caption, say), sanitised: inline tags only, and no pictures."""
    line = html.fragment_fromstring(_sanitised(markup, _INLINE_TAGS - {"img"}), create_parent="p")
    return _inner_markup(line, site_url)


def _sanitised(markup: str, tags: set[str]) -> str:
    return nh3.clean(
        markup.replace("\0", ""),
        tags=tags,
        attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags or tag == "*"},
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )


def _parsed(clean: str) -> Element:
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    return etree.fromstring(f"<html><body><div>{clean}</div></body></html>".encode(), parser).find("body")


def _too_deep(body: Element) -> bool:
    depth = 0
    for event, _ in etree.iterwalk(body, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST:
            return True
    return False


def _shallow(tag: re.Match[str]) -> str:
    """The tag in markup that must not nest: pictures stay, everything that parts words parts paragraphs."""
    if tag[1] in ("img", "br"):
        return tag[0]
    return "<p>" if tag[1] in _BLOCK_TAGS else ""


def _blocks(container: Element, source: Source) -> tuple[Block, ...]:
    gathered = _Gathered(source)
    for part in _flattened(container):
        if part.tag == "figure":
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


def _flattened(container: Element) -> Iterator[Element]:
    """The container's block-level parts in order: wrappers opened up, loose text and inline tags put in paragraphs.

    Works through an explicit stack: hostile input nests deeper than Python recurses.
    """
    loose = etree.Element("p")
    stack: list[tuple[Element, Iterator[Element]]] = [(container, iter(list(container)))]
    _append_text(loose, container.text)
    while stack:
        wrapper, children = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            if stack:
                yield from _paragraphs(loose)
                loose = etree.Element("p")
                _append_text(loose, wrapper.tail)
            continue
        if child.tag in _WRAPPERS:
            yield from _paragraphs(loose)
            loose = etree.Element("p")
            _append_text(loose, child.text)
            stack.append((child, iter(list(child))))
            continue
        tail, child.tail = child.tail, None
        if child.tag in _PROSE_BLOCKS or child.tag in ("figure", "table"):
            yield from _paragraphs(loose)
            loose = etree.Element("p")
            yield from _paragraphs(child) if child.tag == "p" else (child,)
        else:
            loose.append(child)
        _append_text(loose, tail)
    yield from _paragraphs(loose)


def _paragraphs(paragraph: Element) -> Iterator[Element]:
    """The paragraph split where its text has blank lines; empty ones and line breaks at the ends are dropped."""
    parts = [etree.Element("p", dict(paragraph.attrib))]
    _split_text(parts, paragraph.text)
    for child in list(paragraph):
        tail, child.tail = child.tail, None
        parts[-1].append(child)
        _split_text(parts, tail)
    for part in parts:
        _trim_breaks(part)
        if _has_content(part):
            yield part


def _split_text(parts: list[Element], text: str | None) -> None:
    pieces = _BLANK_LINE.split(text or "")
    _append_text(parts[-1], pieces[0])
    for piece in pieces[1:]:
        parts.append(etree.Element("p"))
        _append_text(parts[-1], piece)


def _append_text(element: Element, text: str | None) -> None:
    if not text:
        return
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def _trim_breaks(paragraph: Element) -> None:
    while len(paragraph) and paragraph[0].tag == "br" and not (paragraph.text or "").strip():
        paragraph.text = (paragraph.text or "") + (paragraph[0].tail or "")
        paragraph.remove(paragraph[0])
    while len(paragraph) and paragraph[-1].tag == "br" and not (paragraph[-1].tail or "").strip():
        paragraph.remove(paragraph[-1])
    if not len(paragraph):
        paragraph.text = (paragraph.text or "").strip()
    else:
        paragraph.text = (paragraph.text or "").lstrip()
        paragraph[-1].tail = (paragraph[-1].tail or "").rstrip()


def _has_content(element: Element) -> bool:
    return bool("".join(element.itertext()).strip()) or element.find(".//img") is not None


def _add_prose(element: Element, gathered: _Gathered) -> None:
    """The element as prose, its pictures lifted out to stand before it."""
    for picture in list(element.iter("img")):
        gathered.add(_picture_block(picture, _link_around(picture), "", gathered.source))
        _remove_keeping_tail(picture)
    if element.tag != "hr" and not _has_content(element):
        return
    for part in element.iter():
        _make_plain(part, gathered.source.site_url)
    gathered.write(element)


def _add_figure(figure: Element, gathered: _Gathered) -> None:
    caption = figure.find(".//figcaption")
    pictures = [(picture, _link_around(picture)) for picture in figure.iter("img")]
    for picture, _ in pictures:
        _remove_keeping_tail(picture)
    words = _inner_markup(caption, gathered.source.site_url) if caption is not None else ""
    if caption is not None:
        _remove_keeping_tail(caption)
    for number, (picture, link) in enumerate(pictures, 1):
        gathered.add(_picture_block(picture, link, words if number == len(pictures) else "", gathered.source))
    if words and not pictures:
        caption_only = html.fragment_fromstring(words, create_parent="p")
        gathered.write(caption_only)
    for part in _flattened(figure):
        _add_prose(part, gathered)


def _link_around(picture: Element) -> str:
    return next((one.get("href", "") for one in picture.iterancestors("a")), "")


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
    cells = tuple(_blocks(_cell_body(cell), gathered.source) for cell in found)
    split = "+".join([f"1/{len(cells) or 1}"] * len(cells))
    for part in _flattened(_opened(table)):
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
    return scheme[1] if scheme and scheme[1].lower() not in _SCHEMES else ""


def absolute_link(link: str, site_url: str) -> str:
    """A site's own link (`/about`, `about`) with the site's address before it; others stay as they are."""
    if not link or not site_url or link.startswith("#") or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", link):
        return link
    return urljoin(site_url + "/", link)


def _remove_keeping_tail(element: Element) -> None:
    parent = element.getparent()
    previous = element.getprevious()
    tail = element.tail or ""
    if previous is not None:
        previous.tail = (previous.tail or "") + tail
    elif parent is not None:
        parent.text = (parent.text or "") + tail
    if parent is not None:
        parent.remove(element)
