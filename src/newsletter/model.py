"""The values that flow, frozen, in the order of the pipeline: the glossary in code.

Nothing here reads, writes or knows SQL. Times are aware datetimes, sequences are tuples, and a thing that was left
out is a value with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

SubscriberId = NewType("SubscriberId", int)
CampaignId = NewType("CampaignId", int)
DeliveryId = NewType("DeliveryId", str)
"""Opaque: derived from the campaign's secret and the subscriber's number, no personal data in it."""

DEFAULT = "default"
"""The variant, and the pretended profession, of everybody whose profession has no variant of its own."""
UNMATCHED = "unmatched"
"""In a segment: the subscribers whose job title matched no profession."""
LAYOUT_WIDTH = 600
"""The width of the email's page in CSS pixels."""


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file a person wrote: a path relative to the workspace, and a line (0 when there is none)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


# ── read ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Profession:
    """What a subscriber does; picks what they read."""

    key: str
    label: str
    plural: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()


EVERYBODY_ELSE = Profession(DEFAULT, "Reader", "Readers")


@dataclass(frozen=True, slots=True)
class Professions:
    """The taxonomy of `professions.yaml`, in the order of the file."""

    by_key: Mapping[str, Profession]
    path: str = ""

    def get(self, key: str) -> Profession:
        """The profession of that key; `default` and unknown keys are everybody else."""
        return self.by_key.get(key, EVERYBODY_ELSE)

    def ancestry(self, key: str) -> tuple[str, ...]:
        """`key`, its parent, the parent's parent …, nearest first."""
        found: list[str] = []
        current: str | None = key
        while current is not None and current in self.by_key and current not in found:
            found.append(current)
            current = self.by_key[current].parent
        return tuple(found)

    def narrower(self, key: str) -> tuple[str, ...]:
        """`key` and every profession below it, in the order of the file."""
        return tuple(other for other in self.by_key if key in self.ancestry(other))


@dataclass(frozen=True, slots=True)
class Expression:
    """A `{{ … }}` that an author wrote: the token that stands for it, its source, and where it was written."""

    token: str
    source: str
    where: Where


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as its author made it, with its natural size in pixels."""

    path: str
    digest: str
    media_type: str
    width: int
    height: int
    content: bytes = field(repr=False)
    url: str = ""
    """Where it lies on the web when there is no file of it here; its size is not known then, and `content` empty."""
    where: Where = field(default=Where(""), compare=False)
    """The line on which an author names it."""


@dataclass(frozen=True, slots=True)
class TemplateNames:
    """The block types and layouts there are templates for, and the themes."""

    blocks: frozenset[str]
    layouts: frozenset[str]
    themes: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    """The language tags that the layouts' own words are written in."""
    missing: frozenset[str] = frozenset()
    """The other half of templates that are there: `blocks/recipe.txt.j2`."""


@dataclass(frozen=True, slots=True)
class Theme:
    """A look: the colour of every role in light and in dark mode, and the fonts of headings and of text.

    Beside the roles that are written, `link` is what words that lead somewhere are drawn in, and `on_accent` what is
    written on a button.
    """

    name: str
    light: Mapping[str, str]
    dark: Mapping[str, str]
    fonts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Block:
    """One kind of thing drawn: `type` names its pair of templates, `fields` is what they see as `block`."""

    type: str
    fields: Mapping[str, object]
    where: Where
    professions: tuple[str, ...] = ()
    """Who sees it (narrower professions included); nobody named means everybody."""
    arm: str = ""
    """The arm of the experiment whose people see it; empty: all."""


