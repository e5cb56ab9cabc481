"""What a mail cannot do: run scripts, hold other pages, move its words."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.rule import warning
from newsletter.model import Finding

RULES = (
    warning(
        "active-content",
        "Scripts, pages inside the page and handlers such as `onclick` are taken out by every mail program, and some "
        "filters refuse the whole mail for them; moving text works in few programs and is hard on readers everywhere. "
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
_FIXES = {
    **dict.fromkeys(_FRAMES, "Link to it, with a picture perhaps."),
    **dict.fromkeys(_MOVING, "Let the words stand."),
}


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each in a file; what an author of an issue writes of them is taken out when it is read."""
    if not mail.in_file:
        return
    for found in _SCRIPT.finditer(mail.html):
        if found["attributes"] is not None and not _INERT.search(found["attributes"]):
            where = mail.places.of_offset(found.start())
            yield _RULE.finding("<script> does nothing in a mail.", where, fix="Take it out.")
    for element in mail.page.all():
        if element.tag in _FIXES:
            message = f"<{element.tag}> does nothing in a mail."
            yield _RULE.finding(message, mail.at(element), fix=_FIXES[element.tag])
        handler = next((name for name in element.attrib if name.lower().startswith("on") and len(name) > 4), None)
        if handler:
            yield _RULE.finding(f"`{handler}` does nothing in a mail.", mail.at(element), fix="Take it out.")
