"""SendGrid's lists, as its pages export them and as its API answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.audience.suppression_files import SuppressionEntry, read_suppressions
from newsletter.errors import FileProblems
from newsletter.model import RejectedRow

MAY = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
SECONDS = int(MAY.timestamp())


def _read(tmp_path: Path, name: str, text: str, **asked: str) -> list[SuppressionEntry | RejectedRow]:
    (tmp_path / name).write_text(text, "utf-8")
    return list(read_suppressions(tmp_path / name, name, **asked))


@pytest.mark.parametrize(
    ("name", "header", "row", "reason"),
    [
        ("suppression_bounces.csv", "status,reason,email,created", "5.1.1,550 no,Ada@X.org,{}", "bounced"),
        ("suppression_invalid_emails.csv", "reason,email,created", "no mx,Ada@X.org,{}", "invalid address"),
        ("suppression_spam_reports.csv", "email,created", "Ada@X.org,{}", "complained"),
        ("export.csv", "email,ip,created", "Ada@X.org,127.0.0.1,{}", "complained"),
        ("global_unsubscribes.csv", "email,created", "Ada@X.org,{}", "unsubscribed"),
        ("export.csv", "email,group_id,group_name,created_at", "Ada@X.org,7,Weekly,{}", "unsubscribed from Weekly"),
    ],
)
@pytest.mark.parametrize("time", [str(SECONDS), "2026-05-04 03:02:01", "2026-05-04T03:02:01Z"])
def test_an_export_is_known_by_its_name_or_its_columns(
    tmp_path: Path, name: str, header: str, row: str, reason: str, time: str
) -> None:
    found = _read(tmp_path, name, f"{header}\n{row.format(time)}\n")
    assert found == [SuppressionEntry("ada@x.org", reason, MAY)]


@pytest.mark.parametrize(
    ("name", "entry", "reason"),
    [
        ("bounces.json", {"created": SECONDS, "email": "Ada@X.org", "reason": "550", "status": "5.1.1"}, "bounced"),
        ("invalid_emails.json", {"created": SECONDS, "email": "Ada@X.org", "reason": "x"}, "invalid address"),
        ("x.json", {"created": SECONDS, "email": "Ada@X.org", "ip": "127.0.0.1"}, "complained"),
        ("unsubscribes.json", {"created": SECONDS, "email": "Ada@X.org"}, "unsubscribed"),
        (
            "x.json",
            {"email": "Ada@X.org", "group_id": 7, "group_name": "Weekly\r\nBcc: x", "created_at": SECONDS},
            "unsubscribed from Weekly Bcc: x",
        ),
    ],
)
def test_an_answer_of_the_api_reads_like_an_export(
    tmp_path: Path, name: str, entry: dict[str, object], reason: str
) -> None:
    assert _read(tmp_path, name, json.dumps([entry])) == [SuppressionEntry("ada@x.org", reason, MAY)]


def test_a_groups_list_of_plain_addresses_is_read(tmp_path: Path) -> None:
    found = _read(tmp_path, "group-suppressions.json", '["a@x.org", "b@x.org"]')
    assert found == [SuppressionEntry(f"{one}@x.org", "unsubscribed", None) for one in "ab"]


def test_a_byte_order_mark_semicolons_and_odd_dates_do_no_harm(tmp_path: Path) -> None:
    text = '\ufeffEmail;Created\r\n"a@x.org";yesterday\r\n\r\nb@x.org;99999999999\r\n'
    assert [one.created_at for one in _read(tmp_path, "bounces.csv", text) if isinstance(one, SuppressionEntry)] == [
        None,
        datetime.fromtimestamp(99999999999, UTC),
    ]


def test_a_row_that_is_no_address_is_told_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    found = _read(tmp_path, "bounces.csv", "email,created\na@x.org,\nnobody,\n,1\nb@x.org,\n")
    assert [type(one).__name__ for one in found] == [
        "SuppressionEntry",
        "RejectedRow",
        "RejectedRow",
        "SuppressionEntry",
    ]
    assert [one.line for one in found if isinstance(one, RejectedRow)] == [3, 4]


def test_what_nothing_tells_the_kind_of_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(
        FileProblems, match=r"list\.csv:1: nothing tells what kind of list this is\. Say it with --kind"
    ):
        _read(tmp_path, "list.csv", "email,created\na@x.org,1\n")
    assert _read(tmp_path, "list.csv", "email\na@x.org\n", kind="spam") == [
        SuppressionEntry("a@x.org", "complained", None)
    ]
    assert _read(tmp_path, "bounces.csv", "email\na@x.org\n", reason="by letter") == [
        SuppressionEntry("a@x.org", "by letter", None)
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("bounces.csv", "name,created\nx,1\n", r"bounces\.csv:1: no column holds the address"),
        ("bounces.csv", 'email\n"a@x.org\n', r"bounces\.csv:2: not readable as CSV"),
        ("bounces.json", '[{"email": ', r"bounces\.json:1: not readable as JSON"),
        ("bounces.json", "[" * 100_000, r"bounces\.json:1: not readable as JSON"),
        ("bounces.json", '{"suppressions": 3}', r"bounces\.json:1: must be a JSON list"),
    ],
)
def test_a_broken_list_is_refused_with_its_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(FileProblems, match=said):
        _read(tmp_path, name, text)


def test_an_empty_list_holds_nobody(tmp_path: Path) -> None:
    assert _read(tmp_path, "bounces.json", "[]") == _read(tmp_path, "bounces.csv", "email,created\n") == []


def test_blocks_say_nothing_of_a_person_and_are_taken_only_when_that_is_said(tmp_path: Path) -> None:
    text = "status,reason,email,created\n4.7.1,later,Ada@X.org,2026-05-04 03:02:01\n"
    with pytest.raises(FileProblems, match=r"suppression_blocks\.csv:1: .*mailed again.*--kind blocks"):
        _read(tmp_path, "suppression_blocks.csv", text)
    entry = SuppressionEntry("ada@x.org", "blocked", MAY)
    assert _read(tmp_path, "suppression_blocks.csv", text, kind="blocks") == [entry]
    assert _read(tmp_path, "suppression_blocks.csv", text, reason="asked")[0] == replace(entry, reason="asked")
