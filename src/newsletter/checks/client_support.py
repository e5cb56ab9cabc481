"""What HTML and CSS of the mail does not work in the mail programs people use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from newsletter.checks.mail import Mail
from newsletter.checks.page import without_fields
from newsletter.checks.picture_kinds import kind_of
from newsletter.checks.rule import warning
from newsletter.model import Finding, Severity, Where

if TYPE_CHECKING:
    from newsletter.checks.clients.judging import Judgement
    from newsletter.checks.clients.uses import Use

RULES = (
    warning(
        "client-support",
        "Every mail program leaves out some of HTML and CSS, and each something else. An error when something the mail "
        "says is lost, a warning when its layout breaks, a note (`--notes`) when it merely looks plainer. What only "
        "Outlook reads (`[if mso]`) is judged for Outlook, and what makes up for a lack elsewhere counts. Once opens "
        "tell what your audience reads with (`newsletter audience clients`), each finding says how many it concerns, "
        "and what concerns less than 1 % of them is a note. Source: Can I Email (MIT), https://www.caniemail.com; the "
        "table that comes along is of 2026-06-29, and `newsletter check --update-support` fetches a newer one.",
    ),
)
_STYLE = re.compile(r"<style\b.*?</style", re.DOTALL | re.IGNORECASE)
_DECLARATION = re.compile(r"[-\w]+\s*:")
_NAME = 80
"""Characters of a picture's address that are told."""


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A finding for each feature and line of the author's, with how many more places there are."""
    if mail.support is None:
        return
    # A build checks parts, not mails: it would load a quarter of its modules for nothing.
    from newsletter.checks.clients.judging import judge_html

    # A style element is drawn together from many files, and has no mark of its own.
    sheets = [] if mail.in_file else [found.span() for found in _STYLE.finditer(mail.html)]
    places: dict[tuple[str, str, Where, tuple[str, ...]], tuple[Judgement, int]] = {}
    formats = {source: kind_of(content) for source, content in mail.pictures.items()}
    for one in judge_html(mail.html, mail.support, mail.clients, mail.shares, mail.small_share, formats):
        if one.severity == Severity.INFO and not mail.notes and not one.spared:
            continue
        for use in one.uses:
            key = (one.title, *_named(mail, use, sheets), one.clients)
            first, count = places.get(key, (one, 0))
            places[key] = (first, count + 1)
    for (_, name, where, _), (one, count) in places.items():
        often = f" ({count} places)" if count > 1 else ""
        share = None if one.part is None else one.part.most
        message = f"{one.message_about(name)}{often}"
        yield Finding("client-support", Severity(one.severity), message, where, "", one.fix, share)


def _named(mail: Mail, use: Use, sheets: Sequence[tuple[int, int]]) -> tuple[str, Where]:
    """What a picture is called whose format is told, and nothing for the rest; and where it was written."""
    element = mail.page.at_offset(use.start) if use.feature.startswith("image-") else None
    if element is None or element.tag != "img":
        return "", _where(mail, use, sheets)
    name, where = mail.places.of_picture(element)
    written = without_fields(name).strip()[:_NAME]
    return "" if written.lower().startswith("data:") else written, where


def _where(mail: Mail, use: Use, sheets: Sequence[tuple[int, int]]) -> Where:
    element = mail.page.at_offset(use.start)
    if mail.in_file or element is None:
        return mail.places.of_offset(use.start)
    end = mail.html.find(">", use.start)
    opened = mail.html.rfind("<!--", 0, use.start)
    if opened >= 0 and mail.html.find("-->", opened) > use.start:
        return mail.places.of_offset(use.start)
    if any(start < use.start < end for start, end in sheets):
        return mail.places.of_rule(use.excerpt, element)
    if _DECLARATION.match(use.excerpt) and end >= 0:
        return mail.places.of_style(use.excerpt, element)
    return mail.at(element)
