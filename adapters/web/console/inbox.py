"""The inbox: what needs a person, the most pressing first, and who has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web import plain
from adapters.web.console.desk import (
    QUEUE_NAMES,
    SNOOZES,
    Undoable,
    declined,
    recent,
    shown_names,
    snooze_until,
)
from adapters.web.console.visit import Declined, NotHere, Page, Visit
from adapters.web.console.whom import patients_meant
from conversations import people, queues, said
from conversations.audit import Act, Did
from conversations.desk import Refused
from conversations.people import Person, Right
from conversations.queues import BadPlace, View, Waiting
from conversations.reach import clinics_seen
from conversations.said import Message
from conversations.search import Hit

_LONGEST_VIEW = 400
_WHOSE = {"all": "Everyone’s", "mine": "Mine", "unassigned": "Nobody’s"}


@dataclass(frozen=True, slots=True)
class _Look:
    page: queues.Page
    overview: queues.Overview
    names: Mapping[str, str]
    clinic_names: Mapping[str, str]
    undo: list[Undoable]


def _view(visit: Visit) -> View:
    asked = visit.query
    whose = asked.get("whose", "all")
    return View(
        visit.person,
        queue=asked.get("queue", "") if asked.get("queue", "") in queues.QUEUES else "",
        clinic=asked.get("clinic", ""),
        whose="mine" if whose == "mine" else "unassigned" if whose == "unassigned" else "all",
        overdue=asked.get("overdue") == "1",
        snoozed=asked.get("snoozed") == "1",
    )


def _look(connection: Connection, visit: Visit, view: View) -> _Look:
    vault, now = visit.house.vault, visit.now
    return _Look(
        queues.page(connection, vault, view, now, after=visit.query.get("after", "")),
        queues.overview(connection, view, now),
        shown_names(connection),
        dict(clinics_seen(connection, view.who.scope)),
        recent(connection, vault, view.who, now),
    )


async def inbox(visit: Visit) -> Response:
    view = _view(visit)
    try:
        look = await visit.read(_look, visit, view)
    except BadPlace as fault:
        raise NotHere("There is no such page of the inbox.") from fault
    await visit.looked("inbox")
    reload = _address(view)(after=visit.query.get("after", ""))
    shown = reload.partition("?")[2]
    return visit.page(
        "inbox_list.html" if visit.wants_part else "inbox.html",
        look=look,
        view=view,
        total=look.overview.total,
        queue_names=QUEUE_NAMES,
        whose_names=_WHOSE,
        kind=plain.kind,
        at=_address(view),
        reload=reload,
        kept=f"?{urlencode({'in': shown})}" if shown else "",
    )


def view_of(visit: Visit) -> str:
    """The query of the inbox that a page was opened from, "" for all of it. It stands in the page's own address, which a form
    says that it comes from."""
    asked: str = visit.query.get("in", "")
    if visit.page_asked.method == "POST":
        asked = parse_qs(urlsplit(visit.request.headers.get("referer", "")).query).get("in", [""])[0]
    return asked if len(asked) <= _LONGEST_VIEW else ""


def inbox_of(visit: Visit) -> str:
    """That inbox."""
    view = view_of(visit)
    return f"/inbox?{view}" if view else "/inbox"


def within(visit: Visit, address: str) -> str:
    """A page's address with the inbox that it was opened from."""
    view = view_of(visit)
    return f"{address}?{urlencode({'in': view})}" if view else address


def _address(view: View) -> Any:
    """Makes addresses of the same view with something else in it."""
    held = {
        "queue": view.queue,
        "clinic": view.clinic,
        "whose": "" if view.whose == "all" else view.whose,
        "overdue": "1" if view.overdue else "",
        "snoozed": "1" if view.snoozed else "",
    }

    def address(**other: str) -> str:
        chosen = {name: value for name, value in {**held, **other}.items() if value}
        return f"/inbox?{urlencode(chosen)}" if chosen else "/inbox"

    return address


# ---- tasks -----------------------------------------------------------------------------------------------------------


async def _do(visit: Visit, what: Any) -> None:
    """Raises Declined where the desk refuses."""
    try:
        await what
    except Refused as refused:
        raise declined(refused, await visit.read(shown_names)) from refused


def _back(visit: Visit, notice: str = "") -> Response:
    """To the page that the form was on."""
    to = visit.form.get("to", "/inbox")
    return visit.to(to if to.startswith(("/inbox", "/conversations/", "/tasks/")) else "/inbox", notice)


