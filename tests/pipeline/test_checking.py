"""What `check` finds in an issue beside what its mails show: pictures, names of professions, whose mail it is."""

from __future__ import annotations

import re

import pytest

from newsletter.checks.clients.table import load_table
from newsletter.errors import FileProblems
from newsletter.pipeline import inspecting
from newsletter.pipeline.building import build
from newsletter.pipeline.checking import asked_for, check_issue, rule_words
from newsletter.pipeline.workspace import open_workspace
from tests.conftest import REPOSITORY, Workspace


def _found(workspace: Workspace) -> list[tuple[str, str, str]]:
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    found = check_issue(opened, "tides").findings
    return [(one.rule, str(one.where), one.message) for one in found]


def _replace(workspace: Workspace, name: str, old: str, new: str) -> None:
    text = (workspace.root / name).read_text("utf-8")
    assert old in text
    workspace.write(name, text.replace(old, new))


def test_a_missing_picture_is_an_error_at_its_authors_line_and_the_rest_is_checked_too(workspace: Workspace) -> None:
    workspace.write(
        "issues/tides/tides.md",
        "---\ntitle: High water\nimage: images/quai.svg\n---\nThe tide.\n\n![Moon](moon.png)\n\nThe the end.\n",
    )
    _replace(workspace, "issues/tides/issue.yaml", "images/wave.svg", "images/wawe.svg")
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    for _ in range(2):  # also when articles are taken from an earlier run
        found = _found(workspace)
        assert [(rule, where) for rule, where, _ in found] == [
            ("image-missing", "issues/tides/issue.yaml:11"),
            ("image-missing", "issues/tides/tides.md:3"),
            ("image-missing", "issues/tides/tides.md:7"),
            ("image-alt", "issues/tides/tides.md:3"),
            ("double-word", "issues/tides/tides.md:9"),
        ]
        assert "no picture 'images/wawe.svg'. Did you mean 'wave.svg'?" in found[0][2]
        with pytest.raises(FileProblems, match=r"issues/tides/tides.md:7: no picture 'moon.png'"):
            build(opened, "tides")
    (workspace.root / "issues/tides/moon.png").write_bytes(b"")
    assert ("image-missing", "issues/tides/tides.md:7") in [(rule, where) for rule, where, _ in _found(workspace)]


def test_a_logo_that_is_only_guessed_at_is_no_missing_picture(workspace: Workspace) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\nsidebar: true\nsidebarlogo: moon\n---\nTide.\n")
    assert {rule for rule, _, _ in _found(workspace)} == {"sidebar-logo"}


def test_a_block_for_professions_that_nobody_in_the_audience_has_is_told(workspace: Workspace) -> None:
    workspace.write(
        "audiences/crew.yaml", (workspace.root / "audiences/crew.yaml").read_text() + "segment: {profession: [pilot]}\n"
    )
    ((rule, where, message),) = _found(workspace)
    assert (rule, where) == ("profession-unread", "issues/tides/issue.yaml:9")
    assert "nobody in the audience 'crew' is a cook" in message
    # A profession above one that is there has readers.
    _replace(workspace, "issues/tides/issue.yaml", "for: [cook]", "for: [sailor]")
    assert _found(workspace) == []
    _replace(workspace, "issues/tides/issue.yaml", "for: [sailor]", "for: [default]")
    workspace.write("audiences/crew.yaml", "source: crew.csv\ncolumns: {address: Email}\n")
    assert _found(workspace) == []


def test_a_file_that_is_nearly_named_like_a_profession_is_told_at_the_block(workspace: Workspace) -> None:
    _replace(workspace, "issues/tides/issue.yaml", "{article: tides.md}", '{article: "{profession}/tides.md"}')
    for name in ("sailor", "pilto", "default", "weather"):
        workspace.write(f"issues/tides/{name}/tides.md", "---\ntitle: High water\n---\nThe tide.\n")
    ((rule, where, message),) = _found(workspace)
    assert (rule, where) == ("profession-typo", "issues/tides/issue.yaml:8")
    assert message == "'issues/tides/pilto/tides.md' is the file of no profession."


def test_a_mail_that_does_not_say_whose_it_is_is_told_at_the_settings(workspace: Workspace) -> None:
    text = (REPOSITORY / "templates/page.txt.j2").read_text("utf-8")
    without = re.sub(r"\{\{ brand\.postal_address\b[^}]*\}\}\n", "", text)
    assert without != text
    workspace.write("templates/page.txt.j2", without)
    ((rule, where, message),) = _found(workspace)
    assert (rule, where) == ("sender-identity", "newsletter.yaml:1")
    assert message == "the brand's postal address is not in the plain text."


