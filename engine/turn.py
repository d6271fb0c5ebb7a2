"""One turn of a talk: what `decide` builds up while it works on one event.

A turn appends entries and asks for effects; the conversation moves only through the entries (`conversation.apply`). The
methods here are the few things a talk can do: enter a state, say a prompt, write to the iPMS, open and settle tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from engine import hours, preferences, sms, wording
from engine.appointment import CALLED_OFF, Listed, Patient
from engine.availability import read_preferences
from engine.cadence import Due, plan
from engine.conversation import MACHINE, OPTED_OUT, Conversation, Entry, SentText
from engine.effects import (
    BULK,
    REPLY,
    BlockTexts,
    ClearTimer,
    CloseTask,
    Effect,
    OpenTask,
    SendText,
    SetTimer,
    UnblockTexts,
    UpdateTask,
    WriteAppointment,
)
from engine.fold import apply
from engine.machine import step
from engine.preferences import Preferences
from engine.ruleset import ALL, PLANNED, PRIORITIES, SCOPES, CadenceStep, Moment, Ruleset, State, TaskRule, wider

# Tasks about what the patient wants done with the appointment: a new wish replaces the one before it.
WISHES = frozenset({"reschedule", "cancellation_review"})
# Tasks that a patient's settled answer makes needless.
MOOT_ONCE_SETTLED = WISHES | {"call_patient", "unclear_reply", "undelivered"}

# What is said however many texts went out that day, each once a day: the limit is there against a machine that goes round in
# circles, and must not keep from the patient what staff settled.
VITAL = frozenset({"always.urgent", "always.appointment_cancelled", "staff.confirm", "staff.cancel", "staff.keep"})

# An answer to a patient is worthless a day later; a reminder is once the talk closes.
ANSWER_LIFE = timedelta(days=1)

# How a reply ended: acted on, asked back, handed to staff, or noted since there is nothing to do.
ACTED, ASKED, HANDED, NOTED = "acted", "asked", "handed", "noted"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

NO_REPLY = "no_reply"
RETRY = "retry"
CLOSE = "close"
WHICH = "which"


# However late a booking, a question is left open at least this long before silence counts.
TIME_TO_ANSWER = timedelta(hours=2)


def cadence_timer(name: str) -> str:
    return f"cadence.{name}"


def named_to_staff(listed: Sequence[Listed]) -> str:
    """Appointments as staff find them. No patient's name: the task is on the record of one of them."""
    return "; ".join(f"{each.appointment} ({each.clinic}, {each.start:%Y-%m-%d %H:%M})" for each in listed)


def may_be_texted(patient: Patient) -> bool:
    return not (patient.deceased or patient.do_not_text)


def _asks_back(ruleset: Ruleset, prompt: str) -> bool:
    """Whether the prompt means nothing without a guess."""
    return any("{guess}" in text for text in ruleset.prompts[prompt].texts.values())


def _tells_when(ruleset: Ruleset, prompt: str) -> bool:
    """Whether the prompt tells the patient when the appointment is. The loader holds that all languages tell alike."""
    text = next(iter(ruleset.prompts[prompt].texts.values()))
    return "{date}" in text and "{time}" in text


@lru_cache(maxsize=16)
def _stamp(now: datetime) -> str:
    """The time as keys begin with it: the same for all events of a batch."""
    return f"{(now - _EPOCH) // _MILLISECOND:012x}"


@dataclass(frozen=True, slots=True)
class Move:
    """A transition that was taken: the state it left and what triggered it."""

    source: str
    trigger: str


