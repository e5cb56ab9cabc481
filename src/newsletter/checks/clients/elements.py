"""One element → the features of HTML and of picture formats it uses, and who is none the worse."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from newsletter.checks.clients.conditions import Readers
from newsletter.checks.clients.document import Element
from newsletter.checks.clients.markup import Attribute
from newsletter.checks.clients.uses import Found

_SEMANTIC = frozenset(
    "article aside details figcaption figure footer header main mark nav section summary time".split()
)
_SHOWN_AS_TEXT = frozenset("abbr acronym bdi del dfn small strike wbr ruby rt rp meter progress".split())
_ELEMENTS = {
    **dict.fromkeys(_SEMANTIC, "html-semantics"),
    **{name: f"html-{name}" for name in _SHOWN_AS_TEXT},
    **{name: f"html-{name}" for name in ("audio", "base", "dialog", "form", "marquee", "object", "picture", "select")},
    **{name: f"html-{name}" for name in ("svg", "textarea", "video")},
    "map": "html-image-maps",
}
_ATTRIBUTES = {
    **{name: f"html-{name}" for name in ("aria-describedby", "aria-labelledby", "hidden", "required", "srcset")},
    **{name: f"html-{name}" for name in ("popover", "aria-live")},
    "loading": "html-loading-attribute",
    "inert": "css-inert-attribute",
}
_FORMATS = {
    "svg": "svg", "svgz": "svg", "svg+xml": "svg", "webp": "webp", "avif": "avif", "avif-sequence": "avif",
    "bmp": "bmp", "ico": "ico", "x-icon": "ico", "vnd.microsoft.icon": "ico", "heic": "heif", "heif": "heif",
    "tif": "tiff", "tiff": "tiff", "apng": "apng", "mp4": "mp4", "webm": "mp4", "jxr": "hdr", "hdr": "hdr",
}  # fmt: skip
_FONT_HOSTS = re.compile(r"font|typekit|typography", re.IGNORECASE)
_FIELDS = frozenset({"input", "select", "textarea", "button"})


def element_features(element: Element, formats: Mapping[str, str]) -> Iterator[tuple[Attribute | None, Found]]:
    """What the element and its attributes use, each with the attribute it stands in, None for the tag itself; `formats`
    are those of the pictures whose bytes are known, by address."""
    name = element.name
    feature = _ELEMENTS.get(name)
    if feature is not None:
        yield None, Found(feature, _case(element))
    elif name in ("input", "button"):
        yield from _field(element)
    elif name == "link" and "stylesheet" in element.value("rel").lower().split():
        yield element.attributes.get("href"), Found("html-link", _sheet_case(element))
    elif name in ("img", "image"):
        yield from _picture(element, formats)
    elif name == "ol" and "reversed" in element.attributes:
        yield element.attributes["reversed"], Found("html-lists", "reversed")
    elif name == "a" and len(element.value("href")) > 1 and element.value("href").startswith("#"):
        yield element.attributes["href"], Found("html-anchor-links")
    for key, attribute in element.attributes.items():
        if key in _ATTRIBUTES:
            yield attribute, Found(_ATTRIBUTES[key], "", _hidden_anyway(element) if key == "hidden" else Readers.NOBODY)
        elif key == "background" and attribute.value.strip():
            yield attribute, _background(element)


def _case(element: Element) -> str:
    if element.name in ("video", "audio", "object"):
        return "fallback" if element.holds & {"img", "a", "p", "div", "table", "span"} else ""
    if element.name in _FIELDS and any(one.name == "form" for one in element.parents()):
        return "in-form"
    return ""


def _field(element: Element) -> Iterator[tuple[Attribute | None, Found]]:
    kind = element.value("type").lower() or ("submit" if element.name == "button" else "text")
    if element.name == "button":
        yield None, Found(f"html-button-{kind}", _case(element))
        return
    if kind in ("email", "tel", "number", "search", "url", "password", "date"):
        kind = "text"
    yield None, Found(f"html-input-{kind}", _case(element))


def _sheet_case(element: Element) -> str:
    return "font" if _FONT_HOSTS.search(element.value("href")[:500]) else ""


def _picture(element: Element, formats: Mapping[str, str]) -> Iterator[tuple[Attribute | None, Found]]:
    source = element.attributes.get("src")
    if source is None:
        return
    kind = formats.get(source.value.strip()) or picture_format(source.value)
    if source.value.strip()[:5].lower() == "data:":
        yield source, Found("image-base64", "gif" if kind == "gif" else "")
    if kind in _FORMATS:
        yield source, Found(f"image-{_FORMATS[kind]}")
    width = element.attributes.get("width")
    if width is not None and width.value.strip().endswith("%"):
        yield width, Found("html-width", "image")


def picture_format(address: str) -> str:
    """The format that a picture's address tells: its ending, or the media type of a data URI; '' when it tells none."""
    address = address.strip()[:2_000]
    if address[:5].lower() == "data:":
        found = re.match(r"data:image/([\w.+-]+)", address, re.IGNORECASE)
        return found[1].lower() if found else ""
    try:
        path = urlsplit(address).path
    except ValueError:
        return ""
    return PurePosixPath(path).suffix[1:].lower()


def _background(element: Element) -> Found:
    if element.name == "body" or element.value("bgcolor") or "background-color" in element.value("style"):
        return Found("html-background", "", Readers.ALL)
    return Found("html-background", "", Readers.OUTLOOK if element.vml else Readers.NOBODY)


def _hidden_anyway(element: Element) -> Readers:
    squeezed = element.value("style").replace(" ", "").lower()
    return Readers.ALL if "display:none" in squeezed else Readers.NOBODY
