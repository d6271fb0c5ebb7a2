"""Danger and death that are named and not told as the patient's: the words by which a language shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from engine.lexicon import Lexicon, Role
from engine.normalise import fold
from engine.phrase import YEAR_PAST, by_first, by_last, holds, holds_any

Stretch = tuple[str, ...]
Words = frozenset[str]

_NOT = ("not",)


@dataclass(frozen=True, slots=True)
class Asides:
    """Stretches of words that stand straight before danger (`denied`, `following`), hold its last word (`befell`) or stand
    anywhere beside it (`long_ago`, `present`), and words that do. The English lexicon says what each list is for; a language
    that has none reads without them.
    """

    denied: Mapping[str, Sequence[Stretch]]  # by their last words
    following: Mapping[str, Sequence[Stretch]]  # by their last words
    long_ago: Mapping[str, Sequence[Stretch]]  # by their first words
    present: Mapping[str, Sequence[Stretch]]  # by their first words
    befell: tuple[Stretch, ...]
    naming: Words
    creatures: Words
    harming: Words
    leading: Words  # what a sentence may begin with before whom it is about: "my dog ..."
    mortals: Words
    names: Words  # of them, first names
    between: Words
    supposed: Words
    pronouns: Words
    healers: Words
    determiners: Words
    any_one: Words
    crowds: Words
    siblings: Words  # more than one of somebody's kin
    dating: Words  # "since", "when": what leads in a death that is told as the time of something else
    rites: Words
    reporting: Words  # after "who do I" or "how do I": how a death is told of
    stunned: Words  # after "I can't": no plan, but grief
    addressing: Words  # "you", "texts", "the list": what a death that is told to us has beside it
    limbs: Words
    causes: frozenset[str]
    steady: tuple[Stretch, ...]
    gravest: Words  # beside which nothing is steady
    turns: Words  # "but": what stands after one tells something else

    @property
    def stretched(self) -> Words:
        """The words of all stretches: the language has them, so that none is taken for a slip of another word."""
        kept = chain.from_iterable((*self.denied.values(), *self.following.values(), *self.long_ago.values()))
        stretches = (*kept, *self.befell, *self.steady)
        return frozenset(word for stretch in stretches for word in stretch)

    def not_now(self, content: Sequence[str], places: Sequence[int], said: Sequence[str]) -> bool:
        """Whether danger is named and not told: denied ("no more bleeding"), supposed ("if I get chest pain"), long past ("a
        stroke in 2019"), or the name of something else ("the stroke clinic"). Told as of now, it is never long past. `places`
        are those of the words that alarm, `said` the sentence.
        """
        first, behind = min(places), max(places) + 1
        if behind < len(content) and content[behind] in self.naming:
            return True
        if _led(self.denied, content, first, places):
            return True
        if self._steady(said):
            return True
        said = self._apart(said, content[first])
        if holds_any(said, self.present):
            return False
        told = _led(self.following, content, first, ())
        known = any(content[behind - 1] in once and holds(said, once) for once in self.befell)
        return told or known or holds_any(said, self.long_ago)

    def _apart(self, said: Sequence[str], word: str) -> Sequence[str]:
        """What stands around a word up to a "but" on either side: the now of "a stroke last year but he is cycling again now"
        is not of the stroke.
        """
        if self.turns.isdisjoint(said) or word not in said:
            return said
        turns = [at for at, other in enumerate(said) if other in self.turns]
        place = said.index(word)
        begin = max((at + 1 for at in turns if at < place), default=0)
        return said[begin : min((at for at in turns if at > place), default=len(said))]

    def long_known(self, sentences: Iterable[Sequence[str]]) -> bool:
        """Whether what is told has been so for long, or is over: "numb as always", "had a stroke years ago". A sentence that
        tells how it is now speaks of now.
        """
        told = [list(said) for said in sentences]
        past = any(holds_any(said, self.long_ago) and not holds_any(said, self.present) for said in told)
        return past or any(map(self._steady, told))

    def _steady(self, said: Sequence[str]) -> bool:
        there = set(said)
        return self.gravest.isdisjoint(there) and any(there.issuperset(known) and holds(said, known) for known in self.steady)

    def partly_denied(self, content: Sequence[str], places: Sequence[int]) -> bool:
        """Whether any of what alarms is denied where it stands: "her waters have not broken"."""
        return any(_led(self.denied, content, place, places, but=_NOT) for place in places)

    def of_somebody(self, sentences: Iterable[Sequence[str]]) -> list[Sequence[str]]:
        """The sentences that are not told of an animal, as one is that begins with it, unless it did something to somebody."""
        told = list(sentences)
        if any(not self.harming.isdisjoint(said) for said in told):
            return told
        begun = (next((word for word in said if word not in self.leading), "") for said in told)
        return [said for said, first in zip(told, begun, strict=True) if first not in self.creatures]


def _led(
    leads: Mapping[str, Sequence[Stretch]], content: Sequence[str], place: int, places: Sequence[int], but: Stretch = ()
) -> bool:
    """Whether one of `leads`, `but` for one, stands straight before `place`, none of its words being among `places`."""
    for lead in leads.get(content[place - 1], ()) if place else ():
        begin = place - len(lead)
        if begin >= 0 and lead != but and tuple(content[begin:place]) == lead and not any(begin <= at < place for at in places):
            return True
    return False


def asides(
    lexicon: Lexicon, spelt: Callable[[Sequence[str]], list[str]], grave: Callable[[Sequence[str]], list[str]]
) -> Asides:
    """A language's asides, its stretches written as replies are when they are compared: as `spelt`, or with nothing in them
    that is unstressed (`grave`).
    """
    lists = lexicon.lists

    def words(*names: str) -> Words:
        return frozenset(fold(word) for name in names for word in lists[name])

    def stretches(entries: Iterable[str], written: Callable[[list[str]], list[str]]) -> tuple[Stretch, ...]:
        found = (tuple(written(spelt(entry.split()))) for entry in entries)
        return tuple(stretch for stretch in found if stretch)  # one of unstressed words alone would stand everywhere

    determiners = words("determiners")
    names = frozenset(map(fold, lexicon.same.get("firstname", ()))) if lists["mortals"] else frozenset()
    return Asides(
        denied=by_last(stretches(lists["denied"], grave)),
        following=by_last(stretches(lists["following"], grave)),
        long_ago=by_first([*stretches(lists["long_ago"], list), (YEAR_PAST,)]),
        present=by_first(stretches(lists["present"], list)),
        befell=stretches(lists["befell"], list),
        naming=frozenset(part for entry in lists["naming"] for part in spelt([entry])),
        creatures=words("creatures"),
        harming=words("harming"),
        leading=determiners | words("articles", "subjects"),
        mortals=(words("mortals", "kin") | names) if lists["mortals"] else frozenset(),
        names=names,
        between=words("between"),
        supposed=words("supposed"),
        pronouns=words("pronouns"),
        healers=words("healers"),
        determiners=determiners,
        any_one=words("any_one"),
        crowds=words("crowds"),
        siblings=words("siblings"),
        dating=words("dating"),
        rites=words("rites"),
        reporting=words("reporting"),
        stunned=words("stunned"),
        addressing=words("addressing"),
        limbs=words("limbs"),
        causes=frozenset(map(" ".join, stretches(lists["causes"], grave))),
        steady=stretches(lists["steady"], list),
        gravest=words("gravest"),
        turns=frozenset(map(fold, set(lexicon.roles[Role.CONTRAST]) & set(lexicon.roles[Role.JOIN]))),
    )
