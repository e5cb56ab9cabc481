"""Which line of a file the words of a page come from, by going through both in reading order.

In: an element of a page, and the lines of the file its words were written in. Out: line numbers. Reading an article
loses none of its words, so the two run in step; what only one of them has (markup, a template's own words) is passed
over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from newsletter.checks.page import Element, words_before
from newsletter.expressions import TOKEN

_WORD = re.compile(r"\w+")
_AHEAD = 80
"""Words: how far the next word of the page is looked for in the file."""
_LONGEST_PASSAGE = 5_000
"""Characters: what is longer is looked for by its words alone."""
_FIELD = r"\\{\\{[^{}]*\\}\\}"
"""What an author wrote in the place of a token."""
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


def passages_with(element: Element, words: str, nth: int) -> Iterator[tuple[str, int]]:
    """The texts around the words where they stand in the element for the `nth` time, and how often they stand in that
    text before: all of the element, then the one text of its own. None that says nothing else."""
    whole = "".join(element.itertext())
    if _count(words, whole) > nth and _says_more(whole, words):
        yield whole, nth
    texts = [element.text or "", *(child.tail or "" for child in element)]
    for number, text in enumerate(texts):
        above = _count(words, words_before(element, number))
        if above <= nth < above + _count(words, text) and text != whole and _says_more(text, words):
            yield text, nth - above


def line_in_passage(lines: Sequence[str], passage: str, words: str, nth: int) -> int | None:
    """The line, from 0, of the words' nth place in the passage; None unless the lines say all of it just once."""
    text = "\n".join(lines)
    pattern = r"\s+".join(TOKEN.sub(_FIELD, re.escape(one)) for one in passage.split())
    found = list(islice(re.finditer(rf"(?<!\w){pattern}(?!\w)", text), 2))
    if len(found) != 1:
        return None
    inside = list(line_of_words(found[0][0].split("\n"), words))
    return text.count("\n", 0, found[0].start()) + inside[min(nth, len(inside) - 1)] if inside else None


def _count(words: str, text: str) -> int:
    return sum(1 for _ in line_of_words([text], words)) if words in text else 0


def _says_more(text: str, words: str) -> bool:
    return len(_WORD.findall(text)) > len(_WORD.findall(words)) and len(text) < _LONGEST_PASSAGE


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
