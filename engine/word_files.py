"""The YAML files of words that are part of the engine: every scalar stays the text it is ("no" and "2" are words, not a boolean
and a number), and a key stands once in its block, since YAML alone would let the later take the place of the earlier.
"""

from __future__ import annotations

import yaml

# The C loader where PyYAML was built with one: ten lexicons take a second without it, at every start.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_words(file: str, text: str) -> object:
    """The file's blocks, lists and texts. Raises ValueError naming the file, the line, and how to mend it."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        raise ValueError(f"{file}, line {_line(error.problem_mark)}: {error.problem}") from None
    return _value(file, root)


def _value(file: str, node: yaml.Node | None) -> object:
    match node:
        case yaml.MappingNode():
            return _block(file, node)
        case yaml.SequenceNode():
            return [_value(file, item) for item in node.value]
        case yaml.ScalarNode():
            return str(node.value)
    return None


def _block(file: str, node: yaml.MappingNode) -> dict[str, object]:
    block: dict[str, object] = {}
    lines: dict[str, int] = {}
    for key, value in node.value:
        name, line = str(key.value), _line(key.start_mark)
        if name in block:
            mend = f"put what it lists under that one, or give it another name: only one `{name}` of a block would be read"
            raise ValueError(f"{file}, line {line}: `{name}` stands in line {lines[name]} already; {mend}")
        block[name], lines[name] = _value(file, value), line
    return block


def _line(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark is not None else 1
