"""Read an issue, render every variant, check them: what reviewers look at and what a send freezes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from hashlib import sha256

from newsletter.audience import audiences
from newsletter.audience.professions import load_professions
from newsletter.cache import FOLDER, SUFFIX, Pack, program_digest, tidy, tree_digest
from newsletter.checks.crowd import Crowd
from newsletter.checks.ignores import Sifted
from newsletter.content import issues
from newsletter.content.kept_articles import KeptArticles
from newsletter.delivery.messages import Assembler, envelope_of
from newsletter.errors import SettingsError, did_you_mean
from newsletter.model import (
    Attribute,
    Audience,
    Delivery,
    DeliveryId,
    Expression,
    Field,
    Finding,
    OneOf,
    Professions,
    RenderedVariant,
    Rule,
    Severity,
    Where,
)
from newsletter.pipeline.client_mix import client_mix
from newsletter.pipeline.inspecting import AS_USUAL, Asked, Inspection
from newsletter.pipeline.last_sent import last_sent
from newsletter.pipeline.workspace import Progress, Workspace, has_database, now, open_store, silent
from newsletter.rendering import merge_fields
from newsletter.rendering.arms import arms_of, issue_of, joined
from newsletter.rendering.kept_pictures import KeptPictures
from newsletter.rendering.kept_variants import KeptVariants
from newsletter.rendering.layout import Templates
from newsletter.rendering.press import render_all
from newsletter.rendering.render import Edition, Rendering, content_hash
from newsletter.settings import Settings


@dataclass(frozen=True, slots=True)
class Built:
    """An issue, rendered for everybody it is for, and what the checks say of it."""

    issue: str
    audience: Audience
    variants: tuple[RenderedVariant, ...]
    findings: tuple[Finding, ...]
    content_hash: str
    edition: Edition = field(repr=False)
    """What it was rendered from."""
    ignored: tuple[tuple[Finding, str], ...] = ()
    """Findings that an author has decided to live with, and why."""
    renderings: tuple[Rendering, ...] = field(default=(), repr=False, compare=False)
    inspection: Inspection | None = field(default=None, repr=False, compare=False)
    """What checked them: it can tell which line an element comes from."""

    @property
    def errors(self) -> int:
        return sum(1 for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def stop(self) -> str:
        """Why no send takes it, in a sentence: how many errors there are."""
        return "1 finding stops this send." if self.errors == 1 else f"{self.errors} findings stop this send."

    @property
    def has_gaps(self) -> bool:
        """Whether a grey box stands for a picture that is missing: it can be looked at, and nobody can decide on it."""
        return any(one.rule == "image-missing" for one in (*self.findings, *(one for one, _ in self.ignored)))

    @property
    def variant_of(self) -> dict[str, str]:
        """Profession → key of the variant its people read; where something is tried, of its group of variants."""
        return {profession: one.group for one in self.variants for profession in one.professions}

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that are tried against each other; none where nothing is."""
        return tuple(dict.fromkeys(one.arm for one in self.variants if one.arm))

    def variant(self, group: str, arm: str = "") -> RenderedVariant | None:
        """What the group reads in that arm, or in the first one."""
        return next((one for one in self.variants if one.group == group and arm in ("", one.arm)), None)


def build(
    workspace: Workspace,
    argument: str,
    only: Sequence[str] = (),
    progress: Progress = silent,
    fresh: bool = False,
    whole: bool = False,
    asked: Asked = AS_USUAL,
    forgiving: bool = False,
    passing: bool = False,
    pulse: Callable[[], None] = lambda: None,
) -> Built:
    """Read the issue, render every variant (or those of `only`) and check them.

    What has not changed since an earlier build is taken from there; `fresh` takes nothing. `whole`: the mails are
    checked as readers get them, not only the issue's parts; `asked` then tells what to look at. `forgiving`: a picture
    that is missing is a finding, and the mails are none to send. `passing`: soon overtaken by a build of all, so drawn
    at once and not kept. `pulse` is called between variants, drawn or checked; what it raises ends the build.
    """
    name = issues.issue_id(argument, workspace.root)
    professions = load_professions(workspace.root)
    folders = [workspace.root / "templates", workspace.bundled_templates]
    make_templates = partial(Templates, folders, workspace.root)
    templates = make_templates()
    with _pack(workspace, name, fresh) as pack:
        if passing:
            pack.forget()
        read = KeptArticles(pack).read
        judge = partial(_judge, workspace, professions)
        issue = issues.load_issue(
            name, workspace.settings, professions, templates.names(), read, forgiving, judge=judge
        )
        asked_at = Where(issue.where.path, issue.audience_line)
        audience = audiences.load_audience(issue.audience, workspace.root, professions, asked_at)
        fields = audience.recipient_fields
        edition = Edition(issue, workspace.settings, professions, audience.professions, fields, forgiving)
        _refuse_unknown(only, edition)
        done = iter(range(1, 1_000_000))
        total = len(only or edition.keys) * len(arms_of(issue))
        before = "" if passing else tree_digest(folders)

        def drawn() -> None:
            pulse()
            progress(next(done), total)

        by_arm, pictures = {}, KeptPictures(pack)
        for arm in arms_of(issue):
            of_arm = replace(edition, issue=issue_of(issue, arm))
            kept = None if passing else KeptVariants(pack, of_arm, before, pictures)
            by_arm[arm] = render_all(of_arm, templates, only, drawn, kept, pictures, elsewhere=make_templates)
        renderings = joined(by_arm)
        if not passing and before != tree_digest(folders):
            # If a template was saved meanwhile, nobody knows which variants are of the old one.
            pack.forget()
        else:
            pack.close(everything=not only)
    theme = templates.theme(issue.theme, workspace.settings)
    gaps = cache(partial(_people_without, workspace, audience))
    last = partial(last_sent, workspace, name, audience.id)
    crowd = partial(_crowd, workspace, audience)
    mix = partial(client_mix, workspace, audience.id)
    inspection = Inspection(workspace, edition, theme, folders, before, gaps, last, asked, crowd, mix, pulse)
    sifted = inspection.whole(renderings, everybody=not only) if whole else inspection.quick(renderings)
    return replace(_built(name, audience, edition, renderings, sifted), renderings=renderings, inspection=inspection)


