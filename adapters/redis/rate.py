"""The Rate that all senders through one gateway share: a token bucket in Redis, drawn from and given back to by a script each.

The clock is that of Redis, so that no two machines need to agree. While Redis is away each process lets its part through by
itself (`Bucket`): together they keep to the rate, though one of them may wait while another has segments left.
"""

from __future__ import annotations

import asyncio
import logging
import threading

import redis

from adapters.redis.address import client
from conversations.outbox import Bucket, burst

_log = logging.getLogger("freagra.adapters")

# KEYS[1] the bucket; ARGV: rate, the most it holds, segments wanted (below nothing: given back).
_DRAW = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local held = redis.call('HMGET', KEYS[1], 'filled', 'at')
local filled, at = tonumber(held[1] or most), tonumber(held[2] or now)
filled = math.min(most, filled + math.max(now - at, 0) * rate)
local drawn = wanted
if wanted > 0 then drawn = math.max(math.min(filled, wanted), 0) end
redis.call('HSET', KEYS[1], 'filled', tostring(math.min(most, filled - drawn)), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 86400)
return tostring(drawn)
"""


class SharedRate:
    def __init__(self, url: str, gateway: str, rate: float, alone: Bucket) -> None:
        self._url = url
        self._key = f"freagra-rate:{{{gateway}}}"
        self._rate = rate
        self._alone = alone
        self._by_redis = False
        self._lock = threading.Lock()
        self._client: redis.Redis | None = None

    async def draw(self, wanted: int) -> float:
        try:
            drawn = await asyncio.to_thread(self._call, float(wanted))
        except (redis.RedisError, OSError) as fault:
            if self._by_redis:
                _log.warning("Redis is away (rate): %s", type(fault).__name__)
            self._by_redis = False
            return await self._alone.draw(wanted)
        self._by_redis = True
        return drawn

    async def give_back(self, segments: float) -> None:
        if not self._by_redis:
            await self._alone.give_back(segments)
        elif segments:
            try:
                await asyncio.to_thread(self._call, -segments)
            except (redis.RedisError, OSError):
                self._by_redis = False  # too few leave for a moment, never too many

    def _call(self, wanted: float) -> float:
        with self._lock:
            try:
                if self._client is None:
                    self._client = client(self._url)
                answer = self._client.eval(_DRAW, 1, self._key, self._rate, burst(self._rate), wanted)
                return float(answer)
            except (redis.RedisError, OSError):
                if self._client is not None:
                    self._client.close()
                self._client = None
                raise

    def close(self) -> None:
        with self._lock:
            if self._client is not None:
                self._client.close()
