"""Find the picture an author names and read it, with its natural size.

In: a path as written (`images/x.svg`, `/uploads/x.svg`). Out: an `Image`. Refuses paths that leave the workspace,
files that are not pictures, and pictures too large to be meant for mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote

from newsletter.errors import FileProblems, did_you_mean
from newsletter.files import is_file, read_bytes, shown
from newsletter.model import Image, Where

_MAX_BYTES = 30_000_000
_MAX_PIXELS = 100_000_000
_RASTER = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif", "WEBP": "image/webp"}
_ORIENTATION = 0x0112
_LYING = (5, 6, 7, 8)
"""Exif orientations of pictures that are stored on their side, as phones do: shown turned by a quarter."""
_UNITS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "pc": 16.0}


def image_on_the_web(url: str) -> Image:
    """A picture that mail programs fetch themselves: nothing of it is read here."""
    return Image(url, sha256(url.encode()).hexdigest(), "", 0, 0, b"", url)


class ImageFinder:
    """Reads pictures of one workspace, each file once."""

    def __init__(self, root: Path, static: Sequence[str]) -> None:
        self._root = root.resolve()
        self._static = [self._root / one for one in static]
        self._read: dict[Path, Image] = {}

    def find(self, name: str, folder: Path, where: Where) -> Image:
        """The picture `name` means when it is written in a file of `folder`; a web address is left on the web."""
        if re.match(r"https?://", name):
            return image_on_the_web(name)
        path = self._locate(unquote(name.split("?")[0].split("#")[0]), folder, where)
        if path not in self._read:
            self._read[path] = _read(path, shown(path, self._root), where)
        return self._read[path]

    def _locate(self, name: str, folder: Path, where: Where) -> Path:
        if not name.strip():
            raise FileProblems.at(
                where, "the picture names no file. One written into the page (data:) cannot be mailed."
            )
        tried = [root / name.lstrip("/") for root in self._static]
        if not name.startswith("/"):
            tried = [folder / name, *tried]
        for candidate in tried:
            if is_file(candidate):
                path = candidate.resolve()
                if not path.is_relative_to(self._root):
                    raise FileProblems.at(where, f"picture '{name}' lies outside the workspace. Copy it in.")
                return path
        places = ", ".join(shown(one, self._root) for one in tried)
        siblings = [one.name for one in tried[0].parent.iterdir()] if tried[0].parent.is_dir() else []
        suggestion = did_you_mean(tried[0].name, siblings)
        raise FileProblems.at(where, f"no picture '{name}'.{suggestion} Looked for {places}.")


def _read(path: Path, name: str, where: Where) -> Image:
    if path.stat().st_size > _MAX_BYTES:
        raise FileProblems.at(where, f"picture '{name}' is larger than {_MAX_BYTES // 1_000_000} MB. Scale it down.")
    content = read_bytes(path, name)
    if path.suffix.lower() == ".svg":
        media_type, (width, height) = "image/svg+xml", _svg_size(content, name, where)
    else:
        media_type, (width, height) = _raster_size(content, name, where)
    return Image(name, sha256(content).hexdigest(), media_type, width, height, content)


def _raster_size(content: bytes, name: str, where: Where) -> tuple[str, tuple[int, int]]:
    from io import BytesIO

    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with Pillow.open(BytesIO(content), formats=list(_RASTER)) as picture:
            size, kind = picture.size, picture.format or ""
            if picture.getexif().get(_ORIENTATION, 1) in _LYING:
                size = (size[1], size[0])
    except (UnidentifiedImageError, Pillow.DecompressionBombError, OSError) as error:
        raise FileProblems.at(where, f"'{name}' is not a PNG, JPEG, GIF, WebP or SVG picture.") from error
    if size[0] * size[1] > _MAX_PIXELS:
        raise FileProblems.at(where, f"picture '{name}' has {size[0]} × {size[1]} pixels. Scale it down.")
    return _RASTER[kind], size


def _svg_size(content: bytes, name: str, where: Where) -> tuple[int, int]:
    from lxml import etree

    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise FileProblems.at(where, f"'{name}' is not a readable SVG picture: {error.msg}.") from error
    if etree.QName(root).localname != "svg":
        raise FileProblems.at(where, f"'{name}' is not an SVG picture: its root is <{etree.QName(root).localname}>.")
    box = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", ""))]
    natural = (box[2], box[3]) if len(box) == 4 and box[2] > 0 and box[3] > 0 else (300.0, 150.0)
    width, height = _length(root.get("width")), _length(root.get("height"))
    if width and not height:
        height = width * natural[1] / natural[0]
    elif height and not width:
        width = height * natural[0] / natural[1]
    size = (width or natural[0], height or natural[1])
    return max(1, round(size[0])), max(1, round(size[1]))


def _length(value: str | None) -> float:
    """An SVG length in pixels at 96 dpi; 0 for percentages and whatever has no size of its own."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*;?\s*", value or "")
    return float(match[1]) * _UNITS.get(match[2], 0.0) if match else 0.0
