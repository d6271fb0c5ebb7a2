"""`freagra chat`: be the patient, in the terminal, with the rules of a file and no hospital behind them."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from adapters.commands import talks
from adapters.commands.output import Failure, Paint
from adapters.commands.rulefile import show_problems
from adapters.commands.timeline import Line, evidence, lines, when
from engine.conversation import Entry
from engine.events import StaffAct, TextStatus
from engine.rehearsal import Rehearsal, span
from engine.ruleset import Ruleset

HELP = """\
Whatever you type is the patient's reply. A line that begins with / is for the world around them:
  /wait 24h             time goes by (15m, 24h, 9d)
  /fail                 the last text could not be delivered
  /staff take           staff take the talk; also: confirm, cancel, keep, hand_back, call_back, stop, close,
                        wrong_number, deceased, note TEXT, answer TEXT
  /appointment cancelled                   the hospital cancels it; also: attended, missed
  /appointment moved to in 12 days at 14:00
  /why                  the evidence for how the last reply was read
  /save NAME            this talk as the rules write it; /save NAME FILE adds it to FILE
  /help, /quit"""

_LONGEST_WAIT = timedelta(days=1000)
_STATUSES = {"attended": "fulfilled", "missed": "noshow"}
_WHO = 9  # columns
_NARROWEST = 30  # columns for words; below, the terminal may break them where it likes
_PROMPT = "you> "
# What the terminal's own reading of a talk adds nothing to.
_QUIET = frozenset({"accepted", "sent", "delivered"})


class Unusable(Exception):
    """A line that cannot be done; the message says why and what can."""


class Chat:
    """One talk. `say` prints a line; `paint` colours it."""

    def __init__(self, ruleset: Ruleset, given: Mapping[str, str], say: Callable[[str], object], paint: Paint) -> None:
        """`given` is what a talk of a ruleset may be given: language, appointment, status. Raises ValueError."""
        status = _STATUSES.get(given.get("status", ""), "") or min(ruleset.applies_to.statuses)
        if status in _STATUSES.values():  # who has attended or missed it did so today, not in ten days
            given = {"appointment": "today at 09:00", **given}
        self._given = dict(given)
        self._say = say
        self._paint = paint
        self._steps: list[talks.Step] = []
        self._reading: Entry | None = None
        self._clock = ""
        self._seen = 0
        self._play = Rehearsal(
            ruleset,
            language=given.get("language", ""),
            appointment=given.get("appointment", "in 10 days at 10:00").replace("today at ", "in 0 days at "),
            status=status,
        )
        self._commands: Mapping[str, Callable[[str], None]] = {
            "wait": self._wait,
            "fail": self._fail,
            "staff": self._staff,
            "appointment": self._appointment,
            "why": self._why,
            "save": self._save,
            "help": self._help,
        }

    @property
    def play(self) -> Rehearsal:
        return self._play

    def hear(self, say: Callable[[str], object]) -> None:
        """Have what follows printed by `say`."""
        self._say = say

    def as_talk(self, name: str) -> list[str]:
        """The talk so far as an item of the rules' `talks:`."""
        return talks.as_yaml(name, self._given, self._steps, self._play.conversation.state)

    def begin(self) -> None:
        self._say(self._paint("Be the patient: type a reply. /help tells what else there is, /quit ends it.", "dim"))
        self._follow()
        if not self._steps:
            self._say(self._paint("Nothing is due yet: /wait moves the time.", "dim"))

    def take(self, line: str) -> bool:
        """Do one line; False where it could not be done, and then nothing has happened."""
        try:
            if line.startswith("/"):
                self._command(line[1:])
            else:
                self._reply(line)
        except Unusable as unusable:
            self._say(self._paint(str(unusable), "red"))
            return False
        return True

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        command = self._commands.get(name)
        if command is None:
            raise Unusable(f"there is no /{name}; /help lists what there is")
        command(rest.strip())

    # ---- what can be done --------------------------------------------------------------------------------------------

    def _reply(self, text: str) -> None:
        self._play.patient(text)
        self._follow(("patient", text))

    def _wait(self, text: str) -> None:
        try:
            duration = span(text)
        except OverflowError:
            duration = None
        if duration is None or duration > _LONGEST_WAIT:
            raise Unusable(f"/wait takes a time such as 15m, 24h or 9d, up to {_LONGEST_WAIT.days}d")
        self._play.wait(duration)
        self._follow(("wait", text))

    def _fail(self, rest: str) -> None:
        if rest:
            raise Unusable("/fail takes nothing more")
        if not any(entry.kind == "text.queued" for entry in self._play.entries):
            raise Unusable("no text has gone out that could fail")
        self._play.receipt(TextStatus.UNDELIVERABLE)
        self._follow(("receipt", "undeliverable"))

    def _staff(self, rest: str) -> None:
        name, _, text = rest.partition(" ")
        text = text.strip()
        if name not in list(StaffAct):
            raise Unusable(f"/staff takes one of: {', '.join(act for act in StaffAct)}")
        act = StaffAct(name)
        if act is StaffAct.RESCHEDULED:
            raise Unusable("staff move it in the hospital's system: use /appointment moved to in 12 days at 14:00")
        if act in (StaffAct.ANSWER, StaffAct.NOTE) and not text:
            raise Unusable(f"/staff {act} needs a text: /staff {act} Ring us at 9.")
        self._play.staff(act, text)
        self._follow(("staff", {"act": str(act), "text": text} if text else str(act)))

    def _appointment(self, what: str) -> None:
        try:
            self._play.change(what.replace("today at ", "in 0 days at "))
        except (ValueError, OverflowError) as fault:
            raise Unusable(f"/appointment: {fault}") from fault
        self._follow(("appointment", what))

    def _why(self, rest: str) -> None:
        if rest:
            raise Unusable("/why takes nothing more")
        if self._reading is None:
            raise Unusable("no reply has been read yet")
        for line in evidence(self._reading.data):
            self._say(f"  {line}")

    def _save(self, rest: str) -> None:
        name, path = _name_and_file(rest)
        if not name:
            raise Unusable("/save takes a name for the talk, and after it the ruleset's file if it is to go there")
        written = self.as_talk(name)
        if path is None:
            for line in ["talks:", *(f"  {line}" for line in written)]:
                self._say(line)
            return
        try:
            loaded = talks.append(path, written)
        except (OSError, UnicodeDecodeError) as fault:
            why = getattr(fault, "strerror", None) or "it is not UTF-8"
            raise Unusable(f"{path}: cannot be written: {why}") from fault
        except talks.CannotSave as fault:
            if fault.loaded is not None:
                show_problems(fault.loaded)
            raise Unusable(f"{path}: is left as it was: {fault}") from fault
        assert loaded.ruleset is not None, "append keeps files that load"
        count = len(loaded.ruleset.talks)
        self._say(self._paint(f"saved to {path}, which holds {count} talks now; all go as written", "green"))

    def _help(self, _: str) -> None:
        self._say(HELP)

    # ---- what came of it ---------------------------------------------------------------------------------------------

    def _follow(self, step: talks.Step | None = None) -> None:
        """Show what is new in the transcript, and note step and consequences as a talk does."""
        new = self._play.entries[self._seen :]
        self._seen = len(self._play.entries)
        steps: list[talks.Step] = []
        for entry in new:
            if entry.kind == "reply.read":
                self._reading = entry
            steps += _consequence(entry)
            self._show(entry)
        if step is not None:
            self._steps.append(step)
            if not any(entry.kind == "text.queued" for entry in new):
                steps.insert(0, ("silence", "yes"))
        if step is not None and not new:
            self._say(self._paint(f"  nothing happens until {when(self._play.now, self._play.zone)}", "dim"))
        self._steps += steps
        if self._play.conversation.closed and any(entry.kind in _ENDINGS for entry in new):
            self._say(self._paint("  the talk is over; a reply would still be read", "dim"))

    def _show(self, entry: Entry) -> None:
        if entry.kind == "text.status" and entry.data["status"] in _QUIET:
            return
        clock = when(entry.at, self._play.zone)
        if clock != self._clock:
            self._clock = clock
            self._say(self._paint(clock, "bold"))
        for line in lines(entry.kind, entry.actor, entry.data, self._play.zone):
            if line.who != "patient":  # just typed
                for shown in rendered(line, self._paint):
                    self._say(shown)


