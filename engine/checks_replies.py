"""Checks of what patients say: no key or phrase under two meanings, no meaning without a use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from engine.draft import RESERVED_INTENTS, Draft
from engine.nodes import Listing, Scalar
from engine.normalise import fold, normalise
from engine.ruleset import ALWAYS_INTENTS

_LISTS = ("phrases", "words")


def check(draft: Draft) -> None:
    _twins(draft)
    _unused(draft)
    _kinds(draft)


@lru_cache(maxsize=8192)
def _same(text: str) -> str:
    """What two phrases share that a phone's owner would call the same: case, accents, quotes and full stops aside."""
    return fold(" ".join(normalise(text).words)).replace("'", "")


def _said(draft: Draft, intent: str) -> Iterator[tuple[str, Scalar]]:
    """Keys (with no language) and phrases of an intent as they stand in the file."""
    yield from (("", node) for node in _items(draft, intent, "keys"))
    for key in _LISTS:
        for language in draft.root.names("intents", intent, key):
            yield from ((language, node) for node in _items(draft, intent, key, language))


def _items(draft: Draft, intent: str, *path: str) -> Iterator[Scalar]:
    node = draft.root.find("intents", intent, *path)
    if isinstance(node, Listing):
        yield from (item for item in node.items if isinstance(item, Scalar) and item.text)


def _twins(draft: Draft) -> None:
    """The same words under two intents, or twice under one."""
    first: dict[str, list[tuple[str, str, int]]] = {}  # words -> (intent, language, line) of each time they stand there
    for intent in draft.root.names("intents"):
        for language, node in _said(draft, intent):
            earlier = first.setdefault(_same(node.text) or node.text, [])
            if earlier:
                _twin(draft, intent, language, node, earlier)
            if (intent, language) not in ((place[0], place[1]) for place in earlier):
                earlier.append((intent, language, node.mark.line))


def _twin(draft: Draft, intent: str, language: str, node: Scalar, earlier: list[tuple[str, str, int]]) -> None:
    others = [place for place in earlier if place[0] != intent]
    if not others:
        _, other_language, line = earlier[0]
        if other_language in ("", language) or language == "":
            message = f'"{node.text}" stands under "{intent}" twice'
            draft.report.add("R065", node.mark, message, f"it stands in line {line} already; take one out")
        return
    # Keys count in every language, so a key clashes with anything; phrases clash within their language.
    clash = next((place for place in others if "" in (place[1], language) or place[1] == language), None)
    other, other_language, line = clash or others[0]
    message = f'"{node.text}" stands under "{other}" too (line {line})'
    hint = "a reply can mean one thing only: take it out of one of them"
    if clash is None:
        hint = f"there it is {other_language}, here {language}; a reply in either language would be unclear"
        draft.report.add("R062", node.mark, message, hint)
    else:
        draft.report.add("R061" if language == other_language == "" else "R060", node.mark, message, hint)


def _kinds(draft: Draft) -> None:
    """An intent that is a kind of another: only questions have kinds, and they are told by phrases alone."""
    asking = next((name for name, intent in draft.ruleset.intents.items() if "?" in intent.keys), None)
    for intent in draft.root.names("intents"):
        known = draft.ruleset.intents.get(intent)
        if known is None or not known.kind_of:
            continue
        if known.kind_of != asking:
            hint = f"write kind_of: {asking}" if asking else "give the intent of questions the key ?"
            message = f'"{known.kind_of}" is not the intent of questions, and only questions have kinds'
            draft.report.add("R066", draft.at("intents", intent, "kind_of"), message, hint)
        for key in ("keys", "words", "unless"):
            if key in draft.root.names("intents", intent):
                message = f'"{intent}" is a kind of question and has {key}'
                hint = "what patients ask belongs under phrases; whoever asks anything else besides gets a person"
                draft.report.add("R066", draft.at_key("intents", intent, key), message, hint)


def _unused(draft: Draft) -> None:
    if "states" not in draft.sound:
        return
    used = draft.used("intent") | RESERVED_INTENTS
    for intent in draft.root.names("intents"):
        if intent not in used and intent not in ALWAYS_INTENTS:
            hint = "lead it somewhere in the replies of a state, or take it out"
            draft.report.add("R064", draft.at_key("intents", intent), f'the intent "{intent}" is never used', hint)
