"""Findings about pictures: a hit, a miss, and the line each names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.checks.image_alt import check as check_alt
from newsletter.checks.pictures import check
from newsletter.checks.subject import Subject
from newsletter.model import (
    EVERYBODY_ELSE,
    Article,
    Block,
    Finding,
    Image,
    Issue,
    Picture,
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
HERE = Where("issues/i/a.md", 12)
LOGO = Where("newsletter.yaml")
SETTINGS = "brand: {name: N, postal_address: Street}\nsender: {name: N, address: n@example.org}\n"
LOST = Finding("svg-font", Severity.WARNING, "'x.svg': text in X is drawn in Y.", Where("elsewhere.md", 1))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "newsletter.yaml").write_text(SETTINGS)
    return load_settings(tmp_path, {})


def image(digest: str = "d", url: str = "", path: str = "x.svg", where: Where = HERE) -> Image:
    return Image(path, digest, "image/svg+xml", 10, 10, b"", url, where)


def block(shown: Image, **fields: object) -> Block:
    return Block("image", {"image": shown, "alt": "A desk", "link": "", "caption": "", **fields}, ISSUE)


def picture(size: int = 10, source: str = "d", findings: tuple[Finding, ...] = (), name: str = "p.png") -> Picture:
    return Picture(name, "image/png", 10, 10, b"x" * size, source, findings)


def subject(
    settings: Settings, *blocks: Block, pictures: tuple[Picture, ...] = (), logo: Image | None = None
) -> Subject:
    section = Section("", blocks)
    issue = Issue("i", ISSUE, "T", "S", "", "a", 1, "two-column", "en", (section,), {}, logo)
    variant = Variant(EVERYBODY_ELSE, EVERYBODY_ELSE, (section,), ())
    return Subject(
        issue,
        settings,
        theme_of(settings),
        variant,
        RenderedVariant("default", ("default",), "S", "", "", "", (), pictures, "h"),
    )


def found(given: Subject) -> list[tuple[str, Where]]:
    findings = list(check(given))
    assert all(one.severity is Severity.WARNING and one.variant == "default" for one in findings)
    return [(one.rule, one.where) for one in findings]


def test_pictures_as_they_should_be_have_no_findings(settings: Settings) -> None:
    assert found(subject(settings, block(image()), pictures=(picture(200_000),))) == []


def test_what_drawing_lost_is_said_at_every_line_that_shows_the_picture(settings: Settings) -> None:
    again = image(where=Where("issues/i/b.md", 3))
    given = subject(
        settings, block(image()), block(again), block(image("other")), pictures=(picture(findings=(LOST,)),)
    )
    assert found(given) == [("svg-font", HERE), ("svg-font", Where("issues/i/b.md", 3))]


@pytest.mark.parametrize("show", ["full", "summary", "card"])
def test_the_picture_of_an_article_is_told_at_its_own_line(settings: Settings, show: str) -> None:
    article = Article(Where("issues/i/a.md", 1), "T", (), image=image(), alt="A desk")
    shown = Block("article", {"article": article, "show": show}, ISSUE)
    assert found(subject(settings, shown, pictures=(picture(findings=(LOST,)),))) == [("svg-font", HERE)]


def test_the_logo_is_told_at_the_settings(settings: Settings) -> None:
    given = subject(settings, logo=image("logo", where=LOGO), pictures=(picture(source="logo", findings=(LOST,)),))
    assert found(given) == [("svg-font", LOGO)]


def test_a_heavy_picture_is_said_once_with_its_largest_size(settings: Settings) -> None:
    sizes = (picture(200_001), picture(345_600, name="q.png"))
    (finding,) = check(subject(settings, block(image()), pictures=sizes))
    assert (finding.rule, finding.where) == ("image-weight", HERE)
    assert "picture 'x.svg' is 346 KB as it is mailed; keep it under 200 KB." in finding.message


@pytest.mark.parametrize(("mode", "said"), [("embed", "travel in every mail"), ("link", "fetched by every reader")])
def test_many_pictures_that_are_heavy_together_are_said_at_the_issue(settings: Settings, mode: str, said: str) -> None:
    images = settings.images.model_copy(update={"mode": mode})
    given = subject(settings.model_copy(update={"images": images}), pictures=(picture(190_000),) * 6)
    (finding,) = check(given)
    assert (finding.rule, finding.where) == ("images-weight", ISSUE)
    assert "are 1.1 MB together" in finding.message
    assert said in finding.message
    assert found(subject(settings, pictures=(picture(200_000),) * 5)) == []


@pytest.mark.parametrize(
    ("url", "path", "rules"),
    [
        ("https://example.org/x.png", "https://example.org/x.png", []),
        ("https://example.org/x.png", "/x.png", ["image-on-site"]),
        ("https://example.org/x.SVG?v=2", "https://example.org/x.SVG?v=2", ["image-svg-remote"]),
        ("http://example.org/x.png", "http://example.org/x.png", ["image-http"]),
        ("http://example.org/x.svg", "http://example.org/x.svg", ["image-svg-remote", "image-http"]),
    ],
)
def test_a_picture_on_the_web_is_said_where_it_may_not_be_seen(
    settings: Settings, url: str, path: str, rules: list[str]
) -> None:
    assert found(subject(settings, block(image("w", url, path)))) == [(rule, HERE) for rule in rules]


@pytest.mark.parametrize(
    ("fields", "hits"),
    [
        ({"alt": ""}, 1),
        ({"alt": " \n"}, 1),
        ({"alt": "", "decorative": True}, 0),
        ({"alt": "", "decorative": False}, 1),
        ({"alt": "", "decorative": True, "link": "https://example.org"}, 1),
    ],
)
def test_an_empty_alt_given_on_purpose_is_decoration_unless_it_is_a_link(
    settings: Settings, fields: dict[str, object], hits: int
) -> None:
    assert len(list(check_alt(subject(settings, block(image(), **fields))))) == hits


def test_a_missing_alt_of_an_article_is_said_where_it_names_the_picture(settings: Settings) -> None:
    article = Article(Where("issues/i/a.md", 1), "T", (), image=replace(image(), where=HERE))
    (finding,) = check_alt(subject(settings, Block("article", {"article": article, "show": "full"}, ISSUE)))
    assert finding.where == HERE
