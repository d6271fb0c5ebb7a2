"""The people page: who there is, what each may do and see, and the ways in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from adapters.web.console.visit import NotHere, Page, Visit
from conversations import audit, people, schema
from conversations.audit import Act, Did
from conversations.people import Person, PersonUnfit, Right, Role, Scope

# What each role is for, in words.
ROLES = (
    (Role.SECRETARY, "Works the inbox: settles what patients ask, answers and texts them."),
    (Role.CLINIC_ADMIN, "A secretary who also changes wording and rules, and exports."),
    (Role.AUDITOR, "Reads all of it and who looked at what; changes nothing."),
    (Role.ADMINISTRATOR, "Looks after people and the service; sees no patients."),
)


async def show_people(visit: Visit) -> Response:
    everyone = await visit.read(people.everyone)
    return visit.page("people.html", everyone=everyone, now=visit.console.clock.now())


async def new_person(visit: Visit) -> Response:
    return await _form(visit, None, {}, {})


async def add_person(visit: Visit) -> Response:
    password = people.new_password()
    name, now, by, at = visit.form.get("name", ""), visit.console.clock.now(), visit.person, visit.now
    vault, route = visit.house.vault, visit.page_asked.name
    try:
        hashed = await _hash(visit, password, people.check_name(name))
        roles, scope = _roles(visit), _scope(visit)

        def job(connection: sa.Connection) -> Person:
            added = people.add(
                connection, name=name, shown=visit.form.get("shown", ""), roles=roles, scope=scope, password=hashed,
                one_time=True, at=now,
            )  # fmt: skip
            audit.note(connection, vault, by, Act(Did.ADDED, route, f"person:{added.id}", detail=_rights(added)), at)
            return added

        added = await visit.house.writer.run(job)
    except PersonUnfit as unfit:
        return await _form(visit, None, visit.form, {unfit.field: unfit.message}, 422)
    return visit.page("person_password.html", person=added, password=password, added=True)


async def show_person(visit: Visit) -> Response:
    return await _form(visit, await _asked(visit), {}, {})


async def change_person(visit: Visit) -> Response:
    person, now, by, at = await _asked(visit), visit.console.clock.now(), visit.person, visit.now
    vault, route = visit.house.vault, visit.page_asked.name
    try:
        roles, scope = _roles(visit), _scope(visit)

        def job(connection: sa.Connection) -> Person:
            shown = visit.form.get("shown", "")
            changed = people.change(connection, person.id, shown=shown, roles=roles, scope=scope, at=now)
            detail = {"before": _rights(person), "after": _rights(changed)}
            audit.note(connection, vault, by, Act(Did.CHANGED, route, f"person:{person.id}", detail=detail), at)
            return changed

        changed = await visit.write(job)
    except PersonUnfit as unfit:
        return await _form(visit, person, visit.form, {unfit.field: unfit.message}, 422)
    return visit.to("/people", f"{changed.shown} is changed; it holds from their next page on.")


async def disable_person(visit: Visit) -> Response:
    return await _set_disabled(visit, True)


async def enable_person(visit: Visit) -> Response:
    return await _set_disabled(visit, False)


async def _set_disabled(visit: Visit, disabled: bool) -> Response:
    person, now, by, at = await _asked(visit), visit.console.clock.now(), visit.person, visit.now
    vault, route = visit.house.vault, visit.page_asked.name

    def job(connection: sa.Connection) -> None:
        people.set_disabled(connection, person.id, disabled, now)
        did = Did.DISABLED if disabled else Did.ENABLED
        audit.note(connection, vault, by, Act(did, route, f"person:{person.id}"), at)

    try:
        await visit.write(job)
    except PersonUnfit as unfit:
        return await _form(visit, person, {}, {unfit.field: unfit.message}, 422)
    said = "is signed out everywhere and cannot come in" if disabled else "can sign in again"
    return visit.to("/people", f"{person.shown} {said}.")


async def reset_password(visit: Visit) -> Response:
    person, now, by, at = await _asked(visit), visit.console.clock.now(), visit.person, visit.now
    vault, route = visit.house.vault, visit.page_asked.name
    password = people.new_password()
    hashed = await _hash(visit, password, person.name)

    def job(connection: sa.Connection) -> None:
        people.set_password(connection, person.id, hashed, one_time=True, at=now)
        audit.note(connection, vault, by, Act(Did.PASSWORD, route, f"person:{person.id}"), at)

    await visit.write(job)
    return visit.page("person_password.html", person=person, password=password, added=False)


async def _asked(visit: Visit) -> Person:
    """Raises NotHere."""
    person = await visit.read(people.by_id, visit.path["id"])
    if person is None:
        raise NotHere("There is no such person.")
    return person


async def _form(
    visit: Visit, person: Person | None, typed: Mapping[str, str], errors: Mapping[str, str], status: int = 200
) -> Response:
    """The form of one person; `typed` is what came back with mistakes."""
    known = await visit.read(_clinics)
    roles = {Role(each) for name, each in visit.choices if name == "role" and each in set(Role)} if typed else set()
    chosen, all_clinics = (_named(visit), visit.form.get("scope", "all") == "all") if typed else (frozenset(), True)
    if not typed and person is not None:
        roles, chosen, all_clinics = set(person.roles), person.scope.clinics or frozenset(), person.scope.clinics is None
    shown = {
        "name": typed.get("name", "" if person is None else person.name),
        "shown": typed.get("shown", "" if person is None else person.shown),
        "roles": roles,
        "all_clinics": all_clinics,
        "clinics": chosen,
        "others": ", ".join(sorted(chosen - {code for code, _ in known})),
    }
    return visit.page("person.html", status, person=person, shown=shown, known=known, roles=ROLES, errors=errors)


def _clinics(connection: sa.Connection) -> Sequence[tuple[str, str]]:
    """Those that appointments are for: code and name."""
    held = schema.appointments.c
    query = sa.select(held.clinic, sa.func.max(held.clinic_name)).where(held.clinic != "").group_by(held.clinic)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(held.clinic))]


def _roles(visit: Visit) -> list[Role]:
    return [Role(each) for name, each in visit.choices if name == "role" and each in set(Role)]


def _scope(visit: Visit) -> Scope:
    """Raises PersonUnfit where clinics are named beside "all": whoever did so does not mean all."""
    named = _named(visit)
    if visit.form.get("scope", "all") != "all":
        return Scope(named)
    if named:
        raise PersonUnfit("clinics", "Clinics are named: choose “Only these”, or take the ticks away.")
    return Scope()


def _named(visit: Visit) -> frozenset[str]:
    """The clinics that are ticked or written."""
    written = {each.strip() for each in visit.form.get("others", "").split(",")}
    return frozenset(filter(None, {each for name, each in visit.choices if name == "clinic"} | written))


def _rights(person: Person) -> dict[str, Any]:
    scope = person.scope.clinics
    return {"roles": sorted(person.roles), "clinics": "all" if scope is None else sorted(scope)}


async def _hash(visit: Visit, password: str, name: str) -> str:
    async with visit.console.hashing:
        return await asyncio.to_thread(people.hash_password, password, name)


PAGES = (
    Page("GET", "/people", Right.PEOPLE, show_people, bar="People"),
    Page("GET", "/people/new", Right.PEOPLE, new_person, proven=True),
    Page("POST", "/people/new", Right.PEOPLE, add_person, proven=True),
    Page("GET", "/people/{id}", Right.PEOPLE, show_person, proven=True),
    Page("POST", "/people/{id}", Right.PEOPLE, change_person, proven=True),
    Page("POST", "/people/{id}/disable", Right.PEOPLE, disable_person, proven=True),
    Page("POST", "/people/{id}/enable", Right.PEOPLE, enable_person, proven=True),
    Page("POST", "/people/{id}/password", Right.PEOPLE, reset_password, proven=True),
)
