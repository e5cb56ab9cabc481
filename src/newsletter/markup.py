"""HTML as it is written → whether tags and pages end where their author meant them to.

`swallows_tags`: in, what stands between a tag's name and its `>`; out, whether another tag was swallowed on the way,
because a quote or the `>` itself is missing. Names of tags in alternative texts, and drawings written into an address
(data:), are meant. Source: the HTML standard, tokenization (unexpected-character-in-attribute-name; attribute values
in quotes).

`unended`: in, a page; out, the page, whose end comes after all that is in it. Source: the HTML standard, tree
construction ("after after body"): browsers go on in the body, libxml2 leaves out the rest.
"""

from __future__ import annotations

import re

_VALUES = re.compile(
    r"(?P<name>[^\s=\"'<>/]{0,40}+)\s{0,20}+=\s{0,20}+(?:\"(?P<double>[^\"]*+)\"|'(?P<single>[^']*+)')"
)
_TAG = re.compile(
    r"</?(?:p|div|br|a|b|i|em|strong|span|ul|ol|li|h[1-6]|img|table|t(?:body|d|h|r)|center|font|figure|blockquote|body"
    r"|html)(?=[\s/>]|\Z)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"\{[{%#]|<%|<\?")
_END = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
TAGLESS = r"<!--.*?(?:-->|\Z)|<(?:style|script|title|textarea|xmp)\b.*?(?:</(?:style|script|title|textarea|xmp)\s*>|\Z)"
"""An expression (DOTALL, IGNORECASE): comments, and texts in which what looks like a tag is none."""
ATTRIBUTES = r"(?>(?:[^>=]++|=\s*+(?>(?:\"[^\"]*+\"|'[^']*+')?))*)"
"""An expression: the attributes of a start tag, up to its end; a quoted value may hold what looks like one."""
_ENDS = re.compile(
    rf"{TAGLESS}|<[a-zA-Z]{ATTRIBUTES}|(?P<end></(?:html|body)\s*>)",
    re.DOTALL | re.IGNORECASE,
)
"""Where a page ends, and what may look like it: comments, texts that hold no tags, values of attributes."""
_WITHOUT_TAGS = frozenset("href src class id style width height align valign bgcolor lang target rel".split())
"""Attributes in whose values no tag is ever meant."""


def swallows_tags(attributes: str) -> bool:
    """Whether the tag with these attributes was not finished before another began."""
    if "<" not in attributes:
        return False
    for one in _VALUES.finditer(attributes):
        value = one["double"] if one["double"] is not None else one["single"]
        if one["name"].lower() in _WITHOUT_TAGS and _TAG.search(value) and "data:" not in value:
            return True
    bare = _VALUES.sub(" ", attributes)
    return bool(_TAG.search(bare)) and not _PLACEHOLDER.search(bare)


def unended(page: str) -> str:
    """The page with blanks for each `</body>` and `</html>` that something follows; all else is where it was."""
    until = _last_sign(page)
    if not _END.search(page, 0, until):
        return page
    return _ENDS.sub(lambda one: " " * len(one[0]) if one["end"] and one.start() < until else one[0], page)


def _last_sign(page: str) -> int:
    """Where the page's last words or tags end: behind them are white space, comments and ends of the page alone."""
    until = len(page)
    while until:
        if page[until - 1].isspace():
            until -= 1
            continue
        comment = page.endswith("-->", 0, until)
        start = page.rfind("<!--" if comment else "</", 0, until)
        if start < 0 or not (comment or _END.fullmatch(page, start, until)):
            break
        until = start
    return until
