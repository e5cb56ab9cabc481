"""An issue as it stands → the review: what people without the tool are shown, and pictures of every mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from newsletter.campaigns import planning
from newsletter.campaigns.approving import changes
from newsletter.model import DEFAULT, UNMATCHED, Plan, RenderedVariant, Standing
from newsletter.pipeline.approvals import approvals_of, since_approval, time_of, words_of
from newsletter.pipeline.approved_texts import difference, kept_texts
from newsletter.pipeline.building import Built, build, preview_texts
from newsletter.pipeline.people import as_of
from newsletter.pipeline.workspace import Progress, Workspace, has_database, now, open_store, silent
from newsletter.reviewing.browser import running_browser
from newsletter.reviewing.page import MOST as MOST
from newsletter.reviewing.page import Mail, Review, Shot, framed, review_page

WIDTHS = (700, 375)
"""A desktop's and a phone's, in CSS pixels."""
_UNDECIDED = "Nobody has decided anything yet; no approval is needed to send it."


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The file's text, and the pictures of every mail by file name."""

    issue: str
    standing: Standing
    html: str = field(repr=False)
    shots: Mapping[str, bytes] = field(repr=False)
    stop: str = ""
    """Why it cannot go out as it is, in a sentence: nobody can approve it, or a send refuses it. Empty when it can."""
    errors: int = 0
    """How many findings stop a send."""


def review(workspace: Workspace, argument: str, shots: bool = False, progress: Progress = silent) -> Reviewed:
    """The review of the issue as it is now; `shots`: with screenshots, which need a browser (raises `NoBrowser`).

    A picture that is missing is grey and a finding, as `check` has it; the review says that nobody can approve it so.
    """
    built = build(workspace, argument, progress=progress, whole=True, forgiving=True)
    made = _review(workspace, built)
    files: dict[str, bytes] = {}
    if shots:
        made, files = _photographed(made)
    return Reviewed(built.issue, made.standing, review_page(made), files, _stop(built), built.errors)


def _stop(built: Built) -> str:
    told = f"`newsletter check {built.issue}` says"
    if built.has_gaps:
        return f"a picture is missing, so nobody can approve this. {told} which."
    if built.errors:
        return (
            f"{built.errors} error{'s' * (built.errors != 1)} in it: a send refuses the issue until then. {told} where."
        )
    return ""


def _review(workspace: Workspace, built: Built) -> Review:
    standing = approvals_of(workspace, built)
    issue, settings = built.edition.issue, workspace.settings
    last = standing.last_approved
    texts = kept_texts(workspace, built.issue, last.content_hash) if last else {}
    plan = _plan(workspace, built)
    names = _names(built)
    arms = issue.experiment.sizes(plan.recipients) if plan and issue.experiment else {}
    return Review(
        brand=settings.brand.name,
        sender=settings.sender.name,
        issue=built.issue,
        title=issue.title,
        language=issue.language,
        audience=built.audience.title or built.audience.id,
        made_at=now(),
        standing=standing,
        told=tuple(words_of(standing)) or (_UNDECIDED,),
        changed=changes(last.parts, standing.parts) if last and last.content_hash != standing.content_hash else (),
        times={one.content_hash: time for one in standing.every if (time := time_of(one.parts))},
        has_gaps=built.has_gaps,
        is_stale=bool(since_approval(standing)),
        mails=tuple(_counted(_mail(workspace, one, names, standing, texts), one, plan, arms) for one in built.variants),
        findings=built.findings,
        people={names.get(key, key): count for key, count in plan.by_profession.items()} if plan else {},
        left_out={one.reason: one.count for one in plan.skipped} if plan else {},
        arms=arms,
    )


def _mail(
    workspace: Workspace,
    variant: RenderedVariant,
    names: Mapping[str, str],
    standing: Standing,
    texts: Mapping[str, str],
) -> Mail:
    preview = preview_texts(workspace, variant)
    last, part = standing.last_approved, f"mail {variant.key}"
    before = texts.get(variant.key, "")
    return Mail(
        key=variant.key,
        readers=tuple(names[one] for one in variant.professions),
        arm=variant.arm,
        subject=preview.subject,
        preheader=variant.preheader,
        html=preview.html,
        text=preview.text,
        pictures=variant.pictures,
        is_changed=last is not None and last.parts.get(part) != standing.parts.get(part),
        difference=difference(before, preview.subject, preview.text) if before else (),
    )


def _counted(mail: Mail, variant: RenderedVariant, plan: Plan | None, arms: Mapping[str, int]) -> Mail:
    """The mail with how many would get it.

    Chance decides who is in which arm, when it is frozen. Known before: how many have a mail of an arm where all read
    the same but for the arm, and that nobody has what is read by nobody.
    """
    if plan is None:
        return mail
    readers = plan.by_variant.get(variant.group, 0)
    if variant.arm and readers not in (0, plan.recipients):
        return replace(mail, drawn_from=readers)
    return replace(mail, people=arms[variant.arm] if variant.arm and readers else readers)


def _names(built: Built) -> dict[str, str]:
    """Profession → what its people are called."""
    professions = built.edition.professions
    everybody = len(built.edition.keys) == 1
    names = {one: professions.get(one).plural for one in built.edition.keys}
    return {**names, DEFAULT: "Everybody" if everybody else "Everybody else", UNMATCHED: "No known profession"}


def _plan(workspace: Workspace, built: Built) -> Plan | None:
    """Who would get what, by what the database knows; None before the first import."""
    if not has_database(workspace):
        return None
    from newsletter.store.headcounts import headcount

    audience = as_of(built.audience, now())
    with open_store(workspace) as database, database.connect() as connection:
        people = headcount(connection, audience.segment, audience.id)
    if not people:
        return None
    return planning.make_plan(built.issue, built.issue, audience, people, built.variant_of, None)


def _photographed(made: Review) -> tuple[Review, dict[str, bytes]]:
    """The review with small pictures of every mail in it, and the same as PNG files."""
    files: dict[str, bytes] = {}
    mails: list[Mail] = []
    with running_browser() as browser:
        for mail in made.mails:
            html = framed(mail)
            for width in WIDTHS:
                files[f"{mail.key}-{width}.png"] = browser.shot(html, width)
            small = tuple(Shot(width, "image/webp", browser.shot(html, width, "webp")) for width in WIDTHS)
            mails.append(replace(mail, shots=small))
    return replace(made, mails=tuple(mails)), files
