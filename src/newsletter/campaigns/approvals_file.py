"""issues/<id>/approvals.yaml ⇄ Approvals: who decided what, when, and about which content.

The file is added to, never written anew: what people write into it (comments, an entry taken back) stays. It stands
whole or not at all, and two reviewers at once both get in.
"""

from __future__ import annotations

import fcntl
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from newsletter.errors import FileProblems, Problem, Refused
from newsletter.files import parse_yaml, read_text, validated
from newsletter.model import Approval, Decision, Where

FILE = "approvals.yaml"
_HEADING = """\
# Who decided what about this issue. `newsletter approve` adds to it; your own comments stay.
# An approval holds for exactly the content it names. `contents` tells what that was made of.
approvals: []
contents: {}
"""
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Entry(_Model):
    by: Annotated[str, Field(min_length=1, max_length=200)]
    at: AwareDatetime
    decision: Decision
    content: _Hash
    comment: str = ""


class _File(_Model):
    approvals: tuple[_Entry, ...] = ()
    contents: dict[_Hash, dict[str, _Digest]] = {}


def read_approvals(path: Path, name: str) -> tuple[Approval, ...]:
    """The decisions in the file `path`, called `name` in messages; none when there is no file."""
    return _read(read_text(path, name), name) if path.is_file() else ()


def _read(text: str, name: str) -> tuple[Approval, ...]:
    document = parse_yaml(text, name)
    file = validated(_File, document, "approvals")
    problems = [
        Problem(document.where("approvals", number), f"'by: {one.by}' is no name on one line.")
        for number, one in enumerate(file.approvals)
        if not one.by.strip() or not one.by.isprintable()
    ]
    if problems:
        raise FileProblems(problems)
    return tuple(
        Approval(one.by, one.at, one.decision, one.comment, one.content, file.contents.get(one.content, {}))
        for one in file.approvals
    )


def add_approval(path: Path, name: str, approval: Approval) -> None:
    """Write one more decision. Raises `Refused` for a file that no program can add to, `FileProblems` for others."""
    with _alone(path.parent, name):
        before = read_text(path, name) if path.is_file() else _HEADING
        known = _read(before, name)
        text = _with(before, name, approval)
        if _read(text, name) != (*known, approval):
            raise _by_hand(name)
        _replace(path, text, name)


def _with(before: str, name: str, approval: Approval) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        document: Any = yaml.load(before)
    except (YAMLError, ValueError, AttributeError) as error:
        raise _by_hand(name) from error
    if not isinstance(document, CommentedMap):
        document = CommentedMap()
    entry = CommentedMap(
        by=Quoted(approval.by),
        at=Quoted(approval.at.isoformat(timespec="seconds")),
        decision=approval.decision.value,
        content=Quoted(approval.content_hash),
    )
    if approval.comment:
        entry["comment"] = Quoted(approval.comment)
    document["approvals"] = _block(document.get("approvals"), CommentedSeq)
    document["contents"] = _block(document.get("contents"), CommentedMap)
    document["approvals"].append(entry)
    parts = CommentedMap((part, Quoted(value)) for part, value in sorted(approval.parts.items()))
    document["contents"].setdefault(Quoted(approval.content_hash), parts)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _block(found: Any, kind: type[Any]) -> Any:
    """The collection that is there already, or an empty one; an empty `[]` opens up."""
    collection = found if found is not None else kind()
    if not collection:
        collection.fa.set_block_style()
    return collection


def _by_hand(name: str) -> Refused:
    return Refused(
        f"{name} cannot be changed by a program as it stands. Mend it, or move it away; nothing was written."
    )


@contextmanager
def _alone(folder: Path, name: str) -> Iterator[None]:
    """One writer at a time: the others wait."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise FileProblems.at(Where(name), f"cannot be written: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, text: str, name: str) -> None:
    """Put the text in the file's place whole."""
    target = path.resolve()
    spare = ""
    try:
        handle, spare = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(spare).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(spare).replace(target)
    except OSError as error:
        raise FileProblems.at(Where(name), f"cannot be written: {error.strerror}.") from error
    finally:
        if spare:
            Path(spare).unlink(missing_ok=True)


def shortened(moment: datetime) -> datetime:
    """The moment as the file keeps it: to the second."""
    return moment.replace(microsecond=0)
