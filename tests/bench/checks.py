"""How long the checks take: of an issue of thirty articles, in one process, once what is lazy has been loaded."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from newsletter.pipeline import building
from newsletter.pipeline.inspecting import AS_USUAL, Inspection
from newsletter.pipeline.workspace import open_workspace
from tests.bench.workspaces import thirty_articles

_RUNS = 9


def check_times(folder: Path, templates: Path) -> None:
    """All offline checks of one variant: anew, anew with a finding in a template, and when nothing has changed."""
    root = folder / "checks"
    thirty_articles(root)
    print("## Checking 30 articles, one variant (goals: 300 ms anew, 5 ms unchanged)")
    _measured("clean", root, templates)
    article = root / "issues/letter/article-0.md"
    article.write_text(article.read_text("utf-8") + "\nAnd [click here](https://example.org/more).\n", "utf-8")
    _measured("with a line to find", root, templates)
    print()


def _measured(words: str, root: Path, templates: Path) -> None:
    """Prints the medians; the inspection is taken from a build, which is not in the figures."""
    taken: list[tuple[Inspection, tuple[object, ...]]] = []
    whole = Inspection.whole

    def noted(self: Inspection, renderings: object, everybody: bool = True) -> object:
        taken.append((self, renderings))  # type: ignore[arg-type]
        return whole(self, renderings, everybody)  # type: ignore[arg-type]

    Inspection.whole = noted  # type: ignore[method-assign, assignment]
    try:
        building.build(open_workspace(root, os.environ, templates), "letter", whole=True)
    finally:
        Inspection.whole = whole  # type: ignore[method-assign]
    ((inspection, renderings),) = taken
    anew = replace(inspection, asked=replace(AS_USUAL, fresh=True))
    print(f"{words + ', anew':32} {_median(lambda: whole(anew, renderings)):7.1f} ms")  # type: ignore[arg-type]

    def unchanged() -> None:
        # Without the texts the inspection has read: files are read again, as by a process that has just started.
        whole(replace(inspection, _texts={}), renderings)  # type: ignore[arg-type]

    print(f"{words + ', unchanged':32} {_median(unchanged):7.1f} ms")


def _median(run: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        run()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)
