"""What a carrier does with certain words before, or beside, handing them to the hospital.

Gateways let patients text STOP and the like to the carrier itself: it then lets no text of the hospital through any more, or
answers in its own words, whatever the hospital's rules say. Which words those are differs from gateway to gateway; each says
so as plain data (adapters/gateways/carriers.py), and the checker holds a ruleset against the one that the hospital has.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """Words that the carrier takes when a reply is nothing but one of them. `meant` is the intent that a ruleset may use them
    for, since the carrier takes them for the same ("stop", "start"); "" where there is none. `does` is what the carrier does,
    put so that it follows upon its name."""

    words: frozenset[str]  # in capitals
    meant: str
    does: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """`name` as the hospital knows it. `mend`: how to have the gateway leave such a word alone, "" where it cannot be had."""

    name: str
    taken: tuple[Taken, ...] = ()
    mend: str = ""

    def takes(self, word: str) -> Taken | None:
        """What the carrier does with a reply of this one word, None where it takes no notice."""
        capitals = word.upper()
        return next((taken for taken in self.taken if capitals in taken.words), None)
