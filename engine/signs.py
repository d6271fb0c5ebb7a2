"""Signs of danger that alarm by twos: "grey and sweating", where either word may be said of much else.

A lay person tells what is seen, in words that no list foresees together: a colour, a breath, a hand that drops things.
Each sign is of one kind (`signs` of a lexicon). Two tell of danger, as does one beside a hint (`hints`): what everybody has
now and then, a fever or a fall, or what makes a sign worse, a pregnancy or a fresh operation. A sign that is dire (`dire`)
needs no other, nor does one of the body (`bodily`) that somebody asks what to do about (`triage`): "do I wait, I keep blacking
out". Asked about in general ("is it normal to faint after it") it is none, nor is a slight one (`mild`).

What is said of much else day by day ("I don't know", "help", "it makes no sense") can only be a hint: two of them would
alarm in any long text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.lexicon import Lexicon, Role
from engine.normalise import fold
from engine.phrase import Stretch, by_first, holds, holds_any
from engine.rewriter import Rewriter

_FAR = 12  # words between two signs that belong together
_LED = 3  # words before a sign among which one of `general` makes it what may happen to anybody

Words = frozenset[str]


@dataclass(frozen=True, slots=True)
class Signs:
    """A language's signs, each stretch of words marked with its kind. Words of `passed_over` stand in none of them, so that one
    line says "face droopy" and "his face has gone all droopy".
    """

    marks: Rewriter
    kinds: Words
    dire: Words
    hints: Words
    passed_over: Words
    triage: Mapping[str, Sequence[Stretch]]  # by their first words
    bodily: Words  # kinds
    general: Words
    meant: Words  # straight after one of these it is not: "meant to be weeping"
    whose: Words  # a sign told of one of these is nobody's in general
    mild: tuple[Stretch, ...]

    def told(self, sentences: Sequence[Sequence[str]], denies: Callable[[str], bool]) -> str:
        """The words that alarm, of one dire sign or of two together, or "" where none do. What stands straight after a
        word that denies is no sign.
        """
        at = 0
        heard: list[tuple[int, str, str]] = []
        asked_of: list[str] = []
        for sentence in sentences:
            places = [place for place, word in enumerate(sentence) if word not in self.passed_over]
            words = [sentence[place] for place in places]
            found = self._signs(words, denies)
            heard += [(at + place, kind, text) for place, kind, text in found]
            if found and not any(holds(sentence, slight) for slight in self.mild):
                asked_of += [
                    text for place, kind, text in found if kind in self.bodily and not self._in_general(sentence, places[place])
                ]
            at += len(words)
        for place, kind, text in heard:
            if kind in self.dire:
                return text
            if kind in self.kinds:
                for other, _, also in heard:
                    if also != text and abs(place - other) <= _FAR:
                        return f"{text} {also}" if place < other else f"{also} {text}"
        if asked_of and any(map(self._asks_what_to_do, sentences)):
            return asked_of[0]
        return ""

    def _asks_what_to_do(self, sentence: Sequence[str]) -> bool:
        return holds_any(sentence, self.triage)

    def _in_general(self, sentence: Sequence[str], place: int) -> bool:
        """Whether the sign at a place is what may happen to anybody: "to faint", "might get numb"."""
        led = sentence[max(0, place - _LED) : place]
        whose = max((at for at, word in enumerate(led) if word in self.whose), default=-1)
        return any(
            word in self.general and (at == 0 or led[at - 1] not in self.meant) for at, word in enumerate(led) if at > whose
        )

    def _signs(self, words: list[str], denies: Callable[[str], bool]) -> list[tuple[int, str, str]]:
        """Each sign with its place, its kind and its words."""
        marked = self.marks(words)
        if marked == words:
            return []
        found = []
        at = 0
        for place, mark in enumerate(marked):
            end = at + 1
            if mark in self.kinds or mark in self.hints or mark in self.dire:
                end = next(end for end in range(len(words), at, -1) if self.marks(words[at:end]) == [mark])
                if not (place and denies(marked[place - 1])):
                    found.append((at, mark, " ".join(words[at:end])))
            at = end
        return found


def signs(lexicon: Lexicon, spelt: Callable[[Sequence[str]], list[str]]) -> Signs:
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
    kinds, dire, hints = (frozenset(map(_mark, group)) for group in (lexicon.signs, lexicon.dire, lexicon.hints))
    triage = by_first(spelt(line.split()) for line in lists["triage"])
    bodily = frozenset(map(_mark, lists["bodily"]))
    whose = frozenset(map(fold, (*lists["determiners"], *lists["openers"])))
    general, meant = (frozenset(map(fold, lists[name])) for name in ("general", "meant"))
    mild = tuple(tuple(spelt(line.split())) for line in lists["mild"])
    return Signs(Rewriter(rules), kinds, dire, hints, passed, triage, bodily, general, meant, whose, mild)


def _mark(kind: str) -> str:
    return f"*{kind}"
