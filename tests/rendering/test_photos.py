"""Photos made ready for mail: as small as they can be, upright, in sRGB, and without what cameras write into them."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import ImageCms, PngImagePlugin

from newsletter.errors import FileProblems
from newsletter.model import Image, Where
from newsletter.rendering.photos import fit

HERE = Where("issues/i/a.md", 12)
GPS = 0x8825


def image(content: bytes, kind: str, size: tuple[int, int]) -> Image:
    return Image("x", sha256(content).hexdigest(), f"image/{kind.lower()}", *size, content, where=HERE)


def saved(picture: Pillow.Image, kind: str, **options: object) -> Image:
    out = BytesIO()
    picture.save(out, kind, **options)
    return image(out.getvalue(), kind, picture.size)


def opened(content: bytes) -> Pillow.Image:
    picture = Pillow.open(BytesIO(content))
    picture.load()
    return picture


def photo(width: int = 400, height: int = 200) -> Pillow.Image:
    """Something with as many colours as a photo: three soft noises."""
    bands = [Pillow.effect_noise((width // 8, height // 8), 90).resize((width, height)) for _ in range(3)]
    return Pillow.merge("RGB", bands)


def near(one: object, other: tuple[int, ...], by: int = 4) -> bool:
    assert isinstance(one, tuple)
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


# ── size ──


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_wide_picture_becomes_as_wide_as_asked_and_a_narrow_one_keeps_its_width(kind: str) -> None:
    original = saved(photo(), kind)
    assert opened(fit(original, 100)[0]).size == (100, 50)
    assert opened(fit(original, 1104)[0]).size == (400, 200)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("width", [100, 390, 400, 1104])
def test_no_picture_grows(kind: str, width: int) -> None:
    options = {"quality": 30} if kind == "JPEG" else {"optimize": True}
    original = saved(photo(), kind, **options)
    assert len(fit(original, width)[0]) <= len(original.content) or kind == "GIF"


def test_a_careless_jpeg_is_compressed_anew_and_a_careful_one_keeps_its_data() -> None:
    careless, careful = saved(photo(), "JPEG", quality=100, subsampling=0), saved(photo(), "JPEG", quality=70)
    assert len(fit(careless, 800)[0]) < 0.8 * len(careless.content)
    assert fit(careful, 800)[0] == careful.content


def test_a_photo_saved_as_png_is_mailed_as_jpeg_and_flat_or_clear_ones_as_png() -> None:
    content, media_type, _ = fit(saved(photo(900, 600), "PNG"), 1104)
    assert (media_type, opened(content).format) == ("image/jpeg", "JPEG")
    clear = photo(900, 600).convert("RGBA")
    clear.putalpha(Pillow.linear_gradient("L").resize(clear.size))
    assert fit(saved(clear, "PNG"), 1104)[1] == "image/png"
    assert fit(saved(Pillow.new("RGB", (900, 600), "red"), "PNG"), 1104)[1] == "image/png"


def test_a_flat_png_becomes_smaller_without_losing_a_colour() -> None:
    flat = Pillow.new("RGB", (300, 300), "white")
    for step in range(200):
        flat.paste((step, 255 - step, 7 * step % 256), (step, step, step + 90, step + 3))
    original = saved(flat, "PNG")
    content = fit(original, 800)[0]
    assert len(content) < len(original.content)
    assert opened(content).convert("RGB").tobytes() == flat.tobytes()


# ── colours ──


def test_transparency_is_kept_and_hidden_colours_do_not_bleed() -> None:
    clear = Pillow.new("RGBA", (400, 200), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (0, 0, 200, 200))
    for kind in ("PNG", "WEBP"):
        options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
        small = opened(fit(saved(clear, kind, **options), 100)[0]).convert("RGBA")
        assert small.getpixel((10, 10)) == (0, 0, 255, 255)
        assert small.getpixel((90, 10))[3] == 0  # type: ignore[index]
        seam = [small.getpixel((x, 25)) for x in range(45, 55)]
        assert all(one[0] <= 8 for one in seam if isinstance(one, tuple) and one[3] > 60), seam


def test_a_palette_with_a_clear_colour_is_kept_clear() -> None:
    flat = Pillow.new("P", (400, 200), 0)
    flat.putpalette([255, 255, 255, 0, 128, 0])
    flat.paste(1, (0, 0, 200, 200))
    small = opened(fit(saved(flat, "PNG", transparency=0), 100)[0]).convert("RGBA")
    assert near(small.getpixel((10, 10)), (0, 128, 0, 255))
    assert small.getpixel((small.width - 10, 10))[3] == 0  # type: ignore[index]


def test_sixteen_bits_of_grey_keep_their_brightness() -> None:
    grey = Pillow.new("I;16", (400, 200), 32_896)
    assert opened(fit(saved(grey, "PNG"), 100)[0]).convert("L").getpixel((50, 25)) == 128


def test_one_bit_stays_black_and_white() -> None:
    lines = Pillow.new("1", (400, 200), 1)
    lines.paste(0, (0, 0, 200, 200))
    small = opened(fit(saved(lines, "PNG"), 100)[0]).convert("L")
    assert (small.getpixel((10, 10)), small.getpixel((90, 10))) == (0, 255)


def test_a_print_jpeg_becomes_one_for_screens() -> None:
    original = saved(Pillow.new("CMYK", (400, 200), (0, 255, 255, 0)), "JPEG")
    for width in (100, 800):
        small = opened(fit(original, width)[0])
        assert small.mode == "RGB"
        assert near(small.getpixel((10, 10)), (255, 0, 0), 6)


def exchanged() -> bytes:
    """The sRGB profile under another name, with its red and blue primaries exchanged."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    renamed = plain.replace(b"s\0R\0G\0B", b"X\0R\0G\0B").replace(b"sRGB", b"XRGB")
    return renamed.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("width", [100, 800])
