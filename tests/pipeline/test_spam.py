"""`check --spam`: the score of the real message, by a SpamAssassin on PATH or an rspamd that answers over HTTP."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from newsletter.checks.spam_score import SpamScore
from newsletter.cli.main import newsletter
from newsletter.errors import SettingsError
from newsletter.pipeline import spam
from newsletter.pipeline.spam import VARIABLE, spam_filter
from tests.conftest import Workspace

# What SpamAssassin 4 prints with -t: the message with its headers added, and a report at the end.
SPAMASSASSIN = """#!{python}
import sys
content = sys.stdin.buffer.read().decode()
open({seen!r}, "w").write(" ".join(sys.argv[1:]) + "\\n" + content)
print('''X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-26) on example.org
X-Spam-Flag: YES
X-Spam-Status: Yes, score={score} required=5.0 tests=HTML_IMAGE_ONLY_04,
\\tMPART_ALT_DIFF,NO_RELAYS autolearn=no autolearn_force=no version=4.0.1
''' + content + '''
Content analysis details:   ({score} points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RELAYS              Informational: message was not relayed via SMTP
 2.2 MPART_ALT_DIFF         BODY: HTML and text parts are different
 3.1 HTML_IMAGE_ONLY_04     BODY: HTML: images with 0-400 bytes of words
''')
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH, and no rspamd on its usual port."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(VARIABLE, raising=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(spam, "RSPAMD", f"http://127.0.0.1:{free.getsockname()[1]}")
    return folder


def _command(folder: Path, text: str) -> None:
    (folder / "spamassassin").write_text(text)
    (folder / "spamassassin").chmod(0o755)


def _check(workspace: Workspace, *arguments: str) -> Result:
    return CliRunner().invoke(newsletter, ["--workspace", str(workspace.root), "check", *arguments])


@pytest.mark.parametrize(("score", "severity", "code"), [(5.3, "error", 1), (2.5, "warning", 0), (2.4, None, 0)])
def test_spamassassin_scores_the_message_that_would_leave(
    workspace: Workspace, path: Path, tmp_path: Path, score: float, severity: str | None, code: int
) -> None:
    seen = tmp_path / "seen"
    _command(path, SPAMASSASSIN.format(python=sys.executable, seen=str(seen), score=score))
    done = _check(workspace, "tides", "--profession", "cook", "--spam", "--json")
    document = json.loads(done.stdout)
    found = [one for one in document["findings"] if one["rule"] == "spam-score"]
    assert [one["severity"] for one in found] == ([severity] if severity else [])
    assert getattr(done.exception, "exit_code", 0) == code
    if found:
        assert found[0]["file"] == "issues/tides/issue.yaml"
        assert found[0]["message"] == (
            f"SpamAssassin gives {score:g} points and calls 5 spam: HTML_IMAGE_ONLY_04 3.1, MPART_ALT_DIFF 2.2."
        )
    (verdict,) = document["spam"]
    assert (verdict["variant"], verdict["score"], verdict["required"]) == ("cook", score, 5.0)
    arguments, _, message = seen.read_text().partition("\n")
    assert arguments == "-L -t"
    real = message_from_bytes(message.encode())
    assert real["Subject"] == "Tides for cooks"
    assert [part.get_content_type() for part in real.walk()][:2] == ["multipart/alternative", "text/plain"]
    assert "High water" in message


def test_without_a_filter_it_says_what_to_install_and_is_no_finding(workspace: Workspace, path: Path) -> None:
    done = _check(workspace, "tides", "--spam")
    assert isinstance(done.exception, SettingsError)
    assert done.exception.exit_code == 2
    assert "no `spamassassin` on PATH, and no rspamd at" in str(done.exception)


def test_a_filter_that_fails_and_a_file_that_is_no_message_are_said_in_words(workspace: Workspace, path: Path) -> None:
    _command(path, "#!/bin/sh\necho 'config: no rules were found!' >&2; exit 2\n")
    assert "no rules were found" in str(_check(workspace, "tides", "--spam").exception)
    workspace.write("mail.html", "<p>Hi</p>")
    failed = _check(workspace, str(workspace.root / "mail.html"), "--spam").exception
    assert "a spam filter judges whole messages" in str(failed)


class _Rspamd(BaseHTTPRequestHandler):
    seen: list[tuple[str, bytes]]
    answer: tuple[int, bytes] = (200, b"")

    def do_POST(self) -> None:
        self.seen.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.answer[0])
        self.send_header("Location", "http://192.0.2.1/")
        self.end_headers()
        self.wfile.write(self.answer[1])

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def rspamd() -> Iterator[tuple[str, type[_Rspamd]]]:
    handler = type("Handler", (_Rspamd,), {"seen": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


SYMBOLS = {"MIME_GOOD": {"score": -0.1}, "R_PARTS_DIFFER": {"score": 1.0}, "MANY_INVISIBLE_PARTS": {"score": 0.5}}


@pytest.mark.parametrize("configured", [True, False])
def test_rspamd_is_asked_where_it_is_configured_or_usually_answers(
    path: Path, rspamd: tuple[str, type[_Rspamd]], monkeypatch: pytest.MonkeyPatch, configured: bool
) -> None:
    url, handler = rspamd
    handler.answer = (200, json.dumps({"score": 1.4, "required_score": 15.0, "symbols": SYMBOLS}).encode())
    monkeypatch.setattr(spam, "RSPAMD", "http://127.0.0.1:1" if configured else url)
    score = spam_filter({VARIABLE: url} if configured else {"PATH": os.environ["PATH"]})
    tests = (("MIME_GOOD", -0.1), ("R_PARTS_DIFFER", 1.0), ("MANY_INVISIBLE_PARTS", 0.5))
    assert score("cook", b"Subject: x\r\n\r\nHi") == SpamScore("cook", "rspamd", 1.4, 15.0, tests)
    assert handler.seen == [("/checkv2", b"Subject: x\r\n\r\nHi")]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, b"<html>"), "gives an answer that is none of /checkv2's"),
        ((200, b"[]"), "gives an answer that is none of /checkv2's"),
        ((403, b""), "answers 403 Forbidden"),
        ((302, b""), "answers 302 Found"),
    ],
)
def test_an_rspamd_that_answers_otherwise_is_said_and_no_redirect_is_followed(
    path: Path, rspamd: tuple[str, type[_Rspamd]], answer: tuple[int, bytes], said: str
) -> None:
    url, handler = rspamd
    handler.answer = answer
    with pytest.raises(SettingsError, match=said):
        spam_filter({VARIABLE: url})("cook", b"Subject: x\r\n\r\nHi")
    assert len(handler.seen) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "rspamd", "http://user:word@127.0.0.1", "http://"])
def test_what_is_no_address_of_rspamd_is_refused(path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=VARIABLE):
        spam_filter({VARIABLE: url})
