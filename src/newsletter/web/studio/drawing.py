"""Templates → pages. Whatever stands in a page is escaped, an author's words and a subscriber's alike."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

HERE = Path(__file__).parent


def drawn(name: str, code: int = 200, **values: object) -> HTMLResponse:
    """The page of that template."""
    return HTMLResponse(_TEMPLATES.get_template(name).render(**values), code)


_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
