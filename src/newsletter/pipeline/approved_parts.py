"""What an issue is made of, part by part: the files its mails are drawn from, and the rules of who gets them when."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from newsletter.audience import professions
from newsletter.campaigns.approving import digest
from newsletter.files import read_yaml
from newsletter.model import Article, ArticleChoice, Audience, Block, Image, Parts, Section
from newsletter.pipeline.building import Built
from newsletter.pipeline.workspace import Workspace
from newsletter.rendering.render import Edition

_SETTINGS = ("brand", "theme", "site_url", "images", "list_id", "public_url", "tracking")
_SCHEDULE = ("rate", "domains", "hourly", "daily", "warmup", "quiet_hours")
_CHOSEN = ("blocks", "layouts", "themes", "words")
"""Folders of templates of which an issue uses only some."""
_REFERENCE = re.compile(r"""["']((?:blocks|layouts|themes)/[\w./-]+\.j2)["']""")


def parts_of(workspace: Workspace, built: Built) -> Parts:
    """Each part of the issue by its name, with a digest of what it is now."""
    edition = built.edition
    issue = edition.issue
    things = list(_things(issue.sections))
    folder = f"{Path(issue.where.path).parent.as_posix()}/"
    found = {"issue issue.yaml": _of_file(workspace.root / issue.where.path)}
    for article in (one for one in things if isinstance(one, Article)):
        path = article.where.path
        found[f"article {path.removeprefix(folder)}"] = _of_file(workspace.root / path)
    for image in [*(one for one in things if isinstance(one, Image)), *([issue.logo] if issue.logo else [])]:
        found[f"picture {(image.path or image.url).removeprefix(folder)}"] = digest(image.digest or image.url)
    used = _templates(workspace, edition, {one.type for one in things if isinstance(one, Block)})
    found |= {f"template templates/{name}": _of_file(path) for name, path in used.items()}
    found |= {f"mail {one.key}": digest(f"{one.professions} {one.content_hash}") for one in built.variants}
    return found | _rules(workspace, built.audience)


def _rules(workspace: Workspace, audience: Audience) -> dict[str, str]:
    """Who gets it, from whom and when."""
    settings = workspace.settings
    written = read_yaml(workspace.root / audience.where.path, audience.where.path).data
    rules = written.items() if isinstance(written, Mapping) else ()
    schedule = settings.provider.model_dump(mode="json", include=set(_SCHEDULE))
    return {
        **{f"audience {key}": _of_value(value) for key, value in rules if key != "title"},
        professions.FILE.replace("audiences/", ""): _of_file(workspace.root / professions.FILE),
        **{f"sender {key}": _of_value(value) for key, value in settings.sender.model_dump().items()},
        **{f"schedule {key}": _of_value(value) for key, value in schedule.items()},
        "schedule time_zone": _of_value(settings.time_zone),
        **{f"setting {key}": _of_value(settings.model_dump(mode="json", include={key})) for key in _SETTINGS},
    }


def _things(value: object) -> Iterator[object]:
    """Every block, article and picture inside."""
    if isinstance(value, (Block, Article, Image)):
        yield value
    match value:
        case Block():
            yield from _things(value.fields)
        case Article():
            yield from _things((value.body, value.image, value.sidebar_image))
        case ArticleChoice():
            yield from _things(value.by_profession)
        case Section():
            yield from _things(value.blocks)
        case Mapping():
            for one in value.values():
                yield from _things(one)
        case tuple() | list():
            for one in value:
                yield from _things(one)
        case _:
            pass


def _templates(workspace: Workspace, edition: Edition, blocks: set[str]) -> dict[str, Path]:
    """The templates, styles and words the issue can be drawn with, by name; a workspace's own win."""
    folders = (workspace.bundled_templates, workspace.root / "templates")
    every = {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    issue = edition.issue
    words = {"en", issue.language, issue.language.split("-")[0].lower()}
    wanted = [name for name in every if name.split("/")[0] not in _CHOSEN]
    wanted += [
        f"{kind}.{end}.j2"
        for kind in (f"layouts/{issue.layout}", *map("blocks/{}".format, blocks))
        for end in ("html", "txt")
    ]
    wanted += [f"themes/{issue.theme}.yaml", f"themes/{issue.theme}.css.j2", *(f"words/{one}.yaml" for one in words)]
    used: dict[str, Path] = {}
    while wanted:
        name = wanted.pop()
        if name in every and name not in used:
            used[name] = every[name]
            wanted += _REFERENCE.findall(every[name].read_text("utf-8", "replace")) if name.endswith(".j2") else []
    return used


def _of_file(path: Path) -> str:
    try:
        return digest(path.read_bytes())
    except OSError:
        return digest("gone")


def _of_value(value: object) -> str:
    return digest(json.dumps(value, sort_keys=True, default=str))