def test_a_foreign_colour_profile_is_converted_and_left_out(kind: str, width: int) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    original = saved(Pillow.new("RGB", (400, 200), (200, 30, 30)), kind, icc_profile=exchanged(), **options)
    small = opened(fit(original, width)[0])
    assert "icc_profile" not in small.info
    red, _, blue = small.convert("RGB").getpixel((10, 10))  # type: ignore[misc]
    assert blue > 180 > 60 > red, "what the profile calls red is blue"


def test_a_damaged_colour_profile_does_not_stop_a_picture() -> None:
    original = saved(Pillow.new("RGB", (400, 200), (200, 30, 30)), "JPEG", icc_profile=b"nonsense", quality=95)
    small = opened(fit(original, 100)[0])
    assert near(small.getpixel((10, 10)), (200, 30, 30))


# ── what cameras write ──


def exif(orientation: int) -> Pillow.Exif:
    written = Pillow.Exif()
    written[0x0112] = orientation
    written[0x010E] = "SECRETPLACE"
    written.get_ifd(GPS)[1] = "N"
    return written


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("width", [100, 1104])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_where_a_photo_was_taken_is_not_mailed(kind: str, width: int, orientation: int) -> None:
    stored = saved(photo(), kind, exif=exif(orientation))
    assert b"SECRETPLACE" in stored.content
    size = (200, 400) if orientation == 6 else (400, 200)
    content = fit(image(stored.content, kind, size), width)[0]
    assert b"SECRETPLACE" not in content
    assert not opened(content).getexif()
    assert opened(content).size == (min(size[0], width), round(size[1] * min(size[0], width) / size[0]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_small_photo_taken_on_its_side_stands_upright(kind: str) -> None:
    lying = Pillow.new("RGB", (400, 200), "red")
    lying.paste("blue", (0, 0, 200, 200))
    stored = saved(lying, kind, exif=exif(6))
    upright = opened(fit(image(stored.content, kind, (200, 400)), 1104)[0]).convert("RGB")
    assert upright.size == (200, 400)
    assert near(upright.getpixel((100, 50)), (0, 0, 255), 12)
    assert near(upright.getpixel((100, 350)), (255, 0, 0), 12)


def test_comments_texts_and_what_hangs_behind_the_end_are_not_mailed() -> None:
    jpeg = saved(photo(), "JPEG", quality=70, comment=b"SECRETPLACE", progressive=True)
    behind = image(jpeg.content + b"SECRETPLACE a film", "JPEG", (400, 200))
    for original in (jpeg, behind):
        assert b"SECRETPLACE" not in fit(original, 800)[0]
        assert opened(fit(original, 800)[0]).tobytes() == opened(jpeg.content).tobytes()
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "SECRETPLACE")
    texts.add_itxt("XML:com.adobe.xmp", "SECRETPLACE")
    png = saved(Pillow.effect_noise((200, 100), 60), "PNG", pnginfo=texts, optimize=True)
    content = fit(image(png.content + b"SECRETPLACE", "PNG", (200, 100)), 800)[0]
    assert b"SECRETPLACE" not in content
    assert opened(content).tobytes() == opened(png.content).tobytes()


# ── pictures that move ──


def moving(kind: str) -> Image:
    frames = [Pillow.new("RGB", (400, 200), color) for color in ("red", "green", "blue")]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, loop=0)


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_a_picture_that_moves_still_moves(kind: str) -> None:
    content, media_type, findings = fit(moving(kind), 100)
    assert (media_type, findings) == (f"image/{kind.lower()}", ())
    assert opened(content).n_frames == 3  # type: ignore[attr-defined]


def test_a_webp_that_moves_stands_still_and_that_is_said() -> None:
    content, media_type, (finding,) = fit(moving("WEBP"), 100)
    assert (opened(content).size, media_type) == ((100, 50), "image/png")
    assert (finding.rule, finding.where) == ("image-still", HERE)
    assert "Save it as GIF" in finding.message


# ── damage ──


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("width", [100, 1104])
def test_a_file_that_was_cut_off_is_a_problem_at_the_authors_line(kind: str, width: int) -> None:
    whole = saved(photo(), kind)
    cut = image(whole.content[: len(whole.content) // 2], kind, (400, 200))
    with pytest.raises(FileProblems, match=r"^issues/i/a\.md:12: picture 'x' cannot be read: .* Is the file whole\?$"):
        fit(cut, width)


@settings(deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.integers(10, 10_000), st.binary(min_size=1, max_size=8))
def test_damage_anywhere_is_a_picture_or_a_problem(kind: str, at: int, junk: bytes) -> None:
    whole = saved(Pillow.new("RGB", (40, 20), "red"), kind).content
    at %= len(whole)
    damaged = whole[:at] + junk + whole[at + len(junk) :]
    try:
        content, media_type, _ = fit(image(damaged, kind, (40, 20)), 20)
    except FileProblems as error:
        assert error.problems[0].where == HERE
    else:
        assert media_type in ("image/png", "image/jpeg", "image/gif")
        assert content
