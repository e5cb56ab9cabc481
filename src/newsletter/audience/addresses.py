"""Mail addresses: which are valid, and when two are the same.

An address is kept as written; its key, which counts for uniqueness, has the domain in IDNA form and all in lower case
(RFC 5321 §2.4 lets the local part be case-sensitive; no receiver that mails people relies on it).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.errors import NewsletterError

# RFC 5322 dot-atom with RFC 1035 labels: what nearly every address is. The library judges the rest.
_PLAIN = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?!.*--)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z])"
)
# An address that is its own key already. At most 64 characters, so that no part of it can be too long.
_SIMPLE = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,}")
_MOST_SIMPLE = 64
_MOST_LOCAL = 64
_MOST = 254


@dataclass(frozen=True, slots=True)
class Address:
    """A valid address: as it is mailed (domain in IDNA form) and as it counts for uniqueness."""

    mailed: str
    key: str


class InvalidAddress(NewsletterError):
    """The text is not an address that mail can be sent to; the message says why, without the address."""


def is_simple(text: str) -> bool:
    """Whether `parse_address` would give the text back unchanged as address and as key: a quick answer for most."""
    return len(text) <= _MOST_SIMPLE and _SIMPLE.fullmatch(text) is not None


def parse_address(text: str) -> Address:
    """The address in `text`; raises `InvalidAddress`."""
    stripped = text.strip()
    if not stripped:
        raise InvalidAddress("the address is empty")
    if _PLAIN.fullmatch(stripped) and len(stripped) <= _MOST and stripped.index("@") <= _MOST_LOCAL:
        local, _, domain = stripped.rpartition("@")
        return Address(f"{local}@{domain.lower()}", stripped.lower())
    return _parse_unusual(stripped)


def _parse_unusual(text: str) -> Address:
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(text, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError as error:
        said = str(error).rstrip(".")
        raise InvalidAddress(said[:1].lower() + said[1:]) from error
    mailed = f"{checked.local_part}@{checked.ascii_domain}"
    return Address(mailed, mailed.lower())
