"""Whether a word of death tells that the patient has died, or is said of another, of a thing, in jest or of what might be."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise

from engine.lexicon import Role
from engine.phrase import ASK, DISTANT_KIN, KIN, NAME, Stretch, holds, place
from engine.phrasebook import Phrasebook

_YOURS = ("your", KIN)
_DYING = frozenset(("died", "dead", "deceased", "passed", "buried", "die"))
_PLAIN = ("dead", "died")
_AT_REST = (("rip",), ("rest", "in", "peace"))
_THE_DEAD = frozenset(("he", "she", "his", "her", "him"))
_TOLD_OF = ("he", "she")  # so told is the death of one who was named before: "mam cannot come, she died"
_KIN = frozenset((KIN,))
_BEHIND = 3  # words behind a death that nobody is named before
_SOMEONES = frozenset(("my", "his", "her", "their", "our"))
_GOES_ON = Role.JOIN | Role.YES | Role.NO | Role.COURTESY | Role.WHEN
_NOTICES = ["ie"]  # rip.ie, where the Irish read of deaths
_DENIED = 2  # words before a plan among which it is denied
_NAMED = 3  # words before a wish of rest among which its name stands: "Resident Nora Flynn RIP"
_BEING = frozenset(("is", "are", "not", "still", "no"))  # what a death begins with that is said of how somebody is


def of_another(
    book: Phrasebook, said: Sequence[str], at: int, death: Sequence[str], asked: bool, alike: Sequence[Sequence[str]]
) -> bool:
    """Whether a death, in the words `death` of the segment `at`, is not the patient's: told as the patient's own reason ("my
    granny died, can I change it"), asked about, or the reader's ("sorry that your dad died").
    """
    words = alike[at]
    if _of_a_relation(book, words, death) or (asked and KIN not in words) or holds(words, _YOURS):
        return True
    first = next((word for segment in alike for word in segment), "")
    if book.asides.mortals and KIN in words and book.role(first) & Role.YES:  # "Y, my husband died so I'll come alone"
        return True
    return _as_a_reason(book, said, alike)


def of_a_creature(book: Phrasebook, segments: Sequence[Sequence[str]], at: int, death: Sequence[str]) -> bool:
    """Whether a death, told in the words `death` of the segment `at`, is an animal's: the animal is named last before it, be it
    by a name ("our dog Rex"), or straight behind it where nobody is. "He died out with his dog" is told of him.
    """
    creatures = book.asides.creatures
    led, behind = _around(segments[at], death)
    for leader, word in reversed(list(pairwise(["", *chain.from_iterable(segments[:at]), *led]))):
        if word in creatures:
            return True
        if _names_somebody(book, word):
            return leader in creatures
    return not creatures.isdisjoint(behind)


def _of_a_relation(book: Phrasebook, words: Sequence[str], death: Sequence[str]) -> bool:
    """Whether a death is told of a grandmother, a neighbour: named before it, or straight behind it where nobody is."""
    led, behind = _around(words, death)
    return DISTANT_KIN in led or (DISTANT_KIN in behind and not any(_names_somebody(book, word) for word in led))


def _around(words: Sequence[str], death: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """The words before a death, and the few straight behind it."""
    at = next((at for at, word in enumerate(words) if word == death[0]), len(words))
    behind = at + len(death)
    return words[:at], words[behind : behind + _BEHIND]


def _names_somebody(book: Phrasebook, word: str) -> bool:
    strange = word.isalpha() and word not in book.known
    return strange or word in (KIN, NAME) or word in _THE_DEAD or word in book.asides.mortals


def asks(book: Phrasebook, said: Sequence[str]) -> bool:
    """Whether a sentence asks by its order of words: "is he dead"."""
    return len(said) > 1 and said[0] in book.aux and said[1] in book.asides.mortals


def _as_a_reason(book: Phrasebook, said: Sequence[str], alike: Sequence[Sequence[str]]) -> bool:
    """Whether the writer has plans of his own to change. Who will not come is the dead one where it is said of her or him:
    "mi madre murió, no irá".
    """
    return not any(holds(said, absent) for absent in book.theirs) and told_as_reason(book, alike)


def told_as_reason(book: Phrasebook, segments: Sequence[Sequence[str]]) -> bool:
    """Whether a text speaks of the writer's own plans, so that a death in it is the reason for them. A funeral is one where it
    says of nobody else that he or she will not come.
    """
    plans: Sequence[Stretch] = book.own_plans
    if any(_stays_away(book, segment) for segment in segments):
        plans = [plan for plan in plans if plan not in book.rites]
    told_of = any(word in _TOLD_OF for segment in segments for word in segment)
    return any(_plans(book, segment, plans, _KIN if told_of else frozenset()) for segment in segments)


def spells_out_plans(book: Phrasebook, segments: Sequence[Sequence[str]]) -> bool:
    """Whether a text tells plans of the writer's own in more than one word, which may be said in bitterness: "reschedule? he's
    in a coffin".
    """
    plans = [plan for plan in book.own_plans if len(plan) > 1]
    return any(_plans(book, segment, plans) for segment in segments)


def _plans(book: Phrasebook, alike: Sequence[str], plans: Sequence[Stretch], others: frozenset[str] = frozenset()) -> bool:
    """Whether a segment tells one of `plans` as the writer's own. What he, she or one of `others` will not do is none, nor is
    asking whom to tell of the death ("who do I speak to") or what cannot be believed.
    """
    there = set(alike)
    for plan in plans:
        at = place(alike, plan) if there.issuperset(plan) else None
        if at is None:
            continue
        who = book.subject(alike[:at])
        if who in book.asides.mortals or who in _THE_DEAD | others:
            continue
        if len(plan) == 1 and any(book.role(word) & (Role.NEGATION | Role.NO) for word in alike[max(0, at - _DENIED) : at]):
            continue  # "no need to reschedule, he died"
        after = alike[at + len(plan)] if at + len(plan) < len(alike) else ""
        if after not in (book.asides.reporting if plan[0] == ASK else book.asides.stunned):
            return True
    return False


def _stays_away(book: Phrasebook, alike: Sequence[str]) -> bool:
    """Whether a segment says of somebody that he or she does not come: "so obviously she won't be there"."""
    for at, word in enumerate(alike):
        if word in book.coming and at > 1 and book.role(alike[at - 1]) & Role.NEGATION:
            return book.subject(alike[: at - 1]) in book.asides.mortals
    return False


def mourned(book: Phrasebook, spelt: Sequence[Sequence[str]], alike: Sequence[Sequence[str]]) -> bool:
    """Whether a text tells that somebody close has died, and of the funeral: "Mam died, funeral is Friday"."""
    if all(map(book.asides.rites.isdisjoint, spelt)):
        return False
    return any(
        word in _DYING and any(led == KIN or led in _THE_DEAD for led in segment[:at])
        for segment in alike
        for at, word in enumerate(segment)
    )


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
        return death[0] not in _BEING or not _is_a_thing(book, said, death[0])
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
    if verb == "dead" and subject not in who.mortals:
        subject = subject.removesuffix("s").removesuffix("'")  # "the patient's dead", "dads dead"
    if _of_many(book, said[:at], verb):
        return False
    if subject in who.limbs:  # "the hand has gone dead"
        return False
    if subject in _THE_DEAD:
        return True
    if subject in who.mortals:  # but "my wife's father", "a girl"
        named = (subject in who.names and before not in who.names) or subject in book.openers  # "my wife Mary", "mother, she"
        return (named or before not in who.mortals) and before not in who.any_one
    if book.role(subject) & Role.NEGATION or subject in who.pronouns:  # "not dead", "I am dead", "it died"
        return False
    if book.role(subject) & Role.JOIN:  # "a boy deleted it and died"
        one = next((place for place in range(at - 2, 0, -1) if said[place] in who.mortals), 0)
        return not (one and said[one - 1] in who.any_one)
    linked = not book.aux.isdisjoint(said[at:told])
    if verb in _PLAIN and not linked and _everyday(book, subject):  # "emotionally dead", but "a person you text is dead"
        return verb != "dead" and not who.mortals.isdisjoint(said[:at])
    alone = at == 1 and _everyday(book, subject)
    return not (alone or before in who.determiners or before in who.healers or subject in who.healers)


def _is_a_thing(book: Phrasebook, said: Sequence[str], verb: str) -> bool:
    """Whether who is so, wherever `verb` says it, is no patient: "it isn't alive", "I was still born there"."""
    who = book.asides
    led = [said[:at] for at, word in enumerate(said) if word == verb]
    subjects = [next((word for word in reversed(before) if word not in who.between), "") for before in led]
    return bool(subjects) and who.pronouns.issuperset(subjects)


def _of_many(book: Phrasebook, led: Sequence[str], verb: str) -> bool:
    """Whether a death that `led` leads up to is told of many: "a lot of people on my side have died", "my two brothers passed
    away", but not "my brother's dead" with its mark left out.
    """
    for word in reversed(led):
        if word in book.asides.crowds or (word in book.asides.siblings and verb != "dead"):
            return True
        if word in book.speakers or book.role(word) & Role.JOIN:
            return False
    return False


def in_passing(book: Phrasebook, said: Sequence[str], death: str) -> bool:
    """Whether a segment tells a death only as the time of something else: "nobody to mind them since mam died", "when he
    died". `death` is its first word. What has nobody between ("he is after dying") or more than somebody ("after a long illness
    he died") is news.
    """
    who = book.asides
    if who.dating.isdisjoint(said) or death not in said:
        return False
    at = begin = said.index(death)
    while begin and said[begin - 1] not in who.dating and _is_somebody(book, said[begin - 1]):
        begin -= 1
    someone = begin < at or death in who.mortals
    return someone and begin > 0 and said[begin - 1] in who.dating


def _is_somebody(book: Phrasebook, word: str) -> bool:
    who = book.asides
    return word in who.mortals or word in who.determiners or word in who.between or word not in book.known


def of_nobody(book: Phrasebook, death: str, spelt: Sequence[Sequence[str]], alike: Sequence[Sequence[str]]) -> bool:
    """Whether a death, told in the words `death`, is a funeral and the text does not say whose."""
    if death.partition(" ")[0] not in book.asides.rites or any(KIN in segment for segment in alike):
        return False
    return all(map((book.asides.mortals | _THE_DEAD).isdisjoint, spelt))


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
