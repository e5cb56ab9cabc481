"""A rule of a style element → who it dresses, which features its selector uses, and whether it is an extra.

Matching looks at the last compound of each selector alone (`td`, `.card`, `#top`): enough to know what kind of element
a declaration lands on. What it cannot read matches nobody we know.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from newsletter.checks.clients.document import Element

_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_PSEUDO = re.compile(r"(::?)([a-z][-a-z]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\[[^\]]*\]")
_LAST = re.compile(r"(?P<tag>[a-zA-Z][-\w]*|\*)?(?P<names>(?:[.#][-\w]+)*)\Z")
_OLD_ELEMENTS = ("before", "after", "first-letter", "first-line")
_EXTRAS = re.compile(
    r"\[data-og|\[x-apple|\[class~?=|\[owa\]|#outlook\b|\.ExternalClass|\.ReadMsgBody|\.yshortcuts|u\s*\+|\.gmail|"
    r"#MessageViewBody|#MessageWebViewDiv|:root|\.moz-text|\[office365\]|\.body\[|\.mail-|\.a6S|\.aBn|\.msg-",
    re.IGNORECASE,
)
_STATES = re.compile(r":(?:hover|active|focus|visited|checked|target|has|not)\b", re.IGNORECASE)
_SIBLING = re.compile(r"[+~]")
"""No rule of a whole mail needs it; rules for one client do."""
_LONGEST = 2_000


def is_extra(selector: str) -> bool:
    """Whether the rule is for one client, or for a moment: those who do not read it see the mail as it is."""
    text = selector[:_LONGEST]
    return bool(_EXTRAS.search(text) or _STATES.search(text) or _SIBLING.search(_ATTRIBUTE.sub("", text)))


@lru_cache(maxsize=1024)
def selector_features(selector: str) -> tuple[str, ...]:
    """The features the selector uses: pseudo-classes and -elements, attributes, combinators."""
    plain = _QUOTED.sub("''", selector[:_LONGEST])
    found: dict[str, None] = {}
    if _ATTRIBUTE.search(plain):
        found["css-selector-attribute"] = None
    plain = _ATTRIBUTE.sub("", plain)
    for one in _PSEUDO.finditer(plain):
        name = one[2].lower()
        kind = "element" if one[1] == "::" or name in _OLD_ELEMENTS else "class"
        found[f"css-pseudo-{kind}-{name}"] = None
    bare = re.sub(r"\([^()]*\)", "", plain)
    for sign, name in ((">", "child"), ("+", "adjacent-sibling"), ("~", "general-sibling"), ("*", "universal")):
        if sign in bare:
            found[f"css-selector-{name}"] = None
    if re.search(r"[.#][-\w]+[.#]", bare):
        found["css-selector-chaining"] = None
    return tuple(found)


class Matcher:
    """The elements of a page by tag, class and id."""

    def __init__(self, elements: Sequence[Element]) -> None:
        self._by: dict[str, list[Element]] = defaultdict(list)
        for one in elements:
            self._by[one.name].append(one)
            if one.attributes:
                self._by[f"#{one.value('id')}"].append(one)
                for name in set(one.value("class").split()):
                    self._by[f".{name}"].append(one)

    def matches(self, selector: str, most: int = 40) -> list[Element] | None:
        """Some of the elements the rule dresses, `most` per selector; None when a selector cannot be read."""
        found: list[Element] = []
        for one in selector[:_LONGEST].split(","):
            compound = _last_compound(one)
            if compound is None:
                return None
            found += list(self._compound(*compound))[:most]
        return found

    def _compound(self, tag: str, names: Sequence[str]) -> Iterator[Element]:
        keys = [*names, *([tag] if tag else [])]
        candidates = self._by.get(keys[0], ()) if keys else ()
        for one in candidates[:2_000]:
            if all(_has(one, key) for key in keys):
                yield one


def _last_compound(selector: str) -> tuple[str, list[str]] | None:
    bare = _PSEUDO.sub("", re.sub(r"\([^()]*\)", "", selector)).strip()
    last = re.split(r"[\s>+~]+", bare)[-1] if bare else ""
    found = _LAST.fullmatch(last)
    if found is None or not last or last == "*":
        return None
    tag = (found["tag"] or "").lower()
    return ("" if tag == "*" else tag), re.findall(r"[.#][-\w]+", found["names"])


def _has(element: Element, key: str) -> bool:
    if key.startswith("."):
        return key[1:] in element.value("class").split()
    return element.value("id") == key[1:] if key.startswith("#") else element.name == key
