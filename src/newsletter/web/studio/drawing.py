"""Templates → pages. Whatever stands in a page is escaped, an author's words and a subscriber's alike."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from newsletter.errors import sentence

HERE = Path(__file__).parent


def drawn(name: str, code: int = 200, **values: object) -> HTMLResponse:
    """The page of that template."""
    return HTMLResponse(_TEMPLATES.get_template(name).render(**values), code)


def said(message: str) -> Markup:
    """A message as a page says it: a sentence of its own, with code for what stands in `backticks`."""
    parts = re.split(r"`([^`]+)`", sentence(message))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["said"] = said
