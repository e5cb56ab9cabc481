"""An article's title, found in its own HTML: the heading it begins with, its first `<h1>`, or the page's `<title>`.

In: HTML. Out: the title, and the HTML without the heading that became it: a title stands once. A heading further down
gives its words and stays where it is, unless the page's `<title>` says the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.content.sources import BEGINNING, plain_words
from newsletter.content.tags import page_title

_HEADING = re.compile(r"<h([1-6])(?:\s[^>]{0,500})?>", re.IGNORECASE)
_NAVIGATION = re.compile(r"<nav\b.*?</nav\s*>", re.DOTALL | re.IGNORECASE)
_PICTURE = re.compile(r"<(?:img|figure|svg|video|iframe)\b", re.IGNORECASE)
_PARTED = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb\u00ab:-]+\s+|:\s+")
"""Between a page's title and the name of its site."""
_LONGEST = 300


def taken_title(markup: str, given: str = "") -> tuple[str, str]:
    """The title (the `given` one where there is one; nothing when none is found), and the HTML without its heading."""
    page = page_title(markup)
    heading = _heading(markup, page)
    if heading and (not given or heading.words == given):
        return heading.words, markup[: heading.start] + markup[heading.end :] if heading.is_title else markup
    return given or page, markup


@dataclass(frozen=True, slots=True)
class _Heading:
    words: str
    start: int
    end: int
    is_title: bool
    """Whether it stands over all there is, or says what the page says it is called."""


def _heading(markup: str, page: str) -> _Heading | None:
    """The heading the markup begins with, else its first one of the first level."""
    for place, found in enumerate(_HEADING.finditer(markup)):
        leads = place == 0 and _is_bare(markup[: found.start()])
        if leads or found[1] == "1":
            end = re.compile(rf"</h{found[1]}\s*+>", re.IGNORECASE).search(markup, found.end())
            if end is None or end.start() - found.end() > BEGINNING:
                return None
            words = plain_words(markup[found.end() : end.start()])
            if words and len(words) <= _LONGEST:
                return _Heading(words, found.start(), end.end(), leads or words in (page, *_PARTED.split(page)))
            return None
    return None


def _is_bare(above: str) -> bool:
    """Whether nothing that readers see stands there."""
    return len(above) <= BEGINNING and not _PICTURE.search(above) and not plain_words(_NAVIGATION.sub("", above))
