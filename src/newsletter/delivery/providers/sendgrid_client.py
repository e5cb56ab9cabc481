"""One line to SendGrid's Web API: the official library, with what it leaves out.

The library sets no timeouts, follows redirects with the key still in the headers, prints the key in its debug log and
lets the exceptions of four libraries through. Here a request ends in an `Answer`, or in `NotBegun` or `NoAnswer`: those
two tell apart what the library's exceptions do not, whether the text of the mail had begun to leave.
"""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CONNECT_TIMEOUT = 30.0
READ_TIMEOUT = 120.0
"""SendGrid answers in well under a second; giving up sooner than it does is how mail becomes doubtful."""

_CONTENT_TYPE = "application/json; charset=utf-8"
"""Anything but the bare type makes the library send text as it is, instead of encoding it again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What SendGrid answered: the status, the headers in lower case, and the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotBegun(Exception):
    """Nothing of the mail left this machine."""


class NoAnswer(Exception):
    """The mail had begun to leave, and whether SendGrid took it is not known."""


class Client:
    """A client of its own, for one thread: the library's keep what they are told between calls."""

    def __init__(
        self, key: str, host: str, connect_timeout: float = CONNECT_TIMEOUT, read_timeout: float = READ_TIMEOUT
    ) -> None:
        from sendgrid import SendGridAPIClient

        logging.getLogger("python_http_client.client").disabled = True
        self._begun = _Begun()
        opener = _opener(self._begun, connect_timeout, read_timeout)
        official = SendGridAPIClient(api_key=key, host=host)
        headers = {**official.client.request_headers, "Content-Type": _CONTENT_TYPE}
        official.client = _client_class()(opener, host=host, request_headers=headers, version=3, timeout=read_timeout)
        self._post = official.client.mail.send.post

    def send(self, body: str) -> Answer:
        """Post one mail; raises `NotBegun` and `NoAnswer`."""
        from python_http_client.exceptions import HTTPError

        self._begun.content = False
        try:
            response = self._post(request_body=_Unseen(body))
            return Answer(response.status_code, _lower(response.headers), response.body or b"")
        except HTTPError as error:
            return Answer(int(error.status_code), _lower(error.headers), error.body or b"")
        # OSError holds URLError, timeouts and TLS; reading the body of an answer may fail as well.
        except (OSError, http.client.HTTPException, ValueError) as error:
            said = _said(error)
            raise (NoAnswer(said) if self._begun.content else NotBegun(said)) from None


class _Unseen(str):
    """The mail for the library, which formats all it sends for its log, whether or not anybody reads that."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return _UnseenBytes(super().encode(encoding, errors))


class _UnseenBytes(bytes):
    def __str__(self) -> str:
        return "<mail>"


class _Begun:
    """Whether the content of the request under way had begun to be written."""

    content = False


def _client_class() -> type[Any]:
    from python_http_client import Client as LibraryClient

    class Official(LibraryClient):  # type: ignore[misc]  # the library has no types
        """The library's client, with one opener for all calls in the place of the library's own for each."""

        def __init__(self, opener: urllib.request.OpenerDirector, **options: Any) -> None:
            super().__init__(**options)
            self._opener = opener

        def _build_client(self, name: str | None = None) -> Official:
            return Official(
                self._opener,
                host=self.host,
                version=self._version,
                request_headers=self.request_headers,
                url_path=[*self._url_path, name] if name else self._url_path,
                timeout=self.timeout,
            )

        def _make_request(
            self, opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout: float | None = None
        ) -> Any:
            return super()._make_request(self._opener, request, timeout)

    return Official


class _StayHere(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the key to another host: it is an answer like any other."""

    def redirect_request(self, *arguments: Any, **named: Any) -> None:
        return None


def _opener(begun: _Begun, connect_timeout: float, read_timeout: float) -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    plain = _watched(http.client.HTTPConnection, begun, connect_timeout, read_timeout)
    encrypted = _watched(http.client.HTTPSConnection, begun, connect_timeout, read_timeout)

    class Http(urllib.request.HTTPHandler):
        def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(plain, request)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(encrypted, request, context=context)

    return urllib.request.build_opener(Http(), Https(), _StayHere())


def _watched(
    base: type[http.client.HTTPConnection], begun: _Begun, connect_timeout: float, read_timeout: float
) -> type[http.client.HTTPConnection]:
    class Watched(base):  # type: ignore[misc, valid-type]  # the same for plain and encrypted connections
        """Notes when the content begins: http.client sends the headers first, and the content by further calls."""

        _sent = 0

        def connect(self) -> None:
            self.timeout = connect_timeout
            super().connect()
            self.sock.settimeout(read_timeout)
            self._sent = 0

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            self._sent += 1
            begun.content = begun.content or self._sent > 1
            super().send(data)

    return Watched


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _said(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, (TimeoutError, socket.timeout)):
        return "it did not answer in time"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason).strip() or type(reason).__name__
