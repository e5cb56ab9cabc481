"""Read what people write: text, YAML, front matter, and how a file of fields becomes a checked value.

In: paths. Out: text, or a `Document`: plain data that knows the line of each of its parts. Every failure is a
`FileProblems` that says `path:line`. PyYAML lives here, and in `broken_yaml.py`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISDIR, S_ISFIFO, S_ISREG, S_ISSOCK
from typing import TYPE_CHECKING, TypeVar, get_args

import yaml

from newsletter.broken_yaml import mended_by
from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.model import Where

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

    Schema = TypeVar("Schema", bound=BaseModel)

Loc = tuple[str | int, ...]
_LEADING_ZERO = re.compile(r"[-+]?0[0-9_]+")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 40
_MAX_PARTS = 200_000
_STRAY = re.compile("[\udc80-\udcff]")
_ODD = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
_WINDOWS_1252 = {
    byte: bytes([byte]).decode("cp1252") for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_SIGNATURES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF",
    b"PK\x03\x04": "an archive or a word processor's file",
    b"\xd0\xcf\x11\xe0": "a word processor's file",
    b"{\\rtf": "a word processor's file (RTF)",
    b"\x1f\x8b": "a compressed file",
}


@dataclass(frozen=True, slots=True)
class Document:
    """Data of a file, and the line of each part by its path of keys and positions."""

    path: str
    data: object
    lines: Mapping[Loc, int] = field(default_factory=dict)

    def where(self, *loc: str | int) -> Where:
        """The line of that part, or of the nearest part around it."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return Where(self.path, self.lines.get(loc, 1))


def shown(path: Path, root: Path) -> str:
    """`path` as a person would name it: relative to the workspace where it lies inside."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return str(path)


def read_text(path: Path, name: str) -> str:
    """The file's text, with line ends as `\\n`. Refuses what is not UTF-8, naming the line."""
    content = read_bytes(path, name)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileProblems.at(
            Where(name, line),
            f"not UTF-8 text (byte 0x{content[error.start]:02x}). Save the file as UTF-8.",
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*")


def spreadsheet_cell(text: str) -> str:
    """`text` as a cell that no spreadsheet program computes: what looks like a formula gets an apostrophe before it.

    A number such as -5 stays itself. https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


@dataclass(frozen=True, slots=True)
class DecodedText:
    """Text of a file in whatever encoding it came, with line ends as `\\n`."""

    text: str
    encoding: str = ""
    """What it had to be read as; empty when it is UTF-8 all through."""
    line: int = 1
    """The first line that is not UTF-8."""


def decode_text(content: bytes, name: str) -> DecodedText:
    """The text of a file that other people's programs wrote: UTF-8, UTF-16 with its mark, else what fits best.

    Single stray bytes in UTF-8 are read as Windows-1252; a file that is not UTF-8 at all as the encoding it declares
    (`charset=…`), else as Windows-1252, which Latin-1 is a part of (https://encoding.spec.whatwg.org/#names-and-labels).
    Refuses what is no text: pictures, archives, documents of word processors.
    """
    kind = next((kind for start, kind in _SIGNATURES.items() if content.startswith(start)), "")
    if kind:
        raise FileProblems.at(Where(name), f"is {kind}, not text. Save its words as text, Markdown or HTML.")
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if content.startswith(mark):
            return DecodedText(_plain_lines(content.decode("utf-16", "replace"), name), "UTF-16")
    text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")
    stray = _STRAY.search(text)
    if stray is None:
        return DecodedText(_plain_lines(text, name))
    encoding = "Windows-1252"
    declared = re.search(
        rb"charset=[\"']?((?:iso-8859|windows-125|koi8|shift_jis|euc|gb|big5)[\w-]{0,20})", content[:2_000], re.I
    )
    if sum(1 for one in text if one > "\x7f" and not _STRAY.match(one)) >= len(_STRAY.findall(text)):
        decoded = _STRAY.sub(lambda byte: _windows_1252(bytes([ord(byte[0]) - 0xDC00])), text)
    elif declared and _is_encoding(declared[1].decode()):
        encoding = declared[1].decode()
        decoded = content.decode(encoding, "replace")
    else:
        decoded = _windows_1252(content)
    return DecodedText(_plain_lines(decoded, name), encoding, text.count("\n", 0, stray.start()) + 1)


def _windows_1252(content: bytes) -> str:
    """Its five empty places are control characters, as in Latin-1."""
    return content.decode("latin-1").translate(_WINDOWS_1252)


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _plain_lines(text: str, name: str) -> str:
    """The text with `\\n` for every line end and without what no text holds; refuses what is mostly that."""
    odd = len(_ODD.findall(text))
    if odd > 20 and odd > len(text) / 20:
        raise FileProblems.at(Where(name), "is not text. Save its words as text, Markdown or HTML, in UTF-8.")
    text = text.removeprefix("\ufeff").replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\u2028", "\n").replace("\u0085", "\n").replace("\u2029", "\n\n")


def read_bytes(path: Path, name: str) -> bytes:
    """The file's bytes; a missing or unreadable file is a problem of that file."""
    try:
        if not S_ISREG(path.stat().st_mode):
            # A pipe would be waited for, and a device may never end.
            raise FileProblems.at(Where(name), f"cannot be read: {kind_of_entry(path)}, not a file.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileProblems.at(Where(name), f"no such file.{_nearby(path)}") from error
    except OSError as error:
        raise FileProblems.at(Where(name), f"cannot be read: {error.strerror}.") from error


def read_yaml(path: Path, name: str) -> Document:
    """The YAML file as a document; an empty file is an empty mapping."""
    return parse_yaml(read_text(path, name), name)


def parse_yaml(text: str, name: str, first_line: int = 1) -> Document:
    """`text` as a document whose first line is line `first_line` of file `name`."""
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            return Document(name, {}, {(): first_line})
        reader = _NodeReader(name, first_line)
        data = reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        line, words = mended_by(error, text, first_line)
        raise FileProblems.at(Where(name, line), words) from error
    except yaml.YAMLError as error:
        raise FileProblems.at(Where(name, first_line), f"not readable as YAML: {error}.") from error
    if reader.problems:
        raise FileProblems(reader.problems)
    return Document(name, data, reader.lines)


def split_front_matter(text: str, name: str) -> tuple[Document, str, int]:
    """Front matter between two `---` lines, the body after it, and the line the body begins on."""
    lines = text.split("\n")
    if lines[0].strip() != "---":
        return Document(name, {}, {(): 1}), text, 1
    for number in range(1, len(lines)):
        if lines[number].strip() in ("---", "..."):
            document = parse_yaml("\n".join(lines[1:number]), name, first_line=2)
            if not isinstance(document.data, dict):
                raise FileProblems.at(Where(name, 2), "front matter must be `key: value` lines between two `---`.")
            return document, "\n".join(lines[number + 1 :]), number + 2
    raise FileProblems.at(Where(name, 1), "front matter opens with `---` but no second `---` line closes it.")


def front_matter_text(fields: Mapping[str, object]) -> str:
    """The fields as front matter, the two `---` lines included, a line for each value; it reads back the same."""
    text = yaml.dump(
        dict(fields), Dumper=_OneLine, allow_unicode=True, sort_keys=False, default_flow_style=False, width=10**6
    )
    return f"---\n{text if fields else ''}---\n"


class _OneLine(yaml.SafeDumper):
    """Writes a text of several lines as one, in quotes: a line `---` inside it must not end the front matter."""


_OneLine.add_representer(
    list, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=True)
)
_OneLine.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if len(text.splitlines()) > 1 or not text.isprintable() else None
    ),
)


