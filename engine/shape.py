"""The shape of a ruleset file: every key there is, what belongs there, and a line on what it does.

This is the one definition. The loader reads files by it, and `json_schema` tells editors of it, so that they complete
and explain keys while a person types. The descriptions are for that person: someone who runs a clinic, no programmer.
What only the whole file can tell (does this state exist? does anything lead to it?) is in the checks.
"""

from __future__ import annotations

import re
from datetime import datetime

from engine.appointment import AppointmentStatus
from engine.blocks import Block, Either, Key, Many, Named, Week
from engine.kinds import DURATION, FLAG, LANGUAGE, MOMENT, TEXT, Choice, Json, Number, Ref, Word, choice, named
from engine.reading import MIXED, UNKNOWN
from engine.shape_languages import ACCENTS, FORMATS, INTENT, LANGUAGE_WORDS, PROMPT, TRANSLATION
from engine.shape_states import STATE
from engine.shape_talks import TALK

FORMAT = "1"  # of the file; a later one is told apart by it

_NAME = named(
    "a name in small letters, digits and _", "[a-z][a-z0-9_]*", "cannot be a name: small letters, digits and _ only"
)
_SERVICE = named(
    "a name in small letters, digits and -", "[a-z][a-z0-9-]*", "cannot be a name: small letters, digits and - only"
)
_COUNTRY = named("the two capital letters of a country, such as IE", "[A-Z]{2}", "is not a country")
_STATE = Ref("state")
_PROMPT = Ref("prompt")
_STATUS = choice("appointment status", [str(status) for status in AppointmentStatus])


def _all_or(wants: str) -> Either:
    return Either(choice("", ["all"], hint=f"write all, or {wants}"), Many(TEXT, wants, 1, distinct=True))


APPLIES_TO = Block(
    "applies_to",
    {
        "appointments": Key(
            Many(_STATUS, "a list such as [booked]", 1, distinct=True),
            "Which appointments, by their status: booked (still to come), fulfilled (attended), noshow (missed).",
            required=True,
        ),
        "clinics": Key(
            _all_or("a list of clinic codes such as [EYE, CARDIO]"), "Which clinics: all, or a list of their codes."
        ),
        "types": Key(
            _all_or("a list of appointment types such as [NEW, RETURN]"), "Which types of appointment: all, or a list."
        ),
    },
)

HOURS = Block(
    "hours",
    {
        "timezone": Key(TEXT, "Whose clock the hours are on, such as Europe/Dublin.", required=True),
        "holidays": Key(_COUNTRY, "Country (two letters) on whose public holidays nothing is sent and staff are away."),
        "sending": Key(Week(), "When texts may go out. A text due outside waits for the next opening.", required=True),
        "staffed": Key(
            Week(), "When staff are in. What staff must do by when is counted in these hours.", required=True
        ),
    },
)

LIMITS = Block(
    "limits",
    {
        "texts_a_day": Key(
            Number(1, 50), "How many texts a patient may get from us in one day, about one appointment."
        ),
        "replies": Key(
            Number(1, 100), "How many replies the machine takes in one talk; after that a person takes over."
        ),
        "steps": Key(Number(5, 500), "How many states one talk may go through; after that a person takes over."),
        "segments": Key(Number(1, 10), "How many SMS parts one text may cost at most."),
        "reminder_gap": Key(
            DURATION, "A reminder for the silent is left out if another went out less than this long ago."
        ),
    },
)

MATCHING = Block(
    "matching",
    {
        "accept": Key(Number(50, 100), "How alike (0 to 100) a reply must be to a known phrase for us to act on it."),
        "ask": Key(Number(0, 100), "How alike it must be for us to ask “did you mean ...?”."),
        "lead": Key(Number(0, 100), "How much nearer it must be than to any other meaning."),
        "exact_below": Key(Number(1, 10), "Words with fewer letters than this must be spelt right."),
    },
)

_LOCAL = "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-2][0-9]:[0-5][0-9]"


def _local(text: str) -> datetime:
    if not re.fullmatch(_LOCAL, text):
        raise ValueError(f'"{text}" is not a date and a time')
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f'"{text}" is no day or hour of any calendar') from None


EXAMPLE = Block(
    "an example",
    {
        "start": Key(
            Word("a date and a time such as 2026-06-20 10:00", _LOCAL, _local),
            "When it is, on the clinic's clock.",
            required=True,
        ),
        "clinician": Key(TEXT, "Who it is with."),
    },
)

CADENCE_STEP = Block(
    "a step of the cadence",
    {
        "name": Key(_NAME, "A name for this step, for the record.", required=True),
        "when": Key(
            MOMENT, "When it is due, counted from the appointment: 10 days before, 1 day after at 10:00.", required=True
        ),
        "go": Key(_STATE, "The state to go to; it says what there is to say."),
        "say": Key(_PROMPT, "A prompt to send without leaving the present state."),
        "only_if": Key(
            Ref("state", ("silent", "attended", "missed")),
            "Send only if: silent (no reply yet), attended, missed, or the name of the state the talk must be in.",
        ),
        "late": Key(
            Choice("", {"send": True, "skip": False}),
            "For a booking made later than this moment: send at once, or skip.",
        ),
    },
    one_of=(("go", "say"),),
)

_LISTING = {
    "ask": Key(_PROMPT, "The text itself. {list} in it is where the lines go, {count} how many they are.", required=True),
    "line": Key(_PROMPT, "One line of the list: {number}, {date} and {time} of one appointment.", required=True),
    "named": Key(_PROMPT, "The line where the phone is that of several patients: with {initial} or {first_name}."),
}

