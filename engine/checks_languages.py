"""Checks that each language is all there: every text and name, its dates, its words, and someone to answer for it.

What a language lacks is told at its block under `translations`, once for all it lacks, and where it has no such block
at the prompt or intent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine import dates_written
from engine.draft import Draft, exists
from engine.lexicon import LEXICONS
from engine.nodes import Scalar, Table
from engine.problems import did_you_mean, listed, nearest
from engine.translations import BLOCK

_LISTS = ("phrases", "words")


def check(draft: Draft) -> None:
    _known(draft)
    _formats(draft)
    _texts(draft)
    _drafts(draft)
    _names(draft)
    _lists(draft)
    _words(draft)


def _known(draft: Draft) -> None:
    for number, language in enumerate(draft.ruleset.languages):
        if not exists(language):
            mark = draft.at("languages", number)
            hint = "languages are written by their codes of ISO 639: en, ga, pl, uk, ro, pt, es, fr, lt, ar"
            draft.report.add("R024", mark, f'no language "{language}" is known', hint)


def _apart(draft: Draft, languages: list[str]) -> tuple[list[str], list[str]]:
    """Those that are written beside the first language, and those that have a block of their own."""
    blocks = [language for language in languages if draft.has(BLOCK, language)]
    return [language for language in languages if language not in blocks], blocks


# ---- what we say -----------------------------------------------------------------------------------------------------


def _formats(draft: Draft) -> None:
    formats = draft.root.names("formats")
    for language, known in draft.ruleset.formats.items():
        for kind in ("date", "time", "weekday"):
            node = draft.root.find("formats", language, kind)
            fault = dates_written.format_fault(language, kind, getattr(known, kind)) if isinstance(node, Scalar) else None
            if fault is not None:
                hint = "for example MMMM d, d MMMM, EEEE, HH:mm or h:mm a"
                draft.report.add("R013", draft.at("formats", language, kind), fault, hint)
    if "languages" not in draft.sound:
        return
    beside, blocks = _apart(draft, [language for language in draft.languages if language not in (*formats, "en")])
    if beside:
        message = f"no date formats for {listed(beside)}: dates are written in the English order"
        hint = 'under formats, for example ga: {date: d MMMM, time: "HH:mm", weekday: EEEE}'
        draft.report.add("R041", draft.at("formats") if formats else draft.at_key("languages"), message, hint)
    for language in blocks:
        message = f"no date formats for {language}: dates are written in the English order"
        hint = 'for example formats: {date: d MMMM, time: "HH:mm", weekday: EEEE}'
        draft.report.add("R041", draft.at_key(BLOCK, language), message, hint, meant=f"formats: {_FORMATS}")


_FORMATS = '{date: d MMMM, time: "HH:mm", weekday: EEEE}'


def _texts(draft: Draft) -> None:
    lacking: dict[str, list[str]] = {}
    shared = [name for name in draft.root.names("prompts") if draft.at_key("prompts", name).file]
    for name, block in _tables(draft, "prompts"):
        missing = [language for language in draft.languages if language not in block.keys]
        if missing and draft.ruleset.shared is not None and name not in shared:
            near = did_you_mean(name, shared)
            message = f'the shared ruleset has no prompt "{name}"{near}' if near else _no_text(name, missing)
            hint = f"a new text needs every language: {listed(missing)}" if near else _OWN_LANGUAGES
            draft.report.add("R022" if near else "R040", draft.at_key("prompts", name), message, hint)
            continue
        beside, blocks = _apart(draft, [language for language in draft.languages if language not in block.keys])
        if beside:
            message = _no_text(name, beside)
            hint = f"write it, and until someone has checked it: draft: [{listed(beside)}]"
            meant = [*(_copied(language, block) for language in beside)]
            if "draft" not in block.keys:
                meant.append(f"draft: [{listed(beside)}]")
            draft.report.add("R040", draft.at_key("prompts", name), message, hint, meant="\n".join(meant))
        for language in blocks:
            if name not in _meant(draft, language):
                lacking.setdefault(language, []).append(name)
    for language, names in lacking.items():
        message = f"the {language} translation lacks {'the prompt' if len(names) == 1 else 'the prompts'} {listed(names)}"
        hint = "a language needs every prompt: a patient would be left without this text"
        texts = (draft.root.find("prompts", name) for name in names)
        meant = [_copied(name, block) for name, block in zip(names, texts, strict=True) if isinstance(block, Table)]
        draft.report.add("R040", draft.at_key(BLOCK, language, "prompts"), message, hint, meant="\n".join(meant))


_OWN_LANGUAGES = "write it under translations: too, or say with languages: which ones this ruleset has"


def _no_text(prompt: str, missing: list[str]) -> str:
    return f'the prompt "{prompt}" has no text in {listed(missing)}'


def _copied(key: str, block: Table) -> str:
    """A line with the text of the first language, for whoever is to translate it."""
    first = next((value for name, value in block.values.items() if name != "draft"), None)
    return f"{key}: {json.dumps(first.text if isinstance(first, Scalar) else '...', ensure_ascii=False)}"


def _meant(draft: Draft, language: str) -> set[str | None]:
    """The prompts that misspelt names in the language's block were meant to be."""
    known = draft.root.names("prompts")
    return {nearest(name, known) for name in draft.root.names(BLOCK, language, "prompts") if name not in known}


