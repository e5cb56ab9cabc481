"""The email in its frame: what the browser may do with it.

The shown frame is sandboxed twice, by its element and by its own policy: no script, no form, no origin, so nothing in
an email can reach the studio. Nobody can ask such a frame how tall it is, so a twin that nobody sees measures the same
page: only our own script runs there, by a nonce, and the twin has no origin either.
"""

from __future__ import annotations

import secrets

from starlette.responses import HTMLResponse, Response

_PICTURES = "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'"
_ENDS = "form-action 'none'; frame-ancestors 'self'"
FRAME_POLICY = f"sandbox; {_PICTURES}; {_ENDS}"
"""For the email that is shown."""
MEASURE_POLICY = f"sandbox allow-scripts; {_PICTURES}; script-src 'nonce-NONCE'; {_ENDS}"
"""For its twin, with a nonce for our script."""

_SCRIPT = """
(() => {
  const tell = () => {
    const places = {};
    for (const one of document.querySelectorAll('[data-place]')) {
      const box = one.getBoundingClientRect();
      for (const number of one.dataset.place.split(' ')) {
        const [left, top] = [box.left + scrollX, box.top + scrollY];
        const [x, y, width, height] = places[number] ?? [left, top, box.width, box.height];
        const from = [Math.min(x, left), Math.min(y, top)];
        places[number] = [
          ...from, Math.max(x + width, left + box.width) - from[0], Math.max(y + height, top + box.height) - from[1],
        ];
      }
    }
    const root = document.documentElement;
    const height = Math.ceil(Math.max(root.getBoundingClientRect().height, document.body.scrollHeight));
    parent.postMessage({kind: 'measured', height, width: root.scrollWidth, places}, '*');
  };
  new ResizeObserver(tell).observe(document.body);
  addEventListener('load', tell);
  tell();
})();
"""


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
    script = f'<script nonce="{nonce}">{_SCRIPT}</script>'
    at = html.lower().rfind("</body>")
    return f"{html[:at]}{script}{html[at:]}" if at >= 0 else html + script


def refused_page() -> str:
    """What the frame holds before there is anything to show."""
    return "<!doctype html><html lang=en><title>Nothing to show yet</title>"
