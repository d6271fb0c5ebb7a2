import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.cli import main
from engine.loader import load

RULES = Path(__file__).parents[2] / "rules"
REMINDER = str(RULES / "appointment-reminder.yaml")
FOLLOW_UP = str(RULES / "follow-up.yaml")

Chat = Callable[..., tuple[int, str]]


@pytest.fixture
def chat(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Chat:
    """Type these lines into `freagra chat`; its exit code and all that it printed."""

    def run(*typed: str, ruleset: str = REMINDER, options: tuple[str, ...] = ()) -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        code = main(["chat", ruleset, *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def saved(printed: str) -> str:
    """What /save printed, as a block of its own."""
    lines = printed[printed.index("talks:\n") :].splitlines()
    return "\n".join(line for line in lines if not line.startswith("you>"))


def test_a_yes_is_read_answered_and_recorded(chat: Chat) -> None:
    code, printed = chat("Y")
    assert code == 0
    assert "Reminder: Your appointment with Dr. Smith is on March 12 at 10:00 AM." in printed
    assert "reminder (1 part, GSM-7)" in printed
    assert "confirm (rule key" in printed
    assert "waiting -> confirmed (reply.confirm)" in printed
    assert "is asked to record confirm" in printed
    assert "acted: read as confirm" in printed


def test_each_world_around_the_patient_can_be_moved(chat: Chat) -> None:
    code, printed = chat("/wait 5d", "/appointment moved to in 12 days at 14:00", "cancel pls", "/staff keep")
    assert code == 0
    assert "second_reminder" in printed
    assert "It is now with Dr. Smith on March 19 at 2:00 PM" in printed
    assert "cancellation_review (high" in printed
    assert "cancelling -> kept (staff.keep)" in printed


def test_a_text_that_fails_is_sent_again(chat: Chat) -> None:
    _, printed = chat("/fail", "/wait 15m")
    assert "the text is undeliverable" in printed
    assert printed.count("reminder (1 part") == 2


def test_why_shows_the_evidence(chat: Chat) -> None:
    _, printed = chat("confrim", "/why")
    evidence = printed[printed.index("/why") :]
    assert "read as confirm by the rule" in evidence
    assert "as compared: “confrim”" in evidence
    assert "near: confirm" in evidence


def test_the_language_of_the_patient(chat: Chat) -> None:
    _, printed = chat("TÁ", options=("--language", "ga"))
    assert "Meabhrúchán: Tá coinne agat" in printed
    assert "Go raibh maith agat, tá do choinne deimhnithe" in printed


def test_a_past_visit(chat: Chat) -> None:
    code, printed = chat(
        "/wait 2d", ruleset="follow-up", options=("--appointment", "today at 09:00", "--status", "missed")
    )
    assert code == 0
    assert "missed (" in printed


def test_no_colour_without_a_terminal(chat: Chat) -> None:
    _, printed = chat("Y", "/help", "/quit")
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("/nonsense", "there is no /nonsense"),
        ("/wait long", "/wait takes a time such as 15m, 24h or 9d"),
        ("/wait 99999999999d", "/wait takes a time"),
        ("/staff dance", "/staff takes one of: take, confirm"),
        ("/staff answer", "needs a text"),
        ("/staff rescheduled", "use /appointment moved to"),
        ("/appointment vanished", "is not one of: moved to in 12 days at 14:00"),
        ("/appointment moved to in 12 days at 25:00", "hour must be in"),
        ("/why", "no reply has been read yet"),
        ("/save", "takes a name"),
        ("/fail now", "takes nothing more"),
    ],
)
def test_what_cannot_be_done_says_what_can(chat: Chat, typed: str, said: str) -> None:
    code, printed = chat(typed, "Y")
    assert code == 1  # a script should notice
    assert said in printed
    assert "confirmed" in printed  # and the talk goes on


def test_nothing_to_fail_before_the_first_text(chat: Chat) -> None:
    code, printed = chat("/fail", options=("--appointment", "in 30 days at 10:00"))
    assert code == 1
    assert "Nothing is due yet" in printed
    assert "no text has gone out" in printed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--language", "xx"), "--language must be one of the ruleset's: en, ga"),
        (("--appointment", "tomorrow"), "--appointment: “tomorrow” is not a time"),
        (("--appointment", "in 9999999 days at 10:00"), "--appointment:"),
    ],
)
def test_wrong_options(chat: Chat, options: tuple[str, ...], said: str) -> None:
    code, printed = chat(options=options)
    assert (code, said in printed) == (2, True)


def test_a_ruleset_that_is_not_there_or_broken(chat: Chat, tmp_path: Path) -> None:
    code, printed = chat(ruleset="appointment-remindr")
    assert (code, "with Freagra come appointment-reminder, follow-up" in printed) == (2, True)
    broken = tmp_path / "broken.yaml"
    broken.write_text(Path(REMINDER).read_text("utf-8").replace("go: undelivered}", "go: undeliverd}"), "utf-8")
    code, printed = chat(ruleset=str(broken))
    assert code == 1
    assert 'did you mean "undelivered"?' in printed


# ---- saving a talk ---------------------------------------------------------------------------------------------------


def test_save_prints_the_talk_as_rules_write_it(chat: Chat) -> None:
    _, printed = chat("i cant come: sorry 😀", "keep", "/wait 9d", "/save cancelled and kept")
    assert saved(printed).splitlines()[:5] == [
        "talks:",
        "  - name: cancelled and kept",
        "    talk:",
        "      - bot: reminder",
        '      - patient: "i cant come: sorry 😀"',
    ]


