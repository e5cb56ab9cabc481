"""What a text is, by its ending and by what it holds."""

from __future__ import annotations

import pytest

from newsletter.content.kinds import Kind, kind_of


@pytest.mark.parametrize(
    ("text", "suffix", "kind"),
    [
        ("Just a line", ".md", Kind.PLAIN),
        ("Just *a* line", ".md", Kind.MARKDOWN),
        ("- a\n- b", ".md", Kind.MARKDOWN),
        ("<p>One\n\nTwo</p>", ".md", Kind.MARKDOWN),
        ("One &amp; two", ".md", Kind.MARKDOWN),
        ("{{< figure src=x >}}", ".md", Kind.MARKDOWN),
        ("<!doctype html><title>T</title><p>x", ".md", Kind.HTML),
        ("<p>*x*</p>", ".html", Kind.HTML),
        ("<p>x</p>", ".htm", Kind.HTML),
        ("One &eacute; two", ".html", Kind.HTML),
        ("No tag, a < b", ".html", Kind.PLAIN),
        ("# Head\n\nNo tag", ".html", Kind.MARKDOWN),
        ("No tag - at all\n\n- a\n- b", ".txt", Kind.PLAIN),
        ("2 * 3 * 4 = 24 and snake_case_name", ".txt", Kind.PLAIN),
        ("# Head\n\nText", ".txt", Kind.MARKDOWN),
        ("See [this](/x).", ".txt", Kind.MARKDOWN),
        ("<p>One</p>", ".txt", Kind.HTML),
        ("One <b>word</b> and\n\n- a\n- b", ".txt", Kind.PLAIN),
        ("One <b>word</b>\n\n- a\n- b", ".html", Kind.HTML),
        ("One <a\nhref=/x>word</a>", ".txt", Kind.HTML),
        ("", ".txt", Kind.PLAIN),
    ],
)
def test_the_ending_is_believed_unless_the_text_speaks_against_it(text: str, suffix: str, kind: Kind) -> None:
    assert kind_of(text, suffix) is kind
