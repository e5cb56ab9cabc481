"""The keys of newsletter.yaml: what each may say, and the Settings they make.

Refuses unknown keys, and keys whose feature this version does not have, rather than ignoring them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from newsletter import amounts
from newsletter.errors import Problem, did_you_mean
from newsletter.files import Document
from newsletter.lines import mail_address, one_line, public_address, web_address, written_with
from newsletter.model import Where

FILE = "newsletter.yaml"

_HEX_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_FONT = re.compile(r"[\w\s,.'-]+")
_WORD = "letters, digits, dots, hyphens and underscores only"
_PLAIN = "letters from A to Z, digits, dots and hyphens only, as in news.example.org"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"'{value}' is not a time zone such as Europe/Berlin") from error
    return value


def _color(value: str) -> str:
    if not _HEX_COLOR.fullmatch(value):
        raise ValueError("must be a colour such as #0b5fff, in quotes")
    return value


def _font(value: str) -> str:
    if not _FONT.fullmatch(value) or value.count("'") % 2:
        raise ValueError("must be names of fonts, such as Georgia, 'Times New Roman', serif")
    return " ".join(value.split())


def _domain(value: str) -> str:
    """What may stand behind the @ of an address, in ASCII letters, or `*`."""
    if value == "*":
        return value
    name = value.removeprefix("@").removeprefix("*.")
    try:
        domain = mail_address(f"anybody@{name}").partition("@")[2]
    except ValueError:
        said = f"'{value}' is no domain" if value else "no domain is named"
        raise ValueError(f'{said}. Write what stands behind the @, such as gmail.com, or "*" for all others') from None
    if name != value:
        below = "; domains below it are named one by one" if value.startswith("*") else ""
        raise ValueError(f'no address ends like that. Write {domain}, or "*" for all others{below}')
    return domain


ColorRole = Literal["accent", "link", "ink", "muted", "paper", "canvas", "tint", "rule"]
"""What a colour is for: buttons and lines, words that lead somewhere, text, quiet text, the page, what lies around
it, quotes and sponsors, lines."""
FontRole = Literal["heading", "body"]

Chosen = Annotated[
    Literal["error", "warning", "info", "off"], BeforeValidator(lambda value: "off" if value is False else value)
]
"""How grave a rule's findings are. YAML reads a bare `off` as false."""
Color = Annotated[str, AfterValidator(_color)]
Font = Annotated[str, AfterValidator(_font)]
Line = Annotated[str, BeforeValidator(lambda value: one_line(value) if isinstance(value, str) else value)]
MailAddress = Annotated[str, BeforeValidator(lambda value: mail_address(value) if isinstance(value, str) else value)]
WebAddress = Annotated[str, BeforeValidator(lambda value: web_address(value) if isinstance(value, str) else value)]


class Brand(_Model):
    """How the newsletter presents itself."""

    name: Line
    url: WebAddress = ""
    logo: str = ""
    tagline: Line = ""
    colors: dict[ColorRole, Color] = {}
    """These win over the theme's."""
    dark_colors: dict[ColorRole, Color] = {}
    """These win over the theme's in dark mode; an accent given here is taken as it is."""
    fonts: dict[FontRole, Font] = {}
    social: dict[str, WebAddress] = {}
    """The name of a network → the brand's address there, for `social` blocks."""
    postal_address: Line


class Sender(_Model):
    """Who the mail comes from."""

    name: Line
    address: MailAddress
    reply_to: MailAddress = ""
    dkim_selectors: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")], ...] = ()
    """What the sender's keys are called in the name system; `doctor` looks at them."""


class Images(_Model):
    """`embed`: pictures travel in the mail. `link`: they are fetched from `base_url`, where you have uploaded them."""

    mode: Literal["embed", "link"] = "embed"
    base_url: WebAddress = ""

    @model_validator(mode="after")
    def _linked_from_somewhere(self) -> Images:
        if self.mode == "link" and not self.base_url:
            raise ValueError("mode: link needs base_url, the address the pictures are uploaded to")
        return self


