"""Colours that cannot be read on each other: the brand's own, in newsletter.yaml.

Source: WCAG 2.2, success criterion 1.4.3: running text needs a contrast of 4.5:1.
"""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.colors import READABLE, contrast
from newsletter.model import Finding, Severity

_TEXT = (("ink", "paper"), ("muted", "paper"), ("ink", "tint"), ("muted", "tint"))
"""What is written in which colour on which ground."""

RULES = (
    warning(
        "contrast",
        "Text that stands out too little from its ground cannot be read by many, and by nobody in the sun. Running "
        "text needs a contrast of 4.5:1. Source: WCAG 2.2, success criterion 1.4.3.",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """A warning for each of the brand's colours that its ground makes unreadable, at its line."""
    theme, brand = subject.theme, subject.settings.brand
    for text, ground in _TEXT:
        ratio = contrast(theme.light[text], theme.light[ground])
        culprit = next((role for role in (text, ground) if role in brand.colors), None)
        if ratio < READABLE and culprit:
            yield _finding(
                subject,
                culprit,
                f"{text} {theme.light[text]} on {ground} {theme.light[ground]} has a contrast of {ratio:.1f}:1; "
                f"text needs {READABLE}:1. Choose a darker or lighter {culprit}.",
            )
    role = "link" if "link" in brand.colors else "accent"
    chosen = brand.colors.get("link") or brand.colors.get("accent") or ""
    if chosen and chosen.lower() != theme.light["link"]:
        ratio = contrast(chosen, theme.light["paper"])
        yield _finding(
            subject,
            role,
            f"{role} {chosen} has a contrast of {ratio:.1f}:1 on the page; text needs {READABLE}:1, so links and "
            f"section headings are drawn in {theme.light['link']}. Set brand.colors.link to choose it yourself.",
        )


def _finding(subject: Subject, role: str, message: str) -> Finding:
    where = subject.settings.where("brand", "colors", role)
    return Finding("contrast", Severity.WARNING, message, where, subject.rendered.key)
