"""The versions of constraints.txt can be had by every Python that the project says it runs on."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

from packaging.specifiers import SpecifierSet

from tests.conftest import REPOSITORY

_REPEATED_GROUP = re.compile(r"\)(?:[*+?]|\{+\d+,?\d*\}+)\+[^,]")


def test_every_pinned_version_takes_the_oldest_python_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = f"{project['requires-python'].removeprefix('>=')}.0"
    pinned = re.findall(r"^([\w.-]+)==(\S+)$", (REPOSITORY / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    looked, refusing = 0, []
    for name, version in pinned:
        try:
            found = metadata(name)
        except PackageNotFoundError:
            continue  # for another system or Python
        if found["Version"] == version:
            looked += 1
            if not SpecifierSet(found["Requires-Python"] or "").contains(oldest):
                refusing.append(f"{name}=={version} needs Python {found['Requires-Python']}")
    assert looked > 50
    assert not refusing


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 finds nothing by `(?:a|b)*+` (python/cpython issue 106052); `(?>(?:a|b)*)` says the same."""
    assert _REPEATED_GROUP.search('(?:a|b)*+"')
    found = [
        f"{path.name}:{number}"
        for path in (REPOSITORY / "src").rglob("*.py")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _REPEATED_GROUP.search(line)
    ]
    assert not found
