"""What a free-text job title means: found in stages, and never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.titles import NO_MATCH, Match, Stage, Titles
from newsletter.model import Profession, Professions

TITLES = Titles(
    Professions(
        {
            "nurse": Profession("nurse", "Nurse", "Nurses", None, ("Staff nurse", "Dr. Nurse")),
            "physician": Profession("physician", "Physician", "Physicians"),
            "teacher": Profession("teacher", "Teacher", "Teachers", None, ("Head teacher",)),
        }
    )
)


@pytest.mark.parametrize(
    ("title", "stage"),
    [
        ("Nurse", "alias"),
        ("  NURSE ", "alias"),
        ("nurses", "alias"),
        ("staff-nurse", "alias"),
        ("dr nurse", "alias"),
        ("Nürse", "alias"),
        ("Nurse / Team lead", "part"),
        ("Nurse, night shift", "part"),
        ("Nurse (retired)", "part"),
        ("Nurse - ICU", "part"),
        ("ICU | Nurse", "part"),
        ("Nurse at St. Mary's", "part"),
        ("Nurse and midwife", "part"),
        ("Nurse; staff nurse", "part"),
        ("Senior nurse", "prefix"),
        ("Sr. Nurse", "prefix"),
        ("Head Nurse", "prefix"),
        ("Prof. Dr. Nurse", "prefix"),
        ("Registered Nurse (ICU)", "prefix"),
    ],
)
def test_a_title_is_matched_and_says_at_which_stage(title: str, stage: str) -> None:
    assert TITLES.match(title) == Match("nurse", Stage(stage))


def test_a_whole_alias_comes_before_a_rank_is_taken_away() -> None:
    assert TITLES.match("Head teacher") == Match("teacher", Stage.ALIAS)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "   ",
        "?!",
        "N",
        "Nurs",
        "Nurse manager",
        "Nurse II",
        "Nurse / Physician",
        "Nurse / Senior Physician",
        "Physician, Dr. Nurse",
        "Assistant nurse",
        "Physician assistant",
        "Assistant, Physician",
        "Assistant to the Physician",
        "Student (Nurse)",
        "Former nurse",
        "Nurse / recruiter",
        "Not a nurse",
        "Not a nurse, physician",
        "Senior",
        "Dr.",
        "Head / Lead",
        "Nurse-physician",
        "Nurse " + "x" * 300,
    ],
)
def test_what_could_mean_something_else_is_not_guessed(title: str) -> None:
    assert TITLES.match(title) == NO_MATCH


@given(st.text(max_size=30), st.sampled_from(["Nurse", "Physician"]), st.text(max_size=30))
def test_any_title_means_one_profession_whose_name_stands_in_it_or_none(before: str, name: str, after: str) -> None:
    found = TITLES.match(before + name + after)
    assert found.profession in ("", "nurse", "physician", "teacher")
    assert bool(found.profession) is bool(found.stage)
    assert TITLES.profession_of(before + name + after) == found.profession
