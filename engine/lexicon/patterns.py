"""Lines of a lexicon that stand for many: `<texts>` is any word of that class, `(a|b)` one of the two, `(a|)` an a that may
be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

_SLOT = re.compile(r"<(\w+)>|\(([^()]*)\)")

Classes = Mapping[str, tuple[str, ...]]
_Parts = tuple[Sequence[str], ...]  # one of each, side by side


class Phrases(Iterable[str]):
    """Lines as written, each phrase they stand for made whenever they are gone through: one line may stand for thirty
    thousand. Raises ValueError for a class that is not listed, naming the language.
    """

    __slots__ = ("_lines",)

    def __init__(self, language: str, lines: Iterable[str], classes: Classes) -> None:
        self._lines = tuple(_parts(language, line, classes) if _SLOT.search(line) else _plain(line) for line in lines)

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            if isinstance(line, str):
                yield line
            else:
                yield from map(_plain, _all(line))


def _parts(language: str, line: str, classes: Classes) -> _Parts:
    parts: list[Sequence[str]] = []
    end = 0
    for slot in _SLOT.finditer(line):
        if slot.start() > end:
            parts.append((line[end : slot.start()],))
        name, choices = slot.groups()
        if name is None:
            parts.append(tuple(text for choice in choices.split("|") for text in _all(_parts(language, choice, classes))))
        elif name in classes:
            parts.append(classes[name])
        else:
            raise ValueError(f"lexicon {language}: no class `{name}`; `classes` lists them, each before its use")
        end = slot.end()
    if end < len(line):
        parts.append((line[end:],))
    return tuple(parts)


def _plain(text: str) -> str:
    return " ".join(text.split()) or text


def _all(parts: _Parts) -> Iterator[str]:
    return map("".join, product(*parts))
