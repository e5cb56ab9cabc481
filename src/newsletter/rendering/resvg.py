"""resvg, asked for PNG: the fonts it draws with, and bounds for what can hold it up.

In: SVG text that leads nowhere, and a width in pixels. Out: PNG bytes; `ValueError` when it cannot be drawn.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import Any

FALLBACK = "Noto Sans"
"""Latin, Greek, Cyrillic and Devanagari in every weight; drawn for generic families too, the same on every machine."""

_GENERICS = ("font_family", "serif_family", "sans_serif_family", "cursive_family", "fantasy_family", "monospace_family")
_LONGEST = 15
"""Seconds for a drawing with patterns or filters."""
_APART = """
import json, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
except (ImportError, OSError, ValueError):
    pass
import resvg_py
sys.stdout.buffer.write(bytes(resvg_py.svg_to_bytes(**json.load(sys.stdin))))
"""


@lru_cache(maxsize=1)
def _font_files() -> tuple[str, ...]:
    return tuple(sorted(str(one) for one in files("fontpkg_noto_sans").joinpath("files").iterdir()))


def draw_png(
    svg: str, width: int, has_text: bool, fallback: str = FALLBACK, apart: bool = False, installed: bool = True
) -> bytes:
    """The SVG drawn; fonts are looked for only where there is text, and no `fallback` leaves missing ones blank.

    Not `installed`: drawn with `FALLBACK` alone, whatever fonts the machine has.
    """
    skipped = not (has_text and installed)
    options: dict[str, Any] = {"svg_string": svg, "width": width, "dpi": 96, "skip_system_fonts": skipped}
    if has_text:
        options |= {"font_files": list(_font_files()), **dict.fromkeys(_GENERICS, fallback or "no such font")}
    if apart:
        return _drawn_apart(options)
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(**options))


def _drawn_apart(options: dict[str, Any]) -> bytes:
    """Drawn by a process of its own, its time and memory bounded; raises `ValueError` when it does not end well."""
    import json
    import subprocess
    import sys

    command = [sys.executable, "-P", "-c", _APART]
    try:
        done = subprocess.run(  # noqa: S603  # the command is ours; the drawing goes in as data
            command, input=json.dumps(options).encode(), capture_output=True, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"it takes more than {_LONGEST} seconds") from error
    if done.returncode:
        raise ValueError("its patterns or effects need too much memory, or it is not a valid drawing")
    return done.stdout
