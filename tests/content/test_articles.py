"""One article file becomes one article."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.content.articles import ReadArticle, read_article
from newsletter.content.images import ImageFinder
from newsletter.errors import FileProblems
from newsletter.model import Where

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="50" viewBox="0 0 200 100"/>'


def _read(tmp_path: Path, text: str, name: str = "a.md") -> ReadArticle:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return read_article(path, name, ImageFinder(tmp_path, ["static"]), "https://example.org")


def test_known_fields_are_read_and_unknown_ones_are_kept(tmp_path: Path) -> None:
    text = "---\ntitle: T\ndate: 2026-03-01\ntags: [a, b]\nsidebar: true\nmood: sunny\nlink: /read\n---\nBody"
    article = _read(tmp_path, text).article
    assert (article.title, article.date, article.tags, article.sidebar) == ("T", "2026-03-01", ("a", "b"), True)
    assert article.extra == {"mood": "sunny"}
    assert article.link == "https://example.org/read"


def test_a_draft_remembers_the_line_that_says_so(tmp_path: Path) -> None:
    assert _read(tmp_path, "---\ntitle: T\ndraft: true\n---\nx").article.draft_line == 3
    assert _read(tmp_path, "---\ntitle: T\ndraft: false\n---\nx").article.draft_line == 0


def test_without_a_title_the_first_heading_is_it_and_stands_once(tmp_path: Path) -> None:
    article = _read(tmp_path, "# The *real* thing\n\nBody").article
    assert article.title == "The real thing"
    assert "real" not in str(article.body[0].fields["html"])


def test_markdown_is_rendered_and_html_is_left_as_written(tmp_path: Path) -> None:
    assert "<em>x</em>" in str(_read(tmp_path, "*x*").article.body[0].fields["html"])
    assert "*x*" in str(_read(tmp_path, "<p>*x*</p>", "a.html").article.body[0].fields["html"])


def test_a_picture_is_found_beside_the_article_and_under_static(tmp_path: Path) -> None:
    (tmp_path / "static/uploads").mkdir(parents=True)
    (tmp_path / "static/uploads/x.svg").write_text(SVG.format(100))
    (tmp_path / "y.svg").write_text(SVG.format(200))
    blocks = _read(tmp_path, "![left](/uploads/x.svg)\n\n![right](y.svg)\n").article.body
    assert [(one.fields["image"].width, one.fields["alt"]) for one in blocks] == [(100, "left"), (200, "right")]  # type: ignore[attr-defined]


def test_a_missing_picture_is_named_at_its_line_with_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "house.svg").write_text(SVG.format(100))
    with pytest.raises(FileProblems) as caught:
        _read(tmp_path, "---\ntitle: T\n---\n\nText\n\n![x](hause.svg)\n")
    (problem,) = caught.value.problems
    assert problem.where == Where("a.md", 7)
    assert "Did you mean 'house.svg'?" in problem.message


def test_a_picture_outside_the_workspace_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "workspace"
    inside.mkdir()
    (tmp_path / "secret.svg").write_text(SVG.format(100))
    with pytest.raises(FileProblems, match="outside the workspace"):
        _read(inside, "![x](../secret.svg)")
    (inside / "link.svg").symlink_to(tmp_path / "secret.svg")
    with pytest.raises(FileProblems, match="outside the workspace"):
        _read(inside, "![x](link.svg)")


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken", b"<html/>", b"<svg"])
def test_a_file_that_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("x.svg", "x.png"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileProblems, match=r"a\.md:1"):
            _read(tmp_path, f"![x]({name})")


def test_an_expression_in_a_link_survives_markdown(tmp_path: Path) -> None:
    read = _read(tmp_path, "[go](https://example.org/{{ profession.key }}?n={{ recipient.first_name }})")
    tokens = [expression.token for expression in read.expressions]
    assert f'href="https://example.org/{tokens[0]}?n={tokens[1]}"' in str(read.article.body[0].fields["html"])


def test_other_peoples_braces_stay_text(tmp_path: Path) -> None:
    read = _read(tmp_path, "Write `{{ not_ours }}` or {{< figure >}}.")
    assert read.expressions == ()
    assert "{{ not_ours }}" in str(read.article.body[0].fields["html"])


def test_a_caption_is_sanitised_and_keeps_its_words(tmp_path: Path) -> None:
    caption = "By *us* <b onclick=x>and</b> <script>alert(1)</script><img src=x.png>[more](/more)"
    read = _read(tmp_path, f'---\ntitle: T\ncaption: "{caption}"\n---\nBody')
    assert read.article.caption == 'By <em>us</em> <b>and</b> <a href="https://example.org/more">more</a>'


@pytest.mark.parametrize("link", ["javascript:alert(1)", "JavaScript:x", "data:text/html,x", "file:///etc/hostname"])
def test_a_link_that_leads_to_no_page_is_refused_at_its_line(tmp_path: Path, link: str) -> None:
    with pytest.raises(FileProblems, match=r"^a\.md:3: a link cannot begin with '"):
        _read(tmp_path, f"---\ntitle: T\nlink: '{link}'\n---\nBody")


def test_a_title_taken_from_a_heading_is_text_not_html(tmp_path: Path) -> None:
    assert _read(tmp_path, '# "Bread" & \\<butter>\n\nBody').article.title == '"Bread" & <butter>'
    assert _read(tmp_path, "# Bread & butter\n\nBody").article.title == "Bread & butter"


def test_a_heading_that_repeats_the_title_stands_once_whatever_its_signs(tmp_path: Path) -> None:
    article = _read(tmp_path, '---\ntitle: \'Say "cheese" & smile\'\n---\n# Say "cheese" & smile\n\nBody').article
    assert [block.fields["html"] for block in article.body] == ["<p>Body</p>"]
    other = _read(tmp_path, "---\ntitle: One\n---\n# Two\n\nBody").article
    assert "Two" in str(other.body[0].fields["html"])


def test_every_problem_of_an_article_is_told_at_once_at_its_line(tmp_path: Path) -> None:
    text = "---\ntitle: [a, b]\ndraft: perhaps\nimage: gone.png\nlink: 'javascript:x'\n---\n\n{{ recipient.x\n"
    with pytest.raises(FileProblems) as caught:
        _read(tmp_path, text)
    assert sorted(one.where.line for one in caught.value.problems) == [2, 3, 4, 5, 8]


def test_a_date_that_does_not_exist_is_an_error_at_its_line(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match=r"^a\.md:3: '2026-02-30'"):
        _read(tmp_path, "---\ntitle: T\ndate: 2026-02-30\n---\nBody")


@pytest.mark.parametrize("written", ["true", "'true'", "yes", "'Yes'"])
def test_a_draft_is_a_draft_however_it_is_written(tmp_path: Path, written: str) -> None:
    assert _read(tmp_path, f"---\ndraft: {written}\n---\nBody").article.draft_line == 2


def test_a_picture_written_into_the_page_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileProblems, match=r"^a\.html:2: .*is not a PNG"):
        _read(tmp_path, '<p>x</p>\n<img src="data:image/png;base64,AAAA">', "a.html")


def _prose(read: ReadArticle) -> str:
    return "\n".join(str(block.fields["html"]) for block in read.article.body if block.type == "prose")


def _told(read: ReadArticle) -> list[tuple[str, int]]:
    return [(finding.rule, finding.where.line) for finding in read.article.findings]


@pytest.mark.parametrize("name", ["a.md", "a.markdown", "a.html", "a.htm", "a.txt", "A.TXT"])
def test_paragraphs_in_one_p_are_paragraphs_whatever_the_ending(tmp_path: Path, name: str) -> None:
    words = "\n\n".join(f"Paragraph {number}\ngoes on." for number in "12345")
    link = "<br>\n<a href='https://example.com/x'>next: boats</a>\n<br>\n"
    read = _read(tmp_path, f"---\ntitle: T\n---\n<p>\n{words}\n\n{link}</p>\n", name)
    assert _prose(read).count("<p>") == 5
    assert [block.type for block in read.article.body] == ["prose", "button"]
    assert read.article.body[1].fields == {"label": "Next: boats", "link": "https://example.com/x"}
    assert read.article.findings == ()


def test_bare_text_in_any_file_gets_its_headings_and_says_so(tmp_path: Path) -> None:
    below = "The ferry leaves the northern quay at seven in the morning and comes back at nine, on every day but one."
    for name in ("a.txt", "a.md", "a.html"):
        read = _read(tmp_path, f"Ferries\n\n{below}\n\nCosts\n\n{below}", name)
        assert read.article.title == "Ferries"
        assert _prose(read) == f"<p>{below}</p>\n<h2>Costs</h2>\n<p>{below}</p>"
        assert _told(read) == [("guessed-heading", 1)]


def test_a_whole_page_is_read_as_one_and_gives_its_title(tmp_path: Path) -> None:
    page = (
        "<!doctype html><html><head><title>Boats &amp; co</title><style>p{}</style></head><body>\n\n    <p>Text</p>\n"
    )
    for name in ("a.md", "a.html", "a.txt"):
        read = _read(tmp_path, page, name)
        assert (read.article.title, _prose(read)) == ("Boats & co", "<p>Text</p>")


def test_a_title_taken_from_the_files_name_is_told(tmp_path: Path) -> None:
    read = _read(tmp_path, "Text.", "a-fine_day.md")
    assert read.article.title == "A fine day"
    assert _told(read) == [("no-title", 1)]


def test_a_heading_further_down_gives_the_title_and_stays(tmp_path: Path) -> None:
    read = _read(tmp_path, "Before.\n\n# The *real* thing\n\nAfter.")
    assert read.article.title == "The real thing"
    assert "<h1>The <em>real</em> thing</h1>" in _prose(read)
    assert _read(tmp_path, "## Second level\n\nText.").article.title == "Second level"
    assert _read(tmp_path, "Before.\n\n## Costs\n\nText.", "my-day.md").article.title == "My day"


def test_toml_front_matter_is_read_with_its_lines(tmp_path: Path) -> None:
    read = _read(tmp_path, "+++\ntitle = 'T'\ndate = 2026-03-01T10:00:00Z\ndraft = true\ntags = ['a']\n+++\nBody.")
    assert (read.article.title, read.article.date, read.article.tags) == ("T", "2026-03-01", ("a",))
    assert read.article.draft_line == 4
    with pytest.raises(FileProblems, match=r"^a\.md:3: 'draft' must be true or false"):
        _read(tmp_path, "+++\ntitle = 'T'\ndraft = 'perhaps'\n+++\nBody.")


def test_a_file_that_is_not_utf_8_is_read_and_told_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("---\ntitle: Café\n---\nna\u00efve \u201cquote\u201d".encode("cp1252"))
    read = read_article(tmp_path / "a.md", "a.md", ImageFinder(tmp_path, []), "")
    assert (read.article.title, _prose(read)) == ("Café", "<p>na\u00efve \u201cquote\u201d</p>")
    (finding,) = read.article.findings
    assert (finding.rule, finding.where.line, finding.severity.value) == ("encoding", 2, "warning")
    assert finding.message == "not UTF-8: read as Windows-1252. Save the file as UTF-8."


def test_a_picture_called_md_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(FileProblems, match=r"^a\.md: is a PNG picture, not text"):
        read_article(tmp_path / "a.md", "a.md", ImageFinder(tmp_path, []), "")


def test_what_is_left_out_or_changed_is_told_at_the_line_of_the_file(tmp_path: Path) -> None:
    text = (
        "---\ntitle: T\n---\nText.\n\n{{< chart >}}\n\n"
        "<iframe src='https://www.youtube.com/embed/abc' title='A film'></iframe>\n\n"
        "<form>Name</form>\n\nShare\n\n[Subscribe](/s)\n"
    )
    read = _read(tmp_path, text)
    assert _told(read) == [
        ("shortcode", 6), ("not-in-mail", 8), ("not-in-mail", 10), ("site-furniture", 12), ("site-furniture", 14)
    ]  # fmt: skip
    assert '<a href="https://www.youtube.com/watch?v=abc">A film</a>' in _prose(read)
    assert "Name" in _prose(read)
    assert "Share" not in _prose(read)


def test_an_expression_in_something_left_out_is_quoted_as_written(tmp_path: Path) -> None:
    read = _read(tmp_path, '---\ntitle: T\n---\nText.\n\n{{< chart name="{{ profession.label }}" >}}')
    assert [finding.message for finding in read.article.findings] == [
        '{{< chart name="{{ profession.label }}" >}} means nothing in mail and is left out.'
    ]


def test_a_shortcode_finds_its_picture(tmp_path: Path) -> None:
    (tmp_path / "x y.svg").write_text(SVG.format(100))
    read = _read(tmp_path, '---\ntitle: T\n---\n{{< figure src="x y.svg" alt="A" caption="By us" >}}\nText')
    assert read.article.body[0].fields["image"].width == 100  # type: ignore[attr-defined]
    assert (read.article.body[0].fields["alt"], read.article.body[0].fields["caption"]) == ("A", "By us")


def test_a_missing_picture_that_is_named_twice_is_told_at_both_lines(tmp_path: Path) -> None:
    with pytest.raises(FileProblems) as caught:
        _read(tmp_path, "![a](x.svg)\n\ntext\n\n![b](x.svg)\n")
    assert [problem.where.line for problem in caught.value.problems] == [1, 5]


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def test_a_picture_written_into_the_page_is_a_picture(tmp_path: Path) -> None:
    for markup in (f'<img src="data:image/png;base64,{PIXEL}" alt="A">', f"![A](data:image/png;base64,{PIXEL})"):
        (block,) = _read(tmp_path, f"---\ntitle: T\n---\n{markup}").article.body
        image = block.fields["image"]
        assert (image.media_type, image.width, image.content[:4]) == ("image/png", 1, b"\x89PNG")  # type: ignore[attr-defined]


def test_a_drawing_written_into_the_page_is_a_drawing(tmp_path: Path) -> None:
    svg = SVG.format(100).replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    (block,) = _read(tmp_path, f"<img src='data:image/svg+xml;utf8,{svg}'>", "a.html").article.body
    assert (block.fields["image"].media_type, block.fields["image"].width) == ("image/svg+xml", 100)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "address",
    ["data:image/png;base64,%%%", "data:image/png;base64,A", "data:image/bmp;base64,Qk0=", "data:image/png,x"],
)
def test_a_written_in_picture_that_is_none_is_refused_at_its_line(tmp_path: Path, address: str) -> None:
    with pytest.raises(FileProblems, match=r"^a\.html:2: "):
        _read(tmp_path, f"<p>x</p>\n<img src='{address}'>", "a.html")


def test_an_article_as_old_sites_have_it_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "static/uploads").mkdir(parents=True)
    for name in ("quay", "left", "right"):
        (tmp_path / f"static/uploads/{name}.svg").write_text(SVG.format(100))
    cell = (
        '<td align="center" class="templateColumnContainer">\n<table cellpadding="10">\n<tr>\n<td class="x">\n'
        '<a href="https://{0}.example.com">\n<img src="/uploads/{0}.svg" class="columnImage" />\n</td>\n'
    )
    text = (
        "---\ntitle: Ferries\nsidebar: true\n---\n<figure>\n"
        "    <img src='/uploads/quay.svg' width=\"500px\"; alt='a quay';/>"
        '\n    <figcaption>By <a href="https://example.com/" >us</a>.</figcaption>\n</figure>\n<p>\n'
        + "\n\n".join(f"Paragraph {word} is here." for word in ("one", "two", "three", "four", "five"))
        + '\n\n<br>\n<a href="https://example.com/next">next: website</a>\n<br>\n</p>\n'
        + '<table id="templateColumns">\n<tr>\n'
        + cell.format("left")
        + "</tr>\n</table>\n</td>\n"
        + cell.format("right")
        + "</table>\n</td>\n</tr>\n</table>"
    )
    for name in ("a.html", "a.md", "a.txt"):
        article = _read(tmp_path, text, name).article
        picture, prose, button, columns = article.body
        assert (picture.fields["alt"], picture.fields["caption"]) == (
            "a quay",
            'By <a href="https://example.com/">us</a>.',
        )
        assert prose.fields["html"] == "\n".join(
            f"<p>Paragraph {word} is here.</p>" for word in ("one", "two", "three", "four", "five")
        )
        assert button.fields == {"label": "Next: website", "link": "https://example.com/next"}
        cells = columns.fields["cells"]
        assert [[one.fields["link"] for one in cell] for cell in cells] == [  # type: ignore[attr-defined]
            ["https://left.example.com"],
            ["https://right.example.com"],
        ]
        assert article.findings == ()


def test_a_list_with_blank_lines_between_its_items_is_one_list(tmp_path: Path) -> None:
    text = (
        "# What ferries cost\nFerries cost:\n\n- Money: a lot.\n\n- Time: some.\n\n# What they bring\nThey bring mail."
    )
    for name in ("a.txt", "a.md", "a.html"):
        read = _read(tmp_path, text, name)
        assert read.article.title == "What ferries cost"
        assert _prose(read).count("<ul>") == 1
        assert _prose(read).count("<li>") == 2
        assert "<h1>What they bring</h1>" in _prose(read)


@pytest.mark.parametrize(
    "given", ['data-src="x.svg"', "srcset='x.svg 1x, y.svg 2x'", 'src="data:image/gif;base64,R0" data-lazy-src=x.svg']
)
def test_a_picture_that_a_script_would_load_is_shown(tmp_path: Path, given: str) -> None:
    (tmp_path / "x.svg").write_text(SVG.format(100))
    (block,) = _read(tmp_path, f"<p><img {given} alt=quay>", "a.html").article.body
    assert (block.fields["image"].path, block.fields["alt"]) == ("x.svg", "quay")  # type: ignore[attr-defined]


def test_a_picture_without_an_address_is_left_out_and_told_by_its_line_and_alt(tmp_path: Path) -> None:
    article = _read(tmp_path, '<h1>T</h1>\n<p>One\n<img alt="The quay">\n<p>Two\n<img>\n', "a.html").article
    assert [block.type for block in article.body] == ["prose"]
    told = [(one.where.line, one.message.partition(" is left out")[2][:13]) for one in article.findings]
    assert told == [(3, ": 'The quay'."), (5, ". Give its <i")]


def test_short_and_disguised_addresses_are_found_where_addresses_stand(tmp_path: Path) -> None:
    text = "<h1>x</h1>\n<p>An example, java, x.\n\n<p><img src=x>\n\n<p><img src='x'>\n"
    with pytest.raises(FileProblems) as caught:
        _read(tmp_path, text, "a.html")
    assert [one.where.line for one in caught.value.problems] == [4, 6]
    text = "<p>a\n<a href='java&#10;script:run()'>b</a>\n<p>java\n"
    (told,) = (one for one in _read(tmp_path, text, "a.html").article.findings if one.rule == "link-target")
    assert told.where.line == 2


@pytest.mark.parametrize(
    ("written", "author"),
    [("[Ann, Bob]", "Ann, Bob"), ("{name: Ann}", "Ann"), ("[{name: Ann, url: /ann}, Bob]", "Ann, Bob"), ("7", "7")],
)
def test_authors_are_read_as_site_generators_write_them(tmp_path: Path, written: str, author: str) -> None:
    assert _read(tmp_path, f"---\ntitle: T\nauthor: {written}\n---\nx").article.author == author


def test_a_picture_with_its_alt_beside_it_is_the_article_s_own(tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_text(SVG.format(100))
    article = _read(tmp_path, "---\ntitle: T\nimage:\n  src: x.svg\n  alt: The  quay\n---\nx").article
    assert article.image is not None
    assert (article.image.path, article.alt) == ("x.svg", "The quay")
    assert _read(tmp_path, "---\ntitle: T\nalt: Mine\nimage: {src: x.svg, alt: b}\n---\nx").article.alt == "Mine"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tags: {a: b}", "'tags' must be a list of words, such as `tags: [sea, ships]`."),
        ("tags: [[a], b]", "'tags' must be a list of words, such as `tags: [sea, ships]`."),
        ("author: {url: /ann}", "'author' must be text; write it on one line."),
        ("description: 3.10", "'description' is read as the number 3.1; put quotes around what you wrote."),
        ("image: {alt: A}", "'image' must be the path of one picture, such as `image: images/quay.jpg`."),
    ],
)
def test_a_field_of_no_kind_is_refused_at_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(FileProblems) as caught:
        _read(tmp_path, f"---\ntitle: T\n{line}\n---\nx")
    assert [str(one) for one in caught.value.problems] == [f"a.md:3: {said}"]


def test_a_number_that_is_written_as_it_is_read_is_text(tmp_path: Path) -> None:
    article = _read(tmp_path, "---\ntitle: 2026\ndescription: 3.5  # stars\ntags: [2026]\n---\nx").article
    assert (article.title, article.description, article.tags) == ("2026", "3.5", ("2026",))
