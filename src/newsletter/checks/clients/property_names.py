"""The name of a CSS property → the feature under which Can I Email tests it."""

from __future__ import annotations

import re

_GROUPS = {
    **dict.fromkeys(("left", "right", "top", "bottom"), "css-left-right-top-bottom"),
    **dict.fromkeys(("gap", "row-gap", "column-gap", "grid-gap"), "css-gap"),
    **{f"grid-template-{name}": "css-grid-template" for name in ("columns", "rows", "areas")},
    **{f"margin-{name}": "css-margin-inline-block" for name in ("inline", "block")},
    **{f"padding-{name}": "css-padding-inline-block" for name in ("inline", "block")},
    **{f"border-{name}": "css-border-inline-block" for name in ("inline", "block")},
    **{f"overflow-{name}": "css-overflow" for name in ("x", "y")},
    **{
        f"{kind}-{axis}-{end}": f"css-{kind}-{axis}-start-end"
        for kind in ("margin", "padding")
        for axis in ("inline", "block")
        for end in ("start", "end")
    },
    **{f"column-{name}": "css-column-layout-properties" for name in ("width", "fill", "rule", "span")},
    "columns": "css-column-count",
    "block-size": "css-block-inline-size",
    "scroll-snap-type": "css-scroll-snap",
    "scroll-snap-align": "css-scroll-snap",
}
_LONGHANDS = re.compile(r"(?:animation|transition|mask|border-image|text-emphasis)(?=-)")
_CORNER = re.compile(r"border-(?:top|bottom)-(?:left|right)-radius")


def property_feature(name: str) -> str:
    """The feature under which Can I Email tests the property; one it does not know is in no table."""
    group = _GROUPS.get(name)
    if group is not None:
        return group
    if _CORNER.fullmatch(name):
        return "css-border-radius"
    shorthand = _LONGHANDS.match(name)
    if shorthand is not None and name not in ("mask-image", "text-emphasis-position"):
        return "css-mask-image" if shorthand[0] == "mask" else f"css-{shorthand[0]}"
    return f"css-{name}"
