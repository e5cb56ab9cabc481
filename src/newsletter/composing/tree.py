"""The text of a YAML file → where each of its parts stands in it.

In: text. Out: `Node`s with the offsets of their first and last characters. ruamel.yaml reads it, the one library here
that knows places; what the parts mean is read by `newsletter.files`. Refuses what ruamel cannot read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from newsletter.errors import Refused

_COLON = re.compile(r"[ \t]*:")
_KEEPS_ENDS = re.compile(r"(?:[&!]\S*\s+)*[|>]\d?\+")


class Kind(StrEnum):
    """What a node is, and whether a collection is written in brackets (flow) or on lines of its own."""

    WORDS = "words"
    ALIAS = "alias"
    MAPPING = "mapping"
    SEQUENCE = "sequence"
    FLOW_MAPPING = "flow mapping"
    FLOW_SEQUENCE = "flow sequence"


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the text from `start` up to `end`; a mapping's children are its keys and values in turn."""

    kind: Kind
    start: int
    end: int
    children: tuple[Node, ...] = ()
    words: str = ""
    """What a scalar says."""

    def value(self, key: str) -> Node | None:
        """The value of that key of a mapping."""
        found = self.entry(key)
        return found[1] if found else None

    def entry(self, key: str) -> tuple[Node, Node] | None:
        """The key and its value."""
        pairs = zip(self.children[::2], self.children[1::2], strict=True)
        return next((pair for pair in pairs if pair[0].words == key), None)

    @property
    def is_mapping(self) -> bool:
        return self.kind in (Kind.MAPPING, Kind.FLOW_MAPPING)

    @property
    def is_sequence(self) -> bool:
        return self.kind in (Kind.SEQUENCE, Kind.FLOW_SEQUENCE)


def read_tree(text: str) -> Node:
    """The outermost node of the text. Raises `Refused` when no program can tell where its parts stand."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        events = [event for event in YAML().parse(text) if "Document" not in type(event).__name__][1:-1]
        if events:
            return _Builder(text, events).node()
    except (YAMLError, ValueError, RecursionError) as error:
        raise by_hand() from error
    raise by_hand()


class OnlyByHand(Refused):
    """The file says what it says in a way that no program can edit without harm."""


def by_hand() -> OnlyByHand:
    """The refusal for whoever knows no better place than the file."""
    return OnlyByHand("issue.yaml is written in a way that cannot be changed here. Edit the file by hand.")


@dataclass(slots=True)
class _Builder:
    """Turns parse events into nodes, the next one first."""

    text: str
    events: list[Any]
    at: int = 0

    def node(self) -> Node:
        event = self.events[self.at]
        self.at += 1
        name = type(event).__name__
        start, end = event.start_mark.index, event.end_mark.index
        if name == "ScalarEvent":
            return Node(Kind.WORDS, start, self._end_of_words(event.style, start, end), (), str(event.value))
        if name == "AliasEvent":
            return Node(Kind.ALIAS, start, end)
        children: list[Node] = []
        while not type(self.events[self.at]).__name__.endswith("EndEvent"):
            children.append(self.node())
        closing = self.events[self.at]
        self.at += 1
        mapping = name == "MappingStartEvent"
        if event.flow_style:
            kind = Kind.FLOW_MAPPING if mapping else Kind.FLOW_SEQUENCE
            return Node(kind, start, closing.end_mark.index, tuple(children))
        kind = Kind.MAPPING if mapping else Kind.SEQUENCE
        if mapping:
            children[1::2] = map(self._at_its_colon, children[::2], children[1::2])
        return Node(kind, start, max([start, *(one.end for one in children)]), tuple(children))

    def _at_its_colon(self, key: Node, value: Node) -> Node:
        """An empty value (`divider:`) ends where its key's colon does; ruamel puts it before whatever comes next."""
        colon = _COLON.match(self.text, key.end)
        if value.kind is not Kind.WORDS or value.start != value.end or colon is None:
            return value
        return replace(value, start=colon.end(), end=colon.end())

    def _end_of_words(self, style: str | None, start: int, end: int) -> int:
        """A block scalar ends with its last line of words; empty lines below it are its own only with `+`."""
        if style not in ("|", ">"):
            return end
        words = self.text[start:end]
        return start + len(words if _KEEPS_ENDS.match(words) else words.rstrip()) if words else end
