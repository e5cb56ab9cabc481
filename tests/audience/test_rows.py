"""A record becomes a person with nothing guessed, or says why it cannot."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.audience.addresses import InvalidAddress, is_simple, parse_address
from newsletter.audience.columns import CONSENT_ELSE, MORE_ATTRIBUTES, WHOLE_NAME, Columns
from newsletter.audience.places import country_code, language_code, time_zone_name
from newsletter.audience.rows import RowReader, RowRejected
from newsletter.model import SubscriberStatus
from newsletter.store.imports import StagedRow

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def reader(names: tuple[str, ...], status: SubscriberStatus | None = None, asks: bool = False) -> RowReader:
    columns = Columns(
        {name: place for place, name in enumerate(names)}, "", {}, (), status, "Mailchimp" if status else "", asks
    )
    return RowReader(columns, len(names), NOW, lambda title: "nurse" if title == "RN" else "")


def row(**values: str) -> StagedRow:
    given = {"address": "ada@example.org", **values}
    return reader(tuple(given)).row(2, list(given.values()))


def test_a_record_fills_the_fields_of_its_columns_and_the_rest_are_empty() -> None:
    found = row(first_name=" Ada  B. ", profession="RN", country="Deutschland", language="English", points="7")
    assert found == StagedRow(
        *("ada@example.org", "ada@example.org", "Ada B.", "", "RN", "nurse", "DE", "en", "", "subscribed", "[]"),
        *('{"points":"7"}', None, "", "", ""),
    )


def test_a_short_record_is_filled_up_with_nothing() -> None:
    found = reader(("address", "first_name", "points")).row(2, ["a@x.org"])
    assert (found.first_name, found.attributes) == ("", "{}")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("Germany", "DE"), ("de", "DE"), ("DEU", "DE"), ("U.S.A.", "US"), ("Österreich", "AT"), ("UK", "GB")),
        *(("Congo", "Congo"), ("Atlantis", "Atlantis"), ("", ""), ("EU", "EU")),
    ],
)
def test_a_country_becomes_its_code_only_where_it_is_unmistakable(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("text", "tag"),
    [("German", "de"), ("français", "fr"), ("PT_br", "pt-BR"), ("en", "en"), ("Gibberish", "Gibberish")],
)
def test_a_language_becomes_its_tag_only_where_it_is_unmistakable(text: str, tag: str) -> None:
    assert language_code(text) == tag


def test_a_time_zone_is_a_name_of_the_iana_or_nothing() -> None:
    assert time_zone_name("europe/berlin") == "Europe/Berlin"
    assert time_zone_name("GMT+1") == ""
    zones = reader(("address", "time_zone"))
    assert zones.row(4, ["a@x.org", "somewhere"]).time_zone == ""
    assert zones.row(5, ["b@x.org", "somewhere"]).time_zone == ""
    assert list(zones.oddities.values()) == [(2, 4)]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2024-03-31", "2024-03-31 00:00:00.000000"),
        ("2024-03-31T12:30:00+02:00", "2024-03-31 10:30:00.000000"),
        ("2024-03-31 10:30:00", "2024-03-31 10:30:00.000000"),
        ("31.3.2024 10:30", "2024-03-31 10:30:00.000000"),
        ("03/04/2024", None),
        ("yesterday", None),
        ("2031-01-01", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_the_time_of_a_consent_is_read_where_it_is_clear_and_left_out_where_it_is_not(
    written: str, kept: str | None
) -> None:
    assert row(consent_at=written).consent_at == kept


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("03/04/2024", "only a guess could read them (write 2026-03-31)"),
        ("2026-03-04", "they lie in the future"),
        ("2031-01-01T00:00:00+02:00", "they lie in the future"),
        ("1889-12-31", "they lie before 1990"),
    ],
)
def test_the_note_of_a_consent_left_out_says_why(written: str, why: str) -> None:
    reading = reader(("address", "consent_at"))
    assert reading.row(7, ["a@x.org", written]).consent_at is None
    assert reading.oddities == {f"times of consent left out because {why}": (1, 7)}


def test_tags_come_as_a_list_in_a_cell_in_any_of_the_usual_ways() -> None:
    for cell in ('"VIP","New, shiny"', '["New, shiny", "VIP"]', "VIP; New, shiny", " VIP|New, shiny|VIP"):
        assert json.loads(row(tags=cell).tags) == ["New, shiny", "VIP"], cell


def test_people_of_an_export_without_a_word_of_consent_wait_for_it() -> None:
    mailchimp = reader(("address", "consent_at", CONSENT_ELSE), SubscriberStatus.SUBSCRIBED, asks=True)
    confirmed = mailchimp.row(2, ["a@x.org", "2024-03-31 10:30:00", ""])
    signed_up = mailchimp.row(3, ["b@x.org", "", "2024-03-30 10:30:00"])
    unknown = mailchimp.row(4, ["c@x.org", "", ""])
    assert [one.status for one in (confirmed, signed_up, unknown)] == ["subscribed", "subscribed", "pending"]
    assert [one.consent_source for one in (confirmed, signed_up, unknown)] == ["Mailchimp", "Mailchimp", ""]
    assert signed_up.consent_at == "2024-03-30 10:30:00.000000"


def test_names_and_attributes_of_listmonk_are_taken_apart() -> None:
    listmonk = reader(("address", WHOLE_NAME, MORE_ATTRIBUTES, "status"))
    found = listmonk.row(2, ["a@x.org", "Ada Maria Lovelace", '{"n": 1.50, "in": {"x": [true]}}', "blocklisted"])
    assert (found.first_name, found.last_name, found.status) == ("Ada", "Maria Lovelace", "unsubscribed")
    assert json.loads(found.attributes) == {"n": "1.50", "in": {"x": ["true"]}}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"first_name": "A\r\nBcc: b@x.org"}, "'first_name' holds a line break and a mail header after it"),
        ({"last_name": "x" * 501}, "'last_name' is longer than 500 characters"),
        ({"note": "x" * 5_001}, "'note' is longer than 5,000 characters"),
        ({"status": "maybe"}, "unknown status 'maybe'"),
        ({"tags": ";".join(f"t{number}" for number in range(51))}, "more than 50 tags"),
        ({MORE_ATTRIBUTES: "[1]"}, "the attributes are no JSON object"),
        ({MORE_ATTRIBUTES: "{"}, "a cell holds broken JSON"),
        ({MORE_ATTRIBUTES: '{"a": ' + "[" * 20 + "]" * 20 + "}"}, "the attributes are nested too deeply"),
    ],
)
def test_a_record_that_cannot_be_a_person_says_why(values: dict[str, str], reason: str) -> None:
    with pytest.raises(RowRejected, match=f"^{reason.translate({ord(one): '.' for one in '()[]{}'})}$"):
        row(**values)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Ana\u202egnp.exe", "Anagnp.exe"),
        ("\u200bAna\ufeff", "Ana"),
        ("A\0n\x1ba", "Ana"),
        ("Ana\nMaria", "Ana Maria"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("Ana\u200cMaria", "AnaMaria"),
    ],
)
def test_invisible_characters_are_removed_but_where_they_spell_a_word(written: str, kept: str) -> None:
    assert row(first_name=written).first_name == kept


@given(st.text(max_size=40))
def test_no_text_in_a_row_holds_a_control_character_and_only_its_own_words_are_refused(text: str) -> None:
    try:
        found = row(first_name=text, country=text, note=text, tags=text, status="")
    except RowRejected:
        return
    for value in (found.first_name, found.country):
        assert not any(one in value for one in "\r\n\0\t\u202e\u200b")
        value.encode()
    assert "\n" not in "".join(str(one) for one in json.loads(found.attributes).values())


@given(st.from_regex(r"[a-zA-Z0-9._+-]{1,12}@[a-z0-9.-]{1,14}", fullmatch=True))
def test_the_quick_answer_for_an_address_is_the_thorough_one(text: str) -> None:
    if not is_simple(text):
        return
    try:
        found = parse_address(text)
    except InvalidAddress:
        pytest.fail(f"{text} is simple, and no address")
    assert (found.mailed, found.key) == (text, text)


def test_an_address_of_320_characters_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        row(address=f"{'a' * 64}@{'b' * 251}.org")
