"""The lists of rejected rows: what a person asked to be erased is gone from them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from newsletter.audience.rejected import erase_person, rejections


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crew-rejected.csv"


def rejected(path: Path, *addresses: str) -> None:
    with rejections(path, ("Email", "Note")) as made:
        for line, address in enumerate(addresses, 2):
            made.add(line, "no good", [address, "line\nbreak"])


def lines(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[0] for row in csv.reader(file)]


def test_the_rows_of_a_person_are_taken_out_however_they_spell_the_address(path: Path) -> None:
    theirs = ("ada@bücher.example", "ADA@xn--bcher-kva.example", "<ada@xn--bcher-kva.example>, or so")
    others = ("xada@xn--bcher-kva.example", "ada@xn--bcher-kva.example.org", "ada", "=1+1")
    rejected(path, *theirs, *others)
    assert erase_person(path, "ada@xn--bcher-kva.example") == 3
    assert lines(path) == ["line", "5", "6", "7", "8"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    content = path.read_bytes()
    assert erase_person(path, "ada@xn--bcher-kva.example") == 0
    assert path.read_bytes() == content


def test_a_list_without_a_row_left_is_gone(path: Path) -> None:
    rejected(path, "ada@example.org.", "'ada@example.org,")
    assert erase_person(path, "ada@example.org") == 2
    assert list(path.parent.iterdir()) == []
