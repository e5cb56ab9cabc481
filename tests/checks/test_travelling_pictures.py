"""Pictures that travel in a file of mail (`cid:`): looked at as those of an issue are, at the line that names them."""

from __future__ import annotations

from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from newsletter.checks.picture_kinds import kind_of
from newsletter.pipeline import file_pictures
from newsletter.pipeline.checking import check_file
from tests.checks.mails import PAGE

BODY = '<p>High water comes at noon.</p>\n<p>See:\n<img src="cid:a@example.org" alt="A" {drawn}></p>'
LINE = 7
"""Where the body names its picture."""
USUAL = 'width="300"'


def _picture(kind: str, *frames: int, size: tuple[int, int] = (300, 100), noise: bool = False) -> bytes:
    """A picture of so many frames, or one; of noise it can hardly be made smaller."""
    made = [
        Image.frombytes("L", size, Random(one).randbytes(size[0] * size[1])) if noise else Image.new("L", size, one)
        for one in frames or (1,)
    ]
    stream = BytesIO()
    made[0].save(stream, kind, **({"save_all": True, "append_images": made[1:]} if made[1:] else {}))
    return stream.getvalue()


def _told(folder: Path, *contents: bytes, drawn: str = USUAL, body: str = BODY) -> list[tuple[str, int, str]]:
    """What is found in a mail with these pictures, the first of them shown; what clients support is left out."""
    message = EmailMessage()
    for name, value in {"From": "Town News <news@example.org>", "To": "ada@example.org", "Subject": "Tides"}.items():
        message[name] = value
    message.set_content("High water comes at noon.")
    message.add_alternative(PAGE.format(body=body.format(drawn=drawn), style=""), "html")
    names = ["<a@example.org>", *(f"<{number}@example.org>" for number in range(1, len(contents)))]
    for name, content in zip(names, contents, strict=True):
        message.get_payload()[1].add_related(content, "image", "png", cid=name)  # type: ignore[union-attr,index]
    (folder / "m.eml").write_bytes(bytes(message))
    found = check_file(str(folder / "m.eml")).findings
    return [(one.rule, one.where.line, one.message) for one in found if one.rule != "client-support"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_whole_picture_of_a_format_that_all_show_is_told_nothing(tmp_path: Path, kind: str) -> None:
    assert _told(tmp_path, _picture(kind)) == []


@pytest.mark.parametrize("spelled", ["a@example.org", "a%40example.org", "%61%40example.org", "a&#64;example.org"])
def test_a_picture_is_found_by_its_name_also_when_signs_in_it_are_encoded(tmp_path: Path, spelled: str) -> None:
    body = BODY.replace("cid:a@example.org", f"cid:{spelled}")
    assert _told(tmp_path, _picture("PNG"), body=body) == []
    ((rule, line, _),) = _told(tmp_path, _picture("PNG")[:60], body=body)
    assert (rule, line) == ("image-source", LINE)


def test_pictures_are_looked_into_until_it_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = BODY + "".join(f'\n<img src="cid:{number}@example.org" alt="A" width="9">' for number in (1, 2))
    cut = _picture("PNG")[:60]
    assert [line for _, line, _ in _told(tmp_path, cut, cut, cut, body=body)] == [LINE, LINE + 1, LINE + 2]
    monkeypatch.setattr(file_pictures, "_MOST_PIXELS", 300 * 100 + 1)
    assert [line for _, line, _ in _told(tmp_path, cut, cut, cut, body=body)] == [LINE, LINE + 1]


@pytest.mark.parametrize(
    ("content", "drawn", "rule", "words"),
    [
        (_picture("WEBP"), USUAL, "image-format", "WebP pictures (cid:a@example.org) are not shown by every mail"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", USUAL, "image-format", "AVIF pictures"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', USUAL, "image-format", "SVG pictures"),
        (_picture("PNG", size=(1200, 400)), "", "image-width", "has no width attribute"),
        (_picture("PNG"), 'width="300" height="300"', "image-shape", "is 300 by 100"),
        (_picture("PNG") + bytes(200_000), USUAL, "image-weight", "is 200 KB; keep it under 200 KB"),
        (b"<html>Not found</html>", USUAL, "image-source", "'cid:a@example.org' is none, or damaged"),
        (b"", USUAL, "image-source", "is none, or damaged"),
    ],
)
def test_what_is_wrong_with_a_picture_is_told_at_the_line_that_shows_it(
    tmp_path: Path, content: bytes, drawn: str, rule: str, words: str
) -> None:
    ((told, line, message),) = _told(tmp_path, content, drawn=drawn)
    assert (told, line) == (rule, LINE)
    assert words in message


@pytest.mark.parametrize(("kind", "frames"), [("PNG", 1), ("JPEG", 1), ("GIF", 1), ("GIF", 3), ("WEBP", 1)])
def test_a_picture_that_is_cut_off_is_an_error_also_in_a_later_frame(tmp_path: Path, kind: str, frames: int) -> None:
    whole = _picture(kind, *range(frames), noise=True)
    ((rule, line, message), *more) = _told(tmp_path, whole[: len(whole) * 3 // 4])
    assert (rule, line) == ("image-source", LINE)
    assert message.startswith("the picture that travels as 'cid:a@example.org' cannot be read: ")
    assert [one[0] for one in more] == ["image-format"] * (kind == "WEBP")


@pytest.mark.parametrize(
    ("size", "rules"),
    [
        (1_000_001, [("gif-weight", LINE), ("images-weight", 1)]),
        (1_000_000, [("image-weight", LINE)]),
        (200_000, []),
    ],
)
def test_an_animation_that_is_played_late_is_told_by_its_own_rule_and_a_smaller_one_by_that_of_pictures(
    tmp_path: Path, size: int, rules: list[tuple[str, int]]
) -> None:
    whole = _picture("GIF", 1, 2, 3)
    found = _told(tmp_path, whole + bytes(size - len(whole)))
    assert sorted(one[:2] for one in found) == rules


def test_pictures_that_are_heavy_together_are_told_although_each_is_light(tmp_path: Path) -> None:
    light = _picture("PNG")
    light += bytes(200_000 - len(light))
    assert _told(tmp_path, *[light] * 5) == []
    assert _told(tmp_path, *[light] * 5, b"GIF87a") == [
        (
            "images-weight",
            1,
            "the pictures are 1.0 MB together and travel in every mail; keep them under 1.0 MB.",
        )
    ]


def test_pictures_beside_an_html_file_are_looked_into_and_those_elsewhere_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    whole = _picture("JPEG", noise=True)
    for name, content in {"a b.jpg": whole[:9000], "whole.jpg": whole, "heavy.jpg": whole + bytes(200_000)}.items():
        (folder / name).write_bytes(content)
    (tmp_path / "secret.jpg").write_bytes(whole[:9000])
    (folder / "linked.jpg").symlink_to(tmp_path / "secret.jpg")
    names = (
        "a%20b.jpg",
        "whole.jpg?v=2",
        "heavy.jpg",
        "../secret.jpg",
        "linked.jpg",
        "none.jpg",
        f"{tmp_path}/secret.jpg",
    )
    body = "\n".join(f'<img src="{name}" alt="A" width="300">' for name in names)
    (folder / "m.html").write_text(PAGE.format(body=body, style=""), "utf-8")
    found = check_file(str(folder / "m.html")).findings
    # A message names no more than the beginning of a long address.
    assert [(one.where.line - 4, one.message.partition("'")[2].partition("'")[0][:60]) for one in found] == [
        (1, names[0]), (1, names[0]), *((at, name[:60]) for at, name in enumerate(names, 1) if at > 1), (3, names[2])
    ]  # fmt: skip
    assert [one.message.partition("' ")[2][:14] for one in found if one.where.line == 5] == [
        "has no whole a",
        "cannot be read",
    ]
    assert found[-1].rule == "image-weight"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (_picture("TIFF"), "tiff"),
        (_picture("BMP"), "bmp"),
        (_picture("ICO", size=(16, 16)), "ico"),
        (_picture("WEBP"), "webp"),
        (b"GIF89a", "gif"),
        (b"GIF90a", ""),
        (b"\0\0\0\x18ftypheic", "heic"),
        (b"\xef\xbb\xbf\n<?xml version='1.0'?><svg/>", "svg"),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_a_format_is_told_by_the_first_bytes(content: bytes, kind: str) -> None:
    assert kind_of(content) == kind
