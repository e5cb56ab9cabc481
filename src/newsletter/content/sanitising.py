"""HTML as written → a clean tree: only harmless tags and attributes, every visible word.

In: HTML of other people. Out: lxml elements that hold nothing a mail client would run, fetch or be confused by: no
scripts, styles, forms, frames, handlers, no links but to pages, mailboxes and telephones; `data:` only as the picture
itself. nh3 (a browser's own parser, with an allowlist) decides what stays.
"""

from __future__ import annotations

import re
from collections import defaultdict

import nh3
from lxml import etree, html

from newsletter.content import word_lists
from newsletter.content.inline_styles import spoken
from newsletter.content.styled import without_styles
from newsletter.content.tags import BLOCK_TAGS, INLINE_TAGS, SCHEMES, Element, Notice, tamed

_ATTRIBUTES = {
    "*": {"lang", "dir"},
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "table": {"id", "class"},
    "td": {"id", "class", "colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "scope", "align"},
    "ol": {"start"},
    "p": {"class"},
}
_LOOKS = frozenset({"hidden", "style"})
"""What is read of an element's looks, and taken away then."""
_ANY_TAG = re.compile(r"</?([a-z][a-z0-9]*)(?:[^>\"]|\"[^\"]*\")*>")
_LETTERS = {"b", "i", "s", "small", "strike", "tt", "u"}
_HIDDEN_TAG = re.compile(r" (?:hidden=|style=\"[^\"]*(?:none|hidden|:0))")
_OF_OLD = {"center": "div", "dir": "ul", "listing": "pre"}
"""Tags that browsers read and show as these."""
_DEEPEST = 200
"""Tags nested deeper than this are an accident; libxml2 drops everything below 2,048, the page's own tags included."""
_BREAKING = re.compile(r"[\x0b\x0c\r\x85\u2028\u2029]")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters no browser shows and no XML tree may hold."""


def tree_of(markup: str, notice: Notice) -> Element:
    """The page's body as a clean tree, at most 200 deep; what of it cannot be mailed is said to `notice`."""
    clean = _hiding_whole(_sanitised(tamed(_speakable(markup), notice), BLOCK_TAGS | INLINE_TAGS, _LOOKS))
    body = _parsed(clean)
    if _too_deep(body):
        body = _parsed(_ANY_TAG.sub(_shallow, clean))
    for old in body.iter(*_OF_OLD):
        old.tag = _OF_OLD[old.tag]
    word_lists.with_lists(body)
    without_styles(body, notice)
    _without_bare_spans(body)
    return body


def line_of(markup: str) -> Element:
    """A line of HTML (a caption, say) as a paragraph: inline tags only, and no pictures."""
    clean = _sanitised(tamed(_speakable(markup), _unheard), INLINE_TAGS - {"img"})
    line = html.fragment_fromstring(clean, create_parent="p")
    _without_bare_spans(line)
    return line


def _unheard(rule: str, message: str, words: str) -> None:
    """A notice nobody waits for."""


def _speakable(text: str) -> str:
    return _UNSPEAKABLE.sub("", _BREAKING.sub(" ", text))


def _sanitised(markup: str, tags: set[str], looks: frozenset[str] = frozenset()) -> str:
    given = {**_ATTRIBUTES, "*": _ATTRIBUTES["*"] | looks}
    clean = nh3.clean(
        markup,
        tags=tags,
        attributes={tag: names for tag, names in given.items() if tag in tags or tag == "*"},
        attribute_filter=_harmless,
        url_schemes={*SCHEMES, "data"},
        link_rel=None,
        strip_comments=True,
    )
    return _speakable(clean)  # character references have become characters


def _harmless(tag: str, name: str, value: str) -> str | None:
    if name == "class" and tag == "p":
        return word_lists.CLASS if "MsoListParagraph" in value else None
    if name == "style":
        return spoken(value) or None
    if name == "align":
        return value if value.lower() in ("left", "right", "center") else None
    if name not in ("href", "src"):
        return value
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]{0,20}):", re.sub(r"[\x00-\x20]+", "", value[:200]))
    if not scheme or scheme[1].lower() in SCHEMES:
        return value
    return value if tag == "img" and re.match(r"\s*data:image/", value, re.IGNORECASE) else None


def _parsed(clean: str) -> Element:
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    return etree.fromstring(f"<html><body><div>{clean}</div></body></html>".encode(), parser).find("body")


def _hiding_whole(clean: str) -> str:
    """Hidden tags of the looks of letters as spans: libxml2 ends `<b>` before a paragraph, which would be seen then."""
    if 'hidden="' not in clean and 'style="' not in clean:
        return clean
    hidden: dict[str, list[bool]] = defaultdict(list)

    def renamed(tag: re.Match[str]) -> str:
        name, ends = tag[1], tag[0][1] == "/"
        if name not in _LETTERS:
            return tag[0]
        if ends:
            return "</span>" if hidden[name] and hidden[name].pop() else tag[0]
        hidden[name].append(bool(_HIDDEN_TAG.search(tag[0])))
        return f"<span{tag[0][len(name) + 1 :]}" if hidden[name][-1] else tag[0]

    return _ANY_TAG.sub(renamed, clean)


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
    return "<p>" if tag[1] in BLOCK_TAGS else ""


def _without_bare_spans(body: Element) -> None:
    """A span that says nothing is unwrapped, so that paragraphs inside it are seen."""
    for span in body.iter("span"):
        if not span.attrib:
            span.tag = "bare"
    etree.strip_tags(body, "bare")
