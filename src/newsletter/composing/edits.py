"""An issue.yaml and an edit → the file's text after it, and where the block stands then.

In: text and an edit. Out: text in which every line the edit does not touch is what it was, byte for byte: comments,
order, quotes, line ends. Refuses an edit that the file's way of writing does not allow, and any that would not read
back as exactly what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.composing import meaning, targets
from newsletter.composing.lists import (
    Chunk,
    Lines,
    brackets_of,
    chunk_of,
    comments_end,
    line_end_of,
    lines_of,
    single_of,
)
from newsletter.composing.places import Edit, Insert, Move, Place, Remove, landed
from newsletter.composing.tree import Kind, Node, OnlyByHand, by_hand, read_tree
from newsletter.errors import FileProblems, Refused

_MARK = "\ufeff"
_EMPTY = re.compile(r"(?:[ \t]*(?:\r\n|\n|\r))+")


@dataclass(frozen=True, slots=True)
class Edited:
    """The text after an edit, and the place of what was edited; for something removed, the gap it left."""

    text: str
    place: Place


def edited(text: str, edit: Edit, name: str = "issue.yaml") -> Edited:
    """The text after the edit; `name` is what messages call the file.

    Raises `Refused` when the edit cannot be made, `FileProblems` for text that cannot be read.
    """
    mark = _MARK if text.startswith(_MARK) else ""
    body = text.removeprefix(mark)
    line_end = line_end_of(body)
    ended = body.endswith(("\n", "\r"))
    whole = body if ended else body + line_end
    before = meaning.read(whole, name)
    wanted, place = meaning.after(before, edit)
    if wanted == before:
        return Edited(text, place)
    try:
        changed = _changed(whole, edit)
        if meaning.read(changed, name) != wanted:
            raise by_hand()
    except (OnlyByHand, FileProblems) as error:
        where = meaning.where(whole, name, edit.gap if isinstance(edit, Insert) else edit.source)
        raise Refused(
            f"{where}: what stands there cannot be changed here: it is an alias, or laid out in an unusual way. "
            "Edit the file by hand."
        ) from error
    return Edited(mark + (changed if ended else changed.removesuffix(line_end)), place)


def _changed(text: str, edit: Edit) -> str:
    if isinstance(edit, Move):
        if edit.source[:-1] == edit.gap[:-1]:
            return _reordered(text, edit)
        rest, chunk = _taken(text, edit.source)
        return _put(rest, landed(edit), chunk, _usual_offset(text))
    if isinstance(edit, Insert):
        return _put(text, edit.gap, chunk_of(edit.written, line_end_of(text)), _usual_offset(text))
    if isinstance(edit, Remove):
        return _removed(text, edit.source)
    return targets.retargeted(text, _block(text, edit.source), edit.professions)


# ── the list at a place ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Holder:
    """What holds blocks (or sections, or columns): its node, and the nodes around it."""

    node: Node
    around: Node
    """For a section's blocks the section, for a column's blocks the list of columns."""


def _holder(text: str, place: Place) -> _Holder:
    root = read_tree(text)
    found, around = root.value("sections"), root
    for level, number in enumerate(place):
        if found is None:
            raise by_hand()
        around, found = _step(found, number, level)
    if found is None or Kind.ALIAS in (found.kind, around.kind):
        raise by_hand()
    return _Holder(found, around)


def _step(holder: Node, number: int, level: int) -> tuple[Node, Node | None]:
    """One number of a place further: (what is around, the list that is meant)."""
    if Kind.ALIAS is holder.kind or (holder.is_sequence and number >= len(holder.children)):
        raise by_hand()
    item = holder.children[number] if holder.is_sequence else holder
    if level and level % 2 == 0:
        return holder, item
    return item, item.value("blocks" if not level else "columns")


def _usual_offset(text: str) -> int:
    """How much deeper than its key the dashes of a list stand in this file."""
    sections = _holder(text, ()).node
    if sections.kind is not Kind.SEQUENCE:
        return 2
    for section in sections.children:
        entry = section.entry("blocks")
        if entry and entry[1].kind is Kind.SEQUENCE:
            return lines_of(text, entry[1]).column - _column(text, entry[0].start)
    return lines_of(text, sections).column


def _block(text: str, place: Place) -> Node:
    holder = _holder(text, place[:-1]).node
    return holder.children[place[-1]] if holder.is_sequence else holder


def _lines(text: str, place: Place, holder: _Holder) -> Lines | None:
    """The list as lines; None for one in brackets."""
    if holder.node.kind is Kind.SEQUENCE:
        return lines_of(text, holder.node)
    if len(place) > 2 and not holder.node.is_sequence and holder.around.kind is Kind.SEQUENCE:
        return single_of(text, holder.around, place[-1])
    return None


# ── what is done there ──────────────────────────────────────────────────────────────────────────────────────────────


def _reordered(text: str, move: Move) -> str:
    holder = _holder(text, move.source[:-1])
    lines = _lines(text, move.source[:-1], holder)
    order = list(range(len(lines.chunks) if lines else len(holder.node.children)))
    order.insert(landed(move)[-1], order.pop(move.source[-1]))
    if lines:
        return lines.with_chunks(_placed([lines.chunks[number] for number in order], lines.chunks))
    return brackets_of(text, holder.node).in_order(order) if holder.node.is_sequence else text


def _placed(chunks: Sequence[Chunk], before: Sequence[Chunk]) -> list[Chunk]:
    """The items in their new order; the empty lines that part them stay where they were."""
    return [
        Chunk(_gap(old.lead) + one.lead[len(_gap(one.lead)) :], one.body, one.column, one.tail)
        for one, old in zip(chunks, before, strict=True)
    ]


def _gap(lead: str) -> str:
    """The empty lines it begins with."""
    found = _EMPTY.match(lead)
    return found[0] if found else ""


def _taken(text: str, source: Place) -> tuple[str, Chunk]:
    """The text without what stands there, and that."""
    place, number = source[:-1], source[-1]
    holder = _holder(text, place)
    lines = _lines(text, place, holder)
    if lines is None:
        brackets = brackets_of(text, holder.node)
        chunk = chunk_of(brackets.items[number], line_end_of(text))
        rest = brackets.without(number)
        if len(brackets.items) == 2 and holder.around.kind is Kind.FLOW_SEQUENCE:
            kept = brackets.items[1 - number]
            rest = text[: holder.node.start] + kept + text[holder.node.end :]
        return rest, chunk
    left = [*lines.chunks[:number], *lines.chunks[number + 1 :]]
    if left:
        return lines.with_chunks(left), lines.chunks[number]
    colon = _colon(text, holder)
    return text[:colon] + " []" + lines.before[colon:] + lines.after, lines.chunks[number]


def _removed(text: str, source: Place) -> str:
    """Without the block; what its author wrote above it stays."""
    place, number = source[:-1], source[-1]
    holder = _holder(text, place)
    lines = _lines(text, place, holder)
    if lines is None:
        return _taken(text, source)[0]
    lead = lines.chunks[number].comments
    left = [*lines.chunks[:number], *lines.chunks[number + 1 :]]
    if not lead:
        return _taken(text, source)[0]
    if number < len(left):
        following = left[number]
        left[number] = replace(following, lead=lead + following.lead)
        return lines.with_chunks(left)
    if left:
        return Lines(lines.before, lines.chunks, lead + lines.after, lines.column, lines.beside).with_chunks(left)
    colon = _colon(text, holder)
    return text[:colon] + " []" + lines.before[colon:] + lead + lines.after


def _put(text: str, gap: Place, chunk: Chunk, offset: int) -> str:
    place, number = gap[:-1], gap[-1]
    holder = _holder(text, place)
    lines = _lines(text, place, holder)
    if lines is not None:
        return lines.with_chunks([*lines.chunks[:number], chunk, *lines.chunks[number:]])
    if len(place) == 1 and holder.around.kind is Kind.MAPPING and not holder.node.children:
        return _begun(text, holder, chunk, offset)
    item = chunk.in_brackets
    if not item:
        raise Refused("The list there is written in [brackets], and this block does not fit into one line of it.")
    if not holder.node.is_sequence:
        here = text[holder.node.start : holder.node.end]
        pair = ", ".join([item, here] if number == 0 else [here, item])
        return f"{text[: holder.node.start]}[{pair}]{text[holder.node.end :]}"
    return brackets_of(text, holder.node).with_item(number, item)


def _begun(text: str, holder: _Holder, chunk: Chunk, offset: int) -> str:
    """With the first block in a list that is written as `[]`."""
    colon = _colon(text, holder)
    rest = text[:colon] + text[holder.node.end :]
    entry = holder.around.entry("blocks")
    column = _column(text, entry[0].start if entry else 0) + offset
    at = comments_end(rest, colon, column)
    placed = chunk.at(column)
    return rest[:at] + placed.text + rest[at:]


def _colon(text: str, holder: _Holder) -> int:
    """Right behind `blocks:`."""
    entry = holder.around.entry("blocks")
    if entry is None:
        raise by_hand()
    return text.index(":", entry[0].end) + 1


def _column(text: str, at: int) -> int:
    return at - max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) - 1
