"""How much a STOP stops: the texts about this appointment, those of this clinic, or all of this hospital; and what START begins
again.

A reply that was read as "stop" says how much only if it names it; STOP alone means what the ruleset says it means. Another
clinic, or an exception, is for a person: too little stopped is a wish ignored, too much is a reminder lost.
"""

from __future__ import annotations

import re
from dataclasses import replace

from engine.appointment import Appointment
from engine.conversation import OPTED_OUT
from engine.effects import NOTICE
from engine.reading import Reading
from engine.ruleset import ALL, CLINIC, PLANNED, SCOPES, SERIES, State, wider
from engine.speech import may_be_texted
from engine.turn import Turn


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[^\W_]+")
_MORE = re.compile(r"\bany ?more\b")
# How these things are called in the ten languages that Freagra reads, as they stand in such replies.
_CLINICS = _words(
    "clinic clinics dept department chlinic gclinic clinici clinicii clinica clínica clinique klinika kliniki klinikos "
    "poradnia poradni клініка клініки клиника клиники عيادة العيادة"
)
_VISITS = _words(
    "appointment appointments appt visit booking reminder reminders series one coinne choinne gcoinne wizyty wizycie wizyta "
    "візит візиту прийому programare programarea consulta consultas cita rendez rdv vizito vizitą موعد الموعد"
)
_THIS = _words(
    "this that these seo sin tej tę tym ta цей цього ця цю цієї acest această aceasta esta este deste desta esa ce cette cet "
    "šio šį šios هذا هذه"
)
_ALL = _words(
    "all every everything any anything gach uile wszystko wszystkie wszystkich все всі всього tot toate todo todos toda todas "
    "tudo tout tous toute toutes viską visas visų jokių كل جميع hospital hospitals ospidéal szpitala лікарні больницы spital "
    "spitalului hôpital ligoninės المستشفى"
)
_COURTESY = _words("please pls hi hello just only can could you")
_EXCEPT = _words("except apart besides bar excluding unless")
# What else a reply may hold that is nothing but a wish for fewer texts.
_OPENERS = (("stop",), ("stad",), ("no", "more"), ("no", "texts"), ("no", "reminders"))
_TEXTS = _words("text texts texting message messages messaging sms sending send reminder reminders reminding téacsanna")
_GLUE = _TEXTS | _words(
    "please pls thanks thank you hi hello just only can could stop getting me more again to about for from of on by at in with "
    "regarding and the your my a an it le do thoil na"
)
_OPT_OUT = _words("unsubscribe unsubscribed opt optout quit end contact contacting")
# “Stop my appointment” may well be meant for the appointment.
_THE_VISIT_ITSELF = _words("appointment appointments appt visit visits booking")
_BEFORE_A_CLINIC = _THIS | _words("the your my a an stop from of by at ye yer texts text for about")


def covers(scope: str, *, same_talk: bool, same_clinic: bool) -> bool:
    """Whether what was stopped holds for a talk: the one that heard it, one of the same clinic, or any of the phone."""
    return scope == ALL or (scope == CLINIC and same_clinic) or (scope == SERIES and same_talk)


def reread(reading: Reading, appointment: Appointment) -> Reading:
    """The reading, as "stop" where the whole reply is a wish for fewer texts that names how much, such as the name of a clinic,
    which no phrase of a ruleset knows."""
    if reading.clear or not _is_wish(_WORD.findall(reading.normalised.casefold()), appointment):
        return reading
    why = "The whole reply asks for fewer texts, and says which."
    return replace(reading, intent="stop", score=100.0, rule="stop-which", guess=None, why=why)


def _is_wish(words: list[str], appointment: Appointment) -> bool:
    while words and words[0] in _COURTESY:
        words = words[1:]
    if not any(tuple(words[: len(opener)]) == opener for opener in _OPENERS):
        return False
    names = _CLINICS | _VISITS | _ALL | _own_name(appointment)
    if names.isdisjoint(words) or (_TEXTS.isdisjoint(words) and (words[0] == "no" or _THE_VISIT_ITSELF & set(words))):
        return False
    known = names | _THIS | _EXCEPT | _GLUE
    # Of a word that is not known it is known what it is where it stands before "clinic".
    return all(word in known or after in _CLINICS for word, after in zip(words[1:], [*words[2:], ""], strict=True))


def meant(state: State, words: str, appointment: Appointment) -> str | None:
    """How much a reply that was read as "stop" stops, by what it names and by what `state`, where a STOP leads, has an answer
    for; None where it names what cannot be told from here. `words`: the reply as normalised."""
    named = _named(_WORD.findall(_MORE.sub("", words.casefold())), appointment)
    if named is None:
        return None
    scope = named or state.scope
    # Without an answer that says so less cannot be stopped; the next that has one is.
    return next(each for each in SCOPES if each in (state.scope, ALL) or each in state.farewells if not wider(scope, each))


def _named(words: list[str], appointment: Appointment) -> str | None:
    """The scope that the words name, "" for none, None for one that is not ours to tell."""
    if _EXCEPT & set(words) or (_THE_VISIT_ITSELF & set(words) and not (_TEXTS | _OPT_OUT) & set(words)):
        return None
    for number, word in enumerate(words):
        if word in _CLINICS:
            return _clinic(words, number, appointment)
    if _own_name(appointment) & set(words):
        return CLINIC
    for number, word in enumerate(words):
        if word in _VISITS and _THIS & {*words[max(number - 1, 0) : number], *words[number + 1 : number + 2]}:
            return SERIES
    return ALL if _ALL & set(words) else ""


def _clinic(words: list[str], number: int, appointment: Appointment) -> str | None:
    """Which clinic, by the word before it: this one, every one, or another."""
    before = words[number - 1] if number else "this"
    if before in _ALL:
        return ALL
    after = words[number + 1] if number + 1 < len(words) else ""
    known = before in _BEFORE_A_CLINIC or before in _own_name(appointment) or after in _THIS
    return CLINIC if known else None


def _own_name(appointment: Appointment) -> frozenset[str]:
    """The words by which this appointment's clinic is known, without those that every clinic has."""
    words = _WORD.findall(f"{appointment.clinic} {appointment.clinic_name}".casefold())
    return frozenset(words) - _CLINICS - _BEFORE_A_CLINIC - _ALL - {"and", "outpatients", "opd", "unit", "ward"}


def goes_on(turn: Turn, *, stopped: bool) -> bool:
    """Whether a talk has something to ask once texts are wanted again. `stopped`: a STOP of its own had ended it. What was
    settled meanwhile, or by staff, stays settled."""
    c = turn.c
    untold = not c.closed and c.state != PLANNED and c.told != c.appointment.version
    return (stopped or untold) and turn.stands() and may_be_texted(c.patient) and c.wish != "cancel"


def texts_resumed(turn: Turn) -> None:
    """Another talk of the phone heard START, and all that the phone had stopped is lifted."""
    c = turn.c
    stopped = c.blocked == OPTED_OUT
    if c.blocked and not stopped:
        return
    if stopped:
        turn.unblock()
    on_its_way = any(text.status == "queued" for text in c.texts)
    if c.staff_own or on_its_way or not goes_on(turn, stopped=stopped):
        return
    turn.move("always.start", lane=NOTICE)
    turn.plan()
