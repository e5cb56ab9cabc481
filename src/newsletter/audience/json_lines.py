"""JSON Lines (one object a line) → Records: the columns are the keys of the first objects, in their order.

A line that is no object is a record with a reason. Values become text as they were written; a list or an object stays
JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TextIO

from newsletter.audience.records import Record, Records
from newsletter.audience.subscriber_files import SubscriberFile
from newsletter.audience.tables import decodable

MOST_LINE = 1_000_000
"""Characters on a line; a longer one is rejected unread."""

_LOOKED_AT = 500
_MOST_KEYS = 2_000
_Object = tuple[int, dict[str, object] | str, str]


@contextmanager
def open_json_lines(file: SubscriberFile) -> Iterator[Records]:
    """The file's keys as a header, and its objects as records."""
    with decodable(file), file.path.open(encoding=file.encoding) as text:
        keys: dict[str, None] = {}
        for _, found, _ in islice(_objects(text, file.ends_whole), _LOOKED_AT):
            keys |= dict.fromkeys(found if isinstance(found, dict) else ())
        text.seek(0)
        header = tuple(list(keys)[:_MOST_KEYS])
        yield Records(header, 0, _records(_objects(text, file.ends_whole), header), "JSON Lines", file.notes, True)


def _records(objects: Iterator[_Object], header: tuple[str, ...]) -> Iterator[Record]:
    for line, found, reason in objects:
        if isinstance(found, str):
            yield line, [found], reason
        else:
            yield line, [_text(found.get(key)) for key in header], ""


def _objects(text: TextIO, ends_whole: bool) -> Iterator[_Object]:
    number = 0
    while line := text.readline(MOST_LINE):
        number += 1
        if len(line) == MOST_LINE and not line.endswith("\n"):
            while (rest := text.readline(MOST_LINE)) and not rest.endswith("\n"):
                pass
            yield number, line[:1_000], f"the line is longer than {MOST_LINE:,} characters"
            continue
        if line.isspace():
            continue
        try:
            # Numbers stay the text they were: 1.10 is not 1.1, and one of a million digits is not worked out.
            found = json.loads(line, parse_int=str, parse_float=str, parse_constant=str)
        except (ValueError, RecursionError) as error:
            said = str(error).partition(":")[0].lower() if isinstance(error, ValueError) else "nested too deeply"
            cut = "" if line.endswith("\n") or ends_whole else "; was the file cut off?"
            yield number, line.rstrip("\n"), f"not readable as JSON: {said}{cut}"
            continue
        if isinstance(found, dict):
            yield number, found, ""
        else:
            yield number, line.rstrip("\n"), "not an object: write {…} on each line"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply"
