"""What each clinic and each type of appointment gets: which rules, as the house would choose them now, what of them is the
clinic's own, hours, sender and canned answers. Rules of its own begin here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

import sqlalchemy as sa
from starlette.responses import Response

from adapters.web.console.visit import Declined, NotHere, Page, Visit
from conversations import schema
from conversations.people import Right
from conversations.rule_record import RulesRefused
from engine.appointment import Appointment, AppointmentStatus
from engine.likeness import Difference, differences
from engine.ruleset import Ruleset, WeekHours

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Use:
    """Of one clinic and type: the rules that an appointment still to come gets, and those after the visit."""

    clinic: str
    name: str
    type: str
    before: tuple[Ruleset, ...]
    after: tuple[Ruleset, ...]

    @property
    def rulesets(self) -> tuple[Ruleset, ...]:
        return tuple({each.version: each for each in (*self.before, *self.after)}.values())


@dataclass(frozen=True, slots=True)
class Held:
    """One ruleset of a clinic, with what of it is its own."""

    ruleset: Ruleset
    types: tuple[str, ...]
    sending: str
    staffed: str
    own: tuple[Difference, ...]


async def show(visit: Visit) -> Response:
    uses, canned = await visit.read(_uses, visit), await visit.read(_canned)
    gateway = visit.house.gateway
    return visit.page(
        "clinics.html",
        uses=uses,
        trials=visit.house.versions.trials(),
        canned=canned,
        sender={use.clinic: gateway.sender(use.clinic) for use in uses},
        hours={ruleset.version: spoken(ruleset.hours.sending) for use in uses for ruleset in use.rulesets},
    )


async def show_one(visit: Visit) -> Response:
    return await _one(visit)


async def _one(visit: Visit, said: str = "") -> Response:
    clinic = visit.path["clinic"]
    uses = [use for use in await visit.read(_uses, visit) if use.clinic == clinic]
    if not uses:
        raise NotHere("There is no clinic of this code that you can see.")
    rulesets = {each.version: each for use in uses for each in use.rulesets}
    held = [_held(ruleset, uses) for ruleset in rulesets.values()]
    drafts = [name for name in visit.house.versions.names() if name.endswith(_suffix(clinic))]
    return visit.page(
        "clinic.html",
        422 if said else 200,
        clinic=clinic,
        name=next((use.name for use in uses if use.name), clinic),
        held=held,
        trials=visit.house.versions.trials(),
        canned=await visit.read(_canned),
        sender=visit.house.gateway.sender(clinic),
        shared=[each.ruleset.name for each in held if each.ruleset.shared is None],
        drafts=[name for name in drafts if visit.house.versions.draft(name) is not None],
        may=visit.may(Right.RULES),
        said=said,
    )


def _held(ruleset: Ruleset, uses: Iterable[Use]) -> Held:
    types = tuple(use.type or "any" for use in uses if ruleset in use.rulesets)
    own = tuple(differences(ruleset.source, ruleset.shared)) if ruleset.shared is not None else ()
    return Held(ruleset, types, spoken(ruleset.hours.sending), spoken(ruleset.hours.staffed), own)


async def begin(visit: Visit) -> Response:
    """A draft of rules of the clinic's own, which say nothing yet but whose they are."""
    clinic, shared = visit.path["clinic"], visit.form.get("shared", "")
    uses = [use for use in await visit.read(_uses, visit) if use.clinic == clinic]
    if not uses:
        raise NotHere("There is no clinic of this code that you can see.")
    versions = visit.house.versions
    if shared not in versions.shelf():
        raise Declined(400, "The page is out of date: load it again.")
    name = f"{shared}{_suffix(clinic)}"
    known = next((use.name for use in uses if use.name), clinic)
    source = (
        f"format: 1\nruleset: {name}\nlike: {shared}\nsummary: What is different for {_plain(known)}.\n"
        f'applies_to: {{clinics: ["{clinic}"]}}\n'
    )
    try:
        if versions.draft(name) is None and versions.in_force(name) is None:
            await asyncio.to_thread(versions.save, name, source, visit.person.name)
    except RulesRefused as refused:
        return await _one(visit, str(refused))
    return visit.to(f"/rules/{name}", "Change a value under Form, or write it here; what you do not write stays shared.")


def _suffix(clinic: str) -> str:
    return "-" + (re.sub(r"[^a-z0-9]+", "-", clinic.casefold()).strip("-") or "clinic")


def _plain(name: str) -> str:
    """A name that needs no quotes in YAML."""
    return " ".join(re.sub(r"[^\w .'-]", " ", name).split())


def spoken(week: WeekHours) -> str:
    """Opening hours for a person: Mon–Fri 09:00–17:00, Sat 10:00–12:00."""
    parts = []
    number = 0
    for spans, days in groupby(week.days):
        count = len(list(days))
        last = number + count - 1
        named = _DAYS[number] if count == 1 else f"{_DAYS[number]}–{_DAYS[last]}"
        number += count
        if spans:
            opened = " and ".join(f"{a:%H:%M}–{'24:00' if b.second else format(b, '%H:%M')}" for a, b in spans)
            parts.append(f"{named} {opened}")
    return ", ".join(parts)


def _uses(connection: sa.Connection, visit: Visit) -> list[Use]:
    held = schema.appointments.c
    query = (
        sa.select(held.clinic, sa.func.max(held.clinic_name), held.type)
        .where(visit.scope.where(held.clinic), held.clinic != "")
        .group_by(held.clinic, held.type)
        .order_by(held.clinic, held.type)
    )
    book = visit.house.rulebook
    start = visit.now + timedelta(days=10)

    def chosen(clinic: str, type: str, *statuses: AppointmentStatus) -> tuple[Ruleset, ...]:
        made = (Appointment("", 1, start, status, clinic, "", "", "", type, "", "") for status in statuses)
        found = (ruleset for each in made for ruleset in book.applying(each, tried=False))
        return tuple({ruleset.name: ruleset for ruleset in found}.values())

    return [
        Use(
            clinic,
            name,
            type,
            chosen(clinic, type, AppointmentStatus.BOOKED),
            chosen(clinic, type, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW),
        )
        for clinic, name, type in connection.execute(query)
    ]


def _canned(connection: sa.Connection) -> Mapping[str, int]:
    """How many canned answers each clinic has of its own; "" is for all clinics."""
    held = schema.canned_answers.c
    query = sa.select(held.clinic, sa.func.count()).group_by(held.clinic)
    return {row[0]: row[1] for row in connection.execute(query)}


PAGES = (
    Page("GET", "/clinics", Right.READ_RULES, show, bar="Clinics"),
    Page("GET", "/clinics/{clinic}", Right.READ_RULES, show_one),
    Page("POST", "/clinics/{clinic}/own-rules", Right.RULES, begin),
)
