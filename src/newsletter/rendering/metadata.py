"""Picture bytes → the same picture without what cameras and programs write into it, nothing compressed anew.

Exif holds where a photo was taken; XMP and comments hold names and edits. What says how to show the picture (colour
profile, gamma, density) stays. Sources: ITU T.81, annex B; W3C PNG, third edition, §5.
"""

from __future__ import annotations

from collections.abc import Iterator

_PNG_KEPT = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYs"}
_JFIF, _PROFILE, _ADOBE, _COMMENT = 0xE0, 0xE2, 0xEE, 0xFE
_APPLICATION = range(0xE0, 0xF0)
_SCAN, _END = 0xDA, 0xD9
_RESTART = range(0xD0, 0xD8)


def without_jpeg_metadata(content: bytes) -> bytes:
    """The JPEG without Exif, XMP, IPTC and comments, and without whatever follows its end (phones put films there)."""
    return content[:2] + b"".join(segment for marker, segment in _segments(content) if _shows(marker, segment))


def _shows(marker: int, segment: bytes) -> bool:
    if marker == _PROFILE:
        return segment[4:15] == b"ICC_PROFILE"
    return marker in (_JFIF, _ADOBE) or not (marker in _APPLICATION or marker == _COMMENT)


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker with its bytes; a scan with the compressed data behind it."""
    position = 2
    while position + 1 < len(content):
        marker = content[position + 1]
        if marker == _END:
            yield marker, content[position : position + 2]
            return
        end = position + 2 + int.from_bytes(content[position + 2 : position + 4], "big")
        if marker == _SCAN:
            end = _next_marker(content, end)
        yield marker, content[position:end]
        position = end


def _next_marker(content: bytes, position: int) -> int:
    """Where compressed data ends: at the first 0xFF that neither stands for itself nor restarts the decoder."""
    while True:
        position = content.find(b"\xff", position)
        if position < 0 or position + 1 >= len(content):
            return len(content)
        following = content[position + 1]
        if following not in (0x00, 0xFF) and following not in _RESTART:
            return position
        position += 1 if following == 0xFF else 2


def without_png_metadata(content: bytes) -> bytes:
    """The PNG without texts, times and Exif."""
    kept, position = [content[:8]], 8
    while position + 12 <= len(content):
        end = position + 12 + int.from_bytes(content[position : position + 4], "big")
        kind = content[position + 4 : position + 8]
        if kind in _PNG_KEPT:
            kept.append(content[position:end])
        if kind == b"IEND":
            break
        position = end
    return b"".join(kept)
