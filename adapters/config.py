"""Settings of a service: a TOML file, overridden by FREAGRA_ environment variables.

The file is `freagra.toml` in the working folder, or wherever FREAGRA_CONFIG says; docs/freagra.toml shows all of it.
Without one Freagra runs on the embedded default: a SQLite file in `freagra-data/`, listening on loopback only, with no
gateway and no iPMS configured.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

SECTIONS = {
    "service": {"home", "host", "port", "database_url", "public_url", "rules", "batch"},
    "gateway": None,  # the adapter says what it needs
    "ipms": None,
}
ENVIRONMENT = {
    "FREAGRA_HOME": ("service", "home"),
    "FREAGRA_HOST": ("service", "host"),
    "FREAGRA_PORT": ("service", "port"),
    "FREAGRA_DATABASE_URL": ("service", "database_url"),
    "FREAGRA_GATEWAY_USERNAME": ("gateway", "username"),
    "FREAGRA_GATEWAY_PASSWORD": ("gateway", "password"),
    "FREAGRA_IPMS_URL": ("ipms", "base_url"),
    "FREAGRA_IPMS_SECRET": ("ipms", "secret"),
}


class ConfigError(Exception):
    """A setting that cannot be. The message names the file, the setting and how to mend it."""


@dataclass(frozen=True, slots=True)
class Access:
    """Secrets of this installation that others must be told: the API key for the iPMS, the secret part of webhook
    paths. Made at first start and kept in `access.json` (0600) in the home folder."""

    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Config:
    home: Path
    host: str = "127.0.0.1"
    port: int = 8080
    database_url: str = ""
    public_url: str = ""  # under which gateways reach us, without a slash at the end
    rules: tuple[Path, ...] = ()  # empty: what is in force in the store, at first the ones that are shipped
    batch: int = 1024  # events worked at once
    gateway: Mapping[str, Any] = field(default_factory=dict, repr=False)  # kind, and what that adapter needs
    ipms: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'freagra.sqlite3').absolute()}"


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Raises ConfigError."""
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["FREAGRA_CONFIG"]) if "FREAGRA_CONFIG" in environ else None)
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    if named is not None or Path("freagra.toml").exists():
        sections = _read(named or Path("freagra.toml"))
    for variable, (section, key) in ENVIRONMENT.items():
        if variable in environ:
            sections[section][key] = environ[variable]
    service = sections["service"]
    base = (named or Path("freagra.toml")).parent
    return Config(
        home=base / str(service.get("home", "freagra-data")),
        host=str(service.get("host", "127.0.0.1")),
        port=_number("port", service.get("port", 8080), 0, 65_535),
        database_url=str(service.get("database_url", "")),
        public_url=str(service.get("public_url", "")).rstrip("/"),
        rules=tuple(base / each for each in _files(service.get("rules", []))),
        batch=_number("batch", service.get("batch", 1024), 1, 10_000),
        gateway=sections["gateway"],
        ipms=sections["ipms"],
    )


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    for name, content in found.items():
        if name not in SECTIONS:
            known_sections = ", ".join(f"[{each}]" for each in SECTIONS)
            raise ConfigError(f"{path}: there is no section [{name}]; there are {known_sections}")
        known = SECTIONS[name]
        if not isinstance(content, dict):
            raise ConfigError(f"{path}: {name} is a section and is written [{name}]")
        for key in content if known is not None else ():
            if known is not None and key not in known:
                raise ConfigError(f"{path}: [{name}] has no setting {key}; it has {', '.join(sorted(known))}")
    return {name: dict(found.get(name, {})) for name in SECTIONS}


def _number(name: str, value: Any, least: int, most: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = least - 1
    if not least <= number <= most:
        raise ConfigError(f"{name} must be a number from {least} to {most}, not {value!r}")
    return number


def _files(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise ConfigError('rules must be a list of files, such as ["rules/appointment-reminder.yaml"]')


def load_or_make_access(home: Path) -> Access:
    """The installation's own secrets. Raises ConfigError when others may read the file."""
    path = home / "access.json"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = {"api_key": secrets.token_urlsafe(32), "webhook_secret": secrets.token_urlsafe(32)}
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path}: others may read this file; run: chmod 600 {path}")
    try:
        held = orjson.loads(path.read_bytes())
        return Access(str(held["api_key"]), str(held["webhook_secret"]))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: this is not an access file of Freagra; restore it from a backup") from error