def _drafts(draft: Draft) -> None:
    for name, block in _tables(draft, "prompts"):
        prompt = draft.ruleset.prompts.get(name)
        for language in sorted(prompt.draft) if prompt is not None else ():
            if language in block.keys and not draft.has(BLOCK, language, "prompts", name):
                message = f'the {language} text of the prompt "{name}" is a draft'
                hint = "have someone who speaks the language check it, then take it off the list"
                draft.report.add("R042", block.keys[language].mark, message, hint)
    for language, block in _tables(draft, BLOCK):
        if "draft" in block.keys and language in draft.languages:
            message = f"the {language} translation is a draft that nobody has signed off"
            hint = (
                "have someone who speaks the language check it, then write in place of draft: yes\n"
                "the day and the name, such as reviewed: 2026-11-20 by A. Speaker"
            )
            draft.report.add("R042", block.keys["draft"].mark, message, hint)


# ---- what patients say -----------------------------------------------------------------------------------------------


def _names(draft: Draft) -> None:
    lacking: dict[str, list[str]] = {}
    for intent, block in _tables(draft, "intents"):
        called = draft.root.names("intents", intent, "called")
        missing = [language for language in draft.languages if language not in called]
        beside, blocks = _apart(draft, missing) if called and "called" in block.keys else ([], [])
        if beside:
            message = f'"{intent}" is not called anything in {listed(beside)}'
            hint = "“did you mean ...?” needs a name for it in every language"
            draft.report.add("R040", draft.at_key("intents", intent, "called"), message, hint)
        for language in blocks:
            lacking.setdefault(language, []).append(intent)
    for language, intents in lacking.items():
        message = f"the {language} translation does not say what {listed(intents)} {_are(intents)} called"
        hint = "“did you mean ...?” needs a name for it in every language"
        draft.report.add("R040", draft.at_key(BLOCK, language, "called"), message, hint)


def _lists(draft: Draft) -> None:
    lacking: dict[str, dict[str, None]] = {}
    for intent, _ in _tables(draft, "intents"):
        for key in _LISTS:
            written = draft.root.names("intents", intent, key)
            missing = [language for language in draft.languages if language not in written]
            beside, blocks = _apart(draft, missing) if written else ([], [])
            if beside:
                message = f'"{intent}" has no {key} in {listed(beside)}'
                hint = "patients who write in that language are understood by the keys only"
                draft.report.add("R041", draft.at_key("intents", intent, key), message, hint)
            # What Freagra knows of a language reads most replies in it without a phrase of the file's own.
            for language in (language for language in blocks if language not in LEXICONS):
                lacking.setdefault(language, {})[intent] = None
    for language, intents in lacking.items():
        message = f"the {language} translation has no phrases or words for {listed(intents)}"
        hint = "patients who write in that language are understood by the keys only"
        draft.report.add("R041", draft.at_key(BLOCK, language), message, hint)


def _words(draft: Draft) -> None:
    for number, language in enumerate(draft.languages):
        if language not in LEXICONS and not draft.root.names("words", language):
            message = f"nothing is known of how patients write in {language}"
            hint = f"“not coming” may be read as “coming”: under words, write {language}: {{negations: [...]}}"
            draft.report.add("R041", draft.at("languages", number), message, hint)


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _tables(draft: Draft, block: str) -> Iterator[tuple[str, Table]]:
    """The named blocks of a top-level block."""
    for name in draft.root.names(block):
        node = draft.root.find(block, name)
        if isinstance(node, Table):
            yield name, node
