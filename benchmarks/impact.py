"""(L) What a draft would have done to ten thousand conversations on record, as the page Impact works it out.

The conversations are those of a simulated hospital: reminders, replies, receipts, changes of the iPMS, acts of staff. What
is held against the goal is processor time, which is the wait on an idle machine."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import timedelta

from adapters.simulate import simulated
from adapters.tuning import settle
from benchmarks.parts import REMINDER
from conversations.histories import Period, count, impact
from conversations.schema import moment
from engine.loader import load

TALKS = int(os.environ.get("FREAGRA_BENCH_TALKS", "10000"))
_DAYS = 6
_GOAL = 8.0  # seconds

# A draft, and what of the shipped rules it changes. Where only phrases differ, talks are read again and those played that read
# differently; any other change plays every talk.
_DRAFTS: Mapping[str, tuple[str, str]] = {
    "a phrase added": ("phrases: [i will", "phrases: [grand so, i will"),
    "a wording changed": ("Thank you, you are confirmed", "Grand, you are confirmed"),
    "cancel leads to confirmed": ("      cancel: cancelling\n", "      cancel: confirmed\n"),
}


def run() -> None:
    source = REMINDER.read_text("utf-8")
    with simulated(_DAYS, TALKS, 5, [REMINDER]) as held:
        settle()
        period = Period("appointment-reminder", moment(0), held.clock.now() + timedelta(days=1))
        with held.database.reader() as connection:
            talks = count(connection, period)
            print(f"(L) a draft played over {talks:,} conversations on record  (goal: each within {_GOAL:.0f} s)")
            for name, (before, after) in _DRAFTS.items():
                assert before in source, before
                draft = load(source.replace(before, after, 1), rehearse=False).ruleset
                assert draft is not None, name
                start, begun = time.perf_counter(), time.process_time()
                found = impact(connection, held.vault, held.rulebook, draft, period)
                took, waited = time.process_time() - begun, time.perf_counter() - start
                turned = sum(found.outcomes().values())
                rate = found.talks / took
                print(
                    f"      {name:<28} {took:6.1f} s of the processor ({waited:.1f} s by the clock)   {rate:7,.0f} a second   "
                    f"{found.replies:,} replies, {len(found.rereads):,} read differently, {turned:,} come out differently"
                )
    print()
