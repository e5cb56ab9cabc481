"""audiences/<id>.yaml: where its people come from and who of them it means."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.audience.audiences import audience_ids, load_audience
from newsletter.audience.professions import load_professions
from newsletter.errors import FileProblems
from newsletter.model import Audience, Where


def load(root: Path, text: str) -> Audience:
    (root / "audiences/crew.yaml").write_text(text)
    return load_audience("crew", root, load_professions(root))


def problems(root: Path, text: str) -> list[str]:
    with pytest.raises(FileProblems) as caught:
        load(root, text)
    return [str(one).removeprefix("audiences/") for one in caught.value.problems]


@pytest.fixture
def root(workspace) -> Path:  # type: ignore[no-untyped-def]  # its class lives in conftest
    return Path(workspace.root)


def test_an_audience_names_its_file_and_the_fields_its_texts_may_use(root: Path) -> None:
    audience = load(root, "source: crew.csv\ncolumns: {address: Email, points: Points, status: S}\n")
    assert (audience.title, audience.source) == ("crew", "audiences/crew.csv")
    assert audience.segment.source == "audiences/crew.csv"
    assert audience.recipient_fields[-2:] == ("unsubscribe_url", "points")
    assert "status" not in audience.recipient_fields


def test_without_a_segment_everybody_and_every_profession_is_meant(root: Path) -> None:
    audience = load(root, "source: crew.csv\n")
    assert (audience.segment.include, audience.professions) == ((), ("sailor", "pilot", "cook"))


def test_every_mistake_is_told_at_once_at_its_line(root: Path) -> None:
    text = """\
source: crw.csv
encoding: utf-88
columns:
  first name: First
segment:
  profession: [pilott]
  contry: US
exclude:
  profession: cok
"""
    said = problems(root, text)
    assert [one.split(": ")[0] for one in said] == [f"crew.yaml:{n}" for n in (6, 7, 9, 1, 2, 4)]
    assert "unknown profession 'pilott'. Did you mean 'pilot'? Known: sailor, pilot, cook, unmatched." in said[0]
    assert "unknown field 'contry' in segment. Did you mean 'country'?" in said[1]
    assert "unknown profession 'cok'. Did you mean 'cook'?" in said[2]
    assert "no file 'audiences/crw.csv'. Did you mean 'crew.csv'?" in said[3]
    assert "unknown encoding 'utf-88'" in said[4]
    assert "'first name' cannot be a field" in said[5]


@pytest.mark.parametrize("encoding", ["hex", "rot13", "base64", "klingon"])
def test_what_is_no_text_encoding_is_refused(root: Path, encoding: str) -> None:
    (said,) = problems(root, f"source: crew.csv\nencoding: {encoding}\n")
    assert said.startswith(f"crew.yaml:2: unknown encoding '{encoding}'.")


def test_a_country_that_yaml_takes_for_false_is_an_error_at_its_line(root: Path) -> None:
    said = problems(root, "source: crew.csv\nsegment:\n  country: [SE, NO]\n")
    assert said == [
        "crew.yaml:3: 'segment.country' holds false: YAML reads a bare yes, no, on or off so. Put quotes around it."
    ]


def test_a_source_outside_the_workspace_is_refused(root: Path) -> None:
    (root.parent / "people.csv").write_text("Email\n")
    (said,) = problems(root, "source: ../../people.csv\n")
    assert said == "crew.yaml:1: '../../people.csv' lies outside the workspace."


def test_an_unknown_key_has_a_suggestion(root: Path) -> None:
    assert problems(root, "source: crew.csv\nsegement: {}\n") == [
        "crew.yaml:2: unknown key 'segement'. Did you mean 'segment'? "
        "Known: title, source, encoding, delimiter, columns, segment, exclude."
    ]


def test_an_unknown_audience_is_a_problem_where_it_was_named(root: Path) -> None:
    assert audience_ids(root) == ["crew"]
    with pytest.raises(FileProblems) as caught:
        load_audience("crow", root, load_professions(root), Where("issues/tides/issue.yaml", 4))
    assert str(caught.value) == (
        "issues/tides/issue.yaml:4: no audience 'crow'. Did you mean 'crew'? Audiences here: crew."
    )


@pytest.mark.parametrize("name", ["../newsletter", "professions", ""])
def test_a_name_that_is_no_audience_reads_no_other_file(root: Path, name: str) -> None:
    with pytest.raises(FileProblems, match=f"no audience '{name}'"):
        load_audience(name, root, load_professions(root))


@pytest.mark.parametrize(
    ("written", "meant"),
    [(r"\t", "\t"), ('"\\t"', "\t"), ("Tab", "\t"), ("'#'", "#"), (";", ";"), ("' '", " "), ("§", "§"), ("''", "")],
)
def test_the_delimiter_is_one_character_and_a_tab_may_be_spelt(root: Path, written: str, meant: str) -> None:
    assert load(root, f"source: crew.csv\ndelimiter: {written}\n").delimiter == meant


@pytest.mark.parametrize("written", ["'::'", "'\"'", '"\\n"', '"\\r"', "comma"])
def test_what_cannot_part_cells_is_refused_at_its_line(root: Path, written: str) -> None:
    (said,) = problems(root, f"source: crew.csv\ndelimiter: {written}\n")
    assert said.startswith("crew.yaml:2: '") and "cannot part the cells: give one character" in said
