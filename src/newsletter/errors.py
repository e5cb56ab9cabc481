"""What can go wrong, named by what the caller can do next.

    NewsletterError            exit 2
    ├── FileProblems           fix the file: one problem or more, each with path and line       exit 2
    ├── SettingsError          fix newsletter.yaml or the environment                           exit 2
    │   └── NotInEnvironment   set what newsletter.yaml takes from there; also FileProblems     exit 2
    ├── StoreUnavailable       give the database room or rights                                 exit 2
    │   └── StoreBusy          wait, and run the same command again: another program writes     exit 3
    ├── Refused                look: a person has to decide before anything is mailed           exit 1
    │   ├── BeingSent          wait: another process sends this campaign                        exit 1
    │   ├── FindingsStop       mend the findings, or send all the same with a reason            exit 1
    │   ├── ImportRefused      look at the file: nobody was changed                             exit 1
    │   └── ChangedMeanwhile   look again: it is not what was looked at any more                exit 1
    └── Stopped                run the same command again: it goes on where it stopped          exit 3

Exit codes: 0 done, 1 findings or refused, 2 could not start, 3 stopped part-way, 130 interrupted.
Only `cli` catches these and prints them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from newsletter.model import Finding, Import, Where


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file a person wrote: where it is, what it is and what to do."""

    where: Where
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class NewsletterError(Exception):
    """Anything the program can explain; `exit_code` is what the process answers."""

    exit_code = 2
    printed = False
    """Whether standard output has the document of `--json` already, with this error in it or beside what it ends."""


class FileProblems(NewsletterError):
    """One or more problems in files that people write, all found before anything was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def at(cls, where: Where, message: str) -> FileProblems:
        """The single problem `message` at `where`."""
        return cls((Problem(where, message),))


class SettingsError(NewsletterError):
    """The settings or the environment do not allow what was asked for."""


class NotInEnvironment(SettingsError, FileProblems):
    """What carries the mail is named by variables of the environment that are not set here."""


class StoreUnavailable(NewsletterError):
    """The database is locked, read-only, full, damaged or of a newer program; nothing was changed."""


class StoreBusy(StoreUnavailable):
    """Another program has what this one waited for; nothing was changed, and the same command does it later."""

    exit_code = 3


class HoldLost(StoreUnavailable):
    """Another process has taken the campaign over; what this one has not begun is the other's."""


class Refused(NewsletterError):
    """The program could go on, but a person should look first."""

    exit_code = 1


class BeingSent(Refused):
    """Another process has the campaign; it is in good hands."""


class FindingsStop(Refused):
    """The checks found errors, and nobody has said why it is sent all the same; nothing was frozen."""

    def __init__(self, message: str, findings: Iterable[Finding]) -> None:
        super().__init__(message)
        self.findings = tuple(findings)
        """The errors, and none of the warnings."""


class ImportRefused(Refused):
    """A subscriber file whose import would do harm or nothing at all; nobody was changed."""

    def __init__(self, result: Import) -> None:
        super().__init__(result.refusal)
        self.result = result
        """How the file was read, with the rows that were rejected."""


class ChangedMeanwhile(Refused):
    """The file, or the issue, is not what was looked at any more; nothing was written."""


class Stopped(NewsletterError):
    """The work was cut off part-way; everything done is recorded and the same command goes on."""

    exit_code = 3


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """'Did you mean X?' with a space before it, or nothing when no known word comes close."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def ended(message: str) -> str:
    """The message with one mark at its end that lets another sentence follow."""
    words = message.rstrip()
    return words if words.endswith(("!", "?", "…")) else f"{words.rstrip('. ')}."


def sentence(message: str) -> str:
    """The message as a sentence of its own: with a capital, unless it begins with the name of a file or a key."""
    return re.sub(r"^[a-z]+(?=[ ,])", lambda word: word[0].capitalize(), message)
