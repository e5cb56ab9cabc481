"""Pictures are found, measured as they are shown, and never taken from outside."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow

from newsletter.content.images import ImageFinder
from newsletter.errors import FileProblems
from newsletter.model import Image, Where

HERE = Where("issues/tides/issue.yaml", 9)


def find(root: Path, name: str) -> Image:
    return ImageFinder(root, ["static", "more"]).find(name, root / "issue", HERE)


def write(root: Path, name: str, content: str | bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def raster(kind: str, size: tuple[int, int], orientation: int = 1) -> bytes:
    out = BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.new("RGB", size, "red").save(out, kind, exif=exif)
    return out.getvalue()


def svg(attributes: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}/>'


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="200" height="100"', (200, 100)),
        ('width="200px" viewBox="0 0 400 100"', (200, 50)),
        ('height="50" viewBox="0,0,400,100"', (200, 50)),
        ('viewBox="0 0 400 100"', (400, 100)),
        ('width="100%" height="100%" viewBox="-10 -10 33.4 20"', (33, 20)),
        ('width="1in" height="36pt"', (96, 48)),
        ("", (300, 150)),
        ('width="0.2" height="0.2"', (1, 1)),
    ],
)
def test_an_svg_has_the_size_a_browser_gives_it(tmp_path: Path, attributes: str, size: tuple[int, int]) -> None:
    write(tmp_path, "issue/x.svg", svg(attributes))
    image = find(tmp_path, "x.svg")
    assert ((image.width, image.height), image.media_type) == (size, "image/svg+xml")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_raster_picture_is_known_by_its_content_not_its_name(tmp_path: Path, kind: str) -> None:
    write(tmp_path, "issue/photo.bin", raster(kind, (30, 20)))
    image = find(tmp_path, "photo.bin")
    assert (image.media_type, image.width, image.height) == (f"image/{kind.lower()}", 30, 20)


@pytest.mark.parametrize(("orientation", "size"), [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))])
def test_a_photo_that_lies_on_its_side_has_the_size_it_is_shown_at(
    tmp_path: Path, orientation: int, size: tuple[int, int]
) -> None:
    write(tmp_path, "issue/photo.jpg", raster("JPEG", (30, 20), orientation))
    image = find(tmp_path, "photo.jpg")
    assert (image.width, image.height) == size


def test_a_picture_is_looked_up_beside_the_file_and_then_in_the_static_folders(tmp_path: Path) -> None:
    write(tmp_path, "issue/a.svg", svg('width="1" height="1"'))
    write(tmp_path, "static/a.svg", svg('width="2" height="2"'))
    write(tmp_path, "more/uploads/b c.svg", svg('width="3" height="3"'))
    assert find(tmp_path, "a.svg").path == "issue/a.svg"
    assert find(tmp_path, "/a.svg").path == "static/a.svg"
    assert find(tmp_path, "/uploads/b%20c.svg?v=2#top").path == "more/uploads/b c.svg"


@pytest.mark.parametrize("name", ["../../outside.svg", "/../../outside.svg", "%2e%2e/%2e%2e/outside.svg", "link.svg"])
def test_a_path_that_leaves_the_workspace_is_refused(tmp_path: Path, name: str) -> None:
    root = tmp_path / "workspace"
    write(tmp_path, "outside.svg", svg(""))
    write(root, "static/x.svg", svg(""))
    (root / "issue").mkdir()
    (root / "issue/link.svg").symlink_to(tmp_path / "outside.svg")
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: picture '.*' lies outside the workspace\. Copy it in\."):
        find(root, name)


@pytest.mark.parametrize("name", ["gone.svg", "a\0b.svg", "x" * 300 + ".svg", ".", "folder", "ftp://example.org/x.png"])
def test_a_name_that_is_no_file_is_a_problem_at_its_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "issue/folder").mkdir(parents=True)
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: no picture"):
        find(tmp_path, name)


def test_a_picture_without_a_name_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match="names no file"):
        find(tmp_path, "")


def test_an_svg_that_names_entities_reads_no_file_of_this_machine(tmp_path: Path) -> None:
    write(tmp_path, "secret.txt", "SECRET")
    entity = f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'
    write(tmp_path, "issue/x.svg", f'{entity}<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">&x;</svg>')
    assert find(tmp_path, "x.svg").width == 9


def test_a_picture_too_large_to_be_meant_for_mail_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "issue/big.png", b"\x89PNG" + b"0" * 30_000_001)
    with pytest.raises(FileProblems, match=r"larger than 30 MB\. Scale it down\."):
        find(tmp_path, "big.png")


def test_a_picture_on_the_web_stays_there(tmp_path: Path) -> None:
    image = ImageFinder(tmp_path, ["static"]).find("https://example.org/x.png", tmp_path, Where("a.md", 3))
    assert (image.url, image.content, image.width) == ("https://example.org/x.png", b"", 0)
