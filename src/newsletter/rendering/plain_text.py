"""Sanitised prose (a small HTML fragment of the article) → plain text that reads well.

Paragraphs wrapped at 72, lists with hyphens or numbers, quotes with `> `, headings underlined, links numbered behind
their words and listed below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import TextWrapper
from typing import Any

from lxml import etree

from newsletter.expressions import TOKEN

WIDTH = 72

_NARROWEST = 20
"""So many letters have room on a line, however deep in lists and quotes it stands."""

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARAGRAPHS = ("p", "div", "figcaption", "caption", "dt", "dd", *_HEADINGS)
_HEADING = re.compile(r"<h([1-6])\b")
_MARKS = {0: "~", 1: "."}
"""What stands under a heading, by its rank; deeper ones stand between asterisks. Titles of articles have hyphens."""
_STRUCK = ("del", "s", "strike")
_SAID = (("“", "”"), ("‘", "’"))
"""Around what is said in passing (`q`), and around what is said inside that."""
_SIDES = {"right": str.rjust, "center": str.center}
_SPACE = re.compile(r"[ \t\r\n\f]+")


class References:
    """The links of one text, numbered in order; the same address has the same number throughout."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._open: dict[str, int] = {}

    def number(self, address: str) -> int:
        """The number of that address, which is put down for the next list."""
        number = self._numbers.setdefault(address, len(self._numbers) + 1)
        self._open[address] = number
        return number

    def listed(self) -> str:
        """The addresses numbered since the last list, one on a line: `[1] https://example.org`."""
        lines = [f"[{number}] {address}" for address, number in self._open.items()]
        self._open.clear()
        return "\n".join(lines)


def prose_to_text(markup: str, width: int = WIDTH, references: References | None = None, highest: int = 0) -> str:
    """The fragment as plain text; without `references` its own links are listed below it.

    `highest` is the highest heading of all the article (1 to 6), when this is only a part of it.
    """
    own = references is None
    references = references or References()
    highest = highest or min((int(one) for one in _HEADING.findall(markup)), default=1)
    text = _written(markup, width, references, highest)
    listed = references.listed() if own else ""
    return f"{text}\n\n{listed}" if listed else text


def _written(markup: str, width: int, references: References, highest: int) -> str:
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    tree = etree.fromstring(f"<html><body>{markup}</body></html>".encode(), parser)
    return _element_text(tree.find("body"), width, references, highest)


def _element_text(root: Any, width: int, references: References, highest: int = 1) -> str:
    writer = _Writer(width, references, highest)
    walk: Any = etree.iterwalk(root, events=("start", "end"))
    for event, element in walk:
        if not isinstance(element.tag, str):
            continue
        if event == "end":
            writer.end(element, last=element is root)
        elif element.tag == "table" and element is not root and _is_simple(element):
            writer.put_table(element)
            walk.skip_subtree()
        else:
            writer.start(element)
    return writer.finish()


def _is_simple(table: Any) -> bool:
    """Whether every cell holds one line of words: what can be set out in columns."""
    frame = "self::table or self::thead or self::tbody or self::tfoot or self::tr or self::colgroup or self::col"
    return not table.xpath(
        ".//table|.//ul|.//ol|.//li|.//pre|.//blockquote|.//br|.//hr|.//p/following-sibling::p"
        "|.//td[not(parent::tr)]|.//th[not(parent::tr)]"
        f"|descendant-or-self::*[{frame}]/text()[normalize-space()]"
        f"|descendant-or-self::*[{frame}]/*[not({frame} or self::td or self::th or self::caption)]"
    )


def _columns(rows: list[list[str]], sides: list[str], headed: bool, width: int) -> str:
    """The rows in columns as wide as their longest words; one below the other when they do not fit side by side."""
    count = max(len(row) for row in rows)
    filled = [row + [""] * (count - len(row)) for row in rows]
    widths = [max(len(row[index]) for row in filled) for index in range(count)]
    if sum(widths) + 2 * (count - 1) > width:
        names = filled[0] if headed else [""] * count
        return "\n\n".join(
            "\n".join(
                wrapped(f"{name}: {value}" if name else value, width, "", "  ")
                for name, value in zip(names, row, strict=True)
                if value
            )
            for row in (filled[1:] if headed and len(filled) > 1 else filled)
        )
    set_out = [_SIDES.get(side, str.ljust) for side in sides + [""] * count][:count]
    lines = [
        "  ".join(put(cell, size) for cell, size, put in zip(row, widths, set_out, strict=True)).rstrip()
        for row in filled
    ]
    if headed:
        lines.insert(1, "  ".join("-" * size for size in widths))
    return "\n".join(lines)


