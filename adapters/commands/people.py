"""`freagra people`: who can sign in to the console. The first administrator is made here; the rest can be done on its pages."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from adapters.bootstrap import House
from adapters.commands.alone import alone
from adapters.commands.output import Failure
from adapters.commands.timeline import when
from adapters.config import Config
from adapters.zone import TIMEZONE
from conversations import audit, people
from conversations.audit import Act, Did
from conversations.database import open_database
from conversations.people import Person, Role, Scope

_INSTEAD = "While the service runs, an administrator does this on the People page."

T = TypeVar("T")


def add_person(
    config: Config, name: str, shown: str, roles: Sequence[str], clinics: Sequence[str], *, generate: bool
) -> int:
    """Raises Failure, PersonUnfit."""
    name = people.check_name(name)
    chosen = [_role(each) for each in roles]
    scope = Scope(frozenset(clinics) if clinics else None)
    with alone(config, _INSTEAD) as opened:
        password = _password(generate)
        hashed, at = people.hash_password(password, name), datetime.now(UTC)

        def job(held: Connection) -> Person:
            added = people.add(
                held, name=name, shown=shown, roles=chosen, scope=scope, password=hashed, one_time=generate, at=at
            )
            detail = {"roles": sorted(chosen), "clinics": sorted(clinics) or "all"}
            _note(held, opened, Act(Did.ADDED, "freagra people add", f"person:{added.id}", detail=detail), at)
            return added

        added = opened.writer.submit(job).result()
    print(f"{added.name} can sign in as {' and '.join(sorted(added.roles))}")
    _say_password(password, generate)
    return 0


def list_people(config: Config) -> int:
    with open_database(config.database, read_only=True) as database, database.reader() as connection:
        everyone = people.everyone(connection)
    if not everyone:
        print("nobody yet; make an administrator with: freagra people add NAME --role administrator")
    for person in everyone:
        clinics = "all clinics" if person.scope.clinics is None else ", ".join(sorted(person.scope.clinics)) or "no clinic"
        seen = "never signed in"
        if person.signed_in_at is not None:
            seen = f"last signed in {when(person.signed_in_at, ZoneInfo(TIMEZONE), year=True)}"
        state = ", disabled" if person.disabled else ""
        print(f"{person.name}  {person.shown}  {', '.join(sorted(person.roles))}  {clinics}  {seen}{state}")
    return 0


def disable_person(config: Config, name: str) -> int:
    """Raises Failure, PersonUnfit."""
    with alone(config, _INSTEAD) as opened:
        person, at = _named(opened, name), datetime.now(UTC)

        def job(held: Connection) -> Person:
            _note(held, opened, Act(Did.DISABLED, "freagra people disable", f"person:{person.id}"), at)
            return people.set_disabled(held, person.id, True, at)

        opened.writer.submit(job).result()
    print(f"{person.name} is signed out everywhere and cannot sign in")
    return 0


def set_password(config: Config, name: str, *, generate: bool) -> int:
    """Raises Failure, PersonUnfit."""
    with alone(config, _INSTEAD) as opened:
        person = _named(opened, name)
        password = _password(generate)
        hashed, at = people.hash_password(password, person.name), datetime.now(UTC)

        def job(held: Connection) -> Person:
            _note(held, opened, Act(Did.PASSWORD, "freagra people password", f"person:{person.id}"), at)
            return people.set_password(held, person.id, hashed, one_time=generate, at=at)

        opened.writer.submit(job).result()
    print(f"{person.name} has a new password and is signed out everywhere")
    _say_password(password, generate)
    return 0


def _named(opened: House, name: str) -> Person:
    with opened.database.reader() as connection:
        found = people.by_name(connection, name)
    if found is None:
        raise Failure(f"there is no person called {name}; freagra people list names all")
    return found


def _role(typed: str) -> Role:
    known = {role.replace(" ", "-"): role for role in Role}
    if typed.replace(" ", "-") not in known:
        raise Failure(f"there is no role {typed!r}; there are {', '.join(known)}", 2)
    return known[typed.replace(" ", "-")]


def _password(generate: bool, ask: Callable[[str], str] = getpass.getpass) -> str:
    """Typed twice at a terminal; otherwise the first line of standard input."""
    if generate:
        return people.new_password()
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = ask(f"Password ({people.SHORTEST_PASSWORD} characters or more; three or four words make a good one): ")
    if ask("The same again: ") != password:
        raise Failure("the two are not the same; nothing was changed")
    return password


def _say_password(password: str, generate: bool) -> None:
    if generate:
        print(f"one-time password: {password}")
        print("It is shown this once and has to be replaced at the first sign-in.")


def _note(held: Connection, opened: House, act: Act, at: datetime) -> None:
    """Nobody is signed in at the command line; who ran it is known to the machine."""
    audit.note(held, opened.vault, None, act, at, typed=f"command line, {login()}")


def login() -> str:
    """Who runs this command, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
