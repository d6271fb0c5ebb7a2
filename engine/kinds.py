"""The kinds of value that a ruleset file can hold. Each knows how to read a node of the file, and how to tell an editor
what belongs there (JSON Schema, draft 2020-12), so the two cannot part ways. `shape.py` makes the whole file of them.

Reading never stops at the first fault: what is wrong is reported and left out (`NOTHING`), the rest is read on.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine import spans
from engine.nodes import Broken, Listing, Node, Scalar, Table
from engine.problems import Mark, Report, did_you_mean, listed

NOTHING: Final = object()  # read in place of a value that was refused
_QUOTE = "a text that begins with { or [ goes in double quotes"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that has to be given elsewhere in the file. `thing` is what it names; `use`: it brings the thing into play
    (a test that speaks of it does not); `also`: other words that could have stood there."""

    thing: str
    name: str
    mark: Mark
    use: bool
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What reading a file gathers beside its values."""

    report: Report
    references: list[Reference] = field(default_factory=list)
    unsound: set[Mark] = field(default_factory=set)  # keys of named blocks that had something wrong in them


class Kind(ABC):
    @abstractmethod
    def wanted(self) -> str:
        """What to write, for messages: "a length of time such as 15m"."""

    @abstractmethod
    def read(self, node: Node, sheet: Sheet) -> Any:
        """The value, or NOTHING where it was refused: then the sheet's report says why."""

    @abstractmethod
    def schema(self) -> Json:
        """The kind as JSON Schema."""

    def _refuse(self, node: Node, sheet: Sheet, hint: str = "") -> Any:
        """Report a node that is not even of the right make."""
        if isinstance(node, Scalar) and not node.text:
            sheet.report.add("R014", node.mark, "nothing is written here", f"{self.wanted()} belongs here")
        elif not isinstance(node, Broken):
            made = {Scalar: "a single text", Listing: "a list", Table: "a block"}[type(node)]
            sheet.report.add("R012", node.mark, f"{self.wanted()} belongs here, not {made}", hint)
        return NOTHING


def kept(values: Iterable[Any]) -> tuple[Any, ...]:
    """Without what was refused."""
    return tuple(value for value in values if value is not NOTHING)


# ---- single texts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Word(Kind):
    """A text. `parse` makes the value, or raises ValueError saying what is wrong; `pattern` is for editors and must not
    refuse what `parse` takes."""

    wants: str = "a text"
    pattern: str = ""
    parse: Callable[[str], Any] = str

    def wanted(self) -> str:
        return self.wants

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Scalar) or not node.text.strip():
            return self._refuse(node, sheet, _QUOTE)
        try:
            return self.parse(node.text)
        except ValueError as error:
            sheet.report.add("R013", node.mark, str(error), f"{self.wanted()} belongs here")
            return NOTHING

    def schema(self) -> Json:
        if self.pattern:
            return {"type": "string", "pattern": f"^({self.pattern})$"}
        # An editor sees 1 and true where the loader sees the texts "1" and "true".
        return {"type": ["string", "number", "boolean"]}


def _named(pattern: str, fault: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f'"{text}" {fault}')
        return text

    return parse


def named(wants: str, pattern: str, fault: str) -> Word:
    """A text of one pattern."""
    return Word(wants, pattern, _named(pattern, fault))


@dataclass(frozen=True, slots=True)
class Ref(Kind):
    """The name of something that the file gives elsewhere. `also`: words with a meaning of their own that may stand
    here instead."""

    thing: str
    also: tuple[str, ...] = ()
    use: bool = True

    def wanted(self) -> str:
        return f"the name of {'an' if self.thing[0] in 'aeiou' else 'a'} {self.thing}"

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Scalar) or not node.text.strip():
            return self._refuse(node, sheet)
        if node.text not in self.also:
            sheet.references.append(Reference(self.thing, node.text, node.mark, self.use, self.also))
        return node.text

    def schema(self) -> Json:
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words; `values` are what they mean. `thing`: what they are, "" where that would tell nobody much."""

    thing: str
    values: Mapping[str, Any]
    code: str = "R013"
    hint: str = ""

    def wanted(self) -> str:
        return f"one of {listed(self.values)}"

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Scalar) or not node.text.strip():
            return self._refuse(node, sheet)
        if node.text not in self.values:
            what = f'there is no {self.thing} "{node.text}"' if self.thing else f'"{node.text}" is not possible here'
            message = f"{what}{did_you_mean(node.text, self.values)}"
            sheet.report.add(self.code, node.mark, message, self.hint or f"possible here: {listed(self.values)}")
            return NOTHING
        return self.values[node.text]

    def schema(self) -> Json:
        # An editor sees the number 1 where the loader sees the text "1".
        return {"enum": [*self.values, *(int(word) for word in self.values if word.isdigit())]}


def choice(thing: str, words: Iterable[str], code: str = "R013", hint: str = "") -> Choice:
    return Choice(thing, {word: word for word in words}, code, hint)


class Flag(Choice):
    """yes or no."""

    def __init__(self) -> None:
        super().__init__("", {"yes": True, "no": False, "true": True, "false": False}, "R013", "write yes or no")

    def schema(self) -> Json:
        return {"enum": ["yes", "no", True, False]}


@dataclass(frozen=True, slots=True)
class Number(Kind):
    least: int
    most: int

    def wanted(self) -> str:
        return f"a whole number from {self.least} to {self.most}"

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Scalar) or not node.text.strip():
            return self._refuse(node, sheet)
        if not re.fullmatch(r"[0-9]{1,6}", node.text) or not self.least <= int(node.text) <= self.most:
            sheet.report.add("R013", node.mark, f'"{node.text}" cannot stand here', f"{self.wanted()} belongs here")
            return NOTHING
        return int(node.text)

    def schema(self) -> Json:
        # Quotes change nothing for the loader, so a number in quotes is a number.
        return {
            "type": ["integer", "string"],
            "minimum": self.least,
            "maximum": self.most,
            "pattern": "^[0-9]{1,6}$",
        }


@dataclass(frozen=True, slots=True)
class Language(Kind):
    """A language that the file lists under `languages`."""

    wants: str = "a language such as en or ga"
    pattern: str = "[a-z]{2,3}"

    def wanted(self) -> str:
        return self.wants

    def names(self, text: str) -> bool:
        return re.fullmatch(self.pattern, text) is not None

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Scalar) or not node.text:
            return self._refuse(node, sheet)
        if not self.names(node.text):
            hint = "two or three small letters (ISO 639), such as en or ga"
            sheet.report.add("R024", node.mark, f'"{node.text}" is not a language', hint)
            return NOTHING
        sheet.references.append(Reference("language", node.text, node.mark, True))
        return node.text

    def schema(self) -> Json:
        return {"type": "string", "pattern": f"^({self.pattern})$"}


LANGUAGE = Language()


TEXT = Word()
DURATION = Word("a length of time such as 15m, 24h or 2d", spans.DURATION, spans.duration)
MOMENT = Word(
    'a moment such as "10 days before", "1 day before at 18:00" or "1 hour after"', spans.MOMENT, spans.moment
)
FLAG = Flag()
