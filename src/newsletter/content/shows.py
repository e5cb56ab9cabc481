"""How an article is shown → the article as that needs it: a card and a summary need words to show.

In: an article and `full`, `summary` or `card`. Out: the article, its first paragraph as its description where it has
none of its own; and what a reader would miss, in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from newsletter.content.sources import excerpt, plain_words
from newsletter.model import Article, Block

_PARAGRAPH = re.compile(r"<p\b[^<>]*>(.*?)</p>", re.DOTALL)
_MARK = re.compile(r"<sup>\(\d+\)</sup>")


def fitted(article: Article, show: str) -> tuple[Article, str]:
    """The article for showing it so, and what is wrong with that; nothing when all is well."""
    path = article.where.path
    if show == "full":
        told = f"'{article.title}' is shown in full and has no words. Write some into {path}, or take it out."
        return article, "" if article.body else told
    if not article.description:
        article = replace(article, description=_first_words(article.body))
    if not article.description:
        told = f"'{article.title}' is shown as a {show}, and there is nothing to show but its title. "
        return article, f"{told}Give {path} a `description: …`."
    if article.link or _is_all(article):
        return article, ""
    told = f"'{article.title}' is shown as a {show}, and nothing leads to the rest of it. "
    return article, f"{told}Give {path} a `link: …`, or write `show: full`."


def _first_words(body: tuple[Block, ...]) -> str:
    """The beginning of the first paragraph; of the first words where there is none."""
    for markup in _prose(body):
        clean = _MARK.sub("", markup)
        paragraphs = (plain_words(found[1]) for found in _PARAGRAPH.finditer(clean))
        words = next((one for one in paragraphs if one), "") or plain_words(clean)
        if words:
            return excerpt(words)
    return ""


def _is_all(article: Article) -> bool:
    """Whether the description says all the article does."""
    pictures = any(block.type not in ("prose", "button") for block in article.body)
    words = " ".join(plain_words(markup) for markup in _prose(article.body))
    return not pictures and words in ("", article.description)


def _prose(body: tuple[Block, ...]) -> Iterator[str]:
    for block in body:
        for cell in block.fields.get("cells", ()):  # type: ignore[attr-defined]  # the cells of a columns block
            yield from _prose(cell)
        if block.type == "prose":
            yield str(block.fields.get("html", ""))
