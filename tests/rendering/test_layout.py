"""Every block, drawn through the real templates: what stands in the HTML and in the plain text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from lxml import etree, html

from newsletter.model import RenderedVariant
from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY

Draw = Callable[..., RenderedVariant]


@pytest.fixture
def draw(workspace: Any) -> Draw:
    """The issue's default variant, its blocks given as YAML, with lines for the head of issue.yaml."""

    def drawn(blocks: str, head: str = "") -> RenderedVariant:
        text = f"title: T\nsubject: S\naudience: crew\n{head}sections:\n  - heading: Section\n    blocks:\n{blocks}\n"
        workspace.write("issues/tides/issue.yaml", text)
        opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
        return next(one for one in build(opened, "tides").variants if "default" in one.professions)

    return drawn


def _page(variant: RenderedVariant) -> Any:
    return html.document_fromstring(variant.html)


def _style(element: Any) -> dict[str, str]:
    pairs = [one.split(":", 1) for one in element.get("style", "").split(";") if ":" in one]
    return {name.strip(): value.strip() for name, value in pairs}


def test_a_quote_shows_who_said_it_and_what_they_do(draw: Draw) -> None:
    variant = draw("      - {quote: Row now, by: Ada, role: pilot, link: /ada}")
    (cell,) = _page(variant).xpath("//td[@class='saying']")
    assert " ".join(cell.text_content().split()) == "Row now Ada, pilot"
    assert cell.xpath(".//a/@href") == ["https://example.org/ada"]
    assert "> Row now\n\n-- Ada, pilot [1]\n\n[1] https://example.org/ada\n" in variant.text


def test_links_are_rows_in_html_and_a_list_in_text(draw: Draw) -> None:
    variant = draw("      - links: [{text: Tides, link: /t}, {text: Maps, link: /m, note: New}]")
    assert [one.text for one in _page(variant).xpath("//td[@class='item']/a")] == ["Tides", "Maps"]
    assert "- Tides\n  https://example.org/t\n- Maps\n  New\n  https://example.org/m\n" in variant.text


def test_a_sponsor_is_labelled_in_html_and_in_text(draw: Draw) -> None:
    variant = draw("      - {sponsor: Ropes Ltd, text: Strong rope., link: /ropes, button: Buy}")
    (cell,) = _page(variant).xpath("//td[@class='sponsor']")
    assert " ".join(cell.text_content().split()) == "Sponsored Ropes Ltd Strong rope. Buy"
    assert "Sponsored: Ropes Ltd\n\nStrong rope.\n\nBuy:\nhttps://example.org/ropes\n" in variant.text
    assert "Anzeige: Ropes Ltd" in draw("      - {sponsor: Ropes Ltd}", "language: de\n").text


def test_a_spacer_is_as_high_as_it_says_in_outlook_too(draw: Draw) -> None:
    (cell,) = _page(draw("      - {spacer: 40}")).xpath("//td[@height='40']")
    assert _style(cell)["line-height"] == "40px"


def test_a_disclosure_stands_under_the_title_in_html_and_in_text(draw: Draw, workspace: Any) -> None:
    workspace.write("issues/tides/ai.md", "---\ntitle: Waves\ndisclosure: Written with AI & Bo\n---\nText.\n")
    for show in ("full", "summary", "card"):
        variant = draw(f"      - {{article: ai.md, show: {show}}}")
        (title,) = _page(variant).xpath("//h3")
        label = title.getnext()
        assert label.get("class") == "label", show
        assert label.text_content() == "Written with AI & Bo"
        assert "Waves\n-----\n(Written with AI & Bo)\n" in variant.text


@pytest.mark.parametrize(("said", "shown"), [("true", True), ("false", False)])
def test_an_articles_footer_is_shown_unless_it_says_otherwise(
    draw: Draw, workspace: Any, said: str, shown: bool
) -> None:
    front = f"title: Waves\ninclude_footer: {said}\nlink: /waves\ntags: [sea, wind]\n"
    workspace.write("issues/tides/waves.md", f"---\n{front}---\nText.\n")
    variant = draw("      - {article: waves.md}")
    assert ("Topics: sea, wind" in _page(variant).text_content()) is shown
    assert ("Read this on example.org" in _page(variant).text_content()) is shown
    assert ("Read this on example.org:\nhttps://example.org/waves" in variant.text) is shown
    assert "unsubscribe" in variant.html.lower(), "the mail's own footer is the law's, not the article's"


