"""The layout's own words, per language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from newsletter.errors import FileProblems
from newsletter.files import read_yaml
from newsletter.pipeline.building import build
from newsletter.pipeline.workspace import open_workspace
from newsletter.rendering.words import load_words
from tests.conftest import REPOSITORY

SHIPPED = REPOSITORY / "templates/words"
ENGLISH = read_yaml(SHIPPED / "en.yaml", "en.yaml").data


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_language_has_every_word_and_keeps_the_places_for_names(path: Path) -> None:
    words = read_yaml(path, path.name).data
    assert isinstance(words, dict)
    assert isinstance(ENGLISH, dict)
    assert words.keys() == ENGLISH.keys()
    for key, english in ENGLISH.items():
        assert [place in words[key] for place in ("{brand}", "{host}")] == [
            place in english for place in ("{brand}", "{host}")
        ]


def test_a_language_without_words_speaks_english_and_a_region_its_language(tmp_path: Path) -> None:
    assert load_words([SHIPPED], "fi", tmp_path)["unsubscribe"] == "Unsubscribe"
    assert load_words([SHIPPED], "de-AT", tmp_path)["unsubscribe"] == "Abmelden"


def test_a_workspaces_own_words_win_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("read_more: Go on\n")
    words = load_words([tmp_path, SHIPPED], "en", tmp_path)
    assert (words["read_more"], words["unsubscribe"]) == ("Go on", "Unsubscribe")


def test_a_word_that_no_layout_uses_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "de.yaml").write_text("unsubscribe: Abmelden\nunsubscrib: Abmelden\n")
    with pytest.raises(FileProblems, match=r"de\.yaml:2: 'unsubscrib' .*Did you mean 'unsubscribe'\?"):
        load_words([tmp_path, SHIPPED], "de", tmp_path)


@pytest.mark.parametrize(("language", "lines"), [("fi", [2]), ("de-AT", []), ("DE", []), ("en", [])])
def test_a_language_the_layout_has_no_words_for_is_told_at_its_line(
    workspace: Any, language: str, lines: list[int]
) -> None:
    text = f"title: T\nlanguage: {language}\nsubject: S\naudience: crew\nsections: [{{blocks: [{{text: Moi}}]}}]\n"
    workspace.write("issues/tides/issue.yaml", text)
    found = build(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides").findings
    assert [one.where.line for one in found if one.rule == "layout-words"] == lines
