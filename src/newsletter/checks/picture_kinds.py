"""The bytes of a picture → its format, by how files of each begin.

Source: the formats' own specifications; the MIME Sniffing standard, 6.1, 'image type pattern matching'.
"""

from __future__ import annotations

import re

_BEGINNINGS = (
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("gif", re.compile(rb"GIF8[79]a")),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("avif", re.compile(rb".{4}ftypavi[fs]", re.DOTALL)),
    ("heic", re.compile(rb".{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL)),
    ("tiff", re.compile(rb"II\*\0|MM\0\*")),
    ("bmp", re.compile(rb"BM")),
    ("ico", re.compile(rb"\0\0[\x01\x02]\0")),
    ("jxl", re.compile(rb"\xff\x0a|\0\0\0\x0cJXL ")),
    ("jp2", re.compile(rb"\0\0\0\x0cjP  ")),
    ("emf", re.compile(rb"\x01\0\0\0.{36} EMF", re.DOTALL)),
    ("wmf", re.compile(rb"\xd7\xcd\xc6\x9a")),
    ("svg", re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!doctype svg|<svg)", re.IGNORECASE)),
    ("svg", re.compile(rb"\x1f\x8b")),
)
"""What is packed (gzip) is an SVG, as these travel in mail."""


def kind_of(content: bytes) -> str:
    """The format in lower case, as endings of files say it; nothing for what is no picture."""
    head = content[:64]
    return next((kind for kind, beginning in _BEGINNINGS if beginning.match(head)), "")
