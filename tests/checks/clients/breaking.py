"""Emails as people write them that fall apart somewhere, and what is said of each."""

from __future__ import annotations

from dataclasses import dataclass

WORD = ("outlook-2016", "outlook-2019", "outlook-365")


@dataclass(frozen=True, slots=True)
class Breaking:
    """An email whose line with the mark `⚠` breaks; the mark itself is no part of the email."""

    feature: str
    severity: str
    affected: tuple[str, ...]
    spared: tuple[str, ...]
    body: str
    head: str = ""
    case: str = ""


def page(body: str, head: str = "") -> str:
    """A whole email around the part that matters."""
    return f"""<!DOCTYPE html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<title>News of the harbour</title>
{head}
</head>
<body style="margin:0; background-color:#f4f4f4">
<table role="presentation" width="600" align="center" cellpadding="0" cellspacing="0">
<tr><td style="padding:24px; font-family:Arial, sans-serif; font-size:16px; line-height:24px">
<h1 style="margin:0 0 16px">News of the harbour</h1>
</td></tr></table>
{body}
<p style="font-size:14px">Harbour Office, 1 Quay Street. <a href="https://harbour.example.org/leave">Leave</a></p>
</body>
</html>
"""


BREAKING: tuple[Breaking, ...] = (
    Breaking(
        "css-display-flex", "warning", WORD, ("gmail-web", "apple-ios"),
        '<div\n style="display:flex;⚠ gap:16px"><div>Boats</div><div>Ropes</div></div>',
    ),
    Breaking(
        "css-display-grid", "warning", WORD, ("apple-macos",),
        '<div class="cards"><p>Boats</p><p>Ropes</p></div>',
        "<style>\n.cards {\n  display: grid;⚠\n  grid-template-columns: 1fr 1fr }\n</style>",
    ),
    Breaking(
        "css-display", "warning", WORD, ("gmail-web", "gmail-other", "yahoo-web"),
        '<div style="font-size:0">\n<div style="display:inline-block; width:50%">⚠Boats</div>\n</div>', case="column",
    ),
    Breaking(
        "css-float", "warning", WORD, ("gmail-web", "yahoo-web"),
        '<p>\n<img src="https://h.example.org/a.jpg" width="200" alt="A boat" style="float:left">⚠ Beside it.</p>',
    ),
    Breaking(
        "css-float", "warning", WORD, ("gmail-web", "yahoo-web"),
        '<table width="600"><tr><td>\n<table width="290" style="float:left">⚠<tr><td>Boats</td></tr></table>\n'
        '<table width="290" align="left"><tr><td>Ropes</td></tr></table></td></tr></table>',
    ),
    Breaking(
        "css-position", "warning", (*WORD, "gmail-web", "outlook-web", "yahoo-ios"), ("apple-ios", "samsung"),
        '<div style="position:relative"><img src="https://h.example.org/a.jpg" width="600" alt="A boat">\n'
        '<p style="position:absolute; top:20px; left:20px">⚠Ahoy</p></div>', case="absolute",
    ),
    Breaking(
        "css-margin", "warning", ("gmail-web", "outlook-365", "yahoo-web", "outlook-ios"), ("apple-ios",),
        '<table width="600"><tr><td>\n<p style="margin:-40px 0 0">⚠On the picture</p></td></tr></table>',
        case="negative",
    ),
    Breaking(
        "css-margin", "warning", WORD, ("gmail-web",),
        '<table role="presentation" width="600" style="margin:0 auto">⚠<tr><td>Boats</td></tr></table>', case="auto",
    ),
    Breaking(
        "css-max-width", "warning", WORD, ("gmail-web", "outlook-web"),
        '\n<div style="max-width:600px">⚠Boats <img src="https://h.example.org/a.jpg" alt="A boat" width="280"></div>',
        case="not-table",
    ),
    Breaking(
        "css-max-width", "info", WORD, ("gmail-web", "outlook-web"),
        '\n<div style="max-width:600px">⚠<h1>Boats</h1><table><tr><td>Ropes</td></tr></table></div>', case="text",
    ),
    Breaking(
        "css-max-width", "warning", WORD, ("gmail-web", "outlook-web"),
        '\n<div style="max-width:600px">⚠<table><tr><td>Boats</td><td>Ropes</td></tr></table></div>', case="not-table",
    ),
    Breaking(
        "css-max-width", "warning", ("outlook-2016",), ("outlook-2019", "outlook-365"),
        '\n<table width="100%" style="max-width:600px">⚠<tr><td>Boats</td></tr></table>', case="table",
    ),
    Breaking(
        "css-width", "warning", WORD, ("gmail-web",),
        '<p>\n<img src="https://h.example.org/a.jpg" alt="A boat" style="width:280px; height:auto">⚠</p>', case="image",
    ),
    Breaking(
        "css-width", "warning", WORD, ("gmail-web",),
        '\n<div style="width:600px">⚠Boats</div>', case="box",
    ),
    Breaking(
        "html-width", "warning", WORD, ("gmail-web",),
        '<p>\n<img src="https://h.example.org/a.jpg" alt="A boat" width="100%">⚠</p>', case="image",
    ),
    Breaking(
        "css-display-none", "warning", WORD, ("gmail-web", "apple-ios"),
        '\n<div class="mobile" style="display:none">⚠\n<table><tr><td>Phones</td></tr></table></div>', case="tables",
    ),
    Breaking(
        "css-display-none", "warning", WORD, ("gmail-web",),
        '<p>\n<img src="https://h.example.org/m.png" width="10" alt="" style="display:none">⚠</p>', case="image",
    ),
    Breaking(
        "css-visibility", "warning", ("gmail-web", "outlook-2019"), ("apple-ios", "yahoo-web"),
        '<p>Text</p>\n<p style="visibility:hidden">⚠The answer</p>',
    ),
    Breaking(
        "html-hidden", "warning", ("gmail-web", "outlook-web", "yahoo-web"), ("apple-ios",),
        "<p>Text</p>\n<p hidden>⚠The answer</p>",
    ),
    Breaking(
        "css-background-image", "warning", WORD, ("gmail-web", "apple-ios"),
        "<table><tr>\n<td style=\"background-image:url('https://h.example.org/sea.jpg'); color:#ffffff\">⚠Ahoy</td>"
        "</tr></table>",
    ),
    Breaking(
        "html-background", "warning", WORD, ("gmail-web",),
        '<table><tr>\n<td background="https://h.example.org/sea.jpg" style="color:#ffffff">⚠Ahoy</td></tr></table>',
    ),
    Breaking(
        "css-linear-gradient", "warning", (*WORD, "outlook-web", "yahoo-web"), ("gmail-web", "apple-ios"),
        '<table><tr>\n<td style="background:linear-gradient(#036, #069); color:#fff">⚠Ahoy</td></tr></table>',
    ),
    Breaking(
        "css-variables", "warning", (*WORD, "gmail-web", "outlook-web", "yahoo-web"), ("apple-ios",),
        '<p class="loud">Ahoy</p>', "<style>\n:root { --sea: #036 }\n.loud { color: var(--sea)⚠ }\n</style>", "colour",
    ),
    Breaking(
        "css-unit-calc", "warning", (*WORD, "outlook-web", "yahoo-web"), ("gmail-web", "apple-ios"),
        '<table\n style="width:calc(100% - 32px)">⚠<tr><td>Boats</td></tr></table>', case="size",
    ),
    Breaking(
        "css-unit-rem", "warning", (*WORD, "yahoo-web"), ("gmail-web", "outlook-web"),
        '\n<p style="font-size:1.25rem">⚠Boats</p>', case="size",
    ),
    Breaking(
        "css-rgb", "warning", ("gmail-web", "gmail-ios", "yahoo-web"), ("apple-ios",),
        '\n<p style="color:rgb(0 51 102)">⚠Boats</p>', case="spaces",
    ),
    Breaking(
        "css-modern-color", "warning", ("gmail-web", "outlook-web", "thunderbird"), ("apple-ios",),
        '\n<p style="color:oklch(40% 0.1 250)">⚠Boats</p>', case="colour",
    ),
    Breaking(
        "css-rgba", "warning", WORD, ("gmail-web",),
        '<table><tr>\n<td style="background-color:rgba(0, 0, 0, 0.8); color:#fff">⚠Ahoy</td></tr></table>',
        case="colour",
    ),
    Breaking(
        "css-nesting", "warning", ("gmail-web", "outlook-web", "yahoo-web"), (),
        '<div class="card"><p>Boats</p></div>', "<style>\n.card {\n  color: #036;\n  p { margin: 0 }⚠\n}\n</style>",
    ),
    Breaking(
        "css-at-media", "warning", ("gmail-web", "outlook-web"), ("apple-ios",),
        '<div class="card">Boats</div>',
        "<style>\n@media screen {\n@media (max-width:480px) {⚠ .card { padding:0 } }\n}\n</style>", "nested",
    ),
    Breaking(
        "css-at-import", "error", ("gmail-web", "outlook-web", "yahoo-web"), ("apple-ios", "outlook-2019"),
        '<div class="card">Boats</div>', '<style>\n@import url("https://h.example.org/mail.css");⚠\n</style>',
    ),
    Breaking(
        "html-link", "error", ("gmail-web", "outlook-web", "yahoo-web", "samsung"), ("apple-ios",),
        '<div class="card">Boats</div>', '<link rel="stylesheet" href="https://h.example.org/mail.css">⚠',
    ),
    Breaking(
        "html-style", "warning", ("gmail-other",), ("gmail-web", "apple-ios"),
        '<div class="card"><p class="lede">Boats</p><p class="lede">Ropes</p><p class="lede">Sails</p></div>' * 5,
        "<style>⚠\n.card { background-color:#fff }\n.lede { font-size:18px; color:#036 }\n</style>", "needed",
    ),
    Breaking(
        "html-style", "warning", ("gmail-web", "gmail-android"), ("apple-ios", "yahoo-web"),
        "\n<style>⚠ @media (max-width:480px) { .card { padding:0 } } </style>\n<div class=\"card\">Boats</div>",
        case="in-body",
    ),
    Breaking(
        "image-svg", "error", ("gmail-web", "gmail-ios", "outlook-2016"), ("outlook-2019", "apple-ios", "gmail-other"),
        '<p>\n<img src="https://h.example.org/anchor.svg?v=2" width="40" height="40" alt="Anchor">⚠</p>',
    ),
    Breaking(
        "image-webp", "error", WORD, ("gmail-web", "apple-ios"),
        '<p>\n<img src="https://h.example.org/boat.webp" width="280" alt="A boat">⚠</p>',
    ),
    Breaking(
        "image-base64", "error", ("gmail-web", "outlook-2016"), ("outlook-2019", "apple-ios"),
        '<p>\n<img src="data:image/png;base64,iVBORw0KGgo=" width="40" alt="Anchor">⚠</p>',
    ),
    Breaking(
        "html-svg", "error", ("gmail-web", "outlook-2019", "yahoo-web"), (),
        '<p>\n<svg width="40" height="40">⚠<circle r="20"/></svg></p>',
    ),
    Breaking(
        "html-video", "error", ("gmail-web", "outlook-2019", "yahoo-web"), ("apple-macos",),
        '<p>\n<video src="https://h.example.org/tide.mp4" controls>⚠</video></p>',
    ),
    Breaking(
        "html-form", "error", (*WORD, "outlook-web"), ("gmail-web", "apple-ios"),
        '\n<form action="https://h.example.org/ask">⚠<input name="q"><button>Ask</button></form>',
    ),
    Breaking(
        "css-pseudo-element-before", "warning", ("gmail-web", "outlook-2019", "yahoo-web"), ("apple-ios",),
        '<p class="new">Boats</p>', '<style>\n.new::before { content: "New: " }⚠\n</style>', "text",
    ),
    Breaking(
        "css-transform", "warning", ("gmail-web", "outlook-2019", "yahoo-web"), ("apple-ios",),
        '\n<p style="transform:rotate(90deg)">⚠Ahoy</p>',
    ),
)  # fmt: skip
