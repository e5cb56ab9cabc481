"""Gmail cuts a message's HTML off at about 102 KB, and the unsubscribe link goes with the rest.

Source: the hteumeuleu/email-bugs collection, #41 and #90; measured on the HTML as it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity

WARN = 80_000
FAIL = 100_000


def check(subject: Subject) -> Iterator[Finding]:
    """A warning from 80 KB, an error from 100 KB."""
    size = len(subject.rendered.html)
    if size < WARN:
        return
    severity = Severity.ERROR if size >= FAIL else Severity.WARNING
    message = f"the HTML is {size / 1000:.0f} KB; Gmail cuts it off at 102 KB. Show long articles as `summary`."
    yield Finding("html-size", severity, message, subject.issue.where, subject.rendered.key)
