"""A provider's events → the uncertain deliveries of a campaign, settled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from threading import Event

from newsletter.delivery import loop
from newsletter.errors import Refused, SettingsError
from newsletter.model import CampaignStatus
from newsletter.pipeline.providers import open_provider
from newsletter.pipeline.workspace import Workspace, now, open_store
from newsletter.store import campaigns, ledger
from newsletter.store.database import Database
from newsletter.store.locks import campaign_lock
from newsletter.store.reconciliation import Reconciled
from newsletter.store.reconciliation import reconcile as settle


def reconcile(
    workspace: Workspace,
    name: str,
    events: Iterable[Mapping[str, object]],
    complete_until: datetime | None = None,
) -> Reconciled:
    """Settle the campaign's uncertain deliveries by what the provider's events prove.

    Events of other campaigns do no harm, and the same ones may come again. `complete_until`: the provider has told
    everything up to then, so whom it does not name it never took, and they are pending again. What a killed sender
    left behind is in doubt, too, and was so when this is called.
    """
    provider = workspace.settings.provider.name
    if provider != "sendgrid":
        raise SettingsError(f"provider {provider} sends no events; sendgrid does.")
    from newsletter.delivery.providers.sendgrid_events import outcomes_of

    proven = outcomes_of(events)
    with open_store(workspace) as database:
        with database.connect() as connection:
            campaign = campaigns.find_campaign(connection, name)
        if campaign is None:
            raise SettingsError(f"no campaign '{name}'.")
        _recover(workspace, database, name)
        with database.begin() as connection:
            made = settle(connection, campaign.id, proven, complete_until, now())
            if ledger.counts(connection, campaign.id).unfinished == 0:
                open_ones = (CampaignStatus.SENDING, CampaignStatus.PAUSED)
                campaigns.set_status(connection, campaign.id, CampaignStatus.FINISHED, "", now(), only_from=open_ones)
    return made


def _recover(workspace: Workspace, database: Database, name: str) -> None:
    """What a sender that is gone left in flight is uncertain; one that still sends looks after its own."""
    try:
        with campaign_lock(database, name):
            with database.connect() as connection:
                campaign = campaigns.find_campaign(connection, name)
            assert campaign is not None
            loop.recover(database, campaign, open_provider(workspace, name, Event()), now())
    except Refused:
        return
