"""docs/blocks.md, followed word for word: a workspace's own block, and the picture in it."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from lxml import html
from PIL import Image

from newsletter.errors import FileProblems
from newsletter.model import RenderedVariant
from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY

EXAMPLES = re.findall(
    r"^```(?:jinja|yaml)\n(.*?)^```$", (REPOSITORY / "docs/blocks.md").read_text("utf-8"), re.M | re.S
)
HTML, TEXT, WRITTEN, MORE = EXAMPLES


def _draw(workspace: Any, written: str, template: str = HTML) -> RenderedVariant:
    soup = BytesIO()
    Image.new("RGB", (1600, 800), "#886622").save(soup, "PNG")
    workspace.write("issues/tides/images/soup.png", "")
    (workspace.root / "issues/tides/images/soup.png").write_bytes(soup.getvalue())
    workspace.write("templates/blocks/recipe.html.j2", template)
    workspace.write("templates/blocks/recipe.txt.j2", TEXT)
    issue = f"title: T\nsubject: S\naudience: crew\nsections:\n  - blocks:\n{written}"
    workspace.write("issues/tides/issue.yaml", issue)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    return next(one for one in build(opened, "tides").variants if "default" in one.professions)


def test_the_documented_block_shows_its_words_and_its_picture(workspace: Any) -> None:
    variant = _draw(workspace, f"      {WRITTEN}")
    (picture,) = html.document_fromstring(variant.html).xpath("//img[@alt='A bowl of soup']")
    assert picture.get("width") == "560"
    assert any(picture.get("src") == f"cid:{one.name}" and one.width == 560 for one in variant.pictures)
    assert "Lentil soup</strong>, for 4" in variant.html
    assert "Lentil soup, for 4" in variant.text


def test_in_a_column_its_picture_is_as_wide_as_the_column(workspace: Any) -> None:
    written = f"      - columns:\n          {WRITTEN}          - {{text: Beside it}}\n"
    (picture,) = html.document_fromstring(_draw(workspace, written).html).xpath("//img[@alt='A bowl of soup']")
    assert picture.get("width") == "260"


def test_a_picture_may_be_left_out_or_stand_in_a_list(workspace: Any) -> None:
    template = f"<tr><td>{MORE}</td></tr>"
    steps = "      - {recipe: Soup, serves: 2, steps: [{image: images/soup.png, alt: Stir}]}\n"
    (picture,) = html.document_fromstring(_draw(workspace, steps, template).html).xpath("//img[@alt='Stir']")
    assert picture.get("width") == "120"


def test_a_picture_that_is_not_there_is_told_with_its_line(workspace: Any) -> None:
    with pytest.raises(FileProblems, match=r"issues/tides/issue\.yaml:6: .*images/stew\.png"):
        _draw(workspace, f"      {WRITTEN}".replace("soup.png", "stew.png"))
