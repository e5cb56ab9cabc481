"""Pictures that survive a dark page: what is dark on a transparent ground gets a light outline, or a ground.

In: a PNG and the colour of the dark page. Out: the same PNG, or one with a thin light halo behind what could not be
told from the page (a logo), or with a light ground in place of its transparency (a drawing); on a white page neither
is seen. Mail programs that darken a page leave pictures alone, and not all of them know the media query that could
swap one picture for another, so the picture itself has to do.
Source: WCAG 2.2, success criterion 1.4.11 (a contrast of 3:1) and its definition of relative luminance.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

_CONTRAST = 3.0
_VISIBLE = 128
"""Alpha from which a pixel counts as drawn."""
_CLEAR_SHARE = 0.02
"""A picture with fewer transparent pixels than this has its own ground."""
_DARK_SHARE = 0.02
"""Fewer drawn pixels than this without contrast are shading, not words."""
_EDGE_SHARE = 0.012
"""Fewer drawn pixels than this, dark and beside a transparent one, are round corners of a picture that has a ground."""
_PALETTE = 256
_HALO_LIGHT = (255, 255, 255)


def safe_on_dark(png: bytes, page: str, radius: int) -> bytes:
    """The PNG with a halo of `radius` pixels around what has too little contrast with `page` (#rrggbb), if any."""
    from PIL import Image as Pillow

    with Pillow.open(BytesIO(png)) as opened:
        picture = opened.convert("RGBA")
    alpha = picture.getchannel("A")
    lost = _lost(picture, alpha, page)
    if lost is None:
        return png
    shape = _spread(lost, radius)
    halo = Pillow.new("RGBA", picture.size, (*_HALO_LIGHT, 0))
    halo.putalpha(shape)
    out = BytesIO()
    Pillow.alpha_composite(halo, picture).save(out, "PNG", optimize=True)
    return out.getvalue()


def with_ground(png: bytes, page: str, ground: str) -> bytes:
    """The PNG on a ground of that colour (#rrggbb) when what touches transparency is lost on `page`; else as it is."""
    from PIL import Image as Pillow
    from PIL import ImageChops, ImageFilter

    with Pillow.open(BytesIO(png)) as opened:
        is_flat = opened.mode == "P"
        picture = opened.convert("RGBA")
    alpha = picture.getchannel("A")
    lost = _lost(picture, alpha, page)
    if lost is None:
        return png
    beside_nothing = alpha.point(lambda value: 255 if value < _VISIBLE else 0).filter(ImageFilter.MaxFilter(5))
    edge = ImageChops.multiply(lost, beside_nothing).point(lambda value: 255 if value >= _VISIBLE else 0)
    visible = sum(alpha.histogram()[_VISIBLE:])
    if edge.histogram()[255] < _EDGE_SHARE * visible:
        return png
    flat: Any = Pillow.alpha_composite(Pillow.new("RGBA", picture.size, ground), picture).convert("RGB")
    if is_flat:
        flat = flat.quantize(_PALETTE, dither=Pillow.Dither.NONE)
    out = BytesIO()
    flat.save(out, "PNG", optimize=True)
    return out.getvalue()


def _lost(picture: Any, alpha: Any, page: str) -> Any:
    """The alpha of what cannot be told from the page; None when the picture needs nothing."""
    from PIL import Image as Pillow
    from PIL import ImageChops

    drawn = alpha.point(lambda value: 255 if value >= _VISIBLE else 0)
    total, visible = picture.width * picture.height, drawn.histogram()[255]
    if not visible or (total - visible) < _CLEAR_SHARE * total:
        return None
    bands = [band.point(_LINEAR) for band in picture.split()[:3]]
    luminance = Pillow.merge("RGB", bands).convert("L", (0.2126, 0.7152, 0.0722, 0))
    limit = _CONTRAST * (_luminance(page) + 0.05) - 0.05
    dim = luminance.point(lambda value: 255 if value / 255 < limit else 0)
    lost = ImageChops.multiply(dim, drawn)
    return ImageChops.multiply(lost, alpha) if lost.histogram()[255] >= _DARK_SHARE * visible else None


def _spread(mask: Any, radius: int) -> Any:
    """The mask grown by `radius` pixels with a soft edge."""
    from PIL import ImageFilter

    grown = mask
    for _ in range(radius):
        grown = grown.filter(ImageFilter.MaxFilter(3))
    return grown.filter(ImageFilter.GaussianBlur(max(0.6, radius / 4)))


def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


_LINEAR = [round(255 * _linear(value)) for value in range(256)]


def _luminance(color: str) -> float:
    digits = color.lstrip("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    red, green, blue = (_linear(int(digits[start : start + 2], 16)) for start in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
