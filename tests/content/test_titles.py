"""A title stands once, and a page's frame is no part of its article."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from newsletter.content.articles import read_article
from newsletter.content.images import ImageFinder
from newsletter.content.sites import read_site
from newsletter.content.sources import Choice
from newsletter.content.titles import taken_title
from newsletter.errors import FileProblems
from newsletter.model import Article

PAGE = """<!doctype html><html><head><title>The Title | Site</title></head><body>
<header><a href=/>Site</a><nav><a href=/>Home</a> <a href=/b>Blog</a></nav></header>
<main><article><header><h1>The Title</h1></header><p>Words of the article, which are long enough to describe it.</p>
<footer>By Ada</footer></article></main>
<aside>Other things</aside> loose
<footer>© Site</footer></body></html>
"""


def _article(tmp_path: Path, text: str, name: str = "a.html") -> Article:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return read_article(path, name, ImageFinder(tmp_path, []), "").article


def _html(article: Article) -> str:
    return "\n".join(str(block.fields.get("html", "")) for block in article.body)


@pytest.mark.parametrize(
    ("markup", "title", "rest"),
    [
        ("<h1>A</h1><p>x</p>", "A", "<p>x</p>"),
        ("<title>A | B</title><nav>Home</nav><h1>A</h1><p>x</p>", "A", "<title>A | B</title><nav>Home</nav><p>x</p>"),
        ("<title>Site: A</title><p>x</p><h1>A</h1>", "A", "<title>Site: A</title><p>x</p>"),
        ("<title>Other</title><p>x</p><h1>A</h1>", "A", "<title>Other</title><p>x</p><h1>A</h1>"),
        ("<!-- note --><div class=x>\n<h2>A &amp; b</h2></div>", "A & b", "<!-- note --><div class=x>\n</div>"),
        ("<img src=x><h1>A</h1>", "A", "<img src=x><h1>A</h1>"),
        ("<h1>On<b>e</b><br>two</h1><p>x</p>", "One two", "<p>x</p>"),
        ("<p>x</p><h2>B</h2>", "", "<p>x</p><h2>B</h2>"),
        ("<title>Only this</title><p>x</p>", "Only this", "<title>Only this</title><p>x</p>"),
    ],
)  # fmt: skip
def test_the_heading_that_becomes_the_title_is_taken_out(markup: str, title: str, rest: str) -> None:
    assert taken_title(markup) == (title, rest)


def test_a_whole_page_is_rid_of_its_frame_with_every_word_told(tmp_path: Path) -> None:
    article = _article(tmp_path, PAGE)
    assert article.title == "The Title"
    assert _html(article).split("\n") == [
        "<p>Words of the article, which are long enough to describe it.</p>", "<p>By Ada</p>", "<p>loose</p>"
    ]  # fmt: skip
    told = {one.message.partition(": ")[2] for one in article.findings if one.rule == "site-furniture"}
    assert told == {"'Site Home Blog'.", "'Other things'.", "'© Site'."}


def test_a_part_of_a_page_and_a_page_of_nothing_else_keep_their_words(tmp_path: Path) -> None:
    assert "Home" in _html(_article(tmp_path, "<nav>Home</nav><p>x</p><footer>End</footer>"))
    assert "Home" in _html(_article(tmp_path, "<html><body><nav>Home</nav></body></html>"))
    quote = "<html><body><p>x</p><blockquote>q<footer>Ada</footer></blockquote></body></html>"
    assert "Ada" in _html(_article(tmp_path, quote))


def test_an_imported_page_is_called_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    found = read_site(tmp_path / "page.html", Choice(), "", date(2026, 3, 1))
    assert (found.kind, found.articles[0].title, found.articles[0].text) == ("a file", "The Title", PAGE)


def test_bare_lines_that_are_left_out_are_not_called_headings(tmp_path: Path) -> None:
    below = "The ferry leaves the northern quay at seven in the morning and comes back at nine, on every day but one."
    article = _article(
        tmp_path, f"Ferries\n\n{below}\n\nCosts\n\n{below}\n\nLeave a comment\n\n- Share\n- Tweet\n", "a.txt"
    )
    assert [(one.rule, one.where.line) for one in article.findings] == [
        ("guessed-heading", 1), ("site-furniture", 9), ("site-furniture", 11)
    ]  # fmt: skip
    assert "'Ferries', 'Costs'." in article.findings[0].message


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("disclosure: true", "'disclosure' must be text; put quotes around it."),
        ("title: Yes", "'title' must be text; put quotes around it."),
        ("description: [a, b]", "'description' must be text; write it on one line."),
        ("image: [a.png, b.png]", "'image' must be the path of one picture, such as `image: images/quay.jpg`."),
    ],
)
def test_a_field_of_another_kind_is_refused_in_words(tmp_path: Path, field: str, said: str) -> None:
    with pytest.raises(FileProblems) as caught:
        _article(tmp_path, f"---\nauthor: Ada\n{field}\n---\nx", "a.md")
    assert [(one.where.line, one.message) for one in caught.value.problems] == [(3, said)]


def test_no_means_that_there_is_none(tmp_path: Path) -> None:
    article = _article(tmp_path, "---\ntitle: T\ndisclosure: false\nimage: false\n---\nx", "a.md")
    assert (article.disclosure, article.image) == ("", None)
