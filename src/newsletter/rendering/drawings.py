"""SVG → PNG, by resvg: what mail clients show instead of a drawing.

In: an SVG image and a width in pixels. Out: PNG bytes, and findings for what could not be drawn as meant. A drawing
cannot read files or hosts: whatever leads out of it is taken away first. Text is never silently blank: families that
are not installed are drawn in a font that comes with the program, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from lxml import etree

from newsletter.errors import FileProblems
from newsletter.model import Finding, Image, Severity, Where
from newsletter.rendering.fonts import font_gaps, printable
from newsletter.rendering.resvg import draw_png
from newsletter.rendering.svg_text import Words, words_of

_TALLEST = 8_000
_PALETTE = 256
_FLAT = 40 * _PALETTE - 1
"""Colours, most of them of smooth edges; a drawing with more has gradients, which a palette would show as steps."""
_MOST_EMBEDDED_PIXELS = 25_000_000
_MOST_OCTAVES = 8
_MOST_EFFECTS = 200
_MOST_TEXT = 20_000
"""Filter steps, and characters: a picture has fewer, and a file made to hold the program up has more."""
_MOST_BLUR = 200.0
_MOST_RADIUS = 10.0
_SVG_LINKS = ("href", "{http://www.w3.org/1999/xlink}href", "src", "{http://www.w3.org/XML/1998/namespace}base")
_PICTURE_DATA = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp)\s*[;,]", re.IGNORECASE)
_LEADING_OUT = re.compile(r"""url\(\s*(?!["']?\s*#)[^)]*\)?|@import[^;]*;?""", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_NEVER_DRAWN = {"script", "foreignObject", "iframe", "audio", "video", "canvas"}


def draw(image: Image, width: int) -> tuple[bytes, tuple[Finding, ...]]:
    """The drawing `width` pixels wide, and what of it is not as its author meant it.

    Raises `FileProblems` at the line that names the image when it cannot be drawn.
    """
    where = image.where if image.where.path else Where(image.path)
    if image.height * width > _TALLEST * image.width:
        raise FileProblems.at(
            where, f"'{image.path}' would be more than {_TALLEST // 2} pixels tall as shown. Crop it."
        )
    try:
        root = etree.fromstring(image.content, etree.XMLParser(resolve_entities="internal", no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileProblems.at(where, f"'{image.path}' is not a readable SVG picture: {error}.") from error
    lost = make_safe(root)
    words = tuple(words_of(root))
    _refuse_endless(root, words, image, where)
    # Browsers derive the side that is not given from the viewBox; resvg is told what they would arrive at.
    root.set("width", str(image.width))
    root.set("height", str(image.height))
    try:
        png = draw_png(str(etree.tostring(root, encoding="unicode")), width, bool(words), apart=_is_costly(root))
    except (ValueError, MemoryError) as error:
        raise FileProblems.at(where, f"'{image.path}' cannot be drawn: {error}. Export it as a PNG.") from error
    findings = [Finding("svg-lost", Severity.WARNING, f"'{image.path}': {one}", where) for one in lost]
    findings += [Finding("svg-font", Severity.WARNING, f"'{image.path}': {one}", where) for one in font_gaps(words)]
    return _small(png), tuple(findings)


def _refuse_endless(root: Any, words: Iterable[Words], image: Image, where: Where) -> None:
    effects = sum(1 for node in root.iter(etree.Element) if etree.QName(node).localname.startswith("fe"))
    if effects > _MOST_EFFECTS or sum(len(one.text) for one in words) > _MOST_TEXT:
        message = f"'{image.path}' has more effects or text than can be drawn in good time. Export it as a PNG."
        raise FileProblems.at(where, message)


def make_safe(root: Any) -> tuple[str, ...]:
    """Take away what leads out of the drawing or cannot be drawn; what was lost of the picture, in words.

    Links within the drawing and pictures written into it stay.
    """
    lost: list[str] = []
    for node in list(root.iter()):
        if not isinstance(node.tag, str):
            # Comments and instructions: nothing to draw, and <?xml-stylesheet?> leads out.
            _remove(node)
            continue
        name = etree.QName(node).localname
        if name in _NEVER_DRAWN:
            if name == "foreignObject" and _says_something(node) and not _has_stand_in(node):
                lost.append("text in a <foreignObject> is left out. Export the drawing with plain text or paths.")
            _remove(node)
            continue
        for link in _SVG_LINKS:
            value = node.get(link)
            if value is not None and not value.strip().startswith("#") and not _is_safe_picture(value.strip()):
                del node.attrib[link]
                if name in ("image", "feImage", "use"):
                    lost.append(f"'{_short(value)}' is not part of the file and left out. Embed it when exporting.")
        for key, value in node.attrib.items():
            if _LEADING_OUT.search(value):
                node.set(key, _LEADING_OUT.sub("none", value))
        if name == "style" and node.text:
            node.text = _LEADING_OUT.sub("", "".join(node.itertext()))
        if name.startswith("fe"):
            _calm(node)
    return tuple(dict.fromkeys(lost))


def _calm(effect: Any) -> None:
    """Bound what makes a filter take minutes, or crash; beyond these values nothing more is to be seen."""
    octaves = effect.get("numOctaves", "")
    if octaves.strip().isdigit() and int(octaves) > _MOST_OCTAVES:
        effect.set("numOctaves", str(_MOST_OCTAVES))
    for name, most in (("radius", _MOST_RADIUS), ("stdDeviation", _MOST_BLUR)):
        given = [float(one) for one in re.findall(_NUMBER, effect.get(name, ""))]
        if any(one > most for one in given):
            effect.set(name, " ".join(str(min(one, most)) for one in given))


def _short(link: str) -> str:
    """The link as a line can hold it: the end of an address, the beginning of data."""
    link = printable(link.strip())
    if len(link) <= 60:
        return link
    return f"{link[:40]}…" if link.lower().startswith("data:") else f"…{link[-40:]}"


def _remove(node: Any) -> None:
    """Take the node out and leave the text behind it in its place."""
    parent, before = node.getparent(), node.getprevious()
    if parent is None:
        return
    if node.tail and before is not None:
        before.tail = (before.tail or "") + node.tail
    elif node.tail:
        parent.text = (parent.text or "") + node.tail
    parent.remove(node)


def _says_something(node: Any) -> bool:
    return bool("".join(node.itertext(etree.Element)).strip())


def _has_stand_in(node: Any) -> bool:
    """Whether a <switch> offers something else for viewers that do not know <foreignObject>."""
    parent = node.getparent()
    return etree.QName(parent).localname == "switch" and node.getnext() is not None


def _is_safe_picture(value: str) -> bool:
    """Whether it is a photo written into the drawing, of a size that can be unpacked."""
    from base64 import b64decode
    from urllib.parse import unquote_to_bytes

    from PIL import Image as Pillow

    if not _PICTURE_DATA.match(value):
        return False
    head, _, data = value.partition(",")
    try:
        content = b64decode(unquote_to_bytes(data)) if head.lower().endswith("base64") else unquote_to_bytes(data)
        with Pillow.open(BytesIO(content), formats=["PNG", "JPEG", "GIF", "WEBP"]) as picture:
            return picture.width * picture.height <= _MOST_EMBEDDED_PIXELS
    except (Pillow.DecompressionBombWarning, Pillow.DecompressionBombError, OSError, ValueError, SyntaxError):
        return False


def _is_costly(root: Any) -> bool:
    """Whether it has patterns or filters: resvg ends the process when a pattern's tile asks for too much memory."""
    return any(etree.QName(node).localname in ("pattern", "filter") for node in root.iter(etree.Element))


def _small(png: bytes) -> bytes:
    """Flat drawings fit a palette, at a third of the size; drawings with more colours stay as they are."""
    from PIL import Image as Pillow

    with Pillow.open(BytesIO(png)) as drawn:
        if drawn.getcolors(_FLAT) is None:
            return png
        out = BytesIO()
        reduced = drawn.quantize(_PALETTE, method=Pillow.Quantize.FASTOCTREE, dither=Pillow.Dither.NONE)
        reduced.save(out, "PNG", optimize=True)
    return min(out.getvalue(), png, key=len)
