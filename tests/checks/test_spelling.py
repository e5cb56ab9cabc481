"""Slips of the pen, told with the word that was meant; names, terms and British spelling are none."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.checks import spelling
from newsletter.checks.file_places import FilePlaces
from newsletter.checks.mail import Mail
from newsletter.checks.page import Page
from newsletter.checks.run import mail_findings
from newsletter.errors import SettingsError
from newsletter.model import Finding
from newsletter.pipeline.checking import check_issue
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY, Workspace


def _mail(body: str, language: str = "en", words: tuple[str, ...] = ()) -> Mail:
    html = f'<html lang="{language}"><head><title>Recieve</title></head><body>\n{body}\n</body></html>'
    return Mail("m.html", html, Page(html), FilePlaces("m.html", html), in_file=True, known_words=words)


def _found(body: str, language: str = "en", words: tuple[str, ...] = ()) -> list[Finding]:
    found = mail_findings(_mail(body, language, words), {"spelling": "warning"})
    return [one for one in found if one.rule == "spelling"]


def test_a_slip_is_told_once_where_it_stands_first_with_the_word_that_was_meant() -> None:
    found = _found("<p>We are open on\nTuesday and will recieve you.</p>\n<p>Recieve us, too: we definately come.</p>")
    assert [(one.where.line, one.message, one.severity) for one in found] == [
        (3, "'recieve' is in no dictionary; 'receive' is.", "warning"),
        (4, "'definately' is in no dictionary; 'definitely' is.", "warning"),
    ]


@pytest.mark.parametrize(
    "words",
    [
        "We met Amara Okonkwo at the Pflegecamp in Springfeild.",
        "A programme in the neighbourhood centre, organised and labelled, with a grey colour and a licence.",
        "The NHSX and OpenMRS webinar, see github.com/exampel or mail hallp@example.org.",
        "Nurses' notes, the town's harbour and the neighbour’s paediatrician.",
        "The unread newsletter is downloadable.",
    ],
)
def test_names_terms_addresses_and_british_words_are_no_slips(words: str) -> None:
    assert [one.message for one in _found(f"<p>{words}</p>")] == []


def test_code_hidden_text_and_other_languages_are_not_read() -> None:
    body = (
        "<pre>recieve</pre><p><code>recieve</code></p><p style='display:none'>recieve</p>"
        "<p lang='de'>Wir sind nciht da</p>"
    )
    assert _found(body) == []


def test_each_language_has_its_dictionary_and_one_without_is_a_note() -> None:
    words = "Die Arbeitsgesetze der Pflegekräfte gelten, und der Hausarzt ist nciht da."
    assert [one.message for one in _found(f"<p>{words}</p>", "de-AT")] == [
        "'nciht' is in no dictionary; 'nicht' is.",
    ]
    mail = replace(_mail("<p>Vi ses</p>", "sv"), notes=True)
    assert [
        (one.severity, one.message) for one in mail_findings(mail, {"spelling": "error"}) if one.rule == "spelling"
    ] == [("info", "there is no dictionary of the language 'sv'.")]


def test_ones_own_words_are_spelt_right() -> None:
    assert _found("<p>Our recieve is a term.</p>", words=("Recieve & Co.",)) == []


def test_it_is_off_until_the_settings_turn_it_on_and_take_its_words(workspace: Workspace) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe tide\nwill recieve us definately.\n")
    text = (workspace.root / "newsletter.yaml").read_text()

    def found() -> list[str]:
        opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
        return [f"{one.where} {one.message[:10]}" for one in check_issue(opened, "tides").findings]

    assert found() == []
    workspace.write("newsletter.yaml", text + "checks: {spelling: warning}\nspelling: {words: [Definately]}\n")
    assert found() == ["issues/tides/tides.md:5 'recieve' "]


def test_without_the_dictionaries_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spelling._dictionary.cache_clear()
    monkeypatch.setitem(sys.modules, "spellchecker", None)
    with pytest.raises(SettingsError, match=r"pip install 'newsletter\[spelling\]'"):
        _found("<p>Words</p>")
