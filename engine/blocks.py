"""Lists and blocks of a ruleset file, made of the kinds in `kinds.py`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine import spans
from engine.kinds import LANGUAGE, NOTHING, TEXT, Choice, Json, Kind, Language, Number, Ref, Sheet, Word, kept
from engine.nodes import Listing, Node, Scalar, Table
from engine.problems import did_you_mean, listed, nearest


@dataclass(frozen=True, slots=True)
class Many(Kind):
    """A list, read as a tuple with NOTHING in place of each refused item. `distinct`: no item twice."""

    item: Kind
    wants: str
    at_least: int = 0
    distinct: bool = False

    def wanted(self) -> str:
        return self.wants

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Listing):
            one = isinstance(node, Scalar) and node.text
            return self._refuse(node, sheet, f"a list of one is written [{node.text}]" if one else "")  # type: ignore[union-attr]
        if len(node.items) < self.at_least:
            sheet.report.add("R014", node.mark, "the list is empty", f"{self.wanted()} belongs here")
            return NOTHING
        values = tuple(self.item.read(item, sheet) for item in node.items)
        if self.distinct:
            self._report_twins(node, sheet)
        return values

    def _report_twins(self, node: Listing, sheet: Sheet) -> None:
        seen: set[str] = set()
        for item in node.items:
            if isinstance(item, Scalar):
                if item.text in seen:
                    sheet.report.add("R016", item.mark, f'"{item.text}" stands twice in this list', "take one out")
                seen.add(item.text)

    def schema(self) -> Json:
        told: Json = {"type": "array", "items": self.item.schema()}
        if self.at_least:
            told["minItems"] = self.at_least
        if self.distinct:
            told["uniqueItems"] = True
        return told


@dataclass(frozen=True, slots=True)
class Named(Kind):
    """A block whose keys the author chooses; read as a dict. What a refused value belongs to stays in it as NOTHING."""

    key: Word | Ref | Language
    value: Kind
    wants: str
    at_least: int = 0

    def wanted(self) -> str:
        return self.wants

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Table):
            return self._refuse(node, sheet)
        if len(node.keys) < self.at_least:
            sheet.report.add("R014", node.mark, "the block is empty", f"{self.wanted()} belongs here")
            return NOTHING
        values = {}
        for name, key in node.keys.items():
            before = sheet.report.count
            known = self.key.read(key, sheet)
            value = self.value.read(node.values[name], sheet)
            if sheet.report.count > before:
                sheet.unsound.add(key.mark)
            if known is not NOTHING:
                values[name] = value
        return values

    def schema(self) -> Json:
        told: Json = {"type": "object", "additionalProperties": self.value.schema()}
        if isinstance(self.key, Word | Language) and self.key.pattern:
            told["propertyNames"] = {"pattern": f"^({self.key.pattern})$"}
        if self.at_least:
            told["minProperties"] = self.at_least
        return told


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a block: what belongs there and, in one line for the person who writes it, what it does. `example`: what stands
    there as a rule, where the kind has none that fits."""

    kind: Kind
    about: str
    required: bool = False
    example: str = ""


@dataclass(frozen=True, slots=True)
class Block(Kind):
    """A block of known keys; read as a dict of those that stood there and were good.

    one_of: groups of keys of which exactly one has to stand there. at_most_one: groups of which not more than one may.
    per_language: beside the known keys, a value for each language; `languages` says how many, None for any number.
    """

    thing: str  # with its article, for messages: "a state"
    keys: Mapping[str, Key]
    one_of: tuple[tuple[str, ...], ...] = ()
    at_most_one: tuple[tuple[str, ...], ...] = ()
    per_language: Key | None = None
    languages: int | None = None

    def wanted(self) -> str:
        return f"{self.thing} as a block of keys"

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Table):
            return self._refuse(node, sheet, f"its keys are {listed(self.keys)}")
        values = {}
        for name, key in node.keys.items():
            rule = self.keys.get(name)
            if rule is None and self._is_language(name):
                LANGUAGE.read(key, sheet)
                rule = self.per_language
            value = rule.kind.read(node.values[name], sheet) if rule is not None else NOTHING
            if value is not NOTHING:
                values[name] = value
        self.check_keys(node, sheet)
        return values

    def _is_language(self, name: str) -> bool:
        return self.per_language is not None and LANGUAGE.names(name)

    def check_keys(self, node: Table, sheet: Sheet) -> None:
        """Report keys that are unknown, missing, or at odds with each other."""
        meant = set()
        for name, key in node.keys.items():
            if name not in self.keys and not self._is_language(name):
                meant.add(nearest(name, self.keys))
                each = " and one for each language (en, ga, ...)" if self.per_language else ""
                message = f'{self.thing} has no key "{name}"{did_you_mean(name, self.keys)}'
                sheet.report.add("R010", key.mark, message, f"keys here: {listed(self.keys)}{each}")
        for name, rule in self.keys.items():
            if rule.required and name not in node.keys and name not in meant:
                message = f'{self.thing} needs the key "{name}"'
                sheet.report.add("R011", node.owner, message, f"{name}: {rule.about}", meant=stub(name, rule))
        for group in self.one_of:
            self._count(group, node, sheet, 0 if meant & set(group) else 1)
        for group in self.at_most_one:
            self._count(group, node, sheet, 0)
        there = [name for name in node.keys if name not in self.keys and self._is_language(name)]
        if self.languages is not None and len(there) != self.languages:
            hint = "for example {en: yes please, is: confirm}"
            sheet.report.add("R015", node.owner, f"{self.thing} needs a text in one language, and one only", hint)

    def _count(self, group: tuple[str, ...], node: Table, sheet: Sheet, least: int) -> None:
        there = [name for name in group if name in node.keys]
        if len(there) > 1:
            message = f'{self.thing} cannot have both "{there[0]}" and "{there[1]}"'
            sheet.report.add("R015", node.keys[there[1]].mark, message, "take one of them out")
        elif len(there) < least:
            hint = "\n".join(f"{name}: {self.keys[name].about}" for name in group)
            message = f"{self.thing} needs one of the keys {listed(group)}"
            sheet.report.add("R015", node.owner, message, hint, meant=stub(group[0], self.keys[group[0]]))

    def schema(self) -> Json:
        told: Json = {
            "type": "object",
            "properties": {name: _about(key) for name, key in self.keys.items()},
            "additionalProperties": False,
        }
        required = [name for name, key in self.keys.items() if key.required]
        if required:
            told["required"] = required
        if self.per_language is not None:
            others = "|".join(self.keys)
            told["patternProperties"] = {f"^(?!({others})$)({LANGUAGE.pattern})$": _about(self.per_language)}
            if self.languages is not None:
                told["minProperties"] = told["maxProperties"] = self.languages + len(required)
        rules: list[Json] = [{"oneOf": [{"required": [name]} for name in group]} for group in self.one_of]
        for group in self.at_most_one:
            rules += [{"not": {"required": [a, b]}} for i, a in enumerate(group) for b in group[i + 1 :]]
        if rules:
            told["allOf"] = rules
        return told


