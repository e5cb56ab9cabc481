"""Light logos and drawings on light pages."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image as Pillow
from PIL import ImageDraw

from newsletter.model import Image
from newsletter.rendering.light_ground import safe_on_light
from newsletter.rendering.pictures import picture_for

PAPER, DARK = "#ffffff", "#161d2b"
CLEAR, GROUND = (0, 0, 0, 0), (22, 29, 43, 255)


def drawn(draw: Callable[[ImageDraw.ImageDraw], object]) -> bytes:
    """What is drawn on a clear ground of 120 × 40."""
    picture = Pillow.new("RGBA", (120, 40), CLEAR)
    draw(ImageDraw.Draw(picture))
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def name_in(color: str) -> bytes:
    """Five letters: bars of 8 × 24."""
    return drawn(lambda pen: [pen.rectangle((left, 8, left + 7, 31), fill=color) for left in range(20, 100, 16)])


def pixels(png: bytes) -> Pillow.Image:
    return Pillow.open(BytesIO(png)).convert("RGBA")


@pytest.mark.parametrize("color", ["#ffffff", "#f4f4f4", "#d8e0ff"])
def test_a_light_logo_gets_the_ground_of_the_dark_page_with_round_corners(color: str) -> None:
    made = pixels(safe_on_light(name_in(color), PAPER, DARK, 0.05))
    assert made.size == (120, 40)
    assert made.getpixel((60, 3)) == GROUND
    assert made.getpixel((0, 0))[3] < 40, "the corners are clear"  # type: ignore[index]
    assert made.getpixel((24, 20)) == pixels(name_in(color)).getpixel((24, 20)), "its letters are as they were"


@pytest.mark.parametrize("color", ["#000000", "#0b5fff", "#ffff66", "#bbbbbb"])
def test_a_logo_that_is_seen_on_the_light_page_stays_as_it_is(color: str) -> None:
    assert safe_on_light(name_in(color), PAPER, DARK, 0.05) == name_in(color)


def test_a_white_name_beside_a_coloured_mark_is_seen_too() -> None:
    mark = drawn(
        lambda pen: (pen.ellipse((2, 2, 37, 37), fill="#ff7a59"), pen.rectangle((50, 10, 110, 30), fill="#fff"))
    )
    made = pixels(safe_on_light(mark, PAPER, DARK, 0.05))
    assert made.getpixel((60, 3)) == GROUND
    assert {(255, 122, 89, 255), (255, 255, 255, 255)} <= {color for _, color in made.getcolors(9999) or ()}


def test_white_within_a_badge_around_letters_and_under_letters_is_no_loss() -> None:
    badge = drawn(
        lambda pen: (pen.rounded_rectangle((0, 0, 119, 39), 18, "#0b5fff"), pen.rectangle((30, 10, 90, 30), "#fff"))
    )
    outlined = drawn(lambda pen: pen.rectangle((30, 10, 90, 30), fill="#14213d", outline="#ffffff", width=6))
    card = drawn(lambda pen: (pen.ellipse((20, 0, 60, 39), "#fff"), pen.rectangle((30, 12, 48, 28), "#14213d")))
    for logo in (badge, outlined, card):
        assert safe_on_light(logo, PAPER, DARK, 0.05) == logo


def test_a_logo_that_reaches_the_edges_keeps_off_those_of_its_ground() -> None:
    wide = drawn(lambda pen: [pen.rectangle((left, 0, left + 9, 39), fill="#fff") for left in range(0, 120, 22)])
    made = pixels(safe_on_light(wide, PAPER, DARK, 0.05))
    assert {made.getpixel((place, 4)) for place in range(10, 110)} == {GROUND}
    assert max(made.crop((0, 20, 120, 21)).convert("L").tobytes()) == 255


def test_a_drawing_gets_a_ground_to_its_edges_and_a_logo_a_plate() -> None:
    image = Image("l.png", "light-logo", "image/png", 120, 40, name_in("#ffffff"))
    drawing = picture_for(image, 120, on_dark=DARK, ground=PAPER, on_light=PAPER)
    logo = picture_for(image, 120, on_dark=DARK, on_light=PAPER)
    assert pixels(drawing.content).getpixel((0, 0)) == GROUND
    assert pixels(logo.content).getpixel((0, 0))[3] < 40  # type: ignore[index]
    assert pixels(logo.content).getpixel((60, 2)) == GROUND


def test_a_light_logo_on_a_page_that_is_not_white_is_seen() -> None:
    assert safe_on_light(name_in("#ffffff"), "#0b5fff", DARK, 0.05) == name_in("#ffffff")
    assert safe_on_light(name_in("#ffffff"), "#fffdf0", DARK, 0.05) != name_in("#ffffff")
