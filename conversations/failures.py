"""How often wrong passwords came from an address of late, in the store, so that all processes count together.

Addresses are kept as keyed tokens: who reads the database learns none.
"""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.schema import instant, moment, sign_in_failures
from conversations.vault import Vault

# Wrong passwords from one address, whatever the account, before it has to wait.
MOST_FROM_ADDRESS = 30
WITHIN = timedelta(minutes=15)
_ADDRESS = "address"
_of = sign_in_failures.c


def wait(connection: Connection, vault: Vault, address: str, now: datetime) -> timedelta | None:
    """How long this address has to wait, None where it need not."""
    mine = sa.and_(_of.address == _token(vault, address), _of.at > instant(now - WITHIN))
    nth = sa.select(_of.at).where(mine).order_by(_of.at.desc()).offset(MOST_FROM_ADDRESS - 1).limit(1)
    at = connection.execute(nth).scalar()
    return None if at is None else moment(at) + WITHIN - now


def add(connection: Connection, vault: Vault, address: str, now: datetime) -> None:
    """Another one came; what is too old to count is forgotten."""
    connection.execute(sa.delete(sign_in_failures).where(_of.at <= instant(now - WITHIN)))
    connection.execute(sa.insert(sign_in_failures).values(address=_token(vault, address), at=instant(now)))


def _token(vault: Vault, address: str) -> bytes:
    return vault.search_token(_ADDRESS, _network(address))


def _network(address: str) -> str:
    """Whoever has an IPv6 address has a whole /64 of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
