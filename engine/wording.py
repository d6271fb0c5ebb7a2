"""From a prompt to the text a patient gets. How dates are written stands in `dates_written.py`, what a text costs is counted in
`sms.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from engine.appointment import Appointment, Patient
from engine.blanks import BLANKS
from engine.dates_written import Calendar
from engine.ruleset import DateFormats, ListPrompt, Ruleset
from engine.sms import Segments, fold, is_gsm7, plain, segments
from engine.templates import Template, compile_template, compiled

# ---- values ----------------------------------------------------------------------------------------------------------

_NOTHING: Mapping[str, str] = {}

# The most characters of a value that are worth a further SMS part. A longer value is cut here, between words, where the
# text would otherwise cost more parts than its language may; `worst_case.py` counts with values of just these lengths.
LONGEST: Mapping[str, int] = {
    "clinician": 40, "clinic": 40, "place": 40, "hospital": 40, "phone": 20, "first_name": 20,
}  # fmt: skip

# What systems write for "no value".
_EMPTY = frozenset({"none", "null", "nil", "nan", "undefined", "n/a", "-", "."})


@lru_cache(maxsize=20_000)
def clean(value: str) -> str:
    """A value of a record as it may stand in a text: one line, no braces, "" where it says nothing."""
    value = plain(value).replace("{", "(").replace("}", ")")
    value = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return "" if value.casefold() in _EMPTY else value


@dataclass(slots=True)
class Facts:
    """What the placeholders are filled from."""

    appointment: Appointment
    patient: Patient
    guess: str
    listing: str = ""
    count: str = ""
    number: str = ""


def _initial(facts: Facts) -> str:
    name = clean(facts.patient.first_name)
    return f"{name[0].upper()}." if name else ""


def _clinician(facts: Facts) -> str:
    return clean(facts.appointment.clinician) or _clinic(facts)


def _clinic(facts: Facts) -> str:
    return clean(facts.appointment.clinic_name) or clean(facts.appointment.clinic)


def _place(facts: Facts) -> str:
    return clean(facts.appointment.place) or clean(facts.appointment.clinic_name) or _hospital(facts)


def _hospital(facts: Facts) -> str:
    return clean(facts.appointment.hospital)


def _phone(facts: Facts) -> str:
    return clean(facts.appointment.phone) or _hospital(facts)


_VALUES: Mapping[str, Callable[[Facts], str]] = {
    "clinician": _clinician,
    "clinic": _clinic,
    "place": _place,
    "hospital": _hospital,
    "phone": _phone,
    "first_name": lambda facts: clean(facts.patient.first_name),
    "initial": _initial,
    "guess": lambda facts: facts.guess,
    "list": lambda facts: facts.listing,
    "count": lambda facts: facts.count,
    "number": lambda facts: facts.number,
}
_WRITTEN = {"date": 0, "time": 1, "weekday": 2}


def _cut(value: str, longest: int) -> str:
    if len(value) <= longest:
        return value
    head = value[:longest]
    if value[longest] != " ":
        # A value of one endless word is cut inside it.
        head = head.rpartition(" ")[0] or head
    return head.rstrip(" ,;:-(")


# ---- rendering -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rendered:
    text: str
    language: str
    segments: Segments


class Speech:
    """One ruleset version in one language, made ready."""

    __slots__ = ("_instead", "_ruleset", "_templates", "calendar", "folds", "language")

    def __init__(self, ruleset: Ruleset, language: str) -> None:
        self._ruleset = ruleset
        self._templates: dict[str, Template] = {}
        self._instead = BLANKS.get(language, _NOTHING)
        self.language = language
        self.folds = ruleset.accents.get(language, "fold") == "fold"
        self.calendar = Calendar(language, ruleset.formats.get(language, DateFormats()), ruleset.hours.timezone)

    def template(self, prompt: str) -> Template:
        known = self._templates.get(prompt)
        if known is None:
            known = self._templates[prompt] = compile_template(self._ruleset.prompts[prompt].texts[self.language])
        return known

    def write(self, template: Template, facts: Facts, start: datetime, longest: Mapping[str, int] | None) -> str:
        slot = self.calendar.write(start)
        values = []
        tidy = False
        for name in template.names:
            index = _WRITTEN.get(name)
            if index is not None:
                values.append(slot[index])
                continue
            value = _VALUES[name](facts)
            if longest is not None and name in longest:
                value = _cut(value, longest[name])
            if not value:
                value = self._instead.get(name, "")
                tidy = tidy or not value
            values.append(value)
        text = template.pattern % tuple(values)
        return _close_up(text) if tidy else text

    def write_list(
        self,
        listing: ListPrompt,
        several: Sequence[tuple[Appointment, Patient]],
        longest: Mapping[str, int] | None,
        only: str | None = None,
    ) -> str:
        line = self.template(listing.line_for(len({patient.id for _, patient in several})))
        lines = (
            self.write(line, Facts(appointment, patient, "", number=str(number)), appointment.start, longest)
            for number, (appointment, patient) in enumerate(several, 1)
            if only in (None, patient.id)
        )
        appointment, patient = several[0]
        facts = Facts(appointment, patient, "", listing=" ".join(lines), count=str(len(several)))
        return self.write(self.template(listing.ask), facts, appointment.start, longest)

    def settle(self, text: str) -> str:
        """Folds accents where that keeps a text within GSM-7; where it does not, folding would cost letters and save
        nothing."""
        if text.isascii() or not self.folds or is_gsm7(text):
            return text
        folded = fold(text)
        return folded if is_gsm7(folded) else text


def _close_up(text: str) -> str:
    """A text without the gap that an empty value left."""
    text = re.sub(r"\s+([.,;:!?])", r"\1", re.sub(r" {2,}", " ", text))
    return re.sub(r",(?=[.,;:!?])", "", text).strip()


# Speeches by ruleset version and language. A version is the digest of a file and so never changes its meaning; a
# ruleset that was built by hand may reuse one, so an entry also remembers whose it is.
_SPEECHES_KEPT = 256
_speeches: dict[tuple[str, str], tuple[Ruleset, Speech]] = {}


def speech_of(ruleset: Ruleset, language: str) -> Speech:
    key = (ruleset.version, language)
    known = _speeches.get(key)
    if known is not None and known[0] is ruleset:
        return known[1]
    if len(_speeches) >= _SPEECHES_KEPT:
        _speeches.clear()
    speech = Speech(ruleset, language)
    _speeches[key] = (ruleset, speech)
    return speech


def render(
    ruleset: Ruleset,
    prompt: str,
    appointment: Appointment,
    patient: Patient,
    guess: str | None = None,
    language: str | None = None,
) -> Rendered:
    """The text of a prompt for one patient about one appointment.

    In `language`, else the patient's, else the ruleset's first: the first of these that the ruleset and the prompt
    have. {guess} is what the intent `guess` is called. A value that the record lacks is replaced by the nearest it
    has (clinician by clinic, place by clinic, phone by hospital) or by plain words. Where the text would cost more
    than its language may, values longer than LONGEST are cut to that. Never holds a brace. Raises KeyError for a
    prompt that the ruleset lacks and TemplateFault for a template that the loader would refuse."""
    texts = ruleset.prompts[prompt].texts
    chosen = _language(ruleset, texts, language, patient.language)
    speech = speech_of(ruleset, chosen)
    template = speech.template(prompt)
    intent = None if guess is None else ruleset.intents.get(guess)
    called = "" if intent is None else clean(intent.called.get(chosen, ""))
    facts = Facts(appointment, patient, called)
    text = speech.settle(speech.write(template, facts, appointment.start, None))
    cost = segments(text)
    if cost.parts > ruleset.most_segments(chosen):
        text = speech.settle(speech.write(template, facts, appointment.start, LONGEST))
        cost = segments(text)
    return Rendered(text, chosen, cost)


def render_words(
    ruleset: Ruleset, texts: Sequence[tuple[str, str]], appointment: Appointment, patient: Patient
) -> Rendered:
    """Words that are no prompt, (language, template), as `render` would write one: in the patient's language, else the first
    given. Raises TemplateFault for what `words_fault` finds fault with."""
    given = dict(texts)
    own = patient.language.partition("-")[0].lower()
    chosen = next((tag for tag in (patient.language, own) if tag in given), texts[0][0])
    speech = speech_of(ruleset, chosen)
    text = speech.settle(speech.write(compiled(given[chosen]), Facts(appointment, patient, ""), appointment.start, None))
    return Rendered(text, chosen, segments(text))


def render_list(
    ruleset: Ruleset,
    listing: ListPrompt,
    several: Sequence[tuple[Appointment, Patient]],
    language: str,
    *,
    only: str | None = None,
) -> Rendered:
    """The text of a prompt that lists several appointments, in the order given, numbered from one. With `only`, the lines of
    this patient alone. Languages and missing values as in `render`. May cost `limits.segments` for each text it stands for."""
    chosen = _language(ruleset, ruleset.prompts[listing.ask].texts, None, language)
    speech = speech_of(ruleset, chosen)
    text = speech.settle(speech.write_list(listing, several, None, only))
    cost = segments(text)
    if cost.parts > list_limit(ruleset, listing, len(several), chosen):
        text = speech.settle(speech.write_list(listing, several, LONGEST, only))
        cost = segments(text)
    return Rendered(text, chosen, cost)


def list_limit(ruleset: Ruleset, listing: ListPrompt, many: int, language: str) -> int:
    """The most parts that a list may cost: the reminders' saves as many texts as it has lines, the question saves none."""
    together = ruleset.one_phone.together if ruleset.one_phone is not None else None
    return ruleset.most_segments(language) * (many if listing == together else 1)


def _language(ruleset: Ruleset, texts: Mapping[str, str], *wanted: str | None) -> str:
    for tag in wanted:
        if not tag:
            continue
        for form in (tag, tag.partition("-")[0].lower()):
            if form in texts and form in ruleset.languages:
                return form
    return ruleset.languages[0]
