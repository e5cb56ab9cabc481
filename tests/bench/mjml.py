"""Building the sample against the `mjml` command compiling a two-column newsletter of the same make, in turn."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).with_name("newsletter.mjml")
VERSION = "4"
RUNS = 7
EDITED = "issues/open-source-in-care/open-source.md"
_PACKAGES = "import click, jinja2, yaml, premailer"

Timed = Callable[[list[str], Path | None], tuple[float, float]]


def against_mjml(workspace: Path, build: list[str], timed: Timed) -> None:
    """Whole processes: the ratio of their medians, with nothing kept and with what an author's last build has kept.

    The packages that any build of ours needs are timed beside it, imported and nothing else.
    """
    print("## The sample against mjml (goal: at most 0.8)")
    mjml = _installed()
    if mjml is None:
        print("skipped: there is no npm here, or it could not install mjml\n")
        return
    shutil.rmtree(workspace / "build", ignore_errors=True)
    timed(build, workspace)
    documents = len(list((workspace / "build").glob("*/*.html")))
    folder = workspace.with_name("mjml")
    folder.mkdir()
    sources = [folder / f"{number}.mjml" for number in range(documents)]
    for source in sources:
        shutil.copy2(SOURCE, source)
    one = f"newsletter build, {documents} variants as HTML, text and .eml, drawings drawn"
    commands: dict[str, list[str]] = {
        "mjml, one HTML document": [str(mjml), str(sources[0]), "-o", str(folder)],
        f"mjml, {documents} HTML documents in one process": [str(mjml), *map(str, sources), "-o", str(folder)],
        one: build,
        "the same after an edit of an article": build,
        "the same again, nothing changed": build,
        "importing click, jinja2, yaml and premailer alone": [sys.executable, "-c", _PACKAGES],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(RUNS):
        for name, command in commands.items():
            if name == one:
                shutil.rmtree(workspace / "build")
            elif "edit" in name:
                with (workspace / EDITED).open("a", encoding="utf-8") as article:
                    article.write(f"\nOne more sentence, number {run}.\n")
            times[name].append(timed(command, workspace)[0])
    medians = {name: statistics.median(values) for name, values in times.items()}
    first, same_number = list(medians.values())[:2]
    for name, value in medians.items():
        print(f"{name:78} {value * 1000:6.0f} ms  {value / first:5.2f} x  {value / same_number:5.2f} x")
    print("(against one document, and against as many)\n")


def _installed() -> Path | None:
    """The command, in a folder outside the repository that later runs find again."""
    npm = shutil.which("npm")
    if npm is None:
        return None
    folder = Path(tempfile.gettempdir()) / f"newsletter-bench-mjml-{VERSION}"
    command = folder / "node_modules/.bin/mjml"
    if not command.exists():
        folder.mkdir(exist_ok=True)
        install = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), f"mjml@{VERSION}"]
        if subprocess.run(install, check=False, capture_output=True, timeout=600).returncode:
            return None
    return command
