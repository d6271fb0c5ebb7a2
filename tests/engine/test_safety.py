"""Whatever happens, in whatever order: what must never be, and what must always hold.

Random events are thrown at one talk, as careless hospitals, gateways, patients and staff would. What the patient was told and
meant is worked out here a second time, from what went over the wire alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import hypothesis.strategies as st
import orjson
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from engine.answering import CLOCKS_APART
from engine.appointment import CALLED_OFF, Appointment, AppointmentStatus, Listed, Patient
from engine.as_json import from_json, to_json
from engine.conversation import Conversation, Entry
from engine.decide import Decision, decide
from engine.effects import (
    BlockTexts,
    ClearTimer,
    CloseTask,
    OpenTask,
    SendText,
    SetTimer,
    UnblockTexts,
    UpdateTask,
    WriteAppointment,
)
from engine.events import (
    AppointmentChanged,
    Doubt,
    Event,
    Opened,
    PatientChanged,
    ReplyReceived,
    StaffAct,
    StaffActed,
    TextReported,
    TextsResumed,
    TextStatus,
    TimerFired,
    WriteReported,
)
from engine.fold import fold
from engine.hours import local_day, resolve
from engine.loader import load
from engine.ruleset import Ruleset, wider

RULES = Path(__file__).parents[2] / "rules" / "appointment-reminder.yaml"
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CROSSING = timedelta(seconds=45)

YES = ("Y", "yes", "Yes please", "👍")
AGREEING = ("i will be there", "ok", "see you then", "CONFIRM")
KEEPING = ("KEEP", "don't cancel")
CANCELLING = ("C", "cancel pls")
MOVING = ("R", "can i change it")
HALF_CLEAR = ("maybe cancel", "cancel the taxi", "i might come", "maybe another day")
REMARKS = ("N", "no", "where is it", "thanks", "i am running late", "i was there already")
TONGUES = ("as Gaeilge le do thoil", "English please", "Somali please")
RUBBISH = ("", " ", "blue horse", "green table", "🦄", "'; DROP TABLE", "{guess}", "Y?", "\x00\x01", "na " * 900)
URGENT, DEAD, WRONG = "i have chest pain", "he passed away last month", "you have the wrong number"
GRAVE = (URGENT, DEAD, WRONG)
STOPS = {  # the least that each stops
    "STOP": "all",
    "stop all": "all",
    "stop texts from this clinic": "clinic",
    "just stop reminders for this one": "series",
}
TEXTS = (
    *YES, *AGREEING, *KEEPING, *CANCELLING, *MOVING, *HALF_CLEAR, *REMARKS, *RUBBISH, *GRAVE, *STOPS, "START", *YES,
    *CANCELLING, *TONGUES,
)  # fmt: skip

ARRIVED = {TextStatus.ACCEPTED, TextStatus.SENT, TextStatus.DELIVERED}
LOST = {TextStatus.UNDELIVERABLE, TextStatus.EXPIRED, TextStatus.REJECTED, TextStatus.UNSENT}
WORDS = [status for status in TextStatus if status is not TextStatus.QUEUED]
HELD_BACK = ("former number", "expired", "opted out", "appointment changed", "do not text", "deceased")
STATUSES = (
    AppointmentStatus.BOOKED, AppointmentStatus.BOOKED, AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW,
    AppointmentStatus.PENDING, AppointmentStatus.ENTERED_IN_ERROR,
)  # fmt: skip
MARKS = ("number", "number", "no number", "language", "deceased", "do_not_text", "well", "well")
# Vital words, each said once a day whatever the limit: urgent, called off, three farewells, and three of what staff settle.
BEYOND_THE_LIMIT = 8


@lru_cache(maxsize=1)
def rules() -> Ruleset:
    ruleset = load(RULES.read_text(), RULES.name, rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


@dataclass
class Sent:
    """A text as the wire knows it."""

    effect: SendText
    phone: int
    day: str
    by_staff: bool
    words: list[tuple[datetime, TextStatus]] = field(default_factory=list)

    @property
    def arrived(self) -> bool:
        said = [status for _, status in self.words]
        if TextStatus.DELIVERED in said:
            return True
        return not LOST & set(said) and bool(ARRIVED & set(said))

    def at(self, *wanted: TextStatus) -> datetime | None:
        return next((at for at, status in self.words if status in wanted), None)


class Talk(RuleBasedStateMachine):
    """One talk with everything that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.ruleset = rules()
        self.now = MONDAY
        self.entries: list[Entry] = []
        self.timers: dict[str, SetTimer] = {}
        self.sent: dict[str, Sent] = {}
        self.open_tasks: list[str] = []
        self.writes: list[WriteAppointment] = []
        self.keys: set[str] = set()
        self.phone = 0
        self.replies = 0
        self.void_guess = False  # whether whatever we asked back last cannot be what the patient answers now
        self.conversation: Conversation | None = None

    @property
    def c(self) -> Conversation:
        assert self.conversation is not None
        return self.conversation

    @initialize(
        days=st.sampled_from([0, 4, 9, 9, 9, 30]),
        hour=st.sampled_from([2, 10, 19]),
        language=st.sampled_from(["en", "ga", "pl", ""]),
    )
    def opens(self, days: int, hour: int, language: str) -> None:
        self.now = MONDAY.replace(hour=hour)
        start = self.now + timedelta(days=days, hours=3)
        appointment = Appointment(
            "a", 1, start, AppointmentStatus.BOOKED, "EYE", "Eye clinic", "Dr. Smith", "Room 1", "", "St. Brigid's", "01 555"
        )
        self.happen(Opened("talk", appointment, Patient("p", "Mary", language)))

    def going_on(self) -> bool:
        """The machine has something to ask and may."""
        c = self.c
        return not (c.closed or c.staff_own or c.blocked) and c.state != "planned"

    # ---- what happens ------------------------------------------------------------------------------------------------

    @rule(
        text=st.sampled_from(TEXTS),
        thinking=st.sampled_from([0, 2, 20, 60, 3600]),
        oddity=st.sampled_from(["", "", "", "", "", "", "former", "opted_out", "whose", "which", "aside", "answers", "late"]),
        pick=st.integers(0, 20),
    )
    def patient_writes(self, text: str, thinking: int, oddity: str, pick: int) -> None:
        self.pass_time(timedelta(seconds=thinking))
        answers = None
        if oddity == "answers":
            keys = [*self.sent, "f" * 32]
            answers = keys[pick % len(keys)]
        # What was sent a while ago and reaches us only now.
        received_at = self.now - timedelta(minutes=10) if oddity == "late" else self.now
        self.reply(
            text,
            received_at=received_at,
            answers=answers,
            former_number=oddity == "former",
            opted_out=oddity == "opted_out",
            stopped="clinic" if oddity == "opted_out" else "",
            doubt=Doubt(self.among(), ask=oddity == "which") if oddity in ("whose", "which") else None,
            aside=oddity == "aside" and text not in (*GRAVE, *STOPS),
        )

    @rule(text=st.sampled_from([*YES, *AGREEING, *KEEPING, *CANCELLING, *MOVING, *STOPS, "START", "START", "thanks"]))
    def patient_answers(self, text: str) -> None:
        self.texts_leave(delivered=True)
        self.pass_time(timedelta(minutes=2))
        self.reply(text)

    @precondition(lambda self: self.going_on())
    @rule(
        days=st.sampled_from([2, 15]),
        place=st.booleans(),
        word=st.sampled_from([None, TextStatus.ACCEPTED, TextStatus.DELIVERED]),
        seconds=st.sampled_from([0, 20, 60, 3600]),
        text=st.sampled_from([*YES, *CANCELLING, *KEEPING]),
    )
    def a_reply_crosses_the_news(
        self, days: int, place: bool, word: TextStatus | None, seconds: int, text: str
    ) -> None:
        self.texts_leave(delivered=True)
        self.appointment_moves(days=days, place=place)
        if word is not None:
            self.texts_leave(delivered=word is TextStatus.DELIVERED)
        self.pass_time(timedelta(seconds=seconds))
        self.reply(text)

    @precondition(lambda self: self.going_on())
    @rule(
        doubtful=st.sampled_from(HALF_CLEAR),
        between=st.sampled_from(["", "", "moved", "number", "staff", "other question"]),
        text=st.sampled_from([*YES, *AGREEING, *KEEPING, "N"]),
    )
    def we_ask_back(self, doubtful: str, between: str, text: str) -> None:
        self.patient_answers(doubtful)
        match between:
            case "moved":
                self.appointment_moves(days=15, place=False)
            case "number":
                self.patient_changes("number")
            case "staff":
                self.staff_act(StaffAct.TAKE, tell=True, words="")
                self.staff_act(StaffAct.RESCHEDULED, tell=True, words="")
            case "other question":
                self.patient_answers("thanks")
        self.void_guess = bool(between)
        self.patient_answers(text)
        self.void_guess = False

    def among(self) -> tuple[Listed, ...]:
        """This talk and one of another patient with the same phone."""
        mine = self.c.appointment
        own = Listed(self.c.id, "p", "Mary", mine.id, mine.version, mine.start, mine.clinic)
        return (own, replace(own, conversation="other", patient="p2", appointment="b"))

    def reply(
        self,
        text: str,
        *,
        received_at: datetime | None = None,
        answers: str | None = None,
        former_number: bool = False,
        opted_out: bool = False,
        stopped: str = "",
        doubt: Doubt | None = None,
        aside: bool = False,
    ) -> None:
        self.replies += 1
        event = ReplyReceived(
            f"r{self.replies}", text, received_at or self.now, answers, former_number, opted_out, stopped=stopped,
            doubt=doubt, aside=aside,
        )  # fmt: skip
        before = self.c
        decision = self.happen(event)
        settled = [entry for entry in decision.entries if entry.kind == "reply.settled"]
        assert settled == [decision.entries[-1]]
        outcome = settled[0].data["outcome"]
        assert outcome in ("acted", "asked", "handed", "noted")
        tasks = [effect for effect in decision.effects if isinstance(effect, OpenTask | UpdateTask)]
        if outcome == "handed":
            assert any(task.words == text for task in tasks), "handed to nobody"
        if outcome == "asked":
            assert any(isinstance(effect, SendText) for effect in decision.effects)
        doubled = outcome == "noted" and "twice" in settled[0].data["why"]
        if text in GRAVE and not doubled:
            assert outcome == "handed"
            if not former_number or text != WRONG:
                assert self.c.staff_own
                assert any(task.priority == "urgent" for task in tasks) or before.staff_own
        if text in STOPS and not former_number and not doubled:
            assert self.c.blocked
            assert not wider(STOPS[text], self.c.stopped)
        self.check_meaning(before, event, decision)

    def check_meaning(self, before: Conversation, event: ReplyReceived, decision: Decision) -> None:
        """Nothing is written to the iPMS that these words cannot mean."""
        for effect in decision.effects:
            if not isinstance(effect, WriteAppointment):
                continue
            assert not event.former_number
            text, guess = event.text, "" if self.void_guess else before.guess
            match effect.action:
                case "confirm":
                    plainly = text in (*YES, *AGREEING) and guess in ("", "confirm", "keep")
                    assert plainly or text in KEEPING
                    assert effect.version == self.c.appointment.version
                    assert self.could_know(event), "confirmed what they were not told"
                case "request_cancel":
                    assert text in CANCELLING or (text in YES and guess == "cancel")
                case "withdraw_request":
                    assert text in (*YES, *AGREEING, *KEEPING)
                case "request_reschedule":
                    assert before.state == "which_days"
                case _:
                    raise AssertionError(f"a reply led to {effect.action}")

    def could_know(self, event: ReplyReceived) -> bool:
        version = self.c.appointment.version
        mine = [sent for sent in self.sent.values() if sent.phone == self.phone and sent.effect.about]
        telling = [sent for sent in mine if sent.effect.about == version and sent.arrived]
        others = [sent for sent in mine if sent.effect.about != version]
        if not others and event.answers in {sent.effect.key for sent in mine}:
            return True  # the gateway names it, so it had it
        if not telling:
            return False
        if event.answers in {sent.effect.key for sent in telling}:
            return True
        arrivals = sorted(at for sent in telling if (at := sent.at(*ARRIVED)) is not None)
        if not any(sent.effect.about != version and sent.at(*ARRIVED) for sent in mine):
            return arrivals[0] <= event.received_at + CLOCKS_APART
        delivered = [at for sent in telling if (at := sent.at(TextStatus.DELIVERED)) is not None]
        sure = [*delivered, *arrivals[1:]]
        return any(at + CROSSING <= event.received_at for at in sure)

    @rule()
    def another_talk_hears_start(self) -> None:
        self.happen(TextsResumed())
        assert self.c.blocked != "opted_out"

    @rule()
    def the_carrier_refuses_the_phone(self) -> None:
        for key in [key for key, sent in self.sent.items() if not sent.words][:1]:
            self.sent[key].words.append((self.now, TextStatus.REJECTED))
            self.happen(TextReported(key, TextStatus.REJECTED, "21610", "opted out", opted_out=True))
            assert self.c.blocked

    @rule(pick=st.integers(0, 20), word=st.sampled_from(WORDS), held=st.sampled_from(HELD_BACK))
    def gateway_says(self, pick: int, word: TextStatus, held: str) -> None:
        keys = [*self.sent, "f" * 32]
        self.report(keys[-1 - pick % len(keys)], word, held if word is TextStatus.UNSENT else "")

    @rule(delivered=st.booleans())
    def texts_leave(self, delivered: bool) -> None:
        for key in [key for key, sent in self.sent.items() if not sent.words]:
            self.report(key, TextStatus.ACCEPTED)
            if delivered:
                self.report(key, TextStatus.DELIVERED)

    def report(self, key: str, word: TextStatus, reason: str = "") -> None:
        if key in self.sent:
            self.sent[key].words.append((self.now, word))
        self.happen(TextReported(key, word, "", reason))

    @rule(hours=st.sampled_from([1, 5, 24, 24 * 3, 24 * 8]))
    def time_passes(self, hours: int) -> None:
        self.pass_time(timedelta(hours=hours))

    def pass_time(self, duration: timedelta) -> None:
        until = self.now + duration
        for _ in range(60):
            due = min(self.timers.values(), key=lambda timer: (timer.due, timer.name), default=None)
            if due is None or due.due > until:
                break
            self.now = max(self.now, due.due)
            del self.timers[due.name]
            self.happen(TimerFired(due.name, due.visit))
        else:
            raise AssertionError("timers without end")
        self.now = until

    @rule()
    def a_timer_fires_twice(self) -> None:
        due = min(self.timers.values(), key=lambda timer: (timer.due, timer.name), default=None)
        if due is None:
            return
        self.pass_time(max(due.due - self.now, timedelta()))
        decision = self.happen(TimerFired(due.name, due.visit))
        assert not any(isinstance(effect, SendText) for effect in decision.effects)

    @rule(name=st.sampled_from(["no_reply", "retry", "close", "cadence.first", "cadence.eve", "nonsense"]))
    def a_stale_timer_fires(self, name: str) -> None:
        stale = self.c.visit - 1 if name in ("no_reply", "retry") else self.c.appointment.version - 1
        decision = self.happen(TimerFired(name, stale))
        assert (decision.entries, decision.effects) == ((), ())

    @rule(days=st.sampled_from([-1, 0, 2, 15]), place=st.booleans())
    def appointment_moves(self, days: int, place: bool) -> None:
        now = self.c.appointment
        start = now.start if place else self.now + timedelta(days=days, hours=5)
        where = f"Room {now.version + 1}" if place else now.place
        # As the schedule tells it: a version for whatever patients are told, and for what stands again.
        again = AppointmentStatus.BOOKED if now.status in CALLED_OFF else now.status
        self.happen(AppointmentChanged(replace(now, version=now.version + 1, start=start, place=where, status=again)))

    @rule(what=st.sampled_from([*STATUSES, *MARKS]))
    def records_change(self, what: str) -> None:
        if what in MARKS:
            self.patient_changes(what)
            return
        now = self.c.appointment
        again = now.status in CALLED_OFF and what not in CALLED_OFF
        self.happen(AppointmentChanged(replace(now, version=now.version + again, status=AppointmentStatus(what))))

    def patient_changes(self, what: str) -> None:
        patient = self.c.patient
        match what:
            case "number":
                patient = replace(patient, textable=True)
            case "no number":
                patient = replace(patient, textable=False)
            case "language":
                patient = replace(patient, language="ga")
            case "deceased":
                patient = replace(patient, deceased=True)
            case "do_not_text":
                patient = replace(patient, do_not_text=True)
            case _:
                patient = replace(patient, deceased=False, do_not_text=False)
        changed = what in ("number", "no number")
        self.phone += changed
        self.happen(PatientChanged(patient, changed))

    @rule(act=st.sampled_from(list(StaffAct)), tell=st.booleans(), words=st.sampled_from(["", "Ring us on 01 555 0100."]))
    def staff_act(self, act: StaffAct, tell: bool, words: str) -> None:
        start = self.now + timedelta(days=9) if act is StaffAct.RESCHEDULED and tell else None
        self.happen(StaffActed(act, "nora", words, start, tell))

    @precondition(lambda self: self.c.staff_own)
    @rule()
    def staff_hand_back(self) -> None:
        self.staff_act(StaffAct.HAND_BACK, tell=True, words="")

    @rule(pick=st.integers(0, 5), ok=st.booleans(), conflict=st.booleans())
    def ipms_answers(self, pick: int, ok: bool, conflict: bool) -> None:
        if self.writes:
            write = self.writes[-1 - pick % len(self.writes)]
            self.happen(WriteReported(write.key, write.action, ok, conflict and not ok, "" if ok else "it would not"))
        else:
            self.happen(WriteReported("f" * 32, "message", ok, False, ""))

    # ---- what must hold after each of them -----------------------------------------------------------------------------

    def happen(self, event: Event) -> Decision:
        before = self.conversation
        decision = decide(self.ruleset, before, event, self.now)
        assert repr(decide(self.ruleset, before, event, self.now)) == repr(decision)
        self.conversation = after = decision.conversation
        self.entries.extend(decision.entries)
        assert fold(self.entries) == after
        assert from_json(orjson.loads(orjson.dumps(to_json(after)))) == after
        self.check_effects(decision)
        self.check_silence(before, event, decision)
        for effect in decision.effects:
            self.carry_out(effect, decision, event)
        assert sorted(self.open_tasks) == sorted(task.key for task in after.tasks)
        self.check_limits()
        self.check_alive()
        return decision

    def check_effects(self, decision: Decision) -> None:
        """Whatever leaves is on record, and whatever is on record leaves."""
        for kind, recorded, name in (
            (SendText, "text.queued", "key"),
            (WriteAppointment, "ipms.queued", "key"),
            (OpenTask, "task.opened", "key"),
            (UpdateTask, "task.updated", "key"),
            (CloseTask, "task.closed", "key"),
            (BlockTexts, "texts.blocked", "reason"),
        ):
            asked = [getattr(effect, name) for effect in decision.effects if isinstance(effect, kind)]
            assert asked == [entry.data[name] for entry in decision.entries if entry.kind == recorded]
        lifted = sum(isinstance(effect, UnblockTexts) for effect in decision.effects)
        assert lifted == sum(entry.kind == "texts.unblocked" for entry in decision.entries)
        for entry in decision.entries:
            json.dumps(entry.data)
        for effect in decision.effects:
            key = getattr(effect, "key", None)
            if key is not None and not isinstance(effect, UpdateTask | CloseTask):
                assert len(key) == 32
                assert set(key) <= set("0123456789abcdef")
                assert key not in self.keys
                self.keys.add(key)

    def check_silence(self, before: Conversation | None, event: Event, decision: Decision) -> None:
        """No text to whom none may go; none at all while staff own the talk; no question about what will not be."""
        after = decision.conversation
        by_staff = isinstance(event, StaffActed)
        if before is not None and before.staff_own and not by_staff:
            assert after.staff_own, "the machine took the talk from staff"
            assert not any(isinstance(effect, SendText) for effect in decision.effects)
        lifted = any(isinstance(effect, UnblockTexts) for effect in decision.effects)
        closes = resolve(self.ruleset.closes, after.appointment.start, self.ruleset.hours.timezone)
        stands = after.appointment.status is AppointmentStatus.BOOKED and self.now < closes
        for entry in decision.entries:
            if entry.kind != "text.queued":
                continue
            assert after.patient.textable
            assert not after.patient.deceased
            assert not after.patient.do_not_text
            stops_more = before is not None and wider(after.stopped, before.stopped)
            assert before is None or not before.blocked or lifted or before.blocked != after.blocked or stops_more
            muted = isinstance(event, ReplyReceived) and event.opted_out
            assert not muted or lifted or wider(after.stopped, event.stopped)
            assert stands or not entry.data["asks"]
        if before is not None and before.blocked in ("deceased", "wrong_number") and not isinstance(event, PatientChanged):
            assert after.blocked in ("deceased", "wrong_number")
        for effect in decision.effects:
            if isinstance(effect, SendText) and effect.safety:
                assert any(isinstance(other, BlockTexts) for other in decision.effects)
            if isinstance(effect, WriteAppointment) and effect.action in ("cancel", "reschedule"):
                assert by_staff
            if isinstance(effect, WriteAppointment) and effect.action in ("confirm", "request_cancel"):
                assert isinstance(event, ReplyReceived | StaffActed)

    def carry_out(self, effect: object, decision: Decision, event: Event) -> None:
        match effect:
            case SendText():
                by_staff = isinstance(event, StaffActed)
                day = local_day(self.ruleset.hours.timezone, self.now).isoformat()
                self.sent[effect.key] = Sent(effect, self.phone, day, by_staff)
                assert effect.text
                assert "{" not in effect.text
                assert effect.not_after > self.now
                assert effect.about in (0, decision.conversation.appointment.version)
            case SetTimer():
                self.timers[effect.name] = effect
            case ClearTimer():
                self.timers.pop(effect.name, None)
            case WriteAppointment():
                self.writes.append(effect)
            case OpenTask():
                assert effect.due > self.now
                self.open_tasks.append(effect.key)
            case UpdateTask():
                assert effect.key in self.open_tasks
            case CloseTask():
                self.open_tasks.remove(effect.key)

    def check_limits(self) -> None:
        today = local_day(self.ruleset.hours.timezone, self.now).isoformat()
        borne = [
            sent
            for sent in self.sent.values()
            if sent.day == today and not sent.by_staff and (sent.arrived or not LOST & {word for _, word in sent.words})
        ]
        assert len(borne) <= self.ruleset.limits.texts_a_day + BEYOND_THE_LIMIT
        kinds = [task.kind for task in self.c.tasks]
        assert len(kinds) == len(set(kinds)), "two tasks of one kind"

    def check_alive(self) -> None:
        """An open talk has something that will move it on: a timer that counts, a task, or staff who own it."""
        c = self.c
        visits = {"no_reply": c.visit, "retry": c.visit}
        counting = [t for t in self.timers.values() if t.visit == visits.get(t.name, c.appointment.version)]
        assert c.closed or c.staff_own or c.tasks or counting


def test_no_order_of_events_breaks_the_safety_bar() -> None:
    run_state_machine_as_test(
        Talk,
        settings=settings(
            max_examples=500,
            stateful_step_count=25,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
