"""Which addresses answer: each asked once, a few at a time, kept for an hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.content.fetching import Fetched, Limits
from newsletter.errors import FileProblems
from newsletter.model import Where
from newsletter.pipeline.online import KEPT, broken_addresses

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Web:
    """Answers but for addresses with 'gone' in them, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, url: str, limits: Limits) -> Fetched:
        self.asked.append(url)
        if "gone" in url:
            raise FileProblems.at(Where(url), "it answers 404 Not Found.")
        return Fetched(url, b"", "text/html")


def test_addresses_that_do_not_answer_are_told_with_the_reason_and_each_is_asked_once(tmp_path: Path) -> None:
    web = Web()
    addresses = ["https://example.org/gone", "https://example.org/here", "https://example.org/gone"]
    broken = broken_addresses(addresses, tmp_path, NOW, web.fetch)
    assert broken == {"https://example.org/gone": "https://example.org/gone: it answers 404 Not Found."}
    assert sorted(web.asked) == ["https://example.org/gone", "https://example.org/here"]


def test_within_the_hour_nobody_is_asked_again_and_after_it_everybody_is(tmp_path: Path) -> None:
    web = Web()
    addresses = ["https://example.org/gone", "https://example.org/here"]
    first = broken_addresses(addresses, tmp_path, NOW, web.fetch)
    assert broken_addresses(addresses, tmp_path, NOW + timedelta(minutes=59), web.fetch) == first
    assert len(web.asked) == 2
    broken_addresses(addresses, tmp_path, NOW + timedelta(minutes=61), web.fetch)
    assert len(web.asked) == 4


def test_damaged_answers_are_asked_anew(tmp_path: Path) -> None:
    web = Web()
    for damage in ("", "[]", '{"https://example.org/here": 1}', "\xff"):
        (tmp_path / KEPT).write_text(damage, "latin-1")
        assert broken_addresses(["https://example.org/here"], tmp_path, NOW, web.fetch) == {}
    assert len(web.asked) == 4


def test_an_address_of_this_machine_is_refused_rather_than_asked() -> None:
    broken = broken_addresses(["http://127.0.0.1:9/", "http://[::1]/"], None, NOW)
    assert set(broken) == {"http://127.0.0.1:9/", "http://[::1]/"}


def test_a_private_address_is_never_asked_and_no_feed_is_spoken_of() -> None:
    broken = broken_addresses(["http://127.0.0.1/x"], None, NOW)
    assert broken == {
        "http://127.0.0.1/x": "http://127.0.0.1/x: '127.0.0.1' leads to a private address, which is never asked."
    }
