"""Each rule of a mail as it arrives: an email that breaks it, the line to edit, and one like it that does not."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.checks.registry import all_rules
from newsletter.errors import NewsletterError
from newsletter.model import Finding
from newsletter.pipeline.checking import asked_for, check_file

EMAILS = sorted((Path(__file__).parent / "clients/emails").glob("*.html"))
LONG = "Work that lasts is kept in formats that last, and is read by more than one program in the end."
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><title>Tools</title></head>
<body>
{body}
<p style="font-size:16px;line-height:1.5;color:#222222">{long} {long}</p>
</body>
</html>
"""
LINE = 5
"""Where a body begins in the page."""

HITS = [
    ("image-alt", '<p>A\n<img src="https://example.org/a.png" width="80"></p>', 1),
    (
        "image-alt",
        '<a\n href="https://example.org/offer"><img src="https://example.org/a.png" alt="" width="9"></a>',
        1,
    ),
    ("heading-order", "<h1>Tools</h1>\n<h3>Small ones</h3>", 1),
    ("heading-order", "<h1>Tools</h1>\n\n<h1>More tools</h1>", 2),
    ("table-role", "<p>A</p>\n<table><tr><td>One cell</td></tr></table>", 1),
    ("link-text", '<p>For the report,\n<a href="https://example.org/r">click here</a>.</p>', 1),
    ("link-host", '<p><a\nhref="https://evil.example.com/">www.good.example.org</a></p>', 1),
    ("link-target", '<p>\n<a href="/about">About us</a></p>', 1),
    ("link-target", '<p>\n<a href="">About us</a></p>', 1),
    ("link-target", '<p>\n<a href="javascript:void(0)">About us</a></p>', 1),
    ("link-target", '<p>\n<a href="http://localhost:3000/draft">The draft</a></p>', 1),
    ("link-target", '<p>\n<a href="https://staging.local/x">The draft</a></p>', 1),
    ("link-target", '<p>\n<a href="http://intranet/x">The draft</a></p>', 1),
    ("link-target", '<p>\n<a href="mailto:">Write to us</a></p>', 1),
    ("link-target", '<p>\n<a href="mailto:ada at example.org">Write to us</a></p>', 1),
    ("link-target", '<p>\n<a href="http://192.168.1.5/draft">The draft</a></p>', 1),
    ("link-target", '<p>\n<a href="https://127.0.0.1:8000/">The draft</a></p>', 1),
    ("link-target", '<p>\n<a href="http://[fd00::1]/">The draft</a></p>', 1),
    ("link-target", '<p>\n<a href="http://2130706433/">The draft</a></p>', 1),
    ("link-number", '<p>\n<a href="https://[2606:4700::1]/">About us</a></p>', 1),
    ("link-number", '<p>\n<a href="http://3232235777000/">About us</a></p>', 1),
    ("link-host", '<p>\n<a href="https://xn--mnchen-3ya.example/">www.muenchen.example</a></p>', 1),
    ("link-host", '<p>\n<a href="https://example.org/">https://münchen.example/</a></p>', 1),
    ("link-host", '<p>\n<a href="https://evil.example.com/">paypal.com</a></p>', 1),
    ("link-host", '<p>\n<a href="https://evil.example.com/">harbour.co.uk/login</a></p>', 1),
    ("link-host", '<p>\n<a href="https://evil.example.com/">WWW.Harbour.Example</a></p>', 1),
    ("link-host", '<p>\n<a href="https://evil.example.com/">https://harbour.sh</a></p>', 1),
    ("double-word", '<p>Look at the\n<a href="https://example.org/s">the site of the harbour</a> today.</p>', 1),
    ("double-word", '<p>Look at\n<a href="https://example.org/s">the site of the</a> the harbour.</p>', 1),
    ("link-text", '<p>A</p>\n<p>B <a href="https://example.org/r"></a></p>', 1),
    ("image-alt", '<p>A</p>\n<img src="https://example.org/a.png" width="80" alt="loaf.jpg">', 1),
    ("unfinished-tag", '<p>A\n<a href="https://example.org/a>B</a></p>\n<p class="b">C</p>', 1),
    ("unfinished-tag", '<p>A</p>\n<p class="a"\n<b>B</b></p>', 1),
    ("active-content", "<p>A</p>\n<script>go()</script>", 1),
    ("active-content", '<p>A</p>\n<iframe src="https://example.org/"></iframe>', 1),
    ("active-content", '<p>A</p>\n<p onclick="go()">B</p>', 1),
    ("active-content", "<p>A</p>\n<marquee>B</marquee>", 1),
    ("link-number", '<p>\n\n<a href="http://192.0.2.7/x">About us</a></p>', 2),
    ("link-target", '<p>\n<a href="https://example.org@evil.example.com/">About us</a></p>', 1),
    ("link-target", '<p>\n<a href="https://ada:sesame@example.org/">About us</a></p>', 1),
    ("link-target", '<p>\n<a href="https://example..org/">About us</a></p>', 1),
    ("link-shortener", '<p>\n<a href="https://lnkd.in/x">About us</a></p>', 1),
    ("link-shortener", '<p>\n<a href="https://amzn.to/x">About us</a></p>', 1),
    ("justified-text", f'<p>A</p>\n<td align="justify"><p>{LONG}</p></td>', 1),
    ("font-size", f'<p>A</p>\n<p style="font-size:0.6em">{LONG}</p>', 1),
    ("font-size", f'<p>A</p>\n<p style="font-size:60%">{LONG}</p>', 1),
    ("font-size", f"<p>A</p>\n<p><font size=1>{LONG}</font></p>", 1),
    ("font-size", f'<p>A</p>\n<font size="-2"><p>{LONG}</p></font>', 1),
    ("double-word", "<p>Look at\nthe <b>the</b> harbour.</p>", 1),
    ("double-word", "<p>Look at\n<strong>sights in the</strong> the harbour.</p>", 1),
    ("double-word", "<p>Look at the\n<br>the harbour.</p>", 1),
    ("link-shortener", '<p>\n<a href="https://bit.ly/3xyz">About us</a></p>', 1),
    ("link-fragment", '<p>\n<a href="#tools">About us</a></p>', 1),
    ("image-source", '<p>\n<img src="images/a.png" alt="A" width="80"></p>', 1),
    ("image-source", '<p>\n<img src="data:image/png;base64,AAAA" alt="A" width="80"></p>', 1),
    ("image-format", '<p>\n<img src="https://example.org/a.webp" alt="A" width="80"></p>', 1),
    ("image-width", '<p>\n<img src="https://example.org/a.png" alt="A" style="width:100%"></p>', 1),
    ("inline-svg", '<p>Hi</p>\n<svg width="9" height="9"></svg>', 1),
    ("font-size", f'<p>A</p>\n<p style="font-size:12px">{LONG}</p>', 1),
    ("line-height", f'<p>A</p>\n<p style="font-size:16px;line-height:17px">{LONG}</p>', 1),
    ("font-size", '<p>A</p>\n<p style="font-size:11px">Bring your bicycle; it travels free.</p>', 1),
    ("justified-text", f'<p>A</p>\n<div style="text-align:justify"><p>{LONG}</p></div>', 1),
    ("emoji-run", "<p>Well done\n🎉🎉🎉</p>", 1),
    ("text-contrast", '<p>A</p>\n<p style="color:#999999;background-color:#ffffff">Pale words</p>', 1),
    ("filler-text", "<p>A</p>\n<p>Lorem ipsum dolor sit amet</p>", 1),
    ("note-to-self", "<p>A</p>\n<p>TODO: ask Ada</p>", 1),
    ("double-word", "<p>We\nlook at the the tools.</p>", 1),
    ("double-word", "<p>A</p>\n<p>The the tools.</p>", 1),
    ("double-word", "<p>We look at the\nthe tools.</p>", 0),
    ("hidden-text", f'<p>A</p>\n<div style="display:none">{LONG * 6}</div>', 1),
    ("hidden-text", f'<p>A</p>\n<div style="font-size:0">{LONG * 3}</div>', 1),
    ("hidden-text", f'<p>A</p>\n<div style="font-size:1px;line-height:1px">{LONG * 3}</div>', 1),
    ("hidden-text", f'<p>A</p>\n<div style="font-size:0"><p>{LONG * 3}</p></div>', 1),
    ("hidden-text", f'<div\n style="display:none">{LONG * 9}</div>', 0),
    ("hidden-text", f'<p>A</p>\n<div style="opacity:0">{LONG * 3}</div>', 1),
    ("hidden-text", f'<p>A</p>\n<div style="max-height:0;overflow:hidden">{LONG * 3}</div>', 1),
    ("hidden-text", f'<p>A</p>\n<p style="text-indent:-9999px">{LONG * 2}</p>', 1),
    ("hidden-text", f'<p>A</p>\n<div><span style="position:absolute; left:-9999px">{LONG * 2}</span></div>', 1),
    ("hidden-text", f'<p>A</p>\n<div style="position:fixed;top:-100em"><div><p>{LONG * 2}</p></div></div>', 1),
    ("hidden-text", f'<p>A</p>\n<div style="margin-left:-5000px">{LONG * 2}</div>', 1),
    ("hidden-text", f'<style>@media print {{p{{color:red}}}}</style>\n<p style="text-indent:-999em">{LONG * 2}</p>', 1),
    ("image-http", '<p>A</p>\n<img src="http://example.org/a.png" alt="A" width="9">', 1),
    ("unsubscribe-link", "<p>You get this newsletter every week.</p>", 2),
    ("style-size", f"<p>A</p>\n<style>{'.a{color:#222222}' * 1_000}</style>", 1),
    ("client-support", '<p>A</p>\n<form action="https://example.org"><input name="a"></form>', 1),
]
MISSES = [
    ("link-target", '<a href="https://example.org/@ada">Ada</a> <a href="https://example.org/?to=a@b.org">B</a>'),
    ("justified-text", f'<p align="left">{LONG}</p><table align="justify"><tr><td>{LONG}</td></tr></table>'),
    ("justified-text", f'<div align="justify"><p style="text-align:left">{LONG}</p></div>'),
    (
        "font-size",
        f'<p style="font-size:1em">{LONG}</p><p><font size="3">{LONG}</font></p><p><small>{LONG}</small></p>',
    ),
    ("font-size", f'<p style="font-size:95%">{LONG}</p><font size="1"><p style="font-size:16px">{LONG}</p></font>'),
    (
        "double-word",
        "<p><b>bread</b> bread is baked; tea<br>tea; the<b>the</b>me; so <b>that</b> that, the <b>The</b></p>",
    ),
    ("image-alt", '<img src="https://example.org/a.png" alt="" width="80">'),
    (
        "image-alt",
        '<a href="https://example.org/offer"><img src="https://example.org/a.png" alt="" width="9"> Offer</a>',
    ),
    ("heading-order", "<h1>Tools</h1><h2>Small</h2><h3>Smaller</h3><h2>Large</h2>"),
    ("table-role", "<table><tr><th>Day</th></tr><tr><td>Monday</td></tr></table>"),
    ("table-role", '<table role="presentation"><tr><td>One cell</td></tr></table>'),
    ("table-role", "<table><tr><td>Monday</td><td>8</td></tr><tr><td>Sunday</td><td>9</td></tr></table>"),
    ("link-text", '<a href="https://example.org/r">The report on tools</a>'),
    ("link-host", '<a href="https://shop.example.org/x">www.example.org</a>'),
    ("link-host", '<a href="https://example.org/notes">notes.md</a>'),
    ("link-host", '<a href="https://xn--mnchen-3ya.example/">www.münchen.example</a>'),
    ("link-host", '<a href="https://münchen.example/">xn--mnchen-3ya.example</a>'),
    ("link-host", '<a href="https://example.org/">Möbel.Katalog</a>'),
    *(
        ("link-host", f'<a href="https://example.org/">{words}</a>')
        for words in "setup.py main.rs script.sh ASP.NET Socket.IO St.Gallen Dr.Oetker report.pdf m.sc z.B.".split()
    ),
    ("link-host", '<a href="https://example.org/">Pay at paypal.com</a> <a href="https://paypal.com/x">paypal.com</a>'),
    ("link-target", '<a href="https://192.0.2.7/">A</a> <a href="https://10.example.org/">B</a>'),
    ("double-word", '<p><a href="https://example.org/b">Bread</a> bread is baked. <a href="/a">A</a> a tide.</p>'),
    (
        "double-word",
        '<p>The <a href="https://example.org/b"><code>the</code> word</a>; <code>the <a>the</a></code></p>',
    ),
    (
        "double-word",
        '<p>the<br><a href="https://example.org/b">the site</a> thesis <a>sis</a>tide, the. <a>the</a></p>',
    ),
    (
        "double-word",
        '<p>Mastodon mastodon.social, Harbour <a href="https://harbour.org">harbour.org</a>, mail mail@b.org</p>',
    ),
    ("double-word", '<p>She had <a href="https://example.org/b">had enough</a> of it, and that is that.</p>'),
    ("link-host", '<a href="https://example.co.uk/">news.example.co.uk</a>'),
    ("link-target", '<a href="mailto:ada@example.org">Ada</a> <a href="{{ url }}">Read</a> <a href="*|URL|*">On</a>'),
    ("link-target", '<a href="mailto:?subject=Tools">Share</a> <a href="mailto:a@b.org,%20c@d.org?cc=e@f.org">Us</a>'),
    ("link-target", '<a href="https://local.example.org/">A</a> <a href="https://localhost.example.org/">B</a>'),
    ("link-text", '<a href="https://example.org/r"><img src="cid:a" alt=""></a> <a id="r"></a> <a name="s"></a>'),
    ("link-text", '<a href="https://example.org/r" style="display:block;width:9px;background:#000000"></a>'),
    ("image-alt", '<img src="https://example.org/a.png" alt="The file loaf.jpg on a desk" width="80">'),
    ("unfinished-tag", '<p title="Of <b>May</b>" class=a>1 < 2, <!-- <p class="a" <b> -->a<b</p>'),
    ("unfinished-tag", "<p style=\"background:url('data:image/svg+xml;utf8,<svg><a/></svg>')\">A</p>"),
    ("unfinished-tag", '<p><a href="https://example.org/<id>">A</a> <%= "<b>" %></p>'),
    ("active-content", '<script type="application/ld+json">{"@type": "Order"}</script><p class="one" title="on">A</p>'),
    ("link-target", '<a name="tools">Tools</a>'),
    ("link-fragment", '<a href="#tools">Tools</a> <h2 id="tools">Tools</h2>'),
    ("link-number", '<a href="https://127.example.org/">About</a>'),
    ("image-source", '<img src="{{ picture }}" alt="A" width="9"><img src="cid:logo" alt="A" width="9">'),
    ("image-width", '<img src="https://example.org/a.png" alt="A" style="width:24px">'),
    ("font-size", f'<div style="font-size:11px"><p>{LONG} <a href="https://example.org/u">Unsubscribe</a></p></div>'),
    ("font-size", '<p style="font-size:12px">March 2026</p>'),
    ("font-size", '<p>A</p><p style="font-size:12px">Bring your bicycle; it travels free.</p>'),
    ("font-size", '<p>A</p><p style="font-size:11px">Trouble reading this? Open it in your browser.</p>'),
    ("font-size", '<p>A</p><img src="cid:a" alt="A"><p style="font-size:11px">The harbour at noon, seen by Ada</p>'),
    (
        "font-size",
        '<p>A</p><p style="font-size:11px">You can <a href="https://example.org/u">unsubscribe</a> here.</p>',
    ),
    ("line-height", '<p>A</p><p style="line-height:1">Bring your bicycle; it travels free.</p>'),
    ("line-height", f'<p style="font-size:16px;line-height:24px">{LONG}</p>'),
    (
        "line-height",
        f'<h1 style="font-size:36px;line-height:42px"><a href="/a">{LONG}</a></h1>'
        f'<h2 style="line-height:1.2">{LONG}</h2>',
    ),
    ("emoji-run", "<p>Well done 🎉🎉</p>"),
    ("text-contrast", '<div style="background:url(x.png)"><p style="color:#ffffff">On a picture</p></div>'),
    ("text-contrast", '<td bgcolor="#000000"><p style="color:#ffffff">White on black</p></td>'),
    ("text-contrast", '<h1 style="color:#888888;font-size:28px">Large and grey</h1>'),
    ("note-to-self", "<p>The TODO-list of a practice, and a to-do.</p><pre>TODO: code</pre>"),
    ("double-word", "<p>We had had it, and that that is so. Bora Bora; very very good.</p>"),
    ("note-to-self", "<p>The society's TODO list, printed on the door</p>"),
    ("double-word", "<p>Vous vous êtes inscrit; que vous vous, faire faire. Nous nous en allons.</p>"),
    ("double-word", "<p>Dat dat kan. Je je vader, Van van Dijk, bij bij. Er gibt den den Preis. Knock knock.</p>"),
    ("open-braces", "<p>Dear {{ name }}</p>"),
    ("hidden-text", f'<div style="display:none">{LONG} {LONG[:50]}</div>'),
    ("hidden-text", f'<div style="display:none">{LONG * 5}</div>'),
    # A label for screen readers, a hanging indent, a part that overlaps, what only Outlook hides.
    ("hidden-text", f'<span style="position:absolute;left:-9999px">{LONG}</span>'),
    ("hidden-text", f'<a href="https://example.org/" style="text-indent:-9999px">{LONG}</a>'),
    ("hidden-text", f'<p style="text-indent:-20px;padding-left:20px">{LONG * 4}</p>'),
    ("hidden-text", f'<div style="position:relative;top:-40px;margin-left:-12px">{LONG * 4}</div>'),
    ("hidden-text", f'<div style="mso-hide:all">{LONG * 4}</div>'),
    ("hidden-text", f'<div style="font-size:0"><p style="font-size:16px">{LONG * 4}</p></div>'),
    ("hidden-text", f'<td style="font-size:1px;line-height:1px">{"&nbsp;" * 300}</td><p>{LONG * 4}</p>'),
    ("hidden-text", f'<div style="overflow:hidden;height:400px;opacity:0.9">{LONG * 4}</div>'),
    (
        "hidden-text",
        f'<div style="font-size:1px;max-height:0;overflow:hidden;opacity:0;mso-hide:all">{LONG}</div>',
    ),
    (
        "hidden-text",
        f"<style>@media (max-width:600px) {{.phone{{display:block!important}}}}</style>"
        f'<div class="phone" style="display:none">{LONG * 4}</div>',
    ),
    ("image-http", '<img src="https://example.org/a.png" alt="A" width="9">'),
    ("unsubscribe-link", "<p>Your order has left.</p>"),
    ("unsubscribe-link", '<p>Our newsletter. <a href="https://example.org/u">Unsubscribe</a></p>'),
    ("hidden-text", '<div style="display:none">High water at noon' + "&#8199;&#847; " * 60 + "</div>"),
]


