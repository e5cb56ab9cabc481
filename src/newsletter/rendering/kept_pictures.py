"""Pictures that an earlier run has made, for as long as nothing that went into them has changed.

In: a picture's recipe. Out: the picture, whole and as it was. Making one takes longer than anything else in a build,
and an edit of a text changes none of them.
"""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256

from newsletter.cache import Pack, program_digest
from newsletter.model import Picture
from newsletter.records import NotPlain, from_record, to_record

_KIND = "picture/"
_BESIDE_CONTENT = tuple(one.name for one in fields(Picture) if one.name != "content")
_END = b"\n"
"""Between what is said of a picture and its bytes; no record holds one."""


class KeptPictures:
    """The pictures in a pack, by their recipes; each is read once."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._known: dict[str, Picture] = {}

    def get(self, recipe: str) -> Picture | None:
        """The picture made by the recipe before, or None."""
        if recipe not in self._known:
            read = _read(self._pack.get(_key(recipe)))
            if read is None:
                return None
            self._known[recipe] = read
        return self._known[recipe]

    def keep(self, picture: Picture) -> bool:
        """Keep the picture; whether it can be asked for again."""
        if not picture.recipe:
            return False
        if picture.recipe not in self._known:
            beside = to_record(tuple(getattr(picture, name) for name in _BESIDE_CONTENT))
            said = beside.encode("utf-8", "surrogatepass")
            self._pack.keep(_key(picture.recipe), said + _END + picture.content)
            self._known[picture.recipe] = picture
        return True


def _key(recipe: str) -> str:
    return _KIND + sha256(f"{program_digest()} {recipe}".encode()).hexdigest()


def _read(kept: bytes | None) -> Picture | None:
    if kept is None:
        return None
    said, _, content = kept.partition(_END)
    try:
        beside = from_record(said, lambda name: name)
        return Picture(**dict(zip(_BESIDE_CONTENT, beside, strict=True)), content=content)
    except (NotPlain, ValueError, TypeError):
        return None
