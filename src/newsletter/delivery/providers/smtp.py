"""The provider that speaks SMTP (RFC 5321), envelopes pipelined where the server offers it (RFC 2920).

In: `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`. smtplib connects, encrypts and signs in; the
transaction is ours, because what a broken connection means depends on whether the message's text had begun to leave.
Port 587 or `smtp+starttls` insists on encryption, and so do credentials.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from newsletter.delivery.providers.contract import ProviderGone
from newsletter.errors import SettingsError
from newsletter.model import DeliveryId, Message, Outcome, Result

CONNECT_TIMEOUT = 30.0
COMMAND_TIMEOUT = 300.0
FINAL_REPLY_TIMEOUT = 600.0
"""RFC 5321 §4.5.3.2.6: giving up on the last reply sooner is how mail is sent twice."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NO_SUCH_ADDRESS = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")
_OUR_FAULT = re.compile(r"5\.7\.\d+|5\.3\.\d+")
_Reply = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect and as whom; the password is never shown."""

    host: str
    port: int
    encryption: str
    user: str = ""
    password: str = field(default="", repr=False)


def parse_server(url: str) -> Server:
    """The server an SMTP URL names; raises `SettingsError` without repeating the URL: it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    ports = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
    if parts.scheme not in ports or not parts.hostname:
        raise SettingsError("the SMTP address must read smtp://host:port, smtps://… or smtp+starttls://user:password@…")
    port = port or ports[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    guarded = parts.scheme == "smtp+starttls" or port == 587 or (user and parts.hostname not in _LOOPBACK)
    encryption = "tls" if parts.scheme == "smtps" else "starttls" if guarded else "none"
    return Server(parts.hostname, port, encryption, user, password)


class Smtp:
    """A mail server that takes messages."""

    group = 5

    def __init__(self, server: Server, connections: int) -> None:
        self._server = server
        self.connections = connections

    def connect(self) -> _SmtpConnection:
        return _SmtpConnection(self._server)

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> None:
        return None


class _Lost(Exception):
    """The connection broke; what had been asked before is answered, the rest is not."""


class _SmtpConnection:
    def __init__(self, server: Server) -> None:
        self._server = server
        self._session = _open(server)
        self._pipelining = self._session.has_extn("pipelining")

    def deliver(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        lost = ""
        for message in messages:
            if lost:
                yield Outcome(Result.UNSENT, lost)
                continue
            try:
                outcome, ours = self._transaction(message)
            except _Lost as error:
                lost = str(error)
                yield Outcome(Result.UNSENT, lost)
                continue
            yield outcome
            if ours:
                raise ProviderGone(f"{self._server.host} refuses this sender: {outcome.reason}")
            if outcome.result is Result.UNCERTAIN or outcome.reason.startswith("421"):
                lost = outcome.reason

    def close(self) -> None:
        try:
            self._session.quit()
        except (OSError, smtplib.SMTPException):
            self._session.close()

    def _transaction(self, message: Message) -> tuple[Outcome, bool]:
        """The outcome, and whether it is our own fault, so that every other message would fare the same."""
        mail, rcpt, data = self._envelope(message)
        if mail[0] != 250:
            self._abandon(data)
            return _refusal(mail), mail[0] >= 500
        if rcpt[0] not in (250, 251):
            self._abandon(data)
            return _refusal(rcpt), bool(_OUR_FAULT.search(_words(rcpt)))
        if data[0] != 354:
            self._abandon(data)
            return _refusal(data), data[0] >= 500
        return self._content(message)

    def _envelope(self, message: Message) -> tuple[_Reply, _Reply, _Reply]:
        commands = [f"MAIL FROM:<{message.mail_from}>", f"RCPT TO:<{message.rcpt_to}>", "DATA"]
        try:
            if self._pipelining:
                self._session.send("".join(f"{command}\r\n" for command in commands))
                replies = [self._session.getreply() for _ in commands]
            else:
                replies = []
                for command in commands:
                    replies.append(self._session.docmd(command))
                    if replies[-1][0] >= 400:
                        break
                replies += [(503, b"not asked")] * (3 - len(replies))
        except (OSError, smtplib.SMTPException) as error:
            raise _Lost(f"the connection broke before the message: {_said(error)}") from error
        return replies[0], replies[1], replies[2]

    def _abandon(self, data: _Reply) -> None:
        """Back to a clean state: a DATA that was accepted without recipients is ended at once (RFC 2920 §3.1)."""
        try:
            if data[0] == 354:
                self._session.send(".\r\n")
                self._session.getreply()
            self._session.rset()
        except (OSError, smtplib.SMTPException) as error:
            raise _Lost(f"the connection broke: {_said(error)}") from error

    def _content(self, message: Message) -> tuple[Outcome, bool]:
        stuffed = message.content.replace(b"\r\n.", b"\r\n..")
        ending = b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            if self._session.sock is not None:
                self._session.sock.settimeout(FINAL_REPLY_TIMEOUT)
            self._session.send(stuffed + ending)
            reply = self._session.getreply()
            if self._session.sock is not None:
                self._session.sock.settimeout(COMMAND_TIMEOUT)
        except (OSError, smtplib.SMTPException) as error:
            return Outcome(Result.UNCERTAIN, f"no final reply: {_said(error)}"), False
        if reply[0] == 250:
            return Outcome(Result.ACCEPTED, provider_id=_words(reply)[:200]), False
        return _refusal(reply), bool(_OUR_FAULT.search(_words(reply)))


def _open(server: Server) -> smtplib.SMTP:
    where = f"{server.host}:{server.port}"
    session: smtplib.SMTP | None = None
    try:
        session = _session(server)
        session.ehlo_or_helo_if_needed()
        if server.encryption == "starttls":
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
        if server.user:
            session.login(server.user, server.password)
    except smtplib.SMTPAuthenticationError as error:
        _close(session)
        raise ProviderGone(f"{where} refuses the user name or password ({error.smtp_code}).") from None
    except (OSError, smtplib.SMTPException) as error:
        _close(session)
        raise ProviderGone(f"{where} cannot be reached: {_said(error)}. Nothing was lost; try again later.") from error
    if session.sock is not None:
        session.sock.settimeout(COMMAND_TIMEOUT)
    return session


def _close(session: smtplib.SMTP | None) -> None:
    if session is not None:
        session.close()


def _session(server: Server) -> smtplib.SMTP:
    if server.encryption == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT_TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=CONNECT_TIMEOUT)


def _refusal(reply: _Reply) -> Outcome:
    words = _words(reply)
    if reply[0] < 500:
        return Outcome(Result.DEFERRED, words)
    if _OUR_FAULT.search(words):
        return Outcome(Result.UNSENT, words)
    return Outcome(Result.REJECTED, words, suppress=bool(_NO_SUCH_ADDRESS.search(words)))


def _words(reply: _Reply) -> str:
    return f"{reply[0]} {' '.join(reply[1].decode('utf-8', 'replace').split())}"[:300]


def _said(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
