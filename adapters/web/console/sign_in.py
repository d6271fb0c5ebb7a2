"""Coming and going: sign-in, sign-out, the password again, a new password, and the stream of live events."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from starlette.responses import RedirectResponse, Response, StreamingResponse

from adapters.web.console.cookies import SESSION
from adapters.web.console.door import PASSWORD, PROVE, SIGN_IN, SIGNED_IN, own_path
from adapters.web.console.live import Counts
from adapters.web.console.visit import Declined, NotHere, Page, Visit
from conversations import audit, failures, people, schema, sessions
from conversations.audit import Act, Did
from conversations.people import Person, PersonUnfit, Right, SignInRefused
from conversations.service import CHANGED

_ENDING = timedelta(minutes=2)


async def _check(visit: Visit, name: str, password: str) -> tuple[Person, str]:
    """The person whose name and password these are, and the token of their session: of the one there was, anew, or of another
    one in its place. Raises SignInRefused, Declined."""
    console, now = visit.console, visit.console.clock.now()
    address = visit.request.client.host if visit.request.client is not None else ""
    vault, at = visit.house.vault, visit.now
    if wait := await visit.read(failures.wait, vault, address, now):
        minutes = math.ceil(wait / timedelta(minutes=1))
        raise Declined(429, f"Too many wrong passwords came from your address. Try again in {minutes} min.")
    hashed = await visit.read(people.password_hash, name)
    async with visit.console.hashing:
        right = await asyncio.to_thread(people.verify_password, hashed, password)

    def job(connection: sa.Connection) -> tuple[Person, str] | SignInRefused:
        found = people.sign_in(connection, name, right, now)
        detail = {"address": address}
        if isinstance(found, SignInRefused):
            # What cannot be a name may be a password, typed into the wrong field.
            known = people.by_name(connection, name)
            typed = known.name if known is not None else ""
            act = Act(Did.REFUSED, visit.page_asked.name, detail=detail)
            audit.note(connection, vault, None, act, at, typed=typed)
            failures.add(connection, vault, address, now)
            return found
        sessions.clear(connection, now, console.lasting)
        again = visit.session is not None and visit.session.person.id == found.id
        did = Did.PROVED if again else Did.SIGNED_IN
        audit.note(connection, vault, found, Act(did, visit.page_asked.name, detail=detail), at)
        if visit.session is not None and again:
            return found, sessions.renew(connection, visit.session, now)
        if visit.session is not None:
            sessions.end(connection, visit.session)
        return found, sessions.begin(connection, found.id, now)

    found = await visit.house.writer.run(job)
    if isinstance(found, SignInRefused):
        raise found
    return found


async def check_person(visit: Visit, name: str, password: str) -> Person:
    """The person whose name and password these are, with no session for it. Raises SignInRefused, Declined."""
    person, token = await _check(visit, name, password)

    def end(connection: sa.Connection) -> None:
        session = sessions.find(connection, token, visit.console.clock.now(), visit.console.lasting)
        if session is not None:
            sessions.end(connection, session)

    await visit.house.writer.run(end)
    return person


async def check_right(visit: Visit, right: Right) -> Person:
    """The person whose name and password the form holds, where they have this right. Raises Declined."""
    try:
        person = await check_person(visit, visit.form.get("name", ""), visit.form.get("password", ""))
    except SignInRefused as refused:
        raise Declined(401, refused.message) from refused
    if person.one_time:
        raise Declined(403, "Your password is one to be replaced: sign in to the console once and choose your own.")
    if not person.may(right):
        raise Declined(403, f"This is for people with the right “{right}”. An administrator can give it to you.")
    return person


def _with(visit: Visit, answer: Response, token: str) -> Response:
    visit.console.cookies.put(answer, SESSION, token)
    return answer


# ---- pages -----------------------------------------------------------------------------------------------------------


async def show_sign_in(visit: Visit) -> Response:
    to = own_path(visit.query.get("to", "/"))
    if visit.session is not None:
        return visit.to(to)
    return visit.page("sign_in.html", to=to, name="", error="")


async def sign_in(visit: Visit) -> Response:
    to, name = own_path(visit.form.get("to", "/")), visit.form.get("name", "")
    try:
        _, token = await _check(visit, name, visit.form.get("password", ""))
    except SignInRefused as refused:
        return visit.page("sign_in.html", 422, to=to, name=name, error=refused.message)
    return _with(visit, RedirectResponse(f"{SIGNED_IN}?to={quote(to)}", 303), token)


async def signed_in(visit: Visit) -> Response:
    """Reached with the new session, unless the browser did not keep it."""
    if visit.session is None:
        return visit.page("no_cookie.html", 403)
    return visit.to(own_path(visit.query.get("to", "/")))


async def home(visit: Visit) -> Response:
    """The first page that the person may see."""
    return visit.to(next((page.path for page in visit.bar), PASSWORD))


async def sign_out(visit: Visit) -> Response:
    session = visit.session
    assert session is not None
    await visit.house.writer.run(lambda connection: sessions.end(connection, session))
    await visit.note(Act(Did.SIGNED_OUT, visit.page_asked.name))
    answer = visit.to(SIGN_IN, "You are signed out.")
    visit.console.cookies.drop(answer, SESSION)
    return answer


async def stay(visit: Visit) -> Response:
    """The door has noted that the session is in use: pages that are open are told."""
    visit.house.bus.notify(CHANGED)
    return Response(status_code=204) if visit.wants_part else visit.to(own_path(visit.request.headers.get("referer", "/")))


async def show_prove(visit: Visit) -> Response:
    return visit.page("prove.html", to=own_path(visit.query.get("to", "/")), error="")


async def prove(visit: Visit) -> Response:
    to = own_path(visit.form.get("to", "/"))
    try:
        _, token = await _check(visit, visit.person.name, visit.form.get("password", ""))
    except SignInRefused as refused:
        return visit.page("prove.html", 422, to=to, error=refused.message)
    return _with(visit, visit.to(to), token)


async def show_password(visit: Visit) -> Response:
    return visit.page("password.html", errors={})


async def set_password(visit: Visit) -> Response:
    person = visit.person
    try:
        _, token = await _check(visit, person.name, visit.form.get("password", ""))
    except SignInRefused as refused:
        return visit.page("password.html", 422, errors={"password": refused.message})
    new = visit.form.get("new", "")
    try:
        if new == visit.form.get("password"):
            raise PersonUnfit("password", "The new password is the old one.")
        async with visit.console.hashing:
            hashed = await asyncio.to_thread(people.hash_password, new, person.name)
    except PersonUnfit as unfit:
        return _with(visit, visit.page("password.html", 422, errors={"new": unfit.message}), token)
    now, vault, at = visit.console.clock.now(), visit.house.vault, visit.now

    def job(connection: sa.Connection) -> str:
        people.set_password(connection, person.id, hashed, one_time=False, at=now)
        audit.note(connection, vault, person, Act(Did.PASSWORD, visit.page_asked.name, f"person:{person.id}"), at)
        return sessions.begin(connection, person.id, now)

    token = await visit.house.writer.run(job)
    return _with(visit, visit.to("/", "Your password is changed, and you are signed out everywhere else."), token)


# ---- live ------------------------------------------------------------------------------------------------------------


async def live(visit: Visit) -> Response:
    console, held = visit.console, visit.session
    assert held is not None
    talk = visit.query.get("talk", "")
    if talk and (not visit.may(Right.READ) or not await visit.read(_sees, visit, talk)):
        raise NotHere

    def standing() -> str:
        with console.house.database.reader() as connection:
            now = console.clock.now()
            session = sessions.standing(connection, held.id, now, console.lasting)
        if session is None:
            return "ended"
        return "ending" if session.ends_at - now <= _ENDING else "going on"

    async def session() -> str:
        return await asyncio.to_thread(standing)

    def counts(found: Counts) -> str:
        return console.templates.render("counts.html", counts=found)

    scope = visit.scope if visit.may(Right.READ) else people.Scope(frozenset())
    seen = visit.query.get("seen", "")
    events = console.live.events(
        scope,
        talk,
        session,
        counts,
        seen=int(seen) if seen.isdecimal() and len(seen) < 10 else None,
        listed=visit.query.get("list") == "tasks",
    )
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def _sees(connection: sa.Connection, visit: Visit, talk: str) -> Any:
    """Whether the conversation is one of this person's clinics."""
    talks, appointments = schema.conversations, schema.appointments
    query = sa.select(talks.c.id).join(appointments, appointments.c.id == talks.c.appointment_id).where(talks.c.id == talk)
    return connection.execute(query.where(visit.scope.where(appointments.c.clinic))).first()


PAGES = (
    Page("GET", "/", Right.OWN, home),
    Page("GET", SIGN_IN, Right.ANYONE, show_sign_in),
    Page("POST", SIGN_IN, Right.ANYONE, sign_in),
    Page("GET", SIGNED_IN, Right.ANYONE, signed_in),
    Page("POST", "/sign-out", Right.OWN, sign_out),
    Page("POST", "/stay", Right.OWN, stay),
    Page("GET", PROVE, Right.OWN, show_prove),
    Page("POST", PROVE, Right.OWN, prove),
    Page("GET", PASSWORD, Right.OWN, show_password),
    Page("POST", PASSWORD, Right.OWN, set_password),
    Page("GET", "/live", Right.OWN, live, by_itself=True),
)
