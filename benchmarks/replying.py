"""(E) One reply read and decided, without I/O, against RiveScript with the same phrases and one machine per patient."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from random import Random
from statistics import median

from rivescript import RiveScript
from transitions import Machine

from benchmarks.parts import MORNING, reminder
from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.conversation import Conversation
from engine.decide import decide
from engine.events import Opened, ReplyReceived, TextReported, TextStatus
from engine.heard import forget, read
from engine.machine import edges, machine
from engine.prepared import prepare
from engine.ruleset import BUILT_IN_STATES, Ruleset

# What patients text, as often as they do: bare keys most of all, then plain words, then everything else.
REPLIES = (
    ["Y"] * 40 + ["Yes"] * 14 + ["yes thanks"] * 6 + ["C"] * 5 + ["R"] * 5 + ["Ok"] * 5
    + ["yes I will be there", "grand see ye then", "cancel pls", "I can't make it sorry", "can I change it to another day",
       "what time is it at", "thanks", "confirmd", "is there parking at the hospital", "not sure yet will let you know",
       "I have a cold, should I still come", "Yes please, thank you", "stop", "wrong number", "running 10 mins late"]
)  # fmt: skip


def _asked(ruleset: Ruleset) -> Conversation:
    appointment = Appointment(
        "a", 1, MORNING + timedelta(days=8), AppointmentStatus.BOOKED, "EYE", "Eye clinic", "Dr. Smith", "Outpatients", ""
    )
    opened = decide(ruleset, None, Opened("c", appointment, Patient("p", "Mary", "en")), MORNING).conversation
    return decide(ruleset, opened, TextReported(opened.texts[0].key, TextStatus.ACCEPTED), MORNING).conversation


def rivescript(ruleset: Ruleset) -> tuple[RiveScript, int]:
    """A brain with the phrases that we read by: those that are a whole reply, and those that decide wherever they stand,
    which RiveScript writes [*] phrase [*]. It answers each with its intent. And how many triggers that makes."""
    lines = ["! version = 2.0"]
    seen: set[str] = set()
    for book in prepare(ruleset).books.values():
        whole = [(phrase, "{}") for phrase in book.whole.values()]
        anywhere = [(phrase, "[*] {} [*]") for phrase in book.deciding]
        for phrase, form in whole + anywhere:
            words = "".join(c if c.isalnum() else " " for c in phrase.text.lower()).split()
            trigger = form.format(" ".join(words))
            if words and trigger not in seen:
                seen.add(trigger)
                lines += [f"+ {trigger}", f"- {phrase.intent}"]
    lines += ["+ *", "- unknown"]
    brain = RiveScript(utf8=True)
    brain.stream(lines)
    brain.sort_replies()
    return brain, len(seen)


def _microseconds(work: Callable[[str], object], texts: list[str], rounds: int, *, anew: bool = False) -> float:
    """Median over rounds of the mean time for one text. `anew`: no text was heard before."""
    means = []
    for _ in range(rounds):
        if anew:
            forget()
        start = time.perf_counter()
        for text in texts:
            work(text)
        means.append((time.perf_counter() - start) / len(texts) * 1e6)
    return median(means)


def run() -> None:
    ruleset = reminder()
    asked = _asked(ruleset)
    later = MORNING + timedelta(hours=1)
    texts = list(REPLIES)
    Random(1).shuffle(texts)
    distinct = sorted(set(texts))
    brain, triggers = rivescript(ruleset)

    def ours(text: str) -> object:
        return decide(ruleset, asked, ReplyReceived("r", text, later), later)

    for text in distinct:
        ours(text)
        brain.reply("p", text)
    print(f"(E) one reply read and decided, no I/O; RiveScript with the same phrases ({triggers} triggers)")
    for name, sample, anew in (("as often as they come", texts, False), ("each different text, never heard", distinct, True)):
        decided = _microseconds(ours, sample, 30, anew=anew)
        only_read = _microseconds(lambda text: read(ruleset, text, "en"), sample, 30, anew=anew)
        rive = _microseconds(lambda text: brain.reply("p", text), sample, 5)
        print(f"    {name}:")
        print(f"      read and decided {decided:8.1f} us   (reading alone {only_read:.1f} us)")
        print(f"      RiveScript       {rive:8.1f} us   ratio {decided / rive:.3f} = 1/{rive / decided:.0f}  (goal 1/15)")
    _machines(ruleset)


def _machines(ruleset: Ruleset) -> None:
    states = sorted(BUILT_IN_STATES | ruleset.states.keys())
    table = [[edge.trigger, edge.source, edge.target] for edge in edges(ruleset)]

    class Patient:
        pass

    class Slot:
        __slots__ = ("state",)

        def __init__(self) -> None:
            self.state = "waiting"

    def own() -> Machine:
        return Machine(
            Patient(), states=states, initial="waiting", transitions=table, auto_transitions=False, ignore_invalid_triggers=True
        )

    count = 50
    tracemalloc.start()
    start = time.perf_counter()
    machines = [own() for _ in range(count)]
    each = (time.perf_counter() - start) / count
    memory = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    event = machine(ruleset).events["reply.confirm"]
    start = time.perf_counter()
    for _ in range(10_000):
        event.trigger(Slot())
    shared = (time.perf_counter() - start) / 10_000
    print(f"    one machine per patient: {each * 1e3:.1f} ms and {memory / 1024:.0f} KiB each ({len(machines)} made)")
    print(f"    the shared machine:      {shared * 1e6:.1f} us a step and nothing kept\n")
