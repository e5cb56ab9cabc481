"""The mail clients we tell apart: their ids, where Can I Email keeps each, and readable words for a group of them.

A client's id is what `--clients` takes; a part up to a hyphen stands for the whole family (`outlook`, `gmail`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from newsletter.errors import SettingsError, did_you_mean


@dataclass(frozen=True, slots=True)
class MailClient:
    """One client: its id, the family and platform under which Can I Email lists it, and the words for both.

    `version` picks one listed version (the Windows editions of Outlook are tested one by one); empty is the newest.
    A client that is not `usual` is in the table, and judged only when it is asked for.
    """

    id: str
    family: str
    platform: str
    name: str
    place: str = ""
    version: str = ""
    usual: bool = True


CLIENTS: tuple[MailClient, ...] = (
    MailClient("gmail-web", "gmail", "desktop-webmail", "Gmail", "web"),
    MailClient("gmail-ios", "gmail", "ios", "Gmail", "iOS"),
    MailClient("gmail-android", "gmail", "android", "Gmail", "Android"),
    MailClient("gmail-other", "gmail", "android", "Gmail's app with an account of another provider"),
    MailClient("outlook-2016", "outlook", "windows", "Outlook for Windows", "2016", "2016"),
    MailClient("outlook-2019", "outlook", "windows", "Outlook for Windows", "2019", "2019"),
    MailClient("outlook-365", "outlook", "windows", "Outlook for Windows", "365"),
    MailClient("outlook-web", "outlook", "outlook-com", "the new Outlook and Outlook.com"),
    MailClient("outlook-macos", "outlook", "macos", "Outlook", "macOS"),
    MailClient("outlook-ios", "outlook", "ios", "Outlook", "iOS"),
    MailClient("outlook-android", "outlook", "android", "Outlook", "Android"),
    MailClient("apple-macos", "apple-mail", "macos", "Apple Mail", "macOS"),
    MailClient("apple-ios", "apple-mail", "ios", "Apple Mail", "iOS"),
    MailClient("yahoo-web", "yahoo", "desktop-webmail", "Yahoo", "web"),
    MailClient("yahoo-ios", "yahoo", "ios", "Yahoo", "iOS"),
    MailClient("yahoo-android", "yahoo", "android", "Yahoo", "Android"),
    MailClient("aol-web", "aol", "desktop-webmail", "AOL", "web"),
    MailClient("aol-ios", "aol", "ios", "AOL", "iOS"),
    MailClient("aol-android", "aol", "android", "AOL", "Android"),
    MailClient("samsung", "samsung-email", "android", "Samsung Email"),
    MailClient("thunderbird", "thunderbird", "macos", "Thunderbird"),
    MailClient("proton-web", "protonmail", "desktop-webmail", "Proton Mail", "web"),
    MailClient("proton-ios", "protonmail", "ios", "Proton Mail", "iOS"),
    MailClient("proton-android", "protonmail", "android", "Proton Mail", "Android"),
    MailClient("fastmail", "fastmail", "desktop-webmail", "Fastmail", usual=False),
    MailClient("hey", "hey", "desktop-webmail", "HEY", usual=False),
    MailClient("gmx-web", "gmx", "desktop-webmail", "GMX", "web", usual=False),
    MailClient("gmx-ios", "gmx", "ios", "GMX", "iOS", usual=False),
    MailClient("gmx-android", "gmx", "android", "GMX", "Android", usual=False),
    MailClient("webde-web", "web-de", "desktop-webmail", "WEB.DE", "web", usual=False),
    MailClient("webde-ios", "web-de", "ios", "WEB.DE", "iOS", usual=False),
    MailClient("webde-android", "web-de", "android", "WEB.DE", "Android", usual=False),
    MailClient("orange-web", "orange", "desktop-webmail", "Orange", "web", usual=False),
    MailClient("orange-ios", "orange", "ios", "Orange", "iOS", usual=False),
    MailClient("orange-android", "orange", "android", "Orange", "Android", usual=False),
    MailClient("laposte", "laposte", "desktop-webmail", "LaPoste.net", usual=False),
    MailClient("mailru", "mail-ru", "desktop-webmail", "Mail.ru", usual=False),
)
IDS: tuple[str, ...] = tuple(client.id for client in CLIENTS)
USUAL: tuple[str, ...] = tuple(client.id for client in CLIENTS if client.usual)
"""Who is judged unless somebody asks for others."""
OUTLOOK_WINDOWS = ("outlook-2016", "outlook-2019", "outlook-365")
"""Who draws with Word, and reads what stands in `[if mso]`."""
NO_STYLES = "gmail-other"
"""Who drops every style element."""


def choose_clients(wanted: Iterable[str]) -> tuple[str, ...]:
    """The ids meant by ids, families (`outlook`) and `all`, in the table's order; none wanted means the usual ones.

    Raises `SettingsError` that names each word nobody is called by.
    """
    words = [word.strip().lower() for word in wanted if word.strip()]
    if not words:
        return USUAL
    chosen: set[str] = set()
    unknown = []
    for word in words:
        kin = {one.id for one in CLIENTS if one.family == word}
        found = [one for one in IDS if word in ("all", one) or one.startswith(f"{word}-") or one in kin]
        chosen.update(found)
        if not found:
            unknown.append(f"no mail client is called '{word}'.{did_you_mean(word, (*IDS, *_families()))}")
    if unknown:
        raise SettingsError(f"{' '.join(unknown)} Known: {', '.join(IDS)}; a family such as 'outlook'; or 'all'.")
    return tuple(one for one in IDS if one in chosen)


def clients_in_words(ids: Collection[str]) -> str:
    """The clients as people name them: 'Gmail (iOS, Android), Outlook 2016–2019 for Windows, Yahoo'."""
    words = []
    for name in dict.fromkeys(client.name for client in CLIENTS if client.id in ids):
        kin = [client for client in CLIENTS if client.name == name]
        here = ", ".join(client.place for client in kin if client.id in ids)
        if all(client.id in ids for client in kin) and name != "Outlook":
            words.append(name)
        elif name == "Outlook for Windows":
            editions = here.replace("2016, 2019", "2016–2019").replace("2019, 365", "2019–365")
            words.append(f"Outlook {editions} for Windows")
        else:
            words.append(f"{name} ({here})")
    return ", ".join(words)


def _families() -> set[str]:
    return {one.split("-")[0] for one in IDS}
