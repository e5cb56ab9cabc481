"""What an edit must come to: the data of issue.yaml before it → the data after it.

In: text, edits. Out: plain data in which a column is always a list of blocks. What is written must read back as this.
Refuses places that are not there and edits that make no sense.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from newsletter.composing.places import Edit, Insert, Move, Place, Remove, Retarget, is_inside, landed
from newsletter.errors import Refused
from newsletter.files import Document, parse_yaml
from newsletter.model import Where


def read(text: str, name: str) -> dict[str, Any]:
    """The data of the text. Raises `FileProblems` for broken YAML, `Refused` for what is not an issue's shape."""
    data = _document(text, name).data
    if not isinstance(data, dict) or not isinstance(data.get("sections"), list):
        raise Refused(f"{name} has no list of sections yet. Write `sections:` with a block in it first.")
    for section in data["sections"]:
        if not isinstance(section, dict) or not isinstance(section.get("blocks"), list):
            raise Refused(f"{name} has a section without a list of blocks. Mend the file first.")
        for block in section["blocks"]:
            _spread(block)
    return data


def after(data: dict[str, Any], edit: Edit) -> tuple[dict[str, Any], Place]:
    """The data after the edit, and where what was edited stands then."""
    data = deepcopy(data)
    if isinstance(edit, Move):
        _check_move(data, edit)
        taken = _taken(data, edit.source)
        place = landed(edit)
        held(data, place[:-1]).insert(place[-1], taken)
        return data, place
    if isinstance(edit, Insert):
        _gap(data, edit.gap)
        lines = "  ".join(edit.written.splitlines(True))
        parsed: Any = parse_yaml(f"- {lines}", "the new block").data
        new = parsed[0]
        _spread(new)
        held(data, edit.gap[:-1]).insert(edit.gap[-1], new)
        return data, edit.gap
    if isinstance(edit, Remove):
        _taken(data, edit.source)
        return data, edit.source
    block = at(data, edit.source)
    if len(edit.source) % 2 or not isinstance(block, dict):
        raise _gone()
    names = _names(block)
    if isinstance(edit, Retarget) and set(names) != set(edit.professions):
        block.pop("for", None)
        if edit.professions:
            kept = [one for one in names if one in edit.professions]
            block["for"] = [*kept, *(one for one in edit.professions if one not in kept)]
    return data, edit.source


def at(data: dict[str, Any], place: Place) -> Any:
    """What stands at the place."""
    found = held(data, place[:-1])
    if not 0 <= place[-1] < len(found):
        raise _gone()
    return found[place[-1]]


def where(text: str, name: str, place: Place) -> Where:
    """The line of what stands at the place, or of the nearest thing around it."""
    loc: list[str | int] = []
    for level, number in enumerate(place):
        # A column's blocks stand right in it; everything else has a key above it.
        key = "sections" if not level else "blocks" if level == 1 else "columns" if level % 2 == 0 else ""
        loc += [key, number] if key else [number]
    return _document(text, name).where(*loc)


def held(data: dict[str, Any], place: Place) -> list[Any]:
    """The list that is kept at the place: sections, a section's blocks, a block's columns, a column's blocks."""
    found: Any = data["sections"]
    for level, number in enumerate(place):
        if not isinstance(found, list) or not 0 <= number < len(found):
            raise _gone()
        found = found[number]
        key = "blocks" if not level else "columns" if level % 2 else ""
        if key:
            found = found.get(key) if isinstance(found, dict) else None
    if not isinstance(found, list):
        raise _gone()
    return found


def _document(text: str, name: str) -> Document:
    return parse_yaml(text.replace("\r\n", "\n").replace("\r", "\n"), name)


def _names(block: dict[str, Any]) -> list[str]:
    names = block.get("for") or []
    return [str(one) for one in (names if isinstance(names, list) else [names])]


def _gap(data: dict[str, Any], gap: Place) -> None:
    if not gap or len(gap) == 3 or not 0 <= gap[-1] <= len(held(data, gap[:-1])):
        raise _gone()


def _check_move(data: dict[str, Any], move: Move) -> None:
    source, gap = move.source, move.gap
    at(data, source)
    if len(gap) != len(source) and (len(source) % 2 or len(gap) % 2):
        raise _gone()
    if not 0 <= gap[-1] <= len(held(data, gap[:-1])):
        raise _gone()
    if len(source) % 2 and source[:-1] != gap[:-1]:
        raise Refused("A column stays with its block; only the two columns of a block can change places.")
    if is_inside(gap, source):
        raise Refused("A block cannot be moved into itself.")


def _taken(data: dict[str, Any], source: Place) -> Any:
    at(data, source)
    holder = held(data, source[:-1])
    if len(holder) == 1 and len(source) > 2:
        raise Refused("A column cannot be empty. Put another block into it first, or remove the columns.")
    if len(holder) == 1 and len(source) == 1:
        raise Refused("An issue needs a section. Add another one first.")
    return holder.pop(source[-1])


def _spread(block: Any) -> None:
    """Make a list of every column."""
    if not isinstance(block, dict) or not isinstance(block.get("columns"), list):
        return
    block["columns"] = [one if isinstance(one, list) else [one] for one in block["columns"]]
    for cell in block["columns"]:
        for one in cell:
            _spread(one)


def _gone() -> Refused:
    return Refused("There is no such place in the issue any more. Look at it as it stands now, and try again.")
