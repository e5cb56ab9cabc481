"""Markdown → HTML, by CommonMark with tables and footnotes; and which lines of a text are code.

In: Markdown as people write it. Out: HTML, the footnotes apart, and what had to be read otherwise than it was meant.
No word is lost: CommonMark says nothing of nesting beyond all measure, of rows with more cells than their table, and
takes any `[word]: word` for an address; what these would drop stays in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from newsletter.expressions import TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

Told = tuple[str, str, str]
"""(rule, message, words by which the line is found in the author's file)."""

_DEEPEST = 40
"""A quote is one level deep and a list two. Beyond this nothing nests, as reading it would use up the stack."""
_MOST_NESTED = 50
"""Above what our own rules allow: markdown-it-py drops blocks that reach it."""
_MOST_BRACKETS = 20
_LONGEST_QUOTE = 200
_DEFINITION = re.compile(r"\[(?P<label>(?:[^\[\]\\]|\\.){1,1000})\]:\s*+(?P<address>\S++)")
_UNFINISHED = re.compile(
    r"<(?:(?:strong|span|div|img|blockquote)\s+[a-zA-Z]|(?:a|b|i|p|em|h[1-6]|td|tr|th|table|ul|ol|li|font|center|figure)"
    r"\s+[a-zA-Z-]+\s*=)",
    re.IGNORECASE,
)
"""The beginning of a tag that nobody writes by chance, as `a <b and c` may be."""
_ADDRESS = re.compile(r"[/.:#?@<%=&\\]")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML."""

    html: str
    notes: str = ""
    """Its footnotes, a rule and a numbered list: they stand at the end of all that belongs to the text."""
    told: tuple[Told, ...] = ()


def render_markdown(text: str) -> Rendered:
    """CommonMark with tables and footnotes, HTML passed through: what authors write is sanitised afterwards."""
    from newsletter.content import footnotes

    markdown, env = _markdown(), {"told": []}  # type: tuple[MarkdownIt, dict[str, Any]]
    html = str(markdown.render(text, env))
    notes = footnotes.list_of(env)
    written = str(markdown.renderer.render(notes, markdown.options, env)) if notes else ""
    return Rendered(html, written, tuple(dict.fromkeys(env["told"])))


def markdown_to_html(text: str) -> str:
    """The text as HTML, its footnotes at its end."""
    rendered = render_markdown(text)
    return rendered.html + rendered.notes


def markdown_inline(text: str) -> str:
    """One line of Markdown (a caption, say) as HTML without a paragraph around it."""
    return str(_markdown().renderInline(text))


def code_lines(text: str) -> list[tuple[int, int]]:
    """The line ranges (from, to, counted from 0) of fenced and indented code."""
    tokens = _blocks_only().parse(text)
    return [(token.map[0], token.map[1]) for token in tokens if token.type in ("fence", "code_block") and token.map]


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    lines = _taught(_MOST_BRACKETS)

    def inline(state: StateCore) -> None:
        for token in state.tokens:
            if token.type == "inline":
                token.children = []
                lines.inline.parse(token.content, lines, state.env, token.children)
                _tell_of_tags(state.env, token.children)

    markdown = _taught(_MOST_NESTED)
    markdown.core.ruler.at("inline", inline)
    for name, rule in {"list": _nested, "blockquote": _nested, "reference": _to_an_address, "table": _whole}.items():
        _wrap(markdown, name, rule)
    return markdown


def _taught(most_nested: int) -> MarkdownIt:
    """CommonMark with all we add to it; `most_nested` is what blocks, or brackets in a line, may nest."""
    from markdown_it import MarkdownIt

    from newsletter.content import footnotes

    markdown = MarkdownIt("commonmark", {"html": True, "maxNesting": most_nested}).enable(["table", "strikethrough"])
    footnotes.teach(markdown)
    return markdown


@lru_cache(maxsize=1)
def _blocks_only() -> MarkdownIt:
    return _markdown.__wrapped__().disable(["inline", "footnote_numbers"])


def _wrap(markdown: MarkdownIt, name: str, around: Any) -> None:
    """Put one of our rules around one of the library's."""
    ruler = markdown.block.ruler
    rule = next(one for one in ruler.__rules__ if one.name == name)
    inner = rule.fn
    ruler.at(name, lambda state, start, end, silent: bool(around(inner, state, start, end, silent)), {"alt": rule.alt})


def _nested(rule: Any, state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quote or a list, unless it stands so deep that it can only be an accident: then its marks are text."""
    if state.level < _DEEPEST:
        return bool(rule(state, start, end, silent))
    if not silent and rule(state, start, end, True):
        line = _line(state, start)
        _tell(state, "deep-nesting", "lists and quotes nest too deep for a mail; their marks stand as text.", line)
    return False


def _to_an_address(rule: Any, state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[words]: address`, which shows nothing; what follows the colon has to look like an address."""
    text = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[min(start + 1, end - 1)]]
    found = _DEFINITION.match(text)
    if found and (found["label"].startswith("^") or not _is_address(found["address"])):
        return False
    return bool(rule(state, start, end, silent))


def _is_address(word: str) -> bool:
    return bool(_ADDRESS.search(word.rstrip(".,;:!?")) or TOKEN.search(word))


def _whole(rule: Any, state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table; cells beyond its columns join the last one of their row."""
    from markdown_it.rules_block.table import escapedSplit

    first = len(state.tokens)
    if not rule(state, start, end, silent):
        return False
    rows: dict[int, list[Any]] = {}
    for token in state.tokens[first:] if not silent else ():
        if token.type == "inline" and token.map:
            rows.setdefault(token.map[0], []).append(token)
    for number, cells in rows.items():
        line = _line(state, number).strip()
        written = escapedSplit(line)
        written = written[not written[0] :]
        beyond = " ".join(" ".join(written[len(cells) :]).split())
        if beyond:
            cells[-1].content = f"{cells[-1].content} {beyond}".strip()
            _tell(
                state,
                "table-row",
                f"a row has more cells than its table; they join its last one: {beyond[:_LONGEST_QUOTE]}",
                line,
            )
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]


def _tell_of_tags(env: Any, tokens: Sequence[Token]) -> None:
    """What begins like a tag and stands as text, because it is never finished; escaped, it would be meant so."""
    told = env.get("told")
    for text in (one.content for one in tokens if one.type == "text" and "<" in one.content):
        for found in _UNFINISHED.finditer(text) if told is not None else ():
            message = f"a tag is not finished, and stands as text: {text[found.start() :][:120]}"
            told.append(("unfinished-tag", message, text[found.start() :][:60]))


def _tell(state: StateBlock, rule: str, message: str, words: str) -> None:
    told = state.env.get("told")
    if told is not None and not any(one[0] == rule == "deep-nesting" for one in told):
        told.append((rule, message, words[:_LONGEST_QUOTE]))
