"""Emails as people write them, broken in every way there is a rule for: the line to edit carries the rule's name.

A line that ends in `⚠ RULE` (or several, parted by blanks) is the one its author has to edit; the mark itself is no
part of the file. Whatever is not marked is right.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.conftest import REPOSITORY, SMALL

_MARK = re.compile(r"[ ]*⚠((?: [a-z-]+)+)$", re.MULTILINE)


def unmarked(text: str) -> str:
    """The text as its author wrote it."""
    return _MARK.sub("", text)


def marks(path: str, text: str) -> set[tuple[str, str]]:
    """Each rule that is marked, and the line it is marked at: ('link-text', 'mail.html:7')."""
    return {
        (rule, f"{path}:{text.count(chr(10), 0, found.start()) + 1}")
        for found in _MARK.finditer(text)
        for rule in found[1].split()
    }


@dataclass(frozen=True, slots=True)
class Broken:
    """Files by path, over those of the small workspace: an issue `tides`, or one email in a file."""

    files: dict[str, str]
    bytes: dict[str, str] = field(default_factory=dict)
    """Path → a picture: 'PNG 600x400', of so many `frames`, cut off, or with so much behind it."""
    latin: tuple[str, ...] = ()
    """Files that are saved in ISO 8859-1."""
    file: str = ""
    """The email in a file that is checked; without one, the issue. Of an .eml the text is its HTML part."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of an .eml, whose headers have no line to name."""
    text: str = ""
    """Of an .eml: its plain text, when it has any."""

    @property
    def expected(self) -> set[tuple[str, str]]:
        """The rules that are marked, each with its line."""
        of_headers = {(rule, self.file) for one in self.headers.values() for rule, _ in marks(self.file, one)}
        return of_headers | {one for path, text in self.files.items() for one in marks(path, text)}


LONG = "The harbour office opens at eight, and whoever comes early finds the pilots at their coffee by the window."

_PAGE = (REPOSITORY / "templates/page.html.j2").read_text("utf-8")
_STYLES = (REPOSITORY / "templates/styles/email.css.j2").read_text("utf-8")

_ISSUE = """\
title: Tides
subject: High water this week
preheader: When to be on board
audience: crew
sections:
  - blocks:
"""

TEMPLATE = Broken(
    {
        "issues/tides/issue.yaml": _ISSUE + "      - {article: tides.md}\n      - tide: Rising at noon\n",
        "templates/blocks/tide.html.j2": '<tr><td>\n{% include "parts/wave.html.j2" %}\n</td></tr>\n',
        "templates/blocks/tide.txt.j2": "{{ block.tide }}\n",
        "templates/parts/wave.html.j2": f"""\
{{# What the harbour office wants beside each tide. #}}
<h2 style="margin:0">{{{{ block.tide }}}}</h2>
<h5 style="margin:0">The moon</h5> ⚠ heading-order
<table><tr><td>Springs and neaps</td></tr></table> ⚠ table-role
<p style="margin:0;font-size:11px">{LONG}</p> ⚠ font-size
<p style="margin:0;line-height:1">{LONG}</p> ⚠ line-height
<p style="margin:0;text-align:justify">{LONG}</p> ⚠ justified-text
<p style="margin:0;color:#bbbbbb">Pale as the morning</p> ⚠ text-contrast
<p style="margin:0">Well done 🎉🎉🎉🎉</p> ⚠ emoji-run
<p style="margin:0"><a href="https://example.org/tables">click here</a></p> ⚠ link-text
<p style="margin:0"><a href="https://tides.example.com/">www.example.org</a></p> ⚠ link-host
<p style="margin:0"><a href="http://localhost:8000/tables">The tables</a></p> ⚠ link-target
<p style="margin:0"><a href="https://198.51.100.7/tables">The tables of May</a></p> ⚠ link-number
<p style="margin:0"><a href="https://bit.ly/3tides">The tables of June</a></p> ⚠ link-shortener
<p style="margin:0"><a href="#moon">The phases of the moon</a></p> ⚠ link-fragment
<p style="margin:0"><a href="http://example.org/old">The tables of old</a></p> ⚠ link-http
<p style="margin:0">
<img src="images/wave.png" alt="A wave" width="80" height="40"> ⚠ image-source
<img src="https://example.org/wave.png" alt="A wave" style="width:100%"> ⚠ image-width client-support
<a href="https://example.org/b"><img src="https://example.org/b.png" alt="A" width="16" height="16"></a> ⚠ target-size
<img src="https://example.org/pier.png" width="80" height="40"> ⚠ image-alt
</p>
<table role="presentation" dir="rtl"><tr> ⚠ reading-order
<td>First the question</td><td>and then the answer</td></tr></table>
<p style="position:absolute;left:-9999px">{LONG} {LONG}</p> ⚠ hidden-text client-support
<p style="margin:0">Lorem ipsum</p> ⚠ filler-text
<p style="margin:0">TODO: ask the pilots</p> ⚠ note-to-self
<p style="margin:0">Dear {{first_name}}, be on board.</p> ⚠ open-braces
<p style="margin:0">The the end.</p> ⚠ double-word
<script>rise()</script> ⚠ active-content
<p style="margin:0" onclick="rise()">The pilots</p> ⚠ active-content
<script type="application/ld+json">{{}}</script>
<iframe src="https://example.org/tide"></iframe> ⚠ active-content
""",
    }
)

