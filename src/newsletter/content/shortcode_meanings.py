"""What each shortcode of a site generator means in a letter.

In: a `Call`: a shortcode's name, arguments and what it holds. Out: a `Meaning`: what stands in the place of its opening
and its closing tag. To teach a name, add it to one of the sets or to `_BY_NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from newsletter.content.markdown import markdown_inline
from newsletter.content.tags import watch_link

_NOTES = frozenset(
    "note notice tip info warning danger caution important alert callout admonition hint success error attention "
    "abstract example aside quote blockquote remark".split()
)
_FOLDED = frozenset("details expand collapse spoiler accordion accordion-item collapsible".split())
TABS = frozenset("tab tab-item tabs-item tabitem tabpanel".split())
"""One of several texts a site shows in turn: in a letter they follow each other, each below its name."""
_FIGURES = frozenset("figure img image imgproc picture".split())
_LINK_KEYS = ("link", "to", "href", "url")
_CODE = frozenset({"highlight", "code", "prism", "codeblock"})
_UNTOUCHED = frozenset({"raw", "comment", "verbatim", "embed"})
_PATHS = frozenset({"ref", "relref", "link", "post_url", "relurl", "absurl", "path"})
_PAGES = frozenset({"ref", "relref", "link", "post_url"})
"""Where these lead only the site itself knows; an import works it out."""
_LEFT_OUT = "means nothing in mail and is left out."
_LINKED = "cannot be shown in mail; a link stands there."

_LIBRARY = re.compile(r"^(?:u|prose|nuxt)-")
"""Whose component it is: `::u-button` is Nuxt UI's button."""

