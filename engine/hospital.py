"""What the hospital's own system says: appointments made, moved, called off; patients changed; our writes taken or refused."""

from __future__ import annotations

from datetime import timedelta

from engine.appointment import CALLED_OFF, Appointment
from engine.as_json import appointment_json, patient_json
from engine.by_hand import back_to_machine, told_by_hand
from engine.conversation import IPMS
from engine.effects import NOTICE, REPLY
from engine.events import Opened, PatientChanged, WriteReported
from engine.ruleset import PLANNED, TaskRule
from engine.speech import may_be_texted
from engine.turn import MOOT_ONCE_SETTLED, Turn

# Tasks that need nobody once the appointment is called off. Questions, emergencies and bereavements still do.
MOOT_ONCE_OFF = MOOT_ONCE_SETTLED | {"not_sent", "running_late", "ipms_write_failed"}


# News of an appointment that starts sooner than this is told at any hour, so that nobody sets out for nothing.
IMMINENT = timedelta(hours=12)


def _lane(turn: Turn) -> str:
    return REPLY if turn.c.appointment.start - turn.now < IMMINENT else NOTICE


def opened(turn: Turn, event: Opened) -> None:
    turn.record(
        "conversation.opened",
        {
            "conversation": event.conversation,
            "ruleset": turn.ruleset.name,
            "version": turn.ruleset.version,
            "appointment": appointment_json(event.appointment),
            "patient": patient_json(event.patient),
        },
        IPMS,
    )
    if event.patient.deceased:
        turn.close("the patient has died")
    elif event.patient.do_not_text:
        turn.close("marked do not text")
    else:
        turn.plan()


def appointment_changed(turn: Turn, appointment: Appointment) -> None:
    before = turn.c.appointment
    turn.record("appointment.changed", {"appointment": appointment_json(appointment)}, IPMS)
    if turn.c.closed:
        _changed_when_over(turn, before)
    elif appointment.status in CALLED_OFF:
        _called_off(turn)
    elif str(appointment.status) not in turn.ruleset.applies_to.statuses:
        turn.close(f"the appointment is {appointment.status}")
    elif appointment.version != before.version:
        _moved(turn, appointment.start != before.start)


def _changed_when_over(turn: Turn, before: Appointment) -> None:
    """A talk that is over goes on when its appointment stands again, or anew: called off or missed and then rebooked, moved to
    a day to come. Anything else is noted."""
    c = turn.c
    was_off = before.status in CALLED_OFF
    is_off = c.appointment.status in CALLED_OFF
    moved = c.appointment.version != before.version
    stood = str(before.status) in turn.ruleset.applies_to.statuses
    if c.blocked or not may_be_texted(c.patient):
        knows_otherwise = (moved and not is_off) or (is_off and not was_off and c.wish != "cancel")
        if knows_otherwise and (c.told or c.retold) and not c.patient.deceased:
            _call(turn, "The appointment changed, and the patient, who knows of it by text, gets no texts.")
        return
    if not turn.stands() or not (moved or was_off or not stood) or (c.wish == "cancel" and not was_off):
        return
    turn.record("conversation.reopened", {})
    if not back_to_machine(turn, "the appointment was changed"):
        _tell_staff(turn, "The appointment was changed in the iPMS. The patient has not been told by text.")
    elif c.state != PLANNED and (moved or was_off):
        turn.move("always.appointment_changed", lane=_lane(turn))
    else:
        turn.wait_for_reply()
    turn.plan()


def _called_off(turn: Turn) -> None:
    told = turn.c.told > 0 or turn.c.retold or any(text.status == "queued" for text in turn.c.texts)
    if told_by_hand(turn):
        turn.settle_tasks(MOOT_ONCE_OFF, "the appointment was cancelled in the iPMS")
        turn.close("the appointment was cancelled, as staff told the patient by hand")
    elif turn.c.staff_own:
        _tell_staff(turn, "The appointment was cancelled in the iPMS. The patient has not been told by text.")
        turn.close("the appointment was cancelled")
    elif not told:
        turn.close("the appointment was cancelled before any text")
    else:
        turn.settle_tasks(MOOT_ONCE_OFF, "the appointment was cancelled in the iPMS")
        turn.move("always.appointment_cancelled", lane=_lane(turn))


def _moved(turn: Turn, start_changed: bool) -> None:
    if start_changed:
        turn.settle_tasks({"reschedule"}, "the appointment was moved in the iPMS")
    if not back_to_machine(turn, "the appointment was changed"):
        _tell_staff(turn, "The appointment was changed in the iPMS. The patient has not been told by text.")
    elif not turn.stands():
        turn.close("the appointment is over")
    elif turn.c.state != PLANNED:
        turn.move("always.appointment_changed", lane=_lane(turn))
    turn.plan()


def _call(turn: Turn, why: str) -> None:
    if turn.now < turn.closes:
        turn.open_task(TaskRule("call_patient", timedelta(hours=4), "high", "call_back", why))


def _tell_staff(turn: Turn, why: str) -> None:
    if turn.c.tasks:
        turn.update_task(turn.c.tasks[-1].key, why)
    else:
        turn.open_task(TaskRule("question", timedelta(hours=4), "normal", "call_back", why))


def patient_changed(turn: Turn, event: PatientChanged) -> None:
    before = turn.c.patient
    turn.record(
        "patient.changed", {"patient": patient_json(event.patient), "number_changed": event.number_changed}, IPMS
    )
    if turn.c.closed:
        _texted_again(turn, may_be_texted(before))
    elif event.patient.deceased:
        turn.settle_tasks({task.kind for task in turn.c.tasks} - {"urgent"}, "the patient has died")
        turn.close("the patient has died")
    elif event.patient.do_not_text:
        turn.close("marked do not text")
    elif event.number_changed and not turn.c.staff_own and not turn.c.blocked:
        state = turn.ruleset.states.get(turn.c.state)
        if state is not None and state.asks and state.say is not None:
            turn.say(state.say, asks=True, lane=_lane(turn))  # the new phone has not seen the question


def _texted_again(turn: Turn, could_before: bool) -> None:
    """A mark that closed the talk was an error and is gone: it goes on where it stood."""
    c = turn.c
    state = turn.ruleset.states.get(c.state)
    ended = state.ends if state is not None else c.state != PLANNED
    if could_before or not may_be_texted(c.patient) or c.blocked or ended or not turn.stands():
        return
    turn.record("conversation.reopened", {})
    if not c.staff_own:
        question = turn.question(state) if state is not None and c.told != c.appointment.version else None
        if question is None or not turn.say(question, asks=True, lane=_lane(turn)):
            turn.wait_for_reply()
    turn.plan()


def write_reported(turn: Turn, event: WriteReported) -> None:
    status = "done" if event.ok else "conflict" if event.conflict else "refused"
    turn.record("ipms.status", {"key": event.key, "action": event.action, "status": status, "reason": event.reason}, IPMS)
    if event.ok or event.action == "message":
        return
    if event.conflict and event.action not in ("cancel", "reschedule", "withdraw_request"):
        return  # the version that the iPMS holds comes in as a change, and the patient is asked about that one
    if event.conflict:
        why = f"The iPMS holds another version of the appointment, so “{event.action.replace('_', ' ')}” was not recorded."
    else:
        why = f"The iPMS would not record “{event.action.replace('_', ' ')}”: {event.reason}"
    turn.open_task(TaskRule("ipms_write_failed", timedelta(hours=4), "high", None, why))
