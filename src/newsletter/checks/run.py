"""All checks over all variants: findings, each once, with the variants it affects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from newsletter.checks import contrast, drafts, gaps, image_alt, pictures, reading, size, unused_settings
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity

_CHECKS = tuple(
    module.check for module in (contrast, drafts, gaps, image_alt, pictures, reading, size, unused_settings)
)


def run_checks(subjects: Iterable[Subject]) -> tuple[Finding, ...]:
    """The findings, errors first; one that affects several variants names them all."""
    affected: dict[Finding, list[str]] = {}
    for subject in subjects:
        for check in _CHECKS:
            for finding in check(subject):
                keys = affected.setdefault(replace(finding, variant=""), [])
                if finding.variant and finding.variant not in keys:
                    keys.append(finding.variant)
    found = [replace(finding, variant=", ".join(keys)) for finding, keys in affected.items()]
    return tuple(sorted(found, key=lambda one: (one.severity is not Severity.ERROR, one.where.path, one.where.line)))
