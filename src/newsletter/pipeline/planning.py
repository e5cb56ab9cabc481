"""Issue and people → what would be sent, and, once it may be, the campaign that is frozen of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from newsletter.audience.professions import load_professions
from newsletter.campaigns import freezing, naming
from newsletter.campaigns.planning import make_plan
from newsletter.campaigns.scheduling import Schedule
from newsletter.errors import FindingsStop, Refused
from newsletter.files import shown
from newsletter.model import DEFAULT, Campaign, Import, Plan, Severity, Standing
from newsletter.pipeline.approvals import approvals_of, refuse_unapproved
from newsletter.pipeline.building import Built, build, issue_id
from newsletter.pipeline.counted_gaps import counted_gaps
from newsletter.pipeline.people import as_of, import_file, refuse_unanswerable
from newsletter.pipeline.providers import outbox_folder, require_provider
from newsletter.pipeline.scheduling import due_times
from newsletter.pipeline.unknown_attributes import unknown_attributes
from newsletter.pipeline.workspace import Progress, Workspace, has_database, open_store, silent
from newsletter.rendering.merge_fields import fields_named
from newsletter.store import campaigns, headcounts
from newsletter.store import freezing as store_freezing
from newsletter.store.freezing import FrozenCampaign

_NO_TEXT = re.compile("[\ud800-\udfff]")
"""What a terminal hands over for bytes that are no text; no database keeps it."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, what it was made from, and the import that came before it."""

    plan: Plan
    built: Built
    imported: Import | None
    standing: Standing
    """Who approved what it was made from."""


def plan(
    workspace: Workspace,
    argument: str,
    campaign: str = "",
    progress: Progress = silent,
    fresh: bool = False,
    schedule: Schedule | None = None,
) -> Planned:
    """The dry run: build, import if the file has changed, count. Nothing is frozen or sent.

    `fresh` renders everything anew, whatever lies in `build/`: for what is about to be mailed. Approvals are those that
    hold for the time of the `schedule`. Raises `SettingsError` for a name that a new campaign may not have.
    """
    _refuse_new_name(workspace, campaign or issue_id(workspace, argument))
    built = build(workspace, argument, progress=progress, fresh=fresh, whole=True)
    standing = approvals_of(workspace, built, schedule)
    built = replace(built, audience=as_of(built.audience, workspace.clock()))
    professions = load_professions(workspace.root)
    with open_store(workspace) as database:
        imported = (
            import_file(workspace, database, built.audience, professions, silent) if built.audience.source else None
        )
        with database.connect() as connection:
            refuse_unanswerable(connection, built.audience)
            people = headcounts.headcount(connection, built.audience.segment, built.audience.id)
            unknown = unknown_attributes(connection, built.audience.segment)
    made = make_plan(
        campaign or built.issue, built.issue, built.audience, people, built.variant_of, workspace.settings.provider.rate
    )
    return Planned(made, replace(built, findings=(*counted_gaps(built, made), *unknown)), imported, standing)


def refuse_unsendable(planned: Planned, forced: str = "", schedule: Schedule | None = None) -> None:
    """Raise `Refused` when there is nobody to send to, approvals are missing, or what the issue tries cannot be tried
    with these people at these times; `FindingsStop` when checks found errors and nobody has `forced` it with a reason.
    """
    built = planned.built
    if built.errors and not forced.strip():
        them = "it" if built.errors == 1 else "them"
        raise FindingsStop(
            f"{built.stop} Mend {them} and run the command again, or send all the same with "
            '--force "why", which the campaign records.',
            (one for one in built.findings if one.severity is Severity.ERROR),
        )
    refuse_unapproved(planned.standing)
    if not planned.plan.recipients:
        raise Refused(f"{built.audience.where}: the audience has no recipients. {_nobody(planned)}")
    tried = built.edition.issue.experiment
    if tried and planned.plan.recipients < len(tried.arms):
        raise Refused(
            f"{tried.where}: {planned.plan.recipients} recipient(s) cannot be put into {len(tried.arms)} arms. "
            "Take `ab:` away, or choose a larger audience."
        )
    if tried and schedule and schedule.local:
        raise Refused(
            f"{tried.where}: nobody can wait for a winner and have it by their own clock. Leave --local-time out, or "
            "take `ab:` away."
        )


