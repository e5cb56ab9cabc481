"""Pictures that survive a light page: what is light on a transparent ground, and could not be seen, gets a dark ground.

In: a PNG, the colour of the light page and that of the dark one. Out: the same PNG, or one whose ground is the dark
page's colour, so that nothing of it is seen where the page is dark. A light line around something that is seen, and
light letters on a badge, are no reason: only what stands apart, such as a white name beside a coloured mark.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

_VISIBLE = 128
"""Alpha from which a pixel counts as drawn."""
_NEAR = 60
"""Steps of 255 that no channel is further away than in a colour that cannot be told from the page: #cccccc on white
has a contrast of 1.6; pale yellow is seen by its hue."""
_CLEAR_SHARE = 0.02
"""A picture with fewer transparent pixels than this has its own ground."""
_UNSEEN_SHARE = 0.08
"""Fewer drawn pixels than this in parts that are not seen are ornament."""
_SEEN_SHARE = 0.02
"""A part with fewer seen pixels than this cannot be seen: they are the smooth edge of its letters."""
_LOOKED_AT = 120_000
"""Pixels of a picture whose parts are told from each other; of a larger one, a smaller copy."""
_PALETTE = 256


def safe_on_light(png: bytes, page: str, ground: str, margin: float) -> bytes:
    """The PNG on a ground of that colour when parts of it are lost on `page` (both #rrggbb); else as it is.

    With a `margin`, a share of the picture's width, the ground has round corners, and what is drawn stands so far from
    its edges.
    """
    from PIL import Image as Pillow

    with Pillow.open(BytesIO(png)) as opened:
        if opened.mode not in ("RGBA", "LA") and not opened.has_transparency_data:
            return png
        is_flat = opened.mode == "P"
        picture = opened.convert("RGBA")
    if not _is_lost(picture, page):
        return png
    made: Any = _plate(picture, ground, round(margin * picture.width))
    if is_flat:
        made = made.quantize(_PALETTE, method=Pillow.Quantize.FASTOCTREE, dither=Pillow.Dither.NONE)
    out = BytesIO()
    made.save(out, "PNG", optimize=True)
    return out.getvalue()


def _is_lost(picture: Any, page: str) -> bool:
    """Whether whole parts of the picture, and not only a few pixels, cannot be told from the page."""
    from PIL import Image as Pillow
    from PIL import ImageChops

    drawn = picture.getchannel("A").point(lambda value: 255 if value >= _VISIBLE else 0)
    total, visible = picture.width * picture.height, drawn.histogram()[255]
    if not visible or total - visible < _CLEAR_SHARE * total:
        return False
    red, green, blue = ImageChops.difference(
        picture.convert("RGB"), Pillow.new("RGB", picture.size, f"#{page.lstrip('#')}")
    ).split()
    distance = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    seen = ImageChops.multiply(drawn, distance.point(lambda value: 255 if value > _NEAR else 0))
    if visible - seen.histogram()[255] < _UNSEEN_SHARE * visible:
        return False
    while drawn.width * drawn.height > _LOOKED_AT:
        half = (max(1, drawn.width // 2), max(1, drawn.height // 2))
        drawn, seen = (one.resize(half, Pillow.Resampling.NEAREST) for one in (drawn, seen))
    parts = _parts(drawn.tobytes(), seen.tobytes(), drawn.width)
    unseen = sum(size for size, shown in parts if shown < _SEEN_SHARE * size)
    return unseen >= _UNSEEN_SHARE * sum(size for size, _ in parts)


def _parts(drawn: bytes, seen: bytes, width: int) -> list[tuple[int, int]]:
    """How many pixels each connected part of the picture has, and how many of them are seen."""
    open_pixels = bytearray(drawn)
    parts = []
    for start in range(len(open_pixels)):
        if not open_pixels[start]:
            continue
        open_pixels[start] = 0
        waiting, size, shown = [start], 0, 0
        while waiting:
            place = waiting.pop()
            size += 1
            shown += seen[place] > 0
            column = place % width
            sides = (place - 1 if column else -1, place + 1 if column + 1 < width else -1, place - width, place + width)
            for beside in sides:
                if 0 <= beside < len(open_pixels) and open_pixels[beside]:
                    open_pixels[beside] = 0
                    waiting.append(beside)
        parts.append((size, shown))
    return parts


def _plate(picture: Any, ground: str, margin: int) -> Any:
    from PIL import Image as Pillow
    from PIL import ImageDraw

    if not margin:
        return Pillow.alpha_composite(Pillow.new("RGBA", picture.size, ground), picture).convert("RGB")
    box = picture.getchannel("A").point(lambda value: 255 if value >= _VISIBLE else 0).getbbox()
    inner = picture.crop(box)
    room = [max(1, side - 2 * margin) for side in picture.size]
    scale = min(1.0, room[0] / inner.width, room[1] / inner.height)
    size = (max(1, round(inner.width * scale)), max(1, round(inner.height * scale)))
    inner = inner.resize(size, Pillow.Resampling.LANCZOS)
    fine = 4
    corners = Pillow.new("L", (picture.width * fine, picture.height * fine))
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, corners.width - 1, corners.height - 1), margin * fine, fill=255)
    plate = Pillow.new("RGBA", picture.size, ground)
    plate.alpha_composite(inner, ((picture.width - size[0]) // 2, (picture.height - size[1]) // 2))
    plate.putalpha(corners.resize(picture.size, Pillow.Resampling.LANCZOS))
    return plate