WORDS = Broken(
    {
        "newsletter.yaml": SMALL["newsletter.yaml"] + "checks: {spelling: warning}\n",
        "issues/tides/issue.yaml": """\
title: Tides
subject: ALL THE TIDES OF THE WEEK AND WHATEVER ELSE THE HARBOUR OFFICE HAS TO SAY ⚠ subject-caps subject-length
preheader: All the tides of the week and whatever else the harbour office has to say ⚠ preheader-repeats
audience: crew
sections:
  - blocks:
      - {article: tides.md}
      # newsletter: ignore link-text because it was once a short link ⚠ unused-ignore
      - {text: "Hello"}
""",
        "issues/tides/tides.md": """\
---
title: High water
---
The harbour opens at noon, and the ships leave with the tide.

<!-- newsletter: ignore double-word --> ⚠ ignore-reason
It is the the best time to leave. ⚠ double-word

Whoever comes later has to wait in the harbuor. ⚠ spelling
""",
    }
)

AGAIN = Broken(
    {
        "issues/tides/issue.yaml": """\
title: Tides
subject: High water this week
preheader: >-
  When to be on board
  and what to take, TODO ⚠ note-to-self
audience: crew
sections:
  - blocks:
      - tide: TODO noon ⚠ note-to-self
        moon: The TODO moon ⚠ note-to-self
        wind: For {{ recipient.first_name | default('Ada') }}, the TODO wind ⚠ note-to-self
      - sponsor: TODO Rope ⚠ note-to-self
        link: https://example.org
        text: |
          TODO first and **lorem ipsum** ⚠ note-to-self filler-text

          then TODO again ⚠ note-to-self
""",
        "templates/blocks/tide.html.j2": (
            "<tr><td><p>{{ block.tide }}</p>\n<p>{{ block.wind }}</p>\n<p>{{ block.moon }}</p></td></tr>\n"
        ),
        "templates/blocks/tide.txt.j2": "{{ block.tide }}\n{{ block.moon }}\n{{ block.wind }}\n",
        "templates/styles/email.css.j2": re.sub(
            r"(\n\.lede \{.*?color: )[^;]*(; \})", r"\1#bbbbbb\2 ⚠ text-contrast", _STYLES
        ),
        "templates/page.html.j2": re.sub(r"( *)<title>.*?</title>", r"\1<title></title> ⚠ html-title", _PAGE),
    }
)

NO_WORDS = Broken(
    {
        "issues/tides/issue.yaml": """\
title: Tides
subject: "" ⚠ subject-missing preheader-missing
audience: crew
sections:
  - blocks:
      - {article: tides.md}
""",
    }
)

