"""A campaign, frozen: who gets what, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from newsletter.model.clients import ClientFamily
from newsletter.model.mails import Picture
from newsletter.model.names import CampaignId, DeliveryId
from newsletter.model.people import SubscriberStatus

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


class Delivery(NamedTuple):
    """A message's row in the ledger, as the sending loop claims it. One is made for every message, and a frozen
    dataclass would take twice as long."""

    number: int
    delivery_id: DeliveryId
    address: str
    variant: str
    attempts: int
    recipient: Mapping[str, str]
    """The merge values, frozen with the campaign; a value the subscriber lacks is absent."""


class Message(NamedTuple):
    """The mail for one recipient, complete: the envelope and the bytes (RFC 5322, CRLF line ends)."""

    delivery_id: DeliveryId
    mail_from: str
    rcpt_to: str
    content: bytes
    dot_free: bool = False
    """No line begins with a dot: SMTP may send the content as it is."""

    def __repr__(self) -> str:
        return f"Message({self.delivery_id!r}, {self.rcpt_to!r}, {len(self.content)} bytes)"


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
    client: ClientFamily | None = None
    """The mail client it was opened in, as far as that is told; None where nothing is."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The deliveries of a campaign by state; `pending` holds the claimed and the in-flight ones of a running send.

    What a send that was killed left in flight is `uncertain`.
    """

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
