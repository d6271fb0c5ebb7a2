"""Checks of what follows upon a STOP: that it stops texts, and that whatever a patient may stop has an answer that says so."""

from __future__ import annotations

from engine.conversation import OPTED_OUT
from engine.draft import Draft
from engine.ruleset import ALL, SCOPES


def check(draft: Draft) -> None:
    if not draft.sound >= {"always", "states"}:
        return
    _stops(draft)
    for name, state in draft.ruleset.states.items():
        _keys(draft, name, state.blocks, state.scope)


def _stops(draft: Draft) -> None:
    name = draft.ruleset.always.get("stop", "")
    state = draft.ruleset.states.get(name)
    if state is None:
        return
    if state.blocks != OPTED_OUT:
        message = f'a STOP leads to "{name}", and there texts are not stopped'
        draft.report.add("R077", draft.at("always", "stop"), message, f"write blocks: {OPTED_OUT} in that state")
    elif state.scope != ALL and ALL not in state.farewells:
        message = f'who texts STOP ALL has no answer here: "{state.say or name}" tells of less'
        hint = "all: the prompt that answers who wants no texts of this hospital at all"
        draft.report.add("R077", draft.at("states", name, "blocks"), message, hint)


def _keys(draft: Draft, name: str, reason: str | None, scope: str) -> None:
    """Keys of `blocks` that could never count."""
    for key in ("scope", *SCOPES, "start"):
        if not draft.has("states", name, "blocks", key):
            continue
        mark = draft.at_key("states", name, "blocks", key)
        if reason != OPTED_OUT:
            message = f'"{key}" goes with the reason {OPTED_OUT} only'
            draft.report.add("R039", mark, message, "take it out")
        elif key == scope:
            message = f'"{key}" is what STOP alone stops here, and what the state says answers that'
            draft.report.add("R039", mark, message, "take it out, or choose another scope")
