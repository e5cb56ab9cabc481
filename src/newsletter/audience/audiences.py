"""audiences/<id>.yaml → Audience: the file its subscribers come from, and the segment that picks among them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.files import Document, is_file, read_yaml, validated
from newsletter.model import UNMATCHED, Audience, Professions, Rule, Segment, Where

FOLDER = "audiences"

_FIELDS = ("profession", "country", "language")
_OneOrMore = str | list[str]


class _AudienceFile(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)
    title: str = ""
    source: str = ""
    encoding: str = "utf-8"
    columns: dict[str, str] = Field(default_factory=dict)
    segment: dict[str, _OneOrMore] = Field(default_factory=dict)
    exclude: dict[str, _OneOrMore] = Field(default_factory=dict)


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
    problems = _problems(file, document, professions, root)
    if problems:
        raise FileProblems(problems)
    source = f"{FOLDER}/{file.source}" if file.source else ""
    include = _rules(file.segment, professions)
    exclude = _rules(file.exclude, professions)
    return Audience(
        id=name,
        where=document.where(),
        title=file.title or name,
        source=source,
        encoding=file.encoding,
        columns=file.columns,
        segment=Segment(include, exclude, source),
        professions=_picked(include, exclude, professions),
    )


def _rules(given: dict[str, _OneOrMore], professions: Professions) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for field, values in given.items():
        wanted = [values] if isinstance(values, str) else values
        if field == "profession":
            wanted = [
                key for value in wanted for key in ((UNMATCHED,) if value == UNMATCHED else professions.narrower(value))
            ]
        rules.append(Rule(field, tuple(dict.fromkeys(wanted))))
    return tuple(rules)


def _picked(include: tuple[Rule, ...], exclude: tuple[Rule, ...], professions: Professions) -> tuple[str, ...]:
    """The professions that can be among the recipients, in the order of the taxonomy."""
    wanted = set(professions.by_key)
    for rule in include:
        if rule.field == "profession":
            wanted &= set(rule.values)
    for rule in exclude:
        if rule.field == "profession":
            wanted -= set(rule.values)
    return tuple(key for key in professions.by_key if key in wanted)


def _problems(file: _AudienceFile, document: Document, professions: Professions, root: Path) -> list[Problem]:
    problems: list[Problem] = []
    for part, given in (("segment", file.segment), ("exclude", file.exclude)):
        for field, values in given.items():
            known_fields = [*_FIELDS, *(name for name in file.columns if name not in _FIELDS)]
            if field not in known_fields:
                hint = did_you_mean(field, known_fields)
                known = ", ".join(known_fields)
                message = f"unknown field '{field}' in {part}.{hint} Known: {known}."
                problems.append(Problem(document.where(part, field), message))
            for value in [values] if isinstance(values, str) else values:
                if field == "profession" and value not in (*professions.by_key, UNMATCHED):
                    known = ", ".join((*professions.by_key, UNMATCHED))
                    hint = did_you_mean(value, professions.by_key)
                    message = f"unknown profession '{value}'.{hint} Known: {known}."
                    problems.append(Problem(document.where(part, field), message))
    if file.source:
        path = root / FOLDER / file.source
        if is_file(path) and not path.resolve().is_relative_to(root.resolve()):
            problems.append(Problem(document.where("source"), f"'{file.source}' lies outside the workspace."))
        elif not is_file(path):
            siblings = [one.name for one in (root / FOLDER).iterdir()]
            hint = did_you_mean(file.source, siblings)
            problems.append(Problem(document.where("source"), f"no file '{FOLDER}/{file.source}'.{hint}"))
    try:
        b"x".decode(file.encoding)
    except (LookupError, ValueError):
        message = f"unknown encoding '{file.encoding}'. Use utf-8 or windows-1252."
        problems.append(Problem(document.where("encoding"), message))
    for name in file.columns:
        if not name.isidentifier():
            message = f"'{name}' cannot be a field: use letters, digits and _ so that {{{{ recipient.{name} }}}} works."
            problems.append(Problem(document.where("columns", name), message))
    return problems
