"""Gmail cuts HTML off at about 102 KB, and the unsubscribe link goes with the rest; of styles it reads 16 KB.

Source: the hteumeuleu/email-bugs collection, #41 and #90; measured on the HTML as it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.clients.mail_clients import choose_clients
from newsletter.checks.mail import Mail
from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity, Where

WARN = 80_000
FAIL = 100_000
STYLES = 16_384
_STYLE = re.compile(r"<style[^>]*>(.*?)</style>", re.DOTALL)


RULES = (
    warning(
        "html-size",
        "Gmail shows the first 102 KB of a mail's HTML and hides the rest, unsubscribe link included, behind "
        "a link. A warning from 80 KB, an error from 100 KB. Source: email-bugs #41, measured on the HTML as "
        "it is sent.",
        choose_clients(("gmail",)),
    ),
    warning(
        "style-size",
        "Gmail reads 16 KB of styles and drops the rest. Source: email-bugs #90.",
        choose_clients(("gmail",)),
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """A warning from 80 KB, an error from 100 KB; a warning for styles over 16 KB."""
    advice = ("Show long articles as `summary`.", "Shorten the theme's CSS.")
    yield from _found(subject.rendered.html, advice, subject.issue.where, subject.rendered.key)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """The same of a file; an issue's mails have been checked by then."""
    if mail.in_file:
        first = _STYLE.search(mail.html)
        style = mail.places.of_offset(first.start() if first else 0)
        advice = ("Send less, or link to the rest.", "Shorten them.")
        yield from _found(mail.html, advice, mail.places.of_offset(0), "", style)


def _found(
    html: str, advice: tuple[str, str], where: Where, variant: str, style: Where | None = None
) -> Iterator[Finding]:
    styles = sum(len(one.encode()) for one in _STYLE.findall(html))
    if styles > STYLES:
        message = f"the <style> blocks are {styles:,} bytes; Gmail drops what goes beyond {STYLES:,}. {advice[1]}"
        yield Finding("style-size", Severity.WARNING, message, style or where, variant)
    size = len(html.encode())
    if size >= WARN:
        severity = Severity.ERROR if size >= FAIL else Severity.WARNING
        message = f"the HTML is {size / 1000:.0f} KB; Gmail cuts it off at 102 KB. {advice[0]}"
        yield Finding("html-size", severity, message, where, variant)
