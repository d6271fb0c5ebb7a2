"""Conversations, appointments and patients as plain JSON values, as transcript and rows hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from engine import preferences
from engine.appointment import Appointment, AppointmentStatus, Listed, Patient
from engine.conversation import NO_PREFERENCES, PLACE, Conversation, OpenedTask, SentText, Which


def appointment_json(appointment: Appointment) -> dict[str, Any]:
    return {
        "id": appointment.id,
        "version": appointment.version,
        "start": appointment.start.isoformat(),
        "status": str(appointment.status),
        "clinic": appointment.clinic,
        "clinic_name": appointment.clinic_name,
        "clinician": appointment.clinician,
        "place": appointment.place,
        "type": appointment.type,
        "hospital": appointment.hospital,
        "phone": appointment.phone,
    }


def appointment_of(data: Mapping[str, Any]) -> Appointment:
    id, version, start, status, *rest = _OF_APPOINTMENT(data)
    return Appointment(id, version, datetime.fromisoformat(start), AppointmentStatus(status), *rest)


def patient_json(patient: Patient) -> dict[str, Any]:
    return {
        "id": patient.id,
        "first_name": patient.first_name,
        "language": patient.language,
        "deceased": patient.deceased,
        "do_not_text": patient.do_not_text,
        "textable": patient.textable,
    }


def patient_of(data: Mapping[str, Any]) -> Patient:
    return Patient(*_OF_PATIENT(data))


def in_order(names: Iterable[str], unset: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """A function that gives the values of plain JSON data in the order of `names`; what the data lacks is as in `unset`.
    Passing them by their names as parsed would cost twice as much: Python finds a parameter quickly only by the very string
    that names it."""
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*names)

    def pick(data: Mapping[str, Any]) -> tuple[Any, ...]:
        try:
            return values(data)
        except KeyError:
            return values({**unset, **data})

    return pick


def unset(kind: Any) -> dict[str, Any]:
    """The values that fields of this dataclass have where none is given."""
    return {field.name: field.default for field in fields(kind) if field.default is not MISSING}


_OF_APPOINTMENT = in_order(Appointment.__match_args__, unset(Appointment))
_OF_PATIENT = in_order(Patient.__match_args__, unset(Patient))


def _listed_json(listed: Listed) -> list[Any]:
    facts = [listed.conversation, listed.patient, listed.first_name, listed.appointment, listed.version]
    return [*facts, listed.start.isoformat(), listed.clinic]


def listed_of(facts: Sequence[Any]) -> Listed:
    talk, patient, name, appointment, version, start, clinic = facts
    return Listed(talk, patient, name, appointment, version, datetime.fromisoformat(start), clinic)


def which_json(which: Which) -> dict[str, Any]:
    among = [_listed_json(each) for each in which.among]
    return {"reply": which.reply, "text": which.text, "words": which.words, "among": among}


def which_of(data: Mapping[str, Any] | None) -> Which | None:
    if data is None:
        return None
    return Which(data["reply"], data["text"], data["words"], tuple(map(listed_of, data["among"])))


_NOTHING: Any = object()
# What a conversation holds where it holds nothing: that is left out of its JSON.
_UNSET: tuple[Any, ...] = tuple(Conversation._field_defaults.get(name, _NOTHING) for name in Conversation._fields)
_MOMENTS = ("opened_at", "told_at", "reminded_at", "replied_at", "replied_before", "spoke_at")


def _sent_json(text: SentText) -> list[Any]:
    facts = [text.key, text.prompt, text.about, text.status, text.day]
    return [*facts, text.shared, text.number] if text.shared else facts


def to_json(c: Conversation) -> dict[str, Any]:
    """What orjson writes such that `from_json` makes an equal conversation of it: JSON values and, as they are, moments and
    what is JSON field by field. Most talks hold nothing in most fields; such fields are left out."""
    held: dict[str, Any] = {
        name: value for name, value, unset in zip(Conversation._fields, c, _UNSET, strict=True) if value is not unset
    }
    if c.which is not None:
        held["which"] = which_json(c.which)
    if c.texts:
        held["texts"] = [_sent_json(text) for text in c.texts]
    if c.tasks:
        held["tasks"] = [[task.key, task.kind] for task in c.tasks]
    if c.preferences:
        held["preferences"] = preferences.to_json(c.preferences)
    return held


def whole_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """The same with every field, to hold two of them against each other: rows of earlier versions leave none out."""
    return {**_UNSET_JSON, **data}


_UNSET_JSON: Mapping[str, Any] = {**Conversation._field_defaults, "texts": [], "tasks": [], "preferences": None}


def from_json(data: Mapping[str, Any]) -> Conversation:
    values: list[Any] = [*_UNSET]
    for name, value in data.items():
        values[PLACE[name]] = value
    for place in _PLACES_OF_MOMENTS:
        if values[place] is not None:
            values[place] = datetime.fromisoformat(values[place])
    values[_APPOINTMENT] = appointment_of(values[_APPOINTMENT])
    values[_PATIENT] = patient_of(values[_PATIENT])
    values[_TEXTS] = tuple(SentText(*text) for text in values[_TEXTS])
    values[_TASKS] = tuple(OpenedTask(*task) for task in values[_TASKS])
    values[_WHICH] = which_of(values[_WHICH])
    held = data.get("preferences")
    values[_PREFERENCES] = preferences.from_json(held) if held else NO_PREFERENCES
    return tuple.__new__(Conversation, values)


_PLACES_OF_MOMENTS = tuple(PLACE[name] for name in _MOMENTS)
_APPOINTMENT, _PATIENT, _TEXTS, _TASKS, _WHICH, _PREFERENCES = (
    PLACE[name] for name in ("appointment", "patient", "texts", "tasks", "which", "preferences")
)