PROVIDER_GROUP = "newsletter.providers"
"""The entry points by which other distributions offer providers."""
_PROVIDERS = ("outbox", "smtp", "sendgrid")
_BELONGS = {
    "format": ("outbox",),
    "path": ("outbox",),
    "url": ("smtp",),
    "api_key": ("sendgrid",),
    "host": ("sendgrid",),
    "categories": ("sendgrid",),
    "asm_group": ("sendgrid",),
    "ip_pool": ("sendgrid",),
}
"""Keys that mean something to some providers only."""


class ProviderSettings(_Model):
    """What carries the messages, how fast, and over how many connections at once."""

    name: str = "outbox"
    url: str = Field(default="", repr=False)
    path: str = "var/outbox"
    format: Literal["eml", "mbox"] = "eml"
    """A file for each message, or one file of all."""
    api_key: str = Field(default="", repr=False)
    host: str = ""
    """Another address of the provider's API, such as https://api.eu.sendgrid.com."""
    categories: Annotated[tuple[Annotated[Line, Field(min_length=1, max_length=255)], ...], Field(max_length=10)] = ()
    asm_group: Annotated[int | None, Field(ge=1)] = None
    """The unsubscribe group that SendGrid checks recipients against."""
    ip_pool: Annotated[Line, Field(max_length=64)] = ""
    options: dict[str, object] = Field(default={}, repr=False)
    """What a provider of another distribution wants to know."""
    rate: Annotated[float | None, BeforeValidator(lambda value: None if value is None else amounts.rate(value))] = None
    """Messages per second; None is as fast as the provider takes them."""
    domains: dict[Annotated[str, AfterValidator(_domain)], Annotated[float, BeforeValidator(amounts.rate)]] = {}
    """The same for each domain of recipients; `*` is every other one, each by itself."""
    hourly: Annotated[int | None, Field(ge=1)] = None
    daily: Annotated[int | None, Field(ge=1)] = None
    warmup: dict[Annotated[int, BeforeValidator(amounts.day)], Annotated[int, BeforeValidator(amounts.messages)]] = {}
    """Day since the first message ever, from 1 → most messages on that day; after the last one named, no cap."""
    quiet_hours: Annotated[tuple[time, time] | None, BeforeValidator(amounts.hours)] = None
    """From when to when nothing is sent, as 22:00-07:00 in `time_zone`."""
    connections: Annotated[int, Field(ge=1, le=100)] = 10

    @field_validator("warmup")
    @classmethod
    def _begins(cls, value: dict[int, int]) -> dict[int, int]:
        if value and 1 not in value:
            raise ValueError("must say how many may be sent on day 1, or nothing ever begins: `warmup: {1: 500, …}`")
        return value

    @field_validator("name")
    @classmethod
    def _known(cls, value: str) -> str:
        if value in _PROVIDERS:
            return value
        from importlib.metadata import entry_points

        known = (*_PROVIDERS, *sorted(entry_points(group=PROVIDER_GROUP).names))
        if value not in known:
            raise ValueError(f"there is no provider '{value}'.{did_you_mean(value, known)} Known: {', '.join(known)}")
        return value

    @field_validator(*_BELONGS)
    @classmethod
    def _belongs(cls, value: object, context: ValidationInfo) -> object:
        name, owners = context.data.get("name"), _BELONGS[str(context.field_name)]
        # `path` and `url` may stay while another provider is tried out.
        if name is not None and name not in owners and context.field_name not in ("path", "url"):
            raise ValueError(f"belongs to provider {' or '.join(owners)}, and this is {name}")
        return value

    @field_validator("options")
    @classmethod
    def _for_others(cls, value: dict[str, object], context: ValidationInfo) -> dict[str, object]:
        if context.data.get("name") in _PROVIDERS:
            raise ValueError(f"belongs to providers of other distributions, and this is {context.data['name']}")
        return value

    @field_validator("host")
    @classmethod
    def _guarded(cls, value: str) -> str:
        return safe_host(value)


