"""The review file: nothing in it is run or fetched, whatever an issue holds, and it stays small enough to send."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.model import Approval, Decision, Finding, Picture, Severity, Standing, Where
from newsletter.reviewing.page import MOST, Mail, Review, Shot, framed, review_page

_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_EVIL = "</script></style></iframe>\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


def _picture(name: str = "a1.png", content: bytes = b"picture") -> Picture:
    return Picture(name, "image/png", 300, 150, content)


def _mail(**changes: Any) -> Mail:
    values: dict[str, Any] = {
        "key": "pilot",
        "readers": ("Pilots",),
        "subject": "Tides",
        "preheader": "At noon",
        "html": '<html><head><title>T</title></head><body><img src="cid:a1.png"></body></html>',
        "text": "Tides\n",
        "pictures": (_picture(),),
    }
    return Mail(**values | changes)


def _review(*mails: Mail, **changes: Any) -> Review:
    approval = Approval("Ada", _AT, Decision.APPROVED, "Fine.", "a" * 64, {})
    standing = Standing("b" * 64, {}, 2, (approval,), (), (), (approval,))
    values: dict[str, Any] = {
        "brand": "Harbour",
        "sender": "Harbour News",
        "issue": "tides",
        "title": "Tides",
        "language": "en",
        "audience": "The crew",
        "made_at": _AT,
        "standing": standing,
        "told": ("Approved by Ada.",),
        "changed": ("article tides.md",),
        "mails": mails or (_mail(),),
        "findings": (Finding("links", Severity.ERROR, "A link.", Where("issues/tides/tides.md", 4)),),
    }
    return Review(**values | changes)


def test_times_are_all_told_in_one_format() -> None:
    page = review_page(_review(times={"a" * 64: "2026-03-10 09:00 UTC"}))
    assert 'Made <time datetime="2026-03-02T09:00:00+00:00">2026-03-02 09:00 UTC</time>' in page
    assert ">2026-03-02 09:00 UTC</time>, only for 2026-03-10 09:00 UTC" in page
    assert "March" not in page
    assert "only for" not in review_page(_review())


def test_an_inbox_line_names_a_few_readers_and_the_opened_mail_all_of_them() -> None:
    few, many = (
        re.findall(r'class="who">([^<]*)<|class="readers quiet">([^<]*)<', review_page(_review(_mail(readers=readers))))
        for readers in (("A", "B", "C", "D"), ("A", "B", "C", "D", "E"))
    )
    assert few == [("A, B, C, D", "")]
    assert many == [("A, B and 3 more", ""), ("", "Read by A, B, C, D, E.")]


def test_what_is_left_beside_the_errors_is_counted_too() -> None:
    error = Finding("links", Severity.ERROR, "A link.", Where("issues/tides/tides.md", 4))
    note = Finding("words", Severity.WARNING, "A word.", Where("issues/tides/tides.md", 5))
    assert "<dd>1 to mend</dd>" in review_page(_review(findings=(error,)))
    assert "<dd>1 to mend, 2 to look at</dd>" in review_page(_review(findings=(note, error, note)))


class _Elements(HTMLParser):
    """Every element of a page with its attributes, and what its script elements hold."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.script = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script" and self.cdata_elem:
            self.script += data

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def _shape(page: str) -> list[tuple[str, list[str]]]:
    return [(tag, sorted(attributes)) for tag, attributes in _Elements(page).found]


def test_whatever_people_write_stays_text() -> None:
    def review(words: str) -> str:
        said = Approval(words, _AT, Decision.CHANGES, words, "a" * 64, {})
        found = Finding("links", Severity.ERROR, words, Where(words, 4), words, words)
        mail = _mail(
            readers=(words,), subject=words, preheader=words, text=words, difference=(("+", words),), html=words
        )
        standing = replace(_review().standing, objections=(said,), every=(said,))
        names = ("brand", "sender", "issue", "title", "audience")
        more = {
            "findings": (found,),
            "told": (words,),
            "changed": (words,),
            "people": {words: 1},
            "left_out": {words: 2},
        }
        return review_page(_review(mail, standing=standing, **dict.fromkeys(names, words), **more))

    evil = review(_EVIL)
    assert _shape(evil) == _shape(review("plain"))
    assert "49" not in re.findall(r"<h1>(.*?)</h1>", evil)[0]


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=40))
def test_a_frame_holds_exactly_the_mail(words: str) -> None:
    html = f"<html><head></head><body>{words.replace(chr(0), '').replace(chr(13), '')}</body></html>"
    (frame,) = _Elements(review_page(_review(_mail(html=html, pictures=())))).of("iframe")
    assert frame["srcdoc"] == framed(_mail(html=html, pictures=()))


def test_nothing_is_fetched_and_only_the_pages_own_script_runs() -> None:
    page = review_page(_review(_mail(shots=(Shot(700, "image/webp", b"shot"),))))
    elements = _Elements(page)
    policy = elements.of("meta")[1]["content"] or ""
    digest = b64encode(sha256(elements.script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert policy.endswith(f"script-src 'sha256-{digest}'")
    assert not elements.of("link", "base", "object", "form")
    assert [one["src"] for one in elements.of("img")] == ["data:image/webp;base64," + b64encode(b"shot").decode()]
    assert [one["sandbox"] for one in elements.of("iframe")] == ["allow-popups allow-popups-to-escape-sandbox"]


@pytest.mark.parametrize("address", ["cid:a1.png", "https://img.example.org/news/a1.png"], ids=["embedded", "linked"])
def test_a_picture_travels_in_the_mail(address: str) -> None:
    html = f"""<head></head><img src="{address}"><td style="background:url('{address}')">"""
    held = framed(_mail(html=html))
    assert address not in held
    assert held.count("data:image/png;base64," + b64encode(b"picture").decode()) == 2
    assert held.startswith('<head><meta http-equiv="Content-Security-Policy" content="default-src \'none\';')


def test_a_mail_without_a_head_has_the_policy_before_anything_else() -> None:
    assert framed(_mail(html="<p>Hello", pictures=())).startswith('<meta http-equiv="Content-Security-Policy"')


def test_the_heaviest_pictures_make_way_so_that_the_file_can_be_sent() -> None:
    heavy, light = _picture("heavy.png", b"h" * 3_000_000), _picture("light.png", b"l" * 300_000)
    html = '<head></head><img src="cid:heavy.png"><img src="cid:light.png">'
    mails = [_mail(key=str(number), html=html, pictures=(heavy, light)) for number in range(3)]
    page = review_page(_review(*mails))
    assert len(page.encode()) < MOST
    assert page.count(b64encode(light.content).decode()) == 3
    assert b64encode(heavy.content).decode() not in page
    assert "1 picture is shown as grey boxes" in page
    box = re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)[0]
    assert 'width="300" height="150"' in b64decode(box).decode()


def test_screenshots_never_push_the_file_over_its_limit() -> None:
    mails = [_mail(key=str(number), shots=(Shot(700, "image/webp", b"s" * 900_000),)) for number in range(6)]
    page = review_page(_review(*mails))
    assert len(page.encode()) < MOST
    assert page.count("data:image/webp") == 1
