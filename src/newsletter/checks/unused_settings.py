"""A setting that is accepted and has no effect yet is said, so that nobody counts on it."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity, Where

RULES = (
    warning(
        "unused-setting",
        "A setting that has no effect in this version is said, so that nobody counts on it. Source: this "
        "program's own format.",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """A warning when `public_url` is set: nothing answers there yet."""
    if subject.settings.public_url:
        answer = subject.settings.sender.reply_to or subject.settings.sender.address
        message = f"public_url is not used in this version: readers unsubscribe by mail to {answer}."
        yield Finding("unused-setting", Severity.WARNING, message, Where("newsletter.yaml"))