@dataclass(frozen=True, slots=True)
class Article:
    """One file of content, repaired and sanitised: its front matter and its body as blocks."""

    where: Where
    title: str
    body: tuple[Block, ...]
    description: str = ""
    draft_line: int = 0
    """The line that says `draft: true`; 0 when the article is ready."""
    date: str = ""
    author: str = ""
    link: str = ""
    image: Image | None = None
    alt: str = ""
    caption: str = ""
    include_footer: bool = True
    sidebar: bool = False
    sidebarlogo: str = ""
    """The name of the logo beside a sidebar article, as written: often without a suffix."""
    logo_line: int = 1
    """The line that names it."""
    sidebar_image: Image | None = None
    """That logo, found."""
    tags: tuple[str, ...] = ()
    disclosure: str = ""
    """What readers must be told of how it was made or paid for: shown as a label under the title."""
    extra: Mapping[str, object] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    """What reading it found and changed, at the author's lines."""


@dataclass(frozen=True, slots=True)
class ArticleChoice:
    """An article path with `{profession}` in it: the file of every profession that has one."""

    pattern: str
    by_profession: Mapping[str, Article]


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks under a heading (or under none)."""

    heading: str
    blocks: tuple[Block, ...]


ARMS = ("a", "b", "c", "d")
"""What the arms of an experiment are called, in order."""


class Criterion(StrEnum):
    """What decides which arm wins: how many people did so, or what a person says."""

    CLICKS = "clicks"
    OPENS = "opens"
    HAND = "by hand"


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the mails that are tried."""

    key: str
    subject: str = ""
    """Its own; empty: the issue's."""
    where: Where = Where("")


