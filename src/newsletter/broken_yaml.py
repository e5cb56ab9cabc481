"""What PyYAML says of broken YAML → the line to mend, and what to do there, in words for people.

In: the error and the text. Out: a line, counted from 0, and a sentence. A quote or a bracket that is never closed is
told where it was opened: the parser stumbles over it lines, and often screens, below.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

_CLOSING = {"[": "]", "{": "}"}
_OPENED = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_CLOSED = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)
_BROKEN = {
    "mapping values are not allowed": "a value with a colon in it needs quotes around it",
    "cannot start any token": "a tab, or a value that begins with @, % or `. Indent with spaces; put quotes around it",
    "undefined alias": "a value that begins with * needs quotes around it",
    "constructor": "a value that begins with ! needs quotes around it",
    "sequence entries are not allowed": "a list begins on a line of its own, under its key",
    "directive": "a line that begins with % needs quotes around it",
    "expected": "a bracket or a quote that is not closed, a wrong indentation, or a value with signs in it that needs "
    "quotes",
}
"""What people can do about a mistake, by a part of what the parser says of it."""


def mended_by(error: yaml.MarkedYAMLError, text: str, first_line: int) -> tuple[int, str]:
    """The line to mend, where the text begins on `first_line`, and what is wrong there."""
    line, words = _unclosed_quote(error, text, first_line) or _unclosed_bracket(error, text) or _elsewhere(error)
    return first_line + min(line, text.count("\n")), f"broken YAML: {words}."


def _elsewhere(error: yaml.MarkedYAMLError) -> tuple[int, str]:
    said = error.problem or str(error)
    mark = error.problem_mark or error.context_mark
    if "simple key" in (error.context or "") and error.context_mark is not None:
        # The parser stumbles over its end, which may be a line further down, or none at all.
        return error.context_mark.line, (
            "a key without a colon behind it, or words that go on from the line above and are not indented deeper"
        )
    return mark.line if mark else 0, next((words for part, words in _BROKEN.items() if part in said), said)


def _unclosed_quote(error: yaml.MarkedYAMLError, text: str, first_line: int) -> tuple[int, str] | None:
    """The quote that runs to the end of the text, or up to the next one of its kind, some lines further down."""
    runs_on = error.context_mark if (error.context or "").startswith("while scanning a quoted") else None
    stumbled = runs_on or error.problem_mark
    if stumbled is None:
        return None
    words = [one for one in _tokens(text[: stumbled.index]) if isinstance(one, yaml.ScalarToken)]
    last = words[-1] if words and words[-1].style in ("'", '"') else None
    if last is not None and not text[last.end_mark.index : stumbled.index].strip(" "):
        start, end = last.start_mark.line, last.end_mark.line
        if start < end:
            ends = f"what ends it is the next one, on line {first_line + end}"
            return start, f"`{last.style}` is opened here and never closed: {ends}"
    if runs_on is not None:
        return runs_on.line, f"`{text[runs_on.index]}` is opened here and never closed"
    return None


def _unclosed_bracket(error: yaml.MarkedYAMLError, text: str) -> tuple[int, str] | None:
    """The last bracket before the mistake that nothing closes, to the end of the text."""
    if error.problem_mark is None:
        return None
    opened: list[yaml.Mark] = []
    unclosed: list[yaml.Mark] = []
    for token in _tokens(text):
        mark = token.start_mark
        if isinstance(token, _OPENED):
            opened.append(mark)
        elif isinstance(token, _CLOSED):
            same = [at for at, one in enumerate(opened) if _CLOSING[text[one.index]] == text[mark.index]]
            if same:
                unclosed += opened[same[-1] + 1 :]
                del opened[same[-1] :]
    before = [one for one in (*unclosed, *opened) if one.index < error.problem_mark.index]
    if not before:
        return None
    last = max(before, key=lambda one: one.index)
    sign = text[last.index]
    return last.line, f"`{sign}` is opened here and never closed with `{_CLOSING[sign]}`"


def _tokens(text: str) -> Iterator[yaml.Token]:
    """The tokens of the text as far as it has any."""
    try:
        yield from yaml.scan(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return
