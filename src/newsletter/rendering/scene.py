"""What templates know: one variant about to be drawn, and the small functions templates call.

In: a variant with its theme and words. Out: the names of a template, and the pictures and links that were used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from html import escape
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, soft_str

from newsletter.errors import FileProblems
from newsletter.expressions import TOKEN, tokens_in
from newsletter.model import LAYOUT_WIDTH, Image, Issue, Picture, Theme, Variant
from newsletter.rendering import plain_text
from newsletter.rendering.kept_pictures import KeptPictures
from newsletter.rendering.pictures import grey_picture, picture_for
from newsletter.rendering.plain_text import WIDTH, References, prose_to_text
from newsletter.rendering.prose import highest_heading, split_beside
from newsletter.settings import Settings

SIDE = 20
"""The page's inner margin at the left and right, in CSS pixels."""

_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "dv")


@dataclass(slots=True)
class Scene:
    """One variant about to be drawn: what templates know, and the pictures and names they have used."""

    variant: Variant
    issue: Issue
    settings: Settings
    theme: Theme
    words: Mapping[str, str]
    subject: str
    preheader: str
    values: Mapping[str, str] = field(default_factory=dict)
    """What each per-variant token stands for: plain text is wrapped and underlined with these in their places."""
    forgiving: bool = False
    kept: KeptPictures | None = None
    """Pictures of earlier runs."""
    pictures: dict[str, Picture] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def context(self) -> dict[str, Any]:
        """The names every template knows."""
        rtl = self.issue.language.split("-")[0].lower() in _RIGHT_TO_LEFT
        return {
            "issue": self.issue,
            "sections": self.variant.sections,
            "profession": self.variant.profession,
            "another_profession": self.variant.another_profession,
            "subject": self.subject,
            "preheader": self.preheader,
            "brand": self.settings.brand,
            "sender": self.settings.sender,
            "site_url": self.settings.site_url,
            "theme": self.theme,
            "color": self.theme.light,
            "dark": self.theme.dark,
            "font": self.theme.fonts,
            "words": self.words,
            "direction": "rtl" if rtl else "ltr",
            "start": "right" if rtl else "left",
            "end": "left" if rtl else "right",
            "side": SIDE,
            "layout_width": LAYOUT_WIDTH,
            "text_width": WIDTH,
            "highest": 0,
            "highest_heading": highest_heading,
            "split_beside": split_beside,
            "picture": self.picture,
            "references": References(),
            "values": self.values,
            "first": self._first,
            "shares": shares,
            "host": host,
        }

    def picture(self, image: Image, most_width: int, on_dark: str = "", ground: str = "") -> Mapping[str, object]:
        """The image made ready for a place `most_width` pixels wide: its `src`, `width` and `height`.

        `on_dark` is the page's dark colour, for a logo that must be seen on it too. Other pictures that would be lost
        on a dark page get a ground: the page's light colour, or `ground`; and what would be lost on the light page
        gets one in the dark colour. A picture on the web takes the whole place;
        its height is not known.
        """
        if image.url:
            return {"src": image.url, "width": most_width, "height": None}
        on_light = ground or self.theme.light["paper"]
        own_ground = "" if on_dark else on_light
        dark = on_dark or self.theme.dark["paper"]
        try:
            ready = picture_for(image, most_width, dark, own_ground, self.kept, on_light)
        except FileProblems as error:
            if not self.forgiving:
                raise
            ready = grey_picture(image, most_width, error.problems[0].message)
        self.pictures[ready.name] = ready
        images = self.settings.images
        place = f"{images.base_url}/" if images.mode == "link" else "cid:"
        return {"src": f"{place}{ready.name}", "width": ready.width, "height": ready.height}

    def _first(self, name: str) -> bool:
        """Whether this is the first time the page asks for that name: an id may stand in it once."""
        known = name in self._used
        self._used.add(name)
        return not known


@pass_context
def prose_text(context: Context, markup: str, width: int = WIDTH, highest: int = 0) -> str:
    """The article's HTML as plain text, its links numbered for the page's references; `highest` as for `prose`."""
    values = {token: escape(value) for token, value in context.get("values", {}).items()}
    return prose_to_text(_filled(markup, values), width, context["references"], highest)


@pass_context
def wrapped(context: Context, words: str, width: int = WIDTH, first: str = "", rest: str = "") -> str:
    """One paragraph of plain text, as this variant's readers get it, in lines of that width."""
    return plain_text.wrapped(_filled(words, context.get("values", {})), width, first, rest)


@pass_context
def underlined(context: Context, words: str, mark: str = "-") -> str:
    """A heading of plain text, as this variant's readers get it, with a line under it as long as its longest line."""
    return plain_text.underlined(_filled(words, context.get("values", {})), mark)


@pass_context
def upper(context: Context, words: object) -> str:
    """The words in capitals; what is filled in for each reader later stays as it will be."""
    text = words if isinstance(words, Markup) else _filled(soft_str(words), context.get("values", {}))
    shown = text.upper()
    for token in tokens_in(text):
        shown = shown.replace(token.upper(), token)
    return shown


def _filled(text: str, values: Mapping[str, str]) -> str:
    return TOKEN.sub(lambda found: values.get(found[0], found[0]), text) if values else text


@pass_context
def day(context: Context, written: str) -> str:
    """A date such as 2026-03-02 as the issue's language writes it: 2 March 2026. Other words stay as they are."""
    try:
        when = date.fromisoformat(written)
    except ValueError:
        return written
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date

    language = context["issue"].language
    # English without a country would be written the American way; the international one is unmistakable.
    try:
        locale = Locale.parse("en-GB" if language == "en" else language, sep="-")
    except (UnknownLocaleError, ValueError):
        return written
    return str(format_date(when, "long", locale))


@pass_context
def own_way(context: Context, words: str) -> str | Markup:
    """Words that run the other way than the page, told so: else the number of a Latin address in an Arabic mail would
    stand behind it. Source: the Unicode Bidirectional Algorithm (UAX 9), rule P2: the first strong letter decides."""
    strong = next((way for way in map(unicodedata.bidirectional, words) if way in ("L", "R", "AL")), "")
    way = {"": context["direction"], "L": "ltr"}.get(strong, "rtl")
    return words if way == context["direction"] else Markup('<span dir="{}">{}</span>').format(way, words)


def shares(split: str) -> list[int]:
    """The widths of the columns in pixels: '1/3+2/3' → [200, 400]."""
    parts = [part.split("/") for part in split.split("+")]
    return [LAYOUT_WIDTH * int(part[0]) // int(part[1]) for part in parts]


def host(link: str) -> str:
    """The host a link leads to: what to call it when it has no words of its own."""
    return re.sub(r"^[a-z]+:(//)?(www\.)?", "", link).split("/")[0].split("?")[0]
