"""How a text fares, in the words of people who did not build this: in lists, in a text's history, in exports."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.journeys import Step
from conversations.messages import FATES
from conversations.said import Message
from engine.events import TextStatus
from engine.ruleset import ASKS, CALLED_OFF_BY_HAND, TELLS

# Of a status: what it is called, and the kind of chip it is shown as.
_STATUS: Mapping[str, tuple[str, str]] = {
    "queued": ("waits to leave", ""),
    "accepted": ("with the gateway", "info"),
    "sent": ("with the phone network", "info"),
    "delivered": ("arrived", "good"),
    "undeliverable": ("not delivered", "warn"),
    "expired": ("phone not reached in time", "warn"),
    "rejected": ("refused by the gateway", "warn"),
    "unknown": ("no word from the gateway", "warn"),
    "unsent": ("not sent", "warn"),
    "withheld": ("not sent", "warn"),
    "reply": ("reply", "reply"),
    "waiting": ("next in turn", ""),
    "given": ("next in turn", ""),
    "left_out": ("left out", "warn"),
}
# Of why a text did not leave, as the gate, the talk and rounds put it.
_REASONS: Mapping[str, str] = {
    "deceased": "the patient has died",
    "do not text": "marked “do not text” in the iPMS",
    "marked do not text": "marked “do not text” in the iPMS",
    "former number": "the number is not the patient’s any more",
    "opted out": "the patient asked for no more texts",
    "wrong number": "the number belongs to someone else",
    "texts are stopped: opted out": "the patient asked for no more texts",
    "texts are stopped: wrong number": "the number belongs to someone else",
    "texts are stopped: deceased": "the patient has died",
    "expired": "it waited until it was of no use any more",
    "too late to be of use": "it was too late to be of use",
    "too many texts in one day": "the patient had too many texts that day",
    "appointment changed": "the appointment changed before it left",
    "appointment called off": "the appointment was called off before it left",
    "staff own the talk": "staff had taken the conversation over",
    "erased": "the patient’s data are erased",
    "taken apart": "it was to leave with others that must not leave, and was said anew",
    "stopped by staff": "staff stopped the round before it left",
    "no mobile": "no mobile number on record",
    "no mobile number": "no mobile number on record",
    "no conversation": "no rules are for this appointment, so there is no conversation to text in",
    "called off already": "cancelled in the iPMS already",
    "same patient": "the same patient, who gets the text for an earlier time of the day",
    "failed": "it could not be worked; there is a task in the inbox",
}
FATE_NAMES: Mapping[str, str] = {
    "arrived": "Arrived",
    "on the way": "On the way",
    "did not arrive": "Did not arrive",
    "not sent": "Not sent, and why",
    "replies": "Replies",
    "unknown numbers": "From unknown numbers",
}
UNMATCHED = "not matched to a patient"

assert FATE_NAMES.keys() == FATES.keys()

PURPOSES: Mapping[str, tuple[str, str]] = {
    CALLED_OFF_BY_HAND: (
        "The appointment will not go ahead",
        "Answers come to staff, and no reminder follows. When the iPMS cancels it nobody is told twice; when the iPMS has a "
        "new time the patient is told and asked by itself.",
    ),
    ASKS: (
        "Something that patients may answer",
        "Answers come to staff; reminders of these appointments rest until the conversation is handed back.",
    ),
    TELLS: ("A notice that asks nothing", "Reminders go on, and answers are read as answers to those."),
}


def status(said: str) -> str:
    return _STATUS.get(said, (said, ""))[0]


def chip(said: str) -> str:
    return _STATUS.get(said, ("", ""))[1]


def reason(said: str) -> str:
    """Ours in plain words; a gateway's own as it gave it."""
    return _REASONS.get(said, said)


def step(step: Step, names: Mapping[str, str]) -> str:
    """What happened, as one line. `names`: what colleagues read for the name that someone signs in with."""
    match step.what:
        case "queued":
            return f"Written by {names.get(step.by, step.by)}" if step.by else "Written by the machine"
        case "joined":
            return f"Put into one text with {int(step.reason) - 1} more for the same phone"
        case "read":
            return f"Came in, and was read as “{step.reason.replace('_', ' ')}”"
        case "found":
            return f"Found to be this patient’s by {names.get(step.by, step.by)}"
        case "settled":
            return f"{_OUTCOMES.get(step.code, step.code.capitalize())}: {step.reason}"
        case _:
            return _STEPS.get(step.what, status(step.what).capitalize())


_OUTCOMES = {"acted": "Done", "asked": "Asked back", "handed": "Given to staff", "noted": "Noted"}
_STEPS: Mapping[str, str] = {
    TextStatus.ACCEPTED: "Handed to the gateway, which took it",
    TextStatus.SENT: "Handed on to the phone network",
    TextStatus.DELIVERED: "Arrived on the phone",
    TextStatus.UNDELIVERABLE: "Could not be delivered",
    TextStatus.EXPIRED: "The phone was not reached in time",
    TextStatus.REJECTED: "Refused by the gateway",
    TextStatus.UNKNOWN: "The gateway gave no word of it",
    TextStatus.UNSENT: "Not sent",
    "withheld": "Not sent",
}


def words(message: Message) -> str:
    """What stands in a list in place of the words of what was erased or never written."""
    if message.words is None:
        return "(erased)"
    return message.words or f"(the text “{message.prompt.replace('_', ' ')}” was not written)"
