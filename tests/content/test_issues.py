"""issue.yaml and all it names becomes one Issue, or every problem at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from newsletter.content.issues import issue_id, issue_ids
from newsletter.errors import FileProblems
from newsletter.model import Article, ArticleChoice, Block, Issue, Where
from tests.content.conftest import HEAD, ISSUE


def article_of(block: Block) -> Article:
    article = block.fields["article"]
    assert isinstance(article, Article)
    return article


def test_an_issue_is_read_with_its_articles_and_pictures(load: Callable[..., Issue]) -> None:
    issue = load()
    first, second = issue.sections
    assert (issue.id, issue.title, issue.layout, issue.language) == ("tides", "Tides", "two-column", "en")
    assert (first.heading, second.heading) == ("This week", "")
    assert [block.type for block in (*first.blocks, *second.blocks)] == ["article", "article", "image", "text"]
    assert article_of(first.blocks[0]).title == "High water"
    assert first.blocks[1].professions == ("cook",)
    assert second.blocks[0].where == Where(ISSUE, 11)
    assert second.blocks[0].fields["link"] == "https://example.org/waves"
    assert {one.source for one in issue.expressions.values()} == {
        "profession.plural | lower",
        "recipient.first_name | default('sailor')",
    }


def test_every_problem_of_the_issue_is_told_at_once(problems: Callable[[str], list[str]]) -> None:
    said = problems(
        HEAD
        + """\
      - {article: tides.mb}
      - {article: tides.md, for: [pilott]}
      - {artikel: tides.md}
      - {button: Read on, link: "javascript:alert(1)"}
      - {text: Hi, colour: red}
      - just words
