"""The settings' provider → a provider to send with, and the assembler of what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from newsletter.delivery.messages import Assembler, envelope_of
from newsletter.delivery.providers.contract import Provider
from newsletter.delivery.providers.guarded import Guarded
from newsletter.delivery.substitution import SubstitutionAssembler
from newsletter.errors import NewsletterError, SettingsError
from newsletter.model import Campaign, RenderedVariant
from newsletter.pipeline.workspace import Workspace, require_environment
from newsletter.rendering import merge_fields
from newsletter.settings import FILE, PROVIDER_GROUP, ProviderSettings, Settings

_WANTED = ("substitutes", "group", "connections", "connect", "already_carried")


def require_provider(settings: Settings) -> None:
    """Raise `SettingsError` when the provider lacks what it needs to send; only sending needs it, nothing else does."""
    require_environment(settings)
    if settings.provider.name == "smtp" and not settings.provider.url:
        raise SettingsError(
            f"{FILE}: provider smtp needs an address. Set NEWSLETTER_SMTP_URL, such as smtp://mail.example.org:587."
        )
    if settings.provider.name == "smtp":
        _refuse_more_than_a_server(settings.provider.url)
    if settings.provider.name == "sendgrid" and not settings.provider.api_key:
        raise SettingsError(f"{FILE}: provider sendgrid needs an API key. Set SENDGRID_API_KEY to one that may send.")


def _refuse_more_than_a_server(url: str) -> None:
    """Raise `SettingsError` for what no mail server has, such as a path; the address may hold a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return  # no address at all, which whoever connects says
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(
            "the SMTP address (NEWSLETTER_SMTP_URL, or `url` under `provider:`) must end behind host and port, as in "
            "smtp://mail.example.org:587: a mail server has no path, `?` or `#`. In a password they are written %2F, "
            "%3F and %23."
        )


def open_provider(workspace: Workspace, campaign: str, stop: Event, sandbox: bool = False) -> Provider[Any]:
    """What carries the campaign's mail; waits it makes end with `stop`. Raises `SettingsError`.

    `sandbox`: the provider only looks at the mail and delivers nothing; `SettingsError` where it cannot.
    """
    require_provider(workspace.settings)
    settings = workspace.settings.provider
    if sandbox and settings.name != "sendgrid":
        raise SettingsError(f"provider {settings.name} has no sandbox. SendGrid has one.")
    folder = outbox_folder(workspace, campaign)
    if folder is not None:
        return _outbox(settings, folder)
    if settings.name == "smtp":
        from newsletter.delivery.providers.smtp import Smtp, parse_server

        return Smtp(parse_server(settings.url), settings.connections)
    if settings.name == "sendgrid":
        return _sendgrid(workspace.settings, stop, sandbox)
    return _of_another_distribution(settings)


def outbox_folder(workspace: Workspace, campaign: str) -> Path | None:
    """Where the outbox provider puts the campaign's messages; None with another provider."""
    provider = workspace.settings.provider
    return workspace.root / provider.path / _file_name(campaign) if provider.name == "outbox" else None


def assembler_for(
    provider: Provider[Any], settings: Settings, variants: Sequence[RenderedVariant], campaign: Campaign
) -> Assembler | SubstitutionAssembler:
    """What makes of a delivery what the provider takes, with the settings' sender."""
    values = merge_fields.recipient_values([field for one in variants for field in one.merge_fields])
    envelope = envelope_of(settings, campaign.name, campaign.audience)
    if provider.substitutes:
        return SubstitutionAssembler(variants, values, envelope, campaign.secret)
    return Assembler(variants, values, envelope)


def _outbox(settings: ProviderSettings, folder: Path) -> Provider[Any]:
    if settings.format == "mbox":
        from newsletter.delivery.providers.mbox import Mbox

        return Mbox(folder)
    from newsletter.delivery.providers.outbox import Outbox

    return Outbox(folder, settings.connections)


def _sendgrid(workspace: Settings, stop: Event, sandbox: bool) -> Provider[Any]:
    from newsletter.delivery.providers.sendgrid import HOST, Account, SendGrid
    from newsletter.delivery.providers.sendgrid_requests import MailOptions

    settings, asked = workspace.provider, workspace.tracking
    options = MailOptions(
        settings.categories, settings.asm_group, settings.ip_pool, sandbox, opens=asked.opens, clicks=asked.clicks
    )
    return SendGrid(Account(settings.api_key, settings.host or HOST, options), settings.connections, stop.wait)


def _of_another_distribution(settings: ProviderSettings) -> Provider[Any]:
    """The provider an installed distribution offers under that name; its own errors become words."""
    found = list(entry_points(group=PROVIDER_GROUP, name=settings.name))
    if len(found) != 1:
        offered = ", ".join(sorted(_origin(one) for one in found)) or "nobody"
        raise SettingsError(f"{FILE}: provider '{settings.name}' must be offered once, and {offered} offers it.")
    (entry,) = found
    called = f"provider '{settings.name}' of {_origin(entry)}"
    try:
        provider = entry.load()(settings.options, settings.connections)
        missing = [name for name in _WANTED if not hasattr(provider, name)]
        if missing:
            raise SettingsError(f"{FILE}: {called} is not a provider: it has no {', '.join(missing)}.")
        return Guarded(provider, settings.name)
    except (NewsletterError, KeyboardInterrupt):
        raise
    except BaseException as error:  # whatever the code of strangers raises, SystemExit among it
        raise SettingsError(f"{FILE}: {called} cannot be used: {type(error).__name__}: {error}.") from error


def _origin(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value


def _file_name(campaign: str) -> str:
    return "".join(one if one.isalnum() or one in "-_." else "_" for one in campaign).lstrip(".") or "campaign"
