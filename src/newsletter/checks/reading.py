"""What reading had to change or leave out, said at the author's line: nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from newsletter.checks.subject import Subject
from newsletter.model import Finding


def check(subject: Subject) -> Iterator[Finding]:
    """The findings of the issue file and of every article these readers see."""
    yield from subject.issue.findings
    for article in subject.articles():
        for finding in article.findings:
            yield replace(finding, variant=subject.rendered.key)
