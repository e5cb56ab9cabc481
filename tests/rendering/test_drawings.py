"""SVG drawn: its text is seen, nothing leads out of it, and its size is that of a browser."""

from __future__ import annotations

import base64
import time
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image as Pillow

from newsletter.errors import FileProblems
from newsletter.model import Image, Where
from newsletter.rendering import fonts
from newsletter.rendering.drawings import draw, make_safe
from newsletter.rendering.fonts import foreign_characters, is_installed, missing_characters
from newsletter.rendering.resvg import FALLBACK

HERE = Where("issues/i/a.md", 12)
NOWHERE = "No Such Family 4711"
"""A family that no machine has."""


def svg(inner: str, attributes: str = 'width="600" height="300"', size: tuple[int, int] = (600, 300)) -> Image:
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    content = f"<svg {head} {attributes}>{inner}</svg>".encode()
    return Image("x.svg", sha256(content).hexdigest(), "image/svg+xml", *size, content, where=HERE)


def pixels(image: Image, width: int = 600) -> Pillow.Image:
    with Pillow.open(BytesIO(draw(image, width)[0])) as drawn:
        return drawn.convert("RGBA")


def ink(image: Image) -> tuple[int, int, int, int] | None:
    """The box around what was drawn."""
    return pixels(image).getchannel("A").getbbox()


def said(image: Image) -> list[str]:
    return [finding.message for finding in draw(image, 600)[1]]


def text(words: str, font: str = f'font-family="{NOWHERE}"', style: str = "") -> Image:
    return svg(f'<style>{style}</style><text class="a" x="20" y="150" font-size="60" {font}>{words}</text>')


# ── text is never silently blank ──


def test_text_in_a_missing_family_is_drawn_and_said_at_the_authors_line() -> None:
    image = text("Hello")
    assert ink(image) is not None
    (finding,) = draw(image, 600)[1]
    assert (finding.rule, finding.where) == ("svg-font", HERE)
    assert finding.message == (
        f"'x.svg': text in {NOWHERE} is drawn in {FALLBACK}, because that font is not installed here. "
        "Convert the text to paths, or install the font."
    )


@pytest.mark.parametrize("words", ["Grüße, Łódź", "Здравствуйте", "Καλημέρα", "1 234 € – „Ja“ …"])
def test_the_fallback_has_the_letters_of_europe(words: str) -> None:
    assert missing_characters(words) == ""
    assert ink(text(words)) is not None


def test_weights_and_slants_of_the_fallback_are_told_apart() -> None:
    def weight(attributes: str) -> int:
        drawn = pixels(text("Hello", f'font-family="{NOWHERE}" {attributes}'))
        return sum(drawn.getchannel("A").histogram()[128:])

    assert weight('font-weight="300"') < weight('font-weight="400"') < weight('font-weight="700"')
    upright, slanted = pixels(text("Hello")), pixels(text("Hello", f'font-family="{NOWHERE}" font-style="italic"'))
    assert upright.tobytes() != slanted.tobytes()


@pytest.mark.parametrize(
    ("font", "style"),
    [
        (f'font-family="{NOWHERE}"', ""),
        (f"""font-family="'{NOWHERE}', 'No Such 4712'" """, ""),
        (f"style=\"font-family:'{NOWHERE}'\"", ""),
        (f"style=\"font: italic bold 60px/1.2 '{NOWHERE}', 'No Such 4712'\"", ""),
        ("", f".a {{ font-family: {NOWHERE} }}"),
        ("", f"svg text {{ font: 60px '{NOWHERE}' }}"),
        ('font-family="sans-serif"', f"text {{ font-family: '{NOWHERE}' }}"),
        ('style="font-family: sans-serif"', f"text.a {{ font-family: '{NOWHERE}' !important }}"),
        ("", f"text {{ font-family: sans-serif }} .a {{ font-family: '{NOWHERE}' }} text {{ font-family: serif }}"),
        ("", f"@media print {{ }} p > {{ }} .a {{ font-family: '{NOWHERE}' }}"),
    ],
)
def test_a_family_is_found_wherever_it_is_asked_for(font: str, style: str) -> None:
    image = text("Hello", font, style)
    assert ink(image) is not None
    assert len(said(image)) == 1
    assert NOWHERE in said(image)[0]