# Each of these talks, saved, must play the same when the file is checked: that is what makes it a test of the rules.
TALKS = [
    ("Y", "/wait 9d"),
    ("R", "any Tuesday", "/staff answer Ring us at 9.", "thanks", "/staff hand_back", "Y"),
    ("/fail", "/wait 15m", "/fail", "/wait 2h", "Y"),
    ("blue horse", "purple cow", "?", "/staff take", "/staff note rang: no answer # 5", "/staff close"),
    ("/appointment moved to in 12 days at 14:00", "Y", "/appointment cancelled"),
    ("I'm dying of laughter: no, - [really] {x}", "'", '"', "yes", "no", "STOP", "START"),
    ("/wait 11d", "hello"),
]


@pytest.mark.parametrize("typed", TALKS, ids=lambda typed: typed[0])
def test_a_saved_talk_plays_again(chat: Chat, tmp_path: Path, typed: tuple[str, ...]) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(Path(REMINDER).read_bytes())
    before = load(path.read_text("utf-8")).ruleset
    code, printed = chat(*typed, f"/save as it was typed {path}", ruleset=str(path))
    assert code == 0, printed
    assert "saved to" in printed
    after = load(path.read_text("utf-8"))
    assert after.ok
    assert before is not None
    assert after.ruleset is not None
    assert len(after.ruleset.talks) == len(before.talks) + 1
    assert after.ruleset.talks[-1].name == "as it was typed"
    talks, translations = Path(REMINDER).read_bytes().split(b"\ntranslations:")
    assert path.read_bytes().startswith(talks.rstrip(b"\n"))
    assert path.read_bytes().endswith(b"\ntranslations:" + translations)


def english(name: str) -> str:
    """A shipped ruleset without its translations, so that its talks are the last thing in it."""
    text = Path(name).read_text("utf-8").split("\ntranslations:")[0]
    text = re.sub(r"(?m)^languages: .*$", "languages: [en]", text)
    text = re.sub(r"(?m)^  - \{(?!en:)[a-z][a-z]: .*\n", "", text)  # checks of reading other languages
    return re.sub(r"(?m)^  - name: in Polish.*\n(    .*\n?)*", "", text)


@pytest.mark.parametrize(
    ("name", "ending", "tail"),
    [
        (REMINDER, "\n", ""),
        (FOLLOW_UP, "\r\n", ""),
        (REMINDER, "\r\n", "\n\n# the end\n"),
        (FOLLOW_UP, "\n", "no newline"),
        (FOLLOW_UP, "\r\n", "no newline"),
    ],
    ids=["as it is", "Windows", "Windows and a comment", "no newline", "Windows, no newline"],
)
def test_the_rest_of_the_file_stays_byte_for_byte(
    chat: Chat, tmp_path: Path, name: str, ending: str, tail: str
) -> None:
    source = (english(name) if tail else Path(name).read_text("utf-8")).rstrip("\n")
    source = (source + ("" if tail == "no newline" else "\n" + tail)).replace("\n", ending)
    path = tmp_path / "rules.yaml"
    path.write_bytes(source.encode("utf-8"))
    path.chmod(0o640)
    options = ("--appointment", "today at 09:00", "--status", "missed") if name == FOLLOW_UP else ()
    code, printed = chat("/wait 2d", f"/save nothing said {path}", ruleset=str(path), options=options)
    assert code == 0, printed
    written = path.read_bytes().decode("utf-8")
    start = written.index("  - name: nothing said")
    end = written.index(ending, written.index("    ends:", start)) + len(ending)
    rest = written[:start] + written[end:]
    assert rest == (source + ending if tail == "no newline" else source)
    assert ending == "\n" or written.count("\n") == written.count("\r\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_past_visit_is_past_unless_told_otherwise(chat: Chat) -> None:
    code, printed = chat("/wait 2d", "/save thanked", ruleset=FOLLOW_UP)
    assert code == 0
    assert "fulfilled, Mon 2 Mar 2026 09:00" in printed
    assert "given: {appointment: today at 09:00}" in printed
    _, printed = chat(ruleset=FOLLOW_UP, options=("--appointment", "in 1 days at 10:00"))
    assert "fulfilled, Tue 3 Mar 2026 10:00" in printed


def test_talks_in_the_middle_of_a_file_and_none_at_all(chat: Chat, tmp_path: Path) -> None:
    source = english(REMINDER)
    head, talks = source[: source.index("\ntalks:")], source[source.index("\ntalks:") :]
    states = head.index("\nstates:")
    middle = tmp_path / "middle.yaml"
    middle.write_text(head[:states] + talks.rstrip() + "  # the last talk\n" + head[states:], "utf-8")
    none = tmp_path / "none.yaml"
    none.write_text(head + "\n", "utf-8")
    for path in (middle, none):
        code, printed = chat("Y", f"/save a yes {path}", ruleset=str(path))
        assert code == 0, printed
        loaded = load(path.read_text("utf-8"))
        assert loaded.ruleset is not None
        assert loaded.ruleset.talks[-1].name == "a yes"


def test_a_file_that_would_not_load_is_left_as_it_was(chat: Chat, tmp_path: Path) -> None:
    path = tmp_path / "other.yaml"
    path.write_bytes(Path(FOLLOW_UP).read_bytes())  # the talk of one ruleset means nothing in another
    code, printed = chat("Y", f"/save a yes {path}")
    assert code == 1
    assert "is left as it was" in printed
    assert "R0" in printed
    assert path.read_bytes() == Path(FOLLOW_UP).read_bytes()
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written(chat: Chat, tmp_path: Path) -> None:
    code, printed = chat("Y", f"/save a yes {tmp_path / 'nowhere' / 'x.yaml'}")
    assert code == 1
    assert "No such file" in printed
