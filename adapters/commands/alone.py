"""The house for a command that has the configured store to itself, with nobody to talk to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.bootstrap import House, house
from adapters.commands.output import Failure
from adapters.config import Config
from adapters.gateways.carriers import carrier_of
from adapters.gateways.none import NoGateway
from adapters.ipms.none import NoPatientSystem
from conversations.database import DatabaseInUse
from conversations.vault import load_keys


@contextmanager
def alone(config: Config, instead: str) -> Iterator[House]:
    """Raises Failure where a service has the store: `instead` says what to do then."""
    try:
        with house(
            home=config.home,
            database_url=config.database,
            gateway=NoGateway(),
            patient_system=NoPatientSystem(),
            keys=load_keys(config.keys) if config.keys is not None else None,
            carrier=carrier_of(config.gateway),
        ) as opened:
            yield opened
    except DatabaseInUse as held:
        raise Failure(f"{held} {instead}") from held
