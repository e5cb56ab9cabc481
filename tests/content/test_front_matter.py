"""YAML, TOML and JSON above an article, each field with its line."""

from __future__ import annotations

import pytest

from newsletter.content.front_matter import split
from newsletter.errors import FileProblems
from newsletter.model import Where


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: T\ndraft: true\n---\nBody\n",
        "+++\ntitle = 'T'\ndraft = true\n+++\nBody\n",
        '{\n"title": "T",\n"draft": true}\nBody\n',
    ],
)
@pytest.mark.parametrize("blank", [0, 2])
def test_each_kind_of_front_matter_says_the_same_with_the_same_lines(text: str, blank: int) -> None:
    document, body, first = split("\n" * blank + text, "a.md")
    assert document.data == {"title": "T", "draft": True}
    assert document.where("draft") == Where("a.md", 3 + blank)
    assert (body, first) == ("Body\n", (4 if text.startswith("{") else 5) + blank)


def test_fields_in_tables_know_their_lines() -> None:
    document, _, _ = split('+++\n"title" = "T"\n\n[params]\nmood = "sunny"\n+++\n', "a.md")
    assert document.data == {"title": "T", "params": {"mood": "sunny"}}
    assert [document.where(*loc).line for loc in (("title",), ("params",), ("params", "mood"))] == [2, 4, 5]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("+++\ntitle = T\n+++\n", 2, "broken TOML"),
        ("+++\na = 1\na = 2\n+++\n", 3, "broken TOML"),
        ("\n+++\na = 1\n", 2, "no second `+++`"),
        ("+++\na = " + "[" * 5_000 + "\n+++\n", 2, "broken TOML"),
        ("+++\na = " + "9" * 5_000 + "\n+++\n", 2, "broken TOML"),
        ('{\n"a": 1\n"b": 2}\n', 3, "broken JSON"),
        ('{\n"a":' + "[" * 100_000, 1, "broken JSON"),
    ],
)
def test_broken_front_matter_is_an_error_at_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(FileProblems) as caught:
        split(text, "a.md")
    (problem,) = caught.value.problems
    assert problem.where == Where("a.md", line)
    assert said in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "{{ recipient.first_name }}, hello",
        '{"a": 1} is how it looks',
        "{% if x %}",
        "\n\n---\n\nText\n\n---\n",
        "+++ plus",
        "",
    ],
)
def test_what_only_begins_like_front_matter_is_the_body(text: str) -> None:
    document, body, first = split(text, "a.md")
    assert (document.data, body, first) == ({}, text, 1)
