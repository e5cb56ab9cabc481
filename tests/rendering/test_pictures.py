"""Pictures made ready for mail."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image as Pillow

from newsletter.errors import FileProblems
from newsletter.model import Image
from newsletter.rendering.pictures import _without_references, picture_for


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
    image = _raster("PNG", 500, 250)
    assert picture_for(image, 552).content == image.content


def test_webp_becomes_something_mail_clients_show() -> None:
    picture = picture_for(_raster("WEBP", 300, 200), 552)
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
    with pytest.raises(FileProblems, match=r"^photo\.jpg: cannot be scaled down: .* Is the file whole\?$"):
        picture_for(cut, 552)


@pytest.mark.parametrize("link", ["https://example.com/x.png", "//example.com/x.png", "x.png", " file:///etc/hostname"])
def test_a_link_out_of_an_svg_is_taken_away_and_one_inside_stays(link: str) -> None:
    inside = '<defs><rect id="r" width="600" height="300" fill="#ff0000"/></defs><use href="#r"/>'
    svg = _svg(f'<image href="{link}" width="9" height="9"/>{inside}')
    drawn = _pixels(picture_for(svg, 300).content).convert("RGBA")
    assert drawn.getpixel((300, 150)) == (255, 0, 0, 255)
    assert "example.com" not in _without_references(svg.content)
    assert link.strip() not in _without_references(svg.content)
