"""issues/<id>/issue.yaml → Issue, with every article and picture it names.

In: the issue's folder and the content roots of the settings. Out: an `Issue`. Refuses unknown keys, blocks,
professions and files, all problems of the issue at once, each with its line and a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date as Day
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from newsletter.content.articles import read_article
from newsletter.content.blocks import BlockReader
from newsletter.content.experiments import ExperimentFile, read_experiment
from newsletter.content.images import ImageFinder
from newsletter.content.parts import Parts
from newsletter.content.shelf import ArticleReader, Shelf
from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import Document, parse_yaml, read_yaml, validated
from newsletter.model import Expression, Finding, Image, Issue, Professions, Section, Severity, TemplateNames, Where
from newsletter.settings import Settings

FOLDER = "issues"
FILE = "issue.yaml"

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


Judge = Callable[[str, Where, tuple[Expression, ...]], None]
"""(the audience's id, where it is named, the issue's expressions): raises `FileProblems` for what is wrong of them."""


class _SectionFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    heading: str = ""
    blocks: list[Any]


class _IssueFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    subject: str | None = None
    preheader: str = ""
    audience: str
    layout: str = "two-column"
    theme: str = ""
    language: str = "en"
    date: Day | None = None
    sections: list[_SectionFile]
    ab: ExperimentFile | None = None


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


def load_issue(
    name: str,
    settings: Settings,
    professions: Professions,
    types: TemplateNames,
    read: ArticleReader = read_article,
    forgiving: bool = False,
    text: str | None = None,
    judge: Judge | None = None,
) -> Issue:
    """The issue `name`, complete; `professions` decides which files a `{profession}` path can mean.

    `read` reads an article, as `read_article` does. `forgiving`: a picture that cannot be had is a finding, and grey.
    `text` is read in the place of what issue.yaml says. `judge` is asked what else is wrong once something is, so that
    all of it is told at once.
    """
    folder = settings.root / FOLDER / name
    shown_name = f"{FOLDER}/{name}/{FILE}"
    document = read_yaml(folder / FILE, shown_name) if text is None else parse_yaml(text, shown_name)
    missing: list[Problem] | None = [] if forgiving else None
    issue = _IssueReader(name, folder, document, settings, professions, types, read, missing, judge).read()
    found = [Finding("image-missing", Severity.ERROR, one.message, one.where) for one in missing or ()]
    return replace(issue, findings=(*issue.findings, *found)) if found else issue


@dataclass(slots=True)
class _IssueReader:
    name: str
    folder: Path
    document: Document
    settings: Settings
    professions: Professions
    types: TemplateNames
    read_article: ArticleReader
    missing: list[Problem] | None
    judge: Judge | None
    parts: Parts = field(init=False)
    blocks: BlockReader = field(init=False)

    def __post_init__(self) -> None:
        images = ImageFinder(self.settings.root, self.settings.static, self.settings.site_url, self.missing)
        self.parts = Parts(self.document, self.folder, self.settings, images)
        self.blocks = BlockReader(
            self.parts, Shelf(self.parts, self.professions, self.read_article), self.professions, self.types
        )

    def read(self) -> Issue:
        if self.document.data == {}:
            advice = "An issue needs `title:`, `subject:`, `audience:` and `sections:`."
            raise FileProblems.at(self.document.where(), f"the file is empty. {advice}")
        file = validated(_IssueFile, self.document, "an issue")
        self._check(file)
        subject, preheader, title = (self.parts.line(getattr(file, key), (key,)) for key in _LINES)
        sections = tuple(self._section(one, number) for number, one in enumerate(file.sections))
        experiment = read_experiment(file.ab, self.parts, self.blocks.arms, file.subject)
        first = experiment.arms[0] if experiment and experiment.arms else None
        logo = self._logo()
        problems = self.parts.problems
        if not any(section.blocks for section in sections) and not problems:
            self.parts.problem(("sections",), "the issue has no blocks yet. Add one, such as `- {text: Hello}`.")
        if problems:
            every = dict.fromkeys((*problems, *self._judged(file.audience)))
            raise FileProblems(sorted(every, key=lambda problem: (problem.where.path, problem.where.line)))
        return Issue(
            id=self.name,
            where=self.document.where(),
            title=title,
            subject=subject or (first.subject if first else ""),
            preheader=preheader,
            audience=file.audience,
            audience_line=self.document.where("audience").line,
            layout=file.layout,
            language=file.language,
            sections=sections,
            expressions=self.parts.expressions,
            logo=logo,
            theme=file.theme or self.settings.theme,
            date=file.date.isoformat() if file.date else "",
            findings=tuple(self.parts.findings),
            experiment=experiment,
            subject_line=first.where.line if first and first.subject else 0,
        )

    def _judged(self, audience: str) -> tuple[Problem, ...]:
        try:
            if self.judge is not None:
                self.judge(audience, self.document.where("audience"), tuple(self.parts.expressions.values()))
        except FileProblems as error:
            return error.problems
        return ()

    def _check(self, file: _IssueFile) -> None:
        if file.subject is None and not (file.ab and file.ab.subjects):
            self.parts.problem(("subject",), "'subject' is missing.")
        if file.layout not in self.types.layouts:
            self.parts.problem(("layout",), _unknown("layout", file.layout, self.types.layouts))
        if file.theme and file.theme not in self.types.themes:
            self.parts.problem(("theme",), _unknown("theme", file.theme, self.types.themes))
        if not file.theme and self.settings.theme not in self.types.themes:
            message = _unknown("theme", self.settings.theme, self.types.themes)
            raise FileProblems.at(self.settings.where("theme"), message)
        if not _LANGUAGE.fullmatch(file.language):
            self.parts.problem(("language",), f"'{file.language}' is not a language tag such as en or pt-BR.")
        elif not self.types.languages & {file.language, file.language.split("-")[0].lower()}:
            self._tell_of_words(file.language)

    def _tell_of_words(self, language: str) -> None:
        """The layout falls back to English; whoever wrote the issue should know."""
        known = ", ".join(sorted(self.types.languages))
        message = f"the layout's own words ('Read more', 'Unsubscribe') are not translated into '{language}'."
        fix = f"Translate templates/words/en.yaml as templates/words/{language}.yaml. There are {known}."
        self.parts.findings.append(
            Finding("layout-words", Severity.WARNING, message, self.parts.where(("language",)), "", fix)
        )

    def _logo(self) -> Image | None:
        if not self.settings.brand.logo:
            return None
        where = self.settings.where("brand", "logo")
        try:
            return self.parts.images.find(self.settings.brand.logo, self.settings.root, where)
        except FileProblems as error:
            self.parts.problems += error.problems
            return None

    def _section(self, file: _SectionFile, number: int) -> Section:
        loc = ("sections", number)
        heading = self.parts.words(file.heading, (*loc, "heading"))
        blocks = [self.blocks.block(one, (*loc, "blocks", index)) for index, one in enumerate(file.blocks)]
        return Section(heading, tuple(block for block in blocks if block is not None))


def _unknown(what: str, name: str, known: frozenset[str]) -> str:
    return f"unknown {what} '{name}'.{did_you_mean(name, known)} Known: {', '.join(sorted(known))}."


_LINES = ("subject", "preheader", "title")
