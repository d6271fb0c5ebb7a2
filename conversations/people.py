"""The people who work with Freagra: who they are, what each may do, whose patients each may see, and their passwords.

What happens here is asked of an open connection and commits with it. A person's sign-in name stands plain in the store, as it
does in every list of accounts; passwords stand as argon2id hashes. A person is never deleted, since the records name them.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from conversations.errors import FreagraError
from conversations.schema import instant, moment, people, sessions


class Role(StrEnum):
    SECRETARY = "secretary"
    CLINIC_ADMIN = "clinic admin"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What a page or act of the console asks of whoever comes."""

    ANYONE = "anyone"  # signed in or not
    OWN = "own account"  # signed in
    READ = "read patients"  # their conversations and texts, within the clinics of the person
    WORK = "work"  # settle tasks, answer patients
    SEND = "send by hand"
    EXPORT = "export"
    READ_RULES = "read rules"
    RULES = "change rules"
    PEOPLE = "people"
    AUDIT = "audit"
    ERASE = "erase patients"
    HEALTH = "health"


# Who keeps the accounts sees no patients, unless they have a second role.
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.SECRETARY: frozenset({Right.READ, Right.WORK, Right.SEND, Right.READ_RULES}),
    Role.CLINIC_ADMIN: frozenset(
        {Right.READ, Right.WORK, Right.SEND, Right.EXPORT, Right.READ_RULES, Right.RULES, Right.HEALTH}
    ),
    Role.AUDITOR: frozenset({Right.READ, Right.EXPORT, Right.READ_RULES, Right.AUDIT}),
    Role.ADMINISTRATOR: frozenset({Right.PEOPLE, Right.HEALTH, Right.AUDIT, Right.ERASE}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The clinics whose patients a person sees; None: all of them. What belongs to no clinic ("", a text from an unknown
    number) is for everybody: an emergency in it must not wait for the one person who sees all."""

    clinics: frozenset[str] | None = None

    def __contains__(self, clinic: str) -> bool:
        return self.clinics is None or clinic == "" or clinic in self.clinics

    def where(self, column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        """The same as a condition on a column that holds a clinic."""
        if self.clinics is None:
            return sa.true()
        return column.in_(["", *sorted(self.clinics)])


@dataclass(frozen=True, slots=True)
class Person:
    """`name` is what they sign in with, `shown` how colleagues read them. `one_time`: the password was made for them and has to
    be replaced before anything else. `locked_until`: sign-ins are refused until then, None where they are not."""

    id: str
    name: str
    shown: str
    roles: frozenset[Role]
    scope: Scope
    disabled: bool = False
    one_time: bool = False
    locked_until: datetime | None = None
    signed_in_at: datetime | None = None

    @property
    def rights(self) -> frozenset[Right]:
        return frozenset({Right.ANYONE, Right.OWN}).union(*(RIGHTS[role] for role in self.roles))

    def may(self, right: Right) -> bool:
        return right in self.rights


class PersonUnfit(FreagraError):
    """What was said of a person cannot be. `field` is what it is about: name, shown, roles, clinics or password."""

    code = "person_unfit"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class SignInRefused(FreagraError):
    """One answer, whether the name, the password or the moment was wrong: nobody learns from it which accounts there are."""

    code = "sign_in_refused"

    def __init__(self) -> None:
        super().__init__(
            "Name and password do not fit, or the account is locked: five wrong passwords lock it for a quarter of an hour, "
            "or until an administrator sets a new one."
        )


# ---- passwords -------------------------------------------------------------------------------------------------------

# NIST SP 800-63B-4, 3.1.1.2: at least 15 characters where the password is all there is, no rules of composition, spaces and
# all of Unicode, and long ones taken whole.
SHORTEST_PASSWORD = 15
LONGEST_PASSWORD = 256
MOST_FAILURES = 5  # wrong passwords in a row
LOCKED = timedelta(minutes=15)
_FEWEST_CHARACTERS = 6  # different ones: "aaaaaaaaaaaaaaa" and "121212121212121" are the first to be tried

# RFC 9106's argon2id; memory and passes as OWASP's password storage guide asks, and more memory.
_hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
# What a name that nobody has is held against, so that the answer takes as long.
_NOBODY = _hasher.hash(secrets.token_hex(16))
# No letter or figure that is read for another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def hash_password(password: str, name: str) -> str:
    """Takes some 50 ms and 32 MiB: not for the event loop. Raises PersonUnfit for a password that is too easy to guess."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PersonUnfit(
            "password",
            f"A password has from {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; three or four words make a good one.",
        )
    if name.casefold() in password.casefold() or len(set(password)) < _FEWEST_CHARACTERS:
        raise PersonUnfit("password", "This password is too easy to guess: take one without your name and with more variety.")
    return _hasher.hash(password)


