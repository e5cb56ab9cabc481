"""What an author decides to live with, in a comment beside it, and what a comment without effect is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checks.ignores import Ignore, ignores_in, not_asked, sift
from newsletter.model import Finding, Severity, Where


def _finding(line: int, rule: str = "link-text", path: str = "a.md") -> Finding:
    return Finding(rule, Severity.WARNING, "m", Where(path, line))


def _covered(text: str, path: str = "a.md") -> list[int]:
    """The lines on which a finding of link-text is ignored."""
    ignores = ignores_in(text, path)
    lines = range(1, text.count("\n") + 2)
    return [line for line in lines if not sift([_finding(line, path=path)], ignores).findings]


def test_in_an_article_a_comment_covers_the_paragraph_that_follows() -> None:
    text = "One\n\n<!-- newsletter: ignore link-text because it is a joke -->\n\nTwo\ntwo\n\nThree"
    assert _covered(text) == [3, 4, 5, 6]


_SO = "<!-- newsletter: ignore link-text because so -->"


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        # The element that begins right behind it, and nothing of what follows that.
        (f"{_SO}\n<p>\nOne\n</p>\n<p>Two</p>\n<p>Three</p>", [1, 2, 3, 4]),
        (f"{_SO}\n\n<p>One</p>\n<p>Two</p>", [1, 2, 3]),
        (f"{_SO}\n<div>\n<p>One</p>\n\n<p>Two</p>\n</div>\n<p>Three</p>", [1, 2, 3, 4, 5, 6]),
        (f'{_SO}\n<img\n src="a.png">\n<img src="b.png">', [1, 2, 3]),
        # Without end tags, too.
        (f"{_SO}\n<p>One\none\n\n<p>Two", [1, 2, 3]),
        (f"<ul>\n{_SO}\n<li>One\n<li>Two\n</ul>\n<p>Three", [2, 3]),
        # In a paragraph, that paragraph; in something wide, the words up to the next block.
        (f"<p>One\none</p>\n<p>Two\n{_SO}\ntwo\n</p>\n<p>Three", [3, 4, 5, 6]),
        (f"<div>One\n{_SO}\ntwo <b>two</b>\n&amp;\n<p>Three</p>\nfour</div>", [2, 3, 4]),
        (f"<div>\n<p>One</p>\n{_SO}\n</div>\n<p>Two</p>", [3]),
        # At the end of a line, what stands there.
        (f"<p>One</p> {_SO}\n<p>Two</p>", [1]),
        # The tag alone of what holds everything; a comment between the two is passed over.
        (f"{_SO}\n<!DOCTYPE html>\n<html>\n<body>\n<p>One</p>", [1, 2, 3]),
        (f"{_SO}\n<!-- another -->\n<p>One</p>\n<p>Two</p>", [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("path", ["a.html", "mail.eml", "t.html.j2"])
def test_in_html_a_comment_covers_the_element_that_follows_or_the_one_it_stands_in(
    html: str, lines: list[int], path: str
) -> None:
    assert _covered(html, path) == lines


def test_a_page_of_html_in_a_markdown_file_is_html() -> None:
    assert _covered(f"<!doctype html>\n{_SO}\n<p>One</p>\n<p>Two</p>") == [2, 3]


@given(st.lists(st.sampled_from(["<p>", "</p>", "<li", ">", "<td>", "</table>", _SO, "a\n", "<!--", "&", "<body>"])))
def test_whatever_an_html_file_holds_a_comment_covers_its_own_line(scraps: list[str]) -> None:
    html = "".join(scraps)
    last = html.count("\n") + 1
    for one in ignores_in(html, "a.html"):
        assert 1 <= one.first <= one.where.line <= one.last <= last


def test_beside_something_a_comment_covers_its_own_line() -> None:
    assert _covered("One\nTwo <!-- newsletter: ignore link-text because so -->\nThree") == [2]
    assert _covered("a: 1\nb: 2 # newsletter: ignore link-text because so\nc: 3", "i.yaml") == [2]


def test_in_yaml_a_comment_covers_the_block_that_begins_below_it() -> None:
    text = (
        "blocks:\n  # newsletter: ignore link-text because so\n  - text: |\n      One\n\n      Two\n  - text: Three\n"
    )
    assert _covered(text, "issue.yaml") == [2, 3, 4, 5, 6]


def test_in_a_template_a_comment_covers_the_next_line() -> None:
    assert _covered("{# newsletter: ignore link-text because so #}\n<a>\n<b>", "t.j2") == [1, 2]


def test_only_the_rule_that_is_named_is_ignored_and_the_reason_is_kept() -> None:
    ignores = ignores_in("<!-- newsletter: ignore link-text because Ada says so -->\nOne", "a.md")
    sifted = sift([_finding(2), _finding(2, "link-host"), _finding(2, path="b.md")], ignores)
    assert [(one.rule, one.where.path) for one in sifted.findings] == [("link-host", "a.md"), ("link-text", "b.md")]
    assert [reason for _, reason in sifted.ignored] == ["Ada says so"]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("ignore link-text", "without a reason"),
        ("ignore link-text because", "without a reason"),
        ("ignore link-txt because so", "Did you mean 'link-text'?"),
        ("ignore", "no rule is named"),
    ],
)
def test_without_a_reason_or_a_rule_there_is_a_comment_has_no_effect_and_is_told(comment: str, words: str) -> None:
    ignores = ignores_in(f"<!-- newsletter: {comment} -->\nOne", "a.md")
    found = sift([_finding(2)], ignores).findings
    assert [one.rule for one in found] == ["link-text", "ignore-reason"]
    assert words in found[1].message
    assert found[1].where == Where("a.md", 1)


def test_a_comment_that_ignores_nothing_is_told_where_all_was_looked_at_and_only_there() -> None:
    ignores = ignores_in("<!-- newsletter: ignore link-text because so -->\nOne", "a.md")
    assert isinstance(ignores[0], Ignore)
    assert sift([], ignores).findings == ()
    assert [(one.rule, str(one.where)) for one in sift([], ignores, ["a.md"]).findings] == [("unused-ignore", "a.md:1")]
    assert sift([_finding(2)], ignores, ["a.md"]).findings == ()


def test_one_comment_ignores_several_rules_parted_by_commas() -> None:
    ignores = ignores_in("<!-- newsletter: ignore image-alt, link-text because two at once -->\nTwo\n", "a.md")
    found = [_finding(2), _finding(2, "image-alt"), _finding(2, "double-word")]
    sifted = sift(found, ignores, ("a.md",))
    assert [one.rule for one in sifted.findings] == ["double-word"]
    assert {reason for _, reason in sifted.ignored} == {"two at once"}
    # Each of them is told by itself when there is nothing of it.
    unused = sift(found[:1], ignores, ("a.md",)).findings
    assert [one.message for one in unused] == ["nothing of rule 'image-alt' is found here any more."]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("<!-- newsletter: ignore link-text because\n     it is a joke -->\nTwo\ntwo\n\nThree", [1, 2, 3, 4]),
        ("<!--\n  newsletter: ignore link-text\n  because it is a joke\n-->\n\nTwo\n\nThree", [1, 2, 3, 4, 5, 6]),
        ("<!-- newsletter: ignore image-alt,\nlink-text because it is a joke -->\nTwo", [1, 2, 3]),
        ("{# newsletter: ignore link-text because\n   it is a joke -#}\n<a>\n<b>", [1, 2, 3]),
        ("One <!-- newsletter: ignore link-text\nbecause it is a joke --> two\nThree", [1, 2]),
        ("# newsletter: ignore link-text because\n#   it is a joke\na:\n  b: 1\nc: 2", [1, 2, 3, 4]),
        ("  # newsletter: ignore link-text\n  # because it is a joke\n  a: 1\n  c: 2", [1, 2, 3]),
        ("# newsletter: ignore link-text because it is\n# a joke\na: 1\nc: 2", [1, 2, 3]),
        ("# newsletter: ignore link-text\n# because it\n# is a\n#\n# joke\na: 1\nc: 2", [1, 2, 3, 4, 5, 6]),
        ("# newsletter: ignore link-text because it is a joke\n\n# another comment\na: 1\nc: 2", [1, 2, 3, 4]),
        ("a: 1 # newsletter: ignore link-text because it is a joke\n# another comment\nc: 2", [1]),
        # Two comments, one below the other, cover the same.
        (
            "<!-- newsletter: ignore link-text because\nit is a joke -->\n<!-- newsletter: ignore image-alt because\n"
            "of it -->\nTwo\n\nThree",
            [1, 2, 3, 4, 5],
        ),
    ],
)
def test_a_comment_may_go_on_over_several_lines_and_covers_what_follows_its_end(text: str, lines: list[int]) -> None:
    assert _covered(text) == lines
    reasons = {one.reason for one in ignores_in(text, "a.md") if one.rule == "link-text"}
    assert reasons == {"it is a joke"}


@pytest.mark.parametrize(
    "text",
    [
        "<!-- newsletter: ignore link-text because\n-->\nTwo",
        "<!-- newsletter: ignore link-text\nTwo\n<!-- another because -->\nThree",
        "# newsletter: ignore link-text because\na: 1",
        "# newsletter: ignore link-text\n# another comment\na: 1",
    ],
)
def test_a_comment_whose_next_line_gives_no_reason_has_no_effect_and_is_told_where_it_begins(text: str) -> None:
    (found,) = sift([], ignores_in(f"One\n{text}", "a.md")).findings
    assert (found.rule, str(found.where)) == ("ignore-reason", "a.md:2")
    assert len(_covered(text)) == 0


@pytest.mark.parametrize(
    ("rule", "chosen", "notes", "named", "online", "told"),
    [
        ("link-text", {}, False, False, False, True),
        ("link-text", {"link-text": "info"}, False, False, False, False),
        ("link-text", {"link-text": "info"}, True, False, False, True),
        ("link-text", {"link-text": "off"}, True, False, False, False),
        ("link-http", {}, False, False, False, False),
        ("link-http", {"link-http": "warning"}, False, False, False, True),
        ("client-support", {}, True, False, False, True),
        ("client-support", {}, True, True, False, False),
        ("client-support", {}, False, False, False, False),
        ("link-broken", {}, True, False, False, False),
        ("link-broken", {}, True, False, True, True),
        ("merge-gap", {}, True, False, True, False),
    ],
)
def test_an_ignore_is_unused_only_where_the_run_looked_for_all_of_its_rule(
    rule: str, chosen: dict[str, str], notes: bool, named: bool, online: bool, told: bool
) -> None:
    ignores = ignores_in(f"<!-- newsletter: ignore {rule} because so -->\nOne", "a.md")
    found = sift([], ignores, ["a.md"], not_asked(chosen, notes, named, online)).findings
    assert [one.rule for one in found] == ["unused-ignore"] * told
