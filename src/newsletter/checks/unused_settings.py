"""A setting that promises readers what this version cannot keep by itself is said, so that nobody counts on it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity

RULES = (
    warning(
        "unused-setting",
        "A setting that promises readers what this version cannot keep by itself is said, so that nobody counts on it. "
        "Source: this program's own format.",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """A warning when `public_url` is set: mail leads there, and no part of this program answers there."""
    settings = subject.settings
    if settings.public_url:
        message = (
            f"readers are told to unsubscribe at {settings.public_url}/unsubscribe/…, and nothing in this version "
            "answers there: a service of yours has to, to GET with a page and to POST with the unsubscription itself "
            "(RFC 8058). Without one, remove public_url, and they unsubscribe by mail."
        )
        yield Finding("unused-setting", Severity.WARNING, message, settings.where("public_url"))
