"""A start tag as it is written → whether it ends where its author meant it to.

In: what stands between a tag's name and its `>`. Out: whether another tag was swallowed on the way, because a quote or
the `>` itself is missing. Names of tags in alternative texts, and drawings written into an address (data:), are meant.
Source: the HTML standard, tokenization (unexpected-character-in-attribute-name; attribute values in quotes).
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
