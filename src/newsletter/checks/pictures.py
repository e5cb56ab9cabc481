"""Pictures that readers would not see as meant, wait for, or not see at all.

Sources: Email on Acid's advice of at most 200 KB a picture; caniemail.com for SVG (not shown by Gmail and Outlook).
A mail as a whole gets five pictures of that size: mail servers' spam filters and phones on the move both give up on
heavier ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from newsletter.checks.mail import Mail
from newsletter.checks.mail_pictures import HEAVY_GIF
from newsletter.checks.picture_kinds import kind_of
from newsletter.checks.rule import warning
from newsletter.checks.subject import Subject
from newsletter.model import Article, Finding, Image, Picture, Severity, Where

HEAVY = 200_000
ALL_HEAVY = 1_000_000
"""Bytes of one picture and of all pictures of a mail, from which they are too heavy."""


RULES = (
    warning(
        "image-weight",
        "A picture over 200 KB makes readers on the move wait. Crop it, or save it with fewer details. "
        "Source: Email on Acid's advice on pictures.",
    ),
    warning(
        "images-weight",
        "All pictures of a mail together should stay under 1 MB: spam filters and phones both give up on "
        "heavier mail. Source: five times the weight Email on Acid advises for one.",
    ),
    warning(
        "image-on-site",
        "A picture that is not in the workspace is fetched by every reader from the site, as long as it lies "
        "there. Source: what mail programs do with pictures.",
    ),
    warning(
        "image-svg-remote",
        "Gmail and Outlook do not show SVG; in the workspace a drawing becomes a PNG. Source: caniemail.com, "
        "features/image-svg.",
    ),
    warning(
        "image-http",
        "A picture fetched without encryption may be blocked by mail programs. Source: the mixed-content "
        "rules of webmail, which is served by https.",
    ),
    warning(
        "svg-lost",
        "A drawing holds something that cannot be drawn, so a part of it is missing from the picture that is "
        "mailed. Source: the renderer's own report.",
    ),
    warning(
        "svg-font",
        "A drawing names a font that is not here; its letters are drawn in another one. Source: the "
        "renderer's own report.",
    ),
    warning(
        "image-still",
        "An animation cannot be mailed as it is; readers see its first picture. Source: what mail programs play.",
    ),
)


def check(subject: Subject) -> Iterator[Finding]:
    """Warnings for pictures that were not drawn as meant, are heavy, or are left on the web."""
    made: dict[str, list[Picture]] = {}
    for picture in subject.rendered.pictures:
        made.setdefault(picture.source, []).append(picture)
    key = subject.rendered.key
    for image, where in _shown(subject):
        for picture in made.get(image.digest, []):
            for finding in picture.findings:
                yield replace(finding, where=where, variant=key)
        yield from _weight(image, made.get(image.digest, []), where, key)
        if image.url:
            yield from _on_the_web(image, where, key)
    total = sum(len(picture.content) for picture in subject.rendered.pictures)
    if total > ALL_HEAVY:
        travels = "travel in every mail" if subject.settings.images.mode == "embed" else "are fetched by every reader"
        message = (
            f"the pictures are {_kilobytes(total)} together and {travels}; keep them under {_kilobytes(ALL_HEAVY)}. "
            "Show fewer or smaller ones."
        )
        yield Finding("images-weight", Severity.WARNING, message, subject.issue.where, key)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """The pictures of a file: fetched without encryption, or heavy; those of an issue were looked at by then."""
    if not mail.in_file:
        return
    for picture in mail.page.shown("img"):
        source = (picture.get("src") or "").strip()
        if source.lower().startswith("http://"):
            message = f"the picture {source[:80]} is fetched without encryption, which mail programs may block."
            yield Finding("image-http", Severity.WARNING, message, mail.at(picture, source), "", "Use https://.")
    yield from _travelling(mail)


def _travelling(mail: Mail) -> Iterator[Finding]:
    """What is heavy of a file's pictures, travelling or beside it; a very heavy animation has a rule of its own."""
    sizes = {source: len(content) for source, content in mail.pictures.items() if kind_of(content)}
    named = {(one.get("src") or "").strip(): one for one in reversed(list(mail.page.all("img")))}
    for source, size in sizes.items():
        if size > HEAVY and not (size > HEAVY_GIF and kind_of(mail.pictures[source]) == "gif"):
            where = mail.at(named[source], source) if source in named else mail.places.of_offset(0)
            message = f"the picture '{source[:80]}' is {_kilobytes(size)}; keep it under {_kilobytes(HEAVY)}."
            yield Finding(
                "image-weight", Severity.WARNING, message, where, "", "Crop it, or save it with fewer details."
            )
    total = sum(size for source, size in sizes.items() if source.startswith("cid:"))
    if total > ALL_HEAVY:
        message = (
            f"the pictures are {_kilobytes(total)} together and travel in every mail; keep them under "
            f"{_kilobytes(ALL_HEAVY)}."
        )
        where = mail.places.of_offset(0)
        yield Finding("images-weight", Severity.WARNING, message, where, "", "Show fewer or smaller ones.")


def _shown(subject: Subject) -> Iterator[tuple[Image, Where]]:
    """Every picture these readers see, with the line that names it."""
    if subject.issue.logo is not None:
        yield subject.issue.logo, _named(subject.issue.logo, subject.issue.where)
    for block in subject.blocks():
        article, image = block.fields.get("article"), block.fields.get("image")
        if isinstance(image, Image):
            yield image, _named(image, block.where)
        if isinstance(article, Article) and article.image is not None:
            yield article.image, _named(article.image, article.where)


def _named(image: Image, otherwise: Where) -> Where:
    return image.where if image.where.path else otherwise


def _weight(image: Image, pictures: list[Picture], where: Where, key: str) -> Iterator[Finding]:
    heaviest = max((len(picture.content) for picture in pictures), default=0)
    if heaviest > HEAVY:
        message = (
            f"picture '{image.path}' is {_kilobytes(heaviest)} as it is mailed; keep it under {_kilobytes(HEAVY)}. "
            "Crop it, or save it with fewer details."
        )
        yield Finding("image-weight", Severity.WARNING, message, where, key)


def _on_the_web(image: Image, where: Where, key: str) -> Iterator[Finding]:
    address = urlsplit(image.url)
    if image.path != image.url:
        message = f"picture '{image.path}' is not in the workspace; mail will fetch {image.url}. See that it is there."
        yield Finding("image-on-site", Severity.WARNING, message, where, key)
    if address.path.lower().endswith((".svg", ".svgz")):
        message = f"Gmail and Outlook do not show SVG ({image.url}). Save it in the workspace, where it becomes a PNG."
        yield Finding("image-svg-remote", Severity.WARNING, message, where, key)
    if address.scheme.lower() == "http":
        message = f"picture {image.url} is fetched without encryption, which mail programs may block. Use https://."
        yield Finding("image-http", Severity.WARNING, message, where, key)


def _kilobytes(count: int) -> str:
    return f"{count / 1000:,.0f} KB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