@dataclass(frozen=True, slots=True)
class Experiment:
    """Two to four arms are mailed to a share of the recipients, and the winner's mail to the rest."""

    arms: tuple[Arm, ...]
    share: float
    """How many of the recipients get an arm, all arms together, in percent; at least one for each arm."""
    criterion: Criterion
    wait: timedelta
    """From when the last of the arms has left until the winner is decided."""
    where: Where

    def tested(self, recipients: int) -> int:
        """How many of so many recipients get an arm: the share, but at least one for each arm."""
        return min(recipients, max(len(self.arms), round(recipients * self.share / 100)))

    def sizes(self, recipients: int) -> dict[str, int]:
        """How many of so many recipients each arm gets; no two differ by more than one."""
        count, tested = len(self.arms), self.tested(recipients)
        ends = [-(-number * tested // count) for number in range(count + 1)]
        return {one.key: ends[number + 1] - ends[number] for number, one in enumerate(self.arms)}


@dataclass(frozen=True, slots=True)
class Issue:
    """What is published: read from `issues/<id>/`, with every article and picture it names."""

    id: str
    where: Where
    title: str
    subject: str
    preheader: str
    audience: str
    audience_line: int
    """Where the issue names its audience."""
    layout: str
    language: str
    sections: tuple[Section, ...]
    expressions: Mapping[str, Expression]
    """Every `{{ … }}` of the issue and its articles, by token."""
    logo: Image | None = None
    theme: str = "editorial"
    date: str = ""
    findings: tuple[Finding, ...] = ()
    """What reading issue.yaml found and changed; each article carries its own."""
    experiment: Experiment | None = None
    """What is tried out with a share of the recipients."""
    subject_line: int = 0
    """Where the subject is written, when that is not under `subject:`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value every subscriber has a place for, such as `country`; `joined` is the day they came, in UTC."""

    name: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A value of the subscriber's own, by its path: `("clinic", "size")`. A list or a mapping is no value."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number that somebody wrote."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Call:
    """`lower`, `upper` (A to Z only), `length`, `coalesce`, or `date`: the day a text begins with."""

    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers and one of `+ - * /`; dividing by zero gives no value."""

    left: Value
    sign: str
    right: Value


Value = Field | Attribute | Literal | Call | Arithmetic
"""What a comparison stands on. An empty text, like an attribute that is not there, is no value."""


class Kind(StrEnum):
    """What a value is compared as."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


DAY_FIELDS = ("joined", "consent_at")
"""The fields that are days."""


def kind_of(value: Value) -> Kind:
    """What the value is: attributes are texts, whatever they read like."""
    if isinstance(value, Field) and value.name in DAY_FIELDS:
        return Kind.DAY
    if isinstance(value, Arithmetic) or (isinstance(value, Literal) and not isinstance(value.value, str)):
        return Kind.NUMBER
    if isinstance(value, Call):
        if value.name == "coalesce":
            kinds = {kind_of(one) for one in value.arguments}
            return kinds.pop() if len(kinds) == 1 else Kind.TEXT
        return {"length": Kind.NUMBER, "date": Kind.DAY}.get(value.name, Kind.TEXT)
    return Kind.TEXT


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; of no parts, always."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; of no parts, never."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. Where it is unknown, so is this."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Certain:
    """The part holds for certain: where it is unknown, this does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class OneOf:
    """The text is one of `values`, exactly; an empty one stands for a missing value. Never unknown."""

    field: Field | Attribute
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Speaks:
    """The language is one of these or a regional form of one: `de` takes `de-AT` along. Never unknown."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """The subscriber carries this tag. Never unknown."""

    tag: str


@dataclass(frozen=True, slots=True)
class Received:
    """A message of one of these issues was accepted for the subscriber. Never unknown."""

    issues: tuple[str, ...]


class Reaction(StrEnum):
    """What a subscriber did with a mail, as events tell; also the key under which a segment asks for it."""

    OPENED = "opened"
    """Opened it, not only their program, or clicked in it."""
    CLICKED = "clicked"
    NOT_OPENED = "not_opened"
    """It was accepted for them, and nothing at all tells of an open or a click."""


@dataclass(frozen=True, slots=True)
class Reacted:
    """The subscriber did that with a mail of the issue. Never unknown, but without any event nobody can answer."""

    reaction: Reaction
    issue: str
    link: str = ""
    """Where they clicked, without what a `?` or `#` adds; empty: anywhere."""
    where: Where | None = field(default=None, compare=False)
    """Where it is asked."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in calendar months and days."""

    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Recent:
    """The day lies at most, or (`older`) more than, a span before today. Today is put in when a send is planned."""

    field: Field | Attribute
    span: Span
    older: bool = False


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values and one of `= <> < <= > >=`. Unknown when either is missing.

    If one is a day, so must the other be; if one is a number, the other is read as one. Two texts are equal when they
    are the same, but are put in order as numbers when both are numbers ('10' > '9'), else by their code points.
    """

    left: Value
    sign: str
    right: Value


@dataclass(frozen=True, slots=True)
class Like:
    """The text has the pattern's shape: `%` any characters, `_` one; A to Z match a to z. Unknown when missing."""

    value: Value
    pattern: str


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no value. Never unknown."""

    value: Value


Condition = (
    All | AnyOf | Not | Certain | OneOf | Speaks | Tagged | Received | Reacted | Recent | Compare | Like | Missing
)
"""What is asked of a subscriber."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a segment: what it asks, and the key it stands under."""

    condition: Condition
    name: str = ""
    where: Where | None = field(default=None, compare=False)
    """The line of the key; None for a rule that nobody wrote."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Picks the recipients: every rule of `include` holds and none of `exclude` does."""

    include: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()
    source: str = ""
    """Only subscribers that this file brought; empty: everyone in the database."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who an issue is for: the file subscribers come from, and the segment that picks among them."""

    id: str
    where: Where
    title: str
    source: str
    encoding: str
    columns: Mapping[str, str]
    """Our field → the file's column; a field we do not know becomes an attribute of the subscriber."""
    segment: Segment
    professions: tuple[str, ...]
    """The professions the segment can pick, in the order of the taxonomy: each gets a variant."""
    delimiter: str = ""
    """The character that parts the cells of its CSV; empty: found out."""

    @property
    def recipient_fields(self) -> tuple[str, ...]:
        """What `{{ recipient.… }}` may name for this audience."""
        return tuple(dict.fromkeys((*RECIPIENT_FIELDS, *(name for name in self.columns if name not in NOT_MERGED))))


RECIPIENT_FIELDS = (
    "address",
    "first_name",
    "last_name",
    "profession",
    "country",
    "language",
    "time_zone",
    "unsubscribe_url",
)
"""The merge fields every audience has; an audience's `columns:` add their own."""
NOT_MERGED = ("status", "tags", "consent_at", "consent_method", "consent_source", "consent_version")
"""What a file can say of a subscriber that no mail can."""


class SubscriberStatus(StrEnum):
    SUBSCRIBED = "subscribed"
    PENDING = "pending"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row of a subscriber file that was left out, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Import:
    """What an import did. rows = added + updated + unchanged + merged + rejected_rows."""

    source: str
    rows: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    """Rows of an address that another row of the file has too."""
    rejected: tuple[RejectedRow, ...] = ()
    """The first rejected rows; `rejected_file` holds them all."""
    unmatched_professions: Mapping[str, int] = field(default_factory=dict)
    """Job titles that matched no profession, with how many subscribers carry each, most frequent first."""
    ignored_columns: tuple[str, ...] = ()
    skipped: bool = False
    """True when the file had not changed since it was last imported, so nothing was read."""
    rejected_rows: int = 0
    rejected_file: str = ""
    """The CSV with every rejected row, relative to the workspace; empty when there is none."""
    joined: int = 0
    """How many people came into the file's audience."""
    left: int = 0
    """How many people left it, because the file no longer holds them."""
    format: str = ""
    """How the file was read: `CSV with semicolons`."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Our field → the heading of the column it was filled from."""
    columns_from: str = ""
    """Who said so: the audience, a known export, or the headings themselves."""
    notes: tuple[str, ...] = ()
    """What was guessed, changed or left out while reading."""
    dry_run: bool = False
    """True when this is what an import would do, and nothing was changed."""
    refusal: str = ""
    """Why the file changes nobody until a person has looked, and what to do; empty when it may."""


# ── render ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Variant:
    """What one profession reads: the issue's sections, with the blocks and articles meant for it."""

    profession: Profession
    another_profession: Profession
    sections: tuple[Section, ...]
    gaps: tuple[Block, ...]
    """Blocks with a `{profession}` path that has no file for this profession."""


class Context(StrEnum):
    """Where a merge field stands, which decides how its value is escaped. The letter ends the field's token."""

    HTML = "h"
    URL = "w"
    """The field is the whole address of a link."""
    URL_PART = "u"
    TEXT = "t"
    HEADER = "s"


@dataclass(frozen=True, slots=True)
class MergeField:
    """A value filled in per recipient, standing in one context: its token in the rendered text, and its source."""

    token: str
    source: str
    context: Context
    where: Where


@dataclass(frozen=True, slots=True)
class Picture:
    """An image made ready for mail: PNG, JPEG or GIF, content-hashed name, width and height in CSS pixels."""

    name: str
    media_type: str
    width: int
    height: int
    content: bytes = field(repr=False)
    source: str = field(default="", compare=False)
    """The digest of the image it was made from."""
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    """What could not be drawn as its author meant it, at the image's line."""


@dataclass(frozen=True, slots=True)
class RenderedVariant:
    """What one group of professions reads: HTML and text with merge fields open, and the pictures they show.

    `html` is ASCII and names its pictures as `cid:<name>`, or by their address when they are linked; a merge field
    stands in it as its token.
    """

    key: str
    professions: tuple[str, ...]
    subject: str
    preheader: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    merge_fields: tuple[MergeField, ...]
    pictures: tuple[Picture, ...]
    content_hash: str
    arm: str = ""
    """The arm of the experiment whose people read it; it ends the key. Empty without an experiment."""

    @property
    def group(self) -> str:
        """The key of the professions that read it, whatever their arm."""
        return self.key.removesuffix(f".{self.arm}") if self.arm else self.key


def variant_key(group: str, arm: str) -> str:
    """The key of the variant that a group of professions reads in an arm; without an arm it is the group's."""
    return f"{group}.{arm}" if arm else group


def group_and_arm(key: str) -> tuple[str, str]:
    """What `variant_key` made the key of; the arm is empty where nothing is tried."""
    group, _, arm = key.partition(".")
    return group, arm


# ── check ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    """Worth knowing, and nothing that has to be changed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check reports, at the line its author can edit. `variant` is empty when all are affected."""

    rule: str
    severity: Severity
    message: str
    where: Where
    variant: str = ""
    fix: str = ""
    """What to do about it, when the message does not say so already."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A tag of a variant's HTML that stands in a template: where it begins, and the block it draws (None: the page)."""

    offset: int
    template: Where
    block: Block | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A variant's HTML with where each of its tags was written; a tag without a mark is its author's own markup."""

    html: str = field(repr=False)
    marks: tuple[Mark, ...] = field(repr=False)


# ── approve ─────────────────────────────────────────────────────────────────────────────────────────────────────────


Parts = Mapping[str, str]
"""What an issue is made of: a part's name, such as `article roads.md`, → a short digest of it."""


class Decision(StrEnum):
    APPROVED = "approved"
    CHANGES = "changes requested"


@dataclass(frozen=True, slots=True)
class Approval:
    """What a reviewer decided about one content of an issue, and when."""

    by: str
    at: datetime
    decision: Decision
    comment: str
    content_hash: str
    parts: Parts


@dataclass(frozen=True, slots=True)
class Stale:
    """A decision about another content than today's, and what changed since, in words."""

    approval: Approval
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an issue stands: `approvals` and `objections` are about exactly its content now, newest last."""

    content_hash: str
    parts: Parts
    required: int
    approvals: tuple[Approval, ...]
    """One for each reviewer."""
    objections: tuple[Approval, ...]
    """Requests for changes that nobody has met yet."""
    stale: tuple[Stale, ...]
    every: tuple[Approval, ...]
    """All decisions ever made about the issue, oldest first."""

    @property
    def missing(self) -> int:
        """How many more reviewers are needed."""
        return max(self.required - len(self.approvals), 0)

    @property
    def is_approved(self) -> bool:
        """Whether enough reviewers approved this content (at least one), and none asks for changes."""
        return bool(self.approvals) and not self.missing and not self.objections

    @property
    def stops(self) -> bool:
        """Whether this issue may not be sent; where no approval is required, nothing stops it."""
        return self.required > 0 and not self.is_approved

    @property
    def last_approved(self) -> Approval | None:
        """The newest approval of any content."""
        return next((one for one in reversed(self.every) if one.decision is Decision.APPROVED), None)


# ── plan and send ───────────────────────────────────────────────────────────────────────────────────────────────────


EVERYTHING = ""
"""The scope of a suppression that holds whoever the issue is for."""


class SuppressionKind(StrEnum):
    """What `value` is: an address in the form that counts for uniqueness, a domain, or the keyed hash of an address."""

    ADDRESS = "address"
    DOMAIN = "domain"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Suppression:
    """What gets no mail, why, and where that came from; `scope` is an audience, or empty for everything."""

    value: str
    reason: str
    source: str
    created_at: datetime
    kind: SuppressionKind = SuppressionKind.ADDRESS
    scope: str = EVERYTHING


@dataclass(frozen=True, slots=True)
class Skipped:
    """How many people of the segment get nothing, for one reason."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The dry run: who would get which variant, who is left out and why, and how long it takes."""

    campaign: str
    issue: str
    audience: str
    recipients: int
    by_profession: Mapping[str, int]
    by_variant: Mapping[str, int]
    skipped: tuple[Skipped, ...]
    seconds: float | None
    """Time to finish at the provider's rate; None when no rate is set."""


class CampaignStatus(StrEnum):
    """Whether a campaign may be sent now: only one that is `sending`, and `scheduled` ones when their time comes."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Campaign:
    """One issue sent to one audience, once: its content as frozen."""

    id: CampaignId
    name: str
    issue: str
    audience: str
    status: CampaignStatus
    content_hash: str
    secret: bytes = field(repr=False)
    created_at: datetime
    status_reason: str = ""
    """Why it is paused or cancelled."""
    scheduled_at: datetime | None = None


class State(StrEnum):
    """Where a delivery stands. Only `in_flight` is in doubt after a crash; `claimed` has certainly not left."""

    PENDING = "pending"
    CLAIMED = "claimed"
    IN_FLIGHT = "in_flight"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"
    UNDECIDED = "undecided"
    """Waits until it is decided which arm of the experiment it gets; pending from then on."""


UNFINISHED = (State.PENDING, State.CLAIMED, State.IN_FLIGHT, State.DEFERRED, State.UNCERTAIN, State.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message's row in the ledger, as the sending loop claims it."""

    number: int
    delivery_id: DeliveryId
    address: str
    variant: str
    attempts: int
    recipient: Mapping[str, str]
    """The merge values, frozen with the campaign; a value the subscriber lacks is absent."""


@dataclass(frozen=True, slots=True)
class Message:
    """The mail for one recipient, complete: the envelope and the bytes (RFC 5322, CRLF line ends)."""

    delivery_id: DeliveryId
    mail_from: str
    rcpt_to: str
    content: bytes = field(repr=False)
    dot_free: bool = False
    """No line begins with a dot: SMTP may send the content as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A variant for a provider that fills values in by itself: a tag stands wherever a value does.

    One tag per value and per place it stands in, because it is escaped for its place. No tag occurs in what authors
    wrote, and none in a value, so replacing each once is all there is to do.
    """

    key: str
    subject: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    pictures: tuple[Picture, ...]
    """Those that `html` shows as `cid:<name>`."""
    sender_name: str
    sender_address: str
    reply_to: str
    campaign: str
    headers: Mapping[str, str]
    """The same for everybody."""
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Personalization:
    """One recipient of a template: the values of its tags, escaped for their places, and headers of their own."""

    template: Template
    delivery_id: DeliveryId
    rcpt_to: str
    name: str
    values: Mapping[str, str]
    """Tag → value; a tag for each of the template's."""
    headers: Mapping[str, str]


class Result(StrEnum):
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    UNCERTAIN = "uncertain"
    UNSENT = "unsent"
    """Nothing of it left this machine: back to pending."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a provider answered for one message."""

    result: Result
    reason: str = ""
    provider_id: str = ""
    suppress: bool = False
    """The address itself does not exist: never mail it again."""


class EventKind(StrEnum):
    """What a provider tells of a message it was handed; the words are SendGrid's, but for `blocked`."""

    PROCESSED = "processed"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    BOUNCE = "bounce"
    """Its server refused it, and would again."""
    BLOCKED = "blocked"
    """Its server refused it, for a reason that is not the address."""
    DROPPED = "dropped"
    """The provider never tried."""
    OPEN = "open"
    CLICK = "click"
    SPAMREPORT = "spamreport"
    UNSUBSCRIBE = "unsubscribe"
    GROUP_UNSUBSCRIBE = "group_unsubscribe"
    GROUP_RESUBSCRIBE = "group_resubscribe"


@dataclass(frozen=True, slots=True)
class Event:
    """What came back from a provider about one delivery, once."""

    delivery: DeliveryId
    campaign: str
    """The name it was sent under."""
    kind: EventKind
    at: datetime
    event_id: str
    """The provider's own: the same event may be told often."""
    url: str = ""
    """What was clicked."""
    machine: bool = False
    """An open by a program that opens whatever arrives, as the provider tells."""
    words: str = ""
    """Why it was refused."""
    means: SubscriberStatus | None = None
    """What it says of the person, if it says that they must not be mailed any more."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The deliveries of a campaign by state; `pending` holds the claimed and the in-flight ones of a running send."""

    accepted: int = 0
    pending: int = 0
    deferred: int = 0
    rejected: int = 0
    uncertain: int = 0
    skipped: int = 0
    undecided: int = 0

    @property
    def unfinished(self) -> int:
        return self.pending + self.deferred + self.uncertain + self.undecided

    @property
    def total(self) -> int:
        return self.unfinished + self.accepted + self.rejected + self.skipped
