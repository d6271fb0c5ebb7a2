"""`freagra health`: whether the service on this machine answers, for whatever watches it, and for people."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import orjson

from adapters.commands.output import Failure
from adapters.config import Config

_SECONDS = 8.0  # the service itself gives up on its store before


def health(config: Config, *, ready: bool) -> int:
    """1 where the service is not alive (`ready`: or not in working order). Raises Failure where nothing answers."""
    path = "/readyz" if ready else "/healthz"
    status, found = _asked(config.address, path)
    print(found.get("status", f"{config.address}{path} answers {status}"))
    for name, value in found.items():
        for line in _told(name, value):
            print(f"  {line}")
    return int(status != 200)


def _asked(address: str, path: str) -> tuple[int, dict[str, Any]]:
    # Not through a proxy that the environment may name: the service is on this machine.
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        found = orjson.loads(answer.read())
    except (OSError, http.client.HTTPException) as fault:
        raise Failure(f"nothing answers at {address}{path}: {fault or type(fault).__name__}") from fault
    except orjson.JSONDecodeError:
        raise Failure(f"what answers at {address}{path} is not Freagra") from None
    finally:
        connection.close()
    return answer.status, found if isinstance(found, dict) else {}


def _told(name: str, value: Any) -> list[str]:
    if name == "status":
        return []
    if isinstance(value, dict):
        return [f"{name} {part}: {word}" for part, word in value.items()]
    return [f"{name}: {value}"]
