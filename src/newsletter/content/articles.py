"""One article file → Article.

In: a file of Markdown, HTML or bare text, with or without front matter. Out: an `Article` whose body is blocks, with
the author's `{{ … }}` swapped for tokens, and a finding for whatever was guessed, changed or left out. Refuses front
matter of the wrong kind and pictures that are missing, each with its line; fields it does not know are kept in
`extra`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsletter import expressions
from newsletter.content import dates, front_matter, loose_fields
from newsletter.content.data_pictures import is_written_in, picture_written_in
from newsletter.content.images import ImageFinder
from newsletter.content.kinds import Kind, has_tags, is_page, kind_of
from newsletter.content.markdown import markdown_inline, render_markdown
from newsletter.content.plain import Guess, plain_to_html
from newsletter.content.repair import Source, absolute_link, article_blocks, foreign_scheme, inline_of
from newsletter.content.shortcodes import expand
from newsletter.content.titles import taken_title
from newsletter.content.written_lines import WrittenLines
from newsletter.errors import FileProblems, Problem
from newsletter.files import Document, decode_text, read_bytes
from newsletter.model import Article, Block, Expression, Finding, Image, Severity, Where

_TEXT_FIELDS = ("title", "description", "author", "link", "alt", "caption", "sidebarlogo", "disclosure")
_FLAGS = {"draft": False, "include_footer": True, "sidebar": False}
_KNOWN = {*_TEXT_FIELDS, *_FLAGS, "date", "image", "tags", "type", "layout"}


@dataclass(frozen=True, slots=True)
class ReadArticle:
    """An article, and the expressions found in it."""

    article: Article
    expressions: tuple[Expression, ...]


def read_article(path: Path, name: str, images: ImageFinder, site_url: str) -> ReadArticle:
    """The article in file `path`, called `name` in messages."""
    decoded = decode_text(read_bytes(path, name), name)
    front, body, first_line = front_matter.split(decoded.text, name)
    reader = _ArticleReader(path, name, images, site_url, front, WrittenLines(body, first_line))
    if decoded.encoding:
        reader.tell("encoding", f"not UTF-8: read as {decoded.encoding}. Save the file as UTF-8.", decoded.line)
    return reader.read(body, first_line)


@dataclass(slots=True)
class _ArticleReader:
    path: Path
    name: str
    images: ImageFinder
    site_url: str
    front: Document
    lines: WrittenLines
    findings: list[Finding] = field(default_factory=list)
    found: list[Expression] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: str = ""
    """The body's footnotes, as HTML."""
    headings: tuple[Guess, ...] = ()
    left_out: list[str] = field(default_factory=list)
    """The words of the site's furniture."""

    def read(self, body: str, first_line: int) -> ReadArticle:
        data = self.front.data
        assert isinstance(data, dict)
        texts = {key: self._text(data, key) for key in _TEXT_FIELDS}
        flags = {key: self._flag(data, key, default) for key, default in _FLAGS.items()}
        day = self._date(data.get("date"))
        image, beside = self._image(data)
        tags = self._tags(data.get("tags"))
        link = self._link(texts["link"])
        markup = self._markup(body, first_line)
        title, markup = self._title(texts["title"], markup)
        blocks = self._blocks(markup, body, first_line)
        self._tell_headings(first_line)
        if self.problems:
            raise FileProblems(self.problems)
        article = Article(
            where=Where(self.name, 1),
            title=title,
            body=blocks,
            description=texts["description"],
            draft_line=self.front.where("draft").line if flags["draft"] else 0,
            date=day,
            author=texts["author"],
            link=link,
            image=image,
            alt=texts["alt"] or beside,
            caption=inline_of(markdown_inline(texts["caption"]), self.site_url) if texts["caption"] else "",
            include_footer=flags["include_footer"],
            sidebar=flags["sidebar"],
            sidebarlogo=texts["sidebarlogo"],
            logo_line=self.front.where("sidebarlogo").line,
            tags=tags,
            disclosure=texts["disclosure"],
            extra={key: value for key, value in data.items() if key not in _KNOWN},
            findings=tuple(sorted(dict.fromkeys(self.findings), key=lambda one: one.where.line)),
        )
        return ReadArticle(article, tuple(self.found))

    def _text(self, data: Mapping[str, object], key: str) -> str:
        value = data.get(key)
        if value is None:
            return ""
        if key == "author" and isinstance(value, (dict, list)):
            value = loose_fields.names(value) or value
        if isinstance(value, (dict, list, bool)):
            # `disclosure: false` says that there is none; `title: Yes` is true in YAML, and hardly meant so.
            if value is not False or key == "title":
                advice = "put quotes around it" if isinstance(value, bool) else "write it on one line"
                self.problems.append(Problem(self.front.where(key), f"'{key}' must be text; {advice}."))
            return ""
        if isinstance(value, (int, float)) and not loose_fields.is_written(value, key, self._text_of_file()):
            message = f"'{key}' is read as the number {value}; put quotes around what you wrote."
            self.problems.append(Problem(self.front.where(key), message))
        return self._swapped(" ".join(str(value).split()), self.front.where(key))

    def _text_of_file(self) -> str:
        return decode_text(read_bytes(self.path, self.name), self.name).text

    def _tags(self, value: object) -> tuple[str, ...]:
        found = loose_fields.tags(value)
        if found is None:
            message = "'tags' must be a list of words, such as `tags: [sea, ships]`."
            self.problems.append(Problem(self.front.where("tags"), message))
        return found or ()

    def _date(self, value: object) -> str:
        """The day as 2026-03-02; words that are no day as they are written."""
        where = self.front.where("date")
        if isinstance(value, (bool, list, dict)):
            self.problems.append(Problem(where, "'date' must be a date such as 2026-03-02."))
            return ""
        found = dates.moment(value)
        words = "" if value is None else " ".join(str(value).split())
        if found or not words:
            return found.date().isoformat() if found else ""
        days = dates.two_days(words)
        said = "can mean two days" if days else "is not read as a day"
        advice = f"{days[0]} or {days[1]}" if days else "it as 2026-03-02"
        self.tell("date", f"'{words[:60]}' {said} and stands as it is written. Write {advice}.", where.line)
        return words

    def _flag(self, data: Mapping[str, object], key: str, default: bool) -> bool:
        value = data.get(key, default)
        words = {"true": True, "yes": True, "false": False, "no": False}
        if isinstance(value, str) and value.strip().lower() in words:
            return words[value.strip().lower()]
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.problems.append(Problem(self.front.where(key), f"'{key}' must be true or false."))
        return default

    def _image(self, data: Mapping[str, object]) -> tuple[Image | None, str]:
        """The article's own picture, and its alt text where that is written beside it."""
        if not data.get("image"):
            return None, ""
        named = loose_fields.picture(data["image"])
        if named is None:
            message = "'image' must be the path of one picture, such as `image: images/quay.jpg`."
            self.problems.append(Problem(self.front.where("image"), message))
            return None, ""
        path, alt = named
        where = self.front.where("image")
        try:
            return self.images.find(path, self.path.parent, where), self._swapped(" ".join(alt.split()), where)
        except FileProblems as error:
            self.problems += error.problems
            return None, ""

    def _picture(self, src: str, written: str, where: Where) -> Image:
        """The picture of the body; `written` is what its author named, where nothing of that is left."""
        if not written and not is_written_in(src):
            return self.images.find(src, self.path.parent, where)
        try:
            if not written:
                return picture_written_in(src, where)
            message = f"no picture '{written[:80]}' in the workspace. Copy it in, and name it by its path there."
            raise FileProblems.at(where, message)
        except FileProblems as error:
            return self.images.in_place_of(written[:80] or f"{where.path} (line {where.line})", where, error)

    def _link(self, link: str) -> str:
        wrong = foreign_scheme(link)
        if wrong:
            message = f"a link cannot begin with '{wrong}:'. Use https://."
            self.problems.append(Problem(self.front.where("link"), message))
        return absolute_link(link.strip(), self.site_url)

    def tell(self, rule: str, message: str, line: int, severity: Severity = Severity.WARNING) -> None:
        """Notes what reading guessed, changed or left out."""
        self.findings.append(Finding(rule, severity, message, Where(self.name, line)))

    def _markup(self, body: str, first_line: int) -> str:
        """The body as HTML."""
        text = self._swapped(body, Where(self.name, first_line))
        kind = kind_of(text, self.path.suffix.lower())
        if kind is Kind.PLAIN:
            plain = plain_to_html(text, tagged=has_tags(text))
            self.headings = plain.headings
            return plain.html

        def shortcode(message: str, lines_before: int) -> None:
            self.tell("shortcode", self._as_written(message), first_line + lines_before)

        text = expand(text, shortcode, markdown=kind is Kind.MARKDOWN)
        if kind is not Kind.MARKDOWN:
            return text
        rendered = render_markdown(text)
        for rule, message, words in rendered.told:
            self.tell(rule, self._as_written(message), self.lines.of_last(self._as_written(words)))
        self.notes = rendered.notes
        return rendered.html

    def _tell_headings(self, first_line: int) -> None:
        """What bare lines were taken for, but for those that are left out after all."""
        left_out = {line.strip() for words in self.left_out for line in words.split("\n")}
        headings = [guess for guess in self.headings if guess.words not in left_out]
        if headings:
            words = ", ".join(f"'{guess.words}'" for guess in headings[:5])
            more = f" and {len(headings) - 5} more" if len(headings) > 5 else ""
            message = self._as_written(f"bare text; taken for headings: {words}{more}. Write `## ` before a heading.")
            self.tell("guessed-heading", message, first_line + headings[0].lines_before)

    def _as_written(self, words: str) -> str:
        """The words with the author's expressions in the place of their tokens."""
        for one in self.found:
            words = words.replace(one.token, f"{{{{ {one.source} }}}}")
        return words

    def _title(self, given: str, markup: str) -> tuple[str, str]:
        """The title: of the front matter, else the body's own, else a guess by the file's name."""
        words, rest = taken_title(markup, given)
        if not words:
            words = self.path.stem.replace("-", " ").replace("_", " ").capitalize()
            self.tell("no-title", f"no title; '{words}' is taken from the file's name. Write `title: …` at the top.", 1)
        return words, rest

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
            # Of an address that no mail could fetch, sanitising leaves nothing.
            written, line = ("", self.lines.of_picture(src)) if src.strip() else self.lines.of_next_unnamed()
            where = Where(self.name, line)
            image: Image | None = None
            try:
                image = self._picture(src, written, where)
            except FileProblems as error:
                self.problems.extend(error.problems)
            return Block("image", {"image": image, "alt": alt, "link": link, "caption": caption}, where)

        def notice(rule: str, message: str, words: str) -> None:
            # A page that a site made has links of its scripts (print, share) that its author never wrote.
            own = rule == "link-target" and not is_page(body)
            severity = Severity.ERROR if own else Severity.WARNING
            line = self._line_told(rule, words)
            self.tell(rule, self._as_written(message), line, severity)
            if rule == "site-furniture":
                self.left_out.append(words)

        source = Source(Where(self.name, first_line), self.site_url, picture, notice)
        return article_blocks(markup, source, self.notes, page=is_page(body))

    def _line_told(self, rule: str, words: str) -> int:
        if rule == "link-target":
            return self.lines.of_link(words)
        return self.lines.of_next(words) if words.startswith("<img") else self.lines.of_last(words)
