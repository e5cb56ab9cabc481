"""The `newsletter` command: finds the command asked for, runs it, and turns errors into words and exit codes.

Commands are imported when they are called, so that `--help` costs little more than Click itself.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import importlib
import os
import sys
from collections.abc import Mapping
from typing import NoReturn

import click

from newsletter import __version__
from newsletter.cli.empty_values import refuse_empty
from newsletter.cli.standard_streams import let_nobody_read, may_end_unread, open_closed

EPILOG = (
    "Exit codes: 0 done, 1 findings or refused, 2 could not start, 3 stopped part-way (run again), 130 interrupted."
)

_MANY_OBJECTS = 20_000

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("newsletter.cli.composing:init", "Make a new workspace with a sample issue."),
    "import": ("newsletter.cli.importing:import_", "Make articles of a file, a site or a feed."),
    "new": ("newsletter.cli.importing:new", "Begin an issue or an article."),
    "build": ("newsletter.cli.composing:build", "Render an issue: HTML, text and .eml per profession."),
    "preview": ("newsletter.cli.previewing:preview", "See what every profession reads, in the browser, as you write."),
    "check": ("newsletter.cli.checking:check", "Find what readers would regret, and say which line to edit."),
    "approve": ("newsletter.cli.approving:approve", "Approve an issue, or ask for changes."),
    "approvals": ("newsletter.cli.approving:approvals", "Show who approved an issue, and what changed since."),
    "review": ("newsletter.cli.reviewing:review", "Write one file for reviewers who have only a browser."),
    "test": ("newsletter.cli.testing:test", "Mail an issue to yourself as a reader gets it."),
    "inline": ("newsletter.cli.inlining:inline", "Move the CSS of any HTML email into style attributes."),
    "plan": ("newsletter.cli.sending:plan", "Show who would get what, and who is left out and why."),
    "send": ("newsletter.cli.sending:send", "Send an issue, or go on with one that was cut off."),
    "run-due": ("newsletter.cli.running:run_due", "Send everything that is due, once."),
    "status": ("newsletter.cli.campaigns:status", "Show where a campaign stands, or list them all."),
    "pause": ("newsletter.cli.campaigns:pause", "Stop a campaign until it is resumed."),
    "resume": ("newsletter.cli.campaigns:resume", "Let a paused campaign go on."),
    "cancel": ("newsletter.cli.campaigns:cancel", "End a campaign for good."),
    "events": ("newsletter.cli.events:events", "Take in what a provider tells: who got it, opened it, clicked."),
    "audience": ("newsletter.cli.people:audience", "Import, list and count the people an issue is for."),
    "suppress": ("newsletter.cli.suppressing:suppress", "Keep addresses and whole domains from ever being mailed."),
    "doctor": ("newsletter.cli.doctoring:doctor", "See whether this workspace, and its domain, are ready to send."),
    "db": ("newsletter.cli.databases:db", "Show the database's version, and bring it up to date."),
}


def _width() -> int:
    """The terminal's width for `--help`; Click's own way imports shutil and with it the archive formats."""
    try:
        return min(100, os.get_terminal_size(sys.stdout.fileno()).columns - 2)
    except (AttributeError, OSError, ValueError):  # closed, gone, or no terminal
        return 80


class LazyGroup(click.Group):
    """A group that knows its commands' names and first lines, and imports one only to run it."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        refuse_empty(command)
        return command

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from newsletter.errors import did_you_mean

            context.fail(f"no command '{name}'.{did_you_mean(name, COMMANDS)} See `newsletter --help`.")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(
    cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "terminal_width": _width()}
)
@click.option(
    "--workspace",
    type=click.Path(file_okay=False),
    help="The folder with newsletter.yaml. Default: here, or the nearest folder above.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, prog_name="newsletter")
@click.pass_context
def newsletter(context: click.Context, workspace: str | None, debug: bool) -> None:
    """Newsletters as code: write articles, review what each profession reads, send it once to everyone."""
    context.obj = {"workspace": workspace, "debug": debug}


refuse_empty(newsletter)


def run() -> NoReturn:
    """The console script."""
    open_closed()
    arguments = sys.argv[1:]
    let_nobody_read(arguments)
    _start_light()
    try:
        newsletter.main(args=arguments, prog_name="newsletter", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. Nothing that was recorded is lost.", err=True)
        sys.exit(130)
    except SystemExit as error:
        if not may_end_unread(arguments):
            # Of somebody else's code, such as a provider's: what was asked for may not have been done.
            sys.exit(_explain(error, arguments))
        # How Click ends when nobody reads its output any more: whoever was reading has seen enough.
        _give_up_output()
        sys.exit(0)
    except Exception as error:
        sys.exit(_explain(error, arguments))
    sys.exit(_flushed())


def _start_light() -> None:
    """Leave out what costs every command a quarter of its time.

    Modules are many objects and no garbage, so collecting can wait until there are more, and at the end, when all of it
    goes, nothing has to be looked for. pydantic asks every installed
    package for plugins; none of them is ours, and what else is installed has no business in here.
    """
    gc.set_threshold(_MANY_OBJECTS, 20, 20)
    atexit.register(gc.freeze)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _flushed() -> int:
    """Write out what is still held back for standard output, here, where its failure can be said; the exit code."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return _explain(error, [])
    return 0


def _is_of_output(error: BaseException) -> bool:
    """Whether standard output is what could not be written: errors of files name their file."""
    return (
        isinstance(error, OSError) and error.filename is None and error.errno in (errno.EPIPE, errno.ENOSPC, errno.EIO)
    )


def _give_up_output() -> None:
    """Let nothing more go to standard output: Python tries once more when it ends, and would complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explain(error: Exception | SystemExit, arguments: list[str]) -> int:
    """Print the error for a person (and as JSON when that was asked for); the exit code."""
    from newsletter.errors import NewsletterError

    if "--debug" in arguments:
        import traceback

        traceback.print_exception(error)
    if _is_of_output(error):
        _give_up_output()
        if isinstance(error, BrokenPipeError):
            return 0  # Whoever was reading has seen enough.
        message, code = f"standard output cannot be written to: {os.strerror(getattr(error, 'errno', 0))}.", 2
        arguments = []
    elif isinstance(error, NewsletterError):
        message, code = str(error), error.exit_code
    else:
        message = f"an error of the program itself: {type(error).__name__}: {error}. Add --debug after `newsletter`."
        code = 2
    for line in message.splitlines():
        click.echo(f"{click.style('Error:', fg='red', bold=True)} {line}", err=True)
    if "--json" in arguments and not _printed(error):
        import json

        document = {"message": message, "exit_code": code, "problems": _problems(error)}
        try:
            click.echo(json.dumps({"error": document}, indent=2))
        except OSError:
            _give_up_output()
    return code


def _problems(error: BaseException) -> list[dict[str, object]]:
    """The places to mend; those that checks found with all that `check --json` says of them."""
    from newsletter.errors import FileProblems, FindingsStop

    if isinstance(error, FindingsStop):
        # Loads what commands print with, which nobody needs who asks for help.
        from newsletter.cli.output import findings_json

        return findings_json(error.findings)
    problems = error.problems if isinstance(error, FileProblems) else ()
    return [{"file": one.where.path, "line": one.where.line, "message": one.message} for one in problems]


def _printed(error: BaseException) -> bool:
    """Whether a document is on standard output already."""
    return bool(getattr(error, "printed", False))
