"""SPF, DKIM and DMARC of a sender's domain.

Sources: RFC 7208 (SPF), RFC 6376 and RFC 8301 (DKIM), RFC 7489 (DMARC); Gmail's and Yahoo's sender requirements of 2024
ask all three of who sends 5,000 mails a day.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence

from newsletter.checks.domain.diagnosis import CouldNotLook, Diagnosis, Lookup, State

_MOST_LOOKUPS = 10
"""RFC 7208, section 4.6.4: a record that needs more is an error, and as good as none."""
_LONGEST = 200
_ASKS = ("a", "mx", "ptr", "exists")
_KEY_BYTES = {1024: 160, 2048: 290}
"""An RSA key of that many bits, as SubjectPublicKeyInfo, is at least so long."""


def spf(domain: str, lookup: Lookup) -> Diagnosis:
    """Whether the domain says who may send for it."""
    records = _spf_records(domain, lookup)
    if not records:
        fix = f"Publish TXT at {domain}: v=spf1 include:YOUR-PROVIDER -all"
        return Diagnosis("SPF", State.WRONG, f"{domain} does not say who may send for it.", fix)
    if len(records) > 1:
        fix = "Join them into one; receivers take two for none (RFC 7208, section 4.5)."
        return Diagnosis("SPF", State.WRONG, f"{domain} has {len(records)} SPF records.", fix)
    terms = records[0].lower().split()[1:]
    if any(term in ("all", "+all") for term in terms):
        return Diagnosis(
            "SPF", State.WRONG, f"{_quoted(records[0])} lets everybody send for {domain}.", "End it with -all."
        )
    asked = _lookups(terms, lookup, [domain])
    if asked > _MOST_LOOKUPS:
        fix = "Take out includes that are not needed any more; beyond ten it is an error and counts as none."
        return Diagnosis("SPF", State.WRONG, f"the SPF record needs {asked} lookups of {_MOST_LOOKUPS}.", fix)
    if not any(term.endswith("all") or term.startswith("redirect=") for term in terms) or "?all" in terms:
        return Diagnosis(
            "SPF", State.WARNING, f"{_quoted(records[0])} says nothing of all others.", "End it with ~all or -all."
        )
    return Diagnosis("SPF", State.OK, f"{_quoted(records[0])} ({asked} of {_MOST_LOOKUPS} lookups)")


def _spf_records(domain: str, lookup: Lookup) -> list[str]:
    return [one for one in lookup(domain, "TXT") if one.lower().split()[:1] == ["v=spf1"]]


def _lookups(terms: Sequence[str], lookup: Lookup, seen: list[str]) -> int:
    """How many questions the record makes a receiver ask, those of the records it includes too."""
    asked = 0
    for term in terms:
        name = re.split(r"[:=/]", term.lstrip("+-~?"))[0]
        target = re.split(r"[:=]", term, maxsplit=1)[-1] if name in ("include", "redirect") else ""
        asked += name in _ASKS or bool(target)
        # A macro is expanded for each message; where it leads cannot be told here.
        if target and "%" not in target and target not in seen and asked <= 2 * _MOST_LOOKUPS:
            seen.append(target)
            inner = _spf_records(target, lookup)
            asked += _lookups(inner[0].lower().split()[1:], lookup, seen) if inner else 0
        if len(seen) > 2 * _MOST_LOOKUPS:
            break
    return asked


def dkim(domain: str, selectors: Sequence[str], lookup: Lookup) -> list[Diagnosis]:
    """Whether the key of each selector can be used; the name system cannot list them."""
    if not selectors:
        fix = "Name them: `sender: {dkim_selectors: [s1]}`. The header DKIM-Signature of a sent mail has it as s=."
        return [Diagnosis("DKIM", State.UNKNOWN, "could not look: no selector is named.", fix)]
    found = []
    for one in selectors:
        try:
            found.append(_dkim(domain, one, lookup))
        except CouldNotLook as error:
            found.append(Diagnosis(f"DKIM {one}", State.UNKNOWN, f"could not look: {error}."))
    return found


def _dkim(domain: str, selector: str, lookup: Lookup) -> Diagnosis:
    name, place = f"DKIM {selector}", f"{selector}._domainkey.{domain}"
    records = [_tags(one) for one in lookup(place, "TXT")]
    keys = [one for one in records if "p" in one and one.get("v", "DKIM1") == "DKIM1"]
    if not keys:
        return Diagnosis(name, State.WRONG, f"there is no key at {place}.", "Publish the one your provider shows.")
    key = keys[0]
    if not key["p"]:
        return Diagnosis(name, State.WRONG, f"the key at {place} is revoked (p= is empty).", "Publish a new one.")
    try:
        size = len(b64decode(re.sub(r"\s", "", key["p"]), validate=True))
    except (NotBase64, ValueError):
        return Diagnosis(name, State.WRONG, f"the key at {place} is damaged.", "Publish it again, in one piece.")
    if key.get("k", "rsa") == "rsa" and size < _KEY_BYTES[1024]:
        return Diagnosis(name, State.WRONG, f"the key at {place} is shorter than 1,024 bits.", "Use one of 2,048.")
    if "y" in key.get("t", "").split(":"):
        return Diagnosis(name, State.WARNING, f"the key at {place} says that it is only tried out.", "Take t=y out.")
    if key.get("k", "rsa") == "rsa" and size < _KEY_BYTES[2048]:
        return Diagnosis(name, State.WARNING, f"the key at {place} is shorter than 2,048 bits.", "Use a longer one.")
    return Diagnosis(name, State.OK, f"a key at {place}")


def dmarc(domain: str, lookup: Lookup) -> Diagnosis:
    """Whether the domain, or the one it belongs to, says what is to be done with mail that fails both."""
    labels = domain.split(".")
    for at in range(max(1, len(labels) - 1)):
        place = "_dmarc." + ".".join(labels[at:])
        records = [one for one in lookup(place, "TXT") if re.match(r"v\s*=\s*DMARC1\b", one)]
        if len(records) > 1:
            return Diagnosis("DMARC", State.WRONG, f"{place} has {len(records)} records.", "Join them into one.")
        if records:
            return _policy(place, records[0], inherited=at > 0)
    fix = f"Publish TXT at _dmarc.{domain}: v=DMARC1; p=none; rua=mailto:YOU"
    return Diagnosis("DMARC", State.WRONG, f"{domain} has no DMARC record.", fix)


def _policy(place: str, record: str, inherited: bool) -> Diagnosis:
    tags = _tags(record)
    policy = (tags.get("sp") if inherited else None) or tags.get("p", "")
    if policy not in ("none", "quarantine", "reject"):
        fix = "Write p=none, p=quarantine or p=reject."
        return Diagnosis("DMARC", State.WRONG, f"{_quoted(record)} at {place} has no policy.", fix)
    if policy == "none":
        fix = "Read the reports (rua=), then go on to p=quarantine." if "rua" in tags else "Add rua=mailto:YOU."
        return Diagnosis("DMARC", State.WARNING, f"{_quoted(record)} at {place} only watches.", fix)
    return Diagnosis("DMARC", State.OK, f"{_quoted(record)} at {place}")


def _quoted(record: str) -> str:
    """The record for a terminal: what would steer one is escaped, and it ends somewhere."""
    return repr(record if len(record) <= _LONGEST else record[:_LONGEST] + "…")


def _tags(record: str) -> dict[str, str]:
    """The `tag=value; …` of a record; names in small letters, of two the first."""
    found: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip())
    return found