_ARGUMENT = re.compile(
    r"(?P<key>[\w:@.-]{1,100})\s{0,9}=\s{0,9}(?:\"(?P<a>[^\"]*+)\"|'(?P<b>[^']*+)'|`(?P<c>[^`]*+)`|(?P<d>[^\s\"'`]++))"
    r"|\"(?P<e>[^\"]*+)\"|'(?P<f>[^']*+)'|`(?P<g>[^`]*+)`|(?P<h>[^\s\"'`]++)"
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a shortcode is given: by place and by name."""

    by_place: tuple[str, ...]
    by_name: Mapping[str, str]

    def get(self, *names: str) -> str:
        """The first of these that is given, or nothing."""
        return next((self.by_name[name] for name in names if self.by_name.get(name)), "")

    def first(self, *names: str) -> str:
        """The first of these that is given by name, or else what is given first by place."""
        return self.get(*names) or (self.by_place[0] if self.by_place else "")


@dataclass(frozen=True, slots=True)
class Call:
    """One shortcode as it was written. `family`: hugo, liquid, fence (`::name`), word (`[name]`) or variable."""

    family: str
    name: str
    arguments: Arguments
    paired: bool = False
    label: str = ""
    inner: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What stands in the places of the opening and the closing tag, and what is said of it."""

    open: str
    close: str = ""
    told: str = ""


def arguments(text: str) -> Arguments:
    """What is written behind a shortcode's name, taken apart."""
    by_place: list[str] = []
    by_name: dict[str, str] = {}
    for found in _ARGUMENT.finditer(text):
        value = next((found[group] for group in "abcdefgh" if found[group] is not None), "")
        if found["key"]:
            by_name[found["key"].lstrip(":").lower()] = value
        else:
            by_place.append(value)
    return Arguments(tuple(by_place), by_name)


def verbatim(call: Call) -> bool:
    """Whether what it holds is taken as it is: code, a comment, an address."""
    return call.name in _CODE or (call.name in _UNTOUCHED and call.family in ("liquid", "word"))


def meaning(call: Call) -> Meaning:
    """What the shortcode means in a letter."""
    name = call.name.rsplit("/", 1)[-1].removesuffix(".html").lower()
    name = _LIBRARY.sub("", name) if call.family == "fence" else name
    known = _BY_NAME.get(name)
    if known and name in _PATHS and call.family == "fence":
        known = None
    if known:
        return known(call)
    if call.family == "liquid" and name in ("include", "include_relative", "include_cached", "render"):
        return _include(call)
    if name in _NOTES or name in _FOLDED:
        return _note(call, name)
    if name in TABS and call.paired:
        return _tab(call)
    return _unknown(call)


def inline_meaning(text: str | None, given: str) -> str:
    """What `:name[text]{…}` in a line shows: its words, linked where it leads somewhere."""
    named = arguments(given)
    words = text or named.get("label", "text")
    link = named.get(*_LINK_KEYS)
    return f"[{words}]({_path(link)})" if words and link else words


def _figure(call: Call) -> Meaning:
    given = call.arguments
    source = given.first("src", "image", "image_path", "url", "file", "path")
    if not source:
        return Meaning("", "", _LEFT_OUT)
    caption = given.get("caption", "title", "description")
    words = f"<figcaption>{markdown_inline(caption)}</figcaption>" if caption else ""
    attribution = given.get("attr")
    if attribution:
        words = f"<figcaption>{markdown_inline(f'{caption} {attribution}'.strip())}</figcaption>"
    alt = escape(given.get("alt"))
    picture = f'<img src="{escape(_path(source))}" alt="{alt}">'
    link = given.get("link", "href")
    if link:
        picture = f'<a href="{escape(link)}">{picture}</a>'
    return Meaning(f"<figure>{picture}{words}</figure>")


def _include(call: Call) -> Meaning:
    file = call.arguments.by_place[0].lower() if call.arguments.by_place else ""
    given = Arguments(call.arguments.by_place[1:], call.arguments.by_name)
    inner = Call(call.family, file.rsplit("/", 1)[-1].rsplit(".", 1)[0], given, call.paired, "", call.inner)
    if re.search(r"figure|image|img|picture|photo", file) and given.get("src", "image", "image_path", "url", "file"):
        return _figure(inner)
    if inner.name in _WATCHED:
        return _WATCHED[inner.name](inner)
    words = given.get("caption", "title", "text", "content")
    return Meaning(f"<p>{markdown_inline(words)}</p>" if words else "", "", _LEFT_OUT)


def _note(call: Call, name: str) -> Meaning:
    """A box with a heading: as a quote. What folds is shown open; mail cannot fold."""
    given = call.arguments
    title = call.label or given.get("title", "summary", "header")
    if not title and call.family == "hugo" and given.by_place:
        title = " ".join(given.by_place)
    if not title:
        title = "" if name in ("quote", "blockquote", "aside") or name in _FOLDED else name.capitalize()
    words = f"<p><strong>{markdown_inline(title)}</strong></p>" if title else ""
    if not call.paired:
        return Meaning(words, "", "is never closed; what it would hold stays in the text.")
    return Meaning(f"<blockquote>{words}", "</blockquote>")


def _tab(call: Call) -> Meaning:
    given = call.arguments
    title = call.label or given.get("title", "name", "label", "header") or " ".join(given.by_place[-1:])
    return Meaning(f"<p><strong>{markdown_inline(title)}</strong></p>" if title else "")


def _code(call: Call) -> Meaning:
    if not call.paired:
        return Meaning("", "", "is never closed; what it would hold stays in the text.")
    return Meaning(f"<pre><code>{escape(call.inner.strip(chr(10)), quote=False)}</code></pre>")


def _raw(call: Call) -> Meaning:
    return (
        Meaning(call.inner)
        if call.paired
        else Meaning("", "", "is never closed; what it would hold stays in the text.")
    )


def _comment(call: Call) -> Meaning:
    return Meaning("") if call.paired else Meaning("", "", "is never closed; what it would hold stays in the text.")


def _goes_to(call: Call) -> Meaning:
    """The address of another page of the site, without the ending its source file has."""
    target = re.sub(r"(?:/?_?index)?\.(?:md|markdown|html)(?=$|#)", "", call.arguments.first("path", "page"))
    name = call.name.lower()
    told = f"is taken for the address '{target}' on the site. Write the whole address." if name in _PAGES else ""
    return Meaning(_path(target), "", told)


def _shown(call: Call) -> Meaning:
    """A shortcode that an article shows as a sample."""
    return Meaning(escape(call.label, quote=False))


def _address(pattern: str, words: str) -> Callable[[Call], Meaning]:
    def linked(call: Call) -> Meaning:
        given = call.arguments
        parts = [given.get("user"), given.first("id", "videoid", "video_id", "src", "url", "link")]
        if not parts[0]:
            parts = list(given.by_place[:2]) if pattern.count("{") == 2 and len(given.by_place) > 1 else parts[1:]
        parts = [part for part in parts if part]
        if not parts:
            return Meaning("", "", _LEFT_OUT)
        if re.match(r"(?:https?:)?//", parts[-1]):
            address = watch_link(parts[-1])
        elif pattern.count("{") == len(parts):
            address = pattern.format(*(quote(part, safe="") for part in parts))
        else:
            return Meaning("", "", _LEFT_OUT)
        label = call.label or given.get("title", "caption", "alt") or words
        return Meaning(f'<a href="{escape(address)}">{escape(label)}</a>', "", _LINKED)

    return linked


def _film(call: Call) -> Meaning:
    source = call.arguments.first("src", "mp4", "url", "file") or call.inner.strip()
    if not source:
        return Meaning("", "", _LEFT_OUT)
    label = call.label or call.arguments.get("title", "caption") or source
    return Meaning(f'<a href="{escape(_path(source))}">{escape(label)}</a>', "", _LINKED)


def _embed(call: Call) -> Meaning:
    """An address that the site would show as what it leads to."""
    address = (call.inner or call.arguments.first("url", "src")).strip()
    return Meaning(f'<a href="{escape(address)}">{escape(address)}</a>' if address else "", "", _LINKED)


def _button(call: Call) -> Meaning:
    link = call.arguments.get(*_LINK_KEYS, "relref", "ref") or (call.arguments.by_place or ("",))[0]
    words = call.label or call.arguments.get("text", "label", "title")
    if call.paired and link:
        return Meaning(f'<a href="{escape(_path(link))}">{escape(words)}', "</a>")
    return Meaning(
        f'<a href="{escape(_path(link))}">{escape(words)}</a>' if link and words else "", "", "" if link else _LEFT_OUT
    )


def _captioned(call: Call) -> Meaning:
    """WordPress: a picture and the words under it between one pair of tags."""
    return Meaning("<figure><figcaption>", "</figcaption></figure>") if call.paired else Meaning("", "", _LEFT_OUT)


def _unknown(call: Call) -> Meaning:
    """The words it shows on the site as far as they can be told: its title, linked where it leads somewhere."""
    if call.name == "#slot":
        return Meaning("")
    given = call.arguments
    title = call.label or (given.get("title", "headline", "name", "label") if call.family in ("fence", "hugo") else "")
    link = given.get(*_LINK_KEYS) if title else ""
    shown = (
        f'<a href="{escape(link)}">{markdown_inline(title)}</a>' if link else markdown_inline(title) if title else ""
    )
    text = given.get("description", "text", "subtitle") if call.family in ("fence", "hugo") else ""
    words = f"<p><strong>{shown}</strong></p>" if shown else ""
    words += f"<p>{markdown_inline(text)}</p>" if text else ""
    told = "is not known; what it holds stays." if call.paired else _LEFT_OUT
    return Meaning(words, "", told)


def _path(path: str) -> str:
    """An address that Markdown reads as one: spaces and brackets escaped."""
    return quote(path, safe="/:?#@!$&'*+,;=%~.-_[]{}")


_WATCHED: Mapping[str, Callable[[Call], Meaning]] = {
    "youtube": _address("https://www.youtube.com/watch?v={}", "Watch the video on YouTube"),
    "vimeo": _address("https://vimeo.com/{}", "Watch the video on Vimeo"),
    "tweet": _address("https://x.com/{}/status/{}", "See the post on X"),
    "x": _address("https://x.com/{}/status/{}", "See the post on X"),
    "instagram": _address("https://www.instagram.com/p/{}", "See the post on Instagram"),
    "gist": _address("https://gist.github.com/{}/{}", "See the code on GitHub"),
    "codepen": _address("https://codepen.io/{}/pen/{}", "See the code on CodePen"),
    "spotify": _address("https://open.spotify.com/{}/{}", "Listen on Spotify"),
}
_BY_NAME: Mapping[str, Callable[[Call], Meaning]] = {
    **_WATCHED,
    **dict.fromkeys(("twitter", "twitter_simple", "x_simple"), _WATCHED["tweet"]),
    **dict.fromkeys(("instagram_simple",), _WATCHED["instagram"]),
    **dict.fromkeys(("vimeo_simple",), _WATCHED["vimeo"]),
    **dict.fromkeys(_FIGURES, _figure),
    **dict.fromkeys(_CODE, _code),
    **dict.fromkeys(_PATHS, _goes_to),
    **dict.fromkeys(("video", "audio"), _film),
    **dict.fromkeys(("button", "btn"), _button),
    "raw": _raw,
    "verbatim": _raw,
    "comment": _comment,
    "embed": _embed,
    "caption": _captioned,
    "shown": _shown,
}
