"""Broken HTML of other sites becomes blocks, without a word lost."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.repair import Source, blocks_of
from newsletter.model import Block, Where

HERE = Where("a.html", 1)


def _picture(src: str, alt: str, link: str, caption: str) -> Block:
    return Block("image", {"src": src, "alt": alt, "link": link, "caption": caption}, HERE)


def _blocks(markup: str) -> tuple[Block, ...]:
    return blocks_of(markup, Source(HERE, "https://example.org", _picture))


def _html(markup: str) -> str:
    return "\n".join(str(block.fields["html"]) for block in _blocks(markup) if block.type == "prose")


class _Words(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(markup)
        self.close()

    def handle_data(self, data: str) -> None:
        self.found += re.findall(r"\w+", data)


def _words(blocks: tuple[Block, ...]) -> list[str]:
    found: list[str] = []
    for block in blocks:
        if block.type == "columns":
            for cell in block.fields["cells"]:  # type: ignore[attr-defined]
                found += _words(cell)
        else:
            found += _Words(str(block.fields.get("html", block.fields.get("caption", "")))).found
    return found


def test_paragraphs_parted_by_blank_lines_in_one_p_become_paragraphs() -> None:
    markup = (
        "<p>\nOne <b>bold</b> thing.\n\nTwo.\n \nThree,\nstill three.\n\n<br>\n<a href='/next'>next</a>\n<br>\n</p>"
    )
    assert _html(markup).count("<p>") == 4
    assert "<p>One <b>bold</b> thing.</p>\n<p>Two.</p>" in _html(markup)
    assert '<p><a href="https://example.org/next">next</a></p>' in _html(markup)


def test_the_old_two_column_table_becomes_a_columns_block_whatever_it_left_open() -> None:
    cell = (
        '<td class="templateColumnContainer"><table width="100px"><tr><td class="x">'
        '<a href="https://{0}.example.org"><img src="/uploads/{0}.svg" alt="{0}" class="columnImage" />{1}'
    )
    markup = (
        '<p>Before</p><table id="templateColumns" width="600"><tr>'
        + cell.format("left", "</td></tr></table></td>")
        + cell.format("right", "</td></table></td></tr></table>")
    )
    blocks = _blocks(markup)
    assert [block.type for block in blocks] == ["prose", "columns"]
    cells = blocks[1].fields["cells"]
    assert blocks[1].fields["split"] == "1/2+1/2"
    assert [[(one.type, one.fields["src"], one.fields["link"]) for one in cell] for cell in cells] == [  # type: ignore[attr-defined]
        [("image", "/uploads/left.svg", "https://left.example.org")],
        [("image", "/uploads/right.svg", "https://right.example.org")],
    ]


def test_a_figure_becomes_a_picture_with_its_caption() -> None:
    (block,) = _blocks('<figure><img src="x.svg"; alt="A desk";/><figcaption>By <b>us</b>.</figcaption></figure>')
    assert block.type == "image"
    assert (block.fields["src"], block.fields["alt"]) == ("x.svg", "A desk")
    assert _Words(str(block.fields["caption"])).found == ["By", "us"]
    assert "<figcaption" not in str(block.fields["caption"])


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        '<p onclick="alert(1)">x</p>',
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" JaVaScRiPt:alert(1)">x</a>',
        "<iframe src='https://example.com'></iframe>",
        "<form action='https://example.com'><input name=a></form>",
        "<style>p{position:fixed}</style><p style='position:fixed'>x</p>",
        "<svg onload=alert(1)></svg>",
        "<!--[if mso]><script>alert(1)</script><![endif]-->",
        "<base href='https://example.com'><meta http-equiv=refresh content=0>",
    ],
)
def test_nothing_a_mail_client_would_run_survives(hostile: str) -> None:
    left = _html(f"<p>kept</p>{hostile}").lower()
    assert "kept" in left
    for one in (
        "<script",
        "onclick",
        "javascript:",
        "<iframe",
        "<form",
        "<input",
        "style",
        "onload",
        "<base",
        "<meta",
        "alert(1)</script",
    ):
        assert one not in left


def test_two_thousand_open_tags_lose_nothing() -> None:
    markup = "<div>" * 2000 + "deep" + "<blockquote>" * 2000 + "deeper" + "<p>last</p>"
    assert _words(_blocks(markup)) == ["deep", "deeper", "last"]


_TAGS = st.sampled_from(
    "<p> </p> <b> </b> <div> </div> <li> <ul> </ul> <td> <table> </table> <br> <a> </a> <h2> </h3> <i> <figure> "
    "</figure> <figcaption> </figcaption> &amp; <blockquote> <img/> <center> </span> <section> <tr> \n\n <a|href='/x'> "
    "<img|src=x.png> <p|class=;>".replace("|", "\xa0").split(" ")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(_TAGS, st.sampled_from(["alpha ", "beta ", "gamma ", "delta "])), max_size=40))
def test_not_a_word_is_lost_or_doubled_whatever_the_tags(parts: list[str]) -> None:
    markup = "".join(part.replace("\xa0", " ") for part in parts)
    given_words = sorted(re.findall("alpha|beta|gamma|delta", markup))
    assert sorted(word for word in _words(_blocks(markup)) if word != "amp") == given_words


def test_five_paragraphs_in_one_p_come_out_as_five() -> None:
    words = [f"Paragraph {number} has\nmore lines" for number in range(1, 6)]
    assert _html("<p>" + "\n\n".join(words) + "</p>").count("<p>") == 5


def test_words_of_a_column_table_outside_its_columns_stay_around_them() -> None:
    markup = (
        '<table id="templateColumns"><caption>above</caption><tr><td colspan=2>heading</td></tr>'
        '<tr><td class="templateColumnContainer">left</td><td class="templateColumnContainer">right</td></tr>'
        "<tr><td>below</td></tr></table>"
    )
    blocks = _blocks(markup)
    assert [block.type for block in blocks] == ["prose", "columns", "prose"]
    assert _words(blocks) == ["above", "heading", "left", "right", "below"]


def test_a_column_inside_a_column_is_read_once() -> None:
    inner = '<table><tr><td class="templateColumnContainer">inner</td></tr></table>'
    markup = f'<table id="templateColumns"><tr><td class="templateColumnContainer">outer {inner}</td></tr></table>'
    assert _words(_blocks(markup)) == ["outer", "inner"]


@pytest.mark.parametrize(
    "markup",
    [
        '<svg width="9"><g><text x="1">alpha <tspan>beta</tspan></text></g></svg>',
        "<math><mrow><mi>alpha</mi><mo>beta</mo></mrow></math>",
        "<figure><svg><text>alpha</text></svg><figcaption>beta</figcaption></figure>",
        "<textarea>alpha</textarea><noscript>beta</noscript>",
        "<select><option>alpha</option></select><button>beta</button>",
        "<form>alpha<fieldset>beta</fieldset></form>",
        "<iframe>alpha</iframe><object>beta</object>",
    ],
)
def test_words_in_drawings_formulas_and_forms_are_kept(markup: str) -> None:
    assert sorted(_words(_blocks(markup))) == ["alpha", "beta"]


def test_words_a_browser_would_not_show_are_not_shown() -> None:
    markup = "<p>kept</p><script>gone</script><style>gone</style><!-- gone --><template>gone</template>"
    assert _words(_blocks(markup)) == ["kept"]


@pytest.mark.parametrize("tag", ["b", "div", "blockquote", "ul><li", "table><tr><td", "a href=/x"])
@pytest.mark.parametrize("depth", [500, 2_000, 5_000])
def test_however_deep_the_tags_the_words_come_out_shallow(tag: str, depth: int) -> None:
    blocks = _blocks("<p>first</p>" + f"<{tag}>" * depth + "deep<p>deeper</p>")
    assert _words(blocks) == ["first", "deep", "deeper"]
    assert max(_depth(str(block.fields["html"])) for block in blocks) <= 200


def _depth(markup: str) -> int:
    depths = accumulate(-1 if end else 1 for end in re.findall("<(/?)[a-z]", markup))
    return max(depths, default=0)


def test_a_picture_in_a_caption_is_a_picture_with_its_link() -> None:
    markup = (
        '<figure><figcaption>By <a href="/us"><img src="a.svg" alt="A"></a> us</figcaption><img src="b.svg"></figure>'
    )
    first, second = _blocks(markup)
    assert (first.fields["src"], first.fields["link"]) == ("a.svg", "https://example.org/us")
    assert second.fields["src"] == "b.svg"
    assert "<img" not in str(second.fields["caption"])
    assert _Words(str(second.fields["caption"])).found == ["By", "us"]


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("/about", "https://example.org/about"),
        ("about", "https://example.org/about"),
        ("#part", "#part"),
        ("https://example.com/x", "https://example.com/x"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("//example.com/x", "https://example.com/x"),
    ],
)
def test_a_sites_own_links_become_absolute(link: str, absolute: str) -> None:
    assert _html(f'<p><a href="{link}">x</a></p>') == f'<p><a href="{absolute}">x</a></p>'


@pytest.mark.parametrize(
    ("markup", "clean"),
    [
        ("<ul><li>One.\n\nTwo.</li></ul>", "<ul><li><p>One.</p><p>Two.</p></li></ul>"),
        ("<blockquote>One.\n\n<b>Two</b>.</blockquote>", "<blockquote><p>One.</p><p><b>Two</b>.</p></blockquote>"),
        ("<blockquote><p>One.\n\nTwo.</p></blockquote>", "<blockquote><p>One.</p><p>Two.</p></blockquote>"),
        ("<table><tr><td>One.\n\nTwo.</td></tr></table>", "<td><p>One.</p><p>Two.</p></td>"),
        ("<blockquote><p></p><p>One.</p></blockquote>", "<blockquote><p>One.</p></blockquote>"),
        ("<ul><li>\n\nOne\n\n<ul><li>a</li></ul></li></ul>", "<ul><li>One<ul><li>a</li></ul></li></ul>"),
        ("<ul><li><pre>a\n\nb</pre></li></ul>", "<ul><li><pre>a\n\nb</pre></li></ul>"),
        ("<div><span>One.\n\nTwo.</span></div>", "<p>One.</p>\n<p>Two.</p>"),
        ("<li>alone</li>", "<ul><li>alone</li></ul>"),
        ("<p></p><p> <br> </p><p>x</p>", "<p>x</p>"),
    ],
)
def test_blank_lines_part_paragraphs_inside_lists_quotes_and_cells_too(markup: str, clean: str) -> None:
    assert clean in _html(markup)


@pytest.mark.parametrize(
    ("markup", "left"),
    [
        ("<p>See <a href='/x'><img src='a.png'></a> here</p>", "<p>See  here</p>"),
        (
            "<p>See <a href='/x'><img src='a.png'> this</a> here</p>",
            '<p>See <a href="https://example.org/x"> this</a> here</p>',
        ),
        ("<p>See <a href='/x'><b><img src='a.png'></b></a> here</p>", "<p>See <b></b> here</p>"),
    ],
)
def test_a_linked_picture_in_a_sentence_leaves_no_empty_link(markup: str, left: str) -> None:
    picture, _ = _blocks(markup)
    assert (picture.type, picture.fields["link"]) == ("image", "https://example.org/x")
    assert _html(markup) == left


@pytest.mark.parametrize(
    ("markup", "address", "words"),
    [
        (
            "<iframe src='https://www.youtube-nocookie.com/embed/a1?rel=0'></iframe>",
            "https://www.youtube.com/watch?v=a1",
            "Watch the video on YouTube",
        ),
        ("<iframe src='//player.vimeo.com/video/42' title='A film'></iframe>", "https://vimeo.com/42", "A film"),
        (
            "<iframe src='https://example.org/map?a=1&amp;b=2'></iframe>",
            "https://example.org/map?a=1&amp;b=2",
            "example.org",
        ),
        ("<video src='/v.mp4'>old</video>", "https://example.org/v.mp4", "/v.mp4"),
    ],
)
def test_a_player_becomes_a_link_to_what_it_plays(markup: str, address: str, words: str) -> None:
    assert f'<a href="{address}">{words}</a>' in _html(markup)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "&#106;avascript:alert(1)",
        " \x01javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml,<svg onload=alert(1)>",
        "d&#97;ta:text/html,x",
        "file:///etc/hostname",
    ],
)
def test_no_link_picture_or_player_leads_to_anything_that_runs(link: str) -> None:
    html = _html(f'<p><a href="{link}">x</a></p><iframe src="{link}">y</iframe>')
    assert "x" in html and "y" in html
    assert "href" not in html
    pictures = [block for block in _blocks(f'<p>x<img src="{link}"></p>') if block.type == "image"]
    assert [one.fields["src"] for one in pictures] in ([""], [link] if link.startswith("data:image/") else [""])


def test_attributes_with_signs_of_tags_in_them_are_read_as_browsers_do() -> None:
    assert _html('<p title="a > b"><iframe title="c > d">e</iframe>f</p>') == "<p>e f</p>"


def test_a_frame_s_own_words_go_where_a_link_stands_for_it() -> None:
    told: list[str] = []
    source = Source(HERE, "", _picture, lambda rule, message, words: told.append(message))
    markup = "<iframe src=https://a.example/m><b>No</b> frames</iframe><p>after</p>"
    (block,) = blocks_of(markup, source)
    assert block.fields["html"] == '<p><a href="https://a.example/m">a.example</a></p>\n<p>after</p>'
    assert told[-1] == "words for programs that know no frames (<iframe>) are left out: 'No frames'."
    (block,) = blocks_of("<iframe src=https://a.example/m>never closed <p>x</p>", source)
    assert "never closed" in str(block.fields["html"])


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ('<td style="text-align:right">', '<td style="text-align:right">'),
        ('<td style="color:red;Text-Align: CENTER ;width:9000px">', '<td style="text-align:center">'),
        ('<td align="RIGHT" style="text-align:justify">', '<td align="RIGHT">'),
        ('<td align="char" style="background:url(https://example.org/x)">', "<td>"),
        ('<td style="not-text-align:right;text-align:righteous">', "<td>"),
    ],
)
def test_a_cell_keeps_the_side_its_words_stand_at_and_nothing_else_of_its_style(cell: str, kept: str) -> None:
    for tag in ("td", "th"):
        markup = f"<table><tr>{cell}1</td></tr></table>".replace("td", tag)
        assert f"{kept}1</td>".replace("td", tag) in _html(markup)
    assert "style" not in _html('<p style="text-align:right">Words</p>')


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>one<center>two</center>three", "<p>one</p>\n<p>two</p>\n<p>three</p>"),
        ("one<marquee>two</marquee>three", "<p>one two three</p>"),
        ("<dir><li>one</dir><listing>two</listing>", "<ul><li>one</li></ul>\n<pre>two</pre>"),
        ("<button>one</button><button>two</button>", "<p>one two</p>"),
        ("one<input type=submit value='Send it'>two<input value=theirs>", "<p>one Send it two</p>"),
        ("<select><optgroup label='A &amp; b'><option>one<option>two</select>", "<p>A &amp; b one two</p>"),
    ],
)
def test_neighbours_that_a_browser_shows_apart_stay_apart(markup: str, expected: str) -> None:
    assert re.sub(r" +(?=</p>)|(?<=<p>) +|(?<= ) +", "", _html(markup)) == expected
