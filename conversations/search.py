"""Finding a talk: by the patient's name, number or phone, by clinic, day, and words of the talk.

Every word must be found: as a name, the beginning of one, or a word that was said. Tokens lead to the newest talks of each
clinic of the scope of who asks; what they lead to is held against the store itself, so that a stale token shows
nothing and a clinic's patients stay with it. However much the store holds, no more than some hundred talks are looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.batch import patient_place
from conversations.bulk import portions
from conversations.finding import BEGINNING, NAME, PAIR, SHORTEST, WORD, Token, day_token, pair, words
from conversations.people import Scope
from conversations.queues import full_name
from conversations.schema import appointments, conversations, former_phones, moment, patients, search_tokens
from conversations.vault import Vault

FOUND = 25  # talks that are shown
_NEWEST = 60  # of a token and clinic that are looked at
_MOST_WORDS = 6
_Lead = tuple[bytes, str]  # a talk that a token leads to, and the clinic it is under


@dataclass(frozen=True, slots=True)
class Wanted:
    """`text` as typed; `phone` where it is one, in E.164 form; the clinic's code, "" for all of the scope."""

    text: str = ""
    phone: str = ""
    clinic: str = ""
    day: date | None = None

    def __bool__(self) -> bool:
        return bool(self.text.strip() or self.day)


@dataclass(frozen=True, slots=True)
class Hit:
    talk: str
    patient: str
    name: str
    number: str
    clinic: str
    clinic_name: str
    clinician: str
    start: datetime
    status: str
    state: str
    staff_own: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Hits:
    """The newest talks first. `more`: there may be others, which a further word, a clinic or a day would show."""

    hits: Sequence[Hit]
    more: bool = False


class Search:
    def __init__(self, connection: Connection, vault: Vault, scope: Scope, *, timezone: str = "Europe/Dublin") -> None:
        self._connection = connection
        self._vault = vault
        self._scope = scope
        self._zone = ZoneInfo(timezone)

    def find(self, wanted: Wanted) -> Hits:
        if not wanted:
            return Hits(())
        said = list(dict.fromkeys(words(wanted.text)))[:_MOST_WORDS]
        numbered = self._numbered(wanted)
        if numbered:
            return self._hits(wanted, [], self._of_patients(numbered), more=False)
        leads, more = self._leads(wanted, said)
        return self._hits(wanted, said, leads, more)

    # ---- by number ---------------------------------------------------------------------------------------------------

    def _numbered(self, wanted: Wanted) -> list[str]:
        """The patients whose number, or whose phone it is or was, is what was typed."""
        typed = wanted.text.strip()
        indexes = {self._vault.number_index(each) for each in (typed, typed.upper(), "".join(typed.split()))}
        query = sa.select(patients.c.id).where(patients.c.hospital_number_index.in_(indexes))
        found = list(self._connection.execute(query).scalars())
        if wanted.phone:
            index = self._vault.phone_index(wanted.phone)
            found += self._connection.execute(sa.select(patients.c.id).where(patients.c.phone_index == index)).scalars()
            once = sa.select(former_phones.c.patient_id).where(former_phones.c.phone_index == index)
            found += self._connection.execute(once).scalars()
        return list(dict.fromkeys(found))

    def _of_patients(self, ids: Sequence[str]) -> list[str]:
        talks = conversations.c
        query = sa.select(talks.id).where(talks.patient_id.in_(ids)).order_by(talks.id.desc()).limit(_NEWEST)
        return list(self._connection.execute(query).scalars())

    # ---- by tokens ---------------------------------------------------------------------------------------------------

    def _leads(self, wanted: Wanted, said: Sequence[str]) -> tuple[list[str], bool]:
        """Ids of talks worth looking at, and whether there may be others. They are those of the word, or the day, that leads
        to the fewest, and those of any two words that are one patient's names."""
        ways: list[list[Token]] = [_tokens_of(word) for word in said]
        if wanted.day is not None:
            ways.append([day_token(wanted.day)])
        if not ways:
            return [], False
        led = [self._newest(wanted, way) for way in ways]
        leads, more = min(led, key=lambda lead: (lead[1], len(lead[0])))
        if len(ways) > 1 and more:
            named, _ = self._newest(wanted, [(PAIR, pair(one, other)) for one, other in combinations(said, 2)])
            leads = leads | named
        for way in ways if len(ways) > 1 else ():
            leads = self._having(leads, way)
        return [talk.hex() for talk, _ in sorted(leads, reverse=True)], more

    def _newest(self, wanted: Wanted, way: Iterable[Token]) -> tuple[set[_Lead], bool]:
        found: set[_Lead] = set()
        more = False
        for token in way:
            blind = self._vault.search_token(*token)
            for clinic in self._clinics(wanted, blind):
                rows = self._connection.execute(_NEWEST_OF, {"token": blind, "clinic": clinic}).scalars().all()
                more = more or len(rows) == _NEWEST
                found.update((talk, clinic) for talk in rows)
        return found, more

    def _having(self, leads: set[_Lead], way: Iterable[Token]) -> set[_Lead]:
        """Those that have one of these tokens."""
        blinds = [self._vault.search_token(*token) for token in way]
        by_clinic: dict[str, list[bytes]] = {}
        for talk, clinic in leads:
            by_clinic.setdefault(clinic, []).append(talk)
        found: set[_Lead] = set()
        for clinic, talks in by_clinic.items():
            for some in portions(talks):
                rows = self._connection.execute(_HAVING, {"tokens": blinds, "clinic": clinic, "talks": some}).scalars()
                found.update((talk, clinic) for talk in rows)
        return found

    def _clinics(self, wanted: Wanted, blind: bytes) -> Iterator[str]:
        """The clinics to look in. Where all may be seen, each that has the token, one after the other."""
        if wanted.clinic:
            if wanted.clinic in self._scope:
                yield wanted.clinic
        elif self._scope.clinics is not None:
            yield from sorted(self._scope.clinics)
        else:
            clinic = self._connection.execute(_NEXT_CLINIC, {"token": blind, "clinic": ""}).scalar()
            while clinic is not None:
                yield clinic
                clinic = self._connection.execute(_NEXT_CLINIC, {"token": blind, "clinic": clinic}).scalar()

    # ---- what is shown -----------------------------------------------------------------------------------------------

    def _hits(self, wanted: Wanted, said: Sequence[str], ids: Sequence[str], more: bool) -> Hits:
        hits: list[Hit] = []
        for start in range(0, len(ids), 2 * FOUND):
            for row in self._rows(ids[start : start + 2 * FOUND]):
                hit = self._hit(wanted, said, row)
                if hit is not None:
                    hits.append(hit)
            if len(hits) > FOUND:
                break
        return Hits(hits[:FOUND], more or len(hits) > FOUND)

    def _rows(self, ids: Sequence[str]) -> list[Any]:
        return list(self._connection.execute(_TALKS, {"ids": list(ids)}).all())

    def _hit(self, wanted: Wanted, said: Sequence[str], row: Any) -> Hit | None:
        """None for what a token led to and is not what was looked for, or not in the scope."""
        if row.wrapped_key is None or row.clinic not in self._scope or (wanted.clinic and row.clinic != wanted.clinic):
            return None
        start = moment(row.start)
        if wanted.day is not None and start.astimezone(self._zone).date() != wanted.day:
            return None
        record: Mapping[str, Any] = orjson.loads(self._vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient))
        if not all(self._fits(word, record, row) for word in said):
            return None
        return Hit(
            talk=row.id,
            patient=row.patient_id,
            name=full_name(record),
            number=record.get("number", ""),
            clinic=row.clinic,
            clinic_name=row.clinic_name or row.clinic,
            clinician=row.clinician,
            start=start,
            status=row.status,
            state=row.state,
            staff_own=row.owner == "staff",
            closed=row.closed,
        )

    def _fits(self, word: str, record: Mapping[str, Any], row: Any) -> bool:
        """Whether the word is one that was said, or begins a name: three letters of a name lead to more than that."""
        if any(name.startswith(word) for name in words(full_name(record).replace("-", " "))):
            return True
        blind = self._vault.search_token(WORD, word)
        key = {"token": blind, "clinic": row.clinic, "talk": bytes.fromhex(row.id)}
        return self._connection.execute(_THERE, key).first() is not None


