"""The shape of the states of a ruleset file: what is said and asked there, what staff are to do, and the ways out."""

from __future__ import annotations

from engine.blocks import Block, Either, Key, Many, Named
from engine.events import AMONG_STAFF, StaffAct
from engine.kinds import DURATION, FLAG, MOMENT, TEXT, Choice, Number, Ref, choice
from engine.ruleset import ANYTHING, HOSPITAL_ACTS, PRIORITIES, SCOPES, STAY, TASK_KINDS

_STATE = Ref("state")
_PROMPT = Ref("prompt")
# What a talk in a file may say that staff do: what changes the talk, and a note.
_ACTS = [act for act in StaffAct if act is StaffAct.NOTE or act not in {*AMONG_STAFF, StaffAct.ATTACH}]
STAFF_ACT = Choice("act of staff", {str(act): str(act) for act in _ACTS}, "R026")
TASK_KIND = choice("kind of task", TASK_KINDS, "R025")

TASK = Block(
    "a task",
    {
        "kind": Key(TASK_KIND, "Which of the staff's lists it goes on.", required=True),
        "due": Key(DURATION, "How long staff have for it, counted in staffed hours.", required=True),
        "priority": Key(choice("priority", PRIORITIES), "urgent, high, normal or low. normal if left out."),
        "suggest": Key(STAFF_ACT, "The button that staff are shown first."),
        "why": Key(TEXT, "One sentence that tells staff why they see this."),
    },
)

_TARGET = Either(
    Ref("state", (STAY,)),
    Block(
        "a target",
        {
            "go": Key(Ref("state", (STAY,)), "The state to go to, or stay.", required=True),
            "say": Key(_PROMPT, "With stay: the prompt that answers."),
        },
    ),
)

_BLOCK = choice("", ["opted_out", "wrong_number", "deceased"])
BLOCKS = Block(
    "blocks",
    {
        "reason": Key(_BLOCK, "Why no more texts go out.", required=True),
        "scope": Key(
            choice("scope", SCOPES),
            "What STOP alone stops: series (texts about this appointment), clinic (of this clinic), all (of this hospital).",
        ),
        "series": Key(_PROMPT, "The answer to who wants no more texts about this appointment, but others."),
        "clinic": Key(_PROMPT, "The answer to who wants no more texts of this clinic, but others."),
        "all": Key(_PROMPT, "The answer to who wants no texts of this hospital at all."),
        "start": Key(_PROMPT, "The answer to START, where nothing else is asked then."),
    },
)

STATE = Block(
    "a state",
    {
        "say": Key(_PROMPT, "The prompt that is sent on coming here. No answer is needed."),
        "ask": Key(
            _PROMPT, "The question that is sent on coming here. It needs replies, no_reply, unclear and send_failed."
        ),
        "like": Key(
            Ref("state", use=False),
            "Take replies, unclear and send_failed from this state, except what is written here.",
        ),
        "if_said": Key(
            _STATE, "Of a question which days would suit: the state to go to instead, where the reply has said it already."
        ),
        "hospital": Key(
            choice("act for the hospital's system", HOSPITAL_ACTS),
            "What to record in the hospital's system on coming here.",
        ),
        "task": Key(TASK, "What staff are asked to do on coming here."),
        "closes_task": Key(FLAG, "yes: what staff were asked to do before is no longer needed."),
        "owner": Key(Choice("", {"staff": True}), "staff: from here on staff write, and the machine says nothing."),
        "blocks": Key(
            Either(_BLOCK, BLOCKS),
            "No more texts go out from here on, and why not.",
        ),
        "ends": Key(FLAG, "yes: the talk is over."),
        "replies": Key(
            Named(Ref("intent", (ANYTHING,)), _TARGET, "a block of lines such as confirm: confirmed"),
            "Where each meaning of a reply leads. anything: takes whatever else is written, as it is.",
        ),
        "no_reply": Key(
            Many(
                Block(
                    "a wait",
                    {
                        "after": Key(DURATION, "How long after the question."),
                        "when": Key(MOMENT, "Which moment, counted from the appointment."),
                        "say": Key(_PROMPT, "The prompt to send then."),
                        "ask": Key(_PROMPT, "The question to send then."),
                        "go": Key(_STATE, "The state to go to then."),
                    },
                    one_of=(("after", "when"), ("say", "ask", "go")),
                ),
                "a list of waits such as - {after: 24h, go: unanswered}",
            ),
            "What happens while no reply comes, one wait after the other.",
        ),
        "unclear": Key(
            Many(
                Block(
                    "a rung",
                    {
                        "say": Key(_PROMPT, "The prompt to answer with."),
                        "ask": Key(_PROMPT, "A question that names our {guess}; left out where we have none."),
                        "go": Key(_STATE, "The state to go to: the last rung leads to staff."),
                        "words_over": Key(Number(1, 300), "With go: for replies of more words than this, or of danger."),
                    },
                    one_of=(("say", "ask", "go"),),
                ),
                "a list such as [{say: unclear}, {go: with_staff}]",
                1,
            ),
            "What happens when a reply cannot be understood: the first time, the second time, and so on.",
        ),
        "send_failed": Key(
            Block(
                "send_failed",
                {
                    "retries": Key(
                        Many(DURATION, "a list such as [15m, 2h]"),
                        "How long to wait before each new try.",
                        required=True,
                    ),
                    "go": Key(_STATE, "The state to go to when no try got through.", required=True),
                },
            ),
            "What happens when the text cannot be delivered.",
        ),
    },
    at_most_one=(("say", "ask"),),
)
