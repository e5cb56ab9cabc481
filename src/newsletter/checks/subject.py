"""What a check is given: one variant, before and after rendering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.checks.mail import Mail
from newsletter.model import Article, Block, Issue, RenderedVariant, Theme, Variant
from newsletter.settings import Settings


@dataclass(frozen=True, slots=True)
class Subject:
    """A variant under inspection."""

    issue: Issue
    settings: Settings
    theme: Theme
    variant: Variant
    rendered: RenderedVariant
    mail: Mail | None = None
    """The whole mail; without it only the checks of an issue's parts are run."""

    def blocks(self) -> Iterator[Block]:
        """Every block the readers see, those inside columns and articles too."""
        stack = [block for section in reversed(self.variant.sections) for block in reversed(section.blocks)]
        while stack:
            block = stack.pop()
            yield block
            article = block.fields.get("article")
            if isinstance(article, Article) and block.fields.get("show") == "full":
                stack += reversed(article.body)
            cells = block.fields.get("cells")
            if isinstance(cells, tuple):
                stack += [inner for cell in reversed(cells) for inner in reversed(cell)]

    def articles(self) -> Iterator[Article]:
        """Every article the readers see, in whatever form."""
        for block in self.blocks():
            article = block.fields.get("article")
            if isinstance(article, Article):
                yield article
