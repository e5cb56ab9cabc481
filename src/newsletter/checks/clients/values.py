"""One CSS declaration's value → the features it uses: units, functions, colours, keywords."""

from __future__ import annotations

import re
from functools import lru_cache

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|url\([^)]*\)', re.IGNORECASE | re.DOTALL)
_FUNCTION = re.compile(r"(-?[a-z][-a-z0-9]*)\(")
_DIMENSION = re.compile(r"(?<![-\w#.])[-+]?(?:\d+\.?\d*|\.\d+)([a-z]+|%)")
_WORD = re.compile(r"(?<![-\w#.(])[a-z][-a-z]*(?![-\w(])")
_FUNCTIONS = {
    "calc": "css-unit-calc",
    "min": "css-function-min",
    "max": "css-function-max",
    "clamp": "css-function-clamp",
    "light-dark": "css-function-light-dark",
    "var": "css-variables",
    "linear-gradient": "css-linear-gradient",
    "repeating-linear-gradient": "css-linear-gradient",
    "radial-gradient": "css-radial-gradient",
    "repeating-radial-gradient": "css-radial-gradient",
    "conic-gradient": "css-conic-gradient",
    "repeating-conic-gradient": "css-conic-gradient",
    "rgb": "css-rgb",
    "rgba": "css-rgba",
    "lab": "css-modern-color",
    "lch": "css-modern-color",
    "oklab": "css-modern-color",
    "oklch": "css-modern-color",
    "fit-content": "css-intrinsic-size",
}
_UNITS = frozenset("ch cm em ex in mm pc pt px rem vh vmax vmin vw".split())
_KEYWORDS = {
    "initial": "css-unit-initial",
    "fit-content": "css-intrinsic-size",
    "min-content": "css-intrinsic-size",
    "max-content": "css-intrinsic-size",
}
_FONTS = frozenset("system-ui ui-serif ui-sans-serif ui-rounded ui-monospace".split())
_SPACED_COLOUR = re.compile(r"\b(rgba?)\(\s*[\d.]+%?\s+[\d.]+")
_ALPHA_RGB = re.compile(r"\brgb\([^)]*(?:,[^,)]*){3}\)|\brgb\([^)]*/")
_LONGEST = 4_000
"""Of a value, no more is looked at: what is longer is a picture in letters."""
GRADIENTS = frozenset({"css-linear-gradient", "css-radial-gradient", "css-conic-gradient"})
COLOURS = frozenset({"css-rgb", "css-rgba", "css-modern-color", "css-function-light-dark"})


@lru_cache(maxsize=4096)
def value_features(name: str, value: str) -> tuple[tuple[str, str], ...]:
    """The features that the value of property `name` uses, each with its case, each once, in order."""
    plain = _plain(value)
    found: dict[tuple[str, str], None] = {}
    for one in _FUNCTION.finditer(plain):
        feature = _FUNCTIONS.get(one[1])
        if feature is not None:
            found[feature, _colour_case(feature, plain)] = None
    for one in _DIMENSION.finditer(plain):
        if one[1] in _UNITS:
            found[f"css-unit-{one[1]}", ""] = None
    for one in _WORD.finditer(plain):
        if one[0] in _KEYWORDS:
            found[_KEYWORDS[one[0]], ""] = None
        elif name in ("font", "font-family") and one[0] in _FONTS:
            found["css-sytem-ui", ""] = None
    return tuple(found)


def numbers(value: str) -> tuple[tuple[float, str], ...]:
    """The numbers of a value with their units, `''` for none; those inside functions and addresses are left out."""
    plain = re.sub(r"\([^()]*\)", " ", _plain(value))
    found = re.findall(r"(?<![-\w#.])([-+]?(?:\d+\.?\d*|\.\d+))([a-z]*|%)(?![\w.])", plain)
    return tuple((float(number), unit) for number, unit in found)


def pixels(value: str) -> float | None:
    """The one length in pixels that the value is, or None."""
    found = numbers(value)
    return found[0][0] if len(found) == 1 and found[0][1] == "px" else None


def names_colour(value: str) -> bool:
    """Whether a plain colour stands in the value of a background: by number, or as a word."""
    plain = _plain(value)
    plain = re.sub(r"[-a-z]*gradient\((?:[^()]|\([^()]*\))*\)", " ", plain)
    if re.search(r"#[0-9a-f]{3}|\brgb\(", plain):
        return True
    return any(word not in _NOT_COLOURS for word in _WORD.findall(plain))


_NOT_COLOURS = frozenset(
    "none transparent inherit initial unset revert center left right top bottom cover contain auto repeat repeat-x"
    " repeat-y no-repeat space round scroll fixed local border-box padding-box content-box text url from to at".split()
)


def _plain(value: str) -> str:
    """The value without its quoted texts and addresses, in small letters."""
    return _QUOTED.sub(" ", value[:_LONGEST].lower())


def _colour_case(feature: str, value: str) -> str:
    if feature not in ("css-rgb", "css-rgba"):
        return ""
    for one in _SPACED_COLOUR.finditer(value):
        if f"css-{one[1]}" == feature:
            return "spaces"
    return "alpha" if feature == "css-rgb" and _ALPHA_RGB.search(value) else ""
