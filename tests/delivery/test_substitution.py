"""Personalizations: what a provider that replaces tags by values sends is what whole messages say."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.messages import Assembler, Envelope, NotPersonalizable
from newsletter.delivery.substitution import SubstitutionAssembler, filled_in
from newsletter.model import Context, Delivery, DeliveryId, MergeField, Personalization, Picture, RenderedVariant, Where

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SECRET = bytes(range(16))
ENVELOPE = Envelope("Wörk Dojos", "news@example.org", "hello@example.org", "Wörk", "news.example.org", "spring")
SOURCES = ("recipient.first_name", "recipient.link")
VALUES = {
    "recipient.first_name": lambda values: values.get("first_name", ""),
    "recipient.link": lambda values: values.get("link", ""),
}


def _token(source: str, context: Context) -> str:
    return f"mf{SOURCES.index(source) + 1:014x}{context.value}"


NAME, LINK = SOURCES
FIELDS = tuple(
    MergeField(_token(source, context), source, context, Where("issue.yaml", 3))
    for source, context in itertools.product(SOURCES, Context)
)
HTML = (
    f'<p>{_token(NAME, Context.HTML)}</p><a href="{_token(LINK, Context.URL)}">x</a>'
    f'<a href="https://example.org/?n={_token(NAME, Context.URL_PART)}">{_token(NAME, Context.HTML)}</a>'
)


def _variant(
    html: str = HTML, text: str = f"Dear {_token(NAME, Context.TEXT)}", key: str = "default"
) -> RenderedVariant:
    subject = f"For {_token(NAME, Context.HEADER)}"
    return RenderedVariant(key, (key,), subject, "", html, text, FIELDS, (), "hash")


def _delivery(**recipient: str) -> Delivery:
    return Delivery(1, DeliveryId("ab12"), "ana@example.org", "default", 0, recipient)


def _assembled(variant: RenderedVariant, **recipient: str) -> Personalization:
    return SubstitutionAssembler([variant], VALUES, ENVELOPE, SECRET).assemble(_delivery(**recipient), NOW)


def _replaced(made: Personalization, order: tuple[str, ...]) -> tuple[str, str, str]:
    """As a provider does that replaces one tag after the other, in whatever order."""
    parts = [made.template.subject, made.template.html, made.template.text]
    for tag in order:
        parts = [part.replace(tag, made.values[tag]) for part in parts]
    return parts[0], parts[1], parts[2]


value = st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


@given(value, value)
def test_a_provider_that_replaces_tags_says_what_a_whole_message_says(name: str, link: str) -> None:
    made = _assembled(_variant(), first_name=name, link=link)
    whole = Assembler([_variant()], VALUES, ENVELOPE).assemble(_delivery(first_name=name, link=link), NOW)
    message = BytesParser(policy=policy.default).parsebytes(whole.content)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None
    assert text is not None
    _, filled_html, filled_text = filled_in(made.template, made.values)
    assert filled_html == html.get_content().rstrip("\n")
    assert filled_text == text.get_content().rstrip("\n")


@given(value, value)
def test_the_order_in_which_tags_are_replaced_does_not_matter(name: str, link: str) -> None:
    made = _assembled(_variant(), first_name=name, link=link)
    tags = made.template.tags
    assert _replaced(made, tags) == _replaced(made, tags[::-1]) == filled_in(made.template, made.values)


def test_each_place_has_a_tag_of_its_own_and_its_own_escaping() -> None:
    made = _assembled(_variant(), first_name='<b>&"A"', link="javascript:alert(1)")
    assert len(made.template.tags) == 5, "name in subject, HTML, address and text, and the link"
    assert sorted(made.values.values()) == sorted(
        ['<b>&"A"', "&lt;b&gt;&amp;&quot;A&quot;", "%3Cb%3E%26%22A%22", '<b>&"A"', "#"]
    )
    assert "mf0000" not in made.template.html + made.template.text + made.template.subject


def test_tags_of_equal_length_do_not_begin_with_each_other_and_differ_between_campaigns() -> None:
    tags = _assembled(_variant()).template.tags
    assert len({len(tag) for tag in tags}) == 1
    assert all(tag.isalnum() for tag in tags), "so that a tag stays whole inside an address"
    other = SubstitutionAssembler([_variant()], VALUES, ENVELOPE, b"x" * 16).assemble(_delivery(), NOW)
    assert not set(tags) & set(other.template.tags)


def test_what_authors_wrote_is_never_taken_for_a_tag() -> None:
    mark = _assembled(_variant()).template.tags[0][:11]
    made = _assembled(_variant(text=f"the letters {mark} stand here"), first_name="Ana")
    assert all(not tag.startswith(mark) for tag in made.template.tags)
    assert filled_in(made.template, made.values)[2] == f"the letters {mark} stand here"


def test_a_value_that_looks_like_a_tag_is_refused() -> None:
    tag = _assembled(_variant()).template.tags[0]
    with pytest.raises(NotPersonalizable, match="stands for values"):
        _assembled(_variant(), first_name=f"x{tag}")


def test_headers_name_the_list_the_way_out_and_a_stable_id_on_one_line_each() -> None:
    made = _assembled(_variant(), first_name="Ana", last_name="Pérez\r\nBcc: x@example.org")
    assert made.headers == {
        "Message-ID": "<ab12@example.org>",
        "List-Unsubscribe": "<mailto:hello@example.org?subject=unsubscribe%20ab12>",
    }
    assert made.template.headers["X-Campaign"] == "spring"
    assert made.template.headers["List-Id"] == "=?utf-8?b?V8O2cms=?= <news.example.org>"
    assert made.name == "Ana Pérez Bcc: x@example.org"
    assert "\n" not in str(made.headers) + str(dict(made.template.headers))


def test_with_a_public_address_a_provider_is_told_of_one_click_and_the_page_leads_there() -> None:
    field = MergeField(_token(LINK, Context.URL), "recipient.unsubscribe_url", Context.URL, Where("issue.yaml", 3))
    page = f'<a href="{field.token}">x</a>'
    variant = RenderedVariant("default", ("default",), "S", "", page, "x", (field,), (), "hash")
    values = {"recipient.unsubscribe_url": lambda values: values["unsubscribe_url"]}
    envelope = replace(ENVELOPE, public_url="https://example.org/news")
    made = SubstitutionAssembler([variant], values, envelope, SECRET).assemble(_delivery(), NOW)
    link = "https://example.org/news/unsubscribe/ab12"
    assert made.headers["List-Unsubscribe"] == f"<{link}>, <mailto:hello@example.org?subject=unsubscribe%20ab12>"
    assert made.template.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert filled_in(made.template, made.values)[1] == f'<a href="{link}">x</a>'


def test_only_pictures_that_the_page_shows_travel_with_it() -> None:
    shown, other = (Picture(f"{name}.png", "image/png", 1, 1, b"x") for name in ("shown", "other"))
    variant = RenderedVariant(
        "default", ("default",), "S", "", '<img src="cid:shown.png">', "x", (), (shown, other), "hash"
    )
    assert _assembled(variant).template.pictures == (shown,)
