"""Each check: a hit, a miss, and the line it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from newsletter.checks.run import run_checks
from newsletter.checks.subject import Subject
from newsletter.model import (
    EVERYBODY_ELSE,
    Article,
    ArticleChoice,
    Block,
    Finding,
    Image,
    Issue,
    RenderedVariant,
    Section,
    Severity,
    Variant,
    Where,
)
from newsletter.settings import Settings
from newsletter.settings_reading import load_settings
from tests.checks.themes import theme_of

ISSUE = Where("issues/i/issue.yaml", 7)
SETTINGS = "brand: {name: N, postal_address: Street}\nsender: {name: N, address: n@example.org}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "newsletter.yaml").write_text(SETTINGS)
    return load_settings(tmp_path, {})


def _found(settings: Settings, *blocks: Block, html: str = "", gaps: tuple[Block, ...] = ()) -> list[Finding]:
    section = Section("", blocks)
    issue = Issue("i", ISSUE, "T", "S", "", "a", 1, "two-column", "en", (section,), {})
    variant = Variant(EVERYBODY_ELSE, EVERYBODY_ELSE, (section,), gaps)
    rendered = RenderedVariant("default", ("default",), "S", "", html, "", (), (), "h")
    return list(run_checks([Subject(issue, settings, theme_of(settings), variant, rendered)]))


def _article(show: str = "full", **fields: Any) -> Block:
    given = {"where": Where("a.md", 1), "title": "T", "body": (), **fields}
    return Block("article", {"article": Article(**given), "show": show}, ISSUE)


def _image(alt: str = "", link: str = "") -> Block:
    image = Image("x.png", "d", "image/png", 10, 10, b"")
    return Block("image", {"image": image, "alt": alt, "link": link, "caption": ""}, Where("a.md", 12))


def test_a_clean_issue_has_no_findings(settings: Settings) -> None:
    assert _found(settings, _article(body=(_image("A desk"),)), html="x" * 79_999) == []


@pytest.mark.parametrize("show", ["full", "summary", "card"])
def test_a_draft_is_an_error_at_its_line_in_whatever_form(settings: Settings, show: str) -> None:
    columns = Block("columns", {"cells": ((_article(show, draft_line=3),), ()), "split": "1/2+1/2"}, ISSUE)
    (finding,) = _found(settings, columns)
    assert (finding.rule, finding.severity, finding.where) == ("draft", Severity.ERROR, Where("a.md", 3))


def test_a_gap_is_an_error_at_the_block(settings: Settings) -> None:
    choice = ArticleChoice("{profession}/x.md", {})
    gap = Block("article", {"article": choice, "show": "full"}, ISSUE)
    (finding,) = _found(settings, gaps=(gap,))
    assert (finding.rule, finding.severity, finding.where) == ("profession-gap", Severity.ERROR, ISSUE)
    assert "{profession}/x.md" in finding.message


def test_a_picture_without_alt_is_a_warning_where_it_is_written(settings: Settings) -> None:
    (finding,) = _found(settings, _article(body=(_image(link="https://example.org"),)))
    assert (finding.rule, finding.severity, finding.where) == ("image-alt", Severity.WARNING, Where("a.md", 12))
    assert "say where it leads" in finding.message


def test_pictures_of_articles_shown_as_cards_are_not_those_of_their_body(settings: Settings) -> None:
    assert _found(settings, _article("card", body=(_image(),))) == []
    image = Image("x.png", "d", "image/png", 1, 1, b"")
    assert [one.rule for one in _found(settings, _article("card", image=image))] == ["image-alt"]


@pytest.mark.parametrize(("size", "severity"), [(80_000, Severity.WARNING), (100_000, Severity.ERROR)])
def test_html_near_gmails_limit_is_found_at_the_size_that_is_sent(
    settings: Settings, size: int, severity: Severity
) -> None:
    (finding,) = _found(settings, html="x" * size)
    assert (finding.rule, finding.severity) == ("html-size", severity)


def test_a_public_address_where_nothing_of_ours_answers_is_said_where_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "newsletter.yaml").write_text(SETTINGS + "public_url: https://news.example.org\n")
    (finding,) = _found(load_settings(tmp_path, {}))
    assert (finding.rule, str(finding.where)) == ("unused-setting", f"newsletter.yaml:{SETTINGS.count(chr(10)) + 1}")
    assert "https://news.example.org/unsubscribe/" in finding.message
    assert "nothing in this version answers there" in finding.message


def test_one_finding_of_several_variants_names_them_all(settings: Settings) -> None:
    section = Section("", (_image(),))
    issue = Issue("i", ISSUE, "T", "S", "", "a", 1, "two-column", "en", (section,), {})
    variant = Variant(EVERYBODY_ELSE, EVERYBODY_ELSE, (section,), ())
    subjects = [
        Subject(
            issue, settings, theme_of(settings), variant, RenderedVariant(key, (key,), "S", "", "", "", (), (), "h")
        )
        for key in "ab"
    ]
    (finding,) = run_checks(subjects)
    assert finding.variant == "a, b"


def test_what_reading_left_out_is_said_for_the_articles_that_are_shown(settings: Settings) -> None:
    dropped = Finding("site-furniture", Severity.WARNING, "'Share this post' was left out.", Where("a.md", 9))
    shown = _found(settings, _article(findings=(dropped,)))
    assert [(one.rule, str(one.where), one.variant) for one in shown] == [("site-furniture", "a.md:9", "default")]
    assert _found(settings, _article()) == []


def test_a_brand_colour_that_cannot_be_read_is_named_at_its_line(tmp_path: Path) -> None:
    colors = 'colors:\n    accent: "#ffcc00"\n    muted: "#cccccc"\n'
    text = f"brand:\n  name: N\n  postal_address: S\n  {colors}sender: {{name: N, address: n@example.org}}\n"
    (tmp_path / "newsletter.yaml").write_text(text)
    found = [one for one in _found(load_settings(tmp_path, {}), _article()) if one.rule == "contrast"]
    assert [str(one.where) for one in found] == ["newsletter.yaml:5", "newsletter.yaml:6", "newsletter.yaml:6"]
    assert "accent #ffcc00 has a contrast of 1.5:1" in found[0].message
    assert "muted #cccccc on paper #ffffff" in found[1].message
    assert "muted #cccccc on tint" in found[2].message


@pytest.mark.parametrize(
    ("colors", "found"),
    [
        ('ink: "#222222"', ["5: ink #222222 on paper #161d2b", "5: ink #222222 on tint #1f283a"]),
        ('tint: "#8899aa"', ["5: ink #eef2f9 on tint #8899aa", "5: muted #aab4c8 on tint #8899aa"]),
        ('accent: "#333399"', ["5: accent #333399 has a contrast of"]),
        ('ink: "#ffffff"', []),
        ('accent: "#99ccff"', []),
    ],
)
def test_a_brands_dark_colour_that_cannot_be_read_is_named_at_its_line(
    tmp_path: Path, colors: str, found: list[str]
) -> None:
    text = f"brand:\n  name: N\n  postal_address: S\n  dark_colors:\n    {colors}\n"
    (tmp_path / "newsletter.yaml").write_text(f"{text}sender: {{name: N, address: n@example.org}}\n")
    told = [one for one in _found(load_settings(tmp_path, {}), _article()) if one.rule == "contrast"]
    assert len(told) == len(found)
    for one, expected in zip(told, found, strict=True):
        assert f"{one.where.line}: {one.message}".startswith(expected)
        assert " in dark mode; text needs 4.5:1" in one.message


def test_a_brands_light_colours_are_not_judged_on_a_dark_page_that_has_its_own(tmp_path: Path) -> None:
    text = "brand: {name: N, postal_address: S, colors: {ink: '#000000', accent: '#003366', link: '#003366'}}\n"
    (tmp_path / "newsletter.yaml").write_text(f"{text}sender: {{name: N, address: n@example.org}}\n")
    assert [one for one in _found(load_settings(tmp_path, {}), _article()) if one.rule == "contrast"] == []


def test_an_accent_that_can_be_read_is_not_told_of_because_links_have_a_colour_of_their_own(tmp_path: Path) -> None:
    colors = "colors: {accent: '#003366', link: '#004400'}, dark_colors: {accent: '#99ccff'}"
    text = f"brand: {{name: N, postal_address: S, {colors}}}\nsender: {{name: N, address: n@example.org}}\n"
    (tmp_path / "newsletter.yaml").write_text(text)
    settings = load_settings(tmp_path, {})
    assert (theme_of(settings).light["link"], theme_of(settings).dark["link"]) == ("#004400", "#99ccff")
    assert [one for one in _found(settings, _article()) if one.rule == "contrast"] == []


def test_a_theme_as_it_comes_has_no_contrast_findings(settings: Settings) -> None:
    assert [one for one in _found(settings, _article()) if one.rule == "contrast"] == []


@pytest.mark.parametrize(("size", "rules"), [(16_384, []), (16_385, ["style-size"])])
def test_styles_beyond_what_gmail_reads_are_a_warning(settings: Settings, size: int, rules: list[str]) -> None:
    half = "x" * (size // 2)
    html = f"<style>{half}</style><p>x</p><style type='text/css'>{half}{'x' * (size % 2)}</style>"
    assert [one.rule for one in _found(settings, html=html)] == rules
