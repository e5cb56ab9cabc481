"""What a new campaign may be called: a name that is a word on a command line, a file name and a line anywhere.

Campaigns that have another name already keep it: only names that nobody has yet are refused.
"""

from __future__ import annotations

import re
import unicodedata

from newsletter.errors import SettingsError

_MOST = 100
_MOST_BYTES = 240
"""File systems end a name after 255, and what lies beside a folder has an ending."""
_DEVICES = re.compile(r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³])(?:\..*)?", re.IGNORECASE | re.DOTALL)
"""What Windows takes for a device in every folder, with an ending too (its "Naming Files, Paths, and Namespaces")."""
_ADVICE = "Name it with --campaign: letters and digits first, then also spaces, dots, hyphens and underscores."


def refuse_name(name: str) -> None:
    """Raise `SettingsError` unless a new campaign may have the name; letters and digits are those of any script."""
    problem = _problem(name)
    if problem:
        raise SettingsError(f"a campaign cannot be called {_quoted(name)}: {problem}. {_ADVICE}")


def fits(name: str) -> bool:
    """Whether a new campaign may have the name."""
    return not _problem(name)


def _problem(name: str) -> str:
    """What is wrong with the name, in words; nothing when nothing is."""
    if not name:
        return "it is empty"
    if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in name):
        return "it holds a line break or another control character"
    if len(name) > _MOST:
        return f"it has {len(name)} characters, and {_MOST} are the most"
    if len(name.encode()) > _MOST_BYTES:
        return f"it takes {len(name.encode())} bytes, and {_MOST_BYTES} are the most"
    if not name[0].isalnum():
        return "it does not begin with a letter or a digit"
    wrong = next((one for one in name if not _is_allowed(one)), "")
    if wrong:
        return f"it holds '{wrong}'" if wrong.isprintable() else f"it holds the character U+{ord(wrong):04X}"
    return "Windows has a device of that name" if _DEVICES.fullmatch(name) else ""


def _is_allowed(one: str) -> bool:
    # Marks are parts of letters: the vowels of Hindi, an accent that a file system keeps apart.
    return one in " ._-" or one.isalnum() or unicodedata.category(one) in ("Mn", "Mc")


def _quoted(name: str) -> str:
    shown = name if len(name) <= _MOST else f"{name[:30]}…"
    return f"'{shown}'" if shown.isprintable() else ascii(shown)