_SUCH_AS = re.compile(r'such as (?:"([^"]+)"|([\[{].*[\]}])|([^,]+?))(?:,| or |$)')


def stub(name: str, key: Key) -> str:
    """A key with what stands there as a rule, for who has left it out; empty behind the colon where a name has to be chosen.
    Further lines of a block stand one step to the right."""
    kind = key.kind.text if isinstance(key.kind, Either) else key.kind
    if key.example:
        return f"{name}: {key.example}"
    if isinstance(kind, Block):
        below = [stub(each, rule) for each, rule in kind.keys.items() if rule.required]
        return "\n".join([f"{name}:", *(f"  {line}" for each in below for line in each.split("\n"))])
    if isinstance(kind, Choice):
        return f"{name}: {next(iter(kind.values))}"
    if isinstance(kind, Number):
        return f"{name}: {kind.least}"
    if kind is TEXT:
        return f'{name}: "..."'
    found = _SUCH_AS.search(kind.wanted())
    return f"{name}: {next(filter(None, found.groups()))}" if found else f"{name}:"


def _about(key: Key) -> Json:
    return {"description": key.about, **key.kind.schema()}


@dataclass(frozen=True, slots=True)
class Either(Kind):
    """A single text of one kind, or else a list or block of another."""

    text: Kind
    other: Kind

    def wanted(self) -> str:
        return f"{self.text.wanted()}, or {self.other.wanted()},"

    def read(self, node: Node, sheet: Sheet) -> Any:
        kind = self.text if isinstance(node, Scalar) else self.other
        return kind.read(node, sheet)

    def schema(self) -> Json:
        return {"anyOf": [self.text.schema(), self.other.schema()]}


@dataclass(frozen=True, slots=True)
class Week(Kind):
    """Opening hours of a week."""

    wants: str = 'hours such as {mon-fri: ["09:00-17:00"]}'

    def wanted(self) -> str:
        return self.wants

    def read(self, node: Node, sheet: Sheet) -> Any:
        if not isinstance(node, Table):
            return self._refuse(node, sheet)
        opened: dict[tuple[int, ...], Any] = {}
        taken: dict[int, str] = {}
        for name, key in node.keys.items():
            spans_read = _SPANS.read(node.values[name], sheet)
            group = _DAYS.read(key, sheet)
            if group is NOTHING or spans_read is NOTHING:
                continue
            for day in group:
                if day in taken:
                    message = f'{spans.DAYS[day]} is in "{taken[day]}" already'
                    sheet.report.add("R016", key.mark, message, "name every day once")
                taken[day] = name
            opened[group] = kept(spans_read)
            _report_overlaps(opened[group], node.values[name], sheet)
        return spans.week_hours(opened)

    def schema(self) -> Json:
        return Named(_DAYS, _SPANS, self.wants).schema()


def _report_overlaps(opened: tuple[Any, ...], node: Node, sheet: Sheet) -> None:
    ordered = sorted(opened)
    for (_, closes), (opens, _) in pairwise(ordered):
        if opens < closes:
            sheet.report.add("R013", node.mark, "these spans of hours overlap", "let one end before the next begins")


_DAYS = Word("a day or span of days such as mon or mon-fri", spans.DAY_RANGE, spans.days)
_SPANS = Many(Word('a span of hours such as "09:00-17:00"', spans.SPAN, spans.span), 'a list such as ["09:00-17:00"]')
