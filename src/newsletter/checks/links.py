"""Where links lead: to whole addresses that work in a mail, on hosts with a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import unquote, urlsplit

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, host_of, texts_of
from newsletter.checks.rule import Rule, error, warning
from newsletter.expressions import TOKEN
from newsletter.lines import readable_host
from newsletter.model import Finding, Severity

RULES = (
    error(
        "link-target",
        "A link in a mail needs a whole address: `/about` leads nowhere without a site around it, an empty one or a "
        "script leads nowhere at all, and mail programs remove `javascript:`. `localhost` and 192.168.1.5 are nobody "
        "else's, and `mailto:` needs an address. What stands before an @ is no host: `https://a.example@b.example` "
        "leads to b.example. Source: RFC 3986, sections 3.2.1 and 4.2; RFC 6761; RFC 1918; RFC 6068.",
    ),
    warning(
        "link-number",
        "A link to a host that is a number instead of a name is what spam looks like. Source: rspamd's HTTP_TO_IP, "
        "SpamAssassin's NUMERIC_HTTP_ADDR.",
    ),
    warning(
        "link-shortener",
        "A shortened link hides where it leads, and shares its reputation with everybody's spam: filters block the "
        "shortener as a whole. Source: the Spamhaus domain blocklist's abused redirectors; SURBL.",
    ),
    warning(
        "link-fragment",
        "A link to a place on the page needs an element with that id or name. Source: the HTML standard, 'find a "
        "potential indicated element'.",
    ),
    Rule(
        "link-http",
        Severity.INFO,
        "An address that begins with http:// is not encrypted: the page can be changed on its way, and browsers warn "
        "of it. Nearly every site answers to https today. Source: RFC 9325; rspamd's HTTP_TO_HTTPS.",
    ),
)
_TARGET, _NUMBER, _SHORT, _FRAGMENT, _HTTP = RULES
_SHORTENERS = frozenset(
    "bit.ly tinyurl.com goo.gl ow.ly is.gd buff.ly t.co rebrand.ly cutt.ly shorturl.at tiny.cc bl.ink rb.gy lnkd.in "
    "amzn.to".split()
)
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")
_UNMADE = re.compile(
    r"(?<!!)\[[^\]\n]{1,80}\]\(\s?(?P<scheme>javascript|vbscript|file|data):[^)\n]{0,60}\)?", re.IGNORECASE
)
"""A link of Markdown that CommonMark readers leave as it is written, because of where it leads."""
_ALLOWED = frozenset({"http", "https", "mailto", "tel", "sms"})
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_NOT_PUBLIC = frozenset("localhost local localdomain internal intranet lan test invalid".split())
_OWN_NETWORKS = [
    ip_network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
]
_PLACEHOLDER = re.compile(r"\{\{|\{%|\*\||\[\[|%%|<%|^\[|^\$\{|^#\{|^%[a-z_]+%", re.IGNORECASE)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """An error for each link that leads nowhere; warnings for hosts that are numbers or shorteners."""
    names = {one.get("id") for one in mail.page.all()} | {one.get("name") for one in mail.page.all("a")}
    for link in mail.page.shown("a", "area"):
        target = link.get("href")
        if target is None or TOKEN.fullmatch(target.strip()) or _PLACEHOLDER.search(target):
            continue
        yield from _target(mail, link, " ".join(target.split()), names)
    for element in mail.page.shown():
        for text in texts_of(element):
            for found in _UNMADE.finditer(text):
                message = f"'{found[0]}' stands in the text: a link to '{found['scheme']}:' does nothing in a mail."
                yield _TARGET.finding(message, mail.at(element, found[0]), fix="Link to a page with https://.")


def _target(mail: Mail, link: Element, target: str, names: set[str | None]) -> Iterator[Finding]:
    where = mail.at
    scheme = _SCHEME.match(target)
    shown = TOKEN.sub("…", target)[:80]
    if target in ("", "#"):
        words = " ".join("".join(link.itertext()).split())
        message = f"the link '{words[:60]}' leads nowhere."
        yield _TARGET.finding(message, where(link, words), fix="Give it an address, or take the link away.")
    elif target.startswith("#"):
        if unquote(target[1:]) not in names and target[1:] not in ("top",):
            fix = "Put the id on the element meant, or mend the link."
            yield _FRAGMENT.finding(f"nothing on the page is called '{target[1:]}'.", where(link, target), fix=fix)
    elif scheme is None and not TOKEN.match(target):
        fix = "Write it with https:// and the host" + ("." if mail.in_file else ", or set site_url.")
        yield _TARGET.finding(f"'{shown}' is not a whole address.", where(link, target), fix=fix)
    elif scheme and scheme[1].lower() not in _ALLOWED:
        message = f"a link to '{scheme[1]}:' does nothing in a mail."
        yield _TARGET.finding(message, where(link, target), fix="Link to a page with https://.")
    elif scheme and scheme[1].lower() == "mailto" and not _is_mailbox(target):
        fix = "Write it as mailto:name@example.org."
        yield _TARGET.finding(f"'{shown}' names no mail address.", where(link, target), fix=fix)
    elif scheme and scheme[1].lower() in ("http", "https"):
        yield from _host(mail, link, target)


def _host(mail: Mail, link: Element, target: str) -> Iterator[Finding]:
    host = host_of(target)
    user = _user_in(target)
    if user is not None and host:
        message = f"the address begins as if it led to '{user[:60]}', and leads to {readable_host(host)}."
        fix = "Take out what stands before the @: mail programs warn of it, and a password is everybody's."
        yield _TARGET.finding(message, mail.at(link, target), fix=fix)
    elif ".." in host or host.startswith("."):
        message = f"there is no host '{host[:80]}': two dots stand together, or one before it."
        yield _TARGET.finding(message, mail.at(link, target), fix="Mend the address.")
    elif not host:
        fix = "Write it as https://example.org/page."
        yield _TARGET.finding(f"'{target[:80]}' names no host.", mail.at(link, target), fix=fix)
    elif _is_own_machine(host):
        message = f"the link leads to {readable_host(host)}, which readers cannot reach."
        yield _TARGET.finding(message, mail.at(link, target), fix="Link to the page on the web.")
    elif _is_number(host):
        yield _NUMBER.finding(f"the link leads to a number, {host}.", mail.at(link, target), fix="Use the host's name.")
    elif host.removeprefix("www.") in _SHORTENERS:
        yield _SHORT.finding(f"{host} hides where the link leads.", mail.at(link, target), fix="Use the full address.")
    elif target.lower().startswith("http:"):
        message = f"the link to {readable_host(host)} is not encrypted."
        yield _HTTP.finding(message, mail.at(link, target), fix="Write https:// when the site answers to it.")


def _user_in(target: str) -> str | None:
    """What stands before the @ of a host, without its password; None where nothing does (RFC 3986, 3.2.1)."""
    try:
        user = urlsplit(TOKEN.sub("x", target)).username
    except ValueError:
        return None
    return None if user is None else unquote(user)


def _is_mailbox(target: str) -> bool:
    """Whether a mailto: names somebody; without anybody, but with a subject or words, it is a mail to share."""
    address, _, rest = target.partition(":")[2].partition("?")
    if not address.strip():
        return bool(rest.strip())
    return all(TOKEN.search(one) or _MAILBOX.fullmatch(unquote(one).strip()) for one in address.split(","))


def _is_own_machine(host: str) -> bool:
    """Whether only the author's own machine or network knows the name (RFC 6761, RFC 6762; names without a dot) or the
    number (RFC 1918, RFC 4193, RFC 6598)."""
    number = _number(host)
    if number is not None:
        own = number.is_loopback or number.is_link_local or number.is_unspecified
        return own or any(number in network for network in _OWN_NETWORKS if network.version == number.version)
    top = host.rpartition(".")[2]
    return top in _NOT_PUBLIC or ("." not in host and ":" not in host and not host.isdecimal())


def _is_number(host: str) -> bool:
    return _number(host) is not None or host.isdecimal()


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The address a host is, also one that is written as a single number, as browsers read it."""
    try:
        if host.isascii() and host.isdecimal():
            return IPv4Address(int(host))
        return IPv4Address(int(host, 16)) if re.fullmatch(r"0x[0-9a-f]{1,8}", host) else ip_address(host)
    except ValueError:
        return None
