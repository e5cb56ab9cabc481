"""The studio while somebody writes: from a saved file to the new email, and to the first page after the start."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.studio import Running, chromium, linked

ISSUE = "open-source-in-care"
SAVES = 30
STARTS = 5


def studio_times(workspace: Path) -> None:
    """Saves of an article of the sample, and first pages."""
    print("## Studio (goals: save to new email p50 150 ms, p95 300 ms; first page 300 ms)")
    first, frame = [], []
    for _ in range(STARTS):
        with _running(workspace) as studio:
            began = time.perf_counter()
            assert studio.ask("/")[0] == 200
            first.append(time.perf_counter() - began)
            began = time.perf_counter()
            assert studio.ask(f"/issues/{ISSUE}/frame?profession=practitioner")[0] == 200
            frame.append(time.perf_counter() - began)
    print(f"{'first page':32} {statistics.median(first) * 1000:7.0f} ms")
    print(f"{'first email of it, kept build':32} {statistics.median(frame) * 1000:7.0f} ms")
    article = workspace / f"issues/{ISSUE}/open-source.md"
    with _running(workspace) as studio:
        _print("save to new email, as served", _saves(studio, article))
    with _running(workspace) as studio:
        _print("save to new email, as drawn", _drawn(studio, article))
    print()


@contextmanager
def _running(root: Path) -> Iterator[Running]:
    """The studio of that workspace, by an interpreter that has loaded nothing before."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", "from newsletter.cli.main import run; run()", "preview", "--no-open"],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield next(found for line in process.stdout if (found := linked(line)))
    finally:
        process.terminate()
        process.communicate()


def _print(words: str, times: list[float]) -> None:
    """The median and the slowest but one in twenty."""
    ordered = sorted(times)
    p50, p95 = statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.95)] * 1000
    print(f"{words:32} {p50:7.0f} ms p50 {p95:7.0f} ms p95")


def _drawn(studio: Running, article: Path) -> list[float]:
    """Seconds from each save until the page in a browser has put the new email in the old one's place."""
    text = article.read_text("utf-8")
    times = []
    with sync_playwright() as playwright:
        path = chromium() or playwright.chromium.executable_path
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{studio.home}/issues/{ISSUE}?profession=practitioner&token={studio.token}")
        page.wait_for_selector("#frames iframe.shown")
        try:
            for number in range(SAVES):
                page.wait_for_timeout(1500)
                before = page.evaluate("() => document.documentElement.dataset.shown")
                began = time.perf_counter()
                article.write_text(text.replace("sewing machines", f"sewing machines {number}"), "utf-8")
                page.wait_for_function(
                    "before => document.documentElement.dataset.shown !== before", arg=before, polling="raf"
                )
                times.append(time.perf_counter() - began)
        finally:
            article.write_text(text, "utf-8")
            browser.close()
    return times


def _saves(studio: Running, article: Path) -> list[float]:
    """Seconds from each save until a page that listens has the email with what was saved."""
    frame = f"/issues/{ISSUE}/frame?profession=practitioner"
    assert studio.ask(frame)[0] == 200
    text = article.read_text("utf-8")
    connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=30)
    connection.request("GET", f"/events?issue={ISSUE}&profession=practitioner", headers={"cookie": studio.cookie})
    events = connection.getresponse()
    times = []
    try:
        _next(events, "hello")
        time.sleep(0.5)
        for number in range(SAVES):
            # A person pauses between two saves; the checks of the last one are done by then.
            time.sleep(0.4)
            began = time.perf_counter()
            article.write_text(text.replace("sewing machines", f"sewing machines {number}"), "utf-8")
            _next(events, "event: rendered")
            assert f"sewing machines {number}" in studio.ask(frame)[2]
            times.append(time.perf_counter() - began)
            _next(events, "event: checked")
    finally:
        article.write_text(text, "utf-8")
        connection.close()
    return times


def _next(events: http.client.HTTPResponse, words: str) -> None:
    while words not in events.readline().decode():
        pass
