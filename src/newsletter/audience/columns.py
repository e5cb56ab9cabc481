"""A header → which column fills which field: as the audience says, as a known export has it, or as its words suggest.

What was taken from where is part of the result, so that a person can see it before anything is imported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.audience.professions import normalised
from newsletter.audience.records import Records
from newsletter.errors import FileProblems, Problem, did_you_mean
from newsletter.model import Audience, SubscriberStatus, Where

FIELDS = (
    "address",
    "first_name",
    "last_name",
    "profession",
    "country",
    "language",
    "time_zone",
    "status",
    "tags",
    "consent_at",
    "consent_method",
    "consent_source",
    "consent_version",
)
"""What a column can fill; one under any other name becomes an attribute of the subscriber."""

WHOLE_NAME = "whole name"
"""A column with first and last name in one: only known exports have it."""
MORE_ATTRIBUTES = "more attributes"
"""A column with a JSON object whose keys become attributes: only known exports have it."""
CONSENT_ELSE = "consent_at, else"
"""Where the time of consent stands when `consent_at` is empty: only known exports have it."""

_LEFT_BY: Mapping[str, SubscriberStatus] = {
    **dict.fromkeys(
        ("unsub time", "unsub reason", "unsub campaign id", "unsub campaign title"), SubscriberStatus.UNSUBSCRIBED
    ),
    **dict.fromkeys(
        ("unsubscribed at", "unsubscribe time", "unsubscribed time", "unsubscribe date", "unsubscribed date"),
        SubscriberStatus.UNSUBSCRIBED,
    ),
    **dict.fromkeys(("opted out at", "opt out time", "opt out date"), SubscriberStatus.UNSUBSCRIBED),
    **dict.fromkeys(("clean time", "clean campaign id", "clean campaign title"), SubscriberStatus.BOUNCED),
    **dict.fromkeys(("cleaned at", "bounced at"), SubscriberStatus.BOUNCED),
}
"""Headings under which anything says that its person left, and how, whatever else the row or the audience says."""

_SUBSCRIBED = (
    *("subscribed", "is subscribed", "opted in", "opt in", "email opt in", "newsletter opt in", "accepts marketing"),
    *("accepts email marketing", "abonniert", "newsletter abonniert", "abonne", "suscrito"),
)
_UNSUBSCRIBED = (
    *("unsubscribed", "is unsubscribed", "opted out", "opt out", "email opt out", "has opted out of email"),
    *("do not email", "abgemeldet", "desabonne"),
)
_GUESSES: Mapping[str, tuple[str, ...]] = {
    "address": (
        *("email", "e mail", "email address", "e mail address", "address", "mail", "mail address"),
        *("e mail adresse", "email adresse", "adresse e mail", "adresse email", "courriel", "correo electronico"),
        *("correo", "e mailadres", "indirizzo email", "endereco de email"),
    ),
    "first_name": (
        *("first name", "firstname", "given name", "forename", "fname", "vorname", "prenom", "nombre", "voornaam"),
        *("nome proprio",),
    ),
    "last_name": (
        *("last name", "lastname", "surname", "family name", "lname", "nachname", "familienname", "nom de famille"),
        *("apellido", "apellidos", "achternaam", "cognome"),
    ),
    "profession": (
        *("profession", "job title", "job", "title", "occupation", "role", "position", "beruf", "berufsbezeichnung"),
        *("metier", "profesion", "puesto", "beroep", "professione", "profissao"),
    ),
    "country": ("country", "country code", "land", "pays", "pais", "paese"),
    "language": ("language", "lang", "locale", "sprache", "langue", "idioma", "taal", "lingua"),
    "time_zone": ("time zone", "timezone", "tz", "zeitzone", "fuseau horaire", "zona horaria"),
    "status": ("status", "subscription", "subscription status", "subscription state", *_UNSUBSCRIBED, *_SUBSCRIBED),
    "tags": ("tags", "tag", "labels", "schlagworter", "etiquettes", "etiquetas"),
    "consent_at": ("consent at", "consent date", "consent time", "consented at", "opt in date", "opt in time"),
    "consent_method": ("consent method", "opt in method"),
    "consent_source": ("consent source", "opt in source", "signup source", "sign up source"),
    "consent_version": ("consent version", "consent text version", "terms version"),
}
_SENDGRID_RESERVED = (
    *("email", "first name", "last name", "country", "alternate emails", "address line 1", "address line 2", "city"),
    *("state province region", "postal code", "phone number", "whatsapp", "line", "facebook", "unique name"),
    *("contact id", "created at", "updated at", "phone number id", "external id", "anonymous id", "list ids"),
)
_MOST_ATTRIBUTES = 100


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column fills which field."""

    places: Mapping[str, int]
    """Field → position; besides `FIELDS`, attributes by their name and the columns that only exports have."""
    origin: str
    """Who says so: `columns: in audiences/x.yaml`, `a Mailchimp export`, `guessed from the headings`."""
    shown: Mapping[str, str]
    """Field → heading, for a person to look at."""
    ignored: tuple[str, ...] = ()
    """The headings that fill nothing."""
    status: SubscriberStatus | None = None
    """What all people of the file are, when the kind of export says so."""
    consent_source: str = ""
    """Where a consent without a source of its own comes from."""
    asks_consent: bool = False
    """Whether a row without a time of consent is `pending`."""
    notes: tuple[str, ...] = field(default=())
    agrees: bool | None = None
    """What yes says in the column of the status: that its person is subscribed, or that they left; None: neither."""
    structured: bool = False
    """Whether a cell may hold a JSON object or list, because the file has such values."""
    left_by: Mapping[int, SubscriberStatus] = field(default_factory=dict)
    """Position → what a person is when its cell is filled."""


