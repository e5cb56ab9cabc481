"""Names of professions that no variant fits: blocks nobody reads, and files that no `{profession}` path finds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from newsletter.checks.rule import warning
from newsletter.model import DEFAULT, Block, Finding, Issue, Professions

RULES = (
    warning(
        "profession-unread",
        "A block is `for:` professions, and none of the people its issue goes to has one of them (or a narrower one): "
        "nobody reads it. Source: this program's own format; the audience's segment says who can be there.",
    ),
    warning(
        "profession-typo",
        "A file lies where a `{profession}` path looks, under a name that is nearly a profession's: its readers get "
        "another file, or none. Source: this program's own format.",
    ),
)
_UNREAD, _ = RULES


def check_names(issue: Issue, professions: Professions, readers: Collection[str]) -> Iterator[Finding]:
    """A warning for each block that is for nobody; `readers` are the professions the issue goes to."""
    reached = {
        name for key in readers for name in (*professions.ancestry(key), *((DEFAULT,) if key == DEFAULT else ()))
    }
    for block in _blocks([one for section in issue.sections for one in section.blocks]):
        if block.professions and not reached & set(block.professions):
            names = ", ".join(block.professions)
            message = f"nobody in the audience '{issue.audience}' is a {names}: no variant shows the block."
            yield _UNREAD.finding(message, block.where, fix="Name professions the audience has, or take the block out.")


def _blocks(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        cells = block.fields.get("cells")
        if isinstance(cells, tuple):
            for cell in cells:
                yield from _blocks(cell)
