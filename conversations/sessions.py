"""Sessions of people at the console, kept here and not in the browser, which holds 256 random bits that name one.

The store keeps a hash of them, so that whoever reads the database cannot take a session over. A session ends when it is signed
out, has lain idle, or is old. With the password given again it goes on under another token, and its open pages with it.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.people import Person, by_id
from conversations.schema import instant, moment, sessions

PROOF_LASTS = timedelta(minutes=5)  # how long a password counts for what asks for it anew
_SEEN_STEP = timedelta(seconds=30)  # how exactly it is kept when a session was last used: not each page is worth a write
_LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session may lie idle, and how long it may last at all (OWASP ASVS 5.0, 7.3)."""

    idle: timedelta = timedelta(minutes=15)
    whole: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """`csrf` goes into the forms of this session's pages and comes back with them. `ends_at`: unless it is used before."""

    id: str
    person: Person
    csrf: str
    token_hash: bytes
    seen_at: datetime
    proven_at: datetime
    ends_at: datetime

    def proven(self, at: datetime) -> bool:
        """Whether the password was given a moment ago."""
        return at < self.proven_at + PROOF_LASTS

    def stale(self, at: datetime) -> bool:
        """Whether `touch` has something to write."""
        return at >= self.seen_at + _SEEN_STEP


def begin(connection: Connection, person: str, at: datetime) -> str:
    """The token of a new session, for the person's browser and nobody else."""
    token = secrets.token_urlsafe(32)
    now = instant(at)
    row = {
        "token_hash": _hash(token), "id": secrets.token_hex(16), "person_id": person, "begun_at": now, "seen_at": now,
        "proven_at": now,
    }  # fmt: skip
    connection.execute(sa.insert(sessions), row)
    return token


def renew(connection: Connection, session: Session, at: datetime) -> str:
    """The password was given again: the token by which the session goes on. Whoever has the old one has nothing."""
    token = secrets.token_urlsafe(32)
    values = {"token_hash": _hash(token), "seen_at": instant(at), "proven_at": instant(at)}
    connection.execute(sa.update(sessions).where(sessions.c.token_hash == session.token_hash).values(values))
    return token


def find(connection: Connection, token: str, at: datetime, lasting: Lasting) -> Session | None:
    """None where there is none of that token, it has ended, or its person was disabled."""
    if not token or len(token) > _LONGEST_TOKEN:
        return None
    return _found(connection, sessions.c.token_hash == _hash(token), at, lasting)


def standing(connection: Connection, id: str, at: datetime, lasting: Lasting) -> Session | None:
    """The same for who holds on to a session whatever its token: an open page."""
    return _found(connection, sessions.c.id == id, at, lasting)


def _found(connection: Connection, which: sa.ColumnElement[bool], at: datetime, lasting: Lasting) -> Session | None:
    row = connection.execute(sa.select(sessions).where(which)).first()
    person = None if row is None else by_id(connection, row.person_id)
    if row is None or person is None or person.disabled:
        return None
    ends_at = min(moment(row.seen_at) + lasting.idle, moment(row.begun_at) + lasting.whole)
    if at >= ends_at:
        return None
    csrf = hmac.digest(row.id.encode(), b"csrf", "sha256").hex()
    return Session(row.id, person, csrf, row.token_hash, moment(row.seen_at), moment(row.proven_at), ends_at)


def touch(connection: Connection, session: Session, at: datetime) -> None:
    """It was used."""
    used = sa.update(sessions).where(sessions.c.token_hash == session.token_hash, sessions.c.seen_at < instant(at))
    connection.execute(used.values(seen_at=instant(at)))


def end(connection: Connection, session: Session) -> None:
    connection.execute(sa.delete(sessions).where(sessions.c.token_hash == session.token_hash))


def clear(connection: Connection, at: datetime, lasting: Lasting) -> int:
    """Remove those that have ended by themselves; how many."""
    idle, old = instant(at - lasting.idle), instant(at - lasting.whole)
    ended = sa.or_(sessions.c.seen_at <= idle, sessions.c.begun_at <= old)
    return connection.execute(sa.delete(sessions).where(ended)).rowcount


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()
