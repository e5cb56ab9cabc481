"""The streams a command begins with: one that is closed becomes /dev/null, and one that nobody reads any more as well.

Whoever calls a command decides what becomes of its words, and never whether its work is done: `send` goes on when the
reader of its pipe has gone, or its terminal is closed.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO

_CLOSED = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
_SHOWS = ("status", "plan", "approvals", "check", "doctor", "audience list", "audience count", "suppress list")
"""Commands whose work is what they print, or would never end without a reader: they stop when nobody reads it."""


def open_closed() -> None:
    """Put /dev/null in the place of every standard stream that was closed before the program began.

    In the order of their numbers, so that each gets its own: otherwise the next file to be opened would, a database
    maybe, and be written to by whatever prints.
    """
    for name, mode in _CLOSED:
        if getattr(sys, name) is None:
            stream = os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8")
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def let_nobody_read(arguments: list[str]) -> None:
    """Have a command that does something go on, to its own exit code, when its output has no reader any more.

    Only the interpreter's own streams: who has put others in their place reads them.
    """
    if sys.stderr is sys.__stderr__:
        sys.stderr = _unread(sys.stderr)
    if sys.stdout is sys.__stdout__ and not may_end_unread(arguments):
        sys.stdout = _unread(sys.stdout)


def may_end_unread(arguments: list[str]) -> bool:
    """Whether the command only shows something, and has nothing left to do when nobody looks."""
    return _named(arguments) in _SHOWS


def _named(arguments: list[str]) -> str:
    """The command that is asked for, with its group, as far as `_SHOWS` needs to know it; nothing when none is."""
    words = iter(arguments)
    named: list[str] = []
    for word in words:
        if word == "--workspace":
            next(words, None)
        elif not word.startswith("-"):
            named.append(word)
    return " ".join(named[:2] if named[:1] in (["audience"], ["suppress"]) else named[:1])


def _unread(stream: TextIO | None) -> Any:
    """The stream, over a file that becomes /dev/null once nobody reads it."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(_Unread(stream.fileno(), "w", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


class _Unread(io.FileIO):
    """A file whose reader may go: a pipe that is closed at its other end, or a terminal that is gone.

    Or may never have been: a shell script that is begun with its streams closed has other files in their place, which
    are open for reading only.
    """

    def __init__(self, number: int, mode: str, closefd: bool) -> None:
        super().__init__(number, mode, closefd)
        self._gone = (errno.EPIPE, errno.EBADF, *([errno.EIO] if self.isatty() else []))

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in self._gone:
                raise
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, self.fileno())
        os.close(nobody)
        return super().write(data)
