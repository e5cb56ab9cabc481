"""Headers, read back with the standard library's parser: and nobody writes one of their own."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from datetime import UTC, datetime
from email import policy
from email.header import decode_header
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.headers import feedback_id, sender_id
from newsletter.delivery.messages import Assembler, Envelope, NotPersonalizable
from newsletter.errors import SettingsError
from newsletter.model import Context, Delivery, DeliveryId, MergeField, RenderedVariant, Where

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ID = "0123456789abcdef01234567"
ENVELOPE = Envelope(
    "Work Dojos", "news@example.org", "hello@example.org", "Dojos", "news.example.org", "spring", "everybody"
)
PUBLIC = replace(ENVELOPE, public_url="https://news.example.org/" + "letters/" * 12 + "x")
NAMES = {
    "From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "Feedback-ID",
    "X-Campaign", "MIME-Version", "Content-Type",
}  # fmt: skip
SUBJECT = MergeField("mf00000000000001s", "recipient.first_name", Context.HEADER, Where("issue.yaml", 3))
LINK = MergeField("mf00000000000002u", "recipient.unsubscribe_url", Context.URL, Where("issue.yaml", 4))
VALUES = {
    "recipient.first_name": lambda values: values.get("first_name", ""),
    "recipient.unsubscribe_url": lambda values: values["unsubscribe_url"],
}
VARIANT = RenderedVariant(
    "default",
    ("default",),
    f"For {SUBJECT.token}",
    "",
    f'<a href="{LINK.token}">leave</a>',
    "x",
    (SUBJECT, LINK),
    (),
    "h",
)


def _content(envelope: Envelope, address: str = "ana@example.org", **recipient: str) -> bytes:
    delivery = Delivery(1, DeliveryId(ID), address, "default", 0, recipient)
    return Assembler([VARIANT], VALUES, envelope).assemble(delivery, NOW).content


def _read(content: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_with_a_public_address_one_click_unsubscribes_and_each_header_is_one_line() -> None:
    content = _content(PUBLIC)
    link = f"{PUBLIC.public_url}/unsubscribe/{ID}"
    lines = content.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert f"List-Unsubscribe: <{link}>, <mailto:hello@example.org?subject=unsubscribe%20{ID}>" in lines
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    page = _read(content).get_body(("html",))
    assert page is not None
    assert page.get_content().strip() == f'<a href="{link}">leave</a>'


def test_without_a_public_address_nothing_promises_one_click() -> None:
    message = _read(_content(ENVELOPE))
    assert message["List-Unsubscribe"] == f"<mailto:hello@example.org?subject=unsubscribe%20{ID}>"
    assert "List-Unsubscribe-Post" not in message


@pytest.mark.parametrize(
    "address", ["http://example.org", "https://example.org/?a", "https://b\u00fccher.example", "https://a.org/>, <x:y"]
)
def test_a_public_address_that_could_not_stand_in_its_header_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="public_url"):
        replace(ENVELOPE, public_url=address)


def test_the_feedback_id_names_campaign_audience_kind_and_sender_and_is_the_same_for_everybody() -> None:
    made = {_read(_content(ENVELOPE, f"{name}@example.org", first_name=name))["Feedback-ID"] for name in ("ana", "bo")}
    assert made == {"spring:everybody:newsletter:example-org"}


@given(
    st.text(max_size=80), st.text(max_size=80), st.from_regex(r"[a-z0-9-]{1,30}(\.[a-z]{2,20}){1,3}", fullmatch=True)
)
def test_a_feedback_id_has_four_harmless_parts_whatever_a_campaign_is_called(
    campaign: str, audience: str, domain: str
) -> None:
    made = feedback_id(campaign, audience, domain)
    assert re.fullmatch(r"[A-Za-z0-9._-]{0,40}:[A-Za-z0-9._-]{0,40}:newsletter:[a-z0-9-]{5,15}", made)
    assert sender_id(domain) == sender_id(domain.upper())


def test_two_long_domains_that_begin_alike_have_different_sender_ids() -> None:
    assert sender_id("newsletters.example.org") != sender_id("newsletters.example.com")


anything = st.text(max_size=120) | st.text(alphabet='ab:\r\n\t \x00\x0b\x85\u2028,<>@"\\%s\u00e9=?', max_size=60)


@given(st.sampled_from([field.name for field in fields(Envelope)]), anything)
def test_nothing_a_sender_writes_adds_a_header(name: str, text: str) -> None:
    try:
        envelope = replace(ENVELOPE, **{name: text})
    except SettingsError:
        return
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", text), "control characters are refused"
    message = _read(_content(envelope))
    optional = {"List-Unsubscribe-Post"} if envelope.public_url else set()
    missing = set() if envelope.reply_to else {"Reply-To"}
    assert sorted(message.keys()) == sorted(NAMES - missing | optional)
    assert message["From"].addresses[0].addr_spec == envelope.sender_address


@pytest.mark.parametrize("name", [field.name for field in fields(Envelope)])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\x00", "\x85", "\u2028"])
def test_a_line_break_in_any_value_of_the_sender_is_refused_in_words(name: str, end: str) -> None:
    with pytest.raises(SettingsError, match="on one line"):
        replace(ENVELOPE, **{name: f"a{end}Bcc: all@example.org"})


@given(anything, anything)
def test_nothing_a_recipient_is_called_adds_a_header(first: str, last: str) -> None:
    message = _read(_content(ENVELOPE, first_name=first, last_name=last))
    assert sorted(message.keys()) == sorted(NAMES)
    assert [one.addr_spec for one in message["To"].addresses] == ["ana@example.org"]


@given(anything, st.sampled_from([*'()<>[]:;@\\,"', *" \t\r\n\x00\x7f\x85\xa0\u2028\u202e\ud800"]), anything)
def test_an_address_that_could_leave_its_place_is_refused_in_words(before: str, end: str, after: str) -> None:
    with pytest.raises(NotPersonalizable, match="characters that end an address"):
        _content(ENVELOPE, f"{before}{end}{after}@example.org")


def test_an_address_of_another_script_stands_in_its_header_as_it_is() -> None:
    content = _content(ENVELOPE, "jörg@xn--bcher-kva.example", first_name="Jörg", last_name='"Quote"')
    message = _read(content)
    written = message["To"].addresses[0].addr_spec.encode("ascii", "surrogateescape").decode()
    assert written == "jörg@xn--bcher-kva.example"
    assert message["To"].addresses[0].display_name == 'Jörg "Quote"'
    assert sorted(message.keys()) == sorted(NAMES)


def test_a_domain_of_another_script_is_mailed_in_its_idna_form() -> None:
    envelope = replace(ENVELOPE, sender_address="news@xn--strae-oqa.example")
    message = _read(_content(envelope, "ana@xn--bcher-kva.example", first_name="Ana"))
    assert message["From"].addresses[0].domain == "xn--strae-oqa.example"
    assert message["To"].addresses[0].domain == "xn--bcher-kva.example"
    assert message["Message-ID"] == f"<{ID}@xn--strae-oqa.example>"


def name_shown(content: bytes) -> str:
    """The name in the To header, by RFC 2047 §6.2: blanks between encoded words are no part of it. The parser of
    `email.policy.default` keeps them in some versions of Python."""
    raw = BytesParser(policy=policy.compat32).parsebytes(content)["To"]
    encoded = "".join(text.decode(charset) for text, charset in decode_header(raw) if charset)
    return encoded or _read(content)["To"].addresses[0].display_name


def _lines(content: bytes, header: bytes) -> list[bytes]:
    """The header's lines as they are written."""
    head = content.partition(b"\r\n\r\n")[0].split(b"\r\n")
    begin = next(at for at, line in enumerate(head) if line.startswith(header + b": "))
    end = next((at for at in range(begin + 1, len(head)) if not head[at].startswith(b" ")), len(head))
    return head[begin:end]


