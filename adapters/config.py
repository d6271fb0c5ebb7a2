"""Settings of a service: a TOML file, overridden by FREAGRA_ environment variables.

The file is `freagra.toml` in the working folder, or wherever FREAGRA_CONFIG says; docs/freagra.toml shows all of it.
Without one Freagra runs on the embedded default: a SQLite file in `freagra-data/`, listening on loopback only, with no
gateway and no iPMS configured.

A variable with _FILE at its end names a file that holds the value, as systemd, Compose and Kubernetes hand out secrets:
FREAGRA_DATABASE_URL_FILE=/run/secrets/database_url.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson

from conversations.sessions import Lasting
from conversations.vault import open_to_others

SECTIONS = {
    "service": {
        "home", "keys", "access", "host", "port", "proxies", "database_url", "redis_url", "public_url", "rules",
        "rules_second_person", "batch", "second_process", "metrics_token",
    },
    "console": {"idle_minutes", "session_hours"},
    "gateway": None,  # the adapter says what it needs
    "ipms": None,
    "costs": {"text", "letter"},
}
ENVIRONMENT = {
    "FREAGRA_HOME": ("service", "home"),
    "FREAGRA_KEYS": ("service", "keys"),
    "FREAGRA_ACCESS": ("service", "access"),
    "FREAGRA_HOST": ("service", "host"),
    "FREAGRA_PORT": ("service", "port"),
    "FREAGRA_PROXIES": ("service", "proxies"),
    "FREAGRA_DATABASE_URL": ("service", "database_url"),
    "FREAGRA_METRICS_TOKEN": ("service", "metrics_token"),
    "FREAGRA_REDIS_URL": ("service", "redis_url"),
    "FREAGRA_GATEWAY_USERNAME": ("gateway", "username"),
    "FREAGRA_GATEWAY_PASSWORD": ("gateway", "password"),
    "FREAGRA_IPMS_URL": ("ipms", "base_url"),
    "FREAGRA_IPMS_SECRET": ("ipms", "secret"),
}


def is_missing(section: str, setting: str) -> str:
    """That a setting is missing, with the variable that it is also taken from."""
    variable = next((name for name, place in ENVIRONMENT.items() if place == (section, setting)), "")
    return f"{setting} is missing" + (f" (it may also stand in {variable})" if variable else "")


_LOOPBACK = ("127.0.0.1", "::1")


class ConfigError(Exception):
    """A setting that cannot be. The message names the file, the setting and how to mend it."""


@dataclass(frozen=True, slots=True)
class Access:
    """Secrets of this installation that others must be told: the API key for the iPMS, the secret part of webhook
    paths. Made at first start and kept in `access.json` (0600) in the home folder."""

    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Costs:
    """In EUR: one SMS part, as the HSE pays for it, and a posted letter, by An Post's national stamp of February 2026."""

    text: float = 0.06
    letter: float = 1.85

    def told(self, parts: int) -> str:
        """What so many parts of a text cost, as people write it."""
        return f"€{parts * self.text:,.2f}"


