"""A traced rendering is what is mailed, byte for byte, and says where each of its tags was written."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from newsletter.audience import audiences
from newsletter.audience.professions import load_professions
from newsletter.content import issues
from newsletter.model import Block, Where
from newsletter.rendering.layout import Templates
from newsletter.rendering.render import Edition, render_one
from newsletter.rendering.tracing import Tracer
from newsletter.settings_reading import load_settings
from tests.conftest import REPOSITORY

FOLDERS = [REPOSITORY / "templates"]


@pytest.mark.parametrize("layout", ["two-column", "one-column", "plain"])
@pytest.mark.parametrize("name", ["every-block", "open-source-in-care"])
def test_without_its_marks_a_traced_rendering_is_what_is_mailed(name: str, layout: str) -> None:
    settings = load_settings(REPOSITORY, {})
    professions = load_professions(REPOSITORY)
    templates, tracer = Templates(FOLDERS, REPOSITORY), Tracer()
    issue = issues.load_issue(name, settings, professions, templates.names())
    issue = replace(issue, layout=layout)
    audience = audiences.load_audience(issue.audience, REPOSITORY, professions, Where(""))
    edition = Edition(issue, settings, professions, audience.professions, audience.recipient_fields)
    traced = Templates(FOLDERS, REPOSITORY, tracer)
    for key in edition.keys[-3:]:
        trace = tracer.trace(render_one(edition, traced, key).rendered.html)
        assert trace.html == render_one(edition, templates, key).rendered.html
        for mark in trace.marks:
            tag = re.match(r"<(\w)", trace.html[mark.offset :])
            lines = (REPOSITORY / mark.template.path).read_text("utf-8").split("\n")
            assert tag and f"<{tag[1]}" in lines[mark.template.line - 1], mark


def test_marks_go_into_tags_and_nowhere_else() -> None:
    source = '{# <b> #}{% if a <b %}<h{{ level }} class="x">{{ "<i>" }}</h{{ level }}>\n<br>{% endif %}\n<!-- <p> -->'
    marked = Tracer().marked(source, "a.j2")
    assert marked == (
        '{# <b> #}{% if a <b %}<h{{ level }} data-newsletter-at="0" class="x">{{ "<i>" }}</h{{ level }}>\n'
        '<br data-newsletter-at="1">{% endif %}\n<!-- <p data-newsletter-at="2"> -->'
    )


def test_a_block_inside_a_block_keeps_its_own_marks() -> None:
    tracer = Tracer()
    outer, inner = (Block(name, {}, Where("issue.yaml", line)) for name, line in (("outer", 3), ("inner", 5)))
    drawn = tracer.of_block(tracer.marked("<b>x</b>", "inner.j2"), inner)
    whole = tracer.of_block(tracer.marked("\n<td>", "outer.j2") + drawn + "<i>", outer)
    trace = tracer.trace(whole)
    assert trace.html == "\n<td><b>x</b><i>"
    found = [(one.offset, str(one.template), one.block and one.block.type) for one in trace.marks]
    assert found == [(1, "outer.j2:2", "outer"), (5, "inner.j2:1", "inner")]
