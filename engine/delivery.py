"""What becomes of our texts, and of time passing: receipts, retries, silence, reminders that fall due."""

from __future__ import annotations

from datetime import timedelta

from engine import hours
from engine.by_hand import taken_back
from engine.conversation import CLOCK, GATEWAY, OPTED_OUT, SentText, supersedes
from engine.effects import BULK, ClearTimer, RecordMessage
from engine.errands import named_to_staff
from engine.events import ARRIVING, FAILED, ROUND_STOPPED, TAKEN_APART, TextJoined, TextReported, TextStatus, TimerFired
from engine.ruleset import PLANNED, CadenceStep, TaskRule
from engine.speech import may_be_texted
from engine.turn import CLOSE, NO_REPLY, RETRY, WHICH, Turn, cadence_timer

# ---- texts -----------------------------------------------------------------------------------------------------------


def text_joined(turn: Turn, event: TextJoined) -> None:
    """The text keeps its key and all that hangs on it; what is said of the shared one is said of it."""
    turn.record(
        "text.joined",
        {
            "key": event.key,
            "shared": event.shared,
            "text": event.text,
            "number": event.number,
            "count": event.count,
            "segments": event.segments,
        },
    )


def text_reported(turn: Turn, event: TextReported) -> None:
    text = turn.c.text(event.key)
    said = {"key": event.key, "status": str(event.status), "code": event.code, "reason": event.reason}
    if event.at is not None:
        said["at"] = event.at.isoformat()
    turn.record("text.status", said, GATEWAY)
    if event.opted_out:
        turn.block(OPTED_OUT)  # the carrier knows of a STOP that never reached us
    if event.status is not TextStatus.SENT:
        turn.effects.append(RecordMessage(turn.key("record"), "out", event.key, "", str(event.status), turn.now))
    if text is None or not supersedes(str(event.status), text.status):
        return
    if event.status in ARRIVING:
        _arrived(turn, event, text)
    elif event.reason == ROUND_STOPPED:
        taken_back(turn, text)
    elif turn.c.closed or turn.c.staff_own:
        _lost(turn, event, text)
    elif event.status in FAILED:
        _failed(turn, event, text)
    elif event.status is TextStatus.UNSENT:
        _unsent(turn, event, text)


def _arrived(turn: Turn, event: TextReported, before: SentText) -> None:
    if turn.c.closed or turn.c.staff_own:
        return
    if event.key == turn.c.asked and before.status not in ARRIVING:
        turn.wait_for_reply()
    if event.status is TextStatus.DELIVERED and event.key == turn.c.texts[-1].key:
        turn.effects.append(ClearTimer(RETRY))  # it arrived after all


def _lost(turn: Turn, event: TextReported, text: SentText) -> None:
    """A text did not arrive and the machine may not say it again: staff learn what the patient does not know, be it
    their own words or that the appointment is off."""
    c = turn.c
    if event.status is TextStatus.UNKNOWN and event.key == c.texts[-1].key and turn.say_farewell_again(text):
        return
    if text.prompt:
        held_rightly = event.status is TextStatus.UNSENT and event.reason not in ("expired", "former number", "opted out")
        over = c.closed and turn.now >= turn.closes
        if over or held_rightly or c.blocked or not may_be_texted(c.patient) or event.key != c.texts[-1].key:
            return
    why = "The patient did not get our last text." if text.prompt else "The patient did not get what staff wrote."
    kind = "not_sent" if event.status is TextStatus.UNSENT else "undelivered"
    turn.open_task(TaskRule(kind, timedelta(hours=4), "high", "call_back", why))


def _failed(turn: Turn, event: TextReported, text: SentText) -> None:
    state = turn.ruleset.states.get(turn.c.state)
    if state is None or event.key != turn.c.texts[-1].key or text.status in FAILED:
        return  # a later text has taken its place, or its failure is known
    turn.record("send.failed", {"key": event.key})
    rule = state.send_failed
    may_retry = bool(text.prompt) and event.status is not TextStatus.REJECTED
    if rule is not None and turn.c.failures <= len(rule.retries) and may_retry:
        due = turn.now + rule.retries[turn.c.failures - 1]
        turn.set_timer(RETRY, hours.next_open(turn.ruleset.hours, turn.ruleset.hours.sending, due), turn.c.visit)
    elif rule is not None and event.key == turn.c.asked:
        turn.move("send_failed")
    else:
        why = "A text to the patient could not be delivered."
        turn.open_task(TaskRule("undelivered", timedelta(days=1), "normal", "call_back", why))


