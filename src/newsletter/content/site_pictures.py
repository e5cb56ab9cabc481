"""The pictures an article of a site names → files beside it, and the article with their new addresses.

In: an article's text and its site. Out: the text in which each picture found on the site is `images/…`, and where
each is copied from. Nothing outside the site's folder is read, whatever a path or a symbolic link says; pictures that
are not found and those on the web stay as they are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from newsletter.content.site_kinds import Site
from newsletter.content.sources import slug
from newsletter.files import is_file

FOLDER = "images"
_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")
_MAX_BYTES = 30_000_000
_LIQUID = r"\{\{.*?\}\}|\{%.*?%\}"
_NAMED = (
    re.compile(rf"!\[[^\]]*\]\(\s*(?:<(?P<a>[^>\n]+)>|(?P<src>(?:{_LIQUID}|[^)\s>])+))"),
    re.compile(rf"\bsrc\s*=\s*(?:\"(?P<src>(?:{_LIQUID}|[^\"\n])+)\"|'(?P<a>(?:{_LIQUID}|[^'\n])+)')", re.IGNORECASE),
    re.compile(r"^\s{0,3}\[[^\]\n]+\]:\s*<?(?P<src>[^\s>]+)(?P<a>)", re.MULTILINE),
)
"""Markdown's picture, an HTML or shortcode attribute, Markdown's reference; the address is `src` or `a`."""
_QUOTED_IN_LIQUID = re.compile(
    r"\{[{%]-?\s*(?:link\s+)?[\"']?([^\"'|{}%\s]*\.(?:png|jpe?g|gif|webp|svg))[\"']?[^{}]*[%}]\}", re.IGNORECASE
)
_OF_THE_SITE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|^(?:\{(?:static|attach|filename)\}|\|(?:static|attach)\||[~@]+(?=/))")


@dataclass(slots=True)
class Pictures:
    """What an article names: copied under new names, and what was not found."""

    site: Site
    folder: Path
    """The folder the article lies in."""
    copied: dict[str, Path] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """Addresses on the web of pictures the site has no file for."""

    def moved(self, text: str) -> str:
        """The text with the pictures that were found under their new addresses."""
        for pattern in _NAMED:
            text = pattern.sub(self._renamed, text)
        return text

    def address(self, written: str) -> str:
        """The picture's address in an issue: a file beside it, else on the web; nothing when neither is known."""
        return self.place(written) or self._on_the_web(written)

    def place(self, written: str) -> str:
        """The new address of the picture; nothing when the site has no file of it."""
        found = self._find(written)
        if found is None:
            return ""
        digest = sha256(found.read_bytes()).hexdigest()[:6]
        name = "-".join(part for part in (slug(found.stem), digest) if part)
        target = f"{FOLDER}/{name}{found.suffix.lower()}"
        self.copied[target] = found
        return target

    def _renamed(self, match: re.Match[str]) -> str:
        group = "src" if match["src"] else "a"
        target = self.address(match[group]) if match[group] else ""
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        return f"{match[0][:start]}{target}{match[0][end:]}" if target else match[0]

    def _on_the_web(self, written: str) -> str:
        """Where the site shows a picture that is not among its files: some generators make theirs while building."""
        if not self.site.address or not re.fullmatch(r"/[^/\s{}][^\s{}]*", written):
            return ""
        if not re.split(r"[?#]", written)[0].lower().endswith(_SUFFIXES):
            return ""
        address = urljoin(self.site.address, written)
        self.missing.append(address)
        return address

    def _find(self, written: str) -> Path | None:
        address = _OF_THE_SITE.sub("", _QUOTED_IN_LIQUID.sub(r"\1", written.strip())).strip()
        if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//", address):
            return None
        name = unquote(re.split(r"[?#]", address)[0])
        if not name.lower().endswith(_SUFFIXES):
            return None
        below = name.lstrip("/")
        under = urlsplit(self.site.address).path.strip("/")
        names = [below, *([below.removeprefix(f"{under}/")] if under else [])]
        tried = [] if name.startswith("/") else [self.folder / name]
        tried += [root / one for root in (*self.site.pictures, self.site.root) for one in names]
        return next((found for one in tried if (found := self._allowed(one))), None)

    def _allowed(self, path: Path) -> Path | None:
        if not is_file(path):
            return None
        found = path.resolve()
        inside = found.is_relative_to(self.site.root) and found.suffix.lower() in _SUFFIXES
        return found if inside and found.stat().st_size <= _MAX_BYTES else None
