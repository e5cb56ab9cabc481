"""Articles that were found → an issue's folder: article files, pictures, and an issue.yaml in the two-column layout.

In: `SourceArticle`s and the folder of an issue. Out: what was added, what stood there already as it would be written,
and what was left alone because it reads differently: a file that is there is never written over. issue.yaml comes
last, so that a run that is cut off leaves nothing that looks finished, and the next one completes it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from newsletter.content import front_matter
from newsletter.content.foreign import safe_words
from newsletter.content.issues import FILE, FOLDER
from newsletter.content.sources import SourceArticle, excerpt, mark
from newsletter.errors import FileProblems, Refused, SettingsError
from newsletter.files import front_matter_text, is_file, read_text
from newsletter.model import Where

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_LONG, _SHORT = 900, 120
"""In words: beyond the first an article that can be linked is summed up; below the second it fits into a column."""


class Status(StrEnum):
    """What became of a file."""

    ADDED = "added"
    UNCHANGED = "unchanged"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Written:
    """A file of the issue's folder, and what became of it."""

    file: str
    status: Status
    source: str


@dataclass(frozen=True, slots=True)
class Issued:
    """What writing an issue's folder did, or would do."""

    articles: tuple[tuple[SourceArticle, Written], ...]
    pictures: tuple[Written, ...]
    issue: Written
    lines: tuple[str, ...] = ()
    """For an issue.yaml that is there already: what a person can paste to show the new articles."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above an issue's sections."""

    title: str
    audience: str
    language: str = ""
    show: str = ""
    """How every article is shown: full, summary or card; empty: what suits each."""


def issue_folder(root: Path, name: str) -> Path:
    """The folder of issue `name`; raises `FileProblems` for what cannot be a folder's name."""
    if not _ID.fullmatch(name) or name.endswith("."):
        message = "an issue's id is letters, digits and hyphens, such as spring-2026."
        raise FileProblems.at(Where(f"--issue {name[:60]!r}"), message)
    folder = root / FOLDER / name
    if not folder.resolve().is_relative_to(root.resolve()):
        raise Refused(f"{FOLDER}/{name} leads out of the workspace by a symbolic link. Nothing was written.")
    return folder


def write_issue(
    root: Path, name: str, articles: Sequence[SourceArticle], heading: Heading, *, dry: bool = False
) -> Issued:
    """Write what is missing (nothing when `dry`); raises `SettingsError` when the disk refuses."""
    folder = issue_folder(root, name)
    shelf = _Shelf(root, dry)
    try:
        named = list(zip(articles, _named(folder, articles), strict=True))
        copies = {folder / place: origin for one in articles for place, origin in sorted(one.pictures.items())}
        pictures = [shelf.copy(path, origin) for path, origin in copies.items()]
        written = [(one, shelf.text(folder / file, one.text, one.source)) for one, file in named]
        issue = shelf.text(folder / FILE, issue_text(heading, named))
    except OSError as error:
        raise SettingsError(
            f"{FOLDER}/{name}: cannot be written to: {error.strerror}. Run the command again to go on."
        ) from error
    fresh = [(one, Path(done.file).name) for one, done in written if done.status is Status.ADDED]
    lines = _blocks(fresh, heading.show, lead=False) if issue.status is not Status.ADDED else []
    return Issued(tuple(written), tuple(pictures), issue, tuple(lines))


def issue_text(heading: Heading, articles: Sequence[tuple[SourceArticle, str]]) -> str:
    """issue.yaml: the first article leads, the others follow in rows of two where that suits them."""
    first = articles[0][0] if articles else None
    language = heading.language if _LANGUAGE.fullmatch(heading.language) else "en"
    fields: dict[str, object] = {
        "title": safe_words(heading.title),
        "subject": safe_words(first.title if first else heading.title)[:150],
        "preheader": safe_words(excerpt(_preheader(articles), 110)),
        "audience": heading.audience,
        "layout": "two-column",
        "language": language,
    }
    above = front_matter_text({key: value for key, value in fields.items() if value}).split("\n")[1:-2]
    lines = [
        "# Edit this freely: importing again adds articles beside it and never changes this file.",
        *above,
        "sections:",
        "  - blocks:",
        *(f"      {one}" for one in _blocks(articles[:1], heading.show, lead=True)),
    ]
    if len(articles) > 1:
        more = ["  - heading: More to read", "    blocks:"] if language.startswith("en") else ["  - blocks:"]
        lines += [*more, *(f"      {one}" for one in _blocks(articles[1:], heading.show, lead=False))]
    return "\n".join(lines) + "\n"


