"""YAML as a tree in which every key and every value knows its line and column.

Only the quiet part of YAML is let in: blocks, lists and texts. Every plain scalar is text, so `yes`, `no`, `09:30` and
`0612` stay what was typed. Tabs, anchors, aliases, merge keys, tags, repeated keys and several documents are refused,
each with a problem of its own; what can still be read is handed on, so that the next checks have something to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from engine.problems import LINE_END, Mark, Report

# Far above any ruleset that a person can keep in mind (the largest known, ten languages, is a tenth of it).
MOST_CHARACTERS = 2_000_000
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Scalar:
    """`end` is the place behind its last character, its closing quote included."""

    text: str
    mark: Mark
    quoted: bool = False
    end: Mark | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """`end` is the place of the closing bracket; None where there is an item a line."""

    items: tuple[Node, ...]
    mark: Mark
    end: Mark | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`owner` is the place of the key that the block belongs to, `end` that of the closing brace; None where there is a
    key a line."""

    mark: Mark
    owner: Mark
    keys: dict[str, Scalar] = field(default_factory=dict)
    values: dict[str, Node] = field(default_factory=dict)
    end: Mark | None = None

    def place(self, *path: str | int) -> Mark:
        """Where the value at the path stands, or the nearest thing around it that does stand in the file."""
        node: Node = self
        for part in path:
            below = _below(node, part)
            if below is None:
                break
            node = below
        return node.mark

    def key_place(self, *path: str | int) -> Mark:
        """Where the key at the end of the path stands, or the nearest thing around it."""
        node: Node = self
        mark = self.mark
        for part in path:
            if isinstance(node, Table) and part in node.keys:
                mark = node.keys[str(part)].mark
            below = _below(node, part)
            if below is None:
                break
            if isinstance(node, Listing):
                mark = below.mark
            node = below
        return mark

    def names(self, *path: str | int) -> tuple[str, ...]:
        """The keys of the block at the path, none where there is no block."""
        node = self.find(*path)
        return tuple(node.keys) if isinstance(node, Table) else ()

    def find(self, *path: str | int) -> Node | None:
        node: Node | None = self
        for part in path:
            if node is None:
                return None
            node = _below(node, part)
        return node


@dataclass(frozen=True, slots=True)
class Broken:
    """What was refused already: nothing more is said about it."""

    mark: Mark


Node = Scalar | Listing | Table | Broken