def _unsent(turn: Turn, event: TextReported, text: SentText) -> None:
    """The send gate held a text back."""
    if event.key != turn.c.texts[-1].key:
        return  # a later text has taken its place
    if event.reason == TAKEN_APART:
        turn.say_again(text, lane=BULK)  # another talk's part of the shared text must not leave; this one's may
        return
    if event.reason == "former number" and turn.say_again(text):
        return  # the number changed while the text was waiting: said to the phone that is the patient's now
    if event.reason in ("expired", "former number"):
        why = "A text waited too long and was of no use any more, so it was not sent."
    elif event.reason == "opted out" and turn.c.state == turn.ruleset.always["appointment_changed"]:
        why = "The appointment changed, and the patient gets no texts."
    else:
        return
    turn.open_task(TaskRule("not_sent", timedelta(days=1), "normal", "call_back", why))


# ---- time ------------------------------------------------------------------------------------------------------------


def timer_fired(turn: Turn, event: TimerFired) -> None:
    c = turn.c
    if event.name == WHICH:
        _nobody_said_which(turn)
        return
    if c.closed:
        return
    version = c.appointment.version
    if event.name == CLOSE:
        if event.visit == version and not c.staff_own:  # what staff own, staff close
            turn.record("timer.fired", {"name": event.name}, CLOCK)
            turn.move("close")
    elif event.name == NO_REPLY:
        asked = c.text(c.asked)
        waiting = asked is None or asked.status != "queued"  # else it counts anew from when the gateway takes it
        if event.visit == c.visit and not c.staff_own and waiting:
            turn.record("timer.fired", {"name": event.name}, CLOCK)
            _silence(turn)
    elif event.name == RETRY:
        # Whatever was said since, or is on its way, has taken the place of the text that failed.
        if event.visit == c.visit and not c.staff_own and c.texts and c.texts[-1].status in FAILED:
            turn.record("timer.fired", {"name": event.name}, CLOCK)
            turn.say_again(c.texts[-1], lane=BULK)
    elif event.visit == version and not c.staff_own:
        for rule in turn.ruleset.cadence:
            if event.name == cadence_timer(rule.name):
                _cadence(turn, rule)


def _nobody_said_which(turn: Turn) -> None:
    """We asked which appointment was meant and heard no more: what was said is still to be done."""
    which = turn.c.which
    if which is None:
        return
    turn.record("timer.fired", {"name": WHICH}, CLOCK)
    turn.record("which.settled", {"reply": which.reply, "why": "no answer"})
    by_day = hours.is_open(turn.ruleset.hours, turn.ruleset.hours.sending, turn.now)
    if by_day and not (turn.c.closed or turn.c.staff_own):
        turn.say_a_person_finds_out()
    why = f"Asked which appointment was meant, the phone did not answer: {named_to_staff(which.among)}."
    turn.hand_over("question", why, words=which.text)


def _cadence(turn: Turn, rule: CadenceStep) -> None:
    c = turn.c
    turn.record("timer.fired", {"name": cadence_timer(rule.name)}, CLOCK)
    if not hours.is_open(turn.ruleset.hours, turn.ruleset.hours.sending, turn.now):
        # Woken late (the service was down): not in the night.
        due = hours.next_open(turn.ruleset.hours, turn.ruleset.hours.sending, turn.now)
        turn.set_timer(cadence_timer(rule.name), due, c.appointment.version)
        return
    if not turn.wants(rule):
        return
    if rule.go is not None:
        turn.move(f"cadence.{rule.name}", lane=BULK)
    elif rule.say is not None and c.state != PLANNED and not turn.said_today(rule.say):
        state = turn.ruleset.states[c.state]
        # Staff learnt at the first reminder that this patient cannot be texted; once is enough.
        turn.say(rule.say, lane=BULK, asks=state.asks, needed=turn.c.patient.textable)


def _silence(turn: Turn) -> None:
    state = turn.ruleset.states.get(turn.c.state)
    number = turn.c.waited
    if state is None or number >= len(state.no_reply):
        return
    rung = state.no_reply[number]
    if rung.go is not None:
        turn.move(f"silence.{number}", lane=BULK)
    elif rung.say is not None:
        turn.record("silence.noted", {"rung": number})
        if not turn.say(rung.say, lane=BULK, asks=state.asks):
            turn.wait_for_reply()
