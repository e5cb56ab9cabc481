"""What a use of a feature is: the feature, the case of it, where it stands, and who is none the worse for it."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.checks.clients.conditions import Readers


@dataclass(frozen=True, slots=True)
class Found:
    """A feature as a reader of CSS or HTML found it, before its place is known.

    `case` says how it is used where that matters (`negative`, `not-cell`); `relieved` who is none the worse for lacking
    it, because something beside it does the work there (a ghost table, a colour before the gradient).
    """

    feature: str
    case: str = ""
    relieved: Readers = Readers.NOBODY


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a feature. Line and column count from 1 in the HTML given, `start` and `end` are its offsets there.

    `readers` are those who read this part of the page at all, as conditional comments have it.
    """

    feature: str
    case: str
    start: int
    end: int
    line: int
    column: int
    excerpt: str
    readers: Readers
    relieved: Readers = Readers.NOBODY

    def concerns(self, outlook_windows: bool) -> bool:
        """Whether such a client reads this part and has nothing in the feature's place."""
        mine = Readers.OUTLOOK if outlook_windows else Readers.OTHERS
        return self.readers in (Readers.ALL, mine) and self.relieved not in (Readers.ALL, mine)
