"""Find the `{{ … }}` that authors write and put an opaque token in the place of each.

In: text as written, with the file and line it begins on. Out: the same text with tokens, and an `Expression` per
token. A token is plain ASCII letters and digits, so Markdown, HTML parsers, URL escaping and CSS inlining leave it
alone. Refuses `{% … %}` that names our words: conditions belong to `for:` in issue.yaml.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from newsletter.errors import FileProblems
from newsletter.model import Context, Expression, Where

NAMES = ("recipient", "profession", "another_profession", "issue")
"""What an expression may start from."""

OPEN = "z"
"""The last letter of a token whose context is not decided yet (see `model.Context` for the others)."""

TOKEN = re.compile(r"mf[0-9a-f]{14}[" + OPEN + "".join(context.value for context in Context) + "]")

_START = re.compile(r"\{\{[-+]?\s*(?P<name>[A-Za-z_]\w*)?")
_STATEMENT = re.compile(r"\{%(?>(?:[^%{]|%(?!\})|\{(?!%))*)%\}")
_QUOTED = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)


def swap(
    text: str, where: Where, *, every: bool = False, names: tuple[str, ...] = NAMES
) -> tuple[str, tuple[Expression, ...]]:
    """`text` with each expression that starts from one of `names` replaced by its token.

    `every`: other braces are an error (issue.yaml) instead of being left as text (articles: code samples,
    shortcodes).
    """
    for statement in _STATEMENT.finditer(text):
        ours = next((name for name in names if name != "issue" and re.search(rf"\b{name}\b", statement[0])), None)
        if ours is None:
            continue
        raise FileProblems.at(
            _moved(where, text, statement.start()),
            f"`{{% … {ours} … %}}` cannot be used here. Use `for:` on the block in issue.yaml, or a value with "
            "a fallback: `{{ recipient.first_name | default('there') }}`.",
        )
    out: list[str] = []
    found: list[Expression] = []
    position = 0
    for start in _START.finditer(text):
        if start.start() < position:
            continue
        name = start["name"] or ""
        if name not in names and not every:
            continue
        here = _moved(where, text, start.start())
        if name not in names:
            raise FileProblems.at(
                here,
                f"`{text[start.start() : start.start() + 30].splitlines()[0]}` cannot stand here. "
                f"An expression starts from {', '.join(names)}.",
            )
        end = _end(text, start.end())
        if end < 0:
            raise FileProblems.at(here, f"`{{{{ {name}` is never closed with `}}}}`.")
        source = " ".join(text[start.end() - len(name) : end].rstrip("-+ \n\t").split())
        expression = Expression(_token(source), source, here)
        found.append(expression)
        out += [text[position : start.start()], expression.token]
        position = end + 2
    out.append(text[position:])
    return "".join(out), tuple(found)


def tokens_in(text: str) -> list[str]:
    """Every token in `text`, in order, repeated as often as it stands there."""
    return TOKEN.findall(text)


def in_context(token: str, context: Context) -> str:
    """The token as it reads once it is known where it stands."""
    return token[:-1] + context.value


def _token(source: str) -> str:
    return f"mf{blake2b(source.encode(), digest_size=7).hexdigest()}{OPEN}"


def _end(text: str, position: int) -> int:
    """Where the closing `}}` stands, passing over quoted text; -1 when there is none."""
    while position < len(text):
        quoted = _QUOTED.match(text, position)
        if quoted:
            position = quoted.end()
        elif text.startswith("}}", position):
            return position
        else:
            position += 1
    return -1


def _moved(where: Where, text: str, offset: int) -> Where:
    return Where(where.path, where.line + text.count("\n", 0, offset)) if where.line else where
