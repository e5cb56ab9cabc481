"""`review`: an issue as one file for those without the tool, and pictures of its mails."""

from __future__ import annotations

from pathlib import Path

import click

from newsletter.cli.output import Reported, json_option, print_json, progress_bar, workspace_of
from newsletter.cli.writing import write_if_changed
from newsletter.errors import SettingsError
from newsletter.files import shown
from newsletter.pipeline import reviewing
from newsletter.pipeline.reviewing import Reviewed


@click.command()
@click.argument("issue")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write. Default: build/ISSUE/review.html."
)
@click.option(
    "--screenshots",
    is_flag=False,
    flag_value="-",
    metavar="[DIR]",
    help="Put pictures of every mail into it; with DIR also as PNG files there. Needs Chromium.",
)
@json_option
@click.pass_context
def review(context: click.Context, issue: str, out: Path | None, screenshots: str | None, as_json: bool) -> None:
    """Write one file for reviewers who have only a browser.

    Every mail and its plain text, what was found, who gets it, what changed since the last approval, how to approve.
    It is written whatever was found, and ends with 1 when a finding would stop a send, as check does. A picture
    that is missing is grey in it, and nobody can approve it so.
    """
    workspace = workspace_of(context)
    with progress_bar("Rendering", as_json) as progress:
        made = reviewing.review(workspace, issue, screenshots is not None, progress)
    path = out if out is not None else workspace.root / "build" / made.issue / "review.html"
    folder = Path(screenshots) if screenshots not in (None, "-") else None
    content = made.html.encode()
    pictures: list[str] = []
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for name, picture in made.shots.items():
                write_if_changed(folder / name, picture)
                pictures.append(shown(folder / name, Path.cwd()))
    except OSError as error:
        raise SettingsError(f"{error.filename or path}: cannot be written: {error.strerror}.") from error
    if as_json:
        document: dict[str, object] = {"issue": made.issue, "review": shown(path, Path.cwd()), "bytes": len(content)}
        document |= {"content_hash": made.standing.content_hash, "errors": made.errors, "screenshots": pictures}
        print_json(document)
    else:
        _tell(made, path, folder, len(pictures))
    if made.stop:
        raise Reported(made.stop)


def _tell(made: Reviewed, path: Path, folder: Path | None, pictures: int) -> None:
    weight = len(made.html.encode())
    click.echo(f"Wrote {shown(path, Path.cwd())} ({weight / 1000:,.0f} KB): open it in any browser.")
    if weight > reviewing.MOST:
        click.echo("It is heavier than 5 MB, because its mails are. Some mail systems do not take it.", err=True)
    if folder is not None:
        click.echo(f"{pictures} screenshots in {shown(folder, Path.cwd())}")
