"""The one function that decides.

    decide(ruleset, conversation, event, now) -> Decision(conversation, entries, effects, moves)

It does no I/O, reads no clock and draws no random number: the same arguments give the same decision, byte for byte. What
it may do to a talk is in `turn.py`; what a reply means, in `understanding.py`; what the gateway, the hospital and staff bring,
in `delivery.py`, `hospital.py` and `desk.py`. This file is the heart of it: a reply, and who comes first.

A reply meets, in this order:
  1. authority  what comes from a number that is no longer the patient's is for a person; nothing else is done on it
  2. safety     urgent, deceased, wrong number, stop: these outrank everything, also a talk that staff own or that is over
  3. staff      while staff own the talk the machine is silent and the reply goes to their task
  4. time       after the talk is over a person reads it, and also what was long under way
  5. robots     the same text again and again, or too many of them, ends the machine's part
  6. language   who asks for another language has what we said last again, in that one
  7. the guess  "did you mean ...?" is answered before anything else can be
  8. the state  its `replies`; a confirmation only for what the patient was told
  9. the ladder its `unclear`: ask, ask again, then a person

Every reply ends, in each talk it goes to, with exactly one `reply.settled` entry: acted, asked, handed (to staff) or noted
(nothing to do).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from engine import tongues
from engine.appointment import STANDING
from engine.as_json import which_json
from engine.by_hand import texted_by_hand
from engine.conversation import NO_PREFERENCES, OPTED_OUT, PATIENT, Conversation, Entry, Which
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
from engine.heard import read
from engine.hospital import appointment_changed, opened, patient_changed, write_reported
from engine.normalise import clean
from engine.reading import UNKNOWN, Reading
from engine.ruleset import (
    ALL,
    ANYTHING,
    STAY,
    Ruleset,
    State,
    Target,
    TaskRule,
    wider,
)
from engine.stopping import goes_on, meant, reread, texts_resumed
from engine.turn import ACTED, ASKED, HANDED, NOTED, WHICH, Move, Turn
from engine.understanding import label

# The same text this many times running comes from a robot, or from someone whom the machine does not help.
ROBOT_REPEATS = 4
# Two texts that cross: an answer this soon after we told of a change may be to what was told before.
CROSSING = timedelta(seconds=45)
# Gateways stamp replies by clocks of their own, and to the second: a reply may seem older than the text it answers.
CLOCKS_APART = timedelta(minutes=2)
# Gateways without message ids: the same words from the same phone this close together are one text.
DOUBLED = timedelta(seconds=5)

# The answer to "which one do you mean?" is waited for this long; then a person takes what was said.
WAIT_FOR_WHICH = timedelta(hours=4)

# Why a reply was settled, where that is known of the reply itself and of nothing that the rules say.
LONG_UNDER_WAY = "it was long under way"
ABOUT_ANOTHER = "it was about another appointment"
WHICH_UNKNOWN = "it cannot be told which appointment is meant"

# What is recorded only for the appointment that the patient was told of.
SPOKEN_OF = frozenset({"confirm", "request_cancel", "cancel"})


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
        reading = _answer_to_guess(turn, reading)
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
        return _from_former_number(turn, event, reading)
    if _doubled(c, event):
        return NOTED, "the same text twice within seconds"
    if c.which is not None:
        turn.record("which.settled", {"reply": c.which.reply, "why": "answered"})
        turn.effects.append(ClearTimer(WHICH))
    if event.aside:
        return NOTED, ABOUT_ANOTHER
    safety = _safety(turn, event, reading)
    if safety is not None:
        return safety
    before = c.patient.language
    if wished is not None:
        tongues.choose(turn, wished, event.reply)
        c = turn.c
    if c.staff_own:
        return _for_staff(turn, event, reading)
    if c.closed:
        return _after_close(turn, event, reading)
    if event.stale:
        turn.hand_over("unclear_reply", "The reply was long under way; it may be out of date.", words=event.text)
        return HANDED, LONG_UNDER_WAY
    if _circles(turn):
        return _gone_round(turn, event)
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
    target = state.replies.get(reading.intent) if reading.clear else None
    if target is None and ANYTHING in state.replies:
        return _take(turn, state, state.replies[ANYTHING], ANYTHING, event)
    if target is None and not reading.clear and _stays(state, reading.guess) and _adds(turn, event):
        return HANDED, "it says more of when they would come"
    if target is None:
        return _unclear(turn, state, reading, event)
    return _take(turn, state, target, reading.intent, event)


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


def _circles(turn: Turn) -> bool:
    return turn.c.repeats >= ROBOT_REPEATS or turn.c.replies > turn.ruleset.limits.replies


def _gone_round(turn: Turn, event: ReplyReceived) -> tuple[str, str]:
    why = "The talk goes round in circles: many replies, or the same one again."
    turn.hand_over("unclear_reply", why, words=event.text)
    return HANDED, "too many replies"


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


def _doubled(c: Conversation, event: ReplyReceived) -> bool:
    """Carriers sometimes deliver a text twice. The same words within seconds count once, unless we spoke in between."""
    return c.repeats >= 2 and twice(c, c.replied_before, event.received_at)


def twice(c: Conversation, before: datetime | None, at: datetime) -> bool:
    """Whether the same words, had before at the one moment and now at the other, are one text that was delivered twice."""
    if before is None:
        return False
    spoke_between = c.spoke_at is not None and c.spoke_at > before
    return not spoke_between and abs(at - before) <= DOUBLED


def _safety(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str] | None:
    """The replies that outrank every state, or None for the others."""
    c, intent = turn.c, reading.intent
    if intent == "start":
        return _start(turn, event, reading)
    if intent == "stop":
        return _stop(turn, event, reading)
    if intent not in ("urgent", "deceased", "wrong_number"):
        return None
    if event.doubt is not None:
        return _grave_of_someone(turn, event, event.doubt, intent)
    # Said again: of what is grave staff have the talk already.
    if c.state == turn.ruleset.always.get(intent) and c.staff_own:
        return _for_staff(turn, event, reading)
    turn.move(f"always.{intent}", words=event.text, tell=not c.staff_own)
    return HANDED, f"{intent.replace('_', ' ')} outranks everything"


def _stop(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    """No more texts, as far as the words say, and one answer that says how far."""
    c = turn.c
    state = turn.ruleset.states[turn.ruleset.always["stop"]]
    scope = ALL if event.at_carrier else meant(state, reading.normalised, c.appointment)
    if scope is None:
        if c.staff_own:
            return _for_staff(turn, event, reading)
        why = "The patient wants some texts stopped; which ones should be asked."
        turn.hand_over("question", why, due=timedelta(hours=1), priority="high", words=event.text)
        return HANDED, "it cannot be told which texts are to stop"
    if c.staff_own:
        # The talk stays with staff, who learn that they cannot answer by text.
        turn.block(OPTED_OUT, scope)
        _for_staff(turn, event, reading)
    elif c.state == state.name and c.closed and not wider(scope, c.stopped):
        return NOTED, "texts were stopped already"
    else:
        turn.move("always.stop", words=event.text, scope=scope)
    return ACTED, "stop outranks everything"


def _grave_of_someone(turn: Turn, event: ReplyReceived, doubt: Doubt, intent: str) -> tuple[str, str]:
    """A death, or a wrong number, on a phone of several patients, and it cannot be told whom it is about: the machine is silent
    to all of them until a person has found out."""
    kind, due, priority = _GRAVE[intent]
    prompt = turn.ruleset.states[turn.ruleset.always[intent]].say
    if doubt.speaks and prompt is not None and not turn.c.staff_own:
        turn.say(prompt, vital=True)
    why = f"The phone is that of several patients; it cannot be told whom the reply is about: {named_to_staff(doubt.among)}."
    turn.hand_over(kind, why, due=due, priority=priority, words=event.text)
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
        _for_staff(turn, event, reading)
        return ACTED, "texts are wanted again"
    if not goes_on(turn, stopped=stopped):
        welcome = turn.ruleset.states[turn.ruleset.always["stop"]].welcome
        if welcome is not None:
            turn.say(welcome)
        return ACTED, "texts are wanted again"
    if _circles(turn):
        return _gone_round(turn, event)
    turn.move("always.start")
    turn.plan()
    return ACTED, "texts are wanted again"


def _from_former_number(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    """Someone else's word changes nothing about the patient; but of a danger or a death a person hears first, and the machine
    is silent until they have."""
    why = "A text came from a number that is no longer this patient's. Nothing was done on it."
    if reading.intent == "stop":
        return NOTED, "no texts go to this number; it is no longer the patient's"
    kind, due, priority = "former_number", timedelta(hours=4), "normal"
    if reading.intent in _OF_ANYONE:
        kind, due, priority = _GRAVE[reading.intent]
    if reading.intent in _OF_ANYONE:
        turn.hand_over(kind, why, due=due, priority=priority, words=event.text)
    else:
        turn.open_task(TaskRule(kind, due, priority, None, why), words=event.text)
    return HANDED, "the number is no longer the patient's"


_GRAVE = {
    "urgent": ("urgent", timedelta(minutes=15), "urgent"),
    "deceased": ("bereavement", timedelta(hours=1), "urgent"),
    "wrong_number": ("wrong_number", timedelta(hours=4), "urgent"),
}
# Whoever says it.
_OF_ANYONE = frozenset({"urgent", "deceased"})


def _for_staff(turn: Turn, event: ReplyReceived, reading: Reading) -> tuple[str, str]:
    why = f"The patient wrote again (read as {reading.intent.replace('_', ' ')})."
    if reading.intent in _GRAVE:
        # It is as pressing as the first time, whatever else staff have the talk for and however late that is due.
        kind, due, priority = _GRAVE[reading.intent]
        turn.open_task(TaskRule(kind, due, priority, None, why), words=event.text)
    elif turn.c.tasks:
        task, move = turn.c.tasks[-1], turn.c.task("reschedule")
        if move is not None and turn.prefer(turn.preferred(event.about, event.received_at)):
            task = move
        turn.update_task(task.key, why, words=event.text)
    else:
        turn.open_task(TaskRule("question", timedelta(hours=4), "normal", None, why), words=event.text)
    return HANDED, "staff own the talk"


def _answer_to_guess(turn: Turn, reading: Reading) -> Reading:
    """After "did you mean ...?": a plain yes means the guess, a plain no none of it, another clear answer stands for itself.
    What agrees to something without saying to what ("I will be there", after "did you mean: cancel?") is asked about."""
    guess = turn.c.guess
    if reading.intent == guess or reading.intent not in affirming(turn.ruleset):
        return reading
    if _plain_yes(reading):
        return replace(reading, intent=guess, rule="affirmed", why=f"A plain yes to our question whether they meant {guess}.")
    state = turn.ruleset.states.get(turn.c.state)
    if state is not None and state.replies.get(reading.intent) == state.replies.get(guess):
        return reading  # either way it leads to the same
    why = f"It agrees, but not plainly to our question whether they meant {guess}."
    return replace(reading, intent=UNKNOWN, rule="affirms-what", guess=None, why=why)


def _plain_yes(reading: Reading) -> bool:
    """Y, yes please, 👍: nothing but a key, and not one that is the meaning's own name (CONFIRM)."""
    if reading.rule not in ("key", "keyword") or not reading.candidates or len(reading.normalised.split()) > 2:
        return False
    return reading.candidates[0].phrase.casefold() != reading.intent


