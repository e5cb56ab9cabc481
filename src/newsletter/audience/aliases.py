"""Job titles that match nothing: the closest professions to them, and accepted ones written into professions.yaml.

What is written is the file as its author left it, with an alias more here and there: comments, order, quotes and the
style of its lists stay. A file that somebody changed meanwhile is never overwritten.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from newsletter.audience.professions import FILE, load_professions, normalised, read_professions
from newsletter.audience.titles import is_rank
from newsletter.errors import FileProblems, Problem, Refused, did_you_mean
from newsletter.files import parse_yaml, read_bytes
from newsletter.model import Professions, Where

LOWEST_SCORE = 60
"""Below this, likeness is chance: 'Baker' and 'Beekeeper' have 57."""

# What YAML 1.1 and 1.2 both read as this text, without quotes.
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[^\W\d_](?:[\w .'/()-]*[\w.)])?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A profession whose name comes close to a title, the name it is close to, and how close: 0 to 100."""

    profession: str
    likeness: str
    score: int


@dataclass(frozen=True, slots=True)
class UnmatchedTitle:
    """A job title that matches nothing, how many people have it, and what comes close, closest first."""

    title: str
    people: int
    suggestions: tuple[Suggestion, ...]


def suggest(titles: Mapping[str, int], known: Mapping[str, str], most: int = 3) -> list[UnmatchedTitle]:
    """The closest professions to each title, one name of each; `known` is normalised title → profession.

    Likeness is the share of letters in common, whatever the order of the words (Indel distance; rapidfuzz's
    `token_sort_ratio`).
    """
    from rapidfuzz import fuzz, process

    names = list(known)
    found: list[UnmatchedTitle] = []
    for title, people in titles.items():
        close = process.extract(
            normalised(title), names, scorer=fuzz.token_sort_ratio, limit=most * 5, score_cutoff=LOWEST_SCORE
        )
        best: dict[str, Suggestion] = {}
        for name, score, _ in close:
            best.setdefault(known[name], Suggestion(known[name], name, int(score)))
        found.append(UnmatchedTitle(title, people, tuple(best.values())[:most]))
    return found


def accepted_above(titles: Iterable[UnmatchedTitle], score: int) -> dict[str, str]:
    """Title → profession for those whose closest profession scores at least this, and no other comes as close."""
    return {
        one.title: one.suggestions[0].profession
        for one in titles
        if one.suggestions
        and one.suggestions[0].score >= score
        and (len(one.suggestions) == 1 or one.suggestions[1].score < one.suggestions[0].score)
    }


def parse_accepted(texts: Iterable[str], professions: Professions) -> dict[str, str]:
    """`TITLE=profession` texts as title → profession; all that is wrong with them at once."""
    found: dict[str, str] = {}
    problems: list[Problem] = []
    where = Where("--accept")
    for text in texts:
        title, equals, key = (part.strip() for part in text.rpartition("="))
        if not equals or not normalised(title):
            problems.append(Problem(where, f"'{text}' is not of the form 'TITLE=profession'."))
        elif key not in professions.by_key:
            known = ", ".join(professions.by_key) or f"none; write them in {FILE}"
            hint = did_you_mean(key, professions.by_key)
            problems.append(Problem(where, f"unknown profession '{key}'.{hint} Known: {known}."))
        elif not title.isprintable():
            problems.append(Problem(where, f"the title for '{key}' holds control characters."))
        elif is_rank(title):
            problems.append(Problem(where, f"'{title}' is a rank, which stands before titles of every profession."))
        else:
            found[title] = key
    if problems:
        raise FileProblems(problems)
    return found


def nobodys(titles: Iterable[UnmatchedTitle], accepted: Iterable[str]) -> list[str]:
    """Those of the accepted titles that are nobody's: as a rule they are written wrong."""
    held = {normalised(one.title) for one in titles}
    return [title for title in accepted if normalised(title) not in held]


def fingerprint(root: Path) -> str:
    """What professions.yaml is now, so that a later change is noticed."""
    return sha256(read_bytes(root / FILE, FILE)).hexdigest()


def add_aliases(root: Path, accepted: Mapping[str, str], before: str) -> Professions:
    """Write each title as an alias of its profession; the taxonomy as it reads then.

    `before` is the file's fingerprint when the titles were looked at: with another one now, `Refused` is raised. What
    would not read back as the taxonomy with these aliases is not written either.
    """
    content = read_bytes(root / FILE, FILE)
    if sha256(content).hexdigest() != before:
        raise Refused(f"{FILE} was changed meanwhile, so nothing was written. Run the command again.")
    new = _with_aliases(content, accepted)
    professions = read_professions(parse_yaml(new.decode("utf-8-sig").replace("\r\n", "\n"), FILE))
    if not _as_expected(load_professions(root), professions, accepted):
        raise Refused(f"{FILE} cannot be changed by a program as it stands. Add the aliases by hand.")
    _replace(root / FILE, new, before)
    return professions


def _as_expected(before: Professions, after: Professions, accepted: Mapping[str, str]) -> bool:
    """The taxonomies differ by the accepted aliases and by nothing else."""
    expected = {
        key: {*one.aliases, *(title for title, wanted in accepted.items() if wanted == key)}
        for key, one in before.by_key.items()
    }
    return list(after.by_key) == list(expected) and all(
        set(one.aliases) == expected[key] and replace(one, aliases=()) == replace(before.by_key[key], aliases=())
        for key, one in after.by_key.items()
    )


def _with_aliases(content: bytes, accepted: Mapping[str, str]) -> bytes:
    """The file with the aliases, its line ends and mark as they were."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.util import load_yaml_guess_indent

    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    text = content.removeprefix(mark).decode()
    crlf = "\r\n" in text
    text = text.replace("\r\n", "\n")
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000
    try:
        _, step, offset = load_yaml_guess_indent(text)
        yaml.indent(mapping=2, sequence=step or 4, offset=offset if offset is not None else 2)
        data = yaml.load(text)
    except (YAMLError, ValueError, AttributeError) as error:
        raise Refused(f"{FILE} cannot be changed by a program as it stands. Add the aliases by hand.") from error
    for title, key in accepted.items():
        _add(data[key], title)
    out = io.StringIO()
    yaml.dump(data, out)
    return mark + (out.getvalue().replace("\n", "\r\n") if crlf else out.getvalue()).encode()


def _add(entry: Any, title: str) -> None:
    """The alias in the profession's list; a list of its own where it had none."""
    from ruamel.yaml.comments import CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    written = title if _PLAIN.fullmatch(title) else DoubleQuotedScalarString(title)
    aliases = entry.get("aliases")
    if aliases is None:
        fresh = CommentedSeq([written])
        fresh.fa.set_flow_style()
        # What stands under the last key of an entry (an empty line, a comment) belongs to that key: stay before it.
        entry.insert(max(len(entry) - 1, 0), "aliases", fresh)
    elif title in list(aliases):
        return
    elif aliases.ca.items:
        aliases.insert(len(aliases) - 1, written)
    else:
        aliases.append(written)


def _replace(path: Path, content: bytes, before: str) -> None:
    """Put the content in the file's place whole, unless the file is another than it was."""
    path = path.resolve()
    handle, spare = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(spare).chmod(path.stat().st_mode & 0o777)
        if sha256(path.read_bytes()).hexdigest() != before:
            raise Refused(f"{FILE} was changed meanwhile, so nothing was written. Run the command again.")
        Path(spare).replace(path)
    except OSError as error:
        raise FileProblems.at(Where(FILE), f"cannot be written: {error.strerror}.") from error
    finally:
        Path(spare).unlink(missing_ok=True)
