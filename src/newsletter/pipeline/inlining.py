"""An HTML email file made elsewhere → the same email, its CSS in style attributes. Needs no workspace."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import FileProblems
from newsletter.files import read_bytes
from newsletter.model import Finding, Where
from newsletter.rendering.email_files import inline_email
from newsletter.rendering.inlining import InliningFailed

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET = re.compile(rb"<meta\b[^>]*?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_WESTERN = frozenset({"ascii", "cp1252", "iso8859-1"})
_MANY_BYTES = re.compile(r"(?:gb|big5|shift_jis|euc|iso2022|iso8859|cp125|koi8|mac|ascii|utf-8)")
_TAGS = re.compile(rb"<(?:!doctype|html|head|body|style|table|div|p|span)\b[^<>]*>", re.IGNORECASE)
"""What a page begins with: a stray control character in one does not make it something else."""
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class InlinedFile:
    """An email as it was read and as it is now: sizes in bytes, `html` in ASCII."""

    file: str
    bytes_before: int
    html: str
    findings: tuple[Finding, ...]

    @property
    def bytes_after(self) -> int:
        return len(self.html)


def inline_file(file: str) -> InlinedFile:
    """The email in the file, inlined. Raises `FileProblems` for what is no HTML text."""
    content = read_bytes(Path(file), file)
    markup = decoded(content, file)
    try:
        html, findings = inline_email(markup, file)
    except InliningFailed as error:
        raise FileProblems.at(Where(file), str(error)) from error
    return InlinedFile(file, len(content), html, findings)


def write_inlined(inlined: InlinedFile, out: str) -> None:
    """Put the email at `out` in one step: at no time is there half of it. Raises `FileProblems`."""
    path = Path(out)
    if path.is_dir():
        raise FileProblems.at(Where(out), "is a folder. Name the file to write.")
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, spare = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    except OSError as error:
        raise FileProblems.at(Where(out), f"cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as written:
            written.write(inlined.html)
            written.flush()
            os.fsync(written.fileno())
        Path(spare).chmod(mode)
        Path(spare).replace(path)
    except OSError as error:
        Path(spare).unlink(missing_ok=True)
        raise FileProblems.at(Where(out), f"cannot be written: {error.strerror}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def decoded(content: bytes, name: str, wanted: str = "`newsletter inline` reads HTML.") -> str:
    """The text, by its byte order mark, what its <meta> says, as UTF-8, or as windows-1252.

    Raises `FileProblems` for what is empty or no text, and says what is `wanted` in its place.
    """
    if not content.strip():
        raise FileProblems.at(Where(name), "the file is empty.")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _lines(content[len(mark) :].decode(encoding, "replace"))
    if _BINARY.search(content[:4096]) and not _TAGS.search(content[:4096]):
        raise FileProblems.at(Where(name), f"not a text file. {wanted}")
    said = _said(content)
    for encoding in ("utf-8", said) if said in _WESTERN else (said, "utf-8"):
        try:
            return _lines(content.decode(encoding))
        except UnicodeDecodeError:
            continue
    return _lines(content.decode("cp1252", "replace"))


def _said(content: bytes) -> str:
    """The encoding the file names, as Python calls it. Western ones are often named wrongly, so UTF-8 goes first."""
    match = _CHARSET.search(content[:4096])
    try:
        named = codecs.lookup(match[1].decode("ascii")).name if match else "utf-8"
    except (LookupError, ValueError):
        return "utf-8"
    if named == "iso8859-1":
        return "cp1252"
    return named if _MANY_BYTES.match(named) else "utf-8"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
