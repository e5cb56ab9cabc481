"""Messages, read back with the standard library's parser as the judge."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html import unescape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.messages import Assembler, Envelope, NotPersonalizable
from newsletter.model import Context, Delivery, DeliveryId, MergeField, Picture, RenderedVariant, Where

NAME = "mf00000000000001"
ENVELOPE = Envelope("Wörk Dojos", "news@example.org", "hello@example.org", "Work Dojos", "news.example.org", "spring")
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
VALUES = {
    "recipient.first_name": lambda values: values.get("first_name", ""),
    "recipient.link": lambda values: values.get("link", ""),
}


def _field(context: Context, source: str = "recipient.first_name") -> MergeField:
    token = ("mf00000000000002" if source == "recipient.link" else NAME) + context.value
    return MergeField(token, source, context, Where("issue.yaml", 3))


def _variant(
    html: str = "", text: str = "", subject: str = "Spring", pictures: tuple[Picture, ...] = ()
) -> RenderedVariant:
    contexts = [_field(context) for context in Context] + [_field(Context.URL, "recipient.link")]
    return RenderedVariant("default", ("default",), subject, "", html, text, tuple(contexts), pictures, "hash")


def _read(variant: RenderedVariant, **recipient: str) -> EmailMessage:
    delivery = Delivery(1, DeliveryId("ab12"), "ana@example.org", "default", 0, recipient)
    content = Assembler([variant], VALUES, ENVELOPE).assemble(delivery, NOW).content
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def test_headers_name_sender_recipient_list_and_a_stable_id() -> None:
    message = _read(_variant("<p>x</p>", "x"), first_name="Ana", last_name="Pérez")
    assert message["From"] == "Wörk Dojos <news@example.org>"
    assert message["To"] == "Ana Pérez <ana@example.org>"
    assert message["Reply-To"] == "hello@example.org"
    assert message["Message-ID"] == "<ab12@example.org>"
    assert message["List-Id"] == "Work Dojos <news.example.org>"
    assert message["List-Unsubscribe"] == "<mailto:hello@example.org?subject=unsubscribe%20ab12>"
    assert message["Date"].datetime == NOW


def test_a_list_without_a_name_still_has_a_list_id_in_angle_brackets() -> None:
    envelope = Envelope("W", "news@example.org", "", "", "news.example.org", "spring")
    delivery = Delivery(1, DeliveryId("ab12"), "ana@example.org", "default", 0, {})
    content = Assembler([_variant("x", "x")], VALUES, envelope).assemble(delivery, NOW).content
    assert b"\r\nList-Id: <news.example.org>\r\n" in content


@pytest.mark.parametrize(
    "name", ["Ana\r\nBcc: all@example.org", "Ana\nX-Evil: 1", "Ana\x00", "Ana\u2028Bcc: x@example.org"]
)
def test_a_value_cannot_add_a_header(name: str) -> None:
    message = _read(_variant("<p>x</p>", "x", subject=f"Dear {NAME}s"), first_name=name)
    assert "Bcc" not in message
    assert "X-Evil" not in message
    assert message["Subject"].startswith("Dear Ana")


def test_a_value_is_escaped_for_the_place_it_stands_in() -> None:
    html = f'<p>{NAME}h</p><a href="https://example.org/?n={NAME}u">x</a>'
    message = _read(_variant(html, f"Dear {NAME}t"), first_name='<b>&"A"')
    assert "<p>&lt;b&gt;&amp;&quot;A&quot;</p>" in _part(message, "html")
    assert 'href="https://example.org/?n=%3Cb%3E%26%22A%22"' in _part(message, "html")
    assert _part(message, "plain") == 'Dear <b>&"A"'


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=120))
def test_a_part_of_an_address_is_what_the_standard_library_makes_of_it(value: str) -> None:
    message = _read(_variant(f'<a href="https://example.org/?n={NAME}u">x</a>', "x"), first_name=value)
    assert f'href="https://example.org/?n={quote(value, safe="")}"' in _part(message, "html")


@given(st.text(alphabet="Ana Pé=.%~", max_size=80))
def test_a_subject_holds_its_values_and_its_own_percent_signs(value: str) -> None:
    message = _read(_variant("<p>x</p>", "x", f"50 % off, {NAME}s: 100 %s"), first_name=value)
    assert message["Subject"] == " ".join(f"50 % off, {value}: 100 %s".split())


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://example.org/?a=1&b=2", "https://example.org/?a=1&amp;b=2"),
        ("javascript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("", "#"),
    ],
)
def test_a_link_from_a_value_leads_only_where_mail_may_lead(link: str, expected: str) -> None:
    variant = _variant(f'<a href="mf00000000000002{Context.URL.value}">x</a>', "x")
    assert _part(_read(variant, link=link), "html") == f'<a href="{expected}">x</a>'


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200))
def test_any_value_arrives_as_it_is_in_the_text(value: str) -> None:
    message = _read(_variant("<p>x</p>", f"Dear {NAME}t, welcome.\n.\nEnd."), first_name=value)
    assert _part(message, "plain") == f"Dear {value}, welcome.\n.\nEnd."


@given(st.text(alphabet="abc =.\n\t<é€😀", max_size=600), st.text(alphabet="xyz .=é😀", max_size=90))
def test_any_text_around_a_value_arrives_as_it_is(text: str, value: str) -> None:
    message = _read(_variant("<p>x</p>", f"{text}|{NAME}t|{text}"), first_name=value)
    assert _part(message, "plain") == f"{text}|{value}|{text}".rstrip("\n")


@pytest.mark.parametrize(
    "value", ["x" * length + end for length in range(70, 80) for end in ("", "é", "=", ".", "äé.")]
)
def test_a_value_that_fills_its_line_leaves_room_for_the_soft_break(value: str) -> None:
    variant = _variant(f"<p>{value}{NAME}h</p>", f"{value}{NAME}t{value}")
    message = _read(variant, first_name=value)
    assert _part(message, "plain") == value * 3
    assert unescape(_part(message, "html")) == f"<p>{value}{value}</p>"
    delivery = Delivery(1, DeliveryId("ab12"), "ana@example.org", "default", 0, {"first_name": value})
    content = Assembler([variant], VALUES, ENVELOPE).assemble(delivery, NOW).content
    assert all(len(line) <= 76 for line in content.partition(b"\r\n\r\n")[2].split(b"\r\n"))


@given(st.text(alphabet=".a\né =", max_size=400), st.text(alphabet=".a é", max_size=200))
def test_no_line_begins_with_a_dot_so_smtp_may_send_it_as_it_is(text: str, value: str) -> None:
    delivery = Delivery(1, DeliveryId("ab12"), "ana@example.org", "default", 0, {"first_name": value})
    message = Assembler([_variant(f"<p>{text}{NAME}h</p>", f"{text}{NAME}t{text}")], VALUES, ENVELOPE).assemble(
        delivery, NOW
    )
    assert message.dot_free
    assert b"\r\n." not in message.content
    assert all(len(line) <= 76 for line in message.content.partition(b"\r\n\r\n")[2].split(b"\r\n"))


@pytest.mark.parametrize("name", ["Ana", "Ana Pérez", "Dr. A. Pérez, Ärztin", '"A" <b@c.d>', " "])
def test_any_name_reads_back_from_the_to_header(name: str) -> None:
    to = _read(_variant("x", "x"), first_name=name)["To"]
    assert [(one.display_name, one.addr_spec) for one in to.addresses] == [(name.strip(), "ana@example.org")]


def test_pictures_travel_with_the_page_that_names_them() -> None:
    picture = Picture("abc.png", "image/png", 10, 10, b"\x89PNG" + bytes(range(256)))
    message = _read(_variant('<img src="cid:abc.png">', "x", pictures=(picture,)))
    found = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"] for part in found] == ["<abc.png>"]
    assert found[0].get_content() == picture.content
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]


def test_a_long_subject_with_accents_reads_back_whole() -> None:
    subject = "Öffentlich und für alle: " + "über die Öffnung der Ärzteschaft " * 4
    assert _read(_variant("x", "x", subject=subject))["Subject"] == subject.strip()


def test_a_failing_expression_stops_this_message_and_says_why() -> None:
    def fail(values: object) -> str:
        raise ValueError("no number")

    assembler = Assembler([_variant("x", f"{NAME}t")], {"recipient.first_name": fail, "recipient.link": fail}, ENVELOPE)
    with pytest.raises(NotPersonalizable, match="no number"):
        assembler.assemble(Delivery(1, DeliveryId("ab12"), "ana@example.org", "default", 0, {}), NOW)


def test_no_personal_data_stands_in_the_message_id_or_the_unsubscribe_link() -> None:
    message = _read(_variant("x", "x"), first_name="Ana", last_name="Pérez")
    for header in ("Message-ID", "List-Unsubscribe", "X-Campaign", "Feedback-ID"):
        assert not re.search("ana|p.rez", str(message[header]).replace("example", ""), re.IGNORECASE)
