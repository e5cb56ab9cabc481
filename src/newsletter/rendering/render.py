"""Issue × profession → RenderedVariant: the steps of rendering, in order.

A variant is drawn twice (HTML and text) from the same blocks. Then the page is a tree, in which per-variant
expressions become their values and per-recipient ones learn where they stand; then the CSS is inlined.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from newsletter.expressions import TOKEN, in_context, tokens_in
from newsletter.model import (
    DEFAULT,
    Context,
    Expression,
    Issue,
    MergeField,
    Profession,
    Professions,
    RenderedVariant,
    Variant,
)
from newsletter.rendering.inlining import inline_css, parse_page, serialize_page
from newsletter.rendering.kept_pictures import KeptPictures
from newsletter.rendering.layout import Templates
from newsletter.rendering.merge_fields import Expressions, sort_expressions, variant_value
from newsletter.rendering.scene import Scene
from newsletter.rendering.variants import select_variant
from newsletter.settings import Settings

_URL_ATTRIBUTES = ("href", "src", "background", "action")


@dataclass(frozen=True, slots=True)
class Edition:
    """Everything the variants of one issue are rendered from."""

    issue: Issue
    settings: Settings
    professions: Professions
    candidates: tuple[str, ...]
    """The professions the issue's audience can hold; each gets a variant, and `default` besides."""
    recipient_fields: tuple[str, ...]
    forgiving: bool = False
    """A picture that cannot be drawn is a finding, and grey; without, it is an error."""

    @property
    def keys(self) -> tuple[str, ...]:
        return (*self.candidates, DEFAULT)


@dataclass(frozen=True, slots=True)
class Rendering:
    """A rendered variant beside what it was rendered from."""

    variant: Variant
    rendered: RenderedVariant


def render_one(edition: Edition, templates: Templates, key: str) -> Rendering:
    """What the readers of profession `key` get."""
    variant = select_variant(edition.issue, key, edition.professions, edition.candidates)
    return Rendering(variant, render_variant(edition, templates, key, variant))


def render_variant(
    edition: Edition, templates: Templates, key: str, variant: Variant, kept: KeptPictures | None = None
) -> RenderedVariant:
    """The variant as mail; `key` names it, `kept` holds pictures of earlier runs."""
    authors = sort_expressions(edition.issue.expressions.values(), edition.recipient_fields)
    values = _variant_values(authors, variant, edition)
    subject = _filled(edition.issue.subject, values, lambda token: in_context(token, Context.HEADER))
    preheader = _filled(edition.issue.preheader, values)
    scene = Scene(
        variant,
        issue_as_read(edition.issue, variant),
        edition.settings,
        templates.theme(edition.issue.theme, edition.settings),
        templates.words(edition.issue.language),
        subject=_filled(edition.issue.subject, values),
        preheader=preheader,
        values=values,
        forgiving=edition.forgiving,
        kept=kept,
    )
    page = parse_page(templates.draw_html(scene))
    text = templates.draw_text(scene)
    own = sort_expressions(templates.expressions.values(), edition.recipient_fields)
    # An author's own line comes first, so that it does not matter which templates other variants have drawn before.
    open_fields = {**own.per_recipient, **authors.per_recipient}
    _settle_page(page, values, edition)
    inline_css(page)
    html = serialize_page(page)
    text = _filled(text, values, lambda token: in_context(token, Context.TEXT))
    fields = tuple(_merge_fields(subject, html, text, known=open_fields))
    pictures = tuple(picture for name, picture in sorted(scene.pictures.items()) if name in html)
    digest = _digest(
        subject, preheader, html, text, *(picture.name for picture in pictures), *(f.source for f in fields)
    )
    return RenderedVariant(key, (key,), subject, preheader, html, text, fields, pictures, digest)


def issue_as_read(issue: Issue, variant: Variant) -> Issue:
    """The issue as far as this variant's readers meet it: what its templates see depends on nothing else."""
    return replace(issue, sections=variant.sections, expressions={}, findings=(), experiment=None, subject_line=0)


