"""What reading had to change or leave out, said at the author's line: nothing is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from newsletter.checks.mail import Mail
from newsletter.checks.page import start_tags
from newsletter.checks.rule import error, warning
from newsletter.checks.subject import Subject
from newsletter.markup import swallows_tags
from newsletter.model import Finding

RULES = (
    error(
        "image-missing",
        "A picture that an author names is not there, or is none: readers would get a hole. `build` and `send` refuse "
        "it; a check goes on with a grey one in its place. Source: what corrections of newsletters have to correct.",
    ),
    warning(
        "shortcode",
        "A site generator's shortcode was replaced by what it means, or left out. Source: the generator's "
        "documentation.",
    ),
    warning(
        "guessed-heading",
        "Bare text was taken for headings by its looks. Source: this program's reading of plain text.",
    ),
    warning(
        "no-title",
        "An article without a title is called by its file's name. Source: this program's own format.",
    ),
    warning(
        "encoding",
        "A file that is not UTF-8 was read in another encoding; letters may be wrong. Source: RFC 3629.",
    ),
    warning(
        "sidebar-logo",
        "An article names a logo that is not found. Source: this program's own format.",
    ),
    warning(
        "unfinished-tag",
        "A tag that is never finished swallows what follows it, or stands as text. "
        "Source: the HTML standard's parsing of unclosed tags.",
    ),
    warning(
        "not-in-mail",
        "Something that cannot stand in mail (a form, a video, hidden text) was left out. Source: caniemail.com.",
    ),
    warning(
        "deep-nesting",
        "Lists and quotes nest deeper than mail can show; the marks of the innermost stand as text. Source: the limit "
        "of 40 levels of this program's reading of Markdown.",
    ),
    warning(
        "table-row",
        "A row of a table has more cells than the table has columns; they were put into its last one. Source: GitHub "
        "Flavored Markdown, section 4.10, which drops them.",
    ),
    warning(
        "footnote",
        "A footnote is missing, written twice, or used nowhere. Source: this program's reading of footnotes.",
    ),
    warning(
        "date",
        "A date cannot be read, or could be two days; it stands as it is written. Source: ISO 8601.",
    ),
    warning(
        "nothing-to-read",
        "An article shows too little: nothing of it, or nothing that leads to the rest. Source: this program's own "
        "format.",
    ),
    warning(
        "layout-words",
        "The layout's own words are not translated into the issue's language. Source: WCAG 2.2, success criterion "
        "3.1.2, language of parts.",
    ),
    warning(
        "site-furniture",
        "What a site puts under its articles (share buttons, related posts) was left out. Source: this "
        "program's reading of articles.",
    ),
)

_UNFINISHED = next(rule for rule in RULES if rule.name == "unfinished-tag")


def check(subject: Subject) -> Iterator[Finding]:
    """The findings of the issue file and of every article these readers see."""
    yield from subject.issue.findings
    for article in subject.articles():
        for finding in article.findings:
            yield replace(finding, variant=subject.rendered.key)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each tag of a file or of a template that swallows others, because it is never finished."""
    for offset, attributes, ends in start_tags(mail.html):
        if not ends or swallows_tags(attributes):
            quoted = " ".join(mail.html[offset : offset + 400].split())[:120]
            message = f"a tag is not finished, and swallows what follows: {quoted}"
            where = mail.places.of_offset(offset)
            yield _UNFINISHED.finding(message, where, fix="Close its quotes, and end it with >.")
