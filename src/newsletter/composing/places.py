"""Where in an issue a block stands, and the edits that can be made there.

A place is a tuple of numbers: (section,), (section, block), (section, block, column), (section, block, column, block)
and so on. A gap is a place where something can be put: before what stands there now, or one past the last.
"""

from __future__ import annotations

from dataclasses import dataclass

Place = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Take the section, block or column at `source` to `gap`; both as things stand before the move."""

    source: Place
    gap: Place


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a new block or section, as it is written below its dash, at `gap`."""

    gap: Place
    written: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a block or section out. Comments above it stay."""

    source: Place


@dataclass(frozen=True, slots=True)
class Retarget:
    """Say in `for:` who sees a block; nobody named: everybody."""

    source: Place
    professions: tuple[str, ...]


Edit = Move | Insert | Remove | Retarget


def landed(move: Move) -> Place:
    """Where what is moved stands afterwards."""
    return without(move.gap, move.source)


def back(move: Move) -> Move:
    """The move that takes this one back."""
    place = landed(move)
    home = move.source
    level = len(place) - 1
    if home[:level] == place[:level] and len(home) > level and home[level] >= place[level]:
        home = (*home[:level], home[level] + 1, *home[level + 1 :])
    return Move(place, home)


def without(place: Place, gone: Place) -> Place:
    """What the place is called when the one at `gone` is no longer there."""
    level = len(gone) - 1
    if place[:level] == gone[:level] and len(place) > level and place[level] > gone[level]:
        return (*place[:level], place[level] - 1, *place[level + 1 :])
    return place


def is_inside(place: Place, outer: Place) -> bool:
    """Whether the place lies in what stands at `outer`."""
    return len(place) > len(outer) and place[: len(outer)] == outer
