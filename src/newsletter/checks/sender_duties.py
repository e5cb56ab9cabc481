"""What the law and the big mailbox providers ask of whoever writes to many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from email.utils import parseaddr
from functools import partial

from newsletter.checks.leaving import can_leave
from newsletter.checks.mail import Mail
from newsletter.checks.page import words_of
from newsletter.checks.postal import may_have_address
from newsletter.checks.rule import Rule, error, warning
from newsletter.checks.subject import Subject
from newsletter.model import Finding, Severity, Where
from newsletter.settings import Settings

RULES = (
    error(
        "unsubscribe-link",
        "Every mail to a list needs a link to leave it that readers can see. Source: CAN-SPAM Act, 15 USC 7704(a)(3); "
        "GDPR, article 7(3); Gmail's and Yahoo's sender requirements of 2024.",
    ),
    error(
        "postal-address",
        "A mailing names the physical address of its sender. Source: CAN-SPAM Act, 15 USC 7704(a)(5); the imprint duty "
        "of the German Digitale-Dienste-Gesetz.",
    ),
    warning(
        "sender-identity",
        "Readers have to see who writes to them, also where pictures and HTML are not shown: the sender's name on the "
        "page, name and postal address in the plain text, a name beside the address in From. Source: CAN-SPAM Act, 15 "
        "USC 7704(a)(1) and (5); ePrivacy Directive, article 13(4); M3AAWG Sender Best Common Practices.",
    ),
    warning(
        "list-unsubscribe",
        "The List-Unsubscribe header puts a button beside the sender's name, which people press instead of 'spam'. "
        "Source: RFC 2369; required by Gmail and Yahoo of who sends 5,000 mails a day.",
    ),
    Rule(
        "one-click",
        Severity.INFO,
        "One-click unsubscribing needs an https address in List-Unsubscribe and the header List-Unsubscribe-Post. "
        "Source: RFC 8058; required by Gmail and Yahoo of who sends 5,000 mails a day.",
    ),
    Rule(
        "list-id",
        Severity.INFO,
        "List-Id names the list, so that readers and filters can tell it from other mail. Source: RFC 2919.",
    ),
    warning(
        "sender-domain",
        "Mail to many from an address at a free mailbox provider fails that provider's DMARC policy and is refused. "
        "Source: the DMARC records of gmail.com and yahoo.com; Gmail's sender requirements of 2024.",
    ),
)
_LINK, _ADDRESS, _IDENTITY, _HEADER, _ONE_CLICK, _LIST_ID, _DOMAIN = RULES
_NEWSLETTER = re.compile(
    r"newsletter|mailing list|\bsubscri(?:be|ption)|(?:view|read) (?:this|it|the) (?:\w+ )?(?:in|online|on)\b"
    r"|im browser (?:ansehen|öffnen|lesen)|abonniert|abonné|suscrit|iscritt",
    re.IGNORECASE,
)
_FREE = frozenset(
    "gmail.com googlemail.com ymail.com rocketmail.com aol.com aol.de aol.co.uk outlook.com outlook.de outlook.fr "
    "live.com live.de live.fr live.nl live.co.uk msn.com icloud.com me.com mac.com gmx.com gmx.de gmx.net gmx.at "
    "gmx.ch web.de mail.com mail.ru protonmail.com proton.me pm.me yandex.com yandex.ru t-online.de freenet.de "
    "laposte.net orange.fr wanadoo.fr free.fr libero.it qq.com 163.com 126.com naver.com".split()
)
_FREE_ANYWHERE = re.compile(r"(?:yahoo|hotmail)\.(?:com?\.)?[a-z]{2,3}")
"""Under the name of every country they are in."""


def check(subject: Subject) -> Iterator[Finding]:
    """An error when the brand's postal address is not on the page; warnings when nobody sees whose mail it is."""
    if subject.mail is None:
        return
    yield from _identity(subject, subject.mail)
    for one in _headers(subject.mail, subject.mail.headers or {}, partial(_where_set, subject.settings)):
        yield replace(one, variant=subject.rendered.key)
    address = " ".join(subject.settings.brand.postal_address.split())
    if address and _bare(address) not in _bare(words_of(subject.mail.page.body)):
        where = subject.settings.where("brand", "postal_address")
        fix = "Put {{ brand.postal_address }} into the layout."
        yield _ADDRESS.finding("the brand's postal address is not in the mail.", where, subject.rendered.key, fix)
    if not address:
        where = subject.settings.where("brand", "postal_address")
        yield _ADDRESS.finding("the brand has no postal address.", where, subject.rendered.key, "Write it.")


