"""Gmail cuts HTML off at about 102 KB, and the unsubscribe link goes with the rest; of styles it reads 16 KB.

Source: the hteumeuleu/email-bugs collection, #41 and #90; measured on the HTML as it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity

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
    ),
    warning(
        "style-size",
        "Gmail reads 16 KB of styles and drops the rest. Source: email-bugs #90.",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """A warning from 80 KB, an error from 100 KB; a warning for styles over 16 KB."""
    yield from _styles(subject)
    size = len(subject.rendered.html)
    if size < WARN:
        return
    severity = Severity.ERROR if size >= FAIL else Severity.WARNING
    message = f"the HTML is {size / 1000:.0f} KB; Gmail cuts it off at 102 KB. Show long articles as `summary`."
    yield Finding("html-size", severity, message, subject.issue.where, subject.rendered.key)


def _styles(subject: Subject) -> Iterator[Finding]:
    size = sum(len(style) for style in _STYLE.findall(subject.rendered.html))
    if size > STYLES:
        message = (
            f"the <style> blocks are {size:,} bytes; Gmail drops what goes beyond {STYLES:,}. Shorten the theme's CSS."
        )
        yield Finding("style-size", Severity.WARNING, message, subject.issue.where, subject.rendered.key)
