"""The house that a configuration describes: its gateway, its iPMS and its rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, get_type_hints

import sqlalchemy as sa

from adapters.bootstrap import House, house
from adapters.config import Access, Config, ConfigError, access_of, is_missing
from adapters.gateways.carriers import carrier_of
from adapters.gateways.none import NO_GATEWAY, NoGateway
from adapters.gateways.registry import GatewayMisconfigured, make_gateway
from adapters.ipms.none import NoPatientSystem
from adapters.ipms.rest.client import RestPatientSystem, RestSettings
from adapters.local import SystemClock
from conversations.ports import Clock, Gateway, PatientSystem
from conversations.schema import instant, texts
from conversations.service import EVERY_DUTY, Duty
from conversations.vault import load_keys


@contextmanager
def configured_house(config: Config, duties: frozenset[Duty] = EVERY_DUTY) -> Iterator[House]:
    """The house on the configured store, with its rules in force. Raises ConfigError, RulesBroken, and what `house`
    raises."""
    clock = SystemClock()
    gateway = gateway_of(config, access_of(config))
    patient_system = patient_system_of(config, clock)
    with house(
        home=config.home,
        database_url=config.database,
        gateway=gateway,
        patient_system=patient_system,
        clock=clock,
        keys=load_keys(config.keys) if config.keys is not None else None,
        batch=config.batch,
        carrier=carrier_of(config.gateway),
        second_person=config.rules_second_person,
        duties=duties,
        shared=config.shared,
        redis_url=config.redis_url,
        relief=config.relief,
    ) as opened:
        put_in_force(opened, config)
        yield opened


def put_in_force(opened: House, config: Config) -> list[str]:
    """What has changed in the files that the configuration names since they were taken last; where it names none and the store
    has no rules yet, those that are shipped. What a hospital published is not replaced by a restart. The names of those that
    changed. Raises RulesBroken, also where what is in force does not suit the gateway."""
    if config.rules:
        missing = [str(path) for path in config.rules if not path.is_file()]
        if missing:
            raise ConfigError(f"rules: there is no file {', '.join(missing)}")
        changed = opened.take(config.rules)
        opened.check_in_force()
        return changed
    if not opened.rulebook.in_force():
        return opened.publish()
    opened.check_in_force()
    return []


def gateway_of(config: Config, access: Access) -> Gateway:
    """Raises ConfigError. The secret part of webhook paths is the installation's own unless the section has others."""
    if not config.gateway:
        return NoGateway()
    kind = config.gateway.get("kind")
    if not isinstance(kind, str):
        raise ConfigError('[gateway] needs the setting kind, such as kind = "phonovation"')
    if kind == NoGateway.name:
        return NoGateway()
    try:
        return make_gateway(kind, {"webhook_secrets": access.webhook_secret, **config.gateway})
    except GatewayMisconfigured as fault:
        raise ConfigError(f"[gateway] {fault}") from fault


def patient_system_of(config: Config, clock: Clock) -> PatientSystem:
    """Raises ConfigError."""
    settings = dict(config.ipms)
    kind = settings.pop("kind", "rest" if settings else "none")
    if kind == "none":
        return NoPatientSystem()
    if kind != "rest":
        raise ConfigError(f'[ipms] kind must be "rest" or "none", not {kind!r}')
    _check(settings)
    try:
        return RestPatientSystem(RestSettings(**settings), clock)
    except ValueError as fault:
        raise ConfigError(f"[ipms] {fault}") from fault


def _check(settings: Mapping[str, Any]) -> None:
    known = {field.name: field for field in dataclasses.fields(RestSettings)}
    kinds = get_type_hints(RestSettings)
    problems = []
    for name in settings.keys() - known.keys():
        near = get_close_matches(name, known, 1)
        problems.append(f"there is no setting {name}" + (f"; did you mean {near[0]}?" if near else ""))
    problems += [
        is_missing("ipms", name)
        for name, field in known.items()
        if field.default is dataclasses.MISSING and name not in settings
    ]
    for name in settings.keys() & known.keys():
        number = kinds[name] is float
        if isinstance(settings[name], bool) or not isinstance(settings[name], (int, float) if number else str):
            problems.append(f"{name} must be {'a number' if number else 'a text in quotes'}")
    if problems:
        raise ConfigError("[ipms] " + "; ".join(sorted(problems)))


def address_waiting_texts(opened: House) -> int:
    """Texts that were queued while no gateway was configured go out through the one that is now; how many. The send
    gate still looks at each."""
    name, now = opened.gateway.name, instant(opened.clock.now())
    if name == NoGateway.name:
        return 0

    def job(connection: sa.Connection) -> int:
        waiting = sa.update(texts).where(texts.c.gateway == NoGateway.name, texts.c.phase == "queued")
        # Those that were tried in vain need not wait for their next try.
        connection.execute(waiting.where(texts.c.reason == NO_GATEWAY).values(due=now, reason=""))
        return connection.execute(waiting.values(gateway=name)).rowcount

    return opened.writer.submit(job).result()
