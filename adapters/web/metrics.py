"""`/metrics`, for Prometheus: how the service fares, in numbers. Nothing in it is of a patient, a person or a number.

Read by whoever is on this machine, and from elsewhere with the token of the configuration. A request that a proxy passed on
counts as from elsewhere, whatever it says of itself.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.bootstrap import House
from adapters.web.health import BEATING, Health, Standing

_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def metrics_route(house: House, health: Health, token: str) -> Route:
    """`token`: "" lets nobody in from elsewhere."""

    async def metrics(request: Request) -> Response:
        if not _on_this_machine(request) and not _has_token(request, token):
            return PlainTextResponse("For this machine, or with the token of the configuration.", 403)
        registry = CollectorRegistry()
        registry.register(_Figures(await health.standing(), house.clock.now()))
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", metrics, methods=["GET"])


def _on_this_machine(request: Request) -> bool:
    if request.client is None or any(name in request.headers for name in _PASSED_ON):
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _has_token(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


class _Figures(Collector):
    def __init__(self, standing: Standing, now: datetime) -> None:
        self._standing = standing
        self._now = now

    def collect(self) -> Iterator[Metric]:
        standing = self._standing
        yield _gauge("ready", "1 where the store takes writes and every loop comes round", standing.ready)
        yield _gauge("store_writable", "1 where the store takes writes", standing.store is None)
        yield _gauge("gateway_up", "1 where the gateway answers and takes our account", standing.gateway.good)
        yield _gauge("ipms_up", "1 where the iPMS answers, or none is configured", standing.ipms.good)
        loops = GaugeMetricFamily("freagra_loop_up", "1 where the loop comes round", labels=["loop"])
        for name, word in standing.loops.items():
            loops.add_metric([name], word == BEATING)
        yield loops
        yield _gauge("troubles", "what is not as it should be while work goes on", len(standing.troubles))
        if standing.backup is not None:
            yield _gauge("backup_age_seconds", "since the last backup was made", self._since(standing.backup.at))
        if (vitals := standing.vitals) is None:
            return
        waiting = GaugeMetricFamily("freagra_waiting", "rows that are due and not worked yet", labels=["queue"])
        oldest = GaugeMetricFamily("freagra_waiting_oldest_seconds", "since the oldest of them fell due", labels=["queue"])
        for name, queue in (("inbox", vitals.inbox), ("texts", vitals.texts), ("writes", vitals.writes)):
            waiting.add_metric([name], queue.waiting)
            oldest.add_metric([name], self._since(queue.oldest))
        yield waiting
        yield oldest
        yield _gauge("texts_unsettled", "texts handed to the gateway, without its word so far", vitals.unsettled)
        tasks = GaugeMetricFamily("freagra_tasks_open", "tasks for staff that are open", labels=["priority"])
        for priority, count in vitals.tasks.items():
            tasks.add_metric([priority], count)
        yield tasks
        yield _gauge("tasks_overdue", "open tasks past their due time", vitals.overdue)
        unowned = "since the oldest open task was opened that nobody has"
        yield _gauge("task_oldest_seconds", unowned, self._since(vitals.oldest_task))
        day = GaugeMetricFamily("freagra_texts_last_day", "texts of the last day, by what became of them", labels=["outcome"])
        for name, count in (("sent", vitals.sent), ("failed", vitals.failed), ("unsent", vitals.unsent)):
            day.add_metric([name], count)
        yield day

    def _since(self, at: datetime | None) -> float:
        return 0.0 if at is None else max((self._now - at).total_seconds(), 0.0)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"freagra_{name}", words, value=value)
