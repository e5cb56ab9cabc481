"""What was never meant to be read: filler text, notes to oneself, braces nobody filled in, doubled words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote

from newsletter.checks.alignment import line_of_words
from newsletter.checks.doubled_words import across, doubled_words, is_everyday
from newsletter.checks.foreign_fields import fields_in, sure_field_in
from newsletter.checks.mail import Mail
from newsletter.checks.notes_to_self import notes_in
from newsletter.checks.page import Element, is_code, texts_of, words_before, words_of
from newsletter.checks.rule import Rule, error, warning
from newsletter.expressions import TOKEN
from newsletter.model import Finding, Where

RULES = (
    error(
        "filler-text",
        "Lorem ipsum is there until somebody writes the real text. Source: what corrections of newsletters most often "
        "had to correct, by Litmus's survey.",
    ),
    warning(
        "note-to-self",
        "A note such as TODO or FIXME says that somebody wanted to come back. Where TODO is a word (in Spanish, "
        "Italian or Portuguese), it needs a colon or a parenthesis behind it. Source: every linter's rule of the name.",
    ),
    error(
        "open-braces",
        "Braces in the mail, its addresses or its plain text are a merge field that nobody filled in: 'Dear {{ name "
        "}}'. So are those of other tools: *|FNAME|*, %%name%%, <%= name %>, ${first_name}, [[name]], @@name@@, "
        "%recipient.name%, {name}. In code, and in a file of HTML alone, they are meant. Source: Litmus's survey of "
        "corrections; the tools' own documentation.",
    ),
    warning(
        "double-word",
        "A word that stands there twice is a slip of the pen. What a language has twice is none ('that that', 'nous "
        "nous', 'die die'). Source: write-good's and vale's repetition rules; LanguageTool's for what is right twice.",
    ),
)
_FILLER, _NOTE, _BRACES, _DOUBLE = RULES
_FILLER_TEXT = re.compile(
    r"lorem ipsum(?: dolor sit amet)?|(?<!lorem ipsum )dolor sit amet|consectetur adipi\w+|blindtext", re.IGNORECASE
)
_SHOWN = 60
"""Characters of the text around it."""
_EMPHASISED = re.compile(r"\|[A-Z][\w:]{1,40}\|")
"""What Markdown makes of `*|FNAME|*`."""
_STRESSED = frozenset({"b", "strong", "br"})
_SAID_IN = ("href", "src", "alt", "title")


def check_mail(mail: Mail) -> Iterator[Finding]:
    """Each leftover at every line that holds it; in code and in other programs' templates braces are meant."""
    told: set[tuple[str, Where]] = set()
    hidden = mail.page.preheader if mail.in_file else None
    for element in (*mail.page.shown(), *_elements_in(hidden)):
        for number, text in enumerate(texts_of(element)):
            yield from _in_text(mail, element, number, text, told)
        if mail.is_final:
            yield from _in_attributes(mail, element)
        if element.tag == "a":
            yield from _across_link(mail, element, told)
        elif element.tag in _STRESSED:
            yield from _across_phrase(mail, element, told)
    for key, text in (("subject", mail.subject or ""), ("preheader", mail.preheader)):
        for rule, found, start in _found(text, partial(_said, text, mail.page.root), mail.is_final):
            above = sum(1 for _ in line_of_words([text[:start]], found))
            where = mail.key(key, found, above)
            if (found, where) not in told:
                told.add((found, where))
                yield rule.finding(f"'{found}' stands in the {key}.", where, fix=_fix(rule))
    if mail.is_final and mail.text:
        said = " ".join(mail.page.body.itertext())  # also in code, where braces are meant
        attributes = " ".join(one.get(name) or "" for one in mail.page.shown() for name in _SAID_IN)
        for found in dict.fromkeys(unquote(one) for one, _ in fields_in(mail.text)):
            if found not in said and found not in unquote(attributes) and found not in {one for one, _ in told}:
                yield _BRACES.finding(f"'{found}' stands in the plain text.", mail.key("text"), fix=_fix(_BRACES))


def _elements_in(element: Element | None) -> list[Element]:
    return [] if element is None else [one for one in element.iter() if isinstance(one.tag, str)]


def _in_attributes(mail: Mail, element: Element) -> Iterator[Finding]:
    """Braces in what an element leads to, shows, or says in the place of a picture."""
    for name in _SAID_IN:
        value = element.get(name) or ""
        is_address = name in ("href", "src")
        found = sure_field_in(unquote(value)) if is_address else next((one for one, _ in fields_in(value)), "")
        if found:
            kind = "an address" if is_address else f"`{name}`"
            where = mail.at(element, found, value)
            yield _BRACES.finding(f"'{found}' is left in {kind}.", where, fix=_fix(_BRACES))


