"""(J) One reply read: against all the shipped languages and against English alone, and against RiveScript."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from statistics import median

from benchmarks.parts import reminder
from benchmarks.replying import rivescript
from engine.understanding import read
from evaluation.labelled import SETS, load

_ROUNDS = 15


def run() -> None:
    every = reminder()
    english = replace(every, languages=("en",), version=f"{every.version} in English alone")
    replies = load(sorted(SETS.glob("*-en.jsonl")))
    texts = sorted({reply.text for reply in replies if len(reply.text) < 320})
    Random(1).shuffle(texts)
    brain, triggers = rivescript(every)

    def of(ways: Sequence[Callable[[str], object]], sample: Sequence[str], rounds: int) -> list[float]:
        """Median microseconds of processor time a text of each way, the ways taking turns."""
        times: list[list[float]] = [[] for _ in ways]
        for _ in range(rounds):
            for way, found in zip(ways, times, strict=True):
                start = time.process_time()
                for text in sample:
                    way(text)
                found.append((time.process_time() - start) / len(sample) * 1e6)
        return [median(found) for found in times]

    def in_all(text: str) -> object:
        return read(every, text, "en", every.example)

    def in_english(text: str) -> object:
        return read(english, text, "en", every.example)

    many, one = of([in_all, in_english], texts, _ROUNDS)
    print(f"(J) one reply read, of {len(texts):,} different English ones")
    print(f"      against {len(every.languages)} languages {many:8.1f} us")
    print(f"      against English   {one:8.1f} us   ratio {many / one:.2f}  (goal at most 2)")
    some = texts[:100]
    ours, theirs = of([in_all, lambda text: brain.reply("p", text)], some, 3)
    print(f"      RiveScript        {theirs:8.1f} us   {triggers:,} triggers; ours 1/{theirs / ours:.0f} of it  (goal 1/15)\n")
