"""Threads that send stay on one core while they keep it busy."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from newsletter.delivery.one_core import OneCore

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="there is one core, or no way to choose"
)


@pytest.fixture
def another() -> Iterator[Thread]:
    """A thread that waits."""
    ended = Event()
    thread = Thread(target=ended.wait)
    thread.start()
    yield thread
    ended.set()
    thread.join()


def _cores(thread: Thread) -> set[int]:
    assert thread.native_id is not None
    return os.sched_getaffinity(thread.native_id)


def _work(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_other_threads_are_gathered_on_one_core_and_this_one_stays_free(another: Thread) -> None:
    everywhere = os.sched_getaffinity(0)
    core = OneCore()
    core.gather()
    assert len(_cores(another)) == 1
    assert os.sched_getaffinity(0) == everywhere
    core.release()
    assert _cores(another) == everywhere


def test_who_does_little_is_let_go_and_gathered_again_when_there_is_much_to_do(another: Thread) -> None:
    core = OneCore()
    core.gather()
    time.sleep(0.1)
    core.look()
    assert _cores(another) == os.sched_getaffinity(0)
    # Other tests run beside this one, and may take what this thread needs.
    for _ in range(50):
        _work(0.1)
        core.look()
        if len(_cores(another)) == 1:
            break
    assert len(_cores(another)) == 1
    core.release()
