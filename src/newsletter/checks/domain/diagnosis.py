"""What `doctor` says of one thing: whether it is well, and what to do when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How something stands; `UNKNOWN`: nobody could look."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at."""

    name: str
    state: State
    message: str
    fix: str = ""


Lookup = Callable[[str, str], tuple[str, ...]]
"""(name, kind of record: TXT, MX, A, AAAA, PTR) → the records as text, none when there are none; raises
`CouldNotLook`. An MX is `10 mail.example.org`, a TXT one string, a PTR asked for by its address."""


class CouldNotLook(Exception):
    """The name servers did not answer, or gave no sense: nothing is known of the records."""


def guarded(name: str, look: Callable[[], Diagnosis]) -> Diagnosis:
    """What looking gives, or that nobody could look."""
    try:
        return look()
    except CouldNotLook as error:
        return Diagnosis(name, State.UNKNOWN, f"could not look: {error}.")
