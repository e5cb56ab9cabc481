"""What the studio has on its desk: the last good rendering of each issue, and what is wrong with its files now.

One build at a time. A save is rendered for the profession that is looked at first, and for everybody right after;
the build for everybody is given up when another save comes meanwhile.
A picture that is missing is grey and a finding, as `check` has it: what is looked at is not sent.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock

from newsletter.errors import FileProblems, NewsletterError, Problem
from newsletter.model import DEFAULT, RenderedVariant, Where
from newsletter.pipeline.building import Built, build
from newsletter.pipeline.previewing import choices, variant_of
from newsletter.pipeline.workspace import Workspace


@dataclass(frozen=True, slots=True)
class State:
    """An issue as it can be shown: `problems` are those of its files now, `built` is from before them."""

    workspace: Workspace
    built: Built | None = None
    problems: tuple[Problem, ...] = ()
    ahead: Mapping[str, RenderedVariant] = field(default_factory=dict)
    """Newer than `built`: the variants that are looked at, by profession."""
    version: int = 0

    def variant(self, profession: str) -> RenderedVariant | None:
        """The newest that the profession's readers would get; None before the first good build."""
        if profession in self.ahead:
            return self.ahead[profession]
        return variant_of(self.built, profession) if self.built else None

    def is_ahead(self, profession: str) -> bool:
        """Whether its variant is newer than the findings."""
        return profession in self.ahead

    @property
    def hindrance(self) -> str:
        """Why nobody can decide on what is seen, in a sentence; empty when they can."""
        if self.problems:
            return "The files cannot be read, so what you see is not what they say now. Mend them first."
        if self.built and self.built.has_gaps:
            return "A picture is missing: what stands grey here is no email to send. Put it in its place first."
        return ""

    def choice(self, asked: str) -> str:
        """The profession to show: the one asked for if it gets the issue, else the first that does."""
        known = list(choices(self.built)) if self.built else []
        return asked if asked in known else (known[0] if known else asked or DEFAULT)


class Overtaken(Exception):
    """A file was saved while an issue was built: what it would have become is of yesterday."""


@dataclass
class Desk:
    """Keeps a `State` per issue; `open_workspace` reads the settings anew."""

    open_workspace: Callable[[], Workspace]
    _states: dict[str, State] = field(default_factory=dict)
    _outdated: set[str] = field(default_factory=set)
    """What has been saved since is in none of their states."""
    _building: Lock = field(default_factory=Lock)
    _version: int = field(default_factory=lambda: secrets.randbelow(1 << 40))
    """Of the newest state. It begins anywhere: a page of an earlier run must not take this one's for its own."""

    def workspace(self) -> Workspace:
        """The workspace with its settings as they are now."""
        return self.open_workspace()

    def known(self, issue: str) -> State | None:
        """What is there without building."""
        return self._states.get(issue)

    def version(self, issue: str) -> int:
        """Of the state that `state` would answer; 0 when it would be another one than there ever was."""
        found = self._current(issue)
        return found.version if found is not None else 0

    def state(self, issue: str) -> State:
        """The issue, built if it never was; what is there is there at once, also while something is built."""
        found = self._current(issue)
        if found is not None:
            return found
        with self._building:
            found = self._current(issue)
            return found if found is not None else self._build(issue)

    def refresh(self, issue: str, overtaken: Callable[[], bool] = lambda: False) -> State:
        """The issue built anew for everybody, and checked; raises `Overtaken` as soon as `overtaken` says so."""

        def look_up() -> None:
            if overtaken():
                raise Overtaken(issue)

        with self._building:
            look_up()
            return self._build(issue, look_up)

    def glance(self, issue: str, profession: str) -> State:
        """The issue with that profession's variant built anew, and nothing else."""
        with self._building:
            before = self._states.get(issue)
            if before is None or before.built is None or profession not in choices(before.built):
                return self._build(issue)
            try:
                workspace = self.open_workspace()
                # What follows a dot is an arm of the issue's experiment.
                alone = build(workspace, issue, only=[profession.partition(".")[0]], forgiving=True, passing=True)
                variant = variant_of(alone, profession)
                after = replace(before, workspace=workspace, ahead={**before.ahead, profession: variant}, problems=())
            except (NewsletterError, OSError) as error:
                after = replace(before, problems=_problems(error))
            return self._keep(issue, after)

    def forget(self, but: Collection[str] = ()) -> None:
        """Build issues anew when they are next asked for, `but` those that are refreshed anyway."""
        with self._building:
            self._outdated |= self._states.keys() - but

    def _current(self, issue: str) -> State | None:
        return None if issue in self._outdated else self._states.get(issue)

    def _build(self, issue: str, pulse: Callable[[], None] = lambda: None) -> State:
        before = self._states.get(issue)
        self._outdated.discard(issue)
        try:
            workspace = self.open_workspace()
            return self._keep(issue, State(workspace, build(workspace, issue, whole=True, forgiving=True, pulse=pulse)))
        except (NewsletterError, OSError) as error:
            problems = _problems(error)
        if before is not None:
            return self._keep(issue, replace(before, problems=problems))
        return self._keep(issue, State(self.open_workspace(), None, problems))

    def _keep(self, issue: str, state: State) -> State:
        self._version += 1
        self._states[issue] = replace(state, version=self._version)
        return self._states[issue]


def _problems(error: NewsletterError | OSError) -> tuple[Problem, ...]:
    if isinstance(error, FileProblems):
        return error.problems
    if isinstance(error, OSError):
        # A file that goes while its folder is read, or one that nobody may read.
        return (Problem(Where(error.filename or "newsletter.yaml"), f"cannot be read: {error.strerror or error}."),)
    return (Problem(Where("newsletter.yaml"), str(error)),)
