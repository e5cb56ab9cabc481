"""How an author or a designer may have written what a page says.

In: what a page says, and lines of a file. Out: the spellings to look for, or which of the lines says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from newsletter.expressions import TOKEN

_UTM = re.compile(r"[?&]utm_\w+=[^&#]*(?:&utm_\w+=[^&#]*)*")


def declares(declaration: str, lines: Sequence[str]) -> int | None:
    """The first line, from 0, with the declaration, or with its property when its value is a template's."""
    name = declaration.partition(":")[0].strip()
    wanted = re.sub(r"\s+", "", declaration)
    bare = [re.sub(r"\s+", "", line) for line in lines]
    exact = next((number for number, line in enumerate(bare) if wanted and wanted in line), None)
    if exact is not None or ":" not in declaration:
        return exact
    return next((number for number, line in enumerate(bare) if re.search(rf"(?<![\w-]){re.escape(name)}:", line)), None)


def beginnings(written: str) -> Iterator[str]:
    """What the line of a rule may say, from all that stands before its brace to what is least likely an expression."""
    head = written.partition("{")[0].rstrip("…").strip()
    if not head:
        return
    yield head
    if head.startswith("@"):
        feature = re.search(r"\(\s*[\w-]+", head)
        yield head.partition(" ")[0] + (f" {feature[0]}" if feature else "")
    else:
        yield head.partition(",")[0]
        yield from re.findall(r"::?[a-z-]+(?:\([^()]*\))?|\[[^\]]*\]", head)


def begins(beginning: str, lines: Sequence[str]) -> int | None:
    """The first line, from 0, with the beginning of a rule, whatever white space is in it."""
    wanted = re.sub(r"\s+", "", beginning)
    found = [number for number, line in enumerate(lines) if wanted in re.sub(r"\s+", "", line)]
    rules = [number for number in found if wanted + "{" in re.sub(r"\s+", "", lines[number])]
    return next(iter(rules or found), None)


def yaml_end(text: str, line: int) -> int:
    """The last line of what begins on that line of a YAML file: all that is indented deeper, and blank lines."""
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return line
    depth = _indent(lines[line - 1])
    end = line
    for number in range(line, len(lines)):
        if lines[number].strip() and not lines[number].lstrip().startswith("#") and _indent(lines[number]) <= depth:
            break
        if lines[number].strip():
            end = number + 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def spellings(sought: str, site_url: str) -> Iterator[str]:
    """How an author may have written what the page says: without what was added to an address, cut at merge fields."""
    pieces = [piece.strip() for piece in TOKEN.split(sought)]
    longest = max(pieces, key=len)
    if len(longest) < 2:
        return
    yield longest
    if "://" in longest:
        bare = _UTM.sub("", longest)
        yield bare
        yield unquote(bare)
        if site_url and bare.startswith(site_url + "/"):
            yield bare.removeprefix(site_url)
            yield bare.removeprefix(site_url + "/")
