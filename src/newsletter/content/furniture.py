"""The end of an article as its site shows it: share lines and the like go, a link onward becomes a button.

In: an article's block-level parts. Out: the same parts without the site's furniture under them, and with a last
`next: …` link set apart. Only the end is looked at, only short lines, and only words of a curated list count as
furniture; what is dropped is quoted in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from newsletter.content.paragraphs import has_content
from newsletter.content.tags import Element

_LONGEST_LINE = 200
_LONGEST_LIST = 1_500
_MOST_ON_A_LINE = 20
_NETWORK = (
    r"(?:facebook|twitter|x|linkedin|pinterest|reddit|whatsapp|telegram|mastodon|bluesky|threads|instagram|youtube|"
    r"tumblr|pocket|hacker news|e-?mail|rss|substack|medium)"
)
_THIS = r"(?:this|the) (?:post|article|story|page|newsletter|issue|episode|entry)"
_OURS = r"(?:our|the|my|this|your) (?:\w+ )?(?:newsletter|blog|mailing list|list|channel|podcast|updates|rss feed|feed)"
_STRONG = re.compile(
    "|".join(
        (
            rf"discussion about {_THIS}",
            rf"(?:click to )?(?:share|tweet|pin|restack)(?: (?:it|{_THIS}|this))?"
            rf"(?: (?:on|to|via|by|with) (?:{_NETWORK}|a friend|friends|your friends))?(?: \(opens in new window\))?",
            r"copy link|print this (?:post|article|page)|like this(?: post)?|email this(?: post)?",
            rf"subscribe(?: now| today| here| for free| for more)?(?: to {_OURS})?"
            r"(?: (?:via|by|through) (?:e-?mail|rss))?",
            rf"sign up(?: now| here| today| for free)? (?:for|to) {_OURS}",
            rf"join {_OURS}",
            r"(?:leave|add|post|write) a (?:comment|reply|response)(?: cancel reply)?|cancel reply",
            r"join the (?:conversation|discussion)",
            r"(?:read|see|view|show)(?: all)?(?: more| older| newer)? (?:posts|articles|stories)",
            r"(?:older|newer|previous|recent) (?:posts?|articles?|stories)|back to (?:top|blog|all posts|home)",
            r"thanks for reading[^\n]{0,90}\bsubscribe\b[^\n]{0,90}",
            r"this post is public so feel free to share it",
            r"[^\n]{1,60} is a reader-supported publication[^\n]{0,130}",
            r"type your e-?mail(?: address)?",
            # What WordPress puts under the items of its feeds.
            r"the post [^\n]{1,150} appeared first on [^\n]{1,80}",
            r"der beitrag [^\n]{1,150} erschien zuerst auf [^\n]{1,80}",
            r"l[’']article [^\n]{1,150} est apparu en premier sur [^\n]{1,80}",
            r"la entrada [^\n]{1,150} se publicó primero en [^\n]{1,80}",
        )
    )
)
_OPEN_ENDED = re.compile(
    r"(?:(?:posted|filed) (?:in|under)|tagged(?: with| as| in)?|tags:|categor(?:y|ies):) ?[^\n.!?]{1,90}"
)
"""These end in whatever the site's tags are called; a sentence would end in a full stop."""
_RELATED = re.compile(
    r"related (?:posts?|articles?|stories|reading|content)|(?:you )?(?:may|might) also like(?: these)?|"
    r"you (?:may|might) also like(?: these)?|more (?:posts|articles|stories)(?: like this| from [^\n]{1,60})?|"
    r"recommended (?:posts|articles|reading)|recent posts"
)
_WEAK = re.compile(
    rf"{_NETWORK}|(?:\d+|no) (?:comments?|likes?|shares?|restacks?|replies|posts)|comments?|likes?|"
    r"restacks?|print|save|pin|copy|more|top|latest|discussions|ready for more|no posts|"
    r"comments ?restacks?|top ?latest(?: ?discussions)?|start (?:your substack|writing)|get the app|collection notice|"
    r"privacy(?: policy)?|terms(?: of (?:use|service))?|substack is the home for great culture|"
    r"previous|older|newer|categories|tags|and|or|follow(?: us)?|sign up(?: now| here| today| for free)?"
)
"""Furniture only in the company of something above."""
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright(?: ©)?) ?\d{4}[^\n.!?]{0,80}\.?")
_THREAD = re.compile(r"discussion about this (?:post|episode|video)")
_BELOW_A_THREAD = re.compile(r"comments ?restacks?|top ?latest(?: ?discussions)?|no posts|ready for more")
"""What Substack shows below an article, and nobody else."""
_ONWARD = re.compile(
    r"(?:up )?next(?: up| article| post| page| read| story| issue)?(?:\s*[:→»›–—-]+\s*\S[^\n]*|\s*[→»›])?",
    re.IGNORECASE,
)
_BREAKS = {"br", "li", "p", "tr", "td", "div", "h1", "h2", "h3", "h4", "h5", "h6"}


@dataclass(frozen=True, slots=True)
class Onward:
    """A link that leads on to the next page."""

    label: str
    link: str


