"""What is rendered for the readers of a profession, and which part of it came from where."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.model.findings import Finding
from newsletter.model.issues import Block, Profession, Section
from newsletter.model.names import Where


@dataclass(frozen=True, slots=True)
class Variant:
    """What one profession reads: the issue's sections, with the blocks and articles meant for it."""

    profession: Profession
    another_profession: Profession
    sections: tuple[Section, ...]
    gaps: tuple[Block, ...]
    """Blocks with a `{profession}` path that has no file for this profession."""


class Context(StrEnum):
    """Where a merge field stands, which decides how its value is escaped. The letter ends the field's token."""

    HTML = "h"
    URL = "w"
    """The field is the whole address of a link."""
    URL_PART = "u"
    TEXT = "t"
    HEADER = "s"


@dataclass(frozen=True, slots=True)
class MergeField:
    """A value filled in per recipient, standing in one context: its token in the rendered text, and its source."""

    token: str
    source: str
    context: Context
    where: Where


@dataclass(frozen=True, slots=True)
class Picture:
    """An image made ready for mail: PNG, JPEG or GIF, content-hashed name, width and height in CSS pixels."""

    name: str
    media_type: str
    width: int
    height: int
    content: bytes = field(repr=False)
    source: str = field(default="", compare=False)
    """The digest of the image it was made from."""
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    """What could not be drawn as its author meant it, at the image's line."""
    recipe: str = field(default="", compare=False)
    """A digest over all that it was made from: the image, its place and the page it stands on."""


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """What one group of professions reads: HTML and text with merge fields open, and the pictures they show.

    `html` is ASCII and names its pictures as `cid:<name>`, or by their address when they are linked; a merge field
    stands in it as its token.
    """

    key: str
    professions: tuple[str, ...]
    subject: str
    preheader: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    merge_fields: tuple[MergeField, ...]
    pictures: tuple[Picture, ...]
    content_hash: str
    arm: str = ""
    """The arm of the experiment whose people read it; it ends the key. Empty without an experiment."""

    @property
    def group(self) -> str:
        """The key of the professions that read it, whatever their arm."""
        return self.key.removesuffix(f".{self.arm}") if self.arm else self.key


def variant_key(group: str, arm: str) -> str:
    """The key of the variant that a group of professions reads in an arm; without an arm it is the group's."""
    return f"{group}.{arm}" if arm else group


def group_and_arm(key: str) -> tuple[str, str]:
    """What `variant_key` made the key of; the arm is empty where nothing is tried."""
    group, _, arm = key.partition(".")
    return group, arm


@dataclass(frozen=True, slots=True)
class Mark:
    """A tag of a variant's HTML that stands in a template: where it begins, and the block it draws (None: the page)."""

    offset: int
    template: Where
    block: Block | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A variant's HTML with where each of its tags was written; a tag without a mark is its author's own markup."""

    html: str = field(repr=False)
    marks: tuple[Mark, ...] = field(repr=False)
