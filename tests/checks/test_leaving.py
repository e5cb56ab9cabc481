"""Which links lead off a list: where they lead, what they say, what the sentence around them says."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.files import read_yaml
from newsletter.pipeline.checking import check_file

WORDS = sorted((Path(__file__).parents[2] / "templates/words").glob("*.yaml"))
PAGE = '<html lang="en"><head><title>Tides</title></head><body><p>Our newsletter on tides. {body}</p></body></html>'


def _finds_a_way_out(folder: Path, body: str, leave: str = "") -> bool:
    """Whether a mailing of that body, of that List-Unsubscribe, is not told that it lacks a link to leave."""
    message = EmailMessage()
    headers = {"From": "Town <news@example.org>", "Subject": "Tides", "Precedence": "list", "List-Unsubscribe": leave}
    for name, value in headers.items():
        message[name] = value
    message.set_content(PAGE.format(body=body), "html")
    (folder / "m.eml").write_bytes(bytes(message))
    return all(one.rule != "unsubscribe-link" for one in check_file(str(folder / "m.eml")).findings)


@pytest.mark.parametrize("path", WORDS, ids=lambda path: path.stem)
def test_the_layouts_own_words_for_leaving_are_known_in_every_language(tmp_path: Path, path: Path) -> None:
    words = read_yaml(path, path.name).data
    assert isinstance(words, dict)
    assert _finds_a_way_out(tmp_path, f'<a href="https://example.org/u1">{words["unsubscribe"]}</a>')


@pytest.mark.parametrize(
    "words",
    "Отписаться|Відписатися|配信停止|メルマガの配信停止はこちら|登録解除|退订|退訂|수신거부|Annulla iscrizione|"
    "Uitschrijven|Avsluta prenumerationen|Afmeld nyhedsbrev|Meld deg av|Peruuta tilaus|Odhlásit odběr|Leiratkozás|"
    "Abonelikten çık|Dezabonare|Cancelar inscrição|Deixar de receber|Donar-se de baixa|De\u0301sabonner|"
    "Hier austragen|להסרה מרשימת התפוצה|Leave this list|Remove me from this list|Stop these emails|"
    "Manage your subscription|Email preferences".split("|"),
)
def test_a_link_that_says_so_in_its_language_leads_off_the_list(tmp_path: Path, words: str) -> None:
    assert _finds_a_way_out(tmp_path, f'<a href="https://example.org/u1">{words}</a>')


def test_a_way_out_below_the_end_of_the_page_is_one(tmp_path: Path) -> None:
    assert _finds_a_way_out(tmp_path, '</p></body></html><p><a href="https://example.org/u1">Unsubscribe</a>')


@pytest.mark.parametrize(
    ("body", "leaves"),
    [
        ('To unsubscribe, click <a href="https://example.org/u1">here</a>.', True),
        ('<b>Unsubscribe</b>: <span>one click <a href="https://example.org/u1">here</a></span>', True),
        ('<a href="https://example.org/u1">Click here</a> if you want to <b>unsubscribe</b>.', True),
        ('To unsubscribe, write us a letter. <a href="https://example.org/">Our harbour</a>', False),
        ('<a href="https://example.org/">Our harbour</a>. To unsubscribe, write a letter.', False),
        ('<p>To unsubscribe, write a letter</p><p><a href="https://example.org/">Our harbour</a></p>', False),
        ('Unsubscribe by letter <a>or</a> <a href="https://example.org/">see our harbour</a>', False),
        ('The best walks <a href="https://example.org/">from our list</a>', False),
        ('Das Turnier wird <a href="https://example.org/">im Hafen austragen</a>', False),
    ],
)
def test_the_sentence_around_a_link_says_what_it_is_for_and_no_other_sentence_does(
    tmp_path: Path, body: str, leaves: bool
) -> None:
    assert _finds_a_way_out(tmp_path, body) is leaves


@pytest.mark.parametrize(
    ("header", "target", "leaves"),
    [
        ("<mailto:out@example.org>, <https://example.org/u1?a=1&b=2>", "https://Example.org/u1?a=1&amp;b=2", True),
        ("<https://example.org/u/a%3Db>", "https://example.org/u/a=b", True),
        (f"<https://example.org/{'u' * 90}1>", f"https://example.org/{'u' * 90}1", True),
        ("<mailto:out@example.org>", "mailto:out@example.org?subject=Bye", True),
        ("<mailto:news@example.org?subject=out>", "mailto:news@example.org?subject=out", True),
        ("<mailto:news@example.org?subject=out>", "mailto:news@example.org", False),
        ("<https://example.org/u1>", "https://example.org/u2", False),
    ],
)
def test_the_address_of_the_header_leads_off_the_list_whatever_the_link_says(
    tmp_path: Path, header: str, target: str, leaves: bool
) -> None:
    assert _finds_a_way_out(tmp_path, f'<a href="{target}">Tchau</a>', header) is leaves


def test_a_page_that_can_be_left_in_its_own_language_is_told_nothing(tmp_path: Path) -> None:
    file = tmp_path / "m.html"
    for words, count in (("إلغاء الاشتراك", 0), ("الموقع", 1)):
        file.write_text(PAGE.format(body=f'<a href="https://example.org/u1">{words}</a>'), "utf-8")
        assert sum(one.rule == "unsubscribe-link" for one in check_file(str(file)).findings) == count
