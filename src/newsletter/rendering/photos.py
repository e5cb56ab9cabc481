"""PNG, JPEG, GIF and WebP → the smallest form that every mail client shows, without what cameras write into them.

In: a raster image and the most pixels it is wide. Out: bytes and their media type. Turned upright, in sRGB, never
wider than asked and never blown up; bytes that are as good as what would be made of them stay. Pictures that move
(GIF, animated PNG) stay byte for byte: made smaller frame by frame they grow, and a still would lose what they say.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from warnings import catch_warnings, simplefilter

from newsletter.errors import FileProblems
from newsletter.model import Finding, Image, Severity, Where
from newsletter.rendering.metadata import without_jpeg_metadata, without_png_metadata

_QUALITIES = (85, 75, 65)
_WORTH_A_LOSS = 0.8
"""A JPEG is compressed anew only when that takes it below this share of its size."""
_HEAVY_PNG = 100_000
"""From this size, an opaque PNG of a photo becomes a JPEG where that is less than half as large."""
_ORIENTATION = 0x0112
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, MemoryError, OverflowError, IndexError)
"""What Pillow raises for files that are cut off or damaged."""
_MOST_PIXELS = 300_000_000
"""Of all frames of an animation together: what is looked at of one, a second or two of work."""


def fit(image: Image, most_width: int) -> tuple[bytes, str, tuple[Finding, ...]]:
    """The photo at most `most_width` pixels wide, its media type, and what was lost of it.

    Raises `FileProblems` at the line that names the image when the file is cut off or damaged.
    """
    from PIL import Image as Pillow

    where = image.where if image.where.path else Where(image.path)
    try:
        with Pillow.open(BytesIO(image.content)) as original:
            moves = bool(getattr(original, "is_animated", False))
            if moves and image.media_type != "image/webp":
                _load_frames(original)
                return image.content, image.media_type, ()
            content, media_type = _fitted(original, image, most_width)
    except (*_BROKEN, Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
        raise FileProblems.at(where, f"picture '{image.path}' cannot be read: {error}. Is the file whole?") from error
    if not moves:
        return content, media_type, ()
    message = f"'{image.path}' moves; mail shows its first frame. Save it as GIF, which mail programs play."
    return content, media_type, (Finding("image-still", Severity.WARNING, message, where),)


def damage_of(content: bytes) -> str:
    """What is wrong with a PNG, JPEG, GIF or WebP picture, as the end of a sentence; nothing for a whole one."""
    from PIL import Image as Pillow
    from PIL import UnidentifiedImageError

    try:
        with catch_warnings():
            simplefilter("error", Pillow.DecompressionBombWarning)
            with Pillow.open(BytesIO(content), formats=["PNG", "JPEG", "GIF", "WEBP"]) as picture:
                _load_frames(picture)
    except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning):
        return f"has more than {(Pillow.MAX_IMAGE_PIXELS or 0) // 1_000_000} million pixels"
    except UnidentifiedImageError:
        return "is damaged"
    except _BROKEN as error:
        return f"cannot be read: {error}"
    return ""


def _load_frames(picture: Any) -> None:
    """Decode every picture of an animation; raises as Pillow does when one of them is cut off."""
    most = max(1, _MOST_PIXELS // max(1, picture.width * picture.height))
    for number in range(min(getattr(picture, "n_frames", 1), most)):
        picture.seek(number)
        picture.load()


def _fitted(original: Any, image: Image, most_width: int) -> tuple[bytes, str]:
    from PIL import Image as Pillow
    from PIL import ImageOps

    turned = original.getexif().get(_ORIENTATION, 1) != 1
    foreign = original.mode in ("CMYK", "YCCK", "LAB", "HSV") or _has_foreign_profile(original)
    height = max(1, round(image.height * most_width / image.width))
    if image.media_type == "image/jpeg" and not turned and original.mode in ("RGB", "L"):
        # Decoding at an eighth, a quarter or half the size is much faster, and never below what is asked.
        original.draft(original.mode, (most_width * 2, height * 2))
    upright = ImageOps.exif_transpose(original)
    picture = _plain(upright)
    is_wide = image.width > most_width
    if is_wide:
        picture = picture.resize((most_width, height), Pillow.Resampling.LANCZOS)
    if image.media_type == "image/jpeg":
        kept = without_jpeg_metadata(image.content)
        made, media_type = _jpeg(picture, len(kept) if turned or foreign else 0), "image/jpeg"
        enough = len(kept) if is_wide else _WORTH_A_LOSS * len(kept)
    else:
        made, media_type = _png_or_jpeg(picture)
        kept = without_png_metadata(image.content) if image.media_type == "image/png" else image.content
        enough = len(kept)
    if turned or foreign or image.media_type == "image/webp" or len(made) < enough:
        return made, media_type
    return kept, image.media_type


def _has_foreign_profile(original: Any) -> bool:
    profile = original.info.get("icc_profile", b"")
    return bool(profile) and b"sRGB" not in profile and b"s\0R\0G\0B" not in profile


def _plain(picture: Any) -> Any:
    """The picture as 8-bit L, LA, RGB or RGBA in sRGB, without anything attached to it."""
    from PIL import Image as Pillow

    profile = picture.info.get("icc_profile", b"") if _has_foreign_profile(picture) else b""
    if picture.mode.startswith("I"):
        # Pillow clips 16-bit grey when it converts; what is meant is a share of 65,535.
        picture = picture.convert("F").point(lambda value: value * (1 / 257) + 0).convert("L")
    elif picture.mode == "1":
        picture = picture.convert("L")
    elif profile:
        picture = _in_srgb(picture, profile)
    if picture.mode not in ("L", "LA", "RGB", "RGBA"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if picture.mode in ("LA", "RGBA") and picture.getchannel("A").getextrema()[0] == 255:
        picture = picture.convert("L" if picture.mode == "LA" else "RGB")
    bare = Pillow.new(picture.mode, picture.size)
    bare.paste(picture)
    return bare


def _in_srgb(picture: Any, profile: bytes) -> Any:
    """The picture converted from its colour profile; as it is when the profile cannot be used."""
    from PIL import ImageCms

    mode = "RGBA" if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        base = picture if picture.mode in ("RGB", "RGBA", "CMYK", "L", "LAB") else picture.convert(mode)
        target = "RGBA" if base.mode == "RGBA" else "RGB"
        return ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode=target) or picture
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture


def _png_or_jpeg(picture: Any) -> tuple[bytes, str]:
    """A PNG, in a palette where that loses nothing; a JPEG for an opaque photo where it is less than half as large."""
    png = _png(picture)
    if len(png) > _HEAVY_PNG and picture.mode in ("RGB", "L") and picture.getcolors(10_000) is None:
        jpeg = _saved(picture, "JPEG", quality=_QUALITIES[0], optimize=True, progressive=True)
        if len(jpeg) * 2 < len(png):
            return jpeg, "image/jpeg"
    return png, "image/png"


def _png(picture: Any) -> bytes:
    from PIL import Image as Pillow

    plain = _saved(picture, "PNG", optimize=True)
    if picture.mode != "RGB" or picture.getcolors(256) is None:
        return plain
    palette = picture.convert("P", palette=Pillow.Palette.ADAPTIVE, colors=256, dither=Pillow.Dither.NONE)
    if palette.convert("RGB").tobytes() != picture.tobytes():
        return plain
    return min(_saved(palette, "PNG", optimize=True), plain, key=len)


def _jpeg(picture: Any, most_bytes: int) -> bytes:
    """The picture as JPEG; of lower quality while it is larger than `most_bytes` (0: no limit)."""
    picture = picture.convert("RGB") if picture.mode not in ("RGB", "L") else picture
    content = b""
    for quality in _QUALITIES:
        content = _saved(picture, "JPEG", quality=quality, optimize=True, progressive=True)
        if not most_bytes or len(content) <= most_bytes:
            break
    return content


def _saved(picture: Any, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
