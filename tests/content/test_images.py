"""Pictures are found, measured as they are shown, and never taken from outside."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
        ('viewBox="0 0 4e2 1E+2"', (400, 100)),
        ('viewBox="0,0,.4e3,100."', (400, 100)),
        ('width="1e2" viewBox="0 0 400 100"', (100, 25)),
        ('width="-5" height="auto" viewBox="0 0 40 10"', (40, 10)),
        ('width="254mm" height="25.4mm"', (960, 96)),
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


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("orientation", "size"), [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))])
def test_a_photo_that_lies_on_its_side_has_the_size_it_is_shown_at(
    tmp_path: Path, kind: str, orientation: int, size: tuple[int, int]
) -> None:
    write(tmp_path, "issue/photo.jpg", raster(kind, (30, 20), orientation))
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


@pytest.mark.parametrize("name", ["gone.svg", "a\0b.svg", "x" * 300 + ".svg", "ftp://example.org/x.png"])
def test_a_name_that_is_no_file_is_a_problem_at_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: no picture"):
        find(tmp_path, name)


def test_a_missing_picture_outside_the_workspace_is_told_without_the_disks_own_folders(tmp_path: Path) -> None:
    (tmp_path / "issue").mkdir()
    with pytest.raises(FileProblems) as caught:
        find(tmp_path, "../../static/none.png")
    expected = "issues/tides/issue.yaml:9: picture '../../static/none.png' lies outside the workspace. Copy it in."
    assert str(caught.value) == expected


def test_a_picture_without_a_name_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match="names no file"):
        find(tmp_path, "")


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "entities",
    [
        '<!ENTITY a9 SYSTEM "file:///etc/hostname">',
        '<!ENTITY % b SYSTEM "file:///etc/hostname"> %b;',
        f'<!ENTITY a0 "ha">{LAUGHS}',
    ],
    ids=["a file", "a file of declarations", "a billion laughs"],
)
def test_entities_that_read_files_or_swell_are_refused_at_the_authors_line(tmp_path: Path, entities: str) -> None:
    drawing = f'<!DOCTYPE svg [{entities}]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">&a9;</svg>'
    write(tmp_path, "issue/x.svg", drawing)
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: 'issue/x\.svg' is not a readable SVG picture: .*ntity"):
        find(tmp_path, "x.svg")


def test_entities_that_drawing_programs_write_for_namespaces_are_read(tmp_path: Path) -> None:
    head = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"'
    write(
        tmp_path,
        "issue/x.svg",
        f'{head} [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]><svg xmlns="&ns_svg;" width="9" height="9"/>',
    )
    assert find(tmp_path, "x.svg").width == 9


def test_an_svg_in_another_encoding_is_read_by_its_declaration(tmp_path: Path) -> None:
    drawing = '<?xml version="1.0" encoding="ISO-8859-1"?>' + svg('width="9" height="9" id="café"')
    write(tmp_path, "issue/x.svg", drawing.encode("latin-1"))
    assert find(tmp_path, "x.svg").width == 9
    write(tmp_path, "issue/y.svg", svg('width="9" height="9" id="café"').encode("latin-1"))
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: 'issue/y\.svg' is not a readable SVG"):
        find(tmp_path, "y.svg")


def test_a_zipped_svg_is_unpacked_and_one_that_swells_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "issue/x.svgz", gzip.compress(svg('width="9" height="8"').encode()))
    image = find(tmp_path, "x.svgz")
    assert ((image.width, image.height), image.media_type) == ((9, 8), "image/svg+xml")
    write(tmp_path, "issue/bomb.svgz", gzip.compress(b" " * 30_000_001))
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: picture 'issue/bomb\.svgz' is larger than 30 MB"):
        find(tmp_path, "bomb.svgz")
    write(tmp_path, "issue/cut.svgz", b"\x1f\x8b\x08\x07nothing")
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: 'issue/cut\.svgz' cannot be unpacked"):
        find(tmp_path, "cut.svgz")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><rect", "is not a readable SVG picture"),
        ("x.svg", b"<html><body>Not found</body></html>", "its root is <html>"),
        ("x.png", b"<!doctype html><title>Not found</title>", "is not a PNG, JPEG, GIF, WebP or SVG picture"),
        ("x.jpg", b"\xff\xd8\xff", "is not a PNG, JPEG, GIF, WebP or SVG picture"),
        ("x.png", b"", "is empty"),
        ("x.svg", b"", "is empty"),
        ("x.svg", svg('width="1e9" height="1"').encode(), "a side of more than 1000000 pixels"),
        ("x.svg", svg('viewBox="0 0 1 1e300" width="9e9"').encode(), "a side of more than 1000000 pixels"),
    ],
)
def test_what_is_no_picture_is_a_problem_at_the_authors_line(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    write(tmp_path, f"issue/{name}", content)
    with pytest.raises(FileProblems, match=rf"^issues/tides/issue\.yaml:9: .*{said}"):
        find(tmp_path, name)


def test_a_small_file_of_too_many_pixels_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    out = BytesIO()
    Pillow.new("1", (30_000, 30_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    write(tmp_path, "issue/bomb.png", out.getvalue())
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: .*more than 89 million pixels\. Scale it down"):
        find(tmp_path, "bomb.png")


@pytest.mark.parametrize("name", ["größe 1.png", "gr%C3%B6%C3%9Fe%201.png", "größe 1.png?width=20", " größe 1.png "])
def test_names_are_found_as_people_and_as_sites_write_them(tmp_path: Path, name: str) -> None:
    write(tmp_path, "issue/größe 1.png", raster("PNG", (30, 20)))
    assert find(tmp_path, name).path == "issue/größe 1.png"


def test_each_use_of_a_picture_knows_its_own_line(tmp_path: Path) -> None:
    write(tmp_path, "issue/x.png", raster("PNG", (30, 20)))
    finder = ImageFinder(tmp_path, ["static"])
    one = finder.find("x.png", tmp_path / "issue", Where("a.md", 3))
    two = finder.find("x.png", tmp_path / "issue", Where("b.md", 7))
    assert (str(one.where), str(two.where)) == ("a.md:3", "b.md:7")
    assert one == two


def on_site(root: Path, name: str) -> Image:
    return ImageFinder(root, ["static"], "https://example.org").find(name, root / "issue", HERE)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("/uploads/a.jpg", "https://example.org/uploads/a.jpg"),
        ("/uploads/a b.PNG?v=2", "https://example.org/uploads/a%20b.PNG?v=2"),
        ("/uploads/a%20b.webp", "https://example.org/uploads/a%20b.webp"),
        ('/uploads/a"b.gif', "https://example.org/uploads/a%22b.gif"),
    ],
)
def test_a_photo_that_only_the_site_has_stays_there(tmp_path: Path, name: str, url: str) -> None:
    image = on_site(tmp_path, name)
    assert (image.url, image.path, image.where, image.content) == (url, name, HERE, b"")


@pytest.mark.parametrize(
    "name",
    ["/uploads/a.svg", "uploads/a.jpg", "/../a.png", "/uploads/../../etc/passwd", "/uploads/%2e%2e/a.png", "/a\n.png"],
)
def test_a_missing_picture_that_mail_cannot_show_or_the_site_cannot_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileProblems, match=r"issue\.yaml:9: no picture"):
        on_site(tmp_path, name)


def test_without_a_site_a_missing_photo_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    write(tmp_path, "static/uploads/photo.jpg", raster("JPEG", (30, 20)))
    with pytest.raises(FileProblems, match=r"no picture '/uploads/foto\.jpg'\. Did you mean 'photo\.jpg'\?"):
        find(tmp_path, "/uploads/foto.jpg")


@settings(deadline=None)
@given(st.text(max_size=60))
def test_whatever_is_written_as_a_picture_is_read_left_on_the_web_or_refused(name: str) -> None:
    root = Path(__file__).parent
    try:
        image = ImageFinder(root, ["static"], "https://example.org").find(name, root, HERE)
    except FileProblems as error:
        assert error.problems[0].where == HERE
    else:
        assert image.url.startswith("http")


def test_a_picture_too_large_to_be_meant_for_mail_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "issue/big.png", b"\x89PNG" + b"0" * 30_000_001)
    with pytest.raises(FileProblems, match=r"larger than 30 MB\. Scale it down\."):
        find(tmp_path, "big.png")


def test_a_picture_on_the_web_stays_there(tmp_path: Path) -> None:
    image = ImageFinder(tmp_path, ["static"]).find("https://example.org/x.png", tmp_path, Where("a.md", 3))
    assert (image.url, image.content, image.width) == ("https://example.org/x.png", b"", 0)


def test_a_folder_in_the_place_of_a_picture_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "issue/images").mkdir(parents=True)
    for name, such in (("images", "images"), ("images/", "images"), (".", r"\.")):
        with pytest.raises(FileProblems, match=rf"'{name}' is a folder\. Name a picture in it, such as {such}/photo"):
            find(tmp_path, name)
