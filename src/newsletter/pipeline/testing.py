"""Mail an issue to those who work on it, exactly as a reader would get it; no campaign and no ledger know of it.

Only the subject is marked, and the mail has an id of its own. Who must not be mailed gets no test either.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Event

from newsletter.audience.addresses import Address, InvalidAddress, parse_address
from newsletter.delivery.messages import NotPersonalizable
from newsletter.delivery.providers.contract import ProviderRefuses
from newsletter.errors import Refused, SettingsError, did_you_mean
from newsletter.model import (
    DEFAULT,
    Audience,
    Campaign,
    CampaignId,
    CampaignStatus,
    Delivery,
    DeliveryId,
    Finding,
    Outcome,
    RenderedVariant,
    Result,
)
from newsletter.pipeline.building import Built, build
from newsletter.pipeline.providers import assembler_for, open_provider, require_provider
from newsletter.pipeline.readers import Reader, subscriber
from newsletter.pipeline.workspace import Progress, Workspace, has_database, now, open_store, silent

MARK = "[Test] "
_MOST = 50
"""More addresses than this are an audience."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Who gets the test, and as whom: a reader of a profession, or a subscriber by their address."""

    to: tuple[str, ...]
    profession: str = ""
    subscriber: str = ""
    sandbox: bool = False
    """The provider only looks at it."""
    arm: str = ""
    """Of an issue that tries something: as somebody in that arm; empty: in the first."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test, by address, and which variant of which issue it was."""

    issue: str
    variant: str
    outcomes: Mapping[str, Outcome]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> int:
        return sum(1 for one in self.outcomes.values() if one.result is not Result.ACCEPTED)


def send_test(workspace: Workspace, argument: str, trial: Trial, stop: Event, progress: Progress = silent) -> Tried:
    """Mail the test. Raises `SettingsError` for addresses and people there are not, `Refused` for the suppressed."""
    require_provider(workspace.settings)
    addresses = _addresses(trial.to)
    built = build(workspace, argument, progress=progress, fresh=True)
    _refuse_unknown_arm(built, trial.arm)
    reader = _as_subscriber(workspace, built, trial) if trial.subscriber else _as_profession(built, trial)
    _refuse_suppressed(workspace, built.audience, addresses)
    outcomes = _delivered(workspace, built, trial, reader, [one.mailed for one in addresses], stop)
    return Tried(built.issue, reader.variant, outcomes, built.findings)


def _addresses(texts: Sequence[str]) -> list[Address]:
    found: dict[str, Address] = {}
    for text in texts:
        try:
            address = parse_address(text)
        except InvalidAddress as error:
            raise SettingsError(f"--to '{text}': {error}.") from error
        found.setdefault(address.key, address)
    if not 0 < len(found) <= _MOST:
        raise SettingsError(f"--to: name 1 to {_MOST} addresses. `newsletter send` is for audiences.")
    return list(found.values())


def _as_profession(built: Built, trial: Trial) -> Reader:
    """Somebody of that profession of whom nothing else is known."""
    known = built.variant_of
    if trial.profession and trial.profession not in known:
        hint = did_you_mean(trial.profession, known)
        raise SettingsError(
            f"the issue has no variant for '{trial.profession}'.{hint} Its professions: {', '.join(known)}."
        )
    group = known.get(trial.profession or DEFAULT, DEFAULT)
    found = built.variant(group, trial.arm)
    return Reader(variant=found.key if found else group)


def _refuse_unknown_arm(built: Built, arm: str) -> None:
    if arm and arm not in built.arms:
        known = f"Its arms: {', '.join(built.arms)}." if built.arms else "It tries nothing: it has no `ab:`."
        raise SettingsError(f"--arm: the issue has no arm '{arm}'. {known}")


def _as_subscriber(workspace: Workspace, built: Built, trial: Trial) -> Reader:
    """The subscriber of that address, as a send would freeze them now."""
    try:
        return subscriber(workspace, built, trial.subscriber, trial.arm)
    except SettingsError as error:
        raise SettingsError(f"--as {error}") from error


def _refuse_suppressed(workspace: Workspace, audience: Audience, addresses: Sequence[Address]) -> None:
    if not has_database(workspace):
        return
    from newsletter.store.suppressions import reason_of

    with open_store(workspace) as database, database.connect() as connection:
        reasons = {one.mailed: reason_of(connection, one.key, audience.id) for one in addresses}
    kept_out = [f"{address} is suppressed ({reason})" for address, reason in reasons.items() if reason]
    if kept_out:
        raise Refused(
            f"{'; '.join(kept_out)}. Nothing was sent. `newsletter suppress remove` lets an address be mailed again."
        )


def _delivered(
    workspace: Workspace, built: Built, trial: Trial, reader: Reader, addresses: Sequence[str], stop: Event
) -> dict[str, Outcome]:
    """What the provider answered for each address."""
    variant = next(one for one in built.variants if one.key == reader.variant)
    provider = open_provider(workspace, f"{built.issue}-test", stop, trial.sandbox)
    assembler = assembler_for(provider, workspace.settings, [_marked(variant)], _campaign(built))
    try:
        mails = [assembler.assemble(_delivery(one, reader), now()) for one in addresses]
    except NotPersonalizable as error:
        raise Refused(f"the mail cannot be made for this reader: {error}.") from error
    connection = provider.connect()
    outcomes: list[Outcome] = []
    try:
        for start in range(0, len(mails), provider.group):
            outcomes += connection.deliver(mails[start : start + provider.group])
    except ProviderRefuses as error:
        # Nothing was begun that could go on: a test that is not taken is refused, whatever the reason.
        raise Refused(str(error)) from error
    finally:
        connection.close()
    return dict(zip(addresses, outcomes, strict=True))


def _marked(variant: RenderedVariant) -> RenderedVariant:
    return replace(variant, subject=MARK + variant.subject)


def _delivery(address: str, reader: Reader) -> Delivery:
    return Delivery(0, DeliveryId(secrets.token_hex(12)), address, reader.variant, 0, reader.values)


def _campaign(built: Built) -> Campaign:
    """The campaign that a send would make, for its headers; it is in no database."""
    return Campaign(
        id=CampaignId(0),
        name=built.issue,
        issue=built.issue,
        audience=built.audience.id,
        status=CampaignStatus.SENDING,
        content_hash=built.content_hash,
        secret=secrets.token_bytes(16),
        created_at=now(),
    )
