"""One article file → Article.

In: a Markdown or HTML file, with or without front matter. Out: an `Article` whose body is blocks, with the author's
`{{ … }}` swapped for tokens. Refuses front matter of the wrong kind and pictures that are missing, each with its line;
fields it does not know are kept in `extra`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import expressions
from newsletter.content.images import ImageFinder
from newsletter.content.repair import Source, absolute_link, blocks_of, foreign_scheme, inline_of
from newsletter.errors import FileProblems, Problem
from newsletter.files import Document, read_text, split_front_matter
from newsletter.model import Article, Block, Expression, Image, Where

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

MARKDOWN_SUFFIXES = (".md", ".markdown")
SUFFIXES = (*MARKDOWN_SUFFIXES, ".html", ".htm")

_TEXT_FIELDS = ("title", "description", "author", "link", "alt", "caption", "sidebarlogo", "disclosure")
_FLAGS = {"draft": False, "include_footer": True, "sidebar": False}
_KNOWN = {*_TEXT_FIELDS, *_FLAGS, "date", "image", "tags", "type", "layout"}
_FIRST_HEADING = re.compile(r"\A\s*<h1[^>]*>(.*?)</h1>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article, and the expressions found in it."""

    article: Article
    expressions: tuple[Expression, ...]


def read_article(path: Path, name: str, images: ImageFinder, site_url: str) -> ReadArticle:
    """The article in file `path`, called `name` in messages."""
    front, body, first_line = split_front_matter(read_text(path, name), name)
    reader = _ArticleReader(path, name, images, site_url, front)
    return reader.read(body, first_line)


def markdown_to_html(text: str) -> str:
    """CommonMark with tables, HTML passed through: what authors write is sanitised afterwards."""
    return str(_markdown().render(text))


def markdown_inline(text: str) -> str:
    """One line of Markdown (a caption, say) as HTML without a paragraph around it."""
    return str(_markdown().renderInline(text))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@dataclass(slots=True)
class _ArticleReader:
    path: Path
    name: str
    images: ImageFinder
    site_url: str
    front: Document
    found: list[Expression] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self, body: str, first_line: int) -> ReadArticle:
        data = self.front.data
        assert isinstance(data, dict)
        texts = {key: self._text(data, key) for key in _TEXT_FIELDS}
        flags = {key: self._flag(data, key, default) for key, default in _FLAGS.items()}
        image = self._image(data)
        link = self._link(texts["link"])
        markup = self._markup(body, first_line)
        title, markup = _title(texts["title"], markup, self.path)
        blocks = self._blocks(markup, body, first_line)
        if self.problems:
            raise FileProblems(self.problems)
        article = Article(
            where=Where(self.name, 1),
            title=title,
            body=blocks,
            description=texts["description"],
            draft_line=self.front.where("draft").line if flags["draft"] else 0,
            date=_date_text(data.get("date")),
            author=texts["author"],
            link=link,
            image=image,
            alt=texts["alt"],
            caption=inline_of(markdown_inline(texts["caption"]), self.site_url) if texts["caption"] else "",
            include_footer=flags["include_footer"],
            sidebar=flags["sidebar"],
            sidebarlogo=texts["sidebarlogo"],
            tags=_tags(data.get("tags")),
            disclosure=texts["disclosure"],
            extra={key: value for key, value in data.items() if key not in _KNOWN},
        )
        return ReadArticle(article, tuple(self.found))

    def _text(self, data: Mapping[str, object], key: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if isinstance(value, (dict, list)):
            self.problems.append(Problem(self.front.where(key), f"'{key}' must be text."))
            return ""
        return self._swapped(" ".join(str(value).split()), self.front.where(key))

    def _flag(self, data: Mapping[str, object], key: str, default: bool) -> bool:
        value = data.get(key, default)
        words = {"true": True, "yes": True, "false": False, "no": False}
        if isinstance(value, str) and value.strip().lower() in words:
            return words[value.strip().lower()]
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.problems.append(Problem(self.front.where(key), f"'{key}' must be true or false."))
        return default

    def _image(self, data: Mapping[str, object]) -> Image | None:
        value = data.get("image")
        if not value:
            return None
        try:
            return self.images.find(str(value), self.path.parent, self.front.where("image"))
        except FileProblems as error:
            self.problems += error.problems
            return None

    def _link(self, link: str) -> str:
        wrong = foreign_scheme(link)
        if wrong:
            message = f"a link cannot begin with '{wrong}:'. Use https://."
            self.problems.append(Problem(self.front.where("link"), message))
        return absolute_link(link.strip(), self.site_url)

    def _markup(self, body: str, first_line: int) -> str:
        text = self._swapped(body, Where(self.name, first_line))
        return markdown_to_html(text) if self.path.suffix.lower() in MARKDOWN_SUFFIXES else text

    def _swapped(self, text: str, where: Where) -> str:
        try:
            text, found = expressions.swap(text, where)
        except FileProblems as error:
            self.problems += error.problems
            return text
        self.found += found
        return text

    def _blocks(self, markup: str, body: str, first_line: int) -> tuple[Block, ...]:
        def picture(src: str, alt: str, link: str, caption: str) -> Block:
            where = Where(self.name, _line_of(src, body, first_line))
            image: Image | None = None
            try:
                image = self.images.find(src, self.path.parent, where)
            except FileProblems as error:
                self.problems.extend(error.problems)
            return Block("image", {"image": image, "alt": alt, "link": link, "caption": caption}, where)

        return blocks_of(markup, Source(Where(self.name, first_line), self.site_url, picture))


def _line_of(words: str, body: str, first_line: int) -> int:
    """The line `words` first stand on; the body's first line when they are not found as written."""
    offset = body.find(words) if words else -1
    return first_line + body.count("\n", 0, offset) if offset >= 0 else first_line


def _title(given: str, markup: str, path: Path) -> tuple[str, str]:
    """The title: of the front matter, else the body's first heading (taken out of the body), else the file's name."""
    heading = _FIRST_HEADING.match(markup)
    if heading:
        words = re.sub(r"<[^>]+>", "", heading[1]).strip()
        words = unescape(words)
        if not given or words == given:
            return given or words, markup[heading.end() :]
    return given or path.stem.replace("-", " ").replace("_", " ").capitalize(), markup


def _date_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _tags(value: object) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    return tuple(part.strip() for part in str(value).split(",")) if value else ()
