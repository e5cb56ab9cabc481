"""The words of links: they say where a link leads, also out of their sentence, and do not say another address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.hosts_in_words import said_host
from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, host_of, style_of, without_fields, words_of
from newsletter.checks.rule import error, warning
from newsletter.expressions import TOKEN
from newsletter.lines import host_in_ascii, readable_host
from newsletter.model import Finding

RULES = (
    warning(
        "link-text",
        "Readers who listen go from link to link: 'click here' ten times says nothing, and a bare address is read out "
        "letter by letter. Source: WCAG 2.2, success criterion 2.4.4; the same words are scored by spam filters.",
    ),
    error(
        "link-host",
        "A link whose words are one address and whose target is on another host is what phishing looks like: mail "
        "programs warn of it. Source: Thunderbird's and Outlook's phishing warnings; rspamd's PHISHING.",
    ),
)
_TEXT, _HOST = RULES
_EMPTY = frozenset(
    "click here|click|here|tap here|this link|link|click this link|click me|this|hier|hier klicken|klicken sie hier"
    "|cliquez ici|ici|haga clic aquí|aquí".split("|")
)
_LONG_ADDRESS = 40
_SECOND_LEVEL = frozenset({"co", "com", "org", "net", "ac", "gov", "edu"})


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for words that say nothing, an error for words that say another host."""
    for link in mail.page.shown("a"):
        target, words = link.get("href") or "", words_of(link)
        if target and not words and _is_empty(link):
            message = f"the link to {without_fields(target)[:80]} has no words: nobody sees it."
            yield _TEXT.finding(message, mail.at(link, target), fix="Write words into it, or take it out.")
        if not target or not words or TOKEN.search(words):
            continue
        bare = words.lower().strip(" .!…>»→:")
        if bare in _EMPTY and not link.get("aria-label"):
            fix = "Say what is behind it, such as 'the report on tools'."
            yield _TEXT.finding(
                f"the link '{words}' does not say where it leads.", mail.at(link, words, target), fix=fix
            )
        elif re.match(r"https?://", words) and " " not in words and len(words) > _LONG_ADDRESS:
            message = f"the link's words are a long address ({words[:50]}…)."
            yield _TEXT.finding(
                message, mail.at(link, words, target), fix="Use words, and put the address behind them."
            )
        said = said_host(words)
        meant = host_of(target) if re.match(r"https?://", target) else ""
        if said and meant and not TOKEN.search(target) and _site(said) != _site(meant):
            message = f"the link says {readable_host(said)} and leads to {readable_host(meant)}."
            yield _HOST.finding(message, mail.at(link, target, words), fix="Let words and target name the same host.")


def _is_empty(link: Element) -> bool:
    """Whether nothing in it can be seen or heard; a picture, or a box with a size of its own, can."""
    if any(True for _ in link.iter("img", "svg", "table", "object", "picture", "input", "hr")):
        return False
    boxes = ("background", "background-image", "background-color", "width", "height", "padding", "border")
    sized = any(style_of(one).keys() & set(boxes) for one in link.iter() if isinstance(one.tag, str))
    return not (sized or link.get("aria-label") or link.get("title") or link.get("id") or link.get("name"))


def _site(host: str) -> str:
    """The part of a host that one owner registers: its last two labels, or three below co.uk and the like."""
    labels = host_in_ascii(host).removeprefix("www.").split(".")
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2:
        return ".".join(labels[-3:])
    return ".".join(labels[-2:])
