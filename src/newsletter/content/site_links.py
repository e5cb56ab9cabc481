"""The links of a site's article → links that lead to the same pages from a mail.

In: an article's text and its site. Out: the text with `/about`, `second.md`, `{{< ref "second.md" >}}`,
`{% post_url … %}` and `{filename}/b.md` as whole addresses on the site they come from: read as they stand, they would
lead to the newsletter's own site. What leads nowhere that is known stays as it is written, and is told.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote, urljoin

from newsletter.content.code_samples import code_ranges
from newsletter.content.kinds import SUFFIXES
from newsletter.content.site_kinds import HUGO, JEKYLL, PELICAN, Site
from newsletter.expressions import NAMES
from newsletter.files import is_file

_TAGS = r"\{\{[<%].{0,300}?[>%]\}\}|\{\{.{0,300}?\}\}|\{%.{0,300}?%\}"
_LINKS = re.compile(
    rf"!\[[^\]\n]{{0,500}}\]\([^)\n]{{0,2000}}\)"
    rf"|\]\(\s*(?:<(?P<angle>[^>\n]{{1,2000}})>|(?P<inline>(?>(?:{_TAGS}|[^)\s>])+)))"
    rf"|<a\b[^<>]{{0,500}}?\bhref\s*=\s*(?:\"(?P<double>(?>(?:{_TAGS}|[^\"\n])*))\"|'(?P<single>(?>(?:{_TAGS}|[^'\n])*))')"
    rf"|(?<![\w:-])(?:to|link|href)\s*=\s*\"(?P<given>\.{{0,2}}/[^\"\n{{}}]{{0,500}})\""
    rf"|^ {{0,3}}\[[^\]^\n]{{1,200}}\]:[ \t]*<?(?P<defined>(?>(?:{_TAGS}|[^\s>])+))",
    re.MULTILINE | re.IGNORECASE,
)
"""A picture (passed over), Markdown's link, HTML's, a shortcode's or component's, and Markdown's reference."""
_REF = re.compile(r"\{\{[<%]\s*(?:rel)?ref\s+(?:path=)?[\"`]?([^\"`\s>%]+)[\"`]?[^>%]*[>%]\}\}(#\S*)?", re.IGNORECASE)
_LIQUID = re.compile(r"\{%-?\s*(post_url|link)\s+([^\s%]+)\s*-?%\}(\S*)")
_PREFIX = re.compile(r"^(?:\{\{-?\s*(?:site\.)?(?:url|baseurl|base_url|baseURL)\s*-?\}\})+(?:/(?=\{))?", re.IGNORECASE)
_FILTERED = re.compile(r"\{\{-?\s*[\"']([^\"']*)[\"']\s*\|\s*(?:relative_url|absolute_url|relURL|absURL)\s*-?\}\}(\S*)")
_PELICAN = re.compile(r"(?:\{(filename|static|attach|[a-z]+)\}|\|(filename|static|attach)\|)(.*)")
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#|$")
_OURS = re.compile(rf"\{{\{{[-+]?\s*(?:{'|'.join(NAMES)})\b")
"""Merge fields of the newsletter, which are filled in later."""
_IMAGES = re.compile(r"images/[\w-]+\.\w+$")

PageOf = Callable[[Path], str]
"""The address of the page that a file of the site becomes; nothing when it is not known."""


