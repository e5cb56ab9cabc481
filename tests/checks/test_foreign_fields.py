"""Merge fields that another tool would have filled in: told where they stand, and what only looks like one is not."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checks.foreign_fields import fields_in
from newsletter.pipeline.checking import check_file, check_issue
from newsletter.pipeline.workspace import open_workspace
from tests.checks.mails import LINE, PAGE
from tests.conftest import REPOSITORY, Workspace

FIELDS = [
    "{{ name }}",
    "{% if name %}",
    "*|FNAME|*",
    "*|IF:FNAME|*",
    "*|DATE:d/m/Y|*",
    "%%first_name%%",
    "%%=v(@name)=%%",
    "<%= user.name %>",
    "<% name %>",
    "@@first_name@@",
    "%recipient.name%",
    "%recipient.first%",
    "${first_name}",
    "${contact.email}",
    "${FIRSTNAME}",
    "[[name]]",
    "[[ Vorname ]]",
    "{name}",
    "{$name}",
    "{firstName}",
    "{prénom}",
    "{unsubscribe_url}",
    "%FIRSTNAME%",
    "%subscriber_email%",
]
NONE = [
    "100 % of it, 50% or 60%, 5%%",
    "100 % Ökostrom: 20 % mehr, 10%ige Lösung, 30%-Rabatt",
    "une remise de 20 % sur 100 % des prix",
    "from 20%name to 30%",
    "%PATH% and %USERNAME% and %APPDATA%",
    "${HOME}, ${PATH}, ${i}, ${variable}",
    "{file}, {id}, {n}, {0}, {a, b}, {file_name}, {project_name}",
    "https://example.org/{name}/news and {name}.txt",
    "{ name: value }",
    "[[Page of a wiki]], [[ -f name ]], [[tool]]",
    "[name] and [1] and [sic]",
    "5 < 6 % 4 > 3",
    "a *b* |c| *|* x",
    "@@ -1,3 +1,3 @@ and news@@example",
    "ada@example.org, @ada, @@version",
    "\u007bname",
]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("text", ["Dear {}, the tide", "{}", "Für {}: 10 % mehr.", "({})"])
def test_a_field_of_another_tool_is_found_where_it_stands(field: str, text: str) -> None:
    assert list(fields_in(text.replace("{}", field))) == [(field, text.index("{}"))]


@pytest.mark.parametrize("text", NONE)
def test_what_only_looks_like_a_field_is_none(text: str) -> None:
    assert list(fields_in(text)) == []


@given(st.text(alphabet="{}[]%<>*|@$ =a.NAMEname0\n", max_size=60))
def test_whatever_a_text_holds_its_fields_stand_where_they_are_said_to(text: str) -> None:
    for field, start in fields_in(text):
        assert text.startswith(field, start) and len(field) >= 5


@pytest.mark.parametrize("field", ["*|FNAME|*", "%recipient.name%", "<%= name %>", "{name}"])
def test_a_field_is_told_at_its_line_in_an_article_the_subject_and_the_preheader(
    workspace: Workspace, field: str
) -> None:
    workspace.write(
        "issues/tides/tides.md",
        f"---\ntitle: High water\n---\nThe tide.\n\nIt is high,\ndear {field}, at noon.\n\n"
        f"Write `{field}` so.\n\n```\n{field}\n```\n",
    )
    issue = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    issue = issue.replace('"Tides for {{ profession.plural | lower }}"', f"'Tides for {field}'")
    workspace.write("issues/tides/issue.yaml", issue.replace("High water at noon", f"'High water, {field}'"))
    found = check_issue(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides").findings
    assert [(one.rule, str(one.where)) for one in found] == [
        ("open-braces", "issues/tides/issue.yaml:2"),
        ("open-braces", "issues/tides/issue.yaml:3"),
        ("open-braces", "issues/tides/tides.md:7"),
    ]
    assert all(f"'{field}'" in one.message for one in found)


def test_a_message_is_told_of_the_fields_in_its_hidden_preheader_and_its_alt_texts_and_a_template_is_not(
    tmp_path: Path,
) -> None:
    body = (
        '<div style="display:none">For *|FNAME|*</div>\n<p>High water comes at noon.</p>\n'
        '<img src="https://example.org/{name}/a.png" alt="A wave for {name}" width="9">\n'
        "<p><a href='https://example.org/q?to=%25name%25&amp;%recipient.id%'>Tides</a></p>"
    )
    message = EmailMessage()
    for name, value in {"From": "Town News <news@example.org>", "Subject": "Tides"}.items():
        message[name] = value
    message.set_content("High water comes at noon. Tides")
    message.add_alternative(PAGE.format(body=body, style=""), "html")
    (tmp_path / "m.eml").write_bytes(bytes(message))
    found = [one for one in check_file(str(tmp_path / "m.eml")).findings if one.rule == "open-braces"]
    assert [(one.where.line - LINE, one.message) for one in found] == [
        (0, "'*|FNAME|*' is left in the text: 'For *|FNAME|*'."),
        (2, "'{name}' is left in `alt`."),
        (3, "'%recipient.id%' is left in an address."),
    ]
    (tmp_path / "m.html").write_text(PAGE.format(body=body, style=""), "utf-8")
    assert [one for one in check_file(str(tmp_path / "m.html")).findings if one.rule == "open-braces"] == []
