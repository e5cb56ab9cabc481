"""What `doctor` looks at: the workspace, what it needs to send, and the domain its mail comes from.

Nothing is changed by looking, and no secret is shown. Offline is no illness: what could not be looked at says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.checks.domain import hosts, policies
from newsletter.checks.domain.diagnosis import CouldNotLook, Diagnosis, Lookup, State, guarded
from newsletter.delivery.name_servers import NoAnswer, name_servers
from newsletter.errors import NewsletterError
from newsletter.pipeline import databases
from newsletter.pipeline.providers import require_provider
from newsletter.pipeline.workspace import Workspace
from newsletter.reviewing.browser import NAMES

_SENDGRIDS_SELECTORS = ("s1", "s2")
"""What SendGrid calls its keys (Sender Authentication, 'automated security')."""

_NOBODYS = ("example", "test", "invalid", "localhost")
_EXAMPLES = ("example.org", "example.com", "example.net")
"""RFC 2606: names that belong to nobody."""


@dataclass(frozen=True, slots=True)
class Health:
    """All diagnoses: of this machine, and of the domain."""

    domain: str
    diagnoses: tuple[Diagnosis, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many stand how, by the state's name."""
        return {state.value: sum(1 for one in self.diagnoses if one.state is state) for state in State}


def examine(workspace: Workspace, lookup: Lookup | None) -> Health:
    """Look at everything; the domain only with a `lookup`."""
    domain = workspace.settings.sender.address.rpartition("@")[2].lower()
    here = tuple(_of_this_machine(workspace))
    return Health(domain, (*here, *(_of_the_domain(workspace, domain, lookup) if lookup else ())))


def asking(environment: Mapping[str, str]) -> Lookup:
    """A lookup by the name servers of this machine, or by the one that the environment names."""
    ask = name_servers(environment)

    def lookup(name: str, kind: str) -> tuple[str, ...]:
        try:
            return ask(name, kind)
        except NoAnswer as error:
            raise CouldNotLook(str(error)) from error

    return lookup


def _of_this_machine(workspace: Workspace) -> Iterator[Diagnosis]:
    yield _database(workspace)
    yield _provider(workspace)
    yield _public_url(workspace)
    yield _browser()


def _database(workspace: Workspace) -> Diagnosis:
    try:
        found = databases.state(workspace)
    except NewsletterError as error:
        return Diagnosis("database", State.WRONG, str(error), "Mend `database:` or NEWSLETTER_DATABASE_URL.")
    if not found.found:
        return Diagnosis("database", State.OK, f"{found.name}: not made yet; the first command that needs it makes it")
    if found.found == found.needed:
        return Diagnosis("database", State.OK, f"{found.name}: schema {found.found}")
    message = f"{found.name}: schema {found.found}, this program needs {found.needed}."
    fix = "Run `newsletter db upgrade`." if found.found < found.needed else "Update the program."
    return Diagnosis("database", State.WRONG, message, fix)


def _provider(workspace: Workspace) -> Diagnosis:
    """Whether what the provider needs is there; none of it is shown, and nobody is asked whether it is right."""
    provider = workspace.settings.provider
    try:
        require_provider(workspace.settings)
    except NewsletterError as error:
        return Diagnosis("provider", State.WRONG, str(error))
    if provider.name == "outbox":
        message = f"outbox: each mail becomes a file below {provider.path}, and nobody gets any"
        return Diagnosis("provider", State.OK, message)
    if provider.name == "smtp":
        parts = urlsplit(provider.url)
        signed = "with a user name and password" if parts.username and parts.password else "without a password"
        return Diagnosis("provider", State.OK, f"smtp: {parts.hostname or '?'}, {signed}")
    held = "an API key is there" if provider.api_key else "no key of its own is known here"
    return Diagnosis("provider", State.OK, f"{provider.name}: {held}")


def _public_url(workspace: Workspace) -> Diagnosis:
    url = workspace.settings.public_url
    if url:
        return Diagnosis("public_url", State.OK, f"readers unsubscribe at {url}/unsubscribe/…; see that it answers")
    message = "not set: readers unsubscribe by mail, not with one click."
    fix = "Gmail and Yahoo ask for one click of who sends 5,000 mails a day."
    return Diagnosis("public_url", State.WARNING, message, fix)


def _browser() -> Diagnosis:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found:
        return Diagnosis("browser", State.OK, found)
    fix = "Install Chromium to have pictures of every variant in reviews."
    return Diagnosis("browser", State.WARNING, "no Chromium: reviews come without pictures of the mails.", fix)


def _of_the_domain(workspace: Workspace, domain: str, lookup: Lookup) -> list[Diagnosis]:
    """What the name system says; the questions are asked at once, because each may wait for seconds."""
    if domain.rpartition(".")[2] in _NOBODYS or domain.removeprefix("www.") in _EXAMPLES:
        message = f"{domain} is a name for examples; nobody can send from it."
        return [Diagnosis("domain", State.WARNING, message, "Write your own into `sender: {address: …}`.")]
    with ThreadPoolExecutor(5) as pool:
        keys = pool.submit(policies.dkim, domain, _selectors(workspace), lookup)
        single = [
            pool.submit(guarded, "SPF", lambda: policies.spf(domain, lookup)),
            pool.submit(guarded, "DMARC", lambda: policies.dmarc(domain, lookup)),
            pool.submit(guarded, "MX", lambda: hosts.mx(domain, lookup)),
            pool.submit(guarded, "PTR", lambda: _ptr(workspace, lookup)),
        ]
        spf, dmarc, mx, ptr = (one.result() for one in single)
        return [spf, *keys.result(), dmarc, mx, ptr]


def _selectors(workspace: Workspace) -> Sequence[str]:
    named = workspace.settings.sender.dkim_selectors
    return named or (_SENDGRIDS_SELECTORS if workspace.settings.provider.name == "sendgrid" else ())


def _ptr(workspace: Workspace, lookup: Lookup) -> Diagnosis:
    provider = workspace.settings.provider
    host = urlsplit(provider.url).hostname if provider.name == "smtp" else None
    if not host and provider.name == "smtp":
        return Diagnosis("PTR", State.UNKNOWN, "no server is named to send by", "Set NEWSLETTER_SMTP_URL.")
    if not host:
        return Diagnosis("PTR", State.OK, f"provider {provider.name} sends by no server of yours")
    return hosts.ptr(host, lookup)
