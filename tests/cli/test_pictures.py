"""Pictures as people who build and upload an issue meet them."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from PIL import Image as Pillow

LINKED = "images: {mode: link, base_url: https://img.example.org/news}\n"


def photo(color: str) -> bytes:
    out = BytesIO()
    Pillow.new("RGB", (300, 200), color).save(out, "PNG")
    return out.getvalue()


def add(workspace: Any, block: str, settings: str = "") -> None:
    """Add a block to the issue and lines to the settings."""
    path = workspace.root / "issues/tides/issue.yaml"
    path.write_text(path.read_text("utf-8") + f"      - {block}\n", "utf-8")
    file = workspace.root / "newsletter.yaml"
    file.write_text(file.read_text("utf-8") + settings, "utf-8")


def test_the_folder_to_upload_holds_exactly_what_the_mails_name(workspace: Any) -> None:
    picture = workspace.root / "issues/tides/images/photo.png"
    add(workspace, "{image: images/photo.png, alt: A photo}", LINKED)
    images = workspace.root / "build/tides/images"
    for color in ("red", "blue"):
        picture.write_bytes(photo(color))
        assert workspace.run("build", "tides").returncode == 0
        (images / "notes.txt").write_text("mine")
        named = set()
        for mail in (workspace.root / "build/tides").glob("*.eml"):
            joined = mail.read_text("utf-8").replace("=\n", "").replace("=3D", "=")
            named |= set(re.findall(r"https://img\.example\.org/news/([0-9a-f]{16}\.\w+)", joined))
        assert len(named) == 2
        assert {one.name for one in images.iterdir()} == named | {"notes.txt"}


def test_a_build_of_one_profession_leaves_the_pictures_of_the_others(workspace: Any) -> None:
    (workspace.root / "issues/tides/images/photo.png").write_bytes(photo("red"))
    add(workspace, "{image: images/photo.png, alt: A photo, for: [cook]}")
    assert workspace.run("build", "tides").returncode == 0
    before = {one.name for one in (workspace.root / "build/tides/images").iterdir()}
    assert workspace.run("build", "tides", "--profession", "sailor").returncode == 0
    assert {one.name for one in (workspace.root / "build/tides/images").iterdir()} == before


def test_a_photo_that_only_the_site_has_is_linked_and_said_with_its_line(workspace: Any) -> None:
    add(workspace, "{image: /uploads/boat.jpg, alt: A boat}")
    built = workspace.run("build", "tides")
    assert built.returncode == 0
    assert re.search(r"issues/tides/issue\.yaml:13: .*'/uploads/boat\.jpg' is not in the workspace", built.stderr)
    assert 'src="https://example.org/uploads/boat.jpg"' in (workspace.root / "build/tides/default.html").read_text()


def test_a_drawing_with_an_unknown_font_is_built_and_said_with_the_line_of_the_article(workspace: Any) -> None:
    text = '<text y="50" font-size="40" font-family="No Such Family 4711">Hello</text>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100">{text}</svg>'
    workspace.write("issues/tides/images/words.svg", drawing)
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nNoon.\n\n![Words](images/words.svg)\n")
    built = workspace.run("build", "tides")
    assert built.returncode == 0
    assert re.search(r"issues/tides/tides\.md:6: .*text in No Such Family 4711 is drawn in Noto Sans", built.stderr)


def test_a_photo_that_was_cut_off_stops_the_build_at_its_line(workspace: Any) -> None:
    out = BytesIO()
    Pillow.effect_noise((300, 200), 60).save(out, "PNG")
    (workspace.root / "issues/tides/images/photo.png").write_bytes(out.getvalue()[:20_000])
    add(workspace, "{image: images/photo.png, alt: A photo}")
    built = workspace.run("build", "tides")
    assert built.returncode == 2
    assert "issues/tides/issue.yaml:13: picture 'issues/tides/images/photo.png' cannot be read" in built.stderr
    assert "Traceback" not in built.stderr
