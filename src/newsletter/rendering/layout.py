"""The page skeleton and the blocks, by Jinja2: a Scene → HTML and text, tokens still in place.

In: a scene and the folders that hold templates (a workspace's own first). Out: two texts. Templates run in a sandbox;
a misspelt name in one is an error, with the template's file and line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import CodeType

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    Environment,
    StrictUndefined,
    TemplateNotFound,
)
from jinja2.bccache import Bucket
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from newsletter.errors import NewsletterError
from newsletter.expressions import swap
from newsletter.files import shown
from newsletter.model import LAYOUT_WIDTH, Block, Expression, TemplateNames, Theme, Where
from newsletter.rendering.prose import left_to_right_code, prose
from newsletter.rendering.scene import SIDE, Scene, day, own_way, prose_text, underlined, upper, wrapped
from newsletter.rendering.template_errors import FAILURES, file_problems
from newsletter.rendering.themes import load_theme
from newsletter.rendering.tracing import Tracer
from newsletter.rendering.words import load_words
from newsletter.settings import Settings

_SUFFIXES = {"html": ".html.j2", "text": ".txt.j2"}
_SIGNATURE = "-- "
"""The line before a signature, the one line of plain text that ends in a space (RFC 3676, section 4.3)."""


class _Compiled(BytecodeCache):
    """What templates compile to, by their name, file and text: most of what drawing one issue again would cost."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the bucket the code of exactly that text, if it was compiled before."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember the bucket's code; when there are too many, begin again."""
        if len(self._codes) >= self._most:
            self._codes = {}
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled(most=1000)
"""Of this process, like Python's own modules: every environment here is made alike, and code holds no values."""


class Templates:
    """The templates of a workspace, each looked up in its folders in order.

    With a `tracer`, what they draw says where each tag was written: to look at, never to be sent.
    """

    def __init__(self, folders: Sequence[Path], root: Path, tracer: Tracer | None = None) -> None:
        self._folders = [folder for folder in folders if folder.is_dir()]
        self._root = root
        self._tracer = tracer
        self.expressions: dict[str, Expression] = {}
        """The `{{ recipient… }}` found in the templates used so far, by token."""
        self._environment = SandboxedEnvironment(
            loader=_Loader(self),
            undefined=StrictUndefined,
            autoescape=lambda name: bool(name and name.endswith(_SUFFIXES["html"])),
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
        )
        self._environment.filters.update(
            prose=prose,
            prose_text=prose_text,
            wrapped=wrapped,
            underlined=underlined,
            upper=upper,
            day=day,
            own_way=own_way,
        )

    def names(self) -> TemplateNames:
        """The block types and layouts that have both of their templates, the themes, and the languages of words."""
        blocks, lone_blocks = self._pairs("blocks")
        layouts, lone_layouts = self._pairs("layouts")
        missing = lone_blocks | lone_layouts
        return TemplateNames(blocks, layouts, self._stems("themes"), self._stems("words"), missing)

    def theme(self, name: str, settings: Settings) -> Theme:
        """The theme of that name, with the brand's own colours and fonts in it."""
        path = self._path(f"themes/{name}.yaml")
        return load_theme(path, self.shown(path), settings)

    def words(self, language: str) -> dict[str, str]:
        """The layout's own words in that language; in English where it has none."""
        return load_words([folder / "words" for folder in self._folders], language, self._root)

    def draw_html(self, scene: Scene) -> str:
        """The variant's page."""
        return self._draw(scene, "html")

    def draw_text(self, scene: Scene) -> str:
        """The variant's plain text: no line ends in a space, and no two blank lines follow each other."""
        text = self._draw(scene, "text")
        lines = "\n".join(line if line == _SIGNATURE else line.rstrip() for line in text.split("\n"))
        return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"

    def source(self, name: str) -> tuple[str, Path]:
        """The text of a template and where it lies, merge fields swapped for tokens."""
        path = self._path(name)
        text = path.read_text("utf-8")
        if self._tracer and name.endswith(_SUFFIXES["html"]):
            text = self._tracer.marked(text, self.shown(path))
        text, found = swap(text, Where(self.shown(path), 1), names=("recipient",))
        self.expressions.update({one.token: one for one in found})
        return text, path

    def shown(self, path: Path) -> str:
        return shown(path, self._root)

    def _path(self, name: str) -> Path:
        for folder in self._folders:
            if (folder / name).is_file():
                return folder / name
        raise TemplateNotFound(name)

    def _stems(self, folder: str) -> frozenset[str]:
        return frozenset(path.stem for root in self._folders for path in (root / folder).glob("*.yaml"))

    def _pairs(self, folder: str) -> tuple[frozenset[str], frozenset[str]]:
        """The names that have both of their templates, and the files that the other names lack."""
        html, text = (
            {path.name.removesuffix(suffix) for root in self._folders for path in (root / folder).glob(f"*{suffix}")}
            for suffix in _SUFFIXES.values()
        )
        lacking = {f"{folder}/{name}{_SUFFIXES['html' if name in text else 'text']}" for name in html ^ text}
        return frozenset(html & text), frozenset(lacking)

    def _draw(self, scene: Scene, kind: str) -> str:
        suffix = _SUFFIXES[kind]
        context = scene.context()
        context["extra_style"] = self._extra_style(scene.theme.name)

        def draw(
            block: Block, width: int = LAYOUT_WIDTH - 2 * SIDE, level: int = 3, pad: str = "pad", highest: int = 0
        ) -> str:
            local = {"block": block.fields, "draw": draw, "width": width, "level": level, "pad": pad}
            local["highest"] = highest
            drawn = self._rendered(f"blocks/{block.type}{suffix}", context | local, block)
            if kind == "html" and context["direction"] == "rtl":
                drawn = left_to_right_code(drawn)
            if kind == "html" and self._tracer:
                drawn = self._tracer.of_block(drawn, block)
            return Markup(drawn) if kind == "html" else drawn.strip("\n")

        return self._rendered(f"layouts/{scene.issue.layout}{suffix}", context | {"draw": draw})

    def _rendered(self, name: str, context: Mapping[str, object], block: Block | None = None) -> str:
        """A template with what it sees; raises `FileProblems` at the line to edit, which names the `block`."""
        try:
            return self._environment.get_template(name).render(context)
        except NewsletterError:
            raise
        except FAILURES as error:
            raise file_problems(error, self.shown, self._environment.filters, block) from error

    def _extra_style(self, theme: str) -> str:
        """The template with the theme's own CSS; nothing when its colours and fonts are all there is."""
        name = f"themes/{theme}.css.j2"
        return name if any((folder / name).is_file() for folder in self._folders) else ""


class _Loader(BaseLoader):
    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        if ".." in template.split("/"):
            raise TemplateNotFound(template)
        text, path = self._templates.source(template)
        return text, str(path), lambda: True
