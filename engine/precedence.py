"""What outranks every state, and a talk that staff own or that is over: danger, a death, a wrong number, STOP and START, and
whatever comes from a number that is no longer the patient's.
"""

from __future__ import annotations

from datetime import timedelta

from engine.conversation import OPTED_OUT
from engine.errands import named_to_staff
from engine.events import Doubt, ReplyReceived
from engine.reading import BEREAVED, Reading
from engine.repeats import circles, gone_round
from engine.ruleset import ALL, TaskRule, wider
from engine.stopping import goes_on, meant
from engine.turn import ACTED, HANDED, NOTED, Turn

# The task for staff: kind, time until it is due, priority.
_GRAVE = {
    "urgent": ("urgent", timedelta(minutes=15), "urgent"),
    "deceased": ("bereavement", timedelta(hours=1), "urgent"),
    "wrong_number": ("wrong_number", timedelta(hours=4), "urgent"),
}
# No bereavement, which staff settle by noting with one key that the patient has died.
_ANOTHERS = ("question", timedelta(hours=1), "urgent")
_WHOSE_DEATH = "The reply tells of a death, the patient's or another's. Nothing was done on it, and no text goes out meanwhile."


def safety(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str] | None:
    """The replies that outrank every state, or None for the others."""
    c, intent = turn.c, reading.intent
    if intent == "start":
        return _start(turn, event, reading)
    if intent == "stop":
        return _stop(turn, event, reading)
    if reading.rule == BEREAVED and not c.staff_own:
        _give(turn, _ANOTHERS, _WHOSE_DEATH, event)
        return HANDED, "a death is told, and it may be another's"
    if intent not in _GRAVE:
        return None
    if event.doubt is not None:
        return _grave_of_someone(turn, event, event.doubt, intent)
    # Said again: of what is grave staff have the talk already.
    if c.state == turn.ruleset.always.get(intent) and c.staff_own:
        return for_staff(turn, event, reading)
    turn.move(f"always.{intent}", words=event.text, tell=not c.staff_own)
    return HANDED, f"{intent.replace('_', ' ')} outranks everything"


def _stop(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    """No more texts, as far as the words say, and one answer that says how far."""
    c = turn.c
    state = turn.ruleset.states[turn.ruleset.always["stop"]]
    scope = ALL if event.at_carrier else meant(state, reading.normalised, c.appointment)
    if scope is None:
        if c.staff_own:
            return for_staff(turn, event, reading)
        why = "The patient wants some texts stopped; which ones should be asked."
        turn.hand_over("question", why, due=timedelta(hours=1), priority="high", words=event.text)
        return HANDED, "it cannot be told which texts are to stop"
    if c.staff_own:
        # The talk stays with staff, who learn that they cannot answer by text.
        turn.block(OPTED_OUT, scope)
        for_staff(turn, event, reading)
    elif c.state == state.name and c.closed and not wider(scope, c.stopped):
        return NOTED, "texts were stopped already"
    else:
        turn.move("always.stop", words=event.text, scope=scope)
    return ACTED, "stop outranks everything"


def _grave_of_someone(turn: Turn, event: ReplyReceived, doubt: Doubt, intent: str) -> tuple[str, str]:
    """A death, or a wrong number, on a phone of several patients, and it cannot be told whom it is about: the machine is silent
    to all of them until a person has found out."""
    prompt = turn.ruleset.states[turn.ruleset.always[intent]].say
    if doubt.speaks and prompt is not None and not turn.c.staff_own:
        turn.say(prompt, vital=True)
    why = f"The phone is that of several patients; it cannot be told whom the reply is about: {named_to_staff(doubt.among)}."
    _give(turn, _GRAVE[intent], why, event)
    return HANDED, f"{intent.replace('_', ' ')} outranks everything"


def _start(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str] | None:
    """Texts are wanted again, whatever was stopped. The talk goes on where it was stopped, and where the patient has a
    question to answer."""
    c = turn.c
    if c.blocked not in ("", OPTED_OUT) or not (c.blocked or event.opted_out or event.stopped):
        return None  # nothing to lift, or more than a START can lift
    stopped = c.blocked == OPTED_OUT
    turn.unblock()
    if c.staff_own:
        for_staff(turn, event, reading)
        return ACTED, "texts are wanted again"
    if not goes_on(turn, stopped=stopped):
        welcome = turn.ruleset.states[turn.ruleset.always["stop"]].welcome
        if welcome is not None:
            turn.say(welcome)
        return ACTED, "texts are wanted again"
    if circles(turn):
        return gone_round(turn, event)
    turn.move("always.start")
    turn.plan()
    return ACTED, "texts are wanted again"


def from_former_number(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    """Someone else's word changes nothing about the patient; but of a danger or a death a person hears first, and the machine
    is silent until they have."""
    why = "A text came from a number that is no longer this patient's. Nothing was done on it."
    if reading.intent == "stop":
        return NOTED, "no texts go to this number; it is no longer the patient's"
    pressing = _pressing(reading)
    if pressing is not None and reading.intent != "wrong_number":
        _give(turn, pressing, why, event)
    else:
        turn.open_task(TaskRule("former_number", timedelta(hours=4), "normal", None, why), words=event.text)
    return HANDED, "the number is no longer the patient's"


def for_staff(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    """While staff own the talk: what the patient writes goes to their task."""
    why = f"The patient wrote again (read as {reading.intent.replace('_', ' ')})."
    pressing = _pressing(reading)
    if pressing is not None:
        # As much as the first time, whatever else staff have the talk for and however late that is due.
        kind, due, priority = pressing
        turn.open_task(TaskRule(kind, due, priority, None, why), words=event.text)
    elif turn.c.tasks:
        task, move = turn.c.tasks[-1], turn.c.task("reschedule")
        if move is not None and turn.prefer(turn.preferred(event.about, event.received_at)):
            task = move
        turn.update_task(task.key, why, words=event.text)
    else:
        turn.open_task(TaskRule("question", timedelta(hours=4), "normal", None, why), words=event.text)
    return HANDED, "staff own the talk"


def _pressing(reading: Reading) -> tuple[str, timedelta, str] | None:
    """The task that no other outranks, of what is grave or may be."""
    return _ANOTHERS if reading.rule == BEREAVED else _GRAVE.get(reading.intent)


def _give(turn: Turn, task: tuple[str, timedelta, str], why: str, event: ReplyReceived) -> None:
    kind, due, priority = task
    turn.hand_over(kind, why, due=due, priority=priority, words=event.text)
