"""What a reply means: the layers of reading, in order, and the evidence for each decision.

A reply is acted on only where one meaning is left when everything that speaks against it has been heard: negations,
questions, hedges, conditions, a second meaning, words that nobody taught us. What remains unclear is asked about or
given to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from engine.days_kept import DaysKept
from engine.normalise import ASKED, Normalised, fold, normalise
from engine.phrasebook import Phrasebook
from engine.prepared import QUOTED_FROM, Prepared, prepare
from engine.reader import Reader
from engine.reading import MIXED, ROBOT, UNKNOWN, Candidate, Reading
from engine.ruleset import Ruleset
from engine.told import Told, elsewhere
from engine.utterance import Utterance

# What `label` says: the labels by which readings are judged. `keep` undoes what was asked; the visit stands.
LABELS = frozenset(
    {"confirm", "reschedule", "cancel", "stop", "wrong_number", "deceased", "urgent", "question", "thanks"}
    | {"running_late", "already_attended", MIXED, UNKNOWN}
)
_SAME_LABEL = {"keep": "confirm"}

_CODE = re.compile(r"[{}\\]|</?\w+[^>]*>|\w\(|\(\)|' *or\b|\$\w|^[=@]|&&|\|\|")
# "STOP SMS 36111", "-50 %": who sells something tells how to be rid of it.
_ADVERT = re.compile(r"\b(?:stop|baja|sair)(?: \w{1,4}){0,2} \d{3,6}\b(?!\d)|(?<!\w)-\d\d ?%")
_QUOTE = re.compile(r'"([^"]*)"?')
# What stands around what is quoted: "> ", "On 12 June at 9:00 the hospital wrote:", "On Tue,", "--- Original message ---".
_QUOTING = re.compile(
    r"^(?:[>|\s]+|-* ?original message ?-*|on .{3,80} wrote: ?|on (?:mon|tue|wed|thu|fri|sat|sun)\w{0,6}\b.{0,40}[,:] ?"
    r"|(?:from|sent|to|subject|date): .{0,80})$",
    re.MULTILINE,
)
_SHORTEST_QUOTE = 24
_TELLING = 2  # words that two languages share: fewer tell nothing of which it is
_TORN = 5  # letters of our text by which its torn end is known
_REASON = re.compile(r"\b(?:until|till?|after|since|before|from)\b(?: \S+){1,5}")  # "away until the 27th"
_BORN = re.compile(r"\b\d{1,2}[/.-]\d{1,2}[/.-](?:19\d\d|20[01]\d|[4-9]\d)\b")  # a date too old to be a visit's
_STRUCK = re.compile("[\u0335\u0336]")
_SHORTEST_ALARM = 3  # letters, in another language than the rest
_INSTEAD_OF = re.compile(r"\b(?:instead of|rather than) (?:the |at |on )?(\d{1,2}(?![\d:/.])(?! ?[ap]m)|\S+(?: \S+)?)")
_SHORT = 8  # words: all of them are taken to be about the answer
_PREPARED_AT_ONCE = 32


class _Cache:
    """Prepared rulesets by version, the oldest dropped first. A version is the hash of a file's text, so none goes
    stale.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._prepared: dict[str, Prepared] = {}

    def get(self, ruleset: Ruleset) -> Prepared:
        prepared = self._prepared.get(ruleset.version)
        if prepared is None:
            prepared = prepare(ruleset)
            if len(self._prepared) >= self._most:
                self._prepared.pop(next(iter(self._prepared)), None)
            self._prepared[ruleset.version] = prepared
        return prepared


_CACHE = _Cache(_PREPARED_AT_ONCE)


def make_ready(ruleset: Ruleset) -> None:
    """Do now what the first reading under a ruleset would do first: most of a second where none was like it."""
    _CACHE.get(ruleset)


