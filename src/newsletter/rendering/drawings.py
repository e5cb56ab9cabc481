"""SVG → PNG, by resvg: what mail clients show instead of a drawing.

In: an SVG image and a width in pixels. Out: PNG bytes, and findings for what could not be drawn as meant. A drawing
cannot read files or hosts: whatever leads out of it is taken away first. Text is never silently blank: families that
are not installed are drawn in a font that comes with the program, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any
from unicodedata import category

from lxml import etree

from newsletter.errors import FileProblems
from newsletter.model import Finding, Image, Severity, Where
from newsletter.rendering.svg_text import Words, words_of

FALLBACK = "Noto Sans"
"""Latin, Greek, Cyrillic and Devanagari in every weight; drawn for generic families too, the same on every machine."""

_TALLEST = 8_000
_PALETTE = 256
_MOST_EMBEDDED_PIXELS = 25_000_000
_MOST_OCTAVES = 8
_GENERICS = ("font_family", "serif_family", "sans_serif_family", "cursive_family", "fantasy_family", "monospace_family")
_PLAIN = {"sans-serif", "system-ui", "ui-sans-serif", "-apple-system", "blinkmacsystemfont", FALLBACK.lower()}
"""Families that the fallback is a fair answer to."""
_OTHER_GENERICS = {"serif", "monospace", "cursive", "fantasy", "ui-serif", "ui-monospace", "math"}
_SVG_LINKS = ("href", "{http://www.w3.org/1999/xlink}href", "src", "{http://www.w3.org/XML/1998/namespace}base")
_PICTURE_DATA = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp)\s*[;,]", re.IGNORECASE)
_LEADING_OUT = re.compile(r"""url\(\s*(?!["']?\s*#)[^)]*\)?|@import[^;]*;?""", re.IGNORECASE)
_NEVER_DRAWN = {"script", "foreignObject", "iframe", "audio", "video", "canvas"}
_NOT_SEEN = {"Cc", "Cf", "Cs", "Mn", "Mc", "Me", "Zs", "Zl", "Zp"}
"""Unicode categories of characters that show nothing of their own."""
_CELL = 48


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
    # Browsers derive the side that is not given from the viewBox; resvg is told what they would arrive at.
    root.set("width", str(image.width))
    root.set("height", str(image.height))
    words = tuple(words_of(root))
    try:
        png = _png(str(etree.tostring(root, encoding="unicode")), width, has_text=bool(words))
    except (ValueError, MemoryError) as error:
        raise FileProblems.at(where, f"'{image.path}' cannot be drawn: {error}.") from error
    findings = [Finding("svg-lost", Severity.WARNING, f"'{image.path}': {one}", where) for one in lost]
    findings += [Finding("svg-font", Severity.WARNING, f"'{image.path}': {one}", where) for one in _font_gaps(words)]
    return _small(png), tuple(findings)


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
        octaves = node.get("numOctaves", "")
        if octaves.isdigit() and int(octaves) > _MOST_OCTAVES:
            node.set("numOctaves", str(_MOST_OCTAVES))
    return tuple(dict.fromkeys(lost))


def _short(link: str) -> str:
    """The link as a line can hold it: the end of an address, the beginning of data."""
    link = _printable(link.strip())
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


# ── fonts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _font_gaps(words: Iterable[Words]) -> list[str]:
    """What is drawn in another font than the one asked for, or in none."""
    words = tuple(words)
    gaps = []
    for families in dict.fromkeys(one.families for one in words):
        if families and not any(_is_served(family) for family in families):
            asked = _printable(", ".join(families))[:80]
            gaps.append(
                f"text in {asked} is drawn in {FALLBACK}, because that font is not installed here. "
                "Convert the text to paths, or install the font."
            )
    missing = missing_characters("".join(sorted(set("".join(one.text for one in words)))))
    if missing:
        shown = " ".join(
            f"{one} (U+{ord(one):04X})" if one.isprintable() else f"U+{ord(one):04X}" for one in missing[:8]
        )
        gaps.append(f"no font here has {shown}: readers see an empty box. Convert the text to paths.")
    return gaps


def _is_served(family: str) -> bool:
    name = family.lower()
    return name in _PLAIN or (name not in _OTHER_GENERICS and is_installed(family))


@lru_cache(maxsize=512)
def is_installed(family: str) -> bool:
    """Whether text that asks for that family is drawn in it: tried out, with every fallback off."""
    from xml.sax.saxutils import quoteattr

    name = quoteattr('"' + _printable(family).replace("\\", "").replace('"', "") + '"')
    return _ink(_png(_sheet([f'<text x="4" y="36" font-size="24" font-family={name}>A</text>']), _CELL, True, "")) > 0


def _printable(text: str) -> str:
    return "".join(one for one in text if one.isprintable())


@lru_cache(maxsize=512)
def missing_characters(characters: str) -> str:
    """Those that no font here has: they look like a code point that no font can have."""
    from html import escape

    asked = [one for one in characters if ord(one) >= 0x180 and category(one) not in _NOT_SEEN]
    missing = ""
    for start in range(0, len(asked), 200):
        batch = ["\U0010ffff", *asked[start : start + 200]]
        cells = [
            f'<text x="{number * _CELL + 4}" y="36" font-size="24">{escape(one)}</text>'
            for number, one in enumerate(batch)
        ]
        pixels = _pixels(_png(_sheet(cells), _CELL * len(cells), has_text=True))
        looks = [pixels.crop((n * _CELL, 0, (n + 1) * _CELL, _CELL)).tobytes() for n in range(len(batch))]
        missing += "".join(one for one, look in zip(batch[1:], looks[1:], strict=True) if look == looks[0])
    return missing


def _sheet(cells: list[str]) -> str:
    size = f'width="{_CELL * len(cells)}" height="{_CELL}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(cells)}</svg>'


@lru_cache(maxsize=1)
def _font_files() -> tuple[str, ...]:
    return tuple(sorted(str(one) for one in files("fontpkg_noto_sans").joinpath("files").iterdir()))


def _png(svg: str, width: int, has_text: bool, fallback: str = FALLBACK) -> bytes:
    """The SVG drawn; fonts are looked for only where there is text, and no `fallback` leaves missing ones blank."""
    import resvg_py

    options: dict[str, Any] = {"skip_system_fonts": True}
    if has_text:
        generics = dict.fromkeys(_GENERICS, fallback or "no such font")
        options = {"font_files": list(_font_files()), **generics}
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, dpi=96, **options))


def _pixels(png: bytes) -> Any:
    from PIL import Image as Pillow

    with Pillow.open(BytesIO(png)) as drawn:
        return drawn.convert("RGBA")


def _ink(png: bytes) -> int:
    """How many pixels something was drawn on."""
    return sum(_pixels(png).getchannel("A").histogram()[1:])


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
