"""What `check` reports: of every mail of an issue, or of one email in a file that any tool made."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage, MIMEPart
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter.cache import FOLDER
from newsletter.checks.clients.mail_clients import choose_clients
from newsletter.checks.clients.table import load_table
from newsletter.checks.file_places import FilePlaces
from newsletter.checks.ignores import ignores_in, not_asked, sift
from newsletter.checks.mail import Mail
from newsletter.checks.online import addresses_in
from newsletter.checks.page import Page, marked
from newsletter.checks.registry import all_rules
from newsletter.checks.run import as_chosen, gathered, mail_findings
from newsletter.checks.spam_score import SpamScore, check_score
from newsletter.errors import FileProblems, SettingsError, did_you_mean
from newsletter.files import decode_text, read_bytes
from newsletter.model import Finding, Severity, Where
from newsletter.pipeline.building import build, sample_message
from newsletter.pipeline.client_mix import weighing
from newsletter.pipeline.crowds import unread
from newsletter.pipeline.file_pictures import beside, damaged_of, travelling
from newsletter.pipeline.inlining import decoded
from newsletter.pipeline.inspecting import AS_USUAL, Asked
from newsletter.pipeline.workspace import Progress, Workspace, now, silent
from newsletter.rendering.email_files import inline_email
from newsletter.rendering.inlining import InliningFailed

if TYPE_CHECKING:
    from newsletter.pipeline.spam import Score

FILES = (".html", ".htm", ".eml")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no tree may hold; a space in its place keeps every offset."""
_WANTED = "`newsletter check` reads emails: HTML, or a whole message as your mail program saves it, called .eml."
_FAILING = {"error": (Severity.ERROR,), "warning": (Severity.ERROR, Severity.WARNING), "never": ()}


@dataclass(frozen=True)
class Checked:
    """The findings of an issue or a file, and what is needed to show them. `note` says what lines are
    counted in, or what could not be looked at."""

    name: str
    kind: str
    """issue or file."""
    variants: tuple[str, ...]
    findings: tuple[Finding, ...]
    ignored: tuple[tuple[Finding, str], ...]
    read: Callable[[str], str] = field(repr=False)
    """A path as findings name it → the text their lines count in; nothing when it cannot be read."""
    note: str = ""
    scores: tuple[SpamScore, ...] = ()
    """What a spam filter says of each mail, when one was asked."""

    def failing(self, fail_on: str) -> tuple[Finding, ...]:
        """The findings that make the command fail, by `--fail-on`."""
        return tuple(one for one in self.findings if one.severity in _FAILING[fail_on])


def is_file(argument: str) -> bool:
    """Whether a person means an email in a file rather than an issue."""
    return argument.lower().endswith(FILES)


def check_issue(
    workspace: Workspace,
    argument: str,
    only: Sequence[str] = (),
    progress: Progress = silent,
    asked: Asked = AS_USUAL,
    score: Score | None = None,
) -> Checked:
    """Every mail of the issue, checked; by a spam filter too, when `score` is one."""
    built = build(workspace, argument, only, progress, asked.fresh, whole=True, asked=asked, forgiving=True)
    keys = tuple(one.key for one in built.variants)
    scores = _scores(score, {one.key: sample_message(workspace, built, one) for one in built.variants} if score else {})
    where = Where(built.edition.issue.where.path, 1)
    found = [finding for one in scores for finding in check_score(one, where)]
    findings = gathered((*built.findings, *as_chosen(found, workspace.settings.checks)))
    read = partial(_read, workspace.root)
    weighed = weighing(built.inspection.weighed_by) if built.inspection and not asked.named else ""
    note = "; ".join(one for one in (unread(workspace, built.audience), weighed) if one)
    return Checked(built.issue, "issue", keys, findings, built.ignored, read, note, scores)


def _scores(score: Score | None, messages: Mapping[str, bytes]) -> tuple[SpamScore, ...]:
    """The verdicts on the messages, two at a time: a filter loads its rules for each."""
    if score is None:
        return ()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(score, messages.keys(), messages.values()))


def asked_for(clients: Sequence[str], notes: bool, fresh: bool, online: bool) -> Asked:
    """What a person asks for by the options of `check`; raises `SettingsError` for clients there are not."""
    words = [word for one in clients for word in one.replace(",", " ").split()]
    return Asked(choose_clients(words), notes, fresh, online, named=bool(words))


