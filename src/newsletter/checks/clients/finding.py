"""HTML text → every use of a feature that some mail client may not support, at its line and column.

In: the HTML of an email, of this program or another, and the features worth looking for. Out: `Use`s in the order of
the page. Left out is what no reader would miss: what stands inside `@media`, `@supports` or a rule for one client is
an extra for those who read it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from types import MappingProxyType

from newsletter.checks.clients.conditions import Readers
from newsletter.checks.clients.css import AtRule, Rule, declarations, stylesheet
from newsletter.checks.clients.document import CELLS, Document, Element, Style, read_document
from newsletter.checks.clients.elements import element_features
from newsletter.checks.clients.markup import Lines
from newsletter.checks.clients.properties import Block, block_features
from newsletter.checks.clients.selectors import Matcher, is_extra, selector_features
from newsletter.checks.clients.uses import Found, Use
from newsletter.checks.clients.values import pixels

_Placed = tuple[int, int, Found, Readers]
"""A feature from where to where in a style sheet, and who reads what it dresses."""
NO_FORMATS: Mapping[str, str] = MappingProxyType({})
_LONGEST_EXCERPT = 120
_LAYOUT = frozenset("width max-width padding background background-color color font-size text-align border".split())
_MEDIA = (
    ("prefers-color-scheme", "css-at-media-prefers-color-scheme"),
    ("prefers-reduced-motion", "css-at-media-prefers-reduced-motion"),
    ("orientation", "css-at-media-orientation"),
    ("hover", "css-at-media-hover"),
    ("device-pixel-ratio", "css-at-media-device-pixel-ratio"),
)


def find_uses(html: str, features: Collection[str], formats: Mapping[str, str] = NO_FORMATS) -> tuple[Use, ...]:
    """Each use in the HTML of one of the features, in order; never fails, whatever the text is. `formats`: address of a
    picture whose bytes are known → its format."""
    return _Finder(html, features, formats).find()


class _Finder:
    def __init__(self, html: str, features: Collection[str], formats: Mapping[str, str]) -> None:
        self._html = html
        self._known = features
        self._formats = formats
        self._lines = Lines(html)
        self._document: Document = read_document(html)

    def find(self) -> tuple[Use, ...]:
        matcher = Matcher(self._document.elements if self._document.styles else ())
        for style in self._document.styles:
            _size(stylesheet(style.text), matcher)
        uses = [use for element in self._document.elements for use in self._element(element)]
        for style in self._document.styles:
            uses += self._style(style, matcher)
        return tuple(sorted(set(uses), key=lambda one: (one.start, one.feature, one.case)))

    def _element(self, element: Element) -> Iterator[Use]:
        for attribute, found in element_features(element, self._formats):
            if found.feature in self._known:
                span = (element.start, element.end) if attribute is None else (attribute.start, attribute.end)
                yield self._use(found, *span, element.readers)
        style = element.attributes.get("style")
        # What stands on v:rect and its kin is VML's own language.
        if style is not None and ":" in style.value and ":" not in element.name:
            block = Block(declarations(style.value), element, inline=True)
            for one, found in block_features(block, self._known):
                yield self._use(found, style.offset(one.start), style.offset(one.end), element.readers)

    def _style(self, style: Style, matcher: Matcher) -> Iterator[Use]:
        sheet = stylesheet(style.text)
        readers = style.element.readers
        if "html-style" in self._known and sheet:
            case = self._style_case(style, [one for one in sheet if isinstance(one, Rule)], matcher)
            yield self._use(Found("html-style", case), style.element.start, style.element.end, readers)
        for one in sheet:
            found = self._at_rule(one) if isinstance(one, AtRule) else self._rule(one, matcher)
            for start, end, feature, dressed in found:
                yield self._use(feature, style.start + start, style.start + end, readers.among(dressed))

    def _style_case(self, style: Style, rules: list[Rule], matcher: Matcher) -> str:
        if any(one.name == "body" for one in style.element.parents()):
            return "in-body"
        dressed = sum("style" in one.attributes for one in self._document.elements)
        needed = [
            one
            for one in rules
            if not one.conditions and not is_extra(one.selector) and _LAYOUT & {each.name for each in one.declarations}
        ]
        met = sum(len(matcher.matches(one.selector) or ()) for one in needed)
        return "needed" if met > 2 * dressed else ""

    def _at_rule(self, rule: AtRule) -> Iterator[_Placed]:
        feature, case = f"css-at-{rule.name}", ""
        if rule.name == "media":
            case = "nested" if any(one.startswith("@") for one in rule.conditions) else ""
            special = [one for word, one in _MEDIA if word in rule.prelude.lower()]
            if special and not case:
                feature = special[0]
        elif rule.name == "import":
            case = "font" if "font" in rule.prelude.lower() or "typekit" in rule.prelude.lower() else ""
        if feature in self._known:
            yield rule.start, rule.end, Found(feature, case), Readers.ALL

    def _rule(self, rule: Rule, matcher: Matcher) -> Iterator[_Placed]:
        if rule.nested and "css-nesting" in self._known:
            yield rule.start, rule.end, Found("css-nesting"), Readers.ALL
        if rule.conditions or rule.nested:
            return
        for feature in selector_features(rule.selector):
            if feature in self._known:
                yield rule.start, rule.end, Found(feature, _content_case(feature, rule)), Readers.ALL
        if is_extra(rule.selector):
            return
        dressed = matcher.matches(rule.selector)
        for element in _kinds(dressed):
            for one, found in block_features(Block(rule.declarations, element, inline=False), self._known):
                yield one.start, one.end, found, Readers.ALL if element is None else element.readers

    def _use(self, found: Found, start: int, end: int, readers: Readers) -> Use:
        line, column = self._lines.place(start)
        excerpt = " ".join(self._html[start : min(end, start + 3 * _LONGEST_EXCERPT)].split())
        if len(excerpt) > _LONGEST_EXCERPT:
            excerpt = excerpt[: _LONGEST_EXCERPT - 1] + "…"
        return Use(found.feature, found.case, start, end, line, column, excerpt, readers, found.relieved)


def _size(sheet: Iterable[Rule | AtRule], matcher: Matcher) -> None:
    """Note the tables and cells that a rule for all gives a width in pixels."""
    for rule in sheet:
        if isinstance(rule, AtRule) or rule.conditions or is_extra(rule.selector):
            continue
        if any(one.name == "width" and pixels(one.value) for one in rule.declarations):
            for element in matcher.matches(rule.selector) or ():
                element.sized = element.sized or element.name in ("table", *CELLS)


def _content_case(feature: str, rule: Rule) -> str:
    """`text` when words are put into the page by the style."""
    if feature not in ("css-pseudo-element-before", "css-pseudo-element-after"):
        return ""
    contents = [one.value for one in rule.declarations if one.name == "content"]
    return "text" if any(any(letter.isalnum() for letter in one.strip("\"'")) for one in contents) else ""


def _kinds(dressed: list[Element] | None) -> list[Element | None]:
    """The elements to judge a rule on; None for one it is not known for, and nobody where it dresses nothing."""
    if dressed is None:
        return [None]
    return list({id(one): one for one in dressed}.values())
