"""How often each address gave a wrong password of late."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# Wrong passwords from one address, whatever the account, before it has to wait.
MOST_FROM_ADDRESS = 30
WITHIN = timedelta(minutes=15)
_ADDRESSES_KEPT = 10_000


@dataclass(slots=True)
class Failures:
    """In this process alone: it slows down who tries many accounts; the lock of one account stands in the store."""

    by_address: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)

    def wait(self, address: str, now: datetime) -> timedelta | None:
        """How long this address has to wait, None where it need not."""
        recent = self._recent(address, now)
        return recent[-MOST_FROM_ADDRESS] + WITHIN - now if len(recent) >= MOST_FROM_ADDRESS else None

    def add(self, address: str, now: datetime) -> None:
        recent = self._recent(address, now)
        self.by_address.pop(_network(address), None)
        self.by_address[_network(address)] = [*recent[-MOST_FROM_ADDRESS:], now]
        while len(self.by_address) > _ADDRESSES_KEPT:
            self.by_address.popitem(last=False)

    def _recent(self, address: str, now: datetime) -> list[datetime]:
        return [at for at in self.by_address.get(_network(address), ()) if now < at + WITHIN]


def _network(address: str) -> str:
    """Whoever has an IPv6 address has a whole /64 of them."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