def _identity(subject: Subject, mail: Mail) -> Iterator[Finding]:
    """Whether name and address stand where readers look for them."""
    brand, key = subject.settings.brand, subject.rendered.key
    text = _bare(mail.text or "")
    for what, value, place in (
        ("name", brand.name, "name"),
        ("postal address", brand.postal_address, "postal_address"),
    ):
        if mail.text is not None and _bare(value) and _bare(value) not in text:
            where = subject.settings.where("brand", place)
            fix = f"Put {{{{ brand.{place} }}}} into the layout's text."
            yield _IDENTITY.finding(f"the brand's {what} is not in the plain text.", where, key, fix)
    names = {_bare(brand.name), _bare(subject.settings.sender.name)}
    if not any(name and name in _bare(words_of(mail.page.body)) for name in names):
        where = subject.settings.where("brand", "name")
        yield _IDENTITY.finding(
            "the page does not name its sender.", where, key, "Put {{ brand.name }} into the layout."
        )


def check_mail(mail: Mail) -> Iterator[Finding]:
    """What the page and the headers lack; a file is judged when its headers say that it goes to a list."""
    if mail.in_file and not _goes_to_a_list(mail.headers or {}):
        yield from _of_a_page(mail)
        return
    if not can_leave(mail):
        where = mail.places.of_offset(max(0, mail.html.lower().rfind("</body")))
        fix = "Add a link with {{ recipient.unsubscribe_url }}." if not mail.in_file else "Add one."
        yield _LINK.finding("no link on the page says how to unsubscribe.", where, fix=fix)
    if mail.headers is not None and mail.in_file:
        yield from _headers(mail, mail.headers, mail.key)
        yield from _address_of_bulk(mail, mail.headers)


def _address_of_bulk(mail: Mail, headers: Mapping[str, str]) -> Iterator[Finding]:
    """A warning when nothing in a mailing could be an address; a list to discuss on has none to give."""
    bulk = any(headers.get(one) for one in ("list-id", "list-unsubscribe"))
    if headers.get("list-post") or not (bulk or headers.get("precedence", "").lower() == "bulk"):
        return
    if not may_have_address(f"{words_of(mail.page.body)} {mail.text or ''}"):
        where = mail.places.of_offset(max(0, mail.html.lower().rfind("</body")))
        fix = "Put the sender's postal address at its end."
        found = _ADDRESS.finding("nothing in the mail looks like a postal address.", where, fix=fix)
        yield replace(found, severity=Severity.WARNING)


def _of_a_page(mail: Mail) -> Iterator[Finding]:
    """A warning for a whole page without headers that by its words is a newsletter, and cannot be left."""
    whole = mail.headers is None and "<html" in mail.html.lower()
    if whole and _NEWSLETTER.search(words_of(mail.page.body)) and not can_leave(mail):
        where = mail.places.of_offset(max(0, mail.html.lower().rfind("</body")))
        found = _LINK.finding("no link on the page says how to unsubscribe.", where, fix="Add one.")
        yield replace(found, severity=Severity.WARNING)


def _where_set(settings: Settings, header: str) -> Where:
    """The line of newsletter.yaml that a header of an issue's mails is made from."""
    if header == "list-unsubscribe-post":
        return settings.where("public_url")
    return settings.where("sender", "address") if header == "from" else settings.where("sender")


def _headers(mail: Mail, headers: Mapping[str, str], where: Callable[[str], Where]) -> Iterator[Finding]:
    leave = headers.get("list-unsubscribe", "")
    if not leave:
        fix = "Send it with every mail of a list."
        yield _HEADER.finding("the mail has no List-Unsubscribe header.", where("list-unsubscribe"), fix=fix)
    elif not ("https://" in leave and headers.get("list-unsubscribe-post")):
        message = "readers cannot unsubscribe with one click: that needs an https address and List-Unsubscribe-Post."
        fix = "Serve such an address when you send 5,000 mails a day or more."
        yield _ONE_CLICK.finding(message, where("list-unsubscribe-post"), fix=fix)
    if not headers.get("list-id"):
        yield _LIST_ID.finding("the mail has no List-Id header.", where("list-id"), fix="Name the list.")
    name, address = parseaddr(headers.get("from", ""))
    if mail.in_file and address and not name.strip():
        message = f"readers see an address ({address}) in the place of a sender's name."
        yield _IDENTITY.finding(message, where("from"), fix="Write From as `Name <address>`.")
    domain = address.rpartition("@")[2].lower()
    if domain in _FREE or _FREE_ANYWHERE.fullmatch(domain):
        message = f"the mail is sent from an address at {domain}."
        yield _DOMAIN.finding(message, where("from"), fix="Send from a domain of your own.")


def _goes_to_a_list(headers: Mapping[str, str]) -> bool:
    """Whether it is a mailing; an order's confirmation has nothing to leave."""
    named = any(headers.get(name) for name in ("list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help"))
    return named or headers.get("precedence", "").lower() in ("bulk", "list")


def _bare(text: str) -> str:
    return "".join(re.findall(r"\w+", text.lower()))
