"""The taxonomy: what it may say, and what a free-text job title means by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.audience.professions import load_professions, titles_of
from newsletter.errors import FileProblems


def write(root: Path, text: str) -> Path:
    (root / "audiences").mkdir(exist_ok=True)
    (root / "audiences/professions.yaml").write_text(text)
    return root


def problems(root: Path, text: str) -> list[str]:
    with pytest.raises(FileProblems) as caught:
        load_professions(write(root, text))
    return [str(one).removeprefix("audiences/") for one in caught.value.problems]


def test_a_workspace_without_a_taxonomy_has_no_professions(tmp_path: Path) -> None:
    assert dict(load_professions(tmp_path).by_key) == {}


def test_a_profession_knows_its_ancestors_and_those_below_it(tmp_path: Path) -> None:
    text = "care: {label: Carer}\nnurse: {label: Nurse, parent: care}\ntrainee: {label: Trainee, parent: nurse}\n"
    professions = load_professions(write(tmp_path, text))
    assert professions.ancestry("trainee") == ("trainee", "nurse", "care")
    assert professions.narrower("nurse") == ("nurse", "trainee")
    assert professions.ancestry("nobody") == ()
    assert professions.get("nobody").key == "default"


def test_a_plural_that_is_left_out_is_the_label_with_an_s(tmp_path: Path) -> None:
    professions = load_professions(write(tmp_path, "cook: {label: Cook}\nman: {label: Ferryman, plural: Ferrymen}\n"))
    assert [one.plural for one in professions.by_key.values()] == ["Cooks", "Ferrymen"]


def test_key_label_plural_and_aliases_all_mean_the_profession(tmp_path: Path) -> None:
    professions = load_professions(
        write(tmp_path, "sea-cook: {label: Galley chef, plural: Galley crew, aliases: [Smutje]}\n")
    )
    assert titles_of(professions) == dict.fromkeys(("sea cook", "galley chef", "galley crew", "smutje"), "sea-cook")


def test_every_mistake_is_told_at_once_at_its_line_with_a_suggestion(tmp_path: Path) -> None:
    text = """\
nurse:
  label: Nurse
  aliasses: [RN]
cook:
  label: Cook
  parent: nurze
baker:
  plural: Bakers
pilot:
Default: {label: X}
"""
    assert problems(tmp_path, text) == [
        "professions.yaml:3: unknown key 'aliasses'. Did you mean 'aliases'? Known: label, plural, parent, aliases.",
        "professions.yaml:7: 'label' is missing.",
        "professions.yaml:9: profession 'pilot' must be `key: value` lines.",
        "professions.yaml:10: 'Default' cannot be a key: use words in lower case joined by hyphens.",
        "professions.yaml:6: unknown parent 'nurze'.",
    ]


def test_a_parent_is_suggested_when_it_comes_close(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, "nurse: {label: Nurse}\ntrainee: {label: T, parent: nurze}\n")
    assert said == "professions.yaml:2: unknown parent 'nurze'. Did you mean 'nurse'?"


@pytest.mark.parametrize("text", ["- nurse\n- cook\n", "nurse\n"])
def test_a_file_that_is_no_mapping_is_refused_not_taken_for_empty(tmp_path: Path, text: str) -> None:
    (said,) = problems(tmp_path, text)
    assert said.startswith("professions.yaml:1: must be `key: {label: …}` entries")


@pytest.mark.parametrize("key", ["default", "unmatched", "Nurse", "two words", "a_b", "-a"])
def test_a_key_that_could_not_be_a_file_name_or_means_something_else_is_refused(tmp_path: Path, key: str) -> None:
    (said,) = problems(tmp_path, f"{key}: {{label: X}}\n")
    assert "cannot be a key" in said


def test_a_profession_that_is_its_own_ancestor_is_refused(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, "a: {label: A, parent: a}\n")
    assert said == "professions.yaml:1: 'a' is its own parent, by way of 'a'. Cut the circle."


def test_a_circle_of_parents_is_told_once_however_many_are_in_it_and_below_it(tmp_path: Path) -> None:
    entries = "".join(
        f"{key}: {{label: {key.upper()}, parent: {parent}}}\n" for key, parent in ("ab", "bc", "ca", "da")
    )
    (said,) = problems(tmp_path, f"{entries}e: {{label: E}}\n")
    assert said == "professions.yaml:1: 'a' is its own parent, by way of 'c'. Cut the circle."


def test_a_title_that_would_mean_two_professions_is_refused(tmp_path: Path) -> None:
    (said,) = problems(tmp_path, "a: {label: A, aliases: [Chef]}\nb: {label: B,\n  aliases: ['chef!']}\n")
    assert said == "professions.yaml:3: 'chef!' already means 'a'. A title can mean one profession only."
