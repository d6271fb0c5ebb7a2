"""Canned answers: what staff text again and again, for one click. A clinic's admin keeps them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web.console.visit import NotHere, Page, Visit
from conversations.people import Right
from conversations.schema import canned_answers, instant
from engine import wording
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
        return wording.segments(self.text).parts


_COLUMNS = (_c.id, _c.clinic, _c.language, _c.title, _c.text)


def canned_for(connection: Connection, clinic: str, language: str) -> list[Canned]:
    """Those of the clinic, and of all clinics, in the patient's language; then the English ones."""
    query = sa.select(*_COLUMNS).where(_c.clinic.in_((clinic, "")), _c.language.in_((language, "en")))
    found = [Canned(*row) for row in connection.execute(query.order_by(_c.title, _c.id))]
    return sorted(found, key=lambda each: (each.language != language, each.clinic == ""))


async def show_canned(visit: Visit) -> Response:
    return await _page(visit)


async def _page(visit: Visit, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    query = sa.select(*_COLUMNS).where(visit.scope.where(_c.clinic)).order_by(_c.clinic, _c.language, _c.title)
    held = await visit.read(lambda connection: [Canned(*row) for row in connection.execute(query)])
    languages = sorted({language for ruleset in visit.house.rulebook.in_force() for language in ruleset.languages} | {"en"})
    return visit.page(
        "canned.html",
        status,
        held=held,
        languages=[(code, language_name(code)) for code in languages],
        clinics=sorted(visit.scope.clinics) if visit.scope.clinics is not None else None,
        errors=errors or {},
        typed={name: visit.form.get(name, "") for name in _FIELDS},
        language_of=language_name,
        longest=_LONGEST,
    )


async def add_canned(visit: Visit) -> Response:
    form = {name: visit.form.get(name, "").strip() for name in _FIELDS}
    errors = {}
    if not form["title"] or len(form["title"]) > 80:
        errors["title"] = "Give it a short name, 80 characters at most."
    if not form["text"] or len(form["text"]) > _LONGEST:
        errors["text"] = f"Write the text, {_LONGEST} characters at most."
    if not form["language"]:
        errors["language"] = "Choose the language it is written in."
    of_all = not form["clinic"]
    if len(form["clinic"]) > 64 or form["clinic"] not in visit.scope or (of_all and visit.scope.clinics is not None):
        errors["clinic"] = "Choose one of your clinics."
    if errors:
        return await _page(visit, 422, errors)
    row = {**form, "id": secrets.token_hex(16), "changed_by": visit.person.name, "changed_at": instant(visit.now)}
    await visit.write(lambda connection: connection.execute(sa.insert(canned_answers).values(row)).rowcount)
    return visit.to("/canned", "It is there for everyone who answers.")


async def remove_canned(visit: Visit) -> Response:
    own = visit.scope.where(_c.clinic) if visit.scope.clinics is None else _c.clinic.in_(sorted(visit.scope.clinics))
    gone = sa.delete(canned_answers).where(_c.id == visit.path["id"], own)
    if not await visit.write(lambda connection: connection.execute(gone).rowcount):
        raise NotHere
    return visit.to("/canned", "It is gone.")


PAGES = (
    Page("GET", "/canned", Right.RULES, show_canned, bar="Canned answers"),
    Page("POST", "/canned", Right.RULES, add_canned),
    Page("POST", "/canned/{id}/remove", Right.RULES, remove_canned),
)