def _tokens_of(word: str) -> list[Token]:
    """What a word may be found by. A whole name leads to those of that name before those that only begin so."""
    tokens = [(NAME, word[:BEGINNING])]
    if len(word) > BEGINNING:
        tokens.append((NAME, word))
    if len(word) >= SHORTEST:
        tokens.append((WORD, word))
    return tokens


_k = search_tokens.c
_NEWEST_OF = (
    sa.select(_k.talk)
    .where(_k.token == sa.bindparam("token"), _k.clinic == sa.bindparam("clinic"))
    .order_by(_k.talk.desc())
    .limit(_NEWEST)
)
_HAVING = sa.select(_k.talk).where(
    _k.token.in_(sa.bindparam("tokens", expanding=True)),
    _k.clinic == sa.bindparam("clinic"),
    _k.talk.in_(sa.bindparam("talks", expanding=True)),
)
_NEXT_CLINIC = sa.select(sa.func.min(_k.clinic)).where(_k.token == sa.bindparam("token"), _k.clinic > sa.bindparam("clinic"))
_THERE = sa.select(_k.talk).where(
    _k.token == sa.bindparam("token"), _k.clinic == sa.bindparam("clinic"), _k.talk == sa.bindparam("talk")
)
_TALKS = (
    sa.select(
        conversations,
        appointments.c.clinic,
        appointments.c.clinic_name,
        appointments.c.clinician,
        appointments.c.start,
        appointments.c.status,
        patients.c.sealed.label("patient"),
        patients.c.wrapped_key,
    )
    .join_from(conversations, appointments, appointments.c.id == conversations.c.appointment_id)
    .join(patients, patients.c.id == conversations.c.patient_id)
    .where(conversations.c.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(conversations.c.id.desc())
)