def test_a_sidebar_article_stands_in_two_thirds_beside_its_logo(draw: Draw, workspace: Any) -> None:
    front = "title: Waves\nsidebar: true\nsidebarlogo: wave\ndescription: On water\n"
    workspace.write("issues/tides/side.md", f"---\n{front}---\nWide words.\n")
    columns = _page(draw("      - {article: side.md}")).xpath("//div[@class='templateColumnContainer']")
    assert [_style(one)["max-width"] for one in columns] == ["400px", "200px"]
    assert "Wide words." in columns[0].text_content()
    (logo,) = columns[1].xpath(".//img")
    assert (logo.get("width"), logo.get("alt")) == ("128", "")
    assert "On water" in columns[1].text_content()


def test_the_columns_inside_a_sidebar_article_keep_the_whole_width_and_the_seed_id(draw: Draw, workspace: Any) -> None:
    table = (
        '<table id="templateColumns"><tr><td class="templateColumnContainer">Left</td>'
        '<td class="templateColumnContainer">Right</td></tr></table>'
    )
    front = "title: Waves\nsidebar: true\nsidebarlogo: wave\n"
    workspace.write("issues/tides/side.html", f"---\n{front}---\n<p>Words.</p>{table}<p>After.</p>\n")
    page = _page(draw("      - {article: side.html}"))
    (named,) = page.xpath("//table[@id='templateColumns']")
    boxes = named.xpath(".//div[@class='templateColumnContainer']")
    assert [(one.text_content().strip(), _style(one)["max-width"]) for one in boxes] == [
        ("Left", "300px"),
        ("Right", "300px"),
    ]
    words = page.text_content()
    assert words.index("Words.") < words.index("Left") < words.index("After.")


def test_a_grid_of_three_is_a_row_of_two_and_one_of_the_whole_width(draw: Draw) -> None:
    page = _page(draw("      - articles: [tides.md, galley.html, tides.md]"))
    rows = page.xpath("//table[@class='templateColumns']")
    assert [len(row.xpath(".//div[@class='templateColumnContainer']")) for row in rows] == [2]
    assert len(page.xpath("//h3")) == 3
    assert len(page.xpath("//*[@id='templateColumns']")) == 1


def test_a_grid_closes_the_gap_of_an_article_that_is_for_others(draw: Draw) -> None:
    page = _page(draw("      - articles: [{article: galley.html, for: [cook]}, tides.md, tides.md]"))
    boxes = page.xpath("//div[@class='templateColumnContainer']")
    assert [" ".join(one.text_content().split()) for one in boxes] == ["High water The tide turns at noon."] * 2


def test_outlook_gets_cells_whose_widths_match_those_of_the_columns(draw: Draw) -> None:
    variant = draw("      - {columns: [{text: A}, {text: B}], split: 1/3+2/3}")
    start = variant.html.index('class="templateColumns"')
    ghost = variant.html[start : variant.html.index("</table><![endif]", start)]
    assert '<!--[if mso]><td width="200" valign="top"><![endif]-->' in ghost
    assert '<!--[if mso]><td width="400" valign="top"><![endif]-->' in ghost
    assert ghost.index("max-width:200px") < ghost.index("max-width:400px")


@pytest.mark.parametrize(
    ("layout", "columns", "width"), [("two-column", 2, 600), ("one-column", 0, 560), ("plain", 0, 560)]
)
def test_a_layout_decides_how_wide_the_page_is_and_whether_columns_stand(
    draw: Draw, layout: str, columns: int, width: int
) -> None:
    variant = draw("      - columns: [{text: Left words}, {text: Right words}]", f"layout: {layout}\n")
    page = _page(variant)
    assert len(page.xpath("//div[@class='templateColumnContainer']")) == columns
    assert [_style(one)["max-width"] for one in page.xpath("//table[@class='page']")] == [f"{width}px"]
    assert f'<!--[if mso]><table role="presentation" dir="ltr" width="{width}"' in variant.html
    for words in ("Left words", "Right words", "Section", "Unsubscribe"):
        assert words in page.text_content()
    assert "Left words\n\nRight words" in variant.text