@dataclass(frozen=True, slots=True)
class Config:
    home: Path
    keys: Path | None = None  # the key file, where it lies elsewhere than in the home folder: it is never made there
    access: Path | None = None  # the same for the access file
    host: str = "127.0.0.1"
    port: int = 8080
    proxies: tuple[str, ...] = _LOOPBACK  # whose word on a caller's address is taken
    database_url: str = ""
    redis_url: str = ""  # of several processes on one PostgreSQL: how they tell one another of work
    public_url: str = ""  # under which gateways reach us, without a slash at the end
    rules: tuple[Path, ...] = ()  # empty: what is in force in the store, at first the ones that are shipped
    rules_second_person: bool = False  # rules are published by another person than proposed them
    batch: int = 4096  # events worked at once
    second_process: bool = True  # decides beside this one while many wait, on SQLite and where there is a core for it
    metrics_token: str = field(default="", repr=False)  # opens /metrics to other machines
    sessions: Lasting = field(default_factory=Lasting)  # of people at the console
    gateway: Mapping[str, Any] = field(default_factory=dict, repr=False)  # kind, and what that adapter needs
    ipms: Mapping[str, Any] = field(default_factory=dict, repr=False)
    costs: Costs = Costs()

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.home / 'freagra.sqlite3').absolute()}"

    @property
    def shared(self) -> bool:
        """Whether several processes may serve from the store."""
        return self.database.startswith("postgresql")

    @property
    def relief(self) -> bool:
        """Whether a second process decides while there is a crowd."""
        return self.second_process and not self.shared and (os.cpu_count() or 1) > 1

    @property
    def address(self) -> str:
        """Where the service is for whoever is on the same machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def key_file(self) -> Path:
        return self.keys or self.home / "keys.json"

    @property
    def access_file(self) -> Path:
        return self.access or self.home / "access.json"


def load_config(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """Raises ConfigError."""
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["FREAGRA_CONFIG"]) if "FREAGRA_CONFIG" in environ else None)
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    if named is not None or Path("freagra.toml").exists():
        sections = _read(named or Path("freagra.toml"))
    for variable, (section, key) in ENVIRONMENT.items():
        if (value := _from_environment(variable, environ)) is not None:
            sections[section][key] = value
    service = sections["service"]
    database_url = str(service.get("database_url", ""))
    base = (named or Path("freagra.toml")).parent
    return Config(
        home=base / str(service.get("home", "freagra-data")),
        keys=base / str(service["keys"]) if service.get("keys") else None,
        access=base / str(service["access"]) if service.get("access") else None,
        host=str(service.get("host", "127.0.0.1")),
        port=_number("port", service.get("port", 8080), 0, 65_535),
        proxies=_networks(service["proxies"]) if "proxies" in service else _LOOPBACK,
        database_url=database_url,
        redis_url=_redis_url(str(service.get("redis_url", "")), database_url),
        public_url=str(service.get("public_url", "")).rstrip("/"),
        rules=tuple(base / each for each in _files(service.get("rules", []))),
        rules_second_person=_flag("rules_second_person", service.get("rules_second_person", False)),
        batch=_number("batch", service.get("batch", 4096), 1, 10_000),
        second_process=_flag("second_process", service.get("second_process", True)),
        metrics_token=_token("metrics_token", service.get("metrics_token", "")),
        sessions=_sessions(sections["console"]),
        gateway=sections["gateway"],
        ipms=sections["ipms"],
        costs=Costs(**{name: _price(name, value) for name, value in sections["costs"].items()}),
    )


def _from_environment(variable: str, environ: Mapping[str, str]) -> str | None:
    """Raises ConfigError for a file that cannot be read, or where both the value and a file are given."""
    named = f"{variable}_FILE"
    if named not in environ:
        return environ.get(variable)
    if variable in environ:
        raise ConfigError(f"{variable} and {named} are both set; leave one of them out")
    try:
        # Editors end a file with a line break, and no secret does.
        return Path(environ[named]).read_text("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"{named}: {environ[named]} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{named}: {environ[named]} is not text in UTF-8") from None


def _redis_url(url: str, database_url: str) -> str:
    if not url:
        return ""
    if not database_url.startswith("postgresql"):
        raise ConfigError("redis_url is for several processes on PostgreSQL; set database_url too, or leave it out")
    from adapters.redis.address import AddressUnfit, check

    try:
        check(url)
    except AddressUnfit as fault:
        raise ConfigError(str(fault)) from fault
    return url


def _token(name: str, value: Any) -> str:
    if not isinstance(value, str) or (value and (len(value) < 24 or not value.isascii() or not value.isprintable())):
        raise ConfigError(f"{name} must be a text of at least 24 letters and figures that nobody can guess")
    return value


def _sessions(console: Mapping[str, Any]) -> Lasting:
    idle = _number("idle_minutes", console.get("idle_minutes", 15), 3, 24 * 60)
    whole = _number("session_hours", console.get("session_hours", 12), 1, 24)
    return Lasting(timedelta(minutes=idle), timedelta(hours=whole))


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


def _price(name: str, value: Any) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1_000:
        return float(value)
    raise ConfigError(f"[costs] {name} must be an amount in EUR from 0 on, such as 0.06, not {value!r}")


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name} must be true or false, not {value!r}")
    return value


def _networks(value: Any) -> tuple[str, ...]:
    """A list of addresses and networks, or, from the environment, one text with commas between them."""
    listed = [each.strip() for each in value.split(",")] if isinstance(value, str) else value
    try:
        return tuple(str(ip_network(each)) for each in listed if each != "")
    except (TypeError, ValueError) as fault:
        raise ConfigError(f'proxies must be a list of addresses, such as ["127.0.0.1", "10.20.0.0/24"]: {fault}') from None


def _files(value: Any) -> list[str]:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise ConfigError('rules must be a list of files, such as ["rules/appointment-reminder.yaml"]')


def access_of(config: Config) -> Access:
    """The installation's own secrets; made where the home folder has none yet. Raises ConfigError, also where others may
    read them."""
    if config.access is None:
        return load_or_make_access(config.home)
    if not config.access.exists():
        raise ConfigError(f"access: there is no file {config.access}; freagra init makes one")
    return _read_access(config.access)


def load_or_make_access(home: Path) -> Access:
    """What lies in the home folder, made where there is none. Raises ConfigError."""
    path = home / "access.json"
    if not path.exists():
        make_access(path)
    return _read_access(path)


def make_access(path: Path) -> None:
    """New secrets in a file that is not there yet."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {"api_key": secrets.token_urlsafe(32), "webhook_secret": secrets.token_urlsafe(32)}
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(orjson.dumps(made, option=orjson.OPT_INDENT_2))


def _read_access(path: Path) -> Access:
    if open_to_others(path.stat()):
        raise ConfigError(f"{path}: others may read this file; run: chmod 600 {path}")
    try:
        held = orjson.loads(path.read_bytes())
        return Access(str(held["api_key"]), str(held["webhook_secret"]))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConfigError(f"{path}: this is not an access file of Freagra; restore it from a backup") from error
