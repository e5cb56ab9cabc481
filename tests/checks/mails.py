"""An HTML email in a file, and what `check` finds in it."""

from __future__ import annotations

from pathlib import Path

from newsletter.model import Finding
from newsletter.pipeline.checking import asked_for, check_file

PAGE = """<!DOCTYPE html>
<html lang="en">
<head><title>Tools</title>{style}</head>
<body style="margin:0">
{body}
</body>
</html>
"""
LINE = 5
"""Where a body begins in the page."""


def findings_in(folder: Path, body: str, style: str = "", notes: bool = False) -> list[Finding]:
    """What is found in a mail of that body; `style` is one line of CSS."""
    file = folder / "mail.html"
    file.write_text(PAGE.format(body=body, style=f"<style>{style}</style>" if style else ""), "utf-8")
    return list(check_file(str(file), asked_for((), notes, False, False)).findings)


def told(folder: Path, rule: str, body: str, style: str = "", notes: bool = False) -> list[tuple[int, str]]:
    """The line, counted from the body's first as 1, and the message of each finding of that rule."""
    found = findings_in(folder, body, style, notes)
    return [(one.where.line - LINE + 1, one.message) for one in found if one.rule == rule]
