from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pytest
import yaml

from engine.loader import load
from engine.machine import edges, machine, step
from engine.ruleset import Ruleset

RULES = Path(__file__).parents[2] / "rules"
SHIPPED = ("appointment-reminder.yaml", "follow-up.yaml")
BUILT_IN = ("planned", "closed")

Table = dict[tuple[str, str], str]


@lru_cache(maxsize=4)
def rules(name: str) -> Ruleset:
    ruleset = load((RULES / name).read_text(), name, rehearse=False).ruleset
    assert ruleset is not None
    return ruleset


def table(name: str) -> Table:
    """What the file says, read with nothing but a YAML parser: (state, trigger) -> state."""
    text = (RULES / name).read_text()
    file = yaml.load(text, Loader=yaml.BaseLoader)
    states = file["states"]
    ways: Table = {("planned", f"cadence.{each['name']}"): each["go"] for each in file["cadence"] if "go" in each}
    for state in states:
        body = inherited(states, state)
        for intent, target in body.get("replies", {}).items():
            go = target if isinstance(target, str) else target["go"]
            if go != "stay":
                ways[state, f"reply.{intent}"] = go
            if "if_said" in states.get(go, {}):
                ways[state, f"said.{intent}"] = states[go]["if_said"]
        for ladder, trigger in (("no_reply", "silence"), ("unclear", "unclear")):
            for number, rung in enumerate(body.get(ladder, [])):
                if "go" in rung:
                    ways[state, f"{trigger}.{number}"] = rung["go"]
        if "send_failed" in body:
            ways[state, "send_failed"] = body["send_failed"]["go"]
    for state in (*BUILT_IN, *states):
        ways |= {(state, f"always.{name}"): target for name, target in file["always"].items()}
        ways |= {(state, f"staff.{act}"): target for act, target in file["staff"].items()}
        ways[state, "close"] = "closed"
    return ways


def inherited(states: dict[str, dict], name: str) -> dict:  # type: ignore[type-arg]
    """A state with what it takes from the one it is `like`: its replies under its own, its ladders where it has none. Silence
    is counted only where a question is asked."""
    body = states[name]
    if "like" not in body:
        return body
    model = inherited(states, body["like"])
    merged = {**{key: model[key] for key in ("unclear", "send_failed") if key in model}, **body}
    merged["replies"] = {**model.get("replies", {}), **body.get("replies", {})}
    return merged


@pytest.mark.parametrize("name", SHIPPED)
def test_the_machine_is_the_table_that_the_file_writes(name: str) -> None:
    ruleset = rules(name)
    wanted = table(name)
    triggers = {trigger for _, trigger in wanted}
    states = (*BUILT_IN, *ruleset.states)
    built = {
        (state, trigger): target
        for state in states
        for trigger in triggers
        if (target := step(ruleset, state, trigger)) is not None
    }
    assert built == wanted
    assert set(machine(ruleset).events) == triggers
    assert set(machine(ruleset).states) == set(states)


@pytest.mark.parametrize("name", SHIPPED)
def test_edges_are_told_once_each_and_lead_somewhere(name: str) -> None:
    ruleset = rules(name)
    found = edges(ruleset)
    assert {(edge.source, edge.trigger): edge.target for edge in found} == table(name)
    assert len({(edge.source, edge.trigger) for edge in found}) == len(found)
    assert {edge.target for edge in found} <= {*BUILT_IN, *ruleset.states}


def test_a_trigger_that_leads_nowhere_leads_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    ruleset = rules(SHIPPED[0])
    assert step(ruleset, "confirmed", "cadence.first") is None
    assert step(ruleset, "confirmed", "reply.confirm") is None  # it stays
    assert step(ruleset, "waiting", "no such trigger") is None
    assert step(ruleset, "no such state", "close") is None
    assert caplog.records == []  # asking is not worth a warning


def test_the_machine_of_a_version_is_built_once_and_keeps_nobody() -> None:
    ruleset = rules(SHIPPED[0])
    assert machine(ruleset) is machine(ruleset)
    step(ruleset, "waiting", "reply.confirm")
    assert machine(ruleset).models == []
    assert step(ruleset, "waiting", "reply.confirm") == "confirmed"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("confirm: confirmed", "confirm: confirmde"),
        ("already_attended: with_staff", "already_attended: with_stuff"),
        ("go: undelivered", "go: undelivred"),
        ("stop: opted_out", "stop: opted-out"),
        ("cancel: cancelled", "cancel: canceled"),
        ("go: waiting", "go: wating"),
        ("question: with_staff", "qestion: with_staff"),
    ],
)
def test_a_misspelt_name_never_becomes_a_machine(right: str, wrong: str) -> None:
    text = (RULES / SHIPPED[0]).read_text()
    assert right in text
    loaded = load(text.replace(right, wrong, 1), rehearse=False)
    assert loaded.ruleset is None
    assert any(problem.line for problem in loaded.problems)
