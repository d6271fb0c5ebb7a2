"""Sending by hand: a text to one patient, or to all of a clinic's day; how far a round is, and who did not get it and why."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from starlette.responses import Response

from adapters.web.console import fates
from adapters.web.console.canned import Canned
from adapters.web.console.visit import Declined, NotHere, Page, Visit
from adapters.web.console.whom import day_of, names_shown, patients_meant
from adapters.zone import ZONE
from conversations import audit, reach, rounds
from conversations.audit import Act, Did
from conversations.people import Right
from conversations.reach import Candidate, Preview, RoundUnfit, Whom, Wording
from conversations.rounds import PAUSED, RUNNING, STOPPED, Round
from conversations.schema import canned_answers
from engine import hours, templates, worst_case
from engine.ruleset import ASKS, CALLED_OFF_BY_HAND, PURPOSES
from engine.tongues import name as language_name

SHOWN = 500  # patients of a round on its page
_FIELDS = ("kind", "patient", "of", "clinic", "day", "called_off", "purpose", "prompt")
_WORDS = "words-"
LONGEST = 640  # characters of a text, as it is written


# ---- writing one -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Choices:
    """What the form offers: clinics, languages (the first is that of most), and the rulesets' own wordings."""

    clinics: Sequence[tuple[str, str]]
    languages: Sequence[tuple[str, str]]
    prompts: Sequence[tuple[str, str]]
    canned: Sequence[Canned]


async def new_round(visit: Visit) -> Response:
    """`canned`: a canned answer to begin with."""
    typed = {name: visit.query.get(name, "").strip()[:200] for name in _FIELDS}
    asked = visit.query.get("canned", "")
    canned = next((each for each in await visit.read(_canned, visit) if each.id == asked), None)
    words = {} if canned is None else {f"{_WORDS}{canned.language}": canned.text}
    return await _form(visit, {**typed, **words}, {})


async def edit_round(visit: Visit) -> Response:
    """Back from the preview, with all that was typed."""
    return await _form(visit, visit.form, {})


async def preview_round(visit: Visit) -> Response:
    return await _preview(visit)


async def begin_round(visit: Visit) -> Response:
    """Send what was previewed, if it is still what would be sent now."""
    drawn = visit.form.get("drawn", "")
    if len(drawn) != 32 or not set(drawn) <= set("0123456789abcdef"):
        raise Declined(422, "Look at the preview first.")
    known = await visit.read(rounds.by_id, visit.house.vault, drawn, visit.scope)
    if known is not None:
        return visit.to(f"/rounds/{drawn}")
    try:
        shown = await visit.read(_previewed, visit)
    except RoundUnfit as unfit:
        return await _form(visit, visit.form, {unfit.field: unfit.message}, 422)
    if shown.seen != visit.form.get("seen"):
        return await _preview(visit, changed=True)
    person, now, vault = visit.person, visit.now, visit.house.vault
    act = Act(
        Did.TEXTED, visit.page_asked.name, f"round:{drawn}", shown.whom.patient, shown.clinic,
        {"patients": len(shown.chosen), "day": str(shown.whom.day or ""), "purpose": shown.wording.purpose},
    )  # fmt: skip

    def job(connection: Connection) -> None:
        if rounds.begin(connection, vault, drawn, shown, person.name, now):
            audit.note(connection, vault, person, act, now)

    await visit.write(job)
    return visit.to(f"/rounds/{drawn}")


async def _preview(visit: Visit, *, changed: bool = False) -> Response:
    try:
        shown = await visit.read(_previewed, visit)
    except RoundUnfit as unfit:
        return await _form(visit, visit.form, {unfit.field: unfit.message}, 422)
    await visit.note(Act(Did.LISTED, visit.page_asked.name, "round preview", shown.whom.patient, shown.clinic))
    return visit.page(
        "round_preview.html",
        200 if not changed else 409,
        shown=shown,
        typed=visit.form,
        kept=[(name, value) for name, value in visit.choices if name in _FIELDS or name.startswith(_WORDS)],
        drawn=rounds.round_id(visit.now, secrets.token_hex(10)),
        why_not=_by_reason(shown.left_out),
        unread=_unread(shown),
        leaves=_leaves(visit),
        before=await visit.read(_before, shown),
        names=await visit.read(names_shown),
        cost=visit.console.costs.told(shown.segments),
        changed=changed,
        purpose=fates.PURPOSES[shown.wording.purpose],
        fates=fates,
        clinic_names=await visit.read(_clinic_names, visit),
    )


def _clinic_names(connection: Connection, visit: Visit) -> dict[str, str]:
    return dict(reach.clinics_seen(connection, visit.scope))


def _before(connection: Connection, shown: Preview) -> Sequence[rounds.Begun]:
    day = shown.whom.day
    return () if day is None else rounds.of_day(connection, shown.clinic, day.isoformat())