def check_file(name: str, asked: Asked = AS_USUAL, score: Score | None = None, support: Path | None = None) -> Checked:
    """One email in a file; `support` is the folder with a refreshed table of what clients support. Raises
    `FileProblems` for what holds no HTML, `SettingsError` to score what is no .eml."""
    if score is not None and not name.lower().endswith(".eml"):
        raise SettingsError(f"{name}: a spam filter judges whole messages. Name an issue or a file that ends in .eml.")
    content = read_bytes(Path(name), name)
    if name.lower().endswith(".eml"):
        message = email.message_from_bytes(content, policy=email.policy.default)
        mail, html = _of_message(message, name)
        note = f"lines of {name} are those of its HTML part, decoded"
    else:
        html = decoded(content, name, _WANTED)
        pictures = beside(Path(name), html)
        mail, note = replace(_mail(name, html), pictures=pictures, damaged=damaged_of(pictures, html)), ""
    mail = replace(mail, support=load_table(support), clients=asked.clients, notes=asked.notes)
    if asked.online:
        from newsletter.pipeline.online import broken_addresses

        mail = replace(mail, broken=broken_addresses(addresses_in(mail), None, now()))
    scores = _scores(score, {name: content} if score else {})
    found = [
        *mail_findings(mail, {}),
        *(replace(f, variant="") for one in scores for f in check_score(one, Where(name))),
    ]
    unasked = not_asked({}, asked.notes, asked.named, asked.online)
    sifted = sift(found, ignores_in(html, name), judged=(name,), unasked=unasked)
    return Checked(
        name,
        "file",
        (name,),
        gathered(sifted.findings),
        sifted.ignored,
        lambda path: html if path == name else "",
        note,
        scores,
    )


def support_folder(root: Path | None, environment: Mapping[str, str]) -> Path | None:
    """Where a refreshed support table is kept: in the workspace's cache, or without one in the person's own; None for
    who has no home either.

    Source: the XDG Base Directory Specification, which has a relative path ignored.
    """
    if root is not None:
        return root / FOLDER
    named, home = Path(environment.get("XDG_CACHE_HOME", "")), Path(environment.get("HOME", ""))
    if named.is_absolute():
        return named / "newsletter"
    return home / ".cache/newsletter" if home.is_absolute() else None


def rule_words(name: str) -> str:
    """What a rule is about; raises `SettingsError` for one there is not."""
    rules = all_rules()
    if name not in rules:
        raise SettingsError(f"no rule '{name}'.{did_you_mean(name, rules)} `newsletter check --rules` lists them.")
    return rules[name].about


def rule_table() -> dict[str, tuple[str, str]]:
    """Every rule's usual severity and explanation, by name."""
    return {
        name: (rule.severity.value if rule.severity else "off", rule.about)
        for name, rule in sorted(all_rules().items())
    }


def _read(root: Path, path: str) -> str:
    try:
        return decode_text((root / path).read_bytes(), path).text
    except (OSError, FileProblems):
        return ""


def _mail(name: str, html: str) -> Mail:
    """The mail with its CSS applied; where it cannot be, as it is."""
    tagged = marked(_UNSPEAKABLE.sub(" ", html))
    try:
        tree, _ = inline_email(tagged, name)
    except InliningFailed as error:
        if not re.search(r"<[a-z]", html, re.IGNORECASE):
            raise FileProblems.at(Where(name), str(error)) from error
        tree = tagged
    places = FilePlaces(name, html)
    return Mail(name=name, html=html, page=Page(html, tree), places=places, in_file=True, is_final=False)


def _of_message(message: EmailMessage, name: str) -> tuple[Mail, str]:
    part = message.get_body(preferencelist=("html",))
    if part is None and not message.keys():
        raise FileProblems.at(Where(name), f"not an email. {_WANTED}")
    if part is None:
        raise FileProblems.at(Where(name), "the mail has no HTML part. There is nothing to check.")
    html = _content(part)
    plain = message.get_body(preferencelist=("plain",))
    pictures = travelling(message, html)
    mail = replace(
        _mail(name, html),
        is_final=True,
        subject=str(message.get("subject", "")),
        text=_content(plain) if plain is not None else None,
        headers={key.lower(): str(value) for key, value in message.items()},
        pictures=pictures,
        damaged=damaged_of(pictures, html),
    )
    return mail, html


def _content(part: MIMEPart) -> str:
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except (LookupError, ValueError):
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
