"""Workspaces that the figures are measured on: made up, of the sizes the promises name, the same each time."""

from __future__ import annotations

import shutil
from pathlib import Path

_WORDS = (
    "work tools files open notes weeks people practice reading plain format copy share keep change ask answer small "
    "step desk paper screen letter table answerable simple hours before after between patient careful room door"
).split()


def sample_workspace(workspace: Path, repository: Path) -> None:
    """The repository's own sample."""
    workspace.mkdir()
    for name in ("newsletter.yaml", "issues", "audiences", "static", "templates"):
        source = repository / name
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, workspace / name)


def thirty_articles(workspace: Path) -> None:
    """One issue of 30 articles, six of them with a picture, for readers of no profession: one variant."""
    _settings(workspace)
    blocks = []
    for number in range(30):
        show = ("full", "summary", "card")[number % 3]
        blocks.append(f"      - {{article: article-{number}.md, show: {show}}}\n")
        picture = f"image: picture-{number}.svg\nalt: A drawing\n" if number % 5 == 0 else ""
        if picture:
            (workspace / f"issues/letter/picture-{number}.svg").write_text(_drawing(number), "utf-8")
        _article(workspace / f"issues/letter/article-{number}.md", f"Article {number}", number, picture)
    _issue(workspace, "".join(blocks))


def many_professions(workspace: Path, count: int, own_articles: bool) -> None:
    """An issue for so many professions: six shared blocks, and a text or (`own_articles`) an article of each one's own.

    With `own_articles` there is one file for each profession, and every tenth has a picture of its own.
    """
    _settings(workspace)
    keys = [f"trade-{number}" for number in range(count)]
    (workspace / "audiences/professions.yaml").write_text(
        "".join(f"{key}:\n  label: Trade {key[6:]}\n  plural: Trades {key[6:]}\n" for key in keys), "utf-8"
    )
    shared = []
    for number in range(4):
        _article(workspace / f"issues/letter/shared-{number}.md", f"Shared {number}", number, "")
        shared.append(f"      - {{article: shared-{number}.md, show: {('full', 'card')[number % 2]}}}\n")
    (workspace / "issues/letter/shared.svg").write_text(_drawing(7), "utf-8")
    shared.append('      - {image: shared.svg, alt: A drawing, link: "https://example.org"}\n')
    if own_articles:
        for number, key in enumerate(keys):
            folder = workspace / "site" / key
            folder.mkdir(parents=True)
            picture = ""
            if number % 10 == 0:
                (folder / "own.svg").write_text(_drawing(number), "utf-8")
                picture = "image: own.svg\nalt: A drawing\n"
            _article(folder / "open-source.md", f"Open source for trade {number}", number, picture)
        _article(workspace / "site/default-of-all.md", "Open source", 0, "")
        (workspace / "site/default").mkdir()
        _article(workspace / "site/default/open-source.md", "Open source", 0, "")
        own = '      - {article: "{profession}/open-source.md"}\n'
    else:
        own = '      - {text: "What {{ profession.plural | lower }} and {{ another_profession.plural }} share"}\n'
    _issue(workspace, own + "".join(shared))


def _settings(workspace: Path) -> None:
    for folder in ("issues/letter", "audiences", "site"):
        (workspace / folder).mkdir(parents=True)
    (workspace / "newsletter.yaml").write_text(
        "brand: {name: Bench, postal_address: 1 Main Street}\nsite_url: https://example.org\ncontent: [site]\n"
        "sender: {name: Bench, address: news@example.org}\nprovider: {name: outbox}\n",
        "utf-8",
    )
    (workspace / "audiences/readers.yaml").write_text("source: readers.csv\n", "utf-8")
    (workspace / "audiences/readers.csv").write_text("Email,First name\nada@example.org,Ada\n", "utf-8")


def _issue(workspace: Path, blocks: str) -> None:
    (workspace / "issues/letter/issue.yaml").write_text(
        'title: A letter\naudience: readers\nsubject: "For {{ profession.plural | lower }}"\nsections:\n'
        "  - heading: This month\n    blocks:\n"
        "      - text: \"Hello {{ recipient.first_name | default('there') }}\"\n" + blocks,
        "utf-8",
    )


def _article(path: Path, title: str, seed: int, front: str) -> None:
    """Five paragraphs, a list and two links: about 2.5 KB, different for each seed."""
    paragraphs = [_prose(seed * 31 + number, 70) for number in range(5)]
    points = "".join(f"- {_prose(seed * 17 + number, 8)}\n" for number in range(4))
    links = f"Read [more of it](https://example.org/{seed}) or [the archive](/archive).\n"
    body = "\n\n".join([paragraphs[0], "## What to do", points, *paragraphs[1:], links])
    path.write_text(f"---\ntitle: {title}\ndescription: {_prose(seed, 14)}\n{front}---\n\n{body}", "utf-8")


def _prose(seed: int, count: int) -> str:
    words = [_WORDS[(seed * 7 + number * (seed % 11 + 3)) % len(_WORDS)] for number in range(count)]
    return " ".join(words).capitalize() + f" {seed}."


def _drawing(seed: int) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="520" height="240" viewBox="0 0 520 240">'
        f'<rect width="520" height="240" fill="#{(seed * 7919) % 0xFFFFFF:06x}"/>'
        f'<circle cx="{seed % 520}" cy="120" r="90" fill="#ffffff"/></svg>'
    )
