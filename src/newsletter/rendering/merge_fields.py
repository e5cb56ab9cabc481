"""What `{{ … }}` means: which are filled in per variant, which per recipient, and their values.

In: expressions as authors wrote them. Out: values. Expressions run in a sandbox without attribute access to anything
but the values given. Refuses unknown names and fields, and expressions that fail for a reader who lacks a value, all
at build time and each at its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import ChainableUndefined, StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.model import Expression, MergeField
from newsletter.rendering.template_errors import in_words

_PLAIN_FIELD = re.compile(r"recipient\.(\w+)(?:\s*\|\s*default\(\s*(?:'([^'\\]*)'|\"([^\"\\]*)\")\s*\))?")

Value = Callable[[Mapping[str, str]], str]
"""A recipient's frozen values → what stands in the place of one merge field."""


class _Missing(ChainableUndefined):
    """A field the audience has and this reader lacks: prints as nothing, and `default` takes over."""


@dataclass(frozen=True, slots=True)
class _Recipient:
    values: Mapping[str, str]


class _Expressions(SandboxedEnvironment):
    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, _Recipient):
            value = obj.values.get(attribute)
            return value if value else _Missing(name=f"recipient.{attribute}")
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        return self.getattr(obj, str(argument)) if isinstance(obj, _Recipient) else super().getitem(obj, argument)


_environment = _Expressions(undefined=StrictUndefined)


@dataclass(frozen=True, slots=True)
class Expressions:
    """The expressions of an issue, told apart by when they get their value; both by token."""

    per_variant: Mapping[str, Expression]
    per_recipient: Mapping[str, Expression]


def sort_expressions(expressions: Iterable[Expression], recipient_fields: Sequence[str]) -> Expressions:
    """Tell per-variant from per-recipient expressions; raises `FileProblems` for all that cannot work."""
    return _sorted(tuple(expressions), tuple(recipient_fields))


@lru_cache(maxsize=16)
def _sorted(expressions: tuple[Expression, ...], recipient_fields: tuple[str, ...]) -> Expressions:
    """Once per issue, not once per variant."""
    per_variant: dict[str, Expression] = {}
    per_recipient: dict[str, Expression] = {}
    problems: list[Problem] = []
    for expression in expressions:
        try:
            tree = _environment.parse("{{ " + expression.source + " }}")
            _environment.compile(tree)
        except TemplateError as error:
            problems.append(
                Problem(
                    expression.where,
                    f"`{{{{ {expression.source} }}}}` cannot be read: {in_words(error, _environment.filters)}",
                )
            )
            continue
        names = meta.find_undeclared_variables(tree)
        if "recipient" in names:
            problems += _recipient_problems(expression, tree, names, recipient_fields)
            per_recipient[expression.token] = expression
        else:
            per_variant[expression.token] = expression
    if problems:
        raise FileProblems(problems)
    return Expressions(per_variant, per_recipient)


def variant_value(expression: Expression, variables: Mapping[str, object]) -> str:
    """The value of a per-variant expression."""
    try:
        return str(_template(expression.source).render(variables))
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise FileProblems.at(expression.where, f"`{{{{ {expression.source} }}}}` has no value: {error}.") from error


def recipient_values(fields: Sequence[MergeField]) -> dict[str, Value]:
    """For each source among the fields, how to get its value from a recipient's frozen values."""
    return {source: _value(source) for source in dict.fromkeys(field.source for field in fields)}


def fields_named(fields: Iterable[MergeField]) -> frozenset[str]:
    """The recipient's fields that the merge fields' expressions name: nothing else of a person is needed to fill them
    in."""
    sources = {one.source for one in fields}
    return frozenset(name for one in sources for name in _fields_named(_environment.parse("{{ " + one + " }}")))


@lru_cache(maxsize=1024)
def _template(source: str) -> Template:
    return _environment.from_string("{{ " + source + " }}")


def _value(source: str) -> Value:
    plain = _PLAIN_FIELD.fullmatch(source)
    if plain:
        name, fallback = plain[1], plain[2] or plain[3] or ""
        return lambda values: values.get(name) or fallback
    template = _template(source)
    return lambda values: str(template.render(recipient=_Recipient(values)))


def _recipient_problems(
    expression: Expression, tree: nodes.Template, names: set[str], recipient_fields: Sequence[str]
) -> list[Problem]:
    shown = f"`{{{{ {expression.source} }}}}`"
    others = sorted(names - {"recipient"})
    if others:
        message = f"{shown} mixes recipient with {', '.join(others)}. Write them as expressions of their own."
        return [Problem(expression.where, message)]
    named = _fields_named(tree)
    wrong = [name for name in named if name not in recipient_fields]
    if wrong:
        known = ", ".join(recipient_fields)
        return [
            Problem(
                expression.where,
                f"unknown merge field 'recipient.{one}'.{did_you_mean(one, recipient_fields)} Known: {known}.",
            )
            for one in wrong
        ]
    if not named:
        return [
            Problem(expression.where, f"{shown} names no field. Write {{{{ recipient.first_name }}}}, for example.")
        ]
    try:
        _value(expression.source)({})
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        message = f"{shown} fails for a reader without a value ({error}). Add a fallback: `| default('…')`."
        return [Problem(expression.where, message)]
    try:
        _value(expression.source)(dict.fromkeys(recipient_fields, "1"))
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        message = f"{shown} fails for a reader with a value, because values are text ({error}). Try `| int`."
        return [Problem(expression.where, message)]
    return []


def _fields_named(tree: nodes.Template) -> list[str]:
    """What stands behind `recipient.` (or in `recipient[…]`); '?' for a name that is computed."""
    attributes = [(node.node, node.attr) for node in tree.find_all(nodes.Getattr)]
    items = [(node.node, str(getattr(node.arg, "value", "?"))) for node in tree.find_all(nodes.Getitem)]
    return [name for of, name in (*attributes, *items) if isinstance(of, nodes.Name) and of.name == "recipient"]
