"""A file, a folder of articles, or a Jekyll, Hugo, Pelican or Nuxt Content site → the articles it holds.

In: a path. Out: `Found`: the articles wanted, newest first, and what was left out, each with its reason. Refuses paths
that do not exist and folders without an article. Nothing of the source is changed, and no symbolic link is followed
out of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from newsletter.content.dates import moment
from newsletter.content.kinds import SUFFIXES
from newsletter.content.site_files import SiteFile, read_site_file, site_article
from newsletter.content.site_kinds import HUGO, JEKYLL, NUXT, PELICAN, PLAIN, TITLES, Site, other_language, recognise
from newsletter.content.sources import Choice, Found, LeftOut, mark, slug
from newsletter.errors import FileProblems
from newsletter.files import is_file, kind_of_entry
from newsletter.model import Where

_MAX_BYTES = 5_000_000
_PASSED_OVER = {"node_modules", "_site", "vendor", "themes", "__pycache__", "venv", "_layouts", "_includes"}
_NO_ARTICLES = {"robots.txt", "humans.txt", "requirements.txt", "ads.txt", "license.md", "license.txt", "_index.md"}
_WRITTEN_ELSEWHERE = {
    ".rst": "reStructuredText",
    ".adoc": "AsciiDoc",
    ".asciidoc": "AsciiDoc",
    ".org": "Org mode",
    ".textile": "Textile",
    ".docx": "Word",
    ".doc": "Word",
    ".odt": "OpenDocument",
    ".rtf": "RTF",
    ".pdf": "PDF",
    ".mdx": "MDX",
    ".ipynb": "a notebook",
    ".txt": "plain text",
}
_DATA_OF_NUXT = (".yml", ".yaml", ".json", ".csv")


def read_site(source: Path, choice: Choice, site_url: str, today: date) -> Found:
    """The articles of the file or folder `source`; `site_url` when the site's own address is not in its settings.

    What the site does not show `today`, because its day is to come or has passed, is brought along and noted.
    """
    name = str(source)
    if source.is_dir():
        site = recognise(source)
        paths, skipped = _walk(site, source.resolve())
    elif is_file(source):
        site = recognise(source.parent)
        paths, skipped = [source.resolve()], []
        if source.suffix.lower() not in SUFFIXES:
            raise FileProblems.at(Where(name), f"{_reason(source)}.")
        if not paths[0].is_relative_to(site.root):
            site = recognise(paths[0].parent)
    else:
        raise FileProblems.at(Where(name), "there is no such file or folder. Give a file, a folder or a web address.")
    files, unread = _read(site, paths)
    if not files and not unread and not skipped:
        raise FileProblems.at(Where(name), f"no article in it. Articles end in {', '.join(SUFFIXES)}.")
    stems = _stems(files)
    wanted, left = choice.of(files)
    articles = tuple(site_article(one, site, stems[one.path], site_url) for one in wanted)
    notices = tuple(
        f"{one.source}: no picture file for {address}; it is shown from the web."
        for one in articles
        for address in one.missing
    )
    notices += tuple(
        f"{one.source}: where {_quoted(one.lost)} leads is not known; it stays as it is. Write its whole address."
        for one in articles
        if one.lost
    )
    notices += tuple(f"{one.name}: {unseen}." for one in wanted if (unseen := _unseen(one, site, today)))
    kind = TITLES[site.kind] if source.is_dir() or site.kind != PLAIN else "a file"
    return Found(kind, site.title, site.language, articles, (*skipped, *unread), notices, left)


def _unseen(file: SiteFile, site: Site, today: date) -> str:
    """Why the site does not show the article on that day; nothing when it does, or its generator knows no such rule.

    Sources: gohugo.io/content-management/front-matter (publishDate, expiryDate),
    jekyllrb.com/docs/configuration/options (future).
    """
    said = {key.lower(): value for key, value in (*site.settings.items(), *file.front.items())}
    ends = moment(said.get("expirydate") or said.get("unpublishdate")) if site.kind == HUGO else None
    starts = (moment(said.get("publishdate")) if site.kind == HUGO else None) or file.when
    if ends and ends.date() < today and not said.get("buildexpired"):
        return f"expired on {ends.date()}, so its site no longer shows it; it was imported all the same"
    early = site.kind in (HUGO, JEKYLL) and not said.get("buildfuture") and not said.get("future")
    if early and starts and starts.date() > today:
        return f"is dated {starts.date()}, so its site does not show it yet; it was imported all the same"
    return ""


def _quoted(links: tuple[str, ...]) -> str:
    shown = ", ".join(f"'{one[:100]}'" for one in links[:5])
    return f"the link {shown}" + (f" and {len(links) - 5} more" if len(links) > 5 else "")


def _walk(site: Site, folder: Path) -> tuple[list[Path], list[LeftOut]]:
    """The article files in the order of their paths, and what looks like an article and is none we read."""
    found: list[Path] = []
    skipped: list[LeftOut] = []
    start = site.content if folder == site.root else folder
    for path in _files(start):
        name = _shown(path, site)
        if path.name.lower() in _NO_ARTICLES or not _of_this_site(path, site, start):
            continue
        if path.suffix.lower() in SUFFIXES and not path.resolve().is_relative_to(site.root):
            skipped.append(LeftOut(name, "a symbolic link that leads out of the site"))
        elif path.suffix.lower() in SUFFIXES and (language := other_language(site, path, start)):
            skipped.append(LeftOut(name, f"a translation ({language}); import it by itself to have it"))
        elif path.suffix.lower() in SUFFIXES:
            found.append(path)
        elif path.suffix.lower() in _WRITTEN_ELSEWHERE:
            skipped.append(LeftOut(name, _reason(path)))
        elif site.kind == NUXT and path.suffix.lower() in _DATA_OF_NUXT:
            skipped.append(LeftOut(name, "a file of data, not an article"))
    return found, skipped


def _files(start: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(start):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _PASSED_OVER)
        yield from (Path(folder) / one for one in sorted(files) if not one.startswith("."))


def _of_this_site(path: Path, site: Site, start: Path) -> bool:
    """Whether the generator takes the file for an article: Jekyll's posts, not its pages; Pelican's likewise."""
    parts = path.relative_to(site.root).parts[:-1]
    asked = start.relative_to(site.root).parts
    if site.kind == JEKYLL and not set(asked) - {"."}:
        return bool({"_posts", "_drafts"} & set(parts))
    if site.kind == PELICAN and start == site.content:
        return "pages" not in parts
    return not (site.kind == NUXT and path.name.startswith("_")) and not (
        site.kind == HUGO and path.name == "_index.html"
    )


def _reason(path: Path) -> str:
    kind = _WRITTEN_ELSEWHERE.get(path.suffix.lower())
    if kind:
        return f"{kind} is not read here; save it as Markdown (.md) or HTML"
    return f"an article ends in {', '.join(SUFFIXES)}"


def _read(site: Site, paths: list[Path]) -> tuple[list[SiteFile], list[LeftOut]]:
    files: list[SiteFile] = []
    unread: list[LeftOut] = []
    for path in paths:
        name = _shown(path, site)
        try:
            if not is_file(path):
                unread.append(LeftOut(name, f"{kind_of_entry(path)}, not a file"))
            elif path.stat().st_size > _MAX_BYTES:
                unread.append(LeftOut(name, f"larger than {_MAX_BYTES // 1_000_000} MB, which no article is"))
            else:
                files.append(read_site_file(path, name, site))
        except FileProblems as error:
            problem = error.problems[0]
            unread.append(LeftOut(str(problem.where), problem.message.rstrip(".")))
        except OSError as error:
            unread.append(LeftOut(name, f"cannot be read: {error.strerror}"))
    return files, unread


def _stems(files: list[SiteFile]) -> dict[Path, str]:
    """A name for each file: its own, and with its folder where an earlier file has that name already."""
    taken: set[str] = set()
    names: dict[Path, str] = {}
    for file in files:
        folder = "/".join(file.name.split("/")[:-1])
        own = slug(file.stem) or slug(str(file.front.get("title") or "")) or f"article-{mark(file.name)}"
        name = next(one for one in (own, slug(f"{folder} {own}"), f"{own}-{mark(file.name)}") if one not in taken)
        taken.add(name)
        names[file.path] = name
    return names


def _shown(path: Path, site: Site) -> str:
    return path.relative_to(site.root).as_posix() if path.is_relative_to(site.root) else path.name
