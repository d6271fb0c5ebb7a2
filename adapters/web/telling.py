"""A transcript in plain words: what each entry means to a secretary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.web.plain import APPOINTMENT_STATUS, TEXT_STATUS, clock, counted, day, kind, meaning, state
from engine.conversation import CLOCK, GATEWAY, IPMS, MACHINE, PATIENT, Entry
from engine.ruleset import BUILT_IN_STATES, Ruleset
from engine.tongues import name as language_name

_ACTS = {
    "take": "takes the talk over",
    "confirm": "confirms the appointment",
    "cancel": "cancels the appointment",
    "keep": "leaves the appointment as it is",
    "rescheduled": "settles another time",
    "call_back": "has rung the patient",
    "answer": "answers the patient",
    "hand_back": "hands the talk back to Freagra",
    "wrong_number": "notes a wrong number",
    "deceased": "notes that the patient has died",
    "stop": "stops texts",
    "note": "makes a note",
    "close": "ends the talk",
    "claim": "takes this on",
    "release": "leaves this to others",
    "assign": "gives this to a colleague",
    "snooze": "puts this off",
    "undo": "takes back what was not done yet",
    "meant": "says what the reply meant",
    "attach": "has found that a text from another number is this patient’s",
}
_ASKED_OF_HOSPITAL = {
    "confirm": "confirm the appointment",
    "request_cancel": "note that the patient wants to cancel",
    "request_reschedule": "note that the patient wants another time",
    "withdraw_request": "note that the appointment stays as it is",
    "cancel": "cancel the appointment",
    "reschedule": "move the appointment",
    "message": "keep a text on the patient’s record",
    "out": "keep a text on the patient’s record",
    "in": "keep a reply on the patient’s record",
}
_OUTCOMES = {
    "acted": "Acted on",
    "asked": "Asked back, nothing changed",
    "handed": "Given to a person",
    "noted": "Noted, nothing to do",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, told. `who` is patient, freagra, staff, hospital, gateway or clock. `quote` is what was said word for
    word, `text` the key of the text that it is; `reading` the data of an entry that says how a reply was read. A line
    that is `small` is a consequence of the one before it."""

    who: str
    title: str
    quote: str | None = None
    notes: tuple[str, ...] = ()
    reading: Mapping[str, Any] | None = None
    text: str = ""
    small: bool = False


def tell(entry: Entry) -> Line:
    """An entry in plain words. One of a kind that is not known here is told by its kind."""
    teller = _TELLERS.get(entry.kind)
    if teller is None:
        return Line(_who(entry), entry.kind.replace(".", " ").replace("_", " ").capitalize(), small=True)
    return teller(entry, entry.data)


def timer(name: str, state_name: str, ruleset: Ruleset) -> str:
    """What happens when a timer falls due, before it does."""
    if name == "no_reply":
        held = ruleset.states.get(state_name)
        leads = next((rung.go for rung in held.no_reply if rung.go), None) if held is not None else None
        return f"If no answer comes: {state(leads)}" if leads else "If no answer comes: asked again"
    if name == "retry":
        return "The text goes out once more"
    if name == "close":
        return "The talk is over"
    step = next((step for step in ruleset.cadence if f"cadence.{step.name}" == name), None)
    if step is None:
        return kind(name)
    if step.only_if is None:
        return f"The {step.name} reminder"
    condition = "there is still no answer" if step.only_if == "silent" else state(step.only_if)
    return f"The {step.name} reminder, if {condition}"


def passed_over(timer_name: str, ruleset: Ruleset) -> str:
    """Why nothing followed when a timer fell due."""
    condition = next((step.only_if for step in ruleset.cadence if f"cadence.{step.name}" == timer_name), None)
    if condition == "silent":
        return "Nothing goes out: it is for those who have not answered."
    if condition is not None:
        return f"Nothing goes out: it is for talks that stand at “{state(condition)}”."
    return "Nothing to do."


# ---- one function for each kind of entry -----------------------------------------------------------------------------


def _who(entry: Entry) -> str:
    if entry.actor.startswith("staff:"):
        return "staff"
    return {PATIENT: "patient", GATEWAY: "gateway", IPMS: "hospital", CLOCK: "clock", MACHINE: "freagra"}.get(
        entry.actor, "freagra"
    )


def _name(entry: Entry) -> str:
    return entry.actor.partition(":")[2] or "Freagra"


