"""The shape of those blocks of a ruleset file that hold words of a language: intents, prompts, formats, translations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.blocks import Block, Either, Key, Many, Named
from engine.kinds import LANGUAGE, TEXT, Json, Kind, Number, Ref, Sheet, Word, choice
from engine.nodes import Node, Table


@dataclass(frozen=True, slots=True)
class PerLanguage(Kind):
    """A value for each language; read as a dict. An editor may see the value alone: `engine/translations.py` makes it
    that of the first language before the file is read."""

    value: Kind
    wants: str

    def wanted(self) -> str:
        return self.wants

    def read(self, node: Node, sheet: Sheet) -> Any:
        return (self._block() if isinstance(node, Table) else self.value).read(node, sheet)

    def schema(self) -> Json:
        return {"anyOf": [self.value.schema(), self._block().schema()]}

    def _block(self) -> Named:
        return Named(LANGUAGE, self.value, self.wants)


_WORDS = Many(TEXT, "a list such as [not, never]")
_KEYS = Many(TEXT, "a list such as [Y, YES]")
_PHRASES = Many(TEXT, "a list such as [i will be there, see you then]")
_ACCENTS = choice("", ["keep", "fold"])
_ACCENTS_ABOUT = "keep: accents stay, though one makes a whole text dearer. fold: á is sent as a where that saves a part."

FORMATS = Block(
    "a date format",
    {
        "date": Key(TEXT, "How {date} is written: MMMM d gives June 20, d MMMM gives 20 June.", required=True),
        "time": Key(TEXT, "How {time} is written: h:mm a gives 2:30 PM, HH:mm gives 14:30.", required=True),
        "weekday": Key(TEXT, "How {weekday} is written: EEEE gives Saturday, EEE gives Sat.", required=True),
    },
)

ACCENTS = Key(Named(LANGUAGE, _ACCENTS, "keep or fold for each language"), _ACCENTS_ABOUT)

LANGUAGE_WORDS = Block(
    "the words of a language",
    {
        "negations": Key(_WORDS, "Words that turn a meaning round: not, never, can't."),
        "questions": Key(_WORDS, "Words that begin a question: what, when, is it."),
        "fillers": Key(_WORDS, "Polite words that carry no meaning: please, thanks, hi."),
    },
)

_LISTS = PerLanguage(_PHRASES, "a list, or a list for each language")

INTENT = Block(
    "an intent",
    {
        "called": Key(PerLanguage(TEXT, "a text, or a text for each language"), "How “did you mean ...?” names it."),
        "kind_of": Key(
            Ref("intent"),
            "The intent of questions: this is one that a text answers. A reply that asks anything else besides is a question.",
        ),
        "keys": Key(_KEYS, "Whole replies that mean this, in any language: Y, YES, 1."),
        "phrases": Key(_LISTS, "Ways in which patients say it."),
        "words": Key(_LISTS, "Words that decide wherever they stand in a reply. For dangers only."),
        "unless": Key(_LISTS, "Phrases in which it must not be read."),
    },
)

PROMPT = Either(
    TEXT,
    Block(
        "a prompt",
        {"draft": Key(Many(LANGUAGE, "a list such as [pl, uk]", 1, distinct=True), "Languages that nobody has checked yet.")},
        per_language=Key(TEXT, "The text in this language. Placeholders such as {date} are filled in when it is sent."),
    ),
)

_REVIEWED = r"[0-9]{4}-[0-9]{2}-[0-9]{2} by \S.*"


def _reviewed(text: str) -> str:
    if not re.fullmatch(_REVIEWED, text):
        raise ValueError(f'"{text}" does not say when and by whom')
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        raise ValueError(f'there is no day "{text[:10]}"') from None
    return text


def _of_intents(value: Kind, wants: str) -> Named:
    return Named(Ref("intent", use=False), value, wants)


TRANSLATION = Block(
    "a translation",
    {
        "draft": Key(
            choice("", ["yes"], hint="write yes; once someone has checked it, write reviewed: in its place"),
            "yes: nobody who speaks the language has checked it yet.",
        ),
        "reviewed": Key(
            Word("the day and the name, such as 2026-11-20 by A. Speaker", _REVIEWED, _reviewed),
            "Who checked it, and when: 2026-11-20 by A. Speaker Write it in place of draft.",
        ),
        "segments": Key(Number(1, 10), "How many SMS parts one text may cost at most in this language."),
        "accents": Key(_ACCENTS, _ACCENTS_ABOUT),
        "formats": Key(FORMATS, "How dates and times are written."),
        "called": Key(
            _of_intents(TEXT, "a block of lines such as confirm: keep the appointment"),
            "How “did you mean ...?” names each intent.",
        ),
        "keys": Key(
            _of_intents(_KEYS, "a block of lines such as confirm: [TAK]"),
            "Whole replies that this language's prompts teach, for each intent; they count in every language.",
        ),
        "phrases": Key(
            _of_intents(_PHRASES, "a block of lines such as cancel: [nie przyjdę]"),
            "Ways in which patients say each intent.",
        ),
        "words": Key(
            _of_intents(_PHRASES, "a block of lines such as urgent: [ból w klatce]"),
            "Words that decide wherever they stand in a reply, for each intent. For dangers only.",
        ),
        "unless": Key(
            _of_intents(_PHRASES, "a block of lines such as cancel: [inny termin]"),
            "Phrases in which an intent must not be read.",
        ),
        "prompts": Key(
            Named(Ref("prompt", use=False), TEXT, 'a block of lines such as reminder: "..."'),
            "Every prompt in this language, with the same placeholders as in the first.",
        ),
    },
    one_of=(("draft", "reviewed"),),
)
