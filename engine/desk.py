"""What staff do with a talk."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from engine.events import AMONG_STAFF, StaffAct, StaffActed
from engine.ruleset import TaskRule
from engine.speech import may_be_texted
from engine.turn import CLOSE, Turn

# Done whatever was said meanwhile: who stops texts by mistake harms nobody as one does who goes on.
_REGARDLESS = AMONG_STAFF | {
    StaffAct.TAKE, StaffAct.WRONG_NUMBER, StaffAct.DECEASED, StaffAct.STOP, StaffAct.ATTACH,
}  # fmt: skip
_FOUND = "A text from a number that is not on record was found to be this patient's."


def staff_acted(turn: Turn, event: StaffActed) -> None:
    actor = f"staff:{event.by}"
    data: dict[str, Any] = {
        "act": str(event.act), "text": event.text, "start": event.start.isoformat() if event.start else None,
    }  # fmt: skip
    if event.until is not None:
        data["until"] = event.until.isoformat()
    if event.to:
        data["to"] = event.to
    crossed = _crossed(turn, event)
    if crossed:
        data["crossed"] = crossed
    turn.record("staff.acted", data, actor)
    if event.act in AMONG_STAFF:
        return
    if crossed:
        _give_back(turn, event, crossed)
        return
    match event.act:
        case StaffAct.TAKE:
            if not turn.c.staff_own:
                turn.record("conversation.handed", {"why": "taken by staff"}, actor)
        case StaffAct.ANSWER:
            if not turn.c.staff_own:
                turn.record("conversation.handed", {"why": "answered by staff"}, actor)
            if event.text.strip():
                turn.say_freely(event.text, event.by)
        case StaffAct.CONFIRM | StaffAct.CANCEL | StaffAct.KEEP:
            _settled_by_staff(turn, event, actor)
        case StaffAct.HAND_BACK:
            _hand_back(turn, actor)
        case StaffAct.RESCHEDULED:
            _rescheduled(turn, event, actor)
        case StaffAct.WRONG_NUMBER | StaffAct.DECEASED | StaffAct.STOP:
            turn.move(f"always.{event.act}", tell=event.tell and event.act is StaffAct.STOP)
            turn.settle_tasks(None, str(event.act), actor)
        case StaffAct.CALL_BACK:
            turn.settle_tasks(None, "called", actor)
        case StaffAct.ATTACH:
            # As urgent as it was before anybody knew whose it is.
            soon = event.to in ("urgent", "bereavement")
            within = timedelta(minutes=15) if soon else timedelta(hours=4)
            rule = TaskRule(event.to or "question", within, "urgent" if soon else "high", None, _FOUND)
            turn.open_task(rule, words=event.text)
        case StaffAct.CLOSE:
            turn.settle_tasks(None, "closed", actor)
            turn.close(event.text or "closed by staff")


def _crossed(turn: Turn, event: StaffActed) -> str:
    """What the colleague could not know of when they decided, "" for nothing."""
    if event.act in _REGARDLESS:
        return ""
    if event.replies is not None and turn.c.replies > event.replies:
        return "the patient wrote"
    if event.version is not None and turn.c.appointment.version != event.version:
        return "the appointment changed"
    return ""


def _give_back(turn: Turn, event: StaffActed, crossed: str) -> None:
    """An act that crossed with news is not done: whoever decided it looks again."""
    act = str(event.act).replace("_", " ")
    why = f"{event.by} settled this ({act}), but {crossed} a moment before it took effect. It was not done."
    if turn.c.tasks:
        turn.update_task(turn.c.tasks[-1].key, why, words=event.text, priority="high")
    else:
        turn.open_task(TaskRule("question", timedelta(hours=1), "high", None, why), words=event.text)


def _settled_by_staff(turn: Turn, event: StaffActed, actor: str) -> None:
    turn.settle_tasks(None, str(event.act), actor)
    if not turn.stands():
        turn.close("settled by staff when the appointment was over")
        return
    turn.move(f"staff.{event.act}", tell=event.tell, words=event.text)
    turn.plan()  # a talk that was over, or stood still with staff, has no timers left


def _hand_back(turn: Turn, actor: str) -> None:
    """The machine goes on, if there is anything to go on with. If the appointment changed while staff had it, the patient is
    told that first."""
    c = turn.c
    if not c.staff_own:
        return
    turn.settle_tasks(None, "handed back", actor)
    turn.record("conversation.handed_back", {}, actor)
    if c.blocked or not may_be_texted(c.patient) or c.wish == "cancel" or not turn.stands():
        turn.close("handed back with nothing left to ask")
        return
    if c.closed:
        turn.record("conversation.reopened", {}, actor)
    if not turn.still_ahead():
        untold = c.told > 0 and c.told != c.appointment.version
        turn.move("always.appointment_changed" if untold else "staff.hand_back")
    turn.plan()


def _rescheduled(turn: Turn, event: StaffActed, actor: str) -> None:
    """Staff settled a new time. The iPMS is asked to move it; its word that it did tells the patient."""
    if event.start is None:
        return
    turn.settle_tasks(None, "rescheduled", actor)
    if turn.c.staff_own:
        turn.record("conversation.handed_back", {}, actor)
    turn.write("reschedule", note=event.text, start=event.start)
    if turn.c.closed:
        return
    if turn.stands():
        turn.set_timer(CLOSE, turn.closes, turn.c.appointment.version)
    else:
        turn.close("the appointment is over; a new one is on its way")
