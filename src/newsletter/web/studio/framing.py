"""The email in its frame: what the browser may do with it.

The shown frame is sandboxed twice, by its element and by its own policy: no script, no form, no origin, so nothing in
an email can reach the studio. Nobody can ask such a frame how tall it is, so a twin that nobody sees measures the same
page: only our own script runs there, by a nonce, and the twin has no origin either. After a save the twin is given the
new email as text and is seen until the shown frame has loaded it: a page that is already there is the quickest to draw.
"""

from __future__ import annotations

import secrets

from starlette.responses import HTMLResponse, Response

from newsletter.web.studio.drawing import HERE

_PICTURES = "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'"
_ENDS = "form-action 'none'; frame-ancestors 'self'"
FRAME_POLICY = f"sandbox; {_PICTURES}; {_ENDS}"
"""For the email that is shown."""
MEASURE_POLICY = f"sandbox allow-scripts; {_PICTURES}; script-src 'nonce-NONCE'; {_ENDS}"
"""For its twin, with a nonce for our script."""

_SCRIPT = (HERE / "assets/twin.js").read_text("utf-8")


def frame(html: str, measure: bool = False, is_still: bool = False) -> Response:
    """The email for the frame that is shown, or for its twin.

    One that is `is_still` fetches no picture: with a person's values in it an address could tell them to another
    server, and a list of issues is no reason to ask every server that they name.
    """
    nonce = secrets.token_urlsafe(16)
    policy = MEASURE_POLICY.replace("NONCE", nonce) if measure else FRAME_POLICY
    if is_still:
        policy = policy.replace("img-src data: https: http:", "img-src data:")
    return HTMLResponse(measured(html, nonce) if measure else html, headers={"content-security-policy": policy})


def measured(html: str, nonce: str) -> str:
    """The page with the script that tells its parent how tall it is, and where its marked elements are."""
    script = f'<script nonce="{nonce}">\n{_SCRIPT}</script>'
    at = html.lower().rfind("</body>")
    return f"{html[:at]}{script}{html[at:]}" if at >= 0 else html + script


def refused_frame() -> Response:
    """What the frame is answered before there is anything to show: 404, so that it takes no email's place."""
    answer = frame("<!doctype html><html lang=en><title>Nothing to show yet</title>")
    answer.status_code = 404
    return answer