def test_the_lines_of_the_inbox_and_the_postal_address_are_told_where_they_are_written(workspace: Workspace) -> None:
    _replace(workspace, "issues/tides/issue.yaml", '"Tides for {{ profession.plural | lower }}"', "TIDES AND " * 8)
    _replace(workspace, "issues/tides/issue.yaml", "preheader: High water at noon", 'preheader: ""')
    text = (REPOSITORY / "templates/page.html.j2").read_text("utf-8")
    without = re.sub(r"<br>\{\{ brand\.postal_address\b[^}]*\}\}", "", text)
    assert without != text
    workspace.write("templates/page.html.j2", without)
    assert sorted((rule, where) for rule, where, _ in _found(workspace)) == [
        ("postal-address", "newsletter.yaml:1"),
        ("preheader-missing", "issues/tides/issue.yaml:2"),
        ("subject-caps", "issues/tides/issue.yaml:2"),
        ("subject-length", "issues/tides/issue.yaml:2"),
    ]


def test_the_same_slip_is_told_at_every_line_of_every_file_also_from_an_earlier_run(workspace: Workspace) -> None:
    workspace.write(
        "issues/tides/tides.md", "---\ntitle: High water\n---\nTODO one.\n\nThe tide.\n\nTODO: [link](https://x.org).\n"
    )
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    workspace.write(
        "issues/tides/issue.yaml", text + '      - text: TODO\n      - text: "TODO [link](https://x.org)"\n'
    )
    for _ in range(2):
        assert [(rule, where) for rule, where, _ in _found(workspace)] == [
            ("note-to-self", "issues/tides/issue.yaml:13"),
            ("note-to-self", "issues/tides/issue.yaml:14"),
            ("link-text", "issues/tides/issue.yaml:14"),
            ("note-to-self", "issues/tides/tides.md:4"),
            ("note-to-self", "issues/tides/tides.md:8"),
            ("link-text", "issues/tides/tides.md:8"),
        ]
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\n\n\nTODO one.\n")
    assert [where for _, where, _ in _found(workspace)][3:] == ["issues/tides/tides.md:6"]


def test_the_same_slip_twice_in_a_paragraph_is_told_at_each_of_its_lines(workspace: Workspace) -> None:
    body = (
        "We saw the the\nsea and the\nthe shore, *all of the the\nway* to the the end.\n\n"
        "A line.\nA line.\nA line.\nThe light of the the tower and the the quay.\n"
    )
    workspace.write("issues/tides/tides.md", f"---\ntitle: High water\n---\n{body}")
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    blocks = "      - text: |\n          See the the moon.\n          And\n          the the sun.\n"
    workspace.write("issues/tides/issue.yaml", text + blocks)
    for _ in range(2):
        assert [where for rule, where, _ in _found(workspace) if rule == "double-word"] == [
            "issues/tides/issue.yaml:14",
            "issues/tides/issue.yaml:16",
            "issues/tides/tides.md:4",
            "issues/tides/tides.md:5",
            "issues/tides/tides.md:6",
            "issues/tides/tides.md:7",
            "issues/tides/tides.md:12",
        ]
    messages = [message for _, where, message in _found(workspace) if where == "issues/tides/tides.md:7"]
    assert messages == ["'the the' is left in the text: '…all of the the way to the the end.'."]


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("Of %%name%% and {{ recipient.first_name }}", "'Of %%name%% and {{ recipient.first_name }}'"),
        (f"Of %%name%% {'and ' * 12}{{{{ recipient.first_name }}}}", f"'Of %%name%% {('and ' * 12).strip()}'"),
        ("[{{ recipient.first_name }} is here](https://exa_mple/{{ recipient.first_name }})", ""),
    ],
)
def test_a_message_quotes_what_the_author_wrote_and_no_token(workspace: Workspace, words: str, quoted: str) -> None:
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    workspace.write("issues/tides/issue.yaml", f'{text}      - {{text: "{words}"}}\n')
    messages = [message for _, where, message in _found(workspace) if where == "issues/tides/issue.yaml:13"]
    assert messages
    assert not [one for one in messages if re.search(r"\bmf[0-9a-f]", one)]
    assert quoted in messages[0]


