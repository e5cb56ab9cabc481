"""Stylesheet text → rules that can go into style attributes, and what has to stay in a `<style>`.

In: the text of one `<style>`. Out: its parts in order, each `Inlinable` or `Kept`. Dropped: `@import`, in whatever
spelling (nothing is ever fetched), `@charset`, and what CSS itself ignores. Declarations keep their author's spelling.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

import tinycss2
from cssselect import SelectorError
from cssselect import parse as parse_selector
from cssselect.xpath import GenericTranslator

from newsletter.errors import NewsletterError

_MAX_DEPTH = 100
_CONDITIONAL = frozenset({"media", "supports", "container", "layer", "document"})
_DROPPED = frozenset({"import", "charset"})
_CLIENT_NAMES = (
    "outlook externalclass readmsgbody yshortcuts messageviewbody messagewebviewdiv moz-text-html apple-data-detectors"
)
_HOOK = re.compile(
    rf"[.#](?:{'|'.join(_CLIENT_NAMES.split())})(?![\w-])|\[\s*(?:data-og|owa|x-apple)|(?<![\w.#-])u\s*\+",
    re.IGNORECASE,
)
"""What mail clients put around or into a message, and style sheets ask for: https://howtotarget.email"""
_CHILD = re.compile(r":(?:first|last)-child$")

Node = Any
"""A tinycss2 node; the library has no types."""


class StylesheetTooDeep(NewsletterError):
    """The CSS nests brackets more deeply than any email needs, and than can be read safely."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A property as its author wrote it; `name` is in lower case, to compare."""

    name: str
    text: str
    value: str
    important: bool

    def __str__(self) -> str:
        return f"{self.text} !important" if self.important else self.text


@dataclass(frozen=True, slots=True)
class Kept:
    """CSS that stays in a `<style>`. Parts of one non-empty `kind` in a row can share it; others stand alone."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Inlinable:
    """A rule for style attributes; `otherwise` is what to keep when it matches nothing on the page."""

    selector: str
    specificity: tuple[int, int, int]
    declarations: tuple[Declaration, ...]
    otherwise: Kept | None = None


Part = Inlinable | Kept


@lru_cache(maxsize=64)
def read_stylesheet(css: str, only_keep: bool = False) -> tuple[Part, ...]:
    """The parts of the style sheet in order; with `only_keep` (a `<style media=…>`) nothing is `Inlinable`.

    What stays must win over style attributes as it won over rules: its declarations become `!important`. Raises
    `StylesheetTooDeep`.
    """
    _refuse_depth(css)
    parts: list[Part] = []
    for node in tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True):
        if node.type == "at-rule":
            parts += _at_rule(node)
        elif node.type == "qualified-rule":
            parts += _rule(node, only_keep)
    return tuple(parts)


def imports(css: str) -> bool:
    """Whether the style sheet asks for another one, in whatever spelling."""
    nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return any(node.type == "at-rule" and node.lower_at_keyword == "import" for node in nodes)


def style_texts(kept: Iterable[Kept]) -> list[str]:
    """The texts of the `<style>` elements to hold them: Gmail drops a whole one for a nested at-rule in it."""
    texts: list[str] = []
    for kind, parts in groupby(kept, key=lambda part: part.kind):
        lines = [part.text for part in parts]
        texts += ["\n".join(lines)] if kind else lines
    return texts


def as_ascii_css(css: str) -> str:
    """Other characters as CSS escapes: in `<style>` a numeric reference would be text."""
    return css if css.isascii() else "".join(char if char.isascii() else f"\\{ord(char):06x}" for char in css)


@lru_cache(maxsize=4096)
def read_declarations(css: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute, every one in its author's spelling, also those CSS would ignore.

    Raises `StylesheetTooDeep`.
    """
    _refuse_depth(css)
    return _declarations(tinycss2.parse_component_value_list(css, skip_comments=True))


def cascade(blocks: Iterable[Sequence[Declaration]]) -> list[Declaration]:
    """What applies of the blocks, the weakest first. Values that one block gives twice are fallbacks: all stay."""
    ordered = list(blocks)
    merged: list[Declaration] = []
    for important in (False, True):
        for block in ordered:
            # Of the same declaration said twice the later one stands: what lies between must not win.
            strong = list(dict.fromkeys(one for one in reversed(block) if one.important is important))[::-1]
            names = {one.name for one in strong}
            merged = [one for one in merged if one.name not in names] + strong
    return merged


def nests_too_deeply(css: str) -> bool:
    """Whether `read_stylesheet` would refuse it."""
    try:
        _refuse_depth(css)
    except StylesheetTooDeep:
        return True
    return False


