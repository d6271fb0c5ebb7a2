"""(K) A million different texts read in one process, in every language: what stays behind of them in memory."""

from __future__ import annotations

import os
import string
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from benchmarks.parts import reminder
from engine.heard import read
from evaluation.labelled import SETS, load

_TEXTS = int(os.environ.get("FREAGRA_BENCH_TEXTS", "1000000"))
_SHOWN = (1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)
_MOST_WORDS = 12
_PAGE = os.sysconf("SC_PAGE_SIZE")


def run() -> None:
    rules = reminder()
    for language in rules.languages:
        read(rules, "Y", language, None)
    print(f"    {_resident():7.1f} MB with every language ready, before the labelled replies are loaded")
    replies = load(sorted(SETS.glob("*.jsonl")))
    said = {language: sorted({word for r in replies if r.language == language for word in r.text.split()})
            for language in rules.languages}  # fmt: skip
    print(f"(K) {_TEXTS:,} different texts in {len(said)} languages, each heard once, by turns")
    print(f"    {_resident():7.1f} MB before the first")
    for count, (language, text) in enumerate(_different(said), 1):
        read(rules, text, language, None)
        if count in _SHOWN or count == _TEXTS:
            print(f"    {_resident():7.1f} MB after {count:,}", flush=True)
        if count == _TEXTS:
            break
    print()


def _different(said: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Texts without end, each a new one: words of real ones in its language, and one that nobody has ever written, without a
    figure, so that short ones are such as are kept.
    """
    dice = Random(2)
    number = 0
    while True:
        for language, words in said.items():
            number += 1
            text = dice.choices(words, k=dice.randint(1, _MOST_WORDS))
            text.insert(dice.randint(0, len(text)), _written(number))
            yield language, " ".join(text)


def _written(number: int) -> str:
    """A word for a number, each its own."""
    letters = ""
    while number:
        number, letter = divmod(number, 26)
        letters = string.ascii_lowercase[letter] + letters
    return f"qx{letters}"


def _resident() -> float:
    """Megabytes that the process holds now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * _PAGE / 1024**2
