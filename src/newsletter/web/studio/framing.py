"""The email in its frame: what the browser may do with it.

The shown frame is sandboxed twice, by its element and by its own policy: no script, no form, no origin, so nothing in
an email can reach the studio. Nobody can ask such a frame how tall it is, so a twin that nobody sees measures the same
page: only our own script runs there, by a nonce, and the twin has no origin either.
"""

from __future__ import annotations

_PICTURES = "default-src 'none'; img-src data: https: http:; style-src 'unsafe-inline'; font-src data:; base-uri 'none'"
_ENDS = "form-action 'none'; frame-ancestors 'self'"
FRAME_POLICY = f"sandbox; {_PICTURES}; {_ENDS}"
"""For the email that is shown."""
MEASURE_POLICY = f"sandbox allow-scripts; {_PICTURES}; script-src 'nonce-NONCE'; {_ENDS}"
"""For its twin, with a nonce for our script."""


def private(policy: str) -> str:
    """The policy for an email with a person's values in it: an address in it could tell them to another server."""
    return policy.replace("img-src data: https: http:", "img-src data:")


_SCRIPT = """
(() => {
  const tell = () => {
    const places = {};
    for (const one of document.querySelectorAll('[data-place]')) {
      const box = one.getBoundingClientRect();
      for (const number of one.dataset.place.split(' ')) {
        places[number] = [box.left + scrollX, box.top + scrollY, box.width, box.height];
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


def measured(html: str, nonce: str) -> str:
    """The page with the script that tells its parent how tall it is, and where its marked elements are."""
    script = f'<script nonce="{nonce}">{_SCRIPT}</script>'
    at = html.lower().rfind("</body>")
    return f"{html[:at]}{script}{html[at:]}" if at >= 0 else html + script


def refused_page() -> str:
    """What the frame holds before there is anything to show."""
    return "<!doctype html><html lang=en><title>Nothing to show yet</title>"
