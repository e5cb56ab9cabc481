"""issues/<id>/issue.yaml → Issue, with every article and picture it names.

In: the issue's folder and the content roots of the settings. Out: an `Issue`. Refuses unknown keys, blocks,
professions and files, all problems of the issue at once, each with its line and a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from newsletter import expressions
from newsletter.content.articles import SUFFIXES, markdown_to_html, read_article
from newsletter.content.images import ImageFinder
from newsletter.content.repair import Source, absolute_link, blocks_of, foreign_scheme
from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import Document, is_file, read_yaml, shown, validated
from newsletter.model import (
    DEFAULT,
    Article,
    ArticleChoice,
    Block,
    Expression,
    Image,
    Issue,
    Professions,
    Section,
    TemplateNames,
    Where,
)
from newsletter.settings import FILE as SETTINGS_FILE
from newsletter.settings import Settings

FOLDER = "issues"
FILE = "issue.yaml"
SPLITS = ("1/2+1/2", "1/3+2/3", "2/3+1/3")
SHOWS = ("full", "summary", "card")

_PROFESSION = "{profession}"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class _SectionFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    heading: str = ""
    blocks: list[Any]


class _IssueFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    subject: str
    preheader: str = ""
    audience: str
    layout: str = "two-column"
    language: str = "en"
    sections: list[_SectionFile]


def issue_ids(root: Path) -> list[str]:
    """The issues of the workspace, in the order of their names."""
    return sorted(path.parent.name for path in (root / FOLDER).glob(f"*/{FILE}"))


def issue_id(argument: str, root: Path) -> str:
    """The issue a person means by an id or by a path to its folder or file."""
    known = issue_ids(root)
    path = Path(argument)
    candidates = [argument, path.name, path.parent.name if path.name == FILE else ""]
    found = next((one for one in candidates if one in known), None)
    if found is None:
        wanted = path.name or argument
        listing = f" Issues here: {', '.join(known)}." if known else " There is no issue here yet."
        raise FileProblems.at(
            Where(f"{FOLDER}/{wanted}/{FILE}"), f"no such issue.{did_you_mean(wanted, known)}{listing}"
        )
    return found


def load_issue(name: str, settings: Settings, professions: Professions, types: TemplateNames) -> Issue:
    """The issue `name`, complete; `professions` decides which files a `{profession}` path can mean."""
    folder = settings.root / FOLDER / name
    document = read_yaml(folder / FILE, f"{FOLDER}/{name}/{FILE}")
    return _IssueReader(name, folder, document, settings, professions, types).read()


@dataclass(slots=True)
class _IssueReader:
    name: str
    folder: Path
    document: Document
    settings: Settings
    professions: Professions
    types: TemplateNames
    problems: list[Problem] = field(default_factory=list)
    found: dict[str, Expression] = field(default_factory=dict)
    articles: dict[Path, Article] = field(default_factory=dict)
    images: ImageFinder = field(init=False)

    def __post_init__(self) -> None:
        self.images = ImageFinder(self.settings.root, self.settings.static)

    def read(self) -> Issue:
        file = validated(_IssueFile, self.document, "an issue")
        if file.layout not in self.types.layouts:
            known = f"Known: {', '.join(sorted(self.types.layouts))}."
            self._problem(("layout",), f"unknown layout '{file.layout}'. {known}")
        if not _LANGUAGE.fullmatch(file.language):
            self._problem(("language",), f"'{file.language}' is not a language tag such as en or pt-BR.")
        subject = self._line(file.subject, "subject")
        preheader = self._line(file.preheader, "preheader")
        title = self._line(file.title, "title")
        sections = tuple(self._section(one, number) for number, one in enumerate(file.sections))
        logo = self._logo()
        if not any(section.blocks for section in sections) and not self.problems:
            self._problem(("sections",), "the issue has no blocks yet. Add one, such as `- {text: Hello}`.")
        if self.problems:
            raise FileProblems(sorted(self.problems, key=lambda problem: (problem.where.path, problem.where.line)))
        return Issue(
            id=self.name,
            where=self.document.where(),
            title=title,
            subject=subject,
            preheader=preheader,
            audience=file.audience,
            audience_line=self.document.where("audience").line,
            layout=file.layout,
            language=file.language,
            sections=sections,
            expressions=self.found,
            logo=logo,
        )

    def _logo(self) -> Image | None:
        if not self.settings.brand.logo:
            return None
        try:
            return self.images.find(self.settings.brand.logo, self.settings.root, Where(SETTINGS_FILE))
        except FileProblems as error:
            self.problems += error.problems
            return None

    def _section(self, file: _SectionFile, number: int) -> Section:
        loc = ("sections", number)
        heading = self._words(file.heading, (*loc, "heading"))
        blocks = [self._block(one, (*loc, "blocks", index)) for index, one in enumerate(file.blocks)]
        return Section(heading, tuple(block for block in blocks if block is not None))

    def _block(self, data: object, loc: tuple[str | int, ...]) -> Block | None:
        where = self.document.where(*loc)
        if not isinstance(data, dict):
            self._problem(loc, "a block is written as `- {article: file.md}`, `- {text: Hello}` and so on.")
            return None
        types = self.types.blocks - _INNER_TYPES
        kind = next((key for key in data if key in types), None)
        if kind is None:
            key = next(iter(data), "")
            known = ", ".join(sorted(types))
            self._problem(loc, f"unknown block '{key}'.{did_you_mean(key, types)} Known: {known}.")
            return None
        professions = self._for(data.get("for"), loc)
        given = {key: value for key, value in data.items() if key != "for"}
        builder = _BUILDERS.get(kind)
        if builder is None:
            return Block(kind, {key: self._plain(value, loc) for key, value in given.items()}, where, professions)
        allowed = _FIELDS[kind]
        for key in given:
            if key not in allowed:
                known = ", ".join([*allowed, "for"])
                hint = did_you_mean(key, [*allowed, "for"])
                self._problem((*loc, key), f"unknown key '{key}' in block '{kind}'.{hint} Known: {known}.")
        fields = builder(self, given, loc)
        return None if fields is None else Block(kind, fields, where, professions)

    def _for(self, value: object, loc: tuple[str | int, ...]) -> tuple[str, ...]:
        if value is None:
            return ()
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not names:
            self._problem((*loc, "for"), "`for:` takes professions, such as `for: [practitioner]`.")
            return ()
        known = (*self.professions.by_key, DEFAULT)
        for index, name in enumerate(names):
            if name not in known:
                hint = did_you_mean(str(name), known)
                self._problem((*loc, "for", index), f"unknown profession '{name}'.{hint} Known: {', '.join(known)}.")
        return tuple(str(name) for name in names)

    # ── builders of the built-in blocks: what was written → what the templates see ──

    def article(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        show = given.get("show", "full")
        if show not in SHOWS:
            self._problem((*loc, "show"), f"unknown value '{show}' for show. Known: {', '.join(SHOWS)}.")
        pattern = str(given.get("article", ""))
        if _PROFESSION in pattern:
            found = {
                key: article
                for key in (*self.professions.by_key, DEFAULT)
                if (article := self._find_article(pattern.replace(_PROFESSION, key), loc, missing_ok=True))
            }
            if not found:
                self._problem(loc, f"no file for any profession: {pattern}. Looked in {self._places()}.")
            return {"article": ArticleChoice(pattern, found), "show": show}
        article = self._find_article(pattern, loc)
        return None if article is None else {"article": article, "show": show}

    def columns(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        blocks = given.get("columns")
        split = str(given.get("split", SPLITS[0])).replace(" ", "")
        if not isinstance(blocks, list) or len(blocks) != 2:
            self._problem((*loc, "columns"), "columns takes two blocks, the left and the right one.")
            return None
        if split not in SPLITS:
            self._problem((*loc, "split"), f"unknown split '{split}'. Known: {', '.join(SPLITS)}.")
        cells = [self._block(one, (*loc, "columns", index)) for index, one in enumerate(blocks)]
        return {"cells": tuple((cell,) if cell else () for cell in cells), "split": split}

    def image(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        try:
            image = self.images.find(str(given.get("image")), self.folder, self.document.where(*loc, "image"))
        except FileProblems as error:
            self.problems += error.problems
            return None
        fields = {key: self._words(str(given.get(key) or ""), (*loc, key)) for key in ("alt", "caption")}
        caption = self._html(fields["caption"], loc) if fields["caption"] else ""
        caption = caption.removeprefix("<p>").removesuffix("</p>")
        return {**fields, "caption": caption, "image": image, "link": self._link(given, loc)}

    def button(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        link = self._link(given, loc)
        if not link:
            self._problem(loc, 'a button needs a link: `{button: Read on the web, link: "https://…"}`.')
        return {"label": self._words(str(given.get("button") or ""), (*loc, "button")), "link": link}

    def text(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        return {"html": self._html(self._words(str(given.get("text") or ""), (*loc, "text")), loc)}

    def heading(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        return {"words": self._words(str(given.get("heading") or ""), (*loc, "heading"))}

    def divider(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        return {}

    def html(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> Mapping[str, object] | None:
        return {"html": self._sanitised(self._words(str(given.get("html") or ""), (*loc, "html")), loc)}

    # ── parts ──

    def _find_article(self, name: str, loc: tuple[str | int, ...], missing_ok: bool = False) -> Article | None:
        roots = [self.folder, *(self.settings.root / one for one in self.settings.content)]
        for root in roots:
            if is_file(root / name):
                return self._read_article((root / name).resolve(), name, loc)
        if not missing_ok:
            siblings = [shown(one, root) for root in roots for one in root.rglob("*") if one.suffix in SUFFIXES]
            self._problem(loc, f"no article '{name}'.{did_you_mean(name, siblings)} Looked in {self._places()}.")
        return None

    def _read_article(self, path: Path, name: str, loc: tuple[str | int, ...]) -> Article | None:
        if path not in self.articles:
            if not path.is_relative_to(self.settings.root.resolve()):
                self._problem(loc, f"article '{name}' lies outside the workspace. Copy it in.")
                return None
            if path.suffix.lower() not in SUFFIXES:
                self._problem(loc, f"article '{name}' must end in {', '.join(SUFFIXES)}.")
                return None
            try:
                read = read_article(path, shown(path, self.settings.root), self.images, self.settings.site_url)
            except FileProblems as error:
                self.problems += [problem for problem in error.problems if problem not in self.problems]
                return None
            self.articles[path] = read.article
            self.found.update({one.token: one for one in read.expressions})
        return self.articles[path]

    def _places(self) -> str:
        return ", ".join([f"{FOLDER}/{self.name}/", *(f"{one}/" for one in self.settings.content)])

    def _link(self, given: Mapping[str, object], loc: tuple[str | int, ...]) -> str:
        link = self._words(str(given.get("link") or ""), (*loc, "link"))
        wrong = foreign_scheme(link)
        if wrong:
            self._problem((*loc, "link"), f"a link cannot begin with '{wrong}:'. Use https://.")
            return ""
        return absolute_link(link.strip(), self.settings.site_url)

    def _html(self, text: str, loc: tuple[str | int, ...]) -> str:
        return self._sanitised(markdown_to_html(text), loc)

    def _sanitised(self, markup: str, loc: tuple[str | int, ...]) -> str:
        def no_picture(src: str, alt: str, link: str, caption: str) -> Block:
            self._problem(loc, f"a picture ({src}) cannot stand inside text. Use `- {{image: {src}, alt: …}}`.")
            return Block("prose", {"html": ""}, self.document.where(*loc))

        blocks = blocks_of(markup, Source(self.document.where(*loc), self.settings.site_url, no_picture))
        return "\n".join(str(block.fields.get("html", "")) for block in blocks)

    def _line(self, text: str, key: str) -> str:
        words = self._words(text, (key,))
        if any(ord(character) < 32 or ord(character) == 127 for character in words):
            self._problem((key,), f"'{key}' must be one line without control characters.")
        return " ".join(words.split())

    def _words(self, text: str, loc: tuple[str | int, ...]) -> str:
        try:
            text, found = expressions.swap(text, self.document.where(*loc), every=True)
        except FileProblems as error:
            self.problems += error.problems
            return text
        self.found.update({one.token: one for one in found})
        return text

    def _plain(self, value: object, loc: tuple[str | int, ...]) -> object:
        return self._words(value, loc) if isinstance(value, str) else value

    def _problem(self, loc: tuple[str | int, ...], message: str) -> None:
        problem = Problem(self.document.where(*loc), message)
        if problem not in self.problems:
            self.problems.append(problem)


_Builder = Callable[[_IssueReader, Mapping[str, object], tuple[str | int, ...]], Mapping[str, object] | None]
_BUILDERS: Mapping[str, _Builder] = {
    "article": _IssueReader.article,
    "columns": _IssueReader.columns,
    "image": _IssueReader.image,
    "button": _IssueReader.button,
    "text": _IssueReader.text,
    "heading": _IssueReader.heading,
    "divider": _IssueReader.divider,
    "html": _IssueReader.html,
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "article": ("article", "show"),
    "columns": ("columns", "split"),
    "image": ("image", "link", "alt", "caption"),
    "button": ("button", "link"),
    "text": ("text",),
    "heading": ("heading",),
    "divider": ("divider",),
    "html": ("html",),
}
_INNER_TYPES = frozenset({"prose"})
