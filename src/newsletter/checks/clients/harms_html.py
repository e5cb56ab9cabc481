"""What the lack of each element, attribute and picture format does to a reader; the reasons stand in `harms.py`."""

from __future__ import annotations

from newsletter.checks.clients.harms import BROKEN, LOST, UNSEEN, Effect, plainer

_PICTURE = "the picture is missing, and its alt text stands in its place"
_PNG = "Save it as PNG or JPEG."
_LINK = "Link to a page with the form."

HTML_EFFECTS: dict[tuple[str, str], Effect] = {
    # ── pictures and films ──────────────────────────────────────────────────────────────────────────────────────────
    ("image-svg", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-webp", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-avif", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-heif", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-tiff", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-ico", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-hdr", ""): Effect(LOST, _PICTURE, _PNG),
    ("image-mp4", ""): Effect(LOST, _PICTURE, "Use an animated GIF, or a still picture that links to the film."),
    ("image-bmp", ""): plainer("the colours are wrong", _PNG),
    ("image-apng", ""): plainer("the first picture stands still"),
    ("image-base64", ""): Effect(LOST, _PICTURE, "Attach the picture (cid:) or put it on the web and link to it."),
    ("image-base64", "gif"): Effect(LOST, _PICTURE, "Attach the picture (cid:) or put it on the web and link to it."),
    ("html-svg", ""): Effect(LOST, "the drawing is missing", "Save it as PNG and show it with img."),
    ("html-video", ""): Effect(
        LOST,
        "there is neither film nor picture",
        "Put a linked picture inside the video element, for those who drop it.",
    ),
    ("html-video", "fallback"): plainer("the picture in the film's place is shown"),
    ("html-audio", ""): Effect(LOST, "there is nothing to hear", "Put a link to the sound inside the audio element."),
    ("html-audio", "fallback"): plainer("the link in its place is shown"),
    ("html-object", ""): Effect(LOST, "the object is missing", "Link to it, with a picture."),
    ("html-object", "fallback"): plainer("what stands inside the object is shown"),
    ("html-picture", ""): plainer("the picture of the img is shown to all"),
    ("html-srcset", ""): plainer("the picture of src is shown to all"),
    ("html-image-maps", ""): Effect(
        BROKEN, "the areas of the picture are no links", "Cut the picture into linked parts, or write links below it."
    ),
    ("html-width", "image"): Effect(
        BROKEN, "the picture appears in that share of its file's size", "Give the width attribute in pixels."
    ),
    ("html-width", ""): UNSEEN,
    ("html-height", ""): UNSEEN,
    ("html-loading-attribute", ""): UNSEEN,
    ("html-background", ""): Effect(
        BROKEN, "the picture is missing, and the text on it stands on the bare page", "Add bgcolor, or VML for Outlook."
    ),
    # ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────
    ("html-form", ""): Effect(LOST, "the form cannot be filled in or sent", _LINK),
    **{
        (f"html-{name}", ""): Effect(BROKEN, "there is nothing to fill in or to press", _LINK)
        for name in ("select", "textarea", "button-submit", "button-reset")
    },
    **{
        (f"html-input-{name}", ""): Effect(BROKEN, "there is nothing to fill in or to press", _LINK)
        for name in ("text", "checkbox", "radio", "submit", "reset")
    },
    **{
        (f"html-{name}", "in-form"): UNSEEN  # the form itself is reported
        for name in ("select", "textarea", "button-submit", "button-reset", "input-text", "input-checkbox")
    },
    **{(f"html-input-{name}", "in-form"): UNSEEN for name in ("radio", "submit", "reset", "hidden")},
    ("html-input-hidden", ""): UNSEEN,
    ("html-required", ""): UNSEEN,
    # ── style and structure ─────────────────────────────────────────────────────────────────────────────────────────
    ("html-style", ""): UNSEEN,  # what is in it is judged by itself
    ("html-style", "needed"): Effect(
        BROKEN, "the mail has no design at all", "Inline the styles: `newsletter inline FILE.html`."
    ),
    ("html-style", "in-body"): Effect(BROKEN, "its rules are dropped", "Move the style element into the head."),
    ("html-link", ""): Effect(
        LOST, "nothing of the style sheet arrives", "Copy its rules into the mail: `newsletter inline FILE.html`."
    ),
    ("html-link", "font"): plainer("the text is set in the next font of the list"),
    ("html-base", ""): Effect(BROKEN, "addresses without a host lead nowhere", "Write every address in full."),
    ("html-dialog", ""): Effect(BROKEN, "what should open stands in the text", "Write it as a part of the page."),
    ("html-popover", ""): Effect(BROKEN, "what should open stands in the text", "Write it as a part of the page."),
    ("html-hidden", ""): Effect(BROKEN, "what should be hidden is shown", 'Hide it with style="display: none".'),
    ("html-marquee", ""): plainer("the text stands still"),
    ("html-semantics", ""): plainer("the element is dropped and its text kept", "Style a table cell or div inside it."),
    ("html-anchor-links", ""): plainer("the link does nothing", "Lead to the web version instead, if it matters."),
    ("html-lists", "reversed"): plainer("the list counts up"),
    ("html-meter", ""): Effect(BROKEN, "there is no bar", "Draw it with table cells, and write the number."),
    ("html-progress", ""): Effect(BROKEN, "there is no bar", "Draw it with table cells, and write the number."),
    ("html-aria-labelledby", ""): plainer("screen readers get no name for it", "Write the name as aria-label or text."),
    ("html-aria-describedby", ""): UNSEEN,
    ("html-aria-live", ""): UNSEEN,
    ("css-inert-attribute", ""): UNSEEN,
    **{(f"html-{name}", ""): UNSEEN for name in ("abbr", "acronym", "bdi", "del", "dfn", "small", "wbr")},
    ("html-strike", ""): plainer("the text is not struck through", "Write <del> or <s>."),
    **{(f"html-{name}", ""): plainer("the reading stands beside the word") for name in ("ruby", "rt", "rp")},
}
