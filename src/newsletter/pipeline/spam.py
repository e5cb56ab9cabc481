"""The score that a spam filter of this machine gives to a message.

In: a message as it would leave (RFC 5322). Out: a `SpamScore`. SpamAssassin is run with its local rules alone (`-L`),
so nothing leaves the machine; rspamd is asked over HTTP where `NEWSLETTER_RSPAMD_URL` says, or at its usual port of
this machine. Raises `SettingsError` when there is neither, or when one does not answer.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from newsletter.checks.spam_score import SpamScore
from newsletter.errors import SettingsError

RSPAMD = "http://127.0.0.1:11333"
VARIABLE = "NEWSLETTER_RSPAMD_URL"
_SECONDS = 60
_LARGEST_ANSWER = 2_000_000
_STATUS = re.compile(r"score=(-?\d+(?:\.\d+)?)\s+required=(-?\d+(?:\.\d+)?)")
_TEST = re.compile(r"^\*?\s*(-?\d+\.\d+)\s+([A-Z][A-Z0-9_]+)\b", re.MULTILINE)

Score = Callable[[str, bytes], SpamScore]
"""(the variant's key, its message) → the verdict."""


def spam_filter(environment: Mapping[str, str]) -> Score:
    """The filter there is: rspamd where it is configured, SpamAssassin on PATH, rspamd on its usual port."""
    url = environment.get(VARIABLE, "").strip()
    if url:
        return _rspamd(url)
    command = shutil.which("spamassassin", path=environment.get("PATH"))
    if command:
        return lambda variant, message: _spamassassin(command, variant, message)
    if _listens(RSPAMD):
        return _rspamd(RSPAMD)
    raise SettingsError(
        f"there is no spam filter to ask: no `spamassassin` on PATH, and no rspamd at {RSPAMD}. Install one of them "
        f"(`apt install spamassassin`), or set {VARIABLE} to where rspamd answers."
    )


def _spamassassin(command: str, variant: str, message: bytes) -> SpamScore:
    try:
        done = subprocess.run(  # noqa: S603  # found on PATH, with fixed arguments
            [command, "-L", "-t"], input=message, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        said = f"took more than {_SECONDS} seconds" if isinstance(error, subprocess.TimeoutExpired) else str(error)
        raise SettingsError(f"{command}: cannot be asked: {said}.") from error
    try:
        judged = message_from_bytes(done.stdout, policy=policy.compat32)
        status = " ".join(str(judged.get("X-Spam-Status", "")).split())
    except (ValueError, LookupError):
        status = ""
    found = _STATUS.search(status)
    if found is None:
        said = _first_line(done.stderr) or "it gave no X-Spam-Status"
        raise SettingsError(f"{command}: cannot be asked: {said}. Has it rules (`sa-update`)?")
    # The report at the end of the message says what each rule weighs.
    report = done.stdout.decode("utf-8", "replace").rpartition("Content analysis details:")[2]
    tests = tuple((name, float(points)) for points, name in _TEST.findall(report))
    return SpamScore(variant, "SpamAssassin", float(found[1]) or 0.0, float(found[2]), tests)


def _rspamd(url: str) -> Score:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise SettingsError(f"{VARIABLE} must be an address such as {RSPAMD}.")

    def score(variant: str, message: bytes) -> SpamScore:
        # No redirects are followed: the whole mail would go wherever they lead.
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
        try:
            connection.request("POST", f"{parts.path.rstrip('/')}/checkv2", body=message)
            response = connection.getresponse()
            content = response.read(_LARGEST_ANSWER)
        except (OSError, HTTPException, ValueError) as error:
            raise SettingsError(f"rspamd at {url} does not answer: {error}.") from error
        finally:
            connection.close()
        if response.status != 200:
            raise SettingsError(f"rspamd at {url} answers {response.status} {response.reason}.")
        return _verdict(variant, content, url)

    return score


def _verdict(variant: str, content: bytes, url: str) -> SpamScore:
    try:
        answer = json.loads(content)
        symbols = answer.get("symbols", {})
        tests = tuple((str(name), float(one.get("score", 0))) for name, one in symbols.items())
        return SpamScore(variant, "rspamd", float(answer["score"]), float(answer["required_score"]), tests)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SettingsError(f"rspamd at {url} gives an answer that is none of /checkv2's.") from error


def _listens(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=0.5):
            return True
    except OSError:
        return False


def _first_line(content: bytes) -> str:
    lines = content.decode("utf-8", "replace").strip().splitlines()
    line = lines[0] if lines else ""
    return "".join(one if one.isprintable() else " " for one in line)[:200]
