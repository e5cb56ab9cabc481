"""A `{profession}` path without a file leaves a hole in what that profession reads."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.rule import error
from newsletter.checks.subject import Subject
from newsletter.model import ArticleChoice, Finding, Severity

RULES = (
    error(
        "profession-gap",
        "A block names its article by `{profession}`, and there is no file for these readers, their parent "
        "professions or `default`: they would read a mail with a hole. Source: this program's own format.",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """An error for each block that finds no file for these readers."""
    for block in subject.variant.gaps:
        choice = block.fields.get("article")
        assert isinstance(choice, ArticleChoice)
        yield Finding(
            "profession-gap",
            Severity.ERROR,
            f"no file {choice.pattern} for '{subject.variant.profession.key}', its parents or default. Write one, "
            "or say `for:` on the block.",
            block.where,
            subject.rendered.key,
        )
