"""Checks of what we say: with the same placeholders in every language, at a price within the limit, and with nothing in
it that a wary patient would take for something else."""

from __future__ import annotations

import re
import unicodedata
from zoneinfo import ZoneInfo

from engine import dates_written, templates, worst_case
from engine.draft import Draft
from engine.nodes import Scalar, Table
from engine.problems import Mark, did_you_mean, listed
from engine.ruleset import PLACEHOLDERS, DateFormats
from engine.sms import is_gsm7, plain, segments
from engine.translations import BLOCK

_LINK = re.compile(
    r"\bhttps?:\S*|\bwww\.\S*|\b[a-z0-9-]{2,}\.(?:ie|com|org|net|eu|co\.uk|info|link|ly)\b", re.IGNORECASE
)
_SALES = re.compile(
    r"€|\b(?:pay|payment|payments|fee|fees|refund|discount|offer|prize|voucher|survey|feedback|rate us|review us|click"
    r"|íoc|íocaíocht|táille|suirbhé|aiseolas|duais)\b",
    re.IGNORECASE,
)


def check(draft: Draft) -> None:
    priced = _can_be_priced(draft)
    for name in draft.ruleset.prompts:
        block = draft.root.find("prompts", name)
        if isinstance(block, Table):
            good = _texts(draft, name, block)
            _alike(draft, name, good)
            for language in good if priced else ():
                if language in draft.ruleset.languages:
                    _cost(draft, name, language)
    _guesses(draft, _guess_places(draft))
    _unused(draft)


def _texts(draft: Draft, name: str, block: Table) -> dict[str, frozenset[str]]:
    """The placeholders of the prompt's texts, per language; texts whose braces are broken are left out."""
    good = {}
    for language, node in block.values.items():
        if language == "draft" or not isinstance(node, Scalar) or not node.text:
            continue
        try:
            used = templates.placeholders(node.text)
        except templates.TemplateFault as fault:
            mark = draft.report.inside(node.mark, node.text[fault.offset : fault.offset + 1])
            draft.report.add("R023", mark, fault.message, f"placeholders: {_braced(PLACEHOLDERS)}")
            continue
        unknown = [placeholder for placeholder, _ in used if placeholder not in PLACEHOLDERS]
        for placeholder in unknown:
            message = f'there is no placeholder "{placeholder}"{did_you_mean(placeholder, PLACEHOLDERS)}'
            mark = draft.report.inside(node.mark, f"{{{placeholder}}}")
            draft.report.add("R023", mark, message, f"placeholders: {_braced(PLACEHOLDERS)}")
        if not unknown:
            good[language] = frozenset(placeholder for placeholder, _ in used)
        _risky(draft, name, node)
    return good


def _braced(names: tuple[str, ...] | frozenset[str] | list[str]) -> str:
    return listed(f"{{{name}}}" for name in names)


# ---- languages -------------------------------------------------------------------------------------------------------


def _alike(draft: Draft, name: str, good: dict[str, frozenset[str]]) -> None:
    first = draft.ruleset.languages[0] if draft.ruleset.languages else ""
    model = good.get(first)
    for language, used in good.items():
        if model is None or used == model or language == first:
            continue
        lacks, more = sorted(model - used), sorted(used - model)
        parts = [f"lacks {_braced(lacks)}"] if lacks else []
        parts += [f"has {_braced(more)}"] if more else []
        message = f'the {language} text of "{name}" {" and ".join(parts)}, unlike the {first} text'
        hint = f"placeholders of the {first} text: {_braced(sorted(model))}"
        draft.report.add("R043", draft.at("prompts", name, language), message, hint)


# ---- guesses ---------------------------------------------------------------------------------------------------------


def _guess_places(draft: Draft) -> set[Mark]:
    """Where a prompt with {guess} may be named: as a question of an unclear ladder."""
    places = set()
    for name, state in draft.ruleset.states.items():
        for number in range(len(state.unclear)):
            node = draft.root.find("states", name, "unclear", number, "ask")
            if isinstance(node, Scalar):
                places.add(node.mark)
    return places


def _guesses(draft: Draft, allowed: set[Mark]) -> None:
    prompts = draft.ruleset.prompts
    guessing = {name for name, prompt in prompts.items() if any("{guess}" in text for text in prompt.texts.values())}
    for reference in draft.references:
        if (
            reference.thing == "prompt"
            and reference.use
            and reference.name in guessing
            and reference.mark not in allowed
        ):
            message = f'"{reference.name}" names a {{guess}}, and here there is none'
            hint = "a guess is at hand only in unclear: - {ask: " + reference.name + "}"
            draft.report.add("R052", reference.mark, message, hint)
    for name, state in draft.ruleset.states.items():
        for number, rung in enumerate(state.unclear):
            if rung.needs_guess and draft.has("states", name, "unclear"):
                _nameable(draft, name, number)


