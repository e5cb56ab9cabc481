"""A million rows from a file into the database: whole `audience import` processes, on SQLite and a real PostgreSQL.

Made-up people with a name, a job title and a country. Run alone with `python -m tests.bench.importing [ROWS]`.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.postgresql import running_server

ROWS = 1_000_000
_COMMAND = [sys.executable, "-c", "from newsletter.cli.main import run; run()", "audience", "import", "readers"]
_TITLES = ("Nurse", "Head of sales", "Senior teacher", "Poet", "Car dealer")
_COUNTRIES = ("NL", "DE", "Canada", "GB", "FR")


def imports(folder: Path, rows: int = ROWS) -> None:
    """Print the table."""
    print(
        f"## Importing a CSV of {rows:,} rows (goals on SQLite: 50,000 rows/s, 200 MB, the same file again 2 × faster)"
    )
    _on("SQLite", folder / "import-sqlite", lambda: "", rows)
    with running_server(durable=True) as server:
        _on("PostgreSQL", folder / "import-postgresql", server.new_database, rows)
    print()


def _on(name: str, folder: Path, new_url: Callable[[], str], rows: int) -> None:
    def measured(workspace: Path, url: str, words: str, count: int, changed: bool = False) -> None:
        _workspace(workspace, count, changed)
        seconds, cpu, peak = _timed(workspace, url)
        print(
            f"{name:10} {words:30} {count / seconds:11,.0f} rows/s  {seconds:5.1f} s  cpu {cpu:5.1f} s  "
            f"peak {peak:4.0f} MB"
        )

    measured(folder / "tenth", new_url(), "a tenth of the file", rows // 10)
    url = new_url()
    measured(folder / "all", url, "all of it", rows)
    measured(folder / "all", url, "the same file again", rows)
    measured(folder / "all", url, "one row changed: all compared", rows, changed=True)


def _workspace(workspace: Path, rows: int, changed: bool = False) -> None:
    (workspace / "audiences").mkdir(parents=True, exist_ok=True)
    (workspace / "newsletter.yaml").write_text(
        "brand: {name: Bench, postal_address: 1 Main Street}\n"
        "sender: {name: Bench, address: news@example.org}\nprovider: {name: outbox}\n"
    )
    (workspace / "audiences/readers.yaml").write_text("source: readers.csv\n")
    (workspace / "audiences/professions.yaml").write_text("nurse: {label: Nurse}\nteacher: {label: Teacher}\n")
    with (workspace / "audiences/readers.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Email", "First name", "Last name", "Job title", "Country"])
        writer.writerows(
            (
                f"reader{n}@example.org",
                f"Name{n}",
                "Changed" if changed and n == 7 else "Reader",
                _TITLES[n % 5],
                _COUNTRIES[n % 5],
            )
            for n in range(rows)
        )


def _timed(workspace: Path, url: str) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds (a server's not among them) and peak memory in MB; the import has to succeed."""
    environment = {**os.environ, **({"NEWSLETTER_DATABASE_URL": url} if url else {})}
    started = time.perf_counter()
    process = subprocess.Popen(
        _COMMAND, cwd=workspace, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        assert process.stderr is not None
        raise SystemExit(process.stderr.read().decode())
    peak = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1_000)
    return seconds, usage.ru_utime + usage.ru_stime, peak


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        imports(Path(temporary), int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
