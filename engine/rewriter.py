"""Stretches of words put in the place of others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Rewriter:
    """Replaces stretches of words, the longest first, in one pass from the left."""

    __slots__ = ("_by_first", "_rules")

    def __init__(self) -> None:
        self._rules: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._by_first: dict[str, tuple[int, ...]] = {}  # lengths of the stretches that begin so, the longest first

    def add(self, words: Sequence[str], into: Sequence[str]) -> None:
        if words and tuple(words) != tuple(into) and self._rules.setdefault(tuple(words), tuple(into)) == tuple(into):
            lengths = {len(words), *self._by_first.get(words[0], ())}
            self._by_first[words[0]] = tuple(sorted(lengths, reverse=True))

    def copy(self) -> Rewriter:
        copied = Rewriter()
        copied._rules, copied._by_first = self._rules.copy(), self._by_first.copy()
        return copied

    def __call__(self, words: Sequence[str]) -> list[str]:
        by_first, rules = self._by_first, self._rules
        if by_first.keys().isdisjoint(words):
            return list(words)
        out: list[str] = []
        at, end = 0, len(words)
        while at < end:
            word = words[at]
            for length in by_first.get(word, ()):
                into = rules.get(tuple(words[at : at + length]))
                if into is not None:
                    out.extend(into)
                    at += length
                    break
            else:
                out.append(word)
                at += 1
        return out

    def words(self) -> Iterable[str]:
        for pattern, into in self._rules.items():
            yield from pattern
            yield from into
