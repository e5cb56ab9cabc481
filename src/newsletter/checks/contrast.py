"""Colours that cannot be read on each other: the brand's own, in newsletter.yaml.

Source: WCAG 2.2, success criterion 1.4.3: running text needs a contrast of 4.5:1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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
    """A warning for each of the brand's colours that its ground makes unreadable, in light or in dark, at its line."""
    theme, brand = subject.theme, subject.settings.brand
    light: dict[str, _Chosen] = {role: _Chosen("colors", color) for role, color in brand.colors.items()}
    # Where a theme names no dark colour the brand's light one stands there too.
    dark = {role: one for role, one in light.items() if theme.dark[role] == one.color.lower()}
    dark.update({role: _Chosen("dark_colors", color) for role, color in brand.dark_colors.items()})
    yield from _judged(subject, theme.light, light, "")
    yield from _judged(subject, theme.dark, dark, " in dark mode")


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A colour of the brand's own, and the key below `brand` that it stands under."""

    key: str
    color: str


def _judged(
    subject: Subject, palette: Mapping[str, str], chosen: Mapping[str, _Chosen], mode: str
) -> Iterator[Finding]:
    """What cannot be read of a palette because of a colour the brand has chosen."""
    for text, ground in _TEXT:
        ratio = contrast(palette[text], palette[ground])
        culprit = next((role for role in (text, ground) if role in chosen), None)
        if ratio < READABLE and culprit:
            yield _finding(
                subject,
                chosen[culprit].key,
                culprit,
                f"{text} {palette[text]} on {ground} {palette[ground]} has a contrast of {ratio:.1f}:1{mode}; "
                f"text needs {READABLE}:1. Choose a darker or lighter {culprit}.",
            )
    role = "link" if "link" in chosen else "accent"
    if role in chosen and (ratio := contrast(chosen[role].color, palette["paper"])) < READABLE:
        key, color = chosen[role].key, chosen[role].color
        yield _finding(
            subject,
            key,
            role,
            f"{role} {color} has a contrast of {ratio:.1f}:1 on the page{mode}; text needs {READABLE}:1, so links and "
            f"section headings are drawn in {palette['link']}. Set brand.{key}.link to choose it yourself.",
        )


def _finding(subject: Subject, key: str, role: str, message: str) -> Finding:
    where = subject.settings.where("brand", key, role)
    return Finding("contrast", Severity.WARNING, message, where, subject.rendered.key)