def _previewed(connection: Connection, visit: Visit) -> Preview:
    """What the form asks for, as it would be sent now. Raises RoundUnfit, Declined."""
    house, form = visit.house, visit.form
    whom = _whom(connection, visit, form)
    texts = tuple(
        (name.removeprefix(_WORDS), value.replace("\r\n", "\n").strip())
        for name, value in visit.choices
        if name.startswith(_WORDS) and value.strip()
    )
    purpose = form.get("purpose", "")
    if purpose not in PURPOSES:
        raise RoundUnfit("purpose", "Say what the text is: it decides what becomes of answers and reminders.")
    prompt = form.get("prompt", "")
    if prompt and prompt not in _prompts(visit):
        raise RoundUnfit("prompt", "There is no such wording of the hospital’s.")
    if prompt and purpose != CALLED_OFF_BY_HAND:
        raise RoundUnfit("purpose", "The hospital’s own wording says that the appointment will not go ahead: choose that.")
    if not prompt and _languages(visit)[0] not in dict(texts):
        raise RoundUnfit("words", "Write what the patients are to read.")  # other languages stand beside it, not in its place
    said = Wording(purpose, () if prompt else texts, prompt)
    return reach.preview(connection, house.vault, house.rulebook, visit.scope, whom, said, visit.now, ZONE)


def _whom(connection: Connection, visit: Visit, form: Mapping[str, str]) -> Whom:
    if form.get("kind") == "day":
        day = _day(form.get("day", ""))
        if not form.get("clinic") or day is None:
            raise RoundUnfit("clinic" if not form.get("clinic") else "day", "Choose the clinic and the day.")
        return Whom(clinic=form["clinic"], day=day, called_off=form.get("called_off") == "yes")
    if form.get("of"):
        return Whom(patient=form["of"])
    typed = form.get("patient", "").strip()
    if not typed:
        raise RoundUnfit("patient", "Say who is to get the text.")
    meant = patients_meant(connection, visit, typed)
    if len(meant) != 1:
        found = "no patient that you can see" if not meant else f"{len(meant)} patients; give the hospital number"
        raise RoundUnfit("patient", f"This finds {found}.")
    return Whom(patient=meant[0].patient)


def _day(typed: str) -> date | None:
    try:
        return day_of(typed)
    except Declined as declined:
        raise RoundUnfit("day", declined.message) from declined


async def _form(visit: Visit, typed: Mapping[str, str], errors: Mapping[str, str], status: int = 200) -> Response:
    shown = {name: typed.get(name, "") for name in _FIELDS}
    shown["kind"] = shown["kind"] or ("patient" if shown["of"] or shown["patient"] else "day")
    shown["purpose"] = shown["purpose"] or (CALLED_OFF_BY_HAND if shown["kind"] == "day" else ASKS)
    choices = await visit.read(_choices, visit)
    words = {language: typed.get(f"{_WORDS}{language}", "") for language, _ in choices.languages}
    return visit.page(
        "round_new.html",
        status,
        typed=shown,
        words=words,
        lengths={language: _at_longest(visit, text, language) for language, text in words.items()},
        longest=LONGEST,
        choices=choices,
        errors={_place(field): message for field, message in errors.items()},
        purposes=fates.PURPOSES,
        placeholders=("date", "time", "weekday", "clinician", "clinic", "place", "phone", "first_name"),
    )


async def segments(visit: Visit) -> Response:
    """What a text in this language costs a patient at its longest, while someone writes it."""
    language = visit.form.get("language", "")
    if language not in _languages(visit):
        raise Declined(422, "The rules have no such language.")
    text = visit.form.get(f"{_WORDS}{language}", "")[:LONGEST]
    return visit.page("round_cost.html", cost=_at_longest(visit, text, language))


@dataclass(frozen=True, slots=True)
class _Length:
    """Of a text with its placeholders filled in as long as they get. `fault`: what is wrong with it, "" for nothing."""

    parts: int = 0
    units: int = 0
    forced_by: str = ""
    cost: str = ""
    fault: str = ""


def _at_longest(visit: Visit, text: str, language: str) -> _Length:
    in_force = [each for each in visit.house.rulebook.in_force() if language in each.languages]
    if not text.strip() or not in_force:
        return _Length()
    fault = templates.words_fault(text)
    if fault is not None:
        return _Length(fault=fault.message)
    found = worst_case.of_words(in_force[0], text.strip(), language).segments
    return _Length(found.parts, found.units, found.forced_by or "", visit.console.costs.told(found.parts))


def _place(field: str) -> str:
    """The field of the form that a fault is about."""
    return {"whom": "day", "words": "words-en"}.get(field, field)


def _choices(connection: Connection, visit: Visit) -> _Choices:
    return _Choices(
        reach.clinics_seen(connection, visit.scope),
        [(code, language_name(code)) for code in _languages(visit)],
        list(_prompts(visit).items()),
        _canned(connection, visit),
    )


def _prompts(visit: Visit) -> dict[str, str]:
    """The prompts by which the rules in force say that an appointment will not go ahead, in their first language."""
    return {
        state.say: ruleset.prompts[state.say].texts[ruleset.languages[0]]
        for ruleset in visit.house.rulebook.in_force()
        if (state := ruleset.states.get(ruleset.always.get("appointment_cancelled", ""))) is not None and state.say
    }