def _nobody(planned: Planned) -> str:
    """Why nobody is left to send to, and where to look."""
    audience, left_out = planned.built.audience, planned.plan.skipped
    if left_out:
        told = ", ".join(f"{one.count:,} {one.reason}" for one in left_out)
        return f"All that it picks are left out: {told}. `newsletter suppress list` shows who is suppressed since when."
    if not (audience.segment.include or audience.segment.exclude):
        return "Nobody has been imported: see its `source:`, and `newsletter audience import`."
    return f"Look at its `segment:` with `newsletter audience count {audience.id}`."


def find_campaign(workspace: Workspace, name: str) -> Campaign | None:
    """The campaign of that name, if it was ever frozen."""
    if not has_database(workspace) or _NO_TEXT.search(name):
        return None
    with open_store(workspace) as database, database.connect() as connection:
        return campaigns.find_campaign(connection, name)


def _refuse_new_name(workspace: Workspace, name: str) -> None:
    """Raise `SettingsError` for a name that no campaign has, and none may get."""
    if not naming.fits(name) and find_campaign(workspace, name) is None:
        naming.refuse_name(name)


def refuse_unknown_mail(workspace: Workspace, name: str) -> None:
    """Raise `Refused` when the outbox holds mail of a campaign that the database has never heard of: with the database
    gone, who was mailed is forgotten, and everybody would be mailed again. `SettingsError` for a name that a new
    campaign may not have."""
    _refuse_new_name(workspace, name)
    folder = outbox_folder(workspace, name)
    if folder is None or not any(one.is_file() for one in folder.rglob("*")):
        return
    place = shown(folder, workspace.root)
    raise Refused(
        f"{place} holds mail of a campaign '{name}', and the database knows of none: everybody would be mailed again. "
        "Bring the right database back (`database:` in newsletter.yaml, NEWSLETTER_DATABASE_URL). If it is meant to be "
        f"sent anew, move {place} away, or give another name with --campaign."
    )


def freeze(workspace: Workspace, planned: Planned, forced: str = "", schedule: Schedule | None = None) -> None:
    """Write content and recipients into the database in one transaction, and why it was `forced`, if it was.

    With a `schedule` it is sent then: what is frozen now, to those who are frozen now.
    """
    built, made = planned.built, planned.plan
    require_provider(workspace.settings)
    refuse_unsendable(planned, forced, schedule)
    refuse_unknown_mail(workspace, made.campaign)
    # Of a person only that is frozen which the mail names; the To line names them.
    named = fields_named(one for variant in built.variants for one in variant.merge_fields)
    needed = {*named, "first_name", "last_name"} - {"address", "unsubscribe_url"}
    frozen = FrozenCampaign(
        name=made.campaign,
        issue=built.issue,
        audience=built.audience.id,
        content_hash=built.content_hash,
        contents=freezing.pack(built.variants, _forced(built, forced), planned.standing.approvals),
        variant_of={key: variant for key, variant in built.variant_of.items() if key != DEFAULT},
        segment=built.audience.segment,
        recipient_fields=tuple(one for one in built.audience.recipient_fields if one in needed),
        experiment=built.edition.issue.experiment,
    )
    with open_store(workspace) as database, database.begin() as connection:
        if campaigns.find_campaign(connection, made.campaign):
            raise Refused(f"campaign '{made.campaign}' was begun by another process meanwhile. Run the command again.")
        if schedule is not None:
            times = due_times(connection, built.audience, schedule, workspace.clock())
            frozen = replace(frozen, scheduled_at=times.first, zones=times.by_zone)
        store_freezing.freeze(connection, frozen, workspace.clock())


def _forced(built: Built, reason: str) -> str:
    """The reason with the rules it goes against; nothing when nothing stood in the way."""
    rules = dict.fromkeys(one.rule for one in built.findings if one.severity is Severity.ERROR)
    return f"{' '.join(reason.split())} (against {', '.join(rules)})" if rules else ""
