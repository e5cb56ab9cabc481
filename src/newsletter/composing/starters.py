"""A kind of block → a new one to begin with, as it is written below its dash.

In: the kind, a file where it shows one, the address of the site. Out: lines of YAML that read as a complete block.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from newsletter.errors import Refused

OF_ARTICLES = ("article", "articles")
OF_PICTURES = ("image", "figure")
SECTION = "heading: New section\nblocks:\n  - {text: Write here.}"
"""A section to begin with."""

_ORDER = (
    "article", "text", "button", "image", "columns", "heading", "figure", "quote", "links", "articles", "divider",
    "spacer", "sponsor", "social", "html",
)  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9][\w./-]*[A-Za-z0-9]")
_WRITTEN = {
    "text": "{text: Write here.}",
    "heading": "{heading: A heading}",
    "columns": "columns:\n  - {text: The left column.}\n  - {text: The right column.}",
    "button": "{button: Read more, link: LINK}",
    "quote": "{quote: What was said., by: Who said it}",
    "links": "links:\n  - {text: A link, link: LINK}",
    "divider": "{divider: }",
    "spacer": "{spacer: 24}",
    "sponsor": "{sponsor: Name of the sponsor, text: What they offer., link: LINK}",
    "social": "social: {Website: LINK}",
    "html": '{html: "<p>Write here.</p>"}',
    "article": "{article: FILE, show: summary}",
    "articles": "articles: [FILE]",
    "image": '{image: FILE, alt: "What the picture shows"}',
    "figure": 'figure: FILE\nalt: "What the picture shows"\ncaption: ""',
}


def in_order(kinds: frozenset[str]) -> tuple[str, ...]:
    """The kinds of blocks, the ones that are used most first; a workspace's own last."""
    return (*(one for one in _ORDER if one in kinds), *sorted(kinds - set(_ORDER)))


def starter(kind: str, kinds: frozenset[str], files: Sequence[str], file: str, site_url: str) -> str:
    """A new block of that kind; `files` are those it may show, `file` the one that was chosen (or none: the first).

    Raises `Refused` for an unknown kind, for a file that is not there, and when there is none to show.
    """
    if kind not in kinds:
        raise Refused(f"there is no kind of block called '{kind}'.")
    if kind in (*OF_ARTICLES, *OF_PICTURES):
        if not files:
            what = "article" if kind in OF_ARTICLES else "picture"
            raise Refused(f"there is no {what} in the issue's folder yet. Put one there first.")
        if file and file not in files:
            raise Refused(f"there is no file '{file}' in the issue's folder any more.")
    written = _WRITTEN.get(kind, f"{{{_scalar(kind)}: Write here.}}")
    written = written.replace("LINK", json.dumps(site_url or "https://example.org", ensure_ascii=False))
    return written.replace("FILE", _scalar(file or (files[0] if files else "")))


def _scalar(words: str) -> str:
    """The words as YAML reads them back."""
    return words if _PLAIN.fullmatch(words) and not words[0].isdigit() else json.dumps(words, ensure_ascii=False)
