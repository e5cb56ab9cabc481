"""What the studio makes of a message that a terminal would print."""

from __future__ import annotations

import pytest

from newsletter.web.studio.drawing import said


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("the link leads to localhost.", "The link leads to localhost."),
        (
            "there is no preheader. Write `preheader:` here.",
            "There is no preheader. Write <code>preheader:</code> here.",
        ),
        ("issues/roads/issue.yaml is not there.", "issues/roads/issue.yaml is not there."),
        ("alt: it is empty.", "alt: it is empty."),
        ("'<b>' is no colour, `a < b`", "&#39;&lt;b&gt;&#39; is no colour, <code>a &lt; b</code>"),
        ("a single ` stays.", "A single ` stays."),
        ("", ""),
    ],
)
def test_a_message_is_a_sentence_with_code_where_it_quotes_some_and_never_markup(message: str, shown: str) -> None:
    assert said(message) == shown
