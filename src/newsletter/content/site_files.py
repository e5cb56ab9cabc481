"""One article file of a site → the article as it is written into an issue.

In: a file with YAML, TOML, JSON, Pelican's or no front matter. Out: its text, the author's words and fields as they
are, with what the folder or the file's name said elsewhere (the date, that it is a draft) and what reading needs (a
title, a link, a picture's new address) added as lines of front matter. Refuses front matter that cannot be read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from newsletter.content import front_matter
from newsletter.content.dates import moment
from newsletter.content.kinds import HTML_SUFFIXES, MARKDOWN_SUFFIXES
from newsletter.content.markdown import markdown_to_html
from newsletter.content.shortcodes import expand
from newsletter.content.site_kinds import PELICAN, PLAIN, Site, page_path
from newsletter.content.site_links import Links, PageOf
from newsletter.content.site_pictures import Pictures
from newsletter.content.sources import BEGINNING, SourceArticle, excerpt, one_line, plain_words
from newsletter.content.titles import taken_title
from newsletter.errors import FileProblems
from newsletter.files import front_matter_text, read_bytes

_POST_NAME = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](.+)")
_METADATA = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):[ \t]*(.*)")
_METADATA_START = re.compile(r"(title|date|author|slug):", re.IGNORECASE)
_KINDS = {"-": "yaml", "+": "toml", "{": "json"}
"""How front matter is written, by its first character."""
_TEXTS = ("title", "description", "author", "link", "alt", "caption", "sidebarlogo", "disclosure")
_PICTURE_KEYS = ("image", "featured_image", "featuredimage", "featureimage", "cover", "thumbnail", "images", "header")
_PICTURE_PARTS = ("image", "src", "path", "url", "teaser", "overlay_image")
_PICTURE_WORDS = {"alt": ("alt", "image_description"), "caption": ("caption",)}
"""Field of ours → where generators keep such words beside the picture's address."""
_SHORTCODE = re.compile(r"\{\{[<%].*?[>%]\}\}|\{%.*?%\}|\{\{.*?\}\}|^\s*:{2,}.*$|\{:.*?\}", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file read as far as is needed to choose it."""

    path: Path
    name: str
    """What people call it: its path below the site."""
    stem: str
    kind: str
    """How its front matter is written: yaml, toml, json, lines or none."""
    head: str
    body: str
    front: Mapping[str, object]
    when: datetime | None


def read_site_file(path: Path, name: str, site: Site) -> SiteFile:
    """The file's fields and body; raises `FileProblems` with the line that cannot be read."""
    text = _decoded(read_bytes(path, name))
    kind, head, body, front = _split(text, name, site)
    stem = path.parent.name if path.stem == "index" and path.parent != site.content else path.stem
    if site.kind != PLAIN:
        stem = re.sub(r"^\d+\.", "", stem)
    said = next((front[key] for key in ("date", "pubdate", "publishdate", "published_at") if front.get(key)), None)
    named = _POST_NAME.match(stem)
    when = moment(said) or moment(str(said)[:10]) or (moment(_padded(named[1])) if named else None)
    return SiteFile(path, name, stem, kind, head, body, front, when)


def site_article(file: SiteFile, site: Site, stem: str, site_url: str) -> SourceArticle:
    """The article to write; `site_url` stands for the site's address when its configuration does not say it."""
    pictures = Pictures(site, file.path.parent)
    is_markdown = file.path.suffix.lower() in MARKDOWN_SUFFIXES
    # What shortcodes mean is shown, here as in the article.
    shown = expand(file.body, lambda message, lines_before: None, markdown=is_markdown)
    markup = markdown_to_html(shown) if is_markdown else shown
    words = plain_words(_SHORTCODE.sub(" ", markup[:BEGINNING]))
    changes = _texts(file.front) | _named_picture(file.front, pictures) | _facts(file, site)
    title = str(changes.get("title") or file.front.get("title") or "")
    if not title:
        found, rest = taken_title(markup)
        title = found or _spoken(stem)
        changes |= {} if found and (rest != markup or file.path.suffix.lower() in HTML_SUFFIXES) else {"title": title}
    page = _link(file, site, site_url)
    links = Links(site, site.address or site_url, file.path, page, _pages(site, site_url), is_markdown)
    link = str(file.front.get("link") or "") or page
    description = str(changes.get("description") or file.front.get("description") or "")
    if link and not description:
        description = _description(file.front, markup)
        changes["description"] = description
    if link and not file.front.get("link"):
        changes["link"] = link
    changes = {key: value for key, value in changes.items() if value or file.front.get(key)}
    return SourceArticle(
        source=file.name,
        stem=stem,
        suffix=file.path.suffix.lower(),
        text=_with(file, changes) + links.moved(pictures.moved(file.body)),
        title=one_line(title),
        when=file.when,
        draft=(changes.get("draft") or file.front.get("draft")) in (True, "true", "True", "yes"),
        link=link,
        description=one_line(description),
        words=len(words.split()),
        pictures=pictures.copied,
        missing=tuple(dict.fromkeys(pictures.missing)),
        lost=tuple(links.lost),
    )


def _decoded(content: bytes) -> str:
    """The text, of whatever encoding its first bytes or its bytes as a whole tell; line ends as `\\n`."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str, name: str, site: Site) -> tuple[str, str, str, Mapping[str, object]]:
    """(how the front matter is written, its lines, the body, the fields)"""
    document, body, _ = front_matter.split(text, name)
    fields = document.data if isinstance(document.data, dict) else {}
    head = text[: len(text) - len(body)].lstrip()
    kind = _KINDS.get(head[:1], "none")
    lines = text.split("\n")
    if kind == "yaml" and site.kind == PELICAN:
        return "lines", "", body, {key.lower(): value for key, value in fields.items()}
    if kind == "none" and site.kind in (PELICAN, PLAIN) and _METADATA_START.match(lines[0]):
        return _metadata_lines(lines)
    return kind, head, body, fields


def _metadata_lines(lines: list[str]) -> tuple[str, str, str, Mapping[str, object]]:
    """`Title: x` lines up to the first empty one; a line that is indented goes on with the one before."""
    fields: dict[str, object] = {}
    key = ""
    for number, line in enumerate(lines):
        match = _METADATA.fullmatch(line)
        if match:
            key = match[1].lower()
            fields[key] = match[2].strip()
        elif line.startswith(("    ", "\t")) and line.strip() and key:
            fields[key] = f"{fields[key]} {line.strip()}"
        else:
            body = lines[number + 1 :] if not line.strip() else lines[number:]
            return "lines", "", "\n".join(body), fields
    return "lines", "", "", fields


def _texts(front: Mapping[str, object]) -> dict[str, object]:
    """Fields that reading wants as text and generators also take as lists and mappings (`author: {name: …}`)."""
    return {key: _as_text(front[key]) for key in _TEXTS if isinstance(front.get(key), (list, dict))}


def _as_text(value: object) -> str:
    if isinstance(value, dict):
        return _as_text(next((value[key] for key in ("name", "title", "url", "href") if key in value), ""))
    if isinstance(value, list):
        return ", ".join(text for one in value if (text := _as_text(one)))
    return "" if value is None else str(value)


def _named_picture(front: Mapping[str, object], pictures: Pictures) -> dict[str, object]:
    """The article's own picture and its words, under whichever field its generator keeps them."""
    lower = {key.lower(): value for key, value in front.items()}
    written, words = next((found for key in _PICTURE_KEYS if (found := _picture(lower.get(key)))[0]), ("", {}))
    said = {key: value for key, value in words.items() if not front.get(key)}
    address = pictures.address(written) if written else ""
    if address:
        return {"image": address, **said}
    return said if isinstance(front.get("image"), str) and front["image"] else {"image": written, **said}


def _picture(value: object) -> tuple[str, Mapping[str, object]]:
    """(the address, the words that stand beside it)"""
    if isinstance(value, dict):
        found, words = next((one for key in _PICTURE_PARTS if (one := _picture(value.get(key)))[0]), ("", {}))
        beside = {
            key: text
            for key, names in _PICTURE_WORDS.items()
            if (text := next((said for name in names if (said := _as_text(value.get(name)))), ""))
        }
        return found, {**beside, **words} if found else {}
    if isinstance(value, list):
        return _picture(value[0]) if value else ("", {})
    return (value, {}) if isinstance(value, str) else ("", {})


def _facts(file: SiteFile, site: Site) -> dict[str, object]:
    """What the file's place and other fields say: the date of its name, and that it is not published."""
    facts: dict[str, object] = {}
    if file.when and not file.front.get("date"):
        facts["date"] = file.when.date().isoformat()
    inside = file.path.relative_to(site.root).parts[:-1] if file.path.is_relative_to(site.root) else ()
    unpublished = file.front.get("published") in (False, "false") or str(file.front.get("status")).lower() == "draft"
    if ("_drafts" in inside or unpublished) and not file.front.get("draft"):
        facts["draft"] = True
    if "draft" in file.front and not isinstance(file.front["draft"], (bool, str)):
        facts["draft"] = bool(file.front["draft"])
    return facts


def _link(file: SiteFile, site: Site, site_url: str) -> str:
    address = site.address or site_url
    path = page_path(site, file.path, file.front, file.when) if address else ""
    return f"{address}{path}" if path else ""


def _pages(site: Site, site_url: str) -> PageOf:
    """Where the page of another file of the site stands; each file is read once."""
    known: dict[Path, str] = {}

    def page_of(path: Path) -> str:
        if path not in known:
            try:
                known[path] = _link(read_site_file(path, path.name, site), site, site_url)
            except FileProblems:
                known[path] = ""
        return known[path]

    return page_of


def _spoken(stem: str) -> str:
    named = _POST_NAME.match(stem)
    words = (named[2] if named else stem).replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _description(front: Mapping[str, object], markup: str) -> str:
    """For a card: the author's own summary, else the beginning of the first real paragraph."""
    own = next(
        (front[key] for key in ("excerpt", "summary", "subtitle", "lead") if isinstance(front.get(key), str)), ""
    )
    if own:
        return excerpt(plain_words(markdown_to_html(str(own))))
    for paragraph in re.findall(r"<p\b[^<>]*>(.*?)</p>", markup[:BEGINNING], re.DOTALL | re.IGNORECASE):
        words = plain_words(_SHORTCODE.sub(" ", paragraph))
        if len(words) >= 30:
            return excerpt(words)
    return ""


def _padded(day: str) -> str:
    return "-".join(part.zfill(2) for part in day.split("-"))


def _with(file: SiteFile, changes: Mapping[str, object]) -> str:
    """The front matter with the changes: new lines under the first `---`, changed ones in their place; JSON as YAML."""
    head = file.head
    if file.kind == "lines" or (file.kind in ("none", "json") and changes):
        return _written_anew(file, changes) + ("\n" if file.kind == "lines" else "")
    if file.kind == "yaml" and head.split("\n")[1].lstrip().startswith("{"):
        return _written_anew(file, changes)
    lines = head.split("\n")
    added: list[str] = []
    for key, value in changes.items():
        line = _line(file.kind, key, value)
        places = [number for number, one in enumerate(lines) if re.match(rf"{re.escape(key)}\s*[:=]", one)]
        if key not in file.front:
            added.append(line)
        elif len(places) == 1 and _stands_alone(lines, places[0]):
            lines[places[0]] = line
        else:
            return _written_anew(file, changes)
    return "\n".join([lines[0], *added, *lines[1:]])


def _written_anew(file: SiteFile, changes: Mapping[str, object]) -> str:
    return front_matter_text({key: _plain(value) for key, value in {**file.front, **changes}.items()})


def _plain(value: object) -> object:
    """The value in the types YAML has: TOML also knows a time of day."""
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (str, bool, int, float, date)) else str(value)


def _line(kind: str, key: str, value: object) -> str:
    if kind == "toml":
        return f"{key} = {json.dumps(value, ensure_ascii=False)}"
    return front_matter_text({key: value}).split("\n")[1]


def _stands_alone(lines: list[str], number: int) -> bool:
    """Whether the value ends with its line: the next line begins another field, or ends the front matter."""
    value = re.split(r"[:=]", lines[number], maxsplit=1)[1].strip()
    following = lines[number + 1] if number + 1 < len(lines) else ""
    if following.startswith((" ", "\t", "- ")) or not value:
        return False
    quoted = re.fullmatch(r"\"[^\"\\]*\"|'[^']*'|\[[^\[\]]*\]|\{[^{}]*\}", value)
    return bool(quoted) or value[0] not in "|>&*[{\"'"
