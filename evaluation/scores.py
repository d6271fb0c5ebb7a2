"""What a label is worth: the figures by which readings are judged.

A hand-off is safe and earns nothing. A label that changes something by itself must be what the patient meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.reading import MIXED, UNKNOWN
from evaluation.labelled import Labelled

STATE_CHANGING = ("confirm", "cancel", "reschedule", "stop")
HAND_OFF = frozenset({UNKNOWN, MIXED, "question"})  # a person or a clarifying text follows
CRITICAL = ("urgent", "deceased")  # missing these is harm though nothing changes

Read = Callable[[Labelled], str]  # a way of reading: the label that it gives a reply


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reply and the label that it was given."""

    reply: Labelled
    label: str

    @property
    def exact(self) -> bool:
        return self.label == self.reply.gold

    @property
    def allowed(self) -> bool:
        return self.exact or self.label in self.reply.acceptable

    @property
    def automatable(self) -> bool:
        return self.reply.gold not in HAND_OFF

    @property
    def handled(self) -> bool:
        """Dealt with rightly and without a person."""
        return self.automatable and self.allowed and self.label not in HAND_OFF

    @property
    def handed_off(self) -> bool:
        """Given to a person, or asked about, though it could have been dealt with."""
        return self.automatable and self.label in HAND_OFF

    @property
    def unsafe(self) -> bool:
        return self.label in self.reply.forbidden or (self.label in STATE_CHANGING and not self.allowed)

    @property
    def critical(self) -> bool:
        return self.reply.gold in CRITICAL

    @property
    def missed(self) -> bool:
        """An emergency or a death that was not seen as one."""
        return self.critical and not self.allowed


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of one set of verdicts, 0 to 1; None where there is nothing to share."""

    rows: int
    coverage: float | None  # handled, of what can be automated
    exact: float | None  # of those same, the gold label itself
    handed_off: float | None
    unsafe: float | None  # of all
    safe: float | None  # gold or acceptable, of all
    missed: float | None  # of urgent and deceased


def figures(verdicts: Sequence[Verdict], weighted: bool = False) -> Figures:
    """The figures of some verdicts: each reply once, or as often as such replies come."""

    def of(chosen: Iterable[Verdict]) -> int:
        return sum(verdict.reply.weight if weighted else 1 for verdict in chosen)

    def share(part: Callable[[Verdict], bool], whole: list[Verdict]) -> float | None:
        total = of(whole)
        return of(filter(part, whole)) / total if total else None

    everything = list(verdicts)
    automatable = [verdict for verdict in everything if verdict.automatable]
    critical = [verdict for verdict in everything if verdict.critical]
    return Figures(
        rows=len(everything),
        coverage=share(lambda verdict: verdict.handled, automatable),
        exact=share(lambda verdict: verdict.exact, automatable),
        handed_off=share(lambda verdict: verdict.handed_off, automatable),
        unsafe=share(lambda verdict: verdict.unsafe, everything),
        safe=share(lambda verdict: verdict.allowed, everything),
        missed=share(lambda verdict: verdict.missed, critical),
    )


def judge(replies: Iterable[Labelled], read: Read) -> list[Verdict]:
    """Every reply read in one way."""
    return [Verdict(reply, read(reply)) for reply in replies]


def unsafe_by_label(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many unsafe verdicts each state-changing label has; other forbidden labels count under `other`."""
    counts = dict.fromkeys((*STATE_CHANGING, "other"), 0)
    for verdict in verdicts:
        if verdict.unsafe:
            counts[verdict.label if verdict.label in STATE_CHANGING else "other"] += 1
    return counts


def grouped(verdicts: Iterable[Verdict], by: Callable[[Labelled], Iterable[str]]) -> dict[str, list[Verdict]]:
    """Verdicts under each name that `by` gives their replies, by name."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        for name in by(verdict.reply):
            groups.setdefault(name, []).append(verdict)
    return dict(sorted(groups.items()))