def test_one_line_chooses_the_theme_of_the_workspace_or_of_one_issue(draw: Draw, workspace: Any) -> None:
    settings = Path(workspace.root / "newsletter.yaml").read_text()
    text = "      - {button: Go, link: /go}"
    accent = {"editorial": "#0b5fff", "modern": "#0f766e"}

    def color(variant: RenderedVariant) -> str:
        (cell,) = _page(variant).xpath("//td[@class='button']")
        return _style(cell)["background-color"]

    assert color(draw(text)) == accent["editorial"]
    assert color(draw(text, "theme: modern\n")) == accent["modern"]
    workspace.write("newsletter.yaml", settings + "theme: modern\n")
    assert color(draw(text)) == accent["modern"]


def test_the_page_says_its_language_its_direction_and_its_subject(draw: Draw) -> None:
    page = _page(draw("      - {text: مرحبا}", "language: ar\n"))
    (wrapper,) = page.xpath("//div[@role='article']")
    for element in (page, wrapper):
        assert (element.get("lang"), element.get("dir")) == ("ar", "rtl")
    assert page.findtext("head/title") == "S"
    assert "إلغاء الاشتراك" in page.text_content()


def test_in_a_right_to_left_issue_margins_and_rules_change_sides(draw: Draw) -> None:
    blocks = "      - {quote: Row}\n      - columns: [{text: A}, {text: B}]"
    left = _page(draw(blocks)).xpath("//td[@class='saying']")[0]
    variant = draw(blocks, "language: he\n")
    right = _page(variant).xpath("//td[@class='saying']")[0]
    assert "padding-left" in left.get("style") and "padding-right" not in left.get("style")
    assert "padding-right" in right.get("style") and "padding-left" not in right.get("style")
    assert '<table role="presentation" dir="rtl" width="600"' in variant.html


