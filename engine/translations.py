"""Every text of a file at its prompt or intent, in all its languages, wherever it was written.

A file may keep a language in one block under `translations`, and may write the words of its first language plainly
(`reminder: "..."` for `reminder: {en: "..."}`). Here both are brought to the one form that is read and checked: the
nodes move, and each keeps the place where it was written, so that a problem is told at that line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.kinds import LANGUAGE
from engine.nodes import Listing, Node, Scalar, Table
from engine.problems import Mark, Report

BLOCK = "translations"
_LISTS = ("phrases", "words", "unless")  # of an intent, for each language


def gather(root: Table, report: Report, spoken: Sequence[str] = ()) -> Table:
    """The file's tree with its translations and plain texts where they belong; `root` stays as it is. What stands in
    both places goes to the report. Blocks of languages that are not `spoken` stay out: of those that the file does not list,
    where nothing is said. What is written plainly is in the first language that the file lists, else in the first spoken."""
    whole = Table(root.mark, root.owner, dict(root.keys), dict(root.values))
    for name in ("prompts", "intents", "formats", "accents"):
        if name in whole.values:
            whole.values[name] = _copy(whole.values[name])
    own = languages(root)
    listed = spoken or own
    _spell_out(whole, own[0] if own else listed[0] if listed else "en")
    blocks = root.find(BLOCK)
    for language, block in blocks.values.items() if isinstance(blocks, Table) else ():
        if isinstance(block, Table) and language in (listed or [language]):
            _Translation(whole, report, language).add(block)
    return whole


def _copy(node: Node) -> Node:
    if isinstance(node, Table):
        return Table(node.mark, node.owner, dict(node.keys), {name: _copy(value) for name, value in node.values.items()})
    return node


def languages(root: Table) -> list[str]:
    """The languages that the file lists; none where one of them cannot be one, for then the others cannot be told either."""
    node = root.find("languages")
    items = node.items if isinstance(node, Listing) else ()
    found = [item.text for item in items if isinstance(item, Scalar) and LANGUAGE.names(item.text)]
    return found if len(found) == len(items) else []


def _spell_out(whole: Table, first: str) -> None:
    """Write plain texts and lists as those of the first language."""
    for prompts in _tables(whole, "prompts"):
        for name, node in prompts.values.items():
            prompts.values[name] = _alone(node, first, Scalar)
    for intents in _tables(whole, "intents"):
        for intent in _tables(intents, *intents.keys):
            for key in intent.keys:
                if key == "called" or key in _LISTS:
                    kind = Scalar if key == "called" else Listing
                    intent.values[key] = _alone(intent.values[key], first, kind)


def _alone(node: Node, first: str, kind: type[Scalar] | type[Listing]) -> Node:
    if not isinstance(node, kind) or (isinstance(node, Scalar) and not node.text):
        return node
    return Table(node.mark, node.mark, {first: Scalar(first, node.mark)}, {first: node})


def _tables(table: Table, *names: str) -> list[Table]:
    return [node for name in names if isinstance(node := table.values.get(name), Table)]


class _Translation:
    """One language's block, on its way to the prompts and intents."""

    def __init__(self, whole: Table, report: Report, language: str) -> None:
        self._whole = whole
        self._report = report
        self._language = language

    def add(self, block: Table) -> None:
        for name in ("formats", "accents"):
            if name in block.keys:
                self._put(_inner(self._whole, name, block.keys[name].mark), block.keys[name], block.values[name])
        for prompt, key, text in self._lines(block, "prompts"):
            if isinstance(prompt, Table):
                self._put(prompt, key, text)
        for part in ("called", *_LISTS):
            for intent, key, value in self._lines(block, part, "intents"):
                if isinstance(intent, Table):
                    self._put(_inner(intent, part, key.mark), key, value, more=part in _LISTS)
        for intent, key, value in self._lines(block, "keys", "intents"):
            if isinstance(intent, Table) and isinstance(value, Listing):
                _extend(intent, "keys", key, value)

    def _lines(self, block: Table, part: str, home: str = "") -> list[tuple[Node | None, Scalar, Node]]:
        """The lines of one part of the block, each with the prompt or intent it is for."""
        node = block.find(part)
        if not isinstance(node, Table):
            return []
        return [(self._whole.find(home or part, name), node.keys[name], node.values[name]) for name in node.keys]

    def _put(self, table: Table | None, key: Scalar, value: Node, *, more: bool = False) -> None:
        if table is None:
            return
        language = self._language
        if language not in table.keys:
            table.keys[language] = Scalar(language, key.mark)
            table.values[language] = value
        elif more and isinstance(value, Listing):
            _extend(table, language, key, value)
        else:
            message = f"this is written for {language} already"
            hint = f"it stands in line {table.keys[language].mark.line} too; take one of them out"
            self._report.add("R044", key.mark, message, hint)


def _inner(table: Table, name: str, place: Mark) -> Table | None:
    """The block of this name, made where there is none; None where something else stands there."""
    if name not in table.keys:
        table.keys[name] = Scalar(name, place)
        table.values[name] = Table(place, place)
    node = table.values[name]
    return node if isinstance(node, Table) else None


def _extend(table: Table, name: str, key: Scalar, value: Listing) -> None:
    """Add the items to the list of this name."""
    known = table.values.get(name)
    if known is None:
        table.keys[name] = Scalar(name, key.mark)
        table.values[name] = value
    elif isinstance(known, Listing):
        table.values[name] = Listing(known.items + value.items, known.mark)


def drafts(values: Mapping[str, Mapping[str, object]]) -> dict[str, frozenset[str]]:
    """Prompt -> languages in which its text stands in a block that nobody has signed off. `values` are those read of
    the block `translations`."""
    found: dict[str, set[str]] = {}
    for language, block in values.items():
        prompts = block.get("prompts")
        if "draft" in block and isinstance(prompts, Mapping):
            for name in prompts:
                found.setdefault(name, set()).add(language)
    return {name: frozenset(languages) for name, languages in found.items()}
