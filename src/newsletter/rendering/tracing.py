"""Where each tag of a page was written: marks put into templates, and taken out of what they draw.

In: a template's source, and the HTML of a traced rendering. Out: the source with a mark in every start tag, and a
`Trace`: the HTML without marks, which is what is mailed byte for byte, and the marks' places in it. Authors' own markup
carries no marks, so what is unmarked inside a block is theirs. Used for checking only, by templates of its own.
"""

from __future__ import annotations

import re

from newsletter.model import Block, Mark, Trace, Where

_NAME = "data-newsletter-at"
_TAG = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|(?P<tag><[a-zA-Z][a-zA-Z0-9]*(?:\{\{.*?\}\})?)(?=[\s>/{])", re.DOTALL
)
_FRESH = re.compile(rf'( {_NAME}="\d+)(")')
_MARK = re.compile(rf' {_NAME}="(\d+)(?:b(\d+))?"')


class Tracer:
    """Remembers the places and blocks that marks stand for."""

    def __init__(self) -> None:
        self._places: list[Where] = []
        self._numbers: dict[Where, int] = {}
        self._blocks: list[Block] = []

    def marked(self, source: str, path: str) -> str:
        """The template's source with a mark in each start tag; nothing inside Jinja's own tags is touched."""
        line, position = 1, 0

        def mark(found: re.Match[str]) -> str:
            nonlocal line, position
            line += source.count("\n", position, found.start())
            position = found.start()
            tag = found["tag"]
            return f'{tag} {_NAME}="{self._number(Where(path, line))}"' if tag else found[0]

        return _TAG.sub(mark, source)

    def of_block(self, drawn: str, block: Block) -> str:
        """What was drawn for the block, its marks saying so; those of a block inside it stay that one's."""
        self._blocks.append(block)
        return _FRESH.sub(rf"\g<1>b{len(self._blocks) - 1}\g<2>", drawn)

    def trace(self, html: str) -> Trace:
        """The rendered page, and where each of its marked tags was written."""
        pieces: list[str] = []
        marks: list[Mark] = []
        position = length = 0
        for found in _MARK.finditer(html):
            piece = html[position : found.start()]
            length += len(piece)
            pieces.append(piece)
            position = found.end()
            block = self._blocks[int(found[2])] if found[2] else None
            start = length - (len(piece) - piece.rfind("<"))
            marks.append(Mark(start, self._places[int(found[1])], block))
        return Trace("".join([*pieces, html[position:]]), tuple(marks))

    def _number(self, where: Where) -> int:
        if where not in self._numbers:
            self._numbers[where] = len(self._places)
            self._places.append(where)
        return self._numbers[where]
