"""The words of an SVG and the fonts they ask for: an SVG tree → each text with the families named for it.

Attributes, `style=`, `<style>` rules and inheritance count as in CSS 2 (selectors by specificity, `!important`, the
`font` shorthand). A rule that cannot be read is passed over: the drawing passes over it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import tinycss2
from lxml import etree

_FONT_SIZES = {"xx-small", "x-small", "small", "medium", "large", "x-large", "xx-large", "smaller", "larger"}
_Weight = tuple[bool, tuple[int, int, int], int]
"""How strong a declaration is: important, specificity, position. A larger one wins."""
_ATTRIBUTE: _Weight = (False, (-1, 0, 0), 0)
_INLINE = (1 << 20, 0, 0)


@dataclass(frozen=True, slots=True)
class Words:
    """A text and the font families asked for it, in their order; no family where none is named."""

    text: str
    families: tuple[str, ...]


def words_of(root: Any) -> Iterator[Words]:
    """Every text of the drawing that holds more than spaces."""
    tree = _without_namespaces(root)
    given = _Given(tree)
    for text in tree.iter("text"):
        for element in text.iter():
            if isinstance(element.tag, str) and (element.text or "").strip():
                yield Words(element.text, given.families(element))
            if element is not text and (element.tail or "").strip():
                yield Words(element.tail, given.families(element.getparent()))


def _without_namespaces(root: Any) -> Any:
    """A copy whose elements go by their local names, as selectors of an SVG's stylesheet mean them."""
    copy = deepcopy(root)
    for element in copy.iter(etree.Element):
        element.tag = etree.QName(element).localname
    return copy


@dataclass(slots=True)
class _Given:
    """The families declared for each element, by the strongest declaration."""

    tree: Any
    _by_rule: dict[Any, tuple[_Weight, tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        position = 0
        for style in self.tree.iter("style"):
            for rule in tinycss2.parse_stylesheet("".join(style.itertext()), skip_comments=True, skip_whitespace=True):
                if rule.type != "qualified-rule":
                    continue
                for important, families in _declared(rule.content):
                    position += 1
                    self._apply(tinycss2.serialize(rule.prelude), important, position, families)

    def _apply(self, selectors: str, important: bool, position: int, families: tuple[str, ...]) -> None:
        for specificity, path in _paths(selectors):
            for element in path(self.tree):
                weight: _Weight = (important, specificity, position)
                if element not in self._by_rule or self._by_rule[element][0] <= weight:
                    self._by_rule[element] = (weight, families)

    def families(self, element: Any) -> tuple[str, ...]:
        """What is named for the element itself, or for the nearest one around it."""
        while element is not None:
            own = self._own(element)
            if own and own != ("inherit",):
                return own
            element = element.getparent()
        return ()

    def _own(self, element: Any) -> tuple[str, ...]:
        found: list[tuple[_Weight, tuple[str, ...]]] = []
        if element.get("font-family"):
            found.append((_ATTRIBUTE, _families(tinycss2.parse_component_value_list(element.get("font-family")))))
        if element in self._by_rule:
            found.append(self._by_rule[element])
        for important, families in _declared(element.get("style", "")):
            found.append(((important, _INLINE, len(found)), families))
        return max(found, key=lambda one: one[0])[1] if found else ()


def _declared(css: Any) -> Iterator[tuple[bool, tuple[str, ...]]]:
    """The `font-family` and `font` declarations of a block: whether important, and the families."""
    for one in tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True):
        if one.type == "declaration" and one.lower_name == "font-family":
            yield one.important, _families(one.value)
        elif one.type == "declaration" and one.lower_name == "font":
            families = _families(_after_size(one.value))
            if families:
                yield one.important, families


def _after_size(tokens: list[Any]) -> list[Any]:
    """What follows the size (and the line height) in the `font` shorthand."""
    for number, token in enumerate(tokens):
        if token.type in ("dimension", "percentage") or (token.type == "ident" and token.lower_value in _FONT_SIZES):
            rest = [one for one in tokens[number + 1 :] if one.type != "whitespace"]
            has_line_height = bool(rest) and rest[0].type == "literal" and rest[0].value == "/"
            return _from(tokens[number + 1 :], 2 if has_line_height else 0)
    return []


def _from(tokens: list[Any], skipped: int) -> list[Any]:
    """The tokens after the first `skipped` ones that are not space."""
    for number, token in enumerate(tokens):
        if token.type != "whitespace":
            skipped -= 1
        if skipped < 0:
            return tokens[number:]
    return []


def _families(tokens: list[Any]) -> tuple[str, ...]:
    """The names of a list parted by commas: `'Fira Sans', Arial` and `Fira Sans, Arial` are the same."""
    names: list[list[str]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            names.append([])
        elif token.type in ("string", "ident"):
            names[-1].append(token.value)
        elif token.type not in ("whitespace", "comment"):
            # A bare `Univers 55` is no valid name, and is meant as one all the same.
            names[-1].append(token.serialize())
    return tuple(" ".join(" ".join(name).split()) for name in names if name)


@lru_cache(maxsize=512)
def _paths(selectors: str) -> tuple[tuple[tuple[int, int, int], etree.XPath], ...]:
    from cssselect import GenericTranslator, SelectorError, parse

    try:
        return tuple(
            (one.specificity(), etree.XPath(GenericTranslator().selector_to_xpath(one))) for one in parse(selectors)
        )
    except (SelectorError, etree.XPathError):
        return ()