def test_braces_in_an_address_are_told_once_and_not_in_the_plain_text_too(workspace: Workspace) -> None:
    workspace.write(
        "issues/tides/tides.md",
        '---\ntitle: High water\n---\nThe tide.\n\n<a href="https://example.org/q?a={{ nope }}">Tides</a> of May.\n',
    )
    assert [(rule, where) for rule, where, _ in _found(workspace)] == [("open-braces", "issues/tides/tides.md:6")]
    workspace.write("templates/page.txt.j2", "{% raw %}{{%20nobody%20}}{% endraw %} 2 Quay Street, Port Town")
    messages = [message for rule, _, message in _found(workspace) if rule == "open-braces"]
    assert [one.partition(".")[0] for one in messages] == [
        "'{{ nobody }}' stands in the plain text",
        "'{{ nope }}' is left in an address",
    ]


def test_what_a_template_says_itself_is_told_there_and_what_it_prints_at_its_author(workspace: Workspace) -> None:
    workspace.write(
        "templates/blocks/tide.html.j2",
        "<tr><td>\n<p>{{ block.tide }}</p>\n<p>TODO wave\nTODO foam</p>\n<p>\n"
        '<a href="{{ block.link }}">link</a></p></td></tr>\n',
    )
    workspace.write("templates/blocks/tide.txt.j2", "{{ block.tide }}\n")
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    workspace.write("issues/tides/issue.yaml", text + '      - {tide: TODO, link: "https://example.org/1"}\n')
    assert [(rule, where) for rule, where, _ in _found(workspace)] == [
        ("note-to-self", "issues/tides/issue.yaml:13"),
        ("note-to-self", "templates/blocks/tide.html.j2:3"),
        ("note-to-self", "templates/blocks/tide.html.j2:4"),
        ("link-text", "templates/blocks/tide.html.j2:6"),
    ]


def test_a_link_that_reading_takes_away_or_leaves_as_text_is_an_error_at_its_line(workspace: Workspace) -> None:
    workspace.write(
        "issues/tides/tides.md",
        "---\ntitle: High water\n---\n<a href='javascript:go()'>Go</a> to\n<a href='FILE:///C:/a.doc'>it</a>.\n\n"
        "[Press](javascript:go), <a href='tel:+1'>call</a>, <a href='mailto:a@example.org'>write</a>.\n\n"
        "`[Code](javascript:go)` and `<a href='javascript:go()'>`.\n",
    )
    text = (workspace.root / "issues/tides/issue.yaml").read_text("utf-8")
    html = "      - html: |\n          <p>Hi\n          <a href='javascript:x()'>there</a></p>\n"
    workspace.write("issues/tides/issue.yaml", text + html)
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    for _ in range(2):  # also when articles are taken from an earlier run
        found = check_issue(opened, "tides").findings
        assert [(one.rule, one.severity, str(one.where)) for one in found] == [
            ("link-target", "error", "issues/tides/issue.yaml:15"),
            ("link-target", "error", "issues/tides/tides.md:4"),
            ("link-target", "error", "issues/tides/tides.md:5"),
            ("link-target", "error", "issues/tides/tides.md:7"),
        ]
    page = "<!DOCTYPE html><html><body><h1>High</h1><p>Tide. <a href='javascript:print()'>Print</a></p></body></html>"
    workspace.write("issues/tides/galley.html", page)
    found = check_issue(opened, "tides").findings
    assert [one.severity for one in found if one.where.path.endswith("galley.html")] == ["warning"]


def test_headings_are_compared_with_what_their_author_wrote_above_them(workspace: Workspace) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High\n---\n## First\n\nTide.\n\n#### Too deep\n\nTide.\n")
    assert _found(workspace) == [
        ("heading-order", "issues/tides/tides.md:8", "'Too deep' is 2 levels below 'First': one is left out.")
    ]


def test_a_rule_that_is_chosen_to_be_a_note_is_told_with_the_notes_alone(workspace: Workspace) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe the tide.\n")
    settings = (workspace.root / "newsletter.yaml").read_text("utf-8")
    workspace.write("newsletter.yaml", settings + "checks: {double-word: info}\n")
    assert _found(workspace) == []
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    found = check_issue(opened, "tides", asked=asked_for((), True, False, False)).findings
    assert [one.severity for one in found if one.rule == "double-word"] == ["info"]