def _side(cell: Any) -> str:
    """The side a table's cell asks its words to stand on; its own direction's when it asks for none."""
    found = re.search(r"text-align:\s*(\w+)", cell.get("style", ""))
    return str(found[1] if found else cell.get("align", "")).lower()


def _spellings(address: str) -> tuple[str, ...]:
    """How people write an address that is its own words."""
    bare = address.removesuffix("/")
    return bare, re.sub(r"^https?://(www\.)?", "", bare), re.sub(r"^https?://", "", bare)


def wrapped(text: str, width: int = WIDTH, first: str = "", rest: str = "") -> str:
    """One paragraph, wrapped; long words and addresses are never broken."""
    wrapper = TextWrapper(
        width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    room = max(1, width - max(len(first), len(rest)))
    lines = [" ".join(_broken(word, room) for word in line.split(" ")) for line in text.split("\n")]
    filled = [wrapper.fill(lines[0])]
    wrapper.initial_indent = rest
    filled += [wrapper.fill(line) for line in lines[1:]]
    return "\n".join(filled)


def _broken(word: str, room: int) -> str:
    """A word that no line can hold, in pieces; addresses stay whole, or nobody could follow them."""
    if len(word) <= room or "://" in word or "@" in word or TOKEN.search(word):
        return word
    return " ".join(word[at : at + room] for at in range(0, len(word), room))


def underlined(text: str, mark: str = "-") -> str:
    """A heading with a line under it as long as its longest line."""
    filled = wrapped(text)
    shown = TOKEN.sub("…" * 8, filled)
    return f"{filled}\n{mark * max(len(line) for line in shown.split(chr(10)))}"


def _folded(text: str, room: int) -> list[str]:
    """Lines of code, the overlong ones folded, between words where there are any; nothing else of them changes."""
    lines = []
    for line in text.split("\n"):
        rest = line
        while len(rest) > room:
            at = rest.rfind(" ", 1, room + 1) + 1
            at = at if rest[:at].strip() else room
            lines.append(rest[:at])
            rest = rest[at:]
        lines.append(rest)
    return lines


@dataclass(slots=True)
class _Writer:
    width: int
    references: References
    highest: int
    """The rank of the highest heading there is."""
    parts: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    """What stands at the left edge: one entry per open quote or list item."""
    marker: str = ""
    """The bullet or number of the item that has just begun."""
    counters: list[int | None] = field(default_factory=list)
    tight: bool = False
    in_list: bool = False
    """Whether the last part written belongs to a list: its items follow each other without a blank line."""
    quotes: int = 0
    """How many quotes the last part written stands in."""
    preformatted: int = 0
    said: int = 0
    """How many `q` are open."""
    ended: int = 0
    """How deep the list stood that has just ended; 0 once an item or words follow it."""
    links: list[tuple[int, str]] = field(default_factory=list)

    def start(self, element: Any) -> None:
        tag = element.tag
        if tag in _PARAGRAPHS or tag in ("ul", "ol", "li", "blockquote", "pre", "table", "tr", "hr"):
            self._flush()
        if tag in ("ul", "ol"):
            self._part_lists()
            start = element.get("start", "1")
            self.counters.append((int(start) if start.isdecimal() else 1) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "blockquote":
            self.prefixes.append("> ")
        elif tag == "pre":
            self.preformatted += 1
        elif tag == "hr":
            self._put("* * *")
        elif tag == "br":
            self.inline.append("\n")
        elif tag == "a" and element.get("href"):
            self.links.append((len(self.inline), element.get("href")))
        if tag in _STRUCK:
            self.inline.append("~~")
        elif tag == "q":
            self.inline.append(_SAID[self.said % 2][0])
            self.said += 1
        self._text(element.text)

    def put_table(self, table: Any) -> None:
        """A table of words, set out in columns."""
        self._flush()
        cells = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
        rows = [[" ".join(_element_text(cell, 10_000, self.references).split()) for cell in row] for row in cells]
        rows = [row for row in rows if any(row)]
        caption = table.find("caption")
        if caption is not None and "".join(caption.itertext()).strip():
            self._put(" ".join("".join(caption.itertext()).split()))
        if rows:
            sides = [_side(cell) for cell in cells[-1]]
            headed = len(rows) > 1 and table.find(".//th") is not None
            before = "".join(self.prefixes)
            self._put(_columns(rows, sides, headed, max(_NARROWEST, self.width - len(before))), laid_out=True)

    def end(self, element: Any, last: bool = False) -> None:
        """`last`: the element is all there is, and what follows it is not its own."""
        tag = element.tag
        if tag == "a" and element.get("href"):
            self._end_link()
        elif tag in _STRUCK:
            self.inline.append("~~")
        elif tag == "q":
            self.said -= 1
            self.inline.append(_SAID[self.said % 2][1])
        elif tag in ("td", "th"):
            self.inline.append("   ")
        elif tag in _HEADINGS:
            self._flush(mark=_MARKS.get(int(tag[1]) - self.highest, "*"))
        elif tag in _PARAGRAPHS or tag in ("tr", "table"):
            self._flush()
        elif tag in ("ul", "ol"):
            self._flush()
            self.ended = len(self.counters)
            self.counters.pop()
            self.tight = bool(self.counters)
        elif tag in ("li", "blockquote"):
            self._flush()
            self.prefixes.pop()
        elif tag == "pre":
            self._flush()
            self.preformatted -= 1
        if not last:
            self._text(element.tail)

    def finish(self) -> str:
        self._flush()
        return "\n".join(self.parts).strip("\n")

    def _part_lists(self) -> None:
        """A list right behind another one is not its end: a blank line parts them."""
        if self.ended and self.ended == len(self.counters) + 1:
            self.in_list = False

    def _begin_item(self) -> None:
        self.ended = 0
        counter = self.counters[-1] if self.counters else None
        if counter is not None:
            self.marker = f"{counter}. "
            self.counters[-1] = counter + 1
        else:
            self.marker = "- "
        self.tight = True
        self.prefixes.append(" " * len(self.marker))

    def _text(self, text: str | None) -> None:
        if text:
            self.inline.append(text if self.preformatted else _SPACE.sub(" ", text))

    def _end_link(self) -> None:
        began, address = self.links.pop() if self.links else (0, "")
        words = "".join(self.inline[began:]).strip()
        target = address.removeprefix("mailto:").removeprefix("tel:")
        if not words:
            self.inline.append(address)
        elif address.startswith(("mailto:", "tel:")):
            self.inline.append("" if words == target else f" ({target})")
        elif words.removesuffix("/") not in _spellings(address):
            self.inline.append(f" [{self.references.number(address)}]")

    def _flush(self, mark: str = "") -> None:
        text = "".join(self.inline)
        self.inline.clear()
        self.links = [(0, address) for _, address in self.links]
        if not self.preformatted:
            text = "\n".join(" ".join(line.split()) for line in text.split("\n")).strip()
        if text.strip():
            self._put(text.strip("\n"), mark)

    def _put(self, text: str, mark: str = "", laid_out: bool = False) -> None:
        before = "".join(self.prefixes)
        first = "".join(self.prefixes[:-1]) + self.marker if self.marker else before
        quotes = sum(1 for one in self.prefixes if one == "> ")
        if self.parts and not (self.tight and self.marker and self.in_list):
            self.parts.append(("> " * min(quotes, self.quotes)).rstrip())
        self.quotes, self.in_list, self.ended = quotes, bool(self.counters) and not laid_out, 0
        if laid_out:
            lines = text.split("\n")
            self.parts.append("\n".join([first + lines[0], *(before + line for line in lines[1:])]))
        elif self.preformatted:
            room = max(_NARROWEST, self.width - len(before) - 4)
            self.parts.append("\n".join(f"{before}    {line}" for line in _folded(text, room)))
        elif mark == "*":
            self.parts.append(wrapped(f"*{text}*"))
        elif mark:
            self.parts.append(underlined(text, mark))
        else:
            self.parts.append(wrapped(text, max(self.width, len(before) + _NARROWEST), first, before))
        self.marker = ""
        self.tight = False if not self.counters else self.tight
