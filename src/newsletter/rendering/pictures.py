"""Image × width → Picture: what mail clients can show.

SVG becomes PNG at twice the width it is shown at, with the single width and height for its attributes; photos become
at most twice as wide as they are shown. Each picture is made once for each width, however many variants show it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from hashlib import sha256
from threading import Lock

from newsletter.model import Finding, Image, Picture, Severity
from newsletter.rendering.dark_ground import safe_on_dark, with_ground
from newsletter.rendering.drawings import draw
from newsletter.rendering.kept_pictures import KeptPictures
from newsletter.rendering.light_ground import safe_on_light
from newsletter.rendering.photos import fit

_SCALE = 2
_HALO = 2
"""Width of the light outline on dark pages, in CSS pixels."""
_MARGIN = 6
"""Between a light logo and the edge of the ground it gets on light pages, in CSS pixels."""
_MOST_KEPT = 64_000_000
"""Bytes of pictures that are kept to be used again: some hundreds, at the size they are mailed."""

_GREY_SIZE = (600, 300)
_GREY = b'<svg xmlns="http://www.w3.org/2000/svg"><path fill="#bbbbbb" d="M0 0h600v300H0z"/></svg>'
_MISSING = "image-missing"


def picture_for(
    image: Image,
    most_width: int,
    on_dark: str = "",
    ground: str = "",
    kept: KeptPictures | None = None,
    on_light: str = "",
) -> Picture:
    """The picture at its natural width, or at `most_width` CSS pixels when it is wider.

    `on_dark` is the colour (#rrggbb) of the page it also has to be seen on, as a logo has: what is too dark for it on
    a transparent ground gets a light outline; or the ground of colour `ground`, when that is given. What is lost on
    the light page, of colour `on_light`, gets a ground in the colour of the dark one. `kept` holds pictures of
    earlier runs. Raises `FileProblems` at the line that names the image.
    """
    recipe = _recipe(image, most_width, on_dark, ground, on_light)
    picture = _made.get(recipe) or (kept.get(recipe) if kept else None)
    if picture is None:
        picture = replace(_make(image, most_width, on_dark, ground, on_light), recipe=recipe)
    _made.keep(recipe, picture)
    return picture


def _recipe(image: Image, most_width: int, on_dark: str, ground: str, on_light: str) -> str:
    parts = (image.path, image.digest, image.media_type, str(most_width), on_dark, ground, on_light)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def grey_picture(image: Image, most_width: int, message: str) -> Picture:
    """What stands in the place of a picture that cannot be drawn, while an issue is only looked at; the message is its
    finding."""
    drawn = _make(Image("", image.digest, "image/svg+xml", *_GREY_SIZE, _GREY), most_width, "", "", "")
    found = Finding(_MISSING, Severity.ERROR, message, image.where)
    name = sha256(f"{image.path}\0{image.digest}\0{most_width}".encode()).hexdigest()[:16]
    return replace(drawn, name=f"{name}.png", findings=(found,))


def is_grey(picture: Picture) -> bool:
    """Whether it stands in the place of one that cannot be drawn."""
    return any(one.rule == _MISSING for one in picture.findings)


def _make(image: Image, most_width: int, on_dark: str, ground: str, on_light: str) -> Picture:
    findings: tuple[Finding, ...]
    width = max(1, min(image.width, most_width))
    height = max(1, round(image.height * width / image.width))
    if image.media_type == "image/svg+xml":
        media_type = "image/png"
        content, findings = draw(image, width * _SCALE)
    else:
        content, media_type, findings = fit(image, most_width * _SCALE)
    if on_dark and media_type == "image/png":
        content = with_ground(content, on_dark, ground) if ground else safe_on_dark(content, on_dark, _HALO * _SCALE)
        if on_light:
            content = safe_on_light(content, on_light, on_dark, 0 if ground else _MARGIN / width)
    # Two drawings may come out alike; what is said of one must not take the place of what is said of the other.
    told = f"{image.path}\0{image.digest}".encode() if findings else b""
    name = f"{sha256(content + told).hexdigest()[:16]}.{media_type.removeprefix('image/')}"
    return Picture(name, media_type, width, height, content, image.digest, findings)


class _Made:
    """The pictures made last, up to a number of bytes; safe to use from several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Picture | None:
        with self._lock:
            picture = self._pictures.get(key)
            if picture is not None:
                self._pictures.move_to_end(key)
            return picture

    def keep(self, key: str, picture: Picture) -> None:
        with self._lock:
            if key in self._pictures or len(picture.content) > self._most_bytes:
                return
            self._pictures[key] = picture
            self._bytes += len(picture.content)
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._pictures.popitem(last=False)[1].content)


_made = _Made(_MOST_KEPT)
