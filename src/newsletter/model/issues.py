"""What authors write, read: professions, articles, blocks, issues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from newsletter.model.findings import Finding
from newsletter.model.names import DEFAULT, NOWHERE, Where


@dataclass(frozen=True, slots=True)
class Profession:
    """What a subscriber does; picks what they read."""

    key: str
    label: str
    plural: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()


EVERYBODY_ELSE = Profession(DEFAULT, "Reader", "Readers")


@dataclass(frozen=True, slots=True)
class Professions:
    """The taxonomy of `professions.yaml`, in the order of the file."""

    by_key: Mapping[str, Profession]
    path: str = ""

    def get(self, key: str) -> Profession:
        """The profession of that key; `default` and unknown keys are everybody else."""
        return self.by_key.get(key, EVERYBODY_ELSE)

    def ancestry(self, key: str) -> tuple[str, ...]:
        """`key`, its parent, the parent's parent …, nearest first."""
        found: list[str] = []
        current: str | None = key
        while current is not None and current in self.by_key and current not in found:
            found.append(current)
            current = self.by_key[current].parent
        return tuple(found)

    def narrower(self, key: str) -> tuple[str, ...]:
        """`key` and every profession below it, in the order of the file."""
        return tuple(other for other in self.by_key if key in self.ancestry(other))


@dataclass(frozen=True, slots=True)
class Expression:
    """A `{{ … }}` that an author wrote: the token that stands for it, its source, and where it was written."""

    token: str
    source: str
    where: Where


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as its author made it, with its natural size in pixels."""

    path: str
    digest: str
    media_type: str
    width: int
    height: int
    content: bytes = field(repr=False)
    url: str = ""
    """Where it lies on the web when there is no file of it here; its size is not known then, and `content` empty."""
    where: Where = field(default=NOWHERE, compare=False)
    """The line on which an author names it."""


@dataclass(frozen=True, slots=True)
class TemplateNames:
    """The block types and layouts there are templates for, and the themes."""

    blocks: frozenset[str]
    layouts: frozenset[str]
    themes: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    """The language tags that the layouts' own words are written in."""
    missing: frozenset[str] = frozenset()
    """The other half of templates that are there: `blocks/recipe.txt.j2`."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A look: the colour of every role in light and in dark mode, and the fonts of headings and of text.

    Beside the roles that are written, `link` is what words that lead somewhere are drawn in, and `on_accent` what is
    written on a button.
    """

    name: str
    light: Mapping[str, str]
    dark: Mapping[str, str]
    fonts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of thing drawn: `type` names its pair of templates, `fields` is what they see as `block`."""

    type: str
    fields: Mapping[str, object]
    where: Where
    professions: tuple[str, ...] = ()
    """Who sees it (narrower professions included); nobody named means everybody."""
    arm: str = ""
    """The arm of the experiment whose people see it; empty: all."""


@dataclass(frozen=True, slots=True)
class Article:
    """One file of content, repaired and sanitised: its front matter and its body as blocks."""

    where: Where
    title: str
    body: tuple[Block, ...]
    description: str = ""
    draft_line: int = 0
    """The line that says `draft: true`; 0 when the article is ready."""
    date: str = ""
    author: str = ""
    link: str = ""
    image: Image | None = None
    alt: str = ""
    caption: str = ""
    include_footer: bool = True
    sidebar: bool = False
    sidebarlogo: str = ""
    """The name of the logo beside a sidebar article, as written: often without a suffix."""
    logo_line: int = 1
    """The line that names it."""
    sidebar_image: Image | None = None
    """That logo, found."""
    tags: tuple[str, ...] = ()
    disclosure: str = ""
    """What readers must be told of how it was made or paid for: shown as a label under the title."""
    extra: Mapping[str, object] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    """What reading it found and changed, at the author's lines."""


@dataclass(frozen=True, slots=True)
class ArticleChoice:
    """An article path with `{profession}` in it: the file of every profession that has one."""

    pattern: str
    by_profession: Mapping[str, Article]


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading (or under none)."""

    heading: str
    blocks: tuple[Block, ...]


ARMS = ("a", "b", "c", "d")
"""What the arms of an experiment are called, in order."""


class Criterion(StrEnum):
    """What decides which arm wins: how many people did so, or what a person says."""

    CLICKS = "clicks"
    OPENS = "opens"
    HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the mails that are tried."""

    key: str
    subject: str = ""
    """Its own; empty: the issue's."""
    where: Where = NOWHERE


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two to four arms are mailed to a share of the recipients, and the winner's mail to the rest."""

    arms: tuple[Arm, ...]
    share: float
    """How many of the recipients get an arm, all arms together, in percent; at least one for each arm."""
    criterion: Criterion
    wait: timedelta
    """From when the last of the arms has left until the winner is decided."""
    where: Where

    def tested(self, recipients: int) -> int:
        """How many of so many recipients get an arm: the share, but at least one for each arm."""
        return min(recipients, max(len(self.arms), round(recipients * self.share / 100)))

    def sizes(self, recipients: int) -> dict[str, int]:
        """How many of so many recipients each arm gets; no two differ by more than one."""
        count, tested = len(self.arms), self.tested(recipients)
        ends = [-(-number * tested // count) for number in range(count + 1)]
        return {one.key: ends[number + 1] - ends[number] for number, one in enumerate(self.arms)}


@dataclass(frozen=True, slots=True)
class Issue:
    """What is published: read from `issues/<id>/`, with every article and picture it names."""

    id: str
    where: Where
    title: str
    subject: str
    preheader: str
    audience: str
    audience_line: int
    """Where the issue names its audience."""
    layout: str
    language: str
    sections: tuple[Section, ...]
    expressions: Mapping[str, Expression]
    """Every `{{ … }}` of the issue and its articles, by token."""
    logo: Image | None = None
    theme: str = "editorial"
    date: str = ""
    findings: tuple[Finding, ...] = ()
    """What reading issue.yaml found and changed; each article carries its own."""
    experiment: Experiment | None = None
    """What is tried out with a share of the recipients."""
    subject_line: int = 0
    """Where the subject is written, when that is not under `subject:`."""
