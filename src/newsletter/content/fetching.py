"""A web address someone gives us → its bytes, without letting it reach where only this machine can reach.

In: an http or https address. Out: the bytes and the address they came from in the end. Refuses other schemes,
passwords in the address, hosts that resolve to anything but public addresses (on every redirect again), and answers
that are too large (also once unpacked), too slow or errors. The connection is made to the very address that was
checked, so a name that resolves differently a moment later changes nothing (DNS rebinding; OWASP SSRF prevention).
Proxies of the environment are not used: behind one, no address could be checked.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from newsletter.errors import FileProblems
from newsletter.model import Where

Resolve = Callable[[str, int], Sequence[str]]
"""(host, port) → its addresses as text."""
Allowed = Callable[[str, int], bool]
"""Whether a connection to this address and port may be made."""

_REDIRECTS = (301, 302, 303, 307, 308)
_WEB_PORTS = (80, 443)
_CHUNK = 65_536
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a fetch may cost: seconds for a single wait, seconds in all, bytes, and redirects."""

    wait: float = 10.0
    total: float = 60.0
    size: int = 10_000_000
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address answered, and the address after redirects."""

    url: str
    content: bytes
    media_type: str


def is_web_address(text: str) -> bool:
    """Whether a person means something on the web (or another URL) rather than a file or folder."""
    return "://" in text


def resolve(host: str, port: int) -> Sequence[str]:
    """The host's addresses, by the system's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_public(address: str, port: int) -> bool:
    """Whether the address is one anybody on the internet could connect to, on a port the web uses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return (port in _WEB_PORTS or port >= 1024) and all(
        one.is_global and not (one.is_multicast or one.is_reserved or one.is_loopback or one.is_unspecified)
        for one in _meant(found)
    )


def _meant(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> Iterator[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """The address, or the IPv4 addresses it carries inside: mapped, 6to4, Teredo (RFC 4380), NAT64 (RFC 6052)."""
    if isinstance(address, ipaddress.IPv6Address):
        inside = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            inside.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        carried = [one for one in inside if one is not None]
        if carried:
            yield from carried
            return
    yield address


def fetch(url: str, limits: Limits = Limits(), resolve: Resolve = resolve, allowed: Allowed = is_public) -> Fetched:
    """What stands at `url`; raises `FileProblems` that names the address and what to do."""
    with _deadline(limits.total) as watch:
        for _ in range(limits.redirects + 1):
            parts = _checked(url)
            with _connection(url, parts, limits, resolve, allowed, watch) as connection:
                try:
                    answer = _asked(connection, parts)
                    if answer.status not in _REDIRECTS:
                        content = _content(url, answer, limits)
                        if watch.over:
                            # What was cut off by us reads like an answer that has ended.
                            raise TimeoutError
                        return Fetched(url, content, answer.headers.get_content_type())
                except (OSError, http.client.HTTPException, zlib.error) as error:
                    raise _problem(url, _reason(error, watch, limits)) from error
                location = answer.getheader("Location", "")
            if not location:
                raise _problem(url, "it answers with a redirect to nowhere. Give the address it should lead to.")
            url = urljoin(url, location)
    raise _problem(url, f"more than {limits.redirects} redirects. Give the address where they end.")


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise _problem(url, f"not a web address: {error}.") from error
    if parts.scheme not in ("http", "https"):
        raise _problem(url, f"an address that begins with '{parts.scheme}:' is not fetched. Use https://, or a file.")
    if parts.username is not None or parts.password is not None:
        raise _problem(url, "an address with a name or password in it is not fetched. Save the feed to a file.")
    if not parts.hostname or any(character <= " " or character == "\x7f" for character in url.strip()):
        raise _problem(url, "not a web address. Write it as https://example.org/feed.xml.")
    return parts


@dataclass(slots=True)
class _Watch:
    """The connection that is open now, and whether the time is up."""

    socket: socket.socket | None = None
    over: bool = False

    def end(self) -> None:
        """Wake whoever waits on the connection: a server that drips a byte now and then never times out by itself."""
        self.over = True
        if self.socket is not None:
            try:
                self.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                return


@contextmanager
def _deadline(seconds: float) -> Iterator[_Watch]:
    watch = _Watch()
    timer = Timer(seconds, watch.end)
    timer.daemon = True
    timer.start()
    try:
        yield watch
    finally:
        timer.cancel()


@contextmanager
def _connection(
    url: str, parts: SplitResult, limits: Limits, resolve: Resolve, allowed: Allowed, watch: _Watch
) -> Iterator[http.client.HTTPConnection]:
    """A connection to an address of the host that was checked; TLS still verifies the host's name."""
    host = _ascii(url, parts.hostname or "")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(url, host, port, resolve, allowed)
    connection = http.client.HTTPConnection(host, port, timeout=limits.wait)
    try:
        plain = socket.create_connection((address, port), timeout=limits.wait)
        watch.socket = connection.sock = plain
        if parts.scheme == "https":
            context = ssl.create_default_context()
            secured = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            watch.socket = connection.sock = secured
            if not watch.over:
                secured.do_handshake()
        if watch.over:
            raise TimeoutError
    except OSError as error:
        connection.close()
        raise _problem(url, _reason(error, watch, limits)) from error
    try:
        yield connection
    finally:
        watch.socket = None
        connection.close()


