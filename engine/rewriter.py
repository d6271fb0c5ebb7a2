"""Stretches of words put in the place of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.phrase import Stretch


class _Node:
    """Where some first words of a stretch lead: to what is put in their place, and on. Never changed once it is made, for
    many stretches end alike and share how they go on.
    """

    __slots__ = ("into", "onward")

    def __init__(self, onward: dict[str, _Node], into: Stretch | None) -> None:
        self.onward = onward
        self.into = into


class Rewriter:
    """Replaces stretches of words, the longest first, in one pass from the left. `rules` says what becomes of which; a stretch
    of no words is none.

    The stretches are a tree that is walked word by word. Forty thousand turns of phrase of one language are made of a
    thousand words and end in few ways: as a tree with like ends shared they take a fiftieth of a table's memory.
    """

    __slots__ = ("_first",)

    def __init__(self, rules: Mapping[Stretch, Stretch]) -> None:
        self._first = _tree(rules)

    def copy(self) -> Rewriter:
        copied = Rewriter({})
        copied._first = self._first.copy()
        return copied

    def add(self, words: Sequence[str], into: Sequence[str]) -> None:
        """One more rule, unless there is one for these words."""
        if words:
            self._first[words[0]] = _with(self._first.get(words[0]), words[1:], tuple(into))

    def __contains__(self, word: str) -> bool:
        """Whether a stretch begins with this word."""
        return word in self._first

    def __call__(self, words: Sequence[str]) -> list[str]:
        first = self._first
        if first.keys().isdisjoint(words):
            return list(words)
        out: list[str] = []
        at, end = 0, len(words)
        while at < end:
            word = words[at]
            at += 1
            node = first.get(word)
            if node is None:  # as of most words
                out.append(word)
                continue
            ahead, behind, into = at, at, None
            while node is not None:
                if node.into is not None:
                    behind, into = ahead, node.into
                node = node.onward.get(words[ahead]) if ahead < end else None
                ahead += 1
            if into is None:
                out.append(word)
            else:
                out.extend(into)
                at = behind
        return out

    def words(self) -> Iterable[str]:
        """Every word that stands in a rule, some of them several times."""
        return _words(self._first, set())


def _tree(rules: Mapping[Stretch, Stretch]) -> dict[str, _Node]:
    """A tree of rules. They are gone through in order, so that whatever is left behind will not grow any more and can be
    replaced by the first of its like.
    """
    root = _Node({}, None)
    alike: dict[object, _Node] = {}
    branch: list[tuple[str, _Node, _Node]] = []  # each word with where it leads from and to

    def leave(depth: int) -> None:
        while len(branch) > depth:
            word, above, node = branch.pop()
            onward = node.onward
            first = alike.setdefault((node.into, *onward, *map(id, onward.values())), node)
            if first is not node:
                above.onward[word] = first

    before: Stretch = ()
    for words in sorted(rules):
        same = 0
        for word, other in zip(before, words, strict=False):
            if word != other:
                break
            same += 1
        leave(same)
        here = branch[-1][2] if branch else root
        for word in words[same:]:
            node = _Node({}, None)
            here.onward[word] = node
            branch.append((word, here, node))
            here = node
        here.into = rules[words]
        before = words
    leave(0)
    return root.onward


def _with(node: _Node | None, words: Sequence[str], into: Stretch) -> _Node:
    """A node with one more way to go on from it."""
    onward, here = ({}, None) if node is None else (node.onward, node.into)
    if not words:
        return _Node(onward, into if here is None else here)
    return _Node({**onward, words[0]: _with(onward.get(words[0]), words[1:], into)}, here)


def _words(onward: Mapping[str, _Node], seen: set[int]) -> Iterator[str]:
    for word, node in onward.items():
        yield word
        if id(node) not in seen:
            seen.add(id(node))
            yield from node.into or ()
            yield from _words(node.onward, seen)
