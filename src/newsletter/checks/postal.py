"""Whether a text may hold a postal address anywhere, in any country's way of writing one.

In: all that a mail says. Out: no only where nothing in it looks like a part of one: a false alarm is worse than a miss.
Sources: the Universal Postal Union's addressing systems of its member countries, by their postcodes and streets.
"""

from __future__ import annotations

import re

_MONTH = (
    r"(?!(?:Jan|Feb|Mar|Mär|Apr|May|Mai|Jun|Jul|Aug|Sep|Oct|Okt|Nov|Dec|Dez)[a-zä]{0,6}\b|"
    r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b)"
)
_NAME = _MONTH + r"[A-ZÀ-Þ][\w'’.-]{0,30}"
_NUMBER = r"(?<![\w.,:/-])(?!(?:19|20)\d\d(?!\d))\d{1,5}[A-Za-z]?"
_POSTCODE = re.compile(
    r"(?<![\w.,:/-])(?!(?:19|20)\d\d(?!\d))\d{4,7}(?![\w.,:/%]|-\w)"
    r"|\b\d{2}-\d{3}\b|\b\d{3}-\d{4}\b|\b\d{4,5}-\d{3,4}\b|\b\d{3} \d{2,3}\b|\b\d{4} ?[A-Z]{2}\b"
    r"|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z] ?\d[A-Z]\d\b|\b[A-Z]\d[\dW] ?[A-Z\d]{4}\b|\bCo\. [A-Z]|〒"
)
_HOUSE = re.compile(rf"{_NUMBER},? {_NAME}(?:,| {_NAME})|{_NAME} {_NUMBER}(?:,| [A-ZÀ-Þ\d])")
_STREET = re.compile(
    r"\bp\.? ?o\.? ?box|postfach|postbus|postboks|\bbox \d|bo[iî]te postale|apartado|casella postale|skrytka"
    r"|\b[bc][ps] \d"
    r"|\d[^\d]{0,40}\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|square|sq|court|way|quay|terrace"
    r"|place|parkway|highway|suite|floor|building|house|rue|chemin|quai|place|cours|allée)\b"
    r"|(?:stra(?:ß|ss)e|str\.|gasse|platz|\w{3}weg|allee|gata|gatan|vägen|vej|gade|veien|straat|laan|plein|gracht|katu"
    r"|\bul\.|ulica|utca|\brue|\bvia|viale|piazza|corso|calle|\bc/|avenida|plaza|paseo|carrer|\brua|praça|strada|cadde"
    r"|sokak)[^\d]{0,40}\d",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"[{|%\[<][^{}|%\[\]<>]{0,40}(?:addr|anschrift|adres)", re.IGNORECASE)
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u2e80-\ud7ff\uf900-\ufdff\ufe70-\ufefe]")
_WORDS = 200_000
"""Characters at the end of a mail that are looked at: whose it is stands there."""


def may_have_address(text: str) -> bool:
    """Whether anything in the text could be a postal address."""
    text = text[-_WORDS:]
    if _OTHER_SCRIPT.search(text) and re.search(r"\d", text):
        return True
    return any(sign.search(text) for sign in (_POSTCODE, _HOUSE, _STREET, _PLACEHOLDER))
