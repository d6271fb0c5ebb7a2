"""Who gets in, and what a request has to bring along: sign-in, lock-out, sessions, rights, forms from elsewhere, headers."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from adapters.web.console.pages import PAGES
from adapters.web.console.visit import Page
from conversations import schema
from conversations.failures import MOST_FROM_ADDRESS
from conversations.people import MOST_FAILURES, RIGHTS, Right, Role
from tests import stores
from tests.adapters.web.console.office import PASSWORD, Office, plain


def filled(page: Page) -> str:
    """Its path with something in place of each {name}."""
    return re.sub(r"\{[^}]+\}", "1", page.path)


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_and_comes_back(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.visitor()
    answer = visitor.get("/people?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=/people%3Fx%3D1")
    visitor.get(answer.headers["location"])
    answer = visitor.post("/sign-in", {"name": "Maura ", "password": PASSWORD, "to": "/people?x=1"})
    assert answer.headers["location"] == "/signed-in?to=/people%3Fx%3D1"
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-freagra=")
    assert all(word in cookie for word in ("secure", "httponly", "samesite=lax", "path=/"))
    assert "domain" not in cookie
    assert visitor.get(answer.headers["location"]).headers["location"] == "/people?x=1"
    assert visitor.get("/people?x=1").status_code == 200


def test_every_sign_in_begins_a_new_session_and_sign_out_ends_it(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    first = visitor.token
    visitor.post("/sign-in-again", {"password": PASSWORD, "to": "/people"})
    assert visitor.token != first
    second = visitor.token
    visitor.get("/password")
    assert visitor.post("/sign-out").headers["location"] == "/sign-in"
    for token in (first, second):
        visitor.cookies = {"__Host-freagra": token}
        assert visitor.get("/people").headers["location"].startswith("/sign-in")
    assert office.do(lambda clinic: clinic.rows(sa.select(schema.sessions))) == []


def test_the_store_holds_neither_password_nor_session(office: Office) -> None:
    office.employ("maura")
    visitor = office.signed_in("maura")

    def everything(clinic) -> str:  # type: ignore[no-untyped-def]
        tables = (schema.people, schema.sessions, schema.audit)
        return "".join(str([tuple(row) for row in clinic.rows(sa.select(table))]) for table in tables)

    held = office.do(everything)
    assert "argon2id" in held
    assert visitor.token not in held
    assert PASSWORD not in held


def test_a_session_ends_when_it_lies_idle_and_when_it_is_old(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    office.wall.move(timedelta(minutes=14))
    assert visitor.get("/people").status_code == 200
    office.wall.move(timedelta(minutes=14))
    assert visitor.get("/people").status_code == 200
    assert visitor.get("/people", x_freagra_live="1").status_code == 200
    office.wall.move(timedelta(minutes=15))
    assert visitor.get("/people").status_code == 303
    visitor = office.signed_in("maura")
    for _ in range(12 * 6 - 1):
        office.wall.move(timedelta(minutes=10))
        assert visitor.get("/people").status_code == 200
    office.wall.move(timedelta(minutes=10))
    assert visitor.get("/people").status_code == 303


def test_what_a_page_fetches_by_itself_keeps_no_session_alive(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    for _ in range(2):
        office.wall.move(timedelta(minutes=7))
        assert visitor.get("/people", x_freagra_live="1").status_code == 200
    office.wall.move(timedelta(minutes=2))
    assert visitor.get("/people").status_code == 303


def test_five_wrong_passwords_lock_the_account_also_for_the_right_one(office: Office) -> None:
    office.employ("maura")
    visitor = office.visitor()
    for _ in range(MOST_FAILURES):
        answer = visitor.sign_in("maura", "wrong wrong wrong wrong")
        assert answer.status_code == 422
        assert "do not fit" in plain(answer.text)
    assert visitor.sign_in("maura").status_code == 422
    office.wall.move(timedelta(minutes=14))
    assert visitor.sign_in("maura").status_code == 422
    office.wall.move(timedelta(minutes=1))
    assert visitor.sign_in("maura").status_code == 303


def test_it_does_not_tell_which_names_there_are(office: Office) -> None:
    office.employ("maura")
    answers = [office.visitor().sign_in(name, "wrong wrong wrong wrong") for name in ("maura", "nobody")]
    first, second = (re.sub(r'value="(maura|nobody)"', "", answer.text) for answer in answers)
    assert first == second
    assert answers[0].status_code == answers[1].status_code


def test_an_address_that_tries_many_accounts_has_to_wait(office: Office) -> None:
    office.employ("maura")
    visitor = office.visitor()
    for number in range(MOST_FROM_ADDRESS):
        visitor.sign_in(f"guess{number}", "wrong wrong wrong wrong")
    answer = visitor.sign_in("maura")
    assert answer.status_code == 429
    assert "Try again in 15 min" in plain(answer.text)
    office.wall.move(timedelta(minutes=15))
    assert visitor.sign_in("maura").status_code == 303


def test_all_web_processes_count_an_address_together(office: Office) -> None:
    office.employ("maura")
    with office.another() as other:
        for number in range(MOST_FROM_ADDRESS):
            (office.visitor() if number % 2 else other).sign_in(f"guess{number}", "wrong wrong wrong wrong")
        assert other.sign_in("maura").status_code == 429
        assert office.visitor().sign_in("maura").status_code == 429
        office.wall.move(timedelta(minutes=15))
        assert other.sign_in("maura").status_code == 303


def test_what_is_open_goes_on_when_the_password_is_given_again(office: Office) -> None:
    office.employ("aine", Role.CLINIC_ADMIN)
    visitor = office.signed_in("aine")
    visitor.get("/canned")
    form = {"csrf": visitor.csrf, "title": "Parking", "text": "At the gate.", "language": "en", "clinic": ""}
    before = visitor.token
    with visitor.listen() as events:
        assert next(events) == ("session", "going on")
        office.wall.move(timedelta(minutes=6))
        assert visitor.get("/messages/export").headers["location"].startswith("/sign-in-again")
        visitor.get("/sign-in-again")
        assert visitor.post("/sign-in-again", {"password": PASSWORD, "to": "/messages/export"}).status_code == 303
        assert visitor.token != before
        assert visitor.get("/messages/export").status_code == 200
        assert visitor.post("/canned", form).status_code == 303  # from a page of before
        office.do(lambda clinic: clinic.hear("+353860000000", "who is this"))
        heard = list(itertools.takewhile(lambda event: event[0] != "tasks", events))
        assert ("session", "ended") not in heard
    old = office.visitor()
    old.cookies = {name: before if value == visitor.token else value for name, value in visitor.cookies.items()}
    assert old.get("/messages").headers["location"].startswith("/sign-in")


def test_a_one_time_password_opens_nothing_but_the_way_to_an_own_one(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR, one_time=True)
    visitor = office.signed_in("maura")
    assert visitor.get("/people").headers["location"] == "/password"
    short = visitor.post("/password", {"password": PASSWORD, "new": "too short"})
    assert short.status_code == 422
    assert "from 15 to 256 characters" in plain(short.text)
    visitor.get("/password")
    new = "a password of   her own, 🙂"
    assert visitor.post("/password", {"password": PASSWORD, "new": new}).headers["location"] == "/"
    assert visitor.get("/people").status_code == 200
    assert office.visitor().sign_in("maura").status_code == 422
    assert office.visitor().sign_in("maura", new).status_code == 303


@pytest.mark.parametrize("headers", [
    {"origin": "https://elsewhere.example", "sec_fetch_site": ""},
    {"origin": "null", "sec_fetch_site": ""},
    {"origin": "", "sec_fetch_site": ""},
    {"origin": "", "sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
])  # fmt: skip
def test_what_another_sites_page_sends_is_not_done(office: Office, headers: dict[str, str]) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    for page in (each for each in PAGES if each.method == "POST"):
        given = {name: headers.get(name, office.url if name == "origin" else "") for name in ("origin", "sec_fetch_site")}
        given = {"sec-fetch-site": given["sec_fetch_site"], "origin": given["origin"]}
        answer = visitor.post(filled(page), **given)
        assert answer.status_code == 403, page.name
    assert visitor.get("/people").status_code == 200


def test_a_form_without_its_token_is_not_taken(office: Office) -> None:
    office.employ("maura", *Role)
    other = office.signed_in("maura")
    visitor = office.signed_in("maura")
    for page in (each for each in PAGES if each.method == "POST" and each.right is not Right.ANYONE):
        for token in ("", "0" * 64, other.csrf):
            answer = visitor.post(filled(page), {"csrf": token})
            assert answer.status_code == 403, page.name
            assert "older than your session" in answer.text
    assert visitor.get("/people").status_code == 200


@pytest.mark.parametrize("role", list(Role))
def test_every_page_opens_to_its_right_and_to_no_other(office: Office, role: Role) -> None:
    office.employ("maura", role)
    visitor = office.signed_in("maura")
    rights = RIGHTS[role] | {Right.ANYONE, Right.OWN}
    leaves = {"/sign-out", "/sign-in", "/live", "/password", "/sign-in-again"}
    for page in (each for each in PAGES if each.path not in leaves):
        path = filled(page)
        answer = visitor.get(path) if page.method == "GET" else visitor.post(path)
        assert (answer.status_code == 403) == (page.right not in rights), (page.name, answer.status_code)
    denied = office.do(lambda clinic: clinic.scalar(
        sa.select(sa.func.count()).select_from(schema.audit).where(schema.audit.c.did == "was denied")
    ))  # fmt: skip
    assert denied == sum(page.right not in rights for page in PAGES if page.path not in leaves)


def test_without_a_session_no_page_shows_or_does_anything(office: Office) -> None:
    visitor = office.visitor()
    for page in (each for each in PAGES if each.right is not Right.ANYONE):
        path = filled(page)
        accept = "text/event-stream" if path == "/live" else "text/html"
        answer = visitor.get(path, accept=accept) if page.method == "GET" else visitor.post(path)
        assert answer.status_code == (401 if page.method == "POST" or path == "/live" else 303), page.name


def test_every_answer_carries_the_headers_that_browsers_heed(office: Office) -> None:
    office.employ("maura", *Role)
    visitor = office.signed_in("maura")
    asset = re.findall(r'"(/assets/[^"]+)"', visitor.get("/people").text)[0]
    for path in ["/nothing", asset, *(filled(page) for page in PAGES if page.method == "GET" and page.path != "/live")]:
        headers = visitor.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'"), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert ("immutable" in headers["cache-control"]) == path.startswith("/assets/")
        assert path.startswith("/assets/") or headers["cache-control"] == "no-store"


def test_no_page_has_a_script_or_style_of_its_own_or_asks_anyone_else(office: Office) -> None:
    office.employ("maura", *Role)
    visitor = office.signed_in("maura")
    for page in (each for each in PAGES if each.method == "GET" and each.path != "/live"):
        html = visitor.get(filled(page)).text
        assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=|hx-on|js:", html), page.name
        for address in re.findall(r'(?:src|href|action)="([^"]+)"', html):
            assert re.match(r"[/#](?!/)", address), (page.name, address)


def test_what_no_page_sends_is_declined_and_changes_nothing(office: Office) -> None:
    office.employ("maura", *Role)
    visitor = office.signed_in("maura")
    for page in PAGES:
        if page.path in ("/live", "/sign-out"):
            continue
        if page.method == "GET":
            assert visitor.get(f"{filled(page)}?q=%00").status_code == 400, page.name
        else:
            assert visitor.post(filled(page), {"text": "a\0b", "name": "a\0b"}).status_code == 400, page.name
            assert visitor.post(filled(page), {"text": "x" * (page.largest + 1)}).status_code == 413, page.name
    assert visitor.get("/people/%00").status_code == 400
    assert visitor.get("/people").status_code == 200


def test_a_store_that_takes_no_writes_is_told_in_words_and_nothing_is_done(office: Office) -> None:
    office.employ("maura")
    visitor = office.visitor()
    with stores.store().away(office.do(lambda clinic: clinic.house.home)):
        answer = visitor.sign_in("maura")
        assert answer.status_code == 503
        assert "Nothing was changed" in plain(answer.text)
        assert visitor.cookies == {}
    assert visitor.sign_in("maura").status_code == 303


def test_it_goes_back_to_own_pages_only(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    for address in ("//elsewhere.example", "https://elsewhere.example/x", "/\\elsewhere.example", "javascript:alert(1)"):
        location = visitor.get(f"/signed-in?to={quote(address)}").headers["location"]
        assert re.match(r"/(?![/\\])", location), address
        assert "elsewhere" not in location


def test_an_unknown_address_and_a_browser_without_cookies_are_told_in_words(office: Office) -> None:
    office.employ("maura")
    assert "nothing at this address" in plain(office.signed_in("maura").get("/nothing").text)
    answer = office.visitor().get("/signed-in")
    assert answer.status_code == 403
    assert "did not keep the sign-in" in plain(answer.text)


def test_who_names_clinics_does_not_give_all_of_them(office: Office) -> None:
    office.employ("ada", Role.ADMINISTRATOR)
    liam = office.employ("liam", Role.SECRETARY, clinics={"EYE"})
    visitor = office.signed_in("ada")
    asked = {"shown": "Liam", "role": "secretary", "clinic": "EYE"}
    visitor.get(f"/people/{liam.id}")
    answer = visitor.post(f"/people/{liam.id}", asked | {"scope": "all"})
    assert answer.status_code == 422
    assert "Clinics are named: choose “Only these”, or take the ticks away." in plain(answer.text)
    assert visitor.post(f"/people/{liam.id}", asked | {"scope": "some"}).status_code == 303
    assert re.search(r"Liam.*?EYE", plain(visitor.get("/people").text))