layout: tow-column
"""
    )
    assert [one.split(": ", 1)[0] for one in said] == [f"issue.yaml:{n}" for n in (6, 7, 8, 9, 10, 11, 12)]
    text = "\n".join(said)
    for words in (
        "no article 'tides.mb'. Did you mean",
        "unknown profession 'pilott'. Did you mean 'pilot'? Known: sailor, pilot, cook, default.",
        "unknown block 'artikel'. Did you mean 'article'?",
        "a link cannot begin with 'javascript:'",
        "unknown key 'colour' in block 'text'",
        "unknown layout 'tow-column'",
    ):
        assert words in text


def test_an_unknown_key_is_an_error_with_a_suggestion_also_in_a_section(problems: Callable[[str], list[str]]) -> None:
    text = "title: T\nsubject: S\naudience: crew\nprehaeder: x\nsections:\n  - headng: H\n    blocks: [text: Hi]\n"
    assert problems(text) == [
        "issue.yaml:6: unknown key 'sections.0.headng'. Did you mean 'heading'? Known: heading, blocks.",
        "issue.yaml:4: unknown key 'prehaeder'. Did you mean 'preheader'? Known: title, subject, preheader, audience, "
        "layout, theme, language, date, sections, ab.",
    ]


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (
            "      - {article: ../../../beside.md}",
            "issue.yaml:6: article '../../../beside.md' lies outside the workspace",
        ),
        ("      - {article: /etc/hostname}", "issue.yaml:6: article '/etc/hostname' lies outside"),
        ("      - {article: images/wave.svg}", "issue.yaml:6: article 'images/wave.svg' must end in .md"),
        (f"      - {{article: {'long words ' * 40}}}", "issue.yaml:6: no article 'long words"),
        ('      - {article: "a\\0b.md"}', "issue.yaml:6: no article"),
        ("      - {article: ''}", "issue.yaml:6: no article ''"),
        ("      - {article: tides.md, show: half}", "unknown value 'half' for show. Known: full, summary, card."),
        ("      - {prose: Hi}", "issue.yaml:6: unknown block 'prose'"),
        ("      - {text: 'Hi {{ name }}'}", "issue.yaml:6: `{{ name }}` cannot stand here"),
        ("      - {text: 'Hi {{ recipient.first_name'}", "is never closed"),
        ("      - {text: '{% if recipient.first_name %}x{% endif %}'}", "Use `for:` on the block"),
        ("      - {text: '![x](images/wave.svg)'}", "a picture (images/wave.svg) cannot stand inside text"),
        ("      - {button: Read}", "a button needs a link"),
        ('      - {button: Read, link: "javascript:x()"}', "a link cannot begin with 'javascript:'"),
        ('      - {sponsor: Ropes, button: Buy, link: "ftp://x"}', "a link cannot begin with 'ftp:'"),
        ("      - columns: [{text: only one}]", "columns takes two blocks"),
        (
            "      - {columns: [{text: a}, {text: b}], split: 1/4+3/4}",
            "unknown value '1/4+3/4' for split. Known: 1/2+1/2,",
        ),
        ("      - {image: images/wav.svg}", "no picture 'images/wav.svg'. Did you mean 'wave.svg'?"),
        ("      - {text: Hi, for: []}", "`for:` takes professions"),
        ("      - {text: Hi, for: {cook: yes}}", "`for:` takes professions"),
        ('      - {article: "{profession}/none.md"}', "no file for any profession"),
        ("      - [text, Hi]", "a block is written as"),
    ],
)
def test_a_mistake_in_a_block_is_one_problem_that_says_what_to_do(
    problems: Callable[[str], list[str]], blocks: str, words: str
) -> None:
    (said,) = problems(blocks)
    assert words in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('title: T\nsubject: "a\\r\\nBcc: b"\naudience: crew\nsections: [blocks: [text: x]]\n', "must be one line"),
        ("title: T\nsubject: S\naudience: crew\nsections: []\n", "issue.yaml:4: the issue has no blocks yet"),
        (
            "title: T\nsubject: S\naudience: crew\nlanguage: 'en\"><script>'\nsections: [blocks: [text: x]]\n",
            "language tag",
        ),
        ("title: T\naudience: crew\nsections: [blocks: [text: x]]\n", "issue.yaml:1: 'subject' is missing."),
        (
            "title: T\nsubject: S\nsubject: R\naudience: crew\nsections: []\n",
            "issue.yaml:3: 'subject' stands here twice",
        ),
        ("title: T\nsubject: A: B\n", "issue.yaml:2: broken YAML"),
    ],
)
def test_a_mistake_in_the_head_is_told_with_its_line(
    problems: Callable[[str], list[str]], text: str, words: str
) -> None:
    (said,) = problems(text)
    assert words in said


def test_a_problem_in_an_article_is_told_once_at_the_articles_own_line(workspace, problems) -> None:  # type: ignore[no-untyped-def]
    workspace.write("issues/tides/tides.md", "---\ntitle: T\n---\nOne\n\n![x](gone.svg)\n")
    (said,) = problems("      - {article: tides.md}\n      - {article: tides.md, show: card}")
    assert said.startswith("tides.md:6: no picture 'gone.svg'.")


def test_articles_are_looked_up_in_the_issue_and_then_in_the_content_roots(workspace, load) -> None:  # type: ignore[no-untyped-def]
    workspace.write("site/tides.md", "---\ntitle: The site's tides\n---\nx\n")
    workspace.write("site/only-there.md", "---\ntitle: Only there\n---\nx\n")
    issue = load("      - {article: tides.md}\n      - {article: only-there.md}")
    assert [article_of(block).title for block in issue.sections[0].blocks] == ["High water", "Only there"]


def test_a_path_that_holds_the_profession_gathers_every_professions_file(workspace, load) -> None:  # type: ignore[no-untyped-def]
    for key in ("pilot", "default", "astronaut"):
        workspace.write(f"site/{key}/news.md", f"---\ntitle: For {key}\n---\nx\n")
    choice = load('      - {article: "{profession}/news.md"}').sections[0].blocks[0].fields["article"]
    assert isinstance(choice, ArticleChoice)
    assert {key: one.title for key, one in choice.by_profession.items()} == {
        "pilot": "For pilot",
        "default": "For default",
    }


def test_words_in_a_text_block_are_sanitised(load: Callable[..., Issue]) -> None:
    block = load("      - {text: 'Hi <b onclick=x>you</b><script>alert(1)</script>'}").sections[0].blocks[0]
    assert block.fields["html"] == "<p>Hi <b>you</b></p>"


def test_what_is_left_out_of_a_text_or_html_block_is_told_at_its_line(load: Callable[..., Issue]) -> None:
    issue = load("""\
      - text: 'Hi {{ recipient.first_name }} <form>join <input name=x></form>'
      - html: '<p>See <video src="x.mp4">a film</video></p>'""")
    said = [(one.rule, one.where.line) for one in issue.findings]
    assert said == [("not-in-mail", issue.sections[0].blocks[0].where.line), ("not-in-mail", said[1][1])]
    assert said[1][1] == said[0][1] + 1


def test_a_template_pair_of_the_workspace_is_a_block_of_its_own(workspace, load) -> None:  # type: ignore[no-untyped-def]
    workspace.write("templates/blocks/recipe.html.j2", "<tr><td>{{ block.recipe }}</td></tr>")
    workspace.write("templates/blocks/recipe.txt.j2", "{{ block.recipe }}")
    written = "{recipe: 'For {{ recipient.first_name }}', serves: 4, steps: [Stir, 'Call {{ recipient.first_name }}']}"
    block = load(f"      - {written}").sections[0].blocks[0]
    assert (block.type, block.fields["serves"]) == ("recipe", 4)
    assert "{{" not in str(block.fields), "expressions are swapped however deep they stand"


def test_an_issue_is_found_by_its_id_its_folder_or_its_file(workspace) -> None:  # type: ignore[no-untyped-def]
    root = workspace.root
    assert issue_ids(root) == ["tides"]
    for argument in ("tides", "issues/tides", "issues/tides/", "issues/tides/issue.yaml"):
        assert issue_id(argument, root) == "tides"


def test_an_unknown_issue_is_answered_with_the_nearest_and_all(workspace) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(FileProblems, match=r"no such issue\. Did you mean 'tides'\? Issues here: tides\."):
        issue_id("tide", workspace.root)
