"""Whole emails made elsewhere: what their authors wrote comes out again, inlined; nothing is fetched or read."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.email_files import inline_email
from newsletter.rendering.inlining import InliningFailed

RULE = "<style>p{color:red}</style>"


def _inlined(markup: str) -> str:
    return inline_email(markup, "a.html")[0]


def test_what_follows_the_end_of_the_page_stays() -> None:
    html = _inlined(f"<html><head>{RULE}</head><body><p>x</p></body></html>\n<p>You read list L.</p><html><body>end")
    assert '<p style="color:red">You read list L.</p>' in html
    assert html.index("x</p>") < html.index("list L.") < html.index("end")


@pytest.mark.parametrize(
    "doctype",
    [
        "<!doctype html>\n",
        "<!DOCTYPE html>",
        "<!-- made by hand -->\n<!DocType HTML>\n\n",
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n',
        '<?xml version="1.0" encoding="UTF-8"?>\n<!doctype html>\n',
        "<!doctype html><!--[if mso]><i></i><![endif]-->",
        "",
    ],
)
def test_the_doctype_and_what_stands_around_it_stay_as_they_were(doctype: str) -> None:
    html = _inlined(f"{doctype}<html><head>{RULE}</head><body><p>x</p></body></html>\n")
    assert html == f'{doctype}<html><head></head><body><p style="color:red">x</p></body></html>\n'


PLACEHOLDERS = [
    "{{ url }}",
    '{{ q("z") }}',
    "{{{ raw }}}",
    "{{ a < b }}",
    "{%if a%}",
    "{# note #}",
    "<%= url %>",
    "*|UNSUB|*",
    "[[x]]",
    "[[first name]]",
    "%x%",
    "%%view_email_url%%",
]


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
@pytest.mark.parametrize(
    "body",
    [
        '<a href="{}" title="a {} b">x</a>',
        '<img src="https://example.org/{}/a.png?x={}">',
        "<p>a {} b</p>",
        "<!-- {} --><!--{}-->",
        "<table><tr>{}<td>x</td></tr>{}</table>",
        "<td {}>x</td>",
        '<p style="color:{}">x</p>',
    ],
)
def test_placeholders_of_other_programs_stay_where_and_as_they_were(placeholder: str, body: str) -> None:
    body = body.replace("{}", placeholder)
    assert f"<body>{body}</body>" in _inlined(f"<html><head><style>i{{top:0}}</style></head><body>{body}</body></html>")


@pytest.mark.parametrize("placeholder", PLACEHOLDERS)
def test_a_placeholder_does_not_end_the_head(placeholder: str) -> None:
    head = f'<head>\n{placeholder}\n<title>a {placeholder}</title>\n{placeholder}<meta name="x" content="a>b"></head>'
    written = head.replace("a>b", "a&gt;b")
    assert _inlined(f"<html>{head}<body>x</body></html>") == f"<html>{written}<body>x</body></html>"


def test_a_value_that_is_filled_in_later_is_inlined() -> None:
    html = _inlined("<style>p{color:{{ brand }};top:0}@media print{p{color:{{c}}}}</style><p>x</p>")
    assert '<p style="color:{{ brand }}; top:0">x</p>' in html
    assert "p {color:{{c}} !important}" in html


@pytest.mark.parametrize(
    "css",
    ["{% if a %}p{color:red}{% endif %}", "{{ css }} p{color:red}", "p{top:0}*|CSS|*", "p{ {{ x }} }", "p{a:<% if %>}"],
)
def test_a_style_sheet_that_placeholders_shape_is_left_as_it_is_and_named(css: str) -> None:
    html, (finding,) = inline_email(f"<html>\n<style>{css}</style><p>x</p>", "a.html")
    assert f"<style>{css}</style>" in html
    assert (finding.rule, finding.where.line) == ("template-styles", 2)


@pytest.mark.parametrize(
    "part",
    [
        "<![if !mso]><b>x</b><![endif]>",
        "<![IF !vml]><b>x</b><![ENDIF]>",
        "<!--[if mso]><table><tr><td width=600><![if !vml]>&nbsp;<![endif]-->",
        "<!--[if !mso]><!--><b>x</b><!--<![endif]-->",
        "<!--[if !mso]><!-- --><b>x</b><![endif]-->",
        "<!--[if gte mso 9]><xml><o:AllowPNG/></xml><![endif]-->",
    ],
)
def test_conditions_for_outlook_stay_as_they_were(part: str) -> None:
    assert f"<body>{part}</body>" in _inlined(f"<html><head>{RULE}</head><body>{part}</body></html>")
    assert f"<head>{part.replace('<b>x</b>', '')}</head>" in _inlined(
        f"<html><head>{part.replace('<b>x</b>', '')}{RULE}</head><body>x</body></html>"
    )


@pytest.mark.parametrize("markup", ["", " \n", "<!doctype html>", "<!-- x -->", '<?xml version="1.0"?>'])
def test_a_file_with_no_page_in_it_is_refused_in_words(markup: str) -> None:
    with pytest.raises(InliningFailed, match="the page is empty"):
        _inlined(markup)


@pytest.mark.parametrize(
    "markup",
    [
        '<frameset><frame src="a"></frameset>',
        "<link rel=stylesheet><p>x</p>",
        "<style></style><style>",
        "<p>x",
        "</p>",
        "a\0b<p>c",
        "<p style>",
        "<p style=';;:;'>",
        "<style data-premailer=what>p{color:red}</style><p>x",
        "<svg><style>p{color:red}</style></svg>",
    ],
)
def test_odd_files_are_no_crash(markup: str) -> None:
    assert _inlined(f"{RULE}{markup}").startswith("<html>")
    assert _inlined(f"<i></i>{markup}").startswith("<html>")


@pytest.fixture
def host() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"p{color:red}")

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()


IMPORTS = [
    '@import url("{}");',
    "@import url({});",
    "@import '{}' screen;",
    "@IMPORT/**/'{}';",
    "@\\69mport '{}';",
    "@\\000049 MPORT '{}';",
    "@imp\\6f rt url({});",
    "<!-- @import '{}'; -->",
    "p{{}} @import '{}';",
    "@media print{{@import '{}';}}",
    "@charset 'utf-8'; @import '{}'",
]


@pytest.mark.parametrize("rule", IMPORTS)
def test_nothing_is_fetched_and_no_file_read_however_it_is_asked_for(
    rule: str, host: tuple[str, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, asked = host
    canary = tmp_path / "canary.css"
    canary.write_text("p{color:canary}")
    monkeypatch.chdir(tmp_path)
    for target in (f"{address}/a.css", canary.as_uri(), "canary.css"):
        css = rule.replace("{{", "{").replace("}}", "}").replace("'{}'", f"'{target}'").replace("({})", f"({target})")
        css = css.replace('"{}"', f'"{target}"')
        html = _inlined(f'<link rel=stylesheet href="{target}"><style>{css} p{{top:0}}</style><p>x</p>')
        assert "color" not in html
        assert html.count(target) == 1
    assert asked == []


def test_styles_that_are_not_applied_are_named_with_their_line() -> None:
    markup = "<!doctype html>\n<html>\n<link rel='Alternate StyleSheet' href='{{ x }}'>\n<style>@import 'a';</style>"
    _, findings = inline_email(markup, "a.html")
    assert [(one.rule, one.where.line) for one in findings] == [("linked-styles", 3), ("linked-styles", 4)]
    assert "'{{ x }}'" in findings[0].message


@given(st.text(alphabet="<>!-[]{}%*|#\"'=/ \nabpstyle:;@", max_size=60))
def test_no_text_whatsoever_is_a_crash(text: str) -> None:
    for markup in (
        text,
        f"<p>{text}",
        f"<style>{text}</style><p>",
        f'<p style="{text}">x</p>{RULE}',
        f"<head>{text}</head>",
    ):
        try:
            html = _inlined(markup)
        except InliningFailed:
            continue
        assert html.isascii()


@given(st.lists(st.sampled_from(["zqv0q", "zqvx1q", "{{ a }}", "<p>", "é", "<!-- zqv0q-bare -->"]), max_size=8))
def test_words_that_look_like_the_hidden_ones_are_left_alone(parts: list[str]) -> None:
    text = "".join(parts).replace("<p>", " ")
    assert f"<p>{text}</p>".encode("ascii", "xmlcharrefreplace").decode() in _inlined(f"<p>{text}</p>")
