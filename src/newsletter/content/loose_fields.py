"""Fields of front matter that site generators write in several ways → the one way an article has.

In: a value as YAML, TOML or JSON gives it. Out: an author's name (of `[Ann, Bob]` or `{name: Ann}`), a picture's path
(of `{src: …}`) with its alt text, tags; None for what can mean nothing of the kind.
"""

from __future__ import annotations

import re

_NAMES = ("name", "title")
_PATHS = ("src", "image", "path", "url")


def names(value: object) -> str | None:
    """The names of one person or of several, parted by commas."""
    if isinstance(value, dict):
        value = next((value[key] for key in _NAMES if key in value), None)
    if isinstance(value, list):
        found = [names(one) for one in value]
        return None if not found or None in found else ", ".join(one for one in found if one)
    return None if value is None or isinstance(value, (dict, bool)) else " ".join(str(value).split())


def picture(value: object) -> tuple[str, str] | None:
    """The path of the picture, and its alt text where that stands beside it."""
    if isinstance(value, list) and len(value) == 1:
        return picture(value[0])
    if isinstance(value, dict):
        path = next((value[key] for key in _PATHS if isinstance(value.get(key), str) and value[key]), "")
        alt = value.get("alt")
        return (path, alt if isinstance(alt, str) else "") if path else None
    return None if isinstance(value, (list, bool)) else (str(value), "")


def tags(value: object) -> tuple[str, ...] | None:
    """The tags of a list, or of words parted by commas."""
    if isinstance(value, list):
        said = [one for one in value if one is not None]
        return None if any(isinstance(one, (dict, list, bool)) for one in said) else tuple(map(str, said))
    if isinstance(value, (dict, bool)):
        return None if value else ()
    return tuple(part.strip() for part in str(value).split(",")) if value else ()


def is_written(number: float, key: str, text: str) -> bool:
    """Whether the field stands in the file as the number it was read as: `3.10` was read as 3.1."""
    sought = rf"\b{re.escape(key)}\b[\"']?\s*[:=]\s*{re.escape(str(number))}(?![\w.])"
    return bool(re.search(sought, text))
