"""Notes that their author meant for nobody else: TODO, FIXME, XXX, [TBD].

In: a text, the words around it, and the language the page says it is in. Out: the notes. TODO is a word in Spanish,
Portuguese, Italian and Galician (`TODO LO QUE NECESITAS`), and XXX is the number thirty beside a name (`Super Bowl
XXX`), and before what is counted in the languages that write centuries and congresses so: there a note has a colon or a
parenthesis behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from newsletter.checks.doubled_words import language_of

_NOTE = re.compile(
    r"\b(?:TODO|FIXME|XXX|TKTK)\b(?!-)(?!\w)(?! (?:lists?|items?|apps?|boards?|pages?|notes?)\b)"
    r"|\[(?:TBD|TK|insert [^\]]{1,40})\]"
)
_SURE = re.compile(r"\s?[:(]")
_WORD_TODO = frozenset({"es", "pt", "it", "gl", "ast"})
_NUMBERED = _WORD_TODO | {"fr", "ca", "ro", "la"}
"""Languages that write `XXX edición`, `XXX anos`."""
_BEFORE_A_NUMBER = re.compile(r"(?:\b[^\W\d_a-z]\w*\.?|[IVXLCDM]\b)[ \u00a0–-]?$")
_BEHIND_A_NUMBER = re.compile(r"[ \u00a0–-](?=[^\W\d_a-z])|\.?[ºª°]|\.[ \u00a0]\S|[–-]")
"""A name, the rest of a range, or the mark of an ordinal."""
_NEAR = 40
"""Characters that are looked at before a number."""


def notes_in(text: str, context: Callable[[], tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """Each note as it is written, and where in the text it begins; `context` as for `doubled_words`."""
    for match in _NOTE.finditer(text):
        if _SURE.match(text, match.end()) or not _is_a_word(match, text, context):
            yield match[0], match.start()


def _is_a_word(match: re.Match[str], text: str, context: Callable[[], tuple[str, str]]) -> bool:
    """Whether it means in its sentence what it says."""
    if match[0] not in ("TODO", "XXX"):
        return False
    said, (around, language) = match[0], context()
    if said == "XXX" and (
        _BEFORE_A_NUMBER.search(text[max(0, match.start() - _NEAR) : match.start()])
        or _BEHIND_A_NUMBER.match(text, match.end())
    ):
        return True
    known = _WORD_TODO if said == "TODO" else _NUMBERED
    return language in known or language_of(around, language) in known
