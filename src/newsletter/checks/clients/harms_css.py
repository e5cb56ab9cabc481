"""What the lack of each feature of CSS does to a reader; the reasons for the severities stand in `harms.py`."""

from __future__ import annotations

from newsletter.checks.clients.harms import BROKEN, LOST, UNSEEN, Effect, plainer

_COLUMNS = "Use table cells, or inline-block with a ghost table in [if mso] for Outlook."
_PIXELS = "Put the same property in px before it; who cannot read the second keeps the first."
_GROUND = "Put a background-color (and bgcolor) of the same tone on the element, so that its text can be read."

CSS_EFFECTS: dict[tuple[str, str], Effect] = {
    # ── layout ──────────────────────────────────────────────────────────────────────────────────────────────────────
    ("css-display-flex", ""): Effect(BROKEN, "what should stand side by side stands below each other", _COLUMNS),
    ("css-display-grid", ""): Effect(BROKEN, "the grid is one column, its parts below each other", _COLUMNS),
    ("css-display", "column"): Effect(BROKEN, "the columns stand below each other, each over the full width", _COLUMNS),
    ("css-display", ""): UNSEEN,
    ("css-float", ""): Effect(
        BROKEN, "what should stand beside it stands below it", 'Put align="left" on the table or img as well.'
    ),
    ("css-float", "logical"): Effect(BROKEN, "what should stand beside it stands below it", "Write float: left."),
    ("css-position", "absolute"): Effect(
        BROKEN,
        "the element stands where it comes in the text, not where it was placed, and may cover or part other text",
        "Place it with table cells and padding.",
    ),
    ("css-position", "fixed"): Effect(BROKEN, "the element scrolls with the text", "Place it with table cells."),
    ("css-position", "sticky"): plainer("the element scrolls with the text"),
    ("css-position", "relative"): plainer("the element is not shifted"),
    ("css-left-right-top-bottom", ""): UNSEEN,  # says nothing that css-position does not
    ("css-inset", ""): UNSEEN,
    ("css-z-index", ""): UNSEEN,
    ("css-margin", "negative"): Effect(
        BROKEN,
        "what should overlap or be drawn nearer stands apart, or is cut off",
        "Use padding on the cells around it.",
    ),
    ("css-margin", "auto"): Effect(
        BROKEN, "the table stands at the left instead of in the middle", 'Put align="center" on the table.'
    ),
    ("css-padding", "not-cell"): plainer("the room around the text is missing", "Move the padding to a table cell."),
    ("css-padding", "link"): plainer(
        "the link is as small as its text", "Put the padding on a cell around it, or add mso-padding-alt."
    ),
    ("css-max-width", "not-table"): Effect(
        BROKEN, "what is in it runs as wide as the window", "Wrap it in a ghost table of that width in [if mso]."
    ),
    ("css-max-width", "text"): plainer(
        "the text runs as wide as the window", "Wrap it in a ghost table of that width in [if mso]."
    ),
    ("css-max-width", "table"): Effect(
        BROKEN, "the table is as wide as the window", "Wrap it in a ghost table of that width in [if mso]."
    ),
    # Pictures are often saved in the width they are meant for; then nothing is amiss.
    ("css-max-width", "picture"): plainer(
        "the picture appears in the size of its file, however large", "Give the img a width attribute in pixels."
    ),
    ("css-width", "image"): Effect(
        BROKEN, "the picture appears in the size of its file", "Give the img a width attribute in pixels."
    ),
    ("css-width", "box"): Effect(
        BROKEN, "the box is as wide as the window", "Give the width to a table or a table cell."
    ),
    ("css-height", "box"): plainer("the box is as high as its text", "Give the height to a table cell."),
    ("css-height", ""): UNSEEN,
    ("css-min-width", ""): UNSEEN,
    ("css-max-height", ""): plainer("the element is as high as what it holds"),
    ("css-min-height", ""): plainer("the element is as high as what it holds", "Give a height to the table cell."),
    ("css-overflow", ""): plainer("what is longer than its box is shown in full"),
    ("css-box-sizing", ""): plainer("the padding comes on top of the width"),
    ("css-table-layout", ""): UNSEEN,
    ("css-clear", ""): UNSEEN,
    ("css-column-count", ""): plainer("the text runs in one column"),
    ("css-writing-mode", ""): Effect(BROKEN, "the text runs from left to right", "Write it across, or draw a picture."),
    ("css-transform", ""): Effect(
        BROKEN, "the element is not moved, turned or scaled", "Place it with table cells and padding."
    ),
    ("css-aspect-ratio", ""): plainer("the element is as high as what it holds"),
    # ── seen and unseen ─────────────────────────────────────────────────────────────────────────────────────────────
    ("css-display-none", ""): Effect(
        BROKEN, "what should be hidden is shown", "Add mso-hide: all, or keep it from Outlook with [if !mso]."
    ),
    ("css-display-none", "image"): Effect(
        BROKEN, "the hidden picture is shown", "Hide a cell or a div around it, or wrap it in [if !mso]."
    ),
    ("css-display-none", "tables"): Effect(
        BROKEN, "the tables inside what is hidden are shown", "Add mso-hide: all to them, or wrap them in [if !mso]."
    ),
    ("css-visibility", ""): Effect(BROKEN, "what should be hidden is shown", "Hide it with display: none."),
    ("css-opacity", "hidden"): Effect(BROKEN, "what should be hidden is shown", "Hide it with display: none."),
    ("css-opacity", ""): plainer("the element is opaque"),
    ("css-clip-path", ""): plainer("the element is shown whole"),
    ("css-text-overflow", ""): plainer("the text is not cut with an ellipsis"),
    ("css-pseudo-element-before", "text"): Effect(BROKEN, "the words it adds are missing", "Write them into the HTML."),
    ("css-pseudo-element-after", "text"): Effect(BROKEN, "the words it adds are missing", "Write them into the HTML."),
    # ── colours and grounds ─────────────────────────────────────────────────────────────────────────────────────────
    ("css-background-image", ""): Effect(
        BROKEN, "the picture is missing, and the text on it stands on the bare page", _GROUND
    ),
    ("css-background", "slash"): Effect(
        BROKEN, "the whole background is missing", "Write background-size as a declaration of its own."
    ),
    ("css-linear-gradient", ""): Effect(
        BROKEN, "the gradient is missing, and the text stands on the bare page", _GROUND
    ),
    ("css-radial-gradient", ""): Effect(
        BROKEN, "the gradient is missing, and the text stands on the bare page", _GROUND
    ),
    ("css-conic-gradient", ""): Effect(
        BROKEN, "the gradient is missing, and the text stands on the bare page", _GROUND
    ),
    ("css-background-size", ""): UNSEEN,  # no background image is drawn there at all, or the picture keeps its size
    ("css-background-position", ""): UNSEEN,
    ("css-background-repeat", ""): UNSEEN,
    ("css-background-origin", ""): UNSEEN,
    ("css-background-clip", ""): plainer("the ground reaches as far as the border"),
    ("css-background-blend-mode", ""): plainer("picture and colour are not blended"),
    ("css-mix-blend-mode", ""): plainer("the element is not blended with what is behind it"),
    ("css-rgb", "spaces"): Effect(
        BROKEN,
        "the colour is missing; Gmail drops the whole style attribute",
        "Write rgb(0, 128, 0) with commas, or #008000.",
    ),
    ("css-rgba", "spaces"): Effect(
        BROKEN, "the colour is missing; Gmail drops the whole style attribute", "Write rgba(0, 0, 0, 0.5) with commas."
    ),
    ("css-rgb", "alpha"): plainer("the colour is missing", "Put a plain #rrggbb before it."),
    ("css-rgba", "colour"): Effect(BROKEN, "the colour is missing", "Put a plain #rrggbb before it."),
    ("css-rgba", ""): plainer("the colour is missing", "Put a plain #rrggbb before it."),
    ("css-modern-color", ""): Effect(
        BROKEN, "the colour is missing; Gmail drops the whole style attribute", "Write the colour as #rrggbb."
    ),
    ("css-modern-color", "colour"): Effect(
        BROKEN, "the colour is missing; Gmail drops the whole style attribute", "Write the colour as #rrggbb."
    ),
    ("css-function-light-dark", "colour"): Effect(BROKEN, "the colour is missing", "Put a plain #rrggbb before it."),
    ("css-variables", "colour"): Effect(
        BROKEN, "the colour is missing", "Write the value out, or put it before as plain."
    ),
    ("css-variables", "size"): Effect(BROKEN, "the size is missing", "Write the value out, or put it before as plain."),
    ("css-variables", ""): Effect(BROKEN, "the value is missing", "Write the value out, or put it before as plain."),
    ("css-color-scheme", ""): UNSEEN,  # a hint to those who have dark mode and ask
    # ── units ───────────────────────────────────────────────────────────────────────────────────────────────────────
    ("css-unit-calc", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-function-min", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-function-max", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-function-clamp", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-intrinsic-size", "size"): plainer("the element takes the room there is"),
    ("css-unit-rem", "size"): Effect(BROKEN, "text and boxes have the client's own size", _PIXELS),
    ("css-unit-rem", ""): plainer("the distance is missing", _PIXELS),
    ("css-unit-vw", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-unit-vh", "size"): plainer("the element is as high as what it holds", _PIXELS),
    ("css-unit-vmin", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-unit-vmax", "size"): Effect(BROKEN, "the size falls back to what is inside it", _PIXELS),
    ("css-unit-initial", ""): UNSEEN,
    ("css-unit-initial", "size"): UNSEEN,
    # ── style sheets ────────────────────────────────────────────────────────────────────────────────────────────────
    ("css-at-import", ""): Effect(LOST, "nothing of the imported style sheet arrives", "Copy its rules into the mail."),
    ("css-at-import", "font"): plainer("the text is set in the next font of the list"),
    ("css-at-font-face", ""): plainer("the text is set in the next font of the list"),
    ("css-at-media", ""): plainer(
        "the mail keeps its desktop form", "See that it reads well so; hybrid columns stack by themselves."
    ),
    ("css-at-media", "nested"): Effect(
        BROKEN,
        "the whole style element is dropped",
        "Write the two conditions as one, or in a style element of its own.",
    ),
    ("css-at-media-prefers-color-scheme", ""): plainer("the client darkens the mail in its own way, or not at all"),
    ("css-at-media-prefers-reduced-motion", ""): UNSEEN,
    ("css-at-media-hover", ""): UNSEEN,
    ("css-at-supports", ""): UNSEEN,  # its very meaning
    ("css-nesting", ""): Effect(BROKEN, "the nested rules are missing", "Write each rule by itself, as .card p { … }."),
    ("css-comments", ""): UNSEEN,
    ("css-important", "inline"): plainer("the declaration is dropped", "Take !important out of the style attribute."),
    ("css-important", "tight"): plainer("the declaration is dropped", "Put a space before !important."),
    # Which selectors a client reads is told once, with html-style and css-at-media.
    **{
        (f"css-selector-{name}", ""): UNSEEN
        for name in ("type", "class", "id", "descendant", "grouping", "universal", "attribute", "child")
    },
    # ── what degrades well ──────────────────────────────────────────────────────────────────────────────────────────
    ("css-border-radius", ""): plainer("corners are square"),
    ("css-border-radius", "slash"): plainer("corners are square", "Give each corner one radius, without a slash."),
    ("css-box-shadow", ""): plainer("there is no shadow"),
    ("css-text-shadow", ""): plainer("there is no shadow"),
    ("css-border", "thick"): plainer("the border is 8 pixels", "Draw a thicker line as a table cell with a ground."),
    ("css-object-fit", ""): plainer("the picture is stretched to its box", "Crop the file to the shape of its box."),
    ("css-object-position", ""): UNSEEN,
    ("css-text-decoration", ""): UNSEEN,
    ("css-text-decoration", "overline"): plainer("there is no line above the text"),
    ("css-text-transform", "lowercase"): plainer("capitals stay", "Write it in small letters."),
    ("css-text-indent", "negative"): plainer("the first line is not drawn out"),
    ("css-list-style", "image"): plainer("the list has plain bullets"),
    ("css-list-style-image", ""): plainer("the list has plain bullets"),
    ("css-transition", ""): plainer("the change comes at once"),
    ("css-animation", ""): plainer("nothing moves: the first state stays", "See that the first state says it all."),
    ("css-at-keyframes", ""): UNSEEN,
    ("css-pseudo-class-hover", ""): plainer("nothing changes under the mouse"),
    ("css-sytem-ui", ""): plainer("the text is set in the next font of the list"),
    ("css-cursor", ""): UNSEEN,
    ("css-user-select", ""): UNSEEN,
    ("css-text-underline-offset", ""): plainer("the line stands where the client draws it"),
    ("css-text-decoration-color", ""): plainer("the line has the colour of its text"),
    ("css-text-decoration-thickness", ""): plainer("the line is as thick as the client draws it"),
    ("css-border-spacing", ""): UNSEEN,  # cellspacing does it, and a table of 0 looks the same
    ("css-outline", ""): plainer("there is no outline"),
    ("css-word-break", ""): UNSEEN,
    ("css-word-wrap", ""): UNSEEN,
    ("css-overflow-wrap", ""): UNSEEN,
    ("css-hyphens", ""): plainer("words are not hyphenated"),
    ("css-white-space", ""): plainer("the text breaks where the room ends"),
}
