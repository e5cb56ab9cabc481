"""The provider that speaks SMTP (RFC 5321), envelopes pipelined where the server offers it (RFC 2920).

In: `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`. smtplib connects, encrypts and signs in; the
transaction is ours, because what a broken connection means depends on whether the message's text had begun to leave,
and because smtplib waits for each reply before the next command.
Port 587 or `smtp+starttls` insists on encryption, and so do credentials.
"""

from __future__ import annotations

import smtplib
import ssl
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import unquote, urlsplit

from newsletter.delivery.providers.contract import Mails, ProviderAway, ProviderBusy, ProviderRefuses
from newsletter.delivery.providers.smtp_replies import Lost, Replies, Reply, said, wait_up_to
from newsletter.delivery.providers.smtp_suspects import Suspects
from newsletter.errors import NewsletterError, SettingsError, ended
from newsletter.model import DeliveryId, Message, Outcome, Result

CONNECT_TIMEOUT = 30.0
FINAL_REPLY_TIMEOUT = 600.0
"""RFC 5321 §4.5.3.2.6: giving up on the last reply sooner is how mail is sent twice."""
MESSAGES_PER_SESSION = 1_000
"""After so many a session is closed and another opened."""
MOST_IDLE = 60.0
"""Seconds after which an idle session is replaced: servers end them, and whoever comes next would be blamed for it."""
_FAREWELL_TIMEOUT = 5.0

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


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


_NOT_SIGNED_IN = (530, 535)
_NOT_INTERNATIONAL = "the mail server does not take addresses with letters beyond ASCII before the @ (SMTPUTF8)"


class Smtp:
    """A mail server that takes messages."""

    substitutes = False
    streams = True
    group = 5

    def __init__(self, server: Server, connections: int) -> None:
        self._server = server
        self._suspects = Suspects()
        self.connections = connections

    def prove(self) -> None:
        """The server took mail of this campaign before: whom it rejects in whatever words is to blame for it."""
        self._suspects.proven = True

    def connect(self) -> _SmtpConnection:
        return _SmtpConnection(self._server, self._suspects)

    def already_carried(self, deliveries: Sequence[DeliveryId]) -> None:
        return None


