"""Pictures made ready for mail."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image as Pillow

from newsletter.errors import FileProblems
from newsletter.model import Image
from newsletter.rendering.pictures import picture_for


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
