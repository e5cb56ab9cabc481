"""Which generator makes a site, where its articles lie, and where its pages come to stand on the web.

In: a folder. Out: a `Site`: its kind, root, content folder and picture folders, its address, and the path of a page
as far as the configuration tells it. Configuration is read as data, never run: what is computed there is not known,
and a link that is not known is left out. Sources: jekyllrb.com/docs/permalinks, gohugo.io/content-management/urls,
docs.getpelican.com/en/latest/settings.html, content.nuxt.com/docs/collections/types.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from newsletter.content.sources import slug
from newsletter.errors import FileProblems
from newsletter.files import is_file, read_yaml

JEKYLL, HUGO, PELICAN, NUXT, PLAIN = "jekyll", "hugo", "pelican", "nuxt", "plain"
TITLES = {
    JEKYLL: "a Jekyll site",
    HUGO: "a Hugo site",
    PELICAN: "a Pelican site",
    NUXT: "a Nuxt Content site",
    PLAIN: "a folder of articles",
}
_JEKYLL_STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title.html",
}
_HUGO_FILES = ("hugo.toml", "hugo.yaml", "hugo.yml", "config.toml", "config.yaml", "config.yml")
_NUXT_FILES = ("nuxt.config.ts", "nuxt.config.js", "nuxt.config.mjs", "nuxt.config.mts", "content.config.ts")
_LANGUAGES = frozenset(
    "ar bg bn ca cs da de el en es et eu fa fi fr gl he hi hr hu id it ja ka ko lt lv ms nb nl no pl pt ro ru sk sl sq "
    "sr sv sw ta th tr uk ur vi zh pt-br zh-cn zh-tw zh-hans zh-hant".split()
)
_POST_NAME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})-(.+)")
_PLAIN_TITLE = re.compile(r"[A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*")
"""A title that is the same in every generator's addresses, but for capitals and spaces."""
_HIGHEST = 6
"""How many folders above the one given a site's configuration is looked for."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site, as far as its configuration says what it is."""

    kind: str
    root: Path
    content: Path
    pictures: tuple[Path, ...] = ()
    """The folders an address such as `/images/x.png` is looked up in."""
    address: str = ""
    """Begins with https:// and has no slash at the end; empty when it is not known."""
    title: str = ""
    language: str = ""
    settings: Mapping[str, object] = field(default_factory=dict)


def recognise(folder: Path) -> Site:
    """The site `folder` is, or is a part of; a plain folder of articles when no generator's marks are found."""
    start = folder.resolve()
    for root in (start, *start.parents[:_HIGHEST]):
        for look in (_hugo, _nuxt, _pelican, _jekyll):
            site = look(root)
            if site is not None and (start == site.root or start.is_relative_to(site.content)):
                return site
    return Site(PLAIN, start, start, (start, start / "static", start / "public", start / "assets"))


def _jekyll(root: Path) -> Site | None:
    config = next((one for name in ("_config.yml", "_config.yaml") if is_file(one := root / name)), None)
    if config is None and not (root / "_posts").is_dir():
        return None
    settings = _read(config) if config else {}
    base = f"{_line(settings, 'url').rstrip('/')}/{_line(settings, 'baseurl').strip('/')}".rstrip("/")
    language = _line(settings, "lang") or _line(settings, "locale")
    return Site(JEKYLL, root, root, (root,), _web(base), _line(settings, "title"), language, settings)


def _hugo(root: Path) -> Site | None:
    folders = (root, root / "config/_default", root / "config")
    config = next((one for folder in folders for name in _HUGO_FILES if is_file(one := folder / name)), None)
    if config is None:
        return None
    settings = {key.lower(): value for key, value in _read(config).items()}
    content = (root / (_line(settings, "contentdir") or "content")).resolve()
    if not content.is_dir() or not content.is_relative_to(root):
        return None
    language = _line(settings, "languagecode") or _line(settings, "defaultcontentlanguage")
    pictures = (root / "static", root / "assets", content)
    address = _web(_line(settings, "baseurl"))
    return Site(HUGO, root, content, pictures, address, _line(settings, "title"), language, settings)


