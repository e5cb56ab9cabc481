from __future__ import annotations

import tinycss2
from hypothesis import given
from hypothesis import strategies as st

from newsletter.checks.clients.css import AtRule, Rule, declarations, stylesheet

_PARTS = st.sampled_from(
    ["color", ":", ";", "red", " ", "!important", "! important", "url(a;b)", "'a;b'", '"', "(", ")", "/*", "*/", "{",
     "}", "width", "calc(1px + 2%)", "\\", "-x", "0", "#fff", ",", "/", "\n", "@media", "[", "]", "é", "--v", "*zoom"]
)  # fmt: skip


@given(st.lists(_PARTS, max_size=20).map("".join))
def test_declarations_are_those_that_tinycss2_reads(text: str) -> None:
    nodes = tinycss2.parse_blocks_contents(text, skip_comments=True, skip_whitespace=True)
    theirs = [
        (
            node.lower_name,
            node.important,
            tinycss2.serialize([one for one in node.value if one.type != "comment"]).strip(),
        )
        for node in nodes
        if node.type == "declaration"
    ]
    assert [(one.name, one.important, one.value) for one in declarations(text)] == theirs


@given(st.lists(_PARTS, max_size=20).map("".join))
def test_a_declaration_stands_where_it_says(text: str) -> None:
    for one in declarations(text):
        written = text[one.start :]
        # A name with an escape in it is not spelt as it reads.
        assert "\\" in written.partition(":")[0] or written.lower().startswith(one.name)


def test_a_space_before_important_is_told_from_none() -> None:
    assert [one.tight for one in declarations("color:red!important; width:1px !important; height:1px")] == [
        True,
        False,
        False,
    ]


def test_rules_know_what_stands_around_them() -> None:
    text = "a, b > c { color: red }\n@media screen and (max-width: 1px) {\n  .d { width: 1px; height: 2px }\n}\n"
    plain, media, inner = stylesheet(text)
    assert isinstance(plain, Rule) and isinstance(media, AtRule) and isinstance(inner, Rule)
    assert (plain.selector, plain.conditions) == ("a, b > c", ())
    assert (media.name, media.prelude) == ("media", "screen and (max-width: 1px)")
    assert (inner.selector, inner.conditions) == (".d", ("@media screen and (max-width: 1px)",))
    assert [text[one.start : one.end] for one in inner.declarations] == ["width: 1px", "height: 2px "]
    assert text[inner.start :].startswith(".d {")


def test_a_rule_in_a_rule_is_told_as_such() -> None:
    found = [
        (one.selector, one.nested) for one in stylesheet(".a { color: red; & b { top: 0 } }") if isinstance(one, Rule)
    ]
    assert found == [(".a", False), ("& b", True)]


def test_the_comment_signs_old_mails_wrap_their_styles_in_are_nothing() -> None:
    (rule,) = stylesheet("<!--\n.a { color: red }\n-->")
    assert isinstance(rule, Rule)
    assert (rule.selector, rule.start) == (".a", 5)