ARTICLES = Broken(
    {
        "issues/tides/issue.yaml": """\
title: Tides
subject: High water this week
preheader: When to be on board
audience: crew
language: sv ⚠ layout-words
sections:
  - blocks:
      - {article: draft.md}
      - {article: untitled.md}
      - {article: shortcodes.md}
      - {article: plain.txt}
      - {article: latin.md}
      - {article: logo.md}
      - {article: open.html}
      - {article: tags.md}
      - {article: quote.html}
      - {article: form.html}
      - {article: deep.md}
      - {article: table.md}
      - {article: notes.md}
      - {article: day.md}
      - {article: site.html}
      - {article: nothing.md, show: card} ⚠ nothing-to-read
""",
        "issues/tides/draft.md": "---\ntitle: Draft\ndraft: true ⚠ draft\n---\nThe tide.\n",
        "issues/tides/untitled.md": "The tide turns at noon. ⚠ no-title\n",
        "issues/tides/shortcodes.md": "---\ntitle: Codes\n---\nThe tide.\n\n{{< gallery dir=moon >}} ⚠ shortcode\n",
        "issues/tides/plain.txt": f"High water ⚠ guessed-heading\n\n{LONG}\n\nLow water\n\n{LONG}\n",
        "issues/tides/logo.md": "---\ntitle: Logo\nsidebar: true\nsidebarlogo: moon ⚠ sidebar-logo\n---\nThe tide.\n",
        "issues/tides/open.html": "<h1>Open</h1>\n<p>The tide.</p>\n<p>At noon <b ⚠ unfinished-tag\n",
        "issues/tides/tags.md": """\
---
title: Tags
---
Since the <b of a formula is smaller than <c>, and `<a href="x>` and \\<a href="x> are code.

Of the <a href="https://example.org/moon>moon ⚠ unfinished-tag

And of <strong springs. ⚠ unfinished-tag

<p class="moon" ⚠ unfinished-tag
At noon</p>

<p class="moon" ⚠ unfinished-tag
<b>At</b> night</p>
""",
        "issues/tides/quote.html": """\
<h1>Quote</h1>
<p title="Of <b>May</b>">
<img src='data:image/svg+xml;utf8,<svg xmlns="http://www.w3.org/2000/svg"><a/></svg>' alt="a"></p>
<p>At noon <a href="https://example.org/noon ⚠ unfinished-tag
<p>the tide turns</p>
<p class="moon">and sinks.</p>
""",
        "issues/tides/form.html": "<h1>Form</h1>\n<p>The tide.</p>\n<form action='/'><input></form> ⚠ not-in-mail\n",
        "issues/tides/deep.md": "---\ntitle: Deep\n---\nThe tide.\n\n" + ">" * 60 + " At noon. ⚠ deep-nesting\n",
        "issues/tides/table.md": (
            "---\ntitle: Table\n---\n| Day | Tide |\n|---|---|\n| Monday | noon |\n| Sunday | one | two | ⚠ table-row\n"
        ),
        "issues/tides/notes.md": "---\ntitle: Notes\n---\nThe tide.\n\n[^moon]: Of May. ⚠ footnote\n",
        "issues/tides/day.md": "---\ntitle: Day\ndate: 03/04/2026 ⚠ date\n---\nThe tide.\n",
        "issues/tides/site.html": (
            "<h1>Site</h1>\n<p>The tide turns at noon.</p>\n<div class='share'>Share this post</div> ⚠ site-furniture\n"
        ),
        "issues/tides/nothing.md": "---\ntitle: Nothing\n---\n",
        "issues/tides/latin.md": "---\ntitle: Latin\n---\nThe café at the quay. ⚠ encoding\n",
    },
    latin=("issues/tides/latin.md",),
)

PICTURES = Broken(
    {
        "newsletter.yaml": """\
brand:
  name: Harbour News
  postal_address: 2 Quay Street, Port Town
  colors: {ink: "#bbbbbb"} ⚠ contrast text-contrast
sender: {name: Harbour News, address: news@example.org}
site_url: https://example.org
public_url: https://news.example.org ⚠ unused-setting
provider: {name: smtp}
""",
        "issues/tides/issue.yaml": """\
title: Tides ⚠ images-weight
subject: High water this week
preheader: When to be on board
audience: crew
ab: {share: 50%, winner: opens, subjects: [High water this week, Low water this week]} ⚠ winner-unmeasured
sections:
  - blocks:
      - {article: tides.md}
""",
        "issues/tides/tides.md": """\
---
title: High water
image: heavy.jpg ⚠ image-weight
alt: The harbour at noon
---
The tide turns.

![The moon](moon.png) ⚠ image-missing

![The tower](tall.png) ⚠ image-height

![Waves](waves.gif) ⚠ gif-weight image-weight

![The flag](flag.webp) ⚠ image-still

![The pier](/pier.jpg) ⚠ image-on-site

![The quay](http://example.org/quay.svg) ⚠ image-svg-remote image-http client-support

![The map](map.svg) ⚠ svg-lost svg-font

![The rope](data:image/png;base64,iVBORw0KGgo=) ⚠ image-missing

![The sail](C:\\Users\\ada\\sail.png) ⚠ image-missing

The mast <img src="" alt="The mast"> is high. ⚠ image-missing

<img src='file:///home/ada/rope.png' alt="The rope"> ⚠ image-missing

<img src="https://example.org/bell.png" alt="The bell" width="50" height="50">
![The buoy](buoy.png) ⚠ image-source

![](data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=) ⚠ image-source
""",
        "issues/tides/map.svg": (
            '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><foreignObject width="90" height="40"><p xmlns="http://www.w3.org/1999/xhtml">Pier</p></foreignObject>'
            '<text x="9" y="40" font-family="Comic Sans MS">Quay</text></svg>\n'
        ),
    },
    bytes={
        "issues/tides/heavy.jpg": "JPEG 600x600 noise",
        "issues/tides/tall.png": "PNG 300x4000",
        "issues/tides/waves.gif": "GIF 90x60 frames heavy",
        "issues/tides/flag.webp": "WEBP 90x60 frames",
    },
)