def test_every_layout_table_is_presentation_and_every_picture_has_an_alt(draw: Draw, workspace: Any) -> None:
    every = (REPOSITORY / "issues/every-block/issue.yaml").read_text()
    for name in ("sidebar.md", "short.md", "images/hills.svg", "images/leaf.svg"):
        workspace.write(f"issues/every/{name}", (REPOSITORY / "issues/every-block" / name).read_text())
    every = every.replace("audience: everyone", "audience: crew")
    every = every.replace("../open-source-in-care/documents-that-last.md", "short.md")
    every = every.replace("../open-source-in-care/shared-calendars.md", "sidebar.md")
    workspace.write("issues/every/issue.yaml", every)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    page = _page(build(opened, "every").variants[0])
    tables = [one for one in page.iter("table") if one.xpath("ancestor::td[contains(@class,'prose')]") == []]
    assert [one for one in tables if one.get("role") != "presentation"] == []
    assert [one for one in page.iter("table") if one not in tables and one.get("role")] == [], "data tables are tables"
    assert [etree.tostring(one) for one in page.iter("img") if one.get("alt") is None] == []
    widths = {one.get("width") for one in page.xpath("//img[contains(@class,'columnImage')]")}
    assert widths == {"560", "260", "160"}, "the sample's pictures are as wide as the lines around them"
    levels = [int(one.tag[1]) for one in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no level is skipped"


def test_a_date_reads_as_the_issues_language_writes_it(draw: Draw, workspace: Any) -> None:
    workspace.write("issues/tides/dated.md", "---\ntitle: D\ndate: 2026-03-02\n---\nx\n")
    for language, written in (("en", "2 March 2026"), ("en-US", "March 2, 2026"), ("de", "2. März 2026")):
        variant = draw("      - {article: dated.md}", f"language: {language}\ndate: 2026-03-02\n")
        assert _page(variant).xpath("//p[@class='byline']/text()") == [written]
        assert _page(variant).xpath("//p[@class='dateline']/text()") == [written]
        assert written in variant.text
    assert "2026-03-02" in draw("      - {article: dated.md}", "language: tlh\n").text, "a language nobody knows"


def _logo(workspace: Any, width: int, height: int) -> None:
    workspace.write("logo.svg", f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"/>')
    settings = workspace.root / "newsletter.yaml"
    settings.write_text(settings.read_text("utf-8").replace('Port Town"}', 'Port Town", logo: logo.svg}'), "utf-8")


def test_a_wide_logo_is_as_high_as_a_square_one_and_says_the_name_once(draw: Draw, workspace: Any) -> None:
    _logo(workspace, 400, 80)
    (masthead,) = _page(draw("      - {text: Hello}")).xpath("//td[@class='masthead']")
    assert masthead.xpath(".//img/@width") == ["200"]
    assert masthead.xpath(".//img/@alt") == ["Harbour News"]
    assert "Harbour News" not in masthead.text_content()


def test_a_square_logo_stands_beside_the_name(draw: Draw, workspace: Any) -> None:
    _logo(workspace, 90, 90)
    (masthead,) = _page(draw("      - {text: Hello}")).xpath("//td[@class='masthead']")
    assert masthead.xpath(".//img/@width") == ["40"]
    assert masthead.xpath(".//img/@alt") == [""]
    assert masthead.text_content().strip() == "Harbour News"


@pytest.mark.parametrize("layout", ["one-column", "plain"])
def test_a_sidebar_article_keeps_logo_and_description_where_there_is_one_column(
    draw: Draw, workspace: Any, layout: str
) -> None:
    workspace.write(
        "issues/tides/side.md",
        "---\ntitle: Side\ndescription: Of the sea\nsidebar: true\nsidebarlogo: images/wave.svg\n---\nWords.\n",
    )
    page = _page(draw("      - {article: side.md}", f"layout: {layout}\n"))
    assert page.xpath("//img[contains(@class, 'sidebar-logo')]")
    assert "Of the sea" in page.text_content()


def test_a_card_left_over_has_its_picture_beside_its_words(draw: Draw, workspace: Any) -> None:
    for name in ("a", "b", "c"):
        workspace.write(f"issues/tides/{name}.md", f"---\ntitle: {name}\nimage: images/wave.svg\nalt: w\n---\nx\n")
    page = _page(draw("      - articles: [a.md, b.md, c.md]"))
    rows = page.xpath("//table[@class='templateColumns']")
    assert [len(row.xpath(".//img")) for row in rows] == [2, 1]
    assert [len(row.xpath(".//div[@class='templateColumnContainer']")) for row in rows] == [2, 2]


def test_a_label_with_a_colon_gets_no_second_one_in_text(draw: Draw) -> None:
    text = draw('      - {button: "Next: maps", link: /maps}\n      - {button: Maps, link: /m}').text
    assert "Next: maps\nhttps://example.org/maps\n" in text
    assert "Maps:\nhttps://example.org/m\n" in text


def test_words_that_run_the_other_way_than_the_page_say_so(draw: Draw) -> None:
    (address,) = _page(draw("      - {text: X}", "language: ar\n")).xpath("//td[@class='foot']//span")
    assert (address.get("dir"), address.text) == ("ltr", "2 Quay Street, Port Town")
    assert not _page(draw("      - {text: X}")).xpath("//td[@class='foot']//span")


@pytest.mark.parametrize(
    ("head", "side"),
    [
        ("", "left"),
        ("language: ar\n", "right"),
        ("theme: modern\n", "center"),
        ("theme: modern\nlayout: plain\n", "left"),
    ],
)
def test_the_networks_stand_where_the_footer_stands(draw: Draw, head: str, side: str) -> None:
    page = _page(draw("      - social: {Mastodon: https://m.example}", head))
    (networks,) = page.xpath("//td[contains(@class, 'social')]")
    (foot,) = page.xpath("//td[@class='foot']")
    assert _style(networks)["text-align"] == side
    assert _style(foot).get("text-align", "right" if "ar" in head.split() else "left") == side


def test_a_template_is_compiled_once_for_a_text_and_anew_for_another(
    workspace: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[str] = []
    compile_one = Environment.compile

    def counted(self: Environment, source: Any, name: Any = None, *rest: Any) -> Any:
        compiled.append(name)
        return compile_one(self, source, name, *rest)

    monkeypatch.setattr(Environment, "compile", counted)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    workspace.write("templates/blocks/stamp.html.j2", "<p>First</p>")
    workspace.write("templates/blocks/stamp.txt.j2", "First")
    path = workspace.root / "issues/tides/issue.yaml"
    path.write_text(path.read_text("utf-8") + "      - {stamp: {}}\n", "utf-8")
    assert "First" in build(opened, "tides", fresh=True).variants[0].html
    assert "blocks/stamp.html.j2" in compiled
    compiled.clear()
    assert "First" in build(opened, "tides", fresh=True).variants[0].html
    assert [one for one in compiled if one and one.endswith(".j2")] == []
    workspace.write("templates/blocks/stamp.html.j2", "<p>Second</p>")
    assert "Second" in build(opened, "tides", fresh=True).variants[0].html
    assert [one for one in compiled if one and one.endswith(".j2")] == ["blocks/stamp.html.j2"]


def test_plain_text_is_set_out_with_the_words_of_each_profession_in_it(draw: Draw) -> None:
    blocks = (
        "      - {heading: 'For {{ profession.plural }}'}\n"
        "      - {text: 'x {{ profession.plural }} {{ profession.plural }}'}\n"
        f"      - {{text: '{'long ' * 13}{{{{ profession.plural }}}}'}}\n"
        "  - heading: 'For {{ profession.plural }} and {{ recipient.first_name }}'\n"
        "    blocks: [{text: Hello}]"
    )
    variant = draw(blocks)
    assert "For Readers\n-----------\n" in variant.text
    assert "\nx Readers Readers\n" in variant.text
    assert f"\n{'long ' * 13}Readers\n" in variant.text, "72 letters fit"
    (name,) = (one.token for one in variant.merge_fields if one.token in variant.text and "first" in one.source)
    assert f"FOR READERS AND {name}\n{'=' * len('FOR READERS AND ........')}\n" in variant.text


def test_code_runs_from_the_left_wherever_it_stands_in_an_issue_from_the_right(draw: Draw, workspace: Any) -> None:
    workspace.write("issues/tides/code.md", "---\ntitle: T\n---\n`a`\n\n```\nb\n```\n\n- `c`\n\n> `d`\n")
    blocks = (
        "      - {article: code.md}\n      - {text: '`e`'}\n      - {quote: '`f`', by: A}\n"
        "      - {sponsor: S, text: '`g`'}\n      - columns: [{html: '<p><code>h</code></p>'}, {text: '`i`'}]\n"
        "      - {image: images/wave.svg, alt: W, caption: '`j`'}"
    )
    code = _page(draw(blocks, "language: ar\n")).xpath("//code | //pre")
    assert [one.text_content().strip() for one in code] == ["a", "b", *"bcdefghij"]
    assert {one.get("dir") for one in code} == {"ltr"}
    assert [_style(one)["text-align"] for one in code if one.tag == "pre"] == ["left"]
    assert not _page(draw(blocks, "language: en\n")).xpath("//*[self::code or self::pre][@dir]")


def test_the_line_on_top_is_as_high_as_its_corners_are_round_and_they_are_those_of_the_page(draw: Draw) -> None:
    # Of a lower one browsers make the corners smaller: https://www.w3.org/TR/css-backgrounds-3/#corner-overlap
    for layout in ("two-column", "one-column"):
        page = _page(draw("      - {text: Hello}", f"theme: modern\nlayout: {layout}\n"))
        bar, card = (_style(page.xpath(f"//*[@class='{name}']")[0]) for name in ("bar", "page"))
        assert bar["border-radius"].split()[:2] == [card["border-radius"]] * 2
        assert float(bar["line-height"].removesuffix("px")) >= float(card["border-radius"].removesuffix("px"))


def test_a_macro_of_a_workspaces_own_can_wrap_words_without_the_templates_names(draw: Draw, workspace: Any) -> None:
    workspace.write("templates/own.txt.j2", "{% macro said(words) %}{{ words | upper | wrapped }}{% endmacro %}")
    template = '{% from "own.txt.j2" import said %}{{ said(block.words) }}'
    workspace.write("templates/blocks/heading.txt.j2", template)
    assert "\nFOR READERS\n" in draw("      - {heading: 'For Readers'}").text


def test_nothing_stands_between_code_and_the_comma_behind_it(draw: Draw) -> None:
    (code,) = _page(draw("      - {text: 'Use `tide`, then row.'}")).xpath("//code")
    assert code.tail == ", then row."
    assert _style(code)["padding"].split()[1] == "0", "space at its side reads as a blank"


def test_letters_that_join_have_no_space_between_them(draw: Draw) -> None:
    for theme in ("editorial", "modern"):
        spaced = {}
        for language in ("en", "ar"):
            page = _page(draw("      - {heading: Head}", f"theme: {theme}\nlanguage: {language}\n"))
            styles = [_style(one) for one in page.xpath("//h1 | //h2 | //h3")]
            spaced[language] = {one.get("letter-spacing", "0") for one in styles}
        assert spaced["ar"] == {"0"}
        assert spaced["en"] - {"0"}, "letters that stand apart may"
