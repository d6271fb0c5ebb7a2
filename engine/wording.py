"""From a prompt to the text a patient gets. Dates are written by Babel from CLDR patterns
(unicode.org/reports/tr35/tr35-dates.html); what a text costs is counted in `sms.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, parse_pattern

from engine.appointment import Appointment, AppointmentStatus, Patient
from engine.blanks import BLANKS
from engine.problems import did_you_mean, listed
from engine.ruleset import PLACEHOLDERS, DateFormats, ListPrompt, Ruleset
from engine.sms import Segments, fold, is_gsm7, plain, segments

__all__ = [
    "FREE_PLACEHOLDERS", "LONGEST", "Rendered", "Segments", "TemplateFault", "fold", "format_fault", "placeholders", "render",
    "render_words", "segments", "words_fault", "worst_case",
]  # fmt: skip

# ---- templates -------------------------------------------------------------------------------------------------------


class TemplateFault(ValueError):
    """A template that cannot be read. `offset` counts characters from the template's beginning."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def placeholders(template: str) -> list[tuple[str, int]]:
    """Names in braces, in order, each with the offset of its opening brace; known or not. Texts hold no braces of their
    own, so there is no way to escape one. Raises TemplateFault at the first brace that does not fit."""
    found: list[tuple[str, int]] = []
    at = 0
    while brace := _BRACE.search(template, at):
        offset = brace.start()
        if brace.group() == "}":
            raise TemplateFault(offset, "this } has no { before it")
        close = _BRACE.search(template, offset + 1)
        if close is None or close.group() == "{":
            raise TemplateFault(offset, "this { is never closed; a placeholder is written {date}")
        name = template[offset + 1 : close.start()]
        if not _NAME.fullmatch(name):
            raise TemplateFault(offset, f"{{{name}}} is no placeholder: a name of letters belongs between the braces")
        found.append((name, offset))
        at = close.end()
    return found


@dataclass(frozen=True, slots=True)
class _Template:
    """`pattern` is the text with %s for each of `names`."""

    pattern: str
    names: tuple[str, ...]


def _compile(template: str) -> _Template:
    pieces: list[str] = []
    names: list[str] = []
    at = 0
    for name, offset in placeholders(template):
        if name not in PLACEHOLDERS:
            raise TemplateFault(offset, f"{{{name}}} is not a placeholder")
        pieces.append(template[at:offset].replace("%", "%%"))
        names.append(name)
        at = offset + len(name) + 2
    pieces.append(template[at:].replace("%", "%%"))
    return _Template(plain("%s".join(pieces)), tuple(names))


_compiled = lru_cache(256)(_compile)


# ---- dates -----------------------------------------------------------------------------------------------------------

# Fields that a pattern may use: {date} and {weekday} are made from the day alone, {time} from hour and minute alone.
_DAY_FIELDS = frozenset("GyYuQqMLwWdDFgEec")
_TIME_FIELDS = frozenset("abBhHKkm")


def format_fault(language: str, kind: str, pattern: str) -> str | None:
    """What is wrong with a date pattern of `DateFormats` (kind: date, time or weekday), None if nothing is."""
    try:
        Locale.parse(language, sep="-")
    except ValueError:
        return f"{language!r} is not a language tag"
    except UnknownLocaleError:
        return f"no dates are known in the language {language!r}"
    allowed = _TIME_FIELDS if kind == "time" else _DAY_FIELDS
    bare = re.sub(r"'[^']*'", "", pattern)
    for letter in bare:
        if letter.isascii() and letter.isalpha() and letter not in allowed:
            return f"the letter {letter} is no part of a {kind}; put words in single quotes"
    if "{" in pattern or "}" in pattern or "'" in bare:
        return "a brace or a single quote too many"
    if not pattern.strip():
        return f"a {kind} needs a pattern"
    try:
        if kind == "time":
            written = _write_time(language, pattern, time(9))
        else:
            written = _write_day(language, pattern, date(2026, 6, 20))
    except (ValueError, KeyError, AttributeError) as error:
        return f"not a date pattern: {error}"
    return None if written.strip() else f"a {kind} needs a pattern"


def _write_day(language: str, pattern: str, day: date) -> str:
    return plain(format_date(day, pattern, locale=Locale.parse(language, sep="-")))