def means_something(heading: str, audience: Audience) -> bool:
    """Whether the heading is one the audience names, or one that is guessed."""
    name = normalised(heading)
    return name in {normalised(one) for one in audience.columns.values()} or any(
        name in one for one in _GUESSES.values()
    )


def columns_of(records: Records, audience: Audience) -> Columns:
    """The columns of the file; raises `FileProblems` when one that the audience names is missing, or the address."""
    header = records.header
    if not any(header):
        raise FileProblems.at(
            Where(audience.source, records.header_line), "is empty: not even the names of columns stand in it."
        )
    places = {normalised(name): place for place, name in reversed(list(enumerate(header))) if name}
    if audience.columns:
        found = _given(places, records, audience)
    else:
        found = _mailchimp(places) or _listmonk(places) or _sendgrid(places, header) or _guessed(places, records)
    if "address" not in found.places:
        raise FileProblems.at(Where(audience.source, records.header_line), _no_address(header, audience))
    left_by = {place: _LEFT_BY[name] for name, place in places.items() if name in _LEFT_BY} if not found.status else {}
    used = {*found.places.values(), *left_by}
    shown = {name: header[place] for name, place in found.places.items()}
    shown |= {f"{status.value}, if filled": header[place] for place, status in reversed([*left_by.items()])}
    ignored = tuple(cell for place, cell in enumerate(header) if place not in used and cell)
    twice = [header[place] for place in used if sum(normalised(one) == normalised(header[place]) for one in header) > 1]
    notes = tuple(f"the heading '{one}' stands there more than once; the first is read" for one in twice)
    return Columns(
        found.places,
        found.origin,
        shown,
        ignored,
        found.status,
        found.consent_source,
        found.asks_consent,
        (*found.notes, *notes),
        _agrees(header[found.places["status"]]) if "status" in found.places else None,
        records.structured,
        left_by,
    )


def _agrees(heading: str) -> bool | None:
    """Whether yes under this heading means subscribed (True) or left (False); None where it asks neither."""
    name = normalised(heading)
    return True if name in _SUBSCRIBED or name == "newsletter" else False if name in _UNSUBSCRIBED else None


def _given(places: Mapping[str, int], records: Records, audience: Audience) -> Columns:
    missing = [
        Problem(
            Where(audience.source, records.header_line),
            f"no column '{column}' (for {name}).{did_you_mean(column, records.header)} "
            f"The file has: {', '.join(records.header) or 'no header line'}. Mend `columns:` in {audience.where.path}.",
        )
        for name, column in audience.columns.items()
        if normalised(column) not in places
    ]
    if missing and (unparted := _unparted(records.header, audience)):
        raise FileProblems.at(Where(audience.source, records.header_line), unparted)
    if missing:
        raise FileProblems(missing)
    found = {
        MORE_ATTRIBUTES if name == "attributes" else name: places[normalised(column)]
        for name, column in audience.columns.items()
    }
    guessed = _guesses(places, ("address",))
    return Columns(guessed | found, f"`columns:` in {audience.where.path}", {})


