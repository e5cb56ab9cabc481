"""Options with an empty value → a usage error.

A script whose `$WHEN` is empty says `--at ""`: taken for no `--at` at all, that mails everybody at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

_MAY_BE_EMPTY = ("reason", "comment")
"""Words that are only kept and shown: a script that pauses a campaign should not fail for the lack of them."""

_Callback = Callable[[click.Context, click.Parameter, Any], Any]


def refuse_empty(command: click.Command) -> None:
    """Have the command, and all below it, raise `click.UsageError` for options that are given without a value."""
    for one in command.params:
        takes_words = isinstance(one, click.Option) and not one.is_flag and one.name not in _MAY_BE_EMPTY
        if takes_words and not isinstance(one.callback, _Filled):
            one.callback = _Filled(one.callback)
    for below in getattr(command, "commands", {}).values():
        refuse_empty(below)


class _Filled:
    """An option's callback, and before it the question whether there is a value."""

    def __init__(self, callback: _Callback | None) -> None:
        self._callback = callback

    def __call__(self, context: click.Context, option: click.Parameter, value: Any) -> Any:
        given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        values = value if isinstance(value, tuple) else (value,)
        if given and any(isinstance(one, str) and not one.strip() for one in values):
            raise click.UsageError(f"{option.opts[-1]}: the value is empty. Write one, or leave the option out.")
        return self._callback(context, option, value) if self._callback else value
