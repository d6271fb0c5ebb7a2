"""The phone of the rule studio: a talk under a draft, played from its beginning at every step, so that it always shows what the
draft as it is now would do."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.commands.chat import Chat
from adapters.commands.output import Paint
from adapters.commands.timeline import Line, lines, when
from engine.conversation import Entry
from engine.ruleset import Ruleset

MOST_STEPS = 60
# What a person at the phone need not be told twice: the bubble shows it.
_SHOWN = frozenset({"bot", "patient"})


@dataclass(slots=True)
class Moment:
    """What happened at one time. `bubbles` are what stood on the patient's phone then, `told` what went on behind."""

    clock: str
    bubbles: list[Line] = field(default_factory=list)
    told: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Played:
    moments: Sequence[Moment]
    clock: str  # what it is now
    state: str
    over: bool
    fault: str  # what was wrong with the last step, which then was not made; "" where nothing was
    chat: Chat


def play(ruleset: Ruleset, steps: Sequence[str], given: Mapping[str, str]) -> Played:
    """The talk of these steps, each a line as `freagra chat` takes it: a reply, or /wait 24h, /fail, /staff take ... What
    cannot be done is passed over and told. Raises ValueError for an impossible beginning."""
    fault = ""

    def say(line: str) -> None:
        nonlocal fault
        fault = line

    chat = Chat(ruleset, given, lambda _: None, Paint(sys.stdout))
    chat.begin()
    for step in steps[:MOST_STEPS]:
        chat.hear(say)
        fault = ""
        if chat.take(step):
            fault = ""
    c = chat.play.conversation
    now = when(chat.play.now, chat.play.zone)
    return Played(list(_moments(chat.play.entries, chat)), now, c.state, c.closed, fault, chat)


def _moments(entries: Sequence[Entry], chat: Chat) -> list[Moment]:
    found: list[Moment] = []
    zone = chat.play.zone
    for entry in entries:
        if entry.kind == "text.status" and entry.data["status"] in ("accepted", "sent", "delivered"):
            continue
        clock = when(entry.at, zone)
        if not found or found[-1].clock != clock:
            found.append(Moment(clock))
        for line in lines(entry.kind, entry.actor, entry.data, zone):
            bubble = line.body and (line.who in _SHOWN or (line.who == "staff" and entry.kind == "text.queued"))
            (found[-1].bubbles if bubble else found[-1].told).append(line)
    return found
