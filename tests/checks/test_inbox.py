"""What an inbox shows and asks for: subject and preheader, the headers of a list, what travels with the mail."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.checks.file_places import FilePlaces
from newsletter.checks.mail import Mail
from newsletter.checks.page import Page
from newsletter.checks.run import mail_findings
from newsletter.model import Finding
from newsletter.pipeline.checking import asked_for, check_file
from tests.checks.mails import PAGE

HTML = PAGE.format(body='<p>High water comes at noon.</p>\n<p><a href="https://example.org/t">Tides</a></p>', style="")


def _mail(subject: str, preheader: str = "High water at noon", title: str = "") -> Mail:
    return Mail("m", HTML, Page(HTML), FilePlaces("m", HTML), subject, preheader, "High water", title, notes=True)


@pytest.mark.parametrize(
    ("mail", "rule"),
    [
        (_mail("  "), "subject-missing"),
        (_mail("T" * 71), "subject-length"),
        (_mail("TIDES OF THE WEEK"), "subject-caps"),
        (_mail("Tides: act now"), "spam-words"),
        (_mail("Tides of the week", title="Tides of the week!"), "subject-title"),
        (_mail("Tides of the week", " "), "preheader-missing"),
        (_mail("Tides of the week", "Tides, of the week"), "preheader-repeats"),
        (_mail("Tides of the week", "Tides of the week, and more"), "preheader-repeats"),
    ],
)
def test_a_line_of_the_inbox_that_is_wrong_is_told(mail: Mail, rule: str) -> None:
    inbox = ("subject", "preheader", "spam-words")
    assert [one.rule for one in mail_findings(mail, {}) if one.rule.startswith(inbox)] == [rule]


@pytest.mark.parametrize(
    "mail",
    [
        _mail("T" * 70),
        _mail("Tides for sailors", title="Tides"),
        _mail("NASA"),
        _mail("Tides", "Tides come late this week"),
        replace(_mail(""), subject=None),
    ],
)
def test_good_lines_of_the_inbox_are_told_nothing(mail: Mail) -> None:
    inbox = ("subject", "preheader", "spam-words")
    assert [one.rule for one in mail_findings(mail, {}) if one.rule.startswith(inbox)] == []


def test_an_address_that_does_not_answer_is_told_at_its_line() -> None:
    mail = replace(_mail("Tides"), broken={"https://example.org/t": "https://example.org/t: answers 404."})
    found = [one for one in mail_findings(mail, {}) if one.rule == "link-broken"]
    assert [(one.where.line, one.message) for one in found] == [(6, "https://example.org/t: answers 404.")]


def _message(**headers: str) -> EmailMessage:
    message = EmailMessage()
    usual = {"From": "Town News <news@example.org>", "To": "ada@example.org", "Subject": "Tides", "Precedence": "list"}
    for name, value in {**usual, **headers}.items():
        message[name.replace("_", "-")] = value
    message.set_content("High water comes at noon. https://example.org/leave")
    return message


def _told(folder: Path, message: EmailMessage) -> list[Finding]:
    (folder / "m.eml").write_bytes(bytes(message))
    return list(check_file(str(folder / "m.eml"), asked_for((), True, False, False)).findings)


def test_a_list_without_a_name_or_one_click_is_a_note(tmp_path: Path) -> None:
    leave = PAGE.format(
        body='<p>Tides, 2 Quay Street. <a href="https://example.org/leave">Unsubscribe</a></p>', style=""
    )
    by_mail = _message(List_Unsubscribe="<mailto:leave@example.org>")
    by_mail.add_alternative(leave, "html")
    assert {(one.rule, one.severity) for one in _told(tmp_path, by_mail)} == {
        ("one-click", "info"),
        ("list-id", "info"),
    }
    one_click = _message(
        List_Unsubscribe="<https://example.org/u>", List_Unsubscribe_Post="List-Unsubscribe=One-Click", List_Id="<a.b>"
    )
    one_click.add_alternative(leave, "html")
    assert _told(tmp_path, one_click) == []
