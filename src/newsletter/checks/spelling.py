"""Words that are nearly one of the dictionary's: slips of the pen, with the word that was probably meant.

In: the words readers see, in the language the page says. Out: a finding for each word that is unknown and one letter
away from a known one. Names, terms and abbreviations have no such neighbour as a rule, or are written with capitals;
what remains of them goes into `spelling: words:` of newsletter.yaml. Raises `SettingsError` when the dictionaries are
not installed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, without_fields
from newsletter.checks.rule import Rule
from newsletter.errors import SettingsError
from newsletter.model import Finding, Severity

if TYPE_CHECKING:
    from spellchecker import SpellChecker

RULES = (
    Rule(
        "spelling",
        None,
        "A word that is in no dictionary and one letter away from one that is was probably meant to be that. Off until "
        "`checks: {spelling: warning}` says otherwise, because no dictionary knows every word of a trade; your own go "
        "into `spelling: {words: […]}`. Source: the word lists of pyspellchecker (English, German, Spanish, French, "
        "Italian, Dutch, Portuguese, Russian, Arabic, Basque, Latvian, Persian).",
    ),
)
_LANGUAGES = frozenset("ar de en es eu fa fr it lv nl pt ru".split())
_WORD = re.compile(r"(?<![\w@./'’-])[^\W\d_]+(?:['’][^\W\d_]+)*(?![\w@/'’-]|\.\w)")
_SHORTEST = 4
_YOUNGER = frozenset("app apps blog blogs chatbot chatbots emails hashtag podcast podcasts smartphone wifi".split())
"""Words that have come since the lists were made."""
_SILENT = frozenset({"code", "pre", "kbd", "samp", "tt", "script", "style", "title"})
_SENTENCE_BEGINS = re.compile(r"(?:^|[.!?:…»”\"]\s+|^\s*)$")
_BRITISH = (
    (re.compile(r"our"), "or"),
    (re.compile(r"is(?=e|ing|ation|er)"), "iz"),
    (re.compile(r"ys(?=e|ing)"), "yz"),
    (re.compile(r"tre(?=s?$)"), "ter"),
    (re.compile(r"ogue(?=s?$)"), "og"),
    (re.compile(r"ll(?=ed$|ing$|er$|ers$)"), "l"),
    (re.compile(r"mme(?=s?$)"), "m"),
    (re.compile(r"[ao]e"), "e"),
    (re.compile(r"c(?=e[sd]?$)"), "s"),
)
"""The dictionary of English is American; these are the regular differences."""


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A finding for each such word, where it stands first; a note when there is no dictionary of the language."""
    language = (mail.page.root.get("lang") or "en").lower().partition("-")[0]
    if language not in _LANGUAGES:
        message = f"there is no dictionary of the language '{language}'."
        where = mail.places.of_offset(0) if mail.in_file else mail.key("language")
        yield Finding(RULES[0].name, Severity.INFO, message, where, fix="Turn the rule off.")
        return
    dictionary = _dictionary(language)
    told = {*_YOUNGER} | {word.lower() for phrase in mail.known_words for word in _WORD.findall(phrase)}
    for element in mail.page.shown():
        if any(one.tag in _SILENT for one in (element, *element.iterancestors())) or _speaks_another(element, language):
            continue
        for text in (element.text, *(child.tail for child in element)):
            for word in _doubtful(without_fields(text or ""), language):
                bare = word.lower().replace("’", "'")
                if bare in told:
                    continue
                told.add(bare)
                meant = _meant(bare, dictionary, language)
                if meant:
                    message = f"'{word}' is in no dictionary; '{meant}' is."
                    fix = "Mend it, or put it into `spelling: words:` of newsletter.yaml."
                    yield RULES[0].finding(message, mail.at(element, word), fix=fix)


def _doubtful(text: str, language: str) -> Iterator[str]:
    """The words of a text that may be slips: no abbreviations, and no names where nouns are written small."""
    for found in _WORD.finditer(text):
        word = found[0]
        if len(word) < _SHORTEST or any(one.isupper() for one in word[1:]):
            continue
        if word[0].isupper() and language != "de" and not _SENTENCE_BEGINS.search(text[: found.start()]):
            continue
        yield word


def _meant(word: str, dictionary: SpellChecker, language: str) -> str:
    """The known word that is one letter away; nothing when the word is known itself, or put together of such."""
    if dictionary.known([word]) or _is_inflected(word, dictionary, language):
        return ""
    found = dictionary.known(dictionary.edit_distance_1(word))
    # Usual words come first; between equals the alphabet decides, so that the same mail says the same.
    return max(sorted(found), key=dictionary.word_usage_frequency, default="")


def _is_inflected(word: str, dictionary: SpellChecker, language: str) -> bool:
    """Whether it is a known word in a form the dictionary leaves out: British, a genitive, a plural, a compound."""
    forms = {re.sub(r"'s?$", "", word), re.sub(r"e?s$", "", word)}
    if language == "en":
        american = word
        for pattern, spelling in _BRITISH:
            forms.add(pattern.sub(spelling, word))
            american = pattern.sub(spelling, american)
        forms |= {american, re.sub(r"^(?:un|re|non|pre|co)", "", word)}
    if dictionary.known([one for one in forms if len(one) > 2 and one != word]):
        return True
    return any(_is_compound(word, at, dictionary) for at in range(_SHORTEST, len(word) - _SHORTEST + 1))


def _is_compound(word: str, at: int, dictionary: SpellChecker) -> bool:
    first, rest = word[:at], word[at:]
    # German and Dutch join many with an s: Arbeit-s-gesetz.
    heads = [first, first.removesuffix("s")]
    return bool(dictionary.known(heads)) and bool(dictionary.known([rest]))


def _speaks_another(element: Element, language: str) -> bool:
    while element is not None:
        said = (element.get("lang") or "").lower().partition("-")[0]
        if said:
            return bool(said != language)
        element = element.getparent()
    return False


@lru_cache(maxsize=2)
def _dictionary(language: str) -> SpellChecker:
    try:
        # 7 MB of word lists that most workspaces have no use for: an extra of its own.
        from spellchecker import SpellChecker
    except ImportError as error:
        raise SettingsError(
            "newsletter.yaml: `checks: {spelling: …}` needs dictionaries that are not installed. Install them with "
            "`pip install 'newsletter[spelling]'`, or turn the rule off."
        ) from error
    return SpellChecker(language=language, distance=1)