@pytest.mark.parametrize(
    ("style", "told"),
    [
        ("font-size:13px;line-height:1.2", {"font-size", "line-height"}),
        ("font-size:14px;line-height:1.3", set()),
        ("font-size:10px;line-height:1.5", {"font-size"}),
    ],
)
def test_short_lines_are_told_for_once_when_they_are_most_of_what_a_mail_says(
    tmp_path: Path, style: str, told: set[str]
) -> None:
    lines = (
        "Bring your bicycle; it travels free.",
        "Tickets are sold at the quay, too.",
        "Dogs are welcome on the upper deck.",
    )
    path = tmp_path / "mail.html"
    body = "".join(f"<p>{line}</p>" for line in (*lines, *reversed(lines)))
    path.write_text(f'<html lang="en"><title>T</title>\n<body style="{style}"><h1>Ferries</h1>{body}</body></html>')
    found = [one for one in check_file(str(path)).findings if one.rule in ("font-size", "line-height")]
    assert {one.rule for one in found} == told
    assert len(found) == len(told)
    assert {one.where.line for one in found} <= {2}


def test_the_same_slip_twice_in_a_paragraph_of_a_file_is_told_at_each_of_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "mail.html"
    body = "<p>We saw the the\nsea and the\nthe shore, <b>all of the the\nway</b> to the the end, the the end.</p>"
    path.write_text(PAGE.format(body=body, long=LONG), "utf-8")
    found = [one.where.line for one in check_file(str(path)).findings if one.rule == "double-word"]
    assert found == [LINE, LINE + 1, LINE + 2, LINE + 3]


