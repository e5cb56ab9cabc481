"""newsletter.yaml and the environment → Settings.

`${NAME}` in a value takes it from the environment, and secrets only ever come from there: `NEWSLETTER_SMTP_URL`
(smtp://user:password@host:port) and `NEWSLETTER_DATABASE_URL` win over the file; `SENDGRID_API_KEY` stands nowhere
else, and `SENDGRID_HOST` is another address of its API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from newsletter.errors import FileProblems, Problem, SettingsError
from newsletter.files import Document, read_yaml, validated
from newsletter.settings import FILE, ProviderSettings, Settings, SettingsFile, safe_host

_CARRYING = ("url", "api_key", "host", "categories", "asm_group", "ip_pool", "options", "connections")
"""Keys of `provider:` that only sending asks for. Its limits are shown, and approved, without sending anything."""
_PASSWORD = re.compile(r"//[^:@/]*:(.+)@", re.DOTALL)
"""A password in the address of a server, whatever letters it is made of."""
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_DATABASES = ("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")


def find_workspace(start: Path) -> Path:
    """The nearest folder at or above `start` that holds newsletter.yaml."""
    for folder in (start, *start.resolve().parents):
        if (folder / FILE).is_file():
            return folder
    raise SettingsError(
        f"{start}: no {FILE} here or in any folder above. Go to a workspace, name one with --workspace, or make one "
        "with `newsletter init DIR`."
    )


def load_settings(root: Path, environment: Mapping[str, str]) -> Settings:
    """The settings of the workspace at `root`; raises `FileProblems` with all that is wrong in the file.

    A variable that only sending needs may be missing: somebody who pauses a campaign in another terminal has no
    provider's key there.
    """
    document = read_yaml(root / FILE, FILE)
    if not isinstance(document.data, dict):
        raise FileProblems.at(document.where(), "must be `key: value` lines, such as `brand:` and `sender:`.")
    problems = _written_secrets(document)
    written, unset = _set_aside(document.data, document, environment)
    data = _filled(written, (), document, environment, problems)
    if problems:
        raise FileProblems([*problems, *unset])
    assert isinstance(data, dict)
    file = validated(SettingsFile, Document(document.path, data, document.lines), "settings")
    return _with_environment(
        Settings.model_construct(**dict(file), root=root, lines=document.lines, unset=unset), environment
    )


def _written_secrets(document: Document) -> list[Problem]:
    """A key, or a password, that is written into the file: it would be committed with it."""
    provider = document.data.get("provider") if isinstance(document.data, dict) else None
    if not isinstance(provider, dict):
        return []
    found = []
    key, url = provider.get("api_key"), provider.get("url")
    if key and not (isinstance(key, str) and _VARIABLE.fullmatch(key)):
        message = "'provider.api_key' must not be written here. Put the key into the environment: ${SENDGRID_API_KEY}."
        found.append(Problem(document.where("provider", "api_key"), message))
    password = _PASSWORD.search(url) if isinstance(url, str) else None
    if password and not _VARIABLE.search(password[1]):
        message = (
            "the password in 'provider.url' must not be written here. Put the whole address into the environment, as "
            "NEWSLETTER_SMTP_URL, and take `url` away."
        )
        found.append(Problem(document.where("provider", "url"), message))
    return found


def _set_aside(
    data: dict[object, object], document: Document, environment: Mapping[str, str]
) -> tuple[dict[object, object], tuple[Problem, ...]]:
    """The file without the keys of its provider that take what is not in the environment, and what that is."""
    provider = data.get("provider")
    if not isinstance(provider, dict):
        return data, ()
    unset: dict[object, list[Problem]] = {}
    for key in (one for one in _CARRYING if one in provider):
        missing: list[Problem] = []
        _filled(provider[key], ("provider", key), document, environment, missing)
        if missing:
            unset[key] = missing
    kept = {key: value for key, value in provider.items() if key not in unset}
    return {**data, "provider": kept}, tuple(one for key in provider if key in unset for one in unset[key])


def _filled(
    value: object, loc: tuple[str | int, ...], document: Document, environment: Mapping[str, str], out: list[Problem]
) -> object:
    if isinstance(value, dict):
        return {key: _filled(one, (*loc, key), document, environment, out) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, (*loc, number), document, environment, out) for number, one in enumerate(value)]
    if not isinstance(value, str):
        return value
    for name in _VARIABLE.findall(value):
        if name not in environment:
            out.append(Problem(document.where(*loc), f"${{{name}}} is not set in the environment."))
    return _VARIABLE.sub(lambda match: environment.get(match[1], ""), value)


def _with_environment(settings: Settings, environment: Mapping[str, str]) -> Settings:
    changes: dict[str, object] = {}
    if environment.get("NEWSLETTER_DATABASE_URL"):
        changes["database"] = environment["NEWSLETTER_DATABASE_URL"]
    if environment.get("NEWSLETTER_SMTP_URL"):
        changes["provider"] = settings.provider.model_copy(update={"url": environment["NEWSLETTER_SMTP_URL"]})
    if settings.provider.name == "sendgrid":
        changes["provider"] = _sendgrid(settings.provider, environment)
    settings = settings.model_copy(update=changes)
    if not settings.database.startswith(_DATABASES):
        named = "NEWSLETTER_DATABASE_URL" if "database" in changes else f"{settings.where('database')}: database"
        # A URL may hold a password, so it is not repeated.
        raise SettingsError(
            f"{named} must be a SQLite file, such as sqlite:///var/newsletter.db, or a PostgreSQL server, "
            "such as postgresql://user@host/name (with its password in NEWSLETTER_DATABASE_URL)."
        )
    return settings


def _sendgrid(provider: ProviderSettings, environment: Mapping[str, str]) -> ProviderSettings:
    """With the key, and the host if there is another, from the environment."""
    key = (provider.api_key or environment.get("SENDGRID_API_KEY", "")).strip()
    if not key.isascii() or (key and not key.isprintable()):
        raise SettingsError("SENDGRID_API_KEY does not look like a key: it holds more than plain letters.")
    host = environment.get("SENDGRID_HOST") or provider.host
    try:
        return provider.model_copy(update={"api_key": key, "host": safe_host(host) if host else ""})
    except ValueError as error:
        raise SettingsError(f"SENDGRID_HOST {error}.") from error
