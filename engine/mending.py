"""Mends: problems that can be put right without asking anyone, as an edit of the text that an editor makes at one click.

A mend says what it does in its title, touches nothing else, and leaves a text in which the problem is gone or what is still
to be decided stands out (a name to choose, a text to translate). Where only the author can know what was meant there is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.problems import LINE_END, Problem
from engine.sms import fold

_STEP = 2  # columns by which a block stands further right


@dataclass(frozen=True, slots=True)
class Edit:
    """Put `text` in place of what stands from one place up to before another. Lines and columns from 1, in characters; a line
    one beyond the last, column 1, is the end of the file."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Mend:
    """`title` says what the edit does, to whoever is to click it."""

    title: str
    edit: Edit


def mends(text: str, problem: Problem) -> tuple[Mend, ...]:
    """What would put the problem of this text right, the likeliest first; nothing where that takes a person."""
    page = _Page(text)
    mender = _MENDERS.get(problem.code)
    if mender is None or problem.line > len(page.lines) or page.line(problem.line).rstrip() != problem.source:
        return ()  # what a shared ruleset has wrong is mended there
    return tuple(mender(page, problem))


def mended(text: str, mend: Mend) -> str:
    """The text with the mend made."""
    page = _Page(text)
    edit = mend.edit
    return text[: page.at(edit.line, edit.column)] + edit.text + text[page.at(edit.end_line, edit.end_column) :]


class _Page:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = LINE_END.split(text)
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0, *(found.end() for found in LINE_END.finditer(text))]

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column - 1 if line <= len(self._starts) else len(self.text)

    def line(self, number: int) -> str:
        return self.lines[number - 1]

    def indent(self, number: int) -> int:
        line = self.line(number)
        return len(line) - len(line.lstrip(" "))

    def block_end(self, number: int, column: int) -> int:
        """The last line of the block that begins in this line at this column: lines further right belong to it, and items
        of a list that stand straight below a key."""
        last = number
        for below in range(number + 1, len(self.lines) + 1):
            line = self.line(below)
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            indent = self.indent(below) + 1
            if indent < column or (indent == column and not line.lstrip().startswith("- ")):
                break
            if indent == column and self.line(number).lstrip().startswith("- "):
                break
            last = below
        return last


# ---- edits -----------------------------------------------------------------------------------------------------------


def _instead(problem: Problem, text: str) -> Edit:
    return Edit(problem.line, problem.column, problem.line, problem.column + problem.length, text)


def _token(problem: Problem) -> str:
    return problem.source[problem.column - 1 : problem.column - 1 + problem.length]


def _whole_line(page: _Page, number: int, text: str) -> Edit:
    return Edit(number, 1, number, len(page.line(number)) + 1, text)


def _without_lines(first: int, last: int) -> Edit:
    return Edit(first, 1, last + 1, 1, "")


def _below(page: _Page, number: int, lines: list[str]) -> Edit:
    """Lines of their own behind this line."""
    end = len(page.line(number)) + 1
    return Edit(number, end, number, end, "".join(page.newline + line for line in lines))


def _without_item(page: _Page, problem: Problem) -> Edit | None:
    """The item of a list taken out, with the comma that set it apart; None where that cannot be told."""
    line, start, end = page.line(problem.line), problem.column - 1, problem.column - 1 + problem.length
    before, behind = line[:start], line[end:]
    if re.fullmatch(r" *- +", before) and not behind.partition(" #")[0].strip():
        return _without_lines(problem.line, problem.line)
    found = re.search(r", *$", before)
    if found:
        return Edit(problem.line, found.start() + 1, problem.line, end + 1, "")
    found = re.match(r", *", behind)
    if found:
        return Edit(problem.line, start + 1, problem.line, end + found.end() + 1, "")
    return None


# ---- one for each kind of problem ------------------------------------------------------------------------------------


def _meant(page: _Page, problem: Problem) -> Iterator[Mend]:
    if ": " in problem.meant:
        yield from _missing(page, problem)
    elif problem.meant:
        token = _token(problem)
        text = f"{{{problem.meant}}}" if token.startswith("{") and token.endswith("}") else problem.meant
        yield Mend(f"change it to {text}", _instead(problem, text))


def _tab(page: _Page, problem: Problem) -> Iterator[Mend]:
    line = page.line(problem.line)
    leading = line[: len(line) - len(line.lstrip())]
    spaced = leading.replace("\t", " " * _STEP) + line.lstrip().replace("\t", " ")
    yield Mend("put spaces in place of tabs", _whole_line(page, problem.line, spaced))


def _not_yaml(page: _Page, problem: Problem) -> Iterator[Mend]:
    line = page.line(problem.line).rstrip()
    if problem.meant:
        yield Mend(f"write {problem.meant}", _instead(problem, problem.meant))
    elif problem.message.startswith(("a quote opens", "the quote that opens")):
        yield Mend('put the closing " at the end of the line', _whole_line(page, problem.line, line + line[problem.column - 1]))
    elif problem.message.startswith("a list or block in brackets"):
        close = "]" if line[problem.column - 1 : problem.column] == "[" else "}"
        yield Mend(f"put {close} at the end of the line", _whole_line(page, problem.line, line + close))
    elif problem.message.startswith(("a colon stands", "a value cannot begin", "text stands behind")):
        found = re.match(r"(\s*(?:- )?[\w-]+: )(.+)$", line)
        colon = ": " in found[2] if found and problem.message.startswith("a colon") else True
        if found and colon and not found[2].startswith(("[", "{")):
            text = found[2].replace('"', "" if found[2].startswith('"') else "'")
            yield Mend("put the text in double quotes", _whole_line(page, problem.line, f'{found[1]}"{text}"'))


