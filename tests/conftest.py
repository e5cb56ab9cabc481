"""What all tests share: no network but loopback, workspaces on disk, a real mail server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import settings

from newsletter.rendering.layout import Templates
from tests import forked
from tests.postgresql import Server, running_server

REPOSITORY = Path(__file__).parents[1]

# How long one example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection to anywhere else fails the test that makes it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "unix"
        assert host in ("127.0.0.1", "::1", "localhost", "unix"), f"a connection to {host}"
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


class Receiver:
    """A mail server's memory, and what it refuses."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.refuse: dict[str, str] = {}

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        self.received.append((envelope.rcpt_tos[0], content))
        return "250 2.0.0 queued as 42"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def server(receiver: Receiver) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(receiver, hostname="127.0.0.1", port=port, ready_timeout=20)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A real PostgreSQL, started for the first test that asks for it."""
    with running_server() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database: whoever asks for it is run on both."""
    if request.param == "sqlite":
        yield "sqlite:///var/news.db"
        return
    postgresql: Server = request.getfixturevalue("postgresql")
    url = postgresql.new_database()
    yield url
    postgresql.drop(url)


class Workspace:
    """A workspace on disk, and the command run in it as a person or a job would."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-c", "from newsletter.cli.main import run; run()", *arguments]

    def start(self, *arguments: str, **environment: str) -> forked.Run:
        """Begin a run of the command, without waiting for it."""
        return forked.start(self.root, list(arguments), {**os.environ, **environment})

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """A run of the command; an environment that matters to the interpreter itself gets one of its own."""
        everything = {**os.environ, **environment}
        if not any(name.startswith(("PYTHON", "LC_", "LANG")) for name in environment):
            return forked.run(self.root, list(arguments), everything)
        return subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=everything,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def outbox(self) -> list[Path]:
        return sorted((self.root / "var/outbox").rglob("*.eml"))


def copy_sample(folder: Path) -> None:
    """Put the sample workspace into the folder."""
    for name in ("newsletter.yaml", "issues", "audiences", "static", "templates"):
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, folder / name)
        else:
            shutil.copy2(source, folder / name)


@pytest.fixture
def sample(tmp_path: Path) -> Workspace:
    """The sample workspace, as `newsletter init` makes it."""
    copy_sample(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def letter(tmp_path: Path) -> Workspace:
    """A one-paragraph letter to 3,000 made-up people: small messages, many recipients."""
    workspace = Workspace(tmp_path)
    workspace.write(
        "newsletter.yaml",
        "brand: {name: Letter, postal_address: 1 Main Street}\nsender: {name: Letter, address: news@example.org}\n",
    )
    workspace.write(
        "issues/letter/issue.yaml",
        "title: A letter\nsubject: \"For {{ recipient.first_name | default('you') }}\"\naudience: readers\n"
        "sections:\n  - blocks:\n      - text: Hello {{ recipient.first_name }}\n",
    )
    workspace.write("audiences/readers.yaml", "source: readers.csv\n")
    rows = "".join(f"reader{number}@example.org,Name{number}\n" for number in range(3000))
    workspace.write("audiences/readers.csv", "Email,First name\n" + rows)
    return workspace


@pytest.fixture
def now() -> datetime:
    """The moment at which everything in a test happens."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A small complete workspace: an issue with two articles and a drawing, an audience, three professions."""
    workspace = Workspace(tmp_path / "workspace")
    for name, text in SMALL.items():
        workspace.write(name, text)
    (workspace.root / "templates").mkdir()
    return workspace


@pytest.fixture
def templates(workspace: Workspace) -> Templates:
    """The templates of the small workspace: its own first, then those every workspace has."""
    return Templates([workspace.root / "templates", REPOSITORY / "templates"], workspace.root)


SMALL = {
    "newsletter.yaml": """\
brand: {name: Harbour News, postal_address: "2 Quay Street, Port Town"}
sender: {name: Harbour News, address: news@example.org, reply_to: hello@example.org}
site_url: https://example.org
content: [site]
provider: {name: outbox}
""",
    "audiences/professions.yaml": """\
sailor: {label: Sailor, aliases: [able seaman]}
pilot: {label: Pilot, parent: sailor}
cook: {label: Cook}
""",
    "audiences/crew.yaml": """\
title: The crew
source: crew.csv
columns: {address: Email, first_name: First name, profession: Job title}
""",
    "audiences/crew.csv": """\
Email,First name,Job title
ada@example.org,Ada,Pilot
bo@example.org,,able seaman
""",
    "issues/tides/issue.yaml": """\
title: Tides
subject: "Tides for {{ profession.plural | lower }}"
preheader: High water at noon
audience: crew
sections:
  - heading: This week
    blocks:
      - {article: tides.md}
      - {article: galley.html, for: [cook], show: summary}
  - blocks:
      - {image: images/wave.svg, alt: A wave, link: /waves}
      - {text: "Hello {{ recipient.first_name | default('sailor') }}"}
""",
    "issues/tides/tides.md": "---\ntitle: High water\n---\nThe tide *turns* at noon.\n",
    "issues/tides/galley.html": "---\ntitle: Galley\ndescription: Soup again\nlink: /galley\n---\n<p>Soup again.</p>\n",
    "issues/tides/images/wave.svg": (
        '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100" viewBox="0 0 200 100">'
        '<path d="M0 50q50-50 100 0t100 0v50H0z" fill="#0b5fff"/></svg>\n'
    ),
}
