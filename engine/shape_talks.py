"""The shape of the talks inside a ruleset file: what happens, line by line."""

from __future__ import annotations

import re

from engine.blocks import Block, Either, Key, Many
from engine.events import TextStatus
from engine.kinds import DURATION, LANGUAGE, TEXT, Ref, Word, choice, named
from engine.ruleset import CLOSED, HOSPITAL_ACTS, PLANNED
from engine.shape_states import STAFF_ACT, TASK_KIND
from engine.spans import CLOCK

_IN = rf"in [0-9]{{1,3}} days? at {CLOCK}"
_TODAY = "today at "


def _when(text: str) -> str:
    """`today at 09:00` is `in 0 days at 09:00`."""
    if not re.fullmatch(rf"{_IN}|{_TODAY}{CLOCK}", text):
        raise ValueError(f'"{text}" is not a time')
    return f"in 0 days at {text.removeprefix(_TODAY)}" if text.startswith(_TODAY) else text


_WHEN = Word('a time such as "in 10 days at 10:00" or "today at 09:00"', rf"{_IN}|{_TODAY}{CLOCK}", _when)
_CHANGE = named(
    '"moved to in 12 days at 14:00", "cancelled", "attended" or "missed"',
    rf"moved to {_IN}|cancelled|attended|missed",
    "is not something that happens to an appointment",
)
_STAFF_LINE = Block(
    "what staff do",
    {"act": Key(STAFF_ACT, "What they do.", required=True), "text": Key(TEXT, "What they write.")},
)
_TASK_LINE = Block(
    "what staff are asked to do",
    {
        "kind": Key(TASK_KIND, "What they are asked to do.", required=True),
        "wants": Key(TEXT, "When the patient would come, as staff read it: Not Fridays."),
    },
)
_HOSPITAL_ACT_SEEN = choice("act for the hospital's system", (*HOSPITAL_ACTS, "reschedule"))
_STEPS: dict[str, Key] = {
    "patient": Key(TEXT, "What the patient texts."),
    "bot": Key(Ref("prompt", use=False), "The prompt that goes out."),
    "silence": Key(choice("", ["yes"], hint="write yes"), "yes: no text goes out."),
    "wait": Key(DURATION, "How much time goes by."),
    "receipt": Key(choice("receipt", map(str, TextStatus)), "What the gateway says of our last text."),
    "staff": Key(Either(STAFF_ACT, _STAFF_LINE), "What staff do: take, or {act: answer, text: Ring us at 9.}."),
    "hospital": Key(_HOSPITAL_ACT_SEEN, "What is recorded in the hospital's system."),
    "task": Key(Either(TASK_KIND, _TASK_LINE), "What staff are asked: question, or {kind: reschedule, wants: Not Fridays}."),
    "state": Key(Ref("state", (PLANNED, CLOSED), use=False), "The state that the talk is in now."),
    "appointment": Key(_CHANGE, "What the hospital does with the appointment."),
}  # fmt: skip

TALK = Block(
    "a talk",
    {
        "name": Key(TEXT, "What this talk shows.", required=True),
        "given": Key(
            Block(
                "given",
                {
                    "language": Key(LANGUAGE, "The patient's language."),
                    "appointment": Key(_WHEN, "When the appointment is: in 10 days at 10:00, or 2 days ago at 10:00."),
                    "status": Key(choice("", ["attended", "missed"]), "The patient came, or did not."),
                },
            ),
            "What the talk begins with.",
        ),
        "talk": Key(
            Many(
                Block("a line of a talk", _STEPS, one_of=(tuple(_STEPS),)),
                "a list of lines such as - patient: Y",
                1,
            ),
            "What happens, line by line.",
            required=True,
        ),
        "ends": Key(Ref("state", (PLANNED, CLOSED), use=False), "The state that the talk is in at the end."),
    },
)