@pytest.mark.parametrize(
    "name",
    [
        "\u0410\u043b\u0435\u043a\u0441\u0430\u043d\u0434\u0440\u0430 " * 4 + "\u041f",
        "a" * 480 + " " + "b" * 400,
        "\u00e9" * 80,
        "A, " * 100 + "B",
        "=?utf-8?q?Bcc?=",
        "\u65e5\u672c" * 60,
    ],
)
def test_a_name_of_any_length_is_folded_and_read_back_as_it_is(name: str) -> None:
    content = _content(ENVELOPE, first_name=name)
    lines = _lines(content, b"To")
    assert max(map(len, lines)) <= 76
    words = re.findall(rb"=\?[^?]+\?[^?]+\?[^?]*\?=", b"".join(lines))
    assert all(len(word) <= 75 for word in words), "RFC 2047 section 2"
    assert name_shown(content) == name


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], max_codepoint=0x1FFFF), max_size=300))
def test_every_name_comes_back_on_lines_that_are_not_too_long(name: str) -> None:
    content = _content(ENVELOPE, first_name=name)
    assert max(map(len, _lines(content, b"To"))) <= 76
    wanted = " ".join(name.split())
    assert " ".join(name_shown(content).split()) == wanted


def test_a_subject_that_looks_encoded_is_read_as_it_was_written() -> None:
    assert _read(_content(ENVELOPE, first_name="=?utf-8?q?Bcc?="))["Subject"] == "For =?utf-8?q?Bcc?="