def _below(node: Node, part: str | int) -> Node | None:
    if isinstance(node, Table) and isinstance(part, str):
        return node.values.get(part)
    if isinstance(node, Listing) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def read_nodes(text: str, report: Report, file: str = "") -> Table | None:
    """The file's tree, or None where there is no block of keys to be had. Problems go to the report. `file`: as in `Mark`."""
    if len(text) > MOST_CHARACTERS:
        report.add("R008", Mark(1, 1), f"the file is longer than {MOST_CHARACTERS:,} characters")
        return None
    tabs = _tabs(text, report)
    try:
        root = _Reader(report, file).read(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError:
        _explain(text, tabs, report)
        return None
    except UnicodeEncodeError as error:
        _odd_character(text, error.start, report)
        return None
    except _TooDeepError as error:
        hint = "no ruleset needs that: look for brackets that are not closed"
        report.add("R008", error.mark, f"blocks stand more than {_DEEPEST} deep in one another", hint)
        return None
    if root is None:
        report.add("R009", Mark(1, 1), "the file is empty", "docs/rulesets.md shows a whole ruleset to begin with")
        return None
    if isinstance(root, Table):
        return root
    if not isinstance(root, Broken):
        report.add(
            "R012", root.mark, "a ruleset is a block of keys", 'its lines begin like "format: 1", "ruleset: my-clinic"'
        )
    return None


def _tabs(text: str, report: Report) -> set[int]:
    """Report every line that holds a tab; their numbers."""
    if "\t" not in text:
        return set()
    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        column = line.find("\t")
        if column >= 0:
            length = len(line) - len(line.lstrip("\t")) if column == 0 else 1
            hint = "put two spaces for every step to the right" if not line[:column].strip() else "put a space instead"
            report.add("R001", Mark(number, column + 1, length), "a tab stands here; only spaces can", hint)
            found.add(number)
    return found


class _TooDeepError(Exception):
    def __init__(self, mark: Mark) -> None:
        super().__init__()
        self.mark = mark


class _Reader:
    """Builds the tree from YAML's events: unlike PyYAML's own composer they tell of anchors and aliases."""

    def __init__(self, report: Report, file: str) -> None:
        self._report = report
        self._file = file

    def read(self, events: Iterator[Event]) -> Node | None:
        """The first document. All events are taken, so that a fault in the last line is found too."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents == 2:
                    hint = "one file holds one ruleset; take out the line ---"
                    self._report.add("R006", _mark(event, self._file), "a second document begins here", hint)
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                node = self._node(event, events, 1)
                if root is None:
                    root = node
                elif isinstance(root, Table) and isinstance(node, Table):
                    # Read on as if the line --- were not there.
                    root.keys.update(node.keys)
                    root.values.update(node.values)
        if isinstance(root, Scalar) and not root.text and not root.quoted:
            return None
        return root

    def _node(self, event: Event, events: Iterator[Event], depth: int, owner: Mark | None = None) -> Node:
        if isinstance(event, ScalarEvent) and event.anchor is None and event.tag is None and depth <= _DEEPEST:
            return self._scalar(event)
        mark = _mark(event, self._file)
        if depth > _DEEPEST:
            raise _TooDeepError(mark)
        anchor: str | None = getattr(event, "anchor", None)
        if isinstance(event, AliasEvent):
            self._refuse_anchor(mark, "*", anchor or "")
            return Broken(mark)
        if anchor is not None:
            self._refuse_anchor(mark, "&", anchor)
        if getattr(event, "tag", None) is not None:
            hint = "take it out; a text that begins with ! goes in double quotes"
            self._report.add("R005", mark._replace(length=1), "a tag (!) stands here", hint)
        if isinstance(event, ScalarEvent):
            return Scalar(event.value, mark, bool(event.style), _end(event, self._file))
        if isinstance(event, SequenceStartEvent):
            return self._listing(event, mark, events, depth)
        return self._table(event, Table(mark, owner or mark), events, depth)

    def _scalar(self, event: ScalarEvent) -> Scalar:
        """Most of a file: what `_node` does of it with nothing to refuse."""
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return Scalar(event.value, _mark(event, self._file), bool(event.style), _end(event, self._file))
        line, column, last, behind = start.line, start.column, end.line, end.column
        length = max(1, behind - column) if last == line else 1
        mark = Mark(line + 1, column + 1, length, self._file)
        return Scalar(event.value, mark, bool(event.style), Mark(last + 1, behind + 1, 1, self._file))

    def _refuse_anchor(self, mark: Mark, sign: str, name: str) -> None:
        hint = 'write it out again; for states, "like:" copies another state\'s replies'
        kind = "alias" if sign == "*" else "anchor"
        length = len(name) + 1
        self._report.add("R004", mark._replace(length=length), f"an {kind} ({sign}{name}) stands here", hint)

    def _listing(self, start: SequenceStartEvent, mark: Mark, events: Iterator[Event], depth: int) -> Listing:
        items = []
        end = None
        for event in events:
            if isinstance(event, SequenceEndEvent):
                end = _start(event, self._file) if start.flow_style else None
                break
            items.append(self._node(event, events, depth + 1))
        return Listing(tuple(items), mark, end)

    def _table(self, start: Event, table: Table, events: Iterator[Event], depth: int) -> Table:
        for event in events:
            if isinstance(event, MappingEndEvent):
                if isinstance(start, MappingStartEvent) and start.flow_style:
                    table = replace(table, end=_start(event, self._file))
                break
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1, key.mark)
            if not isinstance(key, Scalar):
                if not isinstance(key, Broken):
                    self._report.add("R012", key.mark, "a word belongs here as key, not a block or list", _BRACES)
            elif key.text == "<<" and not key.quoted:
                hint = 'write it out again; for states, "like:" copies another state\'s replies'
                self._report.add("R004", key.mark, "a merge key (<<) stands here", hint)
            elif key.text in table.keys:
                first = table.keys[key.text].mark.line
                self._report.add(
                    "R003", key.mark, f'the key "{key.text}" stands twice', f"it stands in line {first} already"
                )
            else:
                table.keys[key.text] = key
                table.values[key.text] = value
        return table


def _start(event: Event, file: str) -> Mark:
    found = _mark(event, file)
    return Mark(found.line, found.column, file=file)


def _end(event: Event, file: str) -> Mark | None:
    end = event.end_mark
    return Mark(end.line + 1, end.column + 1, file=file) if end is not None else None


def _mark(event: Event, file: str) -> Mark:
    start, end = event.start_mark, event.end_mark
    if start is None or end is None:  # no event of a parser is without
        return Mark(1, 1, file=file)
    length = end.column - start.column if end.line == start.line else 1
    return Mark(start.line + 1, start.column + 1, max(1, length), file)


# libyaml's parser where PyYAML was built with it: eight times as fast.
_LOADER: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# ---- what is wrong with the YAML -------------------------------------------------------------------------------------

_BRACES = "a text that begins with { or [ goes in double quotes"
_QUOTES = 'put the closing quote at the end of the text; inside "..." a double quote is written \\"'
_LAYOUT = "is the line as far to the right as its neighbours, and does a list or quote before it end?"

# PyYAML's words, and what they mean for someone who has never heard of YAML.
_PLAIN_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        r"mapping values are not allowed here",
        "a colon stands where none can",
        "a text with a colon goes in double quotes; or the line stands too far to the right",
    ),
    (
        r"found character '(.)' that cannot start any token",
        "a value cannot begin with {0}",
        "put the value in double quotes",
    ),
    (
        r"found unexpected end of stream",
        "a quote opens here that is never closed",
        _QUOTES,
    ),
    (
        r"found unknown escape character '(.)'",
        "\\{0} means nothing",
        "a backslash inside double quotes is written \\\\",
    ),
    (
        r"expected ',' or '(.)'",
        "a list or block in brackets is not closed",
        "put a comma between the parts and {0} at the end",
    ),
    (r"could not find expected ':'", "a colon is missing after this key", 'a line of a block is "key: value"'),
    (
        r"expected <block end>, but found '(?:<scalar>|,)'",
        "text stands behind the end of a value",
        "put the whole value in one pair of double quotes",
    ),
    (r"expected <block end>", "this line does not stand in line with its neighbours", _LAYOUT),
)
_NO_COLON = re.compile(r"\s*(?:- )?([a-z][\w-]*) +[{\[]")  # a block or list begins right behind a word
# Faults that are told where the thing begins, not where the parser gave up.
_AT_THE_START = re.compile(r"found unexpected end of stream|expected ',' or")


def _explain(text: str, tabs: set[int], report: Report) -> None:
    """Say what the YAML fault is. PyYAML's own parser is slower and tells more than libyaml's, so it reads again."""
    last: Event | None = None
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            last = event
    except yaml.MarkedYAMLError as error:
        problem = error.problem or ""
        mark = error.context_mark if _AT_THE_START.match(problem) else error.problem_mark
        mark = mark or error.problem_mark or error.context_mark
        message, hint = _in_plain_words(problem)
        if mark is not None and (key := _NO_COLON.match(LINE_END.split(text)[mark.line])) is not None:
            place = Mark(mark.line + 1, key.start(1) + 1, len(key[1]))
            hint = 'a line of a block is "key: value"'
            report.add("R002", place, "a colon is missing after this key", hint, meant=f"{key[1]}:")
            return
        if mark is None:
            report.add("R002", Mark(1, 1), message, hint)
        elif mark.line + 1 not in tabs and not _runaway_quote(last, mark.line, report):
            report.add("R002", Mark(mark.line + 1, mark.column + 1), message, hint)
    except yaml.reader.ReaderError as error:
        _odd_character(text, error.position, report)
    else:
        report.add("R002", Mark(1, 1), "the file is not YAML", _LAYOUT)


def _runaway_quote(last: Event | None, line: int, report: Report) -> bool:
    """Whether the fault is that a quote of an earlier line was closed by the one that should open the next text."""
    if not isinstance(last, ScalarEvent) or last.style not in ("'", '"') or last.start_mark is None:
        return False
    if last.start_mark.line == line:
        return False
    mark = Mark(last.start_mark.line + 1, last.start_mark.column + 1)
    report.add("R002", mark, f"the quote that opens here closes only in line {line + 1}", _QUOTES)
    return True


def _in_plain_words(problem: str) -> tuple[str, str]:
    for pattern, message, hint in _PLAIN_WORDS:
        found = re.search(pattern, problem)
        if found:
            return message.format(*found.groups()), hint.format(*found.groups())
    return f"this is not YAML: {problem}", _LAYOUT


def _odd_character(text: str, position: int, report: Report) -> None:
    before = text[:position].splitlines() or [""]
    line, column = len(before), len(before[-1]) + 1
    if text[:position].endswith("\n"):
        line, column = line + 1, 1
    name = f"U+{ord(text[position]):04X}"
    report.add(
        "R007", Mark(line, column), f"the character {name} cannot stand in a text", "take it out, or type it again"
    )
