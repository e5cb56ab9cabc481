"""What mail clients make of a picture is told at the line on which its author names it, by the name it has there."""

from __future__ import annotations

import re
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from newsletter.checks.ignores import Sifted
from newsletter.errors import FileProblems
from newsletter.pipeline.building import build
from newsletter.pipeline.checking import check_issue
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY, Workspace

SITE = "https://example.org"


def _checked(workspace: Workspace) -> Sifted:
    return check_issue(open_workspace(workspace.root, {}, REPOSITORY / "templates"), "tides")


def _told(workspace: Workspace, rule: str) -> list[tuple[str, str]]:
    """Where the rule finds something, and the name in its message."""
    found = [one for one in _checked(workspace).findings if one.rule == rule]
    return [(str(one.where).removeprefix("issues/tides/"), re.findall("'(.+?)'", one.message)[0]) for one in found]


def _add_blocks(workspace: Workspace, blocks: str) -> None:
    """Blocks from line 13 of issue.yaml on."""
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    workspace.write("issues/tides/issue.yaml", text + blocks)


def _picture(kind: str, *sizes: tuple[int, int]) -> bytes:
    """A picture of so many frames."""
    return _saved([Image.new("L", size, 90 * number) for number, size in enumerate(sizes)], kind)


def _noise(width: int, height: int, seed: int = 1) -> list[Image.Image]:
    """One frame that can hardly be made smaller."""
    return [Image.frombytes("L", (width, height), Random(seed).randbytes(width * height))]


def _saved(frames: list[Image.Image], kind: str) -> bytes:
    stream = BytesIO()
    frames[0].save(stream, kind, **({"save_all": True, "append_images": frames[1:]} if frames[1:] else {}))
    return stream.getvalue()


def test_a_format_some_clients_do_not_show_is_told_for_each_picture_on_the_web(workspace: Workspace) -> None:
    workspace.write(
        "issues/tides/tides.md",
        f"---\ntitle: High water\nimage: {SITE}/head.webp\nalt: Head\n---\n![One]({SITE}/one.webp)\n\n"
        f'<img src="{SITE}/two.webp" alt="Two">\n\nOne ![in]({SITE}/in.webp) and ![by]({SITE}/by.webp) it.\n',
    )
    workspace.write(
        "issues/tides/crew.md", f"---\ntitle: Crew\nimage: {SITE}/card%20a.webp\nalt: Card\n---\nThe crew.\n"
    )
    workspace.write(
        "issues/tides/quay.html", f'<h1>Quay</h1>\n<p>The quay.</p>\n<p><img src="{SITE}/q.webp" alt="Q"></p>\n'
    )
    _add_blocks(
        workspace,
        f'      - {{image: "{SITE}/pier.webp", alt: Pier}}\n      - {{figure: "{SITE}/fig.webp", alt: Fig}}\n'
        "      - {article: crew.md, show: card}\n      - {article: quay.html}\n",
    )
    for _ in range(2):  # also from an earlier run
        assert sorted(_told(workspace, "client-support")) == [
            ("crew.md:3", f"{SITE}/card%20a.webp"),
            ("issue.yaml:13", f"{SITE}/pier.webp"),
            ("issue.yaml:14", f"{SITE}/fig.webp"),
            ("quay.html:3", f"{SITE}/q.webp"),
            ("tides.md:10", f"{SITE}/by.webp"),
            ("tides.md:10", f"{SITE}/in.webp"),
            ("tides.md:3", f"{SITE}/head.webp"),
            ("tides.md:6", f"{SITE}/one.webp"),
            ("tides.md:8", f"{SITE}/two.webp"),
        ]


def test_a_comment_before_the_picture_ignores_what_clients_do_not_show(workspace: Workspace) -> None:
    comment = "<!-- newsletter: ignore client-support because the office reads on phones -->"
    workspace.write(
        "issues/tides/tides.md", f"---\ntitle: High water\n---\nTide.\n\n{comment}\n![One]({SITE}/one.webp)\n"
    )
    checked = _checked(workspace)
    assert [(one.rule, one.where.line, why) for one, why in checked.ignored] == [
        ("client-support", 7, "the office reads on phones")
    ]
    assert not [one for one in checked.findings if one.rule in ("client-support", "unused-ignore")]


