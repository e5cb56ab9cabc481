"""Theme files and the brand's colours → what templates draw with."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.colors import contrast
from newsletter.errors import FileProblems
from newsletter.rendering.layout import Templates
from newsletter.rendering.themes import load_theme
from newsletter.settings import Settings
from newsletter.settings_reading import load_settings
from tests.conftest import REPOSITORY

SHIPPED = sorted((REPOSITORY / "templates/themes").glob("*.yaml"))


def _settings(folder: Path, brand: str = "") -> Settings:
    (folder / "newsletter.yaml").write_text(
        f"brand: {{name: N, postal_address: S{brand}}}\nsender: {{name: N, address: n@example.org}}\n"
    )
    return load_settings(folder, {})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_shipped_theme_can_be_read(tmp_path: Path, path: Path, mode: str) -> None:
    colors = getattr(load_theme(path, path.name, _settings(tmp_path)), mode)
    for text, ground in (("ink", "paper"), ("muted", "paper"), ("link", "paper"), ("ink", "tint"), ("muted", "tint")):
        assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    assert contrast(colors["on_accent"], colors["accent"]) >= 4.5


def test_there_are_two_themes_to_choose_from_and_each_has_every_role() -> None:
    assert {path.stem for path in SHIPPED} >= {"editorial", "modern"}
    names = Templates([REPOSITORY / "templates"], REPOSITORY).names()
    assert names.themes == {path.stem for path in SHIPPED}


def test_the_brands_colours_and_fonts_win_over_the_themes(tmp_path: Path) -> None:
    settings = _settings(tmp_path, ', colors: {accent: "#AA0000"}, fonts: {heading: "Futura, sans-serif"}')
    theme = load_theme(SHIPPED[0], "editorial.yaml", settings)
    assert theme.light["accent"] == "#aa0000"
    assert theme.fonts["heading"] == "Futura, sans-serif"
    assert "Futura" not in theme.fonts["body"]
    assert theme.dark["accent"] != "#aa0000", "dark red cannot be read on a dark page"
    assert contrast(theme.dark["accent"], theme.dark["paper"]) >= 4.5


def test_the_brands_dark_colours_win_in_the_dark_alone_and_its_dark_accent_is_taken_as_it_is(tmp_path: Path) -> None:
    brand = ', colors: {accent: "#aa0000"}, dark_colors: {accent: "#D08080", paper: "#101010"}'
    theme = load_theme(SHIPPED[0], "editorial.yaml", _settings(tmp_path, brand))
    assert (theme.light["accent"], theme.light["paper"]) == ("#aa0000", "#ffffff")
    assert (theme.dark["accent"], theme.dark["paper"]) == ("#d08080", "#101010")
    assert theme.dark["ink"] == "#eef2f9"
    assert contrast(theme.dark["on_accent"], theme.dark["accent"]) >= 4.5


def test_text_in_a_bright_accent_is_darkened_and_its_button_has_dark_words(tmp_path: Path) -> None:
    theme = load_theme(SHIPPED[0], "editorial.yaml", _settings(tmp_path, ', colors: {accent: "#ffcc00"}'))
    assert theme.light["accent"] == "#ffcc00"
    assert contrast(theme.light["link"], "#ffffff") >= 4.5
    assert theme.light["on_accent"] == theme.light["ink"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("fonts: {heading: Georgia, body: Arial}\ncolors: {accent: '#fff'}\n", 2, "ink, muted, paper"),
        ("fonts: {heading: Georgia}\ncolors: {}\n", 1, "body missing"),
        ("fonts: {heading: 'Georgia; color: red', body: Arial}\ncolors: {}\n", 1, "must be names of fonts"),
        ('fonts: {heading: "O\'Neill", body: Arial}\ncolors: {}\n', 1, "must be names of fonts"),
        ("fonts: {}\ncolors: {accent: red}\n", 2, "must be a colour"),
        ("fonts: {}\ncolors: {}\nshadows: 3\n", 3, "unknown key 'shadows'"),
    ],
)
def test_a_mistake_in_a_theme_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(FileProblems) as raised:
        load_theme(path, "templates/themes/mine.yaml", _settings(tmp_path))
    assert any(
        f"templates/themes/mine.yaml:{line}: " in str(one) and words in str(one) for one in raised.value.problems
    )
