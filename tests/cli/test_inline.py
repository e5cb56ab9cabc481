"""`newsletter inline`: any HTML email file, anywhere, comes out whole; what is no email is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Workspace

EMAIL = "<!doctype html>\n<html><head><style>p{color:red}</style></head><body><p>Hello</p></body></html>\n"
INLINED = '<!doctype html>\n<html><head></head><body><p style="color:red">Hello</p></body></html>\n'


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    """A folder that is no workspace."""
    return Workspace(tmp_path)


def test_the_email_goes_to_standard_output(folder: Workspace) -> None:
    folder.write("a.html", EMAIL)
    done = folder.run("inline", "a.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, INLINED, "")


def test_out_writes_the_file_and_nothing_else(folder: Workspace) -> None:
    folder.write("a.html", EMAIL)
    done = folder.run("inline", "a.html", "--out", "b.html")
    assert (done.returncode, done.stdout) == (0, "")
    assert (folder.root / "b.html").read_text() == INLINED
    assert sorted(path.name for path in folder.root.iterdir()) == ["a.html", "b.html"]


def test_a_file_can_be_written_over_itself_and_keeps_its_mode(folder: Workspace) -> None:
    folder.write("a.html", EMAIL)
    (folder.root / "a.html").chmod(0o640)
    assert folder.run("inline", "a.html", "--out", "a.html").returncode == 0
    assert (folder.root / "a.html").read_text() == INLINED
    assert (folder.root / "a.html").stat().st_mode & 0o777 == 0o640


def test_json_is_one_document_with_the_html_in_it_unless_it_went_to_a_file(folder: Workspace) -> None:
    folder.write("a.html", EMAIL)
    shown = json.loads(folder.run("inline", "a.html", "--json").stdout)
    assert shown == {
        "file": "a.html",
        "out": None,
        "bytes_before": len(EMAIL),
        "bytes_after": len(INLINED),
        "findings": [],
        "html": INLINED,
    }
    written = json.loads(folder.run("inline", "a.html", "--json", "--out", "b.html").stdout)
    assert written == {**{key: value for key, value in shown.items() if key != "html"}, "out": "b.html"}


def test_a_linked_style_sheet_stays_and_a_finding_names_its_line(folder: Workspace) -> None:
    folder.write("a.html", EMAIL.replace("<style>", '\n<link rel="stylesheet" href="x.css"><style>'))
    done = folder.run("inline", "a.html", "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert '<link rel="stylesheet" href="x.css">' in document["html"]
    (finding,) = document["findings"]
    assert (finding["rule"], finding["severity"], finding["file"], finding["line"]) == (
        "linked-styles",
        "warning",
        "a.html",
        3,
    )
    assert "'x.css' are not applied" in finding["message"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a.html: the file is empty."),
        (b" \n\n", "a.html: the file is empty."),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "a.html: not a text file."),
        (b"<!doctype html>", "a.html: the page is empty."),
        (b"\xef\xbb\xbf", "a.html: the page is empty."),
        (b"just words", "a.html: there is not one HTML tag in it."),
    ],
)
def test_what_is_no_email_is_refused_in_words(folder: Workspace, content: bytes, words: str) -> None:
    (folder.root / "a.html").write_bytes(content)
    done = folder.run("inline", "a.html", "--out", "b.html")
    assert done.returncode == 2
    assert f"Error: {words}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder.root / "b.html").exists()


def test_missing_files_and_folders_are_refused_in_words(folder: Workspace) -> None:
    folder.write("a.html", EMAIL)
    (folder.root / "folder").mkdir()
    for arguments, words in (
        (("none.html",), "none.html: no such file."),
        (("folder",), "folder: cannot be read: a folder, not a file."),
        (("a.html", "--out", "folder"), "folder: is a folder. Name the file to write."),
        (("a.html", "--out", "none/b.html"), "none/b.html: cannot be written: No such file or directory."),
    ):
        done = folder.run("inline", *arguments)
        assert (done.returncode, done.stdout) == (2, ""), arguments
        assert f"Error: {words}" in done.stderr


@pytest.mark.parametrize(
    "content",
    [
        "<p>Größe – €</p>".encode(),
        b"\xef\xbb\xbf" + "<p>Größe – €</p>".encode(),
        b"\xff\xfe" + "<p>Größe – €</p>".encode("utf-16-le"),
        "<p>Größe – €</p>".encode("cp1252"),
        '<meta charset="iso-8859-1"><p>Größe – €</p>'.encode("cp1252"),
        '<meta charset="iso-8859-1"><p>Größe – €</p>'.encode(),
        '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15"><p>Größe – €</p>'.encode(
            "iso-8859-15", "xmlcharrefreplace"
        ),
        '<meta charset="utf-7"><p>Größe – €</p>'.encode(),
        '<meta charset="hex"><p>Größe – €</p>'.encode(),
    ],
)
def test_letters_survive_whatever_the_encoding(folder: Workspace, content: bytes) -> None:
    (folder.root / "a.html").write_bytes(content)
    done = folder.run("inline", "a.html")
    assert done.returncode == 0
    assert "<p>Gr&#246;&#223;e &#8211; &#8364;</p>" in done.stdout


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"<style>p{color:red}</style><p>" + b"<div>" * 3000 + b"deep", "not-inlined"),
        (
            b'<style>p{color:red}</style><p style="width:' + b"calc(" * 500 + b"1px" + b")" * 500 + b'">deep',
            "not-inlined",
        ),
        (b"<style>p{width:" + b"calc(" * 500 + b"1px" + b")" * 500 + b"}</style><p>deep", "deep-styles"),
    ],
)
def test_what_cannot_be_inlined_whole_is_written_as_it_was_and_said(
    folder: Workspace, content: bytes, rule: str
) -> None:
    (folder.root / "a.html").write_bytes(content)
    done = folder.run("inline", "a.html", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [one["rule"] for one in document["findings"]] == [rule]
    assert "deep" in document["html"]
    if rule == "not-inlined":
        assert document["html"].encode() == content


def test_a_stray_control_character_does_not_make_a_page_something_else(folder: Workspace) -> None:
    (folder.root / "a.html").write_bytes(b"<style>p{color:red}</style><p>wo\x00rds</p>")
    done = folder.run("inline", "a.html")
    assert done.returncode == 0, done.stderr
    assert '<p style="color:red">words</p>' in done.stdout
