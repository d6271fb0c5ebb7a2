"""What a talk says in one turn: prompts queued to be sent, or withheld with the reason on record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from engine import sms, wording
from engine.appointment import CALLED_OFF, Listed, Patient
from engine.conversation import MACHINE, OPTED_OUT, SentText
from engine.effects import BULK, REPLY, SendText
from engine.errands import Errands
from engine.ruleset import SCOPES, Ruleset, State, TaskRule, wider

# An answer to a patient is worthless a day later; a reminder is once the talk closes.
ANSWER_LIFE = timedelta(days=1)


def may_be_texted(patient: Patient) -> bool:
    return not (patient.deceased or patient.do_not_text)


def _asks_back(ruleset: Ruleset, prompt: str) -> bool:
    """Whether the prompt means nothing without a guess."""
    return any("{guess}" in text for text in ruleset.prompts[prompt].texts.values())


def _tells_when(ruleset: Ruleset, prompt: str) -> bool:
    """Whether the prompt tells the patient when the appointment is. The loader holds that all languages tell alike."""
    text = next(iter(ruleset.prompts[prompt].texts.values()))
    return "{date}" in text and "{time}" in text


class Speech(Errands):
    """The texts of a turn. Its public methods but `question` and `said_today` queue one, or record why it must not go out."""

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
