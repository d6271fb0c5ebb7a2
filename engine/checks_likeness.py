"""Checks of what a clinic's own ruleset is for: that it says which appointments it takes from the shared one, and that the
texts of a sensitive clinic give nothing away to whoever else sees the phone."""

from __future__ import annotations

from collections.abc import Iterator

from engine.draft import Draft
from engine.likeness import LIKE
from engine.nodes import Scalar, Table
from engine.problems import listed

_TELLING = ("clinician", "clinic", "place")


def check(draft: Draft) -> None:
    _meant_for(draft)
    if draft.ruleset.sensitive:
        _telling(draft)


def _meant_for(draft: Draft) -> None:
    own = draft.ruleset.applies_to
    if draft.ruleset.shared is None or "applies_to" not in draft.sound or own.clinics or own.types:
        return
    message = f"which clinics or types of appointment this ruleset takes from {draft.ruleset.shared.name} is not said"
    hint = "such as applies_to: {clinics: [EYE]}"
    place = draft.at_key("applies_to")
    draft.report.add("R091", place if not place.file else draft.at(LIKE), message, hint)


def _telling(draft: Draft) -> None:
    """Texts of the shared ruleset are told of at the word that asks for others."""
    elsewhere: dict[str, list[str]] = {}
    for name, language, node in _texts(draft):
        found = [f"{{{each}}}" for each in _TELLING if f"{{{each}}}" in node.text]
        if found and node.mark.file:
            elsewhere.setdefault(name, []).append(language)
        elif found:
            message = f"the text has {listed(found)}, which whoever sees the phone may read"
            hint = "say it without: your appointment on {date}"
            draft.report.add("R092", draft.report.inside(node.mark, found[0]), message, hint)
    for name, languages in elsewhere.items():
        message = f'the shared text of "{name}" says with whom or where the appointment is ({listed(languages)})'
        draft.report.add("R092", draft.at_key("sensitive"), message, "write a text of this ruleset's own under prompts:")


def _texts(draft: Draft) -> Iterator[tuple[str, str, Scalar]]:
    prompts = draft.root.find("prompts")
    for name, block in prompts.values.items() if isinstance(prompts, Table) else ():
        for language, node in block.values.items() if isinstance(block, Table) else ():
            if isinstance(node, Scalar) and language in draft.languages:
                yield name, language, node
