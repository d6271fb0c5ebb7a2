"""What only the whole file can tell: whether names lead somewhere, whether clocks and hours are real.

The other checks have modules of their own: `checks_states` (the ways through a talk), `checks_stop` (what a STOP stops),
`checks_times` (what comes when), `checks_languages` (whether each is all there), `checks_likeness` (what a clinic's own ruleset
is for), `checks_prompts` (what we say, and what it costs), `checks_carrier` (what carriers make of it), `checks_lists` (what is
said of several appointments), `checks_replies` (what patients say) and `checks_tests` (the phrase checks and talks inside the
file).
"""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, available_timezones

from engine import (
    checks_carrier,
    checks_languages,
    checks_likeness,
    checks_lists,
    checks_prompts,
    checks_replies,
    checks_states,
    checks_stop,
    checks_tests,
    checks_times,
)
from engine.carrier import Carrier
from engine.draft import RESERVED_INTENTS, RESERVED_STATES, Draft
from engine.kinds import Reference
from engine.nodes import Scalar
from engine.problems import did_you_mean, listed
from engine.public_holidays import public_holidays
from engine.ruleset import ALWAYS_INTENTS

_ANY_YEAR = 2026
_REFERENCE_CODES = {"state": "R020", "intent": "R021", "prompt": "R022", "language": "R024"}


def check_all(draft: Draft, *, rehearse: bool, carrier: Carrier | None) -> None:
    """Run every check whose ground is sound. `rehearse`: also the tests inside the file, if nothing else is wrong. `carrier`:
    that of the gateway which the rules are for."""
    for check in (_references, _reserved, _safety_intents, _clock, _cadence_names):
        check(draft)
    checks_states.check(draft)
    checks_stop.check(draft)
    checks_times.check(draft)
    checks_languages.check(draft)
    checks_likeness.check(draft)
    checks_prompts.check(draft)
    checks_lists.check(draft)
    checks_carrier.check(draft, carrier)
    checks_replies.check(draft)
    if rehearse:
        checks_tests.check(draft)


def _references(draft: Draft) -> None:
    known: dict[str, tuple[str, ...]] = {
        "state": draft.root.names("states"),
        "intent": draft.root.names("intents"),
        "prompt": draft.root.names("prompts"),
        "language": draft.ruleset.languages,
    }
    for reference in draft.references:
        names = known[reference.thing]
        if reference.thing == "language" and "languages" not in draft.sound:
            continue  # a list that is misspelt is one problem, not also one at every text
        if names and reference.name not in names:
            _unknown(draft, reference, names)


def _unknown(draft: Draft, reference: Reference, names: tuple[str, ...]) -> None:
    thing, name = reference.thing, reference.name
    if thing == "language":
        message = f'the language "{name}" is not among the languages of this file'
        hint = f"languages: [{', '.join(names)}]"
    else:
        message = f'there is no {thing} called "{name}"{did_you_mean(name, (*names, *reference.also))}'
        hint = f"{thing}s in this file: {listed(names)}"
        hint += f"\nalso possible here: {listed(reference.also)}" if reference.also else ""
    draft.report.add(_REFERENCE_CODES[thing], reference.mark, message, hint)


def _reserved(draft: Draft) -> None:
    for block, reserved in (("states", RESERVED_STATES), ("intents", RESERVED_INTENTS)):
        for name in draft.root.names(block):
            if name in reserved:
                what = "a state" if block == "states" else "an intent"
                message = f'"{name}" has a meaning of its own and cannot be the name of {what}'
                draft.report.add("R027", draft.at_key(block, name), message, "choose another name")


def _safety_intents(draft: Draft) -> None:
    intents = draft.root.names("intents")
    for name in ALWAYS_INTENTS:
        if intents and name not in intents:
            message = f'there is no intent called "{name}", which every ruleset must understand'
            hint = "safety comes first: rules/appointment-reminder.yaml shows how patients say it"
            draft.report.add("R021", draft.at_key("intents"), message, hint, meant=_SAFETY_STUBS[name])


_SAFETY_STUBS = {
    "urgent": "urgent: {words: [chest pain]}",
    "deceased": "deceased: {words: [passed away]}",
    "wrong_number": "wrong_number: {phrases: [wrong number]}",
    "stop": "stop: {keys: [STOP]}",
    "start": "start: {keys: [START]}",
}


def _clock(draft: Draft) -> None:
    zone = draft.root.find("hours", "timezone")
    if isinstance(zone, Scalar) and zone.text and not _is(lambda: ZoneInfo(zone.text)):
        place = next((each for each in sorted(available_timezones()) if each.endswith(f"/{zone.text}")), None)
        meant = f'; did you mean "{place}"?' if place is not None else did_you_mean(zone.text, available_timezones())
        message = f'there is no timezone "{zone.text}"{meant}'
        draft.report.add("R013", zone.mark, message, "a continent and a city, such as Europe/Dublin")
    country = draft.ruleset.hours.holidays
    if country is not None and not _is(lambda: public_holidays(country, _ANY_YEAR)):
        message = f'no public holidays are known for the country "{country}"'
        draft.report.add(
            "R013", draft.at("hours", "holidays"), message, "two capital letters (ISO 3166), such as IE or GB"
        )


def _is(make: Callable[[], object]) -> bool:
    try:
        make()
    except (LookupError, ValueError, OSError, NotImplementedError):
        return False
    return True


def _cadence_names(draft: Draft) -> None:
    if "cadence" not in draft.sound:
        return
    seen: dict[str, int] = {}
    for number, step in enumerate(draft.ruleset.cadence):
        mark = draft.at("cadence", number, "name")
        if step.name in seen:
            message = f'a step called "{step.name}" stands in line {seen[step.name]} already'
            draft.report.add("R037", mark, message, "give each step a name of its own")
        seen.setdefault(step.name, mark.line)