def safe_host(value: str) -> str:
    """The address without a slash at its end; the key may only travel encrypted, or inside this machine."""
    parts = urlsplit(value)
    here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    if (parts.scheme == "https" or here) and parts.hostname and not parts.username:
        return value.rstrip("/")
    raise ValueError("must begin with https://, because the API key travels with each request")


UtmWord = Annotated[str, AfterValidator(partial(written_with, characters=r"\w.-", words=_WORD))]


class Utm(_Model):
    """Added to every web link as utm_source and utm_medium, with the issue as utm_campaign."""

    source: UtmWord
    medium: UtmWord = "email"


class Tracking(_Model):
    """What links tell the site they lead to, and what a provider that can (SendGrid) tells of its readers."""

    opens: bool = False
    clicks: bool = False
    utm: Utm | None = None


def _trackable(value: Tracking, about: ValidationInfo) -> Tracking:
    provider = about.data.get("provider")
    if (value.opens or value.clicks) and provider is not None and provider.name != "sendgrid":
        raise ValueError(f"opens and clicks are told by SendGrid only, and the provider is {provider.name}")
    return value


class Approval(_Model):
    """How many approvals a send needs."""

    required: Annotated[int, Field(ge=0, le=100)] = 0
    """So many different reviewers of exactly what is sent."""


class MailClients(_Model):
    """How the mail clients that an audience reads with weigh what `check` finds."""

    small_share: Annotated[float, BeforeValidator(amounts.percent)] = 0.01
    """What goes wrong only in clients that together are less than this part of the audience is a note; 0%: nothing is.
    Below one in a hundred, programs that pass for others weigh as much as people."""


class Spelling(_Model):
    """What dictionaries do not know."""

    words: tuple[Line, ...] = ()
    """Names and terms that are spelt right; capitals make no difference."""


Duration = Annotated[timedelta, BeforeValidator(amounts.duration)]
"""A length of time as people write it: 90m, 6h or 2d."""


class ScheduleSettings(_Model):
    """What becomes of schedules that nobody kept in time."""

    late: Duration = timedelta(hours=24)
    """`run-due` pauses a campaign that was due longer ago, for a person to decide: as 90m, 6h or 2d."""


class SettingsFile(_Model):
    """newsletter.yaml as it is written."""

    brand: Brand
    theme: str = "editorial"
    sender: Sender
    site_url: WebAddress = ""
    content: tuple[str, ...] = ()
    static: tuple[str, ...] = ("static",)
    list_id: Annotated[str, AfterValidator(partial(written_with, characters="A-Za-z0-9.-", words=_PLAIN))] = ""
    images: Images = Images()
    provider: ProviderSettings = ProviderSettings()
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Where the sender lives: quiet hours, days and the times of `send --at` are meant there."""
    schedule: ScheduleSettings = ScheduleSettings()
    database: str = Field(default="sqlite:///var/newsletter.db", repr=False)
    public_url: Annotated[
        str, BeforeValidator(lambda value: public_address(value) if isinstance(value, str) else value)
    ] = ""
    """Where a service of yours answers `/unsubscribe/<delivery id>`; without one people unsubscribe by mail."""
    tracking: Annotated[Tracking, AfterValidator(_trackable)] = Tracking()
    approval: Approval = Approval()
    checks: dict[str, Chosen] = {}
    """Rule of `newsletter check` → how grave it is."""
    mail_clients: MailClients = MailClients()
    spelling: Spelling = Spelling()


class Settings(SettingsFile):
    """A workspace's settings, with its root folder and the lines of newsletter.yaml."""

    root: Path
    lines: Mapping[tuple[str | int, ...], int] = {}
    unset: Annotated[tuple[Problem, ...], Field(exclude=True, repr=False)] = ()
    """Variables of the environment without which nothing is sent from here; whatever needs no provider works."""

    def where(self, *loc: str | int) -> Where:
        """Where newsletter.yaml says that, or the nearest part around it."""
        return Document(FILE, None, self.lines).where(*loc)