def article_text(title: str) -> str:
    """An article to begin with."""
    return front_matter_text({"title": title, "description": "", "draft": True}) + "\nWrite here.\n"


def write_new(root: Path, path: Path, text: str) -> bool:
    """Write a file that is not there yet, whole or not at all; whether it was written."""
    return _Shelf(root).text(path, text).status is Status.ADDED


def _preheader(articles: Sequence[tuple[SourceArticle, str]]) -> str:
    lead = articles[0][0] if articles else None
    return (lead.description or "") if lead else ""


def _blocks(articles: Sequence[tuple[SourceArticle, str]], show: str, *, lead: bool) -> list[str]:
    """Lines of YAML: first what is read here, short articles side by side, then the cards as one grid."""
    lines: list[str] = []
    cards: list[str] = []
    waiting = ""
    for article, name in articles:
        how = show or _shown_as(article, lead)
        line = f"{{article: {name}, show: {how}}}"
        if how == "card":
            cards.append(name)
        elif how == "full" and not lead and article.words <= _SHORT:
            if waiting:
                lines += ["- columns:", f"    - {waiting}", f"    - {line}"]
            waiting = "" if waiting else line
        else:
            lines.append(f"- {line}")
    lines += [f"- {waiting}"] if waiting else []
    if len(cards) == 1:
        return [*lines, f"- {{article: {cards[0]}, show: card}}"]
    return [*lines, *(["- articles:", *(f"    - {name}" for name in cards)] if cards else [])]


def _shown_as(article: SourceArticle, lead: bool) -> str:
    """What cannot be read elsewhere is shown in full; the rest as cards below a lead that is not too long."""
    if not article.link:
        return "full"
    if lead:
        return "summary" if article.words > _LONG and article.description else "full"
    return "card"


def _named(folder: Path, articles: Sequence[SourceArticle]) -> list[str]:
    """A file name for each article: the one it has there already, else one that no other article has."""
    names: list[str] = []
    for one in articles:
        plain, marked = f"{one.stem}{one.suffix}", f"{one.stem}-{mark(one.source)}{one.suffix}"
        taken = plain in names or _source_of(folder / plain) not in ("", one.source)
        names.append(marked if taken else plain)
    return names


def _source_of(path: Path) -> str:
    """Where an article that was imported from a feed says it came from."""
    if not is_file(path):
        return ""
    try:
        document, _, _ = front_matter.split(read_text(path, path.name), path.name)
    except FileProblems:
        return ""
    fields = document.data if isinstance(document.data, Mapping) else {}
    return str(fields.get("source") or "")


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Puts files below the workspace's root; only says what it would do when `dry`."""

    root: Path
    dry: bool = False

    def text(self, path: Path, text: str, source: str = "") -> Written:
        content = text.encode("utf-8", "replace")
        return self._put(path, source, lambda: content, lambda spare: spare.write_bytes(content))

    def copy(self, path: Path, origin: Path) -> Written:
        return self._put(path, origin.name, origin.read_bytes, lambda spare: shutil.copyfile(origin, spare))

    def _put(self, path: Path, source: str, content: Callable[[], bytes], write: Callable[[Path], object]) -> Written:
        """Put a file there under its name, whole, and only if that name is free."""
        name = path.relative_to(self.root).as_posix()
        if not path.parent.resolve().is_relative_to(self.root.resolve()):
            raise Refused(
                f"{name} leads out of the workspace by a symbolic link. Remove the link; it was not followed."
            )
        if os.path.lexists(path):
            same = is_file(path) and path.read_bytes() == content()
            return Written(name, Status.UNCHANGED if same else Status.KEPT, source)
        if self.dry:
            return Written(name, Status.ADDED, source)
        path.parent.mkdir(parents=True, exist_ok=True)
        spare = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            write(spare)
            with suppress(OSError):
                # A link fails where a file came to stand meanwhile; a disk without links is content with a rename.
                os.link(spare, path)
            if not os.path.lexists(path):
                spare.rename(path)
        finally:
            spare.unlink(missing_ok=True)
        return Written(name, Status.ADDED, source)
