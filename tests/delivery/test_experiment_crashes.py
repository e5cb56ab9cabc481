"""A send that tries two subjects and is killed at every stage: everybody gets one mail, the rest the winner's."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

PEOPLE = 3000
AB = "ab: {share: 20%, winner: by hand, subjects: [Spring is here, Summer is here]}\n"


@pytest.fixture
def tried(letter: Any) -> Any:
    settings = (letter.root / "newsletter.yaml").read_text()
    letter.write("newsletter.yaml", f"{settings}provider: {{name: outbox, rate: 400/s}}\n")
    issue = (letter.root / "issues/letter/issue.yaml").read_text()
    lines = [line for line in issue.splitlines(keepends=True) if not line.startswith("subject:")]
    letter.write("issues/letter/issue.yaml", "".join(lines).replace("sections:", f"{AB}sections:"))
    return letter


def _mailed(tried: Any) -> dict[str, str]:
    """Address → subject; fails when anybody got two."""
    found: dict[str, str] = {}
    for path in tried.outbox():
        lines = path.read_bytes().split(b"\r\n")
        head = {line.partition(b": ")[0]: line.partition(b": ")[2].decode() for line in lines[:20]}
        address = head[b"To"].rpartition(" ")[2].strip("<>")
        assert address not in found
        found[address] = head[b"Subject"]
    return found


def _ledger(tried: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(tried.root / "var/newsletter.db")) as connection:
        return connection.execute(query).fetchall()


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not in a minute: {what}"
        time.sleep(0.002)


def test_kills_before_at_and_after_the_decision_skip_nobody_and_double_nobody(tried: Any) -> None:
    moments = random.Random(3)

    slow = (tried.root / "newsletter.yaml").read_text()

    def ended(*arguments: str) -> int:
        tried.write("newsletter.yaml", slow.replace(", rate: 400/s", ""))
        code: int = tried.run("send", "letter", "--yes", *arguments).returncode
        tried.write("newsletter.yaml", slow)
        return code

    def killed(*arguments: str, when: Callable[[], bool]) -> None:
        with tried.start("send", "letter", "--yes", "--as-frozen", *arguments) as run:
            _until(when, "the moment to kill it")
            time.sleep(moments.uniform(0.0, 0.03))
            run.kill()
            assert run.wait() == -signal.SIGKILL

    def more_mail() -> Callable[[], bool]:
        before = len(tried.outbox())
        return lambda: len(tried.outbox()) > before

    assert ended("--limit", "1") == 3
    frozen = dict(_ledger(tried, "SELECT address, arm FROM deliveries"))
    assert Counter(frozen.values()) == {"a": 300, "b": 300, "": 2400}
    for _ in range(4):
        killed(when=more_mail())
    assert ended("--as-frozen") == 3
    assert len(_mailed(tried)) == 600
    for _ in range(2):
        killed("--winner", "b", when=lambda: True)
    killed("--winner", "b", when=lambda: _ledger(tried, "SELECT winner FROM experiments") == [("b",)])
    assert _ledger(tried, "SELECT count(*) FROM deliveries WHERE state = 'undecided'") == [(0,)]
    for _ in range(4):
        killed(when=more_mail())
    assert ended("--as-frozen") == 0
    mailed = _mailed(tried)
    assert len(mailed) == PEOPLE
    subjects = {"a": "Spring is here", "b": "Summer is here", "": "Summer is here"}
    assert mailed == {address: subjects[arm] for address, arm in frozen.items()}
