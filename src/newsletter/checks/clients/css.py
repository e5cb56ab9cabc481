"""CSS text → its declarations, rules and conditions, each at its offset in that text.

Style attributes repeat in an email by the hundred, so what was read once is remembered. Plain declarations are split by
a pattern that takes only what cannot mean anything else; all the rest goes through tinycss2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

_PLAIN = re.compile(
    r"""\s*(?P<name>-?[A-Za-z_][-\w]*)\s*:\s*"""
    r"""(?P<value>(?:[^;:"'()\\{}@/\[\]]|/(?!\*)|"[^"\\\n]*"|'[^'\\\n]*'|\([^()"'\\{}]*\))*)(?:;|\Z)|\s+\Z|\s*;"""
)
_IMPORTANT = re.compile(r"\s*!\s*important\s*\Z", re.IGNORECASE)
_NEWLINE = re.compile(r"\r\n|[\r\f\n]")
_MOST = 500
"""Declarations of one block; what comes after them is no style of a mail."""
_KEPT_TEXTS = 4096
_LONGEST_KEPT = 4096
_CONDITIONS = frozenset({"media", "supports", "container", "layer", "document", "-moz-document"})
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Declaration:
    """`name: value`; the name in small letters, the value without `!important`; `tight`: no space stood before it."""

    name: str
    value: str
    important: bool
    tight: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector and its declarations, and the at-rules around it, outermost first; `nested` in another rule."""

    selector: str
    declarations: tuple[Declaration, ...]
    start: int
    end: int
    conditions: tuple[str, ...] = ()
    nested: bool = False


@dataclass(frozen=True, slots=True)
class AtRule:
    """An at-rule: its name, what stands before its block, and the at-rules around it."""

    name: str
    prelude: str
    start: int
    end: int
    conditions: tuple[str, ...] = ()


def declarations(text: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute, in order; what is not one is left out, as a browser does."""
    return _remembered(text) if len(text) <= _LONGEST_KEPT else _declarations(text)


def stylesheet(text: str) -> tuple[Rule | AtRule, ...]:
    """The rules and at-rules of a style element, those inside others too, in order."""
    try:
        return _remembered_sheet(text)
    except RecursionError:
        # Thousands of brackets in brackets: no mail client reads such a sheet either.
        return ()


@lru_cache(maxsize=_KEPT_TEXTS)
def _remembered(text: str) -> tuple[Declaration, ...]:
    return _declarations(text)


def _declarations(text: str) -> tuple[Declaration, ...]:
    found: list[Declaration] = []
    at = 0
    while at < len(text) and len(found) < _MOST:
        one = _PLAIN.match(text, at)
        if one is None:
            return _parsed_declarations(text)
        if one["name"]:
            found.append(_declaration(one["name"], one["value"], one.start("name"), one.end("value")))
        at = one.end()
    return tuple(found)


def _declaration(name: str, value: str, start: int, end: int) -> Declaration:
    important = _IMPORTANT.search(value)
    plain = value if important is None else value[: important.start()]
    tight = important is not None and not important[0][0].isspace()
    return Declaration(name.lower(), plain.strip(), important is not None, tight, start, end)


def _parsed_declarations(text: str) -> tuple[Declaration, ...]:
    import tinycss2  # only where a style is not plain: the import is not free

    offsets = _Offsets(text)
    try:
        nodes = tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True)
        return tuple(_from_node(node, offsets) for node in nodes[:_MOST] if node.type == "declaration")
    except RecursionError:
        return ()


def _from_node(node: Any, offsets: _Offsets) -> Declaration:
    import tinycss2

    start = offsets.of(node)
    value = tinycss2.serialize([token for token in node.value if token.type != "comment"]).strip()
    text = offsets.text[start : start + len(node.name) + len(value) + 40]
    tight = node.important and re.search(r"\S!\s*important", text[: _end_of(text)], re.IGNORECASE) is not None
    return Declaration(node.lower_name, value, node.important, tight, start, start + _end_of(text))


def _end_of(text: str) -> int:
    """Where a declaration that begins the text ends, near enough to quote it."""
    found = re.search(r"[;}]", text)
    return len(text) if found is None else found.start()


@lru_cache(maxsize=64)
def _remembered_sheet(text: str) -> tuple[Rule | AtRule, ...]:
    import tinycss2

    plain = re.sub(r"<!--|-->", lambda found: " " * len(found[0]), text)
    nodes = tinycss2.parse_stylesheet(plain, skip_comments=True, skip_whitespace=True)
    return tuple(_rules(nodes, _Offsets(plain), ()))


def _rules(nodes: Sequence[Any], offsets: _Offsets, around: tuple[str, ...]) -> Iterator[Rule | AtRule]:
    import tinycss2

    for node in nodes:
        if node.type == "qualified-rule":
            yield from _qualified(node, offsets, around, 0)
        elif node.type == "at-rule":
            name = node.lower_at_keyword
            prelude = " ".join(tinycss2.serialize(node.prelude).split())
            start = offsets.of(node)
            yield AtRule(name, prelude, start, offsets.end_of_line(start), around)
            if name in _CONDITIONS and node.content is not None and len(around) < _DEEPEST:
                inner = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
                yield from _rules(inner, offsets, (*around, f"@{name} {prelude}"))


def _qualified(node: Any, offsets: _Offsets, around: tuple[str, ...], depth: int) -> Iterator[Rule]:
    import tinycss2

    selector = " ".join(tinycss2.serialize([token for token in node.prelude if token.type != "comment"]).split())
    inner = tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
    own = tuple(_from_node(one, offsets) for one in inner[:_MOST] if one.type == "declaration")
    start = offsets.of(node)
    yield Rule(selector, own, start, offsets.end_of_line(start), around, depth > 0)
    if depth < _DEEPEST:
        for one in inner:
            if one.type == "qualified-rule":
                yield from _qualified(one, offsets, around, depth + 1)


class _Offsets:
    """The offset of a tinycss2 node, which tells line and column with every kind of newline counted as one."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in _NEWLINE.finditer(text))]

    def of(self, node: Any) -> int:
        line = min(int(node.source_line), len(self._starts))
        return min(self._starts[line - 1] + int(node.source_column) - 1, len(self.text))

    def end_of_line(self, start: int) -> int:
        found = _NEWLINE.search(self.text, start)
        return len(self.text) if found is None else found.start()
