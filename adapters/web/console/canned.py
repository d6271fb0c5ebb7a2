"""Canned answers: what staff text again and again, for one click. A clinic's admin keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web.console.costs import cost_of
from adapters.web.console.visit import NotHere, Page, Visit
from conversations.people import Right
from conversations.schema import canned_answers, instant
from engine import sms
from engine.tongues import name as language_name

_LONGEST = 640
_FIELDS = ("clinic", "language", "title", "text")
_c = canned_answers.c


@dataclass(frozen=True, slots=True)
class Canned:
    """`clinic` is "" for all clinics."""

    id: str
    clinic: str
    language: str
    title: str
    text: str

    @property
    def parts(self) -> int:
        return sms.segments(self.text).parts


_COLUMNS = (_c.id, _c.clinic, _c.language, _c.title, _c.text)


def canned_for(connection: Connection, clinic: str, language: str) -> list[Canned]:
    """Those of the clinic, and of all clinics, in the patient's language; then the English ones."""
    query = sa.select(*_COLUMNS).where(_c.clinic.in_((clinic, "")), _c.language.in_((language, "en")))
    found = [Canned(*row) for row in connection.execute(query.order_by(_c.title, _c.id))]
    return sorted(found, key=lambda each: (each.language != language, each.clinic == ""))


async def show_canned(visit: Visit) -> Response:
    """`edit`: one that is to be changed, in the form below the list."""
    edited = next((each for each in await visit.read(_held, visit) if each.id == visit.query.get("edit", "")), None)
    if edited is None:
        return await _page(visit, dict.fromkeys(_FIELDS, ""))
    return await _page(visit, {name: getattr(edited, name) for name in _FIELDS}, edited=edited.id)


def _held(connection: Connection, visit: Visit) -> list[Canned]:
    query = sa.select(*_COLUMNS).where(visit.scope.where(_c.clinic)).order_by(_c.clinic, _c.language, _c.title)
    return [Canned(*row) for row in connection.execute(query)]


async def _page(
    visit: Visit, typed: Mapping[str, str], errors: Mapping[str, str] | None = None, *, edited: str = ""
) -> Response:
    languages = sorted({language for ruleset in visit.house.rulebook.in_force() for language in ruleset.languages} | {"en"})
    return visit.page(
        "canned.html",
        422 if errors else 200,
        held=await visit.read(_held, visit),
        languages=[(code, language_name(code)) for code in languages],
        clinics=sorted(visit.scope.clinics) if visit.scope.clinics is not None else None,
        errors=errors or {},
        typed=typed,
        edited=edited,
        language_of=language_name,
        longest=_LONGEST,
        **cost_of(visit, typed["text"]),
    )


def _read(visit: Visit) -> tuple[dict[str, str], dict[str, str]]:
    """What the form holds, and what is wrong with it."""
    form = {name: visit.form.get(name, "").strip() for name in _FIELDS}
    errors = {}
    if not form["title"] or len(form["title"]) > 80:
        errors["title"] = "Give it a short name, 80 characters at most."
    if not form["text"] or len(form["text"]) > _LONGEST:
        errors["text"] = f"Write the text, {_LONGEST} characters at most."
    if not form["language"] or len(form["language"]) > 8:
        errors["language"] = "Choose the language it is written in."
    of_all = not form["clinic"]
    if len(form["clinic"]) > 64 or form["clinic"] not in visit.scope or (of_all and visit.scope.clinics is not None):
        errors["clinic"] = "Choose one of your clinics."
    return form, errors


async def add_canned(visit: Visit) -> Response:
    form, errors = _read(visit)
    if errors:
        return await _page(visit, form, errors)
    row = {**form, "id": secrets.token_hex(16), **_changed(visit)}
    await visit.write(lambda connection: connection.execute(sa.insert(canned_answers).values(row)).rowcount)
    return visit.to("/canned", "It is there for everyone who answers.")


async def change_canned(visit: Visit) -> Response:
    form, errors = _read(visit)
    id = visit.path["id"]
    if errors:
        return await _page(visit, form, errors, edited=id)
    changed = sa.update(canned_answers).where(_c.id == id, _own(visit)).values(**form, **_changed(visit))
    if not await visit.write(lambda connection: connection.execute(changed).rowcount):
        raise NotHere
    return visit.to("/canned", "It is changed for everyone who answers.")


async def remove_canned(visit: Visit) -> Response:
    gone = sa.delete(canned_answers).where(_c.id == visit.path["id"], _own(visit))
    if not await visit.write(lambda connection: connection.execute(gone).rowcount):
        raise NotHere
    return visit.to("/canned", "It is gone.")


def _own(visit: Visit) -> sa.ColumnElement[bool]:
    """Those that this person may change: what is for all clinics is changed by who sees them all."""
    return sa.true() if visit.scope.clinics is None else _c.clinic.in_(sorted(visit.scope.clinics))


def _changed(visit: Visit) -> dict[str, Any]:
    return {"changed_by": visit.person.name, "changed_at": instant(visit.now)}


PAGES = (
    Page("GET", "/canned", Right.RULES, show_canned, bar="Canned answers"),
    Page("POST", "/canned", Right.RULES, add_canned),
    Page("POST", "/canned/{id}", Right.RULES, change_canned),
    Page("POST", "/canned/{id}/remove", Right.RULES, remove_canned),
)
