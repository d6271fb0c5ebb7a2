"""Several appointments on one phone: which of them a reply is given to, and in which words.

A parent has two children with appointments, a patient goes to two clinics. What a reply is about is told, in this order, by
what outranks everything, by the question "which one do you mean?" that is waiting for its answer, by what the reply itself
names, by the gateway's reference, by the one question that is open. What none of these tells is asked once, then given to a
person. Nothing is done to an appointment that the phone was not told of: such talks are not among those given here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from engine.addressing import SURE, Addressed, address, named, without_names
from engine.appointment import Listed
from engine.conversation import Conversation
from engine.events import Doubt, ReplyReceived, Waited
from engine.guess import affirming
from engine.heard import read
from engine.normalise import clean
from engine.pointers import ALL, DAY, NAME, PLACE, TIME, Choice
from engine.reading import Reading
from engine.repeats import twice
from engine.ruleset import ALWAYS_INTENTS, ANYTHING, STAY, Ruleset, State, Target
from engine.tongues import wish

UNDOABLE = frozenset({"request_cancel", "request_reschedule"})


@dataclass(frozen=True, slots=True)
class Held:
    """A talk that is going on, about an appointment of which the phone was told, and its ruleset."""

    conversation: Conversation
    ruleset: Ruleset

    @property
    def id(self) -> str:
        return self.conversation.id

    @property
    def asking(self) -> bool:
        """Whether a question of this talk is open, or a request of it that one word takes back."""
        c = self.conversation
        return c.silent or bool(c.guess or c.asked) or c.wish in UNDOABLE

    @property
    def state(self) -> State | None:
        return self.ruleset.states.get(self.conversation.state)

    def listed(self) -> Listed:
        c = self.conversation
        start = c.appointment.start.astimezone(ZoneInfo(self.ruleset.hours.timezone))
        return Listed(
            c.id, c.patient.id, c.patient.first_name, c.appointment.id, c.appointment.version, start, c.appointment.clinic
        )

    def read(self, words: str) -> Reading:
        """What the words mean here, whichever appointment they are about."""
        return read(self.ruleset, words, self.conversation.patient.language)

    def read_part(self, words: str, reply: ReplyReceived) -> Reading:
        """What the words mean if they are about this appointment."""
        c = self.conversation
        return read(self.ruleset, words, c.patient.language, c.appointment, reply.received_at)

    def target(self, reading: Reading) -> Target | None:
        """Where a reading leads from here; what is understood after "did you mean ...?" included."""
        state = self.state
        if state is None or not reading.clear:
            return None
        guess = self.conversation.guess
        intent = guess if guess and reading.intent in affirming(self.ruleset) else reading.intent
        return state.replies.get(intent)

    def goal(self, reading: Reading) -> State | None:
        target = self.target(reading)
        return self.ruleset.states.get(target.go) if target is not None else None


def latest(talks: Sequence[Held]) -> Held:
    """The talk in which we spoke last."""
    return max(talks, key=lambda held: (held.conversation.spoke_at or held.conversation.opened_at, held.id))


def share(talks: Sequence[Held], reply: ReplyReceived, answered: Sequence[str] = ()) -> list[tuple[str, ReplyReceived]]:
    """Which talks a reply goes to, and as what: the first of them speaks for all. `talks` are two or more; `answered` those
    that were told by the text which the gateway says is answered. Pure: the same arguments share alike."""
    events = _Sharing(sorted(talks, key=lambda held: (held.conversation.appointment.start, held.id)), reply, answered).share()
    return [(id, event._replace(first=number == 0)) for number, (id, event) in enumerate(events)]


class _Sharing:
    def __init__(self, talks: Sequence[Held], reply: ReplyReceived, answered: Sequence[str]) -> None:
        self._talks = talks
        self._reply = reply
        self._answered = [held for held in talks if held.id in answered]
        self._asking = [held for held in self._answered or talks if held.asking]
        self._main = self._answered[0] if len(self._answered) == 1 else latest(self._asking or talks)
        self._waiting = next((held for held in talks if held.conversation.which is not None), None)
        self._reading = self._main.read(reply.text)
        self._words: str | None = None  # what is to be read instead of the reply as it stands

    def share(self) -> list[tuple[str, ReplyReceived]]:
        for held in self._talks:
            c = held.conversation
            if c.last_reply == clean(self._reply.text) and twice(c, c.replied_at, self._reply.received_at):
                return [self._to(held)]
        if self._reading.intent == "wrong_number":
            self._read_without_names()
        if self._reading.intent in ALWAYS_INTENTS:
            return self._with_the_one_that_asked(self._outranking(self._reading.intent))
        if wish(self._reply.text) is not None:
            return self._with_the_one_that_asked([self._to(self._main)])
        return self._with_the_one_that_asked(self._answer_to_which() or self._named() or self._unnamed())

    def _with_the_one_that_asked(self, events: list[tuple[str, ReplyReceived]]) -> list[tuple[str, ReplyReceived]]:
        """The talk that asked "which one?" hears of every answer, or it would go on waiting."""
        if self._waiting is None or any(id == self._waiting.id for id, _ in events):
            return events
        return [*events, (self._waiting.id, self._reply._replace(aside=True))]

    # ---- what outranks everything ------------------------------------------------------------------------------------

    def _read_without_names(self) -> None:
        """ "Not Tom's" is no wrong number on the phone of Tom's mother, though "not Tom" is one elsewhere."""
        words = without_names(self._reply.text, self._choices, self._languages)
        reading = self._main.read(words)
        if reading.intent != "wrong_number":
            self._reading, self._words = reading, words

    def _outranking(self, intent: str) -> list[tuple[str, ReplyReceived]]:
        """STOP and START are the phone's. An emergency goes to one talk, staff hear of the others. A death is one patient's:
        where it cannot be told whose, the machine is silent to all. A wrong number is that of all patients of the phone."""
        kinds = {NAME, PLACE} if intent == "stop" else {NAME}
        pointed = named(self._reply.text, self._choices, self._languages, kinds)
        main = self._talks[next(iter(pointed))] if len(pointed) == 1 else self._main
        others = [held for held in self._talks if held.conversation.patient.id != main.conversation.patient.id]
        if intent == "deceased" and others and not pointed:
            doubt = Doubt(self._listed(self._talks))
            rest = [held for held in self._talks if held is not main]
            return [
                self._to(main, doubt=doubt),
                *(self._to(held, doubt=replace(doubt, speaks=False)) for held in rest),
            ]
        if intent == "wrong_number":
            doubt = Doubt(self._listed(self._talks), speaks=False)
            return [self._to(main), *(self._to(held, doubt=doubt) for held in others)]
        return [self._to(main, beside=self._beside(main))]

    # ---- "which one do you mean?" ------------------------------------------------------------------------------------

    def _answer_to_which(self) -> list[tuple[str, ReplyReceived]]:
        """The answer names one or more of those listed, and says nothing else: what waited is for them."""
        which = self._waiting.conversation.which if self._waiting is not None else None
        said = self._addressed
        if which is None or not said.parts or said.doubt or any(said.parts.values()):
            return []
        versions = {each.conversation: each.version for each in which.among}
        chosen = [self._talks[index] for index in sorted(said.parts)]
        if any(held.id not in versions for held in chosen):
            return []
        return [
            self._to(
                held,
                part=which.words,
                waited=Waited(which.reply, which.text, recorded=held is self._waiting),
                shown=versions[held.id],
            )
            for held in chosen
        ]

    # ---- what the reply names ----------------------------------------------------------------------------------------

    def _named(self) -> list[tuple[str, ReplyReceived]]:
        said = self._addressed
        if not said.named:
            return []
        parts = [(self._talks[index], words) for index, words in sorted(said.parts.items())]
        certain = parts and all(words for _, words in parts) and not said.doubt
        if not certain or self._against_reference(said) or self._perhaps_wished(said) or self._leaves_some_out(said):
            return self._ask()
        return [self._to(held, part=words) for held, words in parts]

    def _against_reference(self, said: Addressed) -> bool:
        """The gateway says another text is answered than the one for which a day, a place or a time speaks."""
        named_here = {self._talks[index].id for index in said.parts}
        return bool(self._answered) and not said.by & SURE and not named_here <= {held.id for held in self._answered}

    def _leaves_some_out(self, said: Addressed) -> bool:
        """Whether it says “cancel all” on a phone that has more than the list it was sent had."""
        if ALL not in said.by or len(said.parts) == len(self._talks):
            return False
        goals = [self._goal(index, words) for index, words in said.parts.items()]
        return not all(_confirms(goal) for goal in goals)

    def _perhaps_wished(self, said: Addressed) -> bool:
        """A day or a time beside a wish for another one may be the one that would suit."""
        if not said.by <= {DAY, TIME}:
            return False
        goals = [self._goal(index, words) for index, words in said.parts.items()]
        return any(goal is not None and _moves(goal) for goal in goals)

    # ---- what the reply does not name --------------------------------------------------------------------------------

    def _unnamed(self) -> list[tuple[str, ReplyReceived]]:
        if len(self._answered) == 1:
            return [self._to(self._main)]
        owned = [held for held in self._talks if held.conversation.staff_own]
        if owned:
            return [self._to(latest(owned), beside=self._beside(latest(owned)))]
        if len(self._asking) > 1:
            return self._one_of_several_questions()
        target, goal = self._main.target(self._reading), self._main.goal(self._reading)
        settles_another = target is not None and target.go != STAY and not self._taken_as_it_is(self._main, target)
        if settles_another and (goal is None or not (goal.hospital == "confirm" or goal.staff_own)):
            # The others are settled; a change of mind may well be about one of them.
            return self._ask()
        return [self._to(self._main, beside=self._beside(self._main))]

    def _one_of_several_questions(self) -> list[tuple[str, ReplyReceived]]:
        main, reading = self._main, self._reading
        if self._asked_together() and all(_confirms(held.goal(reading)) for held in self._asking):
            return [self._to(held) for held in self._asking]
        told_last = max(self._talks, key=lambda held: held.conversation.texts[-1].key if held.conversation.texts else "")
        if told_last.conversation.asked == told_last.conversation.texts[-1].key and not told_last.conversation.guess:
            elsewhere = [held.goal(reading) for held in self._asking if held is not told_last]
            settles_another = any(goal is not None and not _moves(goal) for goal in elsewhere)
            if self._taken_as_it_is(told_last, told_last.target(reading)) and not settles_another:
                return [self._to(told_last)]
        target, goal = main.target(reading), main.goal(reading)
        if target is None:
            return self._ask()
        if target.go == STAY or (goal is not None and (goal.staff_own or goal.hospital is None) and not goal.asks):
            # It settles nothing: courtesy, or what a person sees to.
            next_up = self._talks[0] if goal is not None and not goal.staff_own else main
            return [self._to(next_up, beside=self._beside(next_up))]
        return self._ask()

    def _asked_together(self) -> bool:
        """Whether all open questions were asked in one text, which said what a plain yes means there."""
        asked = [held.conversation.text(held.conversation.asked) for held in self._asking]
        shared = {text.shared if text is not None else "" for text in asked}
        return len(shared) == 1 and "" not in shared and not any(held.conversation.guess for held in self._asking)

    def _taken_as_it_is(self, held: Held, target: Target | None) -> bool:
        """Whether the talk's question takes words as they come (the days that suit) and these mean nothing else to it."""
        state = held.state
        return state is not None and ANYTHING in state.replies and (target is None or target == state.replies[ANYTHING])

    # ---- in doubt ----------------------------------------------------------------------------------------------------

    def _ask(self) -> list[tuple[str, ReplyReceived]]:
        """Ask the phone, where there is something to ask about and it has not been asked already."""
        owned = any(held.conversation.staff_own for held in self._talks)
        goals = (held.goal(self._reading) for held in (self._main, *self._talks))
        goal = next((goal for goal in goals if goal is not None), None)
        if owned or self._waiting is not None or not self._reading.clear or goal is None:
            return self._to_a_person()
        among = self._asking if goal.hospital == "confirm" and len(self._asking) > 1 else self._talks
        speakers = [held for held in (self._main, *among) if held in among and _can_ask(held.ruleset, len(among))]
        if not speakers:
            return self._to_a_person()
        return [self._to(speakers[0], part=self._words, doubt=Doubt(self._listed(among), ask=True))]

    def _to_a_person(self) -> list[tuple[str, ReplyReceived]]:
        owned = [held for held in self._talks if held.conversation.staff_own]
        held = latest(owned) if owned else self._waiting or self._main
        return [self._to(held, part=self._words, doubt=Doubt(self._listed(self._talks)))]

    # ---- small things ------------------------------------------------------------------------------------------------

    def _to(
        self,
        held: Held,
        *,
        part: str | None = None,
        waited: Waited | None = None,
        shown: int | None = None,
        beside: tuple[Listed, ...] = (),
        doubt: Doubt | None = None,
    ) -> tuple[str, ReplyReceived]:
        event = self._reply._replace(part=part, waited=waited, shown=shown, beside=beside, doubt=doubt)
        return held.id, event

    def _goal(self, index: int, words: str) -> State | None:
        held = self._talks[index]
        return held.goal(held.read_part(words, self._reply))

    def _listed(self, talks: Sequence[Held]) -> tuple[Listed, ...]:
        return tuple(held.listed() for held in talks)

    def _beside(self, main: Held) -> tuple[Listed, ...]:
        return self._listed([held for held in self._talks if held is not main])

    @cached_property
    def _languages(self) -> tuple[str, ...]:
        """Those of the patients, and those in which the rulesets write to who has none of theirs."""
        own = [held.conversation.patient.language.partition("-")[0].lower() for held in self._talks]
        return tuple(dict.fromkeys(each for each in (*own, *(held.ruleset.languages[0] for held in self._talks)) if each))

    @cached_property
    def _choices(self) -> list[Choice]:
        numbers = self._numbers()
        by_telling = sorted(self._talks, key=lambda held: (held.conversation.told_at or held.conversation.opened_at, held.id))
        return [
            Choice(
                held.conversation.patient.first_name,
                held.listed().start,
                held.conversation.appointment.clinic_name,
                held.conversation.appointment.clinician,
                numbers.get(held.id, 0),
                by_telling.index(held),
            )
            for held in self._talks
        ]

    def _numbers(self) -> dict[str, int]:
        """Talk -> its number in the list that the phone was last sent."""
        which = self._waiting.conversation.which if self._waiting is not None else None
        if which is not None:
            return {each.conversation: number for number, each in enumerate(which.among, 1)}
        sent = [(text, held.id) for held in self._talks for text in held.conversation.texts if text.shared]
        last = max((text.shared for text, _ in sent), default="")
        return {id: text.number for text, id in sent if text.shared == last}

    @cached_property
    def _addressed(self) -> Addressed:
        def read_part(index: int, words: str) -> Reading:
            return self._talks[index].read_part(words, self._reply)

        return address(self._reply.text, self._choices, read_part, self._languages)


def _confirms(goal: State | None) -> bool:
    return goal is not None and goal.hospital == "confirm"


def _moves(goal: State) -> bool:
    """Whether the state is about another date for the appointment."""
    return ANYTHING in goal.replies or goal.hospital == "request_reschedule"


def _can_ask(ruleset: Ruleset, many: int) -> bool:
    rule = ruleset.one_phone
    return rule is not None and rule.which is not None and many <= rule.most
