"""A word that stands there twice is told, unless its language has it so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checks.doubled_words import RIGHT_TWICE, doubled_words

SLIPS = [
    ("en", "See the the moon.", "the the"),
    ("en", "The the tide.", "The the"),
    ("en", "We went to to the quay.", "to to"),
    ("en", "The boats in in the harbour.", "in in"),
    ("fr", "Demain je je pars avec vous.", "je je"),
    ("fr", "Nous allons vers la la mer.", "la la"),
    ("fr", "Il dit que les les bateaux sont là.", "les les"),
    ("fr", "Il se se lève tôt.", "se se"),
    ("de", "Wir gehen in den den Saal der Stadt.", "den den"),
    ("de", "Mit dem dem Boot fahren wir auf die See.", "dem dem"),
    ("de", "Das ist ist ein Boot.", "ist ist"),
    ("de", "Wir und und ihr.", "und und"),
    ("nl", "Ze gingen naar naar huis.", "naar naar"),
    ("nl", "We zien we we de boot.", "we we"),
    ("it", "Andiamo verso la la spiaggia.", "la la"),
    ("es", "Vamos a la la playa.", "la la"),
    ("pt", "A casa do do pescador.", "do do"),
    ("en", "Demain je je pars avec vous sur la mer et dans les ports.", "je je"),
    ("", "We look at the the tools.", "the the"),
]
RIGHT = [
    ("en", "They were taken in in batches, and we carry on on Monday."),
    ("en", "I think that that is right, and we had had it; what it is is a boat."),
    ("en", "She gave her her coat. Very very good, bye bye, la la."),
    ("fr", "Nous nous voyons demain, et vous vous reposez."),
    ("nl", "Ik zie dat je je best doet, en dat er er twee zijn."),
    ("nl", "Waar zijn zijn vrienden? Dat dat kan! De mensen die die boot zien."),
    ("nl", "Ze zag haar haar, en het het."),
    ("de", "Die Stadt, die die Leute mögen, und das Haus, in das das Kind läuft."),
    ("de", "Ein Rat, den den Kindern niemand gab. Ob sie sie kennt? Er gab ihr ihr Buch."),
    ("de", "Haben die die Elemente gesehen?"),
    ("it", "Piano piano, bene bene, quasi quasi. Se se ne va."),
    ("es", "Casi casi, muy muy bien."),
    ("sv", "Om det det gäller är rätt att att vara."),
    ("fi", "He he tulivat, ja se se on. The the."),
    ("en", "Ik zie dat je je best doet en dat het goed is."),
    ("en", "Die Stadt, die die Leute mögen, ist nicht groß."),
    ("en", "Je je vader."),
    ("en", "Nous nous en allons."),
    ("en", "Bora Bora, U2 U2, we-we, it's 's."),
    ("", "Dat je je best doet."),
]


def _found(language: str, text: str) -> list[str]:
    return [words for words, _ in doubled_words(text, lambda: (text, language))]


@pytest.mark.parametrize(("language", "text", "slip"), SLIPS)
def test_a_slip_is_told_in_the_language_it_is_one_in(language: str, text: str, slip: str) -> None:
    assert _found(language, text) == [slip]


@pytest.mark.parametrize(("language", "text"), RIGHT)
def test_what_a_language_has_twice_is_no_slip_whatever_the_page_calls_its_language(language: str, text: str) -> None:
    assert _found(language, text) == []


def test_where_a_slip_begins_is_told_with_it() -> None:
    text = "See the the moon and  the\n the sun."
    assert list(doubled_words(text, lambda: (text, "en"))) == [("the the", 4), ("the the", 22)]


@given(st.text(), st.sampled_from(["", "en", "xx", *RIGHT_TWICE]))
def test_whatever_a_text_says_what_is_told_of_it_stands_in_it(text: str, language: str) -> None:
    for words, start in doubled_words(text, lambda: (text, language)):
        assert " ".join(text[start:].split()).startswith(words)