SCRAPS = [
    '<a href="http://[">x</a>',
    "<a href>",
    "<img src>",
    '<td style="font-size:1.2.3px;line-height:;color:rgb(1,2,3,4)">',
    f'<p style="font-size:0;line-height:.em">{LONG}',
    "<style>@media x{",
    "</style>",
    "<!--[if mso]>",
    "<![endif]-->",
    "<table><tr><td>",
    "<plaintext>",
    "\x0b",
    "{{ x }}",
    '<img src="a.png" alt="" width="²" style="width:²px">',
    '<a href="https://example.org:99999/">example.com</a>',
    "\n",
]


def _found(tmp_path: Path, body: str) -> list[Finding]:
    file = tmp_path / "mail.html"
    file.write_text(PAGE.format(body=body, long=LONG), "utf-8")
    return list(check_file(str(file)).findings)


@pytest.mark.parametrize(("rule", "body", "below"), HITS, ids=[f"{one[0]}-{at}" for at, one in enumerate(HITS)])
def test_an_email_that_breaks_a_rule_is_told_the_line_to_edit(tmp_path: Path, rule: str, body: str, below: int) -> None:
    lines = [one.where.line for one in _found(tmp_path, body) if one.rule == rule]
    # A tag that begins on one line and names its address on the next may be told by either.
    assert lines and lines[0] in (LINE + below, LINE + below - (body.split("\n")[0].endswith("<a")))


