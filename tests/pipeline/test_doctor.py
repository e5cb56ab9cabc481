"""`doctor` against a real name server on this machine: what it says, how it ends, and what it does offline."""

from __future__ import annotations

import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from click.testing import CliRunner

from newsletter.cli.main import newsletter
from newsletter.delivery.name_servers import VARIABLE, NoAnswer, name_servers
from newsletter.errors import SettingsError
from tests.conftest import Workspace

KEY = b64encode(b"k" * 294).decode()
ZONE = {
    (".", "NS"): ["a.root-servers.net."],
    ("news-tides.org.", "TXT"): ['"v=spf1 mx " "-all"', '"something=else"'],
    ("s1._domainkey.news-tides.org.", "TXT"): [f'"v=DKIM1; p={KEY[:200]}" "{KEY[200:]}"'],
    ("_dmarc.news-tides.org.", "TXT"): ['"v=DMARC1; p=reject"'],
    ("news-tides.org.", "MX"): ["10 mx.news-tides.org."],
    ("mx.news-tides.org.", "A"): ["8.8.4.4"],
    ("smtp.news-tides.org.", "A"): ["8.8.4.4"],
    ("4.4.8.8.in-addr.arpa.", "PTR"): ["smtp.news-tides.org."],
}


class NameServer:
    """Answers from its zone, over UDP; it can fall silent."""

    def __init__(self) -> None:
        self.zone = dict(ZONE)
        self.silent = False
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            content, client = self._socket.recvfrom(4096)
            if content == b"end":
                return
            query = dns.message.from_wire(content)
            question = query.question[0]
            name, kind = question.name.to_text(), dns.rdatatype.to_text(question.rdtype)
            self.asked.append(f"{kind} {name}")
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.RA
            found = self.zone.get((name, kind))
            if found:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
            elif not any(known == name for known, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if not self.silent:
                self._socket.sendto(answer.to_wire(), client)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    running = NameServer()
    monkeypatch.setenv(VARIABLE, running.address)
    monkeypatch.delenv("NEWSLETTER_SMTP_URL", raising=False)
    yield running
    running.close()


@pytest.fixture
def ready(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace that has all it needs, on a machine with a browser."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "chromium").write_text("#!/bin/sh\n")
    (folder / "chromium").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("SESAME", "open-sesame")
    workspace.write(
        "newsletter.yaml",
        "brand: {name: Tides, postal_address: 2 Quay Street}\n"
        "sender: {name: Tides, address: news@news-tides.org, dkim_selectors: [s1]}\n"
        "provider: {name: smtp, url: 'smtp://ada:${SESAME}@smtp.news-tides.org:587'}\n"
        "public_url: https://news-tides.org/mail\n",
    )
    return workspace


def _doctor(workspace: Workspace, *options: str) -> tuple[int, dict[str, str], str]:
    """The exit code, the state by name, and all that was printed."""
    arguments = ["--workspace", str(workspace.root), "doctor", "--json", *options]
    done = CliRunner().invoke(newsletter, arguments)
    document = json.loads(done.stdout)
    assert sum(document["counts"].values()) == len(document["diagnoses"])
    code = getattr(done.exception, "exit_code", 0)
    return code, {one["name"]: one["state"] for one in document["diagnoses"]}, done.output


def test_a_workspace_and_a_domain_that_are_well_end_with_0(ready: Workspace, server: NameServer) -> None:
    code, states, printed = _doctor(ready)
    names = ("database", "provider", "public_url", "browser", "SPF", "DKIM s1", "DMARC", "MX", "PTR")
    assert (code, states) == (0, dict.fromkeys(names, "ok"))
    assert "smtp.news-tides.org, with a user name and password" in printed
    assert "sesame" not in printed
    assert not (ready.root / "var").exists()
    human = CliRunner().invoke(newsletter, ["--workspace", str(ready.root), "doctor"]).output
    assert "ok      SPF         'v=spf1 mx -all' (1 of 10 lookups)" in human


def test_what_is_wrong_ends_with_1_and_says_what_to_do(ready: Workspace, server: NameServer) -> None:
    del server.zone["news-tides.org.", "TXT"], server.zone["_dmarc.news-tides.org.", "TXT"]
    server.zone["4.4.8.8.in-addr.arpa.", "PTR"] = ["else.org."]
    text = (ready.root / "newsletter.yaml").read_text()
    ready.write("newsletter.yaml", text.replace(", url: 'smtp://ada:${SESAME}@smtp.news-tides.org:587'", ""))
    code, states, printed = _doctor(ready)
    assert code == 1
    assert {name for name, state in states.items() if state == "wrong"} == {"provider", "SPF", "DMARC"}
    assert "Publish TXT at news-tides.org: v=spf1" in printed
    assert states["PTR"] == "unknown"
    ready.write("newsletter.yaml", text)
    assert _doctor(ready)[1]["PTR"] == "warning"


@pytest.mark.parametrize("isolated", [True, False])
def test_offline_nothing_is_known_and_nothing_is_wrong(
    ready: Workspace, server: NameServer, monkeypatch: pytest.MonkeyPatch, isolated: bool
) -> None:
    if isolated:  # a name server that knows nothing of the world outside
        server.zone.clear()
    else:
        monkeypatch.setattr("newsletter.pipeline.doctor.name_servers", lambda given: name_servers(given, 0.2))
        server.silent = True
    code, states, printed = _doctor(ready)
    assert code == 0
    assert {name for name, state in states.items() if state == "unknown"} == {"SPF", "DKIM s1", "DMARC", "MX", "PTR"}
    assert "could not look" in printed
    # Nobody is asked again and again: the first question has shown it.
    assert {one for one in server.asked if one != "NS ."} == set()


def test_with_offline_and_for_a_name_for_examples_nobody_is_asked(ready: Workspace, server: NameServer) -> None:
    assert set(_doctor(ready, "--offline")[1]) == {"database", "provider", "public_url", "browser"}
    text = (ready.root / "newsletter.yaml").read_text()
    ready.write("newsletter.yaml", text.replace("news@news-tides.org", "news@example.org"))
    assert _doctor(ready)[1]["domain"] == "warning"
    assert server.asked == []


def test_a_domain_whose_server_is_slow_is_asked_twice_at_most(server: NameServer) -> None:
    ask = name_servers({VARIABLE: server.address}, 0.2)
    assert ask("news-tides.org", "MX") == ("10 mx.news-tides.org.",)
    assert ask("news-tides.org", "A") == ()
    assert ask("nobody.org", "TXT") == ()
    assert ask("a" * 70 + ".org", "TXT") == ()
    server.silent = True
    asked = []
    for _ in range(4):
        with pytest.raises(NoAnswer):
            ask("news-tides.org", "TXT")
        asked.append(len(server.asked))
    assert asked[0] < asked[1] == asked[2] == asked[3]


@pytest.mark.parametrize("server_name", ["ns.example.org", "192.0.2.1:x", "::1:5:zz"])
def test_what_is_no_address_of_a_name_server_is_refused(server_name: str) -> None:
    with pytest.raises(SettingsError, match=VARIABLE):
        name_servers({VARIABLE: server_name})("example.org", "A")


def test_a_database_that_cannot_be_read_is_wrong(ready: Workspace, server: NameServer) -> None:
    ready.write("newsletter.yaml", (ready.root / "newsletter.yaml").read_text() + "database: sqlite:///no.db\n")
    (ready.root / "no.db").write_bytes(b"this is no database at all")
    code, states, _ = _doctor(ready, "--offline")
    assert (code, states["database"]) == (1, "wrong")
