"""Article paths of issue.yaml → articles: where they are looked up, and each file read once.

In: a path as written, perhaps with `{profession}` in it. Out: an `Article`, or an `ArticleChoice` with the file of
every profession that has one. Refuses paths that leave the workspace and files that are no articles, with a
suggestion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from newsletter.content.articles import ReadArticle
from newsletter.content.images import ImageFinder
from newsletter.content.kinds import SUFFIXES
from newsletter.content.parts import Parts
from newsletter.errors import FileProblems, did_you_mean
from newsletter.files import Loc, is_file, shown
from newsletter.model import DEFAULT, Article, ArticleChoice, Finding, Image, Professions, Severity, Where

_PROFESSION = "{profession}"
_NEARLY = 0.8
"""How alike two names are of which one is a slip of the other, by difflib's ratio."""
_LOGO_SUFFIXES = ("", ".svg", ".png", ".jpg", ".jpeg", ".webp", ".gif")


ArticleReader = Callable[[Path, str, ImageFinder, str], ReadArticle]
"""(file, its name in messages, pictures, site_url) → the article, as `articles.read_article` reads it."""


@dataclass(slots=True)
class Shelf:
    """The articles that one issue can name."""

    parts: Parts
    professions: Professions
    read_article: ArticleReader
    _read: dict[Path, Article | None] = field(default_factory=dict)

    def article(self, pattern: str, loc: Loc) -> Article | ArticleChoice | None:
        """What the path means; None when nothing can be read there, which is a problem by then."""
        if _PROFESSION not in pattern:
            return self._find(pattern, loc)
        found = {
            key: article
            for key in (*self.professions.by_key, DEFAULT)
            if (article := self._find(pattern.replace(_PROFESSION, key), loc, missing_ok=True))
        }
        self._tell_typos(pattern, loc)
        if found:
            return ArticleChoice(pattern, found)
        if not self.parts.problems:
            self.parts.problem(loc, f"no file for any profession: {pattern}. Looked in {self._places()}.")
        return None

    def _tell_typos(self, pattern: str, loc: Loc) -> None:
        """Note files of names that are nearly a profession's: nobody reads them."""
        before, _, after = pattern.partition(_PROFESSION)
        if _PROFESSION in after or ".." in pattern.split("/") or any(one in pattern for one in "*?["):
            return
        known = (*self.professions.by_key, DEFAULT)
        for root in self._roots():
            for path in sorted(root.glob(f"{before}*{after}")) if not before.startswith("/") else ():
                name = shown(path, root).removeprefix(before).removesuffix(after)
                if name in known or "/" in name or not (meant := get_close_matches(name, known, 1, _NEARLY)):
                    continue
                message = f"'{shown(path, self.parts.settings.root)}' is the file of no profession."
                fix = f"Call it '{pattern.replace(_PROFESSION, meant[0])}' if that is meant."
                finding = Finding("profession-typo", Severity.WARNING, message, self.parts.where(loc), fix=fix)
                if finding not in self.parts.findings:
                    self.parts.findings.append(finding)

    def _find(self, name: str, loc: Loc, missing_ok: bool = False) -> Article | None:
        for root in self._roots():
            if is_file(root / name):
                return self._article((root / name).resolve(), name, loc)
        if not missing_ok:
            siblings = [
                shown(one, folder) for folder in self._roots() for one in folder.rglob("*") if one.suffix in SUFFIXES
            ]
            hint = did_you_mean(name, siblings)
            self.parts.problem(loc, f"no article '{name}'.{hint} Looked in {self._places()}.")
        return None

    def _article(self, path: Path, name: str, loc: Loc) -> Article | None:
        if path not in self._read:
            self._read[path] = self._checked(path, name, loc)
        return self._read[path]

    def _checked(self, path: Path, name: str, loc: Loc) -> Article | None:
        settings = self.parts.settings
        if not path.is_relative_to(settings.root.resolve()):
            self.parts.problem(loc, f"article '{name}' lies outside the workspace. Copy it in.")
            return None
        if path.suffix.lower() not in SUFFIXES:
            self.parts.problem(loc, f"article '{name}' must end in {', '.join(SUFFIXES)}.")
            return None
        try:
            read = self.read_article(path, shown(path, settings.root), self.parts.images, settings.site_url)
        except FileProblems as error:
            self.parts.problems += [problem for problem in error.problems if problem not in self.parts.problems]
            return None
        self.parts.expressions.update({one.token: one for one in read.expressions})
        return self._with_sidebar(read.article, path.parent)

    def _with_sidebar(self, article: Article, folder: Path) -> Article:
        """The article with its sidebar's logo; sites name it without a suffix, and it may live in the site alone."""
        if not article.sidebar or not article.sidebarlogo:
            return article
        image = self._logo(article.sidebarlogo, folder, article)
        if image is not None:
            return replace(article, sidebar_image=image)
        message = (
            f"no picture '{article.sidebarlogo}' for the sidebar, with or without a suffix: the brand's logo stands "
            "there. Put the file beside the article, or in the static folder."
        )
        finding = Finding("sidebar-logo", Severity.WARNING, message, Where(article.where.path, article.logo_line))
        return replace(article, findings=(*article.findings, finding))

    def _logo(self, name: str, folder: Path, article: Article) -> Image | None:
        for prefix in ("", "images/", "/uploads/", "/images/"):
            for suffix in _LOGO_SUFFIXES:
                guess = f"{prefix}{name.lstrip('/')}{suffix}"
                if not self.parts.images.may_be(guess, folder):
                    continue
                try:
                    image = self.parts.images.seek(guess, folder, article.where)
                except FileProblems:
                    continue
                # A guess is a file or nothing: the site would be asked for pictures it may never have had.
                if not image.url or image.url == name:
                    return image
        return None

    def _roots(self) -> list[Path]:
        settings = self.parts.settings
        return [self.parts.folder, *(settings.root / one for one in settings.content)]

    def _places(self) -> str:
        return ", ".join(f"{shown(one, self.parts.settings.root)}/" for one in self._roots())