def _twice(page: _Page, problem: Problem) -> Iterator[Mend]:
    line = page.line(problem.line)
    if line[: problem.column - 1].strip() == "":
        last = page.block_end(problem.line, problem.column)
        yield Mend("take the second one out", _without_lines(problem.line, last))


def _second_document(page: _Page, problem: Problem) -> Iterator[Mend]:
    if page.line(problem.line).strip() == "---":
        yield Mend("take the line out", _without_lines(problem.line, problem.line))


def _odd_character(_: _Page, problem: Problem) -> Iterator[Mend]:
    yield Mend("take the character out", _instead(problem, ""))


def _missing(page: _Page, problem: Problem) -> Iterator[Mend]:
    """`meant` is the line that is missing: a key, and what stands there as a rule."""
    if not problem.meant:
        return
    key = problem.meant.partition(":")[0]
    title = f"add {key}:" if "\n" not in problem.meant else "add what is missing"
    line = page.line(problem.line)
    rest = line[problem.column - 1 :]
    if problem.message.startswith("a ruleset "):
        last = len(page.lines) - (page.lines[-1] == "")
        yield Mend(title, _below(page, last, problem.meant.split("\n")))
        return
    flow = re.search(r"(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", rest)
    lines = problem.meant.split("\n")
    if problem.code == "R032":
        indent = " " * page.indent(problem.line)
        yield Mend(title, _below(page, problem.line, [indent + each for each in lines]))
    elif flow is None:
        indent = " " * (problem.column - 1 + _STEP)
        last = page.block_end(problem.line, problem.column)
        yield Mend(title, _below(page, last, [indent + each for each in lines]))
    elif len(lines) == 1:
        at = problem.column + flow.end(1)
        comma = ", " if flow[1].strip() != "{" else ""
        yield Mend(title, Edit(problem.line, at, problem.line, at, f"{comma}{problem.meant}"))


def _one_alone(_: _Page, problem: Problem) -> Iterator[Mend]:
    if problem.hint.startswith("a list of one is written "):
        token = _token(problem)
        yield Mend("make it a list", _instead(problem, f"[{token}]"))


def _spare_item(page: _Page, problem: Problem) -> Iterator[Mend]:
    edit = _without_item(page, problem)
    if edit is not None:
        yield Mend("take it out here", edit)


def _spare_block(page: _Page, problem: Problem) -> Iterator[Mend]:
    line = page.line(problem.line)
    if not line[: problem.column - 1].strip():
        yield Mend("take it out", _without_lines(problem.line, page.block_end(problem.line, problem.column)))


def _last_rung(page: _Page, problem: Problem) -> Iterator[Mend]:
    if not problem.meant.startswith("- "):
        yield from _meant(page, problem)
    elif re.fullmatch(r" *- ", page.line(problem.line)[: problem.column - 1]):
        indent = " " * page.indent(problem.line)
        last = page.block_end(problem.line, problem.column - 2)
        yield Mend("add a rung that leads to staff", _below(page, last, [indent + problem.meant]))


def _dear(_: _Page, problem: Problem) -> Iterator[Mend]:
    token = _token(problem)
    plain = fold(token)
    if plain != token:
        yield Mend(f"write {plain}", _instead(problem, plain))
    elif not token.isalpha():
        behind = problem.source[problem.column - 1 + problem.length :]
        space = 1 if behind.startswith(" ") and problem.source[: problem.column - 1].endswith(('"', " ")) else 0
        edit = Edit(problem.line, problem.column, problem.line, problem.column + problem.length + space, "")
        yield Mend("take it out", edit)


def _wrong_side(_: _Page, problem: Problem) -> Iterator[Mend]:
    token = _token(problem)
    if problem.hint.startswith('write "before"') and "after" in token:
        yield Mend("write before", _instead(problem, token.replace("after", "before")))


_Mender = Callable[[_Page, Problem], Iterator[Mend]]
_MENDERS: Mapping[str, _Mender] = {
    "R001": _tab,
    "R002": _not_yaml,
    "R003": _twice,
    "R006": _second_document,
    "R007": _odd_character,
    "R010": _meant,
    "R011": _missing,
    "R012": _one_alone,
    "R013": _meant,
    "R015": _missing,
    "R016": _spare_item,
    "R020": _meant,
    "R021": _meant,
    "R022": _meant,
    "R023": _meant,
    "R025": _meant,
    "R026": _meant,
    "R030": _spare_block,
    "R032": _missing,
    "R036": _last_rung,
    "R040": _missing,
    "R041": _missing,
    "R051": _dear,
    "R060": _spare_item,
    "R061": _spare_item,
    "R063": _spare_block,
    "R064": _spare_block,
    "R065": _spare_item,
    "R070": _meant,
    "R073": _wrong_side,
    "R075": _meant,
    "R083": _meant,
    "R090": _meant,
}
