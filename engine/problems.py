"""What is wrong with a ruleset, said so that a person can mend it: where, what, and what to write instead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rapidfuzz import fuzz, process

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Code:
    severity: Severity
    meaning: str  # one sentence


def _error(meaning: str) -> Code:
    return Code("error", meaning)


def _warning(meaning: str) -> Code:
    return Code("warning", meaning)


# Every code that a check can give. Errors keep a ruleset from being used, warnings do not. docs/rulesets.md shows the
# same table, and a test holds the two together.
CODES: Mapping[str, Code] = {
    # The YAML itself
    "R001": _error("The file holds a tab; YAML is laid out with spaces."),
    "R002": _error("The file is not YAML at this place."),
    "R003": _error("A key stands twice in one block."),
    "R004": _error("An anchor (&), alias (*) or merge key (<<) is used; rulesets do without."),
    "R005": _error("A tag (!) is used; rulesets do without."),
    "R006": _error("The file holds more than one document."),
    "R007": _error("The file holds a character that no text may hold, or is not UTF-8."),
    "R008": _error("The file is too long, or its blocks stand too deep in one another."),
    "R009": _error("The file is empty."),
    # Keys and values
    "R010": _error("A key is not known at this place."),
    "R011": _error("A key is missing."),
    "R012": _error("A value is of the wrong kind: a list where a text belongs, for example."),
    "R013": _error("A value is not one of those that are possible here."),
    "R014": _error("Nothing is written after a key."),
    "R015": _error("Keys stand together that exclude each other, or none of them stands there."),
    "R016": _error("The same thing stands twice in one list."),
    # References
    "R020": _error("There is no state of this name."),
    "R021": _error("There is no intent of this name."),
    "R022": _error("There is no prompt of this name."),
    "R023": _error("There is no placeholder of this name, or a brace is out of place."),
    "R024": _error("The language is not among the languages of the file, or is no known language."),
    "R025": _error("There is no kind of task of this name."),
    "R026": _error("There is no act of staff of this name."),
    "R027": _error("The name has a meaning of its own and cannot be given."),
    "R028": _error("States are like each other in a circle."),
    # States
    "R030": _error("No way leads to the state."),
    "R031": _error("The state is a dead end: it neither ends the talk, nor hands it to staff, nor takes a reply."),
    "R032": _error("A question lacks one of its four ways out: replies, no_reply, unclear, send_failed."),
    "R033": _error("A reply that cannot be read has no way out of the state."),
    "R034": _error("Texts that cannot be delivered lead round in a circle in which the patient has no part."),
    "R035": _error("A rung of a ladder can never be reached."),
    "R036": _error("A ladder leads to nobody: its last rung has to reach a state that staff hear of."),
    "R037": _error("Two steps of the cadence have the same name."),
    "R038": _warning("Waits alone lead round in a circle, with no reply from the patient."),
    "R039": _error("The state is given something that it cannot have."),
    # Languages
    "R040": _error("A text is missing in one of the languages."),
    "R041": _warning("A language lacks words, phrases or date formats that another language has."),
    "R042": _warning("A translation is a draft that nobody has signed off."),
    "R043": _error("A text has other placeholders in one language than in the first one."),
    "R044": _error("A text is written twice for a language: in its block under translations, and in its place."),
    "R045": _warning("A text differs from the shared ruleset's in some of its languages alone."),
    # What texts cost
    "R050": _error("A text can cost more SMS parts than the limit."),
    "R051": _warning("A character makes the whole text dearer."),
    "R052": _error("{guess} is used where there is no guess, or where no intent can be named."),
    "R053": _error("A prompt of a list lacks what tells appointments apart, shows what it must not, or stands elsewhere."),
    # Reading replies
    "R060": _error("The same phrase stands under two intents."),
    "R061": _error("The same key stands under two intents."),
    "R062": _warning("The same phrase stands under two intents in different languages."),
    "R063": _warning("A prompt is never used."),
    "R064": _warning("An intent is never used."),
    "R065": _warning("A phrase or key stands twice under one intent."),
    "R066": _error("A kind of question is no kind of the intent with the key ?, or has more than phrases."),
    # A ruleset that is like a shared one
    "R090": _error("There is no such ruleset to be like, or it cannot be shared."),
    "R091": _error("A ruleset that is like another does not say which clinics or types of appointment it is for."),
    "R092": _error("A text of a sensitive clinic says with whom or where the appointment is."),
    # Safety and time
    "R070": _warning("A prompt teaches a word by which carriers stop all texts."),
    "R071": _warning("A prompt holds a link, or speaks of money, prizes or opinions, as fraudulent texts do."),
    "R072": _error("The hours never open."),
    "R073": _error(
        "A text or a wait comes at the wrong side of the appointment, or before the question it belongs to."
    ),
    "R074": _error("The talk closes before everything in it can happen."),
    "R075": _error("A prompt teaches a word that the carrier of the hospital's gateway takes for something else."),
    "R076": _warning("A key is a word that the carrier of the hospital's gateway takes for something else."),
    "R077": _error("A STOP does not stop texts, or what it may stop has no answer that says so."),
    # The tests inside the file
    "R080": _error("A reply is not read as the file says it is."),
    "R081": _error("A talk does not go as the file says it goes."),
    "R082": _warning("No talk shows these ways from state to state."),
    "R083": _error("One of the talks that every ruleset has to pass, for safety, goes wrong."),
}


class Mark(NamedTuple):
    """A place in a file: line and column from 1, length in characters. `file` is the name of the shared ruleset's file for a
    place in it, "" for the file that is checked."""

    line: int
    column: int
    length: int = 1
    file: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """`source` is the line of the file; `length` that of the offending token, from `column` on. `meant` is what belongs there
    instead, or the line that is missing, as far as that can be told: engine/mending.py makes edits of it."""

    file: str
    line: int
    column: int
    code: str
    message: str
    severity: Severity
    hint: str = ""
    source: str = ""
    length: int = 1
    meant: str = ""

    def render(self) -> str:
        """The problem as a person reads it: place and message, the line with a caret under the token, and how to mend
        it."""
        kind = "warning: " if self.severity == "warning" else ""
        lines = [f"{self.file}:{self.line}:{self.column}: {kind}{self.message} [{self.code}]"]
        gutter = " " * (len(str(self.line)) + 1)
        if self.source.strip():
            before = self.source[: self.column - 1]
            token = self.source[self.column - 1 : self.column - 1 + self.length]
            caret = "^" + "~" * (_width(token) - 1)
            lines += [f"{gutter}|", f"{self.line} | {self.source}", f"{gutter}| {_blank(before)}{caret}"]
        lines += [f"{gutter}= {line}" for line in self.hint.splitlines()]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "length": self.length,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "hint": self.hint,
            "source": self.source,
        }


def _width(text: str) -> int:
    """Columns that a terminal gives the text: two for wide letters and emoji, none for joiners and bare accents."""
    return sum(
        0 if unicodedata.combining(letter) or letter in "\u200d\ufe0f" else 2 if _wide(letter) else 1 for letter in text
    )


def _wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"


def _blank(text: str) -> str:
    """As wide as the text, and tabs where it has tabs."""
    return "".join("\t" if letter == "\t" else " " * _width(letter) for letter in text)


LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as YAML counts lines


class Report:
    """Problems of one file, and of the shared one that it is like, as they are found, in any order."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._lines = {"": LINE_END.split(text)}
        self._found: dict[Problem, None] = {}

    def reads_too(self, file: str, text: str) -> None:
        """Problems may also be told at places of this file. Warnings there are not taken: that file's own check gives them."""
        self._lines[file] = LINE_END.split(text)

    def add(self, code: str, mark: Mark, message: str, hint: str = "", *, meant: str = "") -> None:
        """`meant` as in `Problem`; what the message asks ("did you mean ...?") need not be said again."""
        if mark.file and CODES[code].severity == "warning":
            return
        asked = _ASKED.search(message)
        problem = Problem(
            mark.file or self.file,
            mark.line,
            mark.column,
            code,
            message,
            CODES[code].severity,
            hint,
            self.source(mark).rstrip(),
            mark.length,
            meant or (asked[1] if asked is not None else ""),
        )
        self._found[problem] = None

    def source(self, mark: Mark) -> str:
        """The line of the place."""
        lines = self._lines[mark.file]
        return lines[mark.line - 1] if mark.line <= len(lines) else ""

    def inside(self, mark: Mark, token: str) -> Mark:
        """Where the token stands in the value at this place, if that can be told."""
        found = self.source(mark).find(token, mark.column - 1)
        return mark._replace(column=found + 1, length=len(token)) if found >= 0 else mark

    @property
    def count(self) -> int:
        return len(self._found)

    @property
    def failed(self) -> bool:
        """Whether there are errors, not warnings alone."""
        return any(problem.severity == "error" for problem in self._found)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """In the order of the file, those of a shared one behind them; what was found twice, once."""

        def place(found: Problem) -> tuple[bool, int, int, str, str]:
            return found.file != self.file, found.line, found.column, found.code, found.message

        return tuple(sorted(self._found, key=place))


# ---- "did you mean" --------------------------------------------------------------------------------------------------

_NEAR = 60.0
_LISTED = 40


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that this one is a misspelling of, None where none is near."""
    found = process.extractOne(word.casefold(), list(known), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return found[0] if found else None


_ASKED = re.compile(r'; did you mean "([^"]+)"\?$')


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "..."?`, or nothing."""
    near = nearest(word, known)
    return f'; did you mean "{near}"?' if near else ""


def listed(words: Iterable[str]) -> str:
    """Words with commas between, a long list cut."""
    known = list(words)
    if len(known) > _LISTED:
        return f"{', '.join(known[:_LISTED])} and {len(known) - _LISTED} more"
    return ", ".join(known) or "none"