@pytest.mark.parametrize(
    "inner",
    [
        f'<g font-family="{NOWHERE}"><text y="90">Hello</text></g>',
        f'<text y="90" font-family="sans-serif"><tspan font-family="{NOWHERE}">Hello</tspan></text>',
        f'<text y="90" font-family="{NOWHERE}"><tspan font-family="sans-serif">Hi</tspan>Hello</text>',
        f'<g font-family="{NOWHERE}"><text y="90" font-family="inherit">Hello</text></g>',
    ],
)
def test_a_family_is_inherited_as_css_says(inner: str) -> None:
    assert len(said(svg(inner))) == 1


@pytest.mark.parametrize(
    "inner",
    [
        f'<g font-family="{NOWHERE}"><text y="90" font-family="sans-serif">Hello</text></g>',
        f'<text y="90" font-family="{NOWHERE}"> <tspan font-family="sans-serif">Hello</tspan>\n</text>',
        f'<text y="90" font-family="{NOWHERE}, {FALLBACK}">Hello</text>',
        '<text y="90">Hello</text>',
        f'<rect width="9" height="9" style="font-family:{NOWHERE}"/>',
        f'<style>rect {{ font-family: {NOWHERE} }}</style><text y="90">Hello</text>',
    ],
)
def test_a_family_that_no_text_is_left_to_is_not_said(inner: str) -> None:
    assert said(svg(inner)) == []


def test_another_generic_family_than_the_fallbacks_is_said() -> None:
    assert "text in monospace is drawn in Noto Sans" in said(text("Hello", 'font-family="monospace"'))[0]
    assert said(text("Hello", 'font-family="Noto Sans, monospace"')) == []


def test_beside_a_letter_that_no_font_has_every_foreign_one_is_a_box_and_said() -> None:
    (told,) = said(text("Hello \U0010fffd \u0645\u0631", 'font-family="sans-serif"'))
    assert "boxes for U+10FFFD \u0645 (U+0645) \u0631 (U+0631)." in told


def test_a_text_in_letters_of_another_font_is_not_said_to_be_drawn_in_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "missing_characters", lambda characters: "")
    family, letters = said(text("Hello \u0645", f'font-family="{NOWHERE}"'))
    assert f"text in {NOWHERE} is drawn in another font, because" in family
    assert f"{FALLBACK} has no \u0645 (U+0645): the whole text is drawn in another font of this machine" in letters
    assert foreign_characters("A\u042f\u0645\u0301\u0645") == "\u0645"


def test_characters_that_no_font_has_are_said() -> None:
    image = text("Hello \U0010fffd!", 'font-family="sans-serif"')
    (told,) = said(image)
    assert (
        told == "'x.svg': no font here has all the letters: readers see boxes for U+10FFFD. Convert the text to paths."
    )


def test_a_character_found_in_a_cell_of_its_own_is_not_confused_with_its_neighbours() -> None:
    assert missing_characters("Ω\U0010fffdЖ\U000ffffdЯ") == "\U0010fffd\U000ffffd"
    assert missing_characters("a\u0301\u200d\u00a0 \n") == ""


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_family_name_can_be_asked_for(name: str) -> None:
    assert is_installed(name) in (True, False)


def test_the_fallback_is_always_installed() -> None:
    assert is_installed(FALLBACK)
    assert not is_installed(NOWHERE)


# ── nothing leads out of it ──


@pytest.fixture
def secret(tmp_path: Path) -> str:
    Pillow.new("RGB", (50, 50), "red").save(tmp_path / "secret.png")
    return str(tmp_path / "secret.png")


@pytest.mark.parametrize(
    "inner",
    [
        '<image href="{}" width="600" height="300"/>',
        '<image xlink:href="file://{}" width="600" height="300"/>',
        '<image href="../../../../../../..{}" width="600" height="300"/>',
        '<filter id="f"><feImage href="{}"/></filter><rect width="600" height="300" filter="url(#f)"/>',
        '<image xml:base="file:///" href="{}" width="600" height="300"/>',
        '<image href="DATA:text/plain,x" width="600" height="300"/><image href="{}" width="600" height="300"/>',
    ],
)
def test_files_of_this_machine_are_not_drawn_and_what_is_missing_is_said(inner: str, secret: str) -> None:
    image = svg(inner.format(secret))
    assert ink(image) is None
    assert any("secret.png' is not part of the file" in one for one in said(image))


