"""Finding a talk: by the patient's name, number or phone, by clinic, day, and words of the talk.

Every word must be found: as a name, the beginning of one, or a word that was said. Tokens lead to the newest talks of each
clinic of the scope of who asks; what they lead to is held against the store itself, so that a stale token shows
nothing and a clinic's patients stay with it. However much the store holds, no more than some hundred talks are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import portions
from conversations.finding import BEGINNING, NAME, SHORTEST, WORD, Token, beginnings, day_token, pair, words
from conversations.names import full_name
from conversations.people import Scope
from conversations.places import patient_place
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
        # Whole names and words lead straight to those who are meant. Only where these are few it is worth to look at all whose
        # name begins so.
        hits: dict[str, Hit] = {}
        more = False
        for look in (self._straight, self._whole, self._begun):
            found = self._hits(wanted, said, *look(wanted, said))
            hits.update((hit.talk, hit) for hit in found.hits if hit.talk not in hits)
            more = more or found.more
            if len(hits) >= FOUND:
                return Hits(list(hits.values())[:FOUND], more=True)
        return Hits(list(hits.values()), more)

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

    def _straight(self, wanted: Wanted, said: Sequence[str]) -> tuple[list[str], bool]:
        """Ids of the newest talks that are found by a whole name or word, or by two whole names, and whether there may be
        others."""
        if len(said) > 1:
            way = [pair(one, other) for one, other in combinations(said, 2)]
        elif said and wanted.day is None:
            way = _whole(said[0])
        elif wanted.day is not None and not said:
            way = [day_token(wanted.day)]
        else:
            return [], False
        leads, more = self._newest(wanted, way, FOUND + 1)
        return _newest_first(leads), more

    def _whole(self, wanted: Wanted, said: Sequence[str]) -> tuple[list[str], bool]:
        """The same by whole names and words that have to go together, or with a day."""
        ways = [_whole(word) for word in said]
        alone = len(ways) + (wanted.day is not None) < 2
        return ([], False) if alone else self._together(wanted, ways, [], FOUND + 1)

    def _begun(self, wanted: Wanted, said: Sequence[str]) -> tuple[list[str], bool]:
        """The same by how names begin, and by any two words that begin one patient's names."""
        ways = [[(NAME, word[:BEGINNING]), *_whole(word)] for word in said]
        return self._together(wanted, ways, [beginnings(one, other) for one, other in combinations(said, 2)], _NEWEST)

    def _together(
        self, wanted: Wanted, ways: Sequence[Sequence[Token]], pairs: Sequence[Token], most: int
    ) -> tuple[list[str], bool]:
        """Ids of talks worth looking at, and whether there may be others: those of the way, or the day, that leads to the
        fewest, and those of the pairs, as far as they lie on all of the ways."""
        ways = [*ways, *([[day_token(wanted.day)]] if wanted.day is not None else [])]
        if not ways:
            return [], False
        led = [self._newest(wanted, way, most) for way in ways]
        (leads, more), chosen = min(zip(led, ways, strict=True), key=lambda each: (each[0][1], len(each[0][0])))
        by_pairs = self._newest(wanted, pairs, most)[0] if more and pairs else set()
        for way in ways:
            if way is not chosen:
                leads = self._having(leads, way)
            by_pairs = self._having(by_pairs, way)
        leads = leads | by_pairs
        return _newest_first(leads), more

    def _newest(self, wanted: Wanted, way: Iterable[Token], most: int) -> tuple[set[_Lead], bool]:
        """The newest of each clinic, at most so many of each token, and whether there are others."""
        found: set[_Lead] = set()
        more = False
        clinics = self._clinics(wanted)
        for token in way:
            asked = {"token": self._vault.search_token(*token), "before": most - 1, "first": b""}
            if clinics is not None:
                asked["clinics"] = clinics
            rows = self._connection.execute(_NEWEST_OF if clinics is None else _NEWEST_IN, asked).all()
            more = more or any(many == most for many in Counter(row.clinic for row in rows).values())
            found.update((bytes(row.talk), row.clinic) for row in rows)
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

    def _clinics(self, wanted: Wanted) -> list[str] | None:
        """The clinics to look in; None: each there is."""
        if wanted.clinic:
            return [wanted.clinic] if wanted.clinic in self._scope else []
        return None if self._scope.clinics is None else sorted(self._scope.clinics)

    # ---- what is shown -----------------------------------------------------------------------------------------------

    def _hits(self, wanted: Wanted, said: Sequence[str], ids: Sequence[str], more: bool) -> Hits:
        hits: list[Hit] = []
        for start in range(0, len(ids), FOUND + 1):
            rows = self._rows(ids[start : start + FOUND + 1])
            talked = {word: self._talked(word, rows) for word in said}
            hits += filter(None, (self._hit(wanted, talked, row) for row in rows))
            if len(hits) > FOUND:
                break
        return Hits(hits[:FOUND], more or len(hits) > FOUND)

    def _talked(self, word: str, rows: Sequence[Any]) -> set[str]:
        """Those of these talks in which the word was said."""
        leads = {(bytes.fromhex(row.id), row.clinic) for row in rows}
        return {talk.hex() for talk, _ in self._having(leads, [(WORD, word)])} if len(word) >= SHORTEST else set()

    def _rows(self, ids: Sequence[str]) -> list[Any]:
        return list(self._connection.execute(_TALKS, {"ids": list(ids)}).all())

    def _hit(self, wanted: Wanted, talked: Mapping[str, set[str]], row: Any) -> Hit | None:
        """None for what a token led to and is not what was looked for, or not in the scope."""
        if row.wrapped_key is None or row.clinic not in self._scope or (wanted.clinic and row.clinic != wanted.clinic):
            return None
        start = moment(row.start)
        if wanted.day is not None and start.astimezone(self._zone).date() != wanted.day:
            return None
        record: Mapping[str, Any] = orjson.loads(self._vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient))
        names = words(full_name(record).replace("-", " "))
        # Three letters of a name lead to more than those whose name begins with the word.
        if not all(row.id in among or any(name.startswith(word) for name in names) for word, among in talked.items()):
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