@dataclass(slots=True)
class Links:
    """The links of one article: `lost` is what could not be told where it leads."""

    site: Site
    address: str
    """Of the site: its own, or the one the newsletter's settings give."""
    file: Path
    own: str
    """The address of the article's own page; empty when it is not known."""
    page_of: PageOf
    markdown: bool = True
    lost: list[str] = field(default_factory=list)

    def moved(self, text: str) -> str:
        """The text with its links as whole addresses; code samples stay as they are."""
        code = code_ranges(text, markdown=self.markdown)
        starts = [start for start, _ in code]

        def rewritten(match: re.Match[str]) -> str:
            place = bisect_right(starts, match.start()) - 1
            in_code = place >= 0 and match.start() < code[place][1]
            group = next((name for name in match.groupdict() if match[name]), "")
            if not group or in_code:
                return match[0]
            html = group in ("double", "single")
            target = self.target(unescape(match[group]) if html else match[group])
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            return f"{match[0][:start]}{escape(target) if html else target}{match[0][end:]}"

        return _LINKS.sub(rewritten, text)

    def target(self, written: str) -> str:
        """Where a link leads; as it is written, and noted as lost, where that is not known."""
        if _ELSEWHERE.match(written) or _IMAGES.match(written) or _OURS.search(written):
            return written
        found = self._found(written.strip())
        if not found and written not in self.lost:
            self.lost.append(written)
        return found or written

    def _found(self, written: str) -> str:
        reference = _REF.fullmatch(written)
        if reference:
            path, _, anchor = reference[1].partition("#")
            return self._to_file(path, reference[2] or (f"#{anchor}" if anchor else ""))
        bare = _PREFIX.sub("", written)
        liquid = _LIQUID.fullmatch(bare)
        if liquid:
            path = f"_posts/{liquid[2]}" if liquid[1] == "post_url" else f"/{liquid[2].lstrip('/')}"
            return self._to_file(path, liquid[3])
        filtered = _FILTERED.fullmatch(bare)
        if filtered or bare != written:
            below = filtered[1] + filtered[2] if filtered else bare
            return f"{self.address}/{below.lstrip('/')}" if self.address and not _has_tags(below) else ""
        if _has_tags(bare):
            return ""
        pelican = _PELICAN.fullmatch(bare) if self.site.kind == PELICAN else None
        if pelican:
            return self._of_pelican(pelican[1] or pelican[2], pelican[3])
        path, anchor = re.fullmatch(r"([^?#]*)(.*)", bare, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
        if path.lower().endswith(SUFFIXES[:2]):
            return self._to_file(path, anchor)
        if bare.startswith("/"):
            return urljoin(f"{self.address}/", bare) if self.address else ""
        return urljoin(self.own, bare) if self.own else ""

    def _of_pelican(self, kind: str, rest: str) -> str:
        path, anchor = re.fullmatch(r"([^?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
        if kind == "filename":
            return self._to_file(path, anchor)
        found = self._file(path) if kind in ("static", "attach") else None
        if found is None or not self.address:
            return ""
        return f"{self.address}/{found.relative_to(self.site.content).as_posix()}{anchor}"

    def _to_file(self, path: str, anchor: str) -> str:
        if not path:
            return f"{self.own}{anchor}" if self.own else ""
        found = self._file(unquote(path))
        page = self.page_of(found) if found else ""
        return f"{page}{anchor}" if page else ""

    def _file(self, path: str) -> Path | None:
        """The file of the site that a path means: beside the article, or from the top; without a suffix, any."""
        below = path.lstrip("/")
        folders = [] if path.startswith("/") else [self.file.parent]
        folders += [self.site.content, self.site.root]
        names = [below, *(f"{below.rstrip('/')}{end}" for suffix in SUFFIXES for end in (suffix, f"/index{suffix}"))]
        tried = [folder / name for folder in folders for name in names]
        found = next((one for one in tried if is_file(one)), None)
        if found is None and self.site.kind in (HUGO, JEKYLL) and re.fullmatch(r"[\w./ -]+", below):
            # Hugo finds a page by its name alone, Jekyll a post in any _posts folder.
            found = self._anywhere(below)
        inside = found is not None and found.resolve().is_relative_to(self.site.content)
        return found.resolve() if found and inside else None

    def _anywhere(self, below: str) -> Path | None:
        if ".." in below:
            return None
        name = re.sub(r"\.(?:md|markdown|html?)$", "", below)
        found = [one for suffix in SUFFIXES for one in self.site.content.glob(f"**/{name}{suffix}") if is_file(one)]
        return found[0] if len(found) == 1 else None


def _has_tags(text: str) -> bool:
    return bool(re.search(r"\{[{%]", text))
