"""How an issue weighs beside the one that was sent last: what is far outside the usual is often a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.checks.mail import Mail, Weight
from newsletter.checks.rule import warning
from newsletter.model import Finding

RULES = (
    warning(
        "unlike-last",
        "An issue with a third of the last one's text, or three times its pictures or links, may have lost a part or "
        "gained one by mistake. Source: this program's record of the last issue that was sent to its end.",
    ),
)
_ADDRESS = re.compile(r"https?://\S+")
_FACTOR = 3.0
_LEAST = {"characters of text": 2_000, "bytes of HTML": 12_000, "pictures": 6, "links": 9}
"""Below this, on both sides, three times as many are still few."""


def weight_of(issue: str, html: str, text: str = "") -> Weight:
    """The weight of a variant: of its HTML and of its plain text, in which addresses are not counted."""
    said = len(" ".join(_ADDRESS.sub(" ", text).split()))
    return Weight(issue, len(html), len(re.findall(r"<img\b", html)), len(re.findall(r"<a\b", html)), said)


def check_mail(mail: Mail) -> Iterator[Finding]:
    """A warning for each number that is three times, or a third, of what it was."""
    if mail.last is None:
        return
    now = weight_of("", mail.html, mail.text or "")
    pairs = {
        "characters of text": (now.text, mail.last.text),
        "bytes of HTML": (now.size, mail.last.size),
        "pictures": (now.pictures, mail.last.pictures),
        "links": (now.links, mail.last.links),
    }
    if not (now.text and mail.last.text):
        del pairs["characters of text"]
    for name, (count, before) in pairs.items():
        if max(count, before) >= _LEAST[name] and (count >= _FACTOR * before or before >= _FACTOR * count):
            message = f"{count:,} {name}; '{mail.last.issue}', sent last, had {before:,}."
            yield RULES[0].finding(message, mail.key("sections"), fix="See that nothing is missing or there twice.")
