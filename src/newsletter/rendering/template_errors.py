"""What goes wrong in a template → the line to edit, in words for those who write issues and templates.

In: an error of Jinja, or of what a template calls. Out: a `FileProblems` at the template's line that names the block it
was drawn for; at the block's own line when only a key is missing there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from traceback import extract_tb

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError

from newsletter.errors import FileProblems, did_you_mean
from newsletter.model import Block, Where

FAILURES = (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What drawing a template can raise."""

_NO_KEY = re.compile(r"'dict object' has no (?:attribute|element) '?([^']+)'?")
_NO_SUCH = re.compile(r"No (filter|test) named '([^']*)'(?: found)?\.*")


def file_problems(
    error: Exception, shown: Callable[[Path], str], filters: Collection[str], block: Block | None = None
) -> FileProblems:
    """The error at the line to edit; `shown` is how a template's path is told, `block` what was being drawn."""
    if isinstance(error, TemplateNotFound):
        return FileProblems.at(Where(f"templates/{error.name}"), f"no such template.{_for(block)}")
    place = _place(error, shown)
    missing = _NO_KEY.fullmatch(str(error)) if isinstance(error, UndefinedError) else None
    if missing and block is not None:
        message = f"block '{block.type}': nothing is given as '{missing[1]}', which {place} asks for."
        return FileProblems.at(block.where, f"{message} Add it, or put `| default('')` behind it in the template.")
    return FileProblems.at(place, f"{in_words(error, filters)}{_for(block)}")


def in_words(error: Exception, filters: Collection[str]) -> str:
    """What is wrong, in a sentence; `filters` are those there are."""
    said = (error.message or "") if isinstance(error, TemplateSyntaxError) else str(error)
    unknown = _NO_SUCH.fullmatch(said)
    if not unknown:
        return f"{said.rstrip('.')}."
    hint = did_you_mean(unknown[2], filters) if unknown[1] == "filter" else ""
    return f"there is no {unknown[1]} '{unknown[2]}'.{hint}"


def _for(block: Block | None) -> str:
    return f" It is drawn for the block at {block.where}." if block is not None and block.where.path else ""


def _place(error: Exception, shown: Callable[[Path], str]) -> Where:
    if isinstance(error, TemplateSyntaxError):
        return Where(shown(Path(error.filename)) if error.filename else str(error.name), error.lineno)
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
    return Where(shown(Path(frames[-1].filename)), frames[-1].lineno or 0) if frames else Where("templates")