async def claim(visit: Visit) -> Response:
    taken = visit.form.get("from", "")
    await _do(visit, visit.house.desk.claim(visit.path["key"], visit.person, take_from=taken))
    return _back(visit, "It is yours.")


async def release(visit: Visit) -> Response:
    await _do(visit, visit.house.desk.release(visit.path["key"], visit.person))
    return _back(visit, "It is nobody’s now.")


async def assign(visit: Visit) -> Response:
    to, taken = visit.form.get("person", ""), visit.form.get("from", "")
    known = {person.name: person for person in await visit.read(people.everyone)}
    if to not in known or not _works(known[to]):
        raise Declined(422, "Choose a colleague who works on patients’ replies.")
    await _do(visit, visit.house.desk.assign(visit.path["key"], visit.person, to, take_from=taken))
    return _back(visit, f"{known[to].shown} has it now.")


def _works(person: Person) -> bool:
    return person.may(Right.WORK) and not person.disabled


def colleagues_of(everyone: list[Person], task: Waiting) -> list[Person]:
    """To whom it can be given: they work on replies and see its clinic."""
    return [person for person in everyone if _works(person) and task.clinic in person.scope]


async def snooze(visit: Visit) -> Response:
    until = snooze_until(visit.form.get("until", ""), visit.now)
    await _do(visit, visit.house.desk.snooze(visit.path["key"], visit.person, until))
    return visit.to(inbox_of(visit), "Put off. It comes back by itself, at once if the patient writes.")


async def undo(visit: Visit) -> Response:
    await _do(visit, visit.house.desk.undo(visit.form.get("key", ""), visit.person))
    return _back(visit, "Taken back. Nothing was sent and nothing was changed.")


# ---- a task that is about no conversation ----------------------------------------------------------------------------


async def task(visit: Visit) -> Response:
    typed = visit.query.get("patient", "").strip()[:200]

    def look(connection: Connection) -> tuple[list[Waiting], list[Person], Message | None, tuple[Hit, ...]]:
        return (
            queues.waiting(connection, visit.house.vault, [visit.path["key"]]),
            people.everyone(connection),
            said.of_task(connection, visit.house.vault, visit.path["key"]),
            patients_meant(connection, visit, typed) if typed else (),
        )

    found, everyone, text, meant = await visit.read(look)
    if not found or found[0].clinic not in visit.scope:
        raise NotHere
    talk = found[0].talk or (text.talk if text is not None else "")
    if talk:
        return visit.to(within(visit, f"/conversations/{talk}"))
    await visit.looked(f"task:{found[0].key}")
    if typed:
        await visit.note(Act(Did.SEARCHED, visit.page_asked.name, detail={"patient": typed}))
    return visit.page(
        "task.html",
        task=found[0],
        colleagues=colleagues_of(everyone, found[0]),
        names={each.name: each.shown for each in everyone},
        queue_names=QUEUE_NAMES,
        snoozes=SNOOZES,
        works=visit.may(Right.WORK) and not found[0].closed,
        text=None if found[0].closed else text,
        inbox=inbox_of(visit),
        here=within(visit, f"/tasks/{found[0].key}"),
        view=view_of(visit),
        typed=typed,
        meant=meant,
    )


async def attach(visit: Visit) -> Response:
    """A text from an unknown number is found to be of a talk's patient."""
    talk = visit.form.get("talk", "")
    await _do(visit, visit.house.desk.attach(visit.path["key"], talk, visit.person))
    return visit.to(within(visit, f"/conversations/{talk}"), "It stands with this patient now.")


async def settle(visit: Visit) -> Response:
    outcome = visit.form.get("outcome", "")
    if outcome not in ("called", "done", "no need"):
        raise Declined(422, "Choose what came of it.")
    note = visit.form.get("note", "").strip()[:600]
    await _do(visit, visit.house.desk.settle_loose(visit.path["key"], visit.person, outcome, note))
    return visit.to(inbox_of(visit), "Settled.")


PAGES = (
    Page("GET", "/inbox", Right.READ, inbox, bar="Inbox"),
    Page("GET", "/tasks/{key}", Right.READ, task),
    Page("POST", "/tasks/{key}/claim", Right.WORK, claim),
    Page("POST", "/tasks/{key}/release", Right.WORK, release),
    Page("POST", "/tasks/{key}/assign", Right.WORK, assign),
    Page("POST", "/tasks/{key}/snooze", Right.WORK, snooze),
    Page("POST", "/tasks/{key}/settle", Right.WORK, settle),
    Page("POST", "/tasks/{key}/attach", Right.WORK, attach),
    Page("POST", "/undo", Right.WORK, undo),
)