def _because(trigger: str) -> str:
    what, _, detail = trigger.partition(".")
    told = {
        "reply": f"the reply was read as “{meaning(detail)}”",
        "said": f"the reply was read as “{meaning(detail)}” and says when",
        "cadence": f"the {kind(detail)} reminder is due",
        "silence": "no answer came",
        "unclear": "the reply was not understood",
        "staff": "staff settled it",
        "always": {
            "appointment_changed": "the hospital changed the appointment",
            "appointment_cancelled": "the hospital called it off",
            "after_close": "the talk was over",
        }.get(detail, f"“{meaning(detail)}” comes before anything else"),
        "send_failed": "the texts do not arrive",
        "close": "the appointment is past",
    }
    return told.get(what, kind(trigger))


def _appointment(data: Mapping[str, Any]) -> str:
    start = datetime.fromisoformat(data["start"])
    status = APPOINTMENT_STATUS.get(data["status"], data["status"])
    return f"{data['clinician']}, {day(start)} at {clock(start)}, {status}"


def _opened(_: Entry, data: Mapping[str, Any]) -> Line:
    notes = (_appointment(data["appointment"]), f"Rules: {data['ruleset']}, version {data['version']}")
    return Line("hospital", "The hospital tells of an appointment", notes=notes)


def _read(_: Entry, data: Mapping[str, Any]) -> Line:
    notes: tuple[str, ...] = ()
    if "waited" in data:
        notes = (f"which settles what was said before: “{data['waited']['text']}”",)
    elif "part" in data:
        notes = (f"of it, about this appointment: “{data['part']}”",)
    return Line("patient", "The patient texts", notes=notes, quote=data["text"], reading=data)


def _settled(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"{_OUTCOMES.get(data['outcome'], data['outcome'])}: {data['why']}", small=True)


def _asked(_: Entry, data: Mapping[str, Any]) -> Line:
    guess = f": did they mean “{meaning(data['guess'])}”?" if data.get("guess") else ""
    return Line("freagra", f"The patient is asked{guess or ' again'}", small=True)


def _joined(_: Entry, data: Mapping[str, Any]) -> Line:
    said = f"It leaves as number {data['number']} of the {data['count']} appointments in one text"
    return Line("freagra", said, quote=data["text"])


def _which_asked(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"The phone is asked which of its {len(data['among'])} appointments is meant", small=True)


def _which_settled(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"The question which appointment was meant is over: {data['why']}", small=True)


def _guess_dropped(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"The question whether “{meaning(data['guess'])}” was meant is answered", small=True)


def _entered(entry: Entry, data: Mapping[str, Any]) -> Line:
    notes = []
    if data.get("staff_own"):
        notes.append("From here staff answer and Freagra says nothing.")
    if data.get("ends"):
        notes.append("The talk is over.")
    over = data["state"] in BUILT_IN_STATES
    title = "The talk is over" if over else f"Now: {state(data['state'])}"
    return Line(_who(entry), f"{title}, because {_because(data['trigger'])}", notes=tuple(notes), small=True)


def _silence(_: Entry, __: Mapping[str, Any]) -> Line:
    return Line("clock", "No answer so far", small=True)


_LANES = {"reply": "at once", "notice": "news, in sending hours", "bulk": "a reminder, in sending hours"}


def _queued(entry: Entry, data: Mapping[str, Any]) -> Line:
    by_staff = entry.actor.startswith("staff:")
    notes = [
        language_name(data["language"]),
        f"{counted(data['segments'], 'SMS part')} ({data['encoding']})",
        _LANES[data["lane"]],
    ]
    if data["prompt"]:
        notes.insert(0, f"“{kind(data['prompt'])}”")
    who = f"{_name(entry)} texts the patient" if by_staff else "Freagra texts the patient"
    return Line("staff" if by_staff else "freagra", who, quote=data["text"], notes=tuple(notes), text=data["key"])


def _status(_: Entry, data: Mapping[str, Any]) -> Line:
    reason = f": {data['reason']}" if data["reason"] else ""
    return Line("gateway", f"The text is {TEXT_STATUS.get(data['status'], data['status'])}{reason}", small=True)


def _withheld(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"The text “{kind(data['prompt'])}” is not sent: {data['reason']}")


def _failed(_: Entry, __: Mapping[str, Any]) -> Line:
    return Line("gateway", "A delivery failed", small=True)


def _handed(entry: Entry, data: Mapping[str, Any]) -> Line:
    return Line(_who(entry), f"Staff own the talk now: {data['why']}", small=True)


def _handed_back(entry: Entry, _: Mapping[str, Any]) -> Line:
    return Line(_who(entry), "Freagra goes on with the talk", small=True)


def _closed(entry: Entry, data: Mapping[str, Any]) -> Line:
    return Line(_who(entry), f"The talk is over: {data['why']}")


def _reopened(entry: Entry, _: Mapping[str, Any]) -> Line:
    return Line(_who(entry), "The appointment stands again and the talk goes on")


