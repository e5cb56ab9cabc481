"""Every kind of block of issue.yaml: what may be written, and what its templates see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.model import Article, Block, Image, Issue

Load = Callable[..., Issue]
Problems = Callable[[str], list[str]]


def _blocks(load: Load, text: str) -> tuple[Block, ...]:
    return load(text).sections[0].blocks


def test_a_quote_has_words_a_speaker_and_a_link(load: Load) -> None:
    (block,) = _blocks(load, "      - {quote: 'Row *now*', by: Ada, role: pilot, link: /ada}")
    assert block.type == "quote"
    assert block.fields == {
        "html": "<p>Row <em>now</em></p>",
        "by": "Ada",
        "role": "pilot",
        "link": "https://example.org/ada",
    }


def test_links_are_words_an_address_and_perhaps_a_note(load: Load) -> None:
    (block,) = _blocks(load, "      - links: [{text: Tides, link: /t}, {text: Maps, link: /m, note: New}]")
    assert block.fields["links"] == (
        {"text": "Tides", "note": "", "link": "https://example.org/t"},
        {"text": "Maps", "note": "New", "link": "https://example.org/m"},
    )


def test_a_figure_is_a_picture_with_caption_and_credit(load: Load) -> None:
    written = "      - {figure: images/wave.svg, alt: A wave, caption: 'High *water*', credit: By Bo}"
    (block,) = _blocks(load, written)
    assert isinstance(block.fields["image"], Image)
    assert (block.fields["caption"], block.fields["credit"]) == ("High <em>water</em>", "By Bo")


def test_articles_become_a_grid_of_cards(load: Load) -> None:
    (block,) = _blocks(load, "      - articles: [tides.md, {article: galley.html, for: [cook]}, tides.md]")
    assert (block.type, block.fields["split"]) == ("columns", "1/2+1/2")
    cells = block.fields["cells"]
    assert isinstance(cells, tuple)
    assert [[(one.type, one.fields["show"], one.professions) for one in cell] for cell in cells] == [
        [("article", "card", ())],
        [("article", "card", ("cook",))],
        [("article", "card", ())],
    ]


def test_a_column_holds_one_block_or_several(load: Load) -> None:
    (block,) = _blocks(load, "      - columns: [[{text: A}, {divider: }], {text: B}]\n        split: 1/3 + 2/3")
    cells = block.fields["cells"]
    assert isinstance(cells, tuple)
    assert [[one.type for one in cell] for cell in cells] == [["text", "divider"], ["text"]]
    assert block.fields["split"] == "1/3+2/3"


def test_a_spacer_has_a_height_or_the_usual_one(load: Load) -> None:
    usual, own = _blocks(load, "      - {spacer: }\n      - {spacer: 40}")
    assert (usual.fields["height"], own.fields["height"]) == (24, 40)


def test_social_links_stand_in_the_block_or_in_the_brand(load: Load, workspace) -> None:  # type: ignore[no-untyped-def]
    (block,) = _blocks(load, '      - {social: {RSS: "/feed.xml"}}')
    assert block.fields["networks"] == ({"name": "RSS", "link": "https://example.org/feed.xml"},)
    settings = Path(workspace.root / "newsletter.yaml").read_text()
    workspace.write(
        "newsletter.yaml", settings.replace("brand: {", 'brand: {social: {Radio: "https://radio.example"}, ')
    )
    (block,) = _blocks(load, "      - {social: }")
    assert block.fields["networks"] == ({"name": "Radio", "link": "https://radio.example"},)


def test_a_sponsor_has_a_name_words_and_a_way_to_it(load: Load) -> None:
    (block,) = _blocks(
        load, "      - {sponsor: Ropes Ltd, text: 'Strong *rope*', link: /ropes, image: images/wave.svg}"
    )
    assert block.fields["name"] == "Ropes Ltd"
    assert block.fields["html"] == "<p>Strong <em>rope</em></p>"
    assert block.fields["link"] == "https://example.org/ropes"
    assert isinstance(block.fields["image"], Image)


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ("      - {quote: }", "a quote needs words"),
        ("      - {links: }", "links takes a list"),
        ("      - {links: [Tides]}", "a link is written with text, link"),
        ("      - {links: [{text: Tides}]}", "a link is written with text, link"),
        ("      - {links: [{text: T, link: /t, nota: x}]}", "a link is written with text, link"),
        ("      - {links: [{text: T, link: 'javascript:x'}]}", "a link cannot begin with 'javascript:'"),
        ("      - {articles: tides.md}", "articles takes a list"),
        ("      - {articles: []}", "articles takes a list"),
        ("      - {articles: [tide.md]}", "no article 'tide.md'. Did you mean 'tides.md'?"),
        ("      - {spacer: high}", "spacer takes a height from 4 to 96"),
        ("      - {spacer: 400}", "spacer takes a height from 4 to 96"),
        ("      - {spacer: true}", "spacer takes a height from 4 to 96"),
        ("      - {social: }", "name the networks here"),
        ("      - {social: [x]}", "name the networks here"),
        ("      - {sponsor: }", "a sponsor needs a name"),
        ("      - {sponsor: Ropes, button: Buy}", "the sponsor's button needs a link"),
        ("      - {figure: images/wav.svg}", "no picture 'images/wav.svg'"),
        ("      - {figure: images/wave.svg, colour: red}", "unknown key 'colour' in block 'figure'"),
        ("      - {heading: }", "a heading needs words"),
        ("      - {button: , link: /x}", "a button needs words"),
        ("      - {text: {a: b}}", "'text' must be text"),
    ],
)
def test_a_mistake_is_one_problem_at_its_line(problems: Problems, blocks: str, words: str) -> None:
    (said,) = problems(f"title: T\nsubject: S\naudience: crew\nsections:\n  - blocks:\n{blocks}\n")
    assert said.startswith("issue.yaml:6: ")
    assert words in said


def test_a_sidebar_article_finds_its_logo_without_a_suffix(load: Load, workspace) -> None:  # type: ignore[no-untyped-def]
    workspace.write("issues/tides/side.md", "---\ntitle: S\nsidebar: true\nsidebarlogo: wave\n---\nx\n")
    (block,) = _blocks(load, "      - {article: side.md}")
    article = block.fields["article"]
    assert isinstance(article, Article)
    assert article.sidebar_image is not None
    assert article.sidebar_image.path == "issues/tides/images/wave.svg"
    assert article.findings == ()


def test_a_sidebar_logo_that_is_nowhere_is_a_finding_and_no_error(load: Load, workspace) -> None:  # type: ignore[no-untyped-def]
    workspace.write("issues/tides/side.md", "---\ntitle: S\nsidebar: true\nsidebarlogo: gone\n---\nx\n")
    (block,) = _blocks(load, "      - {article: side.md}")
    article = block.fields["article"]
    assert isinstance(article, Article)
    assert article.sidebar_image is None
    assert [(one.rule, str(one.where)) for one in article.findings] == [("sidebar-logo", "issues/tides/side.md:4")]
