"""Words that decide wherever they stand: danger, and the patient's death.

Each is a stretch of words ("took an overdose"), or words that alarm together in whatever order they come ("there was
blood, it just kept pouring"). Sayings that only sound so are known as such, and so is the death of another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.clauses import match
from engine.lexicon import Role
from engine.normalise import BREAK
from engine.phrase import DECIDING, DISTANT_KIN, KIN, Phrase, holds, place
from engine.phrasebook import Phrasebook

_CLOSE = 14  # words between two that alarm together
DEATH = "deceased"
_YOURS = ("your", KIN)
_DYING = frozenset(("died", "dead", "deceased", "passed", "buried", "die", "rip"))
_SOMEONES = frozenset(("my", "his", "her", "their", "our"))

Sets = Sequence[frozenset[str]]


def found(
    book: Phrasebook, said: Sequence[str], spelt: Sequence[tuple[list[str], bool]], alike: Sequence[Sequence[str]]
) -> Phrase | None:
    """The gravest alarm of a reply, with the words that tell it as its text, or None. `said` are its words as they stand;
    `spelt` are its segments as spelt, each with whether it asks; `alike` are the same with turns of phrase made one.
    """
    best: Phrase | None = None
    death: Phrase | None = None
    others = False  # a death is told of somebody or something that is no patient
    for (segment, asked), words in zip(spelt, alike, strict=True):
        content = [*book.grave(segment), BREAK]
        for at in range(len(content)):
            phrase = match(content, at, book.deciding)
            if phrase is None:
                continue
            end = at + len(phrase.words)
            if phrase.intent == DEATH:
                if not _of_a_patient(book, segment, phrase):
                    others = True
                    continue
                if _of_another(book, said, words, asked or _asks(book, segment), alike):
                    continue
            elif book.asides.not_now(content, range(at, end), segment):
                continue
            phrase = replace(phrase, text=" ".join(word for word in content[at:end] if word is not BREAK))
            if phrase.intent == DEATH:
                death = death or phrase
            if best is None or DECIDING.index(phrase.intent) < DECIDING.index(best.intent):
                best = phrase
    if best is not None and death is not None and best.text in book.asides.causes:
        best = death  # "had a massive stroke and died"
    if best is not None and best.intent == DEATH and others and len(best.words) == 1:
        best = None  # "the laptop passed away, RIP"
    sentences = [book.apart(segment) for segment, _ in spelt]
    apart = [word for sentence in sentences for word in sentence]
    segments = [words for words, _ in spelt]
    best = best or _near(book, apart, segments, alike, deaths=not others) or _signs(book, sentences, segments)
    if best is None or any(_together(apart, sets) for sets in book.light):
        return None
    return None if best.intent != DEATH and book.asides.of_a_creature(segments) else best


def _near(
    book: Phrasebook,
    content: Sequence[str],
    spelt: Sequence[Sequence[str]],
    alike: Sequence[Sequence[str]],
    deaths: bool,
) -> Phrase | None:
    best: Phrase | None = None
    familiar = not book.familiar.isdisjoint(content) and book.ours.isdisjoint(content)
    deaths = deaths and not any(DISTANT_KIN in words for words in alike)
    for at, word in enumerate(content):
        for phrase, sets in book.near.get(word, ()):
            if (phrase.intent == DEATH and (best is not None or not deaths)) or (phrase.weak and familiar):
                continue
            places = _close(content, at, sets[1:])
            if not places or (at and at - 1 not in places and book.role(content[at - 1]) & Role.NO):
                continue
            if book.asides.partly_denied(content, places):
                continue
            if phrase.intent == DEATH or not book.asides.not_now(content, places, [word for words in spelt for word in words]):
                best = replace(phrase, text=" ".join(content[place] for place in sorted(places)))
                if phrase.intent != DEATH:
                    return best
    return best


def _signs(book: Phrasebook, sentences: Sequence[Sequence[str]], spelt: Sequence[Sequence[str]]) -> Phrase | None:
    """What is told by signs alone. Nothing where it is said to a familiar, or has long been so."""
    told = book.signs.told(sentences, book.denies)
    if not told or book.asides.long_known(spelt):
        return None
    words = {word for segment in spelt for word in segment}
    if not book.familiar.isdisjoint(words) and book.ours.isdisjoint(words):
        return None
    return Phrase(DECIDING[0], told, (), key=False, weak=True, negative=False, asks=False)


def _of_another(
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


def _asks(book: Phrasebook, said: Sequence[str]) -> bool:
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


def _of_a_patient(book: Phrasebook, said: Sequence[str], phrase: Phrase) -> bool:
    """Whether whom a death is told of can be a patient: a person, a name, or nobody named. The phone, the party and the writer
    are none, nor is one of whom it is denied. True for languages whose lexicon does not list who can be.
    """
    if not book.asides.mortals or phrase.words[0] not in _DYING:
        return True
    if not book.asides.creatures.isdisjoint(said):
        return False
    places = [at for at, word in enumerate(said) if word == phrase.words[0]]
    return not places or any(_can_die(book, said, at) for at in places)


def _can_die(book: Phrasebook, said: Sequence[str], at: int) -> bool:
    who = book.asides
    after = said[at + 1] if at + 1 < len(said) else ""
    if after in who.mortals and after not in book.openers:  # "a dead man", but "talks to her dead mother"
        return not (at and said[at - 1] in _SOMEONES)
    if said[at] == "dead" and after in who.limbs:  # "a dead leg"
        return False
    while at and said[at - 1] in who.between:
        at -= 1
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
    alone = at == 1 and subject in book.known and not book.role(subject) & (Role.JOIN | Role.YES | Role.NO | Role.COURTESY)
    return not (alone or before in who.determiners or before in who.healers or subject in who.healers)


def _together(content: Sequence[str], sets: Sets) -> bool:
    return any(word in sets[0] and bool(_close(content, at, sets[1:])) for at, word in enumerate(content))


def _close(content: Sequence[str], at: int, sets: Sets) -> list[int]:
    """The place `at` and one close to it for a word of each set, each its own; none where a set has no word there."""
    near = [at]
    places = [place for place in range(max(0, at - _CLOSE), min(len(content), at + _CLOSE + 1)) if place != at]
    for words in sets:
        place = next((place for place in places if content[place] in words), None)
        if place is None:
            return []
        places.remove(place)
        near.append(place)
    return near
