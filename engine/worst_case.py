"""The dearest text that a prompt can become: what the checker holds against the limit, and what the studio shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.dates_written import Calendar
from engine.ruleset import DateFormats, ListPrompt, Ruleset
from engine.sms import Segments, is_gsm7, segments
from engine.templates import Template, TemplateFault, compile_template, compiled
from engine.wording import LONGEST, Facts, Rendered, Speech, clean, list_limit, speech_of

# Letters in turn, so that a value is neither all wide nor all narrow on a screen that shows it.
_NAME_PLAIN = "Professor Caoimhe Maire Ni Shuilleabhain"
_NAME_FADAS = "Professor Caoimhe Máire Ní Shúilleabháin"
_NUMBER = "+353 1 555 0123 x 99"


def of_prompt(ruleset: Ruleset, prompt: str, language: str, *, fadas: bool = True) -> Rendered:
    """The dearest text that a prompt can plausibly become in a language: values of the lengths in LONGEST, the longest
    month, weekday and hour of the language, the longest guess. With `fadas`, names carry them where the language keeps
    accents; without, they never do: the difference is what a fada costs."""
    speech = speech_of(ruleset, language)
    template = speech.template(prompt)
    guesses = [""]
    if "guess" in template.names:
        guesses += [clean(intent.called.get(language, "")) for intent in ruleset.intents.values()]
    listing = _listing(ruleset, prompt, language)
    if listing is not None:
        return _dearest(ruleset, template, language, guesses, listing, fadas=fadas)
    # Of a text that was changed, all the others stand as they were: what they come to is kept.
    formats = ruleset.formats.get(language, DateFormats())
    asked = (template, language, formats, ruleset.hours.timezone, speech.folds, tuple(guesses), fadas)
    found = _dearest_known.get(asked)
    if found is None:
        if len(_dearest_known) >= _DEAREST_KEPT:
            _dearest_known.clear()
        found = _dearest_known[asked] = _dearest(ruleset, template, language, guesses, None, fadas=fadas)
    return found


_DEAREST_KEPT = 4_096
_dearest_known: dict[tuple[Any, ...], Rendered] = {}


def of_words(ruleset: Ruleset, words: str, language: str) -> Rendered:
    """The same of words that are no prompt. Raises TemplateFault for what `words_fault` finds fault with."""
    return _dearest(ruleset, compiled(words), language, [""], None, fadas=True)


def _dearest(
    ruleset: Ruleset,
    template: Template,
    language: str,
    guesses: Sequence[str],
    listing: ListPrompt | None,
    *,
    fadas: bool,
) -> Rendered:
    speech = speech_of(ruleset, language)
    filler = _NAME_FADAS if fadas and not speech.folds else _NAME_PLAIN
    value = {name: filler[:length].strip() for name, length in LONGEST.items()}
    patient = Patient(id="", first_name=value["first_name"], language=language)
    most = ruleset.one_phone.most if ruleset.one_phone is not None else 0
    formats = ruleset.formats.get(language, DateFormats())
    dearest = Rendered("", language, Segments("GSM-7", 0, 0))
    for guess, start in product(guesses, _dear_starts(language, formats, ruleset.hours.timezone)):
        appointment = Appointment(
            id="", version=1, start=start, status=AppointmentStatus.BOOKED, clinic=value["clinic"],
            clinic_name=value["clinic"], clinician=value["clinician"], place=value["place"], type="",
            hospital=value["hospital"], phone=_NUMBER,
        )  # fmt: skip
        if listing is None:
            text = speech.write(template, Facts(appointment, patient, guess), start, None)
        else:
            text = _dearest_list(speech, listing, most, appointment, patient)
        text = speech.settle(text)
        cost = segments(text)
        if (cost.parts, cost.units) > (dearest.segments.parts, dearest.segments.units):
            dearest = Rendered(text, language, cost)
    return dearest


def _listing(ruleset: Ruleset, prompt: str, language: str) -> ListPrompt | None:
    """The listing whose text this prompt is, if its lines can be written."""
    rule = ruleset.one_phone
    for listing in (rule.which, rule.together) if rule is not None else ():
        if listing is not None and listing.ask == prompt:
            lines = [ruleset.prompts.get(name) for name in (listing.line, listing.named)]
            return listing if all(line is not None and _can_be_written(line.texts.get(language)) for line in lines) else None
    return None


def parts_limit(ruleset: Ruleset, prompt: str, language: str) -> int:
    """The most SMS parts that a prompt may cost."""
    rule = ruleset.one_phone
    if rule is None or rule.together is None or rule.together.ask != prompt:
        return ruleset.most_segments(language)
    return list_limit(ruleset, rule.together, rule.most, language)


def _can_be_written(template: str | None) -> bool:
    try:
        return template is not None and bool(compile_template(template))
    except TemplateFault:
        return False


def _dearest_list(speech: Speech, listing: ListPrompt, most: int, appointment: Appointment, patient: Patient) -> str:
    """The list at its longest: of one patient or of several."""
    alone = [(appointment, patient)] * most
    family = [(appointment, replace(patient, id=str(number))) for number in range(most)]
    texts = [speech.write_list(listing, each, None) for each in (alone, family)]
    return max(texts, key=len)


@lru_cache(maxsize=64)
def _dear_starts(language: str, formats: DateFormats, timezone: str) -> tuple[datetime, ...]:
    """Instants whose date, time and weekday are longest together: the longest of those that GSM-7 can write, and the
    longest for each set of the three that it cannot."""
    zone = ZoneInfo(timezone)
    calendar = Calendar(language, formats, timezone)
    hours = [datetime(2027, 9, 29, hour, 30, tzinfo=zone) for hour in range(24)]
    longest_hour = max(hours, key=lambda at: len(calendar.write(at)[1])).hour
    best: dict[tuple[bool, ...], tuple[int, datetime]] = {}
    # Within a year every month meets every weekday on a day of two digits.
    for day in range(365):
        start = datetime(2027, 1, 1, longest_hour, 30, tzinfo=zone) + timedelta(days=day)
        written = calendar.write(start)
        alike = tuple(is_gsm7(word) for word in written)
        length = sum(map(len, written))
        if alike not in best or best[alike][0] < length:
            best[alike] = (length, start.astimezone(UTC))
    return tuple(start for _, start in best.values())
