"""All checks over all subjects: findings, each once, with the variants it affects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from newsletter.checks.clients.shares import part_of
from newsletter.checks.mail import Mail
from newsletter.checks.registry import Check, all_checks, all_rules
from newsletter.checks.subject import Subject
from newsletter.expressions import TOKEN
from newsletter.model import Finding, Severity

_ORDER = tuple(Severity)
_TOKEN = re.compile(rf"{TOKEN.pattern}|\bmf[0-9a-f]{{2,14}}\b")
"""A token, or the beginning of one where a quotation ends."""
Chosen = Mapping[str, str]
"""Rule → 'error', 'warning', 'info' or 'off', as newsletter.yaml says under `checks:`."""


def run_checks(subjects: Iterable[Subject]) -> tuple[Finding, ...]:
    """The findings of all variants, errors first; one that affects several variants names them all."""
    return gathered(finding for subject in subjects for finding in findings_of(subject))


def findings_of(subject: Subject) -> tuple[Finding, ...]:
    """What the checks find in one variant: in its parts and, if its mail is given, in that."""
    chosen: Chosen = subject.settings.checks
    found: list[Finding] = []
    for check in _wanted(chosen):
        if check.of_issue:
            found += check.of_issue(subject)
    if subject.mail is not None:
        found = [_weighed(one, subject.mail) for one in found]
        found += (replace(one, variant=subject.rendered.key) for one in mail_findings(subject.mail, chosen))
    notes = subject.mail is not None and subject.mail.notes
    return tuple(one for one in as_chosen(found, chosen) if notes or not _is_plain_note(one))


def _is_plain_note(finding: Finding) -> bool:
    """Whether it is a note whoever reads. One that is a note because it concerns few is kept until it is known whether
    an author ignores it: their comment has its use, and will be needed when there are more."""
    return finding.severity is Severity.INFO and finding.share is None


def mail_findings(mail: Mail, chosen: Chosen) -> tuple[Finding, ...]:
    """What the checks find in any mail; notes only when they are asked for."""
    every = (one for check in _wanted(chosen) if check.of_mail for one in check.of_mail(mail))
    found = [_weighed(_as_written(one, mail), mail) for one in every]
    return tuple(one for one in as_chosen(found, chosen) if mail.notes or not _is_plain_note(one))


def _as_written(finding: Finding, mail: Mail) -> Finding:
    """With its author's `{{ … }}` in the place of tokens, whole or cut off, in what it quotes."""

    def written(token: re.Match[str]) -> str:
        source = next((one.source for one in mail.merge_fields if one.token.startswith(token[0])), None)
        whole = TOKEN.fullmatch(token[0])
        return token[0] if source is None else f"{{{{ {source} }}}}" if whole else "…"

    if not mail.merge_fields:
        return finding
    return replace(finding, message=_TOKEN.sub(written, finding.message), fix=_TOKEN.sub(written, finding.fix))


def _weighed(finding: Finding, mail: Mail) -> Finding:
    """With the part of the audience it concerns, where its rule is about some mail clients alone; a note when that is
    small."""
    rule = all_rules().get(finding.rule)
    if mail.shares is None or finding.share is not None or rule is None or not rule.clients:
        return finding
    part = part_of(rule.clients, mail.shares)
    severity = finding.severity if part.most >= mail.small_share else Severity.INFO
    message = f"{finding.message} That is {part.words}."
    return replace(finding, severity=severity, message=message, share=part.most)


def as_chosen(findings: Iterable[Finding], chosen: Chosen) -> tuple[Finding, ...]:
    """The findings of rules that are on, as grave as the settings say.

    A note of a rule that usually says more than notes stays one: it is what that rule would not have changed.
    """
    return tuple(
        replace(one, severity=Severity(chosen[one.rule])) if one.rule in chosen and not _is_aside(one) else one
        for one in findings
        if _is_on(one.rule, chosen)
    )


def _is_aside(finding: Finding) -> bool:
    known = all_rules().get(finding.rule)
    usual = Severity.WARNING if known is None else known.severity
    return finding.severity is Severity.INFO and usual is not Severity.INFO


def gathered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, with all its variants: errors first, of those what concerns most readers, then by file and
    line."""
    affected: dict[Finding, list[str]] = {}
    for finding in findings:
        keys = affected.setdefault(replace(finding, variant=""), [])
        if finding.variant and finding.variant not in keys:
            keys.append(finding.variant)
    found = [replace(finding, variant=", ".join(keys)) for finding, keys in affected.items()]
    return tuple(sorted(found, key=_rank))


def _rank(one: Finding) -> tuple[int, float, str, int]:
    """Where nothing says whom it concerns, it is everybody."""
    everybody = 1.0 if one.share is None else one.share
    return _ORDER.index(one.severity), -everybody, one.where.path, one.where.line


def _wanted(chosen: Chosen) -> list[Check]:
    """The checks of which at least one rule is on."""
    return [check for check in all_checks() if any(_is_on(rule.name, chosen) for rule in check.rules)]


def _is_on(rule: str, chosen: Chosen) -> bool:
    known = all_rules().get(rule)
    usual = "off" if known is not None and known.severity is None else "on"
    return chosen.get(rule, usual) != "off"
