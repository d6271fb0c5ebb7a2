"""A ruleset as a `transitions` machine: which state follows which on what trigger.

One Machine per ruleset version, built once and shared; conversations are never registered with it. A step borrows a slot
that holds nothing but a state name, so it costs microseconds and leaves nothing behind. The machine is a table with a
checker, no more: it has no callbacks, and what a state does on entry is told by the ruleset and carried out by `decide`.
Since it has neither conditions nor callbacks, what it once answered it answers for ever, and is not asked twice. It is built
only from a ruleset that passed the loader, because `transitions` itself accepts a misspelt target silently.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from transitions import Machine

from engine.ruleset import BUILT_IN_STATES, CLOSED, PLANNED, STAY, Ruleset, State

_KEPT = 64  # machines of this many ruleset versions stay built
_machines: OrderedDict[str, Machine] = OrderedDict()
# What machines answered. They have no conditions and no callbacks, so they answer the same for ever.
_ANSWERS_KEPT = 50_000
_answers: dict[tuple[str, str, str], str | None] = {}


class _Slot:
    __slots__ = ("state",)

    def __init__(self, state: str) -> None:
        self.state = state


@dataclass(frozen=True, slots=True)
class Edge:
    source: str
    trigger: str
    target: str


def edges(ruleset: Ruleset) -> tuple[Edge, ...]:
    """Every way from state to state that the ruleset knows, in the order it is read. Triggers: `reply.INTENT`, `said.INTENT`
    (a reply that says already what it would be asked), `silence.N`, `unclear.N`, `send_failed`, `cadence.NAME`,
    `always.NAME`, `staff.ACT`, `close`."""
    found: list[Edge] = []
    for step in ruleset.cadence:
        if step.go is not None:
            found.append(Edge(PLANNED, f"cadence.{step.name}", step.go))
    for state in ruleset.states.values():
        found.extend(
            Edge(state.name, f"reply.{intent}", target.go) for intent, target in state.replies.items() if target.go != STAY
        )
        found.extend(_already_said(ruleset, state))
        found.extend(
            Edge(state.name, f"silence.{n}", rung.go) for n, rung in enumerate(state.no_reply) if rung.go is not None
        )
        found.extend(Edge(state.name, f"unclear.{n}", rung.go) for n, rung in enumerate(state.unclear) if rung.go is not None)
        if state.send_failed is not None:
            found.append(Edge(state.name, "send_failed", state.send_failed.go))
    everywhere = (*BUILT_IN_STATES, *ruleset.states)
    for name, target in ruleset.always.items():
        found.extend(Edge(source, f"always.{name}", target) for source in everywhere)
    for act, target in ruleset.staff.items():
        found.extend(Edge(source, f"staff.{act}", target) for source in everywhere)
    found.extend(Edge(source, "close", CLOSED) for source in everywhere)
    return tuple(found)


def _already_said(ruleset: Ruleset, state: State) -> Iterator[Edge]:
    """The ways round a question whose answer the reply already held."""
    for intent, target in state.replies.items():
        goal = ruleset.states.get(target.go)
        if goal is not None and goal.if_said is not None:
            yield Edge(state.name, f"said.{intent}", goal.if_said)


def machine(ruleset: Ruleset) -> Machine:
    """The machine of this ruleset version, built at the first call."""
    built = _machines.get(ruleset.version)
    if built is None:
        built = Machine(
            model=None,
            states=sorted(BUILT_IN_STATES | ruleset.states.keys()),
            initial=PLANNED,
            transitions=[[edge.trigger, edge.source, edge.target] for edge in edges(ruleset)],
            auto_transitions=False,
            ignore_invalid_triggers=True,
        )
        _machines[ruleset.version] = built
        if len(_machines) > _KEPT:
            _machines.popitem(last=False)
    return built


def step(ruleset: Ruleset, state: str, trigger: str) -> str | None:
    """The state that `trigger` leads to, None where it leads nowhere from here."""
    asked = (ruleset.version, state, trigger)
    if asked in _answers:
        return _answers[asked]
    if len(_answers) >= _ANSWERS_KEPT:
        _answers.clear()
    target = None
    event = machine(ruleset).events.get(trigger)
    # Asked of the table first: `transitions` logs a warning for every way that is not there.
    if event is not None and state in event.transitions:
        slot = _Slot(state)
        target = slot.state if event.trigger(slot) else None
    _answers[asked] = target
    return target
