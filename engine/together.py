"""Reminders of several appointments in one text: which of a phone's queued texts may be joined, and what the one text says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine import wording
from engine.conversation import Conversation
from engine.ruleset import CadenceStep, ListPrompt, Ruleset


@dataclass(frozen=True, slots=True)
class Joined:
    """`whole` is what the phone gets; `parts`, in the order of the talks, what of it is about each one's patient."""

    whole: wording.Rendered
    parts: tuple[str, ...]


def listing(ruleset: Ruleset) -> ListPrompt | None:
    """How this ruleset joins reminders; None where each has a text of its own."""
    return ruleset.one_phone.together if ruleset.one_phone is not None else None


def may_be_joined(ruleset: Ruleset, conversation: Conversation, key: str) -> bool:
    """Whether the text is the question about the appointment as it stands, which the joint text asks as well."""
    text = conversation.text(key)
    return (
        listing(ruleset) is not None
        and text is not None
        and conversation.asked == key
        and text.about == conversation.appointment.version
        and not conversation.guess
    )


def will_ask(ruleset: Ruleset, conversation: Conversation, step: CadenceStep) -> bool:
    """Whether a step of the cadence, done now, would ask about the appointment."""
    state = ruleset.states.get(step.go if step.go is not None else conversation.state)
    return listing(ruleset) is not None and state is not None and state.asks


def join(ruleset: Ruleset, talks: Sequence[Conversation]) -> Joined:
    """The one text for these talks, which all have this ruleset and one language. A patient's record holds of it what is about
    that patient: the line of another one is left out there."""
    prompt = listing(ruleset)
    assert prompt is not None, "joined where the ruleset joins"
    several = [(c.appointment, c.patient) for c in talks]
    language = talks[0].patient.language
    whole = wording.render_list(ruleset, prompt, several, language)
    parts = tuple(wording.render_list(ruleset, prompt, several, language, only=c.patient.id).text for c in talks)
    return Joined(whole, parts)