ONE_PHONE = Block(
    "one_phone",
    {
        "which": Key(
            Block("which", dict(_LISTING)),
            "The question which appointment a reply is about. Without it, staff find out.",
        ),
        "together": Key(
            Block("together", dict(_LISTING)),
            "The reminder of several appointments that are due on one day. Without it, each has a text of its own.",
        ),
        "handed": Key(_PROMPT, "What is said where staff have to find out which one is meant. Without it, nothing."),
        "most": Key(Number(2, 6), "How many appointments one such text may list. 3 if left out."),
    },
)

ALWAYS = Block(
    "always",
    {
        name: Key(_STATE, about, required=True)
        for name, about in {
            "urgent": "Where a reply that may be about an emergency leads.",
            "deceased": "Where the news leads that the patient has died.",
            "wrong_number": "Where “wrong number” leads.",
            "stop": "Where STOP leads.",
            "start": "Where START leads, after a STOP.",
            "appointment_changed": "Where the talk goes when the hospital moves or changes the appointment.",
            "appointment_cancelled": "Where the talk goes when the hospital cancels the appointment.",
            "after_close": "Where a reply leads that comes after the talk is over.",
        }.items()
    },
)

STAFF = Block(
    "staff",
    {
        name: Key(_STATE, about, required=True)
        for name, about in {
            "confirm": "Where the talk goes when staff say that the patient is coming.",
            "cancel": "Where the talk goes when staff cancel the appointment.",
            "keep": "Where the talk goes when staff leave the appointment as it is.",
            "hand_back": "Where the talk goes on when staff give it back to the machine.",
        }.items()
    },
)

FILE = Block(
    "a ruleset",
    {
        "format": Key(Choice("", {FORMAT: FORMAT}), "The format of this file. Always 1.", required=True),
        "ruleset": Key(_SERVICE, "A name for this ruleset.", required=True),
        "summary": Key(TEXT, "One sentence on what it does.", required=True),
        "like": Key(_SERVICE, "The shared ruleset that holds for all that is not written here. What is, takes its place."),
        "sensitive": Key(FLAG, "yes: no text may say with whom or where the appointment is."),
        "languages": Key(
            Many(LANGUAGE, "a list such as [en, ga]", 1, distinct=True),
            "The languages that texts are written in. A patient whose language is not here gets the first.",
            required=True,
        ),
        "applies_to": Key(APPLIES_TO, "Which appointments this ruleset is for.", required=True),
        "hours": Key(HOURS, "When texts go out, and when staff are in.", required=True),
        "limits": Key(LIMITS, "How much is too much."),
        "formats": Key(Named(LANGUAGE, FORMATS, "date formats for each language"), "How dates and times are written."),
        "accents": ACCENTS,
        "example": Key(
            EXAMPLE, "The appointment that the phrase checks below answer: “yes, 2pm” is no yes to one at ten."
        ),
        "cadence": Key(
            Many(CADENCE_STEP, "a list of steps such as - {name: first, when: 10 days before, go: waiting}", 1),
            "Which text goes out when.",
            required=True,
        ),
        "closes": Key(MOMENT, "When the talk is over. Later replies go to staff.", required=True, example="1 hour after"),
        "one_phone": Key(ONE_PHONE, "What is said where one phone has several appointments: a family's, or two clinics'."),
        "matching": Key(MATCHING, "How alike a reply must be to a known phrase."),
        "words": Key(
            Named(LANGUAGE, LANGUAGE_WORDS, "words for each language"),
            "Words that matter for understanding, in each language.",
        ),
        "intents": Key(
            Named(_NAME, INTENT, "a block for each meaning", 1),
            "What a reply can mean, and how patients say it.",
            required=True,
        ),
        "prompts": Key(
            Named(_NAME, PROMPT, "a block for each text", 1),
            "What we say: a text of the first language, or one for each.",
            required=True,
        ),
        "always": Key(ALWAYS, "What outranks every state.", required=True),
        "staff": Key(STAFF, "Where the talk goes when staff settle it.", required=True),
        "states": Key(
            Named(_NAME, STATE, "a block for each state", 1), "Where a talk can stand, and the ways out.", required=True
        ),
        "phrases": Key(
            Many(
                Block(
                    "a phrase check",
                    {
                        "is": Key(
                            Ref("intent", (UNKNOWN, MIXED), use=False), "The meaning it must be read as.", required=True
                        )
                    },
                    per_language=Key(TEXT, "What a patient might write, in this language."),
                    languages=1,
                ),
                "a list such as - {en: yess, is: confirm}",
            ),
            "Checks of reading: this reply means that.",
        ),
        "talks": Key(Many(TALK, "a list of talks"), "Checks of whole talks: this is said, then that."),
        "translations": Key(
            Named(LANGUAGE, TRANSLATION, "a block for each language"),
            "All that is written in the other languages, a block for each.",
        ),
    },
)


def json_schema() -> Json:
    """The shape as a JSON Schema, draft 2020-12, for editors. It knows the shape only: the loader is the judge."""
    told = FILE.schema()
    whole = {"required": told.pop("required")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Freagra ruleset",
        "description": "The rules of one text conversation with patients. Made from engine/shape.py; do not edit.",
        **told,
        "if": {"required": ["like"]},
        "then": {"required": ["ruleset", "summary", "applies_to"]},
        "else": whole,
    }
