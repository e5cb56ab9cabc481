"""premailer, held so that it can do no harm: each trap has a test that fails without its workaround."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import cssutils
import pytest

from newsletter.rendering import inlining
from newsletter.rendering.inlining import InliningFailed, inline_css, parse_page, serialize_page


def _inlined(head: str, body: str) -> str:
    page = parse_page(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>")
    inline_css(page)
    return serialize_page(page)


def test_rules_become_style_attributes() -> None:
    assert '<p style="color:#333">x</p>' in _inlined("<style>p{color:#333}</style>", "<p>x</p>")


def test_nothing_below_a_depth_of_256_is_lost() -> None:
    assert "deep</div>" in _inlined("<style>p{color:red}</style>", "<div>" * 600 + "deep")


@pytest.fixture
def fetched() -> Iterator[tuple[str, list[str]]]:
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", paths
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_fetched(fetched: tuple[str, list[str]]) -> None:
    host, paths = fetched
    head = (
        f'<style>@import url("{host}/a.css"); @IMPORT "{host}/b.css"; p{{color:red}}</style>'
        f'<link rel="stylesheet" href="{host}/c.css"><style>@import url(file:///etc/hostname);</style>'
    )
    assert "color:red" in _inlined(head, "<p>x</p>")
    assert paths == []


def test_premailer_has_nothing_to_fetch_with() -> None:
    _inlined("<style>p{color:red}</style>", "<p>x</p>")
    assert not hasattr(inlining._library().premailer.requests, "get")


def test_a_sheet_is_worked_out_once_for_all_pages_that_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    head = "<style>p{color:red} .seldom{top:0}</style>"
    _inlined(head, "<p>x</p>")
    worked_out: list[str] = []
    theirs = inlining._library().Premailer
    once = theirs._parse_style_rules
    monkeypatch.setattr(
        theirs, "_parse_style_rules", lambda one, css, at: (worked_out.append(css), once(one, css, at))[1]
    )
    assert 'style="color:red; top:0"' in _inlined(head, '<p class="seldom">y</p>').replace(": ", ":")
    assert worked_out == []
    # Another sheet of as many rules is another sheet.
    assert "left:0" in _inlined("<style>b{left:0} .seldom{top:0}</style>", "<b>z</b>").replace(": ", ":")
    assert len(worked_out) == 1


def test_what_premailer_parses_with_opens_no_file_either(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p{color:red}")
    _inlined("<style>p{top:0}</style>", "<p>x</p>")
    assert cssutils.util._defaultFetcher((tmp_path / "a.css").as_uri()) is None


def test_an_import_in_disguise_is_not_fetched_either(fetched: tuple[str, list[str]]) -> None:
    host, paths = fetched
    for disguise in ("@\\69mport", "@i\\6dport", "@imp\\6f rt"):
        _inlined(f'<style>{disguise} url("{host}/a.css"); p{{color:red}}</style>', "<p>x</p>")
    assert paths == []


def test_an_import_leaves_nothing_behind_in_the_mail() -> None:
    html = _inlined("<style>@import url(https://example.com/a.css); @media print{p{color:red}}</style>", "<p>x</p>")
    assert "example.com" not in html


def test_important_stays_in_media_queries() -> None:
    css = "@media (max-width:480px){.a{width:100% !important}}"
    assert "width:100%!important" in _inlined(f"<style>{css}</style>", "<p class=a>x</p>").replace(" ", "").replace(
        "\n", ""
    )


def test_an_ignored_style_stays_as_it_is() -> None:
    css = "@media (prefers-color-scheme: dark) { .a { color: #fff !important; } }"
    assert f"<style>{css}</style>" in _inlined(f'<style data-premailer="ignore">{css}</style>', "<p class=a>x</p>")


def test_an_authors_width_is_not_overwritten_by_the_rules() -> None:
    html = _inlined("<style>img{width:100%;height:auto}</style>", '<img src="cid:x" width="280">')
    assert 'width="280"' in html
    assert "height=" not in html


def test_the_doctype_is_there_and_everything_is_ascii() -> None:
    html = _inlined("<style>p{color:red}</style>", "<p>© Ærø 😀 &nbsp;</p>")
    assert html.startswith("<!DOCTYPE html>\n<html>")
    assert html.isascii()
    assert "&#169; &#198;r&#248; &#128512; &#160;" in html


def test_a_page_cannot_poison_the_cache_for_the_next_one() -> None:
    _inlined("<style>p{color:red}</style>", '<p style="p">x</p>')
    assert "color:red" in _inlined("<style>p{color:red}</style>", "<p>y</p>")


def test_conditional_comments_stay() -> None:
    comment = '<!--[if mso]><table width="600"><tr><td><![endif]-->'
    assert comment in _inlined("<style>td{color:red}</style>", comment + "<p>x</p>")


@pytest.mark.parametrize("markup", ["", "   \n", "<!-- nothing -->"])
def test_an_empty_page_is_refused_in_words(markup: str) -> None:
    with pytest.raises(InliningFailed, match="the page is empty"):
        parse_page(markup)


def test_a_page_too_deep_to_be_read_whole_is_refused_not_cut() -> None:
    with pytest.raises(InliningFailed, match="nested too deeply"):
        parse_page("<html><body>" + "<div>" * 3_000 + "deep")


def test_a_style_that_says_nothing_does_no_harm() -> None:
    html = _inlined("<style>p{color:red}</style>", '<p style="">a</p><p style="x">b</p><p style="margin:0">c</p>')
    assert html.count("color:red") == 3
    assert "margin:0" in html


def test_pages_inlined_at_once_do_not_mix() -> None:
    def one(number: int) -> str:
        return _inlined(f"<style>p{{margin:{number}px}}</style>", f"<p>{number}</p>")

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(one, range(1, 41)))
    for number, page in enumerate(pages, 1):
        assert f'<p style="margin:{number}px">{number}</p>' in page


def test_premailer_works_on_one_page_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parsers share what they have parsed, and a serialiser, between threads."""
    at_work: list[int] = []
    seen: list[int] = []

    def slow(page: object, css: str) -> None:
        at_work.append(1)
        time.sleep(0.005)
        seen.append(len(at_work))
        at_work.pop()

    monkeypatch.setattr(inlining, "_transform", slow)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: _inlined("<style>p{top:0}</style>", f"<p>{number}</p>"), range(8)))
    assert seen == [1] * 8


