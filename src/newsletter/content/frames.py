"""A whole web page → what of it is the article.

In: the clean tree of a page. Out: the same tree without the site's frame around the article: its navigation, and the
header, footer and sidebars that stand outside `<article>` or `<main>`. What is dropped is quoted in full.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.content.paragraphs import has_content
from newsletter.content.tags import Element, Notice

_OUTSIDE = ("header", "footer", "aside")
_ARTICLES = {"article", "main", "blockquote", "section", "li", "figure"}


def without_frame(page: Element, notice: Notice) -> Element:
    """The page without its frame; as it is when nothing else would be left."""
    article = next((one for one in page.iter("main", "article") if has_content(one)), None)
    frame = list(_frame(page, article is not None))
    framed = {one for part in frame for one in part.iter()}
    left = any(_own_words(one) for one in page.iter() if one not in framed)
    for part in frame if left else ():
        words = " ".join(" ".join(part.itertext()).split())
        if words:
            quoted = f"belongs to the site, not to a letter, and is left out: '{words}'."
            notice("site-furniture", quoted, words)
        _take_out(part)
    return page


def _own_words(element: Element) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return element.tag == "img" or any((text or "").strip() for text in texts)


def _frame(page: Element, has_article: bool) -> Iterator[Element]:
    for part in page.iter("nav", *_OUTSIDE):
        above = {one.tag for one in part.iterancestors()}
        if above & {"nav", *_OUTSIDE}:
            continue
        if (
            part.tag == "nav"
            or (part.tag == "footer" and not above & _ARTICLES)
            or (has_article and not above & _ARTICLES and part.find(".//h1") is None and not _holds_article(part))
        ):
            yield part


def _holds_article(part: Element) -> bool:
    return next(part.iter("article", "main"), None) is not None


def _take_out(part: Element) -> None:
    """Take the element out, and leave the text behind it in its place."""
    parent, before = part.getparent(), part.getprevious()
    tail = part.tail or ""
    if before is not None:
        before.tail = f"{before.tail or ''} {tail}"
    else:
        parent.text = f"{parent.text or ''} {tail}"
    parent.remove(part)
