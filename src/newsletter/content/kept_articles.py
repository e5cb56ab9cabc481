"""Articles that an earlier run has read, for as long as nothing that went into them has changed.

In: an article's file. Out: what reading it makes. The key holds the file's bytes and what else reading is given;
pictures are looked up anew each time, and an article is taken only when each lookup ends as it did then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from newsletter.cache import Pack, program_digest
from newsletter.content.articles import ReadArticle, read_article
from newsletter.content.images import ImageFinder
from newsletter.errors import FileProblems
from newsletter.files import read_bytes
from newsletter.model import Image, Where
from newsletter.records import Digester, NotPlain, from_record, to_record

_KIND = "article/"


class KeptArticles:
    """`read` is `articles.read_article`, from the pack where it can be."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._digester = Digester()

    def read(self, path: Path, name: str, images: ImageFinder, *given: Any) -> ReadArticle:
        """The article in file `path`, called `name` in messages; raises what `read_article` does."""
        key = self._key(path, name, given)
        if key is None:
            return read_article(path, name, images, *given)
        lookups = _Lookups(images, path.parent, self._digester)
        kept = self._kept(key, lookups)
        if kept is not None:
            return kept
        read = read_article(path, name, cast(ImageFinder, lookups), *given)
        # The file may have been saved between the two times it was read.
        if lookups.complete and self._key(path, name, given) == key:
            self._keep(key, read, lookups)
        return read

    def _key(self, path: Path, name: str, given: tuple[object, ...]) -> str | None:
        try:
            content = sha256(read_bytes(path, name)).hexdigest()
            return _KIND + self._digester.digest(program_digest(), name, path.suffix, content, given)
        except (NotPlain, FileProblems):
            return None

    def _kept(self, key: str, lookups: _Lookups) -> ReadArticle | None:
        content = self._pack.get(key)
        if content is None:
            return None
        try:
            record = json.loads(content)
            found = [lookups.again(*one) for one in record["lookups"]]
            values = from_record(record["article"], lambda number: found[int(number)])
            return ReadArticle(*values)
        except (NotPlain, ValueError, TypeError, KeyError):
            return None

    def _keep(self, key: str, read: ReadArticle, lookups: _Lookups) -> None:
        try:
            article = to_record(tuple(getattr(read, one.name) for one in fields(read)), lookups.number_of)
        except NotPlain:
            return
        record = {"lookups": [one.plain for one in lookups.made], "article": article}
        self._pack.keep(key, json.dumps(record, ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True)
class _Lookup:
    name: str
    where: Where
    image: Image | None
    outcome: str
    """A digest of the picture, or the words of the error."""

    @property
    def plain(self) -> list[object]:
        return [self.name, self.where.path, self.where.line, self.outcome]


class _Lookups:
    """Stands in for the `ImageFinder` while an article is read, and remembers what it was asked and answered."""

    def __init__(self, images: ImageFinder, folder: Path, digester: Digester) -> None:
        self._images = images
        self._folder = folder
        self._digester = digester
        self.made: list[_Lookup] = []
        self.complete = True

    def find(self, name: str, folder: Path, where: Where) -> Image:
        """As `ImageFinder.find`."""
        self.complete = self.complete and folder == self._folder
        try:
            image = self._images.find(name, folder, where)
        except FileProblems as error:
            self.made.append(_Lookup(name, where, None, str(error)))
            raise
        self.made.append(_Lookup(name, where, image, self._digester.digest(image)))
        return image

    def __getattr__(self, name: str) -> Callable[..., Any]:
        # Whatever else the finder is asked cannot be asked again in the same way.
        self.complete = False
        return cast(Callable[..., Any], getattr(self._images, name))

    def again(self, name: str, path: str, line: int, outcome: str) -> Image | None:
        """The picture that lookup finds now; raises `NotPlain` when it does not end as it did."""
        try:
            image = self._images.find(name, self._folder, Where(path, line))
        except FileProblems as error:
            if str(error) != outcome:
                raise NotPlain(outcome) from error
            return None
        if self._digester.digest(image) != outcome:
            raise NotPlain(outcome)
        return image

    def number_of(self, value: object) -> str | None:
        """For a picture, which lookup found it; it is kept by its number."""
        if not isinstance(value, Image):
            return None
        number = next((at for at, one in enumerate(self.made) if one.image is value), None)
        if number is None:
            raise NotPlain(value.path)
        return str(number)
