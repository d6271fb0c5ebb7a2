"""Checks against the words that carriers take for themselves: no prompt may teach one for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.carrier import Carrier
from engine.draft import Draft
from engine.nodes import Scalar, Table
from engine.problems import Mark, listed

# Words by which one carrier or another stops all texts to a phone (the default lists of the largest gateways). Whoever has
# no gateway yet, or may change it, is warned of them.
_SOMEWHERE = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
_QUOTED = re.compile(r"[\"“”'‘’(]*(\w+)[\"“”'‘’)]*")
_TEACHES = re.compile(
    r"\b(?:reply|replying|respond|answer|text|texting|send|freagair|seol)\s+(?:(?:with|back|us)\s+){0,2}", re.IGNORECASE
)
_ANOTHER = re.compile(r"\s*(?:,|/|\bor\b|\bnó\b)\s*(?:(?:or|nó)\s+)?", re.IGNORECASE)


def check(draft: Draft, carrier: Carrier | None) -> None:
    """`carrier` is that of the hospital's gateway, None where the ruleset is checked for no gateway in particular."""
    for name in draft.ruleset.prompts:
        block = draft.root.find("prompts", name)
        for language, node in block.values.items() if isinstance(block, Table) else ():
            if language != "draft" and isinstance(node, Scalar):
                _prompt(draft, carrier, name, node)
    if carrier is not None:
        _keys(draft, carrier)


def _prompt(draft: Draft, carrier: Carrier | None, name: str, node: Scalar) -> None:
    words = _SOMEWHERE if carrier is None else _SOMEWHERE.union(*(taken.words for taken in carrier.taken))
    for word in dict.fromkeys(taught(node.text, words)):
        taken = carrier.takes(word) if carrier is not None else None
        if _is_key(draft, word, taken.meant if taken is not None else "stop"):
            continue
        if taken is not None and carrier is not None:
            message = f'the prompt "{name}" teaches "{word}": at that word {carrier.name} {taken.does}'
            hint = "\n".join(filter(None, (_other_words(draft, carrier, word), carrier.mend)))
            free = next(iter(_free(draft, carrier, word)), "")
            draft.report.add("R075", _place(draft, node, word), message, hint, meant=free)
        elif word.upper() in _SOMEWHERE:
            message = f'the prompt "{name}" teaches "{word}", a word by which carriers stop all texts to a phone'
            free = next((key for key in _free(draft, carrier, word) if key.upper() not in _SOMEWHERE), "")
            draft.report.add("R070", _place(draft, node, word), message, "teach another word, such as C", meant=free)


def _keys(draft: Draft, carrier: Carrier) -> None:
    for name, intent in draft.ruleset.intents.items():
        for number, key in enumerate(intent.keys):
            taken = carrier.takes(key)
            if taken is not None and taken.meant != name:
                message = f'the key "{key}" of "{name}": at that word {carrier.name} {taken.does}'
                hint = "\n".join(filter(None, ("it may stay a key, but teach it to nobody", carrier.mend)))
                draft.report.add("R076", draft.at("intents", name, "keys", number), message, hint)


def _is_key(draft: Draft, word: str, intent: str) -> bool:
    meant = draft.ruleset.intents.get(intent)
    return meant is not None and word.upper() in {key.upper() for key in meant.keys}


def _other_words(draft: Draft, carrier: Carrier, word: str) -> str:
    """Keys of the same intent that can be taught instead."""
    for intent in draft.ruleset.intents.values():
        if word.upper() in {key.upper() for key in intent.keys}:
            free = _free(draft, carrier, word)
            if free:
                return f'teach another key of "{intent.name}": {listed(free)}'
    return "teach another word"


def _free(draft: Draft, carrier: Carrier | None, word: str) -> list[str]:
    """The other keys of the intent that has this one, without those that the carrier takes for itself."""
    for intent in draft.ruleset.intents.values():
        if word.upper() in {key.upper() for key in intent.keys}:
            others = (key for key in intent.keys if key.isalnum() and key.upper() != word.upper())
            return [key for key in others if carrier is None or carrier.takes(key) is None]
    return []


def taught(text: str, words: frozenset[str]) -> Iterator[str]:
    """Those of the words that the text tells patients to write, as they stand in it: in capitals anywhere, or after "reply",
    "text" and the like, where several may follow one another."""
    for verb in _TEACHES.finditer(text):
        found = _QUOTED.match(text, verb.end())
        while found is not None:
            if found[1].upper() in words:
                yield found[1]
            another = _ANOTHER.match(text, found.end())
            found = _QUOTED.match(text, another.end()) if another and another.end() > found.end() else None
    yield from (found[0] for found in re.finditer(r"\b\w+\b", text) if found[0] in words)


def _place(draft: Draft, node: Scalar, word: str) -> Mark:
    """Where the word stands in a text, if it can be told."""
    found = re.compile(rf"\b{re.escape(word)}\b").search(draft.report.source(node.mark), node.mark.column - 1)
    return node.mark._replace(column=found.start() + 1, length=len(word)) if found is not None else node.mark