def validated(schema: type[Schema], document: Document, what: str) -> Schema:
    """The document as a value of `schema`; all problems at once, each with its line and a suggestion."""
    from pydantic import ValidationError

    if not isinstance(document.data, dict):
        raise FileProblems.at(document.where(), f"{what} must be `key: value` lines.")
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        raise FileProblems(_problems(error, schema, document)) from error


def _problems(error: ValidationError, schema: type[BaseModel], document: Document) -> list[Problem]:
    found = []
    for issue in error.errors(include_url=False):
        # How pydantic says that the key itself is meant, and not what stands behind it.
        loc = tuple(part for part in issue["loc"] if part != "[key]")
        found.append(Problem(document.where(*loc), _explain(issue, loc, schema)))
    return found


def _explain(issue: ErrorDetails, loc: tuple[int | str, ...], schema: type[BaseModel]) -> str:
    kind, message = issue["type"], issue["msg"]
    key = ".".join(str(part) for part in loc)
    if kind == "extra_forbidden":
        known = _known_keys(schema, loc[:-1])
        suggestion = did_you_mean(str(loc[-1]), known)
        return f"unknown key '{key}'.{suggestion} Known: {', '.join(known)}."
    if kind == "missing":
        return f"'{key}' is missing."
    wanted = next((words for start, words in _WANTED.items() if kind.startswith(start)), "")
    if wanted:
        return f"'{key}' must be {wanted}."
    if kind in _BOUNDS:
        limits = issue["ctx"]
        if limits.get("min_length") == 1:
            return f"'{key}' must not be empty."
        # pydantic says "Value" for text that was looked at before it was measured.
        counted = "entries" if limits.get("field_type") in ("Tuple", "List", "Dictionary") else "characters"
        return f"'{key}' must {_BOUNDS[kind].format(counted=counted, **limits)}."
    text = message.removeprefix("Value error, ").removeprefix("Input ")
    return f"'{key}' {text[:1].lower()}{text[1:]}." if message.startswith("Input ") else f"'{key}': {text}."