def test_a_drawing_in_a_drawing_cannot_reach_out_either(secret: str) -> None:
    inner = f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{secret}" width="600" height="300"/></svg>'
    data = base64.b64encode(inner.encode()).decode()
    image = svg(f'<image href="data:image/svg+xml;base64,{data}" width="600" height="300"/>')
    assert ink(image) is None
    assert len(said(image)) == 1


@pytest.mark.parametrize(
    "inner",
    [
        '<rect width="9" height="9" fill="url(http://example.org/x.svg#a)"/>',
        """<rect width="9" height="9" style="fill:url('//example.org/x#a')"/>""",
        "<style>@import url(http://example.org/x.css); rect { fill: URL( http://example.org/x ) }</style>",
        '<style>@import "http://example.org/x.css"</style>',
        "<style>@font-face { font-family: X; src: url(http://example.org/x.woff) }</style>",
        '<?xml-stylesheet href="http://example.org/x.css"?>',
        "<script>fetch('http://example.org')</script>",
        '<script href="http://example.org/x.js"/>',
        '<a href="http://example.org"><rect width="9" height="9"/></a>',
        '<foreignObject><iframe src="http://example.org"/></foreignObject>',
        '<use xlink:href="http://example.org/x.svg#a"/>',
    ],
)
def test_no_address_is_left_in_what_is_drawn(inner: str) -> None:
    root = etree.fromstring(svg(inner).content)
    make_safe(root)
    assert "example.org" not in etree.tostring(root, encoding="unicode")


def test_what_points_into_the_drawing_stays() -> None:
    inner = (
        '<defs><linearGradient id="g"><stop stop-color="#ff0000"/></linearGradient></defs><style>#b{fill:url("#g")}'
        '</style><rect id="a" width="300" height="300" fill="url(#g)"/><rect id="b" x="300" width="300" height="300"/>'
    )
    drawn = pixels(svg(inner))
    assert [drawn.getpixel((x, 150)) for x in (150, 450)] == [(255, 0, 0, 255)] * 2


def embedded(size: tuple[int, int], mode: str = "RGB") -> str:
    out = BytesIO()
    Pillow.new(mode, size, 1 if mode == "1" else "red").save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"


def test_a_photo_written_into_the_drawing_stays_and_a_bomb_does_not() -> None:
    image = svg(f'<image href="{embedded((20, 10))}" width="600" height="300"/>')
    assert pixels(image).getpixel((300, 150)) == (255, 0, 0, 255)
    assert said(image) == []
    bomb = svg(f'<image href="{embedded((20_000, 5_000), "1")}" width="600" height="300"/>')
    assert ink(bomb) is None
    assert "is not part of the file" in said(bomb)[0]


def test_words_that_cannot_be_drawn_are_said_unless_something_stands_in_for_them() -> None:
    words = '<foreignObject width="600" height="300"><p xmlns="http://www.w3.org/1999/xhtml">Hello</p></foreignObject>'
    assert "text in a <foreignObject> is left out" in said(svg(words))[0]
    assert said(svg(f'<switch>{words}<text y="90">Hello</text></switch>')) == []
    assert said(svg("<foreignObject> </foreignObject>")) == []


def test_text_behind_a_comment_is_not_lost_with_it() -> None:
    assert ink(svg('<text x="20" y="90" font-size="60">A<!-- b -->C</text>')) == ink(
        svg('<text x="20" y="90" font-size="60">AC</text>')
    )


# ── size ──


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ('width="200" viewBox="0 0 400 100"', (200, 50)),
        ('width="100%" height="100%" viewBox="0 0 4e2 1e2"', (400, 100)),
        ('viewBox="0,0,400,100"', (400, 100)),
        ('width="40mm" height="10mm" viewBox="0 0 400 100"', (151, 38)),
        ('height="50" viewBox="0 0 400 100" preserveAspectRatio="none"', (200, 50)),
    ],
)
def test_the_whole_drawing_fills_its_place(attributes: str, size: tuple[int, int]) -> None:
    drawn = pixels(svg('<rect width="400" height="100" fill="#00ff00"/>', attributes, size), 800)
    assert drawn.width == 800
    assert abs(drawn.height - 800 * size[1] / size[0]) <= 1
    corners = [(1, 3), (798, 3), (1, drawn.height - 4), (798, drawn.height - 4)]
    assert [drawn.getpixel(one) for one in corners] == [(0, 255, 0, 255)] * 4