def without_furniture(parts: list[Element], notice: Callable[[str, str, str], None]) -> list[Element]:
    """The parts without the site's lines at their end; each one dropped is quoted to `notice`."""
    kept = list(parts)
    pending: list[Element] = []
    dropped: list[Element] = []
    thread = _thread_from(kept)
    if thread is not None:
        kept, dropped = kept[:thread], kept[thread:]
    related = _related_from(kept)
    if related is not None:
        kept, dropped = kept[:related], kept[related:] + dropped
    while kept:
        _last_line_apart(kept, lambda words: _weight(words) > 0)
        weight = 0 if kept[-1].tag in ("table", "figure", "pre") else _weight(_words(kept[-1]))
        if kept[-1].tag != "hr" and weight == 0:
            break
        pending.insert(0, kept.pop())
        if weight == 2 or (weight == 1 and dropped):
            dropped = pending + dropped
            pending = []
    if not any(has_content(part) for part in kept):
        return kept + pending + dropped  # nothing but such lines: then they are what it is about
    for part in dropped:
        words = _words(part)
        quoted = " · ".join(" ".join(line.split()) for line in words.split("\n") if line.strip())
        if quoted:
            notice(
                "site-furniture", f"belongs to the site, not to a letter, and is left out: '{quoted}'.", words.strip()
            )
    return kept if dropped else kept + pending  # once a line is dropped, only rules above it are still pending


def with_link_apart(parts: list[Element]) -> list[Element | Onward]:
    """The parts with the last line of their prose as an `Onward`, when it is a link to what comes next."""
    for place in range(len(parts) - 1, -1, -1):
        if parts[place].tag in ("table", "figure", "hr") or not _words(parts[place]).strip():
            continue
        before = parts[: place + 1]
        _last_line_apart(before, lambda words: bool(_ONWARD.fullmatch(words.strip())))
        onward = _onward(before[-1])
        return [*(before[:-1] if onward else before), *([onward] if onward else []), *parts[place + 1 :]]
    return list(parts)


def _onward(part: Element) -> Onward | None:
    words = " ".join(_words(part).split())
    links = list(part.iter("a"))
    if part.tag != "p" or len(links) != 1 or part.find(".//img") is not None or len(words) > _LONGEST_LINE:
        return None
    linked = " ".join(_words(links[0]).split())
    if not links[0].get("href") or not linked or not words.endswith(linked) or not _ONWARD.fullmatch(words):
        return None
    return Onward(words[0].upper() + words[1:], links[0].get("href"))


def _related_from(parts: list[Element]) -> int | None:
    """Where 'Related posts' begins, when nothing but links follows it to the end."""
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        words = _words(part)
        if len(words) > _LONGEST_LIST or part.tag in ("figure", "table", "pre"):
            return None
        if _RELATED.fullmatch(_bare(words)) and len(words) <= _LONGEST_LINE:
            return place
        if not _only_links(part) and part.tag != "hr" and not _weight(words):
            return None
    return None


def _thread_from(parts: list[Element]) -> int | None:
    """Where Substack's comments begin: by its own words above and below, whatever short lines stand among them."""
    seen, length = 0, 0
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        words = _words(part)
        length += len(words)
        if length > _LONGEST_LIST or part.tag in ("figure", "table", "pre"):
            return None
        if _THREAD.fullmatch(_bare(words)):
            return place if seen >= 2 else None
        if any(len(line) > _LONGEST_LINE for line in words.split("\n")):
            return None
        seen += any(bool(_BELOW_A_THREAD.fullmatch(_bare(line))) for line in words.split("\n"))
    return None


def _only_links(part: Element) -> bool:
    linked = sum(len("".join(link.itertext()).split()) for link in part.iter("a"))
    return 0 < linked == len(_words(part).split())


def _weight(words: str) -> int:
    """2: furniture; 1: furniture in company; 0: an author's words."""
    if len(words) > _LONGEST_LIST:
        return 0
    lines = [line.strip() for line in re.split(r"\n|[|·•∙]|\s{2,}", words) if line.strip()]
    weights = [_line_weight(line) for line in lines]
    return 0 if not weights or min(weights) == 0 else max(weights)


def _line_weight(line: str) -> int:
    bare = _bare(line)
    if len(bare) > _LONGEST_LINE:
        return 0
    if not bare:
        return 1
    if _STRONG.fullmatch(bare) or _OPEN_ENDED.fullmatch(" ".join(line.lower().split())):
        return 2
    if _RELATED.fullmatch(bare):
        return 2
    return 1 if _WEAK.fullmatch(bare) or _COPYRIGHT.fullmatch(" ".join(line.lower().split())) else 0


def _bare(words: str) -> str:
    """The words in lower case, without signs and symbols around them."""
    return re.sub(r"^[\W_]+|[^\w)]+$", "", " ".join(words.lower().split()))


def _words(part: Element) -> str:
    """The part's text, a new line where it breaks."""
    found: list[str] = []
    for event, element in etree.iterwalk(part, events=("start", "end")):
        if event == "start":
            found.append("\n" if element.tag in _BREAKS and element is not part else "")
            found.append(element.text or "")
        elif element is not part:
            found.append("\n" if element.tag in _BREAKS else "")
            found.append(element.tail or "")
    return "".join(found)


def _last_line_apart(parts: list[Element], wanted: Callable[[str], bool]) -> None:
    """Sets the last line of the last paragraph (behind its last line break) apart when it is a wanted one."""
    last = parts[-1]
    if last.tag != "p":
        return
    behind: list[Element] = []
    for child in last.iterchildren(reversed=True):
        if child.tag == "br":
            break
        behind.insert(0, child)
        if len(behind) > _MOST_ON_A_LINE:
            return
    else:
        return
    line = etree.Element("p")
    line.text = child.tail
    words = "".join([child.tail or "", *("".join(one.itertext()) + (one.tail or "") for one in behind)])
    if len(words) > _LONGEST_LINE or not wanted(words):
        return
    for one in behind:
        line.append(one)
    child.tail = None
    while (end := next(last.iterchildren(reversed=True), None)) is not None and end.tag == "br":
        if (end.tail or "").strip():
            break
        last.remove(end)
    parts.append(line)
