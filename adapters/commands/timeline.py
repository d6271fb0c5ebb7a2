"""Entries of a transcript as lines that a person reads. `freagra chat` and `freagra transcript show` print alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.tongues import name as language_name

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """`who` did or said it, `text` is what, `body` the very words where there are some; `tone` as in output.Paint."""

    who: str
    text: str
    body: str = ""
    tone: str = ""


def when(moment: datetime, zone: ZoneInfo, *, year: bool = False) -> str:
    """`Mon 2 Mar 10:00`, in the zone."""
    local = moment.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}{f' {local:%Y}' if year else ''} {local:%H:%M}"


def parts(number: int) -> str:
    return "1 part" if number == 1 else f"{number} parts"


def evidence(data: Data) -> list[str]:
    """Why a reply was read as it was: the data of a `reply.read` entry."""
    lines = [f"read as {data['intent']} by the rule {data['rule']}, score {data['score']:.0f}"]
    lines.append(f"as compared: “{data['normalised']}”")
    if data["why"]:
        lines.append(data["why"])
    lines += [f"near: {intent} {score:.0f} (“{phrase}”)" for intent, phrase, score in data["candidates"]]
    return lines


def lines(kind: str, actor: str, data: Data, zone: ZoneInfo) -> list[Line]:
    """What an entry says, none where another entry says it already."""
    tell = _TELL.get(kind)
    return [Line(actor, kind.replace(".", " "), tone="dim")] if tell is None else tell(actor, data, zone)


# ---- one function per kind of entry ----------------------------------------------------------------------------------


def _appointment(data: Data, zone: ZoneInfo) -> str:
    start = when(datetime.fromisoformat(data["start"]), zone, year=True)
    where = (data["clinician"], data["clinic_name"] or data["clinic"], data["place"])
    return ", ".join([data["status"], start, *filter(None, where)])


def _opened(_: str, data: Data, zone: ZoneInfo) -> list[Line]:
    return [
        Line("hospital", f"appointment {_appointment(data['appointment'], zone)}"),
        Line("rules", f"{data['ruleset']}, version {data['version']}", tone="dim"),
    ]


def _changed(_: str, data: Data, zone: ZoneInfo) -> list[Line]:
    return [Line("hospital", f"appointment {_appointment(data['appointment'], zone)}")]


def _read(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    why = f": {data['why']}" if data["why"] else ""
    about = []
    if "waited" in data:
        about = [Line("patient", "had said", data["waited"]["text"], "cyan")]
    elif "part" in data:
        about = [Line("of it", "this is about the appointment", data["part"], "cyan")]
    return [
        Line("patient", "texts", data["text"], "cyan"),
        *about,
        Line("read as", f"{data['intent']} (rule {data['rule']}, score {data['score']:.0f}){why}", tone="bold"),
    ]


def _settled(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    return [Line("outcome", f"{data['outcome']}: {data['why']}")]


def _entered(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    what = f"{data['from']} -> {data['state']} ({data['trigger']})"
    if data.get("staff_own"):
        what += "; staff own the talk from here"
    if data.get("ends"):
        what += "; the talk is over"
    return [Line("state", what, tone="magenta")]


def _queued(actor: str, data: Data, _: ZoneInfo) -> list[Line]:
    cost = f"{parts(data['segments'])}, {data['encoding']}"
    who, what = ("bot", data["prompt"]) if data["prompt"] else ("staff", f"text the patient{_by(actor)}")
    return [Line(who, f"{what} ({cost})", data["text"], "green")]


def _withheld(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    return [Line("bot", f"{data['prompt']} was not sent: {data['reason']}", tone="yellow")]


def _text_status(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    why = f": {data['reason']}" if data["reason"] else ""
    bad = data["status"] not in ("accepted", "sent", "delivered")
    return [Line("gateway", f"the text is {data['status']}{why}", tone="yellow" if bad else "dim")]


def _task_opened(_: str, data: Data, zone: ZoneInfo) -> list[Line]:
    due = when(datetime.fromisoformat(data["due"]), zone)
    suggest = f" Suggested: {data['suggest']}." if data["suggest"] else ""
    what = f"{data['kind']} ({data['priority']}, by {due}): {data['why']}{suggest}"
    return [Line("task", what, data["words"], "yellow")]


def _noted(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    return [Line("wanted", data["summary"], tone="cyan")]


def _task_updated(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    return [Line("task", f"added to: {data['why']}", data["words"], "yellow")]


def _task_closed(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    return [Line("task", f"{data['kind']} closed: {data['outcome']}")]


def _ipms_queued(_: str, data: Data, zone: ZoneInfo) -> list[Line]:
    to = f" to {when(datetime.fromisoformat(data['start']), zone, year=True)}" if data.get("start") else ""
    return [Line("iPMS", f"is asked to record {data['action']}{to}", tone="blue")]


def _ipms_status(_: str, data: Data, __: ZoneInfo) -> list[Line]:
    why = f": {data['reason']}" if data["reason"] else ""
    tone = "dim" if data["status"] == "done" else "yellow"
    return [Line("iPMS", f"{data['action']} {data['status']}{why}", tone=tone)]


def _staff(actor: str, data: Data, zone: ZoneInfo) -> list[Line]:
    to = f" to {when(datetime.fromisoformat(data['start']), zone, year=True)}" if data["start"] else ""
    crossed = data.get("crossed", "")
    # An answer's words follow as the text that goes out, if it does.
    words = "" if data["act"] == "answer" and not crossed else data["text"]
    undone = f"; not done, since {crossed} meanwhile" if crossed else ""
    return [Line("staff", f"{data['act'].replace('_', ' ')}{to}{_by(actor)}{undone}", words, "cyan")]


def _by(actor: str) -> str:
    """Who of the staff it was; a rehearsal has nobody."""
    name = actor.removeprefix("staff:")
    return "" if name in ("staff", "rehearsal") else f", by {name}"


def _told(who: str, words: Callable[[Data], str]) -> Callable[[str, Data, ZoneInfo], list[Line]]:
    return lambda _, data, __: [Line(who, words(data))]


def _nothing(_: str, __: Data, ___: ZoneInfo) -> list[Line]:
    return []


_SCOPES = {"all": "", "clinic": " from this clinic", "series": " about this appointment"}
_TELL: Mapping[str, Callable[[str, Data, ZoneInfo], list[Line]]] = {
    "conversation.opened": _opened,
    "conversation.handed": _told("staff", lambda data: f"own the talk from here: {data['why']}"),
    "conversation.handed_back": _told("staff", lambda _: "gave the talk back to the machine"),
    "conversation.closed": _told("talk", lambda data: f"is over: {data['why']}"),
    "conversation.reopened": _told("talk", lambda _: "goes on: the appointment stands again"),
    "reply.read": _read,
    "reply.settled": _settled,
    "reply.asked": _nothing,  # the text that asks follows
    "guess.dropped": _nothing,
    "which.asked": _told("bot", lambda data: f"asks which of {len(data['among'])} appointments is meant"),
    "which.settled": _nothing,
    "state.entered": _entered,
    "silence.noted": _nothing,
    "text.queued": _queued,
    "text.joined": _told("bot", lambda data: f"it leaves as number {data['number']} of {data['count']} in one text"),
    "text.withheld": _withheld,
    "text.status": _text_status,
    "send.failed": _nothing,  # the status before it says so
    "texts.blocked": _told(
        "talk", lambda data: f"texts are stopped{_SCOPES[data.get('scope', 'all')]}: {data['reason'].replace('_', ' ')}"
    ),
    "texts.unblocked": _told("talk", lambda _: "texts are wanted again"),
    "language.changed": _told("talk", lambda data: f"goes on in {language_name(data['language'])}"),
    "appointment.changed": _changed,
    "patient.changed": _told(
        "hospital", lambda data: "another mobile" if data["number_changed"] else "changed the patient"
    ),
    "preferences.noted": _noted,
    "preferences.dropped": _nothing,  # the state that settles it says so
    "task.opened": _task_opened,
    "task.updated": _task_updated,
    "task.closed": _task_closed,
    "ipms.queued": _ipms_queued,
    "ipms.status": _ipms_status,
    "staff.acted": _staff,
    "patient.erased": lambda actor, data, _: [Line("staff", f"erased the patient{_by(actor)}: {data['why']}", tone="yellow")],
    "staff.texted": lambda actor, _, __: [Line("staff", f"texted by hand{_by(actor)}", "", "cyan")],
    "timer.fired": _told("clock", lambda data: f"{data['name'].replace('_', ' ')} is due"),
}
