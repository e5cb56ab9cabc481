"""An RSS, Atom, RDF or JSON feed → the articles it holds, as strangers' words made harmless.

In: the bytes of a feed and where they came from. Out: `Found`: an HTML article per item. A feed that is broken gives
what can still be read and a notice; what is no feed at all is refused. feedparser lives here and nowhere else; its own
sanitising and fetching stay off, because reading an article sanitises and `fetching` fetches.
"""

from __future__ import annotations

import json
import re
from calendar import timegm
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from newsletter.content.dates import moment
from newsletter.content.foreign import first_picture, safe_body, safe_words, web_link
from newsletter.content.sources import Choice, Found, LeftOut, SourceArticle, excerpt, mark, plain_words, slug
from newsletter.errors import FileProblems
from newsletter.files import front_matter_text
from newsletter.model import Where

_BEGINS = re.compile(rb"\s*(?:<\?xml|<!--|<!DOCTYPE\s+rss|<rss|<feed|<(?:\w+:)?rdf|<channel)", re.IGNORECASE)
_FEED_LINK = re.compile(r"<link\b[^<>]*application/(?:rss|atom)\+xml[^<>]*>", re.IGNORECASE)
_CONTINUES = re.compile(
    r"\s*(?:\[\s*(?:…|\.\.\.)\s*\]|…|\.\.\.|(?:Continue reading|Read more)[^.]*)\s*$", re.IGNORECASE
)
_FIRST_APPEARED = re.compile(r"\s*The post .{1,300} (?:appeared first on|first appeared on) .{1,200}$")
_KINDS = {"rss": "an RSS feed", "atom": "an Atom feed", "cdf": "a CDF feed", "json": "a JSON feed"}
SUFFIXES = (".xml", ".rss", ".atom", ".rdf", ".json")


@dataclass(frozen=True, slots=True)
class _Item:
    """An item in the words all kinds of feeds have in common."""

    identity: str
    title: str
    link: str
    author: str
    when: datetime | None
    summary: str
    body: str
    base: str
    image: str
    tags: tuple[str, ...]


def looks_like_feed(content: bytes) -> bool:
    """Whether the file begins as a feed does."""
    start = content[:2000].removeprefix(b"\xef\xbb\xbf")
    return bool(_BEGINS.match(start)) or b"jsonfeed.org" in start or start[:2] in (b"\xff\xfe", b"\xfe\xff")


def read_feed(content: bytes, name: str, choice: Choice, url: str = "") -> Found:
    """The feed's articles that are wanted, newest first; `name` is how people call it, `url` where it came from."""
    if content.lstrip()[:1] == b"{":
        kind, title, language, items, notices = _json_feed(content, name, url)
    else:
        kind, title, language, items, notices = _xml_feed(content, name, url)
    articles: list[SourceArticle] = []
    skipped: list[LeftOut] = []
    changed: dict[str, int] = {}
    if not items:
        raise FileProblems.at(
            Where(name), "a feed without a single item. Look at it again when something is published."
        )
    wanted, left = choice.of(items)
    for item in wanted:
        article = _article(item, changed)
        if article is None:
            called = item.link or safe_words(item.identity) or f"{name}, item {items.index(item) + 1}"
            skipped.append(LeftOut(called, "an item without a title and without words"))
        else:
            articles.append(article)
    notices += [f"{words}: {count}." for words, count in changed.items()]
    return Found(kind, title, language, tuple(articles), tuple(skipped), tuple(notices), left)


