"""A talk that was had in the terminal, written as the `talks:` of a ruleset are, and put into its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from adapters.commands.rulefile import rewrite
from conversations.rulesets import beside
from engine.insertion import scalar
from engine.loader import Loaded, load

Step = tuple[str, str | Mapping[str, str]]


class CannotSave(Exception):
    """The file is as it was. `loaded` says what would be wrong with it, where that is the reason."""

    def __init__(self, message: str, loaded: Loaded | None = None) -> None:
        super().__init__(message)
        self.loaded = loaded


def as_yaml(name: str, given: Mapping[str, str], steps: Sequence[Step], ends: str) -> list[str]:
    """The lines of one item of `talks:`, unindented."""
    lines = [f"- name: {scalar(name)}"]
    if given:
        lines.append(f"  given: {_flow(given)}")
    lines.append("  talk:")
    for kind, value in steps:
        written = scalar(value) if isinstance(value, str) else _flow(value)
        lines.append(f"    - {kind}: {written}")
    lines.append(f"  ends: {ends}")
    return lines


def _flow(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {scalar(value)}" for key, value in values.items()) + "}"


def with_talk(source: str, lines: Sequence[str]) -> str:
    """The source with the talk at the end of its `talks:`, or with a `talks:` at its end; nothing else differs. Raises
    CannotSave where the list is written in brackets."""
    newline = "\r\n" if "\r\n" in source else "\n"
    talks = _talks(source)
    if talks is None:
        gap = "" if source.endswith("\n") else newline
        return source + gap + newline.join(["", "talks:", *(f"  {line}" for line in lines), ""])
    if talks.flow_style or not talks.value:
        raise CannotSave("its talks are written in brackets; write them as lines that begin with a dash first")
    indent = " " * talks.start_mark.column
    end = _end(talks)
    content = len(source[:end].rstrip())  # a text over several lines ends where the next thing begins
    found = source.find("\n", content)
    head, tail = (source + newline, "") if found < 0 else (source[: found + 1], source[found + 1 :])
    return head + "".join(f"{indent}{line}{newline}" for line in lines) + tail


def _talks(source: str) -> Any:
    try:
        root: Any = yaml.compose(source, Loader=yaml.BaseLoader)
    except yaml.YAMLError as fault:
        raise CannotSave("it is not YAML any more; freagra check says where") from fault
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value == "talks" and isinstance(value, yaml.SequenceNode):
                return value
    return None


def _end(node: Any) -> int:
    """Where the node's last word ends, in characters from the beginning. A block's own end is where the next begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def append(path: Path, lines: Sequence[str]) -> Loaded:
    """Put the talk into the file and check it. A file that would not load with it is left as it was. Raises CannotSave,
    OSError."""
    source = path.read_bytes().decode("utf-8")
    text = with_talk(source, lines)
    loaded = load(text, str(path), shelf=beside(path, text))
    if not loaded.ok:
        raise CannotSave("with this talk the file would not load", loaded)
    rewrite(path, text)
    return loaded
