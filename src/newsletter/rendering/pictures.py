"""Image × width → Picture: what mail clients can show.

SVG becomes PNG at twice the width it is shown at, with the single width and height for its attributes; large photos
are scaled down to the same. References that leave an SVG are removed before it is drawn, and no side grows past a set
size, so that a picture cannot read files or eat the memory.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from io import BytesIO

from newsletter.errors import FileProblems
from newsletter.model import Image, Picture, Where

_SCALE = 2
_TALLEST = 4_000
_PALETTE = 256
_SVG_LINKS = ("href", "{http://www.w3.org/1999/xlink}href", "src")


@lru_cache(maxsize=512)
def picture_for(image: Image, most_width: int) -> Picture:
    """The picture at its natural width, or at `most_width` CSS pixels when it is wider."""
    width = min(image.width, most_width)
    height = max(1, round(image.height * width / image.width))
    if image.media_type == "image/svg+xml":
        content, media_type = _draw(image, width * _SCALE, height * _SCALE), "image/png"
    elif image.width > most_width * _SCALE and image.media_type != "image/gif":
        content, media_type = _scaled(image, most_width * _SCALE)
    else:
        content, media_type = image.content, image.media_type
    if media_type == "image/webp":
        content, media_type = _scaled(image, min(image.width, most_width * _SCALE))
    digest = sha256(content).hexdigest()[:16]
    return Picture(f"{digest}.{media_type.removeprefix('image/')}", media_type, width, height, content)


def _draw(image: Image, width: int, height: int) -> bytes:
    import resvg_py

    if height > _TALLEST:
        raise FileProblems.at(Where(image.path), f"is {height // _SCALE} pixels tall as shown. Crop it.")
    try:
        drawn = resvg_py.svg_to_bytes(svg_string=_without_references(image.content), width=width, dpi=96)
    except ValueError as error:
        raise FileProblems.at(Where(image.path), f"cannot be drawn: {error}.") from error
    return _small(bytes(drawn))


def _without_references(content: bytes) -> str:
    """The SVG without links to files or hosts; fragments of itself and embedded pictures stay."""
    from lxml import etree

    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in root.iter(etree.Element):
        for name in _SVG_LINKS:
            if not element.get(name, "#").strip().startswith(("#", "data:image/")):
                del element.attrib[name]
    return str(etree.tostring(root, encoding="unicode"))


def _small(png: bytes) -> bytes:
    """Flat drawings fit a palette, at a third of the size; drawings with more colours stay as they are."""
    from PIL import Image as Pillow

    with Pillow.open(BytesIO(png)) as drawn:
        if len(drawn.getcolors(1_000_000) or range(_PALETTE * 40)) >= _PALETTE * 40:
            return png
        out = BytesIO()
        reduced = drawn.quantize(_PALETTE, method=Pillow.Quantize.FASTOCTREE, dither=Pillow.Dither.NONE)
        reduced.save(out, "PNG", optimize=True)
    return min(out.getvalue(), png, key=len)


def _scaled(image: Image, width: int) -> tuple[bytes, str]:
    from PIL import Image as Pillow
    from PIL import ImageOps

    out = BytesIO()
    try:
        with Pillow.open(BytesIO(image.content)) as original:
            upright = ImageOps.exif_transpose(original)
            height = max(1, round(upright.height * width / upright.width))
            resized = upright.resize((width, height), Pillow.Resampling.LANCZOS)
        if image.media_type == "image/jpeg":
            resized.convert("RGB").save(out, "JPEG", quality=85, optimize=True, progressive=True)
            return out.getvalue(), "image/jpeg"
        resized.convert("RGBA").save(out, "PNG", optimize=True)
    except (OSError, SyntaxError, ValueError) as error:
        raise FileProblems.at(Where(image.path), f"cannot be scaled down: {error}. Is the file whole?") from error
    return out.getvalue(), "image/png"
