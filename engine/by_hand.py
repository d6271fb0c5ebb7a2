"""Texts that staff send to many patients at once, a round of them, as each talk takes its own."""

from __future__ import annotations

from datetime import timedelta

from engine import wording
from engine.conversation import SentText
from engine.effects import NOTICE
from engine.events import FAILED, TextedByHand, TextStatus
from engine.ruleset import CALLED_OFF_BY_HAND, TELLS
from engine.turn import Turn

# What is said of an appointment that has begun is still worth saying for so long.
AFTERWARDS = timedelta(days=2)

NO_SUCH_PROMPT = "the rules of this talk have no such text"


def texted_by_hand(turn: Turn, event: TextedByHand) -> None:
    """Say what the round says to this patient. Unless it asks nothing, staff own the talk from then on: a machine that does not
    know what was said must not read the answer."""
    actor = f"staff:{event.by}"
    turn.record("staff.texted", {"round": event.round, "prompt": event.prompt, "purpose": event.purpose}, actor)
    c = turn.c
    if event.prompt and event.prompt not in turn.ruleset.prompts:
        turn.record("text.withheld", {"prompt": event.prompt, "reason": NO_SUCH_PROMPT, "round": event.round})
        return
    if event.prompt:
        rendered = wording.render(turn.ruleset, event.prompt, c.appointment, c.patient)
    else:
        rendered = wording.render_words(turn.ruleset, event.texts, c.appointment, c.patient)
    begun = c.appointment.start <= turn.now
    expires = turn.now + AFTERWARDS if begun else c.appointment.start
    key = turn.say_by_hand(event.prompt, rendered, NOTICE, expires, event.round, event.by)
    if key is None or event.purpose == TELLS:
        return
    if not c.staff_own or event.purpose == CALLED_OFF_BY_HAND:
        why = {"why": "texted by hand", "text": key, "called_off": event.purpose == CALLED_OFF_BY_HAND}
        turn.record("conversation.handed", why, actor)


def told_by_hand(turn: Turn) -> bool:
    """Whether staff told the patient that this appointment will not go ahead, as far as anyone knows."""
    text = turn.c.text(turn.c.called_off_by) if turn.c.called_off_by else None
    return text is not None and text.status not in FAILED | {TextStatus.UNSENT}


def back_to_machine(turn: Turn, why: str) -> bool:
    """Whether the machine may go on with a talk that staff own: it may where they do so for a round's sake alone, and nothing
    that the patient said waits for them."""
    if not turn.c.staff_own:
        return True
    if not turn.c.handed_for or turn.c.tasks:
        return False
    turn.record("conversation.handed_back", {"why": why})
    return True


def taken_back(turn: Turn, text: SentText) -> None:
    """The round was stopped before this text left: nobody has anything to answer, and the talk is as it was before."""
    if turn.c.handed_for != text.key or not turn.c.staff_own:
        return
    if back_to_machine(turn, "the text did not leave") and not turn.c.closed:
        turn.wait_for_reply()
        turn.plan()
