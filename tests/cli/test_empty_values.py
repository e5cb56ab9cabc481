"""An option without its value is a mistake of a script, and never means "without this option"."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from newsletter.cli.main import COMMANDS, newsletter


@pytest.mark.parametrize(
    "arguments",
    [
        "send letter --yes --at",
        "send letter --yes --campaign",
        "send letter --yes --winner",
        "send letter --yes --force",
        "plan letter --campaign",
        "test letter --to",
        "test letter --to me@example.org --as",
        "approve letter --by",
        "events import - --complete-until",
        "suppress add a@example.org --audience",
    ],
)
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_value_is_refused_before_anything_is_done(arguments: str, empty: str) -> None:
    done = CliRunner().invoke(newsletter, [*arguments.split(), empty])
    option = arguments.split()[-1]
    assert (done.exit_code, f"{option}: the value is empty." in done.stderr) == (2, True), done.output


def test_words_that_are_only_kept_may_be_empty() -> None:
    done = CliRunner().invoke(newsletter, ["--workspace", "/nowhere", "pause", "letter", "--reason", ""])
    assert "empty" not in done.output + str(done.exception)


def test_no_command_takes_an_empty_value_for_none() -> None:
    runner = CliRunner()
    asked = 0
    for path, option in _valued_options():
        done = runner.invoke(newsletter, [*path, option.opts[-1], ""])
        assert f"{option.opts[-1]}: the value is empty" in done.output, (path, option.opts)
        asked += 1
    assert asked > 20


def _valued_options() -> Iterator[tuple[list[str], click.Option]]:
    """Every option that takes words, with the command it belongs to."""
    left = [
        ([name], getattr(importlib.import_module(module.partition(":")[0]), module.partition(":")[2]))
        for name, (module, _) in COMMANDS.items()
    ]
    while left:
        path, command = left.pop()
        left += [([*path, name], below) for name, below in getattr(command, "commands", {}).items()]
        for one in command.params:
            takes_words = isinstance(one, click.Option) and isinstance(one.type, click.types.StringParamType)
            may_be_empty = getattr(one, "is_flag", False) or one.name in ("reason", "comment")
            if isinstance(one, click.Option) and takes_words and not may_be_empty:
                yield path, one
