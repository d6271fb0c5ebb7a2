"""The answer to "did you mean ...?", which the ladder of a state asks where a reply was nearly understood."""

from __future__ import annotations

from dataclasses import replace

from engine.reading import UNKNOWN, Reading
from engine.ruleset import Ruleset
from engine.turn import Turn


def answer_to_guess(turn: Turn, reading: Reading) -> Reading:
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
