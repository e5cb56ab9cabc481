"""Markdown → HTML, by CommonMark with tables; and which lines of a text are code."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


def markdown_to_html(text: str) -> str:
    """CommonMark with tables, HTML passed through: what authors write is sanitised afterwards."""
    return str(_markdown().render(text))


def markdown_inline(text: str) -> str:
    """One line of Markdown (a caption, say) as HTML without a paragraph around it."""
    return str(_markdown().renderInline(text))


def code_lines(text: str) -> list[tuple[int, int]]:
    """The line ranges (from, to, counted from 0) of fenced and indented code."""
    tokens = _blocks_only().parse(text)
    return [(token.map[0], token.map[1]) for token in tokens if token.type in ("fence", "code_block") and token.map]


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@lru_cache(maxsize=1)
def _blocks_only() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).disable("inline")
