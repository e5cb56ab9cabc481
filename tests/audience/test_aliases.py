"""Titles that match nothing: what comes close, and accepted ones in professions.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.audience import aliases
from newsletter.audience.aliases import Suggestion, UnmatchedTitle, accepted_above, add_aliases, fingerprint, suggest
from newsletter.audience.professions import load_professions, titles_of
from newsletter.errors import FileProblems, Refused
from newsletter.model import Profession, Professions

TAXONOMY = """\
# What people do.

nurse:   # the largest group
  label: Nurse
  aliases: [RN, "Staff nurse"]   # from the survey

# Cars and what stands on wheels.
dealer:
  label: 'Car dealer'
  plural: Car dealers

pilot:
  label: Pilot
  aliases:
    - aviator
    - "flight captain"  # as in the old files

cook: {label: Cook}
# The end.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "audiences").mkdir()
    (tmp_path / "audiences/professions.yaml").write_text(TAXONOMY)
    return tmp_path


def file(root: Path) -> Path:
    return root / "audiences/professions.yaml"


def test_the_closest_professions_come_first_with_their_likeness(root: Path) -> None:
    known = titles_of(load_professions(root))
    nearly, far = suggest({"Car delear": 3, "Lighthouse keeper": 1}, known)
    # 'car delear' and 'car dealer' have 9 of 10 letters in order in common: 2 × 9 / 20.
    assert nearly == UnmatchedTitle("Car delear", 3, (Suggestion("dealer", "car dealer", 90),))
    assert far == UnmatchedTitle("Lighthouse keeper", 1, ())


def test_the_order_of_words_does_not_count(root: Path) -> None:
    (found,) = suggest({"Dealer, car": 1}, titles_of(load_professions(root)))
    assert found.suggestions[0] == Suggestion("dealer", "car dealer", 100)


def test_a_score_accepts_what_reaches_it_unless_two_come_as_close() -> None:
    near, far, tied = (
        UnmatchedTitle("a", 1, (Suggestion("x", "x", 90), Suggestion("y", "y", 80))),
        UnmatchedTitle("b", 1, (Suggestion("x", "x", 89),)),
        UnmatchedTitle("c", 1, (Suggestion("x", "x", 95), Suggestion("y", "y", 95))),
    )
    assert accepted_above([near, far, tied, UnmatchedTitle("d", 1, ())], 90) == {"a": "x"}


def test_accepted_titles_are_aliases_and_every_other_character_of_the_file_stays(root: Path) -> None:
    accepted = {"Ward nurse": "nurse", "Car delear": "dealer", "Captain": "pilot", "Chef": "cook", "123": "cook"}
    found = add_aliases(root, accepted, fingerprint(root))
    assert file(root).read_text() == TAXONOMY.replace(
        'aliases: [RN, "Staff nurse"]   #', 'aliases: [RN, "Staff nurse", Ward nurse] #'
    ).replace("  plural: Car dealers\n", "  aliases: [Car delear]\n  plural: Car dealers\n").replace(
        "    - aviator\n", "    - aviator\n    - Captain\n"
    ).replace("cook: {label: Cook}", 'cook: {aliases: [Chef, "123"], label: Cook}')
    assert found == load_professions(root)
    assert titles_of(found)["ward nurse"] == "nurse"


def test_the_sample_file_changes_in_its_two_lines_only(root: Path) -> None:
    sample = Path(__file__).parents[2] / "audiences/professions.yaml"
    file(root).write_bytes(sample.read_bytes())
    add_aliases(root, {"Genral practitioner": "practitioner", "Puppeteer": "teacher"}, fingerprint(root))
    before, after = sample.read_text().splitlines(), file(root).read_text().splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.removeprefix(old.removesuffix("]")) for old, new in changed] == [
        ", Genral practitioner]",
        ", Puppeteer]",
    ]


@pytest.mark.parametrize(
    "title", ["yes", "No", "null", "1e3", "a: b", "# x", "- x", "[x]", "x #y", "@x", "O'Neil", '"x"']
)
def test_a_title_that_yaml_would_read_as_something_else_is_quoted(root: Path, title: str) -> None:
    add_aliases(root, {title: "nurse"}, fingerprint(root))
    assert load_professions(root).by_key["nurse"].aliases == ("RN", "Staff nurse", title)


def test_line_ends_and_a_byte_order_mark_stay(root: Path) -> None:
    file(root).write_bytes(b"\xef\xbb\xbfnurse:\r\n  label: Nurse\r\n  aliases: [RN]\r\n")
    add_aliases(root, {"Nurze": "nurse"}, fingerprint(root))
    assert file(root).read_bytes() == b"\xef\xbb\xbfnurse:\r\n  label: Nurse\r\n  aliases: [RN, Nurze]\r\n"


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(root: Path) -> None:
    before = fingerprint(root)
    file(root).write_text(TAXONOMY + "baker: {label: Baker}\n")
    with pytest.raises(Refused, match="was changed meanwhile, so nothing was written"):
        add_aliases(root, {"Ward nurse": "nurse"}, before)
    assert file(root).read_text() == TAXONOMY + "baker: {label: Baker}\n"


def test_a_change_in_the_last_moment_is_not_overwritten_either(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = aliases.load_professions

    def edit_and_read(folder: Path) -> object:
        found = reading(folder)
        file(root).write_text("cook: {label: Cook}\n")
        return found

    monkeypatch.setattr(aliases, "load_professions", edit_and_read)
    with pytest.raises(Refused, match="was changed meanwhile"):
        add_aliases(root, {"Ward nurse": "nurse"}, fingerprint(root))
    assert file(root).read_text() == "cook: {label: Cook}\n"
    assert [one.name for one in file(root).parent.iterdir()] == ["professions.yaml"]


def test_an_alias_of_another_profession_is_refused_and_nothing_is_written(root: Path) -> None:
    with pytest.raises(FileProblems, match="'rn' already means 'nurse'"):
        add_aliases(root, {"rn": "cook"}, fingerprint(root))
    assert file(root).read_text() == TAXONOMY


def test_the_file_keeps_its_rights(root: Path) -> None:
    file(root).chmod(0o640)
    add_aliases(root, {"Ward nurse": "nurse"}, fingerprint(root))
    assert file(root).stat().st_mode & 0o777 == 0o640


def test_what_is_no_title_and_profession_is_told_at_once(root: Path) -> None:
    professions = load_professions(root)
    assert aliases.parse_accepted(["A = B=nurse"], professions) == {"A = B": "nurse"}
    with pytest.raises(FileProblems) as caught:
        aliases.parse_accepted(["Nurse", "=nurse", "X=nurze", "a\x1bb=nurse"], professions)
    said = [str(one) for one in caught.value.problems]
    assert said[0] == "--accept: 'Nurse' is not of the form 'TITLE=profession'."
    assert said[1] == "--accept: '=nurse' is not of the form 'TITLE=profession'."
    assert said[2] == ("--accept: unknown profession 'nurze'. Did you mean 'nurse'? Known: nurse, dealer, pilot, cook.")
    assert said[3] == "--accept: the title for 'nurse' holds control characters."


def test_a_rank_means_no_profession_and_a_title_nobody_has_is_told() -> None:
    professions = Professions({"cook": Profession("cook", "Cook", "Cooks", None, ())})
    with pytest.raises(FileProblems, match="'Senior' is a rank"):
        aliases.parse_accepted(["Senior=cook"], professions)
    titles = [aliases.UnmatchedTitle("Sous-chef", 3, ())]
    assert aliases.nobodys(titles, ["sous chef", "Nope", "a=b"]) == ["Nope", "a=b"]
