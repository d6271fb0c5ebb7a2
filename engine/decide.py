"""The one function that decides.

    decide(ruleset, conversation, event, now) -> Decision(conversation, entries, effects, moves)

It does no I/O, reads no clock and draws no random number: the same arguments give the same decision, byte for byte. What
it may do to a talk is in `turn.py`; what a reply means, in `understanding.py`; what the gateway, the hospital and staff bring,
in `delivery.py`, `hospital.py` and `desk.py`. This file is the heart of it: a reply, and who comes first.

A reply meets, in this order:
  1. authority  what comes from a number that is no longer the patient's is for a person; nothing else is done on it
  2. doubles    what was delivered twice counts once (`repeats.py`)
  3. safety     urgent, deceased, wrong number, stop: these outrank everything, also a talk that staff own or that is over
                (`precedence.py`, and 1 and 4)
  4. staff      while staff own the talk the machine is silent and the reply goes to their task
  5. time       after the talk is over a person reads it, and also what was long under way
  6. robots     the same text again and again, or too many of them, ends the machine's part
  7. language   who asks for another language has what we said last again, in that one (`tongues.py`)
  8. which      of several appointments of the phone it is about: where that is in doubt we ask
  9. the state  its `replies`; a confirmation only for what the patient was told; a question that a text answers, once
                (`answering.py`)
 10. the ladder its `unclear`: ask, ask again, then a person

Before all of it, where we had asked "did you mean ...?", a plain yes is read as a yes to that (`guess.py`).

Every reply ends, in each talk it goes to, with exactly one `reply.settled` entry: acted, asked, handed (to staff) or noted
(nothing to do).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from engine import tongues
from engine.answering import answered_by
from engine.as_json import which_json
from engine.by_hand import texted_by_hand
from engine.conversation import PATIENT, Conversation, Entry, Which
from engine.delivery import text_joined, text_reported, timer_fired
from engine.desk import staff_acted
from engine.effects import ClearTimer, Effect, RecordMessage
from engine.errands import named_to_staff
from engine.events import (
    AppointmentChanged,
    Doubt,
    Event,
    LanguageChosen,
    Opened,
    PatientChanged,
    ReplyReceived,
    StaffActed,
    TextedByHand,
    TextJoined,
    TextReported,
    TextsResumed,
    TimerFired,
    WriteReported,
)
from engine.guess import answer_to_guess
from engine.heard import read
from engine.hospital import appointment_changed, opened, patient_changed, write_reported
from engine.normalise import clean
from engine.precedence import for_staff, from_former_number, safety
from engine.reading import Reading
from engine.repeats import circles, doubled, gone_round
from engine.ruleset import STAY, Ruleset, TaskRule
from engine.stopping import reread, texts_resumed
from engine.turn import ASKED, HANDED, NOTED, WHICH, Move, Turn
from engine.understanding import label

# The answer to "which one do you mean?" is waited for this long; then a person takes what was said.
WAIT_FOR_WHICH = timedelta(hours=4)

# Why a reply was settled, where that is known of the reply itself and of nothing that the rules say.
LONG_UNDER_WAY = "it was long under way"
ABOUT_ANOTHER = "it was about another appointment"
WHICH_UNKNOWN = "it cannot be told which appointment is meant"


class Decision(NamedTuple):
    conversation: Conversation
    entries: tuple[Entry, ...]
    effects: tuple[Effect, ...]
    moves: tuple[Move, ...] = ()


def decide(ruleset: Ruleset, conversation: Conversation | None, event: Event, now: datetime) -> Decision:
    """What follows from one event. `conversation` is None for `Opened` alone. `ruleset` is the version that the
    conversation began with."""
    turn = Turn(ruleset, conversation, now)
    match event:
        case ReplyReceived():
            _reply(turn, event)
        case TextJoined():
            text_joined(turn, event)
        case TextReported():
            text_reported(turn, event)
        case TimerFired():
            timer_fired(turn, event)
        case Opened():
            opened(turn, event)
        case AppointmentChanged():
            appointment_changed(turn, event.appointment)
        case PatientChanged():
            patient_changed(turn, event)
        case StaffActed():
            staff_acted(turn, event)
        case TextedByHand():
            texted_by_hand(turn, event)
        case WriteReported():
            write_reported(turn, event)
        case TextsResumed():
            texts_resumed(turn)
        case LanguageChosen():
            tongues.choose(turn, event.language)
    return Decision(turn.c, tuple(turn.entries), tuple(turn.effects), tuple(turn.moves))


# ---- replies ---------------------------------------------------------------------------------------------------------


def _reply(turn: Turn, event: ReplyReceived) -> None:
    c = turn.c
    turn.muted = event.stopped if event.opted_out else ""
    reading = read(turn.ruleset, event.about, c.patient.language, c.appointment, event.received_at)
    reading = reread(reading, c.appointment)
    wished = None if reading.rule == "key" else tongues.wished(turn, event.about)
    if wished is not None:
        reading = tongues.asks_for(wished, reading)
    elif c.guess and not event.former_number:
        reading = answer_to_guess(turn, reading)
    data: dict[str, Any] = {
        "reply": event.reply,
        "text": event.text,
        "received_at": event.received_at.isoformat(),
        "answers": event.answers,
        "former_number": event.former_number,
        "intent": reading.intent,
        "score": reading.score,
        "rule": reading.rule,
        "normalised": reading.normalised,
        "candidates": [[found.intent, found.phrase, found.score] for found in reading.candidates],
        "why": reading.why,
    }
    if reading.topic:
        data["topic"] = reading.topic
    if event.part is not None:
        data["part"] = event.part
        data["normalised"] = clean(event.text)  # by which repetitions are told
    if event.waited is not None:
        data["waited"] = {"reply": event.waited.reply, "text": event.waited.text}
    turn.record("reply.read", data, PATIENT)
    _put_on_record(turn, event)
    outcome, why = _answer(turn, event, reading, wished)
    if event.beside and outcome == HANDED and turn.c.tasks:
        turn.update_task(turn.c.tasks[-1].key, f"The phone also has {named_to_staff(event.beside)}.")
    turn.record("reply.settled", {"reply": event.reply, "outcome": outcome, "why": why})


def _put_on_record(turn: Turn, event: ReplyReceived) -> None:
    """The reply, whole, on the appointment's record in the iPMS; under a name of its own where other talks have it too."""
    said = [(event.reply, event.text, event.first)]
    if event.waited is not None and not event.waited.recorded:
        said.insert(0, (event.waited.reply, event.waited.text, False))
    for number, (reply, text, first) in enumerate(said):
        name = "" if first else f"{reply}.{turn.c.id}"
        key = turn.key(f"record {number}" if number else "record")
        turn.effects.append(RecordMessage(key, "in", reply, text, "received", event.received_at, name))


