"""Another inliner, written from the CSS standard by other people, finds the same declarations on every element."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import css_inline
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.rendering.inlining import inline_css, parse_page, serialize_page

Applied = list[tuple[str, dict[str, tuple[str, bool]]]]


def _applied(html: str) -> Applied:
    """Each element's tag and declarations: the last of a name, the important ones before all others."""
    return [(element.tag, _last(element.get("style") or "")) for element in _elements(parse_page(html))]


def _elements(page: Any) -> Iterator[Any]:
    body = page.find("body")
    return body.iter("*")


def _last(style: str) -> dict[str, tuple[str, bool]]:
    last: dict[str, tuple[str, bool]] = {}
    for declaration in filter(str.strip, style.split(";")):
        name, _, value = declaration.partition(":")
        bare, important, _ = value.partition("!important")
        if important or not last.get(name.strip(), ("", False))[1]:
            last[name.strip()] = (" ".join(bare.split()), bool(important))
    return last


def _ours(html: str) -> Applied:
    page = parse_page(html)
    inline_css(page)
    return _applied(serialize_page(page))


def _theirs(html: str) -> Applied:
    return _applied(css_inline.CSSInliner(load_remote_stylesheets=False).inline(html))


_TAGS = st.sampled_from(["div", "p", "span", "b"])
_SIMPLE = st.one_of(
    _TAGS, st.sampled_from([".x", ".y", ".x.y", "#i", "p.x", "DIV", "p:first-child", "[align]", '[align="left"]'])
)
_SELECTORS = st.builds(
    lambda first, rest: first + "".join(mark + other for mark, other in rest),
    _SIMPLE,
    st.lists(st.tuples(st.sampled_from([" ", " > ", ">", " + ", "~"]), _SIMPLE), max_size=2),
)
_DECLARATIONS = st.lists(
    st.builds(
        lambda name, value, important: f"{name}:{value}{important}",
        st.sampled_from(["color", "top", "margin", "margin-top", "font-size"]),
        st.sampled_from(["1px", "2px", "3px", "4px"]),
        st.sampled_from(["", "", "", "!important", " !important"]),
    ),
    min_size=1,
    max_size=3,
).map(";".join)
_RULES = st.builds(
    lambda selectors, body: f"{','.join(selectors)}{{{body}}}",
    st.lists(_SELECTORS, min_size=1, max_size=2),
    _DECLARATIONS,
)
_ATTRIBUTES = st.sampled_from(["", " class=x", " class='y x'", " id=i", " align=left", " style='top:9px;color:8px'"])
_TREES = st.recursive(
    st.just("t"),
    lambda inner: st.builds(
        lambda tag, attributes, children: f"<{tag}{attributes}>{''.join(children)}</{tag}>",
        st.sampled_from(["div", "span", "b"]),
        _ATTRIBUTES,
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@example(["div{color:2px;color:1px;color:2px}"], "<div></div>")
@given(st.lists(_RULES, min_size=1, max_size=6), _TREES)
def test_simple_selectors_apply_as_the_standard_says(rules: list[str], tree: str) -> None:
    html = f"<!DOCTYPE html><html><head><style>{' '.join(rules)}</style></head><body>{tree}</body></html>"
    assert _ours(html) == _theirs(html)


RECEIPT = """<!DOCTYPE html><html><head><style>
body{margin:0;font-family:Arial,sans-serif} table{border-collapse:collapse} td{padding:8px;vertical-align:top}
.items td{border-bottom:1px solid #eee} .items td.price{text-align:right} #total td{font-weight:bold;border-bottom:0}
.items>tbody>tr.last td{border-bottom:2px solid #333 !important}
</style></head><body><table class="items"><tbody><tr><td>Tea</td><td class="price">4.00</td></tr>
<tr class="last"><td style="padding:2px">Cake</td><td class="price" style="color:#333">3.50</td></tr>
<tr id="total"><td>All</td><td class="price">7.50</td></tr></tbody></table></body></html>"""
WELCOME = """<!DOCTYPE html><html><head><style>
h1{font-size:28px;line-height:34px} h1 + p{margin-top:0} .card{background-color:#fff;border-radius:6px}
.card .card{background-color:#eee} .card p{color:#444} div.card > p{color:#555} .button a{color:#fff;padding:12px 20px}
</style><style>p{margin:0 0 16px} .card p{line-height:24px}</style></head><body><div class="card"><h1>Hello</h1>
<p>One</p><p>Two</p><div class="card"><p>Three</p></div><div class="button"><a href="https://example.org">Go</a></div>
</div></body></html>"""


@pytest.mark.parametrize("html", [RECEIPT, WELCOME])
def test_whole_emails_come_out_alike(html: str) -> None:
    assert _ours(html) == _theirs(html)
    assert sum(bool(style) for _, style in _ours(html)) >= 7
