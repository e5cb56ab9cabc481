"""A picture without alternative text is nothing to readers who do not see it, and to mail that blocks pictures.

An empty `alt` given on purpose says that a picture is decoration: it is no finding, unless the picture is a link.
Source: WCAG 2.2, success criterion 1.1.1; the Email Markup Consortium found 48 % of 376,348 emails without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, without_fields, words_of
from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Article, Block, Finding, Severity

RULES = (
    warning(
        "image-alt",
        "Every picture that says something needs alternative text: for readers who listen to their mail, and "
        "for mail programs that wait before they show pictures. A linked picture's text says where the link "
        "leads. `alt: ''` marks decoration. Source: WCAG 2.2, success criterion 1.1.1; the Email Markup "
        "Consortium's report found 48 % of 376,348 emails without.",
    ),
)
_FILE = re.compile(r"[^\s/]{1,80}\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|heic|avif)", re.IGNORECASE)


def check(subject: Subject) -> Iterator[Finding]:
    """A warning for each picture without alt, a linked one above all."""
    for block in subject.blocks():
        article = block.fields.get("article")
        if block.type == "image" and not _words(block.fields.get("alt")) and not _is_decoration(block):
            linked = " It is a link: say where it leads." if block.fields.get("link") else ""
            name = getattr(block.fields.get("image"), "path", "")
            message = f"picture '{name}' has no alt text.{linked}"
            yield Finding("image-alt", Severity.WARNING, message, block.where, subject.rendered.key)
        elif isinstance(article, Article) and article.image is not None and not _words(article.alt):
            message = f"the picture of '{article.title}' has no alt text. Add `alt:` to the front matter."
            where = article.image.where if article.image.where.path else article.where
            yield Finding("image-alt", Severity.WARNING, message, where, subject.rendered.key)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each picture that has no alt at all, and for each link that is nothing but pictures without."""
    for picture in mail.page.shown("img"):
        source = picture.get("src") or ""
        if picture.get("alt") is None and not _is_pixel(picture) and picture.get("role") != "presentation":
            message = f"the picture '{source[:80]}' has no alt text."
            fix = 'Write alt="…", or alt="" for decoration.'
            yield RULES[0].finding(message, mail.at(picture, source), fix=fix)
            continue
        if _FILE.fullmatch(_words(picture.get("alt"))):
            message = f"'{_words(picture.get('alt'))[:80]}' is the name of a file, and no alt text."
            fix = 'Say what the picture shows, or write alt="" for decoration.'
            yield RULES[0].finding(message, mail.at(picture, _words(picture.get("alt"))), fix=fix)
        link = next(picture.iterancestors("a"), None)
        if link is not None and not words_of(link) and not (link.get("aria-label") or link.get("title")):
            message = (
                f"nothing says where the picture leads that links to {without_fields(link.get('href') or '')[:80]}."
            )
            yield RULES[0].finding(message, mail.at(picture, source), fix="Name the target in its alt text.")


def _is_pixel(picture: Element) -> bool:
    return picture.get("width") in ("0", "1") and picture.get("height") in ("0", "1")


def _words(alt: object) -> str:
    return str(alt or "").strip()


def _is_decoration(block: Block) -> bool:
    """Whether its author wrote an empty alt; a linked picture still has to say where it leads."""
    return block.fields.get("decorative") is True and not block.fields.get("link")
