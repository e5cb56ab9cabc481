"""From article files to a mail server and back: the sample issue, every message parsed."""

from __future__ import annotations

import csv
import json
import sqlite3
from contextlib import closing
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from newsletter.expressions import TOKEN


def test_the_sample_issue_reaches_everyone_of_its_segment_in_their_own_variant(
    sample: Any, server: str, receiver: Any
) -> None:
    settings = (sample.root / "newsletter.yaml").read_text()
    sample.write("newsletter.yaml", settings.replace("provider: {name: outbox}", "provider: {name: smtp}"))
    plan = json.loads(sample.run("plan", "open-source-in-care", "--json", NEWSLETTER_SMTP_URL=server).stdout)
    sent = sample.run("send", "open-source-in-care", "--yes", "--json", NEWSLETTER_SMTP_URL=server)
    assert sent.returncode == 0, sent.stderr
    assert json.loads(sent.stdout)["counts"]["accepted"] == plan["recipients"] == sum(plan["by_profession"].values())
    messages = {address.lower(): _parsed(content) for address, content in receiver.received}
    assert len(receiver.received) == len(messages) == plan["recipients"]
    with (sample.root / "audiences/readers.csv").open(encoding="utf-8") as file:
        rows = {row["Email"].strip().lower(): row for row in csv.DictReader(file)}
    assert not [address for address in messages if rows[address]["Status"] == "Unsubscribed"]
    subjects = {"Physio": "physical therapists", "Nurse practitioner": "nurse practitioners", "": "readers"}
    for title, plural in subjects.items():
        found = [
            messages[address] for address, row in rows.items() if row["Job title"] == title and address in messages
        ]
        assert found, f"nobody with title {title!r}"
        assert {message["Subject"] for message in found} == {f"Open source for {plural}"}
    for address, message in messages.items():
        _looks_right(message, rows[address])


def _parsed(content: bytes) -> EmailMessage:
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def _looks_right(message: EmailMessage, row: dict[str, str]) -> None:
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    text, html = str(plain.get_content()), str(page.get_content())
    name = row["First name"].strip()
    assert f"Hello {name or 'there'}," in " ".join(text.split())
    assert 'id="templateColumns"' in html
    assert str(message["Message-ID"]).strip("<>").partition("@")[0] in text
    named = {part["Content-ID"].strip("<>") for part in message.walk() if part.get_content_maintype() == "image"}
    assert named == {one.partition('"')[0] for one in html.split("cid:")[1:]}
    for words in (text, html):
        assert "{{ recipient" not in words
        assert not TOKEN.search(words)


def test_of_a_person_only_that_is_frozen_which_the_mail_names(letter: Any) -> None:
    letter.write("audiences/readers.yaml", "source: readers.csv\ncolumns: {address: Email, first_name: N, salary: S}\n")
    letter.write("audiences/readers.csv", "Email,N,S\nada@example.org,Ada,90000\n")
    letter.run("send", "letter", "--yes")
    with closing(sqlite3.connect(letter.root / "var/newsletter.db")) as database:
        (recipient,) = database.execute("SELECT recipient FROM deliveries").fetchone()
        (held,) = database.execute("SELECT attributes FROM subscribers").fetchone()
    assert "90000" in held
    assert json.loads(recipient) == {"first_name": "Ada", "last_name": ""}
