"""`init` and `build`: for those who write."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from newsletter.cli.output import (
    Reported,
    bundled_workspace,
    findings_json,
    json_option,
    print_findings,
    print_heading,
    print_json,
    print_table,
    progress_bar,
    workspace_of,
)
from newsletter.cli.writing import MANIFEST, write, write_if_changed
from newsletter.errors import Refused, SettingsError
from newsletter.files import shown
from newsletter.pipeline import building
from newsletter.pipeline.building import Built

_SAMPLE = ("newsletter.yaml", "issues", "audiences", "static", "templates")
_IGNORE = (
    "/build/\n/var/\n# Files with real people in them stay out of the repository.\n/audiences/*\n!/audiences/*.yaml\n"
)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@json_option
def init(folder: Path, as_json: bool) -> None:
    """Make a new workspace with a sample issue."""
    taken = [name for name in _SAMPLE if (folder / name).exists()]
    if taken:
        raise Refused(f"{folder}: already holds {', '.join(taken)}. Choose a new folder; nothing was changed.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _SAMPLE:
            _copy(bundled_workspace() / name, folder / name)
        if not (folder / ".gitignore").exists():
            (folder / ".gitignore").write_text(_IGNORE, "utf-8")
    except OSError as error:
        raise SettingsError(f"{folder}: the workspace cannot be made here: {error.strerror}.") from error
    if as_json:
        print_json({"workspace": str(folder), "issue": "open-source-in-care"})
        return
    click.echo(f"Made a workspace in {folder}. Go on with:")
    click.echo(f"\n  cd {folder}\n  newsletter build open-source-in-care\n  newsletter plan open-source-in-care\n")


@click.command()
@click.argument("issue")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Where to write. Default: build/ISSUE.")
@click.option("--profession", "only", multiple=True, metavar="P", help="Only this profession's variant; repeatable.")
@json_option
@click.pass_context
def build(context: click.Context, issue: str, out: Path | None, only: tuple[str, ...], as_json: bool) -> None:
    """Render an issue: HTML, text and .eml per profession."""
    workspace = workspace_of(context)
    with progress_bar("Rendering", as_json) as progress:
        built = building.build(workspace, issue, only, progress)
    folder = out if out is not None else workspace.root / "build" / built.issue
    try:
        with progress_bar("Writing", as_json) as progress:
            written = write(workspace, built, folder, whole=not only, progress=progress)
        document = _manifest(built, written)
        write_if_changed(folder / MANIFEST, _json(document).encode())
    except OSError as error:
        raise SettingsError(f"{folder}: cannot be written to: {error.strerror}.") from error
    print_findings(built.findings)
    if as_json:
        print_json(document | {"findings": findings_json(built.findings)})
        _end(built)
        return
    print_heading(f"{built.issue}: {len(written)} variant{'s' * (len(written) != 1)} in {shown(folder, Path.cwd())}")
    print_table([(one["key"], f"{_size(one['html_bytes'])} KB", one["subject"], one["html"]) for one in written])
    _end(built)


def _end(built: Built) -> None:
    """All is written, to be looked at; but what no send would take does not end in success."""
    if built.errors:
        raise Reported(f"{built.errors} error{'s' * (built.errors != 1)} above: a send refuses the issue until then.")


def _manifest(built: Built, written: list[dict[str, object]]) -> dict[str, object]:
    return {"issue": built.issue, "content_hash": built.content_hash, "variants": written}


def _json(document: dict[str, object]) -> str:
    import json

    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _size(count: object) -> int:
    return round(int(str(count)) / 1000)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copy2(source, target)
