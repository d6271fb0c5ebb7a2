"""A reply that the state answers in which the talk is: by its `replies`, and where they have none for it by its `unclear`: ask,
ask again, then a person. A confirmation counts only for what the patient was told.
"""

from __future__ import annotations

from datetime import timedelta

from engine.appointment import STANDING
from engine.conversation import NO_PREFERENCES, Conversation
from engine.events import ReplyReceived
from engine.reading import FOR_A_PERSON, ROBOT, Reading
from engine.ruleset import ANYTHING, STAY, Ruleset, State, Target
from engine.turn import ACTED, ASKED, HANDED, NOTED, Turn

# Two texts that cross: an answer this soon after we told of a change may be to what was told before.
CROSSING = timedelta(seconds=45)
# Gateways stamp replies by clocks of their own, and to the second: a reply may seem older than the text it answers.
CLOCKS_APART = timedelta(minutes=2)

# What is recorded only for the appointment that the patient was told of.
SPOKEN_OF = frozenset({"confirm", "request_cancel", "cancel"})


def answered_by(turn: Turn, state: State, reading: Reading, event: ReplyReceived) -> tuple[str, str]:
    """How the reply ended, and why, once nothing outranks the state."""
    target = _of_topic(turn, state, reading, event) or (state.replies.get(reading.intent) if reading.clear else None)
    if target is not None:
        return _take(turn, state, target, reading.intent, event)
    if ANYTHING in state.replies:
        return _take(turn, state, state.replies[ANYTHING], ANYTHING, event)
    if not reading.clear and _stays(state, reading.guess) and _adds(turn, event):
        return HANDED, "it says more of when they would come"
    return _unclear(turn, state, reading, event)


def _of_topic(turn: Turn, state: State, reading: Reading, event: ReplyReceived) -> Target | None:
    """What the state does with a question of this kind. Who asks it again did not get what they wanted from the text that
    answered it, and of several appointments the wrong one might be answered: then it is a question like any other."""
    target = None if event.beside else state.replies.get(reading.topic)
    if target is None or (target.say is not None and turn.c.texts and turn.c.texts[-1].prompt == target.say):
        return None
    return target


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
    words = len(event.text.split()) if reading.rule != ROBOT else 0
    for number, rung in enumerate(state.unclear):
        if rung.needs_guess and guess is None:
            continue
        if rung.words_over is not None and words <= rung.words_over and reading.rule not in FOR_A_PERSON:
            continue
        if rung.go is None and number < turn.c.unclear:
            continue  # that was said before
        if rung.go is not None:
            turn.move(f"unclear.{number}", words=event.text)
            return HANDED, "not understood"
        if rung.say is not None and turn.say(rung.say, asks=state.asks, guess=guess if rung.needs_guess else None):
            asked = {"rung": number, "guess": guess} if rung.needs_guess else {"rung": number}
            turn.record("reply.asked", asked)
            return ASKED, "not understood"
    turn.hand_over("unclear_reply", "The reply was not understood.", words=event.text)
    return HANDED, "not understood"
