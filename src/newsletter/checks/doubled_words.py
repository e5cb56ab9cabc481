"""Words that stand there twice: a slip of the pen, unless the language has them so.

In: a text, the words around it, and the language the page says it is in. Out: the doubled words that are a slip. Which
language a paragraph is in nobody can tell for sure, so a word that is right twice in some language is told only in a
paragraph that is clearly of another, to which the word belongs too: `je je` in French, not in Dutch.

Sources of what is right twice: LanguageTool's rules of repeated words for English, German and Portuguese
(github.com/languagetool-org/languagetool, `*WordRepeatRule.java`); a reflexive pronoun after the subject of the same
form in French (`nous nous voyons`) and Dutch (`dat je je vergist`: Algemene Nederlandse Spraakkunst, e-ans.ivdnt.org);
a relative or demonstrative pronoun before the article of the same form in German (`die Stadt, die die Leute mögen`) and
Dutch; adverbs and adjectives that Italian and Spanish double to stress them (`piano piano`, `casi casi`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

_TWICE = re.compile(r"(?<![\w'’.-])([A-Za-z][a-z]+)\s+(?=[a-z])(?i:\1)(?![\w'’@/-]|[.:]\w)")
"""The name of a site beside its address is none: `Facebook facebook.com`."""
_WORD = re.compile(r"[^\W\d_]+")
_EXCLAIMED = (
    "ha ho hi hey oh ah bye blah bla knock tut hear ding boom bang beep chop choo woof tsk hush yeah yes hip tuk"
)
_RIGHT = {
    # Past perfect, `that` before its like, `what it is is`, `gave her her coat`, `what they do do`; and stress.
    "en": f"had that is you her do la {_EXCLAIMED} no so very really many now far long there well again",
    # Pronoun before article, verb's end beside its object (`ob sie sie kennt`, `gab ihr ihr Buch`).
    "de": f"die sie der das den dem wir ihr nach wer la {_EXCLAIMED} so teils moin toi klopf piep zack na",
    "fr": f"nous vous que faire {_EXCLAIMED} non oui si",
    # `dat dat`, `die die`, `dat er er twee zijn`, `waar zijn zijn vrienden`, `haar haar`, `bij bij`, `wat het is is`.
    "nl": f"dat die je van bij ze het wij zij er zijn haar is la {_EXCLAIMED}",
    "it": f"piano via via quasi poco bene appena mano subito zitto se no {_EXCLAIMED} molto ora",
    "es": f"casi muy ya se no {_EXCLAIMED} poco bien",
    "pt": f"se que quase logo bem no {_EXCLAIMED} muito",
    "sv": f"det den de som att han hon {_EXCLAIMED}",
    "da": f"det den de der som at han hun {_EXCLAIMED}",
    "nb": f"det den de der som at han hun {_EXCLAIMED}",
}
RIGHT_TWICE = {language: frozenset(words.split()) for language, words in _RIGHT.items()}
_RIGHT_SOMEWHERE = frozenset().union(*RIGHT_TWICE.values())
_COMMON = {
    "en": "the and of to in is it you that for on with as are this be at we have from or by not but what your our",
    "de": "der die das und ist nicht ein eine zu in mit den dem des auf für sich von wir sie ich er es im auch",
    "fr": "le la les un une des du de et est que qui dans pour pas sur avec ce au en se sont je tu il nous vous",
    "nl": "de het een en van ik te dat die in niet zijn is op aan met voor er maar om ook als bij je we naar wat",
    "it": "il lo la gli le un una di del e che in è per con non si su al da della come più ma sono i se",
    "es": "el la los las un una de del y que en es por con para no se su al lo como más pero sus le ya",
    "pt": "o a os as um uma de do da e que em é por com para não se seu ao na no dos das mais como mas",
    "sv": "och att det som på är för med inte till den har de ett om av jag vi en i",
    "da": "og at det er en på til af for ikke med den har der jeg som de vi et i",
    "nb": "og at det er en på til av for ikke med den har som jeg de vi et i",
}
"""The words that a few lines of a language are full of."""
_COMMON_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_CLEARLY = 3
"""So many of them, and half as many again as of any other language, make a paragraph clearly its own."""
_MOST, _NEAR = 2_000, 60
"""Characters that are looked at: of a paragraph, and before a word."""
_ARTICLES = frozenset("die der das den dem".split())
_AFTER_A_PREPOSITION = re.compile(
    r"(?:^|[^\s,;:–—-]\s+|[.!?]\s+)(?:in|an|auf|mit|von|zu|bei|aus|über|unter|vor|durch|gegen|um|ohne|nach|seit)\s+$",
    re.IGNORECASE,
)
"""Without a comma before it no pronoun follows: `wir gehen in den den Saal` is a slip, `…, in den den …` is not."""

_PARTICLES = frozenset({"in", "on"})
_AFTER_A_VERB = re.compile(
    r"\b(?:\w+(?:ed|ing|en)|(?:log|sign|check|come|go|get|take|bring|move|keep|carry|put|fit|fill|hold)s?"
    r"|came|went|got|took|brought|kept|held)\s+$",
    re.IGNORECASE,
)
"""`They were taken in in batches`, `we carry on on Monday`."""


def doubled_words(text: str, context: Callable[[], tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """Each slip as it is written, and where in the text it begins.

    `context` tells the words of the paragraph, and the code of the language that the page says they are in (empty where
    it says nothing).
    """
    for match in _TWICE.finditer(text):
        if _is_slip(match[1].lower(), text[: match.start()], *context()):
            yield " ".join(match[0].split()), match.start()


def across(one: str, other: str, context: Callable[[], tuple[str, str]]) -> Iterator[str]:
    """The slip whose first word ends one text and whose second begins the other, which follows it."""
    start = max(0, len(one) - _NEAR)
    text = f"{one[start:]}{other[:_NEAR]}"
    for words, at in doubled_words(text, context):
        first = at + len(words.partition(" ")[0])
        border = len(one) - start
        if first <= border and not text[first:border].strip():
            yield words


def is_everyday(word: str) -> bool:
    """Whether the lines of some language are full of the word: nobody puts it in bold to begin with it again."""
    return any(word.lower() in common for common in _COMMON_WORDS.values())


def _is_slip(word: str, before: str, around: str, language: str) -> bool:
    if language and language not in RIGHT_TWICE:
        return False
    spoken = language_of(around, language, word)
    if word in _ARTICLES and spoken == "de" and language in ("", "de"):
        return _AFTER_A_PREPOSITION.search(before[-_NEAR:]) is not None
    if word in _PARTICLES and spoken == "en" and _AFTER_A_VERB.search(before[-_NEAR:]):
        return False
    if word in RIGHT_TWICE.get(language, ()):
        return False
    if word not in _RIGHT_SOMEWHERE:
        return True
    return bool(spoken) and word not in RIGHT_TWICE[spoken] and word in _COMMON_WORDS[spoken]


def language_of(around: str, language: str, word: str = "") -> str:
    """The language the words are in, not counting the one in doubt: what the page says, unless they are clearly of
    another; empty when nothing tells."""
    words = [one.lower() for one in _WORD.findall(around[:_MOST])]
    votes = Counter(
        {code: sum(one != word and one in common for one in words) for code, common in _COMMON_WORDS.items()}
    )
    (first, most), (_, next_most) = votes.most_common(2)
    clear = most >= _CLEARLY and most >= 1.5 * next_most
    return first if clear and votes[language] < most else language
