"""The tests of a ruleset: phrase checks are read, talks are played, what no talk shows is listed, and the talks that every
ruleset has to pass are played too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from engine.checks_states import hears
from engine.draft import Draft
from engine.likeness import tree
from engine.nodes import Listing, Scalar, Table
from engine.problems import Mark, Report, listed
from engine.reading import Reading
from engine.rehearsal import run_talks
from engine.ruleset import STAY, Ruleset
from engine.safety import breaches
from engine.turn import Move
from engine.understanding import read


def check(draft: Draft) -> None:
    """Run the tests of a ruleset without errors so far: in another they would tell of the same mistakes again."""
    if draft.report.failed:
        return
    _phrases(draft)
    faults, moves = run_talks(draft.ruleset, draft.ruleset.talks)
    places = {(mark.line, mark.column, mark.file): mark for mark in _lines_of_talks(draft)} if faults else {}
    for fault in faults:
        line = draft.report.source(Mark(fault.line, 1, file=fault.file))
        whole = Mark(fault.line, len(line) - len(line.lstrip()) + 1, len(line.strip()), fault.file)
        hint = _SHARED_TALK if fault.file else ""
        draft.report.add("R081", places.get((fault.line, fault.column, fault.file), whole), fault.message, hint)
    if not faults:
        _untold(draft, moves)
    for breach in breaches(draft.ruleset):
        hint = f"{breach.mend}\nevery ruleset has to pass this talk: {breach.talk}"
        mark = draft.at(*breach.path) if breach.way is None else _place(draft, breach.way)
        draft.report.add("R083", mark, breach.what, hint, meant=hears(draft) if breach.for_staff else "")


_SHARED_TALK = "where this ruleset is meant to go another way, give it a talk of the same name that says so"

# ---- phrase checks ---------------------------------------------------------------------------------------------------


def _phrases(draft: Draft) -> None:
    node = draft.root.find("phrases")
    for item in node.items if isinstance(node, Listing) else ():
        if isinstance(item, Table):
            _phrase(draft, item)


def _phrase(draft: Draft, item: Table) -> None:
    wanted = item.values["is"]
    language = next(key for key in item.keys if key != "is")
    said = item.values[language]
    if not isinstance(wanted, Scalar) or not isinstance(said, Scalar):
        return
    reading = read(draft.ruleset, said.text, language, draft.ruleset.example)
    if not reading.means(wanted.text):
        message = f'"{said.text}" is read as {reading.intent}, not as {wanted.text}'
        draft.report.add("R080", wanted.mark, message, "\n".join(_evidence(reading)))


def _evidence(reading: Reading) -> Iterator[str]:
    yield f"rule: {reading.rule}" + (f" ({reading.why})" if reading.why else "")
    if reading.candidates:
        best = (f"{found.intent} {found.score:.0f} (“{found.phrase}”)" for found in reading.candidates[:3])
        yield f"nearest: {', '.join(best)}"


def _lines_of_talks(draft: Draft) -> Iterator[Mark]:
    """The place of every line of every talk, from its key to the end of its value."""
    for number in range(len(draft.ruleset.talks)):
        steps = draft.root.find("talks", number, "talk")
        lines = steps.items if isinstance(steps, Listing) else ()
        for line in (line for line in lines if isinstance(line, Table)):
            for name, key in line.keys.items():
                end = line.values[name].mark
                length = end.column + end.length - key.mark.column if end.line == key.mark.line else key.mark.length
                yield key.mark._replace(length=length)


# ---- what no talk shows ----------------------------------------------------------------------------------------------


def _untold(draft: Draft, moves: Iterable[Move]) -> None:
    missing = coverage(draft, moves)
    if missing:
        shown = "\n".join(f"{state}: {listed(triggers)}" for state, triggers in missing.items())
        count = sum(map(len, missing.values()))
        mark = draft.at_key("talks") if draft.has("talks") else draft.at_key("states")
        draft.report.add("R082", mark, f"no talk shows {count} of the ways from state to state", shown)


def covered(ruleset: Ruleset, moves: Collection[Move]) -> tuple[int, dict[str, list[str]]]:
    """How many ways a ruleset without errors has from state to state, and those that no move took, as `coverage` gives them."""
    report = Report(ruleset.name, ruleset.source)
    root = tree(ruleset.source, ruleset.shared)
    assert root is not None, "a file that loads has a tree"
    draft = Draft(ruleset, root, report, (), frozenset(), frozenset())
    return sum(map(len, coverage(draft, ()).values())), coverage(draft, moves)


def coverage(draft: Draft, moves: Iterable[Move]) -> dict[str, list[str]]:
    """The ways from state to state that no move took, under the state where each is written. A way that other states
    take over with `like` is written once, and is shown when any of them takes it. Ways that hold everywhere stand under
    the name of their block: always, staff, cadence."""
    taken = {(_home(draft, move), "said" if move.trigger.startswith("said.") else move.trigger) for move in moves}
    missing: dict[str, list[str]] = {}
    for home, trigger, told in _written(draft):
        if (home, trigger) not in taken:
            missing.setdefault(home, []).append(told)
    return missing


_EVERYWHERE = ("always", "staff", "cadence")


def _home(draft: Draft, move: Move) -> str:
    """Where the way that a move took is written."""
    kind, _, name = move.trigger.partition(".")
    if kind in _EVERYWHERE:
        return kind
    if kind == "reply":
        state: str | None = move.source
        while state is not None and not draft.has("states", state, "replies", name):
            state = draft.like(state)
        return state or move.source
    if kind == "said":
        return draft.ruleset.states[move.source].replies[name].go
    return draft.own(move.source, "no_reply" if kind == "silence" else kind) or move.source


def _place(draft: Draft, move: Move) -> Mark:
    """Where it is written that the way leads where it leads."""
    home = _home(draft, move)
    kind, _, name = move.trigger.partition(".")
    match kind:
        case "always" | "staff":
            return draft.at(kind, name)
        case "cadence":
            number = next(place for place, step in enumerate(draft.ruleset.cadence) if step.name == name)
            return draft.at(kind, number, "go")
        case "reply":
            return draft.at("states", home, "replies", name)
        case "said":
            return draft.at("states", home, "if_said")
        case "silence" | "unclear":
            return draft.at("states", home, "no_reply" if kind == "silence" else kind, int(name), "go")
    return draft.at("states", home, kind, "go")


def _written(draft: Draft) -> Iterator[tuple[str, str, str]]:
    """Every way as it is written: where, its trigger, and how a person would name it."""
    rules = draft.ruleset
    yield from (("cadence", f"cadence.{step.name}", step.name) for step in rules.cadence if step.go is not None)
    yield from (("always", f"always.{name}", name) for name in rules.always)
    yield from (("staff", f"staff.{act}", act) for act in rules.staff)
    for name, state in rules.states.items():
        for intent, target in state.replies.items():
            if target.go != STAY and draft.has("states", name, "replies", intent):
                yield name, f"reply.{intent}", intent
        if state.if_said is not None:
            yield name, "said", "if_said"
        for number, wait in enumerate(state.no_reply):
            if wait.go is not None:
                yield name, f"silence.{number}", "no_reply"
        for number, rung in enumerate(state.unclear):
            if rung.go is not None and draft.has("states", name, "unclear"):
                yield name, f"unclear.{number}", "unclear"
        # A text that fails leads on only where it was a question.
        if state.send_failed is not None and draft.has("states", name, "send_failed"):
            yield name, "send_failed", "send_failed"
