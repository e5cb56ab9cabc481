"""An email as a client that knows less gets it: for previews, near enough to see what falls apart.

In: HTML. Out: HTML for a browser, in which conditional comments are resolved and what the client does not support is
gone. What Word draws in its own way (line heights, spacing, fonts) cannot be shown by a browser and is not imitated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.checks.clients.cases import lacks
from newsletter.checks.clients.conditions import Readers, is_closing, opening
from newsletter.checks.clients.css import AtRule, Declaration, Rule, declarations, stylesheet
from newsletter.checks.clients.document import Document, Element, read_document
from newsletter.checks.clients.markup import Comment, RawText, StartTag, pieces
from newsletter.checks.clients.properties import Block, features_of
from newsletter.checks.clients.selectors import Matcher, selector_features
from newsletter.checks.clients.table import SupportTable, Verdict

_ISLAND = re.compile(r"<xml\b[^>]*>.*?</xml\s*>", re.DOTALL | re.IGNORECASE)
"""Settings for Word, which shows none of it."""
_KEPT_PROPERTIES = frozenset({"display"})
"""Word's `display` differs only for columns, which its ghost tables hold; dropping it would undo `none` and `block`."""


def without_styles(html: str) -> str:
    """The HTML without style elements and style sheets: what Gmail's app shows an account of another provider.

    What conditional comments hold stays as it is.
    """
    cuts = []
    begun: StartTag | None = None
    for piece in pieces(html):
        if isinstance(piece, StartTag):
            begun = piece if piece.name == "style" else None
            if piece.name == "link" and "stylesheet" in _value(piece, "rel").lower().split():
                cuts.append((piece.start, piece.end, ""))
        elif isinstance(piece, RawText) and begun is not None:
            close = html.find(">", piece.end)
            cuts.append((begun.start, len(html) if close < 0 else close + 1, ""))
    return _spliced(html, cuts)


def as_outlook_windows(html: str, table: SupportTable, client: str = "outlook-2019") -> str:
    """The HTML as that edition of Outlook for Windows reads it: its conditional comments, and only CSS it knows."""
    resolved = resolve_conditions(html)
    document = read_document(resolved)
    seen = _Seen(table, client)
    cuts = [cut for element in document.elements for cut in _without_unknown(element, seen)]
    cuts += _sheets(document, seen)
    return _spliced(resolved, cuts)


def resolve_conditions(html: str) -> str:
    """The HTML with conditional comments as Word takes them: its own parts shown, those of all others gone."""
    out: list[str] = []
    at = 0
    hidden: list[bool] = []
    for piece in pieces(html):
        if not isinstance(piece, Comment):
            continue
        found = opening(piece.text)
        closes = found is None and bool(hidden) and is_closing(piece.text)
        if found is None and not closes:
            continue
        if not any(hidden):
            out.append(html[at : piece.start])
        at = piece.end
        if closes:
            hidden.pop()
        elif found is not None and found.hidden:
            if found.readers is Readers.OUTLOOK and not any(hidden):
                theirs = html[piece.text_start + found.inner : piece.text_start + found.length]
                out.append(_ISLAND.sub("", theirs))
        elif found is not None:
            hidden.append(found.readers is Readers.OTHERS)
    if not any(hidden):
        out.append(html[at:])
    return "".join(out)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one client sees."""

    table: SupportTable
    client: str

    def lacks(self, feature: str, case: str = "") -> bool:
        verdict = self.table.verdict(feature, self.client)
        return verdict is Verdict.NO or (verdict is Verdict.PARTIAL and lacks(feature, case, self.client))

    def drops(self, one: Declaration, block: Block) -> bool:
        """Whether the declaration does nothing in this client."""
        if one.name in _KEPT_PROPERTIES and one.value.lower() not in ("flex", "inline-flex", "grid", "inline-grid"):
            return one.value.lower() == "none" and any(self.lacks(f, case) for f, case in features_of(one, block))
        return any(self.lacks(feature, case) for feature, case in features_of(one, block))


def _without_unknown(element: Element, seen: _Seen) -> Iterator[tuple[int, int, str]]:
    """The element's style attribute with the declarations the client knows, and without attributes it does not."""
    style = element.attributes.get("style")
    if style is not None and style.raw:
        block = Block(declarations(style.value), element, inline=True)
        kept = [one for one in block.declarations if not seen.drops(one, block)]
        if len(kept) < len(block.declarations):
            text = "; ".join(_written(one) for one in kept)
            yield style.start, style.end, f'style="{_escaped(text)}"'
    background = element.attributes.get("background")
    if background is not None and element.name != "body" and seen.lacks("html-background", ""):
        yield background.start, background.end, ""


def _sheets(document: Document, seen: _Seen) -> Iterator[tuple[int, int, str]]:
    matcher = Matcher(document.elements)
    for style in document.styles:
        rules = list(_rules(stylesheet(style.text), matcher, seen))
        yield style.start, style.start + len(style.text), "\n".join(rules)


def _rules(sheet: Iterable[Rule | AtRule], matcher: Matcher, seen: _Seen) -> Iterator[str]:
    """The rules the client reads, written anew; at-rules are none of Word's."""
    for rule in sheet:
        if isinstance(rule, AtRule) or rule.conditions or rule.nested:
            continue
        if any(seen.lacks(feature) for feature in selector_features(rule.selector)):
            continue
        dressed = matcher.matches(rule.selector, most=1)
        block = Block(rule.declarations, dressed[0] if dressed else None, inline=False)
        kept = [_written(one) for one in rule.declarations if not seen.drops(one, block)]
        if kept:
            yield f"{rule.selector} {{ {'; '.join(kept)} }}".replace("</", "<\\/")


def _written(one: Declaration) -> str:
    return f"{one.name}: {one.value}{' !important' if one.important else ''}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _value(tag: StartTag, name: str) -> str:
    found = tag.attributes.get(name)
    return "" if found is None else found.value


def _spliced(html: str, cuts: Iterable[tuple[int, int, str]]) -> str:
    """The text with each span replaced; a span inside one before it is left out."""
    out, at = [], 0
    for start, end, text in sorted(cuts):
        if start >= at:
            out += [html[at:start], text]
            at = end
    return "".join([*out, html[at:]])
