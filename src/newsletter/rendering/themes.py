"""templates/themes/NAME.yaml and the brand's own colours and fonts → Theme.

In: a theme file and the settings. Out: a `Theme` with every colour role filled, in light and in dark. Refuses unknown
roles, colours that are not hexadecimal, and fonts that could leave a style attribute, each with its line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from newsletter.colors import readable, text_on
from newsletter.files import read_yaml, validated
from newsletter.model import Theme
from newsletter.settings import Color, ColorRole, Font, FontRole, Settings

_COLORS = ("accent", "ink", "muted", "paper", "canvas", "tint", "rule")
_DARK_CONTRAST = 6.0
"""Saturated colours glare on a dark page: the accent is lightened further than reading needs."""
_FONTS = ("heading", "body")


class _ThemeFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    fonts: dict[FontRole, Font]
    colors: dict[ColorRole, Color]
    dark: dict[ColorRole, Color] = {}

    @field_validator("fonts", "colors")
    @classmethod
    def _complete(cls, value: Any, field: ValidationInfo) -> Any:
        roles = _FONTS if field.field_name == "fonts" else _COLORS
        missing = [role for role in roles if role not in value]
        if missing:
            raise ValueError(f"{', '.join(missing)} missing: a theme names each of {', '.join(roles)}")
        return value


def load_theme(path: Path, name: str, settings: Settings) -> Theme:
    """The theme in the file `path`, called `name` in messages, with the brand's colours and fonts in it."""
    file = validated(_ThemeFile, read_yaml(path, name), "a theme")
    brand = settings.brand
    light = {**file.colors, **brand.colors}
    accent = readable(light["accent"], {**light, **file.dark, **brand.dark_colors}["paper"], _DARK_CONTRAST)
    # Links follow the accent of their own palette: one for the light page says nothing of another accent in the dark.
    inherited = {role: one for role, one in light.items() if role != "link" or "accent" not in brand.dark_colors}
    dark: dict[ColorRole, str] = {**inherited, **file.dark, "accent": accent, **brand.dark_colors}
    return Theme(
        name=path.stem,
        light=_with_derived(light, "#ffffff"),
        dark=_with_derived(dark, dark["canvas"]),
        fonts={str(role): font for role, font in {**file.fonts, **brand.fonts}.items()},
    )


def _with_derived(colors: dict[ColorRole, str], bright: str) -> dict[str, str]:
    """The colours, and what follows from them: text in the accent colour, and the words on a button."""
    return {
        **{str(role): color.lower() for role, color in colors.items()},
        "link": readable(colors.get("link", colors["accent"]), colors["paper"]),
        "on_accent": text_on(colors["accent"], bright, colors["ink"], "#000000"),
    }
