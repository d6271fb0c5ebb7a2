"""The door of the console: who comes, whether they may, and whether what they ask came from a page of ours.

Every page goes through `guarded`, and there is no other way to one. Unsafe requests must come from our own origin, by the
browser's own word (Origin, Sec-Fetch-Site), and carry the session's token besides.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from urllib.parse import parse_qsl, quote, urlsplit

import sqlalchemy as sa
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from adapters.web.console.cookies import SESSION
from adapters.web.console.visit import Console, Declined, Page, Visit
from adapters.web.hooks import BodyTooLarge, read_body
from conversations import sessions
from conversations.audit import Act, Did
from conversations.people import Person, Right
from conversations.sessions import Session
from conversations.writer import StoreAway

_log = logging.getLogger("freagra.adapters")

CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
LIVE_HEADER = "x-freagra-live"  # our script sets it on what it fetches by itself, which keeps no session alive
SIGN_IN, SIGNED_IN, PASSWORD, PROVE = "/sign-in", "/signed-in", "/password", "/sign-in-again"
# Where someone may go whose password has to be replaced first.
_BEFORE_PASSWORD = frozenset({PASSWORD, "/sign-out", "/stay", "/live"})
_MOST_FIELDS = 2_000
_NUL = "\0"  # which nobody can type and PostgreSQL cannot hold
_NO_TEXT = "There is a character in this that is no text."


def guarded(console: Console, page: Page) -> Route:
    async def answer(request: Request) -> Response:
        visit = Visit(console, request, page, None)
        try:
            visit = Visit(console, request, page, await session_of(console, request))
            return await _admit(visit)
        except Declined as declined:
            return error_page(visit, declined.status, declined.message)
        except StoreAway:
            answer = error_page(visit, 503, "Nothing was changed: the store does not answer as it should. Try again shortly.")
            answer.headers["Retry-After"] = "5"
            return answer

    return Route(page.path, answer, methods=[page.method], name=page.name)


async def _admit(visit: Visit) -> Response:
    page, request = visit.page_asked, visit.request
    if _NUL in "".join([*request.query_params.values(), *map(str, request.path_params.values())]):
        raise Declined(400, _NO_TEXT)
    unsafe = page.method not in ("GET", "HEAD")
    if unsafe and not from_own_page(request):
        _log.warning("%s was asked for from another site's page", page.name)
        raise Declined(403, "This can be done from the console's own pages only.")
    if page.right is not Right.ANYONE:
        if visit.session is None:
            return await _unknown(visit)
        if visit.person.one_time and page.path not in _BEFORE_PASSWORD:
            return _go(visit, PASSWORD)
        if not visit.may(page.right):
            await visit.note(Act(Did.DENIED, page.name))
            raise Declined(403, f"This is for people with the right “{page.right}”. An administrator can give it to you.")
    if unsafe:
        visit = await _with_form(visit)
        if visit.session is not None and not _token_fits(visit):
            raise Declined(403, "The page was older than your session. Nothing was done: load it again and repeat.")
    if page.proven and visit.console.arrive is None and not _proven(visit):
        back = str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
        return _go(visit, f"{PROVE}?to={quote(back if not unsafe else own_path(request.headers.get('referer', '')))}")
    if visit.session is not None and not page.by_itself:
        await _touch(visit.console, visit.session, request)
    return await page.handle(visit)


async def session_of(console: Console, request: Request) -> Session | None:
    """Raises StoreAway."""
    token = console.cookies.read(request, SESSION)

    def find() -> Session | None:
        with console.house.database.reader() as connection:
            return sessions.find(connection, token, console.clock.now(), console.lasting)

    try:
        return await asyncio.to_thread(find) if token else None
    except sa.exc.OperationalError as fault:
        raise StoreAway(f"cannot be read: {fault.orig}") from fault


def _proven(visit: Visit) -> bool:
    return visit.session is not None and visit.session.proven(visit.console.clock.now())


async def _touch(console: Console, session: Session, request: Request) -> None:
    now = console.clock.now()
    if session.stale(now) and LIVE_HEADER not in request.headers:
        await console.house.writer.run(lambda connection: sessions.touch(connection, session, now))


async def _unknown(visit: Visit) -> Response:
    """Nobody is signed in."""
    request, console = visit.request, visit.console
    if visit.page_asked.method == "GET":
        arrived = None if console.arrive is None or visit.wants_part else await console.arrive(request)
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if arrived is not None:
            return await let_in(console, arrived, RedirectResponse(f"{SIGNED_IN}?to={quote(own_path(here))}", 303))
        if not visit.wants_part and request.headers.get("accept", "").find("text/event-stream") < 0:
            return RedirectResponse(f"{SIGN_IN}?to={quote(own_path(here))}", 303)
    raise Declined(401, "You are not signed in any more. Nothing was done: sign in and repeat.")


async def let_in(console: Console, person: Person, answer: Response) -> Response:
    """Begin a session, whose token goes with the answer. Raises StoreAway."""
    now = console.clock.now()
    token = await console.house.writer.run(lambda connection: sessions.begin(connection, person.id, now))
    console.cookies.put(answer, SESSION, token)
    return answer


def from_own_page(request: Request) -> bool:
    """By the word of the browser. One that gives none, as no browser does on a POST, is not believed."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None:
        return bool(urlsplit(origin).netloc) and urlsplit(origin).netloc == request.headers.get("host", "")
    return site is not None


def own_path(address: str) -> str:
    """The path and query of an address, for going back to; "/" for what is no path of ours."""
    parts = urlsplit(address)
    if not parts.path.startswith("/") or parts.path.startswith(("//", "/\\")) or "\\" in parts.path:
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")


async def _with_form(visit: Visit) -> Visit:
    """The same visit with the fields of its form. Raises Declined."""
    try:
        body = await read_body(visit.request, visit.page_asked.largest)
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except BodyTooLarge as fault:
        raise Declined(413, "That is too much at once.") from fault
    except ClientDisconnect as fault:
        raise Declined(400, "The connection ended before the form did.") from fault
    except ValueError as fault:
        raise Declined(400, "That is no form.") from fault
    if any(_NUL in value for _, value in fields):
        raise Declined(400, _NO_TEXT)
    return Visit(visit.console, visit.request, visit.page_asked, visit.session, dict(fields), tuple(fields))


def _token_fits(visit: Visit) -> bool:
    given = visit.request.headers.get(CSRF_HEADER) or visit.form.get(CSRF_FIELD, "")
    return hmac.compare_digest(given.encode(), visit.csrf.encode())


def _go(visit: Visit, address: str) -> Response:
    """To another page, the whole of it, also where htmx asked for a part."""
    if visit.wants_part:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


_TITLES = {
    401: "Signed out", 403: "Not for you", 404: "Not here", 409: "Someone was quicker", 410: "Erased", 429: "Too often",
    503: "Not now",
}  # fmt: skip


def error_page(visit: Visit, status: int, message: str) -> Response:
    """As a page, or for htmx as one line that the page shows in its alert region."""
    says = {"X-Freagra-Says": quote(message, safe=" ,.:;!?'()/-")}
    if visit.wants_part:
        return Response(message, status, media_type="text/plain", headers=says)
    return visit.page("error.html", status, title=_TITLES.get(status, "That did not work"), message=message)


