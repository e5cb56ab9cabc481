"""Freezing a campaign: its content and one row for each person of the segment, in one statement of the database.

The rows are written in the order of the subscribers and get their delivery ids only when they are claimed: an index
over a million random ids would cost more than all the rest.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    insert,
    literal,
    select,
)

from newsletter.errors import Refused
from newsletter.model import ARMS, DEFAULT, CampaignStatus, Experiment, Segment, State
from newsletter.store import dialects
from newsletter.store.campaigns import campaign_contents, campaign_professions, campaign_zones, campaigns, experiments
from newsletter.store.columns import Json, UtcDateTime, sha256_of
from newsletter.store.conditions import condition
from newsletter.store.ledger import deliveries
from newsletter.store.subscribers import FIELDS, subscribers, with_skip_reason

_MOST_PAIRS = 40
"""Both databases take about a hundred arguments to a function; two make a pair."""


@dataclass(frozen=True, slots=True)
class FrozenCampaign:
    """What goes into the database when a campaign is frozen."""

    name: str
    issue: str
    audience: str
    content_hash: str
    contents: Mapping[str, bytes]
    """The frozen variants and pictures, by name."""
    variant_of: Mapping[str, str]
    """Profession → key of the variant its people read; others read `default`."""
    segment: Segment
    recipient_fields: tuple[str, ...]
    """The subscriber's fields and attributes to keep for merging, without those computed when sending."""
    scheduled_at: datetime | None = None
    """When it is due, or with `zones` the first of them; None: at once."""
    zones: Mapping[str, datetime] = field(default_factory=dict)
    """Time zone → when its people are due, for each zone that anybody has, and `""` for others; none: all at once."""
    experiment: Experiment | None = None
    """What is tried with a share of the people: `variant_of` then names groups of variants."""


def freeze(connection: Connection, frozen: FrozenCampaign, now: datetime) -> None:
    """Write the campaign with its content and one row per person of the segment, in the caller's transaction."""
    secret = secrets.token_bytes(16)
    values = {
        "name": frozen.name,
        "issue": frozen.issue,
        "audience": frozen.audience,
        "status": (CampaignStatus.SCHEDULED if frozen.scheduled_at else CampaignStatus.SENDING).value,
        "scheduled_at": frozen.scheduled_at,
        "content_hash": frozen.content_hash,
        "secret": secret,
        "created_at": now,
    }
    campaign = connection.execute(insert(campaigns).values(values)).inserted_primary_key
    assert campaign is not None
    number = campaign[0]
    contents = [{"campaign_id": number, "name": name, "content": one} for name, one in frozen.contents.items()]
    connection.execute(insert(campaign_contents), contents)
    choices = [
        {"campaign_id": number, "profession": profession, "variant": variant}
        for profession, variant in frozen.variant_of.items()
    ]
    if choices:
        connection.execute(insert(campaign_professions), choices)
    due = [{"campaign_id": number, "time_zone": zone, "not_before": one} for zone, one in frozen.zones.items()]
    if due:
        connection.execute(insert(campaign_zones), due)
    tested = _freeze_experiment(connection, number, frozen, frozen.experiment) if frozen.experiment else 0
    _freeze_recipients(connection, number, frozen, tested, now)


def _freeze_experiment(connection: Connection, number: int, frozen: FrozenCampaign, tried: Experiment) -> int:
    """Write down what is tried; with how many people."""
    people, reason = with_skip_reason(connection, frozen.audience)
    query = select(func.count()).select_from(people).where(condition(frozen.segment), reason == "")
    recipients = connection.execute(query).scalar_one()
    if recipients < len(tried.arms):
        raise Refused(
            f"{tried.where}: {recipients} recipient(s) cannot be put into {len(tried.arms)} arms. "
            "Take `ab:` away, or choose a larger audience."
        )
    values = {
        "campaign_id": number,
        "arms": len(tried.arms),
        "share": tried.share,
        "criterion": tried.criterion.value,
        "wait_seconds": int(tried.wait.total_seconds()),
    }
    connection.execute(insert(experiments).values(values))
    return tried.tested(recipients)


