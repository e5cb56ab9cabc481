"""What a site puts under its articles goes, quoted; a link onward becomes a button; prose is never taken for either."""

from __future__ import annotations

import pytest

from newsletter.content.repair import Source, article_blocks
from newsletter.model import Block, Where

HERE = Where("a.html", 1)


def _read(markup: str) -> tuple[list[object], list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    source = Source(
        HERE,
        "https://example.org",
        lambda src, alt, link, caption: Block("image", {"src": src}, HERE),
        lambda rule, message, words: told.append((rule, message)),
    )
    blocks = article_blocks(markup, source)
    return [
        block.fields["html"] if block.type == "prose" else (block.type, dict(block.fields)) for block in blocks
    ], told


LINES = [
    "Discussion about this post",
    "Discussion about this episode",
    "Share",
    "Share this post",
    "Share on Facebook",
    "Tweet",
    "Subscribe",
    "Subscribe now",
    "Subscribe to our newsletter",
    "Sign up for our newsletter",
    "Leave a comment",
    "Leave a Reply",
    "Read more posts",
    "Posted in Tools, Care",
    "Tagged with boats",
    "The post High water at noon appeared first on Harbour Notes.",
    "Der Beitrag Hochwasser erschien zuerst auf Hafenblatt.",
    "Thanks for reading Harbour Notes! Subscribe for free to receive new posts and support my work.",
    "Back to top",
    "Share →",
    "🔗 Copy link",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_site_at_the_end_goes_and_is_quoted(line: str) -> None:
    for markup in (
        f"<p>{line}</p>",
        f"<a href=/x>{line}</a>",
        f"<ul><li><a href=/x>{line}</a></li></ul>",
        f"<h3>{line}</h3>",
    ):
        prose, told = _read(f"<p>Kept.</p>{markup}")
        assert prose == ["<p>Kept.</p>"], markup
        assert told == [("site-furniture", f"belongs to the site, not to a letter, and is left out: '{line}'.")]


@pytest.mark.parametrize("line", LINES)
def test_the_same_line_before_the_end_stays(line: str) -> None:
    prose, told = _read(f"<p>Kept.</p><p>{line}</p><p>More of the text.</p>")
    assert line.removeprefix("🔗 ") in str(prose[0])
    assert told == []


@pytest.mark.parametrize(
    "prose",
    [
        "Share your thoughts with the doctor before you decide.",
        "Share prices fell.",
        "Posted in Kabul, the doctors worked through the winter.",
        "Subscribe to the theory and you will be disappointed.",
        "Thanks for reading!",
        "Tweet tweet, said the bird.",
        "Facebook",
        "Comments",
        "We tagged along: it was fun",
        "Next steps",
        "Sign up",
        "Follow the water",
    ],
)
def test_an_authors_last_words_stay(prose: str) -> None:
    found, told = _read(f"<p>Kept.</p><p>{prose}</p>")
    assert found == [f"<p>Kept.</p>\n<p>{prose}</p>"]
    assert told == []


def test_a_run_of_such_lines_goes_with_its_rules_and_what_only_makes_sense_among_them() -> None:
    markup = (
        "<p>Kept.</p><hr><p>Share this:</p><ul><li><a href=/f>Facebook</a></li><li><a href=/x>X</a></li></ul>"
        "<p><a href=/1>Like</a> | <a href=/2>Tweet</a></p><p>3 Comments</p>"
    )
    prose, told = _read(markup + "<p>Subscribe</p>")
    assert prose == ["<p>Kept.</p>"]
    assert [message.split("left out: ")[1] for _, message in told] == [
        "'Share this:'.",
        "'Facebook · X'.",
        "'Like | Tweet'.",
        "'3 Comments'.",
        "'Subscribe'.",
    ]


def test_buttons_beside_each_other_are_read_one_by_one() -> None:
    markup = (
        "<p>Kept.</p><p>Share</p><div><button>Comments</button><button>Restacks</button></div><p>Ready for more?</p>"
    )
    prose, told = _read(markup)
    assert prose == ["<p>Kept.</p>"]
    assert len(told) == 3


def test_related_posts_go_only_when_nothing_but_links_follows() -> None:
    links = "<h2>Related posts</h2><ul><li><a href=/a>Boats of old</a></li><li><a href=/b>Ropes</a></li></ul>"
    assert _read(f"<p>Kept.</p>{links}")[0] == ["<p>Kept.</p>"]
    assert "Boats of old" in str(_read(f"<p>Kept.</p>{links}<p>And we go on.</p>")[0])


def test_an_article_of_nothing_else_keeps_its_lines() -> None:
    assert _read("<p>Share<br>Tweet</p>") == (["<p>Share</p>\n<p>Tweet</p>"], [])
    assert _read("<h2>Subscribe</h2><p>Share</p>") == (["<h2>Subscribe</h2>\n<p>Share</p>"], [])


def test_a_last_line_behind_a_line_break_goes_alone() -> None:
    assert _read("<p>Kept words.<br>And these.<br><a href=/s>Share</a></p>")[0] == ["<p>Kept words.<br>And these.</p>"]


@pytest.mark.parametrize(
    ("markup", "label"),
    [
        ("<p><a href='/next'>next: boats</a></p>", "Next: boats"),
        ("<p>\n<br>\n<a href='/next'>Next up: Boats</a>\n<br>\n</p>", "Next up: Boats"),
        ("<p>Next: <a href='/next'>boats</a></p>", "Next: boats"),
        ("<a href='/next'>Next →</a>", "Next →"),
        ("<p><a href='/next'>next article</a></p>", "Next article"),
    ],
)
def test_a_last_link_onward_becomes_a_button(markup: str, label: str) -> None:
    button = ("button", {"label": label, "link": "https://example.org/next"})
    assert _read(f"<p>Kept.</p>{markup}")[0] == ["<p>Kept.</p>", button]
    assert _read(f"<p>Kept.</p>{markup}<p>Share</p>")[0] == ["<p>Kept.</p>", button]


def test_a_link_onward_may_stand_before_a_table_of_columns_and_behind_the_last_words() -> None:
    table = '<table id="templateColumns"><tr><td>left</td><td>right</td></tr></table>'
    words, button, columns = _read(f"<p>Kept.<br><a href='/next'>next: boats</a><br></p>{table}")[0]
    assert words == "<p>Kept.</p>"
    assert button == ("button", {"label": "Next: boats", "link": "https://example.org/next"})
    assert columns[0] == "columns"  # type: ignore[index]


@pytest.mark.parametrize(
    "markup",
    [
        "<p><a href='/n'>next: boats</a></p><p>More.</p>",
        "<p>And <a href='/n'>next: boats</a></p>",
        "<p><a>next: boats</a></p>",
        "<p>One.<br>next: boats</p>",
        "<p><a href='/n'>Next year in the harbour</a></p>",
    ],
)
def test_other_links_stay_links(markup: str) -> None:
    found, told = _read(markup)
    assert all(isinstance(one, str) for one in found)
    assert told == []


def test_substack_s_comments_go_whatever_stands_among_them_and_other_discussions_stay() -> None:
    below = (
        "<p>CommentsRestacks</p><p>Somebody: lovely!</p><p>Top Latest Discussions</p><p>No posts</p>"
        "<p>© 2026 Ann ∙ Privacy ∙ Terms</p><p>An unknown line</p>"
    )
    prose, told = _read(f"<p>Kept.</p><h4>Discussion about this post</h4>{below}")
    assert prose == ["<p>Kept.</p>"]
    assert "'Somebody: lovely!'" in told[2][1]
    for kept in (
        "<h4>Discussion about this post</h4><p>Somebody: lovely!</p><p>Comments</p><p>My answer.</p>",
        "<p>© 2026 Ann</p>",
        "<p>The post office first appeared on Main Street.</p>",
    ):
        assert _read(f"<p>Kept.</p>{kept}")[1] == []


def test_a_line_of_copyright_goes_with_the_lines_above_it() -> None:
    assert _read("<p>Kept.</p><p>Share</p><p>Leave a comment</p><p>© 2026 Ann</p>")[0] == ["<p>Kept.</p>"]
