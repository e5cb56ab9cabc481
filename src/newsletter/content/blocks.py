"""One entry of `blocks:` in issue.yaml → Block: what each kind may say, and what its templates see.

In: a mapping as written, with its place in the document. Out: a `Block`. Refuses unknown kinds and keys, with a
suggestion; a kind there are only templates for gets all that was written as its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from newsletter.content import shows
from newsletter.content.parts import Parts
from newsletter.content.shelf import Shelf
from newsletter.errors import did_you_mean
from newsletter.files import Loc
from newsletter.model import (
    ARMS,
    DEFAULT,
    Article,
    ArticleChoice,
    Block,
    Finding,
    Professions,
    Severity,
    TemplateNames,
)

SPLITS = ("1/2+1/2", "1/3+2/3", "2/3+1/3")
SHOWS = ("full", "summary", "card")

_FOR_WHOM = ("for", "arm")
"""What every kind of block may say of who sees it."""
_PICTURE = "image"
"""The key of a picture, in every kind of block."""
_SPACER = (4, 96, 24)
"""The least, the most and the usual height of a spacer, in CSS pixels."""

Given = Mapping[str, object]
Fields = Mapping[str, object]


def kinds_of(types: TemplateNames) -> frozenset[str]:
    """Every kind of block an issue can hold: the known ones, and those there are templates for."""
    return (types.blocks | _KINDS.keys()) - _INNER_TYPES


@dataclass(frozen=True, slots=True)
class BlockReader:
    """Reads the blocks of one issue."""

    parts: Parts
    shelf: Shelf
    professions: Professions
    types: TemplateNames
    arms: dict[str, Loc] = field(default_factory=dict)
    """The arms that blocks are marked with, and where each is named first; grows as blocks are read."""

    def block(self, written: object, loc: Loc) -> Block | None:
        """The block; None when it cannot be read, which is a problem by then."""
        if not isinstance(written, dict):
            self.parts.problem(loc, "a block is written as `- {article: file.md}`, `- {text: Hello}` and so on.")
            return None
        kinds = kinds_of(self.types)
        kind = next((key for key in written if key in kinds), None)
        if kind is None:
            key = next(iter(written), "")
            lacking = sorted(one for one in self.types.missing if one.startswith(f"blocks/{key}."))
            if lacking:
                message = (
                    f"block '{key}' lacks one of its two templates: templates/{lacking[0]}. Write it beside the other."
                )
                self.parts.problem(loc, message)
                return None
            known = ", ".join(sorted(kinds))
            self.parts.problem(loc, f"unknown block '{key}'.{did_you_mean(key, kinds)} Known: {known}.")
            return None
        professions = self._for(written.get("for"), loc)
        arm = self._arm(written, loc)
        given = {key: value for key, value in written.items() if key not in _FOR_WHOM}
        if kind not in _KINDS:
            return Block(kind, self._as_written(given, loc), self.parts.where(loc), professions, arm)
        made = _KINDS[kind]
        for key in given:
            if key not in made.keys:
                known_keys = (*made.keys, *_FOR_WHOM)
                hint = did_you_mean(key, known_keys)
                message = f"unknown key '{key}' in block '{kind}'.{hint} Known: {', '.join(known_keys)}."
                self.parts.problem((*loc, key), message)
        fields = made.build(self, given, loc)
        if fields is None:
            return None
        return Block(made.drawn_as or kind, fields, self.parts.where(loc), professions, arm)

    def _as_written(self, given: Given, loc: Loc) -> Fields:
        """A workspace's own kind of block: texts with their expressions swapped, what is called `image` as a picture,
        everything else as it is."""
        return {key: self._deep(value, (*loc, key)) for key, value in given.items()}

    def _deep(self, value: object, loc: Loc) -> object:
        if isinstance(value, str) and loc[-1] == _PICTURE and value.strip():
            return self.parts.picture(value, loc)
        if isinstance(value, dict):
            return {key: self._deep(one, (*loc, key)) for key, one in value.items()}
        if isinstance(value, list):
            return tuple(self._deep(one, (*loc, number)) for number, one in enumerate(value))
        return self.parts.words(value, loc) if isinstance(value, str) else value

    def _for(self, value: object, loc: Loc) -> tuple[str, ...]:
        if value is None:
            return ()
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names:
            self.parts.problem((*loc, "for"), "`for:` takes professions, such as `for: [practitioner]`.")
            return ()
        known = (*self.professions.by_key, DEFAULT)
        for index, name in enumerate(names):
            if name not in known:
                hint = did_you_mean(str(name), known)
                message = f"unknown profession '{name}'.{hint} Known: {', '.join(known)}."
                self.parts.problem((*loc, "for", index), message)
        return tuple(str(name) for name in names)

    def _arm(self, written: Given, loc: Loc) -> str:
        if "arm" not in written:
            return ""
        arm = str(written["arm"]).lower()
        if arm not in ARMS:
            known = ", ".join(ARMS)
            self.parts.problem((*loc, "arm"), f"there is no arm '{written['arm']}'. An arm is one of {known}.")
            return ""
        self.arms.setdefault(arm, (*loc, "arm"))
        return arm

    def one_of(self, value: object, known: tuple[str, ...], loc: Loc) -> str:
        """The value when it is one of `known`; else a problem, and the first of them."""
        if value in known:
            return str(value)
        self.parts.problem(loc, f"unknown value '{value}' for {loc[-1]}. Known: {', '.join(known)}.")
        return known[0]

    def fitted(self, article: Article, show: str, loc: Loc) -> Article:
        """The article as it is shown here; what readers would miss is noted."""
        fitting, told = shows.fitted(article, show)
        finding = Finding("nothing-to-read", Severity.WARNING, told, self.parts.where(loc))
        if told and finding not in self.parts.findings:
            self.parts.findings.append(finding)
        return fitting

    def required(self, given: Given, key: str, loc: Loc, why: str) -> str:
        """The words of a key that a block cannot do without."""
        words = self.parts.words(given.get(key), (*loc, key))
        if not words.strip():
            self.parts.problem((*loc, key), why)
        return words


Builder = Callable[[BlockReader, Given, Loc], Fields | None]


@dataclass(frozen=True, slots=True)
class _Kind:
    keys: tuple[str, ...]
    build: Builder
    drawn_as: str = ""
    """The templates that draw it, when they are another kind's."""


