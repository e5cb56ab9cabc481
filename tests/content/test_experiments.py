"""`ab:` of an issue: which mails are tried with how many people, or every problem at its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from newsletter.model import Arm, Criterion, Issue, Where
from tests.content.conftest import ISSUE

TITLE = "title: T\naudience: crew\n"
SECTIONS = "sections:\n  - blocks:\n      - {text: Hello}\n"


def test_subjects_become_arms_in_their_order_each_with_its_line(load: Callable[..., Issue]) -> None:
    issue = load(
        f"{TITLE}ab:\n  share: 12.5%\n  winner: Clicks\n  wait: 90m\n  subjects:\n    - High water\n"
        f"    - \"Low water for {{{{ recipient.first_name | default('you') }}}}\"\n{SECTIONS}"
    )
    found = issue.experiment
    assert found is not None
    assert (found.share, found.criterion, found.wait) == (12.5, Criterion.CLICKS, timedelta(minutes=90))
    assert [one.key for one in found.arms] == ["a", "b"]
    assert found.arms[0] == Arm("a", "High water", Where(ISSUE, 8))
    assert found.arms[1].where == Where(ISSUE, 9)
    (merged,) = issue.expressions.values()
    assert found.arms[1].subject == f"Low water for {merged.token}"
    assert (issue.subject, issue.subject_line) == ("High water", 8)


def test_blocks_become_arms_wherever_they_stand(load: Callable[..., Issue]) -> None:
    issue = load(
        f"{TITLE}subject: S\nab: {{share: 20%, winner: by hand}}\nsections:\n  - blocks:\n"
        "      - {text: Hello}\n      - {text: Short, arm: b}\n"
        "      - columns: [{text: Long, arm: a}, {text: Beside}]\n"
    )
    assert issue.experiment is not None
    assert (issue.experiment.criterion, issue.experiment.wait) == (Criterion.HAND, timedelta(hours=4))
    assert [(one.key, one.subject, one.where.line) for one in issue.experiment.arms] == [("a", "", 9), ("b", "", 8)]
    every, short, columns = issue.sections[0].blocks
    assert (every.arm, short.arm) == ("", "b")
    assert columns.fields["cells"][0][0].arm == "a"  # type: ignore[index]


def test_an_issue_that_tries_nothing_has_no_experiment(load: Callable[..., Issue]) -> None:
    assert load().experiment is None


@pytest.mark.parametrize(
    ("ab", "said"),
    [
        ("{share: 20%, winner: clicks, subjects: [One]}", "4: 1 subject(s) cannot be tried against each other"),
        ("{share: 20%, winner: clicks, subjects: [A, B, C, D, E]}", "4: 5 subject(s) cannot be tried"),
        ("{share: 20%, winner: clicks, subjects: [Same one, 'same  ONE']}", "4: the same subject stands here twice"),
        ("{share: 20%, winner: clicks, subjects: [A, '']}", "4: a subject must say something"),
        ('{share: 20%, winner: clicks, subjects: [A, "b\\nBcc: c"]}', "4: '1' must be one line"),
        ("{share: 20%, winner: clicks, subjects: One}", "4: 'ab.subjects' must be a list"),
        (
            "{share: 0%, winner: clicks, subjects: [A, B]}",
            "4: '0%' is no share. Write how many of the recipients get an arm, such as `20%`: more than 0%",
        ),
        (
            "{share: 20, winner: clicks, subjects: [A, B]}",
            "4: '20' is no share. Write how many of the recipients get an arm, such as `20%`: with the % sign.",
        ),
        ("{share: 101%, winner: clicks, subjects: [A, B]}", "4: '101%' is no share"),
        ("{share: 0.2, winner: clicks, subjects: [A, B]}", "4: '0.2' is no share. Write how many"),
        ("{share: -5%, winner: clicks, subjects: [A, B]}", "4: '-5%' is no share"),
        ("{winner: clicks, subjects: [A, B]}", "4: 'ab.share' is missing"),
        ("{share: 20%, subjects: [A, B]}", "4: 'ab.winner' is missing"),
        ("{share: 20%, winner: click, subjects: [A, B]}", "4: unknown winner 'click'. Did you mean 'clicks'? Known:"),
        ("{share: 20%, winner: clicks, wait: soon, subjects: [A, B]}", "4: 'ab.wait': write a time as 90m, 6h or 2d."),
        ("{share: 20%, winner: clicks, subject: [A, B]}", "4: unknown key 'ab.subject'. Did you mean 'subjects'?"),
        ("{share: 20%, winner: clicks}", "4: nothing is tried: list 2 to 4 `subjects:` here, or mark blocks"),
        ("", "4: `ab:` is empty"),
    ],
)
def test_what_cannot_be_tried_is_told_with_its_line(problems: Callable[[str], list[str]], ab: str, said: str) -> None:
    subject = "" if "subjects:" in ab and "[" in ab else "subject: S\n"
    told = problems(f"{TITLE}{subject or 'language: en' + chr(10)}ab: {ab}\n{SECTIONS}")
    assert any(one.startswith(f"issue.yaml:{said}") for one in told), told


def _blocks(*blocks: str, ab: str = "ab: {share: 20%, winner: opens}") -> str:
    return f"{TITLE}subject: S\n{ab}\nsections:\n  - blocks:\n" + "".join(f"      - {one}\n" for one in blocks)


def test_an_arm_without_blocks_is_told(problems: Callable[[str], list[str]]) -> None:
    (said,) = problems(_blocks("{text: One, arm: a}", "{text: Three, arm: c}"))
    assert said.startswith("issue.yaml:4: arm b has no block, only a, c.")
    (said,) = problems(_blocks("{text: One, arm: a}", "{text: Both}"))
    assert said.startswith("issue.yaml:4: arm b has no block, only a.")


def test_an_arm_there_is_not_is_told_at_its_block(problems: Callable[[str], list[str]]) -> None:
    said = problems(_blocks("{text: One, arm: a}", "{text: Two, arm: b}", "{text: Five, arm: e}"))
    assert said == ["issue.yaml:9: there is no arm 'e'. An arm is one of a, b, c, d."]


def test_an_arm_where_nothing_is_tried_is_told_at_its_block(problems: Callable[[str], list[str]]) -> None:
    (said,) = problems(_blocks("{text: One, arm: a}", ab="language: en"))
    assert said.startswith("issue.yaml:7: a block has an arm, but nothing is tried.")


def test_either_subjects_are_tried_or_blocks(problems: Callable[[str], list[str]]) -> None:
    (said,) = problems(_blocks("{text: One, arm: a}", ab="ab: {share: 20%, winner: opens, subjects: [S, T]}"))
    assert said.startswith("issue.yaml:7: either subjects are tried or blocks")


def test_a_subject_that_nobody_would_read_is_told(problems: Callable[[str], list[str]]) -> None:
    (said,) = problems(_blocks("{text: One}", ab="ab: {share: 20%, winner: opens, subjects: [T, U]}"))
    assert said.startswith("issue.yaml:3: nobody would read this subject")