def _changed(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("hospital", "The hospital’s word on the appointment", notes=(_appointment(data["appointment"]),))


def _patient_changed(_: Entry, data: Mapping[str, Any]) -> Line:
    what = "another mobile number" if data["number_changed"] else "other details of the patient"
    return Line("hospital", f"The hospital has {what}")


def _noted(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"Would come: {data['summary']}", small=True)


def _dropped(_: Entry, __: Mapping[str, Any]) -> Line:
    return Line("freagra", "No other time is wanted any more", small=True)


def _task_opened(_: Entry, data: Mapping[str, Any]) -> Line:
    due = datetime.fromisoformat(data["due"])
    notes = [f"{kind(data['priority'])} priority", f"due {day(due)} at {clock(due)}", data["why"]]
    return Line("staff", f"Task for staff: {kind(data['kind'])}", notes=tuple(notes), quote=data["words"] or None)


def _task_updated(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("staff", f"On the open task: {data['why']}", quote=data["words"] or None, small=True)


def _task_closed(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("staff", f"Task done: {kind(data['kind'])}, {kind(data['outcome'])}", small=True)


def _to_hospital(_: Entry, data: Mapping[str, Any]) -> Line:
    asked = _ASKED_OF_HOSPITAL.get(data["action"], kind(data["action"]))
    return Line("hospital", f"The hospital’s system is asked to {asked}")


def _hospital_said(_: Entry, data: Mapping[str, Any]) -> Line:
    asked = _ASKED_OF_HOSPITAL.get(data["action"], kind(data["action"]))
    said = {"done": "has done it", "conflict": "holds another version of the appointment"}
    title = f"The hospital’s system {said.get(data['status'], 'refuses')}: {asked}"
    return Line("hospital", title, notes=(data["reason"],) if data["reason"] else (), small=True)


def _blocked(_: Entry, data: Mapping[str, Any]) -> Line:
    which = {"clinic": " from this clinic", "series": " about this appointment"}.get(data.get("scope", ""), "")
    return Line("freagra", f"No more texts{which}: {kind(data['reason'])}", small=True)


def _unblocked(_: Entry, __: Mapping[str, Any]) -> Line:
    return Line("freagra", "Texts are wanted again", small=True)


def _language_changed(_: Entry, data: Mapping[str, Any]) -> Line:
    return Line("freagra", f"The talk goes on in {language_name(data['language'])}", small=True)


def _fired(_: Entry, data: Mapping[str, Any]) -> Line:
    named = {"no_reply": "No answer came in time", "retry": "Time to try again", "close": "The appointment is past"}
    step = data["name"].removeprefix("cadence.")
    return Line("clock", named.get(data["name"], f"The {kind(step)} reminder is due"))


def _staff_acted(entry: Entry, data: Mapping[str, Any]) -> Line:
    notes: tuple[str, ...] = ()
    if data.get("start"):
        start = datetime.fromisoformat(data["start"])
        notes = (f"new time: {day(start)} at {clock(start)}",)
    if data.get("crossed"):
        notes += (f"not done: {data['crossed']} meanwhile",)
    said = None if data["act"] == "answer" else data["text"] or None
    return Line("staff", f"{_name(entry)} {_ACTS.get(data['act'], kind(data['act']))}", notes=notes, quote=said)


_TELLERS: Mapping[str, Callable[[Entry, Mapping[str, Any]], Line]] = {
    "conversation.opened": _opened,
    "conversation.handed": _handed,
    "conversation.handed_back": _handed_back,
    "conversation.closed": _closed,
    "conversation.reopened": _reopened,
    "reply.read": _read,
    "reply.settled": _settled,
    "reply.asked": _asked,
    "guess.dropped": _guess_dropped,
    "which.asked": _which_asked,
    "which.settled": _which_settled,
    "state.entered": _entered,
    "silence.noted": _silence,
    "text.queued": _queued,
    "text.status": _status,
    "text.joined": _joined,
    "text.withheld": _withheld,
    "send.failed": _failed,
    "appointment.changed": _changed,
    "patient.changed": _patient_changed,
    "preferences.noted": _noted,
    "preferences.dropped": _dropped,
    "task.opened": _task_opened,
    "task.updated": _task_updated,
    "task.closed": _task_closed,
    "ipms.queued": _to_hospital,
    "ipms.status": _hospital_said,
    "texts.blocked": _blocked,
    "texts.unblocked": _unblocked,
    "language.changed": _language_changed,
    "timer.fired": _fired,
    "staff.acted": _staff_acted,
    "staff.texted": lambda entry, _: Line("staff", f"{_name(entry)} texts the patient by hand"),
}
