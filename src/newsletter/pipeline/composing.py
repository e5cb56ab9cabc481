"""An issue's blocks, edited by hand in a browser: read the file, make the edit, read it as a build will, write it.

Nothing is written when the file is not what was looked at any more, nor when the edit would add a problem to the issue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.audience.professions import load_professions
from newsletter.composing import issue_file
from newsletter.composing.edits import edited
from newsletter.composing.outline import Part, outline
from newsletter.composing.places import Edit, Insert, Move, Place, Remove, Retarget
from newsletter.composing.starters import OF_ARTICLES, OF_PICTURES, SECTION, in_order, starter
from newsletter.content.blocks import kinds_of
from newsletter.content.issues import FILE, FOLDER, load_issue
from newsletter.content.kinds import SUFFIXES
from newsletter.errors import FileProblems, Refused
from newsletter.model import DEFAULT, TemplateNames, Where
from newsletter.pipeline.workspace import Workspace
from newsletter.rendering.layout import Templates

__all__ = ["SECTION", "Edit", "Insert", "Move", "Place", "Remove", "Retarget"]

_PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp")
_MOST_FILES = 500


@dataclass(frozen=True, slots=True)
class Sheet:
    """An issue to be composed: what stands in its file, and what can be put there."""

    seen: str
    """The fingerprint of the file as it is shown here: an edit names it."""
    parts: tuple[Part, ...]
    kinds: tuple[str, ...]
    files: dict[str, tuple[str, ...]]
    """Kind of block → the files of the issue's folder that it can show."""
    professions: tuple[tuple[str, str], ...]
    """Key and label of everybody a block can be for."""
    problem: str = ""
    """Why the file cannot be read; nothing else is known then."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an edit did: the file before and after it, and the place of what was edited."""

    before: bytes
    after: bytes
    place: Place = ()


def sheet(workspace: Workspace, issue: str) -> Sheet:
    """What the file says now."""
    path, name = _file(workspace, issue)
    try:
        content = _content(workspace, path, name)
    except FileProblems as error:
        return Sheet(issue_file.fingerprint(b""), (), (), {}, (), str(error))
    seen = issue_file.fingerprint(content)
    kinds = kinds_of(_types(workspace))
    known = load_professions(workspace.root).by_key.values()
    professions = (*((one.key, one.label) for one in known), (DEFAULT, "Everybody else"))
    try:
        parts = outline(_text(content, name), name, kinds)
    except FileProblems as error:
        return Sheet(seen, (), (), {}, professions, str(error))
    return Sheet(seen, parts, in_order(kinds), _files(path.parent), professions)


def new_block(workspace: Workspace, issue: str, kind: str, file: str = "") -> str:
    """A new block of that kind, as it is written. Raises `Refused` when there is no such kind or file."""
    path, _ = _file(workspace, issue)
    files = _files(path.parent).get(kind, ())
    return starter(kind, kinds_of(_types(workspace)), files, file, workspace.settings.site_url)


def compose(workspace: Workspace, issue: str, seen: str, edit: Edit) -> Change:
    """Make the edit in the file. Raises `ChangedMeanwhile`, `Refused` or `FileProblems`; nothing is written then."""
    path, name = _file(workspace, issue)
    before = _content(workspace, path, name)
    issue_file.check(before, name, seen)
    done = edited(_text(before, name), edit, name)
    after = done.text.encode()
    if after != before:
        _write(workspace, issue, before, after)
    return Change(before, after, done.place)


def put_back(workspace: Workspace, issue: str, seen: str, content: bytes) -> None:
    """Write the file as it was before; refused like any edit."""
    path, name = _file(workspace, issue)
    before = _content(workspace, path, name)
    issue_file.check(before, name, seen)
    _write(workspace, issue, before, content)


def seen_after(content: bytes) -> str:
    """The fingerprint of that content."""
    return issue_file.fingerprint(content)


def _write(workspace: Workspace, issue: str, before: bytes, after: bytes) -> None:
    path, name = _file(workspace, issue)
    found = _problems(workspace, issue, _text(after, name))
    if found:
        known = {message for _, message in _problems(workspace, issue, _text(before, name))}
        added = [f"{where}: {message}" for where, message in found if message not in known]
        if added:
            raise Refused("\n".join(added))
    issue_file.replace(path, name, after, issue_file.fingerprint(before))


def _problems(workspace: Workspace, issue: str, text: str) -> Sequence[tuple[Where, str]]:
    """What reading the issue says of the text: the same as a build would."""
    try:
        load_issue(issue, workspace.settings, load_professions(workspace.root), _types(workspace), text=text)
    except FileProblems as error:
        return [(one.where, one.message) for one in error.problems]
    return ()


def _types(workspace: Workspace) -> TemplateNames:
    return Templates([workspace.root / "templates", workspace.bundled_templates], workspace.root).names()


def _file(workspace: Workspace, issue: str) -> tuple[Path, str]:
    return workspace.root / FOLDER / issue / FILE, f"{FOLDER}/{issue}/{FILE}"


def _content(workspace: Workspace, path: Path, name: str) -> bytes:
    if not path.exists():
        raise FileProblems.at(
            Where(name),
            "the file is not there any more: it was removed, or it or its folder was renamed. Put it back to go on.",
        )
    return issue_file.read(path, name, workspace.root)


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileProblems.at(Where(name, line), "not UTF-8 text. Save the file as UTF-8.") from error


def _files(folder: Path) -> dict[str, tuple[str, ...]]:
    """The articles and pictures of the issue's own folder, by the kinds of blocks that show them."""
    found = sorted(
        one.relative_to(folder).as_posix()
        for one in folder.rglob("*")
        if one.suffix.lower() in (*SUFFIXES, *_PICTURES) and one.is_file()
    )[:_MOST_FILES]
    articles = tuple(one for one in found if Path(one).suffix.lower() in SUFFIXES)
    pictures = tuple(one for one in found if Path(one).suffix.lower() in _PICTURES)
    return {**dict.fromkeys(OF_ARTICLES, articles), **dict.fromkeys(OF_PICTURES, pictures)}
