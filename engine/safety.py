"""The talks that every ruleset has to pass, whatever its clinic wrote: played unasked whenever a ruleset is checked.

They do not ask what is said or which state the talk is in, which is the clinic's to choose. They hold what no rule may break: a
STOP stops, who writes of an emergency or a death reaches a person and hears no more from the machine, an answer counts for the
appointment that the patient was told of, nothing is recorded of who never answered, while staff have a talk the machine is
silent, and what comes twice counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from engine.events import StaffAct, TextStatus
from engine.rehearsal import Rehearsal
from engine.ruleset import PLANNED, Ruleset
from engine.turn import Move

# What the hospital's system records of a patient's wish: never without a word from the patient.
_SETTLING = frozenset({"confirm", "cancel", "request_cancel", "request_reschedule"})
_DAYS = 40  # in which a talk of ten days' notice has had all its texts


@dataclass(frozen=True, slots=True)
class Breach:
    """`talk` is what was played, `what` how it went wrong, `mend` what to write instead. `path` leads to the rule of the file
    that is to see to it; `way` is the way from state to state by which it went wrong, where it was one that cannot have been
    meant."""

    talk: str
    what: str
    mend: str
    path: tuple[str, ...]
    way: Move | None = None

    @property
    def for_staff(self) -> bool:
        """Whether the mend is to lead to a state where staff have the talk."""
        return self.mend in (_TO_STAFF, _OWN_ANSWER) and (self.way is not None or self.path[0] == "always")


def breaches(ruleset: Ruleset) -> Iterator[Breach]:
    """What goes wrong in the talks that every ruleset has to pass; nothing, where the rules are safe. `ruleset` is without
    errors in itself."""
    for name, play, mend, path in _TALKS:
        talk = _begun(ruleset)
        if talk is None:
            return  # nothing ever goes out that could be answered
        what = play(talk)
        if what:
            yield Breach(name, what, mend, path, _way_to_record(talk) if talk.written else None)


def _way_to_record(talk: Rehearsal) -> Move | None:
    """The way to the state that had the hospital's system record something, the last time that it did."""
    states = [PLANNED]
    way = found = None
    for entry in talk.entries:
        if entry.kind == "state.entered":
            way = Move(states[-1], entry.data["trigger"])
            states.append(entry.data["state"])
        elif entry.kind == "ipms.queued" and entry.data["action"] in _SETTLING:
            found = way
    return found


def _begun(ruleset: Ruleset) -> Rehearsal | None:
    """A talk that has just sent its first text, or None where these rules send none by themselves."""
    status = min(ruleset.applies_to.statuses, default="booked")
    when = "in 10 days at 10:00" if status == "booked" else "in 0 days at 09:00"
    talk = Rehearsal(ruleset, appointment=when, status=status)
    for _ in range(_DAYS):
        if talk.said:
            return talk
        talk.wait(timedelta(days=1))
    return None


def _after(talk: Rehearsal, text: str) -> list[str]:
    """The prompts with which the machine answers."""
    talk.said.clear()
    talk.written.clear()
    talk.patient(text)
    return [said.prompt for said in talk.said]


def _speaks_later(talk: Rehearsal) -> str | None:
    """A prompt that goes out in all the time to come."""
    talk.said.clear()
    talk.wait(timedelta(days=_DAYS))
    return talk.said[0].prompt if talk.said else None


def _stop(talk: Rehearsal) -> str:
    answers = _after(talk, "STOP")
    if talk.conversation.blocked != "opted_out":
        return "STOP does not stop the texts"
    if len(answers) > 1:
        return f"STOP is answered with {len(answers)} texts; one farewell is all that may follow it"
    if talk.written:
        return f"STOP makes the hospital's system record “{talk.written[0]}”; it says nothing of the appointment"
    later = _speaks_later(talk)
    return f"“{later}” still goes out after STOP" if later else ""


def _grave(words: str) -> Callable[[Rehearsal], str]:
    def play(talk: Rehearsal) -> str:
        _after(talk, words)
        if not talk.conversation.staff_own or not talk.conversation.tasks:
            return f"“{words}” does not hand the talk to staff with a task"
        if talk.written:
            return f"“{words}” makes the hospital's system record “{talk.written[0]}”"
        if _after(talk, "Y"):
            return f"after “{words}” the machine answers a reply, which is for staff alone"
        later = _speaks_later(talk)
        return f"“{later}” still goes out after “{words}”" if later else ""

    return play