@pytest.mark.parametrize(("rule", "body"), MISSES, ids=[f"{one[0]}-{at}" for at, one in enumerate(MISSES)])
def test_an_email_that_keeps_a_rule_is_told_nothing_of_it(tmp_path: Path, rule: str, body: str) -> None:
    assert [str(one) for one in _found(tmp_path, body) if one.rule == rule] == []


@pytest.mark.parametrize("path", EMAILS, ids=lambda path: path.name)
def test_no_error_is_found_in_good_emails_written_by_hand(path: Path) -> None:
    assert [str(one) for one in check_file(str(path)).findings if one.severity == "error"] == []


@pytest.mark.parametrize(
    ("rule", "slip"),
    [("note-to-self", "TODO: ask Ada"), ("filler-text", "Lorem ipsum"), ("double-word", "We look at the the tools")],
)
def test_every_place_of_the_same_slip_is_told(tmp_path: Path, rule: str, slip: str) -> None:
    found = _found(tmp_path, f"<p>{slip}</p>\n<p>Tools.</p>\n<p>{slip}</p>\n<ul><li>{slip}</li></ul>")
    assert [one.where.line - LINE for one in found if one.rule == rule] == [0, 2, 3]


def test_the_text_of_a_mail_that_is_one_table_is_no_footer_because_it_ends_with_one(tmp_path: Path) -> None:
    row = '<tr><td style="font-size:{size}px;line-height:1.5">{words}</td></tr>\n'
    leave = f'{LONG} <a href="https://example.org/u">Unsubscribe</a>'
    for body, told in (
        (row.format(size=12, words=LONG * 2) + row.format(size=11, words=leave), [LINE + 1]),
        (row.format(size=15, words=LONG * 4) + row.format(size=12, words=LONG) + row.format(size=11, words=leave), []),
        (row.format(size=15, words=LONG * 4) + row.format(size=9, words=leave), [LINE + 2]),
    ):
        file = tmp_path / "mail.html"
        table = f'<table role="presentation">\n{body}</table>'
        file.write_text(PAGE.format(body=table, long="").replace('<p style="font-size:16px', '<p style="', 1), "utf-8")
        assert [one.where.line for one in check_file(str(file)).findings if one.rule == "font-size"] == told


