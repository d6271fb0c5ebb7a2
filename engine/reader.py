"""One reply read with one phrasebook: what decides wherever it stands, then what means something only as the whole of a reply,
then all that is said, clause by clause.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

from engine import deaths
from engine.alarms import Alarms
from engine.evidence import Evidence
from engine.gravity import speaks_of_little_else, tells_of_danger, tells_of_it
from engine.hearing import Hearing
from engine.lexicon import Role
from engine.meaning import Meaning
from engine.outlived import Outlived
from engine.phrase import DEATH, DECIDING
from engine.reading import AMID_ELSE, BEREAVED, FOR_A_PERSON, MIXED, OUTRIGHT, POINTS, ROBOT, UNKNOWN, Candidate, Reading
from engine.resemblance import Resemblance
from engine.ruleset import Matching
from engine.utterance import Utterance
from engine.wholes import whole
from engine.wished import Wished


class Reader:
    """One reading of one reply."""

    def __init__(self, said: Utterance, matching: Matching) -> None:
        self._said = said
        self._alarms = Alarms(said)
        self._evidence = Evidence(said, Resemblance(said, matching))

    def read(self) -> Reading:
        said, asking = self._said, self._said.prepared.asking
        reading = self._heeded(self._unless_it_alarms(self._read()))
        if reading.intent != asking or reading.rule in (AMID_ELSE, BEREAVED):
            return reading
        topic = said.book.topic([word for spelt in said.spelt for word in spelt])
        return replace(reading, topic=topic, why=f"{reading.why} It asks nothing else: {topic}.") if topic else reading

    def _heeded(self, reading: Reading) -> Reading:
        """A reading, but where it is none or gives the visit up and the reply tells of a death, or is none and holds a word of
        danger that was not taken for an alarm: then one that a person reads.
        """
        said, prepared = self._said, self._said.prepared
        unclear = reading.intent in (UNKNOWN, MIXED, prepared.asking) and reading.rule not in (ROBOT, BEREAVED)
        gives_up = reading.intent in prepared.refusing and not deaths.told_as_reason(said.book, said.alike)
        if reading.intent == UNKNOWN and deaths.mourned(said.book, said.spelt, said.alike):
            return self._bereaved("Somebody close to who writes has died.")
        if (unclear or gives_up) and self._alarms.death_told:
            return self._bereaved("Somebody has died, who may be the patient or a relation.")
        if unclear and reading.rule not in FOR_A_PERSON and self._alarms.set_aside:
            why = f"{reading.why} It holds a word of danger or of death that seems to be a manner of speaking."
            return replace(reading, rule=AMID_ELSE, why=why)
        return reading

    def _unless_it_alarms(self, reading: Reading) -> Reading:
        """A reading, unless it is none and the words of the reply together are those of danger: then an alarm, or where there
        are few of them, what a person reads.
        """
        asking = self._said.prepared.asking
        handed_on = reading.intent in (UNKNOWN, MIXED, asking)
        score = self._alarms.points if handed_on and reading.rule not in (ROBOT, BEREAVED) else None
        if score is None:
            return reading
        told = ", ".join(f'"{word}"' for word in score.words)
        why = f"Nothing else is clear, and {told} together make {score.points} points of danger."
        if score.alarms(asked=reading.intent == asking):
            return self._evidence.say(DECIDING[0], POINTS, why, 100.0, Candidate(DECIDING[0], " ".join(score.words), 100.0))
        return reading if reading.intent == asking else self._evidence.say(UNKNOWN, POINTS, why)

    def alarm(self) -> Reading | None:
        """What decides wherever it stands, and nothing else: for a reply that is read in another language."""
        decided = self._decided()
        return decided if decided is not None and decided.intent in DECIDING else None

    def _read(self) -> Reading:
        said = self._said
        decided = self._decided()
        if decided is not None:
            return self._unless_outlived(decided) if decided.intent == DEATH else decided
        roles = said.book.roles
        if any(roles.get(word, Role.NONE) & Role.ROBOT for alike in said.alike for word in alike):
            return self._evidence.say(UNKNOWN, ROBOT, "It reads like an automatic answer or an advertisement.")
        phrase = whole(said)
        if phrase is not None and Meaning(said, self._evidence).is_answer(phrase):
            return self._evidence.act(phrase, "it is all that is said")
        reading = self._meaning.reading()
        if reading.rule == OUTRIGHT and (self._alarms.points is not None or self._alarms.set_aside):
            why = f"{reading.why} It holds words of danger."
            return self._evidence.say(UNKNOWN, "more-said", why, guess=reading.intent)
        if (reading.clear and reading.intent != said.prepared.asking) or len(said.prepared.yielding) != 1:
            return reading
        return self._wish if Wished(said).another_time else reading

    @property
    def _wish(self) -> Reading:
        (wish_for,) = self._said.prepared.yielding
        return self._evidence.say(wish_for, "wish", "It asks for another time, and what stands beside that may be why.", 100.0)

    @cached_property
    def _meaning(self) -> Meaning:
        said = self._said
        hearing = Hearing(said.prepared, said.book, said.days, said.segments)
        return Meaning(said, self._evidence, hearing.clauses(), hearing.ruled_out())

    def _decided(self) -> Reading | None:
        """What words that decide wherever they stand say, None where there are none or nothing is told by them."""
        said = self._said
        best = self._alarms.found
        if best is None:
            return None
        if not tells_of_it(said, best.intent):
            told = f'"{best.text}" tells of a death, beside much else.'
            return self._bereaved(told) if best.intent == DEATH else None
        if best.intent != DEATH and not (tells_of_danger(said, best) and speaks_of_little_else(said, best)):
            return self._evidence.say(UNKNOWN, AMID_ELSE, f'"{best.text}" stands beside much that goes with no danger.')
        why = f'"{best.text}" decides wherever it stands, before anything else in the text.'
        return self._evidence.say(best.intent, "word", why, 100.0, Candidate(best.intent, best.text, 100.0))

    def _unless_outlived(self, death: Reading) -> Reading:
        """A death, unless the text holds an answer of somebody living: then that is what it says, or it is for a person."""
        said, prepared = self._said, self._said.prepared
        told = death.candidates[0].phrase
        outlived = Outlived(said)
        first = "" if told.split()[:1] == [said.first] else said.first  # "R I P Tommy"
        standing = self._meaning.standing
        if outlived.answered(standing):
            answer = self._meaning.reading()
            if answer.intent in prepared.affirming | prepared.yielding:
                return answer
        elif not (outlived.may_answer(standing, first) or outlived.by_the_way(standing, told)):
            return death
        return self._bereaved(f'"{told}" tells of a death, and what else is said may be an answer of somebody living.')

    def _bereaved(self, why: str) -> Reading:
        return self._evidence.say(self._said.prepared.asking or UNKNOWN, BEREAVED, why)
