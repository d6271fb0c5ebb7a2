"""Putting a text into a YAML file, with every other byte of the file as it was.

The places come from the tree of `nodes.py`; what is written is worked out on the text, because a file that a person
keeps, with its remarks and its layout, must not come back rewritten by a machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from engine.nodes import Listing, Node, Scalar, Table
from engine.problems import LINE_END, Mark

_WIDEST = 128  # columns of a line, before an item of a list in brackets goes on the next one
# What needs no quotes anywhere in YAML: words, single spaces, and marks that mean nothing between words.
_PLAIN = re.compile(r"\w(?:[\w'/.!+()]|:(?=[0-9])|-(?=\w)|\?(?=\w)| (?=[\w(]))*")
_NO_TEXT = frozenset({"null", "~"})  # to an editor; the loader takes them as they stand
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


class NoPlaceError(Exception):
    """The text cannot be put there without changing what stands there; the message says why, and what to do."""


def scalar(text: str) -> str:
    """A text as a value of YAML, in quotes where it needs them."""
    if _PLAIN.fullmatch(text) and text.casefold() not in _NO_TEXT:
        return text
    return _quoted(text)


def flow(node: Node) -> str:
    """What the node says, on one line."""
    match node:
        case Scalar(text=text, quoted=quoted):
            return _quoted(text) if quoted else scalar(text)
        case Listing(items=items):
            return f"[{', '.join(map(flow, items))}]"
        case Table(values=values):
            return f"{{{', '.join(f'{key}: {flow(value)}' for key, value in values.items())}}}"
    return ""


def _quoted(text: str) -> str:
    # Escapes of JSON are escapes of YAML; what YAML takes only escaped, JSON would leave as it is.
    return _UNPRINTED.sub(lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))


class Page:
    """A file's text and the places in it. Every method gives the whole text with something put in."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in LINE_END.finditer(text))]
        self._newline = "\r\n" if "\r\n" in text else "\n"

    def add_item(self, listing: Listing, item: str, indent: int) -> str:
        """`item`, as YAML, at the end of the list. `indent`: how far to the right a further line of it stands."""
        if listing.end is None:
            if not listing.items:
                raise NoPlaceError("the list has no line to stand behind")
            return self._add_line(self._end(listing), " " * (listing.mark.column - 1) + f"- {item}")
        if not listing.items:
            return self._put(self._at(listing.end), item)
        at = self._end(listing.items[-1])
        last = listing.items[-1].mark
        if last.line > listing.mark.line:
            indent = self._indent(last.line)
        line = self.text[self._starts[last.line - 1] : at]
        fits = len(line) + len(item) + 3 <= _WIDEST
        return self._put(at, f", {item}" if fits else f",{self._newline}{' ' * indent}{item}")

    def add_key(self, table: Table, key: str, value: str, after: tuple[str, ...] = ()) -> str:
        """`key: value` behind the last of the keys `after` that the block has, else behind its last one. `value` may
        have further lines, which then stand as far right as they are written."""
        return self._add_key(table, f"{key}: {value}", after)

    def _add_key(self, table: Table, written: str, after: tuple[str, ...] = ()) -> str:
        known = [name for name in table.keys if name in after] or list(table.keys)
        if table.end is not None:
            if not known:
                return self._put(self._at(table.end), written)
            return self._put(self._end(table.values[known[-1]]), f", {written}")
        if not known:
            raise NoPlaceError("the block has no line to stand behind")
        column = table.keys[known[-1]].mark.column
        return self._add_line(self._end(table.values[known[-1]]), " " * (column - 1) + written)

    def add_path(self, root: Table, path: Sequence[str], value: str) -> str:
        """`value`, as YAML, under these keys, of which the file may lack the last or all."""
        table, known = root, 0
        for key in path[:-1]:
            below = table.values.get(key)
            if not isinstance(below, Table):
                break
            table, known = below, known + 1
        missing = path[known:]
        if missing[0] in table.keys:
            raise NoPlaceError(f"{missing[0]}: is written in a way that cannot be added to")
        if table.end is not None:
            for key in reversed(missing[1:]):
                value = f"{{{key}: {value}}}"
            return self.add_key(table, missing[0], value)
        column = next(iter(table.keys.values())).mark.column - 1
        below_it = "".join(f"\n{' ' * (column + 2 * step)}{key}:" for step, key in enumerate(missing) if step)
        gap = "" if value.startswith("\n") else " "
        return self._add_key(table, f"{missing[0]}:{below_it}{gap}{value}".replace("\n", self._newline))

    def name_language(self, listing: Listing, language: str, key: str, value: str) -> str:
        """`[a, b]` as `{language: [a, b], key: value}`."""
        if listing.end is None:
            raise NoPlaceError(
                f"its list is that of one language: write it as {language}: with the list under it, and add {key}:"
            )
        start, end = self._at(listing.mark), self._at(listing.end) + 1
        head, middle, tail = self.text[:start], self.text[start:end], self.text[end:]
        return f"{head}{{{language}: {middle}, {key}: {value}}}{tail}"

    def replace(self, node: Scalar, text: str) -> str:
        """The text in place of this one, in double quotes where it stood in quotes."""
        if node.end is None:
            raise NoPlaceError("this text has no end that could be told")
        start, end = self._at(node.mark), self._at(node.end)
        written = _quoted(text) if node.quoted else scalar(text)
        return self.text[:start] + written + self.text[end:]

    def add_block(self, after: Node, lines: list[str]) -> str:
        """A block of lines behind what `after` is, an empty line before it."""
        return self._add_line(self._end(after), self._newline.join(["", *lines]))

    def _put(self, at: int, words: str) -> str:
        return self.text[:at] + words + self.text[at:]

    def _add_line(self, after: int, line: str) -> str:
        """A line behind the one in which the place is, remarks at its end included."""
        found = LINE_END.search(self.text, after)
        if found is None:
            return self.text + self._newline + line
        return self._put(found.end(), line + self._newline)

    def _indent(self, line: int) -> int:
        start = self._starts[line - 1]
        return len(self.text[start:]) - len(self.text[start:].lstrip(" "))

    def _at(self, mark: Mark) -> int:
        return self._starts[mark.line - 1] + mark.column - 1

    def _end(self, node: Node) -> int:
        """Where the node's last character has been."""
        match node:
            case Scalar(end=Mark() as end):
                return self._at(end)
            case Listing(end=Mark() as end) | Table(end=Mark() as end):
                return self._at(end) + 1
            case Listing(items=items) if items:
                return self._end(items[-1])
            case Table(values=values) if values:
                return self._end(list(values.values())[-1])
        return self._at(node.mark)