def test_text_that_is_a_selector_a_style_sheet_and_a_declaration_at_once_does_no_harm() -> None:
    """One cache under the bare text as key serves all three of premailer's parsers."""
    for text in ("p", "color:red", "p{color:red}", "-r0:1", "-inline:1"):
        html = _inlined(f"<style>{text}</style><style>p{{top:0}}</style>", f'<p style="{text}">x</p>')
        assert "top:0" in html, text
    for text in ("p", "color:red"):
        assert f'<p style="{text}">y</p>' in _inlined("", f'<p style="{text}">y</p>')
    assert '<p style="color:red">y</p>' in _inlined("<style>p{color:red}</style>", "<p>y</p>")


def test_eight_threads_write_what_one_does() -> None:
    def one(number: int) -> str:
        rules = "".join(
            f".c{number}x{at}{{top:{at}px;color:#{at:03}}} p.c{number}x{at}>b{{left:0}}" for at in range(20)
        )
        body = "".join(f"<p class=c{number}x{at} style='margin:{number}px'>a<b>b</b></p>" for at in range(20))
        return _inlined(f"<style>{rules} @media print{{.x{{top:{number}px}}}} a:hover{{top:0}}</style>", body)

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(one, [number % 40 for number in range(160)]))
    alone = [one(number) for number in range(40)]
    assert together == alone * 4


def test_premailer_sees_neither_declarations_nor_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    transform = inlining._transform

    def watched(page: object, css: str) -> None:
        seen.extend([css, *inlining.etree.tostring(page, encoding="unicode").split("<body>")[1:]])
        transform(page, css)

    monkeypatch.setattr(inlining, "_transform", watched)
    html = _inlined("<style>p{background:url(//example.com/a.png)}</style>", "<p style='color:red'>x</p>")
    assert "example.com" in html
    assert seen == ["p{-r0:1}", '<p style="-inline:1">x</p></body></html>']
