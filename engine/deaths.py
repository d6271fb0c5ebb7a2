"""Whether a word of death tells that the patient has died, or is said of another, of a thing, in jest or of what might be."""

from __future__ import annotations

from collections.abc import Sequence

from engine.lexicon import Role
from engine.phrase import DISTANT_KIN, KIN, holds, place
from engine.phrasebook import Phrasebook

_YOURS = ("your", KIN)
_DYING = frozenset(("died", "dead", "deceased", "passed", "buried", "die"))
_PLAIN = ("dead", "died")
_AT_REST = (("rip",), ("rest", "in", "peace"))
_SOMEONES = frozenset(("my", "his", "her", "their", "our"))
_GOES_ON = Role.JOIN | Role.YES | Role.NO | Role.COURTESY | Role.WHEN
_NOTICES = ["ie"]  # rip.ie, where the Irish read of deaths
_NAMED = 3  # words before a wish of rest among which its name stands: "Resident Nora Flynn RIP"


def of_another(
    book: Phrasebook, said: Sequence[str], words: Sequence[str], asked: bool, alike: Sequence[Sequence[str]]
) -> bool:
    """A death told as the patient's own reason ("my granny died, can I change it") is not the patient's death, nor is one
    that is asked about or that is the reader's ("sorry that your dad died").
    """
    if any(word in book.asides.creatures for segment in alike for word in segment):
        return True
    if DISTANT_KIN in words or (asked and KIN not in words) or holds(words, _YOURS):
        return True
    first = next((word for segment in alike for word in segment), "")
    if book.asides.mortals and KIN in words and book.role(first) & Role.YES:  # "Y, my husband died so I'll come alone"
        return True
    return _as_a_reason(book, said, alike)


def asks(book: Phrasebook, said: Sequence[str]) -> bool:
    """Whether a sentence asks by its order of words: "is he dead"."""
    return len(said) > 1 and said[0] in book.aux and said[1] in book.asides.mortals


def _as_a_reason(book: Phrasebook, said: Sequence[str], alike: Sequence[Sequence[str]]) -> bool:
    """Whether the writer has plans of his own to change. Who will not come is the dead one where it is said of her or him:
    "mi madre murió, no irá".
    """
    if any(holds(said, absent) for absent in book.theirs):
        return False
    return any(told_as_reason(book, segment) for segment in alike)


def told_as_reason(book: Phrasebook, alike: Sequence[str]) -> bool:
    """Whether a segment speaks of the writer's own plans, so that a death beside it is the reason for them. What he or she will
    not do is no plan of the writer's.
    """
    there = set(alike)
    found = (place(alike, plan) for plan in book.own_plans if there.issuperset(plan))
    return any(at == 0 or (at is not None and alike[at - 1] not in book.asides.mortals) for at in found)


def of_a_patient(book: Phrasebook, said: Sequence[str], death: Sequence[str], segments: Sequence[Sequence[str]]) -> bool:
    """Whether whom a death is told of can be a patient: a person, a name, or nobody named. The phone, the party and the writer
    are none, nor is one of whom it is denied. `said` is its segment of `segments`, `death` its words. True for languages whose
    lexicon does not list who can be.
    """
    if not book.asides.mortals:
        return True
    for wish in _AT_REST:
        at = place(said, wish) if tuple(death) == wish else None
        if at is not None:
            return _at_rest(book, said, at, at + len(wish), segments)
    if death[0] not in _DYING:
        return True
    if not book.asides.creatures.isdisjoint(said):
        return False
    places = [at for at, word in enumerate(said) if word == death[0]]
    return not places or any(_can_die(book, said, at) for at in places)


def _can_die(book: Phrasebook, said: Sequence[str], at: int) -> bool:
    who = book.asides
    after = said[at + 1] if at + 1 < len(said) else ""
    if after in who.mortals and after not in book.openers:  # "a dead man", but "talks to her dead mother"
        return not (at and said[at - 1] in _SOMEONES)
    if said[at] == "dead" and after in who.limbs:  # "a dead leg"
        return False
    told, verb = at, said[at]
    while at and said[at - 1] in who.between:
        at -= 1
    if not who.supposed.isdisjoint(said[max(0, at - 1) : told]):  # "could have died"
        return False
    if not at:
        return True
    subject, before = said[at - 1], said[at - 2] if at > 1 else ""
    if subject in who.limbs:  # "the hand has gone dead"
        return False
    if subject in who.mortals:  # but "my wife's father", "a girl"
        named = (subject in who.names and before not in who.names) or subject in book.openers  # "my wife Mary", "mother, she"
        return (named or before not in who.mortals) and before not in who.any_one
    if book.role(subject) & Role.NEGATION or subject in who.pronouns:  # "not dead", "I am dead", "it died"
        return False
    linked = not book.aux.isdisjoint(said[at:told])
    if verb in _PLAIN and not linked and _everyday(book, subject):  # "emotionally dead", but "a person you text is dead"
        return verb != "dead" and not who.mortals.isdisjoint(said[:at])
    alone = at == 1 and _everyday(book, subject)
    return not (alone or before in who.determiners or before in who.healers or subject in who.healers)


def _at_rest(book: Phrasebook, said: Sequence[str], begin: int, end: int, segments: Sequence[Sequence[str]]) -> bool:
    """Whether a wish of rest is for a person: for one who is named beside it, or for whom the text speaks of. "RIP my
    headphones" and an "oof, rip" are for nobody.
    """
    mortals = book.asides.mortals
    if any(segment[:1] == _NOTICES for segment in segments):
        return True
    at = begin
    while at and said[at - 1] in book.asides.between:
        at -= 1
    led = said[max(0, at - _NAMED) : at]
    if led:
        return led[-1] in mortals or (not _everyday(book, led[-1]) and (at == 1 or not mortals.isdisjoint(led)))
    if end < len(said):
        after = said[end]
        return not _everyday(book, after) or after in mortals or after in _SOMEONES
    return len(segments) == 1 or any(not mortals.isdisjoint(segment) for segment in segments)


def _everyday(book: Phrasebook, word: str) -> bool:
    """Whether the language has a word, so that it is nobody's name, and no sentence goes on with it."""
    return word in book.known and not book.role(word) & _GOES_ON