class _Listed:
    """Messages that are all there."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._left = deque(messages)

    def next(self) -> Message | None:
        return self._left.popleft() if self._left else None

    def peek(self) -> Message | None:
        return self._left[0] if self._left else None


class _SmtpConnection:
    """One session. Envelopes are pipelined where the server offers it, each behind the message before it: a message
    then costs one round trip (RFC 2920 §3.1 lets the end of a message open the next group)."""

    def __init__(self, server: Server, suspects: Suspects) -> None:
        self._server = server
        self._suspects = suspects
        self._connect()

    def _connect(self) -> None:
        self._session = _open(self._server)
        self._pipelining = self._session.has_extn("pipelining")
        self._international = self._session.has_extn("smtputf8")
        if self._session.sock is None:
            raise ProviderAway(f"{self._server.host}:{self._server.port} closed the connection at once.")
        self._socket = self._session.sock
        wait_up_to(self._socket, FINAL_REPLY_TIMEOUT)
        self._replies = Replies(self._socket)
        self._sent = 0
        self._used = monotonic()
        self.lost = ""

    def deliver(self, messages: Sequence[Message]) -> Iterator[Outcome]:
        listed = _Listed(messages)
        yield from self._carry(listed)
        while listed.next() is not None:
            yield Outcome(Result.UNSENT, self.lost)

    def deliver_stream(self, mails: Mails) -> Iterator[Outcome]:
        self._suspects.begin()
        ours = ""
        try:
            yield from self._carry(mails)
        finally:
            ours = self._suspects.end()
        if ours and not self.lost:
            raise self._refuses(ours)

    def _carry(self, mails: Mails) -> Iterator[Outcome]:
        announced = False
        while not self.lost and (message := mails.next()) is not None:
            if not announced:
                self._renew()
            if self.lost:
                yield Outcome(Result.UNSENT, self.lost)
                return
            if not self._takes(message):
                yield Outcome(Result.REJECTED, _NOT_INTERNATIONAL)
                continue
            try:
                refused = self._envelope(message, announced)
            except Lost as error:
                self.lost = f"the connection broke before the message: {error}"
                yield self._suspects.broke(message, self.lost)
                return
            following = None if refused else self._following(mails)
            outcome, ours = refused or self._content(message, following)
            announced = following is not None
            if outcome.result is Result.UNCERTAIN or outcome.reason.startswith("421"):
                self.lost = outcome.reason
            self._used = monotonic()
            yield outcome
            if ours:
                raise self._refuses(ours)

    def _refuses(self, why: str) -> ProviderRefuses:
        return ProviderRefuses(f"{self._server.host} refuses this sender: {why}.")

    def _following(self, mails: Mails) -> Message | None:
        """Whom to announce behind the message that is about to leave."""
        if not self._pipelining or self._sent + 1 >= MESSAGES_PER_SESSION:
            return None
        following = mails.peek()
        return following if following is not None and self._takes(following) else None

    def _renew(self) -> None:
        """Another session, where this one has carried enough or was idle for long."""
        if self._sent < MESSAGES_PER_SESSION and monotonic() - self._used < MOST_IDLE:
            return
        self.close()
        try:
            self._connect()
        except (ProviderAway, SettingsError) as error:  # told again, by itself, when the next connection is opened
            self.lost = str(error)

    def _takes(self, message: Message) -> bool:
        """Whether the server can be told of the recipient."""
        return self._international or message.rcpt_to.isascii()

    def close(self) -> None:
        try:
            wait_up_to(self._socket, _FAREWELL_TIMEOUT)
            self._session.quit()
        except (OSError, smtplib.SMTPException):
            self._session.close()

    def _envelope(self, message: Message, announced: bool) -> tuple[Outcome, str] | None:
        """None when the server waits for the message; else the outcome, and in words what it has against us, so that
        every other message would fare the same. `announced`: the commands left with the message before."""
        mail, rcpt, data = self._commands(message, announced)
        if data.code == 354 and rcpt.code in (250, 251):
            return None
        if mail.code == 421:
            raise Lost(mail.said)  # before the recipient was looked at
        refusing = mail if mail.code != 250 else rcpt if rcpt.code not in (250, 251) else data
        try:
            if data.code == 354:
                # A DATA that was accepted without recipients is ended at once (RFC 2920 §3.1).
                self._send(b".\r\n")
                self._replies.next()
            if refusing.code != 421:
                self._send(b"RSET\r\n")
                self._replies.next()
        except Lost as error:
            self.lost = str(error)
        if refusing is rcpt and refusing.ours and refusing.code not in _NOT_SIGNED_IN:
            return self._suspects.refused(message, refusing)
        ours = refusing.ours or (refusing is not rcpt and refusing.code >= 500)
        return refusing.refusal(), _against_us(refusing, message) if ours else self._suspects.rejected(
            message, refusing
        )

    def _commands(self, message: Message, announced: bool) -> tuple[Reply, Reply, Reply]:
        """The replies to MAIL, RCPT and DATA; those that came, when the connection ends after a refusal."""
        replies: list[Reply] = []
        one_by_one = () if self._pipelining else _commands(message).splitlines(keepends=True)
        if self._pipelining and not announced:
            self._send(_commands(message))
        try:
            for place in range(3):
                if one_by_one:
                    self._send(one_by_one[place])
                replies.append(self._replies.next())
                if one_by_one and replies[-1].code >= 400:
                    break
        except Lost:
            if not replies or replies[-1].code < 400:
                raise
        replies += [Reply(503, "not asked")] * (3 - len(replies))
        return replies[0], replies[1], replies[2]

    def _content(self, message: Message, following: Message | None) -> tuple[Outcome, str]:
        """The message, and with it the envelope of the one that follows; its own outcome."""
        content = message.content if message.dot_free else _stuffed(message.content)
        ending = b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"
        try:
            self._send(b"".join((content, ending, _commands(following) if following else b"")))
            reply = self._replies.next()
        except Lost as error:
            return Outcome(Result.UNCERTAIN, f"no final reply: {error}"), ""
        self._sent += 1
        if reply.code == 250:
            self._suspects.accepted()
            return Outcome(Result.ACCEPTED, provider_id=f"250 {reply.words}"[:200]), ""
        return reply.refusal(), _against_us(reply, message) if reply.ours else self._suspects.rejected(message, reply)

    def _send(self, content: bytes) -> None:
        try:
            self._socket.sendall(content)
        except OSError as error:
            raise Lost(said(error)) from error


def _commands(message: Message) -> bytes:
    # The parameters are needed where the envelope or a header is not ASCII (RFC 6531 §3.4, §3.6).
    wider = "" if message.rcpt_to.isascii() else " BODY=8BITMIME SMTPUTF8"
    return f"MAIL FROM:<{message.mail_from}>{wider}\r\nRCPT TO:<{message.rcpt_to}>\r\nDATA\r\n".encode()


def _against_us(reply: Reply, message: Message) -> str:
    return f"{reply.said} (said first of the message to {message.rcpt_to})"


def _stuffed(content: bytes) -> bytes:
    """Lines that begin with a dot get another (RFC 5321 §4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


def _open(server: Server) -> smtplib.SMTP:
    session: smtplib.SMTP | None = None
    try:
        session = _session(server)
        session.ehlo_or_helo_if_needed()
        if server.encryption == "starttls":
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
        if server.user:
            session.login(server.user, server.password)
    except (OSError, smtplib.SMTPException) as error:
        _close(session)
        raise _not_open(f"{server.host}:{server.port}", error) from error
    return session


_NOT_TLS = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
    "UNKNOWN_PROTOCOL",
)
"""What OpenSSL makes of words that are no TLS, by its versions."""
_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def _not_open(where: str, error: Exception) -> NewsletterError:
    """Why there is no session, by what a person can do: mend the settings, wait, or look at the account."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return SettingsError(
            f"the certificate of {where} cannot be trusted: {error.verify_message}. Have the server show one for its "
            "name from a known authority, or name a file with the certificate in SSL_CERT_FILE."
        )
    # A connection that ends while both agree on encryption is a server that goes away, and no setting.
    if isinstance(error, ssl.SSLError) and not isinstance(error, _HUNG_UP):
        if error.reason in _NOT_TLS:
            return SettingsError(
                f"{where} does not speak TLS where NEWSLETTER_SMTP_URL asks for it. smtps:// is for a port that "
                "encrypts from the first byte (465); for others write smtp+starttls://."
            )
        words = (error.reason or said(error)).replace("_", " ").lower()
        return SettingsError(
            f"{where} and this machine agree on no encryption: {ended(words)} Have the server offer TLS 1.2 or newer "
            "with usual ciphers, or look at what NEWSLETTER_SMTP_URL asks for."
        )
    # smtplib raises its plain error when the server offers no way of signing in that it knows.
    if isinstance(error, smtplib.SMTPNotSupportedError) or type(error) is smtplib.SMTPException:
        return SettingsError(
            f"{where} does not offer what NEWSLETTER_SMTP_URL asks for: {said(error).rstrip('.')}. Port 587, a user "
            "name and smtp+starttls:// ask for encryption by STARTTLS; smtps:// encrypts from the start."
        )
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        reply = Reply(error.smtp_code, " ".join(words.split()))
        if 400 <= reply.code < 500:
            return ProviderBusy(
                f"{where} takes no connection now: {ended(reply.said)} Nothing was lost; try again later."
            )
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return ProviderRefuses(f"{where} refuses the user name or password ({error.smtp_code}).")
        return ProviderRefuses(f"{where} refuses this sender: {ended(reply.said)}")
    return ProviderAway(f"{where} cannot be reached: {ended(said(error))} Nothing was lost; try again later.")


def _close(session: smtplib.SMTP | None) -> None:
    if session is not None:
        session.close()


def _session(server: Server) -> smtplib.SMTP:
    if server.encryption == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, timeout=CONNECT_TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, timeout=CONNECT_TIMEOUT)
