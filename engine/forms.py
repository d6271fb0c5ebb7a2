"""The changes that clinics make every month, as fields of a form: what we say, when it goes out, opening hours, how long
staff have for a task. Each field is a place in the file, and filling one in changes that place and nothing else: remarks and
layout stay. """

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.insertion import NoPlaceError, Page, flow
from engine.likeness import Shelf, as_written, taken_whole
from engine.nodes import Listing, Node, Scalar, Table, read_nodes
from engine.problems import Report
from engine.translations import BLOCK

TEXTS = "What we say"
CADENCE = "When texts go out"
WAITS = "Waiting"
HOURS = "Hours"
TASKS = "Tasks for staff"
LIMITS = "Limits"
GROUPS = (TEXTS, CADENCE, WAITS, HOURS, TASKS, LIMITS)


@dataclass(frozen=True, slots=True)
class Field:
    """One value of the file. `name` is its path with dots, by which it is put back; `about` says what it is, `language` of
    which language it is, "" where it has none."""

    name: str
    group: str
    about: str
    value: str
    language: str = ""
    shared: bool = False  # written in the ruleset that this one is like; changed here, it is this one's own

    @property
    def long(self) -> bool:
        return self.group == TEXTS


class NotAField(Exception):
    """There is no such value in this text, or it cannot be changed where it stands; the message says what to do."""


def fields(source: str, shelf: Shelf = MappingProxyType({})) -> list[Field]:
    """All fields of a ruleset's text, in the order of `GROUPS`; none where it is not even YAML. `shelf`: the rulesets that it
    may be like."""
    root = as_written(source, shelf)
    if root is None:
        return []
    found = [*_texts(root), *_times(root), *_hours(root), *_tasks(root), *_limits(root)]
    return sorted(found, key=lambda field: GROUPS.index(field.group))


def put(source: str, name: str, value: str, shelf: Shelf = MappingProxyType({})) -> str:
    """The text with this field changed. Raises NotAField."""
    root = as_written(source, shelf)
    if not any(field.name == name for field in fields(source, shelf)) or root is None:
        raise NotAField("this value is not in the file any more: load the form anew")
    path = tuple(int(part) if part.isdecimal() else part for part in name.split("."))
    node = root.find(*path)
    if not isinstance(node, Scalar):
        raise NotAField("this value is written in a way that a form cannot change: change it in the text")
    if "\n" in value or not value.strip():
        raise NotAField("write something, on one line")
    try:
        if node.mark.file:
            return _written_anew(source, root, path, value.strip())
        return Page(source).replace(node, value.strip())
    except NoPlaceError as fault:
        raise NotAField(str(fault)) from fault


def _written_anew(source: str, root: Table, path: tuple[str | int, ...], value: str) -> str:
    """The text with what the shared ruleset says there as its own, this value changed."""
    whole = taken_whole(path)
    home = root.find(*path[:whole])
    assert home is not None, "the field is below it"
    changed = _with(home, path[whole:], value)
    if path[0] == BLOCK and _own(source).find(*path[:2]) is None:
        source = _put_path(source, (*path[:2], "draft"), "yes")
    items = changed.items if isinstance(changed, Listing) else ()
    if any(isinstance(item, Table) for item in items):
        indent = "  " * whole
        return _put_path(source, path[:whole], "".join(f"\n{indent}- {flow(item)}" for item in items))
    return _put_path(source, path[:whole], flow(changed))


def _put_path(source: str, path: tuple[str | int, ...], value: str) -> str:
    return Page(source).add_path(_own(source), tuple(map(str, path)), value)


def _own(source: str) -> Table:
    root = read_nodes(source, Report("", source))
    assert root is not None, "it was read before"
    return root


def _with(node: Node, path: tuple[str | int, ...], value: str) -> Node:
    """A copy of the node with another text at the path."""
    match node, path:
        case Scalar(), _:
            return replace(node, text=value)
        case Listing(items=items), (int(first), *rest):
            kept = tuple(_with(item, tuple(rest), value) if number == first else item for number, item in enumerate(items))
            return replace(node, items=kept)
        case Table(values=values), (str(first), *rest):
            return replace(node, values={**values, first: _with(values[first], tuple(rest), value)})
    return node


def _field(root: Table, path: tuple[str | int, ...], group: str, about: str, language: str = "") -> Iterator[Field]:
    node = root.find(*path)
    if isinstance(node, Scalar) and node.text:
        yield Field(".".join(map(str, path)), group, about, node.text, language, bool(node.mark.file))


def _texts(root: Table) -> Iterator[Field]:
    first = next((item.text for item in _items(root.find("languages")) if isinstance(item, Scalar)), "")
    blocks = root.names(BLOCK)
    for prompt in root.names("prompts"):
        yield from _field(root, ("prompts", prompt), TEXTS, prompt, first)
        for language in root.names("prompts", prompt):
            if language != "draft":
                yield from _field(root, ("prompts", prompt, language), TEXTS, prompt, language)
        for language in blocks:
            yield from _field(root, (BLOCK, language, "prompts", prompt), TEXTS, prompt, language)


def _times(root: Table) -> Iterator[Field]:
    steps = root.find("cadence")
    for number, step in enumerate(_items(steps)):
        said = _said(step, "name") or str(number + 1)
        yield from _field(root, ("cadence", number, "when"), CADENCE, f"the step “{said}”")
    yield from _field(root, ("closes",), CADENCE, "the talk is over")
    for state in root.names("states"):
        for number, wait in enumerate(_items(root.find("states", state, "no_reply"))):
            leads = _said(wait, "go") or _said(wait, "say") or _said(wait, "ask")
            for key in ("after", "when"):
                about = f"no reply in “{state}”, then {leads}"
                yield from _field(root, ("states", state, "no_reply", number, key), WAITS, about)


def _hours(root: Table) -> Iterator[Field]:
    for kind, what in (("sending", "texts go out"), ("staffed", "staff are in")):
        for days in root.names("hours", kind):
            for number, _ in enumerate(_items(root.find("hours", kind, days))):
                yield from _field(root, ("hours", kind, days, number), HOURS, f"{what}, {days}")
    yield from _field(root, ("hours", "holidays"), HOURS, "public holidays of")


def _tasks(root: Table) -> Iterator[Field]:
    for state in root.names("states"):
        kind = root.find("states", state, "task", "kind")
        if isinstance(kind, Scalar):
            about = f"{kind.text.replace('_', ' ')} (“{state}”): done within"
            yield from _field(root, ("states", state, "task", "due"), TASKS, about)


def _limits(root: Table) -> Iterator[Field]:
    about = (
        ("texts_a_day", "texts a day to one patient"),
        ("replies", "replies before a person takes over"),
        ("segments", "SMS parts of a text"),
    )
    for name, what in about:
        yield from _field(root, ("limits", name), LIMITS, what)


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Listing) else ()


def _said(node: Node, key: str) -> str:
    value = node.values.get(key) if isinstance(node, Table) else None
    return value.text if isinstance(value, Scalar) else ""
