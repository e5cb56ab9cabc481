"""Which line of a file the words of a page come from, by going through both in reading order.

In: an element of a page, and the lines of the file its words were written in. Out: line numbers. Reading an article
loses none of its words, so the two run in step; what only one of them has (markup, a template's own words) is passed
over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from newsletter.checks.page import Element
from newsletter.expressions import TOKEN

_WORD = re.compile(r"\w+")
_AHEAD = 80
"""Words: how far the next word of the page is looked for in the file."""
_LOST, _TELLING = 10, 5
"""After so many words that are not found, a word of more letters than this is looked for in all that is left."""


def line_of_words(lines: Sequence[str], words: str) -> Iterator[int]:
    """The lines, counted from 0, on which the words begin; white space between them may be any, line ends too."""
    text = "\n".join(lines)
    pattern = r"\s+".join(re.escape(one) for one in words.split())
    if not pattern:
        return
    before = r"(?<!\w)" if words.strip()[0].isalnum() else ""
    after = r"(?!\w)" if words.strip()[-1].isalnum() else ""
    found = list(re.finditer(before + pattern + after, text)) or list(re.finditer(pattern, text))
    for one in found:
        yield text.count("\n", 0, one.start())


class Aligned:
    """The words of an element beside the lines of a file, the first of which is line `first`."""

    def __init__(self, holder: Element, lines: Sequence[str], first: int) -> None:
        self._first = first
        words: list[tuple[str, int]] = [
            (word.lower(), number) for number, line in enumerate(lines) for word in _WORD.findall(line)
        ]
        self._lines: dict[Element, int] = {}
        position = line = missed = 0

        def read(text: str | None) -> int | None:
            """The line of the text's first word that is found."""
            nonlocal position, line, missed
            begun: int | None = None
            for word in _WORD.findall(TOKEN.sub(" ", text or "")):
                lowered = word.lower()
                reach = len(words) if missed > _LOST and len(word) > _TELLING else position + _AHEAD
                missed += 1
                for ahead in range(position, min(reach, len(words))):
                    if words[ahead][0] == lowered:
                        position, line, missed = ahead + 1, words[ahead][1], 0
                        begun = line if begun is None else begun
                        break
            return begun

        waiting: list[Element] = []
        stack: list[tuple[str, Element]] = [("open", holder)]
        while stack:
            step, element = stack.pop()
            if step == "tail":
                found = read(element.tail)
            else:
                waiting.append(element)
                self._lines[element] = line
                found = read(element.text) if isinstance(element.tag, str) else None
                for child in reversed(list(element)):
                    stack += [("tail", child), ("open", child)]
            if found is not None:
                for one in waiting:
                    self._lines[one] = found
                waiting = []

    def line_of(self, element: Element) -> int:
        """The line on which the element's first word stands; of one without words, that of the next."""
        return self._first + self._lines.get(element, 0)
