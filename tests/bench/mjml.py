"""Building the sample against the `mjml` command compiling a two-column newsletter of the same make, in turn."""

from __future__ import annotations

import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).with_name("newsletter.mjml")
VERSION = "4"
RUNS = 7

Timed = Callable[[list[str], Path | None], tuple[float, float]]


def against_mjml(workspace: Path, build: list[str], timed: Timed) -> None:
    """Whole processes, nothing kept from one run to the next: the ratio of their medians."""
    print("## The sample against mjml (goal: at most 0.8)")
    mjml = _installed()
    if mjml is None:
        print("skipped: there is no npm here, or it could not install mjml\n")
        return
    ours, theirs = [], []
    out = str(workspace / "mjml.html")
    for _ in range(RUNS):
        shutil.rmtree(workspace / "build", ignore_errors=True)
        ours.append(timed(build, workspace)[0])
        theirs.append(timed([str(mjml), str(SOURCE), "-o", out], workspace)[0])
    documents = len(list((workspace / "build").rglob("*.html")))
    one, other = statistics.median(ours), statistics.median(theirs)
    print(f"newsletter build, {documents} variants as HTML, text and .eml, SVG drawn: {one * 1000:6.0f} ms")
    print(f"mjml, one HTML document:                                   {other * 1000:6.0f} ms")
    print(f"ratio of the processes {one / other:.2f}; of a document {one / documents / other:.2f}\n")


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