PEOPLE = Broken(
    {
        "audiences/crew.yaml": (
            "title: The crew ⚠ consent suppression-source\nsource: crew.csv\n"
            "columns: {address: Email, first_name: First name, profession: Job title}\nsegment: {profession: [pilot]}\n"
        ),
        "issues/tides/issue.yaml": """\
title: Tides ⚠ spam-score
subject: High water this week
preheader: When to be on board
audience: crew
sections: ⚠ unlike-last
  - blocks:
      - {article: tides.md, for: [cook]} ⚠ profession-unread
      - {article: "{profession}/tides.md"} ⚠ profession-typo profession-gap
      - {text: "Hello {{ recipient.first_name }}"} ⚠ merge-gap
      - {text: "Read of [the tables](https://example.org/tables)."} ⚠ link-broken
""",
        "issues/tides/cook/tides.md": "---\ntitle: High water\n---\nThe tide.\n",
        "issues/tides/pilto/tides.md": "---\ntitle: High water\n---\nThe tide.\n",
    }
)

SENDER = Broken(
    {
        "newsletter.yaml": """\
brand: ⚠ one-click
  name: Harbour News
  postal_address: 2 Quay Street, Port Town ⚠ postal-address sender-identity
sender:
  name: Harbour News
  address: news@gmail.com ⚠ sender-domain
""",
        "issues/tides/issue.yaml": """\
title: Act now for high water
subject: Act now for high water ⚠ subject-title spam-words
preheader: When to be on board
audience: crew
sections:
  - blocks:
      - {article: tides.md}
""",
        "templates/page.html.j2": re.sub(r"<br>\{\{ brand\.postal_address\b[^}]*\}\}", "", _PAGE),
        "templates/page.txt.j2": "{{ brand.name }}\n",
    }
)

FOREIGN = Broken(
    {
        "mail.html": f"""\
<!DOCTYPE html>
<html> ⚠ html-lang
<head> ⚠ html-title
<style>
@media (prefers-color-scheme: dark) {{ .card {{ background-color: #111111 !important }} }}
</style>
</head>
<body style="margin:0">
<h1>High water</h1>
<script>go()</script> ⚠ active-content
<svg width="90" height="40"><path d="M0 0h9v9z"/></svg> ⚠ inline-svg client-support
<p><img src="https://example.org/quay.webp" alt="The quay" width="300"></p> ⚠ image-format client-support
<p class="card" style="color:#222222">At noon</p> ⚠ dark-contrast
<p>{LONG} {LONG}</p>
<p>You get this newsletter every week.</p>
</body> ⚠ unsubscribe-link
</html>
"""
    },
    file="mail.html",
)

RIGHT_TO_LEFT = Broken(
    {
        "mail.html": """\
<!DOCTYPE html>
<html lang="ar"> ⚠ html-dir
<head><title>مرحبا</title></head>
<body><p>مرحبا بكم</p></body>
</html>
"""
    },
    file="mail.html",
)

LARGE = Broken(
    {
        "mail.html": f"""\
<!DOCTYPE html> ⚠ html-size mail-height
<html lang="en">
<head><title>High water</title>
<style>{".a{color:#222222}" * 1_000}</style> ⚠ style-size
</head>
<body>
{f"<p>{LONG}</p>" * 800}
</body>
</html>
"""
    },
    file="mail.html",
)

POSTER = Broken(
    {
        "mail.eml": f"""\
<html lang="en"> ⚠ text-missing text-ratio
<head><title>High water</title></head>
<body>
<!-- {"x" * 20_000} -->
<p><img src="cid:poster" alt="High water at noon" width="600" height="700"></p> ⚠ mostly-pictures image-shape
</body>
</html>
"""
    },
    bytes={"poster": "PNG 300x100"},
    file="mail.eml",
    headers={"From": "Town News <news@example.org>", "Subject": "High water"},
)

MAILING = Broken(
    {
        "mail.eml": f"""\
<html lang="en"> ⚠ text-differs
<head><title>High water</title></head>
<body>
<p>{LONG}</p>
<p>Read of <a href="https://example.org/tables">the tables of May and of June, and of whoever made them</a>.</p>
<p><a href="https://example.org/leave">Unsubscribe</a></p>
</body> ⚠ postal-address
</html>
"""
    },
    file="mail.eml",
    headers={
        "From": "news@gmail.com ⚠ sender-domain sender-identity",
        "Subject": "High water",
        "Precedence": "bulk ⚠ list-unsubscribe list-id",
    },
    text="Quite other words about gardening: roses, watering, pruning, compost, weather, seeds and beds of flowers.",
)
