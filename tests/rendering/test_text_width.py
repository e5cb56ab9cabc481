"""Plain text fits a window of mail, whatever block its words stand in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.audience.professions import load_professions
from newsletter.content.articles import read_article
from newsletter.content.issues import load_issue
from newsletter.model import DEFAULT
from newsletter.rendering.layout import Templates
from newsletter.rendering.scene import Scene
from newsletter.rendering.variants import select_variant
from newsletter.settings_reading import load_settings
from tests.conftest import REPOSITORY, SMALL

_WIDEST = 78
"""RFC 5322, section 2.1.1: a line should have no more than 78 characters."""

_BLOCKS = """
- {article: long.md}
- {article: long.md, show: summary}
- {article: long.md, show: card}
- {articles: [long.md, long.md]}
- {columns: [{text: "~"}, {button: "~", link: /a}]}
- {image: images/wave.svg, alt: "~", caption: "~", link: /a}
- {figure: images/wave.svg, alt: "~", caption: "~", credit: "~"}
- {button: "~", link: /a}
- {text: "~"}
- {heading: "~"}
- {quote: "~", by: "~", role: "~", link: /a}
- {links: [{text: "~", note: "~", link: /a}]}
- {divider: }
- {spacer: 8}
- {social: {"~": "https://example.org/a"}}
- {sponsor: "~", text: "~", link: /a, image: images/wave.svg, alt: "~", label: "~", button: "~"}
- {html: "<table><tr><td>~</td><td>~</td></tr></table><ul><li>~<pre>~</pre></li></ul>"}
"""
_ARTICLE = """---
title: "~"
author: "~"
description: "~"
disclosure: "~"
tags: ["~"]
image: images/wave.svg
alt: "~"
caption: "~"
link: /a
---
# ~

~

> ~

- ~
  1. ~

| ~ | a |
|---|---|
| b | ~ |
"""
_ISSUE = """title: "~"
subject: S
preheader: "~"
audience: crew
sections:
  - heading: "~"
    blocks:
"""
_BRAND = 'brand: {name: "~", tagline: "~", postal_address: "~"}\nsender: {name: S, address: s@example.org}\n'
_REST = "site_url: https://example.org\ncontent: [site]\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wide")


def _text(root: Path, words: str, layout: str) -> str:
    """The plain text of an issue with every block there is, `words` in all their fields."""
    blocks = "".join(f"      {line}\n" for line in _BLOCKS.strip().split("\n"))
    files = {
        "newsletter.yaml": _BRAND + _REST,
        "issues/wide/issue.yaml": f"layout: {layout}\n{_ISSUE}{blocks}",
        "issues/wide/long.md": _ARTICLE,
        "issues/wide/images/wave.svg": SMALL["issues/tides/images/wave.svg"],
        "audiences/professions.yaml": SMALL["audiences/professions.yaml"],
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace('"~"', json.dumps(words)).replace("~", words), "utf-8")
    settings = load_settings(root, {})
    professions = load_professions(root)
    templates = Templates([REPOSITORY / "templates"], root)
    issue = load_issue("wide", settings, professions, templates.names(), read_article)
    variant = select_variant(issue, DEFAULT, professions, ())
    theme, spoken = templates.theme(issue.theme, settings), templates.words("en")
    return templates.draw_text(Scene(variant, issue, settings, theme, spoken, "S", issue.preheader))


# A key of YAML has no more than 1,024 characters, and the words are one.
@settings(max_examples=12)
@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=40).map(
        lambda sizes: " ".join("w" * size for size in sizes)[:1000].strip()
    ),
    st.sampled_from(["two-column", "plain"]),
)
@example(" ".join(["seven77"] * 30), "two-column")
def test_no_line_of_any_block_is_wider_than_78_unless_it_cannot_be_broken(root: Path, words: str, layout: str) -> None:
    text = _text(root, words, layout)
    wide = [line for line in text.split("\n") if len(line) > _WIDEST and "://" not in line and " " in line.strip()]
    assert wide == []
