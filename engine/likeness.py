"""A ruleset that is like a shared one and writes down only what differs: a clinic's own wording, hours or limits.

Key by key the file's own lines take the place of the shared ones; all else is the shared ruleset's and changes with it. What
patients say is added to what they say there, and so are the checks, of which one of the same name takes the other's place.
Each part keeps the place where it was written, in whichever of the two files, so that a problem is told at that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.insertion import flow
from engine.nodes import Listing, Node, Scalar, Table, read_nodes
from engine.problems import Report, did_you_mean, listed
from engine.ruleset import Shared
from engine.translations import BLOCK, gather, languages

LIKE = "like"
Shelf = Mapping[str, Shared]  # the rulesets that a text may be like, by name

# What the file says of itself, whatever it is like.
_OWN = ("ruleset", "summary", LIKE)
# How many keys deep the two are laid over one another; what stands below is taken as a whole. One, where nothing is said.
_DEPTH = {"prompts": 2, "intents": 3, "states": 3, "formats": 2, "words": 2, "one_phone": 2, BLOCK: 3}
_EXCLUDE = {"say": "ask", "ask": "say"}  # in a state: who writes the one does not want the other
_SIGNED = ("draft", "reviewed")  # of a translation: what is written anew is signed off anew


def like(source: str) -> str:
    """The name of the ruleset that this text says it is like, "" where it says none."""
    found = re.search(rf"^{LIKE}: *([a-z][a-z0-9-]*)", source, re.MULTILINE)
    return found[1] if found is not None else ""


def find(written: Table, report: Report, shelf: Shelf) -> Shared | None:
    """The ruleset that this file says it is like; None where that cannot be, and then the report says why."""
    node = written.values[LIKE]
    if not isinstance(node, Scalar) or not node.text:
        report.add("R014", node.mark, "the name of a shared ruleset belongs here", f"there are {listed(shelf)}")
        return None
    found, own = shelf.get(node.text), written.find("ruleset")
    if isinstance(own, Scalar) and own.text == node.text:
        report.add("R090", node.mark, "a ruleset cannot be like itself", "give it a name of its own under ruleset:")
    elif found is None:
        message = f'there is no ruleset "{node.text}" to be like{did_you_mean(node.text, shelf)}'
        report.add("R090", node.mark, message, f"there are {listed(shelf)}")
    elif (fault := _unfit(found)) is not None:
        report.add("R090", node.mark, f'"{node.text}" cannot be shared: {fault}', "mend that ruleset first, or be like another")
    else:
        return found
    return None


def _unfit(shared: Shared) -> str | None:
    report = Report(shared.file, shared.source)
    root = read_nodes(shared.source, report)
    if root is None or report.failed:
        first = report.problems[0]
        return f"in line {first.line} {first.message}"
    if LIKE in root.values:
        return "it is itself like another one"
    return None


def lay_over(written: Table, shared: Shared, report: Report) -> tuple[Table, Table]:
    """The whole tree, translations gathered: the shared ruleset's with the file's own lines laid over it; and the shared
    ruleset's alone."""
    report.reads_too(shared.file, shared.source)
    below = read_nodes(shared.source, report, shared.file)
    assert below is not None, "a shared ruleset that was found is one"
    spoken = languages(written) or languages(below)
    own = gather(written, report, spoken)
    base = _only(gather(below, report, spoken), spoken)
    _half_translated(own, base, spoken, report)
    return _laid(own, base), base


def _laid(own: Table, base: Table) -> Table:
    whole = Table(own.mark, own.owner, dict(base.keys), dict(base.values))
    for name in _OWN:
        whole.keys.pop(name, None)
        whole.values.pop(name, None)
    for name, key in own.keys.items():
        whole.keys[name] = key
        if name in ("phrases", "talks"):
            whole.values[name] = _checks(base.values.get(name), own.values[name])
        else:
            whole.values[name] = _over(base.values.get(name), own.values[name], _DEPTH.get(name, 1), name)
    return whole


