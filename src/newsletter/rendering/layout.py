"""The page skeleton and the blocks, by Jinja2: a Variant → HTML and text, tokens still in place.

In: a variant and the folders that hold templates (a workspace's own first). Out: two texts and the pictures they
name. Templates run in a sandbox; a misspelt name in one is an error, with the template's file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from newsletter.errors import FileProblems, NewsletterError
from newsletter.expressions import swap
from newsletter.files import shown
from newsletter.model import LAYOUT_WIDTH, Block, Expression, Image, Issue, Picture, TemplateNames, Variant, Where
from newsletter.rendering.pictures import picture_for
from newsletter.rendering.plain_text import WIDTH, prose_to_text, underlined, wrapped
from newsletter.settings import Settings

SIDE = 24
"""The page's inner margin at the left and right, in CSS pixels."""

_COLORS = {
    "accent": "#0b5fff",
    "ink": "#14213d",
    "paper": "#ffffff",
    "canvas": "#f1f3f8",
    "muted": "#56617a",
    "rule": "#dfe3ec",
}
_HEADING = re.compile(r"<(/?)h([1-6])\b")
_SUFFIXES = {"html": ".html.j2", "text": ".txt.j2"}


class Templates:
    """The templates of a workspace, each looked up in its folders in order."""

    def __init__(self, folders: Sequence[Path], root: Path) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._root = root
        self.expressions: dict[str, Expression] = {}
        """The `{{ recipient… }}` found in the templates used so far, by token."""
        self._environment = SandboxedEnvironment(
            loader=_Loader(self),
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(_SUFFIXES["html"])),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(prose=_prose, prose_text=prose_to_text, wrapped=wrapped, underlined=underlined)

    def names(self) -> TemplateNames:
        """The block types and layouts that have both of their templates."""
        return TemplateNames(self._pairs("blocks"), self._pairs("layouts"))

    def draw_html(self, scene: Scene) -> str:
        """The variant's page."""
        return self._draw(scene, "html")

    def draw_text(self, scene: Scene) -> str:
        """The variant's plain text: no line ends in a space, and no two blank lines follow each other."""
        text = self._draw(scene, "text")
        lines = "\n".join(line.rstrip() for line in text.split("\n"))
        return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"

    def source(self, name: str) -> tuple[str, Path]:
        """The text of a template and where it lies, merge fields swapped for tokens."""
        for folder in self._folders:
            path = folder / name
            if path.is_file():
                text, found = swap(path.read_text("utf-8"), Where(self.shown(path), 1), names=("recipient",))
                self.expressions.update({one.token: one for one in found})
                return text, path
        raise TemplateNotFound(name)

    def shown(self, path: Path) -> str:
        return shown(path, self._root)

    def _pairs(self, folder: str) -> frozenset[str]:
        found = [
            {path.name.removesuffix(suffix) for root in self._folders for path in (root / folder).glob(f"*{suffix}")}
            for suffix in _SUFFIXES.values()
        ]
        return frozenset(found[0] & found[1])

    def _draw(self, scene: Scene, kind: str) -> str:
        suffix = _SUFFIXES[kind]
        context = scene.context()

        def draw(block: Block, width: int = LAYOUT_WIDTH - 2 * SIDE, level: int = 3, pad: str = "pad") -> str:
            template = self._environment.get_template(f"blocks/{block.type}{suffix}")
            local = {"block": block.fields, "draw": draw, "width": width, "level": level, "pad": pad}
            drawn = template.render(context | local)
            return Markup(drawn) if kind == "html" else drawn.strip("\n")

        try:
            template = self._environment.get_template(f"layouts/{scene.issue.layout}{suffix}")
            return template.render(context | {"draw": draw})
        except TemplateSyntaxError as error:
            path = self.shown(Path(error.filename)) if error.filename else str(error.name)
            raise FileProblems.at(Where(path, error.lineno), f"{error.message}.") from error
        except TemplateNotFound as error:
            raise FileProblems.at(Where(f"templates/{error.name}"), "no such template.") from error
        except NewsletterError:
            raise
        except (TemplateError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            raise FileProblems.at(self._line_of(error), f"{error}.") from error

    def _line_of(self, error: Exception) -> Where:
        frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.endswith(".j2")]
        return Where(self.shown(Path(frames[-1].filename)), frames[-1].lineno or 0) if frames else Where("templates")


class _Loader(BaseLoader):
    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if ".." in template.split("/"):
            raise TemplateNotFound(template)
        text, path = self._templates.source(template)
        return text, str(path), lambda: True


@dataclass(slots=True)
class Scene:
    """One variant about to be drawn: what templates know, and the pictures and names they have used."""

    variant: Variant
    issue: Issue
    settings: Settings
    subject: str
    preheader: str
    pictures: dict[str, Picture] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def context(self) -> dict[str, Any]:
        """The names every template knows."""
        brand = self.settings.brand
        return {
            "issue": self.issue,
            "sections": self.variant.sections,
            "profession": self.variant.profession,
            "another_profession": self.variant.another_profession,
            "subject": self.subject,
            "preheader": self.preheader,
            "brand": brand,
            "sender": self.settings.sender,
            "site_url": self.settings.site_url,
            "color": _COLORS | {str(name): value for name, value in brand.colors.items()},
            "direction": _direction(self.issue.language),
            "layout_width": LAYOUT_WIDTH,
            "text_width": WIDTH,
            "picture": self.picture,
            "first": self._first,
            "shares": _shares,
            "host": _host,
        }

    def picture(self, image: Image, most_width: int) -> Mapping[str, object]:
        """The image made ready for a place `most_width` pixels wide: its `src`, `width` and `height`.

        A picture on the web takes the whole place; its height is not known.
        """
        if image.url:
            return {"src": image.url, "width": most_width, "height": None}
        ready = picture_for(image, most_width)
        self.pictures[ready.name] = ready
        images = self.settings.images
        place = f"{images.base_url}/" if images.mode == "link" else "cid:"
        return {"src": f"{place}{ready.name}", "width": ready.width, "height": ready.height}

    def _first(self, name: str) -> bool:
        """Whether this is the first time the page asks for that name: an id may stand in it once."""
        known = name in self._used
        self._used.add(name)
        return not known


def _prose(markup: str, level: int = 3) -> Markup:
    """The article's HTML with its headings moved so that the highest is of that level."""
    levels = [int(one) for _, one in _HEADING.findall(markup)]
    shift = level - min(levels, default=level)
    return Markup(_HEADING.sub(lambda found: f"<{found[1]}h{min(6, max(1, int(found[2]) + shift))}", markup))


def _shares(split: str) -> list[int]:
    """The widths of the columns in pixels: '1/3+2/3' → [200, 400]."""
    parts = [part.split("/") for part in split.split("+")]
    return [LAYOUT_WIDTH * int(part[0]) // int(part[1]) for part in parts]


def _host(link: str) -> str:
    """The host a link leads to: what to call it when it has no words of its own."""
    return re.sub(r"^[a-z]+:(//)?(www\.)?", "", link).split("/")[0].split("?")[0]


def _direction(language: str) -> str:
    return "rtl" if language.split("-")[0].lower() in ("ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "dv") else "ltr"