def affirming(ruleset: Ruleset) -> frozenset[str]:
    """The intents that a plain yes has."""
    return frozenset(intent.name for intent in ruleset.intents.values() if "Y" in intent.keys or "YES" in intent.keys)


def _take(turn: Turn, state: State, target: Target, intent: str, event: ReplyReceived) -> tuple[str, str]:
    if target.go == STAY:
        return _stay(turn, state, target, intent, event)
    goal = turn.ruleset.states.get(target.go)
    trigger, said = f"reply.{intent}", NO_PREFERENCES
    if goal is not None and turn.ruleset.about_another_time(goal):
        said = turn.preferred(event.about, event.received_at)
    if goal is not None and goal.if_said is not None and said.wanted:  # nobody is asked for what they have just said
        trigger, goal = f"said.{intent}", turn.ruleset.states.get(goal.if_said)
    if goal is not None and goal.hospital in SPOKEN_OF and not _was_told(turn.c, event):
        return _ask_again(turn, state, event)
    if goal is not None and (goal.hospital is not None or goal.asks) and _has_begun(turn):
        return _too_late(turn, event)
    turn.prefer(said)
    turn.move(trigger, words=event.text)
    return (HANDED if turn.c.staff_own else ACTED), f"read as {intent}"


def _stays(state: State, guess: str | None) -> bool:
    """Whether the reply, were it what we guess, would change nothing here."""
    return guess is None or (guess in state.replies and state.replies[guess].go == STAY)


