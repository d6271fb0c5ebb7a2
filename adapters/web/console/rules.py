"""Rules from draft to force: what there is, every version and what differs, publishing, trials and rolling back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from starlette.responses import Response

from adapters.web.console.studio import difference
from adapters.web.console.visit import Declined, NotHere, Page, Visit
from conversations import rule_files, schema
from conversations.people import Right
from conversations.rule_record import Draft, RulesRefused, Version
from conversations.versions import Versions
from engine import likeness

_DRAFT = "draft"
_USUAL_SHARE = "10"  # of new conversations in a hundred, as the form has it until something else is written


async def show_all(visit: Visit) -> Response:
    """The rulesets: what is in force, on trial, being drafted, and how many open conversations keep which."""
    versions = visit.house.versions
    running = await visit.read(_running)
    files = await visit.read(rule_files.taken)
    listed = []
    for name in versions.names():
        current = versions.in_force(name)
        listed.append({
            "name": name, "current": current, "file": files.get(name),
            "draft": versions.draft(name), "trials": versions.trials(name),
            "running": sum(number for (ruleset, _), number in running.items() if ruleset == name),
            "older": sum(
                number for (ruleset, version), number in running.items()
                if ruleset == name and (current is None or version != current.version)
            ),
        })  # fmt: skip
    return visit.page("rules.html", listed=listed)


def _running(connection: sa.Connection) -> Mapping[tuple[str, str], int]:
    """How many open conversations each version has."""
    talk = schema.conversations.c
    query = (
        sa.select(talk.ruleset, talk.version, sa.func.count())
        .where(talk.closed.is_(sa.false()))
        .group_by(talk.ruleset, talk.version)
    )
    return {(name, version): number for name, version, number in connection.execute(query)}


async def show_versions(visit: Visit) -> Response:
    return await _versions(visit)


async def _versions(visit: Visit, said: RulesRefused | None = None, typed: Mapping[str, str] | None = None) -> Response:
    name, versions = visit.path["name"], visit.house.versions
    published = versions.published(name)
    draft = versions.draft(name)
    if not published and draft is None:
        raise NotHere("There is no ruleset of this name.")
    running, files = await visit.read(_running), await visit.read(rule_files.taken)
    file, current = files.get(name), next((each for each in published if each.in_force), None)
    problems = [] if said is None or said.loaded is None else [p for p in said.loaded.problems if p.severity == "error"]
    return visit.page(
        "versions.html",
        200 if said is None else 422,
        name=name,
        published=published,
        draft=draft,
        trials=versions.trials(name),
        previous=versions.previous(name),
        record=versions.record(name),
        running={version: number for (ruleset, version), number in running.items() if ruleset == name},
        clinics=await visit.read(_clinics),
        file=file,
        apart=file is not None and current is not None and rule_files.differs(versions.source(current.version), file),
        like=current.like if current is not None else likeness.like(draft.source) if draft is not None else "",
        stale=current is not None and current.like != "" and _stale(versions, current),
        second_person=versions.second_person,
        may=visit.may(Right.RULES),
        said="" if said is None else str(said),
        problems=problems,
        typed=typed or {},
        ticked=_ticked(visit),
        usual_share=_USUAL_SHARE,
    )


def _stale(versions: Versions, current: Version) -> bool:
    """Whether the shared rules that this version is on are not those in force."""
    shared = versions.in_force(current.like)
    return shared is not None and shared.version != current.shared


def _clinics(connection: sa.Connection) -> list[tuple[str, str]]:
    held = schema.appointments.c
    query = sa.select(held.clinic, sa.func.max(held.clinic_name)).where(held.clinic != "").group_by(held.clinic)
    return [(code, name) for code, name in connection.execute(query.order_by(held.clinic))]


async def show_difference(visit: Visit) -> Response:
    """What differs between any two versions, or a version and the draft."""
    name, versions = visit.path["name"], visit.house.versions
    one, other = visit.query.get("from", ""), visit.query.get("to", _DRAFT)
    draft = versions.draft(name)

    def source(version: str) -> str:
        if version == _DRAFT:
            return draft.source if draft is not None else ""
        return versions.source(version)

    try:
        lines = difference(source(one), source(other), one, other)
    except RulesRefused as refused:
        raise NotHere("There is no such version.") from refused
    named = [(each.version, f"{each.version[:8]}{', in force' if each.in_force else ''}") for each in versions.published(name)]
    known = named + ([(_DRAFT, "the draft")] if draft is not None else [])
    return visit.page("difference.html", name=name, one=one, other=other, lines=lines, known=known)


async def propose(visit: Visit) -> Response:
    return await _act(visit, lambda: visit.house.versions.propose(visit.path["name"], visit.person.name, _why(visit)),
                      "The draft is proposed: a colleague can publish it.")  # fmt: skip


def _ticked(visit: Visit) -> set[str]:
    """The clinics that a draft is to be tried in first."""
    return {each for name, each in visit.choices if name == "clinic"}


async def publish(visit: Visit) -> Response:
    clinics, where, share = sorted(_ticked(visit)), visit.form.get("where", "all"), visit.form.get("share", _USUAL_SHARE)
    mistake = ""
    if where == "clinics" and not clinics:
        mistake = "choose at least one clinic to try it in"
    elif where != "clinics" and clinics:  # whoever ticked some does not mean all
        mistake = "clinics are ticked: choose “of these clinics first”, or take the ticks away"
    elif where != "share" and share not in ("", _USUAL_SHARE):
        mistake = f"a share is filled in ({share} in a hundred): choose “of a share first”, or empty the field"
    elif where == "share" and not share.isdecimal():
        mistake = "a share is a whole number from 1 to 100"
    if mistake:
        return await _versions(visit, RulesRefused(mistake), visit.form)

    def act() -> object:
        return visit.house.versions.publish(
            visit.path["name"], visit.person.name, _why(visit), edition=_number(visit, "edition"),
            clinics=clinics if where == "clinics" else (), share=int(share) if where == "share" else 100,
        )  # fmt: skip

    said = "It is in force for conversations that begin from now on." if where == "all" else "The trial has begun."
    return await _act(visit, act, said)


async def roll_back(visit: Visit) -> Response:
    version = visit.form.get("version", "")
    return await _act(
        visit,
        lambda: visit.house.versions.roll_back(visit.path["name"], version, visit.person.name, _why(visit)),
        "The earlier version is in force again for conversations that begin from now on.",
    )


async def end_trial(visit: Visit) -> Response:
    trial = _number(visit, "trial")
    if visit.form.get("extend"):
        return await _act(
            visit, lambda: visit.house.versions.extend(trial, visit.person.name, _why(visit)),
            "It is in force for all conversations that begin from now on.",
        )  # fmt: skip
    return await _act(
        visit, lambda: visit.house.versions.end_trial(trial, visit.person.name, _why(visit)), "The trial has ended."
    )


async def give_up(visit: Visit) -> Response:
    return await _act(
        visit, lambda: visit.house.versions.give_up(visit.path["name"], visit.person.name, _why(visit)),
        "It is given up: new conversations begin with the shared rules.",
    )  # fmt: skip


async def discard(visit: Visit) -> Response:
    return await _act(
        visit, lambda: visit.house.versions.discard(visit.path["name"], visit.person.name), "The draft is put away."
    )


async def begin_from(visit: Visit) -> Response:
    """Make a draft of an earlier version."""
    name, version = visit.path["name"], visit.form.get("version", "")

    def act() -> Draft:
        held = visit.house.versions.draft(name)
        edition = held.edition if held is not None else 0
        return visit.house.versions.save(name, visit.house.versions.source(version), visit.person.name, edition)

    return await _act(visit, act, f"The draft holds the text of version {version} now.")


async def _act(visit: Visit, act: Any, said: str) -> Response:
    try:
        await asyncio.to_thread(act)
    except RulesRefused as refused:
        return await _versions(visit, refused, visit.form)
    return visit.to(f"/rules/{visit.path['name']}/versions", said)


def _why(visit: Visit) -> str:
    return visit.form.get("why", "")


def _number(visit: Visit, name: str) -> int:
    """Raises Declined."""
    given = visit.form.get(name, "")
    if not given.isdecimal():
        raise Declined(400, "The page is out of date: load it again.")
    return int(given)


PAGES = (
    Page("GET", "/rules", Right.READ_RULES, show_all, bar="Rules"),
    Page("GET", "/rules/{name}/versions", Right.READ_RULES, show_versions),
    Page("GET", "/rules/{name}/difference", Right.READ_RULES, show_difference),
    Page("POST", "/rules/{name}/propose", Right.RULES, propose),
    Page("POST", "/rules/{name}/publish", Right.RULES, publish),
    Page("POST", "/rules/{name}/roll-back", Right.RULES, roll_back),
    Page("POST", "/rules/{name}/trial", Right.RULES, end_trial),
    Page("POST", "/rules/{name}/give-up", Right.RULES, give_up),
    Page("POST", "/rules/{name}/discard", Right.RULES, discard),
    Page("POST", "/rules/{name}/begin-from", Right.RULES, begin_from),
)