def _in_text(mail: Mail, element: Element, number: int, text: str, told: set[tuple[str, Where]]) -> Iterator[Finding]:
    """The slips in one text of the element, each at its own line: that the same stands above it says nothing of it."""
    if element.tag in ("em", "i") and _EMPHASISED.fullmatch(text):
        text = f"*{text}*"
    for rule, found, start in _found(text, lambda: (words_of(element), _language(element)), mail.is_final):
        above = sum(1 for _ in line_of_words([words_before(element, number) + text[:start]], found))
        where = mail.at(element, found, nth=above)
        if (found, where) not in told:
            told.add((found, where))
            around = _around(words_of(element), found, above)
            message = f"'{found}' is left in the text" + (f": '{around}'." if len(around) > len(found) else ".")
            yield rule.finding(message, where, fix=_fix(rule))


def _across_link(mail: Mail, link: Element, told: set[tuple[str, Where]]) -> Iterator[Finding]:
    """Words that end before a link and begin it again, or end it and go on behind it: `the <a>the site</a>`."""
    for found in _doubled_at(link):
        where = mail.at(link, words_of(link), link.get("href") or "")
        if (found, where) not in told:
            told.add((found, where))
            message = f"'{found}' is left in the text, one of them in the link '{words_of(link)[:_SHOWN]}'."
            yield _DOUBLE.finding(message, where, fix=_fix(_DOUBLE))


def _across_phrase(mail: Mail, element: Element, told: set[tuple[str, Where]]) -> Iterator[Finding]:
    """Words of every sentence that stand on both sides of a line break or of a border of bold: `the <b>the</b>`."""
    kind = "parted by a line break" if element.tag == "br" else "one of them in bold"
    for found in _doubled_at(element):
        where = mail.at(element, words_of(element)) if element.tag != "br" else mail.at(element)
        if is_everyday(found.split()[0]) and (found, where) not in told:
            told.add((found, where))
            yield _DOUBLE.finding(f"'{found}' is left in the text, {kind}.", where, fix=_fix(_DOUBLE))


def _doubled_at(link: Element) -> Iterator[str]:
    parent = link.getparent()
    inside = next((one for one in link.iter("img", "br", "code") if one is not link), None)
    if parent is None or inside is not None or is_code(link):
        return
    before = link.getprevious()
    ahead = (parent.text if before is None else before.tail) or ""
    words = "".join(link.itertext())

    def context() -> tuple[str, str]:
        return words_of(parent), _language(link)

    if link.tag == "br":
        yield from across(f"{ahead.rstrip()} ", (link.tail or "").lstrip(), context)
        return
    yield from across(ahead, words, context)
    # `Bread` in a link is the name of what is told behind it.
    if not words[:1].isupper() or len(words.split()) > 1:
        yield from across(words, link.tail or "", context)


def _around(words: str, found: str, above: int) -> str:
    """What stands around the place, that many of the same further down."""
    places = [one.start() for one in re.finditer(re.escape(found), words)]
    at = places[min(above, len(places) - 1)] if places else 0
    if at + len(found) <= _SHOWN:
        return _cut(words, _SHOWN)
    begun = words.rfind(" ", 0, at - _SHOWN // 3) + 1
    return f"…{_cut(words[begun:], _SHOWN)}"


def _cut(words: str, most: int) -> str:
    """At most so many characters, and no part of a token."""
    split = next((one for one in TOKEN.finditer(words) if one.start() < most < one.end()), None)
    return words[: split.start() if split else most].rstrip()


def _said(text: str, root: Element) -> tuple[str, str]:
    return text, _language(root)


def _language(element: Element) -> str:
    """What the page says the element's words are in; nothing when it says nothing."""
    while element is not None:
        said = (element.get("lang") or "").strip().lower()
        if said:
            return str(re.split(r"[-_]", said)[0])
        element = element.getparent()
    return ""


def _found(text: str, context: Callable[[], tuple[str, str]], is_final: bool) -> Iterator[tuple[Rule, str, int]]:
    """What is left in the text, and where in it; `context` as for `doubled_words`."""
    if not text.strip():
        return
    for match in _FILLER_TEXT.finditer(text):
        yield _FILLER, match[0], match.start()
    for note, start in notes_in(text, context):
        yield _NOTE, note, start
    for field, start in fields_in(text) if is_final else ():
        yield _BRACES, field, start
    for words, start in doubled_words(text, context):
        yield _DOUBLE, words, start


def _fix(rule: Rule) -> str:
    return {
        _FILLER.name: "Write the text.",
        _NOTE.name: "Do it, and take the note out.",
        _BRACES.name: "Fill it in, or name a field there is, such as {{ recipient.first_name }}.",
        _DOUBLE.name: "Take one out.",
    }[rule.name]
