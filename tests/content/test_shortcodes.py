"""Shortcodes of site generators become what they mean, and code samples stay code samples."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.content.markdown import markdown_to_html
from newsletter.content.shortcodes import expand


def _expanded(text: str, *, markdown: bool = True) -> tuple[str, list[tuple[int, str]]]:
    told: list[tuple[int, str]] = []
    return expand(text, lambda message, line: told.append((line, message)), markdown=markdown), told


def _page(text: str) -> str:
    """The Markdown as HTML, in one line."""
    return re.sub(r"\s*\n\s*", "", markdown_to_html(_expanded(text)[0]))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            'One\n{{< figure src="a b.png" alt="A" caption="By *us*" link="/l" >}}\n*two*',
            '<p>One</p><figure><a href="/l"><img src="a%20b.png" alt="A"></a><figcaption>By <em>us</em></figcaption>'
            "</figure><p><em>two</em></p>",
        ),
        (
            '{{< tab "One" >}}1{{< /tab >}}{{< tab name="Two" >}}*2*{{< /tab >}}',
            "<p><strong>One</strong></p><p>1</p><p><strong>Two</strong></p><p><em>2</em></p>",
        ),
        (
            "{{% note %}}\nIn *side*\n{{% /note %}}\nafter",
            "<blockquote><p><strong>Note</strong></p><p>In <em>side</em></p></blockquote><p>after</p>",
        ),
        ("{{< highlight go >}}\na < b\n\n    {{ c }}\n{{< /highlight >}}", "<pre><code>a &lt; b{{ c }}</code></pre>"),
        ('[a]({{< ref "my page.md#part" >}})', '<p><a href="my%20page#part">a</a></p>'),
        ('[a]({{< relref "/b/index.md" >}})', '<p><a href="/b">a</a></p>'),
        ('{{</* figure src="x" */>}}', "<p>{{&lt; figure src=&quot;x&quot; &gt;}}</p>"),
        (
            '{% include figure.html src="/a.png" caption="C" %}',
            '<figure><img src="/a.png" alt=""><figcaption>C</figcaption></figure>',
        ),
        ("{% highlight python %}\n*a*\n{% endhighlight %}", "<pre><code>*a*</code></pre>"),
        ("x {% raw %}{{ page.a }} {% if %}{% endraw %}", "<p>x {{ page.a }} {% if %}</p>"),
        ("![i]({{ site.baseurl }}/x.png)", '<p><img src="/x.png" alt="i" /></p>'),
        ("[l]({{ '/x' | relative_url }})", '<p><a href="/x">l</a></p>'),
        ("a {% comment %}hidden{% endcomment %}b", "<p>a b</p>"),
        ('::card{title="T" to="/x"}\n*in*\n::', '<p><strong><a href="/x">T</a></strong></p><p><em>in</em></p>'),
        (
            "::grid\n  :::card\n  ---\n  title: T\n  icon: i\n  ---\n  *in*\n\n  #footer\n  foot\n  :::\n::",
            "<p><strong>T</strong></p><p><em>in</em></p><p>foot</p>",
        ),
        ("A :badge[new]{color=red} [b]{.c} [l](/u){target=_blank}", '<p>A new b <a href="/u">l</a></p>'),
        ("## Head {#id}\n", "<h2>Head</h2>"),
        (":::tip My *t*\nin\n:::", "<blockquote><p><strong>My <em>t</em></strong></p><p>in</p></blockquote>"),
        ("::: details More\nin\n:::", "<blockquote><p><strong>More</strong></p><p>in</p></blockquote>"),
        (
            '[caption id="a"]<img src="x.png"> words[/caption]',
            '<figure><figcaption><img src="x.png"> words</figcaption></figure>',
        ),
    ],
)
def test_a_shortcode_becomes_what_it_means(written: str, meant: str) -> None:
    assert _page(written) == meant


def test_a_film_becomes_a_link_and_says_so_at_its_line() -> None:
    for written, address in [
        ("{{< youtube w7Ft2 >}}", "https://www.youtube.com/watch?v=w7Ft2"),
        ('{{< vimeo id="146" >}}', "https://vimeo.com/146"),
        ('{% include youtube.html id="w7Ft2" %}', "https://www.youtube.com/watch?v=w7Ft2"),
        ('{{< tweet user="someone" id="99" >}}', "https://x.com/someone/status/99"),
        ("{{< gist someone 78 >}}", "https://gist.github.com/someone/78"),
    ]:
        text, told = _expanded(f"one\n\n{written}")
        assert f'href="{address}"' in text
        assert told == [(2, f"{written} cannot be shown in mail; a link stands there.")]


SAMPLES = [
    "`{{< figure src=x >}}`",
    "`` {% include ` x %} ``",
    "```\n::card\n{{% note %}}\n```",
    "~~~\n:::tip\n~~~",
    "text\n\n    {% include nav.html %}\n",
    "<pre>{{< note >}}</pre>",
    "<code>{% if x %}</code>",
    "- a\n\n  ```\n  {{< x >}}\n  ```",
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_code_samples_are_never_touched(sample: str) -> None:
    assert _expanded(sample) == (sample, [])


@pytest.mark.parametrize(
    "text",
    [
        "{{ not_ours }} {b} f(x) {.y} [x] {y=1}",
        "10:30 :smile: a::b std::vector",
        "a { b } {{",
        "{% ",
        "::",
        "[captions]",
    ],
)
def test_what_only_looks_like_a_shortcode_stays_as_it_is(text: str) -> None:
    assert _expanded(text) == (text, [])


def test_one_that_means_nothing_in_mail_is_quoted_with_its_line_and_its_inner_text_stays() -> None:
    text, told = _expanded('a\n{{< chart kind="bar" >}}inside{{< /chart >}}\n{% include nav.html %}\n[gallery ids="1"]')
    assert text.split() == ["a", "inside"]
    assert told == [
        (1, '{{< chart kind="bar" >}} is not known; what it holds stays.'),
        (2, "{% include nav.html %} means nothing in mail and is left out."),
        (3, '[gallery ids="1"] means nothing in mail and is left out.'),
    ]


def test_properties_of_a_component_go_with_it_and_are_quoted() -> None:
    text, told = _expanded("::hero\n---\ntitle: Big\nlinks:\n  - label: a\n---\nin\n::")
    assert text.split() == ["<p><strong>Big</strong></p>", "in"]
    assert told == [(0, "::hero --- title: Big links: - label: a --- is not known; what it holds stays.")]


def test_a_sites_variable_stays_and_is_told() -> None:
    text, told = _expanded("by {{ site.title }}")
    assert text == "by {{ site.title }}"
    assert told == [(0, "{{ site.title }} is a variable of the site and stays as it is written. Write its value.")]


def test_colons_are_text_in_html() -> None:
    assert _expanded("<p>\n::card\n:badge[x]\n</p>", markdown=False) == ("<p>\n::card\n:badge[x]\n</p>", [])
    assert "<figure>" in _expanded('<p>{{< figure src="x.png" >}}</p>', markdown=False)[0]


_PIECES = st.sampled_from(
    [
        *"{{< {{% >}} %}} {% %} {{ }} /note note figure endraw raw highlight --- #a".split(),
        *"::: :: :::: ::card ` ``` [caption]".split(),
        ' src="',
        *("[/caption]", ":a[", "]{.b}", '"', "'", "\n", "\n\n", " ", "    ", "<pre>", "</pre>", "<!--", "-->", "{.a}"),
        "WORD",
        "WORD",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES, max_size=25), st.booleans())
def test_whatever_stays_open_no_word_is_lost(pieces: list[str], markdown: bool) -> None:
    text = "".join(f" q{number}z " if piece == "WORD" else piece for number, piece in enumerate(pieces))
    if "comment" in text:
        return
    out, told = _expanded(text, markdown=markdown)
    kept = set(re.findall(r"q\d+z", out)) | set(re.findall(r"q\d+z", " ".join(message for _, message in told)))
    assert kept == set(re.findall(r"q\d+z", text))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('::u-button{to="/go"}\nGo there\n::\n', '<a href="/go">\nGo there\n</a>'),
        ('::u-button{to="/go" label="Go"}\n::\n', '<a href="/go">Go\n</a>'),
        ('a :u-button[Go]{to="/go"} b', "a [Go](/go) b"),
        ('a :u-link{to="/x y" label="L"} b', "a [L](/x%20y) b"),
        ("a :badge[New]{.red} b", "a New b"),
    ],
)
def test_a_component_that_leads_somewhere_keeps_its_link(written: str, expected: str) -> None:
    assert expand(written, lambda message, lines: None, markdown=True).strip() == expected


def test_the_address_of_another_page_is_a_guess_and_told() -> None:
    told: list[tuple[str, int]] = []
    text = 'x\n[a]({{< ref "second.md" >}}) [b]({% post_url 2024-02-03-b %}) [c]({{ "/d" | relative_url }})'
    shown = expand(text, lambda message, lines: told.append((message, lines)), markdown=True)
    assert shown == "x\n[a](second) [b](2024-02-03-b) [c](/d)"
    advice = "on the site. Write the whole address."
    assert told == [
        (f"{{{{< ref \"second.md\" >}}}} is taken for the address 'second' {advice}", 1),
        (f"{{% post_url 2024-02-03-b %}} is taken for the address '2024-02-03-b' {advice}", 1),
    ]
