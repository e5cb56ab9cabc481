"""The theme that checks look at, with the brand's colours in it."""

from __future__ import annotations

from newsletter.model import Theme
from newsletter.rendering.themes import load_theme
from newsletter.settings import Settings
from tests.conftest import REPOSITORY


def theme_of(settings: Settings) -> Theme:
    """The editorial theme with the brand of these settings."""
    return load_theme(REPOSITORY / "templates/themes/editorial.yaml", "editorial.yaml", settings)
