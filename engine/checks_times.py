"""Checks of what comes when: hours that open, reminders before the appointment they remind of, waits that fit."""

from __future__ import annotations

from datetime import timedelta

from engine.draft import Draft
from engine.problems import Mark
from engine.ruleset import CadenceStep, State
from engine.spans import reach

_AT_ONCE = timedelta(0)
# Statuses of appointments that are still to come.
_TO_COME = frozenset({"proposed", "pending", "booked", "waitlist"})


def check(draft: Draft) -> None:
    _hours(draft)
    if "closes" in draft.sound and "cadence" in draft.sound:
        _closes(draft)
    if "applies_to" in draft.sound and draft.ruleset.applies_to.statuses <= _TO_COME:
        _before_the_appointment(draft)


def _hours(draft: Draft) -> None:
    for key, what in (("sending", "no text would ever go out"), ("staffed", "no task would ever fall due")):
        week = getattr(draft.ruleset.hours, key)
        if "hours" in draft.sound and not any(week.days):
            hint = 'for example {mon-fri: ["09:00-17:00"]}'
            draft.report.add("R072", draft.at_key("hours", key), f"these hours never open: {what}", hint)


def _closes(draft: Draft) -> None:
    closes = reach(draft.ruleset.closes)
    for number, step in enumerate(draft.ruleset.cadence):
        if reach(step.when) >= closes:
            message = (
                f'the step "{step.name}" comes {step.when.text}, when the talk is closed ({draft.ruleset.closes.text})'
            )
            draft.report.add("R074", draft.at("cadence", number, "when"), message, "close later, or send earlier")
    if draft.ruleset.applies_to.statuses <= _TO_COME and closes < _AT_ONCE:
        message = "the talk closes before the appointment, so a late reply would reach nobody in time"
        draft.report.add("R074", draft.at("closes"), message, "for example: 1 hour after")


def _before_the_appointment(draft: Draft) -> None:
    if "cadence" in draft.sound:
        for number, step in enumerate(draft.ruleset.cadence):
            if reach(step.when) > _AT_ONCE:
                message = f'the step "{step.name}" comes after the appointment that it is about'
                hint = 'write "before"; a ruleset for texts after the visit applies to [fulfilled, noshow]'
                draft.report.add("R073", draft.at("cadence", number, "when"), message, hint)
    if "states" not in draft.sound:
        return
    for name, state in draft.ruleset.states.items():
        for number, wait in enumerate(state.no_reply):
            if wait.when is not None and reach(wait.when) > _AT_ONCE:
                message = "this wait lasts until after the appointment"
                draft.report.add(
                    "R073", draft.at("states", name, "no_reply", number, "when"), message, 'write "before"'
                )
    for number, step in enumerate(draft.ruleset.cadence):
        if step.go is not None and step.go in draft.ruleset.states:
            _waits_fit(draft, draft.at("cadence", number, "when"), step, draft.ruleset.states[step.go])


def _waits_fit(draft: Draft, step_at: Mark, step: CadenceStep, state: State) -> None:
    """The waits of a question that the cadence asks. Each counts from the text before it; all have to be over before
    the appointment, but not before the question."""

    def told_at(wait_at: Mark) -> tuple[Mark, str]:
        """Where to tell of it, and what to call the wait there: at the step, where that is what a clinic wrote otherwise than
        the shared ruleset in which the wait stands."""
        if wait_at.file and not step_at.file:
            return step_at, f'the wait of "{state.name}" in {wait_at.file}, line {wait_at.line},'
        return wait_at, "this wait"

    asked = reach(step.when)
    passed = asked
    for number, wait in enumerate(state.no_reply):
        path = ("states", state.name, "no_reply", number)
        if wait.when is not None:
            if reach(wait.when) <= asked:
                place, what = told_at(draft.at(*path, "when"))
                message = f'{what} ends {wait.when.text}, and the step "{step.name}" asks {step.when.text}'
                draft.report.add("R073", place, message, "let it end between question and appointment")
            passed = max(passed, reach(wait.when))
        elif wait.after is not None:
            passed += wait.after
            if passed > _AT_ONCE:
                place, what = told_at(draft.at(*path, "after"))
                message = f"asked {step.when.text}, {what} lasts until after the appointment"
                hint = f"the waits of this state have {_length(-asked)} together"
                draft.report.add("R073", place, message, hint)
                return


def _length(span: timedelta) -> str:
    return (
        f"{span.days}d"
        if span.days
        else f"{span.seconds // 3600}h"
        if span.seconds >= 3600
        else f"{span.seconds // 60}m"
    )
