"""A whole HTML email that was made elsewhere → the same email with its CSS inlined.

In: the file's text. Out: ASCII HTML, with the doctype, the comments and the placeholders its author wrote, and findings
about styles that could not be applied. Nothing is ever fetched. A page that cannot be inlined without losing something
comes out as it was, and a finding says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from newsletter.model import Finding, Severity, Where
from newsletter.rendering.inlining import Element, InliningFailed, inline_css, parse_page
from newsletter.rendering.placeholders import Masked, mask_placeholders
from newsletter.rendering.stylesheets import as_ascii_css, imports, nests_too_deeply

_PROLOGUE = re.compile(r"(?:\s+|<!--.*?-->|<!doctype\b[^>]*>|<\?[^>]*>)*", re.DOTALL | re.IGNORECASE)
"""What may come before <html>. Kept as text: the parser knows one spelling of one doctype."""
_STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(?=</style\b|\Z)", re.DOTALL | re.IGNORECASE)


def inline_email(markup: str, name: str) -> tuple[str, tuple[Finding, ...]]:
    """The email inlined, and the findings; `name` is the file to name in them.

    Raises `InliningFailed` for what is no HTML at all.
    """
    masked = mask_placeholders(markup.replace("\0", ""))
    prologue = _PROLOGUE.match(masked.markup)
    before = prologue[0] if prologue else ""
    after = masked.markup[len(before) :]
    if not re.search(r"<[a-z]", after, re.IGNORECASE):
        raise InliningFailed("the page is empty." if not after.strip() else "there is not one HTML tag in it.")
    try:
        page = parse_page("\n" * before.count("\n") + after)
        findings = tuple(_findings(page, masked, name))
        inline_css(page)
    except (InliningFailed, RecursionError) as error:
        said = str(error) if isinstance(error, InliningFailed) else "the page is nested too deeply to be read whole."
        finding = Finding("not-inlined", Severity.WARNING, f"written as it was, its CSS not moved: {said}", Where(name))
        return _as_it_was(markup.replace("\0", "")), (finding,)
    written = etree.tostring(page.getroottree(), method="html", encoding="ascii").decode("ascii")
    html = masked.restore(before + written)
    if markup.endswith("\n") and not html.endswith("\n"):
        html += "\n"
    return html.encode("ascii", "xmlcharrefreplace").decode("ascii"), findings


def _as_it_was(markup: str) -> str:
    """The markup in ASCII: nothing else of it changes."""
    plain = _STYLE.sub(lambda found: found[1] + as_ascii_css(found[2]), markup)
    return plain.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _findings(page: Element, masked: Masked, name: str) -> Iterator[Finding]:
    """What will not be applied; style sheets that placeholders shape are set aside, to be left as they are."""
    for element in page.iter("link", "style"):
        where = Where(name, element.sourceline or 0)
        if element.tag == "link":
            if "stylesheet" in element.get("rel", "").lower().split():
                target = masked.restore(element.get("href") or "")
                linked = f"the linked file '{target}'" if target else "a linked file that has no address"
                message = f"styles in {linked} are not applied: nothing is fetched. Copy them into a <style>."
                yield Finding("linked-styles", Severity.WARNING, message, where)
            continue
        css = element.text or ""
        if masked.shapes(css):
            element.set("data-premailer", "ignore")
            message = "a <style> with placeholders around its rules is left as it is. Fill them in first, inline last."
            yield Finding("template-styles", Severity.WARNING, message, where)
        elif nests_too_deeply(css):
            element.set("data-premailer", "ignore")
            message = "a <style> whose CSS nests too many brackets is left as it is. Take out the rule that does."
            yield Finding("deep-styles", Severity.WARNING, message, where)
        elif imports(css):
            message = "styles that @import names are not applied: nothing is fetched. Copy them into the <style>."
            yield Finding("linked-styles", Severity.WARNING, message, where)
