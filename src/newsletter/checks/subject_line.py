"""The lines an inbox shows: the subject, and the preheader beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.page import without_fields, words_of
from newsletter.checks.rule import Rule, error, warning
from newsletter.model import Finding, Severity

RULES = (
    error(
        "subject-missing",
        "A mail without a subject is not opened, and many filters refuse it. Source: SpamAssassin's MISSING_SUBJECT.",
    ),
    warning(
        "subject-length",
        "Phones show about 40 characters of a subject, desktop programs about 70; rspamd scores one over 200. Say it "
        "in 70, the important part first. Source: rspamd's LONG_SUBJ; Litmus's inbox measurements.",
    ),
    warning(
        "subject-caps",
        "A subject in capitals shouts, and costs points with every spam filter. Source: SpamAssassin's and rspamd's "
        "SUBJ_ALL_CAPS.",
    ),
    warning(
        "spam-words",
        "Some phrases in a subject are scored by spam filters because nearly only spam uses them. Source: "
        "SpamAssassin's subject rules.",
    ),
    Rule(
        "subject-title",
        Severity.INFO,
        "A subject that is the issue's title word for word says the same thing twice at the top of the mail; a subject "
        "can say why to open it. Source: the inbox guides of Litmus and Email on Acid.",
    ),
    warning(
        "preheader-missing",
        "Without a preheader an inbox shows the first words of the page beside the subject: often the logo's alt text "
        "or the date. Source: Litmus's guide to preview text.",
    ),
    warning(
        "preheader-repeats",
        "A preheader that repeats the subject wastes the only other line an inbox shows. Source: Litmus's guide to "
        "preview text.",
    ),
)
_MISSING, _LENGTH, _CAPS, _SPAM, _TITLE, _NO_PREHEADER, _REPEATS = RULES
_LONGEST = 70
_PHRASES = re.compile(
    r"100% free|act now|buy now|cash bonus|click here|congratulations you|double your|earn \$|extra income|free gift"
    r"|free money|guaranteed winner|limited time offer|lose weight|lowest price|make money|million dollars|no catch"
    r"|once in a lifetime|risk[- ]free|urgent response|winner!|work from home"
    r"|you have been selected|you(?:'ve| have) won|!!!|\$\$\$",
    re.IGNORECASE,
)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """What is wrong with a mail's subject and preheader; a file without a subject is judged by its page alone."""
    if mail.subject is None:
        return
    subject = " ".join(without_fields(mail.subject).split())
    where = mail.key("subject")
    if not mail.subject.strip():
        yield _MISSING.finding("the mail has no subject.", where, fix="Write one.")
    if len(subject) > _LONGEST:
        message = f"the subject has {len(subject)} characters; inboxes cut it off after about {_LONGEST}."
        yield _LENGTH.finding(message, where, fix="Say the important part in fewer words.")
    letters = [one for one in subject if one.isalpha()]
    if len(letters) >= 10 and len(subject.split()) > 1 and all(one.isupper() for one in letters):
        yield _CAPS.finding("the subject is all in capitals.", where, fix="Write it as a sentence.")
    phrase = _PHRASES.search(subject)
    if phrase:
        message = f"spam filters score '{phrase[0]}' in a subject."
        yield _SPAM.finding(message, where, fix="Say what the mail holds.")
    if mail.title and _same(subject, mail.title):
        yield _TITLE.finding("the subject is the title, word for word.", where, fix="Say why to open it.")
    yield from _preheader(mail, subject)


def _preheader(mail: Mail, subject: str) -> Iterator[Finding]:
    if mail.in_file:
        yield from _hidden_preheader(mail, subject)
        return
    preheader = without_fields(mail.preheader)
    if not preheader.strip():
        fix = "Write `preheader:` with one sentence."
        yield _NO_PREHEADER.finding("there is no preheader.", mail.key("subject"), fix=fix)
    elif _same(preheader, subject) or (len(subject) > 15 and _plain(preheader).startswith(_plain(subject))):
        fix = "Say what the subject does not."
        yield _REPEATS.finding("the preheader repeats the subject.", mail.key("preheader"), fix=fix)


def _hidden_preheader(mail: Mail, subject: str) -> Iterator[Finding]:
    first = mail.page.preheader
    if first is not None and _same(without_fields(words_of(first)), subject):
        fix = "Say what the subject does not."
        yield _REPEATS.finding("the preheader repeats the subject.", mail.at(first), fix=fix)


def _same(one: str, other: str) -> bool:
    return _plain(one) == _plain(other) and bool(_plain(one))


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