def _adds(turn: Turn, event: ReplyReceived) -> bool:
    """Add what a reply says of when the patient would come to the task that is open about it. False: there is none, or
    the reply says nothing of that."""
    task = turn.c.task("reschedule")
    if task is None or not turn.prefer(turn.preferred(event.about, event.received_at)):
        return False
    turn.update_task(task.key, "The patient said more of when they would come.", words=event.text)
    if turn.c.wish == "request_reschedule":
        turn.write("request_reschedule", note=event.text, more=True)
    return True


def _has_begun(turn: Turn) -> bool:
    """Whether the visit that the reply is about should be going on already. (What is asked afterwards is about what was.)"""
    appointment = turn.c.appointment
    return appointment.status in STANDING and turn.now >= appointment.start


def _too_late(turn: Turn, event: ReplyReceived) -> tuple[str, str]:
    """Nothing can be confirmed, moved or called off any more; whoever runs the clinic should hear of it now."""
    turn.move("always.after_close", words=event.text)
    turn.hand_over("question", "The appointment had begun when this came.", priority="high", words=event.text)
    return HANDED, "the appointment has begun"


def _stay(turn: Turn, state: State, target: Target, intent: str, event: ReplyReceived) -> tuple[str, str]:
    if turn.muted and intent == "thanks":
        return NOTED, "texts are stopped, and it needs no answer"
    if target.say is not None:
        if turn.say(target.say, asks=state.asks):
            return ASKED, "answered, and the question stands"
        turn.hand_over("unclear_reply", "The reply could not be answered by text.", words=event.text)
        return HANDED, "it could not be answered"
    if not event.beside and _adds(turn, event):
        return HANDED, "it says more of when they would come"
    if state.hospital is not None and not turn.c.wish and _means(turn.ruleset, state, intent) and _was_told(turn.c, event):
        turn.write(state.hospital, note=event.text)  # the iPMS refused it the first time
        return ACTED, f"read as {intent}, written again"
    return NOTED, f"{intent} changes nothing here"


