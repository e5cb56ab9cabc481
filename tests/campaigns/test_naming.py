"""Which names a new campaign may have."""

from __future__ import annotations

import pytest

from newsletter.campaigns.naming import fits, refuse_name
from newsletter.errors import SettingsError


@pytest.mark.parametrize(
    "name",
    [
        "tides",
        "2026-12 Winter.v2_b",
        "Frühling",
        "Fru\N{COMBINING DIAERESIS}hling",
        "हिन्दी",
        "ニュースレター",
        "x" * 100,
        "console",
        "com10",
    ],
)
def test_a_name_of_letters_digits_and_what_joins_them_is_taken(name: str) -> None:
    refuse_name(name)
    assert fits(name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "it is empty"),
        ("a\nb", r"called 'a\\nb': it holds a line break"),
        ("a\N{LINE SEPARATOR}b", "it holds a line break"),
        ("a\x7fb", "control character"),
        ("a\udcffb", "control character"),
        ("x" * 101, "it has 101 characters, and 100 are the most"),
        ("ニ" * 100, "it takes 300 bytes"),
        ("../../evil", "does not begin with a letter"),
        (".", "does not begin with a letter"),
        ("-x", "does not begin with a letter"),
        (" x", "does not begin with a letter"),
        ("a/b", "it holds '/'"),
        ("a\N{RIGHT-TO-LEFT OVERRIDE}b", r"it holds the character U\+202E"),
        ("CON", "Windows has a device of that name"),
        ("nul.txt", "Windows has a device of that name"),
        ("Lpt1", "Windows has a device of that name"),
    ],
)
def test_any_other_name_is_refused_with_what_is_wrong_and_what_to_do(name: str, words: str) -> None:
    assert not fits(name)
    with pytest.raises(SettingsError, match=words) as refused:
        refuse_name(name)
    assert "--campaign" in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
