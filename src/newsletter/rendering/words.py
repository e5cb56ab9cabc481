"""The layout's own words ("Read more", "Unsubscribe") in the language of the issue.

In: folders with one file per language, `en.yaml`, `de.yaml` …, a workspace's own first. Out: every word of English,
in the language where it is given. Refuses keys that English does not have, with their line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import Document, read_yaml, shown

_FALLBACK = "en"


def load_words(folders: Sequence[Path], language: str, root: Path) -> dict[str, str]:
    """The words for a language tag: of `pt-BR`, else of `pt`, else English."""
    words: dict[str, str] = {}
    for tag in (_FALLBACK, language.split("-")[0].lower(), language):
        for folder in reversed(folders):
            path = folder / f"{tag}.yaml"
            if path.is_file():
                words |= _checked(read_yaml(path, shown(path, root)), words if tag != _FALLBACK else {})
    return words


def _checked(document: Document, known: dict[str, str]) -> dict[str, str]:
    """The file's words; `known` is empty for the file that decides which there are."""
    if not isinstance(document.data, dict):
        raise FileProblems.at(document.where(), "must be `key: words` lines.")
    wrong = [key for key, value in document.data.items() if not isinstance(value, str) or (known and key not in known)]
    if wrong:
        raise FileProblems(
            [
                Problem(document.where(key), f"'{key}' is no words of a layout.{did_you_mean(key, known)}")
                for key in wrong
            ]
        )
    return dict(document.data)
