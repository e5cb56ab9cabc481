"""Another program's placeholders in HTML: hidden while the page is read and written, then put back as they were.

Parsers and serialisers take `{{ url }}` in a link for a URL to escape, and `<![if !mso]>` for a comment. In: markup.
Out: markup with plain words instead, and the way back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACEHOLDER = (
    r"\{\{\{.{0,2000}?\}\}\}|\{\{.{0,2000}?\}\}|\{%.{0,2000}?%\}|\{#[^{}]{0,2000}?#\}|<%.{0,2000}?%>"
    r"|\*\|[^|<>\n]{1,200}\|\*|\[\[[^\[\]<>\n]{1,200}\]\]|%%?[A-Za-z_][\w.-]{0,100}%%?"
)
"""Jinja, Liquid and Handlebars; ERB; Mailchimp; bracketed names; percent signs."""
_PLACEHOLDERS = re.compile(_PLACEHOLDER, re.DOTALL)
_BARE_CONDITION = re.compile(r"(<!--.*?(?:-->|\Z))|<!\[(?:if\b[^\]>]*|endif)\](?:--)?>", re.DOTALL | re.IGNORECASE)
_HEAD = re.compile(r".*?(?=</head\b|<body\b)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Masked:
    """Markup whose placeholders are words that begin with `word`."""

    markup: str
    originals: tuple[str, ...]
    word: str

    def restore(self, markup: str) -> str:
        """The markup with every placeholder as it was."""

        def original(match: re.Match[str]) -> str:
            number = int(match[1] or match[2])
            return self.originals[number] if number < len(self.originals) else match[0]

        found = rf'<!--{self.word}(\d+)q-bare-->|{self.word}(\d+)q(?:="")?'
        restored = re.sub(found, original, markup)
        return re.sub(rf"{self.word}(\d+)q", original, restored)

    def shapes(self, css: str) -> bool:
        """Whether a placeholder stands for more than a value: then nobody can know yet what the style sheet says."""
        if any(re.match(r"\{%|<%|\{\{\s*[#/^>]", self.restore(word)) for word in re.findall(rf"{self.word}\d+q", css)):
            return True
        return re.search(rf"(?:^|[{{}};]|\*/)\s*{self.word}\d+q", css) is not None


def mask_placeholders(markup: str) -> Masked:
    """The markup with a word for each placeholder, and a comment for each that stands where words must not."""
    word = _unused_word(markup)
    originals: list[str] = []

    def hide(text: str) -> str:
        originals.append(text)
        return f"{word}{len(originals) - 1}q"

    masked = _PLACEHOLDERS.sub(lambda match: hide(match[0]), markup)
    masked = _BARE_CONDITION.sub(lambda match: match[1] or f"<!--{hide(match[0])}-bare-->", masked)
    head = _HEAD.match(masked)
    if head:
        masked = _with_comments(head[0], word) + masked[head.end() :]
    return Masked(masked, tuple(originals), word)


def _unused_word(markup: str) -> str:
    word = "zqv"
    while word in markup.lower():
        word += "x"
    return word


def _with_comments(head: str, word: str) -> str:
    """A word between the tags of the head would end the head there."""
    tag = r"""<(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^>"'])*(?:>|\Z)"""
    elsewhere = rf"<!--.*?(?:-->|\Z)|<(title|style|script|noscript)\b.*?(?:</\2\s*>|\Z)|{tag}"
    pattern = re.compile(rf"({elsewhere})|({word}\d+q)", re.DOTALL | re.IGNORECASE)
    return pattern.sub(lambda match: match[1] or f"<!--{match[3]}-bare-->", head)
