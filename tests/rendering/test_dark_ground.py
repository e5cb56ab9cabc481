"""Logos on dark pages."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from newsletter.model import Image
from newsletter.rendering.dark_ground import safe_on_dark, with_ground
from newsletter.rendering.pictures import picture_for

PAGE = "#10141f"


def logo(color: str, ground: str = "#00000000") -> bytes:
    """A bar of 60 × 20 in the middle of 100 × 60."""
    picture = Pillow.new("RGBA", (100, 60), ground)
    ImageDraw.Draw(picture).rectangle((20, 20, 79, 39), fill=color)
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def pixels(png: bytes) -> Pillow.Image:
    return Pillow.open(BytesIO(png)).convert("RGBA")


@pytest.mark.parametrize("color", ["#000000", "#14213d", "#0b2a6b", "#5a1010"])
def test_a_dark_logo_on_a_clear_ground_gets_a_light_outline(color: str) -> None:
    png = safe_on_dark(logo(color), PAGE, 4)
    drawn = pixels(png)
    assert drawn.size == (100, 60)
    assert drawn.getpixel((50, 30)) == pixels(logo(color)).getpixel((50, 30)), "the logo itself stays"
    red, green, blue, alpha = drawn.getpixel((50, 17))  # type: ignore[misc]
    assert (red, green, blue) == (255, 255, 255)
    assert alpha > 200, "just outside its edge it is light"
    assert drawn.getpixel((50, 8)) == (255, 255, 255, 0), "and clear further out"


@pytest.mark.parametrize("color", ["#ffffff", "#ff7a59", "#808080", "#ffcc00"])
def test_a_logo_that_is_seen_on_the_dark_page_stays_as_it_is(color: str) -> None:
    assert safe_on_dark(logo(color), PAGE, 4) == logo(color)


def test_a_dark_logo_with_its_own_ground_stays_as_it_is() -> None:
    assert safe_on_dark(logo("#000000", "#ffffff"), PAGE, 4) == logo("#000000", "#ffffff")


def test_an_empty_picture_stays_as_it_is() -> None:
    assert safe_on_dark(logo("#00000000"), PAGE, 4) == logo("#00000000")


def test_only_what_is_dark_gets_an_outline() -> None:
    picture = pixels(logo("#000000"))
    ImageDraw.Draw(picture).rectangle((20, 20, 49, 39), fill="#ffcc00")
    out = BytesIO()
    picture.save(out, "PNG")
    drawn = pixels(safe_on_dark(out.getvalue(), PAGE, 4))
    assert drawn.getpixel((25, 17)) == (255, 255, 255, 0)
    assert drawn.getpixel((75, 17))[3] > 200  # type: ignore[index]


def test_on_a_white_page_the_outline_is_not_seen() -> None:
    page = Pillow.new("RGBA", (100, 60), "white")
    before = Pillow.alpha_composite(page, pixels(logo("#14213d")))
    after = Pillow.alpha_composite(page, pixels(safe_on_dark(logo("#14213d"), PAGE, 4)))
    assert before.tobytes() == after.tobytes()


def test_a_page_may_be_written_in_three_digits() -> None:
    assert safe_on_dark(logo("#000"), "#111", 4) == safe_on_dark(logo("#000"), "#111111", 4) != logo("#000")


def test_the_outline_is_only_drawn_when_it_is_asked_for() -> None:
    image = Image("l.png", "dark-logo", "image/png", 100, 60, logo("#14213d"))
    plain, safe = picture_for(image, 100), picture_for(image, 100, on_dark=PAGE)
    assert pixels(plain.content).getpixel((50, 17)) == (0, 0, 0, 0)
    assert pixels(safe.content).getpixel((50, 17))[3] > 200  # type: ignore[index]
    assert plain.name != safe.name


def test_a_drawing_in_black_gets_the_ground_it_needs() -> None:
    with Pillow.open(BytesIO(with_ground(logo("#000000"), PAGE, "#fffdf0"))) as made:
        assert made.convert("RGBA").getpixel((2, 2)) == (255, 253, 240, 255)
        assert made.convert("RGBA").getpixel((50, 30)) == (0, 0, 0, 255)


def test_a_drawing_that_is_seen_and_a_dark_photo_with_round_corners_stay_as_they_are() -> None:
    bright = logo("#ffcc00")
    assert with_ground(bright, PAGE, "#ffffff") == bright
    picture = Pillow.new("RGBA", (400, 300))
    ImageDraw.Draw(picture).rounded_rectangle((0, 0, 399, 299), 60, fill="#101010")
    out = BytesIO()
    picture.save(out, "PNG")
    assert with_ground(out.getvalue(), PAGE, "#ffffff") == out.getvalue()
