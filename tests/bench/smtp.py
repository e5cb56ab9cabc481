"""Sending over SMTP to Postfix's `smtp-sink`, beside Postfix's own `smtp-source`, smtplib and nodemailer, in one run.

`smtp-source` sends one fixed body from C and keeps no record of it: a bound, not a peer.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from newsletter.delivery.messages import Assembler, Envelope
from newsletter.model import Context, Delivery, DeliveryId, MergeField, RenderedVariant, Where
from tests.bench.delay_proxy import delayed

PEOPLE = int(os.environ.get("BENCH_SMTP_PEOPLE", "50000"))
RUNS = int(os.environ.get("BENCH_SMTP_RUNS", "5"))
MANY = int(os.environ.get("BENCH_SMTP_MANY", "1000000"))
ROUND_TRIP = 0.02
BODY = 30_000
_FIELDS = [
    ("first_name", (Context.HTML, Context.TEXT, Context.HEADER, Context.URL_PART)),
    ("last_name", (Context.HTML, Context.TEXT)),
    ("country", (Context.HTML, Context.TEXT)),
    ("profession", (Context.HTML, Context.TEXT)),
    ("unsubscribe_url", (Context.URL, Context.TEXT)),
    ("address", (Context.HTML,)),
]
"""13 merge fields."""
_SMTPLIB = """
import smtplib, sys, threading
host, port, connections, messages = sys.argv[1], *map(int, sys.argv[2:])
body = b"Subject: x\\r\\n\\r\\n" + (b"x" * 76 + b"\\r\\n") * 385
def work():
    session = smtplib.SMTP(host, port)
    for number in range(messages // connections):
        session.sendmail("a@example.org", [f"r{number}@example.org"], body)
    session.quit()
threads = [threading.Thread(target=work) for _ in range(connections)]
[one.start() for one in threads]
[one.join() for one in threads]
"""
_NODEMAILER = """
const mailer = require('nodemailer');
const fs = require('fs');
const [html, text] = process.argv.slice(2, 4).map((path) => fs.readFileSync(path, 'utf8'));
const [port, messages] = process.argv.slice(4).map(Number);
const pool = mailer.createTransport({host: '127.0.0.1', port, pool: true, maxConnections: 10, maxMessages: Infinity});
let next = 0;
async function work() {
  for (let number = next++; number < messages; number = next++)
    await pool.sendMail({from: 'a@example.org', to: `r${number}@example.org`, subject: `For ${number}`, text, html});
}
Promise.all(Array.from({length: 20}, work)).then(() => pool.close());
"""

Timed = Callable[[list[str], Path | None], tuple[float, float]]


def smtp_speed(folder: Path, newsletter: list[str], big_workspace: Callable[[Path, int], None], timed: Timed) -> None:
    """Every figure of the page on SMTP."""
    sink = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    source = shutil.which("smtp-source", path=f"{os.environ['PATH']}:/usr/sbin")
    if sink is None or source is None:
        print("## SMTP\nskipped: smtp-sink and smtp-source (Debian's package postfix) are not here\n")
        return
    workspace = folder / "smtp"
    big_workspace(workspace, PEOPLE)
    timed([*newsletter, "audience", "import", "readers"], workspace)
    _at_wire_speed(sink, source, workspace, newsletter, timed)
    _over_a_distance(sink, workspace, newsletter, timed)
    shutil.rmtree(workspace)
    memory(folder, newsletter, big_workspace, timed)
    assembly()  # last: a process begins its peak at the size of the one that starts it


def memory(folder: Path, newsletter: list[str], big_workspace: Callable[[Path, int], None], timed: Timed) -> None:
    """Peak memory of `send` by the number of recipients."""
    print("## Peak memory of `send` over SMTP (goal: a million recipients at most 1.2 × ten thousand)")
    sink = shutil.which("smtp-sink", path=f"{os.environ['PATH']}:/usr/sbin")
    assert sink is not None
    peaks: dict[int, float] = {}
    with _sink(sink) as port:
        for people in (10_000, MANY):
            workspace = folder / f"memory-{people}"
            big_workspace(workspace, people)
            _settings(workspace, port, 10)
            timed([*newsletter, "audience", "import", "readers"], workspace)
            _, delivered, peaks[people] = _send(workspace, newsletter, timed, "all")
            print(f"{people:>24,} {peaks[people]:9.0f} MB  {people / delivered:,.0f} messages/s")
            shutil.rmtree(workspace)
    print(f"{'ratio':24} {peaks[MANY] / peaks[10_000]:9.2f} ×\n")


def assembly() -> None:
    """Messages assembled a second on one core, in CPU time, against the standard library's EmailMessage."""
    print("## Assembling a message of 30 KB with 13 merge fields (goals: 80,000/s; 150 × EmailMessage)")
    fields = [
        MergeField(f"mf{place:014x}{context.value}", f"recipient.{name}", context, Where("i"))
        for place, (name, contexts) in enumerate(_FIELDS)
        for context in contexts
    ]
    html = "".join(f"<p>{'wörd word ' * 220}{one.token}</p>" for one in fields if one.context.value not in "ts")
    text = "".join(f"{'word ' * 170}{one.token}\n" for one in fields if one.context is Context.TEXT)
    subject = next(one.token for one in fields if one.context is Context.HEADER)
    variant = RenderedVariant("a", ("a",), f"For {subject}", "", html, text, tuple(fields), (), "h")
    values = {f"recipient.{name}": _getter(name) for name, _ in _FIELDS}
    envelope = Envelope("News", "news@example.org", "", "News", "news.example.org", "bench")
    assembler = Assembler([variant], values, envelope)
    now = datetime.now(UTC)
    people = [_delivery(number) for number in range(20_000)]
    ours = statistics.median(_rate(lambda one: assembler.assemble(one, now), people) for _ in range(5))
    theirs = statistics.median(_rate(lambda one: _email_message(variant, one), people[:200]) for _ in range(5))
    size = len(assembler.assemble(people[0], now).content)
    print(f"{'spliced':24} {ours:9,.0f} messages/s  {size / 1000:.0f} KB, {len(fields)} fields (median of 5, CPU time)")
    print(f"{'EmailMessage':24} {theirs:9,.0f} messages/s\n{'ratio':24} {ours / theirs:9.0f} ×\n")


def _rate(assemble: Callable[[Delivery], object], people: list[Delivery]) -> float:
    started = time.process_time()
    for one in people:
        assemble(one)
    return len(people) / (time.process_time() - started)


def _email_message(variant: RenderedVariant, delivery: Delivery) -> bytes:
    """The same mail in the standard library's way, the values put in with `str.replace`."""
    subject, html, text = variant.subject, variant.html, variant.text
    for field in variant.merge_fields:
        value = delivery.recipient.get(field.source.partition(".")[2], "x")
        subject, html, text = (part.replace(field.token, value) for part in (subject, html, text))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "News <news@example.org>", delivery.address, subject
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def _getter(name: str) -> Callable[..., str]:
    return lambda values: values.get(name) or ""


def _delivery(number: int) -> Delivery:
    values = {"first_name": f"Näme{number}", "last_name": "Reader", "country": "NL", "profession": "Software tester"}
    return Delivery(number, DeliveryId(f"{number:024x}"), f"reader{number}@example.org", "a", 0, values)


def _at_wire_speed(sink: str, source: str, workspace: Path, newsletter: list[str], timed: Timed) -> None:
    print(f"## SMTP to smtp-sink, {PEOPLE:,} recipients, durable ledger")
    print("(goals: 0.9 × smtp-source; 6 × nodemailer; peak memory 120 MB)")
    seconds: dict[str, list[float]] = {}
    peaks: list[float] = []
    with _sink(sink) as port, tempfile.TemporaryDirectory() as scratch:
        bound = [source, "-s", "10", "-d", "-l", str(BODY), "-m", str(PEOPLE), f"127.0.0.1:{port}"]
        _settings(workspace, port, 10)
        timed([*newsletter, "build", "letter"], workspace)
        nodemailer = _nodemailer(Path(scratch), workspace / "build/letter", port)
        for run in range(RUNS):
            seconds.setdefault("smtp-source -s 10 -d", []).append(timed(bound, None)[0])
            whole, delivered, peak = _send(workspace, newsletter, timed, f"wire-{run}")
            seconds.setdefault("newsletter, delivering", []).append(delivered)
            seconds.setdefault("newsletter, whole process", []).append(whole)
            peaks.append(peak)
            if nodemailer:
                few = timed([*nodemailer, str(PEOPLE // 10)], Path(scratch))[0]
                seconds.setdefault("nodemailer, pooled", []).append(few * 10)
    rates = {name: PEOPLE / statistics.median(values) for name, values in seconds.items()}
    for name, rate in rates.items():
        print(f"{name:28} {rate:9,.0f} messages/s  (median of {RUNS})")
    ours = rates["newsletter, delivering"]
    print(f"{'against smtp-source':28} {ours / rates['smtp-source -s 10 -d']:9.2f} ×  (delivering)")
    if "nodemailer, pooled" in rates:
        print(f"{'against nodemailer':28} {ours / rates['nodemailer, pooled']:9.2f} ×  (delivering)")
    else:
        print("nodemailer skipped: there is no npm here, or it could not install nodemailer")
    print(f"{'peak memory':28} {max(peaks):9.0f} MB\n")


def _over_a_distance(sink: str, workspace: Path, newsletter: list[str], timed: Timed) -> None:
    print("## SMTP over 20 ms of round trip, 20 connections (goal: 3 × a smtplib loop with as many threads)")
    messages = min(4000, PEOPLE)
    ours, theirs = [], []
    with _sink(sink) as behind, delayed(behind, ROUND_TRIP) as port:
        _settings(workspace, port, 20)
        for run in range(min(RUNS, 3)):
            loop = [sys.executable, "-c", _SMTPLIB, "127.0.0.1", str(port), "20", str(messages // 4)]
            theirs.append(messages // 4 / timed(loop, None)[0])
            _, delivered, _ = _send(workspace, newsletter, timed, f"far-{run}", messages)
            ours.append(messages / delivered)
    print(f"{'newsletter, delivering':28} {statistics.median(ours):9,.0f} messages/s")
    print(f"{'smtplib':28} {statistics.median(theirs):9,.0f} messages/s")
    print(f"{'ratio':28} {statistics.median(ours) / statistics.median(theirs):9.2f} ×\n")


def _send(
    workspace: Path, newsletter: list[str], timed: Timed, campaign: str, limit: int | None = None
) -> tuple[float, float, float]:
    """Seconds of the whole process, seconds of delivering alone, and peak memory (MB).

    A campaign is frozen by sending to one; the same command on the frozen rest then delivers. What that costs besides
    delivering is what it costs when there is nothing to deliver.
    """
    send = [*newsletter, "send", "letter", "--yes", "--campaign", campaign, "--as-frozen"]
    subprocess.run([*send, "--limit", "1"], cwd=workspace, capture_output=True, check=False)
    command = [*send, "--limit", str(limit)] if limit else send
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=workspace, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    whole = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"{command} failed")
    started = time.perf_counter()
    subprocess.run([*send, "--limit", "1"], cwd=workspace, capture_output=True, check=False)
    return whole, whole - (time.perf_counter() - started), usage.ru_maxrss / 1000


def _settings(workspace: Path, port: int, connections: int) -> None:
    (workspace / "newsletter.yaml").write_text(
        "brand: {name: Bench, postal_address: 1 Main Street}\nsender: {name: Bench, address: news@example.org}\n"
        f"provider: {{name: smtp, url: 'smtp://127.0.0.1:{port}', connections: {connections}}}\n"
    )


@contextmanager
def _sink(sink: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([sink, *as_nobody, f"127.0.0.1:{port}", "1000"]) as process:
        try:
            for _ in range(100):
                try:
                    smtplib.SMTP("127.0.0.1", port).quit()
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            process.kill()


def _nodemailer(folder: Path, built: Path, port: int) -> list[str]:
    """The command that sends so many messages with nodemailer, with the HTML and the text of ours; empty where it is
    not to be had."""
    if shutil.which("npm") is None:
        return []
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "nodemailer"]
    if subprocess.run(install, cwd=folder, capture_output=True, timeout=300, check=False).returncode:
        return []
    (folder / "send.js").write_text(_NODEMAILER)
    return ["node", str(folder / "send.js"), str(built / "default.html"), str(built / "default.txt"), str(port)]