def test_what_looks_like_a_tag_in_an_address_that_never_ends_is_quoted_as_it_is_written(tmp_path: Path) -> None:
    found = _found(tmp_path, '<p><a href="x\n<p>the end of it</p>\n<p class="y">More</p>')
    assert [one.message for one in found if one.rule == "link-target"] == [
        "'x%0A<p>the%20end%20of%20it</p>%0A<p%20class=' is not a whole address."
    ]


def test_a_page_without_language_or_title_is_told_so_and_a_fragment_is_not(tmp_path: Path) -> None:
    page, part = tmp_path / "page.html", tmp_path / "part.html"
    page.write_text("<!DOCTYPE html>\n<html>\n<head></head><body><p>Hi</p></body></html>\n")
    part.write_text("<p>Hi</p>\n")
    assert {(one.rule, one.where.line) for one in check_file(str(page)).findings} == {
        ("html-lang", 2),
        ("html-title", 3),
    }
    assert check_file(str(part)).findings == ()


def _message(**headers: str) -> EmailMessage:
    message = EmailMessage()
    defaults = {"From": "Town News <news@example.org>", "To": "ada@example.org", "Subject": "Tools for the week"}
    for name, value in {**defaults, **headers}.items():
        message[name.replace("_", "-")] = value
    return message