def _drawn(connection: Connection, frozen: FrozenCampaign, tested: int) -> Subquery:
    """The numbers of those who get an arm, each with a place from 0.

    They are the first of all recipients in the order of a hash of campaign and subscriber: the same people of a
    campaign of the same name are drawn each time, to the same places.
    """
    key = sha256(f"arms of {frozen.name}".encode()).hexdigest()
    shuffled = sha256_of(literal(key) + cast(subscribers.c.id, String)).label("shuffled")
    people, reason = with_skip_reason(connection, frozen.audience)
    first = select(subscribers.c.id, shuffled).select_from(people).where(condition(frozen.segment), reason == "")
    found = first.order_by(shuffled, subscribers.c.id).limit(tested).subquery("found")
    place = func.row_number().over(order_by=(found.c.shuffled, found.c.id)) - 1
    return select(found.c.id, place.label("place")).subquery("drawn")


def _freeze_recipients(connection: Connection, number: int, frozen: FrozenCampaign, tested: int, now: datetime) -> None:
    chosen = and_(
        campaign_professions.c.campaign_id == number, campaign_professions.c.profession == subscribers.c.profession
    )
    people, reason = with_skip_reason(connection, frozen.audience)
    columns: dict[str, ColumnElement[Any]] = {
        "campaign_id": literal(number),
        "subscriber_id": subscribers.c.id,
        "address": subscribers.c.address,
        "address_key": subscribers.c.address_key,
        "profession": subscribers.c.profession,
        "variant": func.coalesce(campaign_professions.c.variant, DEFAULT),
        "recipient": _recipient_json(connection, frozen.recipient_fields),
        "state": case((reason == "", State.PENDING.value), else_=State.SKIPPED.value),
        "reason": reason,
        "provider_id": literal(""),
        "attempts": literal(0),
        "changed_at": literal(now, UtcDateTime),
    }
    origin = people.outerjoin(campaign_professions, chosen)
    if frozen.experiment is not None:
        drawn = _drawn(connection, frozen, tested)
        origin = origin.outerjoin(drawn, drawn.c.id == subscribers.c.id)
        arm = cast(drawn.c.place * len(frozen.experiment.arms) // tested + 1, Integer)
        columns["arm"] = func.coalesce(func.substr("".join(ARMS), arm, 1), "")
        mailed = case((drawn.c.id.is_(None), State.UNDECIDED.value), else_=State.PENDING.value)
        columns["state"] = case((reason == "", mailed), else_=State.SKIPPED.value)
    if frozen.zones:
        there = and_(campaign_zones.c.campaign_id == number, campaign_zones.c.time_zone == subscribers.c.time_zone)
        origin = origin.outerjoin(campaign_zones, there)
        anywhere = literal(frozen.zones.get("", frozen.scheduled_at), UtcDateTime)
        columns["not_before"] = func.coalesce(campaign_zones.c.not_before, anywhere)
    picked = select(*columns.values()).select_from(origin).where(condition(frozen.segment)).order_by(subscribers.c.id)
    connection.execute(insert(deliveries).from_select(list(columns), picked, include_defaults=False))


def _recipient_json(connection: Connection, fields: Sequence[str]) -> ColumnElement[Any]:
    """The merge values as JSON; those that are empty or null are dropped when they are read."""
    on_postgresql = connection.dialect.name == "postgresql"
    make = func.jsonb_build_object if on_postgresql else func.json_object
    parts: list[ColumnElement[Any]] = []
    for start in range(0, max(len(fields), 1), _MOST_PAIRS):
        pairs: list[object] = []
        for name in fields[start : start + _MOST_PAIRS]:
            pairs += [cast(name, String) if on_postgresql else name, _merge_value(name)]
        parts.append(make(*pairs, type_=Json))
    if on_postgresql:
        return reduce(lambda whole, part: whole.op("||")(part), parts)
    return reduce(lambda whole, part: func.json_patch(whole, part), parts)


def _merge_value(name: str) -> ColumnElement[Any]:
    if name == "profession":
        return subscribers.c.profession_title
    if name in FIELDS:
        return subscribers.c[name]
    # SQLite marks what comes out of JSON as JSON, and would put an object into the values; a text it leaves a text.
    return dialects.json_text(subscribers.c.attributes, (name,)) + ""


def recipient_of(
    connection: Connection, address_key: str, fields: Sequence[str]
) -> tuple[str, str, dict[str, str]] | None:
    """A subscriber's address, profession and merge values, as freezing would keep them; None: there is no such one."""
    chosen = select(
        subscribers.c.address, subscribers.c.profession, _recipient_json(connection, fields).label("values")
    )
    row = connection.execute(chosen.where(subscribers.c.address_key == address_key)).one_or_none()
    if row is None:
        return None
    address, profession, values = row
    return address, profession, {name: value for name, value in values.items() if value}
