"""What Word writes as a list is a list."""

from __future__ import annotations

import re

from newsletter.content.repair import Source, blocks_of
from newsletter.model import Block, Where

HERE = Where("a.html", 1)


def _read(*items: str) -> str:
    def none(src: str, alt: str, link: str, caption: str) -> Block:
        raise AssertionError("no picture in it")

    return "".join(str(one.fields["html"]) for one in blocks_of("\n".join(items), Source(HERE, "", none)))


def _item(mark: str, words: str, level: int = 0) -> str:
    style = f"text-indent:-18.0pt;mso-list:l0 level{level} lfo1" if level else "margin-left:36.0pt"
    gap = "<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp;&nbsp; </span>"
    return (
        f"<p class=MsoListParagraphCxSpMiddle style='{style}'><![if !supportLists]><span style='font-family:Symbol'>"
        f"<span style='mso-list:Ignore'>{mark}{gap}</span></span><![endif]>{words}<o:p></o:p></p>"
    )


def _flat(html: str) -> str:
    return re.sub(r">\s+|\s+<", lambda found: found[0].strip(), html)


def test_bullets_and_numbers_become_lists_nested_by_their_level() -> None:
    html = _read(_item("·", "One <b>bold</b>", 1), _item("o", "Inner", 2), _item("·", "Two", 1), "<p>After</p>")
    assert _flat(html) == "<ul><li>One<b>bold</b><ul><li>Inner</li></ul></li><li>Two</li></ul><p>After</p>"
    assert _flat(_read(_item("1.", "One"), _item("2.", "Two"))) == "<ol><li>One</li><li>Two</li></ol>"


def test_numbers_are_as_they_were_written() -> None:
    assert _flat(_read(_item("3.", "Three"), _item("4)", "Four"))) == '<ol start="3"><li>Three</li><li>Four</li></ol>'
    html = _flat(_read(_item("1.", "One"), _item("5.", "Five"), "<p>x</p>", _item("6.", "Six")))
    assert html == '<ol><li>One</li></ol><ol start="5"><li>Five</li></ol><p>x</p><ol start="6"><li>Six</li></ol>'


def test_a_paragraph_of_a_list_without_a_mark_and_others_with_one_stay_paragraphs() -> None:
    assert _flat(_read("<p class=MsoListParagraph>On it goes</p>", "<p>· Not Word's</p>")) == (
        "<p>On it goes</p><p>· Not Word's</p>"
    )
    assert "<p>a)" in _read(_item("a)", "Lettered"))
