"""Whom a round of texts reaches: who gets the text and how it reads for them, who does not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection

from conversations.bulk import among_those, rows_of
from conversations.errors import FreagraError
from conversations.names import full_name
from conversations.people import Scope
from conversations.places import patient_place
from conversations.rows import PREFERS, appointment_of
from conversations.rulebook import Rulebook
from conversations.schema import DAY, DAY_OF_UTC, appointments, blocks, conversations, instant, moment, patients
from conversations.transcript import canonical
from conversations.vault import Vault
from engine import templates, wording
from engine.appointment import CALLED_OFF, Patient
from engine.conversation import OPTED_OUT
from engine.ruleset import TELLS
from engine.stopping import covers

MOST_SEGMENTS = 4
MOST_PATIENTS = 5_000


class RoundUnfit(FreagraError):
    """A round that cannot be sent as it is. `field` is what it is about: whom, words or purpose."""

    code = "round_unfit"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Whom:
    """Who a round is for: one `patient` (our id), or all who have an appointment in `clinic` on `day`, in local time. Those
    whom the iPMS has as cancelled only where `called_off`."""

    patient: str = ""
    clinic: str = ""
    day: date | None = None
    called_off: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """What a round says: `texts` (language, words; the first for whoever reads none of them) or a `prompt` of the rulesets.
    `purpose` is one of ruleset.PURPOSES."""

    purpose: str
    texts: tuple[tuple[str, str], ...] = ()
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient in a round. `reason`: why they get no text, "" for those who do; then `text` is what they get."""

    patient: str
    appointment: str
    version: int
    talk: str
    name: str
    number: str
    start: datetime
    clinic: str
    language: str
    reason: str = ""
    text: str = ""
    segments: int = 0


@dataclass(frozen=True, slots=True)
class Preview:
    """A round as it would be sent now. `seen` is a digest of it: another one, another round."""

    whom: Whom
    wording: Wording
    clinic: str
    chosen: Sequence[Candidate]
    left_out: Sequence[Candidate]

    @property
    def segments(self) -> int:
        return sum(each.segments for each in self.chosen)

    @property
    def languages(self) -> Mapping[str, int]:
        """How many of the chosen read which language, those of most patients first."""
        return dict(Counter(each.language for each in self.chosen).most_common())

    @property
    def seen(self) -> str:
        everyone = (*self.chosen, *self.left_out)
        facts = [[each.patient, each.appointment, each.version, each.reason, each.text] for each in everyone]
        return sha256(canonical({"facts": facts, "purpose": self.wording.purpose})).hexdigest()[:32]


def preview(
    connection: Connection,
    vault: Vault,
    rulebook: Rulebook,
    scope: Scope,
    whom: Whom,
    said: Wording,
    now: datetime,
    zone: ZoneInfo,
) -> Preview:
    """Who would get what, and who would not and why. Raises RoundUnfit."""
    check(said)
    rows = _rows(connection, scope, whom, now, zone)
    if not rows:
        raise RoundUnfit("whom", "There is nobody: no appointment of that clinic on that day that you can see."
                         if whom.day else "This patient has no appointment that you can see.")  # fmt: skip
    if len(rows) > MOST_PATIENTS:
        raise RoundUnfit("whom", f"These are {len(rows)} appointments; one round reaches at most {MOST_PATIENTS}.")
    look = _Look(connection, vault, rulebook, rows, whom, said)
    found = [look.at(row) for row in rows]
    chosen = [each for each in found if not each.reason]
    left_out = [each for each in found if each.reason]
    over = max((each.segments for each in chosen), default=0)
    if over > MOST_SEGMENTS:
        most = f"{MOST_SEGMENTS} are the most"
        raise RoundUnfit("words", f"The text would cost {over} SMS parts a patient; {most}. Make it shorter.")
    return Preview(whom, said, rows[0].clinic, chosen, left_out)


def check(said: Wording) -> None:
    """Raises RoundUnfit for words that cannot be sent."""
    if said.prompt:
        return
    if not said.texts or not said.texts[0][1].strip():
        raise RoundUnfit("words", "Write what the patients are to read.")
    for language, words in said.texts:
        fault = templates.words_fault(words)
        if fault is not None:
            raise RoundUnfit(f"words-{language}", f"{fault.message} (at character {fault.offset + 1}).")
        if "?" in words and said.purpose == TELLS:
            raise RoundUnfit(
                "purpose", "A text with a question mark asks something: let the answers come to staff, or ask nothing."
            )


