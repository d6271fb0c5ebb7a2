"""What a draft would have done to the talks on record: asked for on a page, worked out in the background, told with its
figures and then talk by talk."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from adapters.web.console.visit import Console, Declined, NotHere, Page, Visit
from conversations.histories import Period, count, impact
from conversations.people import Right, Scope
from engine.impact import Impact

PERIODS = (("7", "the last week"), ("30", "the last 30 days"), ("90", "the last 90 days"), ("365", "the last year"))
_LISTED = 200  # replies and talks shown; all are counted
_KEPT = 8  # results, the oldest dropped first


@dataclass(slots=True)
class Work:
    """One question and how far its answer is."""

    name: str
    by: str
    since: datetime
    scope: Scope
    edition: int
    total: int = 0
    done: int = 0
    found: Impact | None = None
    fault: str = ""

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0


_works: dict[int, Work] = {}
_numbers = itertools.count(1)


async def show(visit: Visit) -> Response:
    name, versions = visit.path["name"], visit.house.versions
    draft = versions.draft(name)
    if draft is None and versions.in_force(name) is None:
        raise NotHere("There is no ruleset of this name.")
    return visit.page("impact.html", name=name, draft=draft, periods=PERIODS, period="30", work=None)


async def begin(visit: Visit) -> Response:
    """Start working it out; the answer is a page that follows the progress."""
    name, versions = visit.path["name"], visit.house.versions
    draft = versions.draft(name)
    period = visit.form.get("period", "30")
    if draft is None:
        raise Declined(422, "There is no draft: change something first, and save it.")
    if period not in dict(PERIODS):
        raise Declined(400, "The page is out of date: load it again.")
    loaded = await asyncio.to_thread(versions.check, draft.source, name)
    work = Work(name, visit.person.name, visit.now - timedelta(days=int(period)), visit.scope, draft.edition)
    if loaded.ruleset is None:
        raise Declined(422, "The draft has errors: mend them first.")
    number = next(_numbers)
    _works[number] = work
    while len(_works) > _KEPT:
        _works.pop(next(iter(_works)))
    task = asyncio.create_task(asyncio.to_thread(_run, visit.console, work, loaded.ruleset, visit.now))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return visit.to(f"/rules/{name}/impact/{number}")


_running: set[asyncio.Task[None]] = set()


def _run(console: Console, work: Work, draft: Any, now: datetime) -> None:
    house = console.house

    def step(number: int) -> None:
        work.done += number

    period = Period(draft.name, work.since, now + timedelta(seconds=1), work.scope.clinics, draft.service)
    try:
        with house.database.reader() as connection:
            work.total = count(connection, period)
            work.found = impact(connection, house.vault, house.rulebook, draft, period, step)
    except Exception:
        work.fault = "It could not be worked out. Try again; if it fails again, tell those who look after the service."
        raise


async def follow(visit: Visit) -> Response:
    work = _asked(visit)
    if work.found is not None:
        await visit.looked(f"impact:{work.name}")
    template = "impact_work.html" if visit.wants_part else "impact.html"
    found = work.found
    return visit.page(
        template, name=work.name, draft=visit.house.versions.draft(work.name), periods=PERIODS, period="30", work=work,
        number=visit.path["number"], listed=_LISTED, cost=visit.console.costs.text,
        kinds=_kinds(found) if found is not None else [],
    )  # fmt: skip


def _kinds(found: Impact) -> list[tuple[str, int, int]]:
    """Tasks for staff by kind, before and after; those that differ."""
    kinds = sorted(found.before.tasks.keys() | found.after.tasks.keys())
    pairs = [(kind, found.before.tasks[kind], found.after.tasks[kind]) for kind in kinds]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _asked(visit: Visit) -> Work:
    """Raises NotHere: also for what someone else asked, who may see more."""
    given = visit.path["number"]
    work = _works.get(int(given)) if given.isdecimal() else None
    if work is None or work.by != visit.person.name or work.name != visit.path["name"]:
        raise NotHere("This is not kept any more: ask again.")
    return work


PAGES = (
    Page("GET", "/rules/{name}/impact", Right.RULES, show),
    Page("POST", "/rules/{name}/impact", Right.RULES, begin),
    Page("GET", "/rules/{name}/impact/{number}", Right.RULES, follow),
)
