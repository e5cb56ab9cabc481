"""How much of a mail is words: spam filters distrust pictures with few words, and words that only they can see."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.hiding import FILLER, hidden_texts
from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, style_of, without_fields
from newsletter.checks.rule import Rule, warning
from newsletter.model import Finding, Severity

RULES = (
    warning(
        "mostly-pictures",
        "A large picture with few words reads as an attempt to hide words from filters, and as nothing where pictures "
        "wait to be shown: it alone makes a mail spam. Source: SpamAssassin's HTML_IMAGE_ONLY (7 points, measured).",
    ),
    warning(
        "text-differs",
        "The plain text says what the HTML says: filters score parts that differ, and some people read only the text. "
        "Source: SpamAssassin's MPART_ALT_DIFF (2.2 points, measured); rspamd's R_PARTS_DIFFER.",
    ),
    warning(
        "text-missing",
        "A mail of HTML alone is scored by filters, and unreadable in text-only programs. Source: SpamAssassin's "
        "MIME_HTML_ONLY; RFC 2046, section 5.1.4.",
    ),
    warning(
        "hidden-text",
        "Text that readers cannot see, beyond a preheader, is how spam fools filters. Hidden is what is not displayed, "
        "has a size of 0 or 1 pixel, is seen through, cut off, or pushed off the screen. Source: rspamd's "
        "MANY_INVISIBLE_PARTS and R_WHITE_ON_WHITE; SpamAssassin's HTML_FONT_TINY.",
    ),
    Rule(
        "text-ratio",
        Severity.INFO,
        "A mail of 20 KB and more of which less than 2 % are words looks like an advertisement to filters that learn, "
        "and brings Gmail's limit closer. Source: Email on Acid's and Mailchimp's advice on the ratio; no filter known "
        "to us scores it by itself any more.",
    ),
)
_PICTURES, _DIFFERS, _MISSING, _HIDDEN, _RATIO = RULES
_FEW_LETTERS = 100
_LONG, _LITTLE = 30, 0.15
"""From so many different words of HTML on, a text with less than this share of them stands for nothing."""
_LARGE = 400 * 300
_MUCH_MARKUP, _LEAST_WORDS = 20_000, 0.02


def check_mail(mail: Mail) -> Iterator[Finding]:
    """Warnings for pictures without words, words without readers, and a text part of its own."""
    whole = mail.is_final or "<html" in mail.html.lower()
    words = without_fields(_shown_words(mail))
    large = [one for one in mail.page.shown("img") if _area(one) >= _LARGE]
    if whole and large and len(words) < _FEW_LETTERS:
        message = f"the mail is a picture with {len(words)} letters of text."
        yield _PICTURES.finding(message, mail.at(large[0], large[0].get("src") or ""), fix="Say it in words, too.")
    if whole and len(mail.html) >= _MUCH_MARKUP and len(words) < _LEAST_WORDS * len(mail.html):
        message = f"{len(words):,} letters of text in {len(mail.html):,} of HTML."
        yield _RATIO.finding(message, mail.places.of_offset(0), fix="Say more, or use a plainer template.")
    if mail.is_final and mail.text is None:
        yield _MISSING.finding("the mail has no plain text.", mail.places.of_offset(0), fix="Send both.")
    if mail.text is not None and mail.in_file and _differ(mail.text, words):
        message = "the plain text and the HTML have few words in common."
        yield _DIFFERS.finding(message, mail.places.of_offset(0), fix="Let both say the same.")
    for element, count, how in hidden_texts(mail.page):
        message = f"{count} letters of text are {how}."
        yield _HIDDEN.finding(message, mail.at(element), fix="Show them, or take them out.")


def _shown_words(mail: Mail) -> str:
    parts = []
    for element in mail.page.shown():
        parts.append(element.text or "")
        parts += [child.tail or "" for child in element]
    return " ".join(FILLER.sub("", " ".join(parts)).split())


def _area(picture: Element) -> int:
    style = style_of(picture)
    sizes = [picture.get(name) or style.get(name, "").removesuffix("px") for name in ("width", "height")]
    width, height = (int(one) if one.strip().isdecimal() else 0 for one in sizes)
    return width * height if height else width * 300


def _differ(text: str, words: str) -> bool:
    """Whether less than a third of the shorter one's words are in the other, or the text says next to nothing of it.

    Two short ones are not compared.
    """
    one, other = ({word.lower() for word in re.findall(r"\w{4,}", part)} for part in (text, words))
    least = min(len(one), len(other))
    stub = len(other) >= _LONG and len(one & other) < len(other) * _LITTLE
    return stub or (least >= 10 and len(one & other) < least / 3)