def _rules(tmp_path: Path, message: EmailMessage) -> set[str]:
    file = tmp_path / "mail.eml"
    file.write_bytes(bytes(message))
    return {one.rule for one in check_file(str(file)).findings}


def test_a_message_is_judged_by_its_headers_and_its_text(tmp_path: Path) -> None:
    message = _message(Subject="ACT NOW AND WIN BIG", List_Id="<news.example.org>", From="tools@gmail.com")
    message.set_content(
        "Quite other words about gardening, roses, watering, pruning, compost, weather and seeds today."
    )
    message.add_alternative(
        PAGE.format(body="<p>Dear {{ name }}</p><img src='cid:gone' alt='A' width='9'>", long=LONG), "html"
    )
    assert _rules(tmp_path, message) == {
        "subject-caps",
        "spam-words",
        "sender-domain",
        "sender-identity",
        "list-unsubscribe",
        "unsubscribe-link",
        "postal-address",
        "open-braces",
        "image-source",
        "text-differs",
    }


@pytest.mark.parametrize(
    ("domain", "told"),
    [("yahoo.co.uk", True), ("hotmail.fr", True), ("gmx.de", True), ("yahoo.example.org", False), ("webe.de", False)],
)
def test_a_free_mailbox_of_any_country_is_no_sender_of_a_mailing(tmp_path: Path, domain: str, told: bool) -> None:
    message = _message(From=f"Town News <news@{domain}>", List_Id="<news.example.org>")
    message.set_content(LONG)
    message.add_alternative(PAGE.format(body="<p>Hi</p>", long=LONG), "html")
    assert ("sender-domain" in _rules(tmp_path, message)) is told
    found = check_file(str(tmp_path / "mail.eml")).findings
    # A header has no line in the HTML.
    assert {one.where.line for one in found if one.rule in ("sender-domain", "list-unsubscribe")} == {0}


