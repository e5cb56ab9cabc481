"""The tags of a page as it was written, one after the other, before any parser builds a tree of them.

In: HTML, as broken as it comes. Out: the same HTML with only tags that mean something in mail: those whose words the
sanitiser would take (drawings, formulas, forms) are gone and their words stay, players become links to what they play,
and nothing nests deeper than parsers work through in good time. Reads every character once, whatever stands there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from newsletter.content.inline_styles import hides
from newsletter.markup import swallows_tags

Element = Any
"""An lxml element; lxml's own classes are not generic over their children."""
Notice = Callable[[str, str, str], None]
"""(rule, message, words by which the line is found in the author's file)."""

SCHEMES = {"http", "https", "mailto", "tel"}
"""Where a link of a mail may lead."""
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,20}):")
BLOCK_TAGS = {
    *("div section article main header footer aside nav center address details summary dl dt dd hgroup".split()),
    *("p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre hr table caption thead tbody tfoot tr th td".split()),
    *("figure figcaption center dir listing".split()),
}
INLINE_TAGS = set("a abbr b bdi bdo br cite code del dfn em i img ins kbd mark q s samp small span".split()) | set(
    "strike strong sub sup time tt u var wbr".split()
)
_SVG_TAGS = "svg g text tspan textpath switch desc"
_MATHML_TAGS = (
    "math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mroot mrow ms mspace msqrt mstyle msub "
    "msubsup msup mtable mtd mtext mtr munder munderover semantics"
)
_FORM_TAGS = (
    "form fieldset legend select optgroup option button textarea menu dialog search object video audio canvas iframe "
    "noscript noframes noembed embed input marquee"
)
_PARTING = {*f"{_SVG_TAGS} {_MATHML_TAGS} {_FORM_TAGS}".split()}
"""Tags that go and leave a space: without one the words of neighbouring fields would run into each other."""
PARTING_TAGS = frozenset(BLOCK_TAGS | _PARTING | {"br", "img", "xmp", "plaintext"})
"""Tags that part the words on their two sides; all others, unknown ones too, stand within a line."""
_TOLD = {
    "form": "a form cannot be filled in in mail; its words stay",
    "object": "an embedded object cannot be shown in mail; its words stay",
    "canvas": "a drawing made by a script cannot be shown in mail; its words stay",
}
_PLAYERS = {"iframe": "a page inside the page", "video": "a film", "audio": "a recording", "embed": "a player"}
_RAW_TAGS = ("script", "style", "textarea", "title", "xmp")
"""Between these tags and their end tags a browser looks for nothing but the end tag."""
_LATE_SOURCES = ("data-src", "data-lazy-src", "data-original")
_SOURCE_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_NEVER_NESTED = set("p a br img hr wbr li tr td th thead tbody tfoot caption dd dt".split())
"""Tags that end themselves, or that nest only with another tag between them, which is counted."""
_DEEPEST = 1_000
_UNCLOSED = set("input embed source track param area col base link meta option optgroup rt rp rb rtc".split())
"""Tags that go, and that need no end tag."""
_BUTTONS = ("submit", "button", "reset")
"""Fields whose value is no reader's answer, but what the author wrote on them."""

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*+)((?>(?:[^>=]++|=\s*+(?>(?:\"[^\"]*+\"|'[^']*+')?))*))>")
"""One tag, signs `>` in quoted attributes included. Possessive, so that it never tries a second way."""
_COMMENT_END = re.compile(r"--!?>")
_TAG_BEGINS = re.compile(r"</?[a-zA-Z]")
_FRAME_END = re.compile(r"</iframe(?=[\s/>])[^>]*+>", re.IGNORECASE)
_CALLED = {"www.youtube.com": "Watch the video on YouTube", "vimeo.com": "Watch the video on Vimeo"}
_EMBEDDED_VIDEO = re.compile(r"(?:www\.)?youtube(?:-nocookie)?\.com$", re.IGNORECASE)


def tamed(markup: str, notice: Notice) -> str:
    """`markup` with the tags that mean something in mail; what had to change is said to `notice`."""
    return _Tamer(markup, notice).run()


def page_title(markup: str) -> str:
    """What a whole page says in its `<title>`, or nothing."""
    found = re.search(r"<title[^>]{0,200}>([^<]{1,500})</title", markup[:20_000], re.IGNORECASE)
    return " ".join(unescape(found[1]).split()) if found else ""


def attribute(attributes: str, name: str) -> str:
    """The value of an attribute in what stands behind a tag's name."""
    found = re.search(
        rf"(?<![^\s\"'/]){name}\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", attributes, re.IGNORECASE
    )
    return unescape(next((one for one in found.groups() if one is not None), "")).strip() if found else ""


def picture_source(attributes: str) -> str:
    """The address of a picture: its `src`, or what a script of its page would put there once it is looked at."""
    source = attribute(attributes, "src")
    if source and not source.startswith("data:"):
        return source
    late = next((found for name in _LATE_SOURCES if (found := attribute(attributes, name))), "")
    sets = next((found for name in _SOURCE_SETS if (found := attribute(attributes, name))), "")
    return late or (sets.split()[0].rstrip(",") if sets else "") or source


def has_source(attributes: str) -> bool:
    """Whether a picture says where it comes from, or where it would: with nothing in it, it is one to be finished."""
    return bool(picture_source(attributes) or re.search(r"(?<![^\s\"'/])src\s*=", attributes, re.IGNORECASE))


def watch_link(address: str) -> str:
    """The page of a film for the address of its player."""
    parts = urlsplit(address if "//" in address else f"https://{address}")
    name = parts.path.rstrip("/").rsplit("/", 1)[-1]
    if _EMBEDDED_VIDEO.search(parts.netloc) and "/embed/" in parts.path:
        listed = parse_qs(parts.query).get("list", [""])[0]
        if name == "videoseries" and listed:
            return f"https://www.youtube.com/playlist?list={listed}"
        return f"https://www.youtube.com/watch?v={name}"
    if parts.netloc == "player.vimeo.com":
        return f"https://vimeo.com/{name}"
    return f"https:{address}" if address.startswith("//") else address


def _is_hidden(attributes: str) -> bool:
    unquoted = re.sub(r"\"[^\"]*+\"|'[^']*+'", "''", attributes)
    named = re.search(r"(?<![^\s'/])hidden(?![^\s=/])", unquoted, re.IGNORECASE)
    return bool(named) or hides(attribute(attributes, "style"))


class _Tamer:
    def __init__(self, markup: str, notice: Notice) -> None:
        self.markup = markup
        self.notice = notice
        self.out: list[str] = []
        self.open: Counter[str] = Counter()
        self.depth = 0
        self.foreign = 0
        """How many drawings and formulas are open: only in them is `<![CDATA[` text."""
        self.told: set[str] = set()
        self.unshown: dict[str, list[bool]] = {}
        """Of tags that go: for each that is open, whether it hides what it holds."""
        self.frames_end = False
        """Whether no end tag of a frame is left."""

    def run(self) -> str:
        position, end = 0, len(self.markup)
        while position < end:
            begins = self.markup.find("<", position)
            if begins < 0:
                break
            self.out.append(self.markup[position:begins])
            position = self._after(begins)
            if position < 0:
                self._never_ends(begins)
                return "".join(self.out)
        self.out.append(self.markup[position:])
        return "".join(self.out)

    def _after(self, begins: int) -> int:
        """Where reading goes on after what begins with this `<`; -1 when it never ends, as a browser sees it."""
        markup = self.markup
        if self.foreign > 0 and markup.startswith("<![CDATA[", begins):
            end = markup.find("]]>", begins)
            self.out.append(escape(markup[begins + 9 : end if end >= 0 else len(markup)]))
            return end + 3 if end >= 0 else len(markup)
        if markup.startswith(("<!", "<?"), begins):
            return self._after_comment(begins)
        tag = _TAG.match(markup, begins)
        if tag is None:
            if _TAG_BEGINS.match(markup, begins):
                return -1
            if markup.startswith("</", begins) and begins + 2 < len(markup):
                return markup.find(">", begins) + 1 or -1
            self.out.append("&lt;")
            return begins + 1
        name = tag[2].lower()
        if not tag[1] and swallows_tags(tag[3]):
            self._told_of_swallowing(tag[0])
        if not tag[1] and name in _RAW_TAGS:
            return self._after_raw(name, tag.end())
        if not tag[1] and name == "iframe" and attribute(tag[3], "src"):
            return self._after_frame(tag)
        if not tag[1] and name == "plaintext":
            self.out.append(f"<pre>{escape(markup[tag.end() :])}</pre>")
            return len(markup)
        self.out.append(self._kept(tag, name))
        return tag.end()

    def _never_ends(self, begins: int) -> None:
        lost = " ".join(self.markup[begins : begins + 2_000].split())
        message = f"what follows here is one unfinished tag or comment, which shows nothing: {lost[:300]}"
        self.notice("unfinished-tag", message, self.markup[begins : begins + 30])

    def _told_of_swallowing(self, written: str) -> None:
        quoted = " ".join(written.split())[:120]
        message = f"a tag is not finished, and swallows what follows: {quoted} Close its quotes, and end it with >."
        self.notice("unfinished-tag", message, written[:80])

    def _after_comment(self, begins: int) -> int:
        for empty in ("<!-->", "<!--->"):
            if self.markup.startswith(empty, begins):
                return begins + len(empty)
        if self.markup.startswith("<!--", begins):
            end = _COMMENT_END.search(self.markup, begins + 4)
            return end.end() if end else -1
        return self.markup.find(">", begins) + 1 or -1

    def _after_raw(self, name: str, begins: int) -> int:
        end = re.compile(rf"</{name}(?=[\s/>])[^>]*+>?", re.IGNORECASE).search(self.markup, begins)
        content = self.markup[begins : end.start() if end else len(self.markup)]
        if name == "title" and not end:
            return begins  # in drawings it need not swallow the rest, and words that stay harm less than words lost
        if not end and content.strip():
            self.notice("unfinished-tag", f"<{name}> is never closed with </{name}>.", f"<{name}")
        if name == "textarea":
            self.out.append(f" {content.replace('<', '&lt;')} ")
        elif name == "xmp":
            self.out.append(f"<pre>{escape(content)}</pre>")
        return end.end() if end else len(self.markup)

    def _after_frame(self, tag: re.Match[str]) -> int:
        """A frame's own words are for programs that know no frames; where a link stands for it they go, quoted."""
        link = self._parting(tag, "iframe")
        self.out.append(link)
        end = None if link == " " or self.frames_end else _FRAME_END.search(self.markup, tag.end())
        if end is None:
            self.frames_end = self.frames_end or link != " "
            return tag.end()
        words = " ".join(re.sub(r"<[^<>]*>", " ", unescape(self.markup[tag.end() : end.start()])).split())
        if words:
            message = f"words for programs that know no frames (<iframe>) are left out: '{words}'."
            self.notice("not-in-mail", message, words)
        return end.end()

    def _kept(self, tag: re.Match[str], name: str) -> str:
        if name == "template":
            return tag[0]
        if name == "img" or (name == "image" and picture_source(tag[3])):
            return self._picture(tag)
        if name in ("svg", "math") and not tag[3].endswith("/"):
            self.foreign += -1 if tag[1] else 1
        if name in BLOCK_TAGS or name in INLINE_TAGS:
            return self._shallow(tag, name)
        return self._hiding(tag, name) + (self._parted(tag, name) if name in _PARTING else "")

    def _parted(self, tag: re.Match[str], name: str) -> str:
        return " " if tag[1] else self._parting(tag, name)

    def _hiding(self, tag: re.Match[str], name: str) -> str:
        """A tag that goes still hides what it holds: a hidden span stands for it."""
        if tag[1]:
            opened = self.unshown.get(name)
            return "</span>" if opened and opened.pop() else ""
        if name in _UNCLOSED or tag[3].endswith("/"):
            return ""
        hidden = _is_hidden(tag[3]) and not (name in _PLAYERS and attribute(tag[3], "src"))
        if hidden or name in self.unshown:
            self.unshown.setdefault(name, []).append(hidden)
        return f"<span {tag[3]}>" if hidden else ""

    def _picture(self, tag: re.Match[str]) -> str:
        source = picture_source(tag[3])
        if tag[1]:
            return ""
        if source == attribute(tag[3], "src") and has_source(tag[3]):
            return f"<img{tag[3]}>"
        if source:
            return f'<img src="{escape(source)}" {tag[3].lstrip("/")}>'
        alt = " ".join(attribute(tag[3], "alt").split())[:200]
        quoted = f": '{alt}'" if alt else ""
        message = f"a picture without an address is left out{quoted}. Give its <img> a src, or take it out."
        self.notice("not-in-mail", message, tag[0])
        return ""

    def _parting(self, tag: re.Match[str], name: str) -> str:
        """What stands in the place of a tag that cannot stay: a space, or a link to what would be played."""
        source = attribute(tag[3], "src")
        if name in _PLAYERS and source:
            link = watch_link(source)
            if urlsplit(link).scheme not in ("http", "https", ""):
                return " "
            if _is_hidden(tag[3]):
                self.notice("not-in-mail", f"{_PLAYERS[name]} (<{name}>) is hidden, and left out: '{link}'.", source)
                return " "
            self.notice(
                "not-in-mail", f"{_PLAYERS[name]} (<{name}>) cannot be shown in mail; a link stands there.", source
            )
            host = urlsplit(link).netloc
            label = attribute(tag[3], "title") or _CALLED.get(host) or host or link
            return f' <a href="{escape(link)}">{escape(label)}</a> '
        if name == "input" and not _is_hidden(tag[3]):
            label = attribute(tag[3], "value") if attribute(tag[3], "type").lower() in _BUTTONS else ""
            return f" {escape(label)} "
        if name == "optgroup" and not _is_hidden(tag[3]):
            return f" {escape(attribute(tag[3], 'label'))} "
        if name in _TOLD and name not in self.told:
            self.told.add(name)
            self.notice("not-in-mail", f"{_TOLD[name]} (<{name}>).", f"<{tag[2]}")
        return " "

    def _shallow(self, tag: re.Match[str], name: str) -> str:
        """The tag as written, or without depth where so many are open that it can only be an accident."""
        if name == "a" and not tag[1]:
            self._told_of_scheme(attribute(tag[3], "href"))
        if name in _NEVER_NESTED:
            deep = self.depth > _DEEPEST and name in BLOCK_TAGS
            return "<p>" if deep else tag[0]
        if not tag[1]:
            self.open[name] += 1
            self.depth += 1
        elif self.open[name]:
            self.open[name] -= 1
            self.depth -= 1
        if self.depth <= _DEEPEST:
            return tag[0]
        return "<p>" if name in BLOCK_TAGS else ""

    def _told_of_scheme(self, target: str) -> None:
        """A link that leads nowhere in mail loses its address further on."""
        scheme = _SCHEME.match(re.sub(r"[\x00-\x20]+", "", target[:200]))
        if scheme and scheme[1].lower() not in SCHEMES:
            message = f"a link to '{scheme[1]}:' does nothing in a mail; only its words are left. Use https://."
            self.notice("link-target", message, target)
