"""How bad it is for a reader that a client lacks a feature, what they see, and what the author does about it.

The severity follows from what a reader sees, not from how unusual the code is:

    LOST     something the mail says or offers is not there: a picture, a form, the design as a whole   error
    BROKEN   it is there, but the layout falls apart, text is hard to read, or hidden things show         warning
    PLAINER  the mail looks simpler and reads the same: square corners, no shadow, no hover                info
    NONE     nobody sees a difference, or every email does it and nothing better exists                not reported

A client that supports a feature in part is counted as lacking it in the cases listed in `cases.py`, and as having it in
all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Harm(StrEnum):
    """What a reader loses; the values are the severities."""

    LOST = "error"
    BROKEN = "warning"
    PLAINER = "info"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """The harm, what the reader sees (to follow 'In Yahoo …'), and how to fix it."""

    harm: Harm
    sees: str
    fix: str


LOST, BROKEN, PLAINER, NONE = Harm.LOST, Harm.BROKEN, Harm.PLAINER, Harm.NONE
UNSEEN = Effect(NONE, "", "")
_PLAIN_FIX = "Leave it if the mail reads well without it."


def plainer(sees: str, fix: str = _PLAIN_FIX) -> Effect:
    """An effect that makes the mail simpler and no worse to read."""
    return Effect(PLAINER, sees, fix)
