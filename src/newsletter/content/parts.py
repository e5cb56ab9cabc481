"""The parts of issue.yaml that blocks are made of: words, links, pictures and small pieces of markup.

In: values as written, with their place in the document. Out: what templates see, the author's `{{ … }}` swapped for
tokens. Problems are collected, each with its line, so that all of a file are told at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from newsletter import expressions
from newsletter.content.images import ImageFinder
from newsletter.content.markdown import markdown_inline, render_markdown
from newsletter.content.repair import Source, absolute_link, blocks_of, foreign_scheme, inline_of
from newsletter.errors import FileProblems, Problem
from newsletter.files import Document, Loc, read_text
from newsletter.model import Block, Expression, Finding, Image, Severity, Where
from newsletter.settings import Settings


@dataclass(slots=True)
class Parts:
    """Reads the parts of one document; `problems`, `expressions` and `findings` grow as it does."""

    document: Document
    folder: Path
    settings: Settings
    images: ImageFinder
    problems: list[Problem] = field(default_factory=list)
    expressions: dict[str, Expression] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def where(self, loc: Loc) -> Where:
        """The line of that part."""
        return self.document.where(*loc)

    def problem(self, loc: Loc, message: str) -> None:
        """Put down what is wrong there, once."""
        problem = Problem(self.where(loc), message)
        if problem not in self.problems:
            self.problems.append(problem)

    def words(self, value: object, loc: Loc) -> str:
        """Text with its expressions swapped for tokens; nothing for a value that is left out."""
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            self.problem(loc, f"'{loc[-1]}' must be text.")
            return ""
        try:
            text, found = expressions.swap(str(value), self.where(loc), every=True)
        except FileProblems as error:
            self.problems += error.problems
            return str(value)
        self.expressions.update({one.token: one for one in found})
        return text

    def line(self, value: object, loc: Loc) -> str:
        """Words that must stand on one line: what becomes a header of the mail."""
        words = self.words(value, loc)
        if any(ord(character) < 32 or ord(character) == 127 for character in words):
            self.problem(loc, f"'{loc[-1]}' must be one line without control characters.")
        return " ".join(words.split())

    def link(self, value: object, loc: Loc) -> str:
        """A link made absolute; nothing when there is none."""
        link = self.words(value, loc).strip()
        wrong = foreign_scheme(link)
        if wrong:
            self.problem(loc, f"a link cannot begin with '{wrong}:'. Use https://.")
            return ""
        return absolute_link(link, self.settings.site_url)

    def picture(self, value: object, loc: Loc) -> Image | None:
        """The picture a path names; None when there is none, which is a problem by then."""
        try:
            return self.images.find(str(value or ""), self.folder, self.where(loc))
        except FileProblems as error:
            self.problems += [one for one in error.problems if one not in self.problems]
            return None

    def markdown(self, value: object, loc: Loc) -> str:
        """Markdown as sanitised HTML."""
        rendered = render_markdown(self.words(value, loc))
        for rule, message, words in rendered.told:
            self._tell(rule, message, loc, words if rule == "unfinished-tag" else "")
        return self.sanitised(rendered.html + rendered.notes, loc)

    def markdown_line(self, value: object, loc: Loc) -> str:
        """One line of Markdown (a caption, say) as sanitised HTML without a paragraph around it."""
        words = " ".join(self.words(value, loc).split())
        return inline_of(markdown_inline(words), self.settings.site_url) if words else ""

    def sanitised(self, markup: str, loc: Loc) -> str:
        """An author's own HTML, repaired and sanitised; pictures are blocks of their own."""

        def no_picture(src: str, alt: str, link: str, caption: str) -> Block:
            self.problem(loc, f"a picture ({src}) cannot stand inside text. Use `- {{image: {src}, alt: …}}`.")
            return Block("prose", {"html": ""}, self.where(loc))

        def notice(rule: str, message: str, words: str) -> None:
            self._tell(rule, message, loc, words)

        blocks = blocks_of(markup, Source(self.where(loc), self.settings.site_url, no_picture, notice))
        return "\n".join(str(block.fields.get("html", "")) for block in blocks)

    def _tell(self, rule: str, message: str, loc: Loc, sought: str = "") -> None:
        """Put down what reading left out or changed, with the author's expressions in the place of their tokens.

        Its line is the first from the part on that says what is `sought`, else the part's own.
        """
        known = self.expressions

        def written(token: re.Match[str]) -> str:
            return f"{{{{ {known[token[0]].source} }}}}" if token[0] in known else token[0]

        words = expressions.TOKEN.sub(written, message)
        severity = Severity.ERROR if rule == "link-target" else Severity.WARNING
        self.findings.append(Finding(rule, severity, words, self._line_of(sought, self.where(loc))))

    def _line_of(self, sought: str, where: Where) -> Where:
        try:
            lines = read_text(self.folder / Path(where.path).name, where.path).split("\n") if sought else []
        except FileProblems:
            return where
        found = (number for number in range(where.line, len(lines) + 1) if sought in lines[number - 1])
        return Where(where.path, next(found, where.line))
