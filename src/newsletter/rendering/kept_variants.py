"""Variants that an earlier run has rendered, for as long as nothing that went into them has changed.

The key of a variant is a digest over its blocks, articles and pictures, the professions it names, the whole issue as
its readers meet it, every template, the settings, the program with its libraries and the system's fonts. Its pictures
are kept beside it (`kept_pictures`), each once.
"""

from __future__ import annotations

import zlib
from dataclasses import fields, replace

from newsletter.cache import Pack, program_digest
from newsletter.expressions import OPEN
from newsletter.model import Issue, MergeField, Picture, RenderedVariant, Variant
from newsletter.records import Digester, NotPlain, from_record, to_record
from newsletter.rendering.kept_pictures import KeptPictures
from newsletter.rendering.pictures import is_grey
from newsletter.rendering.render import Edition, issue_as_read

_KIND = "variant/"
_OWN_DIGEST = ("issue", "professions", "candidates", "settings", "forgiving")
"""What of an edition is digested in another way, or makes no difference to what is kept; all else goes in as it is."""
_NOT_READ = ("sections", "expressions", "findings", "experiment", "subject_line")
_PARTS = tuple(one.name for one in fields(Issue) if one.name not in _NOT_READ)
"""What templates see of the issue beside the variant's own sections."""


class KeptVariants:
    """The variants of one edition in a pack; `templates` is a digest over all template files."""

    def __init__(self, pack: Pack, edition: Edition, templates: str, pictures: KeptPictures) -> None:
        self._pack = pack
        self._pictures = pictures
        self._edition = edition
        self._digester = Digester()
        self._shared = self._shared_digest(templates)

    def key(self, key: str, variant: Variant) -> str | None:
        """What the variant is kept under; None when it cannot be."""
        if self._shared is None:
            return None
        issue = issue_as_read(self._edition.issue, variant)
        try:
            return _KIND + self._digester.digest(self._shared, key, variant, [getattr(issue, one) for one in _PARTS])
        except NotPlain:
            return None

    def get(self, key: str) -> RenderedVariant | None:
        """The variant kept under the key, whole and as it was, or None."""
        content = self._pack.get(key)
        if content is None:
            return None
        try:
            found = from_record(content, self._picture)
        except NotPlain:
            return None
        if not isinstance(found, RenderedVariant):
            return None
        values = {one.name: getattr(found, one.name) for one in fields(found)}
        return _PackedVariant(**values | {"merge_fields": tuple(self._at_home(one) for one in found.merge_fields)})

    def keep(self, key: str, rendered: RenderedVariant) -> None:
        """Keep the variant and its pictures under the key; not one with a grey picture, which is none to send."""
        if any(is_grey(one) for one in rendered.pictures):
            return
        try:
            record = to_record(rendered, self._set_aside)
        except NotPlain:
            return
        self._pack.keep(key, record.encode("utf-8", "surrogatepass"))

    def _shared_digest(self, templates: str) -> str | None:
        edition = self._edition
        others = [getattr(edition, one.name) for one in fields(edition) if one.name not in _OWN_DIGEST]
        settings = edition.settings.model_dump_json(exclude={"root"})
        # Every expression is tried for every variant, so all count; on which line each stands does not (`_at_home`).
        sources = sorted({one.source for one in edition.issue.expressions.values()})
        try:
            return self._digester.digest(program_digest(), templates, settings, others, sources)
        except NotPlain:
            return None

    def _at_home(self, field: MergeField) -> MergeField:
        """The merge field at the line its author has it on now."""
        expression = self._edition.issue.expressions.get(field.token[:-1] + OPEN)
        return field if expression is None else replace(field, where=expression.where)

    def _set_aside(self, value: object) -> str | None:
        if not isinstance(value, Picture):
            return None
        if not self._pictures.keep(value):
            raise NotPlain(f"nobody knows how the picture {value.name} was made")
        return value.recipe

    def _picture(self, recipe: str) -> Picture:
        picture = self._pictures.get(recipe)
        if picture is None:
            raise NotPlain("one of the pictures is not kept")
        return picture


class _PackedVariant(RenderedVariant):
    """A variant that holds its HTML and text packed, and unpacks them whenever it is asked for them.

    A build in which nothing has changed needs the texts of one variant after the other; unpacked, those of all of them
    are most of what it holds. It is equal to the variant it was made from.
    """

    __slots__ = ("_html", "_text")
    _html: bytes
    _text: bytes

    @property
    def html(self) -> str:
        return _unpacked(self._html)

    @html.setter
    def html(self, value: str) -> None:
        object.__setattr__(self, "_html", _packed(value))

    @property
    def text(self) -> str:
        return _unpacked(self._text)

    @text.setter
    def text(self, value: str) -> None:
        object.__setattr__(self, "_text", _packed(value))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RenderedVariant):
            return NotImplemented
        return all(getattr(self, one.name) == getattr(other, one.name) for one in fields(RenderedVariant))

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, one.name) for one in fields(RenderedVariant)))


def _packed(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)


def _unpacked(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")
