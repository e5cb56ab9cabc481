"""Nothing of the visible text is lost, whatever the HTML: judged by another parser than the program's own."""

from __future__ import annotations

import gc
import re
import time
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from justhtml import JustHTML

from newsletter.content.articles import read_article
from newsletter.content.images import ImageFinder
from newsletter.content.repair import Source, article_blocks, blocks_of
from newsletter.errors import FileProblems
from newsletter.model import Block, Where

HERE = Where("a.html", 1)
PNG = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
INVISIBLE = {"script", "style", "template", "title", "head", "#comment", "datalist"}
FALLBACK = {"iframe", "noembed", "noframes"}
"""What stands in these is markup that browsers show only when they cannot show the thing itself."""


def _unseen(node: Any, inherited: str) -> str:
    """How the page's own styles hide the element: `all` with what it holds, `own` its words alone; or nothing."""
    attributes = getattr(node, "attrs", None) or {}
    if "hidden" in attributes or attributes.get("style") == "display:none":
        return "all"
    return {"font-size:0": "own", "font-size:9px": ""}.get(attributes.get("style", ""), inherited)


def shown(markup: str) -> str:
    """The text of a page as a browser shows it, and what stands in for players.

    What its author hid is no visible text: it is left out, and told.
    """
    found: list[str] = []
    stack: list[Any] = [(JustHTML(markup, sanitize=False, scripting_enabled=False).root, "")]
    while stack:
        node, above = stack.pop()
        if isinstance(node, str):
            found.append(node)
            continue
        unseen = _unseen(node, above)
        if unseen == "all":
            continue
        if node.name == "#text":
            found.append("" if unseen else node.data or "")
        elif node.name in FALLBACK and all(child.name == "#text" for child in node.children):
            stack.append((shown("".join(child.data or "" for child in node.children)), ""))
        elif node.name not in INVISIBLE:
            stack += [(child, unseen) for child in reversed(node.children or [])]
    return "".join(found)