def test_a_picture_outlook_cuts_off_is_told_by_its_path_where_it_is_named(workspace: Workspace) -> None:
    (workspace.root / "issues/tides/tall.png").write_bytes(_picture("PNG", (300, 4000)))
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nTide.\n\n![Tall](tall.png)\n")
    _add_blocks(workspace, "      - {image: tall.png, alt: Tall}\n")
    assert sorted(_told(workspace, "image-height")) == [
        ("issue.yaml:13", "issues/tides/tall.png"),
        ("tides.md:6", "issues/tides/tall.png"),
    ]


def test_pictures_that_are_cut_off_are_each_told_and_the_rest_is_checked_but_no_build_takes_them(
    workspace: Workspace,
) -> None:
    noise = _noise(200, 100)
    (workspace.root / "issues/tides/a.gif").write_bytes(_saved(noise, "GIF")[:9_000])
    (workspace.root / "issues/tides/b.png").write_bytes(_saved(noise, "PNG")[:9_000])
    (workspace.root / "issues/tides/c.svg").write_bytes(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="90000"><path d="M0 0h1v1z"/></svg>'
    )
    workspace.write(
        "issues/tides/tides.md",
        "---\ntitle: High water\n---\nThe the tide.\n\n![A](a.gif)\n\n![B](b.png)\n\n![C](c.svg)\n",
    )
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    for _ in range(2):  # also after an earlier run
        found = [(one.rule, one.severity, one.where.line) for one in check_issue(opened, "tides").findings]
        assert found == [
            ("image-missing", "error", 6),
            ("image-missing", "error", 8),
            ("image-missing", "error", 10),
            ("double-word", "warning", 4),
        ]
        with pytest.raises(FileProblems, match=r"tides\.md:6: picture 'issues/tides/a\.gif' cannot be read: .*whole\?"):
            build(opened, "tides")


def test_a_heavy_animation_is_told_by_its_path_where_it_is_named(workspace: Workspace) -> None:
    heavy = _picture("GIF", (90, 60), (90, 60)) + bytes(1_000_000)
    (workspace.root / "issues/tides/waves.gif").write_bytes(heavy)
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nTide.\n\n![Waves](waves.gif)\n")
    assert _told(workspace, "gif-weight") == [("tides.md:6", "issues/tides/waves.gif")]


@pytest.mark.parametrize(("kind", "frames"), [("JPEG", 1), ("WEBP", 1), ("GIF", 3), ("PNG", 3)])
def test_a_picture_that_is_cut_off_is_told_also_when_its_first_frame_is_whole(
    workspace: Workspace, kind: str, frames: int
) -> None:
    whole = _saved([one for seed in range(frames) for one in _noise(200, 100, seed)], kind)
    name = f"waves.{kind.lower()}"
    (workspace.root / "issues/tides" / name).write_bytes(whole[: len(whole) * 4 // 5])
    workspace.write("issues/tides/tides.md", f"---\ntitle: High water\n---\nTide.\n\n![Waves]({name})\n")
    assert [(one.rule, str(one.where)) for one in _checked(workspace).findings] == [
        ("image-missing", "issues/tides/tides.md:6")
    ]


LINKED = "images: {mode: link, base_url: 'https://pictures.example.org/n'}\n"


@pytest.mark.parametrize("settings", ["", LINKED], ids=["embedded", "linked"])
def test_a_picture_of_the_workspace_is_weighed_and_measured_also_when_it_is_linked(
    workspace: Workspace, settings: str
) -> None:
    workspace.write("newsletter.yaml", (workspace.root / "newsletter.yaml").read_text("utf-8") + settings)
    folder = workspace.root / "issues/tides"
    (folder / "tall.png").write_bytes(_picture("PNG", (300, 4000)))
    (folder / "waves.gif").write_bytes(_picture("GIF", (90, 60), (90, 60)) + bytes(1_000_000))
    (folder / "cut.png").write_bytes(_picture("PNG", (300, 200))[:100])
    workspace.write(
        "issues/tides/tides.md",
        "---\ntitle: High water\n---\nTide.\n\n![Tall](tall.png)\n\n![Waves](waves.gif)\n\n![Cut](cut.png)\n",
    )
    found = {(one.rule, str(one.where).removeprefix("issues/tides/")) for one in _checked(workspace).findings}
    assert found == {
        ("image-height", "tides.md:6"),
        ("gif-weight", "tides.md:8"),
        ("image-weight", "tides.md:8"),
        ("images-weight", "issue.yaml:1"),
        ("image-missing", "tides.md:10"),
    }
