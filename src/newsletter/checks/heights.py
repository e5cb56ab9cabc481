"""How tall a mail is, by a rough measure of words and pictures; pictures that are cut off or distorted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.clients.mail_clients import OUTLOOK_WINDOWS
from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, own_words, style_of
from newsletter.checks.rule import Rule, warning
from newsletter.checks.typography import font_size
from newsletter.model import LAYOUT_WIDTH, Finding, Severity

RULES = (
    warning(
        "image-height",
        "Outlook for Windows cuts a picture off after 1,728 pixels, and readers who wait for one see nothing of the "
        "mail. Cut it into several. Source: hteumeuleu/email-bugs, on Word's limit for pictures.",
        OUTLOOK_WINDOWS,
    ),
    warning(
        "image-shape",
        "A picture whose `width` and `height` are not in the proportion of its own is drawn stretched or squeezed. "
        "Source: the HTML standard, 'dimension attributes'; the picture's own header.",
    ),
    Rule(
        "mail-height",
        Severity.INFO,
        "Beyond some 7,000 pixels few readers come to the end of a mail. Estimated from the words, their size and the "
        "pictures at the page's full width, so a third more or less is possible. Source: the checklists of Litmus and "
        "Email on Acid.",
    ),
)
_IMAGE, _SHAPE, _MAIL = RULES
_TALLEST_PICTURE = 1728
_TALL = 7000
_LETTER = 0.5
"""Of its size: how wide a letter is on the average."""
_LINE = 1.5


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each picture that is cut off, and a note when the whole is taller than people scroll."""
    total = 0.0
    for picture in mail.page.shown("img"):
        source = picture.get("src") or ""
        natural = natural_size(mail.pictures.get(source, b""))
        width, height = (_pixels(picture, name) for name in ("width", "height"))
        if natural and width and height and not 0.9 < width * natural[1] / (height * natural[0]) < 1.1:
            message = f"the picture is drawn {width} by {height} pixels, and is {natural[0]} by {natural[1]}."
            yield _SHAPE.finding(message, mail.at(picture, source), fix="Give it the proportion of the file.")
        if not height and natural:
            height = round((width or natural[0]) * natural[1] / natural[0])
        total += 0 if _is_beside(picture) else height
        if height > _TALLEST_PICTURE:
            name, where = mail.places.of_picture(picture)
            size = f"{height:,} pixels high; Outlook shows the first {_TALLEST_PICTURE:,}."
            message = f"the picture '{name[-60:]}' is {size}"
            yield _IMAGE.finding(message, where, fix="Cut it into several.")
    total += sum(_height_of_words(one) for one in mail.page.shown())
    if total > _TALL:
        message = f"the mail is about {round(total, -3):,.0f} pixels tall; readers scroll some {_TALL:,}."
        where = mail.places.of_offset(0) if mail.in_file else mail.key("sections")
        yield _MAIL.finding(message, where, fix="Show long articles as `summary`, or send less.")


def _height_of_words(element: Element) -> float:
    words = own_words(element)
    if not words:
        return 0.0
    size = font_size(element)[0] or 16.0
    across = LAYOUT_WIDTH / _columns(element)
    lines = -(-len(words) * size * _LETTER // across)
    return lines * size * _LINE + size


def _columns(element: Element) -> int:
    """How many cells stand beside each other where it stands; half of the page is taken when there are several."""
    for one in element.iterancestors("tr"):
        if sum(1 for cell in one if cell.tag in ("td", "th") and own_words(cell)) > 1:
            return 2
    return 1


def _is_beside(picture: Element) -> bool:
    return bool(picture.get("align")) or style_of(picture).get("float", "none") != "none"


def _pixels(picture: Element, name: str) -> int:
    """The width or height it is given in pixels; 0 when it is none, or a share of something."""
    for written in (style_of(picture).get(name, ""), picture.get(name) or ""):
        match = re.fullmatch(r"([0-9]{1,5})(?:px)?", written.strip())
        if match:
            return int(match[1])
    return 0


def natural_size(content: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG, GIF or JPEG states in its header; None when it states none."""
    size = (0, 0)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        size = int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    elif content.startswith(b"GIF8"):
        size = int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    elif content.startswith(b"\xff\xd8"):
        size = _jpeg_size(content)
    return size if size[0] > 0 and size[1] > 0 else None


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """From the first frame header (SOF0 to SOF15, ITU T.81, B.2.2); the segments before it say how long they are."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        kind = content[at + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            return int.from_bytes(content[at + 7 : at + 9], "big"), int.from_bytes(content[at + 5 : at + 7], "big")
        at += 2 + max(2, int.from_bytes(content[at + 2 : at + 4], "big"))
    return 0, 0