_WANTED = {
    "string_type": "text; put quotes around it",
    "int_": "a whole number",
    "float_": "a number",
    "decimal_": "a number",
    "bool_": "true or false",
    "list_type": "a list: a line `- …` for each",
    "tuple_type": "a list: a line `- …` for each",
    "dict_type": "`key: value` lines",
    "model_type": "`key: value` lines",
    "date_": "a date such as 2026-03-02",
    "datetime_": "a date and time such as 2026-03-02 09:00",
    "time_": "a time such as 09:00",
}
"""What to write instead, by the beginning of the kind of mistake that pydantic names."""


_BOUNDS = {
    "greater_than_equal": "be at least {ge}",
    "less_than_equal": "be at most {le}",
    "too_long": "have at most {max_length} {counted}, and has {actual_length}",
    "too_short": "have at least {min_length} {counted}, and has {actual_length}",
    "string_too_long": "have at most {max_length} characters",
    "string_too_short": "have at least {min_length} characters",
}
"""What to keep to, by the kind of mistake that pydantic names."""


def _known_keys(schema: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    current: object = schema
    for part in loc:
        fields = getattr(current, "model_fields", {})
        found = next((one for name, one in fields.items() if part in (name, one.alias)), None)
        current = _model_in(found.annotation) if found else current
    fields = getattr(current, "model_fields", {})
    return [one.alias or name for name, one in fields.items()]


def _model_in(annotation: object) -> object:
    """The model that a field holds, also as one of several types or as the items of a list."""
    if hasattr(annotation, "model_fields"):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one)) is not None), None)


def kind_of_entry(path: Path) -> str:
    """What stands under that name, in words: a file, a folder, a pipe, a socket, a device."""
    mode = path.stat().st_mode
    kinds = {S_ISREG: "a file", S_ISDIR: "a folder", S_ISFIFO: "a pipe", S_ISSOCK: "a socket"}
    return next((words for is_kind, words in kinds.items() if is_kind(mode)), "a device")


def is_file(path: Path) -> bool:
    """Whether a file stands there; False also for what cannot be a path (too long, a NUL in it)."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _nearby(path: Path) -> str:
    try:
        if path.is_symlink():
            return f" It is a link to '{path.readlink()}', which is not there."
        siblings = [one.name for one in path.parent.iterdir()]
    except OSError:
        return ""
    return did_you_mean(path.name, siblings)


class _NodeReader:
    """Turns YAML nodes into plain data, remembering lines; refuses repeated keys, aliases and deep nesting."""

    def __init__(self, name: str, first_line: int) -> None:
        self.name = name
        self.first_line = first_line
        self.lines: dict[Loc, int] = {}
        self.problems: list[Problem] = []
        self._scalars = _Loader("")
        self._parts = 0

    def value(self, node: yaml.Node, loc: Loc) -> object:
        line = self.first_line + node.start_mark.line
        self.lines.setdefault(loc, line)
        self._parts += 1
        if len(loc) > _MAX_DEPTH or self._parts > _MAX_PARTS:
            raise FileProblems.at(Where(self.name, line), "nested too deeply, or aliases that multiply. Write it out.")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*loc, number)) for number, child in enumerate(node.value)]
        return self._scalar(node, line)

    def _scalar(self, node: yaml.Node, line: int) -> object:
        try:
            found = self._scalars.construct_object(node)
            # A postcode, not the octal number that YAML 1.1 makes of it (YAML 1.2 has no such numbers).
            return node.value if isinstance(found, int) and _LEADING_ZERO.fullmatch(str(node.value)) else found
        except (ValueError, KeyError, AttributeError, OverflowError) as error:
            # PyYAML recognises dates and numbers by their shape and lets whatever computing them raises pass.
            message = f"'{str(node.value)[:40]}' looks like a date or a number and is none. Put quotes around it."
            raise FileProblems.at(Where(self.name, line), message) from error

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = self.first_line + key_node.start_mark.line
            key = str(self._scalar(key_node, line)) if isinstance(key_node, yaml.ScalarNode) else "?"
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(Where(self.name, line), "a key must be plain text."))
            elif key in found:
                self.problems.append(Problem(Where(self.name, line), f"'{key}' stands here twice; keep one."))
            self.lines[(*loc, key)] = line
            found[key] = self.value(value_node, (*loc, key))
        return found


def moved(document: Document, *loc: str | int) -> Document:
    """The part of the document at `loc`, as a document of its own."""
    data = document.data
    for part in loc:
        data = data[part]  # type: ignore[index]  # the caller has seen that the part is there
    size = len(loc)
    lines = {key[size:]: line for key, line in document.lines.items() if key[:size] == loc}
    return replace(document, data=data, lines=lines)
