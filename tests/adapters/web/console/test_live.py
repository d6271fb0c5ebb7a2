"""What open pages hear: changes of their person's clinics, and the end of the session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from conversations import schema
from conversations.people import Role
from conversations.service import CHANGED
from tests.adapters.web.console.browser import sign_in, window
from tests.adapters.web.console.office import Office, open_office, plain
from tests.conversations.clinic import ANN, BEN, Clinic


def seed(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=ANN)
    clinic.invite("A2", number="H2", mobile=BEN, first_name="Ben", clinic="ENT")
    clinic.deliver()
    clinic.clock.move(timedelta(minutes=1))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path, seed) as office:
        yield office


def counts(events: Iterator[tuple[str, str]]) -> str:
    """The next counts that are told, in words."""
    return next(plain(data).strip() for name, data in events if name == "counts")


def test_a_page_hears_of_its_persons_clinics_alone(office: Office) -> None:
    office.employ("eve", clinics={"EYE"})
    office.employ("ada")
    with office.signed_in("eve").listen() as of_one, office.signed_in("ada").listen() as of_all:
        assert counts(of_one) == counts(of_all) == "0 open"
        office.do(lambda clinic: clinic.hear(BEN, "chest pain"))
        assert counts(of_all) == "1 urgent 1 open"
        office.do(lambda clinic: clinic.hear(ANN, "what about parking?"))
        assert counts(of_all) == "1 urgent 2 open"
        assert counts(of_one) == "1 open"
        assert next(of_one)[0] == "tasks"


def test_the_bar_counts_what_comes_in_without_a_reload(office: Office, browser: Browser) -> None:
    office.employ("ada")
    with window(browser, office.url) as page:
        sign_in(page, "ada", "/messages")
        inbox = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Inbox")
        expect(inbox).to_contain_text("0 open")
        office.do(lambda clinic: clinic.hear(BEN, "chest pain"))
        expect(inbox).to_contain_text("1 urgent")
        assert page.url.endswith("/messages")


def test_the_page_of_a_conversation_hears_of_that_one(office: Office) -> None:
    office.employ("eve", clinics={"EYE"})
    visitor = office.signed_in("eve")
    talks = {row.appointment_id: row.id for row in office.do(lambda clinic: clinic.rows(sa.select(schema.conversations)))}
    assert visitor.get(f"/live?talk={talks['A2']}").status_code == 404
    assert visitor.get("/live?talk=nothing").status_code == 404
    with visitor.listen(f"/live?talk={talks['A1']}") as events:
        office.do(lambda clinic: clinic.hear(ANN, "Y"))
        assert next(name for name, _ in events if name in ("talk", "tasks")) == "talk"


def test_who_may_not_read_patients_hears_of_no_clinic(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    office.do(lambda clinic: clinic.hear(ANN, "chest pain"))
    with office.signed_in("maura").listen() as events:
        assert counts(events) == "0 open"


def test_a_stream_that_is_opened_again_keeps_no_session_alive(office: Office) -> None:
    office.employ("maura", Role.ADMINISTRATOR)
    visitor = office.signed_in("maura")
    for minutes, standing in ((7, "going on"), (7, "ending")):
        office.wall.move(timedelta(minutes=minutes))
        with visitor.listen() as events:
            assert next(events) == ("session", standing)
    office.wall.move(timedelta(minutes=2))
    assert visitor.get("/people").status_code == 303


def test_a_session_that_ends_says_so_before_and_then_leaves_the_page(office: Office, browser: Browser) -> None:
    office.employ("maura", Role.ADMINISTRATOR)

    def nudge() -> None:
        office.do(lambda clinic: clinic.house.bus.notify(CHANGED))

    with window(browser, office.url) as page:
        sign_in(page, "maura", "/people")
        warning = page.get_by_text("You will be signed out in less than two minutes")
        expect(warning).to_be_hidden()
        office.wall.move(timedelta(minutes=13, seconds=30))
        nudge()
        expect(warning).to_be_visible()
        page.get_by_role("button", name="Stay signed in").click()
        expect(warning).to_be_hidden()
        office.wall.move(timedelta(minutes=14))
        nudge()
        expect(warning).to_be_visible()
        office.wall.move(timedelta(minutes=1))
        nudge()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