def _refuse_depth(css: str) -> None:
    depth = 0
    for char in re.findall(r"[(){}\[\]]", css):
        depth = depth + 1 if char in "({[" else max(0, depth - 1)
        if depth > _MAX_DEPTH:
            raise StylesheetTooDeep(f"CSS nests more than {_MAX_DEPTH} brackets. Take out the rule that does.")


def _rule(node: Node, only_keep: bool) -> Iterator[Part]:
    if any(token.type == "{} block" for token in node.content):
        yield Kept(_text([node]).strip())
        return
    declarations = _declarations(node.content)
    if not declarations:
        return
    for selector in _selectors(node.prelude):
        kept = _kept(selector, declarations, important=selector != "*")
        specificity = None if only_keep or selector == "*" else _inlinable(selector)
        if specificity is None:
            yield kept
        else:
            yield Inlinable(selector, specificity, declarations, kept if "[" in selector else None)


def _kept(selector: str, declarations: Sequence[Declaration], important: bool) -> Kept:
    body = _body(declarations) if important else "; ".join(str(one) for one in declarations)
    return Kept(f"{selector} {{{body}}}", "hook" if "[" in selector or _HOOK.search(selector) else "rule")


def _body(declarations: Iterable[Declaration]) -> str:
    return "; ".join(f"{one.text} !important" for one in declarations)


def _inlinable(selector: str) -> tuple[int, int, int] | None:
    """The selector's specificity, or None when premailer would misread it or it waits for a mail client."""
    plain = _CHILD.sub("", selector)
    if _HOOK.search(plain) or re.search(r'[:,{}\\"\'|]|\[\s*style', re.sub(r'"[\w\s./-]*"', "", plain)):
        return None
    try:
        (parsed,) = parse_selector(selector)
        GenericTranslator().selector_to_xpath(parsed)
    except (SelectorError, ValueError, RecursionError):
        return None
    return parsed.specificity()


def _selectors(prelude: Sequence[Node]) -> Iterator[str]:
    """The selectors of the list, white space and comments tidied, tags and attribute names in lower case."""
    for tokens in _split(prelude, ","):
        _lower_case_names(tokens)
        text = " ".join(_text(tokens).split())
        if text:
            yield re.sub(r"\s*([>+~])\s*", r" \1 ", text) if "[" not in text and "(" not in text else text


def _lower_case_names(tokens: Sequence[Node]) -> None:
    before = ""
    for token in tokens:
        if token.type == "ident" and before not in (".", ":"):
            token.value = token.lower_value
        if token.type == "[] block":
            name = next((one for one in token.content if one.type == "ident"), None)
            if name is not None:
                name.value = name.lower_value
        before = token.value if token.type == "literal" else ""


def _at_rule(node: Node) -> Iterator[Kept]:
    name = node.lower_at_keyword
    if name in _DROPPED:
        return
    nested = name != "media" or any(token.type == "at-keyword" for token in node.content or ())
    yield Kept(_at_rule_text(node), "" if nested else "media")


def _at_rule_text(node: Node) -> str:
    """The at-rule with its declarations `!important`, where it is one that holds rules."""
    if node.lower_at_keyword not in _CONDITIONAL or node.content is None:
        return _text([node]).strip()
    lines: list[str] = []
    for inner in tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True):
        if inner.type == "at-rule" and inner.lower_at_keyword not in _DROPPED:
            lines.append(_at_rule_text(inner))
        elif inner.type == "qualified-rule":
            nested = any(token.type == "{} block" for token in inner.content)
            body = _text(inner.content) if nested else _body(_declarations(inner.content))
            lines.append(f"{_text(inner.prelude).strip()} {{{body.strip()}}}")
    return f"@{node.lower_at_keyword} {_text(node.prelude).strip()} {{\n" + "\n".join(lines) + "\n}"


def _declarations(tokens: Sequence[Node]) -> tuple[Declaration, ...]:
    found = []
    for part in _split(tokens, ";"):
        text = _text(part).strip()
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or not value.strip():
            continue
        value = value.strip()
        bare = re.sub(r"\s*!\s*important$", "", value, flags=re.IGNORECASE)
        name = name.strip()
        found.append(Declaration(name.lower(), f"{name}:{bare}", bare, bare != value))
    return tuple(found)


def _split(tokens: Iterable[Node], mark: str) -> Iterator[list[Node]]:
    part: list[Node] = []
    for token in tokens:
        if token.type == "literal" and token.value == mark:
            yield part
            part = []
        elif token.type not in ("comment", "error"):
            part.append(token)
    yield part


def _text(tokens: Sequence[Node]) -> str:
    return str(tinycss2.serialize(tokens))
