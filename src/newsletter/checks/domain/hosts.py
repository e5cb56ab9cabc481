"""Where a domain takes mail (MX), and whether the server that sends is called what it says (PTR).

Sources: RFC 5321, section 5, and RFC 7505 (MX); RFC 8499 and Gmail's sender requirements of 2024 (PTR, confirmed by
looking the name up again).
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from newsletter.checks.domain.diagnosis import Diagnosis, Lookup, State


def mx(domain: str, lookup: Lookup) -> Diagnosis:
    """Whether answers and bounces to the domain arrive anywhere."""
    records = sorted(lookup(domain, "MX"), key=_preference)
    names = [one.partition(" ")[2].rstrip(".") for one in records]
    if names == [""]:
        return Diagnosis("MX", State.WRONG, f"{domain} takes no mail at all.", "Let answers and bounces arrive.")
    if not names:
        if _addresses(domain, lookup):
            message = f"{domain} has no MX; mail to it goes to the host itself."
            return Diagnosis("MX", State.WARNING, message, "Publish an MX.")
        return Diagnosis("MX", State.WRONG, f"nothing takes mail for {domain}.", "Publish an MX: bounces go there.")
    lost = [name for name in names if not _addresses(name, lookup)]
    if lost:
        message = f"{', '.join(lost)} has no address."
        return Diagnosis("MX", State.WRONG if lost == names else State.WARNING, message, "Mend the MX of the domain.")
    return Diagnosis("MX", State.OK, f"{', '.join(names)} for {domain}")


def ptr(host: str, lookup: Lookup) -> Diagnosis:
    """Whether the addresses of the sending host have names that lead back to them."""
    addresses = [host] if _is_address(host) else _addresses(host, lookup)
    if not addresses:
        return Diagnosis("PTR", State.WRONG, f"the mail server {host} has no address.", "Mend NEWSLETTER_SMTP_URL.")
    public = [one for one in addresses if ip_address(one).is_global]
    if not public:
        message = f"{host} lies in a network of your own; what it is called outside cannot be told here."
        return Diagnosis("PTR", State.UNKNOWN, f"could not look: {message}")
    for address in public:
        names = [one.rstrip(".") for one in lookup(address, "PTR")]
        if not any(address in _addresses(name, lookup) for name in names):
            message = f"{address} of {host} " + (
                f"is called {names[0]}, which leads elsewhere." if names else "has no name."
            )
            fix = "Ask whoever owns the address, unless that server hands your mail to others that send it."
            return Diagnosis("PTR", State.WARNING, message, fix)
    return Diagnosis("PTR", State.OK, f"{', '.join(public)} of {host} lead back to it")


def _addresses(name: str, lookup: Lookup) -> list[str]:
    found: Iterable[str] = (*lookup(name, "A"), *lookup(name, "AAAA"))
    return [str(ip_address(one)) for one in found if _is_address(one)]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _preference(record: str) -> tuple[int, str]:
    number, _, name = record.partition(" ")
    return (int(number) if number.isdecimal() else 0), name