def test_a_huge_drawing_costs_no_more_than_its_place() -> None:
    circle = '<circle cx="10000" cy="10000" r="9000"/>'
    started = time.process_time()
    drawn = pixels(svg(circle, 'width="20000" height="20000"', (20_000, 20_000)), 1104)
    assert drawn.size == (1104, 1104)
    assert time.process_time() - started < 3


def test_a_drawing_that_multiplies_is_refused_at_the_authors_line() -> None:
    layers = "".join(f'<g id="g{n}">{f"""<use href="#g{n - 1}"/>""" * 10}</g>' for n in range(1, 10))
    image = svg(f'<defs><rect id="g0" width="1" height="1"/>{layers}</defs><use href="#g9"/>')
    with pytest.raises(FileProblems, match=r"^issues/i/a\.md:12: 'x\.svg' cannot be drawn: .*limit"):
        draw(image, 600)


@pytest.mark.parametrize(
    "effect",
    [
        '<feTurbulence baseFrequency="0.05" numOctaves="2000000000"/>',
        '<feMorphology operator="dilate" radius="5000 1e9"/>',
        '<feGaussianBlur stdDeviation="1e9"/>',
    ],
)
def test_an_effect_of_endless_size_is_drawn_with_less(effect: str) -> None:
    started = time.process_time()
    pixels(svg(f'<filter id="f">{effect}</filter><rect width="600" height="300" filter="url(#f)"/>'))
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "inner",
    ['<filter id="f">' + '<feGaussianBlur stdDeviation="50"/>' * 201 + "</filter>", f"<text>{'Hi ' * 7000}</text>"],
)
def test_a_drawing_made_to_take_minutes_is_refused_at_the_authors_line(inner: str) -> None:
    with pytest.raises(FileProblems, match=r"^issues/i/a\.md:12: 'x\.svg' has more effects or text than can be drawn"):
        draw(svg(inner), 600)


def test_a_drawing_that_would_end_the_process_is_refused_at_the_authors_line() -> None:
    tile = '<rect width="9" height="9"/>'
    tile = f'<pattern id="p" width="1e6" height="1e6" patternUnits="userSpaceOnUse">{tile}</pattern>'
    with pytest.raises(FileProblems, match=r"^issues/i/a\.md:12: 'x\.svg' cannot be drawn: .* Export it as a PNG\."):
        draw(svg(f'{tile}<rect width="600" height="300" fill="url(#p)"/>'), 1104)


def test_patterns_and_filters_are_drawn_with_text_in_the_fallback() -> None:
    tile = '<rect width="9" height="9" fill="red"/>'
    tile = f'<pattern id="p" width="9" height="9" patternUnits="userSpaceOnUse">{tile}</pattern>'
    drawn = pixels(svg(f'{tile}<rect width="600" height="300" fill="url(#p)"/>'))
    assert drawn.getpixel((300, 150)) == (255, 0, 0, 255)
    shadow = '<filter id="f"><feDropShadow dx="1" dy="1" stdDeviation="1"/></filter>'
    assert ink(svg(f'{shadow}<text x="20" y="90" font-family="{NOWHERE}" filter="url(#f)">Hello</text>')) is not None


def test_what_is_said_of_many_fonts_fits_a_screen() -> None:
    many = "".join(f'<text y="9" font-family="{NOWHERE}{number}">a</text>' for number in range(40))
    messages = said(svg(many))
    assert len(messages) == 6
    assert messages[-1] == "'x.svg': and text in 35 more fonts that are not installed here."


def test_an_image_without_a_line_is_named_by_its_file() -> None:
    with pytest.raises(FileProblems, match=r"^x\.svg: "):
        draw(replace(svg("", size=(1, 90_000)), where=Where("")), 600)
