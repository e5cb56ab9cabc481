"""`init` and `build`: for those who write."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import click

from newsletter.cli.output import (
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
from newsletter.errors import Refused, SettingsError
from newsletter.files import shown
from newsletter.model import RenderedVariant
from newsletter.pipeline import building
from newsletter.pipeline.building import Built
from newsletter.pipeline.workspace import Workspace

_SAMPLE = ("newsletter.yaml", "issues", "audiences", "static", "templates")
_IGNORE = "/build/\n/var/\n# Files with real people in them stay out of the repository.\n/audiences/*.csv\n"
_PICTURE = re.compile(r"[0-9a-f]{16}\.(?:png|jpeg|gif)")


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
        written = [_write(workspace, built, variant, folder) for variant in built.variants]
        document = _manifest(built, written)
        (folder / "manifest.json").write_text(_json(document), "utf-8")
        if not only:
            _remove_old_pictures(folder / "images", built)
    except OSError as error:
        raise SettingsError(f"{folder}: cannot be written to: {error.strerror}.") from error
    print_findings(built.findings)
    if as_json:
        print_json(document | {"findings": findings_json(built.findings)})
        return
    print_heading(f"{built.issue}: {len(written)} variant{'s' * (len(written) != 1)} in {shown(folder, Path.cwd())}")
    print_table([(one["key"], f"{_size(one['html_bytes'])} KB", one["subject"], one["html"]) for one in written])


def _write(workspace: Workspace, built: Built, variant: RenderedVariant, folder: Path) -> dict[str, object]:
    """Write one variant's files; its entry in the manifest."""
    pictures = folder / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    page = variant.html
    for picture in variant.pictures:
        (pictures / picture.name).write_bytes(picture.content)
        for place in ("cid:", f"{workspace.settings.images.base_url}/"):
            page = page.replace(f'"{place}{picture.name}"', f'"images/{picture.name}"')
    preview = building.preview_texts(workspace, variant, page)
    paths = {kind: folder / f"{variant.key}.{kind}" for kind in ("html", "txt", "eml")}
    paths["html"].write_text(preview.html, "ascii")
    paths["txt"].write_text(preview.text, "utf-8")
    paths["eml"].write_bytes(building.sample_message(workspace, built, variant))
    return {
        "key": variant.key,
        "professions": list(variant.professions),
        "subject": preview.subject,
        "html": shown(paths["html"], Path.cwd()),
        "text": shown(paths["txt"], Path.cwd()),
        "eml": shown(paths["eml"], Path.cwd()),
        "html_bytes": len(variant.html),
        "content_hash": variant.content_hash,
    }


def _remove_old_pictures(folder: Path, built: Built) -> None:
    """Take away what earlier builds made (by its hashed name), so that the folder holds what the mails name."""
    named = {picture.name for variant in built.variants for picture in variant.pictures}
    for path in folder.iterdir():
        if _PICTURE.fullmatch(path.name) and path.name not in named:
            path.unlink()


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
