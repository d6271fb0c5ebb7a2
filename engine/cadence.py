"""When the texts of a ruleset's cadence are due for an appointment, and when its talk closes.

Clinics book in slots, so most appointments of a day share their start with others: the moments are worked out once for each
ruleset version and start.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine import hours
from engine.ruleset import CadenceStep, Ruleset

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Due:
    """A step: the moment it names, and the first in sending hours from then on."""

    step: CadenceStep
    meant: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Due, ...]
    closes: datetime


_known: dict[tuple[str, datetime], Plan] = {}


def plan(ruleset: Ruleset, start: datetime) -> Plan:
    key = (ruleset.version, start)
    known = _known.get(key)
    if known is None:
        if len(_known) >= _KEPT:
            _known.clear()
        known = _known[key] = _worked_out(ruleset, start)
    return known


def _worked_out(ruleset: Ruleset, start: datetime) -> Plan:
    zone = ruleset.hours.timezone
    steps = []
    for step in ruleset.cadence:
        meant = hours.resolve(step.when, start, zone)
        steps.append(Due(step, meant, hours.next_open(ruleset.hours, ruleset.hours.sending, meant)))
    return Plan(tuple(steps), hours.resolve(ruleset.closes, start, zone))
