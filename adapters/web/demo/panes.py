"""The parts of the page that change: the line at the top, the phone and the appointment book. The talk is in
`talk.py`. Each is one element with an id, made anew whenever something happened; the page's script puts it in place of
the old one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from adapters.config import Costs
from adapters.gateways.simulator.phones import Text
from adapters.ipms.simulator.hospital import Entry
from adapters.web import plain
from adapters.web.demo.markup import Markup, el, joined
from adapters.web.demo.reader import Counts, Planned
from adapters.zone import ZONE

CHIPS = ("Y", "R", "C", "KEEP", "cancel pls", "any Tuesday after 2", "he passed away in March", "chest pain", "STOP")
LONGEST = 1000  # characters that can be typed

_TICKS = {
    "sent": ("✓", "sent"),
    "delivered": ("✓✓", "delivered"),
    "undelivered": ("✗", "not delivered"),
    "rejected": ("✗", "refused by the gateway"),
    "sending": ("…", "sending"),
    "taken": ("✓", "sent"),
    "lost": ("✗", "not delivered"),
}
_TONES = {
    "confirmed": "good",
    "kept": "good",
    "attended": "good",
    "reschedule requested": "wait",
    "cancel requested": "bad",
    "cancelled": "off",
    "missed": "off",
}


def hidden(name: str, value: str) -> Markup:
    return el("input", type="hidden", name=name, value=value)


def chip(text: str, tone: str = "plain") -> Markup:
    return el("span", text, class_=f"chip {tone}")


def local_value(at: datetime) -> str:
    """As a field of date and time takes it."""
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def full_name(entry: Entry) -> str:
    patient = entry.record.patient
    return f"{patient.first_name} {patient.last_name}"


def number(entry: Entry) -> str:
    """The phone's number in digits, "" where the patient has none."""
    return (entry.record.patient.mobile or "").removeprefix("+")


# ---- the line at the top ---------------------------------------------------------------------------------------------


def top(now: datetime, counts: Counts, book: Sequence[Entry], following: Planned | None, running: bool) -> Markup:
    """`following` is what happens next by itself; `running`: the clock is being set forward."""
    answers = [entry.response for entry in book if entry.record.status == "booked"]
    figures = (
        ("texts", str(counts.texts), "texts sent"),
        ("replies", str(counts.replies), "replies"),
        ("confirmed", str(answers.count("confirmed")), "confirmed"),
        ("reschedule", str(answers.count("reschedule requested")), "reschedule requests"),
        ("cancel", str(answers.count("cancel requested")), "cancel requests"),
        ("tasks", f"{counts.tasks}", f"escalated, {counts.open_tasks} open"),
        ("cost", Costs().told(counts.segments), f"at {Costs().told(1)} an SMS part"),
    )
    return el(
        "div",
        el("dl", [_figure(*figure) for figure in figures], class_="figures"),
        _clock(now, _coming(following, book), running),
        id="top",
        class_="top",
    )


def _figure(name: str, value: str, label: str) -> Markup:
    return el("div", el("dt", label), el("dd", value, id=f"count-{name}"), id=f"figure-{name}", data_state=value)


def _coming(following: Planned | None, book: Sequence[Entry]) -> str:
    if following is None:
        return "Clock of the demonstration. Nothing more happens by itself."
    names = {entry.record.id: full_name(entry) for entry in book}
    what = _planned(following.timer, names.get(following.appointment, ""))
    return f"Clock of the demonstration. Next: {plain.day(following.at)} {plain.clock(following.at)}, {what}"


def _clock(now: datetime, coming: str, running: bool) -> Markup:
    buttons = (("hour", "+1 hour"), ("day", "+1 day"), ("next", "Next event"))
    return el(
        "form",
        el(
            "p",
            el("time", _long(now), id="clock", datetime=now.isoformat(), data_running=running),
            " ",
            el("span", "Time is running ahead …" if running else coming, id="coming"),
            class_="now",
        ),
        el(
            "div",
            [
                el("button", label, id=f"time-{name}", name="to", value=name, aria_disabled="true" if running else None)
                for name, label in buttons
            ],
            class_="buttons",
        ),
        method="post",
        action="/demo/time",
        class_="time",
        aria_label="The clock of this demonstration",
    )


