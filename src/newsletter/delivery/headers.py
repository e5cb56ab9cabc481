"""Texts → values of headers: nothing that people wrote can end a line and begin a header of its own.

What a campaign's owner wrote is refused with `SettingsError` when it holds CR, LF or another control character; a
recipient's name or a filled-in subject loses them; a recipient's address that is no ASCII address of one line is
refused, and nothing is sent to it.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from email.header import Header
from email.utils import formataddr
from hashlib import sha256

from newsletter.errors import SettingsError

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
"""Nothing in it needs quotes, and nothing ends it, in a header (RFC 5322 §3.2.3) or in a command (RFC 5321)."""
_WIDER_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\u00a1-\U0010ffff-]+@[A-Za-z0-9.-]+")
_UNSAFE_IN_FEEDBACK = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_FEEDBACK = 40
_LONGEST_LINE = 73
"""What `Header` may be told so that no encoded word of its has more than 75 characters (RFC 2047 §2)."""
_LIKE_A_WORD = "=?"
"""What a reader would take for the beginning of an RFC 2047 word, and decode."""
_ROOM = 66
"""What a header's value may take on the line of its name (RFC 5322 §2.1.1 recommends 78)."""


def one_line(what: str, text: str) -> str:
    """The text, fit for a header; raises `SettingsError` naming `what` it is when it holds a control character."""
    if CONTROL.search(text):
        raise SettingsError(f"the {what} holds a line break or another control character. Write it on one line.")
    return text


def plain_address(what: str, address: str) -> str:
    """The address, if it is one line of ASCII; raises `SettingsError` naming `what` it is."""
    if not _ADDRESS.fullmatch(address):
        raise SettingsError(
            f"the {what} is not a mail address of ASCII characters, and mail servers that take others (SMTPUTF8) are "
            "not supported."
        )
    return address


def can_be_addressed(address: str) -> bool:
    """Whether the address can stand in a header and in an SMTP command as it is; letters of any script may stand before
    the @ (RFC 6531, 6532)."""
    if _ADDRESS.fullmatch(address):
        return True
    return _WIDER_ADDRESS.fullmatch(address) is not None and address.isprintable()


def header_text(text: str) -> str:
    """The text as a header's value on lines of at most 76: RFC 2047 words where it is not ASCII."""
    clean = _on_one_line(text)
    plain = clean.isascii() and _LIKE_A_WORD not in clean
    if len(clean) <= _ROOM:
        if plain:
            return clean
        word = _encoded_word(clean)
        if len(word) <= _ROOM:
            return word
    return _folded(clean, None if plain else "utf-8")


def mailbox(name: str, address: str) -> str:
    """`name <address>` as a header's value; RFC 2047 words where the name is not ASCII, is long or looks like them."""
    if name.isascii() and len(name) + len(address) < _ROOM and _PLAIN_NAME.fullmatch(name):
        return f"{name} <{address}>"
    clean = _on_one_line(name)
    if not clean.isascii() and len(clean) <= _ROOM:
        word = _encoded_word(clean)
        if len(word) + len(address) <= _ROOM:
            return f"{word} <{address}>"
    if not clean:
        return address if "@" in address else f"<{address}>"
    if clean.isascii() and _LIKE_A_WORD not in clean:
        # formataddr takes no address beyond ASCII, which may stand here as it is (RFC 6532 §3.2).
        phrase = formataddr((clean, "a@a"))[:-6]
        if len(phrase) + len(address) <= _ROOM:
            return f"{phrase} <{address}>"
    return f"{_folded(clean, 'utf-8')}\r\n <{address}>"


def _folded(text: str, charset: str | None) -> str:
    """The text on lines of at most 76, in RFC 2047 words of the `charset`, if one is given."""
    return Header(text, charset, maxlinelen=_LONGEST_LINE, header_name="Subject").encode(linesep="\r\n")


def _on_one_line(text: str) -> str:
    """Without control characters, and with single spaces between its words."""
    if text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return text
    return " ".join(CONTROL.sub(" ", text).split())


def _encoded_word(text: str) -> str:
    """The text as one word of RFC 2047; longer ones than 75 characters are not allowed."""
    return f"=?utf-8?b?{b2a_base64(text.encode(), newline=False).decode()}?="


def feedback_id(campaign: str, audience: str, domain: str) -> str:
    """`campaign:audience:newsletter:sender` for Gmail's feedback loop, the same for every recipient.

    The last part names the sender: 5 to 15 characters, and always the same for a domain. Source: Gmail Help, "Feedback
    Loop" (support.google.com/mail/answer/6254652).
    """
    return f"{_feedback_part(campaign)}:{_feedback_part(audience)}:newsletter:{sender_id(domain)}"


def sender_id(domain: str) -> str:
    """A domain in 5 to 15 letters, digits and hyphens; what does not fit is told apart by a digest."""
    name = re.sub(r"[^a-z0-9]+", "-", domain.lower()).strip("-")
    return name if 5 <= len(name) <= 15 else f"{name[:8]}-{sha256(domain.lower().encode()).hexdigest()[:6]}".strip("-")


def _feedback_part(text: str) -> str:
    return _UNSAFE_IN_FEEDBACK.sub("-", text).strip("-")[:_LONGEST_FEEDBACK]