def content_hash(renderings: Sequence[Rendering], edition: Edition) -> str:
    """One hash over all that recipients will see: every variant, the sender, and what is tried with how many."""
    tried = edition.issue.experiment
    return _digest(
        json.dumps(edition.settings.sender.model_dump(), sort_keys=True),
        *(f"{one.rendered.professions}{one.rendered.content_hash}{one.rendered.arm}" for one in renderings),
        *([f"{tried.share} {tried.criterion.value} {tried.wait}"] if tried else []),
    )


def _variant_values(authors: Expressions, variant: Variant, edition: Edition) -> dict[str, str]:
    """Each per-variant token's value, for tokens this variant's readers can meet."""
    issue = edition.issue
    variables: dict[str, object] = {
        "profession": _visible(variant.profession),
        "another_profession": _visible(variant.another_profession),
        "issue": {"id": issue.id, "title": issue.title, "language": issue.language},
    }
    return {token: variant_value(expression, variables) for token, expression in authors.per_variant.items()}


def _visible(profession: Profession) -> dict[str, str]:
    """What expressions may see of a profession."""
    return {
        "key": profession.key,
        "label": profession.label,
        "plural": profession.plural,
        "parent": profession.parent or "",
    }


def _filled(text: str, values: Mapping[str, str], otherwise: Callable[[str], str] = lambda token: token) -> str:
    """The text with per-variant tokens replaced by their values and the others by `otherwise`."""
    return TOKEN.sub(lambda found: values[found[0]] if found[0] in values else otherwise(found[0]), text)


def _settle_page(page: Any, values: Mapping[str, str], edition: Edition) -> None:
    """Fill in per-variant tokens, and tell every per-recipient token where it stands."""

    def html(token: str) -> str:
        return in_context(token, Context.HTML)

    for element in page.iter():
        if element.text:
            element.text = _filled(element.text, values, html)
        if element.tail:
            element.tail = _filled(element.tail, values, html)
        for name, value in element.attrib.items():
            if name in _URL_ATTRIBUTES:
                element.set(name, _settled_url(value, values))
            elif TOKEN.search(value):
                element.set(name, _filled(value, values, html))
        if element.tag == "a" and element.get("href"):
            element.set("href", _with_utm(element.get("href"), edition))


def _settled_url(url: str, values: Mapping[str, str]) -> str:
    if TOKEN.fullmatch(url):
        return _filled(url, values, lambda token: in_context(token, Context.URL))
    quoted = {token: quote(values[token], safe="") for token in tokens_in(url) if token in values}
    return _filled(url, quoted, lambda token: in_context(token, Context.URL_PART))


def _with_utm(url: str, edition: Edition) -> str:
    """A web link with the campaign parameters of `tracking.utm`, unless it has its own."""
    utm = edition.settings.tracking.utm
    if utm is None or not url.startswith(("http://", "https://")) or "utm_" in url:
        return url
    given = {"utm_source": utm.source, "utm_medium": utm.medium, "utm_campaign": edition.issue.id}
    parts = urlsplit(url)
    query = f"{parts.query}&{urlencode(given)}" if parts.query else urlencode(given)
    return parts._replace(query=query).geturl()


def _merge_fields(*texts: str, known: Mapping[str, Expression]) -> Iterator[MergeField]:
    """A merge field for every token that stands in the texts, each once."""
    for token in dict.fromkeys(token for text in texts for token in tokens_in(text)):
        context = Context(token[-1])
        expression = next((one for key, one in known.items() if in_context(key, context) == token), None)
        if expression is not None:
            yield MergeField(token, expression.source, context, expression.where)


def _digest(*parts: str) -> str:
    digest = sha256()
    for part in parts:
        digest.update(f"{len(part)}:".encode() + part.encode())
    return digest.hexdigest()