def _ascii(url: str, host: str) -> str:
    try:
        return host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise _problem(url, f"'{host}' cannot be the name of a host.") from error


def _address(url: str, host: str, port: int, resolve: Resolve, allowed: Allowed) -> str:
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise _problem(url, f"there is no host '{host}'. Look for a slip in its name.") from error
    if not found or not all(allowed(one, port) for one in found):
        advice = "which is never fetched. Save the feed to a file and import that."
        if found and all(allowed(one, _WEB_PORTS[-1]) for one in found):
            raise _problem(url, f"port {port} is none that web servers use, {advice}")
        raise _problem(url, f"'{host}' leads to a private address, {advice}")
    return found[0]


def _asked(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    )
    headers = {
        "User-Agent": "newsletter-import",
        "Accept": "application/rss+xml, application/atom+xml, application/feed+json, application/xml, */*;q=0.5",
        "Accept-Encoding": "gzip",
        "Connection": "close",
    }
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def _content(url: str, answer: http.client.HTTPResponse, limits: Limits) -> bytes:
    if answer.status != 200:
        raise _problem(url, f"it answers {answer.status} {answer.reason}. Open it in a browser to see why.")
    encoding = (answer.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise _problem(url, f"it answers in the encoding '{encoding[:30]}', which was not asked for.")
    unpack = None if encoding == "identity" else zlib.decompressobj(47 if "gzip" in encoding else 15)
    came = 0
    content = bytearray()
    while chunk := answer.read1(_CHUNK):
        came += len(chunk)
        content += unpack.decompress(chunk, limits.size + 1 - len(content)) if unpack else chunk
        if max(came, len(content)) > limits.size:
            raise _problem(url, f"larger than {limits.size // 1_000_000} MB, which no feed is. Save a part to a file.")
    if answer.length or (unpack is not None and not unpack.eof):
        raise http.client.IncompleteRead(b"")
    return bytes(content)


def _reason(error: Exception, watch: _Watch, limits: Limits) -> str:
    if watch.over:
        return f"not there after {limits.total:.0f} seconds. Try again later."
    if isinstance(error, TimeoutError):
        return f"no answer for {limits.wait:.0f} seconds. Try again later."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate does not hold: {error.verify_message}. Nothing was fetched."
    if isinstance(error, (http.client.IncompleteRead, zlib.error)):
        return "the answer was cut off or is damaged. Try again later."
    if isinstance(error, http.client.HTTPException):
        return "it does not answer as a web server does."
    return f"no connection: {getattr(error, 'strerror', None) or error}. Try again later."


def _problem(url: str, message: str) -> FileProblems:
    return FileProblems.at(Where(shown_address(url)), message)


def shown_address(url: str) -> str:
    """The address for people, without a password and without control characters."""
    scheme, found, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    clean = f"{scheme}{found}{host.rpartition('@')[2]}{slash}{path}"
    return "".join(one if one.isprintable() else "?" for one in clean)[:300]
