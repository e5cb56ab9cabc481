"""What goes wrong in a workspace's own templates is told with the line of issue.yaml that uses them."""

from __future__ import annotations

from typing import Any

import pytest

from newsletter.errors import FileProblems
from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY

ISSUE = "title: T\nsubject: S\naudience: crew\nsections:\n  - blocks:\n      - columns:\n          - {recipe: Soup}\n"
TEMPLATE, BLOCK = "templates/blocks/recipe.html.j2", "issues/tides/issue.yaml:7"


def _said(workspace: Any, html: str, text: str | None = "{{ block.recipe }}") -> str:
    workspace.write("issues/tides/issue.yaml", f"{ISSUE}          - {{text: Beside it}}\n")
    workspace.write(TEMPLATE, f"<tr>\n<td>{html}</td></tr>")
    if text is not None:
        workspace.write("templates/blocks/recipe.txt.j2", text)
    with pytest.raises(FileProblems) as caught:
        build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides", fresh=True)
    return str(caught.value)


def test_a_key_that_a_block_does_not_say_is_asked_for_where_the_block_is_written(workspace: Any) -> None:
    said = _said(workspace, "{{ block.recipe }} {{ block.serves }}")
    assert said.startswith(f"{BLOCK}: block 'recipe': nothing is given as 'serves', which {TEMPLATE}:2 asks for. Add ")


@pytest.mark.parametrize(
    ("html", "said"),
    [
        ("{{ block.recipe | uper }}", "there is no filter 'uper'. Did you mean 'upper'?"),
        ("{{ block.recipe is edibel }}", "there is no test 'edibel'."),
        ("{{ servings }}", "'servings' is undefined."),
        ("{% if %}", "Expected an expression, got 'end of statement block'."),
        ("{{ 1 // 0 }}", "integer division or modulo by zero."),
    ],
)
def test_what_is_wrong_in_a_template_is_told_with_the_block_it_is_drawn_for(
    workspace: Any, html: str, said: str
) -> None:
    assert _said(workspace, html) == f"{TEMPLATE}:2: {said} It is drawn for the block at {BLOCK}."


def test_a_block_with_one_template_of_two_is_told_which_is_missing(workspace: Any) -> None:
    said = _said(workspace, "{{ block.recipe }}", text=None)
    assert said.startswith(f"{BLOCK}: block 'recipe' lacks one of its two templates: templates/blocks/recipe.txt.j2.")
    (workspace.root / TEMPLATE).rename(workspace.root / "templates/blocks/recipe.txt.j2")
    workspace.write("templates/blocks/soup.html.j2", "")
    with pytest.raises(FileProblems, match=r"lacks one of its two templates: templates/blocks/recipe\.html\.j2\."):
        build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides", fresh=True)


def test_a_filter_there_is_not_is_told_in_an_authors_expression_too(workspace: Any) -> None:
    text = ISSUE.replace("{recipe: Soup}", "{text: 'Hello {{ recipient.first_name | uper }}'}\n          - {text: Bye}")
    workspace.write("issues/tides/issue.yaml", text)
    with pytest.raises(FileProblems, match=r"cannot be read: there is no filter 'uper'\. Did you mean 'upper'\?$"):
        build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides", fresh=True)
