"""Whether words can be read in dark mode, in the colours that the mail's own rules for it give them.

In: the `@media (prefers-color-scheme: dark)` rules of a mail and the colours its elements have without them. A rule
without `!important` loses to a style attribute, as in a browser. What can be seen through is laid over what lies
behind. Only what is certain is said: at least one of the two colours has to come from such a rule, and neither from
what cannot be told (pictures, a client's own).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.checks.clients.css import Declaration, Rule, declarations, stylesheet
from newsletter.checks.clients.document import Document, read_document
from newsletter.checks.clients.document import Element as Written
from newsletter.checks.clients.selectors import is_extra
from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, offset_of
from newsletter.checks.rule import warning
from newsletter.checks.text_contrast import UNKNOWN, color_in, color_of, ground_in, ground_of, is_large, laid
from newsletter.colors import LARGE, READABLE, contrast, is_clear, over
from newsletter.model import Finding, Where

RULES = (
    warning(
        "dark-contrast",
        "A mail that says how it looks in dark mode has to say it of both, words and grounds: one colour left as it is "
        "makes black on black. Computed for the text that is really there, with the mail's own rules for "
        "prefers-color-scheme; words need 4.5:1, large ones 3:1. Source: WCAG 2.2, success criterion 1.4.3; Media "
        "Queries Level 5, section 11.5.",
    ),
)
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark", re.IGNORECASE)
_OTHERWISE = re.compile(r"\bnot\b|\bprint\b", re.IGNORECASE)
_NARROW = re.compile(r"\((?:max|min)-(?:device-)?(?:width|height)", re.IGNORECASE)
_UNREADABLE = re.compile(r"::?[a-z-]+(?:\([^)]*\))?|\[[^\]]*\]", re.IGNORECASE)
_UNSURE = (99, 0, 0)
_OURS = {"color": "color", "background": "ground", "background-color": "ground"}
_Compound = tuple[str, tuple[str, ...]]
"""A tag, or nothing, and the `.class` and `#id` names beside it."""
_FIX = "Give words and ground a colour each in the rules for dark mode."


@dataclass(frozen=True, slots=True)
class _Dark:
    """A colour that a rule for dark mode gives, how strong the rule is, and where in the page it stands."""

    color: str
    strength: tuple[bool, tuple[int, int, int], int]
    declaration: str
    offset: int


@dataclass
class _Colors:
    """Offset of a tag → what the dark rules set on it: `color` and `ground`."""

    by_offset: dict[int, dict[str, _Dark]] = field(default_factory=dict)

    def of(self, element: Element) -> Mapping[str, _Dark]:
        """What is set on the element itself."""
        return self.by_offset.get(offset_of(element), {})


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each pair of colours that cannot be read in dark mode, at the first text it is used for."""
    if not _DARK.search(mail.html):
        return
    colors = _dark_colors(read_document(mail.html))
    if not colors.by_offset:
        return
    told: set[tuple[str, str]] = set()
    for element in mail.page.shown():
        words = " ".join(" ".join([element.text or "", *(one.tail or "" for one in element)]).split())
        if len(words) < 3 or not any(character.isalnum() for character in words):
            continue
        color, ground = _color(element, colors), _ground(element, colors)
        if not (color.dark or ground.dark) or UNKNOWN in (color.value, ground.value):
            continue
        pair = (over(color.value, ground.value), ground.value)
        least = LARGE if is_large(element) else READABLE
        ratio = contrast(*pair)
        if pair not in told and ratio < least - 0.05:
            told.add(pair)
            message = (
                f"in dark mode '{words[:40]}' is {pair[0]} on {pair[1]}, a contrast of {ratio:.1f}:1; it needs "
                f"{least:g}:1."
            )
            where = mail.of_color(_where(mail, element, color, ground), *pair)
            yield RULES[0].finding(message, where, fix=_FIX)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A colour as it is seen, the element that sets it, and the rule for dark mode if one does."""

    value: str
    element: Element | None
    dark: _Dark | None = None


def _color(element: Element, colors: _Colors) -> _Seen:
    while element is not None:
        dark = colors.of(element).get("color")
        if dark is not None:
            return _Seen(dark.color, element, dark)
        own = color_of(element)
        if own:
            return _Seen(own, element)
        element = element.getparent()
    return _Seen(UNKNOWN, None)  # a client's own colour of words is another one in dark mode


def _ground(element: Element, colors: _Colors) -> _Seen:
    found: list[_Seen] = []
    while element is not None:
        dark = colors.of(element).get("ground")
        own = ground_of(element) if dark is None else dark.color
        if own or dark is not None:
            found.append(_Seen(own, element, dark))
        if own and not is_clear(own):
            break
        element = element.getparent()
    if not found:
        return _Seen(UNKNOWN, None)
    value = laid([one.value for one in found if one.value], UNKNOWN)
    return _Seen(value, found[0].element, next((one.dark for one in found if one.dark), None))


def _where(mail: Mail, element: Element, color: _Seen, ground: _Seen) -> Where:
    """The line of the colour that no rule for dark mode sets; where both are set, that of the rule."""
    for one in (color, ground):
        if one.dark is None and one.element is not None:
            return mail.at(one.element)
    dark = color.dark or ground.dark
    if dark is None:
        return mail.at(element)
    return mail.places.of_offset(dark.offset) if mail.in_file else mail.places.of_style(dark.declaration, element)


def _dark_colors(document: Document) -> _Colors:
    """What the rules for dark mode set, the strongest of each element."""
    found = _Colors()
    order = 0
    by_name = _by_name(document)
    for style in document.styles:
        whole = _DARK.search(style.element.value("media"))
        for rule in stylesheet(style.text):
            order += 1
            if isinstance(rule, Rule) and not rule.nested and (whole or _is_dark(rule.conditions)):
                _apply(found, by_name, rule, style.start, order)
    return found


def _is_dark(conditions: tuple[str, ...]) -> bool:
    said = " ".join(conditions)
    return bool(_DARK.search(said)) and not _OTHERWISE.search(said) and not _NARROW.search(said)


def _by_name(document: Document) -> Mapping[str, Sequence[Written]]:
    """The elements by tag, by `.class` and by `#id`; under nothing, all of them."""
    found: dict[str, list[Written]] = defaultdict(list, {"": document.elements})
    for one in document.elements:
        found[one.name].append(one)
        for name in {f".{part}" for part in one.value("class").split()} | {f"#{one.value('id')}"}:
            found[name].append(one)
    return found


def _apply(found: _Colors, by_name: Mapping[str, Sequence[Written]], rule: Rule, start: int, order: int) -> None:
    ours = [one for one in rule.declarations if one.name in _OURS and _is_color(one)]
    if not ours:
        return
    for selector in rule.selector.split(","):
        parts, is_sure = _meant(selector)
        for element in by_name.get(parts[0][1][-1] if parts[0][1] else parts[0][0], ()) if parts else ():
            if not _matches(element, parts):
                continue
            for one in ours:
                if not one.important and any(_OURS.get(own.name) == _OURS[one.name] for own in _own(element)):
                    continue
                strength = (one.important, _weight(parts) if is_sure else _UNSURE, order)
                read = color_in if one.name == "color" else ground_in
                value = read(one.value) if is_sure else UNKNOWN
                dark = _Dark(value, strength, f"{one.name}:{one.value}", start + one.start)
                known = found.by_offset.setdefault(element.start, {})
                if _OURS[one.name] not in known or known[_OURS[one.name]].strength <= strength:
                    known[_OURS[one.name]] = dark


def _meant(selector: str) -> tuple[list[_Compound], bool]:
    """The compounds, and whether just these are meant: of `p:first-child` who it may be is all we can tell."""
    if is_extra(selector):
        return [], True
    parts = _compounds(selector)
    return (parts, True) if parts else (_compounds(_UNREADABLE.sub("", selector)) or [], False)


def _is_color(one: Declaration) -> bool:
    return not (one.name == "background" and "url(" in one.value.lower())


def _own(element: Written) -> tuple[Declaration, ...]:
    style = element.attributes.get("style")
    return declarations(style.value) if style is not None else ()


_COMPOUND = re.compile(r"(?P<tag>[a-zA-Z][\w-]*|\*)?(?P<names>(?:[.#][-\w]+)*)")


def _compounds(selector: str) -> list[_Compound] | None:
    """The compounds of `td .card p`, the last first; None for a selector that asks for more than tags and names."""
    found: list[_Compound] = []
    for part in selector.replace(">", " ").split():
        match = _COMPOUND.fullmatch(part)
        if match is None:
            return None
        tag = (match["tag"] or "").lower()
        found.append(("" if tag == "*" else tag, tuple(re.findall(r"[.#][-\w]+", match["names"]))))
    return found[::-1] or None


def _weight(parts: list[_Compound]) -> tuple[int, int, int]:
    names = [name for _, all_names in parts for name in all_names]
    ids = sum(1 for name in names if name.startswith("#"))
    return ids, len(names) - ids, sum(1 for tag, _ in parts if tag)


def _matches(element: Written, parts: list[_Compound]) -> bool:
    """Whether the element is the last compound and has the others around it, in order."""
    if not _is(element, parts[0]):
        return False
    waiting = parts[1:]
    for one in element.parents() if waiting else ():
        if waiting and _is(one, waiting[0]):
            waiting = waiting[1:]
    return not waiting


def _is(element: Written, compound: _Compound) -> bool:
    tag, names = compound
    if tag and element.name != tag:
        return False
    classes = element.value("class").split() if names else []
    return all(name[1:] in classes if name[0] == "." else element.value("id") == name[1:] for name in names)
