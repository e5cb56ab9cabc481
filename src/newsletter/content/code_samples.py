"""Where the code samples of a text lie: nothing in them is anything but what it looks like.

In: Markdown or HTML. Out: ranges of characters (from, to), sorted: `<pre>`, `<code>`, comments; in Markdown also fenced
and indented code and spans between backticks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict

from newsletter.content.markdown import code_lines

_CODE_TAG = re.compile(r"(?P<open><!--)|-->|<(?P<slash>/)?(?P<name>pre|code)(?=[\s>])", re.IGNORECASE)


def code_ranges(text: str, *, markdown: bool) -> list[tuple[int, int]]:
    """The ranges of code and comments in the text, sorted; `markdown` says whether Markdown's own code counts."""
    found = _code_in_html(text)
    if not markdown:
        return found
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    found += [(starts[first], starts[min(last, len(starts) - 1)]) for first, last in code_lines(text)]
    return merged(found + _spans(text, merged(found)))


def _code_in_html(text: str) -> list[tuple[int, int]]:
    """`<pre>`, `<code>` and comments, from the first opening to the first closing of the same."""
    found: list[tuple[int, int]] = []
    waiting, begins = "", 0
    for match in _CODE_TAG.finditer(text):
        kind = "!" if match["open"] else (match["name"] or "!").lower()
        opens = bool(match["open"] or (match["name"] and not match["slash"]))
        if not waiting and opens:
            waiting, begins = kind, match.start()
        elif waiting == kind and not opens:
            found.append((begins, match.end()))
            waiting = ""
    return found


def _spans(text: str, code: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Code spans: from a run of backticks to the next run of as many, within a paragraph."""
    runs = [match.span() for match in re.finditer(r"`++", text)]
    starts = [start for start, _ in code]
    paragraphs = [match.start() for match in re.finditer(r"\n[ \t]*+\n", text)]
    found: list[tuple[int, int]] = []
    closed = 0
    later: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for run in reversed(runs):
        later[run[1] - run[0]].append(run)
    for run in runs:
        length = run[1] - run[0]
        later[length].pop()
        place = bisect_right(starts, run[0]) - 1
        if run[0] < closed or (place >= 0 and run[0] < code[place][1]):
            continue
        if not later[length]:
            continue
        end = later[length][-1]
        if bisect_right(paragraphs, run[0]) == bisect_right(paragraphs, end[0]):
            found.append((run[0], end[1]))
            closed = end[1]
    return found


def merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges sorted, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
