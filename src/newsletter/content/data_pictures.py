"""A picture written into the page itself (`data:image/png;base64,…`) → Image.

Refuses, at the line it stands on, what is no picture, and one too large to be meant for mail.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from urllib.parse import unquote_to_bytes

from newsletter.content.images import image_of
from newsletter.errors import FileProblems
from newsletter.model import Image, Where

_MOST_CHARACTERS = 20_000_000
_START = re.compile(r"\s*+data:image/(?P<kind>[\w.+-]{1,30})(?P<parameters>(?:;[^;,]{0,100}){0,9}),", re.IGNORECASE)


def is_written_in(address: str) -> bool:
    """Whether the address holds the picture itself."""
    return address[:40].lstrip().lower().startswith("data:")


def picture_written_in(address: str, where: Where) -> Image:
    """The picture that a `data:` address holds (RFC 2397)."""
    start = _START.match(address)
    if start is None or len(address) > _MOST_CHARACTERS:
        raise FileProblems.at(
            where, "the picture written into the page (data:) is none, or too large. Save it as a file."
        )
    content = unquote_to_bytes(address[start.end() :])
    if ";base64" in start["parameters"].lower():
        try:
            content = b64decode(re.sub(rb"\s+", b"", content) + b"==")
        except binascii.Error as error:
            message = "the picture written into the page (data:) is damaged. Save it as a file."
            raise FileProblems.at(where, message) from error
    return image_of(content, f"{where.path} (line {where.line})", where, svg=start["kind"].lower() == "svg+xml")