def _guesses(places: Mapping[str, int], wanted: Sequence[str] = FIELDS) -> dict[str, int]:
    guesses = {name: next((one for one in _GUESSES[name] if one in places), None) for name in wanted}
    return {name: places[heading] for name, heading in guesses.items() if heading is not None}


def _guessed(places: Mapping[str, int], records: Records) -> Columns:
    found = _guesses(places)
    if records.structured and "attributes" in places:
        found[MORE_ATTRIBUTES] = places["attributes"]
    return Columns(found, "guessed from the headings", {})


def _mailchimp(places: Mapping[str, int]) -> Columns | None:
    """Mailchimp's audience export: one CSV each for subscribed, unsubscribed and cleaned people."""
    if not {"member rating", "optin time", "leid", "euid"} <= set(places):
        return None
    status = SubscriberStatus.SUBSCRIBED
    kind = "subscribed"
    if "unsub time" in places:
        status, kind = SubscriberStatus.UNSUBSCRIBED, "unsubscribed"
    elif "clean time" in places:
        status, kind = SubscriberStatus.BOUNCED, "cleaned"
    own = {
        "address": "email address",
        "country": "cc",
        "time_zone": "timezone",
        "tags": "tags",
        "consent_at": "confirm time",
        CONSENT_ELSE: "optin time",
    }
    guessed = {name: place for name, place in _guesses(places).items() if name != "status"}
    found = guessed | {name: places[heading] for name, heading in own.items() if heading in places}
    asks = status is SubscriberStatus.SUBSCRIBED
    return Columns(found, f"a Mailchimp export ({kind})", {}, (), status, "Mailchimp", asks)


def _listmonk(places: Mapping[str, int]) -> Columns | None:
    """listmonk's export of subscribers; its whole names are parted as listmonk does, at the first space."""
    if not {"uuid", "email", "name", "attributes", "status"} <= set(places):
        return None
    own = {"address": "email", WHOLE_NAME: "name", MORE_ATTRIBUTES: "attributes", "status": "status"}
    return Columns({name: places[heading] for name, heading in own.items()}, "a listmonk export", {})


def _sendgrid(places: Mapping[str, int], header: Sequence[str]) -> Columns | None:
    """SendGrid's export of marketing contacts: fields of one's own become attributes."""
    if not {"email", "contact id", "alternate emails"} <= set(places):
        return None
    found = _guesses(places)
    used = set(found.values())
    for name, place in places.items():
        if name not in _SENDGRID_RESERVED and place not in used and len(found) < _MOST_ATTRIBUTES:
            found.setdefault(re.sub(r"\W+", "_", header[place].strip().lower()).strip("_") or f"field_{place}", place)
    note = "SendGrid's contacts do not say who unsubscribed or bounced: import its suppressions too"
    return Columns(found, "a SendGrid export", {}, notes=(note,))


def _no_address(header: Sequence[str], audience: Audience) -> str:
    if any("@" in cell and " " not in cell for cell in header):
        return (
            "the first line is a person already, and no names of columns. "
            "Put a line above it that names them, such as `Email,First name,Job title`."
        )
    if unparted := _unparted(header, audience):
        return unparted
    return (
        f"no column holds the address. The file has: {', '.join(header) or 'nothing'}. "
        f"Say which one it is in {audience.where.path}, such as `columns: {{address: Email}}`."
    )


def _unparted(header: Sequence[str], audience: Audience) -> str:
    """What to say of a header that came out as one column though it reads like several; empty otherwise."""
    if len(header) != 1 or not re.search(r"[^\w .()-]|  ", header[0]):
        return ""
    return (
        f"the first line reads as one column, '{header[0][:80]}': it is not clear what parts its cells. Say which "
        f"character does in {audience.where.path}, such as `delimiter: '#'` (a tab is `\\t`)."
    )
