"""Values of the model ⇄ plain JSON, and one digest over everything a value holds.

In: frozen values of `model/`, made of text, numbers, times, sequences, mappings and one another. Out: JSON text that
reads back to an equal value, or a digest that differs whenever anything inside does. Reading makes values of the model
and nothing else, whatever the text says (unlike pickle, which runs what it is told to). A thing of another kind is
refused with `NotPlain`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from hashlib import sha256
from typing import Any

from newsletter import model

_CLASSES: Mapping[str, Any] = {
    name: one
    for name, one in vars(model).items()
    if isinstance(one, type) and one.__module__.startswith(f"{model.__name__}.")
}
_FIELDS: Mapping[Any, tuple[str, ...]] = {
    one: tuple(field.name for field in fields(one)) for one in _CLASSES.values() if is_dataclass(one)
}
_LASTING = (model.Article, model.Image, model.Profession)
"""What stands in many variants and is worth digesting once."""

SetAside = Callable[[object], str | None]
"""A value → the name it is kept under elsewhere, or None when it is written in its place."""


class NotPlain(ValueError):
    """The value holds something that has no plain form, or the text is no record."""


def to_record(value: object, set_aside: SetAside = lambda value: None) -> str:
    """The value as JSON text."""
    return json.dumps(_plain(value, set_aside), ensure_ascii=False, separators=(",", ":"))


def from_record(text: str | bytes, fetch: Callable[[str], object]) -> Any:
    """The value `to_record` was given; `fetch` brings what was set aside. Raises `NotPlain`."""
    try:
        return _value(json.loads(text), fetch)
    except (ValueError, TypeError, KeyError, IndexError, RecursionError) as error:
        raise NotPlain(str(error)) from error


def _plain(value: object, set_aside: SetAside) -> object:
    if value is None or isinstance(value, (bool, int, float)) or type(value) is str:
        return value
    name = set_aside(value)
    if name is not None:
        return {"aside": name}
    if type(value) is tuple:
        return [_plain(one, set_aside) for one in value]
    if isinstance(value, list):
        return {"list": [_plain(one, set_aside) for one in value]}
    if isinstance(value, Mapping):
        return {"map": [[_plain(key, set_aside), _plain(one, set_aside)] for key, one in value.items()]}
    if isinstance(value, (datetime, date)):
        return {"time" if isinstance(value, datetime) else "date": value.isoformat()}
    kind = type(value)
    if kind in _FIELDS:
        return {"is": kind.__name__, "of": [_plain(getattr(value, name), set_aside) for name in _FIELDS[kind]]}
    if isinstance(value, Enum) and kind.__name__ in _CLASSES:
        return {"is": kind.__name__, "value": value.value}
    raise NotPlain(f"a {kind.__name__} has no plain form")


def _value(plain: Any, fetch: Callable[[str], object]) -> object:
    if isinstance(plain, list):
        return tuple([_value(one, fetch) for one in plain])
    if not isinstance(plain, dict):
        return plain
    if "is" in plain:
        kind = _CLASSES[plain["is"]]
        if kind in _FIELDS:
            values = [_value(one, fetch) for one in plain["of"]]
            return kind(**dict(zip(_FIELDS[kind], values, strict=True)))
        return kind(plain["value"])
    if "map" in plain:
        return {_value(key, fetch): _value(one, fetch) for key, one in plain["map"]}
    if "list" in plain:
        return [_value(one, fetch) for one in plain["list"]]
    if "aside" in plain:
        return fetch(plain["aside"])
    if "date" in plain:
        return date.fromisoformat(plain["date"])
    return datetime.fromisoformat(plain["time"])


class Digester:
    """Digests values; an article or picture that stands in many of them is gone through once.

    It holds on to what it has gone through, so that no other object can take its place in memory meanwhile.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, bytes]] = {}

    def digest(self, *values: object) -> str:
        """One digest over all the values, in hexadecimal. Raises `NotPlain`."""
        out: list[bytes] = []
        for value in values:
            self._feed(value, out)
        return sha256(b"".join(out)).hexdigest()

    def _feed(self, value: object, out: list[bytes]) -> None:
        if isinstance(value, _LASTING):
            known = self._known.get(id(value))
            if known is None:
                inner: list[bytes] = []
                self._feed_fields(value, inner)
                known = self._known[id(value)] = (value, sha256(b"".join(inner)).digest())
            out.append(b"=" + known[1])
        elif isinstance(value, Enum):
            out.append(_framed(b"e", f"{type(value).__name__} {value.value}".encode()))
        elif isinstance(value, str):
            out.append(_framed(b"s", value.encode("utf-8", "surrogatepass")))
        elif value is None or isinstance(value, (bool, int, float)):
            out.append(_framed(b"n", repr(value).encode()))
        elif isinstance(value, bytes):
            out.append(_framed(b"b", value))
        elif isinstance(value, (tuple, list)):
            out.append(_framed(b"l", str(len(value)).encode()))
            for one in value:
                self._feed(one, out)
        elif isinstance(value, Mapping):
            out.append(_framed(b"m", str(len(value)).encode()))
            for key, one in value.items():
                self._feed(key, out)
                self._feed(one, out)
        elif isinstance(value, (set, frozenset)):
            self._feed(sorted(self.digest(one) for one in value), out)
        elif isinstance(value, (datetime, date)):
            out.append(_framed(b"t", f"{type(value).__name__} {value.isoformat()}".encode()))
        elif is_dataclass(value):
            self._feed_fields(value, out)
        else:
            raise NotPlain(f"a {type(value).__name__} has no plain form")

    def _feed_fields(self, value: object, out: list[bytes]) -> None:
        kind = type(value)
        out.append(_framed(b"d", kind.__name__.encode()))
        # A picture's digest is of its bytes already.
        skipped = ("content",) if kind is model.Image else ()
        for name in _FIELDS[kind] if kind in _FIELDS else [field.name for field in fields(kind)]:  # type: ignore[arg-type]
            if name not in skipped:
                self._feed(getattr(value, name), out)


def _framed(kind: bytes, content: bytes) -> bytes:
    return kind + str(len(content)).encode() + b":" + content
