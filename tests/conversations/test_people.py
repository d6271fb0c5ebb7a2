"""Accounts, sessions and the audit in the store, where no page stands between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from conversations import audit, people, schema, sessions
from conversations.audit import Act, Did
from conversations.people import Person, PersonUnfit, Role, Scope, SignInRefused
from conversations.sessions import Lasting
from tests.conversations.clinic import MONDAY, Clinic, open_clinic

T = TypeVar("T")

PASSWORD = "three dry weeks in Donegal"
HASH = people.hash_password(PASSWORD, "nobody")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with open_clinic(tmp_path_factory.mktemp("clinic")) as clinic:
        yield clinic


@pytest.fixture(autouse=True)
def _empty(clinic: Clinic) -> None:
    write(clinic, lambda held: [held.execute(sa.delete(table)) for table in (schema.sessions, schema.people)])


def write(clinic: Clinic, job: Callable[[sa.Connection], T]) -> T:
    return clinic.house.writer.submit(job).result()


def add(clinic: Clinic, name: str, *roles: Role, clinics: set[str] | None = None, **facts: Any) -> Person:
    given = {"shown": "", "password": HASH, "one_time": False, "at": MONDAY, **facts}
    scope = Scope(None if clinics is None else frozenset(clinics))
    return write(
        clinic, lambda held: people.add(held, name=name, roles=roles or (Role.SECRETARY,), scope=scope, **given)
    )


def test_a_person_is_held_as_they_were_added(clinic: Clinic) -> None:
    added = add(clinic, " Aoife@Hospital ", Role.SECRETARY, Role.AUDITOR, clinics={"EYE", "ENT"}, shown="Aoife  O’Brien")
    (held,) = clinic_people(clinic)
    assert held == added
    assert (held.name, held.shown) == ("aoife@hospital", "Aoife O’Brien")
    assert "EYE" in held.scope
    assert "" in held.scope
    assert "SKIN" not in held.scope
    assert "anything" in Scope()


def clinic_people(clinic: Clinic) -> list[Person]:
    with clinic.house.database.reader() as connection:
        return people.everyone(connection)


@pytest.mark.parametrize(("facts", "field"), [
    ({"name": "a b"}, "name"),
    ({"name": "x"}, "name"),
    ({"name": "MAURA"}, "name"),
    ({"name": "new", "roles": ()}, "roles"),
    ({"name": "new", "scope": Scope(frozenset())}, "clinics"),
    ({"name": "new", "scope": Scope(frozenset({"x" * 65}))}, "clinics"),
    ({"name": "new", "shown": "x" * 81}, "shown"),
])  # fmt: skip
def test_what_cannot_be_is_said_to_be_so(clinic: Clinic, facts: dict[str, Any], field: str) -> None:
    add(clinic, "maura", Role.ADMINISTRATOR)
    given = {"shown": "", "roles": (Role.SECRETARY,), "scope": Scope(), "password": HASH, "one_time": False, "at": MONDAY}
    with pytest.raises(PersonUnfit) as unfit:
        write(clinic, lambda held: people.add(held, **given | facts))
    assert unfit.value.field == field
    assert [each.name for each in clinic_people(clinic)] == ["maura"]


@pytest.mark.parametrize("password", ["short", "x" * 14, "x" * 257, "aoife likes her password", "121212121212121212"])
def test_passwords_that_are_guessed_first_are_not_taken(password: str) -> None:
    with pytest.raises(PersonUnfit):
        people.hash_password(password, "aoife")


@pytest.mark.parametrize("password", ["correct horse paint", "  padded with blanks  ", "ábcdéfghíjklmnó", "🙂" * 9 + "abcde "])
def test_any_characters_make_a_password(password: str) -> None:
    hashed = people.hash_password(password, "aoife")
    assert hashed.startswith("$argon2id$")
    assert people.verify_password(hashed, password)
    assert not people.verify_password(hashed, password[:-1])
    assert not people.verify_password(None, password)


def test_the_last_administrator_stays(clinic: Clinic) -> None:
    maura = add(clinic, "maura", Role.ADMINISTRATOR)
    for job in (
        lambda held: people.set_disabled(held, maura.id, True, MONDAY),
        lambda held: people.change(held, maura.id, shown="", roles=[Role.SECRETARY], scope=Scope(), at=MONDAY),
    ):
        with pytest.raises(PersonUnfit, match="last administrator"):
            write(clinic, job)
    other = add(clinic, "fidelma", Role.ADMINISTRATOR)
    write(clinic, lambda held: people.set_disabled(held, other.id, True, MONDAY))
    with pytest.raises(PersonUnfit, match="last administrator"):
        write(clinic, lambda held: people.set_disabled(held, maura.id, True, MONDAY))
    write(clinic, lambda held: people.set_disabled(held, other.id, False, MONDAY))
    assert write(clinic, lambda held: people.set_disabled(held, maura.id, True, MONDAY)).disabled


def test_failures_count_until_a_right_password(clinic: Clinic) -> None:
    add(clinic, "maura")

    def attempt(right: bool, minutes: int) -> Person | SignInRefused:
        return write(clinic, lambda held: people.sign_in(held, "maura", right, MONDAY + timedelta(minutes=minutes)))

    for _ in range(4):
        assert isinstance(attempt(False, 0), SignInRefused)
    assert isinstance(attempt(True, 1), Person)
    for _ in range(5):
        assert isinstance(attempt(False, 2), SignInRefused)
    assert isinstance(attempt(True, 16), SignInRefused)
    assert isinstance(attempt(True, 17), Person)


def test_disabling_and_a_new_password_end_all_sessions(clinic: Clinic) -> None:
    maura, lasting = add(clinic, "maura"), Lasting()
    tokens = [write(clinic, lambda held: sessions.begin(held, maura.id, MONDAY)) for _ in range(2)]

    def signed_in() -> list[bool]:
        with clinic.house.database.reader() as connection:
            return [sessions.find(connection, token, MONDAY, lasting) is not None for token in tokens]

    assert signed_in() == [True, True]
    write(clinic, lambda held: people.set_password(held, maura.id, HASH, one_time=True, at=MONDAY))
    assert signed_in() == [False, False]
    tokens = [write(clinic, lambda held: sessions.begin(held, maura.id, MONDAY))]
    write(clinic, lambda held: people.set_disabled(held, maura.id, True, MONDAY))
    assert signed_in() == [False]
    assert isinstance(write(clinic, lambda held: people.sign_in(held, "maura", True, MONDAY)), SignInRefused)


def test_sessions_that_have_ended_are_removed(clinic: Clinic) -> None:
    maura, lasting = add(clinic, "maura"), Lasting()
    write(clinic, lambda held: sessions.begin(held, maura.id, MONDAY))
    late = MONDAY + timedelta(minutes=10)
    write(clinic, lambda held: sessions.begin(held, maura.id, late))
    assert write(clinic, lambda held: sessions.clear(held, MONDAY + timedelta(minutes=15), lasting)) == 1


def test_the_audit_can_neither_be_changed_nor_cut(clinic: Clinic) -> None:
    maura = add(clinic, "maura")
    note(clinic, maura, Act(Did.LOOKED, "GET /x", "conversation:1", "p1", "EYE"))
    for statement in (
        sa.update(schema.audit).values(did="nothing"),
        sa.delete(schema.audit),
        sa.text(
            "INSERT OR REPLACE INTO audit SELECT * FROM audit" if clinic.house.database.path is not None else "TRUNCATE audit"
        ),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            write(clinic, lambda held, statement=statement: held.execute(statement))  # type: ignore[misc]
    assert [noted.act.did for noted in read(clinic, Scope(), person=maura.id)] == [Did.LOOKED]


def note(clinic: Clinic, person: Person | None, act: Act, typed: str = "") -> None:
    vault = clinic.house.vault
    write(clinic, lambda held: audit.note(held, vault, person, act, MONDAY, typed=typed))


def read(clinic: Clinic, scope: Scope, **which: Any) -> list[audit.Noted]:
    with clinic.house.database.reader() as connection:
        return audit.read(connection, clinic.house.vault, scope, **which)


def test_what_was_searched_for_is_sealed_and_read_by_those_who_see_all(clinic: Clinic) -> None:
    maura = add(clinic, "maura")
    note(clinic, maura, Act(Did.SEARCHED, "GET /search", detail={"words": "Gobnait"}))
    note(clinic, maura, Act(Did.LOOKED, "GET /x", "conversation:1", "p1", "SKIN", {"why": "Gobnait rang"}))
    note(clinic, maura, Act(Did.LOOKED, "GET /x", "conversation:2", "p2", "EYE"))
    stored = clinic.rows(sa.select(schema.audit.c.sealed).where(schema.audit.c.sealed.is_not(None)))
    assert stored
    assert not any(b"Gobnait" in bytes(row.sealed) for row in stored)
    all_of_it = read(clinic, Scope(), person=maura.id)
    assert [noted.act.detail for noted in all_of_it] == [None, {"why": "Gobnait rang"}, {"words": "Gobnait"}]
    of_one_clinic = read(clinic, Scope(frozenset({"EYE"})), person=maura.id)
    assert [(noted.act.did, noted.act.detail) for noted in of_one_clinic] == [(Did.LOOKED, None), (Did.SEARCHED, None)]


def test_the_audit_is_read_page_by_page_and_by_what_is_asked(clinic: Clinic) -> None:
    maura = add(clinic, "maura")
    for number in range(5):
        note(clinic, maura, Act(Did.LOOKED, "GET /x", f"conversation:{number}", f"p{number % 2}", "EYE"))
    first = read(clinic, Scope(), person=maura.id, limit=2)
    rest = read(clinic, Scope(), person=maura.id, before=first[-1].id)
    assert [noted.act.record[-1] for noted in [*first, *rest]] == ["4", "3", "2", "1", "0"]
    assert [noted.act.record[-1] for noted in read(clinic, Scope(), person=maura.id, patient="p1")] == ["3", "1"]
    assert read(clinic, Scope(), person=maura.id, did=Did.EXPORTED) == []
    assert read(clinic, Scope(), person=maura.id, until=MONDAY) == []
    assert len(read(clinic, Scope(), person=maura.id, since=MONDAY)) == 5
