"""The steps of the product, in order and nothing else: build, check, import, plan, send, status.

Only this module composes phases. In: an open `Workspace`. Out: values of `model` for the entry points to print.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from newsletter.audience import addresses, audiences, imports
from newsletter.audience.professions import load_professions
from newsletter.campaigns import freezing, planning
from newsletter.checks.run import run_checks
from newsletter.checks.subject import Subject
from newsletter.content import issues
from newsletter.delivery import loop
from newsletter.delivery.messages import Assembler, envelope_of
from newsletter.delivery.providers.contract import Provider
from newsletter.delivery.throttle import Throttle
from newsletter.errors import FileProblems, Refused, SettingsError, Stopped, StoreUnavailable, did_you_mean
from newsletter.model import (
    DEFAULT,
    Audience,
    Campaign,
    CampaignStatus,
    Counts,
    Delivery,
    DeliveryId,
    Finding,
    Import,
    Plan,
    Professions,
    RenderedVariant,
    Severity,
    State,
    Where,
)
from newsletter.rendering import merge_fields
from newsletter.rendering.layout import Templates
from newsletter.rendering.render import Edition, content_hash, render_all
from newsletter.settings import Settings, load_settings
from newsletter.store import ledger, subscribers, suppressions
from newsletter.store.database import Connection, Database, database_path, open_database
from newsletter.store.locks import campaign_lock
from newsletter.store.suppressions import Suppression

Progress = Callable[[int, int | None], None]
"""(done so far, of how many if that is known)"""


def _silent(done: int, total: int | None) -> None:
    """No progress is shown."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace with its settings read."""

    settings: Settings
    bundled_templates: Path

    @property
    def root(self) -> Path:
        return self.settings.root


