"""audiences/<id>.yaml → Audience: the file its subscribers come from, and the segment that picks among them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from newsletter.audience.segments import Known, possible_professions, read_rules
from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import Document, is_file, read_yaml, validated
from newsletter.model import Audience, Professions, Segment, Where

FOLDER = "audiences"

_FILLED = (
    *("address", "first_name", "last_name", "profession", "country", "language", "time_zone", "tags", "status"),
    *("consent_at", "consent_method", "consent_source", "consent_version"),
)
"""What a column can fill beside attributes."""


_DELIMITERS = {"\\t": "\t", "tab": "\t"}
"""What is written where the character itself cannot be seen."""


class _AudienceFile(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
    title: str = ""
    source: str = ""
    encoding: str = ""
    delimiter: str = ""
    columns: dict[str, str] = Field(default_factory=dict)
    segment: object = None
    exclude: object = None


def audience_ids(root: Path) -> list[str]:
    """The audiences of the workspace, in the order of their names."""
    return sorted(path.stem for path in (root / FOLDER).glob("*.yaml") if path.stem != "professions")


def load_audience(name: str, root: Path, professions: Professions, asked_at: Where | None = None) -> Audience:
    """The audience `name`; a missing one is a problem at `asked_at`, where it was named."""
    known = audience_ids(root)
    if name not in known:
        listing = f" Audiences here: {', '.join(known)}." if known else f" Put one in {FOLDER}/{name}.yaml."
        where = asked_at or Where(f"{FOLDER}/{name}.yaml")
        raise FileProblems.at(where, f"no audience '{name}'.{did_you_mean(name, known)}{listing}")
    document = read_yaml(root / FOLDER / f"{name}.yaml", f"{FOLDER}/{name}.yaml")
    file = validated(_AudienceFile, document, "an audience")
    known_names = Known(professions, tuple(one for one in file.columns if one not in _FILLED), _issue_ids(root))
    include, wrong_in_segment = read_rules(document, "segment", known_names)
    exclude, wrong_in_exclude = read_rules(document, "exclude", known_names)
    problems = [*wrong_in_segment, *wrong_in_exclude, *_problems(file, document, root)]
    if problems:
        raise FileProblems(problems)
    source = f"{FOLDER}/{file.source}" if file.source else ""
    return Audience(
        id=name,
        where=document.where(),
        title=file.title or name,
        source=source,
        encoding=file.encoding,
        delimiter=_DELIMITERS.get(file.delimiter.strip(" ").lower(), file.delimiter),
        columns=file.columns,
        segment=Segment(include, exclude, source),
        professions=possible_professions(include, exclude, professions),
    )


def _issue_ids(root: Path) -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in (root / "issues").glob("*/issue.yaml")))


def _problems(file: _AudienceFile, document: Document, root: Path) -> list[Problem]:
    problems: list[Problem] = []
    if file.source:
        path = root / FOLDER / file.source
        if is_file(path) and not path.resolve().is_relative_to(root.resolve()):
            problems.append(Problem(document.where("source"), f"'{file.source}' lies outside the workspace."))
        elif not is_file(path):
            siblings = [one.name for one in (root / FOLDER).iterdir()]
            hint = did_you_mean(file.source, siblings)
            problems.append(Problem(document.where("source"), f"no file '{FOLDER}/{file.source}'.{hint}"))
    try:
        b"x".decode(file.encoding or "utf-8")
    except (LookupError, ValueError):
        message = f"unknown encoding '{file.encoding}'. Use utf-8 or windows-1252."
        problems.append(Problem(document.where("encoding"), message))
    delimiter = _DELIMITERS.get(file.delimiter.strip(" ").lower(), file.delimiter)
    if len(delimiter) > 1 or delimiter in ('"', "\r", "\n", "\0"):
        message = f"'{file.delimiter}' cannot part the cells: give one character such as ';', or \\t for a tab."
        problems.append(Problem(document.where("delimiter"), message))
    for name in file.columns:
        if not name.isidentifier():
            message = f"'{name}' cannot be a field: use letters, digits and _ so that {{{{ recipient.{name} }}}} works."
            problems.append(Problem(document.where("columns", name), message))
    return problems
