"""Make articles of an issue from a file, a site or a feed; begin an issue or an article by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from newsletter.audience.audiences import FOLDER as AUDIENCES
from newsletter.audience.audiences import audience_ids, load_audience
from newsletter.audience.professions import load_professions
from newsletter.content import feeds, fetching, issues, scaffolds, sites
from newsletter.content.kinds import SUFFIXES
from newsletter.content.scaffolds import Heading, Issued, Status
from newsletter.content.sources import Choice, Found, SourceArticle, slug
from newsletter.errors import FileProblems, Problem, Refused, SettingsError
from newsletter.files import is_file, read_bytes
from newsletter.model import Where
from newsletter.pipeline.workspace import Workspace
from newsletter.rendering.layout import Templates

Fetch = Callable[[str], fetching.Fetched]
_MAX_FEED = 10_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to import, and how it is to stand in the issue."""

    source: str
    issue: str
    audience: str = ""
    limit: int = 10
    since: date | None = None
    show: str = ""
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What was found, what was written, and what reading the issue says of it now."""

    found: Found
    issued: Issued
    audience: str
    problems: tuple[Problem, ...]


def import_source(workspace: Workspace, wanted: Wanted, fetch: Fetch = fetching.fetch) -> Imported:
    """Read the source, write what the issue's folder does not have yet, and read the issue as a build will."""
    scaffolds.issue_folder(workspace.root, wanted.issue)
    audience = _audience(workspace, wanted.audience)
    found = _found(workspace, wanted, fetch)
    if not found.articles:
        raise FileProblems(_why_nothing(wanted, found))
    heading = Heading(found.title or _title(wanted.issue), audience, found.language, wanted.show)
    issued = scaffolds.write_issue(workspace.root, wanted.issue, found.articles, heading, dry=wanted.dry)
    problems = () if wanted.dry else _problems(workspace, wanted.issue)
    return Imported(found, issued, audience, problems)


def new_issue(workspace: Workspace, name: str, audience: str = "") -> Issued:
    """An issue with an article to begin with; raises `Refused` when it is there already."""
    folder = scaffolds.issue_folder(workspace.root, name)
    if (folder / issues.FILE).exists():
        raise Refused(f"{issues.FOLDER}/{name}/{issues.FILE}: is there already. Nothing was changed.")
    text = scaffolds.article_text("First article")
    begun = SourceArticle("", "first-article", ".md", text, "First article", draft=True)
    heading = Heading(_title(name), _audience(workspace, audience))
    return scaffolds.write_issue(workspace.root, name, [begun], heading)


def new_article(workspace: Workspace, argument: str, name: str) -> tuple[str, str]:
    """A draft article in the folder of an issue: its path, and the line that shows it; `Refused` when it is there."""
    issue = issues.issue_id(argument, workspace.root)
    if re.search(r"[/\\]", name):
        raise SettingsError(f"'{name}' is a path. Give a name such as spring-fair; it is put into the issue's folder.")
    stem = slug(name.removesuffix(".md"))
    if not stem:
        raise SettingsError(f"'{name}' gives no file name. Use letters and digits, such as spring-fair.")
    path = scaffolds.issue_folder(workspace.root, issue) / f"{stem}.md"
    shown = f"{issues.FOLDER}/{issue}/{path.name}"
    words = name.removesuffix(".md").replace("-", " ").strip()
    if not scaffolds.write_new(workspace.root, path, scaffolds.article_text(words[:1].upper() + words[1:])):
        raise Refused(f"{shown}: is there already. Nothing was changed.")
    return shown, f"- {{article: {path.name}, show: full}}"


def _found(workspace: Workspace, wanted: Wanted, fetch: Fetch) -> Found:
    choice = Choice(wanted.limit, wanted.since)
    if fetching.is_web_address(wanted.source):
        came = fetch(wanted.source)
        return feeds.read_feed(came.content, fetching.shown_address(wanted.source), choice, came.url)
    path = Path(wanted.source)
    if is_file(path) and path.suffix.lower() not in SUFFIXES:
        if path.stat().st_size > _MAX_FEED:
            raise FileProblems.at(Where(wanted.source), "larger than 10 MB, which neither article nor feed is.")
        content = read_bytes(path, wanted.source)
        if path.suffix.lower() in feeds.SUFFIXES or feeds.looks_like_feed(content):
            return feeds.read_feed(content, wanted.source, choice)
    return sites.read_site(path, choice, workspace.settings.site_url, workspace.clock().date())


def _audience(workspace: Workspace, asked: str) -> str:
    """The audience named, else the only one or the first by name."""
    known = audience_ids(workspace.root)
    if asked:
        return load_audience(asked, workspace.root, load_professions(workspace.root), Where("--audience")).id
    if not known:
        raise SettingsError(
            f"there is no audience yet, and an issue is for one. Write {AUDIENCES}/everyone.yaml first."
        )
    return known[0]


def _title(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _why_nothing(wanted: Wanted, found: Found) -> list[Problem]:
    if found.left and wanted.since:
        message = f"nothing on or after {wanted.since}; {found.left} older or without a date. Give an earlier --since."
        return [Problem(Where(wanted.source), message)]
    reasons = [Problem(Where(wanted.source), f"{one.source}: {one.reason}.") for one in found.skipped[:20]]
    return [*reasons, Problem(Where(wanted.source), "no article in it that can be read.")]


def _problems(workspace: Workspace, issue: str) -> tuple[Problem, ...]:
    """What stops a build of the issue as it stands now, a missing picture for example."""
    templates = Templates([workspace.root / "templates", workspace.bundled_templates], workspace.root)
    try:
        issues.load_issue(issue, workspace.settings, load_professions(workspace.root), templates.names())
    except FileProblems as error:
        return error.problems
    return ()


def is_new(issued: Issued) -> bool:
    """Whether the issue itself was made by this import."""
    return issued.issue.status is Status.ADDED