def _judge(
    workspace: Workspace, professions: Professions, name: str, asked_at: Where, expressions: Sequence[Expression]
) -> None:
    """Refuse an audience there is not, and what its people have no field for; raises `FileProblems`."""
    audience = audiences.load_audience(name, workspace.root, professions, asked_at)
    merge_fields.sort_expressions(expressions, audience.recipient_fields)


def _people_without(workspace: Workspace, audience: Audience, name: str) -> int:
    """How many of those the audience's segment picks have no value for the merge field; 0 before the first import."""
    if not has_database(workspace):
        return 0
    from newsletter.pipeline.people import as_of
    from newsletter.store.headcounts import headcount
    from newsletter.store.subscribers import FIELDS

    segment = as_of(audience, now()).segment
    field = Field(name) if name in FIELDS else Attribute((name,))
    without = replace(segment, include=(*segment.include, Rule(OneOf(field, ("",)), name)))
    with open_store(workspace) as database, database.connect() as connection:
        return sum(one.people for one in headcount(connection, without, audience.id) if not one.reason)


def _crowd(workspace: Workspace, audience: Audience) -> Crowd | None:
    # Reads the people's room, which a build has no use for.
    from newsletter.pipeline.crowds import crowd_of

    return crowd_of(workspace, audience)


def _built(name: str, audience: Audience, edition: Edition, renderings: Sequence[Rendering], sifted: Sifted) -> Built:
    variants = tuple(one.rendered for one in renderings)
    digest = content_hash(renderings, edition)
    return Built(name, audience, variants, sifted.findings, digest, edition, sifted.ignored)


@contextmanager
def _pack(workspace: Workspace, issue: str, fresh: bool) -> Iterator[Pack]:
    """What earlier builds of the issue have worked out; `fresh`: what this one does is put there for the next."""
    folder = workspace.root / FOLDER
    with Pack(folder / f"{issue}{SUFFIX}", fresh) as pack:
        yield pack
    tidy(folder, issues.issue_ids(workspace.root))


@dataclass(frozen=True, slots=True)
class Preview:
    """A variant as a reader of whom nothing is known gets it."""

    key: str
    subject: str
    html: str
    text: str


def preview_texts(workspace: Workspace, variant: RenderedVariant, html: str = "") -> Preview:
    """The variant with its merge fields filled in for a reader of whom nothing is known."""
    filled = assembler_of(workspace.settings, [variant], "preview").filled(
        variant, _nobody(variant), html or variant.html
    )
    return Preview(variant.key, *filled)


def previews(workspace: Workspace, built: Built) -> list[Preview]:
    """All variants of the issue, each as a preview."""
    return [preview_texts(workspace, one) for one in built.variants]


def issue_id(workspace: Workspace, argument: str) -> str:
    """The id of the issue that a person means by an id or a path."""
    return issues.issue_id(argument, workspace.root)


def _nobody(variant: RenderedVariant) -> Delivery:
    return Delivery(0, DeliveryId("0" * 24), "reader@example.org", variant.key, 0, {})


def sample_message(workspace: Workspace, built: Built, variant: RenderedVariant) -> bytes:
    """The variant as a complete message (RFC 5322) to a reader of whom nothing is known."""
    assembler = assembler_of(workspace.settings, [variant], built.issue)
    return assembler.assemble(_nobody(variant), now()).content


def sample_digest(workspace: Workspace, issue: str) -> str:
    """A digest over what previews and sample messages hold besides a variant: the headers' values, the program."""
    settings = workspace.settings.model_dump_json(exclude={"root", "provider"})
    return sha256(f"{issue} {settings} {program_digest()}".encode()).hexdigest()


def _refuse_unknown(only: Sequence[str], edition: Edition) -> None:
    for key in only:
        if key not in edition.keys:
            known = ", ".join(edition.keys)
            raise SettingsError(
                f"the issue has no variant for '{key}'.{did_you_mean(key, edition.keys)} Its professions: {known}."
            )


def assembler_of(
    settings: Settings, variants: Sequence[RenderedVariant], campaign: str, audience: str = ""
) -> Assembler:
    """What turns these variants into messages, with the settings' sender."""
    fields = [field for one in variants for field in one.merge_fields]
    return Assembler(variants, merge_fields.recipient_values(fields), envelope_of(settings, campaign, audience))
