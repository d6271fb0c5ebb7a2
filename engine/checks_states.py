"""Checks of the ways through a talk: can every state be reached and left, has every question its four ways out, do
ladders end with a person, does anything go round in circles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.draft import RESERVED_STATES, Draft
from engine.nodes import Listing, Table
from engine.problems import Mark, listed, nearest
from engine.ruleset import ANYTHING, STAY, State

_BLOCKS = frozenset({"cadence", "always", "staff", "states"})
_EXITS = {
    "replies": "replies: where each meaning of a reply leads",
    "no_reply": "no_reply: what happens while no reply comes, such as - {after: 24h, go: unanswered}",
    "unclear": "unclear: what we answer to a reply we cannot read, such as [{say: unclear}, {go: with_staff}]",
    "send_failed": "send_failed: what happens if the text does not arrive, such as {retries: [2h], go: undelivered}",
}


def check(draft: Draft) -> None:
    _circles_of_likeness(draft)
    if draft.sound >= _BLOCKS:
        _reachable(draft)
    known = _known(draft)
    for name, state in draft.ruleset.states.items():
        if name in known:
            _ways_out(draft, name, state)
        _contradictions(draft, name, state)
        _ladders(draft, name, state)
    _circles(draft)


def _circles_of_likeness(draft: Draft) -> None:
    for circle in _rings({name: draft.like(name) for name in draft.ruleset.states}):
        message = f"states are like each other in a circle: {' → '.join((*circle, circle[0]))}"
        hint = "one of them has to write its ways out itself"
        draft.report.add("R028", draft.at("states", circle[-1], "like"), message, hint)


def _known(draft: Draft) -> set[str]:
    """States of which all is known, and of those they are like, so that what they lack is truly missing."""
    verdict: dict[str | None, bool] = {None: True}
    for name in draft.ruleset.states:
        line: dict[str, None] = {}
        part: str | None = name
        while part is not None and part not in verdict and part not in line and part in draft.ruleset.states:
            line[part] = None
            part = draft.like(part)
        known = verdict.get(part, False)
        for part in reversed(line):
            known = verdict[part] = known and draft.is_sound("states", part)
    return {name for name, known in verdict.items() if known and name is not None}


# ---- reaching --------------------------------------------------------------------------------------------------------


def _reachable(draft: Draft) -> None:
    rules = draft.ruleset
    ahead = [step.go for step in rules.cadence if step.go is not None]
    ahead += [*rules.always.values(), *rules.staff.values()]
    reached: set[str] = set()
    while ahead:
        name = ahead.pop()
        if name not in rules.states:
            # A misspelt name was reported; what was meant is not unreachable too.
            name = nearest(name, rules.states) or ""
        if name in rules.states and name not in reached:
            reached.add(name)
            ahead += _targets(rules.states[name])
    for name in rules.states:
        if name not in reached and name not in RESERVED_STATES:
            hint = "lead a reply, a wait or a step of the cadence to it, or take it out"
            draft.report.add("R030", draft.at_key("states", name), f'no way leads to the state "{name}"', hint)


def _targets(state: State) -> Iterator[str]:
    if state.if_said is not None:
        yield state.if_said
    yield from (target.go for target in state.replies.values() if target.go != STAY)
    yield from (wait.go for wait in state.no_reply if wait.go is not None)
    yield from (rung.go for rung in state.unclear if rung.go is not None)
    if state.send_failed is not None:
        yield state.send_failed.go


# ---- leaving ---------------------------------------------------------------------------------------------------------


def _ways_out(draft: Draft, name: str, state: State) -> None:
    if state.ends or state.staff_own:
        return
    model = draft.ruleset.states.get(draft.like(name) or "")
    if draft.has("states", name, "ask"):
        _four_exits(draft, name, state)
    elif model is not None and not model.ends and not model.staff_own:
        return  # what it lacks, the other lacks too, and is told
    elif draft.own(name, "replies") is None:
        hint = 'write one of these: replies, "ends: yes", "owner: staff", or "like:" and a state whose replies it takes'
        draft.report.add("R031", draft.at_key("states", name), f'the state "{name}" is a dead end', hint)
    elif draft.own(name, "unclear") is None and ANYTHING not in state.replies:
        message = f'in the state "{name}" a reply that cannot be read has no way out'
        draft.report.add("R033", draft.at_key("states", name), message, _EXITS["unclear"])


def _four_exits(draft: Draft, name: str, state: State) -> None:
    missing = [key for key in ("replies", "unclear", "send_failed") if draft.own(name, key) is None]
    if ANYTHING in state.replies:
        missing = [key for key in missing if key != "unclear"]
    if not draft.has("states", name, "no_reply"):
        missing.append("no_reply")  # waits are never taken from another state
    if missing:
        message = f'the question of the state "{name}" lacks {listed(missing)}'
        hint = "\n".join(_EXITS[key] for key in missing)
        meant = "\n".join(_stubs(draft)[key] for key in missing)
        draft.report.add("R032", draft.at("states", name, "ask"), message, hint, meant=meant)


def _stubs(draft: Draft) -> dict[str, str]:
    """The ways out as they commonly are, with names that the file has."""
    staff = hears(draft)
    again = "{say: unclear}, " if "unclear" in draft.ruleset.prompts else ""
    return {
        "replies": "replies: {}",
        "no_reply": f"no_reply: [{{after: 24h, go: {staff}}}]",
        "unclear": f"unclear: [{again}{{go: {staff}}}]",
        "send_failed": f"send_failed: {{retries: [2h], go: {staff}}}",
    }


def hears(draft: Draft) -> str:
    """A state in which staff hear of the talk and have it, "" where the file has none."""
    states = draft.ruleset.states.values()
    own = (state.name for state in states if state.staff_own and state.task is not None)
    told = (state.name for state in states if state.task is not None)
    return next(own, None) or next(told, "")


def _contradictions(draft: Draft, name: str, state: State) -> None:
    block = draft.root.find("states", name)
    if not isinstance(block, Table):
        return
    exits = [key for key in ("ask", "like", "replies", "no_reply", "unclear", "send_failed") if key in block.keys]
    if state.ends and all(target.go == STAY and target.say is None for target in state.replies.values()):
        # What a talk that is over may still say of a reply: that it needs nobody.
        exits = [key for key in exits if key != "replies"]
    if exits and (state.ends or state.staff_own):
        why = "the talk ends here" if state.ends else "staff own the talk here"
        message = f'"{exits[0]}" cannot stand in the state "{name}": {why}'
        hint = f'take out {listed(exits)}, or take out "{"ends" if state.ends else "owner"}"'
        draft.report.add("R039", block.keys[exits[0]].mark, message, hint)
    elif "no_reply" in block.keys and "ask" not in block.keys:
        message = f'the state "{name}" asks nothing, so there is no reply to wait for'
        hint = "make its text a question (ask instead of say), or take out no_reply"
        draft.report.add("R039", block.keys["no_reply"].mark, message, hint)
    if "if_said" in block.keys and not (state.asks and draft.ruleset.about_another_time(state)):
        message = f'"if_said" cannot stand in the state "{name}": it does not ask which days would suit'
        hint = "take it out, or let anything under replies lead to a state with hospital: request_reschedule"
        draft.report.add("R039", block.keys["if_said"].mark, message, hint)
    for intent, target in state.replies.items():
        if target.say is not None and target.go != STAY and draft.has("states", name, "replies", intent, "say"):
            mark = draft.at_key("states", name, "replies", intent, "say")
            message = f'"say" goes with "go: stay" only: on coming to "{target.go}" that state says its own text'
            draft.report.add("R039", mark, message, "take it out, or write go: stay")


# ---- ladders ---------------------------------------------------------------------------------------------------------


def _ladders(draft: Draft, name: str, state: State) -> None:
    if "states" not in draft.sound:
        return
    ladders: dict[str, list[tuple[str | None, bool]]] = {
        "no_reply": [(wait.go, True) for wait in state.no_reply],
        "unclear": [(rung.go, rung.words_over is None) for rung in state.unclear],
    }
    for ladder, rungs in ladders.items():
        node = draft.root.find("states", name, ladder)
        if isinstance(node, Listing) and node.items:
            _rungs(draft, (name, ladder), rungs)
    if draft.has("states", name, "send_failed") and state.send_failed is not None:
        mark = draft.at("states", name, "send_failed", "go")
        _reaches_staff(draft, state.send_failed.go, mark, "a text that cannot be delivered")


def _rungs(draft: Draft, path: tuple[str, str], rungs: list[tuple[str | None, bool]]) -> None:
    """Each rung as where it leads, None for nowhere, and whether it is for every reply."""
    name, ladder = path
    for number, (target, for_all) in enumerate(rungs):
        if target is None and not for_all:
            mark = draft.at("states", name, ladder, number, "words_over")
            message = '"words_over" goes with "go" only: a longer reply is for a person, not for another text'
            draft.report.add("R039", mark, message, "take it out, or let the rung lead to a state with a task for staff")
        if target is not None and not for_all:
            mark = draft.at("states", name, ladder, number, "go")
            _reaches_staff(draft, target, mark, "a longer reply that cannot be read")
        if target is not None and for_all and number < len(rungs) - 1:
            mark = draft.at("states", name, ladder, number + 1)
            message = f'this rung is never reached: the one before it leads away to "{target}"'
            draft.report.add("R035", mark, message, "let only the last rung have go")
    target, for_all = rungs[-1]
    if target is None or not for_all:
        what = "no reply comes" if ladder == "no_reply" else "the reply is still unclear"
        hint = "end the list with a rung that leads on, such as " + (
            "{after: 1d, go: unanswered}" if ladder == "no_reply" else "{go: with_staff}"
        )
        wait = "after: 1d, " if ladder == "no_reply" else ""
        last = draft.at("states", name, ladder, len(rungs) - 1)
        meant = f"- {{{wait}go: {hears(draft)}}}"
        draft.report.add("R036", last, f"after this rung nothing happens if {what}", hint, meant=meant)
    elif ladder == "unclear":
        mark = draft.at("states", name, ladder, len(rungs) - 1, "go")
        _reaches_staff(draft, target, mark, "a reply that stays unclear")


def _reaches_staff(draft: Draft, target: str, mark: Mark, what: str) -> None:
    state = draft.ruleset.states.get(target)
    if state is None or state.task is not None or state.staff_own or (state.asks and state.send_failed is not None):
        return  # another question has ways out of its own
    message = f'{what} leads to "{target}", where no member of staff hears of it'
    tasks = [name for name, known in draft.ruleset.states.items() if known.task is not None]
    draft.report.add("R036", mark, message, f"states with a task for staff: {listed(tasks)}", meant=hears(draft))


# ---- circles ---------------------------------------------------------------------------------------------------------


def _circles(draft: Draft) -> None:
    states = draft.ruleset.states
    # A text that fails moves the talk only where it was a question.
    failing = {name: state.send_failed.go for name, state in states.items() if state.asks and state.send_failed}
    for circle in _rings(failing):
        message = f"texts that cannot be delivered lead round in a circle: {' → '.join((*circle, circle[0]))}"
        own = draft.own(circle[0], "send_failed") or circle[0]
        hint = "let one of them lead to a state that asks nothing and has a task for staff"
        draft.report.add("R034", draft.at("states", own, "send_failed", "go"), message, hint)
    waiting = {name: state.no_reply[-1].go for name, state in states.items() if state.no_reply}
    for circle in _rings(waiting):
        message = f"with no word from the patient the talk goes round: {' → '.join((*circle, circle[0]))}"
        mark = draft.at("states", circle[0], "no_reply")
        draft.report.add("R038", mark, message, "let one of the waits lead to a state with a task for staff")


def _rings(ways: Mapping[str, str | None]) -> Iterator[tuple[str, ...]]:
    """The circles of a graph in which each name leads to one name at most; each begins with its first name in order."""
    done: set[str] = set()
    for start in ways:
        path: dict[str, None] = {}
        name: str | None = start
        while name is not None and name in ways and name not in done and name not in path:
            path[name] = None
            name = ways[name]
        if name is not None and name in path:
            names = list(path)
            yield tuple(names[names.index(name) :])
        done.update(path)