def test_a_good_message_is_told_nothing_and_needs_no_unsubscribing_when_it_goes_to_one(tmp_path: Path) -> None:
    mailing = _message(List_Id="<news.example.org>", List_Unsubscribe="<mailto:leave@example.org>")
    leave = '<p>2 Quay Street, Port Town. <a href="https://example.org/leave">Unsubscribe</a></p>'
    for message, body in ((mailing, leave), (_message(), "<p>Your order has left.</p>")):
        message.set_content(f"{LONG} {LONG}")
        message.add_alternative(PAGE.format(body=body, long=LONG), "html")
        assert _rules(tmp_path, message) == set()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("View this mail in your browser: https://example.org/v", True),
        ("Your email program cannot show HTML.", True),
        (f"{LONG} {LONG} Roses grow where somebody waters them every evening.", False),
    ],
)
def test_a_text_that_stands_for_a_whole_mail_of_html_is_told(tmp_path: Path, text: str, told: bool) -> None:
    long = "Water boils quickly when nobody watches kettles standing beside several open windows during storms. "
    more = "Gardeners plant their roses early, prune apple trees before spring, cover young tomatoes against frost, "
    message = _message()
    message.set_content(text + (f" {long} {more}" if not told else ""))
    message.add_alternative(PAGE.format(body=f"<p>{long} {more}</p>", long=LONG), "html")
    assert ("text-differs" in _rules(tmp_path, message)) is told


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('<p>Your order:\n<a href="https://example.org/{{ order_id }}">order</a></p>', LINE + 1),
        ('<p>Your order:\n<a href="https://example.org/%7B%7B%20id%20%7D%7D">order</a></p>', LINE + 1),
        ('<p>A</p>\n<img src="https://example.org/*|PIC|*.jpg" alt="A" width="9">', LINE + 1),
        ('<p>A</p>\n<img src="https://example.org/p.jpg" alt="{{alt}}" width="9">', LINE + 1),
        ('<p>A</p>\n<a href="https://example.org/%20%7Ba%7D?q={b}">A set</a>', 0),
        (
            '<p>A</p>\n<code title="{{ name }}">A</code><div style="display:none"><a href="{{ b }}">B</a></div>',
            LINE + 1,
        ),
    ],
)
def test_braces_in_what_a_message_leads_to_are_told_and_those_of_a_template_are_meant(
    tmp_path: Path, body: str, line: int
) -> None:
    assert "open-braces" not in {one.rule for one in _found(tmp_path, body)}
    message = _message()
    message.set_content(LONG)
    message.add_alternative(PAGE.format(body=body, long=LONG), "html")
    (tmp_path / "mail.eml").write_bytes(bytes(message))
    found = check_file(str(tmp_path / "mail.eml")).findings
    assert [one.where.line for one in found if one.rule == "open-braces"] == [line] * bool(line)


@pytest.mark.parametrize(("name", "told"), [("Ada", {"open-braces"}), ("<code>{{ first_name }}</code>", set())])
def test_braces_that_stand_in_the_plain_text_alone_are_told(tmp_path: Path, name: str, told: set[str]) -> None:
    message = _message()
    message.set_content(f"Dear {{{{ first_name }}}}, {LONG}")
    message.add_alternative(PAGE.format(body=f"<p>Dear {name},</p>", long=LONG), "html")
    assert _rules(tmp_path, message) == told


@pytest.mark.parametrize(("preheader", "told"), [("Tools, for the week", True), ("A saw and a plane", False)])
def test_a_hidden_preheader_of_a_message_that_repeats_its_subject_is_told(
    tmp_path: Path, preheader: str, told: bool
) -> None:
    message = _message()
    message.set_content(LONG)
    hidden = f'<div><span style="display:none">{preheader}</span></div>'
    message.add_alternative(PAGE.format(body=hidden, long=LONG), "html")
    assert ("preheader-repeats" in _rules(tmp_path, message)) is told


