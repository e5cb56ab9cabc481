"""The pictures of a mail as they arrive: where they come from, in which format, and how they fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from newsletter.checks.clients.mail_clients import OUTLOOK_WINDOWS, choose_clients
from newsletter.checks.heights import natural_size
from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, style_of, texts_of
from newsletter.checks.picture_kinds import kind_of
from newsletter.checks.rule import error, warning
from newsletter.expressions import TOKEN
from newsletter.model import LAYOUT_WIDTH, Finding, Severity

RULES = (
    error(
        "image-source",
        "A picture needs a whole https address, or has to travel in the mail: no mail program finds a relative path or "
        "a file of your disk, and Gmail shows no data: pictures. What travels has to be there, and to be a whole "
        "picture. Source: RFC 2392 (cid:); caniemail.com, image-base64.",
    ),
    warning(
        "image-format",
        "PNG, JPEG and GIF are shown everywhere; SVG not by Gmail and Outlook, WebP, AVIF, TIFF and BMP not by "
        "several others. Source: caniemail.com, features/image-svg, image-webp, image-avif.",
    ),
    warning(
        "image-width",
        "Outlook for Windows shows a picture at its natural size unless its width stands in a `width` attribute, so a "
        "sharp (double-size) picture bursts the layout. Source: email-bugs; Microsoft's Word rendering reference.",
        OUTLOOK_WINDOWS,
    ),
    warning(
        "gif-weight",
        "An animation of more than 1 MB is played late or never, and Outlook for Windows may show its first picture "
        "only. Source: Litmus's and Email on Acid's advice on animated GIFs.",
    ),
    warning(
        "inline-svg",
        "A drawing written into the page is left out by Gmail, Outlook and Yahoo. Source: caniemail.com, html-svg.",
        choose_clients(("gmail", "outlook", "yahoo", "aol")),
    ),
)
_SOURCE, _FORMAT, _WIDTH, _GIF, _SVG = RULES
HEAVY_GIF = 1_000_000
"""Bytes of an animation from which it is played late."""
_FORMATS = {
    "svg": "SVG", "svgz": "SVG", "webp": "WebP", "avif": "AVIF", "tif": "TIFF", "tiff": "TIFF",
    "bmp": "BMP", "ico": "ICO", "heic": "HEIC", "jxl": "JPEG XL", "jp2": "JPEG 2000", "emf": "EMF", "wmf": "WMF",
}  # fmt: skip
_PLACEHOLDER = re.compile(r"\{\{|\{%|\*\||\[\[|%%|<%|\$\{|^%[a-z_]+%", re.IGNORECASE)

_UNREAD = re.compile(
    r"!\[[^\]\n]{0,80}\]\(\s?(?:data:|file:|https?://|[^()\s]{1,200}\.(?:png|jpe?g|gif|svg|webp)\b)[^)\n]*+\)?",
    re.IGNORECASE,
)
"""A picture of Markdown that stands as it is written: between lines of HTML, or because of where it comes from."""


def check_mail(mail: Mail) -> Iterator[Finding]:
    """Errors for pictures that nobody can see, warnings for those that some will not see as meant."""
    for picture in mail.page.all("img"):
        source = " ".join((picture.get("src") or "").split())
        if TOKEN.search(source) or _PLACEHOLDER.search(source):
            continue
        yield from _source(mail, picture, source)
        kind = _kind(mail, source)
        if kind in _FORMATS and mail.in_file:
            message = f"{_FORMATS[kind]} pictures ({source[-60:]}) are not shown by every mail program."
            yield _FORMAT.finding(message, mail.at(picture, source), fix="Save it as PNG or JPEG.")
        if not picture.get("width") and not mail.page.is_hidden(picture) and _is_wide(mail, picture, source):
            message = f"the picture '{source[-60:]}' has no width attribute; Outlook shows it at its natural size."
            yield _WIDTH.finding(message, mail.at(picture, source), fix='Write width="…" in pixels.')
        content = mail.pictures.get(source, b"")
        if content.startswith(b"GIF8") and len(content) > HEAVY_GIF:
            name, where = mail.places.of_picture(picture)
            message = f"the animation '{name[-60:]}' is {len(content) / 1_000_000:.1f} MB."
            yield _GIF.finding(message, where, fix="Fewer or smaller pictures in it, or a still one.")
    yield from _unread(mail)
    for drawing in mail.page.shown("svg"):
        if mail.in_file:
            yield _SVG.finding("a drawing (<svg>) stands in the page.", mail.at(drawing), fix="Use a PNG picture.")


def _unread(mail: Mail) -> Iterator[Finding]:
    for element in mail.page.shown():
        for found in (one for text in texts_of(element) for one in _UNREAD.finditer(text)):
            fix = "Leave an empty line before it, or write it as <img> with the address of a file."
            message = f"'{found[0][:60]}' stands in the text, and not the picture."
            told = _SOURCE.finding(message, mail.at(element, found[0], found[0][:60]), fix=fix)
            yield replace(told, severity=Severity.WARNING)


def _source(mail: Mail, picture: Element, source: str) -> Iterator[Finding]:
    if not source:
        if picture.get("src") is not None or picture.get("srcset") is None:
            yield _SOURCE.finding("a picture has no address.", mail.at(picture), fix="Write src, or take it away.")
        return
    scheme = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*):", source)
    if scheme is None:
        message = f"the picture '{source[:80]}' has no whole address; no mail program finds it."
        yield _SOURCE.finding(message, mail.at(picture, source), fix="Write it with https:// and the host.")
        yield from _damage(mail, picture, source, f"the picture '{source[:80]}'")
    elif scheme[1].lower() == "cid":
        if source not in mail.pictures and mail.is_final:
            fix = "Attach it with that Content-ID."
            yield _SOURCE.finding(f"no picture '{source}' travels in the mail.", mail.at(picture, source), fix=fix)
        yield from _damage(mail, picture, source, f"the picture that travels as '{source[:80]}'")
    elif scheme[1].lower() not in ("http", "https"):
        message = f"a picture from '{scheme[1]}:' is not shown by Gmail or Outlook."
        yield _SOURCE.finding(message, mail.at(picture, source), fix="Upload it and use its https address.")


def _damage(mail: Mail, picture: Element, source: str, called: str) -> Iterator[Finding]:
    if source in mail.damaged:
        message = f"{called} {mail.damaged[source]}."
        yield _SOURCE.finding(message, mail.at(picture, source), fix="Save it anew, and take that.")


def _kind(mail: Mail, source: str) -> str:
    """The format: of what travels in the mail by its bytes, of what is on the web by its address."""
    if source in mail.pictures:
        return kind_of(mail.pictures[source])
    ending = re.search(r"\.(\w{2,5})(?:[?#].*)?$", source) if source.startswith("http") else None
    return ending[1].lower() if ending else ""


def _is_wide(mail: Mail, picture: Element, source: str) -> bool:
    """Whether it is wider than a page by itself, or its style lets it be as wide; a small one bursts nothing."""
    natural = natural_size(mail.pictures.get(source, b""))
    if natural and natural[0] > LAYOUT_WIDTH:
        return True
    style = style_of(picture)
    width = style.get("max-width", style.get("width", ""))
    return width.endswith("%") or (width.endswith("px") and width[:-2].strip().isdecimal() and int(width[:-2]) > 200)