class Turn:
    def __init__(self, ruleset: Ruleset, conversation: Conversation | None, now: datetime) -> None:
        self.ruleset = ruleset
        self.now = now
        self.entries: list[Entry] = []
        self.effects: list[Effect] = []
        self.moves: list[Move] = []
        self.muted = ""  # the scope in which another talk of the phone has stopped the texts of this one
        # None for the moment that it takes to open one.
        self.c: Conversation = conversation  # type: ignore[assignment]
        self._today = ""
        self._began = _stamp(now)

    def record(self, kind: str, data: Mapping[str, Any], actor: str = MACHINE) -> None:
        entry = Entry(kind, self.now, actor, data)
        self.c = apply(self.c, entry)
        self.entries.append(entry)

    def key(self, what: str) -> str:
        """32 hex digits for the next thing of this kind: the same decision made again gives the same key. Keys begin with
        the time, so that tables kept in their order grow at the end; then come two digits of the conversation's id, which
        say in which part of the work it lies."""
        digest = sha256(f"{self.c.id}/{self.c.seq}/{what}".encode()).hexdigest()
        return f"{self._began}{self.c.id[12:14]}{digest}"[:32]

    def at(self, moment: Moment) -> datetime:
        return hours.resolve(moment, self.c.appointment.start, self.ruleset.hours.timezone)

    @property
    def _dues(self) -> tuple[Due, ...]:
        return plan(self.ruleset, self.c.appointment.start).steps

    @property
    def closes(self) -> datetime:
        """When the talk is over."""
        return plan(self.ruleset, self.c.appointment.start).closes

    def stands(self) -> bool:
        """Whether there is still something to talk about: the appointment is on, and not over."""
        on = str(self.c.appointment.status) in self.ruleset.applies_to.statuses
        return on and self.now < self.closes

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

    def hand_over(
        self,
        kind: str,
        why: str,
        *,
        due: timedelta = timedelta(hours=4),
        priority: str = "normal",
        words: str = "",
    ) -> None:
        """Give the talk to staff without a word to the patient."""
        if not self.c.staff_own:
            self.record("conversation.handed", {"why": why})
        self.open_task(TaskRule(kind, due, priority, None, why), words=words)

    def close(self, why: str) -> None:
        if not self.c.closed:
            self.record("conversation.closed", {"why": why})
            self._clear_timers()
            self.effects.append(ClearTimer(NO_REPLY))

    # ---- texts -------------------------------------------------------------------------------------------------------

    def say(
        self,
        prompt: str,
        *,
        lane: str = REPLY,
        asks: bool = False,
        guess: str | None = None,
        vital: bool = False,
        farewell: bool = False,
        stops: str = "",
        needed: bool = True,
        listed: Sequence[Listed] = (),
    ) -> bool:
        """Queue a prompt. False where it must not go out: then the transcript says why, and staff learn of it where the
        patient would otherwise be left without a word that is `needed`. `vital` is said once a day whatever the limit;
        a `farewell` may pass the block that its own decision sets; one that answers a STOP (`stops`: its scope) also
        passes a STOP of less. `listed` fills the {list} of a prompt that has one."""
        expires = self.now + ANSWER_LIFE if lane == REPLY else self.closes
        withheld = self._withheld(stops) or self._untimely(prompt, expires, vital)
        if withheld is not None:
            self.record("text.withheld", {"prompt": prompt, "reason": withheld})
            if needed and withheld in ("no mobile number", "too many texts in one day"):
                why = f"The text “{prompt}” was not sent: {withheld}."
                self.open_task(TaskRule("not_sent", timedelta(days=1), "normal", "call_back", why))
            return False
        if listed:
            rendered = self._rendered_list(listed)
        else:
            rendered = wording.render(self.ruleset, prompt, self.c.appointment, self.c.patient, guess)
        self._queue(prompt, rendered, lane, asks, expires, farewell)
        return True

    def _rendered_list(self, listed: Sequence[Listed]) -> wording.Rendered:
        """The question which of these is meant. It knows no more of them than when they are, and whose."""
        rule = self.ruleset.one_phone
        which = rule.which if rule is not None else None
        assert which is not None, "asked where there is such a question alone"
        several = [
            (
                replace(self.c.appointment, start=each.start, clinician="", clinic="", clinic_name="", place=""),
                Patient(each.patient, each.first_name, self.c.patient.language),
            )
            for each in listed
        ]
        return wording.render_list(self.ruleset, which, several, self.c.patient.language)

    def ask_which(self, among: Sequence[Listed]) -> bool:
        """Ask the phone which of its appointments is meant. False where the ruleset has no such question, or not for so many,
        or it must not go out."""
        rule = self.ruleset.one_phone
        if rule is None or rule.which is None or len(among) > rule.most:
            return False
        return self.say(rule.which.ask, listed=among)

    def say_a_person_finds_out(self) -> None:
        """Tell the phone, once a day, that staff will look which of its appointments a reply was about."""
        rule = self.ruleset.one_phone
        if rule is not None and rule.handed is not None and not self.said_today(rule.handed):
            self.say(rule.handed, needed=False)

    def say_again(self, text: SentText, *, lane: str = REPLY) -> bool:
        """Queue once more what did not reach the patient. A question back whose guess is void gives way to the state's own
        question. False where there is nothing to say or it must not go out."""
        asks = text.key == self.c.asked
        rule = self.ruleset.one_phone
        if rule is not None and rule.which is not None and text.prompt == rule.which.ask:
            return self.c.which is not None and self.ask_which(self.c.which.among)
        if text.prompt and (self.c.guess or not _asks_back(self.ruleset, text.prompt)):
            return self.say(text.prompt, lane=lane, asks=asks, guess=self.c.guess or None)
        state = self.ruleset.states.get(self.c.state)
        if not text.prompt or state is None or state.say is None or not state.asks:
            return False
        return self.say(state.say, lane=lane, asks=True)

    def say_farewell_again(self, text: SentText) -> bool:
        """Queue once more, and no third time, the answer to a STOP that is in force, where nobody knows whether it left: it
        also says that the appointment stands. It waits for sending hours like what nobody is waiting for. False where
        `text` was no such answer or is said no more."""
        c, state = self.c, self.ruleset.states.get(self.c.state)
        if state is None or state.blocks != OPTED_OUT or c.blocked != OPTED_OUT:
            return False
        answers = (state.say, *state.farewells.values())
        if text.prompt not in answers or sum(each.prompt == text.prompt for each in c.texts) > 1:
            return False
        if not (may_be_texted(c.patient) and c.patient.textable and self.now < self.closes):
            return False
        rendered = wording.render(self.ruleset, text.prompt, c.appointment, c.patient)
        self._queue(text.prompt, rendered, BULK, False, self.closes, True)
        return True

    def say_freely(self, text: str, by: str) -> None:
        """Queue a text that staff wrote. Where it must not go out they get it back as a task."""
        withheld = self._withheld()
        if withheld is not None:
            self.record("text.withheld", {"prompt": "", "reason": withheld})
            why = f"What {by} wrote was not sent: {withheld}."
            self.open_task(TaskRule("not_sent", timedelta(hours=4), "high", "call_back", why), words=text)
            return
        language = self.c.patient.language or self.ruleset.languages[0]
        rendered = wording.Rendered(text, language, sms.segments(text))
        self._queue("", rendered, REPLY, False, self.now + ANSWER_LIFE, False, actor=f"staff:{by}")

    def say_by_hand(
        self, prompt: str, rendered: wording.Rendered, lane: str, expires: datetime, round: str, by: str
    ) -> str | None:
        """Queue a text of a round: its key, or None where it must not go out."""
        withheld = self._withheld()
        if withheld is not None:
            self.record("text.withheld", {"prompt": prompt, "reason": withheld, "round": round})
            return None
        return self._queue(prompt, rendered, lane, False, expires, False, f"staff:{by}", round)

    def _withheld(self, stops: str = "") -> str | None:
        """Why this patient gets no text at all, None if they may. `stops`: the text tells of a STOP of this scope."""
        patient = self.c.patient
        if patient.deceased:
            return "the patient has died"
        if patient.do_not_text:
            return "marked do not text"
        blocked = self.c.blocked or (OPTED_OUT if self.muted else "")
        if blocked:
            before = max(self.c.stopped, self.muted, key=("", *SCOPES).index)
            if not (blocked == OPTED_OUT and stops and wider(stops, before)):
                return f"texts are stopped: {blocked.replace('_', ' ')}"
        if not patient.textable:
            return "no mobile number"
        return None

    def _untimely(self, prompt: str, expires: datetime, vital: bool) -> str | None:
        if expires <= self.now:
            return "too late to be of use"
        today = self.today()
        full = self.c.day == today and self.c.day_texts >= self.ruleset.limits.texts_a_day
        if full and not (vital and not self.said_today(prompt)):
            return "too many texts in one day"
        return None

    def today(self) -> str:
        """The local day."""
        if not self._today:
            self._today = hours.local_day(self.ruleset.hours.timezone, self.now).isoformat()
        return self._today

    def said_today(self, prompt: str) -> bool:
        """Whether this prompt was queued today, as far as the talk remembers."""
        today = self.today()
        return any(text.prompt == prompt and text.day == today for text in self.c.texts)

    def _queue(
        self,
        prompt: str,
        rendered: wording.Rendered,
        lane: str,
        asks: bool,
        expires: datetime,
        farewell: bool,
        actor: str = MACHINE,
        round: str = "",
    ) -> str:
        """The text's key. A text of a `round` tells of no version: staff may say with it that there will be no appointment."""
        key = self.key("text")
        tells = bool(prompt) and not round and _tells_when(self.ruleset, prompt) and self.c.appointment.status not in CALLED_OFF
        about = self.c.appointment.version if tells else 0
        data: dict[str, Any] = {
            "key": key,
            "prompt": prompt,
            "text": rendered.text,
            "language": rendered.language,
            "encoding": rendered.segments.encoding,
            "segments": rendered.segments.parts,
            "lane": lane,
            "asks": asks,
            "about": about,
            "day": self.today(),
        }
        if round:
            data["round"] = round
        self.record("text.queued", data, actor)
        language, parts = rendered.language, rendered.segments.parts
        self.effects.append(SendText(key, prompt, rendered.text, language, parts, lane, about, expires, farewell, round))
        return key

    def question(self, state: State) -> str | None:
        """The prompt that asks about the appointment as it stands: "it has changed" for who knows it otherwise, else the
        question the talk is at, else the one with which it would go on."""
        ruleset = self.ruleset
        changed = ruleset.states[ruleset.always["appointment_changed"]]
        again = ruleset.states.get(ruleset.staff.get("hand_back", ""))
        knows_otherwise = self.c.retold or self.c.told not in (0, self.c.appointment.version)
        first = (changed, state, again) if knows_otherwise else (state, again, changed)
        return next((each.say for each in first if each is not None and each.asks and each.say is not None), None)

    # ---- iPMS and staff ----------------------------------------------------------------------------------------------

    def preferred(self, text: str, received_at: datetime) -> Preferences:
        """What a reply says of when the patient would come; nothing of it is noted yet."""
        zone = ZoneInfo(self.ruleset.hours.timezone)
        language = self.c.patient.language or self.ruleset.languages[0]
        said_on = received_at.astimezone(zone).date()
        return read_preferences(text, language, said_on, self.c.appointment.start.astimezone(zone))

    def prefer(self, said: Preferences) -> bool:
        """Take note of it. False where it says nothing."""
        if said:
            self.record("preferences.noted", preferences.to_json(said))
        return bool(said)

    def write(self, action: str, *, note: str = "", start: datetime | None = None, more: bool = False) -> None:
        """Ask the iPMS to record something, unless it is what it was last asked to record of this very version; `more`:
        even then, since there is more to say."""
        repeats = (action, self.c.appointment.version) == (self.c.wish, self.c.wish_version)
        if repeats and start is None and not more:
            return
        if action == "withdraw_request" and self.c.wish not in ("request_cancel", "request_reschedule"):
            return
        key = self.key("write")
        version = self.c.appointment.version
        data: dict[str, Any] = {"key": key, "action": action, "appointment_version": version, "note": note}
        if start is not None:
            data["start"] = start.isoformat()
        wanted = self.c.preferences if action == "request_reschedule" and self.c.preferences else None
        if wanted is not None:
            data["note"] = note = " / ".join(dict.fromkeys((*wanted.words, *filter(None, (note,)))))
            data["preferences"] = preferences.to_json(wanted)
        self.record("ipms.queued", data)
        self.effects.append(WriteAppointment(key, action, version, note, start, wanted))

    def open_task(self, rule: TaskRule, *, words: str = "") -> None:
        """Open a task, or add to the one of its kind that is open already."""
        due = hours.due(self.ruleset.hours, self.now, rule.due)
        open_already = self.c.task(rule.kind)
        if open_already is not None:
            self.update_task(open_already.key, rule.why, words=words, priority=rule.priority, due=due)
            return
        if rule.kind in WISHES:
            self.settle_tasks(WISHES - {rule.kind}, f"replaced by {rule.kind}")
        key = self.key("task")
        data: dict[str, Any] = {
            "key": key,
            "kind": rule.kind,
            "priority": rule.priority,
            "due": due.isoformat(),
            "why": rule.why,
            "suggest": rule.suggest,
            "words": words,
        }
        wanted = self._wanted(rule.kind)
        if wanted is not None:
            data["preferences"] = preferences.to_json(wanted)
        self.record("task.opened", data)
        self.effects.append(OpenTask(key, rule.kind, rule.priority, due, rule.why, rule.suggest, words, wanted))

    def _wanted(self, kind: str) -> Preferences | None:
        """What a task of this kind holds of when the patient would come."""
        return self.c.preferences if kind == "reschedule" and self.c.preferences else None

    def update_task(
        self, key: str, why: str, *, words: str = "", priority: str | None = None, due: datetime | None = None
    ) -> None:
        assert priority is None or priority in PRIORITIES
        data: dict[str, Any] = {"key": key, "why": why, "words": words, "priority": priority}
        if due is not None:
            data["due"] = due.isoformat()
        wanted = next((self._wanted(task.kind) for task in self.c.tasks if task.key == key), None)
        if wanted is not None:
            data["preferences"] = preferences.to_json(wanted)
        self.record("task.updated", data)
        self.effects.append(UpdateTask(key, why, priority, words, wanted, due))

    def settle_tasks(self, kinds: frozenset[str] | set[str] | None, outcome: str, actor: str = MACHINE) -> None:
        """Close the open tasks of these kinds; None: of every kind."""
        for task in self.c.tasks:
            if kinds is None or task.kind in kinds:
                self.record("task.closed", {"key": task.key, "kind": task.kind, "outcome": outcome}, actor)
                self.effects.append(CloseTask(task.key, outcome))

    # ---- timers ------------------------------------------------------------------------------------------------------

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