def test_a_rule_that_usually_notes_is_told_without_the_notes_once_it_is_chosen_to_warn(workspace: Workspace) -> None:
    workspace.write("issues/tides/tides.md", "---\ntitle: High water\n---\nThe [tide](http://example.org/tide).\n")
    assert _found(workspace) == []
    settings = (workspace.root / "newsletter.yaml").read_text("utf-8")
    for chosen in ("warning", "error"):
        workspace.write("newsletter.yaml", settings + f"checks: {{link-http: {chosen}}}\n")
        opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
        (found,) = check_issue(opened, "tides").findings
        assert (found.rule, found.severity, str(found.where)) == ("link-http", chosen, "issues/tides/tides.md:4")


def test_a_rule_of_a_style_is_told_in_the_file_that_writes_it_and_at_its_line(workspace: Workspace) -> None:
    dark = "h1 { color: #222222; }"
    styles = {
        "templates/styles/phone.css.j2": f"{{# Ours. #}}\n\n@media (max-width: {{{{ 599 }}}}px) {{\n  {dark}\n}}\n",
        "templates/themes/modern.css.j2": "@media (orientation: landscape) { h1 { color: #222222; } }\n",
        "templates/themes/editorial.css.j2": "\n.prose > a:nth-child(2),\n.prose > b { color: #222222; }\n",
    }
    for name, text in styles.items():
        workspace.write(name, text)
    page = (REPOSITORY / "templates/page.html.j2").read_text("utf-8")
    workspace.write(
        "templates/page.html.j2",
        page.replace("<style data", "<style>\n.lede::marker { color: #222222; }\n</style>\n<style data", 1),
    )
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    found = check_issue(opened, "tides", asked=asked_for((), True, False, False)).findings
    places = {one.message.partition(": in ")[0]: str(one.where) for one in found if one.rule == "client-support"}
    lines = (workspace.root / "templates/page.html.j2").read_text("utf-8").split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "::marker" in line)
    assert {name: places.get(name) for name in ("@media", ":nth-child", "::marker")} == {
        "@media": "templates/styles/phone.css.j2:3",
        ":nth-child": "templates/themes/editorial.css.j2:2",
        "::marker": f"templates/page.html.j2:{number}",
    }
    assert places["@media (prefers-color-scheme)"].endswith("templates/styles/dark.css.j2:14")


def test_the_rule_of_mail_clients_names_the_day_of_its_table() -> None:
    assert f"of {load_table().snapshot}," in rule_words("client-support")


def test_mail_clients_are_chosen_by_the_name_can_i_email_gives_their_family() -> None:
    assert asked_for(("apple-mail",), False, False, False).clients == ("apple-macos", "apple-ios")


def test_a_fresh_check_takes_nothing_from_earlier_runs_and_leaves_its_own_to_the_next(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    looked = []
    monkeypatch.setattr(inspecting, "findings_of", lambda subject: looked.append(subject.rendered.key) or ())
    fresh = asked_for((), False, True, False)
    variants = len(check_issue(opened, "tides", asked=fresh).variants)
    assert len(looked) == variants > 1
    check_issue(opened, "tides")
    assert len(looked) == variants
    check_issue(opened, "tides", asked=fresh)
    assert len(looked) == 2 * variants


def test_a_comment_of_several_lines_ignores_what_follows_it_and_moves_no_line(workspace: Workspace) -> None:
    comment = "<!-- newsletter: ignore link-text because\n     the office says so -->\n"
    workspace.write(
        "issues/tides/tides.md",
        f"---\ntitle: High water\n---\n{comment}The [link](https://example.org).\n\nThe the tide.\n",
    )
    assert [(rule, where) for rule, where, _ in _found(workspace)] == [("double-word", "issues/tides/tides.md:8")]
    opened = open_workspace(workspace.root, {}, REPOSITORY / "templates")
    assert [(one.where.line, why) for one, why in check_issue(opened, "tides").ignored] == [(6, "the office says so")]


def test_a_word_that_ends_before_a_link_and_begins_it_is_told_at_the_line_of_the_link(workspace: Workspace) -> None:
    workspace.write(
        "issues/tides/tides.md",
        "---\ntitle: High water\n---\nThe tide.\n\nIt is high, as the\nharbour of the [the town](https://example.org/t)"
        " says.\n\n- [Bread](https://example.org/b) bread is baked at noon\n",
    )
    assert _found(workspace) == [
        (
            "double-word",
            "issues/tides/tides.md:7",
            "'the the' is left in the text, one of them in the link 'the town'.",
        )
    ]
