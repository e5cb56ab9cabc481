"""Who may talk to the studio: the browser that was given its link, on this machine, from its own pages.

A page elsewhere can make a browser send requests to this machine, and can give its own name this machine's address
(DNS rebinding). So the Host header must be an address of this server, a request must not come from another site, and
it must carry the token: once in the address, from then on in a cookie that no script reads and no other site sends.
"""

from __future__ import annotations

import hmac
import ipaddress
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from newsletter.web.studio.drawing import HERE, drawn

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  compared with, not listened on
_WORDS = {
    400: ("Not this address", "This address is not the studio's. Open the link that `newsletter preview` printed."),
    401: (
        "The key is missing",
        "Open the link that `newsletter preview` printed: it carries the key to this studio. Each start has a new one.",
    ),
    403: ("Not from there", "Another site asked for this page. The studio only answers its own."),
}
_STYLE = (HERE / "assets/refused.css").read_text("utf-8")
"""Stands in the page: without the token no other file is answered."""
_REFUSED_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Guard:
    """Wraps the studio's app; `host` is what it listens on."""

    app: ASGIApp
    token: str
    host: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        answer = self._refusal(scope, headers)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    given[name] = value
                given.setdefault("content-security-policy", PAGE_POLICY)
            await send(message)

        await (answer or self.app)(scope, receive, guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not is_own(headers.getlist("host"), self.host, self.port):
            return _refused(400)
        if not _from_here(headers, scope["method"]):
            return _refused(403)
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        offered = next((value for name, value in query if name == "token"), None)
        if offered is not None and scope["method"] == "GET" and self._is_token(offered):
            return self._welcome(scope["path"], [pair for pair in query if pair[0] != "token"])
        if self._is_token(_cookie(headers, self._name)):
            return None
        # A frame that is answered with nothing stays as it is: no page about keys takes an email's place.
        # https://www.rfc-editor.org/rfc/rfc9110#section-15.3.5
        return Response(status_code=204) if headers.get("sec-fetch-dest") == "iframe" else _refused(401)

    @property
    def _name(self) -> str:
        """Cookies know no ports: each studio of a machine has one of its own."""
        return f"newsletter-studio-{self.port}"

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())

    def _welcome(self, path: str, query: Sequence[tuple[str, str]]) -> Response:
        """The same page without the token in its address, which history and screenshots show."""
        rest = f"?{urlencode(query)}" if query else ""
        answer = RedirectResponse(f"/{path.lstrip('/')}{rest}", 303)
        answer.set_cookie(self._name, self.token, path="/", httponly=True, samesite="strict")
        return answer


def is_own(hosts: Sequence[str], host: str, port: int) -> bool:
    """Whether the Host header names this server: an address that no other site's name can stand for."""
    try:
        asked = urlsplit(f"//{hosts[0]}") if len(hosts) == 1 else None
        name, given = (asked.hostname or "", asked.port or 80) if asked else ("", 0)
    except ValueError:
        return False
    if given != port or (asked and (asked.username is not None or asked.path)):
        return False
    if name in ("127.0.0.1", "::1", "localhost", host.lower()):
        return True
    return host in _EVERYWHERE and _is_address(name)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that host."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _from_here(headers: Headers, method: str) -> bool:
    """Whether a page of the studio asks, or a person by opening the link (https://www.w3.org/TR/fetch-metadata/)."""
    site = headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{headers.get('host')}":
        return False
    return method in ("GET", "HEAD") or origin is not None


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _refused(status: int) -> Response:
    title, words = _WORDS[status]
    page = drawn("refused.html.j2", status, title=title, words=words, style=_STYLE)
    page.headers["content-security-policy"] = _REFUSED_POLICY
    return page
