"""Feeds of every kind become articles, and hostile ones do no harm."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import expressions
from newsletter.content.articles import read_article
from newsletter.content.feeds import read_feed
from newsletter.content.foreign import safe_body
from newsletter.content.images import ImageFinder
from newsletter.content.sources import Choice, Found, SourceArticle
from newsletter.errors import FileProblems
from newsletter.files import split_front_matter
from newsletter.model import Where

ALL = Choice(limit=500)
RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>Harbour</title><link>https://harbour.example/</link><language>en-gb</language>{}</channel></rss>"""


def _rss(*items: str) -> Found:
    return read_feed(RSS.format("".join(f"<item>{one}</item>" for one in items)).encode(), "feed.xml", ALL)


def _one(item: str) -> tuple[SourceArticle, dict[str, object], str]:
    article = _rss(item).articles[0]
    document, body, _ = split_front_matter(article.text, "x.html")
    assert isinstance(document.data, dict)
    return article, document.data, body


def test_an_rss_item_becomes_an_article_with_all_its_fields() -> None:
    article, front, body = _one(
        "<title>High water</title><link>https://harbour.example/2026/high</link><guid>7</guid>"
        "<dc:creator>Ada</dc:creator><pubDate>Tue, 03 Mar 2026 10:00:00 +0000</pubDate><category>sea</category>"
        "<description>A short &lt;b&gt;account&lt;/b&gt;.</description><media:content medium='image' url='/p.jpg'/>"
        "<content:encoded><![CDATA[<p>See <a href='map'>the map</a>.</p>]]></content:encoded>"
    )
    assert front == {
        "title": "High water",
        "date": "2026-03-03",
        "author": "Ada",
        "link": "https://harbour.example/2026/high",
        "description": "A short account.",
        "image": "https://harbour.example/p.jpg",
        "tags": ["sea"],
        "source": "7",
    }
    assert body == '<p>See <a href="https://harbour.example/2026/map">the map</a>.</p>\n'
    assert (article.stem, article.suffix) == ("high-water", ".html")


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><id>f</id>
<entry><title>One</title><id>tag:1</id><link href="https://a.example/one"/><published>2026-01-02T03:04:05Z</published>
<author><name>Bo</name></author><content type="html">&lt;p&gt;Words&lt;/p&gt;</content></entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>A</title></channel>
<item rdf:about="https://a.example/one"><title>One</title><link>https://a.example/one</link><dc:creator>Bo</dc:creator>
<dc:date>2026-01-02T03:04:05Z</dc:date><description>&lt;p&gt;Words&lt;/p&gt;</description></item></rdf:RDF>"""
JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "A",
        "items": [
            {
                "id": "1",
                "url": "https://a.example/one",
                "title": "One",
                "authors": [{"name": "Bo"}],
                "date_published": "2026-01-02T03:04:05Z",
                "content_html": "<p>Words</p>",
            }
        ],
    }
)


@pytest.mark.parametrize("feed", [ATOM, RDF, JSON], ids=["atom", "rdf", "json"])
def test_every_kind_of_feed_says_the_same(feed: str) -> None:
    (article,) = read_feed(feed.encode(), "feed", ALL).articles
    assert (article.title, article.link) == ("One", "https://a.example/one")
    assert article.when == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert article.text.endswith("\n---\n<p>Words</p>\n")
    assert "\nauthor: Bo\n" in article.text


def test_an_item_without_a_picture_or_a_link_has_none() -> None:
    feed = json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "home_page_url": "https://a.example/",
            "items": [{"id": "1", "title": "One", "content_html": "<img src=''><p>Words</p>"}],
        }
    )
    (article,) = read_feed(feed.encode(), "feed", ALL, "https://a.example/feed.json").articles
    assert article.link == ""
    assert article.text == "---\ntitle: One\ndescription: Words\nsource: '1'\n---\n<p>Words</p>\n"
    (article,) = read_feed(JSON.encode(), "feed", ALL).articles
    assert "image:" not in article.text


def test_the_newest_come_first_and_the_others_are_counted() -> None:
    items = "".join(
        f"<item><title>N{day}</title><pubDate>{day:02} Mar 2026 10:00:00 GMT</pubDate></item>" for day in (3, 9, 5, 1)
    )
    found = read_feed(RSS.format(items).encode(), "x", Choice(limit=2, since=date(2026, 3, 3)))
    assert [one.title for one in found.articles] == ["N9", "N5"]
    assert found.left == 2


def test_braces_of_strangers_are_never_merge_fields() -> None:
    evil = "{{ recipient.address }} {{{recipient.first_name}}} {% if recipient %} {{{% if recipient %}"
    _, front, body = _one(f"<title>{evil}</title><link>https://e.example/</link><description>{evil}</description>")
    for text in (str(front["title"]), body):
        assert expressions.swap(text, Where("x")) == (text, ())


def test_a_token_of_ours_in_a_stranger_s_words_or_links_is_dead() -> None:
    token, _ = expressions.swap("{{ recipient.address }}", Where("x"))
    _, front, body = _one(
        f"<title>{token}</title><description>{token} &lt;a href='https://e.example/?{token}'&gt;x&lt;/a&gt;"
        f"&lt;img src='https://e.example/&amp;#109;{token[1:]}.png'&gt;</description>"
    )
    assert not expressions.tokens_in(f"{front['title']}{body}")
    assert "<img" not in body


@given(st.text("<>ab '\"=/{}%imgsrc\n", max_size=60))
def test_no_body_of_any_shape_holds_an_open_brace_or_takes_its_words(text: str) -> None:
    body = safe_body(text, "https://e.example/").html
    assert "{{" not in body
    assert "{%" not in body


def test_pictures_that_report_readers_or_lie_on_our_disk_stay_behind() -> None:
    pictures = (
        "<img src='https://t.example/p.gif' width='1' height=1>",
        "<img src='data:image/png;base64,AA' alt='said'>",
        "<img src='file:///etc/x.png'>",
    )
    _, _, body = _one(f"<title>T</title><description>{escape('<p>w</p>' + ''.join(pictures))}</description>")
    assert body == "<p>w</p>said\n"


def test_a_picture_before_all_words_becomes_the_article_s_own_and_stands_there_once() -> None:
    markup = escape("<p><img src='/a.png' alt='x'></p><p>Words</p>")
    _, front, body = _one(f"<title>T</title><link>https://e.example/1</link><description>{markup}</description>")
    assert front["image"] == "https://e.example/a.png"
    assert body == "<p></p><p>Words</p>\n"


@pytest.mark.parametrize(
    "title",
    [
        "a\n---\nb: c",
        "\"quoted\": 'and' # not",
        "- [x",
        "../../../etc/passwd",
        "con",
        "Новости",
        "😀",
        "&lt;b&gt;x",
        "*a",
    ],
)
def test_any_title_is_read_back_by_the_article_reader_and_names_a_harmless_file(title: str, tmp_path: Path) -> None:
    article, _, _ = _one(f"<title>{escape(title)}</title><link>https://e.example/1</link><description>w</description>")
    assert article.stem.replace("-", "").isalnum()
    assert article.stem.isascii()
    assert article.stem != "con"
    path = tmp_path / f"{article.stem}.html"
    path.write_text(article.text, "utf-8")
    assert read_article(path, "x", ImageFinder(tmp_path, ()), "").article.title == article.title


def test_entities_from_outside_or_without_end_are_not_read() -> None:
    bomb = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    for declared, used in (('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), (f'<!ENTITY a0 "lol">{bomb}', "&a9;")):
        feed = f'<?xml version="1.0"?><!DOCTYPE r [{declared}]>' + RSS.format(
            f"<item><title>T</title><description>{used} w</description></item>"
        ).removeprefix('<?xml version="1.0"?>')
        begun = time.process_time()
        (article,) = read_feed(feed.encode(), "x", ALL).articles
        assert "root:" not in article.text
        assert len(article.text) < 500
        assert time.process_time() - begun < 10


@pytest.mark.parametrize("run", ["<img ", "<a x='", "<a '", "{{", "<!--", "<script", "</", "<p>"])
def test_a_run_of_broken_markup_costs_seconds_at_most(run: str) -> None:
    begun = time.process_time()
    _one(f"<title>T</title><description><![CDATA[x{run * 100_000}]]></description>")
    assert time.process_time() - begun < 10


def test_ten_thousand_items_are_no_more_trouble_than_ten() -> None:
    items = "".join(f"<item><title>T{n}</title><link>https://e.example/{n}</link></item>" for n in range(10_000))
    found = read_feed(RSS.format(items).encode(), "x", Choice())
    assert (len(found.articles), found.left) == (10, 9_990)


def test_a_broken_feed_gives_what_can_be_read_and_says_so() -> None:
    feed = RSS.format("<item><title>Fish & chips</title><description>w</description></item>")
    found = read_feed(feed.encode(), "x", ALL)
    assert [one.title for one in found.articles] == ["Fish & chips"]
    assert "The feed is broken" in found.notices[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an RSS or Atom feed"),
        (b"just words", "not an RSS or Atom feed"),
        (
            b'<html><link rel=alternate type="application/rss+xml" href="/feed.xml"><body>x',
            "names this feed: /feed.xml",
        ),
        (b'{"a": 1}', "not a JSON feed"),
        (b"{broken", "not readable as a JSON feed"),
        (RSS.format("").encode(), "without a single item"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_way_out(content: bytes, said: str) -> None:
    with pytest.raises(FileProblems, match=f"feed.xml: .*{said}"):
        read_feed(content, "feed.xml", ALL)


def test_an_item_that_is_left_out_is_called_something() -> None:
    found = _rss("<title>A</title>", "<category>x</category>", "<link>https://harbour.example/b</link>")
    assert [one.title for one in found.articles] == ["A"]
    assert [one.source for one in found.skipped] == ["feed.xml, item 2", "https://harbour.example/b"]