def _article(item: _Item, changed: dict[str, int]) -> SourceArticle | None:
    base = item.link or item.base
    above = item.image or first_picture(item.body, item.base)
    body = safe_body(item.body, item.base, above)
    words = plain_words(body.html)
    title = safe_words(item.title) or safe_words(excerpt(words, 70))
    if not title:
        return None
    if body.pictures_dropped:
        _count(
            changed,
            "Pictures left behind (of one pixel, inside the text, or without an address)",
            body.pictures_dropped,
        )
    if body.braces or "{{" in item.title:
        _count(changed, "Articles with {{ … }} in them, which now stand as plain text", 1)
    summary = _CONTINUES.sub(_ended, _FIRST_APPEARED.sub("", plain_words(item.summary)))
    description = safe_words(excerpt(summary or words))
    fields: dict[str, object] = {
        "title": title,
        "date": item.when.date().isoformat() if item.when else "",
        "author": safe_words(item.author),
        "link": item.link,
        "description": description if description != title else "",
        "image": above,
        "tags": [safe_words(one) for one in item.tags],
        "source": safe_words(item.identity),
    }
    text = front_matter_text({key: value for key, value in fields.items() if value}) + body.html.strip() + "\n"
    last = [one for one in urlsplit(base).path.split("/") if re.search(r"[A-Za-z]", one)]
    stem = (
        slug(item.title)
        or slug(re.sub(r"\.\w{2,5}$", "", last[-1]) if last else "")
        or f"article-{mark(item.identity)}"
    )
    return SourceArticle(
        source=safe_words(item.identity),
        stem=stem,
        suffix=".html",
        text=text,
        title=title,
        when=item.when,
        link=item.link,
        description=description,
        words=len(words.split()),
    )


def _ended(match: re.Match[str]) -> str:
    """What stands for 'and so on': nothing after the end of a sentence."""
    return "" if match.string[: match.start()].endswith((".", "!", "?")) else "…"


def _count(changed: dict[str, int], words: str, number: int) -> None:
    changed[words] = changed.get(words, 0) + number