def _pelican(root: Path) -> Site | None:
    files = [one for name in ("pelicanconf.py", "publishconf.py") if is_file(one := root / name)]
    if not files:
        return None
    settings: dict[str, object] = {}
    for one in files:
        text = one.read_text("utf-8", "replace")
        settings |= dict(re.findall(r"^([A-Z_]+)\s*=\s*u?[\"']([^\"'\n]*)[\"']\s*(?:#.*)?$", text, re.MULTILINE))
    content = (root / (_line(settings, "PATH") or "content")).resolve()
    if not content.is_relative_to(root):
        return None
    address = _web(_line(settings, "SITEURL"))
    title, language = _line(settings, "SITENAME"), _line(settings, "DEFAULT_LANG")
    return Site(PELICAN, root, content, (content,), address, title, language, settings)


def _nuxt(root: Path) -> Site | None:
    config = next((one for name in _NUXT_FILES if is_file(one := root / name)), None)
    content = root / "content"
    if config is None or not content.is_dir():
        return None
    text = config.read_text("utf-8", "replace")
    found = re.search(r"\bsite\s*:\s*\{[^{}]*?\burl\s*:\s*[\"'`](https?://[^\"'`\s$]+)[\"'`]", text)
    return Site(NUXT, root, content, (root / "public", content), _web(found[1]) if found else "")


def other_language(site: Site, path: Path, start: Path) -> str:
    """The language of a translation in Hugo's ways (`post.de.md`, `content/de/`) when it is not the site's main one.

    Nothing for what is read because `start`, the folder asked for, is in that language itself.
    """
    if site.kind != HUGO:
        return ""
    listed = site.settings.get("languages")
    known = {str(key).lower() for key in listed} if isinstance(listed, Mapping) else set()
    main = (_line(site.settings, "defaultcontentlanguage") or site.language.split("-")[0] or "en").lower()
    folders = [one.lower() for one in path.relative_to(start).parts[:-1]] if path.is_relative_to(start) else []
    marks = [*folders[:1], *(one[1:].lower() for one in path.suffixes[:-1][-1:])]
    named = next((one for one in marks if one in known), "")
    # Without a list of languages, a file `post.de.md` is still no English article.
    if not named and not known and marks[len(folders[:1]) :]:
        named = marks[-1] if marks[-1] in _LANGUAGES else ""
    asked = start.relative_to(site.content).parts if start.is_relative_to(site.content) else ()
    return "" if named in (main, *(one.lower() for one in asked)) else named


def page_path(site: Site, path: Path, front: Mapping[str, object], when: datetime | None) -> str:
    """Where the page of the file at `path` stands on its site (`/2024/01/x/`); nothing when that is not certain."""
    said = front.get("permalink") or (front.get("url") if site.kind == HUGO else None)
    if isinstance(said, str) and said.startswith("/") and not re.search(r"[:{\s]", said):
        return said
    if said:
        return ""
    inside = PurePosixPath(path.resolve().relative_to(site.content).as_posix())
    found = _PATHS[site.kind](site, inside, front, when) if site.kind in _PATHS else ""
    return quote(found, safe="/-._~")


def _jekyll_path(site: Site, inside: PurePosixPath, front: Mapping[str, object], when: datetime | None) -> str:
    name = _POST_NAME.fullmatch(inside.stem)
    if "_posts" not in inside.parts or name is None or "defaults" in site.settings or "collections" in site.settings:
        return ""
    style = _line(site.settings, "permalink") or "date"
    pattern = _JEKYLL_STYLES.get(style, style if style.startswith("/") else "")
    day = [int(part) for part in name[1].split("-")]
    if when and [when.year, when.month, when.day] != day:
        return ""
    above = list(inside.parts[: inside.parts.index("_posts")])
    given = front.get("categories") or front.get("category") or []
    categories = (
        given.split()
        if isinstance(given, str)
        else [str(one) for one in given if one]
        if isinstance(given, list)
        else []
    )
    values = {
        "categories": "/".join(dict.fromkeys(one.lower() for one in above + categories)),
        "year": f"{day[0]:04}",
        "month": f"{day[1]:02}",
        "i_month": str(day[1]),
        "day": f"{day[2]:02}",
        "i_day": str(day[2]),
        "short_year": f"{day[0] % 100:02}",
        "title": _line(front, "slug") or name[2],
        "slug": _line(front, "slug") or slug(name[2]),
        "output_ext": ".html",
    }
    return re.sub(r"//+", "/", _filled(pattern, values))


