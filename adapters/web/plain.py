"""What things are called on pages: states, kinds of task, meanings, rules, days and times, in plain words."""

from __future__ import annotations

from datetime import datetime

from adapters.zone import ZONE
from engine.reading import MIXED, UNKNOWN

_STATES = {
    "planned": "nothing sent yet",
    "closed": "over",
    "waiting": "waiting for an answer",
    "changed": "waiting for an answer to the new time",
    "unanswered": "no answer, to be rung",
    "confirmed": "confirmed",
    "kept": "kept",
    "which_days": "asked which days suit",
    "moving": "another time wanted",
    "cancelling": "cancellation wanted",
    "cancelled": "cancelled",
    "late": "running late",
    "with_staff": "with staff",
    "to_be_read": "a long reply, with staff",
    "not_understood": "not understood, with staff",
    "undelivered": "texts do not arrive",
    "urgent": "urgent, with staff",
    "bereaved": "bereavement, with staff",
    "wrong_number": "wrong number, with staff",
    "opted_out": "wants no texts",
    "called_off": "called off by the hospital",
    "too_late": "wrote after the appointment",
}
_RULES = {
    "key": "the whole reply is one of the keys",
    "word": "a word that decides wherever it stands",
    "phrase": "a known phrase",
    "fuzzy": "very like a known phrase",
    "negation": "a “not” or “no” stands in it, so it is not taken at its word",
    "two-meanings": "it says two things that differ",
    "two-languages": "its words mean different things in two languages",
    "another-time": "a time at which the patient would come stands beside it",
    "other-time": "it names another day or hour than the patient was told",
    "told-day": "the day that was told seems to suit",
    "told": "it is told of what has been",
    "bereaved": "a death is told beside what may be an answer of somebody living",
    "condition": "it is said under a condition",
    "hedge": "it is said with doubt",
    "question": "it asks something",
    "empty": "there is no word in it",
    "nothing-matched": "nothing we know is like it",
    "guess": "yes to “did you mean”",
    "affirmed": "yes to “did you mean”",
    "refused": "no to “did you mean”",
    "robot": "it reads like an automatic answer",
    "code": "it looks like program code",
    "tapback": "a phone’s reaction to our text",
    "quoted": "our own text sent back",
    "more-said": "more is said than we know",
    "no": "a bare no, to which question is not said",
    "too-long": "longer than is read",
}
TEXT_STATUS = {
    "queued": "about to go out",
    "accepted": "taken by the gateway",
    "sent": "on its way",
    "delivered": "delivered",
    "undeliverable": "could not be delivered",
    "expired": "could not be delivered in time",
    "rejected": "refused by the gateway",
    "unknown": "no word of it came back",
    "unsent": "held back",
}
APPOINTMENT_STATUS = {"fulfilled": "attended", "noshow": "missed"}


def state(name: str) -> str:
    return _STATES.get(name, name.replace("_", " "))


def kind(name: str) -> str:
    """A kind of task, or a meaning, as people write it."""
    return name.replace("_", " ")


def rule(name: str) -> str:
    return _RULES.get(name, kind(name))


def meaning(intent: str) -> str:
    return {UNKNOWN: "not understood", MIXED: "two meanings in one"}.get(intent, kind(intent))


def day(at: datetime) -> str:
    """`Tue 9 Jun`, where the hospital is."""
    local = at.astimezone(ZONE)
    return f"{local:%a} {local.day} {local:%b}"


def clock(at: datetime) -> str:
    """`14:05`, where the hospital is."""
    return f"{at.astimezone(ZONE):%H:%M}"


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
