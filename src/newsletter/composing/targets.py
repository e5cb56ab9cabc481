"""Who sees a block: its `for:` written, changed or taken out, and nothing else of it.

In: text, the block's node, professions. Out: text. Professions that stay keep their order, quotes and comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from newsletter.composing.lists import Chunk, Ruled, brackets_of, line_end_of, lines_of
from newsletter.composing.tree import Kind, Node, by_hand

_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z][A-Za-z0-9_-]*", re.IGNORECASE)


def retargeted(text: str, block: Node, professions: Sequence[str]) -> str:
    """The text with `for:` naming these professions; without it when there are none."""
    entry = block.entry("for")
    if entry is None:
        return _added(text, block, professions) if professions else text
    if not professions:
        return _left_out(text, block, entry)
    return _changed(text, entry[1], professions)


def _written(professions: Sequence[str]) -> str:
    return ", ".join(one if _PLAIN.fullmatch(one) else json.dumps(one, ensure_ascii=False) for one in professions)


def _added(text: str, block: Node, professions: Sequence[str]) -> str:
    line = f"for: [{_written(professions)}]"
    last = block.children[-1]
    if block.kind is Kind.FLOW_MAPPING:
        # An empty value ends where its key's colon does: keep the space that parts the colon from what follows.
        at = last.end if last.end > last.start else block.end - 1
        gap = "" if last.end > last.start or text[at - 1] == " " else " "
        return f"{text[:at]}{gap}, {line}{text[at:]}"
    ruled = Ruled(text)
    at = ruled.after(last.end)
    return f"{text[:at]}{' ' * ruled.column(block.children[0].start)}{line}{line_end_of(text)}{text[at:]}"


def _left_out(text: str, block: Node, entry: tuple[Node, Node]) -> str:
    key, value = entry
    number = block.children.index(key)
    following = block.children[number + 2] if number + 2 < len(block.children) else None
    if block.kind is Kind.FLOW_MAPPING:
        if number:
            before = block.children[number - 1]
            comma = text.index(",", before.end)
            return text[:comma] + text[value.end :]
        return text[: key.start] + text[following.start if following else value.end :]
    ruled = Ruled(text)
    start, end = ruled.start(key.start), ruled.after(value.end)
    if not text[start : key.start].strip():
        return text[:start] + text[end:]
    if following is None:
        raise by_hand()
    between = text[value.end : following.start]
    # Beside the block's dash: the next key takes its place, unless a comment stands between them.
    return (
        text[: key.start].rstrip(" ") + text[value.end :]
        if "#" in between
        else text[: key.start] + text[following.start :]
    )


def _changed(text: str, value: Node, professions: Sequence[str]) -> str:
    if value.kind is Kind.WORDS and value.start == value.end:
        return f"{text[: value.start]} [{_written(professions)}]{text[value.end :]}"
    if value.kind is Kind.WORDS:
        kept = text[value.start : value.end]
        if value.words not in professions:
            return f"{text[: value.start]}[{_written(professions)}]{text[value.end :]}"
        added = [one for one in professions if one != value.words]
        return f"{text[: value.start]}[{', '.join([kept, *([_written(added)] if added else [])])}]{text[value.end :]}"
    if not value.is_sequence:
        raise by_hand()
    known = [one.words for one in value.children]
    added = [one for one in professions if one not in known]
    if value.kind is Kind.FLOW_SEQUENCE:
        return _in_brackets(text, value, known, added, professions)
    lines = lines_of(text, value)
    left = [one for one, name in zip(lines.chunks, known, strict=True) if name in professions]
    fresh = [Chunk("", f"{' ' * lines.column}- {_written([one])}{line_end_of(text)}", lines.column) for one in added]
    return lines.with_chunks([*left, *fresh])


def _in_brackets(text: str, value: Node, known: Sequence[str], added: Sequence[str], professions: Sequence[str]) -> str:
    brackets = brackets_of(text, value)
    if not set(known) & set(professions):
        return f"{text[: text.index('[', value.start) + 1]}{_written(added)}{text[value.end - 1 :]}"
    items, between = list(brackets.items), list(brackets.between)
    for number in reversed([at for at, name in enumerate(known) if name not in professions]):
        del items[number], between[number or 1]
    return between[0] + "".join(
        item + gap
        for item, gap in zip(
            [*items, *([_written(added)] if added else [])],
            [*between[1:-1], *([", "] if added else []), between[-1]],
            strict=True,
        )
    )
