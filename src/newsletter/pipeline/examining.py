"""Look at an audience before anything is mailed: who is in it, who is left out and why, and what people do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsletter.audience import aliases
from newsletter.audience.aliases import UnmatchedTitle
from newsletter.audience.professions import load_professions
from newsletter.audience.titles import Titles
from newsletter.errors import FileProblems
from newsletter.model import UNMATCHED, Audience, Finding, Import, Professions, Segment, Where
from newsletter.pipeline.people import as_of, import_file, load_audience, refuse_unanswerable
from newsletter.pipeline.unknown_attributes import unknown_attributes
from newsletter.pipeline.workspace import Workspace, has_database, now, open_store, silent

if TYPE_CHECKING:
    from newsletter.store.headcounts import Sampled
    from newsletter.store.plans import Explained


@dataclass(frozen=True, slots=True)
class Examined:
    """An audience as it would be mailed now. Each mapping is most frequent first."""

    audience: Audience
    imported: Import | None
    recipients: int
    by_profession: Mapping[str, int]
    by_country: Mapping[str, int]
    by_language: Mapping[str, int]
    by_status: Mapping[str, int]
    """Everybody the segment picks, also those who are not mailed."""
    skipped: Mapping[str, int]
    """Reason → people the segment picks who are not mailed."""
    outside: Mapping[str, int]
    """Rule → people of the file (or of the database) whom it leaves out; each is told under the first such rule."""
    sample: tuple[Sampled, ...] = ()
    explained: Explained | None = None
    findings: tuple[Finding, ...] = ()
    """What the segment asks for that nobody has."""


def examine(workspace: Workspace, name: str, sample: int = 0, explain: bool = False) -> Examined:
    """The audience counted; its file is imported first when it has changed."""
    from newsletter.store import headcounts, plans

    audience, professions = load_audience(workspace, name)
    segment = as_of(audience, now()).segment
    with open_store(workspace) as database:
        imported = import_file(workspace, database, audience, professions, silent) if audience.source else None
        with database.connect() as connection:
            refuse_unanswerable(connection, audience)
            people = headcounts.headcount(connection, segment, audience.id)
            languages = headcounts.language_count(connection, segment, audience.id)
            outside = headcounts.outside(connection, segment)
            seed = int(now().timestamp())
            chosen = headcounts.sample(connection, segment, audience.id, sample, seed) if sample else []
            explained = plans.explain(connection, segment) if explain else None
            findings = unknown_attributes(connection, segment)
    mailed = [one for one in people if not one.reason]
    return Examined(
        audience=audience,
        imported=imported,
        recipients=sum(one.people for one in mailed),
        by_profession=_summed((one.profession or UNMATCHED, one.people) for one in mailed),
        by_country=_summed((one.country or "unknown", one.people) for one in mailed),
        by_language=_summed((one.language or "unknown", one.people) for one in languages if not one.reason),
        by_status=_summed((one.status, one.people) for one in languages),
        skipped=_summed((one.reason, one.people) for one in people if one.reason),
        outside=outside,
        sample=tuple(chosen),
        explained=explained,
        findings=findings,
    )


def _summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, people in pairs:
        found[key] += people
    return dict(found.most_common())


# ── professions ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ProfessionCounts:
    """The taxonomy, and how many people have each profession (`unmatched`: none of them) themselves."""

    professions: Professions
    people: Mapping[str, int]
    imported: Import | None = None


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Titles that match nothing, most frequent first, and what professions.yaml was when they were looked at."""

    professions: Professions
    titles: tuple[UnmatchedTitle, ...]
    fingerprint: str
    imported: Import | None = None
    nobody: bool = False
    """Whether the database is still empty, so that there is nobody to look at."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Titles that became aliases, and how many people have another profession since."""

    aliases: Mapping[str, str]
    rematched: int


def count_professions(workspace: Workspace, name: str = "") -> ProfessionCounts:
    """How many people of the audience (of none: of the database) have each profession.

    The audience's file is imported first when it has changed.
    """
    professions, segment, imported = _asked(workspace, name)
    if not has_database(workspace):
        return ProfessionCounts(professions, {})
    from newsletter.store import titles

    with open_store(workspace) as database, database.connect() as connection:
        found = titles.by_profession(connection, segment)
    return ProfessionCounts(professions, {key or UNMATCHED: people for key, people in found.items()}, imported)


def unmatched_titles(workspace: Workspace, name: str = "") -> Unmatched:
    """Job titles of the audience's people that match no profession, each with those that come close.

    The audience's file is imported first when it has changed.
    """
    professions, segment, imported = _asked(workspace, name)
    found: dict[str, int] = {}
    nobody = not has_database(workspace)
    if not nobody:
        from newsletter.store import titles

        with open_store(workspace) as database, database.connect() as connection:
            found = titles.unmatched(connection, segment)
    known = Titles(professions).known
    fingerprint = aliases.fingerprint(workspace.root) if professions.by_key else ""
    return Unmatched(professions, tuple(aliases.suggest(found, known)), fingerprint, imported, nobody)


def choose(unmatched: Unmatched, texts: Iterable[str], above: int | None) -> dict[str, str]:
    """Title → profession: what `TITLE=profession` texts say, and suggestions that score at least `above`."""
    chosen = aliases.accepted_above(unmatched.titles, above) if above is not None else {}
    return chosen | aliases.parse_accepted(texts, unmatched.professions)


def nobodys(unmatched: Unmatched, chosen: Mapping[str, str]) -> list[str]:
    """The chosen titles that nobody without a profession has."""
    return aliases.nobodys(unmatched.titles, chosen)


def accept(workspace: Workspace, unmatched: Unmatched, chosen: Mapping[str, str]) -> Accepted:
    """Write the titles into professions.yaml as aliases, then match everybody in the database anew."""
    if not unmatched.fingerprint:
        raise FileProblems.at(Where(unmatched.professions.path), "there is no profession yet that a title could mean.")
    professions = aliases.add_aliases(workspace.root, chosen, unmatched.fingerprint)
    if not has_database(workspace):
        return Accepted(chosen, 0)
    from newsletter.store import titles

    with open_store(workspace) as database, database.begin() as connection:
        return Accepted(chosen, titles.rematch(connection, Titles(professions).profession_of, now()))


def _asked(workspace: Workspace, name: str) -> tuple[Professions, Segment, Import | None]:
    if not name:
        return load_professions(workspace.root), Segment(), None
    audience, professions = load_audience(workspace, name)
    imported = None
    if audience.source:
        with open_store(workspace) as database:
            imported = import_file(workspace, database, audience, professions, silent)
    return professions, as_of(audience, now()).segment, imported
