"""Fetching a web address: what a server may do to us, and where we never go."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from newsletter.content.fetching import Limits, fetch, is_public
from newsletter.errors import FileProblems

QUICK = Limits(wait=0.5, total=1.0, size=100_000)
FEED = b"<rss version='2.0'></rss>"


def _plain(handler: BaseHTTPRequestHandler, body: bytes = FEED, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def _slow(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.1)


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 10_000)


PAGES: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "/feed": _plain,
    "/gzip": lambda one: _plain(one, gzip.compress(FEED), Content_Encoding="gzip"),
    "/bomb": lambda one: _plain(one, gzip.compress(b"\0" * 5_000_000), Content_Encoding="gzip"),
    "/torn": lambda one: _plain(one, gzip.compress(FEED * 100)[:-9], Content_Encoding="gzip"),
    "/brotli": lambda one: _plain(one, Content_Encoding="br"),
    "/short": lambda one: _plain(one, Content_Length="9000"),
    "/404": lambda one: _plain(one, status=404),
    "/500": lambda one: _plain(one, status=500),
    "/moved": lambda one: _plain(one, status=301, Location="/feed"),
    "/loop": lambda one: _plain(one, status=302, Location="/loop"),
    "/nowhere": lambda one: _plain(one, status=302),
    "/inside": lambda one: _plain(one, status=302, Location="http://inside.example/secret"),
    "/file": lambda one: _plain(one, status=302, Location="file:///etc/passwd"),
    "/slow": _slow,
    "/endless": _endless,
}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        try:
            PAGES[self.path](self)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is logged."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def _resolve(host: str, port: int) -> Sequence[str]:
    return ["10.0.0.7"] if host == "inside.example" else ["127.0.0.1"]


def _fetch(port: int, page: str) -> bytes:
    url = f"http://feeds.example:{port}{page}"
    return fetch(url, QUICK, _resolve, lambda address, _: address == "127.0.0.1").content


@pytest.mark.parametrize("page", ["/feed", "/gzip", "/moved"])
def test_a_feed_comes_back_whole(port: int, page: str) -> None:
    assert _fetch(port, page) == FEED


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("/bomb", "larger than"),
        ("/endless", "larger than"),
        ("/torn", "cut off or is damaged"),
        ("/short", "cut off or is damaged"),
        ("/brotli", "encoding 'br'"),
        ("/404", "answers 404"),
        ("/500", "answers 500"),
        ("/loop", "more than 5 redirects"),
        ("/nowhere", "redirect to nowhere"),
        ("/inside", "'inside.example' leads to a private address"),
        ("/file", "begins with 'file:'"),
    ],
)
def test_a_server_that_misbehaves_is_named_with_what_it_did(port: int, page: str, said: str) -> None:
    with pytest.raises(FileProblems, match=said):
        _fetch(port, page)


def test_a_server_that_drips_is_cut_off_when_the_time_is_up(port: int) -> None:
    begun = time.monotonic()
    with pytest.raises(FileProblems, match="not there after 1 seconds"):
        _fetch(port, "/slow")
    assert time.monotonic() - begun < 3


def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(FileProblems, match="no answer for"):
            _fetch(silent.getsockname()[1], "/")
        assert time.monotonic() - begun < 3


def test_the_connection_goes_to_the_address_that_was_checked(port: int) -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.7"]])
    checked: list[str] = []

    def allowed(address: str, _: int) -> bool:
        checked.append(address)
        return True

    assert fetch(f"http://rebinding.example:{port}/feed", QUICK, lambda *_: next(answers), allowed).content == FEED
    assert checked == ["127.0.0.1"], "resolved once"


def test_a_host_with_one_private_address_among_public_ones_is_refused() -> None:
    with pytest.raises(FileProblems, match="private address"):
        fetch("https://both.example/feed", QUICK, lambda *_: ["93.184.215.14", "192.168.0.1"])


def test_what_is_wrong_with_an_address_is_said_for_itself() -> None:
    def refused(url: str) -> str:
        with pytest.raises(FileProblems) as caught:
            fetch(url, QUICK, lambda *_: ["93.184.215.14" if "public" in url else "10.0.0.1"])
        return caught.value.problems[0].message

    assert refused("http://public.example:25/").startswith("port 25 is none that web servers use, which")
    assert refused("http://inside.example/").startswith("'inside.example' leads to a private address, which")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::]"],
)
def test_no_way_of_writing_this_machine_reaches_it(host: str) -> None:
    with pytest.raises(FileProblems, match=r"private address|no host"):
        fetch(f"http://{host}:8080/", QUICK)


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "240.0.0.1"),
        *(
            "255.255.255.255",
            "fe80::1%eth0",
            "fd00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "2002:7f00:1::",
            "not an address",
        ),
        *("64:ff9b::a00:1", "198.18.0.1"),
    ],
)
def test_only_addresses_of_the_open_internet_are_public(address: str) -> None:
    assert not is_public(address, 443)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"])
def test_addresses_anybody_can_reach_are_public_on_ports_of_the_web(address: str) -> None:
    assert is_public(address, 443)
    assert not is_public(address, 25)


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.org/x", "gopher://example.org", "https://ada:secret@example.org/feed"),
        *("https://", "https://exa mple.org/", "https://example.org:99999/", "https://example.org/\r\nHost: x"),
    ],
)
def test_addresses_that_are_no_plain_web_address_are_refused_without_a_connection(url: str) -> None:
    def resolve(host: str, port: int) -> Sequence[str]:
        raise AssertionError("nothing may be looked up")

    with pytest.raises(FileProblems) as caught:
        fetch(url, QUICK, resolve)
    assert "secret" not in str(caught.value)


def test_proxies_of_the_environment_are_not_used(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert _fetch(port, "/feed") == FEED
