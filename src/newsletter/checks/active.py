"""What a mail cannot do: run scripts, hold other pages, move its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from newsletter.checks.mail import Mail
from newsletter.checks.rule import warning
from newsletter.model import Finding, Severity, Where

RULES = (
    warning(
        "active-content",
        "Scripts, pages inside the page and handlers such as `onclick` are taken out by every mail program, and some "
        "filters refuse the whole mail for them; in an issue's templates they are an error. Moving text works in few "
        "programs and is hard on readers everywhere. "
        '`<script type="application/ld+json">`, which nobody runs, may stay. Source: Gmail\'s supported HTML; rules on '
        "active content of rspamd and Exchange; WCAG 2.2, success criterion 2.2.2.",
    ),
)
_RULE = RULES[0]
_FRAMES = ("iframe", "frame", "object", "embed", "applet")
_MOVING = ("marquee", "blink")
_SCRIPT = re.compile(r"<!--.*?-->|<script\b(?P<attributes>[^>]*)>", re.DOTALL | re.IGNORECASE)
_INERT = re.compile(r"type\s*=\s*[\"']?[^\"'\s>]*(?:json|template)", re.IGNORECASE)
"""What holds nothing to run: what Gmail reads of an order or a flight, or a template's own."""
_FIX_OF_MOVING = "Let the words stand."


def check_mail(mail: Mail) -> Iterator[Finding]:
    """Each at its tag; in an issue a template's, for what an author writes of them is taken out when it is read.

    Whoever sends an issue can mend its templates, so there it is an error, but for moving words.
    """
    for found in _SCRIPT.finditer(mail.html):
        if found["attributes"] is not None and not _INERT.search(found["attributes"]):
            yield _active(mail, "<script>", mail.places.of_offset(found.start()), "Take it out.")
    for element in mail.page.all():
        if element.tag in _MOVING:
            yield _RULE.finding(f"<{element.tag}> does nothing in a mail.", mail.at(element), fix=_FIX_OF_MOVING)
        if element.tag in _FRAMES:
            yield _active(mail, f"<{element.tag}>", mail.at(element), "Link to it, with a picture perhaps.")
        handler = next((name for name in element.attrib if name.lower().startswith("on") and len(name) > 4), None)
        if handler:
            yield _active(mail, f"`{handler}`", mail.at(element), "Take it out.")


def _active(mail: Mail, what: str, where: Where, fix: str) -> Finding:
    found = _RULE.finding(f"{what} does nothing in a mail.", where, fix=fix)
    return found if mail.in_file else replace(found, severity=Severity.ERROR)