def read(ruleset: Ruleset, text: str, language: str = "", told: Told | None = None) -> Reading:
    """What `text` means under `ruleset`. `language` is the patient's, tried first among those that fit equally well.
    `told` is the appointment that it answers: an answer that names another day, hour or clinician is asked about.

    Pure and total: the same arguments give the same reading, and no string of any kind raises.
    """
    prepared = _CACHE.get(ruleset)
    normal = normalise(text)
    if _STRUCK.search(text):
        return Reading(UNKNOWN, 0.0, "struck", normal.text, why="What is struck through may be taken back.")
    whole = _whole(prepared, normal)
    if whole is not None:
        return whole
    if told is not None:  # the name that we gave them says nothing new
        known = frozenset(re.findall(r"[^\W\d_]{3,}", told.clinician.casefold()))
        normal = replace(normal, tokens=tuple(token for token in normal.tokens if token not in known))
    book, rivals = _books(prepared, normal, language)
    own = _own_words(prepared, book, normal.text)
    reading = _robot_or_quote(prepared, ruleset, normal, own, (book, *rivals), told)
    if told is None:
        return reading
    days = DaysKept(book, normalise(own), told)
    ending = (days.ends_in_another() or days.in_another_month()) if reading.intent in prepared.affirming else ""
    return _about(prepared, reading, told, own, dict.fromkeys((language, book.language)), ending)


def _own_words(prepared: Prepared, book: Phrasebook, text: str) -> str:
    """A reply without our text in it, the lines that its phone adds, numbers of files, dates of birth and the name under a
    letter.
    """
    left = text if book.trailer is None else book.trailer.sub("", text)
    left = _BORN.sub("", left if book.identifier is None else book.identifier.sub("", left))
    return _without_quotes(prepared, book.unsigned(left))


def _about(prepared: Prepared, reading: Reading, told: Told, own: str, languages: Iterable[str], ending: str) -> Reading:
    """The reading, unless it settles an appointment and the reply speaks of another. Reasons may hold other dates ("I
    have to cancel, I am away until the 25th"), so a reply that is no yes is held to its words only where it is short.
    """
    refuses = reading.intent in prepared.refusing
    settles = reading.intent in prepared.affirming or (refuses and len(own.split()) <= _SHORT)
    text = own if reading.intent in prepared.affirming else _REASON.sub(" ", own)
    others = (elsewhere(told, text, language) for language in languages) if settles else ()
    if reading.intent in prepared.yielding:
        instead = product(_INSTEAD_OF.findall(own), languages)
        others = (was for was, language in instead if _not_told(told, was, language))
    other = next(filter(None, others), "") or ending
    if not other:
        return reading
    why = f'"{other}" is not what the patient was told, so it is not taken for an answer to that.'
    return replace(reading, intent=MIXED, rule="other-time", guess=None, why=why)


def _not_told(told: Told, was: str, language: str) -> bool:
    """Whether what a reply would have changed ("8 instead of 7") is no hour or day of the appointment."""
    if was.isdecimal():
        return int(was) not in (told.start.day, told.start.hour, told.start.hour % 12 or 12)
    return bool(elsewhere(told, was, language))


def label(reading: Reading) -> str:
    """The label of a reading among LABELS; `unknown` for an intent that has none."""
    name = _SAME_LABEL.get(reading.intent, reading.intent)
    return name if name in LABELS else UNKNOWN


def _whole(prepared: Prepared, normal: Normalised) -> Reading | None:
    """Nothing at all, or nothing but a key: Y, yes, YES YES, 👍👍."""
    words = normal.words
    if not words:
        if ASKED in normal.tokens and prepared.asking:
            return Reading(prepared.asking, 100.0, "key", normal.text, why="Nothing but a question mark.")
        return Reading(UNKNOWN, 0.0, "empty", normal.text, why="There is no word in it.")
    if ASKED in normal.tokens or normal.cut:
        return None
    found = prepared.keys.get(" ".join(words))
    if found is None and len(words) <= 12:
        each = [prepared.keys.get(word) for word in words]
        intents = {entry[0] for entry in each if entry is not None}
        if len(intents) == 1 and None not in each:
            found = each[0]
        elif all(len(word) == 1 for word in words):
            found = prepared.keys.get("".join(words))
    if found is None:
        return None
    intent, key = found
    return Reading(
        intent, 100.0, "key", normal.text, (Candidate(intent, key, 100.0),), why=f"The whole reply is the key {key}."
    )


