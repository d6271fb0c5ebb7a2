"""Checks of the prompts that list several appointments of one phone: what they need to be answered, and what they must not
show to whoever has the phone in hand."""

from __future__ import annotations

from engine.draft import Draft
from engine.problems import Mark, listed
from engine.ruleset import ListPrompt

# A line tells appointments apart by these; an answer names the number.
_LINE_NEEDS = ("number", "date", "time")
_OF_LISTS = frozenset({"list", "count", "number"})
# The question goes to whoever has the phone, who may know of one of the appointments only.
_WHICH_MAY_SHOW = frozenset({"number", "date", "time", "weekday", "initial", "first_name"})


def check(draft: Draft) -> None:
    rule = draft.ruleset.one_phone
    listing: dict[str, ListPrompt | None] = {}
    if rule is not None:
        listing = {"which": rule.which, "together": rule.together}
    places: set[Mark] = set()
    for key, prompt in listing.items():
        if prompt is None:
            continue
        places.update(draft.at("one_phone", key, part) for part in ("ask", "line", "named"))
        _text(draft, key, prompt.ask)
        for part, name in (("line", prompt.line), ("named", prompt.named)):
            if draft.has("one_phone", key, part):
                _line(draft, key, part, name)
    if rule is not None and rule.handed is not None:
        _of_none(draft, rule.handed)
    _elsewhere(draft, places)


def _used(draft: Draft, prompt: str) -> frozenset[str]:
    """The placeholders of a prompt in its first language; what is wrong with the braces is told elsewhere."""
    known = draft.ruleset.prompts.get(prompt)
    texts = known.texts.values() if known is not None else ()
    return frozenset(name for text in texts for name in (*_LINE_NEEDS, *_OF_LISTS, *_OTHERS) if f"{{{name}}}" in text)


_OTHERS = ("clinician", "clinic", "place", "hospital", "phone", "weekday", "first_name", "initial", "guess")


def _text(draft: Draft, key: str, name: str) -> None:
    used = _used(draft, name)
    mark = draft.at("one_phone", key, "ask")
    if name in draft.ruleset.prompts and "list" not in used:
        draft.report.add("R053", mark, f'"{name}" lists nothing', "write {list} where the appointments are to stand")
    more = sorted(used - {"list", "count"})
    if more:
        message = f'"{name}" is about several appointments, and {_braced(more)} is of one'
        draft.report.add("R053", mark, message, "it may have {list} and {count}; the rest belongs into the line")


def _line(draft: Draft, key: str, part: str, name: str) -> None:
    used = _used(draft, name)
    if name not in draft.ruleset.prompts:
        return
    mark = draft.at("one_phone", key, part)
    lacks = [each for each in _LINE_NEEDS if each not in used]
    if lacks:
        hint = f"a line of a list has {_braced(_LINE_NEEDS)}"
        draft.report.add("R053", mark, f'"{name}" lacks {_braced(lacks)}, so that the lines cannot be told apart', hint)
    shown = sorted(used - _WHICH_MAY_SHOW - {"list", "count", "guess"}) if key == "which" else []
    if shown:
        message = f'"{name}" shows {_braced(shown)} to whoever has the phone'
        draft.report.add("R053", mark, message, f"it may have {_braced(sorted(_WHICH_MAY_SHOW))}")
    wrong = sorted(used & {"list", "count", "guess"})
    if wrong:
        draft.report.add("R053", mark, f'"{name}" is one line of a list and cannot have {_braced(wrong)}')


def _of_none(draft: Draft, name: str) -> None:
    """What is said where it is not known which appointment is meant must be about none of them."""
    more = sorted(_used(draft, name) - {"hospital"} - _OF_LISTS)
    if more:
        message = f'"{name}" is said where it is not known which appointment is meant, and {_braced(more)} is of one'
        draft.report.add("R053", draft.at("one_phone", "handed"), message, "it may have {hospital} and nothing else")


def _elsewhere(draft: Draft, places: set[Mark]) -> None:
    """Lists and their numbers stand in the prompts of `one_phone` and nowhere else."""
    for reference in draft.references:
        if reference.thing != "prompt" or not reference.use or reference.mark in places:
            continue
        wrong = sorted(_used(draft, reference.name) & _OF_LISTS)
        if wrong:
            message = f'"{reference.name}" has {_braced(wrong)}, and here nothing is listed'
            draft.report.add("R053", reference.mark, message, "lists stand in the prompts of one_phone alone")


def _braced(names: list[str] | tuple[str, ...]) -> str:
    return listed(f"{{{name}}}" for name in names)
