"""From an address to a client.

    redis://[:password@]host[:port][/database]      rediss:// over TLS, unix:// over a socket
    redis+sentinel://host[:port],host[:port]/service[/database]
    redis+cluster://[:password@]host[:port],host[:port]

A client repeats nothing by itself: what it would repeat silently may have happened, and whoever uses it knows what may be done
twice.
"""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode
from redis.retry import Retry

ANSWER = 2.0  # seconds in which Redis answers, or is away


class AddressUnfit(ValueError):
    """No address of Redis. The message says what is, and holds no password."""


def check(url: str) -> None:
    """Raises AddressUnfit."""
    scheme = url.partition("://")[0]
    try:
        if scheme in ("redis", "rediss", "unix"):
            redis.ConnectionPool.from_url(url)
            return
        if scheme in ("redis+sentinel", "redis+cluster"):
            hosts = _hosts(url, 26379)
            if hosts and (scheme == "redis+cluster" or urlsplit(url).path.strip("/")):
                return
    except ValueError:
        pass
    raise AddressUnfit(
        "redis_url must be like redis://redis.hospital.example:6379/0, "
        "redis+sentinel://one.example,two.example/service or redis+cluster://one.example,two.example"
    )


def client(url: str, *, block: float = 0.0) -> redis.Redis:
    """A client of one's own. `block`: for how many seconds its commands may wait for something to happen. Connects when it is
    used first, except to a cluster: that raises redis.RedisError where it is away."""
    options: dict[str, Any] = {
        "socket_timeout": block + ANSWER,
        "socket_connect_timeout": ANSWER,
        "retry": Retry(NoBackoff(), 0),
        "health_check_interval": 0,
    }
    scheme = url.partition("://")[0]
    parts = urlsplit(url)
    if scheme == "redis+sentinel":
        service, _, database = parts.path.strip("/").partition("/")
        named: Any = redis.Sentinel
        sentinel = named(_hosts(url, 26379), sentinel_kwargs={"socket_timeout": ANSWER}, **options)
        return cast(redis.Redis, sentinel.master_for(service, db=int(database or 0), password=_password(url)))
    if scheme == "redis+cluster":
        node: Any = ClusterNode
        nodes = [node(host, port) for host, port in _hosts(url, 6379)]
        found: Any = redis.RedisCluster(startup_nodes=nodes, password=_password(url), **options)
        return cast(redis.Redis, found)  # of the commands used here it has all
    return redis.Redis.from_url(url, **options)


def _hosts(url: str, port: int) -> list[tuple[str, int]]:
    named = urlsplit(url).netloc.rpartition("@")[2]
    found = []
    for each in named.split(","):
        host, _, given = each.rpartition(":") if ":" in each else (each, "", "")
        if host:
            found.append((host, int(given or port)))
    return found


def _password(url: str) -> str | None:
    user = urlsplit(url).netloc.rpartition("@")[0]
    return unquote(user.rpartition(":")[2]) or None
