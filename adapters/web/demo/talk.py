"""The transcript of the chosen appointment's talk, and the secretary's desk below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from adapters.ipms.simulator.hospital import Entry
from adapters.web import plain, telling
from adapters.web.demo.markup import Markup, el, joined
from adapters.web.demo.panes import chip, full_name, hidden, local_value
from adapters.web.demo.reader import Talk, Task, Timer
from adapters.zone import ZONE
from engine.ruleset import PRIORITIES

LONGEST_ANSWER = 320  # characters that staff can text

_PRIORITY = {"urgent": "bad", "high": "wait"}
_ACTS = (("confirm", "Confirm"), ("cancel", "Cancel"), ("keep", "Keep"), ("call_back", "Rang them"))
_UNHEARD = "Freagra has not heard of this appointment yet."
_SIDES = {
    "patient": "Patient",
    "freagra": "Freagra",
    "staff": "Staff",
    "hospital": "Hospital",
    "gateway": "Phone network",
    "clock": "Clock",
}


def pane(chosen: Entry, talks: Sequence[Talk]) -> Markup:
    record = chosen.record
    when = f"{record.clinician}, {plain.day(record.start)} at {plain.clock(record.start)}"
    return el(
        "section",
        el("h2", f"The talk with {full_name(chosen)}", id="talk-title"),
        _standing(when, talks[-1]) if talks else el("p", when, class_="sub"),
        el(
            "div",
            el("ol", list(_entries(talks)) or el("li", _UNHEARD, class_="empty", id="no-talk"), id=f"list-{record.id}"),
            id=f"entries-{record.id}",
            class_="entries",
            data_stick="end",
            role="log",
            tabindex=0,
            aria_label="Transcript",
        ),
        _desk(chosen, talks[-1]) if talks else None,
        id="talk",
        class_="pane",
        aria_labelledby="talk-title",
    )


def _standing(when: str, talk: Talk) -> Markup:
    answering = chip("staff in charge", "wait") if talk.staff_own else chip("Freagra in charge")
    owner = chip("over", "off") if talk.closed else answering
    return el(
        "div",
        el("p", when, " ", chip(plain.state(talk.state), "strong"), " ", owner, class_="sub"),
        el(
            "details",
            el("summary", _planned(talk.timers), id=f"timers-{talk.id}"),
            el("ul", [_timer(timer, talk) for timer in talk.timers]),
            class_="timers",
            id=f"timer-box-{talk.id}",
        )
        if talk.timers
        else None,
        class_="standing",
    )


def _planned(timers: Sequence[Timer]) -> str:
    first = timers[0]
    return f"{plain.counted(len(timers), 'timer')} set, the next for {plain.day(first.due)} at {plain.clock(first.due)}"


def _timer(timer: Timer, talk: Talk) -> Markup:
    what = telling.timer(timer.name, talk.state, talk.ruleset)
    return el("li", el("b", f"{plain.day(timer.due)} {plain.clock(timer.due)}"), " ", what)


# ---- the transcript --------------------------------------------------------------------------------------------------


def _entries(talks: Sequence[Talk]) -> Iterator[Markup]:
    for talk in talks:
        if len(talks) > 1:
            yield el("li", f"By the rules “{talk.ruleset.name}”", class_="divider", id=f"rules-{talk.id}")
        day = ""
        for seq, (entry, after) in enumerate(zip(talk.entries, [*talk.entries[1:], None], strict=True), 1):
            today = plain.day(entry.at)
            if today != day:
                day = today
                yield el("li", today, class_="divider", id=f"day-{talk.id[:8]}-{seq}")
            line = telling.tell(entry)
            if entry.kind == "timer.fired" and (after is None or after.at != entry.at):
                line = replace(line, notes=(telling.passed_over(entry.data["name"], talk.ruleset),))
            yield _entry(f"entry-{talk.id[:8]}-{seq}", entry.at, line, talk.sent)


def _entry(id: str, at: datetime, line: telling.Line, sent: Mapping[str, str]) -> Markup:
    fate = sent.get(line.text)
    return el(
        "li",
        el("time", f"{at.astimezone(ZONE):%H:%M:%S}", datetime=at.isoformat()),
        el("span", _SIDES.get(line.who, line.who), class_="side"),
        el("p", line.title, class_="title"),
        el("blockquote", line.quote or "(an empty text)") if line.quote is not None else None,
        _reading(line.reading) if line.reading is not None else None,
        el("p", " · ".join(line.notes), class_="notes") if line.notes else None,
        chip(plain.TEXT_STATUS.get(fate, fate), "good" if fate == "delivered" else "plain") if fate else None,
        id=id,
        class_=f"entry {line.who}{' small' if line.small else ''}",
    )


def _reading(data: Mapping[str, Any]) -> Markup:
    score = f"{data['score']:.0f} of 100"
    candidates = [
        el("li", el("b", plain.meaning(intent)), f" “{phrase}” ", el("span", f"{likeness:.0f}", class_="score"))
        for intent, phrase, likeness in data["candidates"]
    ]
    facts: list[tuple[str, Markup]] = [
        ("Read as", joined(el("b", plain.meaning(data["intent"])), f", {score}")),
        ("Why", joined(data["why"] or plain.rule(data["rule"]))),
        ("Normalised", joined(el("code", data["normalised"] or "(nothing)"))),
        ("Rule", joined(f"{data['rule']}: {plain.rule(data['rule'])}")),
        ("Nearest", el("ol", candidates, class_="candidates") if candidates else joined("nothing came near")),
    ]
    return el("dl", [joined(el("dt", name), el("dd", fact)) for name, fact in facts], class_="reading")


# ---- the desk --------------------------------------------------------------------------------------------------------


def _desk(chosen: Entry, talk: Talk) -> Markup:
    tasks = sorted((task for task in talk.tasks if task.open), key=lambda task: PRIORITIES.index(task.priority))
    suggested = {task.suggest for task in tasks if task.suggest}
    return el(
        "div",
        el("h3", "At the secretary’s desk"),
        [_task(task) for task in tasks] or el("p", "No task is open. You may step in all the same.", class_="sub"),
        _acts(chosen, talk, suggested),
        _new_time(chosen, talk, "rescheduled" in suggested) if not talk.closed else None,
        _answer(chosen, talk),
        class_="desk",
        id="desk",
    )


def _task(task: Task) -> Markup:
    last = task.steps[-1] if task.steps else {"why": "", "words": ""}
    said = [step["words"] for step in task.steps if step["words"]]
    wanted = next((step["preferences"] for step in reversed(task.steps) if "preferences" in step), None)
    if wanted is not None:
        said = list(dict.fromkeys((*wanted["words"], *said)))
    return el(
        "div",
        el(
            "p",
            el("b", plain.kind(task.kind).capitalize()),
            " ",
            chip(f"{task.priority} priority", _PRIORITY.get(task.priority, "plain")),
            f" due {plain.day(task.due)} at {plain.clock(task.due)}",
        ),
        el("p", last["why"]),
        el("p", el("b", wanted["summary"]), class_="wanted") if wanted is not None else None,
        [el("blockquote", quote) for quote in said[-3:]],
        class_=f"task {task.priority}",
    )


def _own(chosen: Entry, talk: Talk) -> Markup:
    """Names the talk as the visitor saw it, so that a double click acts once."""
    return joined(hidden("appointment", chosen.record.id), hidden("talk", talk.id), hidden("seen", str(len(talk.entries))))


def _acts(chosen: Entry, talk: Talk, suggested: set[str]) -> Markup:
    owner = ("hand_back", "Hand back") if talk.staff_own else ("take", "Take over")
    settles = [act for act in _ACTS if act[0] == "call_back" or act[0] in talk.ruleset.staff]
    acts = [owner, *settles] if not talk.closed else []
    return el(
        "form",
        _own(chosen, talk),
        [_button(act, label, act in suggested) for act, label in acts],
        method="post",
        action="/demo/staff",
        class_="acts",
        aria_label="What staff can do",
    )


def _button(act: str, label: str, suggested: bool) -> Markup:
    return el("button", label, name="act", value=act, id=f"staff-{act}", class_="primary" if suggested else None)


def _new_time(chosen: Entry, talk: Talk, suggested: bool) -> Markup:
    value = local_value(chosen.record.start + timedelta(days=7))
    return el(
        "form",
        _own(chosen, talk),
        el("label", "New time agreed", for_=f"agreed-{chosen.record.id}"),
        el("input", type="datetime-local", name="start", value=value, id=f"agreed-{chosen.record.id}", required=True),
        _button("rescheduled", "Settle", suggested),
        method="post",
        action="/demo/staff",
        class_="acts",
    )


def _answer(chosen: Entry, talk: Talk) -> Markup:
    return el(
        "form",
        _own(chosen, talk),
        el("label", "Answer as the secretary", for_="answer", class_="unseen"),
        el(
            "input",
            id="answer",
            name="text",
            required=True,
            maxlength=LONGEST_ANSWER,
            autocomplete="off",
            placeholder="Text the patient …",
        ),
        _button("answer", "Send", False),
        method="post",
        action="/demo/staff",
        class_="composer",
    )
