from __future__ import annotations

import pytest

from newsletter.checks.clients.conditions import Readers, condition_holds, is_closing, opening


@pytest.mark.parametrize(
    "condition",
    ["mso", "MSO", "gte mso 9", "mso 16", "(mso)|(IE)", "mso | IE", "!IE", "(gte mso 9)&(lte mso 16)", "gt mso 14",
     "!(IE)", "true", "vml", "lte mso 16"],
)  # fmt: skip
def test_a_condition_that_word_2016_takes_to_hold(condition: str) -> None:
    assert condition_holds(condition)


@pytest.mark.parametrize(
    "condition",
    ["!mso", "IE", "lt mso 12", "lte mso 11", "mso 15", "gt mso 16", "gte IE 9", "mso & IE", "", "(mso", "mso)", "!",
     "false", "gte", "mso mso", "lt IE 20"],
)  # fmt: skip
def test_a_condition_that_does_not_hold_there_or_cannot_be_read(condition: str) -> None:
    assert not condition_holds(condition)


@pytest.mark.parametrize(
    ("text", "readers", "hidden"),
    [
        ("[if mso]><td><![endif]", Readers.OUTLOOK, "<td>"),
        ("[if lt mso 9]><td><![endif]", Readers.NOBODY, "<td>"),
        (" [if gte mso 9]>\n<xml></xml>\n<![endif]", Readers.OUTLOOK, "\n<xml></xml>\n"),
        ("[if mso]><td>", Readers.OUTLOOK, "<td>"),
        ("[if !mso]><!", Readers.OTHERS, None),
        ("[if !mso]><!-- ", Readers.OTHERS, None),
        ("[if !mso]", Readers.OTHERS, None),
        ("[if !IE]><!", Readers.ALL, None),
    ],
)
def test_a_comment_tells_who_reads_what_it_opens(text: str, readers: Readers, hidden: str | None) -> None:
    found = opening(text)
    assert found is not None
    assert found.readers is readers
    assert (text[found.inner : found.length] if found.hidden else None) == hidden


@pytest.mark.parametrize("text", ["<![endif]", "[endif]", " <![endif]", "<! [endif]"])
def test_a_comment_can_end_a_condition(text: str) -> None:
    assert is_closing(text)
    assert opening(text) is None


@pytest.mark.parametrize("text", ["", "if mso", " a remark ", "[endif] is what ends it", "DOCTYPE html"])
def test_other_comments_are_neither(text: str) -> None:
    assert opening(text) is None
    assert not is_closing(text)


def test_who_reads_a_part_inside_a_part() -> None:
    assert Readers.OUTLOOK.among(Readers.ALL) is Readers.OUTLOOK
    assert Readers.ALL.among(Readers.OTHERS) is Readers.OTHERS
    assert Readers.OUTLOOK.among(Readers.OTHERS) is Readers.NOBODY
    assert Readers.OTHERS.among(Readers.OTHERS) is Readers.OTHERS
