"""Every check there is: the files of this folder that say `RULES`.

A check is a file with `RULES`, and `check(subject)` for a variant of an issue, `check_mail(mail)` for any mail, or
both.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from newsletter import checks
from newsletter.checks.mail import Mail
from newsletter.checks.rule import Rule
from newsletter.checks.subject import Subject
from newsletter.errors import Problem, did_you_mean
from newsletter.model import Finding
from newsletter.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """A check as its file makes it: `quick` ones look at an issue's parts, the others read the whole page."""

    name: str
    rules: tuple[Rule, ...]
    of_issue: Callable[[Subject], Iterator[Finding]] | None
    of_mail: Callable[[Mail], Iterator[Finding]] | None


@cache
def all_checks() -> tuple[Check, ...]:
    """The checks in the order of their files' names."""
    found = []
    for module in pkgutil.iter_modules(checks.__path__, f"{checks.__name__}."):
        if module.ispkg:
            continue
        file = importlib.import_module(module.name)
        rules: tuple[Rule, ...] = getattr(file, "RULES", ())
        if rules:
            name = module.name.rpartition(".")[2]
            found.append(Check(name, rules, getattr(file, "check", None), getattr(file, "check_mail", None)))
    return tuple(found)


@cache
def all_rules() -> Mapping[str, Rule]:
    """Every rule by name."""
    return {rule.name: rule for check in all_checks() for rule in check.rules}


def problems_in(settings: Settings) -> tuple[Problem, ...]:
    """What newsletter.yaml says under `checks:` of rules there are not."""
    known = all_rules()
    return tuple(
        Problem(
            settings.where("checks", name),
            f"no rule '{name}'.{did_you_mean(name, known)} `newsletter check --rules` lists them.",
        )
        for name in settings.checks
        if name not in known
    )
