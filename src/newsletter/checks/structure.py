"""What a page says of itself to those who hear it: its language, title, headings, and which tables are only layout."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.checks.mail import Mail
from newsletter.checks.page import Element, tag_in, words_of
from newsletter.checks.rule import warning
from newsletter.model import Finding

RULES = (
    warning(
        "html-lang",
        "Without `lang` on <html> a screen reader pronounces the mail in the wrong language. Source: WCAG 2.2, success "
        "criterion 3.1.1; missing in 96 % of the mails the Email Markup Consortium looked at in 2026.",
    ),
    warning(
        "html-title",
        "The <title> is what a browser tab and a screen reader call the mail; an empty one also costs points with spam "
        "filters. Source: WCAG 2.2, success criterion 2.4.2; SpamAssassin's HTML_TITLE rules.",
    ),
    warning(
        "heading-order",
        "Many readers who listen go from heading to heading: one h1, and no level left out on the way down. Source: "
        "WCAG 2.2, success criterion 1.3.1, and technique G141.",
    ),
    warning(
        "table-role",
        'A table that only lays out the page says role="presentation", or a screen reader announces its rows and '
        "columns. A table of figures does not. Source: WAI-ARIA 1.2, presentation role; missing in 84 % of mails.",
    ),
)
_LANG, _TITLE, _ORDER, _ROLE = RULES
_OF_DATA = ("th", "caption", "thead")


def check_mail(mail: Mail) -> Iterator[Finding]:
    """Warnings for what is missing; a fragment without <html> is no page yet, and not judged as one."""
    if "<html" in mail.html.lower():
        yield from _head(mail)
    yield from _headings(mail)
    for table in mail.page.shown("table"):
        if _is_layout(table):
            fix = 'Write role="presentation" on it.'
            yield _ROLE.finding("a layout table is announced as a table of data.", mail.at(table), fix=fix)


def _head(mail: Mail) -> Iterator[Finding]:
    root = mail.page.root
    if not (root.get("lang") or "").strip():
        fix = 'Write <html lang="en"> with the language of the mail.'
        yield _LANG.finding("the page does not say its language.", mail.at(root), fix=fix)
    title = root.find("head/title")
    if not mail.in_file and not (mail.subject or "").strip():
        return  # the title is the subject, of which `subject-missing` tells
    if title is None or not "".join(title.itertext()).strip():
        begins = tag_in(mail.html, "title") if title is not None else None
        own = mail.places.of_offset(begins.start()) if begins else mail.at(root)
        where = mail.places.of_key("title") if mail.in_file else own
        yield _TITLE.finding("the page has no title.", where, fix="Put the subject into <title>.")


def _headings(mail: Mail) -> Iterator[Finding]:
    before, above = 0, ""
    firsts = 0
    for heading in mail.page.shown("h1", "h2", "h3", "h4", "h5", "h6"):
        words = words_of(heading)
        if not words or heading.get("role") == "presentation":
            continue
        level = int(heading.tag[1])
        firsts += level == 1
        if level == 1 and firsts == 2:
            yield _ORDER.finding(f"'{words[:60]}' is a second h1.", mail.at(heading, words), fix="Make it an h2.")
        if before and level > before + 1:
            # The levels of an issue's page are not those its author wrote: a layout and a title stand above them.
            message = f"'{words[:60]}' is an h{level} after an h{before}: a level is left out."
            fix = f"Make it an h{before + 1}."
            if not mail.in_file:
                message = f"'{words[:60]}' is {level - before} levels below '{above[:60]}': one is left out."
                message = message.replace("one is", f"{level - before - 1} are") if level - before > 2 else message
                fix = f"Let it stand one level below '{above[:60]}'."
            yield _ORDER.finding(message, mail.at(heading, words), fix=fix)
        before, above = level, words


def _is_layout(table: Element) -> bool:
    """Whether a table without a role lays out a page rather than holding data: other tables, pictures or one cell."""
    if (table.get("role") or "").lower() or table.get("summary"):
        return False
    own = [one for one in table.iter("tr", "td", *_OF_DATA) if next(one.iterancestors("table"), None) is table]
    if any(one.tag in _OF_DATA for one in own):
        return False
    rows = [one for one in own if one.tag == "tr"]
    most = max((sum(1 for cell in row if cell.tag == "td") for row in rows), default=0)
    nested = table.find(".//table") is not None or table.find(".//img") is not None
    return nested or (most <= 1 and bool(rows))
