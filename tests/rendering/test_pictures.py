"""Pictures made ready for mail."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import pytest
from lxml import etree
from PIL import Image as Pillow

from newsletter.errors import FileProblems
from newsletter.model import Image, Picture, Where
from newsletter.rendering.drawings import make_safe
from newsletter.rendering.pictures import _Made, picture_for


def _svg(inner: str, width: int = 600, height: int = 300) -> Image:
    content = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">{inner}</svg>'
    ).encode()
    return Image("x.svg", sha256(content).hexdigest(), "image/svg+xml", width, height, content)


def _raster(kind: str, width: int, height: int) -> Image:
    out = BytesIO()
    Pillow.effect_noise((width, height), 60).convert("RGB").save(out, kind)
    content = out.getvalue()
    return Image("x", sha256(content).hexdigest(), f"image/{kind.lower()}", width, height, content)


def _pixels(content: bytes) -> Pillow.Image:
    picture = Pillow.open(BytesIO(content))
    picture.load()
    return picture


def test_an_svg_becomes_a_png_of_twice_the_size_it_is_shown_at() -> None:
    picture = picture_for(_svg('<rect width="600" height="300" fill="#0b5fff"/>'), 264)
    assert (picture.width, picture.height, picture.media_type) == (264, 132, "image/png")
    drawn = _pixels(picture.content)
    assert drawn.size == (528, 264)
    assert drawn.convert("RGB").getpixel((100, 100)) == (11, 95, 255)


def test_a_small_picture_is_not_blown_up() -> None:
    picture = picture_for(_svg("", 40, 40), 552)
    assert (picture.width, picture.height) == (40, 40)


def test_a_large_photo_is_scaled_to_twice_its_place() -> None:
    picture = picture_for(_raster("JPEG", 3000, 1500), 552)
    assert (picture.width, picture.height) == (552, 276)
    assert _pixels(picture.content).size == (1104, 552)
    assert picture.media_type == "image/jpeg"


def test_a_photo_that_fits_stays_byte_for_byte() -> None:
    out = BytesIO()
    Pillow.effect_noise((500, 250), 60).save(out, "PNG", optimize=True)
    image = Image("x.png", "fits", "image/png", 500, 250, out.getvalue())
    assert picture_for(image, 552).content == image.content


def test_webp_becomes_something_mail_clients_show() -> None:
    picture = picture_for(_raster("WEBP", 200, 100), 552)
    assert picture.media_type == "image/png"
    assert _pixels(picture.content).format == "PNG"


def test_the_name_is_the_content(tmp_path: object) -> None:
    one, two = picture_for(_svg("<g/>"), 300), picture_for(_svg("<g></g>"), 300)
    assert one.name == two.name
    assert one.name != picture_for(_svg('<rect width="9" height="9"/>'), 300).name


@pytest.mark.parametrize("attribute", ["href", "xlink:href"])
def test_an_svg_cannot_show_files_of_this_machine(attribute: str, tmp_path: object) -> None:
    secret = f"{tmp_path}/secret.png"
    Pillow.new("RGB", (50, 50), "red").save(secret)
    for link in (secret, f"file://{secret}", f"../../../../../../../../{secret}"):
        picture = picture_for(_svg(f'<image {attribute}="{link}" width="600" height="300"/>'), 300)
        assert _pixels(picture.content).convert("RGBA").getextrema()[3] == (0, 0), "something was drawn"


def test_a_tower_of_a_picture_is_refused() -> None:
    with pytest.raises(FileProblems, match="pixels tall"):
        picture_for(_svg("", 100, 90_000), 552)


def test_a_large_photo_taken_on_its_side_stands_upright() -> None:
    stored = Pillow.new("RGB", (2000, 1000), "red")
    stored.paste("blue", (0, 0, 1000, 1000))
    exif = Pillow.Exif()
    exif[0x0112] = 6
    out = BytesIO()
    stored.save(out, "JPEG", exif=exif, quality=95)
    image = Image("photo.jpg", "d", "image/jpeg", 1000, 2000, out.getvalue())
    picture = picture_for(image, 400)
    shown = _pixels(picture.content).convert("RGB")
    assert (picture.width, picture.height, shown.size) == (400, 800, (800, 1600))
    top, bottom = shown.getpixel((400, 100)), shown.getpixel((400, 1500))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert top[2] > 200 > 50 > top[0], "blue is at the top once it is turned"
    assert bottom[0] > 200 > 50 > bottom[2]


def test_a_photo_that_was_cut_off_is_a_problem_of_that_file() -> None:
    whole = _raster("JPEG", 3000, 1500)
    cut = Image("photo.jpg", "cut", "image/jpeg", 3000, 1500, whole.content[:2000])
    with pytest.raises(
        FileProblems, match=r"^photo\.jpg: picture 'photo\.jpg' cannot be read: .* Is the file whole\?$"
    ):
        picture_for(cut, 552)


@pytest.mark.parametrize("link", ["https://example.com/x.png", "//example.com/x.png", "x.png", " file:///etc/hostname"])
def test_a_link_out_of_an_svg_is_taken_away_and_one_inside_stays(link: str) -> None:
    inside = '<defs><rect id="r" width="600" height="300" fill="#ff0000"/></defs><use href="#r"/>'
    svg = _svg(f'<image href="{link}" width="9" height="9"/>{inside}')
    drawn = _pixels(picture_for(svg, 300).content).convert("RGBA")
    assert drawn.getpixel((300, 150)) == (255, 0, 0, 255)
    root = etree.fromstring(svg.content)
    make_safe(root)
    assert link.strip() not in etree.tostring(root, encoding="unicode")


def test_a_picture_is_made_once_for_each_width_and_the_oldest_give_way() -> None:
    image = _svg('<rect width="600" height="300"/><!-- made once -->')
    assert picture_for(image, 200) is picture_for(image, 200)
    assert picture_for(image, 200) is not picture_for(image, 201)
    kept = _Made(10)
    for number in range(4):
        kept.keep(str(number), Picture("", "", 1, 1, b"1234"))
    assert [kept.get(str(number)) is not None for number in range(4)] == [False, False, True, True]
    kept.keep("large", Picture("", "", 1, 1, b"12345678901"))
    assert kept.get("large") is None


@pytest.mark.parametrize(("width", "height", "shown"), [(5000, 20, (552, 2)), (1, 1, (1, 1)), (2000, 3, (552, 1))])
def test_strips_and_dots_keep_at_least_a_pixel(width: int, height: int, shown: tuple[int, int]) -> None:
    picture = picture_for(_raster("PNG", width, height), 552)
    assert (picture.width, picture.height) == shown
    assert _pixels(picture.content).width == min(width, 1104)


def test_a_picture_names_what_it_was_made_from() -> None:
    image = _raster("PNG", 20, 10)
    assert picture_for(image, 552).source == image.digest


def test_a_problem_is_told_at_the_line_that_names_the_picture() -> None:
    image = replace(_svg("", 10, 90_000), where=Where("issues/i/a.md", 12))
    with pytest.raises(FileProblems, match=r"^issues/i/a\.md:12: 'x\.svg' would be more than 4000 pixels tall"):
        picture_for(image, 552)