def verify_password(hashed: str | None, password: str) -> bool:
    """Takes as long whether or not there is a hash. Not for the event loop either."""
    try:
        return _hasher.verify(hashed or _NOBODY, password[:LONGEST_PASSWORD]) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def new_password() -> str:
    """One to be handed over once: 99 random bits, in groups that can be read out."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))


# ---- who there is ----------------------------------------------------------------------------------------------------


def everyone(connection: Connection) -> list[Person]:
    """By name, the disabled ones last."""
    return [_person(row) for row in connection.execute(sa.select(people).order_by(people.c.disabled, people.c.name))]


def by_id(connection: Connection, id: str) -> Person | None:
    row = connection.execute(sa.select(people).where(people.c.id == id)).first()
    return None if row is None else _person(row)


def by_name(connection: Connection, name: str) -> Person | None:
    row = connection.execute(sa.select(people).where(people.c.name == as_name(name))).first()
    return None if row is None else _person(row)


def password_hash(connection: Connection, name: str) -> str | None:
    """What to hold a password against; None where nobody has the name or they are disabled."""
    query = sa.select(people.c.password).where(people.c.name == as_name(name), people.c.disabled.is_(False))
    return connection.execute(query).scalar()


def as_name(typed: str) -> str:
    return typed.strip().casefold()


def _person(row: Any) -> Person:
    return Person(
        row.id,
        row.name,
        row.shown,
        frozenset(Role(each) for each in row.roles.split(",")),
        Scope(None if row.clinics is None else frozenset(filter(None, row.clinics.split("\n")))),
        row.disabled,
        row.one_time,
        None if row.locked_until is None else moment(row.locked_until),
        None if row.signed_in_at is None else moment(row.signed_in_at),
    )


# ---- changing them ---------------------------------------------------------------------------------------------------


def add(
    connection: Connection,
    *,
    name: str,
    shown: str,
    roles: Collection[Role],
    scope: Scope,
    password: str,
    one_time: bool,
    at: datetime,
) -> Person:
    """`password` is a hash of `hash_password`. Raises PersonUnfit."""
    name, shown = check_name(name), _shown(shown, name)
    _check_rights(roles, scope)
    if by_name(connection, name) is not None:
        raise PersonUnfit("name", f"There is a person called {name} already.")
    row = {
        "id": secrets.token_hex(16),
        "name": name,
        "shown": shown,
        "password": password,
        "one_time": one_time,
        "disabled": False,
        "failures": 0,
        "changed_at": instant(at),
        **_rights(roles, scope),
    }
    connection.execute(sa.insert(people), row)
    return Person(row["id"], name, shown, frozenset(roles), scope, one_time=one_time)


def change(
    connection: Connection, id: str, *, shown: str, roles: Collection[Role], scope: Scope, at: datetime
) -> Person:
    """Their sessions see it at the next page. Raises PersonUnfit."""
    held = _held(connection, id)
    _check_rights(roles, scope)
    if Role.ADMINISTRATOR in held.roles and Role.ADMINISTRATOR not in roles:
        _keep_an_administrator(connection, id)
    values = {"shown": _shown(shown, held.name), "changed_at": instant(at), **_rights(roles, scope)}
    connection.execute(sa.update(people).where(people.c.id == id).values(values))
    return _held(connection, id)


def set_disabled(connection: Connection, id: str, disabled: bool, at: datetime) -> Person:
    """A disabled person is signed out everywhere and cannot come in. Raises PersonUnfit."""
    held = _held(connection, id)
    if disabled and Role.ADMINISTRATOR in held.roles:
        _keep_an_administrator(connection, id)
    connection.execute(sa.update(people).where(people.c.id == id).values(disabled=disabled, changed_at=instant(at)))
    if disabled:
        connection.execute(sa.delete(sessions).where(sessions.c.person_id == id))
    return _held(connection, id)


def set_password(connection: Connection, id: str, password: str, *, one_time: bool, at: datetime) -> Person:
    """`password` is a hash of `hash_password`. Lifts a lock-out and ends the person's sessions. Raises PersonUnfit."""
    _held(connection, id)
    values = {"password": password, "one_time": one_time, "failures": 0, "locked_until": None, "changed_at": instant(at)}
    connection.execute(sa.update(people).where(people.c.id == id).values(values))
    connection.execute(sa.delete(sessions).where(sessions.c.person_id == id))
    return _held(connection, id)


