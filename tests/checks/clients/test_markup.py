from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from justhtml import JustHTML

from newsletter.checks.clients.markup import Comment, EndTag, Lines, RawText, StartTag, pieces

_WORDS = st.sampled_from(
    ["<p", "<td", "<a", " href=", " title='", ' title="', "'", '"', ">", "/>", " ", "\n", "</p>", "x", "é", "&amp;",
     "<", "&quot;", "<!--", "-->", "<b class=c>", "=", "/", "<!x>", "</", "<i hidden>"]
)  # fmt: skip
_PAGES = st.lists(_WORDS, max_size=25).map("".join)


def _tags(html: str) -> list[StartTag]:
    return [one for one in pieces(html) if isinstance(one, StartTag)]


@given(_PAGES)
def test_tags_and_attributes_are_those_another_parser_sees(html: str) -> None:
    parsed = JustHTML(f"<body>{html}", sanitize=False, track_node_locations=True)
    theirs = [
        (node.name, {name: value or "" for name, value in node.attrs.items()})
        for node in parsed.query("*")
        if node.name not in ("html", "head", "body", "tbody", "tr", "table")
    ]
    ours = [(one.name, {name: each.value for name, each in one.attributes.items()}) for one in _tags(html)]
    # A cell outside of a table is no element of any tree; and a tree may hold an element twice (misnested <a>, <b>).
    shown = [one for one in ours if one[0] != "td"]
    assert [one for one in shown if one not in theirs] == []
    # An end tag alone makes a <p> in a tree.
    assert [one for one in theirs if one not in shown and one != ("p", {})] == []


@given(_PAGES)
def test_every_piece_stands_where_it_says(html: str) -> None:
    end = 0
    for one in pieces(html):
        assert end <= one.start < one.end <= len(html) or isinstance(one, RawText)
        end = one.end
        if isinstance(one, StartTag):
            assert html[one.start + 1 :].lower().startswith(one.name)
            for name, attribute in one.attributes.items():
                assert html[attribute.start :].lower().startswith(name)
                assert html[attribute.value_start :].startswith(attribute.raw)


@given(st.lists(st.sampled_from(["a", "&amp;", "&quot;", "&eacute;", "&#39;", "&nope;", "é", "&", ";", "&#x1F600;"])))
def test_a_character_of_a_value_is_found_behind_character_references(parts: list[str]) -> None:
    html = f'<p title="{"".join(parts)}|">'
    (tag,) = _tags(html)
    attribute = tag.attributes["title"]
    at = attribute.value.index("|")
    assert html[attribute.offset(at)] == "|"


def test_a_value_without_quotes_and_an_attribute_without_a_value_are_read() -> None:
    (tag,) = _tags("<td  WIDTH=300 nowrap\n align = 'left'>")
    assert {name: one.value for name, one in tag.attributes.items()} == {"width": "300", "nowrap": "", "align": "left"}


def test_the_first_of_two_attributes_of_a_name_counts() -> None:
    (tag,) = _tags('<p class="a" class="b">')
    assert tag.attributes["class"].value == "a"


def test_what_stands_in_a_style_element_is_no_markup() -> None:
    html = "<style>p > b { content: '<i>' }</style><p>"
    found = list(pieces(html))
    assert [type(one) for one in found] == [StartTag, RawText, EndTag, StartTag]
    assert isinstance(found[1], RawText)
    assert found[1].text == "p > b { content: '<i>' }"


def test_a_script_ends_where_browsers_end_it() -> None:
    html = "<script>a<!--<script>b</script>c--></script><p>"
    script = next(one for one in pieces(html) if isinstance(one, RawText))
    assert script.text == "a<!--<script>b</script>c-->"
    assert [one.name for one in _tags(html)] == ["script", "p"]


def test_a_comment_hides_tags_and_a_declaration_is_read_as_one() -> None:
    found = list(pieces("<!DOCTYPE html><!--[if mso]><td><![endif]--><![if !mso]><!-->"))
    assert [one.text for one in found if isinstance(one, Comment)] == [
        "DOCTYPE html",
        "[if mso]><td><![endif]",
        "[if !mso]",
        "",
    ]


def test_a_part_of_the_text_is_read_by_itself() -> None:
    html = "<p><!--[if mso]><td width='1'><![endif]-->"
    found = list(pieces(html, html.index("<td"), html.index("<![endif]")))
    assert [type(one) for one in found] == [StartTag]
    assert html[found[0].start : found[0].end] == "<td width='1'>"


def test_lines_and_columns_count_from_one() -> None:
    lines = Lines("ab\ncd\n\nx")
    assert [lines.place(at) for at in (0, 1, 3, 6, 7)] == [(1, 1), (1, 2), (2, 1), (3, 1), (4, 1)]