def as_written(source: str, shelf: Shelf) -> Table | None:
    """The whole tree, everything where it is written in its file; None where the text is not even YAML."""
    written = read_nodes(source, Report("", source))
    shared = shelf.get(node.text) if written is not None and isinstance(node := written.find(LIKE), Scalar) else None
    below = read_nodes(shared.source, Report("", shared.source), shared.file) if shared is not None else None
    return _laid(written, below) if written is not None and below is not None else written


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a ruleset is not as the shared one: what stands there in each, "" where nothing does. `added`: beside
    what the shared ruleset has, not in its place."""

    path: tuple[str, ...]
    shared: str
    own: str
    added: bool = False


def differences(source: str, shared: Shared) -> list[Difference]:
    """All that the text says otherwise than the ruleset that it is like, in its own order."""
    written = read_nodes(source, Report("", source))
    below = read_nodes(shared.source, Report("", shared.source))
    if written is None or below is None:
        return []
    own = {name: node for name, node in written.values.items() if name not in (*_OWN, "format")}
    return [found for name, node in own.items() for found in _differences((name,), below.values.get(name), node)]


def _differences(path: tuple[str, ...], below: Node | None, own: Node) -> Iterator[Difference]:
    if isinstance(own, Table) and taken_whole((*path, "")) > len(path):
        for name, node in own.values.items():
            yield from _differences((*path, name), below.values.get(name) if isinstance(below, Table) else None, node)
    elif path[0] in ("phrases", "talks"):
        count = len(own.items) if isinstance(own, Listing) else 0
        yield Difference(path, "", f"{count} of its own", added=True)
    else:
        added = path[0] == "intents" and path[-1] != "called"
        shared = "" if below is None or added else _shown(below)
        if _shown(own) != shared:
            yield Difference(path, shared, _shown(own), added)


def _shown(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else flow(node)


def taken_whole(path: Sequence[str | int]) -> int:
    """How many parts of the path lead to what a file writes anew as a whole where it differs."""
    return min(len(path), 1 + (0 if path[0] == "cadence" else _DEPTH.get(str(path[0]), 1)))


def tree(source: str, shared: Shared | None) -> Table | None:
    """The whole tree of a text that is like this ruleset, or like none; None where it is not even YAML."""
    report = Report("", source)
    written = read_nodes(source, report)
    if written is None:
        return None
    return gather(written, report) if shared is None else lay_over(written, shared, report)[0]


def _over(below: Node | None, own: Node, depth: int, block: str) -> Node:
    if block == "intents" and isinstance(below, Listing) and isinstance(own, Listing):
        return Listing(below.items + own.items, own.mark)
    if not depth or not isinstance(below, Table) or not isinstance(own, Table):
        return own
    table = Table(own.mark, own.owner, dict(below.keys), dict(below.values))
    spare = [_EXCLUDE[name] for name in own.keys if block == "states" and depth == 2 and name in _EXCLUDE]
    spare += _SIGNED if block == BLOCK and depth == 2 else ()
    for name in spare:
        table.keys.pop(name, None)
        table.values.pop(name, None)
    for name, key in own.keys.items():
        table.keys[name] = key
        table.values[name] = _over(table.values.get(name), own.values[name], depth - 1, block)
    return table


def _checks(below: Node | None, own: Node) -> Node:
    """Phrase checks and talks: the shared ones but those that the file has its own of, then its own."""
    if not isinstance(below, Listing) or not isinstance(own, Listing):
        return own
    known = {_subject(item) for item in own.items}
    return Listing((*(item for item in below.items if _subject(item) not in known), *own.items), own.mark)


def _subject(item: Node) -> frozenset[tuple[str, str]]:
    """What a talk is called, or the reply that a phrase check is about."""
    values = item.values if isinstance(item, Table) else {}
    name = values.get("name")
    said = values if name is None else {"name": name}
    return frozenset((key, node.text) for key, node in said.items() if isinstance(node, Scalar) and key != "is")


def _only(root: Table, spoken: Iterable[str]) -> Table:
    """Without what is written for languages that the file leaves out."""
    gone = set(languages(root)) - set(spoken)
    if not gone:
        return root
    kept = {name: _without(node, gone) for name, node in root.values.items() if name != "languages"}
    for name in ("phrases", "talks"):
        checks = kept.get(name)
        if isinstance(checks, Listing):
            kept[name] = replace(checks, items=tuple(item for item in checks.items if not _speaks(item, gone)))
    return Table(root.mark, root.owner, {name: key for name, key in root.keys.items() if name in kept}, kept)


def _without(node: Node, gone: set[str]) -> Node:
    if not isinstance(node, Table):
        return node
    kept = {name: _without(value, gone) for name, value in node.values.items() if name not in gone}
    return replace(node, keys={name: node.keys[name] for name in kept}, values=kept)


def _speaks(item: Node, gone: set[str]) -> bool:
    """Whether a check is about one of these languages."""
    if not isinstance(item, Table):
        return False
    language = item.find("given", "language")
    return bool(gone & item.keys.keys()) or (isinstance(language, Scalar) and language.text in gone)


def _half_translated(own: Table, base: Table, spoken: list[str], report: Report) -> None:
    """Warn of texts that say one thing in the file's own words and, in other languages, still what the shared ruleset says."""
    for prompt in own.names("prompts"):
        written, below = own.names("prompts", prompt), base.names("prompts", prompt)
        lacking = [language for language in spoken if language not in written and language in below]
        if lacking and written:
            message = f'the text of "{prompt}" is changed in some languages and still the shared one in {listed(lacking)}'
            hint = "write it under translations: too, or say with languages: which ones this ruleset has"
            report.add("R045", own.key_place("prompts", prompt), message, hint)
