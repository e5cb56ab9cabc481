"""A draft is not for readers: an article with `draft: true` stops a send."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.rule import error
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity, Where

RULES = (
    error(
        "draft",
        "An article with `draft: true` is not ready for readers: its author says so. Remove the line when it "
        "is. Source: what `draft` means to the site generators that articles come from (Hugo's front matter).",
    ),
)


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
