"""Shortcodes of site generators in an article's text → what they mean.

In: Markdown or HTML with `{{< figure … >}}` (Hugo), `{% include … %}` (Jekyll), `::card … ::` (Nuxt Content),
`:::note … :::` (Docusaurus, VuePress) or `[caption]…[/caption]` (WordPress). Out: the same text with figures, quotes,
code and links in their places. One that means nothing in mail goes and is quoted in a notice; its inner text stays.
Code samples are never touched. `shortcode_meanings.py` says what each becomes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.content.code_samples import code_ranges, merged
from newsletter.content.shortcode_meanings import TABS, Call, arguments, inline_meaning, meaning, verbatim

Notice = Callable[[str, int], None]
"""(message, how many lines stand before it)."""

_TAG = re.compile(
    r"(?P<hugo>\{\{[<%](?P<hugo_shown>/\*)?\s*+(?P<hugo_close>/)?\s*+(?P<hugo_name>[\w./-]++)?"
    r"(?P<hugo_args>(?>(?:\"[^\"]{0,2000}+\"|`[^`]{0,2000}+`|(?![>%]\}\}|\{\{[<%])[^\"`])*))[>%]\}\})"
    r"|(?P<liquid>\{%-?\s*+(?P<liquid_name>\w++)(?P<liquid_args>(?>(?:\"[^\"]{0,2000}+\"|'[^']{0,2000}+'|(?!%\}|\{%)[^\"'])*))%\})"
    r"|(?P<variable>\{\{-?\s*+(?P<variable_words>[^{}<>\n]{1,200}?)\s*-?\}\})"
    r"|(?P<word>\[(?P<word_close>/)?(?P<word_name>caption|gallery|embed|video|audio|playlist)"
    r"(?P<word_args>(?:\s[^\]\n]{0,500})?)\])"
)
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*+)(?P<colons>:{2,}+)[ \t]*+(?:(?P<name>[A-Za-z][\w-]*+)(?P<rest>[^\n]*+))?$", re.MULTILINE
)
_SLOT = re.compile(r"^[ \t]*+#[a-z][\w-]*+[ \t]*+$", re.MULTILINE)
_PROPERTY = re.compile(r"^\s*+(:?[\w@.-]++):[ \t]*+(.*+)$")
_INLINE = re.compile(
    r"(?<![\w:\\/`\]}]):(?P<name>[a-z][\w-]{0,60})(?:\[(?P<text>[^\[\]\n]{0,500})\](?:\{(?P<given>[^{}\n]{0,300})\})?"
    r"|\{(?P<args>[^{}\n]{0,300})\})"
)
_ATTRIBUTE = r"(?:[.#][\w:-]{1,80}|:?[\w:@-]{1,80}=(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|[^\s\"'{}]{1,300}))"
_ATTRIBUTES = rf"{_ATTRIBUTE}(?:\s{{1,9}}{_ATTRIBUTE}){{0,20}}"
_MARKS = re.compile(
    rf"(?<!!)\[(?P<words>[^\[\]\n]{{1,500}})\]\{{\s{{0,9}}{_ATTRIBUTES}\s{{0,9}}\}}"
    rf"|(?<=[)\]])\{{:?\s{{0,9}}{_ATTRIBUTES}\s{{0,9}}\}}"
    rf"|[ \t]{{1,9}}\{{(?::\s{{0,9}}|(?=[.#])){_ATTRIBUTES}\s{{0,9}}\}}(?=[ \t]*+$)"
    rf"|^\{{:\s{{0,9}}{_ATTRIBUTES}\s{{0,9}}\}}(?=[ \t]*+$)",
    re.MULTILINE,
)
"""Attributes in braces: behind a span or a link, at the end of a heading, on a line of their own."""
_MOST_INDENT = 80
_OPEN_AT_ONCE = 50
_LONGEST_QUOTE = 2_000
_SITE_VARIABLE = re.compile(r"(?:site|page)\.[\w.]+")
_SITE_ADDRESS = ("site.baseurl", "site.url", "site.base_url", "base_url", "baseurl")
_PATH_FILTER = re.compile(
    r"(?:(?:site\.baseurl|site\.url)\s*\|\s*append:\s*)?[\"']([^\"']*)[\"']\s*\|\s*(?:relative_url|absolute_url|relURL|absURL)"
)
_HINT = re.compile(
    r"\{\{|\{%|^[ \t]*+::|:[a-z][\w-]*+[\[{]|[)\]\s]\{|^\{:|\[(?:caption|gallery|embed|video|audio|playlist)"
)


@dataclass(slots=True)
class _Tag:
    """One end of a shortcode, as it stands in the text."""

    start: int
    end: int
    family: str
    name: str
    args: str = ""
    closes: bool = False
    partner: _Tag | None = None
    label: str = ""


def expand(text: str, notice: Notice, *, markdown: bool) -> str:
    """`text` with every shortcode as what it means; `markdown` says whether there is Markdown around them."""
    if not _has_hint(text, markdown):
        return text
    return _Expander(text, notice, markdown).run()


def has_generator_marks(text: str) -> bool:
    """Whether the text holds shortcodes that no person types by accident."""
    return bool(re.search(r"\{\{[<%]\s*/?\s*\w|\{%-?\s*(?:include|highlight|raw|link|post_url)\b", text))


def _has_hint(text: str, markdown: bool) -> bool:
    return bool(re.search(_HINT.pattern, text, re.MULTILINE)) if markdown else bool(re.search(r"\{[{%]|\[\w", text))


@dataclass(slots=True)
class _Expander:
    text: str
    notice: Notice
    markdown: bool
    code: list[tuple[int, int]] = field(default_factory=list)
    line_ends: list[int] = field(default_factory=list)
    attributes: list[int] = field(default_factory=list)

    def run(self) -> str:
        if self.markdown:
            self.text = _unindented(self.text)
        self.code = code_ranges(self.text, markdown=self.markdown)
        self.line_ends = [match.start() for match in re.finditer("\n", self.text)]
        out, position = [], 0
        for start, end, replacement in sorted(self._replacements(), key=lambda one: (one[0], one[1])):
            if start >= position:
                out += [self.text[position:start], replacement]
                position = end
        out.append(self.text[position:])
        if self.attributes:
            count = len(self.attributes)
            more = f" ({count} times)" if count > 1 else ""
            self._tell(self.attributes[0], f"attributes in braces mean nothing in mail and are left out{more}.")
        return "".join(out)

    def _replacements(self) -> list[tuple[int, int, str]]:
        found: list[tuple[int, int, str]] = []
        tags = _paired(self._tags())
        skip = 0
        for tag in tags:
            if tag.start < skip:
                continue
            if tag.name == "kept":
                words = self.text[tag.start : tag.end]
                self._tell(tag.start, f"{words} is a variable of the site and stays as it is written. Write its value.")
                continue
            inner = self.text[tag.end : tag.partner.start] if tag.partner and not tag.closes else ""
            call = Call(tag.family, tag.name, arguments(tag.args), tag.partner is not None, tag.label, inner)
            if not tag.closes and tag.partner and verbatim(call):
                found.append((tag.start, tag.partner.end, self._placed(tag, meaning(call).open, tag.partner.end)))
                skip = tag.partner.end
                continue
            found.append(self._replaced(tag, call))
        return found + (self._inline_marks() if self.markdown else [])

    def _replaced(self, tag: _Tag, call: Call) -> tuple[int, int, str]:
        quoted = " ".join(self.text[tag.start : tag.end].split())[:_LONGEST_QUOTE]
        if not tag.closes:
            meant = meaning(call)
            if meant.told:
                self._tell(tag.start, f"{quoted} {meant.told}")
            return tag.start, tag.end, self._placed(tag, meant.open, tag.end)
        if tag.partner is None:
            self._tell(tag.start, f"{quoted} closes nothing and is left out.")
            return tag.start, tag.end, ""
        opened = tag.partner
        meant = meaning(Call(opened.family, opened.name, arguments(opened.args), True, opened.label))
        return tag.start, tag.end, self._placed(tag, meant.close, tag.end)

    def _placed(self, tag: _Tag, words: str, end: int) -> str:
        """The replacement; alone on its line in Markdown it is set apart, so that what follows is Markdown still."""
        line, last = bisect_left(self.line_ends, tag.start), bisect_left(self.line_ends, end)
        indent = self.text[self.line_ends[line - 1] + 1 if line else 0 : tag.start]
        rest = self.text[end : self.line_ends[last] if last < len(self.line_ends) else len(self.text)]
        if not self.markdown or not words.startswith(("<figure", "<blockquote", "</blockquote", "<p", "</figcaption")):
            return words
        if len(indent) < _MOST_INDENT and not indent.strip() and not rest.strip():
            return f"\n{indent}{words}\n"
        return f"\n\n{words}\n\n" if "blockquote" in words or tag.name in TABS else words

    def _tags(self) -> list[_Tag]:
        found = [
            tag for match in _TAG.finditer(self.text) if (tag := self._tag(match)) and not self._is_code(tag.start)
        ]
        if self.markdown:
            found += self._fences()
        return sorted(found, key=lambda tag: tag.start)

    def _tag(self, match: re.Match[str]) -> _Tag | None:
        start, end = match.span()
        if match["hugo"]:
            if match["hugo_shown"]:
                sample = re.sub(r"/\*|\*/", "", match[0])
                return _Tag(start, end, "hugo", "shown", label=sample)
            name, args = match["hugo_name"], match["hugo_args"].strip()
            return _Tag(start, end, "hugo", name, args, bool(match["hugo_close"])) if name else None
        if match["liquid"]:
            name, args = match["liquid_name"], match["liquid_args"].rstrip("- \n")
            closes = name.startswith("end")
            return _Tag(start, end, "liquid", name.removeprefix("end") if closes else name, args, closes)
        if match["word"]:
            return _Tag(start, end, "word", match["word_name"], match["word_args"], bool(match["word_close"]))
        return self._variable(match)

    def _variable(self, match: re.Match[str]) -> _Tag | None:
        words = match["variable_words"].strip()
        path = _PATH_FILTER.fullmatch(words)
        if path or words in _SITE_ADDRESS:
            return _Tag(match.start(), match.end(), "variable", "path", f'"{path[1] if path else ""}"')
        return _Tag(match.start(), match.end(), "variable", "kept") if _SITE_VARIABLE.match(words) else None

    def _fences(self) -> list[_Tag]:
        """`::name{…}` and `:::name Title` lines, their closing lines, and the properties and slots inside them."""
        found: list[_Tag] = []
        open_tags: list[tuple[_Tag, int]] = []
        for match in _FENCE.finditer(self.text):
            if self._is_code(match.start("colons")):
                continue
            colons, name, rest = len(match["colons"]), match["name"], (match["rest"] or "").strip()
            start, end = match.start("colons"), match.end()
            if name:
                tag = _fence(start, end, colons, name, rest)
                if tag:
                    tag.end = self._after_properties(tag)
                    found.append(tag)
                    open_tags.append((tag, colons))
                continue
            recent = range(len(open_tags) - 1, max(-1, len(open_tags) - _OPEN_AT_ONCE), -1)
            place = next((n for n in recent if open_tags[n][1] == colons), len(open_tags) - 1 if open_tags else None)
            if place is not None:
                opened = open_tags[place][0]
                closing = _Tag(start, end, "fence", opened.name, "", True, opened)
                opened.partner = closing
                del open_tags[place:]
                found.append(closing)
        return found + self._slots(found)

    def _after_properties(self, tag: _Tag) -> int:
        """The end of a component's opening lines: its properties may stand between two `---` lines below."""
        lines = self.text[tag.end : tag.end + _LONGEST_QUOTE // 2].split("\n")
        if len(lines) < 3 or lines[1].strip() != "---":
            return tag.end
        for number in range(2, len(lines)):
            if lines[number].strip() == "---":
                tag.args += " " + " ".join(_as_argument(line) for line in lines[2:number])
                return tag.end + sum(len(line) + 1 for line in lines[1:number]) + len(lines[number]) + 1
            if number == 2 and not _PROPERTY.match(lines[number]):
                break
        return tag.end

    def _slots(self, fences: list[_Tag]) -> list[_Tag]:
        """Lines `#name` inside a component, which name the place of what follows."""
        inside = merged([(tag.end, tag.partner.start) for tag in fences if not tag.closes and tag.partner])
        starts = [start for start, _ in inside]
        found = []
        for match in _SLOT.finditer(self.text) if inside else ():
            place = bisect_right(starts, match.start()) - 1
            if place >= 0 and match.start() < inside[place][1] and not self._is_code(match.start()):
                found.append(_Tag(match.start(), match.end(), "fence", "#slot"))
        return found

    def _inline_marks(self) -> list[tuple[int, int, str]]:
        found = []
        for match in _INLINE.finditer(self.text):
            if self._is_code(match.start()):
                continue
            shown = inline_meaning(match["text"], match["args"] or match["given"] or "")
            if not shown and match["text"] is None:
                self._tell(match.start(), f"{match[0]} means nothing in mail and is left out.")
            found.append((match.start(), match.end(), shown))
        for match in _MARKS.finditer(self.text):
            if self._is_code(match.start()) or any(start <= match.start() < end for start, end, _ in found[-1:]):
                continue
            self.attributes.append(match.start())
            found.append((match.start(), match.end(), match["words"] or ""))
        return found

    def _is_code(self, offset: int) -> bool:
        place = bisect_right(self.code, (offset, len(self.text))) - 1
        return place >= 0 and self.code[place][0] <= offset < self.code[place][1]

    def _tell(self, offset: int, message: str) -> None:
        self.notice(message, bisect_left(self.line_ends, offset))


def _fence(start: int, end: int, colons: int, name: str, rest: str) -> _Tag | None:
    """An opening line, or None when it only looks like one."""
    label, args = "", rest
    bracket = re.match(r"\[([^\]]*)\]\s*", rest)
    if bracket:
        label, args = bracket[1], rest[bracket.end() :]
    braces = re.fullmatch(r"\{([^{}]*)\}\s*(.*)", args)
    if braces:
        args, label = braces[1], label or braces[2]
    elif colons >= 3:
        label, args = label or args.strip(), ""
    elif args:
        return None
    return _Tag(start, end, "fence", name.lower(), args, False, None, label)


def _as_argument(line: str) -> str:
    found = _PROPERTY.match(line)
    if not found:
        return ""
    value = found[2].strip().strip("\"'").replace('"', "'")
    return f'{found[1]}="{value}"'


def _paired(tags: list[_Tag]) -> list[_Tag]:
    """The tags, every opening one with the closing one of its name as its partner."""
    open_by_name: dict[tuple[str, str], list[_Tag]] = defaultdict(list)
    for tag in tags:
        if tag.partner is not None or tag.family == "variable":
            continue
        if tag.closes:
            waiting = open_by_name[tag.family, tag.name]
            if waiting:
                tag.partner = waiting.pop()
                tag.partner.partner = tag
        else:
            open_by_name[tag.family, tag.name].append(tag)
    return tags


def _unindented(text: str) -> str:
    """Components inside components at the left edge: four spaces would make code of them."""
    if ":::" not in text:
        return text
    out: list[str] = []
    open_indents: list[int] = []
    in_code = False
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        if open_indents:
            line = line[min(indent, open_indents[-1]) :]
        if line.lstrip().startswith(("```", "~~~")):
            in_code = not in_code
        fence = None if in_code else _FENCE.match(line)
        if fence and open_indents:
            line = line.lstrip(" ")
        if fence and fence["name"] and (open_indents or indent == 0) and len(open_indents) < _OPEN_AT_ONCE:
            open_indents.append(indent)
        elif fence and not fence["name"] and open_indents:
            open_indents.pop()
        out.append(line)
    return "\n".join(out)