def _canned(connection: Connection, visit: Visit) -> list[Canned]:
    of = canned_answers.c
    query = sa.select(of.id, of.clinic, of.language, of.title, of.text).where(visit.scope.where(of.clinic))
    return [Canned(*row) for row in connection.execute(query.order_by(of.title, of.language, of.id))]


def _languages(visit: Visit) -> list[str]:
    """Those that texts can be written in; whoever reads none that was written in gets the first."""
    in_force = visit.house.rulebook.in_force()
    return list(dict.fromkeys(language for ruleset in in_force for language in ruleset.languages)) or ["en"]


def _by_reason(left_out: Sequence[Candidate]) -> list[tuple[str, list[Candidate]]]:
    """Those who do not get it, by why, the most frequent reason first."""
    many = Counter(each.reason for each in left_out)
    return [(reason, [each for each in left_out if each.reason == reason]) for reason, _ in many.most_common()]


def _unread(shown: Preview) -> list[tuple[str, int]]:
    """Languages that patients read and the text is not in, with how many they are."""
    if shown.wording.prompt:
        return []
    written = {language for language, _ in shown.wording.texts}
    first = shown.wording.texts[0][0]
    return [
        (language_name(code), many) for code, many in shown.languages.items() if code and code not in written and code != first
    ]


def _leaves(visit: Visit) -> datetime | None:
    """When texts leave, None where they do now, by the hours of the rules in force."""
    in_force = visit.house.rulebook.in_force()
    opens = min((hours.next_open(each.hours, each.hours.sending, visit.now) for each in in_force), default=visit.now)
    return opens if opens > visit.now else None


# ---- one that is on its way ------------------------------------------------------------------------------------------


async def show_rounds(visit: Visit) -> Response:
    found, older = await visit.read(
        rounds.latest, visit.house.vault, visit.scope, before=visit.query.get("before", "")
    )
    await visit.looked("rounds")
    clinic_names = await visit.read(_clinic_names, visit)
    return visit.page("rounds.html", found=found, older=older, names=await visit.read(names_shown), clinic_names=clinic_names)


async def show_round(visit: Visit) -> Response:
    held = await _asked(visit)
    vault = visit.house.vault
    got = await visit.read(rounds.reached, vault, held.id, left_out=False, limit=SHOWN + 1)
    not_got = await visit.read(rounds.reached, vault, held.id, left_out=True, limit=SHOWN + 1)
    await visit.looked(f"round:{held.id}", clinic=held.clinic)
    return visit.page(
        "round.html",
        held=held,
        got=got,
        not_got=not_got,
        most=SHOWN,
        cost=visit.console.costs.told(held.counts.segments),
        purpose=fates.PURPOSES[held.wording.purpose],
        names=await visit.read(names_shown),
        clinic_names=await visit.read(_clinic_names, visit),
        fates=fates,
    )


async def show_progress(visit: Visit) -> Response:
    """The moving part of the page; once there is nothing to move any more, the page is loaded anew for its lists."""
    held = await _asked(visit)
    if not held.going:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return visit.page("round_progress.html", held=held, cost=visit.console.costs.told(held.counts.segments))


async def pause_round(visit: Visit) -> Response:
    return await _change(visit, PAUSED)


async def go_on(visit: Visit) -> Response:
    return await _change(visit, RUNNING)


async def stop_round(visit: Visit) -> Response:
    return await _change(visit, STOPPED)


async def _change(visit: Visit, status: str) -> Response:
    held = await _asked(visit)
    person, now, vault, route = visit.person, visit.now, visit.house.vault, visit.page_asked.name

    def job(connection: Connection) -> bool:
        done = rounds.change(connection, held.id, status, person.name, now)
        if done:
            act = Act(Did.TEXTED, route, f"round:{held.id}", clinic=held.clinic, detail={"round": status})
            audit.note(connection, vault, person, act, now)
        return done

    done = await visit.write(job)
    return visit.to(f"/rounds/{held.id}", "" if done else "It was over already.")


async def _asked(visit: Visit) -> Round:
    """Raises NotHere."""
    held: Any = await visit.read(rounds.by_id, visit.house.vault, visit.path["id"], visit.scope)
    if held is None:
        raise NotHere
    found: Round = held
    return found


PAGES = (
    Page("GET", "/rounds", Right.READ, show_rounds, bar="Texts by hand"),
    Page("GET", "/rounds/new", Right.SEND, new_round),
    Page("POST", "/rounds/new", Right.SEND, edit_round),
    Page("POST", "/rounds/preview", Right.SEND, preview_round),
    Page("POST", "/rounds/segments", Right.SEND, segments),
    Page("POST", "/rounds", Right.SEND, begin_round),
    Page("GET", "/rounds/{id}", Right.READ, show_round),
    Page("GET", "/rounds/{id}/progress", Right.READ, show_progress),
    Page("POST", "/rounds/{id}/pause", Right.SEND, pause_round),
    Page("POST", "/rounds/{id}/go-on", Right.SEND, go_on),
    Page("POST", "/rounds/{id}/stop", Right.SEND, stop_round),
)