def _newest_first(leads: Iterable[_Lead]) -> list[str]:
    return [talk.hex() for talk, _ in sorted(leads, reverse=True)]


def _whole(word: str) -> list[Token]:
    return [(NAME, word), *([(WORD, word)] if len(word) >= SHORTEST else [])]


# The newest of a token in each clinic, in one statement: the clinics that have it, one after the other (a loose index scan),
# and of each what is no older than its last that is wanted. Nothing else of the index is read.
_CLINICS_OF = """
WITH RECURSIVE had (clinic) AS (
    SELECT min(clinic) FROM search_tokens WHERE token = :token
    UNION ALL
    SELECT (SELECT min(clinic) FROM search_tokens WHERE token = :token AND clinic > had.clinic)
    FROM had WHERE had.clinic IS NOT NULL
)
SELECT led.talk, led.clinic FROM had JOIN search_tokens AS led ON led.token = :token AND led.clinic = had.clinic
AND led.talk >= coalesce(
    (
        SELECT talk FROM search_tokens AS older WHERE older.token = :token AND older.clinic = had.clinic
        ORDER BY talk DESC LIMIT 1 OFFSET :before
    ),
    :first
)
"""
_NEWEST_OF = sa.text(_CLINICS_OF)
_NEWEST_IN = sa.text(f"{_CLINICS_OF} WHERE had.clinic IN :clinics").bindparams(
    sa.bindparam("clinics", expanding=True, type_=sa.String)
)
_k = search_tokens.c
_HAVING = sa.select(_k.talk).where(
    _k.token.in_(sa.bindparam("tokens", expanding=True)),
    _k.clinic == sa.bindparam("clinic"),
    _k.talk.in_(sa.bindparam("talks", expanding=True)),
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