def _hugo_path(site: Site, inside: PurePosixPath, front: Mapping[str, object], when: datetime | None) -> str:
    known = {"languages", "uglyurls", "permalinks"} & site.settings.keys()
    parts = list(inside.with_suffix("").parts)
    if parts[-1] == "index":
        parts.pop()
    if known - {"permalinks"} or not parts or any(not re.fullmatch(r"[\w ~-]+", part, re.ASCII) for part in parts):
        return ""
    own = _line(front, "slug")
    last = own or parts[-1]
    patterns = site.settings.get("permalinks")
    if isinstance(patterns, Mapping):
        pages = patterns.get("page")
        pattern = (pages if isinstance(pages, Mapping) else patterns).get(parts[0])
        if pattern is not None:
            names = {"filename": parts[-1], "contentbasename": parts[-1], "section": parts[0]}
            title = _line(front, "title")
            named = title.lower().replace(" ", "-") if _PLAIN_TITLE.fullmatch(title) else ""
            names |= {"slugorfilename": last, "slugorcontentbasename": last, "title": named, "slug": own or named}
            return _filled(str(pattern), _dated(when) | names)
    return "/" + "/".join([*parts[:-1], last]).lower().replace(" ", "-") + "/"


def _pelican_path(site: Site, inside: PurePosixPath, front: Mapping[str, object], when: datetime | None) -> str:
    title = _line(front, "title")
    own = _line(front, "slug") or (slug(title) if re.fullmatch(r"[A-Za-z0-9 -]+", title) else "")
    pattern = _line(site.settings, "ARTICLE_URL") or "{slug}.html"
    dated = _dated(when)
    values = {
        "{slug}": own,
        "{date:%Y}": dated.get("year", ""),
        "{date:%m}": dated.get("month", ""),
        "{date:%d}": dated.get("day", ""),
    }
    if not all(values.get(one) for one in re.findall(r"\{[^}]*\}", pattern)):
        return ""
    return "/" + re.sub(r"\{[^}]*\}", lambda match: values[match[0]], pattern).lstrip("/")


def _nuxt_path(site: Site, inside: PurePosixPath, front: Mapping[str, object], when: datetime | None) -> str:
    parts = [re.sub(r"^\d+\.", "", part) for part in inside.with_suffix("").parts]
    if parts[-1] == "index":
        parts.pop()
    if any(not re.fullmatch(r"[A-Za-z0-9_ -]+", part) for part in parts):
        return ""
    return "/" + "/".join(part.lower().replace(" ", "-") for part in parts)


_PATHS = {JEKYLL: _jekyll_path, HUGO: _hugo_path, PELICAN: _pelican_path, NUXT: _nuxt_path}


def _dated(when: datetime | None) -> dict[str, str]:
    return {"year": f"{when.year:04}", "month": f"{when.month:02}", "day": f"{when.day:02}"} if when else {}


def _filled(pattern: str, values: Mapping[str, str]) -> str:
    """The pattern with its `:words` filled in; nothing when it holds one that is not known."""
    names = re.findall(r":(\w+)", pattern)
    if not pattern or any(name not in values or (not values[name] and name != "categories") for name in names):
        return ""
    return re.sub(r":(\w+)", lambda match: values[match[1]], pattern)


def _read(path: Path) -> dict[str, object]:
    """The configuration as plain data; an unreadable one says nothing."""
    try:
        if path.suffix == ".toml":
            return dict(tomllib.loads(path.read_text("utf-8", "replace")))
        data = read_yaml(path, path.name).data
    except (tomllib.TOMLDecodeError, FileProblems, OSError, RecursionError):
        return {}
    return dict(data) if isinstance(data, dict) else {}


def _line(settings: Mapping[str, object], key: str) -> str:
    value = settings.get(key)
    return value.strip() if isinstance(value, str) else ""


def _web(address: str) -> str:
    return address.rstrip("/") if re.match(r"https?://[^\s/]", address) and "localhost" not in address else ""
