"""Markdown becomes HTML with every word of it, its footnotes apart."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from newsletter.content.articles import read_article
from newsletter.content.images import ImageFinder
from newsletter.content.markdown import code_lines, markdown_to_html, render_markdown
from newsletter.model import Article
from newsletter.rendering.plain_text import prose_to_text


def _article(tmp_path: Path, text: str) -> Article:
    path = tmp_path / "a.md"
    path.write_text(text, "utf-8")
    return read_article(path, "a.md", ImageFinder(tmp_path, []), "").article


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


@pytest.mark.parametrize("depth", [9, 10, 12, 18])
def test_a_list_in_a_list_in_a_list_stays_a_list(depth: int) -> None:
    rendered = render_markdown("\n".join("  " * level + f"- w{level}" for level in range(depth)))
    assert rendered.html.count("<ul>") == depth
    assert _words(rendered.html) == " ".join(f"w{level}" for level in range(depth))
    assert rendered.told == ()


@pytest.mark.parametrize("marks", ["> " * 300, "- " * 300, "1. " * 300, "> - " * 5_000, "[^1]: " * 300])
def test_words_nested_beyond_all_measure_stay_and_it_is_told(tmp_path: Path, marks: str) -> None:
    article = _article(tmp_path, f"---\ntitle: T\n---\nBefore\n\n{marks}deep\n\nAfter\n")
    shown = _words("".join(str(block.fields["html"]) for block in article.body))
    assert shown.startswith("Before")
    assert "deep" in shown
    assert "After" in shown
    assert [one.where.line for one in article.findings if one.rule in ("deep-nesting", "footnote")][:1] == [6]


def test_cells_beyond_a_table_s_columns_join_the_last_one_and_are_told() -> None:
    rendered = render_markdown("| a | b |\n|---|---|\n| 1 | 2 | 3 | *4* |\n| 5 |\n| 6 | 7 | |\n")
    cells = re.findall(r"<td>(.*?)</td>", rendered.html)
    assert cells == ["1", "2 3 <em>4</em>", "5", "", "6", "7"]
    assert [(rule, words) for rule, _, words in rendered.told] == [("table-row", "| 1 | 2 | 3 | *4* |")]


def test_a_line_that_defines_no_address_stays_in_the_text() -> None:
    for line in ("[Note]: Wikipedia", "[Note]: Wikipedia.", "[Note]:\nWikipedia", "- [Note]: see"):
        shown = _words(markdown_to_html(f"Before\n\n{line}\n\nAfter"))
        assert shown.endswith(f"{line.split()[-1]} After")
        assert "[Note]:" in shown
    for address in ("/x", "https://a.example", "x.html", "#x", "<x>", "mailto:a@b.example", "?p=1"):
        html = markdown_to_html(f"See [x].\n\n[x]: {address} 'T'")
        assert html == f'<p>See <a href="{address.strip("<>")}" title="T">x</a>.</p>\n'


def test_footnotes_are_numbered_by_their_marks_and_stand_at_the_end(tmp_path: Path) -> None:
    text = (
        "---\ntitle: T\n---\nOne claim[^b], another[^1] and the first again[^b].\n\n"
        "[^1]: Wikipedia\n[^b]: https://example.org/a, see *there*[^c]\n\n    and here\n\nThe end.\n\n"
        "[next: boats](https://example.org/boats)\n\n[^c]: Deep.\n"
    )
    article = _article(tmp_path, text)
    assert [block.type for block in article.body] == ["prose", "button", "prose"]
    above, below = (str(block.fields["html"]) for block in article.body if block.type == "prose")
    assert _words(above) == "One claim (1) , another (2) and the first again (1) . The end."
    assert re.sub(r"\s", "", below) == re.sub(
        r"\s", "",
        "<hr><ol><li><p>https://example.org/a, see <em>there</em><sup>(3)</sup></p><p>and here</p></li>"
        "<li>Wikipedia</li><li>Deep.</li></ol>",
    )  # fmt: skip
    assert article.findings == ()
    assert "claim(1)" in prose_to_text(above)
    assert "2. Wikipedia" in prose_to_text(below)


def test_a_footnote_nobody_refers_to_stands_last_and_is_told(tmp_path: Path) -> None:
    article = _article(tmp_path, "---\ntitle: T\n---\nA[^x] b[^gone] [^a-z]\n\n[^lost]: Lost\n[^x]: X\n[^x]: Twice\n")
    html = "".join(str(block.fields["html"]) for block in article.body)
    assert _words(html) == "A (1) b[^gone] [^a-z] X Lost Twice"
    assert [(one.rule, one.where.line) for one in article.findings] == [
        ("footnote", 4), ("footnote", 4), ("footnote", 6), ("footnote", 8)
    ]  # fmt: skip


def test_signs_that_are_no_footnotes_stay_as_they_are() -> None:
    for text in ("`a[^1]`", "[^a-z]+", "x[^1]", "\\[^1]: not one"):
        assert "<sup>" not in markdown_to_html(f"{text}\n")
    assert markdown_to_html("x[^1]\n\n    [^1]: code\n").count("<pre>") == 1


def test_what_stands_indented_in_a_footnote_is_no_code() -> None:
    text = "a[^1]\n\n[^1]: one\n\n    two\n\n        code\n"
    assert code_lines(text) == [(6, 7)]
    assert "<p>two</p>" in markdown_to_html(text)


@pytest.mark.parametrize(
    "unit", ["[", "![](x)[", "[^1]", "[^1]: x\n", "> ", "- ", "[^1]: ", "| a |\n|-|\n", "[a]: b\n"]
)
def test_twice_the_marks_take_about_twice_the_time(unit: str) -> None:
    def seconds(times: int) -> float:
        began = time.process_time()
        render_markdown(unit * times)
        return time.process_time() - began

    once, eight_times = min(seconds(1_000) for _ in range(2)), seconds(8_000)
    assert eight_times < 24 * once + 0.5
