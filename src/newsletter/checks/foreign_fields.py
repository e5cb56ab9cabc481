"""Merge fields of any tool that are left in a text: `{{ name }}`, `*|FNAME|*`, `%recipient.name%`, `{first_name}`.

In: a text that readers see. Out: what stands in it of such fields. What no sentence holds by chance is one, whatever
it names. Where words in braces or percent signs may mean something else (`${HOME}`, `{file}`, `%PATH%`), only names of
what is known of people are: a false alarm is worse than a miss.

Sources: the merge fields of Mailchimp, Salesforce Marketing Cloud, Mailgun, Braze, ActiveCampaign, Brevo, ERB and
Jinja, each as its own documentation writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SURE = re.compile(
    r"\{\{[^{}\n]{1,60}\}\}|\{%[^{}\n]{1,60}%\}"
    r"|\*\|[A-Za-z][^|*\n]{0,60}\|\*"
    r"|(?<![\w%])%%(?:[A-Za-z_][\w.:-]{0,40}|=[^%\n]{1,60}=)%%(?![\w%])"
    r"|<%[=#-]?\s{0,5}[^<>%\n]{1,60}%>"
    r"|(?<![\w@])@@[A-Za-z_][\w.]{0,40}@@(?![\w@])"
    r"|(?<![\w%])%[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40})+%(?![\w%])"
)
_NAME = r"(?P<{0}>[^\W\d][\w.-]{{0,40}})"
_DOUBTFUL = re.compile(
    rf"\$\{{{_NAME.format('shell')}\}}"
    rf"|(?<![\w\[])\[\[ ?{_NAME.format('wiki')} ?\]\](?![\w\]])"
    rf"|(?<![\w/$#{{])\{{\$?{_NAME.format('brace')}\}}(?![\w/}}]|\.\w)"
    rf"|(?<![\w%])%{_NAME.format('percent')}%(?![\w%])"
)
_KNOWN = frozenset(
    "name names fname lname firstname lastname fullname surname forename nickname email mail emailaddress company "
    "salutation subscriber recipient contact member customer city unsubscribe unsub unsubscribelink unsubscribeurl "
    "optout webversion viewinbrowser coupon voucher birthday "
    "vorname nachname anrede firma abmelden abmeldelink "
    "nom prenom prénom entreprise désinscription desinscription nombre apellido apellidos empresa "
    "voornaam achternaam bedrijf nome cognome azienda".split()
)
"""What lists know of people, in the languages of the tools' own forms."""
_BESIDE = frozenset(
    "first last full given family middle preferred your user person profile address url link tag field code".split()
)
"""Words that may stand in a name beside one of those."""
_WORDS = re.compile(r"[A-ZÀ-Þ]+(?![a-zß-ÿ])|[A-ZÀ-Þ]?[a-zß-ÿ]+")


def fields_in(text: str) -> Iterator[tuple[str, int]]:
    """Each merge field as it is written, and where in the text it begins."""
    sure = [(one[0], one.start(), one.end()) for one in _SURE.finditer(text)]
    yield from ((found, start) for found, start, _ in sure)
    for one in _DOUBTFUL.finditer(text):
        inside = any(start <= one.start() < end for _, start, end in sure)
        if not inside and _is_of_people(next(filter(None, one.groupdict().values()), "")):
            yield one[0], one.start()


def sure_field_in(text: str) -> str:
    """The first merge field that nothing else is written like; nothing when there is none."""
    found = _SURE.search(text)
    return found[0] if found else ""


def _is_of_people(name: str) -> bool:
    """Whether it names what a list knows of a person: `firstName`, `subscriber.email`, `FNAME`; not `file_name`."""
    if name.lower() in _KNOWN:
        return True
    words = [one.lower() for one in _WORDS.findall(name)]
    return any(one in _KNOWN for one in words) and all(one in _KNOWN or one in _BESIDE for one in words)
