"""An edition → the renderings of all its variants: those known from an earlier run, and the rest rendered, by as many
processes as are worth starting. The result is the same however it came about.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pickle import PicklingError

from newsletter.model import DEFAULT, Picture, RenderedVariant, Variant
from newsletter.rendering.kept_pictures import KeptPictures
from newsletter.rendering.kept_variants import KeptVariants
from newsletter.rendering.layout import Templates
from newsletter.rendering.render import Edition, Rendering, render_variant
from newsletter.rendering.variants import select_variant
from newsletter.rendering.workers import MakeTemplates, Rendered, render_in_processes, worker_count


def render_all(
    edition: Edition,
    templates: Templates,
    only: Sequence[str] = (),
    progress: Callable[[], None] = lambda: None,
    kept: KeptVariants | None = None,
    kept_pictures: KeptPictures | None = None,
    elsewhere: MakeTemplates | None = None,
) -> tuple[Rendering, ...]:
    """A rendering per profession (of `only`, if any are named); professions that read the same share one.

    A shared rendering is called `default` when `default` reads it, else by its first profession. `kept` holds variants
    of earlier runs, `kept_pictures` pictures of theirs; `elsewhere` makes the templates in other processes, without it
    there are none.
    """
    keys = tuple(dict.fromkeys(only or edition.keys))
    variants = {key: select_variant(edition.issue, key, edition.professions, edition.candidates) for key in keys}
    kept_as = {key: kept.key(key, variants[key]) if kept else None for key in keys}
    found: dict[str, RenderedVariant] = {}
    pictures: dict[str, Picture] = {}
    for key, name in kept_as.items():
        known = kept.get(name) if kept and name else None
        if known is not None:
            found[key] = known
            progress()
    missing = [key for key in keys if key not in found]
    with closing(_rendered(edition, templates, variants, missing, kept_pictures, elsewhere)) as stream:
        for key, rendered in stream:
            # Each worker draws its own copy of a picture that many variants show: one is enough.
            shared = tuple(pictures.setdefault(f"{one.name} {one.width}", one) for one in rendered.pictures)
            found[key] = replace(rendered, pictures=shared)
            name = kept_as[key]
            if kept and name:
                kept.keep(name, found[key])
            progress()
    return _by_content(keys, variants, found)


def _rendered(
    edition: Edition,
    templates: Templates,
    variants: Mapping[str, Variant],
    keys: Sequence[str],
    kept_pictures: KeptPictures | None,
    elsewhere: MakeTemplates | None,
) -> Generator[Rendered, None, None]:
    """Each of the variants, once."""
    done: set[str] = set()
    count = worker_count(len(keys)) if elsewhere else 0
    if elsewhere and count:
        try:
            with closing(render_in_processes(edition, elsewhere, keys, count)) as stream:
                for one in stream:
                    done.add(one[0])
                    yield one
        except (OSError, ImportError, PicklingError):
            # No further process can be started here, or not with these values: this one does what is left.
            pass
    for key in keys:
        if key not in done:
            yield key, render_variant(edition, templates, key, variants[key], kept_pictures)


def _by_content(
    keys: Sequence[str], variants: Mapping[str, Variant], found: dict[str, RenderedVariant]
) -> tuple[Rendering, ...]:
    """The renderings in the order of their first professions, those of the same content as one."""
    by_content: dict[str, Rendering] = {}
    for key in keys:
        rendered = found.pop(key)
        same = by_content.get(rendered.content_hash)
        if same is None:
            by_content[rendered.content_hash] = Rendering(variants[key], rendered)
            continue
        professions = (*same.rendered.professions, key)
        name = DEFAULT if DEFAULT in professions else same.rendered.key
        by_content[rendered.content_hash] = replace(
            same, rendered=replace(same.rendered, key=name, professions=professions)
        )
    return tuple(by_content.values())