def _robot_or_quote(
    prepared: Prepared, ruleset: Ruleset, normal: Normalised, own: str, books: Sequence[Phrasebook], told: Told | None
) -> Reading:
    book, *rivals = books
    text = normal.text
    if '"' in text and any(
        re.match(rf"(?:{re.escape(word)}\b|[^\w\s\"]+ to\b)[^\"]{{0,20}}\"", text) for word in book.tapbacks
    ):
        return Reading(UNKNOWN, 0.0, "tapback", text, why="A phone's reaction to our text, not an answer.")
    if _CODE.search(text):
        return Reading(UNKNOWN, 0.0, "code", text, why="It looks like program code, not like an answer.")
    if _ADVERT.search(text):
        return Reading(UNKNOWN, 0.0, ROBOT, text, why="It reads like an advertisement.")
    if own != text:
        rest = normalise(own)
        if not rest.words:
            return Reading(UNKNOWN, 0.0, "quoted", text, why="Our own text, a name or a number without an answer.")
        whole = _whole(prepared, rest)
        if whole is not None:
            return replace(whole, normalised=text)
        normal = Normalised(text, rest.tokens, normal.cut)
    reading = Reader(Utterance(prepared, book, normal, told), ruleset.matching).read()
    if reading.rule != "word" and len(prepared.books) > 1:
        alarm = _alarm_in_another_language(prepared, ruleset, book, normal)
        if alarm is not None:
            return alarm
    for other in rivals:
        second = Reader(Utterance(prepared, other, normal, told), ruleset.matching).read()
        if label(second) == label(reading) or (reading.clear and second.rule == "nothing-matched"):
            continue
        if (reading.clear and second.clear) or len(normal.words) < _TELLING:
            why = f"Its words are of two languages, in which they mean {reading.intent} and {second.intent}."
            return replace(reading, intent=UNKNOWN, rule="two-languages", guess=None, why=why)
        if reading.rule == "nothing-matched" and second.clear:
            reading = second
    return reading


def _alarm_in_another_language(prepared: Prepared, ruleset: Ruleset, book: Phrasebook, normal: Normalised) -> Reading | None:
    """Danger told in the words of another language than the rest: "tá chest pain orm". Every word of it must stand there as
    that language has it, and be none of the language that is spoken otherwise: "more" is no misspelt "morte".
    """
    strange = {word if word.isascii() else fold(word) for word in normal.words} - book.known
    if not strange:
        return None
    for other in prepared.books.values():
        if other is not book and not strange.isdisjoint(other.deciding.beginnings):
            found = Reader(Utterance(prepared, other, normal), ruleset.matching).alarm()
            if found is None or len(found.candidates[0].phrase) <= _SHORTEST_ALARM:
                continue
            if strange.issuperset(other.spelt(normalise(found.candidates[0].phrase).words)):
                return found
    return None


def _books(prepared: Prepared, normal: Normalised, language: str) -> tuple[Phrasebook, tuple[Phrasebook, ...]]:
    """The language that has most of the words, and the others that have as many: "da" is a word in each of several. The
    patient's own language has no rivals where it has as many.
    """
    books = prepared.books
    own = books.get(language) or next(iter(books.values()))
    if len(books) == 1:
        return own, ()
    words = [word if word.isascii() else fold(word) for word in normal.words[:60]]
    most = own.familiarity(words)
    if most == len(words):
        return own, ()
    counts = {name: book.familiarity(words) for name, book in books.items()}
    best = max(counts.values())
    if best == 0 or most == best:
        return own, ()
    first, *others = (books[name] for name, count in counts.items() if count == best)
    return first, tuple(others)


def _without_quotes(prepared: Prepared, text: str) -> str:
    """The reply without our own words in it: phones quote the text that is answered."""
    if len(text) < _SHORTEST_QUOTE:
        return text
    beginnings = prepared.prompts
    parts = [
        part
        for at in range(len(text) - QUOTED_FROM + 1)
        if not (at and text[at - 1].isalnum())  # "... th[is cancelled.]" is not ours
        for part in beginnings.get(text[at : at + QUOTED_FROM], ())
        if text.startswith(part, at)
    ]
    if not parts:
        return text
    for quote in _QUOTE.finditer(text):
        if any(part in quote.group(1) for part in parts):
            return f"{text[: quote.start()]}\n{text[quote.end() :]}"
    start = min(text.find(part) for part in parts)
    end = max(text.find(part) + len(part) for part in parts)
    rest = text[end:].strip()
    if len(rest) > _TORN and any(part.startswith(rest) for parts in beginnings.values() for part in parts):
        end = len(text)  # cut off in the middle of one
    return _QUOTING.sub("", f"{text[:start]}\n{text[end:]}")
