"""Lists as Word writes them, in paragraphs with a bullet or a number in their text → lists.

In: a clean tree whose paragraphs of class `MsoListParagraph` are marked with `CLASS`. Out: the same tree, those with a
mark of their own as `<ul>` and `<ol>`, nested by their level. Numbers that do not follow each other begin anew where
they stand; letters stay as they are written, since a list would number them otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from newsletter.content.tags import Element

CLASS = "word-list"
_BULLET = re.compile(r"\s*(?:[·•§▪●‣]\s+|[o–-]\s{2,})")
_NUMBER = re.compile(r"\s*(\d{1,3})[.)]\s+")
_LEVEL = re.compile(r"mso-list:level(\d)")


@dataclass(slots=True)
class _List:
    element: Element
    level: int
    following: int
    """The number its next item has; 0 in a list of bullets."""


def with_lists(body: Element) -> None:
    """Makes lists of the tree's marked paragraphs."""
    open_lists: list[_List] = []
    root: Element = None
    for paragraph in list(body.iter("p")):
        if paragraph.attrib.pop("class", "") != CLASS:
            continue
        words = "".join(paragraph.itertext())
        number = _NUMBER.match(words)
        mark = number or _BULLET.match(words)
        if mark is None:
            continue
        if root is None or paragraph.getprevious() is not root or (root.tail or "").strip():
            open_lists = []
        level = _LEVEL.search(paragraph.get("style", ""))
        _open(open_lists, int(level[1]) if level else 1, int(number[1]) if number else 0)
        if open_lists[0].element.getparent() is None:
            root = open_lists[0].element
            paragraph.addprevious(root)
        _cut(paragraph, mark.end())
        _moved(paragraph, open_lists[-1].element)
        root.tail = paragraph.tail
        paragraph.getparent().remove(paragraph)


def _open(lists: list[_List], level: int, number: int) -> None:
    """Makes the last of the lists the one this item belongs to."""
    while lists and lists[-1].level > max(level, lists[0].level):
        lists.pop()
    last = lists[-1] if lists else None
    if last and last.level >= level and last.following == number:
        last.following += bool(number)
        return
    if last and last.level >= level:
        lists.pop()
    element = etree.Element("ol" if number else "ul", {"start": str(number)} if number > 1 else {})
    if lists:
        lists[-1].element[-1].append(element)
    lists.append(_List(element, level, number and number + 1))


def _cut(paragraph: Element, length: int) -> None:
    """Takes so many characters away from the beginning of the paragraph's words."""
    for event, element in etree.iterwalk(paragraph, events=("start", "end")):
        side = "text" if event == "start" else "tail"
        if element is paragraph and side == "tail":
            return
        words = getattr(element, side) or ""
        setattr(element, side, words[length:])
        length = max(0, length - len(words))
        if not length:
            return


def _moved(paragraph: Element, into: Element) -> None:
    item: Element = etree.SubElement(into, "li")
    item.text = paragraph.text
    for child in list(paragraph):
        item.append(child)