def _xml_feed(content: bytes, name: str, url: str) -> tuple[str, str, str, list[_Item], list[str]]:
    import feedparser

    result = feedparser.parse(
        BytesIO(content),
        response_headers={"content-location": url} if url else {},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not result.get("version") and not result.entries:
        raise FileProblems.at(Where(name), f"not an RSS or Atom feed.{_advice(content)}")
    notices = []
    if result.get("bozo") and not isinstance(result.get("bozo_exception"), feedparser.CharacterEncodingOverride):
        notices.append(f"The feed is broken ({_fault(result.bozo_exception)}); what could be read of it was taken.")
    feed = result.feed
    kind = _KINDS.get(re.sub(r"\d.*", "", result.get("version") or ""), "a feed")
    home = web_link(feed.get("link", ""), url)
    items = [_xml_item(entry, home or url, url) for entry in result.entries]
    return kind, safe_words(plain_words(feed.get("title", ""))), str(feed.get("language") or ""), items, notices


def _xml_item(entry: Any, home: str, url: str) -> _Item:
    # An item without a link has its guid for one (RSS 2.0), which leads nowhere unless it is an address.
    link = web_link(entry.get("link", ""), "" if entry.get("link") == entry.get("id") else home)
    contents = [one for one in entry.get("content", ()) if "html" in one.get("type", "html") or one.get("value")]
    content: Mapping[str, Any] = max(contents, key=lambda one: len(one.get("value", "")), default={})
    summary = entry.get("summary", "")
    detail = content or entry.get("summary_detail", {})
    body = content.get("value") or summary
    if detail.get("type") == "text/plain" and not re.search(r"<[a-z/!]", body, re.IGNORECASE):
        body = "".join(f"<p>{_escaped(one)}</p>\n" for one in re.split(r"\n\s*\n", body) if one.strip())
    declared = detail.get("base") or ""
    base = declared if declared and declared != url else link or home
    title = plain_words(entry.get("title", "")) if _is_html(entry.get("title_detail", {})) else entry.get("title", "")
    author = (entry.get("author_detail") or {}).get("name") or entry.get("author", "")
    identity = entry.get("id") or link or f"{title} {entry.get('published', '')}"
    when = _utc(entry.get("published_parsed") or entry.get("updated_parsed"))
    tags = tuple(dict.fromkeys(one.get("term") for one in entry.get("tags", ()) if one.get("term")))
    image = _image(entry, base)
    return _Item(str(identity), str(title), link, str(author), when, summary, body, base, image, tags[:10])


def _is_html(detail: Mapping[str, Any]) -> bool:
    return "html" in detail.get("type", "")


def _escaped(text: str) -> str:
    from html import escape

    return escape(text.strip(), quote=False)


def _image(entry: Any, base: str) -> str:
    """The item's picture as the feed names it: Media RSS, an enclosure, or iTunes' own tag."""
    named = [
        *(one.get("url") for one in entry.get("media_content", ()) if _pictures(one)),
        *(one.get("href") for one in entry.get("enclosures", ()) if one.get("type", "").startswith("image/")),
        *(one.get("url") for one in entry.get("media_thumbnail", ())),
        (entry.get("image") or {}).get("href"),
    ]
    return next((found for one in named if one and (found := web_link(one, base))), "")


def _pictures(media: Mapping[str, Any]) -> bool:
    return media.get("medium") == "image" or media.get("type", "").startswith("image/")


def _utc(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _json_feed(content: bytes, name: str, url: str) -> tuple[str, str, str, list[_Item], list[str]]:
    """https://www.jsonfeed.org/version/1.1/"""
    try:
        feed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FileProblems.at(Where(name), f"not readable as a JSON feed: {error}.") from error
    if not isinstance(feed.get("items"), list) or "jsonfeed.org" not in str(feed.get("version")):
        raise FileProblems.at(Where(name), "JSON, and not a JSON feed (jsonfeed.org). Give the address of a feed.")
    home = web_link(_text(feed, "home_page_url"), url) or url
    items = [_json_item(one, home) for one in feed["items"] if isinstance(one, dict)]
    return _KINDS["json"], safe_words(_text(feed, "title")), _text(feed, "language"), items, []


def _json_item(item: Mapping[str, Any], home: str) -> _Item:
    link = web_link(_text(item, "url") or _text(item, "external_url"), home)
    written = _text(item, "content_text")
    paragraphs = "".join(f"<p>{_escaped(one)}</p>\n" for one in re.split(r"\n\s*\n", written) if one.strip())
    authors = item.get("authors") if isinstance(item.get("authors"), list) else [item.get("author")]
    names = [_text(one, "name") for one in authors or () if isinstance(one, dict)]
    tags = item.get("tags")
    return _Item(
        identity=str(item.get("id") or link or item.get("title") or ""),
        title=_text(item, "title"),
        link=link,
        author=", ".join(one for one in names if one),
        when=moment(item.get("date_published") or item.get("date_modified")),
        summary=_escaped(_text(item, "summary")),
        body=_text(item, "content_html") or paragraphs,
        base=link or home,
        image=web_link(_text(item, "image") or _text(item, "banner_image"), link or home),
        tags=tuple(str(one) for one in tags[:10]) if isinstance(tags, Sequence) and not isinstance(tags, str) else (),
    )


def _text(fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key)
    return value if isinstance(value, str) else ""


def _fault(error: Exception) -> str:
    line = getattr(error, "getLineNumber", lambda: None)()
    said = getattr(error, "getMessage", lambda: "")() or str(error) or type(error).__name__
    return safe_words(f"line {line}: {said}" if line else said)[:200]


def _advice(content: bytes) -> str:
    """A way out: a web page often names its feed."""
    page = content[:200_000].decode("utf-8", "replace")
    tag = _FEED_LINK.search(page)
    named = re.search(r"href\s*=\s*[\"']?([^\"'\s>]+)", tag[0]) if tag else None
    if named:
        return f" It is a web page that names this feed: {safe_words(named[1])[:300]}"
    return " It is a web page. Look on it for a link to its feed." if re.search(r"<html|<body", page, re.I) else ""
