"""Lines that people write in settings → names and addresses that can stand in a header; `ValueError` says why not."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PUBLIC = re.compile(r"https://[A-Za-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*)?")
_ADDRESS = re.compile(r"[^@\s<>()\[\]\\,;:\"\x00-\x1f\x7f]+@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+")


def one_line(value: str) -> str:
    """The text without control characters; nothing in a header may end its line."""
    if _CONTROL.search(value):
        raise ValueError("must be one line without control characters")
    return value


def mail_address(value: str) -> str:
    """The address, its domain in ASCII letters."""
    local, _, domain = value.rpartition("@")
    if not local.isascii():
        raise ValueError(
            f"'{value}' has letters beyond ASCII before the @, which few mail servers take (SMTPUTF8); use another"
        )
    if not domain.isascii():
        value = f"{local}@{_in_ascii(domain)}"
    if not _ADDRESS.fullmatch(value) or not value.isascii():
        raise ValueError(f"'{value}' is not a mail address such as news@example.org")
    return value


def _in_ascii(domain: str) -> str:
    """A domain of any script as mail servers know it (IDNA 2008: RFC 5891)."""
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"'{domain}' is not a domain: {error}") from error


def host_in_ascii(host: str) -> str:
    """The host as the name system knows it, `xn--mnchen-3ya.de` for `münchen.de`; as it is when it cannot be one."""
    try:
        return host.lower() if host.isascii() else _in_ascii(host)
    except ValueError:
        return host.lower()


def readable_host(host: str) -> str:
    """The host, beside one in ASCII letters what they stand for: `xn--mnchen-3ya.de (münchen.de)`; RFC 5891."""
    if "xn--" not in host.lower():
        return host
    import idna

    try:
        return f"{host} ({idna.decode(host)})"
    except idna.IDNAError:
        return host


def written_with(value: str, characters: str, words: str) -> str:
    """The value, if all it is written with are `characters` (a set of `re`), which `words` name."""
    if not re.fullmatch(f"[{characters}]+", value):
        raise ValueError(f"'{value}' may hold {words}")
    return value


def web_address(value: str) -> str:
    """The address without a slash at its end."""
    if not re.match(r"https?://[^\s/]+", value):
        raise ValueError(f"'{value}' must begin with https://")
    return value.rstrip("/")


def public_address(value: str) -> str:
    """It stands in a header that must not be folded or encoded, and one click needs https (RFC 8058)."""
    if value and not _PUBLIC.fullmatch(value):
        raise ValueError(f"'{value}' must be an https:// address of plain letters, without ? and #")
    return value.rstrip("/")
