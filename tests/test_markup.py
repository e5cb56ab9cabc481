"""Where a page ends, whatever its author wrote behind that."""

from __future__ import annotations

import time

import pytest
from lxml import etree

from newsletter.markup import unended


def _words(page: str) -> list[str]:
    parser = etree.HTMLParser(huge_tree=True, encoding="utf-8")
    return "".join(etree.fromstring(page.encode(), parser).itertext()).split()


@pytest.mark.parametrize(
    "page",
    [
        "<html><body>a</body></html>b",
        "<html><body>a</body>b</html>",
        "<html><body>a</BODY ></HTML\n><!-- c --><p>b",
        "<html><body>a</body></html><html><body>b</body></html>",
        "<p>a</p></html><p>b</p></body>",
        "<p title='</html>'>a</p></html><p>b</p>",
    ],
)
def test_what_follows_the_end_of_a_page_is_part_of_it(page: str) -> None:
    assert _words(unended(page)) == ["a", "b"]
    assert len(unended(page)) == len(page)


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<p>a",
        "<html><body>a</body></html>",
        "<html><body>a</body>\n</html>\n<!-- <p>b --> <!----></html> ",
        "<style>/* </html> */</style><p title='</body>'>a</p><!-- </html> -->b",
        "<textarea></body></textarea>a",
    ],
)
def test_a_page_that_ends_where_it_says_stays_as_it_is(page: str) -> None:
    assert unended(page) == page


@pytest.mark.parametrize("unit", ["</html>", "<!-- -->", "</html><", "<a =", "<!--", "<style>", " "])
def test_a_page_of_nothing_but_ends_takes_no_time(unit: str) -> None:
    began = time.process_time()
    unended(unit * 50_000)
    unended("x</body>" + unit * 50_000 + "y")
    assert time.process_time() - began < 2