def _answer(turn: Turn, event: ReplyReceived, reading: Reading, wished: str | None) -> tuple[str, str]:
    c = turn.c
    if event.former_number:
        return from_former_number(turn, event, reading)
    if doubled(c, event):
        return NOTED, "the same text twice within seconds"
    if c.which is not None:
        turn.record("which.settled", {"reply": c.which.reply, "why": "answered"})
        turn.effects.append(ClearTimer(WHICH))
    if event.aside:
        return NOTED, ABOUT_ANOTHER
    urgent = safety(turn, event, reading)
    if urgent is not None:
        return urgent
    before = c.patient.language
    if wished is not None:
        tongues.choose(turn, wished, event.reply)
        c = turn.c
    if c.staff_own:
        return for_staff(turn, event, reading)
    if c.closed:
        return _after_close(turn, event, reading)
    if event.stale:
        turn.hand_over("unclear_reply", "The reply was long under way; it may be out of date.", words=event.text)
        return HANDED, LONG_UNDER_WAY
    if circles(turn):
        return gone_round(turn, event)
    if wished is not None:
        return tongues.say_in(turn, wished, before, event)
    if event.doubt is not None:
        return _which_one(turn, event, event.doubt)
    if c.guess:
        turn.record("guess.dropped", {"guess": c.guess})
    state = turn.ruleset.states.get(c.state)
    if state is None:
        # Nothing was asked yet: the patient writes first.
        turn.hand_over("question", "A text came before we had sent any about this appointment.", words=event.text)
        return HANDED, "nothing had been asked"
    return answered_by(turn, state, reading, event)


def _which_one(turn: Turn, event: ReplyReceived, doubt: Doubt) -> tuple[str, str]:
    """It cannot be told which of the phone's appointments is meant: ask once, else a person finds out."""
    if doubt.ask and turn.ask_which(doubt.among):
        which = Which(event.reply, event.text, event.about, doubt.among)
        turn.record("which.asked", which_json(which))
        turn.set_timer(WHICH, turn.now + WAIT_FOR_WHICH, turn.c.visit)
        return ASKED, "asked which appointment is meant"
    turn.say_a_person_finds_out()
    why = f"It cannot be told which appointment the reply is about: {named_to_staff(doubt.among)}."
    turn.hand_over("question", why, words=event.text)
    return HANDED, WHICH_UNKNOWN


def _after_close(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    """The talk is over: a person reads what comes, except what the last state says needs nobody."""
    state = turn.ruleset.states.get(turn.c.state)
    target = state.replies.get(reading.intent) if state is not None and reading.clear else None
    if (target is not None and target.go == STAY) or (state is None and label(reading) == "thanks"):
        return NOTED, f"{reading.intent} changes nothing here"
    if turn.c.blocked or event.opted_out:
        why = "A reply from someone who gets no more texts."
        turn.open_task(TaskRule("question", timedelta(hours=4), "normal", "call_back", why), words=event.text)
        return HANDED, "the talk was over"
    turn.move("always.after_close", words=event.text)
    if not turn.c.staff_own:
        # Nobody waits for a timer of a talk that was over, so a person is asked to look, and it is over again.
        rule = TaskRule("question", timedelta(hours=4), "normal", None, "A text came after this talk was over.")
        turn.open_task(rule, words=event.text)
        turn.close("it was over")
    return HANDED, "the talk was over"
