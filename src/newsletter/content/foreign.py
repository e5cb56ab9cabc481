"""HTML and words that strangers wrote → the same, unable to do anything in a newsletter of ours.

In: the body of a feed's item, a title, a link. Out: bodies whose links are complete and whose braces and tokens are
dead: `{{ recipient.address }}` in somebody's feed must not print our readers' addresses, and pictures of one pixel,
which report who reads, are left behind. Tags are not sanitised here: reading an article does that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urljoin, urlsplit

from newsletter.content.sources import one_line
from newsletter.expressions import TOKEN

_TAG = re.compile(r"<[a-zA-Z][^\s/>]*(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_ADDRESS = re.compile(
    r"(?P<before>\s(?P<name>href|src|poster)\s*=\s*)(?P<value>\"[^\"]*\"|'[^']*'|[^\s>\"']+)", re.IGNORECASE
)
_IMG = re.compile(r"<img\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_BRACES = re.compile(r"\{(?=[{%#])")


@dataclass(frozen=True, slots=True)
class Body:
    """A body made safe, and what was changed in it."""

    html: str
    pictures_dropped: int = 0
    braces: int = 0


def safe_words(text: str) -> str:
    """A title or a name on one line; braces that would open an expression are set apart, as there is no escape."""
    return TOKEN.sub(_broken_token, _BRACES.sub("{ ", one_line(text)))


def web_link(link: str, base: str = "") -> str:
    """The link made complete from `base`; nothing when it does not lead to the web."""
    try:
        whole = urljoin(base, link.strip()) if base else link.strip()
        parts = urlsplit(whole)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc or _BRACES.search(whole) or TOKEN.search(whole):
        return ""
    return whole if one_line(whole) == whole and " " not in whole else ""


def safe_body(markup: str, base: str, shown_above: str = "") -> Body:
    """The body; a picture whose address is `shown_above` is taken out, because it stands over the article already."""
    dropped = 0

    def picture(match: re.Match[str]) -> str:
        nonlocal dropped
        fields = _fields(match[0])
        source = web_link(fields.get("src", ""), base)
        if source and source == shown_above:
            return ""
        if source and not {fields.get("width"), fields.get("height")} & {"0", "1", "0px", "1px"}:
            return match[0]
        dropped += 1
        return escape(fields.get("alt", ""))

    def completed(match: re.Match[str]) -> str:
        return _ADDRESS.sub(lambda found: _absolute(found, base), match[0])

    clean = _TAG.sub(completed, _IMG.sub(picture, markup.replace("\0", "")))
    dead, braces = _BRACES.subn("&#123;", clean)
    return Body(TOKEN.sub(_broken_token, dead), dropped, braces)


def first_picture(markup: str, base: str) -> str:
    """The address of the picture that stands before all words; nothing when words come first."""
    match = _IMG.search(markup)
    if match is None or one_line(unescape(re.sub(r"<[^>]*>", "", markup[: match.start()]))):
        return ""
    fields = _fields(match[0])
    small = {fields.get("width"), fields.get("height")} & {"0", "1", "0px", "1px"}
    return "" if small else web_link(fields.get("src", ""), base)


def _fields(tag: str) -> dict[str, str]:
    found = re.findall(r"\s([a-zA-Z-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>\"']+)", tag)
    return {name.lower(): unescape(value.strip("\"'")).strip() for name, value in reversed(found)}


def _absolute(match: re.Match[str], base: str) -> str:
    link = unescape(match["value"].strip("\"'")).strip()
    if TOKEN.search(link):
        return f'{match["before"]}"#"'
    if not base or not link or link.startswith("#") or re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", link):
        return match[0]
    try:
        return f'{match["before"]}"{escape(urljoin(base, link))}"'
    except ValueError:
        return match[0]


def _broken_token(match: re.Match[str]) -> str:
    """What reads like one of our tokens would be filled in like one."""
    return f"{match[0][:2]}-{match[0][2:]}"
