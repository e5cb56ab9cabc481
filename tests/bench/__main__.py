"""`make bench`: the figures the documentation quotes, measured on this machine and printed as tables.

Each figure is of a whole process: wall time as a person waits for it, peak memory as the operating system counts it.
Compare figures of one run only.
"""

from __future__ import annotations

import csv
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.mjml import against_mjml
from tests.bench.workspaces import many_professions, sample_workspace, thirty_articles

REPOSITORY = Path(__file__).parents[2]
NEWSLETTER = [sys.executable, "-c", "from newsletter.cli.main import run; run()"]
ISSUE = "open-source-in-care"
RUNS = 7


def main() -> None:
    """Print every table."""
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "sample"
        sample_workspace(workspace, REPOSITORY)
        help_cost()
        build_time(workspace)
        against_mjml(workspace, [*NEWSLETTER, "build", ISSUE], timed)
        large_issues(Path(folder))
        outbox_speed(Path(folder))
        # A process begins its peak at the size of the one that starts it, so this one stays small until here.
        from tests.bench.checks import check_times
        from tests.bench.importing import imports
        from tests.bench.people import people as a_million_people
        from tests.bench.sendgrid import sendgrid_speed
        from tests.bench.smtp import smtp_speed
        from tests.bench.studio import studio_times

        studio_times(workspace)
        check_times(Path(folder), REPOSITORY / "templates")
        a_million_people(Path(folder))
        imports(Path(folder))
        smtp_speed(Path(folder), NEWSLETTER, big_workspace, timed)
        sendgrid_speed(Path(folder), [*NEWSLETTER, "send", "letter"], big_workspace, timed)


def help_cost() -> None:
    """`newsletter --help` against importing Click, in turn."""
    bare = [sys.executable, "-c", "import click"]
    console = [str(Path(sys.executable).with_name("newsletter")), "--help"]
    times: dict[str, list[float]] = {"import click": [], "newsletter --help": []}
    for _ in range(15):
        times["import click"].append(timed(bare)[0])
        times["newsletter --help"].append(timed(console)[0])
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["newsletter --help"] / medians["import click"]
    print("## Start-up (goal: at most 1.5 ×)")
    for name, value in medians.items():
        print(f"{name:24} {value * 1000:7.0f} ms")
    print(f"{'ratio':24} {ratio:7.2f}\n")


def build_time(workspace: Path) -> None:
    """A cold build of the sample, and what one more profession costs."""
    cold, one, all_of_them = [], [], []
    for _ in range(RUNS):
        shutil.rmtree(workspace / "build", ignore_errors=True)
        cold.append(timed([*NEWSLETTER, "build", ISSUE], workspace)[0])
        shutil.rmtree(workspace / "build")
        one.append(timed([*NEWSLETTER, "build", ISSUE, "--profession", "practitioner"], workspace)[0])
    add_professions(workspace, 40)
    for _ in range(RUNS):
        shutil.rmtree(workspace / "build", ignore_errors=True)
        all_of_them.append(timed([*NEWSLETTER, "build", ISSUE], workspace)[0])
    shutil.copy2(REPOSITORY / "audiences/professions.yaml", workspace / "audiences/professions.yaml")
    each = (statistics.median(all_of_them) - statistics.median(cold)) / 40
    print("## Building the sample issue (goals: 1.5 s, 60 ms)")
    print(f"{'six variants, cold':24} {statistics.median(cold) * 1000:7.0f} ms")
    print(f"{'one variant, cold':24} {statistics.median(one) * 1000:7.0f} ms")
    print(f"{'each further profession':24} {each * 1000:7.0f} ms\n")


def large_issues(folder: Path) -> None:
    """Whole `newsletter build` processes over large issues: cold (no build/), and again with nothing changed."""
    print("## Large issues (whole processes, median of 3; the peak is that of the largest process)")
    for count in (50, 500):
        many_professions(folder / f"own-{count}", count, own_articles=True)
    many_professions(folder / "shared-50", 50, own_articles=False)
    thirty_articles(folder / "thirty")
    goals = {"thirty": "", "shared-50": "3 s cold", "own-50": "", "own-500": "15 s cold, 1.5 s unchanged"}
    peaks = {}
    for name, goal in goals.items():
        runs = []
        for _ in range(3):
            shutil.rmtree(folder / name / "build", ignore_errors=True)
            runs.append([timed([*NEWSLETTER, "build", "letter"], folder / name) for _ in ("cold", "unchanged")])
        cold, same = (statistics.median(run[at][0] for run in runs) for at in (0, 1))
        peaks[name] = [statistics.median(run[at][1] for run in runs) for at in (0, 1)]
        print(
            f"{name:12} cold {cold:6.2f} s  unchanged {same:5.2f} s  "
            f"peak {peaks[name][0]:4.0f} MB, {peaks[name][1]:4.0f} MB  {f'(goal: {goal})' if goal else ''}"
        )
    for at, words in enumerate(("cold", "unchanged")):
        print(f"peak memory {words}, 500 professions against 50: {peaks['own-500'][at] / peaks['own-50'][at]:.2f} ×")
    one_variant(folder / "thirty")


