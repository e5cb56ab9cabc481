"""Questions to the name system (DNS), by the servers of this machine or by one that is named.

In: a name and a kind of record. Out: the records as text. Raises `NoAnswer` when no server answers in time: offline is
no error of the domain, and neither is a server that knows nothing at all, not even who serves the root. After two
questions without an answer no more are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from threading import Lock
from typing import TYPE_CHECKING

from newsletter.errors import SettingsError

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.resolver import Resolver

VARIABLE = "NEWSLETTER_NAME_SERVER"
_SECONDS = 5.0
_PATIENCE = 2
"""Questions without an answer, after which nobody is asked any more; the first one shows whether anybody is there."""
_MOST = 50
"""Records of one answer; nobody needs more."""


class NoAnswer(Exception):
    """The name servers do not answer, or not sensibly."""


def name_servers(environment: Mapping[str, str], seconds: float = _SECONDS) -> Callable[[str, str], tuple[str, ...]]:
    """What asks the name system: (name, kind of record) → the records.

    The environment may name another server, as 192.0.2.1 or 192.0.2.1:5353.
    """
    import dns.exception
    import dns.name
    import dns.resolver
    import dns.reversename

    asker = _Asker(environment.get(VARIABLE, "").strip(), seconds)

    def ask(name: str, kind: str) -> tuple[str, ...]:
        try:
            asked = dns.reversename.from_address(name) if kind == "PTR" else dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return ()  # no such name can be
        try:
            return tuple(_text(one, kind) for one in asker.answer(asked, kind)[:_MOST])
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()

    return ask


class _Asker:
    """Asks one resolver, once it has shown that it knows the root; several threads may use it."""

    def __init__(self, server: str, seconds: float) -> None:
        self._server, self._seconds = server, seconds
        self._lock = Lock()
        self._resolver: Resolver | None = None
        self._missed: list[str] = []

    def answer(self, name: Name, kind: str) -> list[Rdata]:
        """The records; raises what dnspython does when there are none, `NoAnswer` when nobody knows."""
        import dns.exception
        import dns.resolver

        with self._lock:
            if len(self._missed) >= (_PATIENCE if self._resolver else 1):
                raise NoAnswer(self._missed[-1])
            self._resolver = self._resolver or self._connected()
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            raise
        except (dns.exception.DNSException, OSError) as error:
            self._missed.append(_words(error))
            raise NoAnswer(self._missed[-1]) from error

    def _connected(self) -> Resolver:
        import dns.exception
        import dns.name

        try:
            resolver = _resolver(self._server, self._seconds)
            resolver.resolve(dns.name.root, "NS", search=False)
        except (dns.exception.DNSException, OSError) as error:
            self._missed.append(_words(error))
            raise NoAnswer(self._missed[-1]) from error
        return resolver


def _resolver(server: str, seconds: float) -> Resolver:
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=not server)
    if server:
        host, _, port = server.partition(":") if server.count(":") == 1 else (server, "", "")
        try:
            resolver.nameservers = [str(ip_address(host))]
            resolver.port = int(port or 53)
        except ValueError as error:
            raise SettingsError(f"{VARIABLE} must be an address such as 192.0.2.1 or 192.0.2.1:5353.") from error
    resolver.lifetime, resolver.timeout = seconds, seconds / 2
    return resolver


def _text(record: Rdata, kind: str) -> str:
    if kind == "TXT":
        # A long text comes in pieces of 255 bytes; they belong together without a space (RFC 7208, section 3.3).
        strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined]
        return b"".join(strings).decode("utf-8", "replace")
    return record.to_text()


def _words(error: Exception) -> str:
    import dns.exception
    import dns.resolver

    if isinstance(error, dns.resolver.NoResolverConfiguration):
        return "this machine names no name server"
    if isinstance(error, dns.exception.Timeout):
        return "no name server answers in time"
    if isinstance(error, (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)):
        return "the name server knows nothing of the world outside"
    return "the name servers refuse to answer"
