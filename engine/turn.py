"""One turn of a talk: what `decide` builds up while it works on one event.

The methods here, and those of `Speech` and `Errands` under it, are the few things a talk can do: enter a state, set timers, say
a prompt, write to the iPMS, open and settle tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from engine import hours
from engine.cadence import Due, plan
from engine.conversation import OPTED_OUT, Conversation
from engine.effects import BULK, REPLY, BlockTexts, ClearTimer, SetTimer, UnblockTexts
from engine.errands import WISHES
from engine.machine import step
from engine.ruleset import ALL, PLANNED, CadenceStep, Ruleset, wider
from engine.speech import Speech

# Tasks that a patient's settled answer makes needless.
MOOT_ONCE_SETTLED = WISHES | {"call_patient", "unclear_reply", "undelivered"}

# What is said however many texts went out that day, each once a day: the limit is there against a machine that goes round in
# circles, and must not keep from the patient what staff settled.
VITAL = frozenset({"always.urgent", "always.appointment_cancelled", "staff.confirm", "staff.cancel", "staff.keep"})

# How a reply ended: acted on, asked back, handed to staff, or noted since there is nothing to do.
ACTED, ASKED, HANDED, NOTED = "acted", "asked", "handed", "noted"

# Timers, beside those of the cadence.
NO_REPLY = "no_reply"
RETRY = "retry"
CLOSE = "close"
WHICH = "which"

# However late a booking, a question is left open at least this long before silence counts.
TIME_TO_ANSWER = timedelta(hours=2)


def cadence_timer(name: str) -> str:
    return f"cadence.{name}"


@dataclass(frozen=True, slots=True)
class Move:
    """A transition that was taken: the state it left and what triggered it."""

    source: str
    trigger: str


class Turn(Speech):
    def __init__(self, ruleset: Ruleset, conversation: Conversation | None, now: datetime) -> None:
        super().__init__(ruleset, conversation, now)
        self.moves: list[Move] = []

    # ---- states ------------------------------------------------------------------------------------------------------

    def move(
        self, trigger: str, *, tell: bool = True, lane: str = REPLY, words: str = "", scope: str = ""
    ) -> bool:
        """Take the transition, if there is one from here, and enter where it leads. `tell`: also say what the state says;
        `words`: what the patient said, for staff; `scope`: how much a STOP stops, where it is not what the state says."""
        target = step(self.ruleset, self.c.state, trigger)
        if target is None:
            return False
        self.moves.append(Move(self.c.state, trigger))
        self._enter(target, trigger, tell=tell, lane=lane, words=words, scope=scope)
        return True

    def _enter(self, name: str, trigger: str, *, tell: bool, lane: str, words: str, scope: str) -> None:
        state = self.ruleset.states.get(name)
        before = self.ruleset.states.get(self.c.state)
        entered: dict[str, Any] = {"state": name, "from": self.c.state, "trigger": trigger}
        if state is not None and state.staff_own:
            entered["staff_own"] = True
        if state is not None and state.ends:
            entered["ends"] = True
        self.record("state.entered", entered)
        if before is not None and before.no_reply:
            self.effects.append(ClearTimer(NO_REPLY))
        if state is None:  # closed
            self._clear_timers()
            return
        if state.settles_task and self.c.preferences:
            self.record("preferences.dropped", {})
        if state.settles_task:
            answered = trigger.startswith(("reply.", "said."))
            self.settle_tasks(MOOT_ONCE_SETTLED, "the patient answered" if answered else "settled")
        if state.hospital is not None:
            self.write(state.hospital, note=words)
        if state.say is not None and tell:
            farewell = state.blocks is not None
            stops = scope or state.scope
            self.say(
                state.say if stops == state.scope else state.farewells.get(stops, state.say),
                lane=lane,
                asks=state.asks,
                vital=farewell or trigger in VITAL,
                farewell=farewell,
                stops=stops if state.blocks == OPTED_OUT else "",
                # What staff settled, they told the patient: a text that cannot go out leaves nobody without word.
                needed=not trigger.startswith("staff."),
            )
        if state.blocks is not None:
            self.block(state.blocks, scope or state.scope)
        if state.task is not None:
            self.open_task(state.task, words=words)
        if state.ends:
            self._clear_timers()
        if self.c.visit >= self.ruleset.limits.steps and not self.c.staff_own and not self.c.closed:
            self.hand_over("fault", "The talk went round too often; the rules should be looked at.")

    def _clear_timers(self) -> None:
        self.effects.extend(ClearTimer(cadence_timer(rule.name)) for rule in self.ruleset.cadence)
        self.effects.append(ClearTimer(RETRY))
        self.effects.append(ClearTimer(CLOSE))

    def block(self, reason: str, scope: str = ALL) -> None:
        if self.c.blocked != reason or (reason == OPTED_OUT and wider(scope, self.c.stopped)):
            self.record("texts.blocked", {"reason": reason} | ({"scope": scope} if reason == OPTED_OUT else {}))
            self.effects.append(BlockTexts(reason, scope))

    def unblock(self) -> None:
        self.muted = ""
        self.record("texts.unblocked", {})
        self.effects.append(UnblockTexts())

    def close(self, why: str) -> None:
        if not self.c.closed:
            self.record("conversation.closed", {"why": why})
            self._clear_timers()
            self.effects.append(ClearTimer(NO_REPLY))

    # ---- timers ------------------------------------------------------------------------------------------------------

    @property
    def _dues(self) -> tuple[Due, ...]:
        return plan(self.ruleset, self.c.appointment.start).steps

    def set_timer(self, name: str, due: datetime, visit: int) -> None:
        self.effects.append(SetTimer(name, due, visit))

    def wait_for_reply(self) -> None:
        """Set the timer for the next rung of the state's no-reply ladder, counted from now."""
        state = self.ruleset.states.get(self.c.state)
        if state is None or self.c.waited >= len(state.no_reply):
            return
        rung = state.no_reply[self.c.waited]
        due = self.now + rung.after if rung.after is not None else self.at(rung.when) if rung.when else self.now
        # A ladder rung that is past already (a late booking) still gives the patient time to answer.
        due = max(due, self.now + TIME_TO_ANSWER)
        if rung.say is not None:
            due = hours.next_open(self.ruleset.hours, self.ruleset.hours.sending, due)
        if due < self.closes:
            self.set_timer(NO_REPLY, due, self.c.visit)

    def plan(self) -> None:
        """Set the timers of the cadence for the appointment as it stands, and run a step that is due at this moment."""
        if self.c.closed:
            return
        version = self.c.appointment.version
        start = self.c.appointment.start
        closes = self.closes
        overdue = None
        for due in self._dues:
            rule = due.step
            if due.at > self.now or (due.at == self.now and rule.go is None):
                if due.at < closes:
                    self.set_timer(cadence_timer(rule.name), due.at, version)
                else:
                    self.effects.append(ClearTimer(cadence_timer(rule.name)))
            elif (rule.late or due.at == self.now) and self.wants(rule) and not due.meant <= start <= self.now:
                overdue = rule
        self.set_timer(CLOSE, closes, version)
        if overdue is None or self.c.staff_own:
            return
        opens = hours.next_open(self.ruleset.hours, self.ruleset.hours.sending, self.now)
        if opens > self.now:
            if opens < closes:
                self.set_timer(cadence_timer(overdue.name), opens, version)
        elif overdue.go is not None:
            self.move(f"cadence.{overdue.name}", lane=BULK)

    def wants(self, rule: CadenceStep) -> bool:
        """Whether the step is meant for the talk as it stands."""
        c = self.c
        if rule.only_if is None:
            return True
        if rule.only_if == "silent":
            gap = self.ruleset.limits.reminder_gap
            recent = any(at is not None and self.now - at < gap for at in (c.reminded_at, c.told_at))
            return c.silent and not recent
        if rule.only_if in ("attended", "missed"):
            return c.appointment.status == ("fulfilled" if rule.only_if == "attended" else "noshow")
        return c.state == rule.only_if

    def still_ahead(self) -> bool:
        """Whether the talk waits for a step of its cadence that will begin it."""
        return self.c.state == PLANNED and any(due.step.go is not None and due.at > self.now for due in self._dues)
