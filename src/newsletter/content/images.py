"""Find the picture an author names and read it, with its natural size.

In: a path as written (`images/x.svg`, `/uploads/x.svg`). Out: an `Image`. Refuses paths that leave the workspace,
files that are not pictures, and pictures too large to be meant for mail. A photo that the site has and this folder
has not (`/uploads/x.jpg` under a `site_url`) is left on the site; checks say so.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, unquote
from warnings import catch_warnings, simplefilter

from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import is_file, read_bytes, shown
from newsletter.model import Image, Where

_MAX_BYTES = 30_000_000
_RASTER = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_SHOWN_BY_MAIL = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_SVG = (".svg", ".svgz")
_ZIPPED = b"\x1f\x8b"
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
"""Exif orientations of pictures that are stored on their side, as phones do: shown turned by a quarter."""
_PNG_EXIF = (b"eXIf", b"Raw profile type")
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "pc": 16.0}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_LARGEST_SIDE = 1_000_000
_GREY_SIZE = (600, 300)
_GREY = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="600" height="300"><path fill="#bbbbbb" d="M0 0h600v300H0z"/></svg>'
)
"""What stands in the place of a picture that is missing while an issue is only looked at."""


def image_on_the_web(url: str, where: Where, name: str = "") -> Image:
    """A picture that mail programs fetch themselves: nothing of it is read here. `name` is how its author wrote it."""
    return Image(name or url, sha256(url.encode()).hexdigest(), "", 0, 0, b"", url, where)


class ImageFinder:
    """Reads pictures of one workspace, each file once; `site_url` is where its pictures lie on the web.

    With a list of `missing`, a picture that cannot be had is put down there, and a grey one takes its place.
    """

    def __init__(
        self, root: Path, static: Sequence[str], site_url: str = "", missing: list[Problem] | None = None
    ) -> None:
        self._missing = missing
        self._root = root.resolve()
        self._static = [self._root / one for one in static]
        self._site_url = site_url
        self._read: dict[Path, Image] = {}

    def find(self, name: str, folder: Path, where: Where) -> Image:
        """The picture `name` means when it is written in a file of `folder`; a web address is left on the web."""
        try:
            return self.seek(name, folder, where)
        except FileProblems as error:
            return self.in_place_of(name.strip(), where, error)

    def in_place_of(self, name: str, where: Where, error: FileProblems) -> Image:
        """The grey picture for one that cannot be had, which is put down; without a list of `missing`, the error."""
        if self._missing is None:
            raise error
        self._missing += [one for one in error.problems if one not in self._missing]
        return Image(name, sha256(_GREY).hexdigest(), "image/svg+xml", *_GREY_SIZE, _GREY, "", where)

    def seek(self, name: str, folder: Path, where: Where) -> Image:
        """As `find`, and never another one in its place: for guesses."""
        name = name.strip()
        if name.startswith("//"):
            name = f"https:{name}"
        if re.match(r"https?://", name, re.IGNORECASE):
            return image_on_the_web(name, where)
        path = self._locate(unquote(name.split("?")[0].split("#")[0]), folder, where)
        if path is None:
            return image_on_the_web(self._site_url + quote(name, safe="/?#=&%+,;:@~"), where, name)
        if path not in self._read:
            self._read[path] = _read(path, shown(path, self._root), where)
        return replace(self._read[path], where=where)

    def may_be(self, name: str, folder: Path) -> bool:
        """Whether there is a file of that name to `seek`, or the web may have it: for guesses, which mostly fail."""
        plain = unquote(name.strip().split("?")[0].split("#")[0])
        on_web = re.match(r"(https?:)?//", name.strip(), re.IGNORECASE)
        return bool(on_web) or self._is_on_site(plain) or any(is_file(one) for one in self._tried(plain, folder))

    def _tried(self, name: str, folder: Path) -> list[Path]:
        """Where a file of that name may lie, in order."""
        tried = [root / name.lstrip("/") for root in self._static]
        return tried if name.startswith("/") else [folder / name, *tried]

    def _locate(self, name: str, folder: Path, where: Where) -> Path | None:
        """The file; None for one that the site has."""
        if not name.strip():
            raise FileProblems.at(where, "the picture names no file. Write its path, such as images/quay.jpg.")
        tried = self._tried(name, folder)
        for candidate in tried:
            if is_file(candidate):
                path = candidate.resolve()
                if not path.is_relative_to(self._root):
                    raise FileProblems.at(where, f"picture '{name}' lies outside the workspace. Copy it in.")
                return path
        if self._is_on_site(name):
            return None
        if any(_is_folder(one) for one in tried):
            message = f"'{name}' is a folder. Name a picture in it, such as {name.rstrip('/')}/photo.jpg."
            raise FileProblems.at(where, message)
        inside = [one for one in tried if "\0" not in name and one.resolve().is_relative_to(self._root)]
        if tried and not inside and "\0" not in name:
            raise FileProblems.at(where, f"picture '{name}' lies outside the workspace. Copy it in.")
        places = ", ".join(shown(one, self._root) for one in inside)
        siblings = [one.name for one in tried[0].parent.iterdir()] if _is_folder(tried[0].parent) else []
        suggestion = did_you_mean(tried[0].name, siblings)
        raise FileProblems.at(where, f"no picture '{name}'.{suggestion} Looked for {places}.")

    def _is_on_site(self, name: str) -> bool:
        """Whether the site is known and mail programs could show what it has under that path (SVG they do not)."""
        parts = name.split("/")
        plain = ".." not in parts and not any(ord(one) < 32 for one in name)
        return bool(self._site_url) and name.startswith("/") and plain and name.lower().endswith(_SHOWN_BY_MAIL)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _read(path: Path, name: str, where: Where) -> Image:
    if path.stat().st_size > _MAX_BYTES:
        raise FileProblems.at(where, f"picture '{name}' is larger than {_MAX_BYTES // 1_000_000} MB. Scale it down.")
    return image_of(read_bytes(path, name), name, where, svg=path.suffix.lower() in _SVG)


def image_of(content: bytes, name: str, where: Where, *, svg: bool) -> Image:
    """The picture these bytes are, called `name` in messages; an SVG when `svg`."""
    if not content:
        raise FileProblems.at(where, f"picture '{name}' is empty. Export or copy it again.")
    if svg and content.startswith(_ZIPPED):
        content = _unzipped(content, name, where)
    if svg or b"<svg" in content[:1_000]:
        media_type, (width, height) = "image/svg+xml", _svg_size(content, name, where)
    else:
        media_type, (width, height) = _raster_size(content, name, where)
    return Image(name, sha256(content).hexdigest(), media_type, width, height, content)


def _unzipped(content: bytes, name: str, where: Where) -> bytes:
    """The SVG inside a .svgz; one that would swell past the limit is refused while it is unpacked."""
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(content, _MAX_BYTES)
    except zlib.error as error:
        raise FileProblems.at(where, f"'{name}' cannot be unpacked. Is the file whole?") from error
    if unpacking.unconsumed_tail:
        raise FileProblems.at(where, f"picture '{name}' is larger than {_MAX_BYTES // 1_000_000} MB once unpacked.")
    if not unpacking.eof:
        raise FileProblems.at(where, f"'{name}' cannot be unpacked to its end. Is the file whole?")
    return unpacked


def _raster_size(content: bytes, name: str, where: Where) -> tuple[str, tuple[int, int]]:
    from io import BytesIO

    from PIL import Image as Pillow

    try:
        with catch_warnings():
            simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(content), formats=list(_RASTER)) as picture:
                size, kind = picture.size, picture.format or ""
                # Asked for its Exif, a PNG is unpacked to its end; few have any.
                has_exif = kind != "PNG" or any(mark in content for mark in _PNG_EXIF)
                if has_exif and picture.getexif().get(_ORIENTATION, 1) in _LYING:
                    size = (size[1], size[0])
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError) as error:
        limit = (Pillow.MAX_IMAGE_PIXELS or 0) // 1_000_000
        raise FileProblems.at(
            where, f"picture '{name}' has more than {limit} million pixels. Scale it down."
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise FileProblems.at(
            where, f"'{name}' is not a PNG, JPEG, GIF, WebP or SVG picture, or it is damaged."
        ) from error
    return _RASTER[kind], size


def _svg_size(content: bytes, name: str, where: Where) -> tuple[int, int]:
    from lxml import etree

    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities="internal", no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        said = getattr(error, "msg", None) or error
        raise FileProblems.at(where, f"'{name}' is not a readable SVG picture: {said}.") from error
    if etree.QName(root).localname != "svg":
        raise FileProblems.at(where, f"'{name}' is not an SVG picture: its root is <{etree.QName(root).localname}>.")
    box = [float(one) for one in re.findall(_NUMBER, root.get("viewBox", ""))]
    natural = (box[2], box[3]) if len(box) == 4 and box[2] > 0 and box[3] > 0 else (300.0, 150.0)
    width, height = _length(root.get("width")), _length(root.get("height"))
    if width and not height:
        height = width * natural[1] / natural[0]
    elif height and not width:
        width = height * natural[0] / natural[1]
    size = (width or natural[0], height or natural[1])
    if max(size) > _LARGEST_SIDE:
        raise FileProblems.at(where, f"picture '{name}' has a side of more than {_LARGEST_SIDE} pixels. Give it less.")
    return max(1, round(size[0])), max(1, round(size[1]))


def _length(value: str | None) -> float:
    """An SVG length in pixels at 96 dpi; 0 for percentages and whatever has no size of its own."""
    match = re.fullmatch(rf"\s*({_NUMBER})\s*([a-z]*)\s*;?\s*", value or "")
    return max(0.0, float(match[1])) * _UNITS.get(match[2], 0.0) if match else 0.0