def _article(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    show = reader.one_of(given.get("show", SHOWS[0]), SHOWS, (*loc, "show"))
    article = reader.shelf.article(str(given.get("article") or ""), loc)
    if isinstance(article, ArticleChoice):
        found = {key: reader.fitted(one, show, loc) for key, one in article.by_profession.items()}
        return {"article": replace(article, by_profession=found), "show": show}
    return None if article is None else {"article": reader.fitted(article, show, loc), "show": show}


def _articles(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    """A grid: each article a cell, in rows of two."""
    written = given.get("articles")
    if not isinstance(written, list) or not written:
        reader.parts.problem((*loc, "articles"), "articles takes a list of article files: `articles: [a.md, b.md]`.")
        return None
    show = given.get("show", "card")
    entries = [one if isinstance(one, dict) else {"article": one} for one in written]
    blocks = [reader.block({"show": show, **entry}, (*loc, "articles", index)) for index, entry in enumerate(entries)]
    return {"cells": tuple((block,) for block in blocks if block), "split": SPLITS[0]}


def _columns(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    blocks = given.get("columns")
    if not isinstance(blocks, list) or len(blocks) != 2:
        reader.parts.problem((*loc, "columns"), "columns takes two blocks, the left and the right one.")
        return None
    split = reader.one_of(str(given.get("split", SPLITS[0])).replace(" ", ""), SPLITS, (*loc, "split"))
    cells = [_cell(reader, one, (*loc, "columns", index)) for index, one in enumerate(blocks)]
    return {"cells": tuple(cells), "split": split}


def _cell(reader: BlockReader, written: object, loc: Loc) -> tuple[Block, ...]:
    """A column: one block, or a list of blocks below each other."""
    entries = [(one, (*loc, index)) for index, one in enumerate(written)] if isinstance(written, list) else None
    found = [reader.block(one, place) for one, place in entries or [(written, loc)]]
    return tuple(block for block in found if block is not None)


def _image(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    return _picture(reader, given, "image", loc)


def _figure(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    fields = _picture(reader, given, "figure", loc)
    if fields is None:
        return None
    return {**fields, "credit": reader.parts.words(given.get("credit"), (*loc, "credit"))}


def _picture(reader: BlockReader, given: Given, key: str, loc: Loc) -> Fields | None:
    parts = reader.parts
    image = parts.picture(given.get(key), (*loc, key))
    if image is None:
        return None
    return {
        "image": image,
        "alt": parts.words(given.get("alt"), (*loc, "alt")),
        "caption": parts.markdown_line(given.get("caption"), (*loc, "caption")),
        "link": parts.link(given.get("link"), (*loc, "link")),
        "decorative": given.get("alt") == "",
    }


def _button(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    known = len(reader.parts.problems)
    link = reader.parts.link(given.get("link"), (*loc, "link"))
    if not link and len(reader.parts.problems) == known:
        reader.parts.problem(loc, 'a button needs a link: `{button: Read on the web, link: "https://…"}`.')
    label = reader.required(given, "button", loc, "a button needs words: `{button: Read on the web, link: …}`.")
    return {"label": label, "link": link}


def _text(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    return {"html": reader.parts.markdown(given.get("text"), (*loc, "text"))}


def _heading(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    return {"words": reader.required(given, "heading", loc, "a heading needs words: `{heading: This month}`.")}


def _quote(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    reader.required(given, "quote", loc, "a quote needs words: `{quote: What was said, by: Who said it}`.")
    parts = reader.parts
    return {
        "html": parts.markdown(given.get("quote"), (*loc, "quote")),
        "by": parts.words(given.get("by"), (*loc, "by")),
        "role": parts.words(given.get("role"), (*loc, "role")),
        "link": parts.link(given.get("link"), (*loc, "link")),
    }


def _links(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    written = given.get("links")
    example = '`links: [{text: Words, link: "https://…", note: One more line}]`'
    if not isinstance(written, list) or not written:
        reader.parts.problem((*loc, "links"), f"links takes a list: {example}.")
        return None
    links = []
    for index, one in enumerate(written):
        place = (*loc, "links", index)
        if not isinstance(one, dict) or not one.get("text") or not one.get("link") or one.keys() - _LINK_KEYS:
            reader.parts.problem(place, f"a link is written with text, link and perhaps a note: {example}.")
            continue
        words = {key: reader.parts.words(one.get(key), (*place, key)) for key in ("text", "note")}
        links.append({**words, "link": reader.parts.link(one["link"], (*place, "link"))})
    return {"links": tuple(links)}


def _divider(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    return {}


def _spacer(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    least, most, usual = _SPACER
    height = given.get("spacer")
    height = usual if height is None else height
    if isinstance(height, bool) or not isinstance(height, int) or not least <= height <= most:
        reader.parts.problem((*loc, "spacer"), f"spacer takes a height from {least} to {most} pixels, such as 24.")
        return None
    return {"height": height}


def _social(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    written = given.get("social") or dict(reader.parts.settings.brand.social)
    if not isinstance(written, dict) or not written:
        message = 'name the networks here, `social: {Mastodon: "https://…"}`, or in newsletter.yaml under brand.'
        reader.parts.problem((*loc, "social"), message)
        return None
    links = {name: reader.parts.link(link, (*loc, "social", name)) for name, link in written.items()}
    return {"networks": tuple({"name": str(name), "link": link} for name, link in links.items())}


def _sponsor(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    parts = reader.parts
    image = parts.picture(given["image"], (*loc, "image")) if given.get("image") else None
    known = len(parts.problems)
    link = parts.link(given.get("link"), (*loc, "link"))
    if not link and given.get("button") and len(parts.problems) == known:
        parts.problem(loc, "the sponsor's button needs a link.")
    return {
        "name": reader.required(given, "sponsor", loc, "a sponsor needs a name: `{sponsor: Acme, text: …, link: …}`."),
        "html": parts.markdown(given.get("text"), (*loc, "text")),
        "link": link,
        "image": image,
        "alt": parts.words(given.get("alt"), (*loc, "alt")),
        "label": parts.words(given.get("label"), (*loc, "label")),
        "button": parts.words(given.get("button"), (*loc, "button")),
    }


def _html(reader: BlockReader, given: Given, loc: Loc) -> Fields | None:
    return {"html": reader.parts.sanitised(reader.parts.words(given.get("html"), (*loc, "html")), loc)}


_LINK_KEYS = {"text", "link", "note"}
_KINDS: Mapping[str, _Kind] = {
    "article": _Kind(("article", "show"), _article),
    "articles": _Kind(("articles", "show"), _articles, drawn_as="columns"),
    "columns": _Kind(("columns", "split"), _columns),
    "image": _Kind(("image", "link", "alt", "caption"), _image),
    "figure": _Kind(("figure", "link", "alt", "caption", "credit"), _figure),
    "button": _Kind(("button", "link"), _button),
    "text": _Kind(("text",), _text),
    "heading": _Kind(("heading",), _heading),
    "quote": _Kind(("quote", "by", "role", "link"), _quote),
    "links": _Kind(("links",), _links),
    "divider": _Kind(("divider",), _divider),
    "spacer": _Kind(("spacer",), _spacer),
    "social": _Kind(("social",), _social),
    "sponsor": _Kind(("sponsor", "text", "link", "image", "alt", "label", "button"), _sponsor),
    "html": _Kind(("html",), _html),
}
_INNER_TYPES = frozenset({"prose"})
"""Block types that only articles are made of."""