def _write_time(language: str, pattern: str, clock: time) -> str:
    # Not format_time(), which sets a time zone: the clock here is local already.
    return plain(parse_pattern(pattern).apply(clock, Locale.parse(language, sep="-")))


_SLOTS_KEPT = 20_000


class _Calendar:
    """Dates as one ruleset writes them in one language, each written once and then kept (a bounded number of them)."""

    __slots__ = ("_days", "_formats", "_language", "_slots", "_times", "_zone")

    def __init__(self, language: str, formats: DateFormats, timezone: str) -> None:
        self._language = language
        self._formats = formats
        self._zone = ZoneInfo(timezone)
        self._slots: dict[datetime, tuple[str, str, str]] = {}
        self._days: dict[date, tuple[str, str]] = {}
        self._times: dict[tuple[int, int], str] = {}

    def write(self, start: datetime) -> tuple[str, str, str]:
        """Date, time and weekday of an instant."""
        known = self._slots.get(start)
        return known if known is not None else self._add(start)

    def _add(self, start: datetime) -> tuple[str, str, str]:
        local = start.astimezone(self._zone)
        day, clock = local.date(), (local.hour, local.minute)
        if day not in self._days:
            if len(self._days) >= _SLOTS_KEPT:
                self._days.clear()
            formats = self._formats
            self._days[day] = (
                _write_day(self._language, formats.date, day),
                _write_day(self._language, formats.weekday, day),
            )
        if clock not in self._times:
            self._times[clock] = _write_time(self._language, self._formats.time, time(*clock))
        if len(self._slots) >= _SLOTS_KEPT:
            self._slots.clear()
        written, weekday = self._days[day]
        self._slots[start] = slot = (written, self._times[clock], weekday)
        return slot


# ---- values ----------------------------------------------------------------------------------------------------------

_NOTHING: Mapping[str, str] = {}

# The most characters of a value that are worth a further SMS part. A longer value is cut here, between words, where the
# text would otherwise cost more parts than its language may; `worst_case` counts with values of just these lengths.
LONGEST: Mapping[str, int] = {
    "clinician": 40, "clinic": 40, "place": 40, "hospital": 40, "phone": 20, "first_name": 20,
}  # fmt: skip

# What systems write for "no value".
_EMPTY = frozenset({"none", "null", "nil", "nan", "undefined", "n/a", "-", "."})


@lru_cache(maxsize=20_000)
def _clean(value: str) -> str:
    """A value of a record as it may stand in a text: one line, no braces, "" where it says nothing."""
    value = plain(value).replace("{", "(").replace("}", ")")
    value = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return "" if value.casefold() in _EMPTY else value


@dataclass(slots=True)
class _Facts:
    """What the placeholders are filled from."""

    appointment: Appointment
    patient: Patient
    guess: str
    listing: str = ""
    count: str = ""
    number: str = ""


def _initial(facts: _Facts) -> str:
    name = _clean(facts.patient.first_name)
    return f"{name[0].upper()}." if name else ""


def _clinician(facts: _Facts) -> str:
    return _clean(facts.appointment.clinician) or _clinic(facts)


def _clinic(facts: _Facts) -> str:
    return _clean(facts.appointment.clinic_name) or _clean(facts.appointment.clinic)


def _place(facts: _Facts) -> str:
    return _clean(facts.appointment.place) or _clean(facts.appointment.clinic_name) or _hospital(facts)


def _hospital(facts: _Facts) -> str:
    return _clean(facts.appointment.hospital)


def _phone(facts: _Facts) -> str:
    return _clean(facts.appointment.phone) or _hospital(facts)


