"""What an article's text is, judged by the text itself: Markdown, HTML or bare lines.

In: the text and the name's ending. Out: a `Kind`. The ending is believed as long as the text does not speak against it:
an .html file without a tag is bare text, a .txt file full of tags is HTML, a .md file may be a whole HTML page.
"""

from __future__ import annotations

import re
from enum import StrEnum

from newsletter.content.shortcodes import has_generator_marks

MARKDOWN_SUFFIXES = (".md", ".markdown")
HTML_SUFFIXES = (".html", ".htm")
SUFFIXES = (*MARKDOWN_SUFFIXES, *HTML_SUFFIXES, ".txt")

_PAGE = re.compile(r"\s*+(?:<!--.{0,500}?-->\s*+)?<(?:!doctype|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    r"</?(?:p|div|br|a|b|i|em|strong|span|ul|ol|li|h[1-6]|img|table|t[dr]|figure|blockquote|section|article|header|"
    r"footer|main|pre|code|hr|center|font|u|sup|sub|small|iframe|svg|script|style)(?=[\s/>])|<!--",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(
    r"</?(?:p|div|ul|ol|li|h[1-6]|img|table|t[dr]|figure|blockquote|section|article|header|footer|main|pre|hr|center|"
    r"iframe|svg|script|style)(?=[\s/>])|<!--|<[a-zA-Z/][^<>\n]*+(?:\n|$)",
    re.IGNORECASE,
)
"""What makes more than words of a text: a block, or a tag that goes on in the next line."""
_ENTITY = re.compile(r"&(?:[a-zA-Z]{2,10}|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_MARKDOWN = re.compile(
    r"^ {0,3}#{1,6}[ \t]+\S|\]\([^)\s]{1,500}|(?<![\w*])\*\*[^\s*]|^ {0,3}(?:```|~~~)|"
    r"^ {0,3}\|?[ \t]*+:?-{3,}+:?[ \t]*+\||"
    r"^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S|^:{2,}[ \t]*[a-z]",
    re.MULTILINE,
)
"""Signs that nobody types by accident."""
_SOME_MARKDOWN = re.compile(
    r"(?<![\w*])\*[^\s*]|(?<![\w_])_[^\s_]|`|\\[!-/:-@\[-`{-~]|<[a-zA-Z/!]|^ {0,3}>|^ {0,3}(?:=+|-+)[ \t]*$|"
    r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]|^ {4}|^\t|[ ]{2}$|~~|^ {0,3}(?:\*[ \t]*){3,}$|:[a-z][\w-]*[\[{]",
    re.MULTILINE,
)
"""Signs that mean something in a file that is called Markdown."""


class Kind(StrEnum):
    MARKDOWN = "markdown"
    HTML = "html"
    PLAIN = "plain"


def is_page(text: str) -> bool:
    """Whether the text is a whole web page, not a part of one."""
    return bool(_PAGE.match(text))


def kind_of(text: str, suffix: str) -> Kind:
    """How the text is to be read; `suffix` is the ending of its file's name, in lower case."""
    if is_page(text):
        return Kind.HTML
    if suffix in MARKDOWN_SUFFIXES:
        marked = _MARKDOWN.search(text) or _SOME_MARKDOWN.search(text) or _ENTITY.search(text)
        return Kind.MARKDOWN if marked or has_generator_marks(text) else Kind.PLAIN
    tagged = bool(_TAG.search(text))
    if suffix in HTML_SUFFIXES and (tagged or _ENTITY.search(text)):
        return Kind.HTML
    if _MARKDOWN.search(text) or has_generator_marks(text):
        return Kind.MARKDOWN
    return Kind.HTML if tagged and (suffix in HTML_SUFFIXES or _BLOCK_TAG.search(text)) else Kind.PLAIN


def has_tags(text: str) -> bool:
    """Whether there are tags in the text: in bare lines, of words alone (`<b>`)."""
    return bool(_TAG.search(text))