def _long(at: datetime) -> str:
    local = at.astimezone(ZONE)
    return f"{local:%A} {local.day} {local:%B}, {local:%H:%M:%S}"


# ---- the phone -------------------------------------------------------------------------------------------------------


def phone(chosen: Entry, book: Sequence[Entry], thread: Sequence[Text], played: Iterable[str]) -> Markup:
    yours = set(played)
    return el(
        "section",
        el("h2", "A patient’s phone", id="phone-title"),
        _choice(chosen, book, yours),
        _handset(chosen, thread, number(chosen) in yours),
        id="phone",
        class_="pane",
        aria_labelledby="phone-title",
    )


def _choice(chosen: Entry, book: Sequence[Entry], played: set[str]) -> Markup:
    groups: Mapping[str, list[Markup]] = {"Wait for you": [], "Answer alone": []}
    for entry in sorted(book, key=full_name):
        group = "Wait for you" if number(entry) in played else "Answer alone"
        name = f"{full_name(entry)}, {entry.record.clinic_name}"
        selected = entry is chosen
        groups[group].append(el("option", name, value=entry.record.id, selected=selected))
    options = [el("optgroup", found, label=name) for name, found in groups.items() if found]
    return el(
        "form",
        el("label", "You hold the phone of", for_="who"),
        el("select", options, id="who", name="appointment", data_chosen=chosen.record.id),
        el("button", "Show", class_="without-script"),
        method="get",
        action="/demo",
        class_="choice",
    )


def _handset(chosen: Entry, thread: Sequence[Text], yours: bool) -> Markup:
    digits = number(chosen)
    patient = chosen.record.patient
    if not digits:
        empty = f"The hospital has no mobile number for {patient.first_name}, so no text can go out. Staff are told."
        return el("div", el("p", empty, class_="empty"), class_="handset")
    who = "Waits for you to answer." if yours else "Answers alone soon, unless you do."
    bubbles = [_bubble(digits, text) for text in thread] or [el("li", "No text yet.", class_="empty", id=f"none-{digits}")]
    return el(
        "div",
        el("p", el("strong", _dialled(digits)), " ", who, class_="handset-head"),
        el(
            "div",
            el("ol", bubbles, id=f"bubbles-{digits}"),
            id=f"thread-{digits}",
            class_="thread",
            data_stick="end",
            role="log",
            tabindex=0,
            aria_label=f"Texts on {patient.first_name}’s phone",
        ),
        _composer(chosen),
        _chips(chosen),
        class_="handset",
        id=f"handset-{digits}",
    )


def _dialled(digits: str) -> str:
    national = f"0{digits.removeprefix('353')}"
    return f"{national[:3]} {national[3:6]} {national[6:]}"


def _bubble(digits: str, text: Text) -> Markup:
    mark, meaning = _TICKS.get(text.status, ("", text.status))
    ours = text.by == "hospital"
    return el(
        "li",
        el("span", "Hospital: " if ours else "You: ", class_="unseen"),
        el("span", text.text or "(an empty text)", class_="words"),
        el(
            "span",
            plain.clock(text.at),
            " ",
            el("span", mark, aria_hidden="true", class_="ticks"),
            " ",
            meaning,
            class_="fate",
        ),
        id=f"text-{digits}-{text.number}",
        class_=f"bubble {'in' if ours else 'out'}",
        data_state=text.status,
    )


def _composer(chosen: Entry) -> Markup:
    return el(
        "form",
        hidden("appointment", chosen.record.id),
        el("label", "Text back as the patient", for_="composer", class_="unseen"),
        el(
            "input",
            id="composer",
            name="text",
            required=True,
            maxlength=LONGEST,
            autocomplete="off",
            placeholder="Text back …",
        ),
        el("button", "Send", id="send", class_="primary"),
        method="post",
        action="/demo/text",
        class_="composer",
    )


def _chips(chosen: Entry) -> Markup:
    chips = [el("button", text, name="text", value=text, id=f"chip-{place}") for place, text in enumerate(CHIPS)]
    return el(
        "form",
        hidden("appointment", chosen.record.id),
        chips,
        method="post",
        action="/demo/text",
        class_="chips",
        aria_label="Quick answers",
    )


