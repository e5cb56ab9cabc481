"""Files of events → one event after the other, however large the file is.

In: JSON lists as a provider's webhook posts them, one after the other or one on each line, or JSON Lines of events.
Out: each event as it stands there, with its line, and what is none with why. One that is broken or too large is passed
over and the next one found: by its closing bracket, or by the next line that begins with one. Nothing larger than an
event is ever held.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from newsletter.errors import FileProblems
from newsletter.model import RejectedRow, Where

MOST = 1_000_000
"""Characters of one event; SendGrid's have about a thousand."""
TOO_LARGE = "larger than an event can be"
NOT_JSON = "not JSON, or cut off"
CUT_OFF = "the file ends in the middle of an event"
ENDS_EARLY = "the file ends before its list does"

_CHUNK = 262_144
_BETWEEN = re.compile(r"[\s,\[\]]*")
_NEXT = re.compile(r"[\n{]")
_MARKS = re.compile(r'["{}\n]')
_TEXT = re.compile(r'(?>(?:[^"\\\n]++|\\[^\n])*)')


def read_events(file: BinaryIO, name: str) -> Iterator[tuple[int, dict[str, Any]] | RejectedRow]:
    """The events with their lines, and what is none. Raises `FileProblems` when the file begins like no JSON."""
    text = _Text(file)
    text.skip(_BETWEEN)
    if text.rest and text.at() != "{":
        message = "must be JSON: the lists of events that the webhook posts, or an event on each line."
        raise FileProblems.at(Where(name, text.line), message)
    broken = False
    while text.rest:
        line = text.line
        if text.at() != "{":
            yield RejectedRow(line, NOT_JSON)
            text.skip_to(_NEXT)
        elif (found := text.take()) is not None:
            yield line, found
        else:
            broken = True
            yield RejectedRow(line, text.skip_broken())
        text.skip(_BETWEEN)
    if text.open_lists > 0 and not broken:
        yield RejectedRow(text.line, ENDS_EARLY)


class _Text:
    """The file as far as it is needed: a place in a piece of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._held = ""
        self._place = 0
        self._ended = False
        self._decoder = json.JSONDecoder()
        self.line = 1
        self.open_lists = 0

    @property
    def rest(self) -> bool:
        """Whether anything is left."""
        while self._place >= len(self._held) and not self._ended:
            self._more()
        return self._place < len(self._held)

    def at(self) -> str:
        return self._held[self._place]

    def skip(self, between: re.Pattern[str]) -> None:
        """Pass over what stands between events."""
        while self.rest:
            match = between.match(self._held, self._place)
            assert match is not None
            self.open_lists += match[0].count("[") - match[0].count("]")
            self._go(match.end())
            if self._place < len(self._held):
                return

    def skip_to(self, wanted: re.Pattern[str]) -> None:
        """Go to the next of these behind this place, or to the end."""
        self._go(self._place + 1)
        while self.rest:
            match = wanted.search(self._held, self._place)
            self._go(match.start() if match else len(self._held))
            if match:
                return

    def take(self) -> dict[str, Any] | None:
        """The event that begins here, and go behind it; None, and stay, when it is none or too large."""
        while True:
            try:
                found, end = self._decoder.raw_decode(self._held, self._place)
            except (ValueError, RecursionError):
                if self._ended or len(self._held) - self._place > MOST:
                    return None
                self._more()
                continue
            if end - self._place > MOST:
                return None
            self._go(end)
            return found if isinstance(found, dict) else {}

    def skip_broken(self) -> str:
        """Go behind the event that begins here and cannot be read; why it cannot."""
        depth, size = 0, 0
        while self.rest:
            match = _MARKS.search(self._held, self._place)
            size += self._go(match.start() if match else len(self._held))
            if match is None:
                continue
            mark = match[0]
            if mark == "\n" and self._following() in ("{", "["):
                return NOT_JSON
            size += self._go(self._place + 1)
            if mark == '"':
                passed, whole = self._skip_text()
                size += passed
                if not whole:
                    return NOT_JSON if self.rest else CUT_OFF
            depth += {"{": 1, "}": -1}.get(mark, 0)
            if mark == "}" and depth == 0:
                return TOO_LARGE if size > MOST else NOT_JSON
        return CUT_OFF

    def _skip_text(self) -> tuple[int, bool]:
        """Go behind the quote that ends a text; how far that is, and whether the text ends in its line."""
        size = 0
        while self.rest:
            match = _TEXT.match(self._held, self._place)
            assert match is not None
            size += self._go(match.end())
            if self._place == len(self._held):
                continue
            mark = self.at()
            if mark == '"':
                return size + self._go(self._place + 1), True
            if mark == "\n":
                break
            if self._following() in ("", "\n"):
                size += self._go(self._place + 1)
        return size, False

    def _following(self) -> str:
        """The character behind this place; empty at the end."""
        while len(self._held) - self._place < 2 and not self._ended:
            self._more()
        return self._held[self._place + 1 : self._place + 2]

    def _go(self, place: int) -> int:
        """Go to this place of the piece, or to its end; how far that is."""
        before, self._place = self._place, min(place, len(self._held))
        self.line += self._held.count("\n", before, self._place)
        return self._place - before

    def _more(self) -> None:
        """Read on; what was passed is let go."""
        piece = self._file.read(_CHUNK)
        self._ended = not piece
        self._held = self._held[self._place :] + self._decode(piece, not piece)
        self._place = 0
