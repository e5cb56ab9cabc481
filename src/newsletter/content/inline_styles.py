"""The little that an inline style says of words: whether they are shown, on which side, and in which marks.

In: the value of a `style` attribute. Out: a few of its declarations, in one spelling each; everything else of it goes.
"""

from __future__ import annotations

import re

_DECLARATION = re.compile(r"([a-z-]{1,40})\s*:\s*([^;]{1,200})", re.IGNORECASE)
_ZERO = re.compile(r"[+-]?0*\.?0+(?:[a-z]{0,4}|%)")
_RELATIVE = re.compile(r"[\d.]+(?:em|%|ex|ch)|smaller|larger|inherit")
_BOLD = ("bold", "bolder", "600", "700", "800", "900")
_LIGHT = ("normal", "400", "300", "lighter")


def spoken(style: str) -> str:
    """The style in words that mean something here, the later of two that contradict each other; nothing else of it."""
    said: dict[str, str] = {}
    for name, value in _DECLARATION.findall(style):
        word = _word(name.lower(), value.lower().replace("!important", "").strip())
        if word:
            said[word.partition(":")[0]] = word
    return ";".join(said.values())


def hides(style: str) -> bool:
    """Whether the style by itself says that nothing of an element is seen."""
    said = spoken(style).split(";")
    return any(one in said for one in ("display:none", "visibility:hidden", "font-size:0"))


def _word(name: str, value: str) -> str:
    if name == "display":
        return "display:none" if value == "none" else "display:shown"
    if name == "visibility":
        return "visibility:hidden" if value in ("hidden", "collapse") else "visibility:shown"
    if name == "font-size":
        return "font-size:0" if _ZERO.fullmatch(value) else "" if _RELATIVE.fullmatch(value) else "font-size:1"
    if name == "font" and value != "inherit":
        return "font-size:1"
    if name == "mso-list":
        level = re.search(r"\blevel(\d)", value)
        return f"mso-list:level{level[1]}" if level else ""
    if name == "text-align":
        return f"text-align:{value}" if value in ("left", "right", "center") else ""
    if name == "font-weight":
        return f"font-weight:{'bold' if value in _BOLD else 'normal'}" if value in _BOLD + _LIGHT else ""
    if name == "font-style":
        return f"font-style:{value}" if value in ("italic", "normal") else ""
    if name == "vertical-align":
        return f"vertical-align:{value}" if value in ("super", "sub") else ""
    return ""