def one_variant(workspace: Path) -> None:
    """Rendering one variant of 30 articles in a process that has rendered before."""
    code = (
        "import statistics, sys, time; from pathlib import Path\n"
        "from newsletter.pipeline import building\n"
        "from newsletter.pipeline.workspace import open_workspace\n"
        "workspace = open_workspace(Path.cwd(), {}, Path(sys.argv[1]))\n"
        "times = []\n"
        "for _ in range(8):\n"
        "    started = time.perf_counter(); building.build(workspace, 'letter', fresh=True)\n"
        "    times.append(time.perf_counter() - started)\n"
        "print(statistics.median(times[1:]) * 1000)"
    )
    command = [sys.executable, "-c", code, str(REPOSITORY / "templates")]
    done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=True)
    print(f"one variant of 30 articles, read and rendered anew in a warm process: {float(done.stdout):.0f} ms")
    print("(goal: 250 ms)\n")


def outbox_speed(folder: Path) -> None:
    """Sending to the outbox: messages a second from start to end of the process, and its peak memory."""
    print("## Sending to the outbox (goals: 3,000 messages/s; memory at 100,000 at most 1.2 × that at 1,000)")
    peaks = {}
    for people in (1_000, 100_000):
        workspace = folder / f"outbox-{people}"
        big_workspace(workspace, people)
        timed([*NEWSLETTER, "audience", "import", "readers"], workspace)
        seconds, peak = timed([*NEWSLETTER, "send", "letter", "--yes"], workspace)
        sent = sum(1 for _ in (workspace / "var/outbox").rglob("*.eml"))
        size = next((workspace / "var/outbox").rglob("*.eml")).stat().st_size
        peaks[people] = peak
        print(
            f"{people:7,} recipients  {sent / seconds:7,.0f} messages/s  {seconds:6.1f} s  peak {peak:5.0f} MB  "
            f"{size / 1000:.0f} KB a message"
        )
        assert sent == people, f"{sent} of {people} delivered"
        shutil.rmtree(workspace)
    print(f"peak memory, 100,000 against 1,000: {peaks[100_000] / peaks[1_000]:.2f} ×\n")


def timed(command: list[str], folder: Path | None = None) -> tuple[float, float]:
    """Wall seconds and peak memory (MB) of the command; it has to succeed.

    It may keep its compiled modules, as an installed program does: else each start would compile them all.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    if status:
        raise SystemExit(f"{command} failed: {process.stderr.read().decode()}")
    return seconds, kilobytes(usage) / 1000


def kilobytes(usage: resource.struct_rusage) -> float:
    """Peak memory; macOS counts it in bytes."""
    return usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)


def add_professions(workspace: Path, count: int) -> None:
    """More professions below healthcare, each of which gets a variant."""
    with (workspace / "audiences/professions.yaml").open("a") as file:
        for number in range(count):
            file.write(f"\nspecialist-{number}:\n  label: Specialist {number}\n  parent: healthcare\n")


def big_workspace(workspace: Path, people: int) -> None:
    """A text newsletter for so many made-up people; its message has 30 KB as sent (within 1 %)."""
    (workspace / "issues/letter").mkdir(parents=True)
    (workspace / "audiences").mkdir()
    (workspace / "newsletter.yaml").write_text(
        "brand: {name: Bench, postal_address: 1 Main Street}\n"
        "sender: {name: Bench, address: news@example.org}\nprovider: {name: outbox}\n"
    )
    paragraph = "Work that lasts is kept in formats that last, and read by more than one program. " * 5
    texts = [*([paragraph] * 20), paragraph[: len(paragraph) // 2]]
    blocks = "".join(f'      - text: "{text} Part {number}."\n' for number, text in enumerate(texts))
    (workspace / "issues/letter/issue.yaml").write_text(
        "title: A letter\naudience: readers\nsubject: \"For {{ recipient.first_name | default('you') }}\"\nsections:\n"
        "  - blocks:\n"
        "      - text: \"Hello {{ recipient.first_name | default('there') }} in {{ recipient.country }}\"\n" + blocks
    )
    (workspace / "audiences/readers.yaml").write_text("source: readers.csv\n")
    with (workspace / "audiences/readers.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Email", "First name", "Last name", "Job title", "Country"])
        writer.writerows(
            [f"reader{number}@example.org", f"Name{number}", "Reader", "Tester", "NL"] for number in range(people)
        )


main()
