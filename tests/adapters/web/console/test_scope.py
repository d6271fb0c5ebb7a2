"""A secretary of one clinic sees and touches nothing of another's patients, on whatever page: all that there are are walked."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.web.console.pages import PAGES
from adapters.web.console.visit import Page
from conversations import schema
from conversations.people import RIGHTS, Right, Role
from tests.adapters.web.console.office import Office, Visitor, open_office, plain
from tests.conversations.clinic import ANN, BEN, Clinic

# What would give a patient of the other clinic away.
SECRETS = ("Benignus", "0872222222", "353872222222", "my lumbago", "Cormican", "H2")
# Pages that end the visit, or never end.
_LEFT_OUT = {"/sign-out", "/live"}


def seed(clinic: Clinic) -> None:
    clinic.invite("A1", number="H1", mobile=ANN)
    clinic.invite("A2", number="H2", mobile=BEN, first_name="Benignus", clinic="ENT", clinician="Dr Cormican")
    clinic.reply(ANN, "any Tuesday please")
    clinic.reply(BEN, "no, my lumbago is bad, call me")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("office"), seed) as office:
        office.employ("eve", Role.CLINIC_ADMIN, Role.AUDITOR, clinics={"EYE"})
        office.employ("ada", *Role)
        yield office


def ids(office: Office, clinic: str) -> list[str]:
    """Every id by which a record of this clinic can be named."""
    talks, tasks, texts = schema.conversations.c, schema.tasks.c, schema.texts.c
    of_clinic = sa.select(talks.id, talks.patient_id, talks.appointment_id).join(schema.appointments)
    of_clinic = of_clinic.where(schema.appointments.c.clinic == clinic)

    def find(held: Clinic) -> list[str]:
        found = [id for row in held.rows(of_clinic) for id in row]
        talk = found[0]
        found += [row.key for row in held.rows(sa.select(tasks.key).where(tasks.conversation_id == talk))]
        return found + [row.key for row in held.rows(sa.select(texts.key).where(texts.conversation_id == talk))]

    return office.do(find)


def addresses(page: Page, known: list[str]) -> Iterator[str]:
    """The page's path with each of these ids in each of its places."""
    names = re.findall(r"\{[^}]+\}", page.path)
    for chosen in itertools.product(known, repeat=min(len(names), 2)):
        path = page.path
        for name, id in itertools.zip_longest(names, chosen, fillvalue=known[0]):
            path = path.replace(name, id)
        yield path


def touched(office: Office) -> Mapping[str, Any]:
    """What stands of the other clinic's patient: nothing of it may change."""

    def read(clinic: Clinic) -> Mapping[str, Any]:
        talk = clinic.talk("A2")
        inbox = clinic.rows(sa.select(schema.inbox.c.id).where(schema.inbox.c.kind == "staff_act"))
        tasks = clinic.rows(sa.select(schema.tasks).where(schema.tasks.c.conversation_id == talk.id))
        return {"seq": talk.seq, "state": talk.state, "acts": len(inbox), "tasks": [tuple(row) for row in tasks]}

    return office.do(read)


def walked(right: Right) -> list[Page]:
    return [page for page in PAGES if page.path not in _LEFT_OUT and page.right is not Right.ANYONE and page.right is right]


@pytest.mark.parametrize("right", sorted(set(Right) - {Right.ANYONE}))
def test_no_page_shows_or_changes_anything_of_another_clinics_patient(office: Office, right: Right) -> None:
    visitor, others, before = office.signed_in("eve"), ids(office, "ENT"), touched(office)
    assert len(others) >= 5
    for page in walked(right):
        for path in addresses(page, others):
            visitor = _here(office, visitor)
            answer = _asked(visitor, page, path, others)
            shown = plain(answer)
            assert not [secret for secret in SECRETS if secret in shown], f"{page.method} {path}: {shown}"
    assert touched(office) == before
    looked = sa.select(schema.audit.c.record).where(schema.audit.c.clinic == "ENT", schema.audit.c.name == "eve")
    assert office.do(lambda clinic: clinic.rows(looked)) == []


def _here(office: Office, visitor: Visitor) -> Visitor:
    """Some pages begin a new session and some end all."""
    return visitor if visitor.get("/password").status_code == 200 else office.signed_in("eve")


def _asked(visitor: Visitor, page: Page, path: str, others: list[str]) -> str:
    """What the page says, asked as plainly and as slyly as its address allows."""
    if page.method == "GET":
        sly = "&".join(f"{name}={others[0]}" for name in ("id", "talk", "conversation", "patient", "appointment", "key"))
        words = "&".join(f"{name}=Benignus" for name in ("q", "words", "name", "search"))
        return "".join(visitor.get(address).text for address in (path, f"{path}?{sly}", f"{path}?{words}&clinic=ENT"))
    named = dict.fromkeys(("id", "talk", "conversation", "patient", "key", "task"), others[0])
    return visitor.post(path, {**named, "clinic": "ENT", "text": "hello", "act": "confirm"}).text


def test_whoever_sees_all_clinics_is_shown_what_the_walk_looks_for(office: Office) -> None:
    """The walk can fail: the same pages give the secrets away to who may read them."""
    visitor, known = office.signed_in("ada"), ids(office, "ENT")
    pages = [page for page in walked(Right.READ) if page.method == "GET"]
    shown = " ".join(plain(visitor.get(path).text) for page in pages for path in addresses(page, known))
    assert "Benignus" in shown
    assert "my lumbago" in shown
    looked = sa.select(schema.audit.c.record).where(schema.audit.c.clinic == "ENT", schema.audit.c.name == "ada")
    assert office.do(lambda clinic: clinic.rows(looked)) != []


def test_the_roles_that_keep_accounts_see_no_patients() -> None:
    assert not RIGHTS[Role.ADMINISTRATOR] & {Right.READ, Right.WORK, Right.SEND, Right.EXPORT}
