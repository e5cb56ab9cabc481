"""Which column fills which field: as the audience says, as a known export has it, or as the headings suggest."""

from __future__ import annotations

import pytest

from newsletter.audience.columns import Columns, columns_of
from newsletter.audience.records import Records
from newsletter.errors import FileProblems
from newsletter.model import Audience, Segment, SubscriberStatus, Where

MAILCHIMP = (
    "Email Address,First Name,Last Name,Job title,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,"
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)


def columns(header: str, **given: str) -> Columns:
    audience = Audience("a", Where("audiences/a.yaml"), "A", "audiences/a.csv", "", given, Segment(), ())
    return columns_of(Records(tuple(header.split(",")), 1, iter(()), "CSV"), audience)


def test_headings_in_several_languages_are_guessed_and_shown() -> None:
    found = columns("Vorname,Nachname,E-Mail-Adresse,Beruf,Land,Gehalt")
    assert found.shown == {
        "address": "E-Mail-Adresse",
        "first_name": "Vorname",
        "last_name": "Nachname",
        "profession": "Beruf",
        "country": "Land",
    }
    assert (found.origin, found.ignored) == ("guessed from the headings", ("Gehalt",))


def test_what_the_audience_says_is_taken_and_nothing_else_but_the_address() -> None:
    found = columns("Email,First name,Shoe", shoe_size="Shoe")
    assert found.shown == {"address": "Email", "shoe_size": "Shoe"}
    assert found.origin == "`columns:` in audiences/a.yaml"


def test_a_heading_that_stands_twice_is_read_once_and_told() -> None:
    found = columns("Email,First name,email")
    assert found.places["address"] == 0
    assert found.notes == ("the heading 'Email' stands there more than once; the first is read",)


@pytest.mark.parametrize(
    ("more", "kind", "status"),
    [
        ("", "subscribed", SubscriberStatus.SUBSCRIBED),
        (",UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON", "unsubscribed", SubscriberStatus.UNSUBSCRIBED),
        (",CLEAN_TIME,CLEAN_CAMPAIGN_TITLE", "cleaned", SubscriberStatus.BOUNCED),
    ],
)
def test_the_three_files_of_mailchimp_are_told_apart(more: str, kind: str, status: SubscriberStatus) -> None:
    found = columns(MAILCHIMP + more)
    assert (found.origin, found.status) == (f"a Mailchimp export ({kind})", status)
    assert found.shown["country"] == "CC"
    assert found.shown["time_zone"] == "TIMEZONE"
    assert (found.shown["consent_at"], found.shown["consent_at, else"]) == ("CONFIRM_TIME", "OPTIN_TIME")
    assert found.asks_consent == (kind == "subscribed")


def test_an_export_of_listmonk_is_known_by_its_headings() -> None:
    found = columns("uuid,email,name,attributes,status,created_at,updated_at")
    assert found.origin == "a listmonk export"
    assert found.shown == {
        "address": "email",
        "whole name": "name",
        "more attributes": "attributes",
        "status": "status",
    }


def test_fields_of_ones_own_in_a_sendgrid_export_become_attributes() -> None:
    found = columns("EMAIL,FIRST_NAME,CITY,ALTERNATE_EMAILS,CONTACT_ID,CREATED_AT,Shoe Size,Job Title")
    assert found.origin == "a SendGrid export"
    assert found.shown == {
        "address": "EMAIL",
        "first_name": "FIRST_NAME",
        "profession": "Job Title",
        "shoe_size": "Shoe Size",
    }
    assert "import its suppressions too" in found.notes[0]


def test_a_file_whose_first_line_is_a_person_is_refused_with_what_to_do() -> None:
    with pytest.raises(FileProblems, match=r"a\.csv:1: the first line is a person already"):
        columns("ada@example.org,Ada")


@pytest.mark.parametrize("given", [{}, {"address": "Email"}])
def test_a_header_that_came_out_as_one_column_asks_for_the_delimiter(given: dict[str, str]) -> None:
    with pytest.raises(FileProblems, match=r"a\.csv:1: .*one column, 'Email#Name#Job'.*`delimiter: '#'`"):
        columns("Email#Name#Job", **given)
