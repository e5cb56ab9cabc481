"""The user agent that fetched an open's picture → the family of mail clients it belongs to.

In: what a provider repeats of the request's `User-Agent`. Out: a `ClientFamily`; the words themselves are not kept,
because they tell more of a person's machine than anybody here needs. What people's own devices do not ask for tells no
device: Gmail's and Yahoo's servers fetch pictures for all their apps, and Apple's for the Mail of every iPhone and Mac
(Mail Privacy Protection), so these are families of several clients. Sources: the agents that the programs send, as
ua-parser's uap-core collects them (github.com/ua-parser/uap-core, regexes.yaml); for Gmail's proxy,
scientiamobile.com/what-is-google-image-proxy.
"""

from __future__ import annotations

import re

from newsletter.model import ClientFamily

_LONGEST = 1_000
_WEBKIT = r"AppleWebKit/[\d.]{1,20} \(KHTML, like Gecko\)"
_OUTLOOK_16 = re.compile(r"Outlook (?:Mail )?16\.0\.(\d{3,6})", re.IGNORECASE)
_NAMED = tuple(
    (re.compile(words, re.IGNORECASE), family)
    for words, family in (
        (r"GoogleImageProxy", ClientFamily.GMAIL),
        (r"YahooMailProxy|YahooMobileMail|Yahoo ?Mail/", ClientFamily.YAHOO),
        (r"Outlook-iOS", ClientFamily.OUTLOOK_IOS),
        (r"Outlook-Android", ClientFamily.OUTLOOK_ANDROID),
        (r"MacOutlook|Outlook-Mac|Macintosh[^)]{0,100}\).{0,200}\bOutlook/", ClientFamily.OUTLOOK_MACOS),
        (r"OneOutlook", ClientFamily.OUTLOOK_WEB),
        (r"Thunderbird/|Betterbird/", ClientFamily.THUNDERBIRD),
        (r"Samsung[ ._-]?E?Mail|com\.samsung\.android\.email", ClientFamily.SAMSUNG),
        (r"Proton ?Mail", ClientFamily.PROTON),
        (r"^Mail/[\d.]+ .{0,40}CFNetwork/|^MobileMail/", ClientFamily.APPLE),
    )
)
_OFFICE = re.compile(r"Microsoft Outlook|MSOffice|ms-office", re.IGNORECASE)
_APPLE_IOS = re.compile(rf"Mozilla/5\.0 \((?:iPhone|iPad|iPod)[^()]{{0,100}}\) {_WEBKIT}(?: Mobile/\w{{1,20}})?")
_APPLE_MACOS = re.compile(rf"Mozilla/5\.0 \(Macintosh; [^()]{{0,100}}\) {_WEBKIT}")
_PROTECTED = "Mozilla/5.0"
"""All that Apple's servers say of themselves."""
_NOBODY = re.compile(r"bot\b|crawl|spider|scan|preview|discovery|monitor|headless|python|curl|wget", re.IGNORECASE)
_ANDROID_APP = re.compile(r"Android [^()]{0,200}; ?wv\)")
_BROWSER = re.compile(r"Mozilla/5\.0 .*(?:Chrome|CriOS|Firefox|FxiOS|Safari|Edg[A-Za-z]*|OPR)/")


def family_of(agent: str, machine: bool = False) -> ClientFamily:
    """Who fetched the pictures of a mail; `machine`: the provider says that Apple's protection did.

    A browser may be any webmail whose pictures do not come through a server of its own, and an app on Android any that
    draws with the system's browser. New builds of Outlook for Windows are those of Microsoft 365, whatever edition
    brought them: they draw alike.
    """
    words = " ".join(agent[:_LONGEST].split())
    found = _named(words)
    if machine and found in (ClientFamily.UNKNOWN, ClientFamily.BROWSER, ClientFamily.ANDROID):
        return ClientFamily.APPLE
    return found


def clicked_in(agent: str) -> ClientFamily | None:
    """The same of a click: None unless the agent names a mail program. A link opens in the reader's browser, whatever
    they read their mail with, and a browser's view inside some app looks like Apple Mail."""
    words = " ".join(agent[:_LONGEST].split())
    lookalikes = (_APPLE_IOS, _APPLE_MACOS)
    if words == _PROTECTED or any(one.fullmatch(words) for one in lookalikes):
        return None
    found = _named(words)
    return None if found in (ClientFamily.UNKNOWN, ClientFamily.BROWSER, ClientFamily.ANDROID) else found


def _named(words: str) -> ClientFamily:
    for pattern, family in _NAMED:
        if pattern.search(words):
            return family
    if _NOBODY.search(words):
        return ClientFamily.UNKNOWN
    if _OFFICE.search(words):
        return _edition(words)
    if words == _PROTECTED:
        return ClientFamily.APPLE
    if _APPLE_IOS.fullmatch(words):
        return ClientFamily.APPLE_IOS
    if _APPLE_MACOS.fullmatch(words):
        return ClientFamily.APPLE_MACOS
    if _ANDROID_APP.search(words):
        return ClientFamily.ANDROID
    return ClientFamily.BROWSER if _BROWSER.match(words) else ClientFamily.UNKNOWN


def _edition(words: str) -> ClientFamily:
    """By the build: Outlook 2016 as it is installed from a file is 4266 and up, 2019 so is 10336 to 10417 (Microsoft,
    'Update history' of Office 2016 and 2019); every other is of the channel that Microsoft 365 has."""
    match = _OUTLOOK_16.search(words)
    if match is None:
        return ClientFamily.OUTLOOK_WINDOWS
    build = int(match[1])
    if build < 6_000:
        return ClientFamily.OUTLOOK_2016
    return ClientFamily.OUTLOOK_2019 if 10_336 <= build <= 10_430 else ClientFamily.OUTLOOK_365
