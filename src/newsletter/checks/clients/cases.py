"""What a partial verdict means: the cases of a use in which a client that supports a feature in part lacks it.

In our own words, after the notes of Can I Email on each feature (https://www.caniemail.com, MIT licence). A client is
named by its id or its family. A use in a case that is not listed here is taken to work.
"""

from __future__ import annotations

_WORD = ("outlook-2016", "outlook-2019", "outlook-365")
_EVERYBODY = ("",)

PARTIAL_LACKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("css-background", "slash"): ("yahoo", "aol"),
    ("css-background-image", ""): ("orange",),
    ("css-border", "thick"): _WORD,
    ("css-border-radius", "slash"): ("yahoo", "aol"),
    ("css-display", "column"): _WORD,
    ("css-display-none", "image"): _WORD,
    ("css-display-none", "tables"): _WORD,
    ("css-at-media", "nested"): (
        "gmail-web",
        "gmail-ios",
        "gmail-android",
        "outlook-web",
        "outlook-macos",
        "outlook-ios",
        "outlook-android",
    ),
    ("css-float", "logical"): _EVERYBODY,
    ("css-height", "box"): _WORD,
    ("css-important", "inline"): _WORD,
    ("css-important", "tight"): _WORD,
    ("css-linear-gradient", ""): (),
    ("css-list-style", "image"): _EVERYBODY,
    ("css-margin", "negative"): _EVERYBODY,
    ("css-margin", "auto"): _WORD,
    ("css-max-width", "not-table"): _WORD,
    ("css-max-width", "picture"): _WORD,
    ("css-max-width", "text"): _WORD,
    ("css-padding", "link"): _WORD,
    ("css-padding", "not-cell"): _WORD,
    ("css-position", "absolute"): ("outlook-web", "outlook-macos", "outlook-android", "yahoo", "aol"),
    ("css-position", "fixed"): _EVERYBODY,
    ("css-position", "relative"): ("outlook-web", "outlook-macos", "outlook-android"),
    ("css-position", "sticky"): ("apple", "samsung", "yahoo", "aol"),
    ("css-rgb", "alpha"): _WORD,
    ("css-rgb", "spaces"): ("gmail", "outlook", "yahoo", "aol"),
    ("css-rgba", "spaces"): ("gmail", "yahoo", "aol"),
    ("css-text-align", "flow"): (*_WORD, "yahoo", "aol"),
    ("css-text-decoration", "overline"): _WORD,
    ("css-text-indent", "negative"): _EVERYBODY,
    ("css-text-transform", "lowercase"): _WORD,
    ("css-width", "box"): _WORD,
    ("css-width", "image"): _WORD,
    ("html-anchor-links", ""): (),
    ("html-audio", ""): (),
    ("html-background", ""): _WORD,
    ("html-base", ""): (),
    ("html-form", ""): ("outlook-web", "outlook-macos"),
    ("html-lists", "reversed"): _EVERYBODY,
    ("html-style", "in-body"): ("gmail-web", "gmail-ios", "gmail-android"),
    ("html-width", "image"): _WORD,
    ("image-base64", "gif"): _WORD,
    ("image-bmp", ""): _EVERYBODY,
}


def lacks(feature: str, case: str, client: str) -> bool:
    """Whether a client of partial support lacks the feature in this case of its use."""
    named = PARTIAL_LACKS.get((feature, case), ())
    return any(not one or client == one or client.startswith(f"{one}-") for one in named)