# ---- the appointment book --------------------------------------------------------------------------------------------


def book(entries: Sequence[Entry], chosen: Entry, standing: Mapping[str, str], hospital: str) -> Markup:
    rows = [_row(entry, entry is chosen, standing.get(entry.record.id)) for entry in entries]
    heads = [el("th", name, scope="col") for name in ("When", "Patient", "Answer")]
    return el(
        "section",
        el("h2", "The hospital’s appointment book", id="book-title"),
        el("p", f"What the system of {hospital} holds. Choose a row to see its talk, and to act on it.", class_="sub"),
        el(
            "div",
            el("table", el("thead", el("tr", heads)), el("tbody", rows, id="rows")),
            class_="scroll",
            tabindex=0,
            role="region",
            aria_label="Appointments",
            id="book-scroll",
        ),
        id="book",
        class_="pane",
        aria_labelledby="book-title",
    )


def _row(entry: Entry, chosen: bool, talk: str | None) -> Markup:
    record = entry.record
    answer = entry.response or "no answer yet"
    if record.status != "booked":
        answer = plain.APPOINTMENT_STATUS.get(record.status, record.status)
    link = el(
        "a",
        full_name(entry),
        href=f"/demo?appointment={record.id}",
        id=f"pick-{record.id}",
        data_pick=record.id,
        aria_current="true" if chosen else None,
    )
    stands = plain.state(talk) if talk else ""
    row = el(
        "tr",
        el("td", el("span", plain.day(record.start), class_="day"), " ", plain.clock(record.start), class_="when"),
        el("th", link, el("span", record.clinic_name, class_="sub"), scope="row"),
        el(
            "td",
            chip(answer, _TONES.get(answer, "plain")),
            el("span", stands, class_="sub") if stands != answer else None,
        ),
        id=f"row-{record.id}",
        class_="chosen" if chosen else None,
        data_state=f"{answer} {record.start.isoformat()}",
    )
    return joined(row, _more(entry)) if chosen else row


def _more(entry: Entry) -> Markup:
    """Under the chosen row: what was written back, and what the hospital can do."""
    record = entry.record
    messages = list(entry.messages.values())
    sent = sum(1 for message in messages if message["direction"] == "out")
    written = [
        ("Answer", entry.response or "none yet"),
        ("Note", f"“{entry.note}”" if entry.note else "none"),
        *([("Would come", str(entry.preferences["summary"]))] if entry.preferences else []),
        (
            "On the patient’s record",
            f"{plain.counted(sent, 'text')}, {plain.counted(len(messages) - sent, 'reply', 'replies')}",
        ),
        ("Appointment", f"{record.id}, revision {record.revision}, {record.status}"),
    ]
    return el(
        "tr",
        el(
            "td",
            el("p", "Written back by Freagra", class_="label"),
            el("dl", [joined(el("dt", name), el("dd", said)) for name, said in written], class_="written"),
            el("p", "Act as the hospital", class_="label"),
            _hospital_acts(entry),
            colspan=3,
        ),
        id=f"more-{record.id}",
        class_="more",
    )


def _hospital_acts(entry: Entry) -> Markup:
    record = entry.record
    acts = (("cancel", "Cancel it"), ("attend", "Attended"), ("miss", "Missed"))
    return el(
        "form",
        hidden("appointment", record.id),
        el("label", "Move to", for_=f"move-{record.id}"),
        el(
            "input",
            type="datetime-local",
            id=f"move-{record.id}",
            name="start",
            value=local_value(record.start + timedelta(days=7)),
        ),
        el("button", "Move", name="act", value="move", id=f"hospital-move-{record.id}"),
        [el("button", label, name="act", value=act, id=f"hospital-{act}-{record.id}") for act, label in acts],
        method="post",
        action="/demo/hospital",
        class_="acts",
    )


def _planned(timer_name: str, name: str) -> str:
    """What happens next by itself, in few words. `name`: whose appointment it is about."""
    told = {
        "": "what waits for its time",
        "answer": "a patient answers",
        "no_reply": f"{name} has not answered",
        "retry": f"a text to {name} once more",
        "close": f"the talk with {name} ends",
    }
    return told.get(timer_name, f"{plain.kind(timer_name.removeprefix('cadence.'))} reminder to {name}")
