"""An article's text → its front matter and its body.

In: text that begins with YAML between `---` lines, TOML between `+++` lines, a JSON object, or none of them. Out: a
`Document` that knows the line of each field, the body, and the line the body begins on. Every failure says `path:line`.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

from newsletter.errors import FileProblems
from newsletter.files import Document, split_front_matter
from newsletter.model import Where

_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_TOML_KEY = re.compile(r"\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([\w-]++))\s*+=")
_TOML_TABLE = re.compile(r"\s*+\[{1,2}\s*+([\w-]++)")
_JSON_START = re.compile(r"\{\s*+[\"}]")
_JSON_KEY = re.compile(r"\s*+[{,]?\s*+\"((?>(?:[^\"\\]|\\.)*))\"\s*+:")


def split(text: str, name: str) -> tuple[Document, str, int]:
    """Front matter of file `name`, the body after it, and the line the body begins on."""
    start = re.match(r"(?>(?:[ \t]*+\n)*)", text)
    blank = start[0].count("\n") if start else 0
    rest = text[start.end() :] if start else text
    if re.match(r"\+\+\+[ \t]*+(?:\n|$)", rest):
        return _toml(rest, name, blank)
    if _JSON_START.match(rest):
        return _json(rest, name, blank) or (Document(name, {}, {(): 1}), text, 1)
    if blank and re.match(r"---[ \t]*+\n[\w\"'-]+[ \t]*+:", rest) and re.search(r"\n---[ \t]*+(?:\n|$)", rest):
        document, body, first = split_front_matter(rest, name)
        lines = {loc: line + blank for loc, line in document.lines.items()}
        return Document(name, document.data, lines), body, first + blank
    return split_front_matter(text, name)


def _toml(text: str, name: str, blank: int) -> tuple[Document, str, int]:
    lines = text.split("\n")
    closing = next((number for number in range(1, len(lines)) if lines[number].strip() == "+++"), None)
    if closing is None:
        message = "front matter opens with `+++` but no second `+++` line closes it."
        raise FileProblems.at(Where(name, blank + 1), message)
    first = blank + 2
    try:
        data = tomllib.loads("\n".join([*lines[1:closing], ""]))
    except (ValueError, RecursionError) as error:
        found = _TOML_LINE.search(str(error))
        line = first + int(found[1]) - 1 if found else first
        said = _TOML_LINE.sub("", str(error)).strip() or "nested too deeply"
        raise FileProblems.at(Where(name, min(line, blank + closing + 1)), f"broken TOML: {said}.") from error
    document = Document(name, data, {(): first, **_toml_lines(lines[1:closing], first)})
    return document, "\n".join(lines[closing + 1 :]), blank + closing + 2


def _toml_lines(lines: list[str], first: int) -> Mapping[tuple[str | int, ...], int]:
    found: dict[tuple[str | int, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(lines, first):
        heading, key = _TOML_TABLE.match(line), _TOML_KEY.match(line)
        if heading:
            table = (heading[1],)
            found.setdefault(table, number)
        elif key:
            found.setdefault((*table, key[1] or key[2] or key[3] or ""), number)
    return found


def _json(text: str, name: str, blank: int) -> tuple[Document, str, int] | None:
    """Front matter as a JSON object; None when the text only begins like one."""
    first = blank + 1
    try:
        data, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        if text.split("\n", 1)[0].strip() != "{":
            return None
        raise FileProblems.at(Where(name, first + error.lineno - 1), f"broken JSON: {error.msg}.") from error
    except (ValueError, RecursionError) as error:
        raise FileProblems.at(Where(name, first), "broken JSON: nested too deeply, or a number too long.") from error
    if text[end:].split("\n", 1)[0].strip():
        return None
    lines: dict[tuple[str | int, ...], int] = {(): first}
    for number, line in enumerate(text[:end].split("\n"), first):
        key = _JSON_KEY.match(line)
        if key:
            lines.setdefault((key[1],), number)
    body = text[end:]
    skipped = re.match(r"[ \t]*+\n?", body)
    body = body[skipped.end() :] if skipped else body
    return Document(name, data, lines), body, first + text.count("\n", 0, len(text) - len(body))
