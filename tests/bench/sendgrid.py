"""SendGrid's provider against a server in a process of its own that answers cheaply."""

from __future__ import annotations

import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from newsletter.delivery.messages import Envelope
from newsletter.delivery.providers.sendgrid import Account, SendGrid
from newsletter.delivery.substitution import SubstitutionAssembler
from newsletter.model import Context, Delivery, DeliveryId, MergeField, RenderedVariant, Result, Where

REPOSITORY = Path(__file__).parents[2]
PEOPLE = 50_000
_FIELDS = [
    ("first_name", (Context.HTML, Context.TEXT, Context.HEADER, Context.URL_PART)),
    ("last_name", (Context.HTML, Context.TEXT)),
    ("country", (Context.HTML, Context.TEXT)),
    ("profession", (Context.HTML, Context.TEXT)),
    ("unsubscribe_url", (Context.URL, Context.TEXT)),
    ("address", (Context.HTML,)),
]


def sendgrid_speed(
    folder: Path,
    send: list[str],
    big_workspace: Callable[[Path, int], None],
    timed: Callable[[list[str], Path | None], tuple[float, float]],
) -> None:
    """Recipients prepared and posted a second, by the provider alone and by a whole `newsletter send`."""
    print("## SendGrid, a local server, 1,000 recipients a request (goal: 50,000 recipients/s prepared and posted)")
    with _server() as url:
        runs = sorted(_prepared_and_posted(url) for _ in range(5))
        print(f"{'prepared and posted':24} {statistics.median(runs):9,.0f} recipients/s  (median of 5, one connection)")
        workspace = folder / "sendgrid"
        big_workspace(workspace, PEOPLE)
        settings = workspace / "newsletter.yaml"
        settings.write_text(settings.read_text().replace("{name: outbox}", "{name: sendgrid, connections: 2}"))
        os.environ |= {"SENDGRID_API_KEY": "made-up", "SENDGRID_HOST": url}
        timed([*send[:-2], "audience", "import", "readers"], workspace)
        seconds, peak = timed([*send, "--yes"], workspace)
        print(
            f"{'whole send, with ledger':24} {PEOPLE / seconds:9,.0f} recipients/s  {seconds:.1f} s from start to end, "
            f"peak {peak:.0f} MB\n"
        )


def _prepared_and_posted(url: str) -> float:
    fields = [
        (name, MergeField(f"mf{number:014x}{context.value}", f"recipient.{name}", context, Where("i")))
        for number, (name, contexts) in enumerate(_FIELDS)
        for context in contexts
    ]
    tokens = {(name, field.context): field.token for name, field in fields}
    html = "".join(f"<p>{'word ' * 570}{one}</p>" for (_, context), one in tokens.items() if context not in "ts")
    text = "".join(f"{'word ' * 120}{one}\n" for (_, context), one in tokens.items() if context is Context.TEXT)
    subject = f"For {tokens['first_name', Context.HEADER]}"
    variant = RenderedVariant("a", ("a",), subject, "", html, text, tuple(field for _, field in fields), (), "h")
    values = {f"recipient.{name}": _getter(name) for name, _ in _FIELDS}
    envelope = Envelope("News", "news@example.org", "", "News", "news.example.org", "bench")
    assembler = SubstitutionAssembler([variant], values, envelope, bytes(16))
    deliveries = [_delivery(number) for number in range(PEOPLE)]
    connection = SendGrid(Account("made-up", url), 1).connect()
    gc.collect()
    gc.freeze()  # a send holds a few thousand of them at once, not all
    now, started = datetime.now(UTC), time.perf_counter()
    for start in range(0, PEOPLE, 1000):
        mails = [assembler.assemble(one, now) for one in deliveries[start : start + 1000]]
        assert all(one.result is Result.ACCEPTED for one in connection.deliver(mails))
    seconds = time.perf_counter() - started
    gc.unfreeze()
    return PEOPLE / seconds


def _getter(name: str) -> Callable[..., str]:
    return lambda values: values.get(name) or ""


def _delivery(number: int) -> Delivery:
    values = {"first_name": f"Name{number}", "last_name": "Reader", "country": "NL", "profession": "Software tester"}
    return Delivery(number, DeliveryId(f"{number:024x}"), f"reader{number}@example.org", "a", 0, values)


@contextmanager
def _server() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.delivery.sendgrid_server"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
