"""Words of a language that has letters of its own, typed in Latin ones: "3andi waja3", "ne mozhu pryity".

Each Latin letter or group of letters may stand for several letters or for none, since short vowels are not written in Arabic.
What they come to is looked for among the words that the language has, so nothing is spelt that is no word of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_SHORTEST = 3  # letters of a word that is found
_TWICE = re.compile(r"([a-z])\1+")


class Latin:
    """`letters` gives for each Latin letter or group what it may stand for, the likeliest first; `words` are those of the
    language. `leads` are Latin letters that stand for a word of their own before another ("b" of "bsadri"); `others` are words
    that are meant in another language.
    """

    def __init__(
        self, letters: Mapping[str, Iterable[str]], words: Iterable[str], leads: Iterable[str], others: frozenset[str]
    ) -> None:
        self._letters = {latin: tuple("" if one == "-" else one for one in ours) for latin, ours in letters.items()}
        self._longest = max(map(len, self._letters), default=0)
        self._words = frozenset(word for word in words if len(word) >= _SHORTEST and not word.isascii())
        self._begun = frozenset(word[:end] for word in self._words for end in range(len(word) + 1))
        self._leads = tuple(leads)
        self._others = others

    def meant(self, word: str) -> str:
        """The word that a Latin one stands for, "" where there is none or where two are as likely."""
        if not word.isascii() or word in self._others:
            return ""
        for lead in ("", *self._leads):
            rest = word.removeprefix(lead)
            if lead and rest == word:
                continue
            for written in dict.fromkeys((rest, _TWICE.sub(r"\1", rest))):
                found = self._likeliest(written)
                if found:
                    return found
        return ""

    def _likeliest(self, word: str) -> str:
        reached: dict[tuple[int, str], int] = {(0, ""): 0}  # how far it is read and as what: how unlikely
        for at in range(len(word)):
            for (place, ours), cost in list(reached.items()):
                if place == at:
                    self._read_on(word, at, ours, cost, reached)
        ends = sorted((cost, ours) for (place, ours), cost in reached.items() if place == len(word) and ours in self._words)
        tied = len(ends) > 1 and ends[0][0] == ends[1][0]
        return "" if not ends or tied else ends[0][1]

    def _read_on(self, word: str, at: int, ours: str, cost: int, reached: dict[tuple[int, str], int]) -> None:
        for length in range(1, self._longest + 1):
            options: Sequence[str] = self._letters.get(word[at : at + length], ()) if at + length <= len(word) else ()
            for unlikely, letters in enumerate(options):
                step = (at + length, ours + letters)
                if step[1] in self._begun and cost + unlikely < reached.get(step, 1 << 30):
                    reached[step] = cost + unlikely