def _taken_over(talk: Rehearsal) -> str:
    talk.staff(StaffAct.TAKE)
    for words in ("Y", "C", "what time is it?"):
        answers = _after(talk, words)
        if answers or talk.written:
            return f"while staff have the talk the machine answers “{words}” with “{(answers or talk.written)[0]}”"
    later = _speaks_later(talk)
    return f"“{later}” goes out while staff have the talk" if later else ""


def _moved(talk: Rehearsal) -> str:
    """An answer crosses the news that the appointment was moved: it was to the old time."""
    if talk.conversation.appointment.status != "booked":
        return ""
    _after(talk, "Y")
    talk.said.clear()
    talk.written.clear()
    talk.deliver = False
    talk.change("moved to in 12 days at 14:00")
    if not talk.said and not talk.opened:
        return "the appointment is moved, and neither the patient nor staff are told"
    if _SETTLING & set(talk.written):
        return f"where the hospital moves the appointment, “{talk.written[0]}” is recorded with no word from the patient"
    _after(talk, "Y")
    if "confirm" in talk.written and talk.conversation.wish_version == talk.conversation.appointment.version:
        return "a yes that crosses the news of a moved appointment is recorded for the new time, which the patient was not told"
    return ""


def _called_off(talk: Rehearsal) -> str:
    if talk.conversation.appointment.status != "booked":
        return ""
    talk.change("cancelled")
    _after(talk, "Y")
    return "a yes to an appointment that the hospital cancelled is recorded as confirmed" if "confirm" in talk.written else ""


def _doubled(talk: Rehearsal) -> str:
    """The carrier delivers each reply twice, the second time within the second."""
    for words in ("Y", "C"):
        _after(talk, words)
        talk.said.clear()
        talk.written.clear()
        talk.patient(words, thinking=timedelta(0))
        if talk.said or talk.written:
            return f"“{words}”, delivered twice by the carrier, is acted on twice"
    return ""


def _unread(talk: Rehearsal) -> str:
    for words in ("blue horse", "green table", "seven spoons", "a cup of rain", "paper moon"):
        _after(talk, words)
        if _SETTLING & set(talk.written):
            return f"“{words}”, which nobody can read, is recorded as “{talk.written[0]}”"
        if talk.conversation.tasks:
            return ""
    return "replies that cannot be read never reach a person"


def _silence(talk: Rehearsal) -> str:
    _speaks_later(talk)
    settled = [act for act in talk.written if act in _SETTLING]
    return f"a patient who never replies is recorded as “{settled[0]}”" if settled else ""


def _undelivered(talk: Rehearsal) -> str:
    for _ in range(_DAYS):
        talk.receipt(TextStatus.UNDELIVERABLE)
        talk.wait(timedelta(days=1))
        settled = [act for act in talk.written if act in _SETTLING]
        if settled:
            return f"a patient whom no text reaches is recorded as “{settled[0]}”"
    return ""


_Play = Callable[[Rehearsal], str]
_TO_STAFF = 'lead it to a state with "owner: staff" and a task'
_OWN_ANSWER = "only a patient's own answer may be recorded: lead it to a state with a task for staff"
_TALKS: tuple[tuple[str, _Play, str, tuple[str, ...]], ...] = (
    ("opt-out", _stop, 'lead it to a state with "blocks: opted_out"', ("always", "stop")),
    ("emergency", _grave("I have chest pain"), _TO_STAFF, ("always", "urgent")),
    ("death", _grave("he passed away"), _TO_STAFF, ("always", "deceased")),
    ("wrong number", _grave("wrong number"), _TO_STAFF, ("always", "wrong_number")),
    ("staff take over", _taken_over, "let what the talk waits for end when staff take it", ("staff",)),
    ("appointment moved", _moved, "lead it to a question that tells the new time", ("always", "appointment_changed")),
    ("appointment called off", _called_off, "lead it to a state that ends", ("always", "appointment_cancelled")),
    ("silence", _silence, _OWN_ANSWER, ("states",)),
    ("texts that do not arrive", _undelivered, _OWN_ANSWER, ("states",)),
    ("the same reply twice", _doubled, "let the answer lead to a state where it changes nothing more", ("states",)),
    ("replies that cannot be read", _unread, _OWN_ANSWER, ("states",)),
)
