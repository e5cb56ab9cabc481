"""How an issue weighs beside the one that was sent last: what is far outside the usual is often a mistake.

In: the weights of all its variants, and that of the last issue. Out: one finding for the issue, of all that is unlike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from newsletter.checks.mail import Weight
from newsletter.checks.rule import warning
from newsletter.model import Finding, Where

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


def check_change(weights: Mapping[str, Weight], last: Weight, where: Where) -> Iterator[Finding]:
    """One warning for all variants with a number that is three times, or a third, of what it was; `weights` are theirs
    by key. It names the least and the most of each such number."""
    told: dict[str, tuple[list[int], int]] = {}
    keys: list[str] = []
    for key, weight in weights.items():
        for name, now, before in _pairs(weight, last):
            if max(now, before) >= _LEAST[name] and (now >= _FACTOR * before or before >= _FACTOR * now):
                told.setdefault(name, ([], before))[0].append(now)
                keys += [key] if key not in keys else []
    if not told:
        return
    are = _listed([_counted(name, counts) for name, (counts, _) in told.items()])
    were = _listed([f"{count:,}" for _, count in told.values()])
    message = f"{are}; '{last.issue}', sent last, had {were}."
    for key in keys:
        yield RULES[0].finding(message, where, key, fix="See that nothing is missing or there twice.")


def _pairs(weight: Weight, last: Weight) -> Iterator[tuple[str, int, int]]:
    """What is counted, how many there are and how many there were."""
    if weight.text and last.text:
        yield "characters of text", weight.text, last.text
    yield "bytes of HTML", weight.size, last.size
    yield "pictures", weight.pictures, last.pictures
    yield "links", weight.links, last.links


def _counted(name: str, counts: Sequence[int]) -> str:
    least, most = min(counts), max(counts)
    if most == 1 and least == 1:
        first, _, rest = name.partition(" ")
        name = f"{first.removesuffix('s')} {rest}".rstrip()
    return f"{least:,} {name}" if least == most else f"{least:,} to {most:,} {name}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join([*([", ".join(words[:-1])] if words[1:] else []), words[-1]])