_VALUES: Mapping[str, Callable[[_Facts], str]] = {
    "clinician": _clinician,
    "clinic": _clinic,
    "place": _place,
    "hospital": _hospital,
    "phone": _phone,
    "first_name": lambda facts: _clean(facts.patient.first_name),
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


class _Speech:
    """One ruleset version in one language, made ready."""

    __slots__ = ("_instead", "_ruleset", "_templates", "calendar", "folds", "language")

    def __init__(self, ruleset: Ruleset, language: str) -> None:
        self._ruleset = ruleset
        self._templates: dict[str, _Template] = {}
        self._instead = BLANKS.get(language, _NOTHING)
        self.language = language
        self.folds = ruleset.accents.get(language, "fold") == "fold"
        self.calendar = _Calendar(language, ruleset.formats.get(language, DateFormats()), ruleset.hours.timezone)

    def template(self, prompt: str) -> _Template:
        known = self._templates.get(prompt)
        if known is None:
            known = self._templates[prompt] = _compile(self._ruleset.prompts[prompt].texts[self.language])
        return known

    def write(self, template: _Template, facts: _Facts, start: datetime, longest: Mapping[str, int] | None) -> str:
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
            self.write(line, _Facts(appointment, patient, "", number=str(number)), appointment.start, longest)
            for number, (appointment, patient) in enumerate(several, 1)
            if only in (None, patient.id)
        )
        appointment, patient = several[0]
        facts = _Facts(appointment, patient, "", listing=" ".join(lines), count=str(len(several)))
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
_speeches: dict[tuple[str, str], tuple[Ruleset, _Speech]] = {}


def _speech(ruleset: Ruleset, language: str) -> _Speech:
    key = (ruleset.version, language)
    known = _speeches.get(key)
    if known is not None and known[0] is ruleset:
        return known[1]
    if len(_speeches) >= _SPEECHES_KEPT:
        _speeches.clear()
    speech = _Speech(ruleset, language)
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
    speech = _speech(ruleset, chosen)
    template = speech.template(prompt)
    intent = None if guess is None else ruleset.intents.get(guess)
    called = "" if intent is None else _clean(intent.called.get(chosen, ""))
    facts = _Facts(appointment, patient, called)
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
    speech = _speech(ruleset, chosen)
    text = speech.settle(speech.write(_compiled(given[chosen]), _Facts(appointment, patient, ""), appointment.start, None))
    return Rendered(text, chosen, segments(text))


# What of PLACEHOLDERS only a prompt can be asked to fill.
_OF_PROMPTS_ONLY = frozenset({"guess", "list", "count", "number"})
FREE_PLACEHOLDERS = tuple(name for name in PLACEHOLDERS if name not in _OF_PROMPTS_ONLY)


def words_fault(template: str) -> TemplateFault | None:
    """What is wrong with words for `render_words`, None if nothing is."""
    try:
        for name, offset in placeholders(template):
            if name not in FREE_PLACEHOLDERS:
                near = did_you_mean(name, FREE_PLACEHOLDERS) or f"; there are {listed(FREE_PLACEHOLDERS)}"
                return TemplateFault(offset, f"{{{name}}} is not a placeholder{near}")
    except TemplateFault as fault:
        return fault
    return None


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
    speech = _speech(ruleset, chosen)
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


# ---- the worst case --------------------------------------------------------------------------------------------------

# Letters in turn, so that a value is neither all wide nor all narrow on a screen that shows it.
_NAME_PLAIN = "Professor Caoimhe Maire Ni Shuilleabhain"
_NAME_FADAS = "Professor Caoimhe Máire Ní Shúilleabháin"
_NUMBER = "+353 1 555 0123 x 99"


def worst_case(ruleset: Ruleset, prompt: str, language: str, *, fadas: bool = True) -> Rendered:
    """The dearest text that a prompt can plausibly become in a language: values of the lengths in LONGEST, the longest
    month, weekday and hour of the language, the longest guess. With `fadas`, names carry them where the language keeps
    accents; without, they never do: the difference is what a fada costs."""
    speech = _speech(ruleset, language)
    template = speech.template(prompt)
    guesses = [""]
    if "guess" in template.names:
        guesses += [_clean(intent.called.get(language, "")) for intent in ruleset.intents.values()]
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


def words_worst_case(ruleset: Ruleset, words: str, language: str) -> Rendered:
    """The same of words that are no prompt. Raises TemplateFault for what `words_fault` finds fault with."""
    return _dearest(ruleset, _compiled(words), language, [""], None, fadas=True)


def _dearest(
    ruleset: Ruleset,
    template: _Template,
    language: str,
    guesses: Sequence[str],
    listing: ListPrompt | None,
    *,
    fadas: bool,
) -> Rendered:
    speech = _speech(ruleset, language)
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
            text = speech.write(template, _Facts(appointment, patient, guess), start, None)
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
        return template is not None and bool(_compile(template))
    except TemplateFault:
        return False


def _dearest_list(speech: _Speech, listing: ListPrompt, most: int, appointment: Appointment, patient: Patient) -> str:
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
    calendar = _Calendar(language, formats, timezone)
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
