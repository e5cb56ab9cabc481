"""What inline styles say that mail must keep or leave out: a clean tree → the same tree without its styles.

In: a tree whose `style` attributes were brought to the few words of `inline_styles`. Out: text that its author hid is
gone, and quoted in a notice; bold, italic and raised spans, as word processors write them, are `<strong>`, `<em>`,
`<sup>`.
"""

from __future__ import annotations

import re

from lxml import etree

from newsletter.content.tags import Element, Notice

_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6", "th"}
_HELD = {*_HEADINGS, "b", "strong"}
_NOTE_LINK = re.compile(r"#(?:_?(?:ftn|edn|ftnt|cmnt|msocom_?)(?:_?ref)?_?\d+|_ftn\w*)$", re.IGNORECASE)
"""Between a note and its mark, as word processors write it: mail programs do not follow links inside a mail."""


def without_styles(body: Element, notice: Notice) -> None:
    """Leaves out what the tree's styles hide, makes marks of those that mean one, and takes all of them away."""
    if body.find(".//*[@style]") is None and body.find(".//*[@hidden]") is None and body.find(".//a[@href]") is None:
        return
    _leave_out_hidden(body, notice)
    for element in list(body.iter()):
        said = set((element.attrib.pop("style", "") or "").split(";"))
        side = next((one for one in said if one.startswith("text-align:")), "")
        if side and element.tag in ("td", "th"):
            element.set("style", side)
        if element.tag == "a" and _NOTE_LINK.match(element.get("href", "")):
            element.tag = "span"
            element.attrib.clear()
        _mark(element, said)
    etree.strip_tags(body, "bare")


def _leave_out_hidden(body: Element, notice: Notice) -> None:
    """Takes hidden elements away with all they hold, and words of no size where nothing gives them one again."""
    gone: list[tuple[Element, str]] = []
    stack = [(body, "", "")]
    while stack:
        element, size, sight = stack.pop()
        said = dict(one.split(":") for one in element.get("style", "").split(";") if ":" in one)
        unshown = "hidden" in element.attrib and said.get("display") != "shown"
        element.attrib.pop("hidden", None)
        if said.get("display") == "none" or unshown:
            gone.append((element, "hidden" if unshown else "display:none"))
            continue
        size, sight = said.get("font-size", size), said.get("visibility", sight)
        how = "font-size:0" if size == "0" else "visibility:hidden" if sight == "hidden" else ""
        if how:
            _leave_out_words(element, how, notice)
        stack += [(child, size, sight) for child in reversed(element)]
    for element, how in gone:
        _tell(_words_of(element), how, notice)
        element.tag = "gone"
    etree.strip_elements(body, "gone", with_tail=False)


def _leave_out_words(element: Element, how: str, notice: Notice) -> None:
    """The element's own words go; what it holds is looked at by itself."""
    _tell([element.text or "", *(child.tail or "" for child in element)], how, notice)
    left = "" if how == "font-size:0" else " "
    element.text = left if (element.text or "").strip() else element.text
    for child in element:
        child.tail = left if (child.tail or "").strip() else child.tail


def _tell(words: list[str], how: str, notice: Notice) -> None:
    first = next((one.strip() for one in words if one.strip()), "")
    if first:
        quoted = " ".join(" ".join(words).split())
        message = f"hidden by its HTML ({how}), and left out: '{quoted}'. Take {how} away to have it shown."
        notice("not-in-mail", message, first)


def _words_of(element: Element) -> list[str]:
    """What it would show: its words, and the names of its pictures."""
    return [*element.itertext(), *((one.get("alt") or one.get("src", ""))[:100] for one in element.iter("img"))]


def _mark(element: Element, said: set[str]) -> None:
    """A span that looks bold is bold; what is tagged as bold and looks plain is plain."""
    plain = {"b": "font-weight", "strong": "font-weight", "i": "font-style", "em": "font-style"}.get(element.tag)
    if plain and f"{plain}:normal" in said:
        element.tag = "bare"
    elif element.tag == "span" and said - {""} and any(one.strip() for one in element.itertext()):
        above = {one.tag for one in element.iterancestors()}
        marks = ["strong"] if "font-weight:bold" in said and not above & _HELD else []
        marks += ["em"] if "font-style:italic" in said and not above & {"i", "em"} else []
        marks += [{"super": "sup", "sub": "sub"}[one[15:]] for one in said if one.startswith("vertical-align:")]
        _wrap(element, marks)


def _wrap(span: Element, marks: list[str]) -> None:
    """The span as the first of the marks, the others inside it."""
    for mark in marks[1:]:
        inner = etree.Element(mark)
        inner.text, span.text = span.text, None
        for child in list(span):
            inner.append(child)
        span.append(inner)
    if marks:
        span.tag = marks[0]
        span.attrib.clear()
