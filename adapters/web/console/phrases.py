"""What colleagues hold a reply to have meant: each proposal with what it would change, to be taken into the rules or
refused."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from starlette.responses import Response

from adapters.web.console.visit import Console, Declined, NotHere, Page, Visit
from conversations import schema
from conversations.histories import Period, replies
from conversations.people import Right
from conversations.places import proposal_place
from conversations.rule_record import RulesRefused
from conversations.schema import instant, moment
from engine.teach import Lesson, RefusedError, teach

_PAST = timedelta(days=90)
_LISTED = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    key: str
    clinic: str
    ruleset: str
    language: str
    text: str
    note: str
    read_as: str
    wanted: str
    by: str
    at: datetime


async def show(visit: Visit) -> Response:
    found = await visit.read(_open, visit)
    if found:
        await visit.looked("proposals")
    return visit.page("phrases.html", proposals=found, may=visit.may(Right.RULES))


def _open(connection: sa.Connection, visit: Visit, key: str = "") -> list[Proposal]:
    table = schema.proposals
    query = (
        sa.select(table, schema.patients.c.wrapped_key)
        .join(schema.patients, schema.patients.c.id == table.c.patient_id)
        .where(table.c.status == "open", visit.scope.where(table.c.clinic), schema.patients.c.wrapped_key.is_not(None))
        .order_by(table.c.proposed_at)
        .limit(_LISTED)
    )
    rows = connection.execute(query.where(table.c.key == key) if key else query).all()
    found = []
    for row in rows:
        said = orjson.loads(visit.house.vault.open(row.wrapped_key, proposal_place(row.key), row.sealed))
        found.append(
            Proposal(
                row.key,
                row.clinic,
                row.ruleset,
                row.language,
                said["text"],
                said.get("note", ""),
                row.read_as,
                row.wanted,
                row.proposed_by,
                moment(row.proposed_at),
            )
        )
    return found


async def consider(visit: Visit) -> Response:
    """What taking the proposal would change: past replies, other texts that the rules know, and what speaks against it."""
    proposal = await _asked(visit)
    outcome = await asyncio.to_thread(_tried, visit, proposal, proposal.text, proposal.wanted)
    return visit.page("phrase.html", proposal=proposal, text=proposal.text, wanted=proposal.wanted, **outcome)


async def settle(visit: Visit) -> Response:
    """Take it, as it is or edited, into the draft; look at an edited one first; or refuse it."""
    proposal = await _asked(visit)
    text, wanted = visit.form.get("text", proposal.text), visit.form.get("wanted", proposal.wanted)
    act = visit.form.get("act", "")
    if act == "refuse":
        await _close(visit, proposal, "declined")
        return visit.to("/phrases", "The proposal is refused.")
    outcome = await asyncio.to_thread(_tried, visit, proposal, text, wanted)
    lesson: Lesson | None = outcome["lesson"]
    if act != "take" or lesson is None:
        return visit.page("phrase.html", 200 if act != "take" else 422, proposal=proposal, text=text, wanted=wanted, **outcome)
    held = visit.house.versions.draft(proposal.ruleset)
    edition = held.edition if held is not None else 0
    try:
        await asyncio.to_thread(visit.house.versions.save, proposal.ruleset, lesson.text, visit.person.name, edition)
    except RulesRefused as refused:
        raise Declined(409, str(refused)) from refused
    await _close(visit, proposal, "taken")
    return visit.to("/phrases", f"It stands in the draft of {proposal.ruleset}; publish it when you are ready.")


def _tried(visit: Visit, proposal: Proposal, text: str, wanted: str) -> dict[str, Any]:
    source = _source(visit.console, proposal.ruleset)
    now = visit.now
    loaded = visit.house.versions.check(source, proposal.ruleset)
    shared = loaded.ruleset.service if loaded.ruleset is not None else ""
    period = Period(proposal.ruleset, now - _PAST, now + timedelta(seconds=1), visit.scope.clinics, shared)
    with visit.house.database.reader() as connection:
        past = list(replies(connection, visit.house.vault, period))
    intents = [(name, name) for name in loaded.ruleset.intents] if loaded.ruleset is not None else []
    language = proposal.language if loaded.ruleset is not None and proposal.language in loaded.ruleset.languages else ""
    try:
        lesson = teach(source, text, wanted, language, proposal.ruleset, past, visit.house.versions.shelf())
    except RefusedError as refused:
        problems = [f"{each.file.removesuffix('.yaml')}, line {each.line}: {each.message}" for each in refused.problems]
        return {"lesson": None, "refused": str(refused), "problems": problems, "intents": intents, "past": 0, "others": []}
    changed = {(each.known.text, each.known.language) for each in lesson.changes if each.known.where == "past reply"}
    same = sum((each.text, each.language) in changed or each.text == text for each in past)
    others = [each for each in lesson.changes if each.known.text != text]
    return {"lesson": lesson, "refused": "", "problems": [], "intents": intents, "past": same, "others": others}


def _source(console: Console, name: str) -> str:
    """The text that a lesson would go into: the draft, or what is in force. Raises NotHere."""
    versions = console.house.versions
    draft, current = versions.draft(name), versions.in_force(name)
    if draft is not None:
        return draft.source
    if current is None:
        raise NotHere("The rules of this proposal are not in force any more.")
    return versions.source(current.version)


async def _asked(visit: Visit) -> Proposal:
    found = await visit.read(_open, visit, visit.path["key"])
    if not found:
        raise NotHere("This proposal is settled, or not for you to see.")
    await visit.looked(f"proposal:{found[0].key}", clinic=found[0].clinic)
    return found[0]


async def _close(visit: Visit, proposal: Proposal, status: str) -> None:
    table, by, at = schema.proposals, visit.person.name, instant(visit.now)
    asked = sa.update(table).where(table.c.key == proposal.key, table.c.status == "open")
    change = asked.values(status=status, settled_by=by, settled_at=at)
    await visit.write(lambda connection: connection.execute(change).rowcount)


PAGES = (
    Page("GET", "/phrases", Right.READ_RULES, show, bar="Phrases"),
    Page("GET", "/phrases/{key}", Right.RULES, consider),
    Page("POST", "/phrases/{key}", Right.RULES, settle),
)