def _nameable(draft: Draft, name: str, number: int) -> None:
    intents = draft.ruleset.intents
    replies = draft.ruleset.states[name].replies
    if replies and not any(intents[intent].called for intent in replies if intent in intents):
        message = f'"did you mean" has nothing to name: no reply of "{name}" says how it is called'
        hint = "give its intents a name, such as called: keep the appointment"
        draft.report.add("R052", draft.at("states", name, "unclear", number, "ask"), message, hint)


# ---- costs -----------------------------------------------------------------------------------------------------------


def _can_be_priced(draft: Draft) -> bool:
    """Whether all is sound that goes into a text beside its own words: names of intents, and how dates are written."""
    rules = draft.ruleset
    if not draft.sound >= {"hours", "languages", "intents"} or draft.has("formats") != ("formats" in draft.sound):
        return False
    try:
        ZoneInfo(rules.hours.timezone)
    except (LookupError, ValueError, OSError):
        return False
    return not any(
        dates_written.format_fault(language, kind, getattr(rules.formats.get(language, DateFormats()), kind))
        for language in rules.languages
        for kind in ("date", "time", "weekday")
    )


def _cost(draft: Draft, name: str, language: str) -> None:
    dearest = worst_case.of_prompt(draft.ruleset, name, language)
    cost = dearest.segments
    limit = worst_case.parts_limit(draft.ruleset, name, language)
    mark = draft.at("prompts", name, language)
    forced_by, cheap = "", cost.parts
    if cost.encoding == "UCS-2":
        written = plain(draft.ruleset.prompts[name].texts[language])
        forced_by = next((letter for letter in written if not is_gsm7(letter)), "")
        # What it would cost in the cheap alphabet, letter for letter.
        cheap = segments("".join(letter if is_gsm7(letter) else "x" for letter in dearest.text)).parts
    if cost.parts > limit:
        message = f"this text can cost {cost.parts} SMS parts; the limit is {limit}"
        if cheap < cost.parts:
            what = f'"{forced_by}"' if forced_by else "letters such as " + f'"{cost.forced_by}" in a name'
            message += f", and would cost {cheap} without {what}"
        hint = f"at its longest ({len(dearest.text)} characters): {dearest.text}"
        draft.report.add("R050", mark, message, hint)
    elif forced_by and cheap < cost.parts and not _accepted(draft, name, language, forced_by):
        message = f'"{forced_by}" makes this text cost {cost.parts} SMS parts; without it, {cheap}'
        hint = (
            f"write it without, or accept the price of such letters with accents: {_keep(draft, language)}"
            if forced_by.isalpha()
            else "take it out, or write it in plain letters"
        )
        draft.report.add("R051", draft.report.inside(_scalar(draft, name, language).mark, forced_by), message, hint)


def _keep(draft: Draft, language: str) -> str:
    return "keep" if draft.has(BLOCK, language) else f"{{{language}: keep}}"


def _scalar(draft: Draft, name: str, language: str) -> Scalar:
    node = draft.root.find("prompts", name, language)
    assert isinstance(node, Scalar), "the text was read from here"
    return node


def _accepted(draft: Draft, name: str, language: str, letter: str) -> bool:
    """Letters of a language whose accents are kept on purpose, or that is written in another alphabet."""
    if unicodedata.category(letter)[0] not in "LM":
        return False
    return draft.ruleset.accents.get(language) == "keep" or not _latin(draft.ruleset.prompts[name].texts[language])


def _latin(text: str) -> bool:
    """Whether most letters of a text are Latin."""
    letters = [letter for letter in re.sub(r"\{.*?\}", "", text) if letter.isalpha()]
    return 2 * sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters) >= len(letters)


# ---- what it looks like ----------------------------------------------------------------------------------------------


def _risky(draft: Draft, name: str, node: Scalar) -> None:
    for pattern, what in ((_LINK, "holds a link"), (_SALES, "speaks of money, prizes or opinions")):
        found = pattern.search(node.text)
        if found:
            message = f'the prompt "{name}" {what}, as fraudulent texts do'
            hint = "say where to ring instead" if pattern is _LINK else "leave it out of texts about appointments"
            draft.report.add("R071", draft.report.inside(node.mark, found.group()), message, hint)


def _unused(draft: Draft) -> None:
    if not draft.sound >= {"states", "cadence"}:
        return
    used = draft.used("prompt")
    for name in draft.ruleset.prompts:
        if name not in used:
            hint = "say it in a state or in the cadence, or take it out"
            draft.report.add("R063", draft.at_key("prompts", name), f'the prompt "{name}" is never used', hint)
