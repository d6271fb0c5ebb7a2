"""Signs of danger that alarm by twos: "grey and sweating", where either word may be said of much else.

A lay person tells what is seen, in words that no list foresees together: a colour, a breath, a hand that drops things.
Each sign is of one kind (`signs` of a lexicon). Two tell of danger, as does one beside a hint (`hints`): what everybody has
now and then, a fever or a fall, or what makes a sign worse, a pregnancy or a fresh operation. A sign that is dire (`dire`)
needs no other, nor does one that is seen on a person (`visible`) or one of the body (`bodily`) that somebody asks what to do
about (`triage`): "do I wait, I keep blacking out". Asked about in general ("is it normal to faint after it") it is none, nor is
a slight one (`mild`).

What is said of much else day by day ("I don't know", "help", "it makes no sense") can only be a hint: two of them would
alarm in any long text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.halves import Halves, Sign, halves, sign
from engine.lexicon import Lexicon, Role
from engine.normalise import fold
from engine.phrase import Stretch, by_first, holds_any
from engine.rewriter import Rewriter

_MANY = 3  # hints of different kinds that tell as much as a sign, where somebody asks what to do
_LED = 3  # words before a sign among which one of `general` makes it what may happen to anybody

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Signs:
    """A language's signs, each stretch of words marked with its kind. Words of `passed_over` stand in none of them, so that one
    line says "face droopy" and "his face has gone all droopy".
    """

    marks: Rewriter
    marked: Words  # every word that stands in a mark
    halves: Halves
    kinds: Words
    dire: Words
    hints: Words
    passed_over: Words
    triage: Mapping[str, Sequence[Stretch]]  # by their first words
    bodily: Words  # kinds
    general: Words
    visible: Words  # kinds
    vague: Words  # kinds of hints
    persons: Words
    meant: Words  # straight after one of these it is not: "meant to be weeping"
    whose: Words  # a sign told of one of these is nobody's in general
    mild: Mapping[str, Sequence[Stretch]]  # by their first words

    @property
    def words(self) -> Words:
        """Every word that stands in a sign or a hint."""
        return self.halves.words | self.marked

    def told(self, sentences: Sequence[Sequence[str]], denies: Callable[[str], bool]) -> str:
        """The words that alarm, or "" where none do: of one dire sign or of two together, of one seen on a person, or of what
        somebody asks what to do about. What stands straight after a word that denies is no sign.
        """
        at = 0
        heard: list[Sign] = []
        own: list[Sign] = []  # those that are not told of anybody in general
        for sentence in sentences:
            places = [place for place, word in enumerate(sentence) if word not in self.passed_over]
            words = [sentence[place] for place in places]
            found = self._signs(words, denies)
            if not holds_any(sentence, self.mild):
                found += self.halves.told(words, denies)
                own += [each for each in found if not self._in_general(sentence, places[each.places[0]])]
            heard += [replace(each, places=tuple(at + place for place in each.places)) for each in found]
            at += len(words)
        for each in heard:
            if each.kind in self.dire:
                return each.text
            other = next((other for other in heard if each.goes_with(other)), None) if each.kind in self.kinds else None
            if other is not None:
                return " ".join(sign.text for sign in sorted((each, other), key=lambda sign: sign.places))
        return self._seen(own, sentences) or self._asked_about(own, sentences)

    def _seen(self, own: Sequence[Sign], sentences: Sequence[Sequence[str]]) -> str:
        """The first sign that is plain to see on somebody: "his mouth is hanging down"."""
        seen = next((each.text for each in own if each.kind in self.visible and " " in each.text), "")
        return seen if seen and any(not self.persons.isdisjoint(sentence) for sentence in sentences) else ""

    def _asked_about(self, own: Sequence[Sign], sentences: Sequence[Sequence[str]]) -> str:
        """What somebody asks what to do about: a sign of the body, or as many hints as together are one."""
        asked = next((each.text for each in own if each.kind in self.bodily), "")
        hinted = {each.kind: each.text for each in own if each.kind in self.hints - self.vague}
        if not asked and len(hinted) >= _MANY:
            asked = " ".join(hinted.values())
        return asked if asked and any(map(self._asks_what_to_do, sentences)) else ""

    def _asks_what_to_do(self, sentence: Sequence[str]) -> bool:
        return holds_any(sentence, self.triage)

    def _in_general(self, sentence: Sequence[str], place: int) -> bool:
        """Whether the sign at a place is what may happen to anybody: "to faint", "might get numb"."""
        led = sentence[max(0, place - _LED) : place]
        told = (at for at, word in enumerate(led) if word in self.whose and (at == 0 or led[at - 1] not in self.general))
        whose = max(told, default=-1)  # not in "could I get numb", which asks what may be
        return any(
            word in self.general and (at == 0 or led[at - 1] not in self.meant) for at, word in enumerate(led) if at > whose
        )

    def _signs(self, words: list[str], denies: Callable[[str], bool]) -> list[Sign]:
        """The signs and hints that stand in the words as one stretch."""
        marked = self.marks(words)
        if marked == words:
            return []
        found: list[Sign] = []
        at = 0
        for place, mark in enumerate(marked):
            end = at + 1
            if mark in self.kinds or mark in self.hints or mark in self.dire:
                end = next(end for end in range(len(words), at, -1) if self.marks(words[at:end]) == [mark])
                if not (place and denies(marked[place - 1])):
                    found.append(sign(words, range(at, end), mark))
            at = end
        return found


def signs(lexicon: Lexicon, spelt: Callable[[Sequence[str]], list[str]], spelt_set: Callable[[Words], Words]) -> Signs:
    """The signs of a lexicon, written as replies are when they are compared. Of several words, one that is left when the others
    are passed over says too little and is no sign.
    """
    lists = lexicon.lists
    passed = frozenset(map(fold, (*lexicon.roles[Role.STOP], *lists["passed_over"])))
    rules: dict[tuple[str, ...], tuple[str, ...]] = {}
    for kind, lines in (*lexicon.dire.items(), *lexicon.signs.items(), *lexicon.hints.items()):
        for line in lines:
            words = tuple(word for word in spelt(line.split()) if word not in passed)
            if len(words) > 1 or " " not in line:
                rules.setdefault(words, (_mark(kind),))
    apart = halves({_mark(kind): [tuple(map(spelt_set, line)) for line in lines] for kind, lines in lexicon.halves.items()})
    kinds, dire, hints = (frozenset(map(_mark, group)) for group in (lexicon.signs, lexicon.dire, lexicon.hints))
    triage = by_first(spelt(line.split()) for line in lists["triage"])
    bodily, visible, vague = (frozenset(map(_mark, lists[name])) for name in ("bodily", "visible", "vague_hints"))
    persons = frozenset(map(fold, (*lists["patients"], *lists["kin"])))
    whose = frozenset(map(fold, (*lists["determiners"], *lists["openers"])))
    general, meant = (frozenset(map(fold, lists[name])) for name in ("general", "meant"))
    mild = by_first(spelt(line.split()) for line in lists["mild"])
    marks = Rewriter(rules)
    return Signs(
        marks=marks,
        marked=frozenset(marks.words()),
        halves=apart,
        kinds=kinds,
        dire=dire,
        hints=hints,
        passed_over=passed,
        triage=triage,
        bodily=bodily,
        visible=visible,
        vague=vague,
        persons=persons,
        general=general,
        meant=meant,
        whose=whose,
        mild=mild,
    )


def _mark(kind: str) -> str:
    return f"*{kind}"
