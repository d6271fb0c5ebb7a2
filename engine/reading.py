"""A reading: what one reply was understood to mean, and the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass

# Readings that are no intent of a ruleset: no meaning could be told, or two or more that differ in outcome.
UNKNOWN = "unknown"
MIXED = "mixed"
# Nor is this: a reply that asks for another language (engine/tongues.py).
LANGUAGE = "language"

# The rule of a text that no person wrote.
ROBOT = "robot"
# The rule of a text that tells of a death and may be an answer of somebody living: whose death it is, a person finds out.
BEREAVED = "bereaved"
# The rule of a text that nothing is made of but that its words are those of danger.
POINTS = "points"
# The rule of a text in which a word of danger stands beside much that goes with none.
AMID_ELSE = "amid-else"
# The rule of a text that gives the visit up outright, beside more than is understood.
OUTRIGHT = "outright"
# Texts of these rules are read by a person, whatever their length: nobody in danger is asked for a letter.
FOR_A_PERSON = frozenset((POINTS, AMID_ELSE))


@dataclass(frozen=True, slots=True)
class Candidate:
    """One phrase of the ruleset that the reply resembles. `score` is 0 to 100, 100 the same text."""

    intent: str
    phrase: str
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """`intent` is an intent of the ruleset, or `unknown` or `mixed`. Only a reading whose intent is neither may be acted
    on. `guess` is the intent worth asking about ("did you mean ...?"), None where nothing came near. `topic` is the kind of
    question that it is, where the ruleset knows it and the reply asks nothing else."""

    intent: str
    score: float
    rule: str  # which rule decided: "key", "phrase", "fuzzy", "negation", "two-meanings", "empty", ...
    normalised: str
    candidates: tuple[Candidate, ...] = ()  # the best three, best first
    guess: str | None = None
    why: str = ""  # one sentence for staff: why this and not the others
    topic: str = ""

    @property
    def clear(self) -> bool:
        return self.intent not in (UNKNOWN, MIXED)

    @property
    def finest(self) -> str:
        """The meaning as finely as it is known."""
        return self.topic or self.intent

    def means(self, intent: str) -> bool:
        return intent in (self.intent, self.topic)
