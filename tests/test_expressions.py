"""Tokens in the place of authors' expressions."""

from __future__ import annotations

import pytest

from newsletter.errors import FileProblems
from newsletter.expressions import TOKEN, swap
from newsletter.model import Where

HERE = Where("issue.yaml", 10)


def test_an_expression_becomes_a_token_of_plain_letters_and_its_source_is_kept() -> None:
    text, found = swap("Dear {{ recipient.first_name | default('there') }},", HERE)
    assert TOKEN.fullmatch(text.removeprefix("Dear ").removesuffix(","))
    assert text.isascii()
    assert found[0].source == "recipient.first_name | default('there')"


def test_the_same_expression_has_the_same_token_everywhere() -> None:
    assert swap("{{ issue.title }}", HERE)[0] == swap("{{issue.title}}", Where("other.md", 3))[0]


@pytest.mark.parametrize(
    "text", ["{{ not_ours }}", "{{< figure >}}", "{% raw %}{{ x }}{% endraw %}", "{ {recipient} }", "{{ 1 }}"]
)
def test_braces_that_are_not_ours_stay_the_text_they_are(text: str) -> None:
    assert swap(text, HERE) == (text, ())


def test_braces_inside_quotes_do_not_end_an_expression() -> None:
    text, found = swap("""{{ recipient.first_name | default('}} "x"') }}!""", HERE)
    assert text == f"{found[0].token}!"
    assert found[0].source.endswith("""default('}} "x"')""")


def test_the_line_of_an_expression_is_where_it_stands() -> None:
    _, found = swap("one\ntwo\n{{ profession.label }}", HERE)
    assert found[0].where == Where("issue.yaml", 12)


def test_an_expression_that_is_never_closed_is_an_error_at_its_line() -> None:
    with pytest.raises(FileProblems, match=r"issue.yaml:11: .*never closed"):
        swap("Dear\n{{ recipient.first_name ", HERE)


def test_conditions_on_people_are_refused_with_the_way_to_say_it() -> None:
    with pytest.raises(FileProblems, match=r"issue.yaml:10: .*for:"):
        swap("{% if recipient.country == 'US' %}x{% endif %}", HERE)


def test_in_issue_files_an_unknown_name_is_an_error() -> None:
    with pytest.raises(FileProblems, match="first_name"):
        swap("{{ first_name }}", HERE, every=True)