def sign_in(connection: Connection, name: str, right: bool, at: datetime) -> Person | SignInRefused:
    """Count what came of a password: `right` says whether it was. The fifth wrong one in a row locks the account for a quarter
    of an hour, in which the right one does not help either. A refusal is the answer and not raised: what it counts has to be
    committed."""
    row = connection.execute(sa.select(people).where(people.c.name == as_name(name))).first()
    locked = row is not None and row.locked_until is not None and instant(at) < row.locked_until
    if row is None or row.disabled or locked:
        return SignInRefused()
    values: dict[str, Any] = {"failures": 0, "locked_until": None, "signed_in_at": instant(at)}
    if not right:
        locks = row.failures + 1 >= MOST_FAILURES
        values = {"failures": 0, "locked_until": instant(at + LOCKED)} if locks else {"failures": row.failures + 1}
    connection.execute(sa.update(people).where(people.c.id == row.id).values(values))
    return _held(connection, row.id) if right else SignInRefused()


def check_name(typed: str) -> str:
    """The name as it is stored. Raises PersonUnfit."""
    name = as_name(typed)
    if not 2 <= len(name) <= 64 or not all(each.isalnum() or each in ".-_@" for each in name):
        raise PersonUnfit("name", "A sign-in name has from 2 to 64 letters, figures, dots, dashes, _ or @, and no spaces.")
    return name


def _shown(shown: str, name: str) -> str:
    shown = " ".join(shown.split()) or name
    if len(shown) > 80 or not shown.isprintable():
        raise PersonUnfit("shown", "The name that colleagues read has at most 80 characters.")
    return shown


def _check_rights(roles: Collection[Role], scope: Scope) -> None:
    if not roles:
        raise PersonUnfit("roles", "Choose at least one role.")
    if scope.clinics is not None and not scope.clinics and Role.ADMINISTRATOR not in roles:
        raise PersonUnfit("clinics", "Choose at least one clinic, or all of them.")
    if scope.clinics is not None and any(not clinic or "\n" in clinic or len(clinic) > 64 for clinic in scope.clinics):
        raise PersonUnfit("clinics", "A clinic is named by its code in the iPMS, of at most 64 characters.")


def _rights(roles: Collection[Role], scope: Scope) -> dict[str, Any]:
    return {
        "roles": ",".join(sorted(roles)),
        "clinics": None if scope.clinics is None else "\n".join(sorted(scope.clinics)),
    }


def _held(connection: Connection, id: str) -> Person:
    held = by_id(connection, id)
    if held is None:
        raise PersonUnfit("name", "There is no such person.")
    return held


def _keep_an_administrator(connection: Connection, without: str) -> None:
    others = (each for each in everyone(connection) if each.id != without and not each.disabled)
    if not any(Role.ADMINISTRATOR in each.roles for each in others):
        raise PersonUnfit("roles", "This is the last administrator: make another person one first.")