@dataclass(frozen=True, slots=True)
class Built:
    """An issue, rendered for everybody it is for, and what the checks say of it."""

    issue: str
    audience: Audience
    variants: tuple[RenderedVariant, ...]
    findings: tuple[Finding, ...]
    content_hash: str

    @property
    def errors(self) -> int:
        return sum(1 for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def variant_of(self) -> dict[str, str]:
        """Profession → key of the variant its people read."""
        return {profession: one.key for one in self.variants for profession in one.professions}


@dataclass(frozen=True, slots=True)
class CampaignState:
    """Where a campaign stands."""

    campaign: Campaign
    counts: Counts
    reasons: Mapping[tuple[State, str], int]
    by_profession: Mapping[str, int]
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, what it was made from, and the import that came before it."""

    plan: Plan
    built: Built
    imported: Import | None


@dataclass(frozen=True, slots=True)
class SendOptions:
    """How a send differs from the plain one."""

    limit: int | None = None
    uncertain: str = ""
    """What a person decided on uncertain deliveries: 'resend', 'skip' or nothing yet."""


def open_workspace(root: Path, environment: Mapping[str, str], bundled_templates: Path) -> Workspace:
    """The workspace at `root`."""
    return Workspace(load_settings(root, environment), bundled_templates)


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)


# ── build and check ─────────────────────────────────────────────────────────────────────────────────────────────────


def build(workspace: Workspace, argument: str, only: Sequence[str] = (), progress: Progress = _silent) -> Built:
    """Read the issue, render every variant (or those of `only`) and check them."""
    name = issues.issue_id(argument, workspace.root)
    professions = load_professions(workspace.root)
    templates = Templates([workspace.root / "templates", workspace.bundled_templates], workspace.root)
    issue = issues.load_issue(name, workspace.settings, professions, templates.names())
    asked_at = Where(issue.where.path, issue.audience_line)
    audience = audiences.load_audience(issue.audience, workspace.root, professions, asked_at)
    edition = Edition(issue, workspace.settings, professions, audience.professions, audience.recipient_fields)
    _refuse_unknown(only, edition)
    done = iter(range(1, 1_000_000))
    total = len(only or edition.keys)
    renderings = render_all(edition, templates, only, lambda: progress(next(done), total))
    subjects = [Subject(issue, workspace.settings, one.variant, one.rendered) for one in renderings]
    variants = tuple(one.rendered for one in renderings)
    digest = content_hash(renderings, workspace.settings)
    return Built(name, audience, variants, run_checks(subjects), digest)


@dataclass(frozen=True, slots=True)
class Preview:
    """A variant as a reader of whom nothing is known gets it."""

    key: str
    subject: str
    html: str
    text: str


def preview_texts(workspace: Workspace, variant: RenderedVariant, html: str = "") -> Preview:
    """The variant with its merge fields filled in for a reader of whom nothing is known."""
    filled = _assembler(workspace.settings, [variant], "preview").filled(
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
    assembler = _assembler(workspace.settings, [variant], built.issue)
    return assembler.assemble(_nobody(variant), now()).content


def _refuse_unknown(only: Sequence[str], edition: Edition) -> None:
    for key in only:
        if key not in edition.keys:
            known = ", ".join(edition.keys)
            raise SettingsError(
                f"the issue has no variant for '{key}'.{did_you_mean(key, edition.keys)} Its professions: {known}."
            )


# ── people ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _database(workspace: Workspace) -> Iterator[Database]:
    database = open_database(workspace.settings.database, workspace.root)
    try:
        yield database
    finally:
        database.close()


def _has_database(workspace: Workspace) -> bool:
    """Whether there is one: looking must not make it."""
    return database_path(workspace.settings.database, workspace.root).exists()


def load_audience(workspace: Workspace, name: str) -> tuple[Audience, Professions]:
    """The audience of that name, and the taxonomy it was read with."""
    professions = load_professions(workspace.root)
    return audiences.load_audience(name, workspace.root, professions), professions


def audience_names(workspace: Workspace) -> list[str]:
    """The audiences of the workspace."""
    return audiences.audience_ids(workspace.root)


def import_audience(workspace: Workspace, name: str, progress: Progress = _silent) -> Import:
    """Bring the audience's file into the database, all of it or nothing."""
    audience, professions = load_audience(workspace, name)
    if not audience.source:
        raise FileProblems.at(audience.where, "the audience has no `source:` file to import.")
    with _database(workspace) as database:
        return _import(workspace, database, audience, professions, progress)


def _import(
    workspace: Workspace, database: Database, audience: Audience, professions: Professions, progress: Progress
) -> Import:
    with database.begin() as connection:
        return imports.import_audience(
            connection, audience, workspace.root, professions, now(), lambda rows: progress(rows, None)
        )


def count_audience(workspace: Workspace, name: str) -> tuple[Audience, list[subscribers.Headcount], Import | None]:
    """Those the audience's segment picks, counted; its file is imported first when it has changed."""
    audience, professions = load_audience(workspace, name)
    with _database(workspace) as database:
        imported = _import(workspace, database, audience, professions, _silent) if audience.source else None
        with database.connect() as connection:
            return audience, subscribers.headcount(connection, audience.segment), imported


def suppress(workspace: Workspace, texts: Sequence[str], reason: str) -> int:
    """Never mail these addresses again; the number that were not suppressed before."""
    entries = [Suppression(addresses.parse_address(text).key, reason, "command", now()) for text in texts]
    with _database(workspace) as database, database.begin() as connection:
        return suppressions.add(connection, entries)


def suppressed(workspace: Workspace) -> list[Suppression]:
    """All suppressions."""
    if not _has_database(workspace):
        return []
    with _database(workspace) as database, database.connect() as connection:
        return suppressions.every(connection)


# ── plan and send ───────────────────────────────────────────────────────────────────────────────────────────────────


def plan(workspace: Workspace, argument: str, campaign: str = "", progress: Progress = _silent) -> Planned:
    """The dry run: build, import if the file has changed, count. Nothing is frozen or sent."""
    built = build(workspace, argument, progress=progress)
    professions = load_professions(workspace.root)
    with _database(workspace) as database:
        imported = _import(workspace, database, built.audience, professions, _silent) if built.audience.source else None
        with database.connect() as connection:
            people = subscribers.headcount(connection, built.audience.segment)
    made = planning.make_plan(
        campaign or built.issue, built.issue, built.audience, people, built.variant_of, workspace.settings.provider.rate
    )
    return Planned(made, replace(built, findings=_counted(built, made)), imported)


def refuse_unsendable(planned: Planned) -> None:
    """Raise `Refused` when checks found errors or there is nobody to send to."""
    built = planned.built
    if built.errors:
        raise Refused(f"{built.errors} finding(s) stop this send. Mend them and run the command again.")
    if not planned.plan.recipients:
        raise Refused(
            f"{built.audience.where}: the audience has no recipients. Look at its `segment:` with "
            f"`newsletter audience count {built.audience.id}`."
        )


def find_campaign(workspace: Workspace, name: str) -> Campaign | None:
    """The campaign of that name, if it was ever frozen."""
    if not _has_database(workspace):
        return None
    with _database(workspace) as database, database.connect() as connection:
        return ledger.find_campaign(connection, name)


def freeze(workspace: Workspace, planned: Planned) -> None:
    """Write content and recipients into the database in one transaction."""
    built, made = planned.built, planned.plan
    refuse_unsendable(planned)
    computed = ("address", "unsubscribe_url")
    frozen = ledger.FrozenCampaign(
        name=made.campaign,
        issue=built.issue,
        audience=built.audience.id,
        content_hash=built.content_hash,
        contents=freezing.pack(built.variants),
        variant_of={key: variant for key, variant in built.variant_of.items() if key != DEFAULT},
        segment=built.audience.segment,
        recipient_fields=tuple(one for one in built.audience.recipient_fields if one not in computed),
    )
    with _database(workspace) as database, database.begin() as connection:
        if ledger.find_campaign(connection, made.campaign):
            raise Refused(f"campaign '{made.campaign}' was begun by another process meanwhile. Run the command again.")
        ledger.freeze(connection, frozen, now())


def send(
    workspace: Workspace,
    name: str,
    options: SendOptions,
    stop: Event,
    progress: Progress = _silent,
) -> CampaignState:
    """Deliver what is left of a frozen campaign; raises `Stopped` when something is left all the same."""
    with _database(workspace) as database, campaign_lock(database.path, name):
        campaign, contents = _frozen(database, name)
        provider = _provider(workspace, name)
        loop.recover(database, campaign, provider, now())
        with database.begin() as connection:
            if options.uncertain:
                ledger.resolve_uncertain(connection, campaign.id, options.uncertain == "resend", now())
            before = ledger.counts(connection, campaign.id)
        sending = loop.Sending(
            database=database,
            campaign=campaign,
            provider=provider,
            assembler=_assembler(workspace.settings, freezing.unpack(contents), name),
            throttle=Throttle(workspace.settings.provider.rate, time.monotonic, stop.wait),
            now=now,
            stop=stop,
            limit=options.limit,
            progress=_running_total(before, progress),
        )
        try:
            loop.deliver(sending)
        except StoreUnavailable as error:
            raise Stopped(f"{error} What was sent until then is recorded, or will be looked up.") from error
        with database.begin() as connection:
            if ledger.counts(connection, campaign.id).unfinished == 0:
                ledger.mark_finished(connection, campaign.id, now())
        with database.connect() as connection:
            return _state(connection, name)


def refuse_changed(workspace: Workspace, campaign: Campaign) -> None:
    """Raise `Refused` when the issue reads differently now than when the campaign was frozen."""
    built = build(workspace, campaign.issue)
    if built.content_hash != campaign.content_hash:
        raise Refused(
            f"issue '{campaign.issue}' has changed since campaign '{campaign.name}' was frozen. Send the rest as it "
            f"was frozen with --as-frozen, or put the files back, or send the new content to everyone with "
            f"--campaign {campaign.name}-2."
        )


def status(workspace: Workspace, name: str) -> CampaignState:
    """Where the campaign stands, now."""
    if not _has_database(workspace):
        raise SettingsError(f"no campaign '{name}'. Nothing has been sent from here yet.")
    with _database(workspace) as database, database.connect() as connection:
        return _state(connection, name)


def _state(connection: Connection, name: str) -> CampaignState:
    campaign = ledger.find_campaign(connection, name)
    if campaign is None:
        known = ledger.campaign_names(connection)
        listing = f" Campaigns here: {', '.join(known)}." if known else " Nothing has been sent from here yet."
        raise SettingsError(f"no campaign '{name}'.{did_you_mean(name, known)}{listing}")
    return CampaignState(
        campaign,
        ledger.counts(connection, campaign.id),
        ledger.reasons(connection, campaign.id),
        ledger.accepted_by_profession(connection, campaign.id),
        ledger.next_due(connection, campaign.id),
    )


def refuse_unfinished(state: CampaignState) -> None:
    """Raise `Stopped` when the campaign is not finished, saying how to go on."""
    if state.campaign.status is CampaignStatus.FINISHED:
        return
    left = state.counts
    advice = "Run the same command again to go on."
    if left.uncertain and left.unfinished == left.uncertain:
        advice = "Nobody can tell whether they arrived: decide with --resend-uncertain or --skip-uncertain."
    elif state.next_due and left.unfinished == left.deferred + left.uncertain:
        advice = f"Run the same command again after {state.next_due:%Y-%m-%d %H:%M} UTC."
    raise Stopped(
        f"campaign '{state.campaign.name}' is not finished: {left.pending} pending, {left.deferred} deferred, "
        f"{left.uncertain} uncertain. {advice}"
    )


def outbox_folder(workspace: Workspace, campaign: str) -> Path | None:
    """Where the outbox provider puts the campaign's messages; None with another provider."""
    provider = workspace.settings.provider
    return workspace.root / provider.path / _file_name(campaign) if provider.name == "outbox" else None


def _frozen(database: Database, name: str) -> tuple[Campaign, dict[str, bytes]]:
    with database.connect() as connection:
        campaign = ledger.find_campaign(connection, name)
        if campaign is None:
            raise SettingsError(f"no campaign '{name}'.")
        return campaign, ledger.frozen_contents(connection, campaign.id)


def _assembler(settings: Settings, variants: Sequence[RenderedVariant], campaign: str) -> Assembler:
    fields = [field for one in variants for field in one.merge_fields]
    return Assembler(variants, merge_fields.recipient_values(fields), envelope_of(settings, campaign))


def _provider(workspace: Workspace, campaign: str) -> Provider:
    settings = workspace.settings.provider
    folder = outbox_folder(workspace, campaign)
    if folder is not None:
        from newsletter.delivery.providers.outbox import Outbox

        return Outbox(folder, settings.connections)
    from newsletter.delivery.providers.smtp import Smtp, parse_server

    return Smtp(parse_server(settings.url), settings.connections)


def _file_name(campaign: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in campaign).lstrip(".") or "campaign"


def _running_total(before: Counts, progress: Progress) -> Callable[[int], None]:
    done = before.total - before.unfinished

    def add(settled: int) -> None:
        nonlocal done
        done += settled
        progress(done, before.total)

    return add


def _counted(built: Built, made: Plan) -> tuple[Finding, ...]:
    """Gaps with the number of recipients they touch."""
    return tuple(
        replace(one, message=f"{one.message} It touches {_touched(one, made)} recipient(s).")
        if one.rule == "profession-gap"
        else one
        for one in built.findings
    )


def _touched(finding: Finding, made: Plan) -> int:
    return sum(made.by_variant.get(key, 0) for key in finding.variant.split(", "))
