"""Any mail under inspection: one variant of an issue, or a file that another tool made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from newsletter.checks.clients.mail_clients import USUAL
from newsletter.checks.clients.table import SupportTable
from newsletter.checks.page import Element, Page
from newsletter.model import MergeField, Where


class Places(Protocol):
    """Finds what an author can edit."""

    def of_element(self, element: Element, sought: Sequence[str], nth: int = 0) -> Where:
        """Where the element was written, or rather those of its words and addresses that are sought; where the same
        stand in it more than once, those that `nth` of them stand before."""
        ...

    def of_picture(self, element: Element) -> tuple[str, Where]:
        """What its author calls the picture that the element shows, and where."""
        ...

    def of_offset(self, offset: int) -> Where:
        """Where what stands at that offset of the HTML was written."""
        ...

    def of_style(self, declaration: str, element: Element) -> Where:
        """Where a declaration was written that the page's HTML has on the element, or in that style element."""
        ...

    def of_value(self, name: str, value: str, element: Element) -> Where:
        """Where the element's property got that value, if that can be told; else where the element was written."""
        ...

    def of_rule(self, written: str, element: Element) -> Where:
        """Where a rule of a style element was written, of which this is the beginning; the element is near it."""
        ...

    def of_key(self, key: str, sought: str = "", nth: int = 0) -> Where:
        """Where a key of the issue (`subject`, `preheader`) or a header of the file stands, or the words sought in
        it."""
        ...


@dataclass(frozen=True, slots=True)
class Weight:
    """What a mail is made of, by number; `issue` is the one it belongs to."""

    issue: str
    size: int
    pictures: int
    links: int
    text: int = 0
    """Characters of its plain text; 0 when it has none."""


def nobody(name: str) -> int:
    """Nothing is known of the audience: no gap is known either."""
    return 0


@dataclass(frozen=True)
class Mail:
    """What arrives: the parts of a mail as its reader gets them, and the way back to what was written.

    `pictures` are the bytes of the pictures that travel with it or lie beside its file, by what `src` says. `text`
    None: no plain text was given (an HTML file). `headers` are by lower-case name; those of a variant are the ones its
    messages will carry.
    """

    name: str
    html: str
    page: Page
    places: Places
    subject: str | None = None
    preheader: str = ""
    text: str | None = None
    title: str = ""
    """The title of the issue; a file has none."""
    headers: Mapping[str, str] | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    damaged: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with pictures that travel in a file or lie beside it, by what `src` says: 'is cut off'."""
    merge_fields: tuple[MergeField, ...] = ()
    in_file: bool = False
    """Whether it was made elsewhere: then there are no files of its author's to look into."""
    is_final: bool = True
    """Whether it is what readers get; a file may be another program's template, with placeholders of its own."""
    support: SupportTable | None = None
    """What mail clients support; without it nobody is judged by it."""
    clients: tuple[str, ...] = USUAL
    shares: Mapping[str, float] | None = None
    """Family of clients → its part of the audience; None where too little is known."""
    small_share: float = 0.0
    """What concerns less than this part of the audience is a note."""
    notes: bool = False
    """Whether what merely looks plainer somewhere is to be said, too."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Web address → why it does not answer, as far as they were asked."""
    gaps: Callable[[str], int] = nobody
    """A merge field's name → how many of the audience have no value for it."""
    brand: Mapping[str, Where] = field(default_factory=dict)
    """A colour of the brand's own (#rrggbb) → its line in newsletter.yaml."""
    known_words: tuple[str, ...] = ()
    """Words and names that are spelt right, whatever a dictionary says."""

    def at(self, element: Element, *sought: str, nth: int = 0) -> Where:
        """Where its author wrote the element: the line that says one of the words sought (with as many of the same
        before them in the element), else that of its tag."""
        return self.places.of_element(element, sought, nth)

    def of_color(self, where: Where, *colors: str) -> Where:
        """The line to edit of a colour that stands there: the settings' own, where a template draws in the brand's."""
        chosen = next((self.brand[one] for one in colors if one in self.brand), None)
        return chosen if chosen is not None and where.path.endswith(".j2") else where

    def key(self, key: str, sought: str = "", nth: int = 0) -> Where:
        """Where a key of the issue or a header stands, or what is sought in it."""
        return self.places.of_key(key, sought, nth)
