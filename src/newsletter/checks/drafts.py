"""A draft is not for readers: an article with `draft: true` stops a send."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity, Where


def check(subject: Subject) -> Iterator[Finding]:
    """An error for each draft among the articles."""
    for article in subject.articles():
        if article.draft_line:
            yield Finding(
                "draft",
                Severity.ERROR,
                f"'{article.title}' is a draft. Remove `draft: true` when it is ready.",
                Where(article.where.path, article.draft_line),
                subject.rendered.key,
            )
