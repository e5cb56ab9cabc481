"""Inline styles: what is hidden stays hidden and is told, and bold spans are bold."""

from __future__ import annotations

import pytest

from newsletter.content.repair import Source, blocks_of
from newsletter.content.sources import plain_words
from newsletter.model import Block, Where

HERE = Where("a.html", 1)


def _read(markup: str) -> tuple[str, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []

    def picture(src: str, alt: str, link: str, caption: str) -> Block:
        return Block("image", {"html": f"[{src}]"}, HERE)

    source = Source(HERE, "", picture, lambda rule, message, words: told.append((message.partition(". ")[0], words)))
    return "\n".join(str(block.fields["html"]) for block in blocks_of(markup, source)), told


@pytest.mark.parametrize(
    ("hidden", "how"),
    [
        ("<div style='Display: NONE !important;max-height:0'>Not seen</div>", "display:none"),
        ("<div hidden>Not <b>seen</b></div>", "hidden"),
        ("<span style='font-size:0px'>Not seen</span>", "font-size:0"),
        ("<p style='color:red;visibility:hidden'>Not seen", "visibility:hidden"),
        ("<b style='display:none'><p>Not seen</p></b>", "display:none"),
        ("<center hidden>Not seen</center>", "hidden"),
        ("<font style=display:none>Not seen</font>", "display:none"),
        ("<form hidden>Not seen</form>", "hidden"),
        ("<img style='display:none' src=x.png alt='Not seen'>", "display:none"),
    ],
)
def test_what_an_author_hid_is_left_out_and_quoted(hidden: str, how: str) -> None:
    html, told = _read(f"{hidden}<p>Hello</p>")
    assert html == "<p>Hello</p>"
    expected = f"hidden by its HTML ({how}), and left out: 'Not seen'"
    assert [message for message, _ in told if "form cannot" not in message] == [expected]


def test_what_is_shown_again_inside_is_kept() -> None:
    html, told = _read("<table><tr><td style='font-size:0'><div style='font-size:14px'>One</div></td></tr></table>")
    assert (">One<" in html, told) == (True, [])
    html, told = _read("<div style='visibility:hidden'><p style='visibility:visible'>Two</p></div>")
    assert (html, told) == ("<p>Two</p>", [])
    html, told = _read("<p hidden style='display:block'>Three</p><p style='display:none;display:inline'>Four</p>")
    assert (html, told) == ("<p>Three</p>\n<p>Four</p>", [])
    assert _read("<p style='font-size:0.8em;opacity:0' title='is hidden '>Five</p>") == ("<p>Five</p>", [])


def test_a_hidden_player_is_no_link() -> None:
    html, told = _read("<iframe src='https://tags.example/x' style='display:none'></iframe><p>x</p>")
    assert html == "<p>x</p>"
    assert told[0][0].endswith("is hidden, and left out: 'https://tags.example/x'.")


def test_bold_and_italic_spans_keep_their_marks_and_plain_bold_is_none() -> None:
    pasted = (
        "<b style='font-weight:normal'><p><span style='font-weight:700;font-style:italic'>Both</span>"
        "<span style='font-weight:400;font-style:normal'> none </span>"
        "<span style='vertical-align:super'>up</span></p></b>"
    )
    assert _read(pasted)[0] == "<p><strong><em>Both</em></strong> none <sup>up</sup></p>"
    assert _read("<h2><span style='font-weight:700'>Head</span></h2>")[0] == "<h2>Head</h2>"


@pytest.mark.parametrize("link", ["#_ftnref1", "#_ftn12", "#_edn1", "#ftnt_ref3", "#cmnt1", "#_msocom_1"])
def test_links_between_a_note_and_its_mark_leave_their_words(link: str) -> None:
    assert _read(f"<p>See<a href='{link}'>[1]</a> there</p>")[0] == "<p>See[1] there</p>"
    assert "<a" in _read("<p><a href='#footnotes'>below</a></p>")[0]


def test_a_description_does_not_begin_with_hidden_words() -> None:
    assert plain_words("<div style='display:none'>Not <b>seen</b></div><p>Seen</p><p hidden>Not</p>") == "Seen"