def _rows(connection: Connection, scope: Scope, whom: Whom, now: datetime, zone: ZoneInfo) -> list[Any]:
    """Appointments with their patients, in the order of the day; of one patient the one that is meant."""
    query = _APPOINTMENTS.where(scope.where(appointments.c.clinic))
    if whom.day is not None:
        midnight = datetime.combine(whom.day, time(), zone)
        end = datetime.combine(whom.day + timedelta(days=1), time(), zone)
        query = query.where(
            appointments.c.clinic == whom.clinic,
            DAY_OF_UTC.in_([instant(midnight) // DAY, instant(end) // DAY]),  # as the index has it
            appointments.c.start >= instant(midnight),
            appointments.c.start < instant(end),
        )
        return list(connection.execute(query.order_by(appointments.c.start, appointments.c.id)))
    of_patient = conversations.c.patient_id == whom.patient
    mine = sa.select(conversations.c.appointment_id).where(of_patient)
    query = query.where(appointments.c.patient_id == whom.patient, appointments.c.id.in_(mine))
    rows = list(connection.execute(query.order_by(appointments.c.start, appointments.c.id)))
    # The next one that stands; else the next; else the last there was.
    ahead = [row for row in rows if row.start > instant(now)]
    standing = [row for row in ahead if row.status not in _OFF]
    return (standing or ahead or rows[::-1])[:1]


def clinics_seen(connection: Connection, scope: Scope) -> list[tuple[str, str]]:
    """Code and name of each clinic that there are appointments for, of the scope."""
    return [(clinic, name or clinic) for clinic, name in connection.execute(_CLINICS) if clinic in scope]


# By one look into the index for each clinic, all of them in one statement.
_CLINICS = sa.text("""
WITH RECURSIVE had (clinic) AS (
    SELECT min(clinic) FROM appointments WHERE clinic > ''
    UNION ALL
    SELECT (SELECT min(clinic) FROM appointments WHERE clinic > had.clinic) FROM had WHERE had.clinic IS NOT NULL
)
SELECT clinic, (SELECT clinic_name FROM appointments AS latest WHERE latest.clinic = had.clinic ORDER BY start DESC LIMIT 1)
FROM had WHERE clinic IS NOT NULL
""")


class _Look:
    """Looks at each of several appointments as the gate will look at its text, and says the text."""

    def __init__(
        self, connection: Connection, vault: Vault, rulebook: Rulebook, rows: list[Any], whom: Whom, said: Wording
    ) -> None:
        self._connection = connection
        self._vault = vault
        self._rulebook = rulebook
        self._whom = whom
        self._said = said
        self._seen: dict[str, datetime] = {}
        self._talks = _talks(connection, [row.id for row in rows])
        self._blocks = _blocks(connection, rows)

    def at(self, row: Any) -> Candidate:
        record: dict[str, Any] = {}
        if row.wrapped_key is not None:
            record = orjson.loads(self._vault.open(row.wrapped_key, patient_place(row.patient_id), row.patient))
        talk = self._talks.get((row.id, row.patient_id))
        candidate = Candidate(
            patient=row.patient_id,
            appointment=row.id,
            version=row.version,
            talk=talk.id if talk is not None else "",
            name=full_name(record),
            number=record.get("number", ""),
            start=moment(row.start),
            clinic=row.clinic,
            language=(record.get(PREFERS) or row.language or "").partition("-")[0].lower(),
        )
        reason = self._reason(row, talk)
        if reason or talk is None:
            return replace(candidate, reason=reason)
        self._seen[row.patient_id] = candidate.start
        ruleset = self._rulebook.version(self._connection, talk.version)
        if self._said.prompt and self._said.prompt not in ruleset.prompts:
            return replace(candidate, reason="the rules of this talk have no such text")
        appointment, patient = appointment_of(row), _patient(row, record)
        if self._said.prompt:
            rendered = wording.render(ruleset, self._said.prompt, appointment, patient)
        else:
            rendered = wording.render_words(ruleset, self._said.texts, appointment, patient)
        return replace(candidate, text=rendered.text, segments=rendered.segments.parts)

    def _reason(self, row: Any, talk: Any) -> str:
        """Why this patient gets no text, "" for nothing."""
        if row.wrapped_key is None:
            return "erased"
        if row.deceased:
            return "deceased"
        if row.do_not_text:
            return "do not text"
        if row.phone_index is None:
            return "no mobile"
        if row.status in _OFF and not self._whom.called_off and self._whom.day is not None:
            return "called off already"
        if talk is None:
            return "no conversation"
        for block in self._blocks:
            mine = block.phone_index == row.phone_index if block.phone_index else block.patient_id == row.patient_id
            if mine and self._stops(block, row, talk):
                return str(block.reason).replace("_", " ")
        if row.patient_id in self._seen:
            return "same patient"
        return ""

    @staticmethod
    def _stops(block: Any, row: Any, talk: Any) -> bool:
        if block.reason != OPTED_OUT:
            return True
        return covers(block.scope, same_talk=block.conversation_id == talk.id, same_clinic=block.clinic == row.clinic)


def _patient(row: Any, record: Mapping[str, Any]) -> Patient:
    return Patient(row.patient_id, record.get("first_name", ""), record.get(PREFERS) or row.language)


def _talks(connection: Connection, wanted: Sequence[str]) -> dict[tuple[str, str], Any]:
    """The talk to text in, of each appointment and patient: one that goes on before one that is over, the first begun first."""
    found: dict[tuple[str, str], Any] = {}
    for row in rows_of(connection, _TALKS, wanted):
        found.setdefault((row.appointment_id, row.patient_id), row)
    return found


def _blocks(connection: Connection, rows: Sequence[Any]) -> list[Any]:
    of_phones = rows_of(connection, _BLOCKS_OF_PHONES, (row.phone_index for row in rows if row.phone_index is not None))
    return [*of_phones, *rows_of(connection, _BLOCKS_OF_PATIENTS, (row.patient_id for row in rows))]


_talk, _stands = conversations.c, sa.select(blocks).where(blocks.c.lifted_at.is_(None))
_TALKS = (
    sa.select(_talk.id, _talk.appointment_id, _talk.patient_id, _talk.version)
    .where(among_those(_talk.appointment_id))
    .order_by(_talk.closed, _talk.opened_at, _talk.id)
)
_BLOCKS_OF_PHONES = _stands.where(among_those(blocks.c.phone_index))
_BLOCKS_OF_PATIENTS = _stands.where(among_those(blocks.c.patient_id))
_OFF: Collection[str] = frozenset(str(status) for status in CALLED_OFF)
_APPOINTMENTS = sa.select(
    appointments,
    patients.c.sealed.label("patient"),
    patients.c.wrapped_key,
    patients.c.phone_index,
    patients.c.language,
    patients.c.deceased,
    patients.c.do_not_text,
).join(patients, patients.c.id == appointments.c.patient_id)
