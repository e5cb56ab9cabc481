"""Footnotes of Markdown: `[^1]` in a text, and `[^1]: what it says` anywhere in it.

In: a `MarkdownIt` to teach, then what it parsed. Out: numbers in the order of reading, `(1)` raised, and the notes as
a numbered list of their own. A note that nothing refers to stands last, so that its words are not lost. Links from
mark to note are left out: mail programs do not follow links inside a mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_TAB = 4
_DEEPEST = 40


def teach(markdown: MarkdownIt) -> None:
    """Let it read footnotes."""
    markdown.block.ruler.before("reference", "footnote", _definition, {"alt": ["paragraph", "reference"]})
    markdown.inline.ruler.after("image", "footnote_mark", _mark)
    markdown.core.ruler.after("inline", "footnote_numbers", _numbered)
    markdown.add_render_rule("footnote_mark", _drawn)


def list_of(env: Any) -> list[Token]:
    """The notes of a text that was parsed with `env`, as tokens to be rendered; empty when it has none."""
    from markdown_it.token import Token

    notes: list[list[Token]] = env.get("notes", [])
    if not notes:
        return []
    listed = [Token("hr", "hr", 0, block=True), Token("ordered_list_open", "ol", 1, block=True)]
    for note in notes:
        listed.append(Token("list_item_open", "li", 1, block=True))
        if [one.type for one in note] == ["paragraph_open", "inline", "paragraph_close"]:
            note[0].hidden = note[2].hidden = True
        listed += [*note, Token("list_item_close", "li", -1, block=True)]
    return [*listed, Token("ordered_list_close", "ol", -1, block=True)]


def _definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """`[^label]: …` and what is indented below it (pandoc.org/MANUAL.html#footnotes)."""
    begins, ends = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    label = _label(state.src, begins, ends)
    after = begins + len(label) + 3
    if not label or state.is_code_block(start) or state.level >= _DEEPEST or state.src[after : after + 1] != ":":
        return False
    if silent:
        return True
    state.env.setdefault("labels", {}).setdefault(label, None)
    opened = state.push("footnote_open", "", 1)
    opened.meta = {"label": label}
    _read_inside(state, start, end, after + 1)
    state.push("footnote_close", "", -1)
    opened.map = [start, state.line]
    return True


def _read_inside(state: StateBlock, start: int, end: int, begins: int) -> None:
    """Read the note's own blocks: the rest of its first line, and lines indented by four."""
    before = state.bMarks[start], state.tShift[start], state.sCount[start], state.parentType
    position = begins
    offset = first = state.sCount[start] + begins - (state.bMarks[start] + state.tShift[start])
    while position < state.eMarks[start] and state.src[position] in " \t":
        offset += _TAB - offset % _TAB if state.src[position] == "\t" else 1
        position += 1
    state.bMarks[start], state.tShift[start], state.sCount[start] = begins, position - begins, offset - first
    state.blkIndent += _TAB
    state.parentType = "footnote"
    if state.sCount[start] < state.blkIndent:
        state.sCount[start] += state.blkIndent
    state.md.block.tokenize(state, start, end)
    state.blkIndent -= _TAB
    state.bMarks[start], state.tShift[start], state.sCount[start], state.parentType = before


def _mark(state: StateInline, silent: bool) -> bool:
    label = _label(state.src, state.pos, state.posMax)
    labels = state.env.get("labels", {})
    if not label or label not in labels:
        if label and not silent and (labels or label.isdecimal()):
            message = f"no footnote is written for [^{label}], which stays as it is. Write `[^{label}]: …` below."
            _tell(state.env, message, f"[^{label}]")
        return False
    if not silent:
        state.push("footnote_mark", "", 0).meta = {"label": label}
    state.pos += len(label) + 3
    return True


def _label(text: str, begins: int, ends: int) -> str:
    """The label of what begins like `[^label]`; nothing when that is not closed, or holds spaces or brackets."""
    if not text.startswith("[^", begins):
        return ""
    closes = text.find("]", begins + 2, min(ends, begins + 200))
    label = text[begins + 2 : closes] if closes >= 0 else ""
    return "" if any(one.isspace() or one in "[^" for one in label) else label


def _numbered(state: StateCore) -> None:
    """Take the notes out of the text, number them in the order in which they are met, and add the others."""
    text, notes = _apart(state.tokens)
    state.tokens = text
    first: dict[str, int] = {}
    for place, (label, _) in enumerate(notes):
        if label in first:
            _tell(state.env, f"the footnote [^{label}] is written twice; both stand at the end.", f"[^{label}]:")
        first.setdefault(label, place)
    numbering = _Numbering(notes, first)
    numbering.meet(text)
    for place, (label, _) in enumerate(notes):
        if place not in numbering.numbers:
            if place == first[label]:
                _tell(state.env, f"nothing refers to the footnote [^{label}]; it stands at the end.", f"[^{label}]:")
            numbering.add(place)
    state.env["notes"] = [notes[place][1] for place in numbering.numbers]


@dataclass(slots=True)
class _Numbering:
    notes: list[tuple[str, list[Token]]]
    first: dict[str, int]
    numbers: dict[int, int] = field(default_factory=dict)
    """The place of a note among those that are written → its number, in the order of the numbers."""

    def meet(self, tokens: list[Token]) -> None:
        """Number the notes these refer to, then those that they refer to."""
        waiting = [*self._met(tokens)]
        for place in waiting:
            waiting += self._met(self.notes[place][1])

    def add(self, place: int) -> None:
        """Give a note the next number, and follow what it refers to."""
        self.numbers[place] = len(self.numbers) + 1
        self.meet(self.notes[place][1])

    def _met(self, tokens: list[Token]) -> Iterator[int]:
        for mark in (child for token in tokens for child in token.children or () if child.type == "footnote_mark"):
            place = self.first[mark.meta["label"]]
            if place not in self.numbers:
                self.numbers[place] = len(self.numbers) + 1
                yield place
            mark.meta["number"] = self.numbers[place]


def _apart(tokens: list[Token]) -> tuple[list[Token], list[tuple[str, list[Token]]]]:
    """The text without its notes, and the notes by label; one inside another stands by itself."""
    text: list[Token] = []
    notes: list[tuple[str, list[Token]]] = []
    open_notes: list[list[Token]] = []
    for token in tokens:
        if token.type == "footnote_open":
            note: list[Token] = []
            notes.append((token.meta["label"], note))
            open_notes.append(note)
        elif token.type == "footnote_close":
            open_notes.pop()
        else:
            (open_notes[-1] if open_notes else text).append(token)
    return text, notes


def _drawn(renderer: object, tokens: Any, place: int, options: object, env: object) -> str:
    return f"<sup>({tokens[place].meta['number']})</sup>"


def _tell(env: Any, message: str, words: str) -> None:
    if env.get("told") is not None:
        env["told"].append(("footnote", message, words))