def texts(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Every text of the blocks that readers see, in order."""
    for block in blocks:
        for cell in block.fields.get("cells", ()):  # type: ignore[attr-defined]
            yield from texts(cell)
        yield shown(str(block.fields.get("html", "")))
        yield shown(str(block.fields.get("caption", "")))
        yield str(block.fields.get("label", ""))


def _picture(src: str, alt: str, link: str, caption: str) -> Block:
    return Block("image", {"src": src, "alt": alt, "link": link, "caption": caption}, HERE)


def read(markup: str) -> str:
    return "\n".join(texts(blocks_of(markup, Source(HERE, "https://example.org", _picture))))


def words(text: str) -> list[str]:
    return re.findall(r"q\d+z", text)


_NAMES = (
    "p p p b i em a div div div span ul ol li table tr td th tbody caption blockquote h1 h3 pre code section figure "
    "figcaption form select option textarea button noscript svg math text g center font u s sup object video iframe "
    "label fieldset dl dt dd details summary ruby rt nobr main article x-card"
).split()
_HOSTILE = [
    *"</p> </br> <br> <hr> <br/> <img> <img/src=x.png> <input> <!--> <!---> <!--x--> <!x> <?php?> </> ]]>".split(),
    *"< & &amp &lt &#0; &#xD800; &#x80; &nbsp; &copy &notit; \" ' > /> =".split(),
    *("\x00", "\x01", "\x0c", "\u202e", "\u200f", "\u2028", "\ufeff", "\ufffe", "\U0001f600", "\n\n", "\r\n"),
    *("<a href=/x>", "<p class=;>", "<td class=templateColumnContainer>", "<a a=1 a=2>", "<table id=templateColumns>"),
    *("<p title='>'>", '<div title="<p>">', "<math><mi>", "<select><option>"),
]
_HIDING = [
    *("<div hidden>", "<p style=display:none>", "<span hidden>", "<b style=display:none>", "<x-card hidden>"),
    *("<div style=font-size:0>", "<span style=font-size:0>", "<p style=font-size:9px>", "<center style=font-size:0>"),
    *("<table hidden>", "<td style=font-size:0>", "<li hidden>", "</div>", "</span>", "</center>", "</x-card>"),
]
_PARTS = st.lists(
    st.one_of(
        st.just("WORD"),
        st.just("WORD"),
        st.sampled_from(_NAMES).map(lambda name: f"<{name}>"),
        st.sampled_from(_NAMES).map(lambda name: f"</{name}>"),
        st.sampled_from(_HOSTILE),
    ),
    max_size=30,
)


def _page(parts: list[str]) -> str:
    return "".join(f" q{number}z " if part == "WORD" else part for number, part in enumerate(parts))


@settings(max_examples=400, deadline=None)
@given(_PARTS)
@example(["<table>", "WORD", "<td>", "WORD", "</td>", "WORD"])
@example(["<a>", "WORD", "<a>", "WORD", "</br>", "WORD", "</p>"])
@example(["<form>", "<form>", "WORD", "</form>", "WORD"])
def test_every_word_a_browser_shows_is_there_once_and_in_its_place(parts: list[str]) -> None:
    markup = _page(parts)
    expected, found = words(shown(markup)), words(read(markup))
    if "fig" in markup or "templateColumn" in markup:  # a caption stands under its picture, columns beside each other
        expected, found = sorted(expected), sorted(found)
    assert found == expected


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.just("WORD"),
            st.sampled_from(_HIDING),
            st.sampled_from("p b div i ul li table td".split()).map("<{}>".format),
        ),
        max_size=20,
    )
)
def test_whatever_is_hidden_no_word_that_is_seen_is_left_out(parts: list[str]) -> None:
    markup = f"<!doctype html>{_page(parts)}"  # without it a browser has paragraphs hold tables
    told: list[str] = []
    source = Source(HERE, "", _picture, lambda rule, message, words: told.append(message))
    found, hidden, seen = (
        words("\n".join(texts(blocks_of(markup, source)))),
        words(" ".join(told)),
        words(shown(markup)),
    )
    assert [one for one in found if one in seen] == seen
    assert sorted(found + hidden) == sorted(words(markup))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(st.just("WORD"), st.sampled_from(_NAMES).map("<{}>".format)), max_size=20), st.data())
def test_an_article_tells_every_word_it_leaves_out(parts: list[str], data: st.DataObject) -> None:
    ends = [
        "<p>Share</p>",
        "<p>Share this post q900z</p>",
        "<ul><li>Tweet</ul>",
        "<hr>",
        "<p>next: <a href=/x>q901z</a></p>",
    ]
    markup = _page(parts) + "".join(data.draw(st.lists(st.sampled_from(ends), max_size=4)))
    told: list[str] = []
    source = Source(HERE, "", _picture, lambda rule, message, words: told.append(message))
    kept = "\n".join(texts(article_blocks(markup, source)))
    assert sorted(words(kept) + words(" ".join(told))) == sorted(words(shown(markup)))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<p>q1z<plaintext>q2z <b>q3z</b>", "q1z q2z q3z"),
        ("<textarea><b>q1z</b></textarea>q2z", "q1z q2z"),
        ("<title>q1z</title>q2z", "q2z"),
        ("<!-->q1z--><!--->q2z--><!-- q3z -->q4z", "q1z q2z q4z"),
        ("<![CDATA[ q1z ]]>q2z", "q2z"),
        ("<xmp><b>q1z</xmp>q2z", "q1z q2z"),
        ("<select><option>q1z<option>q2z</select>", "q1z q2z"),
        ("q1z\x00q2z", "q1z q2z"),
        ("&#xD800;q1z&#1;&#x80;", "q1z"),
        ("<p>q1z</p><script>q2z", "q1z"),
        ("<p>q1z</p><template>q2z</template>q3z", "q1z q3z"),
        ("<svg><title>q1z</title><text>q2z</text></svg>q3z", "q2z q3z"),
        ("<svg><text><![CDATA[q1z <b>]]></text></svg>q2z", "q1z q2z"),
        ("<svg><title/><text>q1z</text></svg>q2z", "q1z q2z"),
        ("<table><tr><td>q1z<table><tr><td>q2z</table>q3z</table>", "q1z q2z q3z"),
        ("<p lang=a lang=b>q1z", "q1z"),
        ("<svg><desc>q1z</desc><text>q2z</text></svg>", "q1z q2z"),
    ],
)
def test_odd_corners_of_html_show_what_a_browser_shows(markup: str, expected: str) -> None:
    assert words(read(markup)) == expected.split()


@pytest.mark.parametrize(
    "tag", ["div", "b", "ul><li", "blockquote", "a href=/x", "section", "form", "svg", "x-y", "span"]
)
def test_fifty_thousand_open_tags_lose_nothing_and_take_seconds(tag: str) -> None:
    began = time.process_time()
    found = words(read("q1z" + f"<{tag}>" * 50_000 + "q2z<p>q3z</p><img src=x.png>"))
    assert found == ["q1z", "q2z", "q3z"]
    assert time.process_time() - began < 30


def test_a_megabyte_in_one_attribute_is_no_text() -> None:
    assert words(read(f"<p title='{'q1z ' * 250_000}' onclick=\"{'x' * 1_000_000}\">q2z</p>")) == ["q2z"]


_REPEATED = {
    "paragraphs": "<p>some words</p>\n",
    "breaks": "a<br>",
    "pictures": "<img src=x.png>w ",
    "unfinished tags": "<form ",
    "unfinished quotes": '<form ="',
    "unclosed bold": "<b>w",
    "items with blank lines": "<ul><li>w\n\nv</ul>",
    "share lines": "<p>Share</p>",
    "share lines in one": "Share<br>",
    "column tables": "<table id=templateColumns><tr><td>w</table>",
    "comments": "<!--",
    "blank lines": "w\n\n",
    "hidden words": "w<b hidden>v</b>",
    "hidden depths": "<span style='font-size:0;font-weight:700'>w",
}


@pytest.mark.parametrize("unit", _REPEATED.values(), ids=_REPEATED.keys())
def test_twice_the_page_takes_about_twice_the_time(unit: str) -> None:
    def seconds(times: int) -> float:
        gc.collect()
        gc.disable()  # it would look through all that other tests have left, too
        try:
            began = time.process_time()
            article_blocks(unit * times, Source(HERE, "", _picture))
            return time.process_time() - began
        finally:
            gc.enable()

    once, eight_times = min(seconds(2_000) for _ in range(2)), seconds(16_000)
    assert eight_times < 24 * once + 0.5


_TEXT = st.one_of(
    st.just("WORD"),
    st.just("WORD"),
    st.text(st.characters(exclude_characters="`~"), max_size=6),
    st.sampled_from(_HOSTILE),
    st.sampled_from(_NAMES).map("<{}>".format),
    st.sampled_from(
        [
            *"# ## - 1. > `x * ** _ ::: ::card {{< %}} {{% {% note endraw raw figure === --- +++".split(),
            *("```\n", "[a](b)", "![](x.png)", "\u2029", "\x0b", "{:.a}", "+++\n", "---\n", "<img src=x.png>"),
            *("\n", "\n\n", "    ", "Share", "Subscribe", "next: ", "Related posts", "• ", "title: T\n", "\udc80"),
        ]
    ),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_TEXT, max_size=25), st.sampled_from([".md", ".html", ".txt"]))
def test_any_text_is_an_article_or_refused_in_words(tmp_path: Path, parts: list[str], suffix: str) -> None:
    text = _page(parts)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    (tmp_path / "x.png").write_bytes(PNG)
    try:
        article = read_article(path, path.name, ImageFinder(tmp_path, []), "https://example.org").article
    except FileProblems as error:
        assert str(error).startswith(f"a{suffix}")
        return
    shown_words = words("\n".join([article.title, *texts(article.body), *(one.message for one in article.findings)]))
    if not set("<{[") & set(text) and "title:" not in text:
        assert set(words(text)) <= set(shown_words)
    assert all(one.where.line <= text.count("\n") + len(parts) + 1 for one in article.findings)


_MARKS = st.sampled_from(  # no fences: what stands behind their marks names a language
    [
        *(
            "> ",
            "- ",
            "* ",
            "1. ",
            "2) ",
            "  ",
            "   ",
            "    ",
            "\t",
            "# ",
            "| ",
            "|---|---|\n",
            " | ",
            "[^1]: ",
            "[^2]:",
        ),
        *("[q]: ", "[^1]", "**", "*", "- [ ] ", "\\", "Title\n---\n", "\n", "\n", "\n\n", "WORD", "WORD"),
    ]
)
_LINES = st.lists(st.tuples(st.lists(_MARKS, max_size=5), st.integers(0, 25)), max_size=20)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_LINES)
@example([(["  "] * level + ["- ", "WORD"], 1) for level in range(25)])
@example([(["> "], 25), (["WORD"], 1)])
@example([(["| ", "WORD", " | ", "WORD", "\n", "|---|---|\n", "| "], 1), (["WORD", " | "], 3)])
@example([(["[q]: ", "WORD", "\n\n"], 1), (["[^1]: ", "WORD"], 1)])
def test_every_word_of_nested_markdown_is_there_or_told(tmp_path: Path, lines: list[tuple[list[str], int]]) -> None:
    text = "---\ntitle: T\n---\n" + _page([one for marks, times in lines for one in (*marks * times, "WORD", "\n")])
    path = tmp_path / "a.md"
    path.write_text(text, "utf-8")
    article = read_article(path, path.name, ImageFinder(tmp_path, []), "").article
    told = [one.message for one in article.findings if one.rule != "deep-nesting"]
    assert set(words("\n".join([*texts(article.body), *told]))) == set(words(text))