def test_lines_of_a_message_are_those_of_its_decoded_html_and_that_is_said(tmp_path: Path) -> None:
    message = _message()
    message.set_content("Hi")
    message.add_alternative(PAGE.format(body="<p>é</p>\n<p>Lorem ipsum</p>", long=LONG), "html", cte="base64")
    file = tmp_path / "mail.eml"
    file.write_bytes(bytes(message))
    checked = check_file(str(file))
    assert [one.where.line for one in checked.findings if one.rule == "filler-text"] == [LINE + 1]
    assert "decoded" in checked.note


def test_a_picture_with_few_words_and_a_mail_without_text_are_told(tmp_path: Path) -> None:
    message = _message()
    picture = '<img src="https://example.org/a.png" width="600" height="800" alt="Sale">'
    html = f'<html lang="en"><head><title>T</title></head><body>{picture}</body></html>'
    message.set_content(html, "html")
    assert _rules(tmp_path, message) == {"mostly-pictures", "text-missing"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(SCRAPS) | st.text(max_size=8), max_size=20).map("".join))
def test_whatever_a_file_holds_it_is_checked_or_refused_in_words(tmp_path: Path, html: str) -> None:
    file = tmp_path / "mail.html"
    file.write_text(html, "utf-8", errors="replace")
    try:
        findings = check_file(str(file)).findings
    except NewsletterError:
        return
    lines = file.read_text("utf-8").count("\n") + 1
    assert all(1 <= one.where.line <= lines for one in findings)


@pytest.mark.parametrize("rule", sorted(all_rules()))
def test_every_rule_explains_itself_and_names_its_source(rule: str) -> None:
    about = all_rules()[rule].about
    assert "Source: " in about
    assert len(about) > 60


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '<a href="https://xn--mnchen-3ya.example/">www.muenchen.example</a>',
            "the link says www.muenchen.example and leads to xn--mnchen-3ya.example (münchen.example).",
        ),
        ('<a href="https://xn--a/">www.example.org</a>', "the link says www.example.org and leads to xn--a."),
    ],
)
def test_a_host_in_ascii_letters_is_told_beside_what_they_stand_for(tmp_path: Path, body: str, said: str) -> None:
    assert [one.message for one in _found(tmp_path, body) if one.rule == "link-host"] == [said]


@pytest.mark.parametrize("name", ["bin.html", "bin.eml"])
def test_what_is_no_email_is_refused_in_words_of_the_check(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(bytes(range(256)) * 8)
    with pytest.raises(NewsletterError, match=r"`newsletter check` reads emails: HTML, or a whole message") as refused:
        check_file(str(tmp_path / name))
    assert "inline" not in str(refused.value)


def test_an_ignore_of_what_mail_clients_lack_is_not_unused_where_only_some_were_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "mail.html"
    comment = "<!-- newsletter: ignore client-support because our readers have Gmail -->"
    file.write_text(PAGE.format(body=f"{comment}\n<p>One</p>", long=LONG), "utf-8")

    def rules(clients: list[str]) -> list[str]:
        return [one.rule for one in check_file(str(file), asked_for(clients, True, False, False)).findings]

    assert "unused-ignore" in rules([])
    assert "unused-ignore" not in rules(["apple-macos"])


@pytest.mark.parametrize(
    ("body", "rule", "said"),
    [
        (f'<p style="font-size:8pt">{LONG}</p>', "font-size", f"running text of 10.7 pixels: '{LONG[:40]}…'."),
        (
            "<ul><li>One</li><li>Two, TODO</li></ul><p>Read<br>on</p>",
            "note-to-self",
            "'TODO' is left in the text: 'Two, TODO'.",
        ),
        (
            "<div>TODO ask<p>One</p>two<br>three</div>",
            "note-to-self",
            "'TODO' is left in the text: 'TODO ask One two three'.",
        ),
        (
            '<a href="https://example.org/"><img src="https://example.org/a.png" alt="" width="16" height="16"></a>',
            "target-size",
            "a linked picture is 16 pixels wide and 16 pixels high; a thumb needs 24.",
        ),
    ],
)
def test_what_is_found_is_told_in_words_that_can_be_read(tmp_path: Path, body: str, rule: str, said: str) -> None:
    assert [one.message for one in _found(tmp_path, body) if one.rule == rule] == [said]
