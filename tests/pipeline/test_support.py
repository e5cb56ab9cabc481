from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from newsletter.checks.clients.table import KEPT, SupportTable, Verdict, load_table, write_table
from newsletter.cli import checking
from newsletter.cli.main import newsletter
from newsletter.content.fetching import Fetched, Limits, fetch
from newsletter.errors import FileProblems, SettingsError
from newsletter.pipeline.checking import support_folder
from newsletter.pipeline.support import update_support

DATE = "2999-07-01"


def _answer(features: int = 300) -> bytes:
    """A table as the public interface answers it."""
    stats = {"gmail": {"ios": {"2020-02": "n", "2030-01": "y"}}, "yahoo": {"ios": {"2020-02": "a #1"}}}
    data = [{"slug": f"css-x{number}", "title": f"x{number}", "stats": stats} for number in range(features)]
    return json.dumps({"api_version": "1.0.4", "last_update_date": f"{DATE} 10:00:00 +0000", "data": data}).encode()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        answer = _answer()
        pages = {
            "/data.json": answer,
            "/cut.json": answer[: len(answer) // 2],
            "/few.json": _answer(3),
            "/page.json": b"<html>We are busy</html>",
            "/large.json": b" " * 300_000 + answer,
        }
        body = pages.get(self.path)
        self.send_response(200 if body is not None else 503)
        # The half that does not come is told of, as a server that dies does.
        self.send_header("Content-Length", str(len(body or b"") + (10 if self.path == "/cut.json" else 0)))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def _fetch(url: str) -> Fetched:
    return fetch(url, Limits(wait=2, total=5, size=200_000), allowed=lambda address, port: True)


def test_the_new_table_is_kept_and_used_from_then_on(tmp_path: Path, port: int) -> None:
    folder = tmp_path / "build/.cache"
    table = update_support(folder, f"http://127.0.0.1:{port}/data.json", _fetch)
    assert table.snapshot == DATE
    assert load_table(folder) == table
    assert table.verdict("css-x7", "gmail-ios") is Verdict.YES
    assert table.verdict("css-x7", "yahoo-ios") is Verdict.PARTIAL
    assert [one.name for one in folder.iterdir()] == [KEPT]


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("missing.json", "it answers 503"),
        ("cut.json", "cut off or is damaged"),
        ("few.json", "the answer has 3 features"),
        ("page.json", "the answer is not JSON"),
        ("large.json", "larger than"),
    ],
)
def test_an_answer_that_is_no_table_leaves_the_one_there_is(tmp_path: Path, port: int, page: str, said: str) -> None:
    kept = write_table(update_support(tmp_path, f"http://127.0.0.1:{port}/data.json", _fetch))
    with pytest.raises(FileProblems, match=rf"{said}.*The table of {DATE} stays in use\."):
        update_support(tmp_path, f"http://127.0.0.1:{port}/{page}", _fetch)
    assert [one.name for one in tmp_path.iterdir()] == [KEPT]
    assert (tmp_path / KEPT).read_text("utf-8") == kept


def test_without_a_network_the_shipped_table_serves(tmp_path: Path) -> None:
    def nothing(url: str) -> Fetched:
        return fetch(url, Limits(wait=1, total=1), resolve=lambda host, port: [])

    with pytest.raises(FileProblems, match="stays in use"):
        update_support(tmp_path, fetch=nothing)
    assert load_table(tmp_path) == load_table()


def test_a_server_of_this_machine_is_not_asked_unless_a_test_allows_it(tmp_path: Path, port: int) -> None:
    with pytest.raises(FileProblems, match="private address"):
        update_support(tmp_path, f"http://127.0.0.1:{port}/data.json")


def test_a_folder_that_cannot_be_written_is_told_of(tmp_path: Path, port: int) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(FileProblems, match="cannot be written"):
        update_support(tmp_path / "file", f"http://127.0.0.1:{port}/data.json", _fetch)


def _everything(folder: Path) -> SupportTable:
    """A table of a day when every client supports all, kept in the folder."""
    shipped = load_table()
    features = {slug: (title, "y" * len(letters)) for slug, (title, letters) in shipped.features.items()}
    table = replace(shipped, snapshot=DATE, features=features)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / KEPT).write_text(write_table(table), "utf-8")
    return table


@pytest.mark.parametrize("in_workspace", [False, True])
def test_the_table_is_refreshed_for_a_file_also_without_a_workspace_and_counts_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_workspace: bool
) -> None:
    file = tmp_path / "mail.html"
    file.write_text('<p>Tides</p>\n<div style="display:flex"><p>A</p><p>B</p></div>\n', "utf-8")
    if in_workspace:
        (tmp_path / "newsletter.yaml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(checking, "update_support", _everything)

    def told(*more: str) -> str:
        done = CliRunner().invoke(newsletter, ["check", str(file), "--format", "text", *more], standalone_mode=False)
        assert done.exception is None
        return done.output

    folder = tmp_path / ("build/.cache" if in_workspace else "cache/newsletter")
    assert "mail.html:2: warning: " in told()
    updated = told("--update-support")
    assert f"The support table is of {DATE} now. It is kept in {folder}." in updated
    assert (folder / KEPT).is_file()
    assert "nothing found" in updated and "nothing found" in told()


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, Path("/c/newsletter")),
        ({"XDG_CACHE_HOME": "c", "HOME": "/h"}, Path("/h/.cache/newsletter")),
        ({"HOME": "/h"}, Path("/h/.cache/newsletter")),
        ({}, None),
    ],
)
def test_without_a_workspace_the_table_is_kept_in_the_persons_cache(
    environment: dict[str, str], folder: Path | None
) -> None:
    assert support_folder(None, environment) == folder
    assert support_folder(Path("/w"), environment) == Path("/w/build/.cache")


def test_where_nothing_can_be_kept_a_refresh_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    done = CliRunner().invoke(newsletter, ["check", "--update-support"], standalone_mode=False)
    assert isinstance(done.exception, SettingsError) and "Set XDG_CACHE_HOME" in str(done.exception)