def _means(ruleset: Ruleset, state: State, intent: str) -> bool:
    """Whether this reply is one that leads into the state from elsewhere: said there, it says the same again."""
    ways = (other.replies.get(intent) for other in ruleset.states.values())
    return any(way is not None and way.go == state.name for way in ways)


def _was_told(c: Conversation, event: ReplyReceived) -> bool:
    """Whether this reply can be an answer to the appointment as it stands now. Someone who was told of another version
    before must have got the new one, not only have been sent it: a phone that was off gets ours as theirs leaves."""
    version = c.appointment.version
    if event.shown not in (None, version):
        return False
    answered = c.text(event.answers) if event.answers is not None else None
    if answered is not None and answered.about not in (0, version):
        return False  # that it names the latest text proves less: gateways name that one, whichever was being answered
    if answered is not None and answered.about and not c.told and not c.retold:
        # The gateway names our text before it has said that it took it: then it did. (Only where no other was on its way.)
        return all(text.about in (0, version) for text in c.texts)
    if c.told != version or c.told_at is None:
        return False
    if not c.retold:
        return event.received_at >= c.told_at - CLOCKS_APART
    return c.known_told() and event.received_at >= c.told_at + CROSSING


def _ask_again(turn: Turn, state: State, event: ReplyReceived) -> tuple[str, str]:
    """An answer to something the patient was not told, or was told only after saying it."""
    asked = turn.c.text(turn.c.asked)
    if asked is not None and asked.status == "queued" and asked.about == turn.c.appointment.version:
        return NOTED, "said before the present date was told; the question is on its way"
    question = turn.question(state)
    if question is not None and turn.say(question, asks=True):
        return ASKED, "said about an earlier date; asked again for the present one"
    why = "The reply was about a date that has changed since, or that we had not told."
    turn.hand_over("unclear_reply", why, words=event.text)
    return HANDED, "said about an earlier date"


def _unclear(turn: Turn, state: State, reading: Reading, event: ReplyReceived) -> tuple[str, str]:
    guess = reading.guess if reading.guess in state.replies else None
    for number in range(turn.c.unclear, len(state.unclear)):
        rung = state.unclear[number]
        if rung.needs_guess and guess is None:
            continue
        if rung.go is not None:
            turn.move(f"unclear.{number}", words=event.text)
            return HANDED, "not understood"
        if rung.say is not None and turn.say(rung.say, asks=state.asks, guess=guess if rung.needs_guess else None):
            asked = {"rung": number, "guess": guess} if rung.needs_guess else {"rung": number}
            turn.record("reply.asked", asked)
            return ASKED, "not understood"
    turn.hand_over("unclear_reply", "The reply was not understood.", words=event.text)
    return HANDED, "not understood"