_ENDINGS = frozenset({"state.entered", "conversation.closed"})


def _consequence(entry: Entry) -> list[talks.Step]:
    data = entry.data
    match entry.kind:
        case "text.queued" if data["prompt"]:
            return [("bot", data["prompt"])]
        case "ipms.queued":
            return [("hospital", data["action"])]
        case "task.opened":
            return [("task", data["kind"])]
    return []


def rendered(line: Line, paint: Paint) -> list[str]:
    """A line as printed: who, what, and the words beneath, folded to the width of a terminal."""
    margin = " " * (_WHO + 2)
    folded = [
        part for text in (line.text, *line.body.splitlines()) for part in _folded(text, paint.width - len(margin))
    ]
    first, *rest = [paint(part, line.tone) for part in folded]
    return [f"  {paint(line.who.ljust(_WHO), 'dim')}{first}", *(f"{margin}{part}" for part in rest)]


def _folded(text: str, width: int) -> list[str]:
    return (textwrap.wrap(text, width) if width >= _NARROWEST else []) or [text]


def _name_and_file(rest: str) -> tuple[str, Path | None]:
    words = rest.split()
    if words and words[-1].endswith((".yaml", ".yml")):
        return " ".join(words[:-1]), Path(words[-1])
    return " ".join(words), None


# ---- the terminal ----------------------------------------------------------------------------------------------------


def chat(ruleset: Ruleset, given: Mapping[str, str]) -> int:
    """Talk until /quit or the end of the input. Without a terminal the input is echoed, and a line that could not be
    done makes the exit code 1. Raises Failure (2)."""
    if given.get("language", ruleset.languages[0]) not in ruleset.languages:
        raise Failure(f"--language must be one of the ruleset's: {', '.join(ruleset.languages)}", 2)
    typed = sys.stdin.isatty()
    paint = Paint(sys.stdout)
    try:
        talk = Chat(ruleset, given, print, paint)
    except (ValueError, OverflowError) as fault:
        raise Failure(f"--appointment: {fault}", 2) from fault
    print(f"{ruleset.name}: {ruleset.summary}")
    talk.begin()
    failed = False
    for line in _typed(paint) if typed else _echoed(sys.stdin):
        line = line.strip()
        if line in ("/quit", "/q", "/exit"):
            break
        if line:
            failed |= not talk.take(line)
    return int(failed and not typed)


def _typed(paint: Paint) -> Iterator[str]:
    import readline  # noqa: F401  gives `input` its editing and its history

    # readline counts columns; what is between these two marks has none.
    prompt = f"\x01\x1b[1m\x02{_PROMPT}\x01\x1b[0m\x02" if paint.on else _PROMPT
    while True:
        try:
            yield input(prompt)
        except EOFError:
            print()
            return


def _echoed(lines_in: Iterable[str]) -> Iterator[str]:
    for line in lines_in:
        print(f"{_PROMPT}{line.rstrip()}")
        yield line
