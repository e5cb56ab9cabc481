"""approvals.yaml: added to by programs, written into by people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.campaigns.approvals_file import add_approval, read_approvals
from newsletter.errors import FileProblems
from newsletter.model import Approval, Decision

_NAME = "issues/tides/approvals.yaml"
_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _approval(by: str = "Ada", comment: str = "", content: str = "a" * 64) -> Approval:
    return Approval(by, _AT, Decision.APPROVED, comment, content, {"article tides.md": "0123456789ab"})


def test_what_people_wrote_into_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "approvals.yaml"
    add_approval(path, _NAME, _approval())
    path.write_text(path.read_text().replace("  - by:", "  # She called first.\n  - by:", 1))
    add_approval(path, _NAME, _approval("Bo"))
    text = path.read_text()
    assert "# She called first." in text
    assert [one.by for one in read_approvals(path, _NAME)] == ["Ada", "Bo"]
    assert text.count("article tides.md") == 1, "what two people approved is told once"


def test_reviewers_at_the_same_moment_all_get_in(tmp_path: Path) -> None:
    path = tmp_path / "approvals.yaml"
    threads = [Thread(target=add_approval, args=(path, _NAME, _approval(f"R{number}"))) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.by for one in read_approvals(path, _NAME)) == [f"R{number}" for number in range(8)]
    assert [one.name for one in tmp_path.iterdir()] == ["approvals.yaml"]


_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60)


@settings(deadline=None, max_examples=60)
@given(by=_TEXT.filter(lambda one: one.strip() and one.isprintable()), comment=_TEXT)
def test_whatever_a_reviewer_says_reads_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, by: str, comment: str
) -> None:
    path = tmp_path_factory.mktemp("approvals") / "approvals.yaml"
    said = Approval(by, _AT + timedelta(hours=1), Decision.CHANGES, comment, "b" * 64, {})
    add_approval(path, _NAME, said)
    assert read_approvals(path, _NAME) == (said,)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("approvals:\n  - {by: Ada}\n", 2, "approvals.0.at"),
        ("approvals:\n  - by: Ada\n    at: 2026-03-02T09:00:00\n", 3, "timezone"),
        ("approvals:\n  - by: Ada\n    decision: maybe\n", 3, "approvals.0.decision"),
        ("approved: []\n", 1, "Did you mean 'approvals'?"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "approvals.yaml"
    path.write_text(text)
    with pytest.raises(FileProblems) as caught:
        read_approvals(path, _NAME)
    assert any(str(one).startswith(f"{_NAME}:{line}: ") and words in str(one) for one in caught.value.problems)
